"""The ground truth: tables of key, field and text, decisions of a review included."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from cardocr_nb._bulk._arrow_text import arrow
from cardocr_nb.cards import field_name
from cardocr_nb.frame._protected_cells import cell_texts
from cardocr_nb.frame._reshape import changes
from cardocr_nb.frame._spreadsheet_damage import KEY, restored_keys, undo_excel, warn_of_damage
from cardocr_nb.frame._text_tables import read_text_table

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from cardocr_nb.quality._evaluation import Evaluation

    Truth: TypeAlias = pd.DataFrame | str | os.PathLike[str] | Evaluation

_COLUMNS = ("key", "field", "text")
WEIGHT, SELECTION = "weight", "selection"
"""Columns of a sampled truth: 1 / inclusion probability of each case, and how it was selected."""

QUEUE = "queue"
"""Selection of cases that a review queue put first: they are incorrect more often than the others."""


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
    """

    keys: pd.Index
    fields: pd.Index
    key: NDArray[np.intp]
    field: NDArray[np.intp]
    text: pd.Series
    weight: NDArray[np.float64]
    readable: NDArray[np.bool_]
    from_queue: NDArray[np.bool_]


def read_truth(truth: pd.DataFrame | str | os.PathLike[str], *, weights: bool = True) -> TruthTable:
    """Read a ground truth from a DataFrame, or from a CSV, XLSX, Parquet or Feather file.

    Parameters
    ----------
    truth : DataFrame or path
        Columns ``key, field, text`` and, where known, ``weight`` and ``selection``; or the decisions of a review
        (column ``verdict``). The last decision on a field counts, *absent* means that the card has no such field, and
        *unreadable* fields are not judged.
    weights : bool, default True
        Use the weights. If False, each row counts once.

    Raises
    ------
    DecodeError
        The file is not a table.
    ValueError
        A column is missing, a weight is not a positive number, or a field of a key has two rows.

    Examples
    --------
    >>> table = read_truth(pd.DataFrame({"key": ["a.jpg"], "field": ["姓名"], "text": ["样本"]}))
    >>> table.fields.tolist(), table.text.tolist()
    (['name'], ['样本'])
    """
    table = truth if isinstance(truth, pd.DataFrame) else read_text_table(truth)
    missing = [c for c in _COLUMNS if c not in table.columns]
    if not isinstance(truth, pd.DataFrame) and "checks" in table.columns and (missing or "score" in table.columns):
        raise ValueError(
            "the truth is a workbook of cards.cardocr.to_excel, whose first sheet holds the texts as they were read; pass "
            "from_excel(path, sheet='corrections') for those that people typed"
        )
    if missing:
        raise ValueError(f"the truth has no column {', '.join(missing)}; it needs key, field and text")
    named = (table["key"].notna() & table["field"].notna()).to_numpy()
    if not named.all():
        table = table[named]
    if "verdict" in table.columns:
        table = table.drop_duplicates(["key", "field"], keep="last")
    table = _restored(table.reset_index(drop=True))
    texts = table[list(_COLUMNS)].reset_index(drop=True)
    key, keys, field, fields = _numbered_cells(texts)
    text, readable = texts["text"], np.ones(len(texts), dtype=bool)
    empty = np.array(text == "", dtype=bool)
    if "verdict" in table.columns:
        readable = (table["verdict"] != "unreadable").to_numpy(bool)
        empty |= (table["verdict"] == "absent").to_numpy(bool)
    weight, from_queue = _weights(table) if weights else (np.ones(len(texts)), np.zeros(len(texts), dtype=bool))
    text = text.mask(empty) if empty.any() else text
    return TruthTable(keys, fields, key, field, text, weight, readable, from_queue)


def with_known_keys(given: TruthTable, known: pd.Series) -> TruthTable:
    """Return the truth with the leading zeros that its keys lost in a spreadsheet."""
    keys, count = restored_keys(given.keys, known)
    if not count:
        return given
    warn_of_damage({KEY: count}, "the truth", stacklevel=5)
    return replace(given, keys=keys)


def _restored(table: pd.DataFrame) -> pd.DataFrame:
    """Return key, field and text as texts: dates as ISO 8601, texts that a spreadsheet changed restored or left out."""
    texts = {name: cell_texts(table[name]) for name in _COLUMNS}
    restored, counts = undo_excel(texts["text"], texts["field"].map(_field_names(texts["field"])), true=True)
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


def _weights(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Weight of each row, and whether a review queue selected it."""
    if WEIGHT not in table.columns:
        weight = np.full(len(table), np.nan)
    else:
        text = table[WEIGHT].astype("str").str.strip()
        weight = pd.to_numeric(text.mask(text == ""), errors="coerce").to_numpy(np.float64, na_value=np.nan)
        known = (text.notna() & (text != "")).to_numpy(bool)
        if (known & ~((weight > 0) & np.isfinite(weight))).any():
            raise ValueError(
                "a weight of the truth is not a positive number; take the weights as audit_sample() returns them"
            )
    selected = np.isnan(weight)
    if SELECTION in table.columns:
        from_queue = selected & (table[SELECTION] == QUEUE).fillna(value=False).to_numpy(bool)
    else:
        from_queue = np.zeros(len(table), dtype=bool)
    return np.where(selected, 1.0, weight), from_queue


def numbered(words: pd.Series) -> tuple[NDArray[np.intp], pd.Index]:
    """Number distinct words in order of appearance; none may be missing.

    Examples
    --------
    >>> numbered(pd.Series(["b", "b", "a", "b"]))[0].tolist()
    [0, 0, 1, 0]
    """
    coded = arrow(words).dictionary_encode()
    return coded.indices.to_numpy().astype(np.intp), pd.Index(coded.dictionary, dtype="str")
