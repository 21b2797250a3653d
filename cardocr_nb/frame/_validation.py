"""Is a frame that came from elsewhere what this package expects? All faults at once, as a table."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb.frame._blank_texts import blank_rows
from cardocr_nb.frame._frame_columns import CARD, CATEGORIES, DTYPES
from cardocr_nb.frame._polygon_dtype import PolygonDtype
from cardocr_nb.frame._reshape import ordered_fields
from cardocr_nb.frame._typed_columns import series

if TYPE_CHECKING:
    from collections.abc import Iterator

FAULTS = ("column", "rule", "rows", "first_rows", "advice")
"""Columns of the table that `validate` makes."""

_REQUIRED = ("key", "field", "text", "score")
_RANGES = {"score": (0, 100), "status": (0, 1), "job_level": (0, 2)}
_CLOSED = ("card_type", "state")
_WHOLE_CARD = ("card_type", "state", "code")
_SHOWN = 5


def validate(df: pd.DataFrame) -> pd.DataFrame:
    """Compare a frame with the schema and list every fault.

    Parameters
    ----------
    df : DataFrame
        Of any origin: a CSV, a database, another tool.

    Returns
    -------
    DataFrame
        One row a fault, none when the frame is as `cardocr_nb.to_frame` makes it: ``column``; ``rule`` that is broken;
        ``rows`` that break it (all of them where the column itself is wrong); ``first_rows``, the positions from 0 on
        of the first five; ``advice``. It never holds texts of cards.

    Examples
    --------
    >>> df = pd.DataFrame({"key": ["a.jpg", "a.jpg"], "field": "name", "text": ["样本", ""], "score": [99, 105]})
    >>> from cardocr_nb.frame._frame_schema import conform
    >>> given = {"text": df["text"].astype("str"), "score": df["score"].astype("Int16")}
    >>> faults = validate(conform(df[["key", "field"]]).assign(**given))
    >>> faults[["column", "rule", "rows", "first_rows"]]
      column                     rule  rows first_rows
    0  score     lies from 0 to 100     1        [1]
    1   text    is missing where empty     1        [1]
    2  field  appears once on a card     2     [0, 1]
    """
    faults = [*_columns(df), *_dtypes(df), *_values(df), *_polygons(df), *_cards(df)]
    table = pd.DataFrame(faults, columns=list(FAULTS))
    return table.astype({"column": "str", "rule": "str", "rows": np.int64, "advice": "str"})


Fault = tuple[str, str, int, list[int], str]


def _fault(column: str, rule: str, broken: Any, advice: str) -> Iterator[Fault]:
    rows = np.flatnonzero(np.asarray(broken, dtype=bool))
    if len(rows):
        yield column, rule, len(rows), rows[:_SHOWN].tolist(), advice


def _columns(df: pd.DataFrame) -> Iterator[Fault]:
    for name in DTYPES:
        if name not in df.columns:
            advice = "name your column so" if name in _REQUIRED else "frame.conform(df) adds it, empty"
            yield name, "column is there", len(df), [], advice
    for name in dict.fromkeys(df.columns[df.columns.duplicated()]):
        yield str(name), "column appears once", len(df), [], "drop or rename one of the columns of this name"


def _known(df: pd.DataFrame) -> dict[str, pd.Series]:
    once = df.columns[~df.columns.duplicated(keep=False)]
    return {name: df[name] for name in DTYPES if name in once}


def _dtypes(df: pd.DataFrame) -> Iterator[Fault]:
    for name, column in _known(df).items():
        wanted = DTYPES[name]
        if column.dtype != wanted:
            fits = "frame.conform(df) converts it"
            advice = fits if _converts(name, column) else f"some values cannot be converted; mend them, then {fits}"
            yield name, f"dtype is {wanted}", len(df), [], f"it is {column.dtype}; {advice}"


def _converts(name: str, column: pd.Series) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns of dates in several forms, which it reads all the same
        try:
            series(name, column)
        except (TypeError, ValueError, OverflowError):
            return False
    return True


def _values(df: pd.DataFrame) -> Iterator[Fault]:
    known = _known(df)
    for name, (low, high) in _RANGES.items():
        if name in known:
            numbers = pd.to_numeric(known[name].astype(object), errors="coerce").astype("Float64")
            given = known[name].notna()
            yield from _fault(name, "is a number", given & numbers.isna(), "mend the values, or leave them missing")
            outside = ((numbers < low) | (numbers > high)).fillna(value=False)
            yield from _fault(name, f"lies from {low} to {high}", outside, "mend the values, or leave them missing")
            advice = "round the values"
            if name == "score" and numbers.notna().any() and numbers.min() >= 0 and numbers.max() <= 1:
                advice = "multiply shares from 0 to 1 by 100, then round them"
            yield from _fault(name, "is a whole number", (numbers % 1 != 0).fillna(value=False), advice)
    for name in _CLOSED:
        if name in known:
            words = CATEGORIES[name]
            strange = known[name].notna() & ~known[name].astype("str").isin(words)
            yield from _fault(
                name, f"is one of {', '.join(words)}", strange, "rename the values, or leave them missing"
            )
    for name in ("text", "key", "field", "label"):
        if name in known:
            empty = np.zeros(len(df), dtype=bool)
            empty[blank_rows(known[name].astype("str"))] = True
            yield from _fault(name, "is missing where empty", empty, "replace empty strings by missing values")
    if {"field", "text"} <= known.keys():
        lost = known["field"].isna() & known["text"].notna()
        yield from _fault("field", "is there where a text is", lost, "name the field of each text")
    if "field" in known:
        spelt = known["field"].astype("str")
        strange = spelt.notna() & ~spelt.isin(ordered_fields(CATEGORIES["card_type"], ()))
        if "label" not in known or known["label"].isna().all():
            advice = "name fields as in frame.schema, or keep them as fields of your own"
            yield from _fault("field", "is a field of the cards", strange, advice)


def _polygons(df: pd.DataFrame) -> Iterator[Fault]:
    column = _known(df).get("polygon")
    if column is None or column.dtype == PolygonDtype():
        return
    broken = np.fromiter((not _is_polygon(value) for value in column), dtype=bool, count=len(column))
    yield from _fault("polygon", "has four corners (x, y) in pixels", broken & column.notna().to_numpy(),
                      "give four pairs of whole numbers, or leave it missing")  # fmt: skip


def _is_polygon(value: object) -> bool:
    try:
        PolygonDtype.construct_array_type()._from_sequence([value])  # noqa: SLF001 - pandas' own constructor of arrays
    except (TypeError, ValueError):
        return False
    return True


def _cards(df: pd.DataFrame) -> Iterator[Fault]:
    known = _known(df)
    card = [name for name in CARD if name in known]
    if "key" in known:
        nameless = known["key"].isna() & (known["job_id"].isna() if "job_id" in known else True)
        yield from _fault("key", "names the card", nameless, "give each card a key or a job_id")
    if not card:
        return
    cards = pd.DataFrame({name: known[name].astype("str") for name in card})
    number = cards.groupby(card, sort=False, dropna=False).ngroup()
    if "field" in known:
        field = known["field"].astype("str")
        twice = pd.DataFrame({"card": number, "field": field}).duplicated(keep=False) & field.notna()
        yield from _fault("field", "appears once on a card", twice, "give each card its own key, or drop the others")
        mixed = field.isna() & np.isin(number, number[field.notna()])
        yield from _fault("field", "is missing on the only row of a card", mixed, "drop the row without a field")
    for name in _WHOLE_CARD:
        if name in known:
            kinds = known[name].astype("str").fillna("").groupby(number.to_numpy()).transform("nunique")
            yield from _fault(name, "is the same on all rows of a card", kinds > 1, "give each card its own key")
