"""The frame on Dask: the same columns and dtypes, more rows than one machine holds.

Workers read their parts of the input themselves (see `parts`) and write their partitions as Parquet files. `reduce`
folds what each partition counts into one answer; the questions of `cardocr_nb.quality` that can be answered so take a
Dask DataFrame as they take one of pandas.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb.errors import missing_extra
from cardocr_nb.frame._frame_columns import CARD
from cardocr_nb.frame._frame_files import categories_to_text, to_parquet
from cardocr_nb.frame._frame_schema import empty, restore
from cardocr_nb.frame._partitions import BLOCKSIZE, plan, read_part
from cardocr_nb.frame._polygon_array import PolygonArray
from cardocr_nb.frame._polygon_dtype import PolygonDtype
from cardocr_nb.frame._reshape import card_numbers

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from cardocr_nb.frame._partitions import Paths

    T = TypeVar("T")

_FOLDED_AT_ONCE = 16
_ACCESSORS: dict[str, type] = {}


def read_dask(paths: Paths, *, blocksize: int = BLOCKSIZE) -> Any:
    """Read saved responses and callbacks into a Dask DataFrame, about `blocksize` bytes of input a partition.

    Nothing is read until it is computed; then workers read files, ranges of lines and members of archives themselves.
    A document that cannot be read keeps a row with the state ``Unreadable``.

    Parameters
    ----------
    paths : str, path, or list of these
        Files, folders (all ``.xml``, ``.json``, ``.jsonl`` and ``.parquet`` files below) or patterns. ``.jsonl`` holds
        a document a line, ``.zip`` and ``.tar`` archives (plain or compressed) hold any of these, ``.parquet`` is what
        `write_parts` wrote. The workers must see the files under the same names.
    blocksize : int, default 64 MiB
        A document, a compressed tar and a Parquet file are never parted.

    Returns
    -------
    dask.dataframe.DataFrame
        Columns and dtypes of `cardocr_nb.frame._frame_columns`. The categories are unknown to Dask, as each partition has those
        of its own rows; `compute` brings them into the usual order.

    Raises
    ------
    MissingExtraError
        Dask is not installed.
    FileNotFoundError
        A path or pattern fits no file.
    ValueError
        `blocksize` is less than 1.

    Notes
    -----
    The rows of a card must be in one partition, as those of a document do. Where the same job was saved in several
    files, bring its rows together first, with `by_card`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> answer = b'<Response><JobsDetail><JobId>j1</JobId><State>Success</State></JobsDetail></Response>'
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "j1.xml").write_bytes(answer)
    ...     compute(read_dask(folder))[["job_id", "state"]]
      job_id    state
    0     j1  Success
    """
    return _from_map(read_part, plan(paths, blocksize=blocksize), "read-cards")


def to_dask(df: pd.DataFrame, *, npartitions: int = 4) -> Any:
    """Part a frame, never a card, for Dask.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    npartitions : int, default 4
        At most; each gets about as many cards.

    Raises
    ------
    MissingExtraError
        Dask is not installed.

    Examples
    --------
    >>> to_dask(empty()).npartitions
    1
    """
    frame = restore(df)
    card = card_numbers(frame)
    group = card * npartitions // (card.max(initial=0) + 1)
    parts = [frame[group == g].reset_index(drop=True) for g in np.unique(group)] or [frame]
    return _from_map(_same, parts, "part-cards")


def by_card(frame: Any) -> Any:
    """Bring the rows of each card into one partition; needed where the rows of a card come from several files.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame

    Returns
    -------
    dask.dataframe.DataFrame
        The same rows; cards in another order, rows of one card in the order they had.
    """
    marked = frame.map_partitions(_marked, meta=_marked(_meta()))
    # Dask's peer-to-peer shuffle loses extension dtypes and categories on the way.
    shuffled = marked.shuffle(on="card", npartitions=frame.npartitions, shuffle_method="tasks")
    return shuffled.map_partitions(_unmarked, meta=_meta())


def compute(frame: Any) -> pd.DataFrame:
    """Compute a Dask DataFrame of cards into the frame that pandas would have made: dtypes, order of categories, index."""
    return restore(categories_to_text(frame.compute().reset_index(drop=True)))


def write_parts(frame: Any, folder: str | os.PathLike[str]) -> list[Path]:
    """Write each partition as a Parquet file, by the worker that holds it.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
        Of `read_dask`.
    folder : str or path
        Made when it is not there; the workers must see it under the same name.

    Returns
    -------
    list of Path
        ``part-000000.parquet`` and so on, which `read_dask` and ``pandas.read_parquet`` read.

    Raises
    ------
    FileExistsError
        The folder holds parts already.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     [path.name for path in write_parts(to_dask(empty()), folder)]
    ['part-000000.parquet']
    """
    dask = _dask()
    target = Path(folder).absolute()
    target.mkdir(parents=True, exist_ok=True)
    if any(target.glob("part-*.parquet")):
        raise FileExistsError(f"{target} holds parts already; name another folder or remove them")
    write = dask.delayed(_write)
    written = [write(part, target / f"part-{n:06}.parquet") for n, part in enumerate(frame.to_delayed())]
    return [Path(path) for path in dask.compute(*written)]


def is_dask(df: object) -> bool:
    """Whether it is a Dask DataFrame; does not import Dask."""
    dd = sys.modules.get("dask.dataframe")
    return dd is not None and isinstance(df, dd.DataFrame)


def reduce(frame: Any, count: Callable[[pd.DataFrame], T], merge: Callable[[list[T]], T]) -> T:
    """Count in each partition, then merge the counts until one is left.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
    count : callable
        Takes the frame of a partition; what it gives travels, so it should be small.
    merge : callable
        Makes one count of several; how the partitions are grouped for it must not matter.
    """
    result: T = fold(frame, count, merge).compute()
    return result


def fold(frame: Any, count: Callable[[pd.DataFrame], T], merge: Callable[[list[T]], T]) -> Any:
    """Do what `reduce` does when it is computed: a Dask ``Delayed``."""
    dask = _dask()
    level = [dask.delayed(count)(part) for part in frame.to_delayed()]
    merged = dask.delayed(merge)
    while len(level) > 1:
        level = [merged(level[n : n + _FOLDED_AT_ONCE]) for n in range(0, len(level), _FOLDED_AT_ONCE)]
    return level[0]


def map_cards(
    frame: Any,
    function: Callable[[pd.DataFrame], pd.DataFrame],
    meta: pd.DataFrame,
    *,
    last: Iterable[tuple[Callable[[Any], pd.DataFrame], Any]] = (),
) -> Any:
    """Apply a function to each partition, and others to what `fold` gave, which makes partitions at the end."""
    dask = _dask()
    parts = [dask.delayed(function)(part) for part in frame.to_delayed()]
    parts += [dask.delayed(other)(folded) for other, folded in last]
    with _own_strings(dask):
        return dask.dataframe.from_delayed(parts, meta=_unknown(meta), verify_meta=False)


def accessor(name: str) -> Callable[[type], type]:
    """Make a class an accessor of Dask DataFrames as soon as this package makes the first of them."""

    def keep(cls: type) -> type:
        _ACCESSORS[name] = cls
        return cls

    return keep


def _from_map(read: Callable[[Any], pd.DataFrame], parts: list[Any], label: str) -> Any:
    dask = _dask()
    with _own_strings(dask):
        return dask.dataframe.from_map(read, parts, meta=_meta(), label=label)


def _own_strings(dask: Any) -> Any:
    # Dask would turn pandas' own str columns into another string dtype.
    return dask.config.set({"dataframe.convert-string": False})


def _dask() -> Any:
    # Imported by name: Dask says that it is typed, and leaves much of what is used here without types.
    try:
        dask: Any = import_module("dask")
        frames: Any = import_module("dask.dataframe.extensions")
    except ImportError as e:
        missing_extra("a Dask DataFrame", "scale", e)
    # Dask makes up two rows of each dtype to find out what a function on it would give.
    frames.make_array_nonempty.register(PolygonDtype)(_two_polygons)
    for name, cls in _ACCESSORS.items():
        if not hasattr(dask.dataframe.DataFrame, name):
            frames.register_dataframe_accessor(name)(cls)
    return dask


def _two_polygons(_dtype: PolygonDtype) -> PolygonArray:
    return PolygonArray(np.array([[[0, 0], [0, 1], [1, 1], [1, 0]]] * 2, dtype=np.int32), np.array([False, False]))


def _meta() -> pd.DataFrame:
    return _unknown(empty())


def _unknown(df: pd.DataFrame) -> pd.DataFrame:
    meta: pd.DataFrame = import_module("dask.dataframe.utils").clear_known_categories(df)
    return meta


def _same(part: pd.DataFrame) -> pd.DataFrame:
    return part


def _marked(part: pd.DataFrame, partition_info: dict[str, Any] | None = None) -> pd.DataFrame:
    """Mark rows with a hash of their card, and with their place; Dask hands the partition's number over by name."""
    number = partition_info["number"] if partition_info else 0
    card = pd.util.hash_pandas_object(part[list(CARD)].astype("str").fillna(""), index=False)
    return part.assign(card=card.astype(np.uint64), partition=number, place=np.arange(len(part)))


def _unmarked(part: pd.DataFrame) -> pd.DataFrame:
    ordered = part.sort_values(["partition", "place"], ignore_index=True)
    return ordered.drop(columns=["card", "partition", "place"])


def _write(part: pd.DataFrame, path: Path) -> str:
    return str(to_parquet(restore(part), path))
