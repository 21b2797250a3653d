"""The ground truth: tables of key, field and text, decisions of a review included."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from cardocr_nb._bulk._arrow_text import arrow
from cardocr_nb._text_safety import shown_names
from cardocr_nb.cards import KNOWN_FIELDS, field_name, known_field
from cardocr_nb.frame._blank_texts import blank_rows
from cardocr_nb.frame._frame_columns import COLUMNS
from cardocr_nb.frame._frame_schema import with_columns_of_the_index
from cardocr_nb.frame._protected_cells import cell_texts
from cardocr_nb.frame._reshape import changes
from cardocr_nb.frame._spreadsheet_damage import (
    KEY,
    birth_dates,
    restored_keys,
    undo_excel,
    warn_of_damage,
    warn_of_unnamed,
)
from cardocr_nb.frame._text_tables import read_text_table
from cardocr_nb.quality._same_reader import same_scores, same_values

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from cardocr_nb.quality._evaluation import Evaluation

    Truth: TypeAlias = pd.DataFrame | str | os.PathLike[str] | Evaluation

_COLUMNS = ("key", "field", "text")
WEIGHT, SELECTION = "weight", "selection"
"""Columns of a sampled truth: 1 / inclusion probability of each case, and how it was selected."""

VERDICTS: tuple[str, ...] = ("accepted", "corrected", "absent", "unreadable")
"""Decisions of a review: the text is correct; the reviewer typed another one; the card has no such field; it cannot be read."""

_CHANCE = "chance"
"""Column of `review_queue`: the probability of an error, by which it is ordered."""

AUDIT, QUEUE = "audit", "queue"
"""Selections: cases that `audit_sample` drew, and cases that a review queue put first, or that people found to be
incorrect: those are incorrect more often than the others."""


@dataclass(frozen=True, slots=True)
class TruthTable:
    """A ground truth with keys and fields as numbers.

    Attributes
    ----------
    keys, fields : Index
        Distinct keys and canonical field names.
    key, field : ndarray of int
        Positions of each row in `keys` and `fields`.
    text : Series of str
        Missing where the card has no such field.
    weight : ndarray of float
        1 / inclusion probability of each row, 1 for a truth without weights.
    readable : ndarray of bool
        False where a reviewer could not read the card: such a field is not judged.
    from_queue : ndarray of bool
        Rows that a review queue put first and that carry no weight.
    score : Series of Float64
        Scores, where the truth may be a frame of readings: it does not say who decided on the texts.
    """

    keys: pd.Index
    fields: pd.Index
    key: NDArray[np.intp]
    field: NDArray[np.intp]
    text: pd.Series
    weight: NDArray[np.float64]
    readable: NDArray[np.bool_]
    from_queue: NDArray[np.bool_]
    score: pd.Series


def read_truth(truth: pd.DataFrame | str | os.PathLike[str], *, weights: bool = True) -> TruthTable:
    """Read a ground truth from a DataFrame, or from a CSV, JSON, XLSX, Parquet or Feather file.

    Parameters
    ----------
    truth : DataFrame or path
        Columns ``key, field, text`` and, where known, ``weight`` and ``selection``; or the decisions of a review
        (column ``verdict``). The last decision on a field counts, with the weight of an earlier one if it has none;
        *absent* means that the card has no such field, and *unreadable* fields are not judged, nor those that were
        accepted or corrected without a text.
    weights : bool, default True
        Use the weights. If False, each row counts once.

    Raises
    ------
    DecodeError
        The file is not a table.
    ValueError
        A column is missing, a verdict is unknown, a weight is not a positive number or is missing where others are not, or a
        field of a key has two rows.

    Examples
    --------
    >>> table = read_truth(pd.DataFrame({"key": ["a.jpg"], "field": ["姓名"], "text": ["样本"]}))
    >>> table.fields.tolist(), table.text.tolist()
    (['name'], ['样本'])
    """
    table = with_columns_of_the_index(truth if isinstance(truth, pd.DataFrame) else read_text_table(truth))
    missing = [c for c in _COLUMNS if c not in table.columns]
    if not isinstance(truth, pd.DataFrame) and "checks" in table.columns and (missing or "score" in table.columns):
        raise ValueError(
            "the truth is a workbook of cards.cardocr.to_excel, whose first sheet holds the texts as they were read; pass "
            "from_excel(path, sheet='corrections') for those that people typed"
        )
    if "corrected" in table.columns and not missing:
        raise ValueError(
            "the truth is the sheet 'corrections' of a workbook, whose column text holds the texts as they were read; pass "
            "from_excel(path, sheet='corrections')"
        )
    if missing:
        sheet = not isinstance(truth, pd.DataFrame) and str(truth).lower().endswith((".xlsx", ".xlsm"))
        raise ValueError(_lacking(table, missing) + (". Of a workbook the first sheet is read" if sheet else ""))
    named = (table["key"].notna() & table["field"].notna()).to_numpy()
    if not named.all():
        table = table[warn_of_unnamed(table[list(_COLUMNS)], ("key", "field"), "the truth", stacklevel=4)]
    if "verdict" in table.columns:
        table = _last_decisions(table.assign(verdict=_verdicts(table["verdict"])))
    table = _restored(table.reset_index(drop=True))
    texts = table[list(_COLUMNS)].reset_index(drop=True)
    key, keys, field, fields = _numbered_cells(texts)
    text, readable = texts["text"], np.ones(len(texts), dtype=bool)
    empty = np.zeros(len(texts), dtype=bool)
    empty[blank_rows(text)] = True
    if "verdict" in table.columns:
        readable = (table["verdict"] != "unreadable").to_numpy(bool)
        lacking = (empty | text.isna().to_numpy(bool)) & table["verdict"].isin(["accepted", "corrected"]).to_numpy(bool)
        warn_of_no_text(int(np.count_nonzero(lacking)), stacklevel=5)
        readable = readable & ~lacking
        empty |= (table["verdict"] == "absent").to_numpy(bool)
    weight, from_queue = (
        _weights(table, readable) if weights else (np.ones(len(texts)), np.zeros(len(texts), dtype=bool))
    )
    text = text.mask(empty) if empty.any() else text
    score = pd.Series([pd.NA] * len(text), dtype="Float64")
    if "score" in table.columns and not {"verdict", SELECTION, _CHANCE} & set(table.columns):
        score = pd.to_numeric(table["score"].astype("str"), errors="coerce").astype("Float64")
    return TruthTable(keys, fields, key, field, text, weight, readable, from_queue, score)


def warn_of_no_text(count: int, *, stacklevel: int = 3) -> None:
    """Warn of accepted or corrected fields without a text: another verdict says that the card has no such field."""
    if count:
        warnings.warn(
            f"{count} accepted or corrected fields have no text and are left out; type the text of the card, or set the verdict "
            "'absent' where the card has no such field",
            UserWarning,
            stacklevel=stacklevel,
        )


def refuse_reading(true: pd.Series, text: pd.Series, true_score: pd.Series, score: pd.Series) -> None:
    """Raise if the truth of all cells is the reading itself, with the same texts and scores.

    Raises
    ------
    ValueError
        It is.
    """
    if same_scores(true_score, score) and same_values(true, text).all():
        raise ValueError(
            "the truth is the frame of the readings itself: all texts and scores are equal. Pass a table of the texts that the cards "
            "have, such as the file of corrections of cards.cardocr.review(); if a person has confirmed each text, pass "
            "truth[['key', 'field', 'text']]"
        )


def with_known_keys(given: TruthTable, known: pd.Series) -> TruthTable:
    """Return the truth with the leading zeros that its keys lost in a spreadsheet."""
    keys, count = restored_keys(given.keys, known)
    if not count:
        return given
    warn_of_damage({KEY: count}, "the truth", stacklevel=5)
    return replace(given, keys=keys)


def _lacking(table: pd.DataFrame, missing: list[str]) -> str:
    """Say which columns a truth lacks, which it has, and how to make a truth of it."""
    known = {*_COLUMNS, *COLUMNS, *KNOWN_FIELDS}
    names = [str(name) for name in table.columns]
    message = f"the truth has no column {', '.join(missing)}; it needs key, field and text, it has {shown_names(names, known)}"
    plain = {name: name.strip().lower() for name in names}
    if all(name in plain.values() for name in _COLUMNS):
        return f"{message}. Write the names in small letters: truth.rename(columns=lambda name: name.strip().lower())"
    if sum(known_field(name) is not None for name in names) and "field" not in names:
        return f"{message}. One row a card is a wide table: pass cardocr_nb.frame.to_long(table), with the column key"
    return f"{message}. The first line must name the columns; read JSON with pandas.read_json and pass the frame"


def _restored(table: pd.DataFrame) -> pd.DataFrame:
    """Return key, field and text as texts: dates as ISO 8601, texts that a spreadsheet changed restored or left out."""
    texts = {name: cell_texts(table[name]) for name in _COLUMNS}
    fields = texts["field"].map(_field_names(texts["field"]))
    restored, counts = undo_excel(
        texts["text"], fields, true=True, born=lambda: birth_dates(texts["text"], fields, texts["key"])
    )
    warn_of_damage(counts, "the truth", stacklevel=6)
    result = table.assign(**texts)
    return result.assign(text=restored)[restored.notna() | texts["text"].isna()] if counts else result


def _field_names(labels: pd.Series) -> dict[str, str]:
    return {label: field_name(str(label)) for label in labels.dropna().unique()}


def _numbered_cells(texts: pd.DataFrame) -> tuple[NDArray[np.intp], pd.Index, NDArray[np.intp], pd.Index]:
    # Rows of one key mostly follow one another.
    starts = np.flatnonzero(changes(texts["key"]))
    run, keys = numbered(texts["key"].take(starts))
    key = np.repeat(run, np.diff(np.append(starts, len(texts))))
    label, labels = numbered(texts["field"])
    position, fields = pd.factorize(pd.Index([field_name(str(name)) for name in labels], dtype="str"))
    field = position[label] if len(position) else label
    times = np.bincount(key * max(len(fields), 1) + field)
    twice = int((times[times > 1] - 1).sum())
    if twice:
        raise ValueError(f"the truth names {twice} fields of a key more than once; keep one row for each key and field")
    return key, keys, field, pd.Index(fields, dtype="str")


def _verdicts(given: pd.Series) -> pd.Series:
    """Return the verdicts of a review in small letters.

    Raises
    ------
    ValueError
        One is missing or unknown.
    """
    verdicts = given.astype("str").str.strip().str.lower()
    unknown = int((~verdicts.isin(VERDICTS)).sum())
    if unknown:
        raise ValueError(
            f"{unknown} of {len(given)} decisions of the truth have no verdict or an unknown one; a verdict is one of "
            f"{', '.join(VERDICTS)}. Leave out rows without a decision, or drop the column verdict if every text is correct"
        )
    return verdicts


def _last_decisions(table: pd.DataFrame) -> pd.DataFrame:
    """Return the last decision on each field; a case that was drawn at random keeps its weight if it is decided again."""
    cell = ["key", "field"]
    last = table.drop_duplicates(cell, keep="last")
    if WEIGHT not in table.columns or len(last) == len(table):
        return last
    drawn = table[_given_weights(table).notna()].drop_duplicates(cell, keep="last")
    place = pd.MultiIndex.from_frame(drawn[cell]).get_indexer(pd.MultiIndex.from_frame(last[cell]))
    if drawn.empty:
        return last
    columns = {}
    for name in (WEIGHT, SELECTION):
        if name in table.columns:
            known = drawn[name].to_numpy(object)[place]
            columns[name] = np.where(place < 0, last[name].to_numpy(object), known)
    return last.assign(**columns)


def _given_weights(table: pd.DataFrame) -> pd.Series:
    """Return the weights as texts, missing where none was given."""
    text = table[WEIGHT].astype("str").str.strip()
    return text.mask(text == "")


def _weights(table: pd.DataFrame, readable: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Weight of each row, and whether a review queue selected it."""
    weight = np.full(len(table), np.nan)
    if WEIGHT in table.columns:
        given = _given_weights(table)
        weight = pd.to_numeric(given, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        known = given.notna().to_numpy(bool)
        if (known & ~((weight > 0) & np.isfinite(weight))).any():
            raise ValueError(
                "a weight of the truth is not a positive number; take the weights as audit_sample() returns them"
            )
        if known.any() and weight[known].max() <= 1 and weight[known].min() < weight[known].max():
            raise ValueError(
                "the weights of the truth are from 0 to 1 and differ, as probabilities do: a weight is 1 / inclusion probability, "
                "as audit_sample() returns it"
            )
    without = np.isnan(weight)
    selection = pd.Series("", index=table.index)
    if SELECTION in table.columns:
        selection = table[SELECTION].astype("str").str.strip().str.lower().fillna("")
    # Of the tables of this package only a review queue has the column chance.
    queued = (selection == QUEUE) | (selection.eq("") & (_CHANCE in table.columns))
    from_queue = without & queued.to_numpy(bool)
    lost = without & ~from_queue & readable & (~without.all() | (selection == AUDIT).to_numpy(bool))
    if lost.any():
        raise ValueError(
            f"{np.count_nonzero(lost)} of {len(table)} cases of the truth have no weight, but the others do, or they were drawn by "
            "audit_sample(); add the column weight of audit_sample(), which draws the same cases with the same seed, or "
            "leave out the cases without a weight: truth[truth['weight'].notna()]. cards.cardocr.evaluate(truth, weights=False) counts each case once"
        )
    return np.where(without, 1.0, weight), from_queue


def numbered(words: pd.Series) -> tuple[NDArray[np.intp], pd.Index]:
    """Number distinct words in order of appearance; none may be missing.

    Examples
    --------
    >>> numbered(pd.Series(["b", "b", "a", "b"]))[0].tolist()
    [0, 0, 1, 0]
    """
    coded = arrow(words).dictionary_encode()
    return coded.indices.to_numpy().astype(np.intp), pd.Index(coded.dictionary, dtype="str")
