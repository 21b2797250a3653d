"""Putting checks to a frame: the texts that they are asked about, and the table of their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb.quality.bytewise import arrow, trimmed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cardocr_nb.quality.checks import Check

Part: TypeAlias = tuple[int, pd.DataFrame]
"""Answers of one check, with its number among those that run."""


class Asked:
    """A frame, its texts by field and beside those of other fields of the same card, and what was made of it."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self._made: dict[Callable[[pd.DataFrame], Any], Any] = {}
        self._card = frame["card"].to_numpy()
        codes = np.asarray(frame["field"].cat.codes)
        codes = np.where(frame["text"].notna().to_numpy(), codes, np.int8(-1)).astype(codes.dtype)
        order = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes.astype(np.intp) + 1, minlength=len(frame["field"].cat.categories) + 1))
        fields = map(str, frame["field"].cat.categories)
        self._rows = {field: order[ends[n] : ends[n + 1]] for n, field in enumerate(fields)}
        self._clean: pa.Array | None = None
        self._texts: dict[tuple[str, ...], list[pd.Series]] = {}

    def of(self, function: Callable[[pd.DataFrame], Any]) -> Any:
        """What a function makes of the frame; made once."""
        if function not in self._made:
            self._made[function] = function(self.frame)
        return self._made[function]

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

    def texts(self, fields: tuple[str, ...], rows: list[NDArray[np.intp]]) -> list[pd.Series]:
        """Texts at such rows, white space at the ends taken off, Unicode NFKC; the same Series to all that ask."""
        if self._clean is None:
            self._clean = trimmed(arrow(self.frame["text"]))
        if fields not in self._texts:
            self._texts[fields] = [pd.Series(self._clean.take(pa.array(r)), dtype="str") for r in rows]
        return self._texts[fields]


def run(each: Check, asked: Asked) -> list[pd.DataFrame]:
    """Put one check to a frame: a table with ``row``, ``passed`` and perhaps ``field`` for each field asked."""
    if not each.fields:
        made = each.of or each.counts
        return [each.function(asked.frame if made is None else asked.of(made))]
    parts = []
    for fields in each.fields:
        rows = asked.rows(fields)
        answers = each.function(*asked.texts(fields, rows))
        row, passed = rows[0], np.asarray(answers)
        if passed.dtype != np.bool_:
            known = pd.array(answers, dtype="boolean")
            put = ~np.asarray(known.isna())
            row, passed = row[put], np.asarray(known[put], dtype=bool)
        parts.append(pd.DataFrame({"row": row, "passed": passed}, copy=False))
    return parts


def table(frame: pd.DataFrame, chosen: list[Check], parts: list[Part]) -> pd.DataFrame:
    """Bring the answers of all checks into one table."""
    sizes = [len(part) for _, part in parts]
    passed = np.concatenate([np.empty(0, dtype=bool), *(p["passed"].to_numpy(bool) for _, p in parts)])
    which = [number for number, _ in parts]
    rows = [part["row"].to_numpy() for _, part in parts]
    columns: dict[str, Any] = {name: _card_column(frame, name, rows) for name in ("job_id", "key")}
    columns["field"] = _fields(frame, parts)
    columns["check"] = _repeated([chosen[n].name for n in which], sizes)
    columns["passed"] = passed
    columns["severity"] = _repeated([chosen[n].severity for n in which], sizes)
    columns["detail"] = _repeated([chosen[n].detail for n in which], sizes, where=~passed)
    return pd.DataFrame(columns, copy=False)


def _card_column(frame: pd.DataFrame, name: str, rows: list[NDArray[np.intp]]) -> pd.Categorical:
    """Name of each row's card; the same few words again and again, so that they are kept once, in order."""
    card = frame["card"].to_numpy()
    first = np.flatnonzero(np.diff(card, prepend=-1) > 0) if np.all(card[1:] >= card[:-1]) else _firsts(card)
    words, codes = _in_order(arrow(frame[name].take(first)))
    return pd.Categorical.from_codes(_gathered(codes[card], rows), pd.Index(words, dtype="str"), validate=False)


def _in_order(words: pa.Array) -> tuple[pa.Array, NDArray[np.int32]]:
    """The different words in order, and the place of each among them, -1 where it is missing."""
    order = np.arange(len(words))
    # Keys often come in order; then nothing has to be sorted.
    if words.null_count or not pc.all(pc.less_equal(words[:-1], words[1:])).as_py():
        order = pc.array_sort_indices(words).to_numpy()
        words = words.take(pa.array(order))[: len(words) - words.null_count]
    new = np.ones(len(words), dtype=bool)
    new[1:] = pc.not_equal(words[1:], words[:-1])
    places = np.full(len(order), -1, dtype=np.int32)
    places[order[: len(words)]] = np.cumsum(new) - 1
    return words.filter(pa.array(new)), places


def _firsts(card: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.unique(card, return_index=True)[1]


def _gathered(codes: NDArray[Any], rows: list[NDArray[np.intp]]) -> NDArray[Any]:
    """Codes of the rows of all parts; row -1 stands for what concerns a field on all cards."""
    codes = np.append(codes, codes.dtype.type(-1))
    ends = np.cumsum([0, *map(len, rows)])
    result = np.empty(ends[-1], dtype=codes.dtype)
    for start, end, part in zip(ends[:-1], ends[1:], rows, strict=True):
        result[start:end] = codes[part]
    return result


def _fields(frame: pd.DataFrame, parts: list[Part]) -> pd.Categorical:
    own = frame["field"]
    codes = np.append(np.asarray(own.cat.codes), np.int8(-1))
    found = [np.empty(0, dtype=codes.dtype)]
    for _, part in parts:
        if "field" not in part.columns:
            found.append(codes[part["row"].to_numpy()])
        elif part["field"].dtype == own.dtype:
            found.append(np.asarray(part["field"].cat.codes))
        else:
            found.append(np.asarray(pd.Categorical(part["field"], own.cat.categories).codes))
    return pd.Categorical.from_codes(np.concatenate(found), own.cat.categories, validate=False)


def _repeated(words: list[str], sizes: list[int], where: NDArray[np.bool_] | None = None) -> pd.Categorical:
    distinct = list(dict.fromkeys(words))
    place = np.array([distinct.index(w) for w in words], dtype=np.int8 if len(distinct) < 128 else np.int32)
    codes = np.repeat(place, sizes)
    if where is not None:
        codes[~where] = -1
    return pd.Categorical.from_codes(codes, pd.Index(distinct, dtype="str"), validate=False)
