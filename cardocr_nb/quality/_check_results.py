"""Running checks over a frame: the texts that they get, and the table of their answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cardocr_nb._bulk._arrow_text import arrow, sorted_factorize, trimmed
from cardocr_nb.frame._reshape import first_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cardocr_nb.quality._checks import Check


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Answers of one check.

    Attributes
    ----------
    check : Check
    row : ndarray of int
        Position in the frame, -1 for what concerns a field on all cards.
    passed : ndarray of bool
    field : Series or None
        Names of fields where they are not those of the rows.
    """

    check: Check
    row: NDArray[np.intp]
    passed: NDArray[np.bool_]
    field: pd.Series | None = None


class CheckContext:
    """A frame, its texts by field, the texts of other fields of the same card, and results that checks share."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self._card = frame["card"].to_numpy()
        codes = np.asarray(frame["field"].cat.codes)
        codes = np.where(frame["text"].notna().to_numpy(), codes, np.int8(-1)).astype(codes.dtype)
        order = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes.astype(np.intp) + 1, minlength=len(frame["field"].cat.categories) + 1))
        fields = map(str, frame["field"].cat.categories)
        self._rows = {field: order[ends[n] : ends[n + 1]] for n, field in enumerate(fields)}
        self._clean: pa.Array | None = None
        self._made: dict[Any, Any] = {}
        self._places: dict[str, NDArray[np.intp]] = {}

    def transformed(self, function: Callable[[pd.DataFrame], Any]) -> Any:
        """Return the result of a function of the frame, computed once."""
        if function not in self._made:
            self._made[function] = function(self.frame)
        return self._made[function]

    def rows(self, field: str) -> NDArray[np.intp]:
        """Positions of a field's texts."""
        return self._rows.get(field, np.empty(0, dtype=np.intp))

    def read(self, field: str, transform: Callable[[pd.Series], Any] | None) -> Any:
        """Return a field's texts, stripped and NFKC, or what a transform makes of them, computed once."""
        if (field, transform) not in self._made:
            made = self._texts(field) if transform is None else transform(self.read(field, None))
            if len(made) != len(self.rows(field)):
                raise ValueError(
                    f"{getattr(transform, '__name__', transform)} made {len(made)} rows of {len(self.rows(field))} texts of the field "
                    f"{field!r}; a reader gives a Series or DataFrame of as many rows as it gets"
                )
            self._made[field, transform] = made
        return self._made[field, transform]

    def _texts(self, field: str) -> pd.Series:
        if self._clean is None:
            self._clean = trimmed(arrow(self.frame["text"]))
        return pd.Series(self._clean.take(pa.array(self.rows(field))), dtype="str")

    def same_card(self, field: str, others: tuple[str, ...]) -> list[NDArray[np.intp]]:
        """Return positions of a field's texts and of those of other fields on the same card, where all are present."""
        cards = self._card[self.rows(field)]
        places = [np.arange(len(cards)), *(self._place(other)[cards] for other in others)]
        complete = np.logical_and.reduce([place >= 0 for place in places])
        return places if complete.all() else [place[complete] for place in places]

    def _place(self, field: str) -> NDArray[np.intp]:
        """Which of a field's texts is the first on each card, -1 where there is none."""
        if field not in self._places:
            cards = self._card[self.rows(field)]
            place = self._places[field] = np.full(self._card.max(initial=-1) + 1, -1, dtype=np.intp)
            place[cards[::-1]] = np.arange(len(cards))[::-1]
        return self._places[field]


def run(each: Check, context: CheckContext) -> list[CheckResult]:
    """Run one check over a frame; one result for each of its fields."""
    if not each.fields:
        (made,) = each.transform if isinstance(each.transform, tuple) else (each.transform or each.aggregate,)
        judged = each.function(context.frame if made is None else context.transformed(made))
        return [of_frame(each, judged)]
    parts = []
    for field, *others in each.fields:
        transform = each.transform if isinstance(each.transform, tuple) else (each.transform,) * (1 + len(others))
        row, readings = (
            context.rows(field),
            [context.read(*pair) for pair in zip((field, *others), transform, strict=True)],
        )
        if others:
            places = context.same_card(field, tuple(others))
            row = row[places[0]]
            readings = [r.take(place).reset_index(drop=True) for r, place in zip(readings, places, strict=True)]
        answers = pd.array(each.function(*readings), dtype="boolean")
        if len(answers) != len(row):
            raise ValueError(
                f"the check {each.name!r} gave {len(answers)} answers to {len(row)} texts of the field {field!r}; "
                "it must give one for each, missing where the question does not arise"
            )
        put = ~np.asarray(answers.isna())
        passed = answers.to_numpy(dtype=bool, na_value=False)
        parts.append(CheckResult(each, row, passed) if put.all() else CheckResult(each, row[put], passed[put]))
    return parts


