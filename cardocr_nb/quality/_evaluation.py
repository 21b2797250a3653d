"""Readings against truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from cardocr_nb._bulk._arrow_text import arrow
from cardocr_nb.quality._bootstrap import bootstrap
from cardocr_nb.quality._cells import Cells, pair, read_truth
from cardocr_nb.quality._confusions import confusions
from cardocr_nb.quality._intervals import wilson
from cardocr_nb.quality._normalization import normalize as normalized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cardocr_nb.quality._cells import Truth as Truth  # noqa: PLC0414 - others take it from here, beside Rules

    Rules: TypeAlias = bool | Mapping[str, Sequence[str]]

OUTCOMES = ("correct", "wrong", "missing", "spurious")
"""What can become of a field: read as it stands on the card; read otherwise; not read; read though it is not there."""


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation:
    """Result of `evaluate`; its repr holds no text of a card.

    Attributes
    ----------
    fields : DataFrame
        One row a field (within each slice of ``by``): ``cases`` that stand on the cards, ``correct``, ``exact`` (their
        share) with its interval ``low, high``, ``wrong``, ``missing``, ``spurious``, and ``cer``: edits needed over
        characters that stand there, missing readings counted whole, spurious ones not.
    cards : DataFrame
        One row a slice: ``cases``, ``correct`` (every field correct, none spurious), ``exact, low, high``.
    cells : DataFrame
        One row a field and card: ``job_id, key, field, outcome, distance, length, score, text, truth``, the texts as
        they were read and given.
    cards_without_truth, cards_without_reading : int
        Cards of the frame that the truth does not name, and keys of the truth that the frame does not hold. Neither
        counts above.
    compared : DataFrame
        Texts of the wrong readings in the form in which they were compared: ``field, truth, text``.
    by : tuple of str
        Columns by which the tables are sliced.
    """

    fields: pd.DataFrame
    cards: pd.DataFrame
    cells: pd.DataFrame
    cards_without_truth: int
    cards_without_reading: int
    compared: pd.DataFrame
    by: tuple[str, ...] = ()

    @property
    def confusions(self) -> pd.DataFrame:
        """Characters taken for others in wrong readings: ``field, truth, read, count``, most frequent first.

        An empty ``truth`` says that the character was put in, an empty ``read`` that it was left out. Fields that were
        not read, or do not stand on the card, do not count. See `cardocr_nb.quality.confusions`.
        """
        return confusions(self.compared)

    def worst(self, n: int = 10) -> pd.DataFrame:
        """Cells with the most edits, in absolute numbers, first; of equally many the one that was surer of itself."""
        faults = self.cells[self.cells["outcome"] != "correct"]
        return faults.sort_values(["distance", "score"], ascending=False, kind="stable").head(n)

    def bootstrap(self, *, confidence: float = 0.95, draws: int = 2000, seed: int = 0) -> pd.DataFrame:
        """Intervals of accuracy and CER by field and for all fields together, images being what is drawn.

        The fields of an image fail together, so that all fields of all cards are not independent cases. See
        `cardocr_nb.quality.bootstrap`.
        """
        return bootstrap(self.cells, self.by, confidence=confidence, draws=draws, seed=seed)

    def __str__(self) -> str:
        left = f"{self.cards_without_truth} cards without truth, {self.cards_without_reading} without a reading"
        return "\n".join([self.cards.to_string(index=False), self.fields.to_string(index=False), left])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        left = f"{self.cards_without_truth} cards without truth, {self.cards_without_reading} without a reading"
        return f"{self.cards.to_html(index=False)}{self.fields.to_html(index=False)}<p>{left}</p>"


def evaluate(
    df: pd.DataFrame,
    truth: Truth,
    *,
    normalize: Rules = True,
    by: str | Sequence[str] = (),
    complete: bool = True,
    confidence: float = 0.95,
) -> Evaluation:
    """Compare what was read with what stands on the cards.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it. Of a field that stands twice on a card the first counts.
    truth : DataFrame or path of a CSV file
        Columns ``key, field, text``; ``field`` a canonical name or a label. An empty text says that nothing stands
        there. Every reading of an image is compared with the truth of its key.
    normalize : bool or mapping of str to sequence of str, default True
        Bring both sides into one form first, see `cardocr_nb.quality.normalize`; a mapping gives steps for some
        fields; False compares character by character.
    by : str or sequence of str, optional
        Columns of the frame by which the tables are sliced; what stands in a card's first row counts.
    complete : bool, default True
        The truth names every field that stands on its cards, so that a reading of another field is spurious. If
        False, fields that the truth does not name are passed over.
    confidence : float, default 0.95
        Of the intervals (Wilson).

    Returns
    -------
    Evaluation

    Raises
    ------
    TypeError
        The frame is one of Dask.
    ValueError
        The truth lacks a column, names a field of a key twice, or has no key in common with the frame.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> cards = to_frame(CardResult((Field("姓名", "样木"), Field("性别", "Female")), key="front/0001.jpg"))
    >>> truth = pd.DataFrame({"key": "front/0001.jpg", "field": ["name", "gender"], "text": ["样本", "女"]})
    >>> evaluate(cards, truth).fields[["field", "cases", "correct", "cer"]]
        field  cases  correct  cer
    0    name      1        0  0.5
    1  gender      1        1  0.0
    """
    slices = [by] if isinstance(by, str) else list(by)
    given = read_truth(truth)
    cells = pair(df, given, slices, complete=complete)
    judged = _judge(cells, normalize)
    group, groups = _slices(cells, slices)
    return Evaluation(
        fields=_by_field(judged, cells, group, groups, confidence),
        cards=_by_card(judged, cells, group, groups, confidence),
        cells=_written_out(judged, cells, slices),
        cards_without_truth=int((~cells.known).sum()),
        cards_without_reading=cells.unread,
        compared=judged.compared,
        by=tuple(slices),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """Of each cell its outcome, edits and characters of the truth; the texts that differ as they were compared."""

    outcome: NDArray[np.int8]
    distance: NDArray[np.int64]
    length: NDArray[np.int64]
    text: pd.Series
    truth: pd.Series
    compared: pd.DataFrame


def _judge(cells: Cells, normalize: Rules) -> _Judged:
    text, truth = (
        _taken(texts, rows) for texts, rows in ((cells.frame["text"], cells.row), (cells.given.text, cells.true))
    )
    # Equal texts have equal forms, so that of the readings only those that differ need one.
    written = text.notna().to_numpy()
    differs = written & ~_equal(text, truth)
    outcome = np.zeros(len(text), dtype=np.int8)
    distance, length = np.zeros(len(text), dtype=np.int64), np.zeros(len(text), dtype=np.int64)
    parts = []
    for code, rows in enumerate(_by_code(cells.field, len(cells.fields.categories))):
        field, asked = str(cells.fields.categories[code]), np.flatnonzero(differs[rows])
        stands = _form(truth.take(rows), field, normalize)
        read = _form(text.take(rows[asked]), field, normalize)
        length[rows] = _lengths(stands)
        there = stands.notna().to_numpy()
        result = np.where(there, np.where(written[rows], 0, 2), 3)
        both = stands.take(asked)
        same, left = _equal(read, both), read.notna().to_numpy()
        result[asked] = np.select([same, left & there[asked], there[asked]], [0, 1, 2], 3)
        outcome[rows] = result
        lost = rows[result == 2]
        distance[lost] = length[lost]
        spurious, wrong = (np.flatnonzero(result[asked] == n) for n in (3, 1))
        distance[rows[asked[spurious]]] = _lengths(read.take(spurious))
        parts.append(
            pd.DataFrame({"row": rows[asked[wrong]], "truth": both.take(wrong).array, "text": read.take(wrong).array})
        )
    faults = pd.concat(parts, ignore_index=True).sort_values("row", ignore_index=True)
    wrong = faults.pop("row").to_numpy(np.intp)
    distance[wrong] = process.cpdist(
        faults["truth"].to_numpy(object), faults["text"].to_numpy(object), scorer=Levenshtein.distance, dtype=np.int64
    )
    faults["field"] = pd.Categorical.from_codes(cells.field[wrong], dtype=cells.fields)
    return _Judged(outcome, distance, length, text, truth, faults[["field", "truth", "text"]])


def _by_code(codes: NDArray[np.intp], many: int) -> list[NDArray[np.intp]]:
    """Rows of each code, in order; small numbers are sorted by counting them."""
    order = np.argsort(codes.astype(np.int16) if many < 2**15 else codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes, minlength=many))[:-1])


def _form(texts: pd.Series, field: str, normalize: Rules) -> pd.Series:
    if normalize is False:
        return texts
    return normalized(texts, field, rules=None if normalize is True else normalize)


def _taken(texts: pd.Series, rows: NDArray[np.intp]) -> pd.Series:
    return pd.Series(texts.array.take(rows, allow_fill=True), dtype="str")


def _equal(left: pd.Series, right: pd.Series) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(pc.equal(arrow(left), arrow(right)), fill_value=False))


def _lengths(texts: pd.Series) -> NDArray[np.int64]:
    return np.asarray(pc.fill_null(pc.utf8_length(arrow(texts)), fill_value=0), dtype=np.int64)


def _written_out(judged: _Judged, cells: Cells, slices: list[str]) -> pd.DataFrame:
    cards = {name: cells.cards[name].array.take(cells.card) for name in ("job_id", "key", *slices)}
    columns = {
        "job_id": cards.pop("job_id"),
        "key": cards.pop("key"),
        "field": pd.Categorical.from_codes(cells.field, dtype=cells.fields, validate=False),
        "outcome": pd.Categorical.from_codes(judged.outcome, pd.Index(OUTCOMES, dtype="str"), validate=False),
        "distance": judged.distance,
        "length": judged.length,
        "score": cells.frame["score"].array.take(cells.row, allow_fill=True),
        "text": judged.text.array,
        "truth": judged.truth.array,
        **cards,
    }
    return pd.DataFrame(columns, copy=False)


def _slices(cells: Cells, slices: list[str]) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """The slice of each card, by number, and what the slices are called."""
    there = np.zeros(len(cells.cards), dtype=bool)
    there[cells.card] = True
    if not slices:
        return np.zeros(len(cells.cards), dtype=np.intp), pd.DataFrame(index=[0])
    groups = cells.cards[slices][there].groupby(slices, observed=True, dropna=False)
    group = np.full(len(cells.cards), -1, dtype=np.intp)
    group[there] = groups.ngroup().to_numpy()
    return group, groups.size().reset_index()[slices]


def _by_field(
    judged: _Judged, cells: Cells, group: NDArray[np.intp], groups: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    fields = len(cells.fields.categories)
    place = group[cells.card] * fields + cells.field
    counts = np.bincount(place * len(OUTCOMES) + judged.outcome, minlength=len(groups) * fields * len(OUTCOMES))
    counts = counts.reshape(-1, len(OUTCOMES))
    there = np.flatnonzero(counts.sum(axis=1))
    faults = np.flatnonzero((judged.outcome != 0) & (judged.outcome != OUTCOMES.index("spurious")))
    edits, characters = (
        np.bincount(place[rows], weights=what[rows], minlength=len(counts))[there]
        for rows, what in ((faults, judged.distance), (slice(None), judged.length))
    )
    table = groups.take(there // fields).reset_index(drop=True)
    table["field"] = pd.Categorical.from_codes(there % fields, dtype=cells.fields)
    table = table.assign(**dict(zip(OUTCOMES, counts[there].T, strict=True)))
    table["cases"] = table["correct"] + table["wrong"] + table["missing"]
    table["cer"] = edits / np.where(characters > 0, characters, np.nan)
    table = _with_interval(table, confidence)
    names = ["field", "cases", "correct", "exact", "low", "high", "wrong", "missing", "spurious", "cer"]
    return table[[*groups.columns, *names]]


def _by_card(
    judged: _Judged, cells: Cells, group: NDArray[np.intp], groups: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    faults = np.bincount(cells.card, weights=judged.outcome != 0, minlength=len(group))
    there = np.bincount(cells.card, minlength=len(group)) > 0
    cases, correct = (np.bincount(group[which], minlength=len(groups)) for which in (there, there & (faults == 0)))
    return _with_interval(groups.assign(cases=cases, correct=correct), confidence)


def _with_interval(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    low, high = wilson(table["correct"], table["cases"], confidence=confidence)
    share = table["correct"] / table["cases"].where(table["cases"] > 0)
    return table.assign(exact=share, low=low, high=high)
