"""Checks of readings without truth: what they are, and running them over a frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb.frame.scale import fold, is_dask, mapped, reduce
from cardocr_nb.frame.schema import conform, empty
from cardocr_nb.frame.shapes import card_numbers
from cardocr_nb.quality.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

Severity: TypeAlias = Literal["error", "warning"]

COLUMNS = ("job_id", "key", "field", "check", "passed", "severity", "detail")
"""Columns of the table that `check` makes."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question that is put to readings.

    Attributes
    ----------
    name : str
        Name of its function.
    function : callable
        See `register`.
    fields : tuple of tuple of str
        Fields whose texts go to the function, first the one that is judged; empty when it gets the frame.
    counts : callable or None
        What is counted for the function, where it judges all cards at once.
    severity : {"error", "warning"}
        ``error``: such a card cannot exist. ``warning``: it is unlikely.
    detail : str
        What a reading that passes would have; stands in the table beside those that fail.
    """

    name: str
    function: Callable[..., Any]
    fields: tuple[tuple[str, ...], ...]
    severity: Severity
    detail: str
    counts: Callable[[pd.DataFrame], pd.Series] | None = None


REGISTRY: dict[str, Check] = {}
"""The checks by name, in the order in which they were registered."""


def register(
    *,
    severity: Severity,
    detail: str,
    fields: Iterable[str | tuple[str, ...]] = (),
    counts: Callable[[pd.DataFrame], pd.Series] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function a check, under its own name.

    Parameters
    ----------
    severity : {"error", "warning"}
    detail : str
        What a reading that passes has, in words. It must not hold texts of cards.
    fields : iterable of str or tuple of str, optional
        Each names a field that the check is put to, or several fields of one card: then the first is judged by the help
        of the others. The function gets a Series of str for each field (white space at the ends taken off, Unicode
        NFKC), all of equal length, nothing missing, and gives as many answers: True, False, or missing where the
        question does not arise.
        Without `fields` the function gets the whole frame, with a RangeIndex and the number of each card in the column
        ``card``, and gives a frame with the columns ``row`` (position of a row of the card), ``field`` and ``passed``.
    counts : callable, optional
        For what concerns a field on all cards at once: takes that frame, gives a Series of numbers. The numbers of
        several parts of a frame are added up by their index, and the function gets the sum in the place of the frame;
        its ``row`` is -1.

    Returns
    -------
    callable
        The decorator.

    Raises
    ------
    ValueError
        The name is taken by another function.

    Examples
    --------
    >>> @register(severity="warning", detail="two characters or more", fields=["name"])
    ... def name_is_no_initial(text):
    ...     return text.str.len() >= 2
    >>> REGISTRY.pop("name_is_no_initial").fields
    (('name',),)
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        known = REGISTRY.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"a check is already called {name!r}; give the function another name")
        which = tuple((f,) if isinstance(f, str) else tuple(f) for f in fields)
        REGISTRY[name] = Check(name, function, which, severity, detail, counts)
        return function

    return decorate


def check(df: pd.DataFrame, checks: Iterable[str] | None = None) -> pd.DataFrame:
    """Find readings that cannot be right, or are unlikely to be, without knowing what stands on the cards.

    Parameters
    ----------
    df : DataFrame, of pandas or Dask
        As `cardocr_nb.to_frame` or `cardocr_nb.read_responses` makes it.
    checks : iterable of str, optional
        Names of the checks to run; all in `REGISTRY` by default.

    Returns
    -------
    DataFrame
        One row a reading and check: ``job_id, key, field, check, passed, severity, detail``. ``field`` is missing for
        what concerns a whole card, ``key`` for what concerns a field on all cards; ``detail`` says what was expected of
        those that failed, and never holds a text of a card. What a check does not apply to has no row. Of a Dask
        DataFrame it is one of Dask, the same rows partition by partition, and not computed yet.

    Raises
    ------
    KeyError
        A name is not registered.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire.models import CardResult, Field
    >>> cards = to_frame(CardResult((Field("公民身份号码", "990101197412010010"),), key="front/0001.jpg"))
    >>> check(cards, ["number_length", "number_check_digit"])[["field", "check", "passed", "severity"]]
           field               check  passed severity
    0  id_number       number_length    True    error
    1  id_number  number_check_digit   False    error
    """
    chosen = list(REGISTRY.values()) if checks is None else [_registered(name) for name in checks]
    return _check_parts(df, chosen) if is_dask(df) else _check(df, chosen)


def _check(df: pd.DataFrame, chosen: list[Check]) -> pd.DataFrame:
    frame = conform(df).reset_index(drop=True)
    frame["card"] = card_numbers(frame)
    texts = _Texts(frame)
    parts = [(number, part) for number, each in enumerate(chosen) for part in _run(each, frame, texts)]
    return _table(frame, chosen, parts)


def _check_parts(df: Any, chosen: list[Check]) -> Any:
    # The checks go to the workers as they are here: a registry there would lack those of one's own.
    within = [each for each in chosen if each.counts is None]
    across = [each for each in chosen if each.counts is not None]
    meta = _check(empty(), chosen)
    counted = [fold(df, partial(_counted, each), _added) for each in across]
    last = [(partial(_check_counts, chosen=[each]), counts) for each, counts in zip(across, counted, strict=True)]
    return mapped(df, partial(_check, chosen=within), meta, last=last)


def _counted(each: Check, df: pd.DataFrame) -> pd.Series:
    frame = conform(df).reset_index(drop=True)
    frame["card"] = card_numbers(frame)
    return each.counts(frame) if each.counts else pd.Series(dtype=np.int64)


def _added(counts: list[pd.Series]) -> pd.Series:
    together = pd.concat(counts)
    total: pd.Series = together.groupby(level=list(range(together.index.nlevels))).sum()
    return total


def _check_counts(counts: pd.Series, chosen: list[Check]) -> pd.DataFrame:
    judged = chosen[0].function(counts)
    frame = conform(pd.DataFrame({"field": pd.Series(judged["field"]).astype("str")})).iloc[:0]
    return _table(frame, chosen, [(0, judged)])


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
        ``field, check, severity, cases, failed, share, low, high``, worst first.
    """
    table = reduce(checked, _tallied, _tallies) if is_dask(checked) else _tallied(checked)
    table["share"] = table["failed"] / table["cases"]
    table["low"], table["high"] = wilson(table["failed"], table["cases"], confidence=confidence)
    return table.sort_values(["share", "cases"], ascending=False, kind="stable", ignore_index=True)


