"""Wait for jobs: ask less and less often, all ids in one call, until a deadline."""

from __future__ import annotations

import math
import random
import time
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from cardocr_nb._progress_bar import is_hidden
from cardocr_nb.errors import WaitTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cardocr_nb.wire._records import Job

_GROWTH = 1.3


def wait(
    jobs: Sequence[Job],
    describe: Callable[[list[str]], list[Job]],
    *,
    poll: tuple[float, float],
    timeout: float | None = None,
    progress: bool = False,
) -> list[Job]:
    """Wait until all jobs have ended.

    Parameters
    ----------
    jobs : sequence of Job
    describe : callable
        Returns the jobs of a list of ids.
    poll : (float, float)
        Seconds between two queries, at first and at most.
    timeout : float, optional
        Seconds.
    progress : bool, default False

    Returns
    -------
    list of Job
        In the order given.

    Raises
    ------
    WaitTimeoutError
    """
    now = {job.id: job for job in jobs}
    deadline = None if timeout is None else time.monotonic() + timeout
    pause, longest = poll
    with tqdm(total=len(now), desc="reading", unit="card", disable=is_hidden(progress)) as bar:
        while True:
            open_ids = [job.id for job in now.values() if not job.state.final]
            bar.update(len(now) - len(open_ids) - bar.n)
            if not open_ids:
                return [now[job.id] for job in jobs]
            left = math.inf if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise WaitTimeoutError(
                    f"{len(open_ids)} of {len(now)} jobs had not ended after {timeout:g} s; "
                    "call wait again with the error's .jobs to go on",
                    [now[job.id] for job in jobs],
                )
            time.sleep(min(pause, left) * random.uniform(0.8, 1.0))  # noqa: S311 - spreads the queries of many clients, no secret
            now |= {job.id: job for job in describe(open_ids)}
            pause = min(pause * _GROWTH, longest)
