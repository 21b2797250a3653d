"""Checks of readings without truth: what they are, and running them over a frame."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from cardocr_nb._text_safety import shown_name
from cardocr_nb.frame._dask_frame import fold, is_dask, map_cards, reduce
from cardocr_nb.frame._frame_schema import conform, empty
from cardocr_nb.frame._reshape import card_numbers
from cardocr_nb.quality._check_results import CheckContext, of_frame, run, table
from cardocr_nb.quality._image_sizes import add_sizes
from cardocr_nb.quality._intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cardocr_nb.quality._image_sizes import Sizes

Severity: TypeAlias = Literal["error", "warning"]
Transform: TypeAlias = "Callable[..., Any] | tuple[Callable[..., Any] | None, ...]"

COLUMNS = ("job_id", "key", "field", "check", "passed", "severity", "detail")
"""Columns of the table that `check` makes."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of readings.

    Attributes
    ----------
    name : str
        Name of its function.
    function : callable
        See `register`.
    fields : tuple of tuple of str
        Fields whose texts go to the function, first the one that is judged; empty when it gets the frame.
    aggregate : callable or None
        Makes the counts that the function gets, where it judges a field on all cards at once.
    severity : {"error", "warning"}
        ``error``: such a card cannot exist. ``warning``: it is unlikely.
    detail : str
        The fault of a reading that fails.
    transform : callable, tuple of callable, or None
        Makes what the function gets of the texts of each field, or of the frame.
    """

    name: str
    function: Callable[..., Any]
    fields: tuple[tuple[str, ...], ...]
    severity: Severity
    detail: str
    aggregate: Callable[[pd.DataFrame], pd.Series] | None = None
    transform: Transform | None = None


REGISTRY: dict[str, Check] = {}
"""The checks by name, in the order in which they were registered."""


def register(
    *,
    severity: Severity,
    detail: str,
    fields: Iterable[str | tuple[str, ...]] = (),
    aggregate: Callable[[pd.DataFrame], pd.Series] | None = None,
    transform: Transform | None = None,
    counts: Callable[[pd.DataFrame], pd.Series] | None = None,
    of: Transform | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function a check, under its own name.

    Parameters
    ----------
    severity : {"error", "warning"}
        ``error`` only if no valid card can fail the check.
    detail : str
        The fault of a reading that fails, in words. It must not contain texts of cards.
    fields : iterable of str or tuple of str, optional
        Each names a field to which the check applies, or several fields of one card: then the first is judged with the
        help of the others. The function gets a Series of str for each field (white space at the ends taken off, Unicode
        NFKC), all of equal length, nothing missing, and gives as many answers: True, False, or missing where the
        question does not arise.
        Without `fields` the function gets the whole frame, with a RangeIndex and the number of each card in the column
        ``card``, the sizes of the images in ``width, height, stored_width, stored_height`` (NaN where not known), and
        gives a frame with the columns ``row`` (position of a row of the card) and ``passed``, and ``field`` where it is
        not that of the row.
    aggregate : callable, optional
        For what concerns a field on all cards at once: takes that frame, gives a Series of numbers. The numbers of
        several parts of a frame are added up by their index, and the function gets the sum in the place of the frame;
        its ``row`` is -1.
    transform : callable, or tuple of callable or None, optional
        Makes what the function gets in the place of each field's texts, or of the frame, once for all checks that name
        the same callable. Of the texts of a field it makes a Series or DataFrame of as many rows. A tuple has one for
        each field of a card.
    counts, of : optional
        Former names of `aggregate` and `transform`.

    Returns
    -------
    callable
        The decorator.

    Raises
    ------
    ValueError
        The name is taken by another function, or `transform` is a tuple and has not one for each field.

    Examples
    --------
    >>> @register(severity="warning", detail="two characters or more", fields=["name"])
    ... def name_is_no_initial(text):
    ...     return text.str.len() >= 2
    >>> REGISTRY.pop("name_is_no_initial").fields
    (('name',),)

    Dates are read once for all checks that ask for them:

    >>> from cardocr_nb.quality._dates import read_dates
    >>> @register(severity="warning", detail="a year from 2000 on", fields=["first_issue_date"], transform=read_dates)
    ... def licence_is_recent(issued):
    ...     return issued.dt.year >= 2000
    >>> REGISTRY.pop("licence_is_recent").transform.__name__
    'read_dates'
    """
    for former, new, value in (("of", "transform", of), ("counts", "aggregate", counts)):
        if value is not None:
            warnings.warn(f"register({former}=) is now register({new}=)", DeprecationWarning, stacklevel=2)
    transform = of if transform is None else transform
    aggregate = counts if aggregate is None else aggregate

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        known = REGISTRY.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"a check is already called {name!r}; give the function another name")
        which = tuple((f,) if isinstance(f, str) else tuple(f) for f in fields)
        sizes = {len(each) for each in which} or {1}
        if isinstance(transform, tuple) and sizes != {len(transform)}:
            raise ValueError(
                f"{name!r} gets {' or '.join(map(str, sorted(sizes)))} fields and names {len(transform)} in transform; "
                "give one callable or None for each field"
            )
        REGISTRY[name] = Check(name, function, which, severity, detail, aggregate, transform)
        return function

    return decorate