_ASKED = ["field", "check", "severity"]


def _tallied(checked: pd.DataFrame) -> pd.DataFrame:
    groups = checked.assign(failed=~checked["passed"]).groupby(_ASKED, observed=True, dropna=False, sort=False)
    return groups["failed"].agg(cases="size", failed="sum").reset_index()


def _tallies(tables: list[pd.DataFrame]) -> pd.DataFrame:
    together = pd.concat(tables, ignore_index=True).astype(dict.fromkeys(_ASKED, "str"))
    return together.groupby(_ASKED, dropna=False, sort=False)[["cases", "failed"]].sum().reset_index()


def _registered(name: str) -> Check:
    try:
        return REGISTRY[name]
    except KeyError:
        raise KeyError(f"no check is called {name!r}; there are {', '.join(REGISTRY)}") from None


class _Texts:
    """The texts of a frame by field, and beside those of other fields of the same card."""

    def __init__(self, frame: pd.DataFrame) -> None:
        array = pc.utf8_normalize(pa.array(frame["text"], type=pa.large_string()), form="NFKC")
        self._clean = pd.Series(pc.utf8_trim_whitespace(array), dtype="str")
        self._card = frame["card"].to_numpy()
        there = np.flatnonzero(frame["text"].notna())
        by_field = frame["field"].take(there).reset_index(drop=True).groupby(frame["field"].take(there).to_numpy())
        self._rows = {str(field): there[rows] for field, rows in by_field.indices.items()}

    def rows(self, fields: tuple[str, ...]) -> list[NDArray[np.intp]]:
        """Positions of the first field's rows, and for each further one that of the same card; only where all are."""
        empty = np.empty(0, dtype=np.intp)
        result = [self._rows.get(fields[0], empty)]
        for other in fields[1:]:
            rows = self._rows.get(other, empty)
            first = np.full(self._card.max(initial=-1) + 1, -1, dtype=np.intp)
            first[self._card[rows[::-1]]] = rows[::-1]
            result.append(first[self._card[result[0]]])
        complete = np.logical_and.reduce([rows >= 0 for rows in result])
        return [rows[complete] for rows in result]

    def at(self, rows: NDArray[np.intp]) -> pd.Series:
        return self._clean.take(rows).reset_index(drop=True)


def _run(each: Check, frame: pd.DataFrame, texts: _Texts) -> list[pd.DataFrame]:
    if not each.fields:
        return [each.function(frame if each.counts is None else each.counts(frame))]
    parts = []
    for fields in each.fields:
        rows = texts.rows(fields)
        answers = pd.array(each.function(*(texts.at(r) for r in rows)), dtype="boolean")
        asked = ~np.asarray(answers.isna())
        field = pd.Categorical([fields[0]], frame["field"].cat.categories).take(np.zeros(asked.sum(), dtype=np.intp))
        parts.append(pd.DataFrame({"row": rows[0][asked], "field": field, "passed": answers[asked].to_numpy(bool)}))
    return parts


def _table(frame: pd.DataFrame, chosen: list[Check], parts: list[tuple[int, pd.DataFrame]]) -> pd.DataFrame:
    fields = frame["field"].cat.categories
    which = np.repeat(np.array([n for n, _ in parts], dtype=np.intp), [len(p) for _, p in parts])
    row = np.concatenate([np.empty(0, dtype=np.intp), *(p["row"].to_numpy(np.intp) for _, p in parts)])
    field = np.concatenate([np.empty(0, dtype=np.intp), *(_codes(p["field"], fields) for _, p in parts)])
    passed = np.concatenate([np.empty(0, dtype=bool), *(p["passed"].to_numpy(bool) for _, p in parts)])
    # Row -1 stands for what concerns a field on all cards.
    columns: dict[str, Any] = {name: frame[name].array.take(row, allow_fill=True) for name in ("job_id", "key")}
    columns["field"] = pd.Categorical.from_codes(field, fields)
    columns["check"] = _coded(which, [c.name for c in chosen])
    columns["passed"] = passed
    columns["severity"] = _coded(which, [c.severity for c in chosen])
    columns["detail"] = _coded(np.where(passed, -1, which), [c.detail for c in chosen])
    return pd.DataFrame(columns)


def _codes(fields: pd.Series, categories: pd.Index) -> NDArray[np.intp]:
    if fields.dtype == pd.CategoricalDtype(categories):
        return np.asarray(fields.cat.codes, dtype=np.intp)
    return np.asarray(pd.Categorical(fields, categories).codes, dtype=np.intp)


def _coded(code: NDArray[np.intp], words: list[Any]) -> pd.Categorical:
    distinct = list(dict.fromkeys(words))
    place = np.array([*(distinct.index(w) for w in words), -1], dtype=np.intp)
    return pd.Categorical.from_codes(place[code], pd.Index(distinct, dtype="str"))