def where(applies: Any, passed: Any) -> pd.arrays.BooleanArray:
    """Answers that are missing where the question does not arise.

    Examples
    --------
    >>> where([True, False], [True, True])
    <BooleanArray>
    [True, <NA>]
    Length: 2, dtype: boolean
    """
    return pd.arrays.BooleanArray(np.asarray(passed, dtype=bool), ~np.asarray(applies, dtype=bool))


def of_frame(each: Check, judged: pd.DataFrame) -> CheckResult:
    """Take the answers of a check that judges whole frames."""
    return CheckResult(each, judged["row"].to_numpy(), judged["passed"].to_numpy(bool), judged.get("field"))


def table(frame: pd.DataFrame, parts: list[CheckResult]) -> pd.DataFrame:
    """Bring the answers of all checks into one table."""
    sizes = [len(part.row) for part in parts]
    rows = [part.row for part in parts]
    passed = np.concatenate([np.empty(0, dtype=bool), *(part.passed for part in parts)])
    columns: dict[str, Any] = {name: _card_column(frame, name, rows) for name in ("job_id", "key")}
    columns["field"] = _fields(frame, parts)
    columns["check"] = _repeated([part.check.name for part in parts], sizes)
    columns["passed"] = passed
    columns["severity"] = _repeated([part.check.severity for part in parts], sizes)
    columns["detail"] = _repeated([part.check.detail for part in parts], sizes, unless=passed)
    return pd.DataFrame(columns, copy=False)


def _card_column(frame: pd.DataFrame, name: str, rows: list[NDArray[np.intp]]) -> pd.Categorical:
    """Name of each row's card; the same few words again and again, so that they are kept once, in order."""
    card = frame["card"].to_numpy()
    words, codes = sorted_factorize(arrow(frame[name].take(first_rows(card))))
    return pd.Categorical.from_codes(_gathered(codes[card], rows), pd.Index(words, dtype="str"), validate=False)


def _gathered(codes: NDArray[Any], rows: list[NDArray[np.intp]]) -> NDArray[Any]:
    """Codes of the rows of all parts; row -1 is a field on all cards."""
    codes = np.append(codes, codes.dtype.type(-1))
    ends = np.cumsum([0, *map(len, rows)])
    result = np.empty(ends[-1], dtype=codes.dtype)
    for start, end, part in zip(ends[:-1], ends[1:], rows, strict=True):
        result[start:end] = codes[part]
    return result


def _fields(frame: pd.DataFrame, parts: list[CheckResult]) -> pd.Categorical:
    own = frame["field"]
    codes = np.append(np.asarray(own.cat.codes), np.int8(-1))
    found = [np.empty(0, dtype=codes.dtype)]
    for part in parts:
        if part.field is None:
            found.append(codes[part.row])
        elif part.field.dtype == "category" and part.field.cat.categories.equals(own.cat.categories):
            found.append(np.asarray(part.field.cat.codes))
        else:
            found.append(np.asarray(pd.Categorical(part.field, own.cat.categories).codes))
    return pd.Categorical.from_codes(np.concatenate(found), own.cat.categories, validate=False)


def _repeated(words: list[str], sizes: list[int], unless: NDArray[np.bool_] | None = None) -> pd.Categorical:
    distinct = list(dict.fromkeys(words))
    codes: NDArray[Any] = np.empty(sum(sizes), dtype=np.int8 if len(distinct) < 128 else np.int32)
    for word, end, size in zip(words, np.cumsum(sizes), sizes, strict=True):
        codes[end - size : end] = distinct.index(word)
    if unless is not None:
        # OR with 0xFF sets the category code to -1 (missing).
        codes |= -unless.view(np.int8)
    return pd.Categorical.from_codes(codes, pd.Index(distinct, dtype="str"), validate=False)