def check(df: pd.DataFrame, checks: Iterable[str] | None = None, *, sizes: Sizes | None = None) -> pd.DataFrame:
    """Find readings that cannot be correct, or are unlikely to be, without a ground truth.

    Parameters
    ----------
    df : DataFrame, of pandas or Dask
        As `cardocr_nb.to_frame` or `cardocr_nb.read_responses` makes it.
    checks : iterable of str, optional
        Names of the checks to run; all in `REGISTRY` by default.
    sizes : mapping of str to (int, int), or path, optional
        Width and height in pixels of each key's upright image, or the folder that holds the images under their keys.
        Checks that need the image size run only for images whose size is known, and the check of the EXIF orientation only
        for files in a folder. Workers of Dask must see the folder under the same name.

    Returns
    -------
    DataFrame
        One row a reading and check: ``job_id, key, field, check, passed, severity, detail``, all but ``passed`` categories. ``field`` is missing for
        what concerns a whole card, ``key`` for what concerns a field on all cards; ``detail`` says what was expected of
        those that failed, and never holds a text of a card. What a check does not apply to has no row. Of a Dask
        DataFrame it is one of Dask, the same rows partition by partition, and not computed yet.

    Raises
    ------
    KeyError
        A name is not registered.
    NotADirectoryError
        `sizes` is a path, and no folder is there.
    ValueError
        `sizes` knows none of the keys.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> cards = to_frame(CardResult((Field("公民身份号码", "990101197412010010"),), key="front/0001.jpg"))
    >>> check(cards, ["number_length", "number_check_digit"])[["field", "check", "passed", "severity"]]
           field               check  passed severity
    0  id_number       number_length    True    error
    1  id_number  number_check_digit   False    error
    """
    chosen = list(REGISTRY.values()) if checks is None else [_registered(name) for name in checks]
    return _check_parts(df, chosen, sizes) if is_dask(df) else _check(df, chosen, sizes)


def _check(df: pd.DataFrame, chosen: list[Check], sizes: Sizes | None, *, some: bool = True) -> pd.DataFrame:
    frame = _numbered(df)
    asked = CheckContext(add_sizes(frame, sizes, some=some))
    return table(frame, [part for each in chosen for part in run(each, asked)])


def _numbered(df: pd.DataFrame) -> pd.DataFrame:
    frame = conform(df).reset_index(drop=True)
    frame["card"] = card_numbers(frame)
    return frame


