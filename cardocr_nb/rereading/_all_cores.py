"""Many cards at once, on all cores."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from tqdm.auto import tqdm

from cardocr_nb._progress_bar import is_hidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from cardocr_nb.local.engine import Engine


Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_CORES = 4


def workers(cards: int) -> int:
    """Number of cards that are read at the same time."""
    return max(1, min(os.cpu_count() or 1, _MOST_CORES, cards))


def engine_for(cards: int) -> Engine:
    """Engine for so many cards, its networks loaded; kept for the next call, since loading takes as long as several cards."""
    # Threads of an engine do not live on in a forked process.
    return _kept_engine(workers(cards), os.getpid())


@lru_cache(maxsize=2)
def _kept_engine(several: int, process: int) -> Engine:  # noqa: ARG001 - a part of the key
    from cardocr_nb.local.engine import Engine

    engine = Engine.for_workers(several)
    engine.loaded()
    return engine


def on_all_cores(
    function: Callable[[Item], Result], items: Sequence[Item], *, label: str, progress: bool
) -> Iterator[Result]:
    """Apply a function to each item in threads; yield the results in the order of the items, with a bar.

    Items are taken shortly before they are needed, so that no more than a few pictures are in memory. When the caller stops,
    items that were not begun are left out.

    Examples
    --------
    >>> list(on_all_cores(len, ["a", "bc"], label="words", progress=False))
    [1, 2]
    """
    several = workers(len(items))
    rest = iter(items)
    pool = ThreadPoolExecutor(several, "rereading")
    try:
        pending: deque[Future[Result]] = deque(pool.submit(function, item) for item in islice(rest, 2 * several))
        with tqdm(total=len(items), desc=label, unit="card", disable=is_hidden(progress)) as bar:
            while pending:
                result = pending.popleft().result()
                pending.extend(pool.submit(function, item) for item in islice(rest, 1))
                bar.update()
                yield result
    finally:
        pool.shutdown(cancel_futures=True)