def _check_parts(df: Any, chosen: list[Check], sizes: Sizes | None) -> Any:
    # The checks go to the workers as they are here: a registry there would lack those of one's own.
    within = [each for each in chosen if each.aggregate is None]
    across = [each for each in chosen if each.aggregate is not None]
    meta = _check(empty(), chosen, None)
    counted = [fold(df, partial(_counted, each), _added) for each in across]
    last = [(partial(_check_counts, chosen=[each]), counts) for each, counts in zip(across, counted, strict=True)]
    # A partition may hold nothing but cards without an image.
    return map_cards(df, partial(_check, chosen=within, sizes=sizes, some=False), meta, last=last)


def _counted(each: Check, df: pd.DataFrame) -> pd.Series:
    return each.aggregate(_numbered(df)) if each.aggregate else pd.Series(dtype=np.int64)


def _added(counts: list[pd.Series]) -> pd.Series:
    together = pd.concat(counts)
    total: pd.Series = together.groupby(level=list(range(together.index.nlevels))).sum()
    return total


def _check_counts(counts: pd.Series, chosen: list[Check]) -> pd.DataFrame:
    (each,) = chosen
    judged = each.function(counts)
    frame = _numbered(pd.DataFrame({"field": pd.Series(judged["field"]).astype("str")})).iloc[:0]
    return table(frame, [of_frame(each, judged)])


def tally(checked: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Count the answers of `check` by field and check.

    Parameters
    ----------
    checked : DataFrame, of pandas or Dask
        As `check` makes it.
    confidence : float, default 0.95
        Of the interval for the share that failed (Wilson).

    Returns
    -------
    DataFrame
        ``field, check, severity, cases, failed, share, low, high``: errors before warnings, the worst first, then the
        checks that no reading failed.
    """
    counted = reduce(checked, _tallied, _tallies) if is_dask(checked) else _tallied(checked)
    counted["share"] = counted["failed"] / counted["cases"]
    counted["low"], counted["high"] = wilson(counted["failed"], counted["cases"], confidence=confidence)
    # A warning that every card fails, such as the region of a specimen, must not hide the errors.
    found = np.where(counted["failed"] == 0, 2, (counted["severity"] != "error").astype(int))
    order = counted.assign(found=found).sort_values(
        ["found", "share", "cases"], ascending=[True, False, False], kind="stable"
    )
    return order.drop(columns="found").reset_index(drop=True)


_ASKED = ["field", "check", "severity"]
_BLOCK = 2**20


def _tallied(checked: pd.DataFrame) -> pd.DataFrame:
    # Counted in blocks by the codes of the categories: a groupby takes 1.8 GiB for the checks of a million cards.
    keys = [checked[name].astype("category").cat for name in _ASKED]
    sizes = [len(key.categories) + 1 for key in keys]
    codes, passed = [key.codes.to_numpy() for key in keys], checked["passed"].to_numpy(bool)
    cases, failed, first = np.zeros((3, np.prod(sizes)), dtype=np.int64)
    for begin in reversed(range(0, len(checked), _BLOCK)):
        rows = slice(begin, begin + _BLOCK)
        place = np.ravel_multi_index([code[rows].astype(np.intp) + 1 for code in codes], sizes)
        cases += np.bincount(place, minlength=len(cases))
        failed += np.bincount(place[~passed[rows]], minlength=len(cases))
        # Of rows with the same place, the last one written remains, which is the first one.
        first[place[::-1]] = np.arange(begin, begin + len(place))[::-1]
    found = np.flatnonzero(cases)
    found = found[np.argsort(first[found])]
    counted: pd.DataFrame = checked[_ASKED].iloc[first[found]].reset_index(drop=True)
    return counted.assign(cases=cases[found], failed=failed[found])


def _tallies(tables: list[pd.DataFrame]) -> pd.DataFrame:
    together = pd.concat(tables, ignore_index=True).astype(dict.fromkeys(_ASKED, "str"))
    return together.groupby(_ASKED, dropna=False, sort=False)[["cases", "failed"]].sum().reset_index()


def _registered(name: str) -> Check:
    try:
        return REGISTRY[name]
    except KeyError:
        raise KeyError(f"no check is called {shown_name(name, REGISTRY)}; there are {', '.join(REGISTRY)}") from None
