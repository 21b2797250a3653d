"""Readings compared with the ground truth."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from cardocr_nb._bulk._arrow_text import arrow
from cardocr_nb._field_words import by_field, is_field_word, listed_fields
from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.cards import KNOWN_FIELDS
from cardocr_nb.frame._frame_builder import UnknownLabelWarning
from cardocr_nb.frame._reshape import first_rows
from cardocr_nb.privacy._service_texts import with_shown_fields
from cardocr_nb.quality._bootstrap import bootstrap, rate_intervals
from cardocr_nb.quality._card_groups import GROUP, refuse_texts, value_of_cards
from cardocr_nb.quality._cells import Cells, pair
from cardocr_nb.quality._confusions import confusions
from cardocr_nb.quality._group_dependence import (
    strata_of_cards,
    user_level,
    warn_of_cards_without_group,
    warn_of_dependence,
    warn_of_few_groups,
)
from cardocr_nb.quality._normalization import normalize as normalized
from cardocr_nb.quality._truth import WEIGHT, read_truth, refuse_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from cardocr_nb.quality._card_groups import Groups as Groups  # noqa: PLC0414 - others import the three together
    from cardocr_nb.quality._truth import Truth as Truth  # noqa: PLC0414

    Rules: TypeAlias = bool | Mapping[str, Sequence[str]]

OUTCOMES = ("correct", "wrong", "missing", "spurious")
"""Outcomes of a field: the text is that of the card; it differs; no text; a text for a field that the card does not have
(a false positive)."""


class EmptyTruthWarning(UserWarning):
    """A field is empty in the truth on cards on which it was read: perhaps it was not filled in."""


_SEVERAL, _MANY = 5, 0.1
"""Cards for which a field is empty in the truth though it was read, and their part of all cards, that are worth a warning."""
_LISTED = 3


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation:
    """Result of `evaluate`; its repr holds no text of a card.

    It is the judged form of a frame: `calibration`, `calibrate`, `threshold`, `cost` and the report accept it in the place
    of a truth, so that the truth is evaluated once.

    Attributes
    ----------
    fields : DataFrame
        One row a field (within each slice of ``by``): ``cases``, the number of cards that have the field, ``correct``,
        ``exact`` (their rate; weighted where the truth has weights) with its interval ``low, high``, ``wrong``,
        ``missing``, ``spurious`` (false positives), and ``cer``: edits over characters of the truth, missing readings
        counted whole, false positives not.
    cards : DataFrame
        One row a slice: ``cases``, the cards that are judged as a whole, ``correct`` (every field correct, no false
        positive), ``exact, low, high``.
    cells : DataFrame
        One row a judged field and card: ``job_id, key, field, outcome, distance, length, score, text, truth, weight`` and
        ``group`` where groups were named; texts as they were recognized and given.
    whole : DataFrame
        One row a card that is judged as a whole: ``job_id, key, correct, weight`` and ``group``.
    cards_without_truth, cards_without_reading : int
        Cards of the frame that the truth does not name, and keys of the truth that the frame does not have. Neither
        counts above.
    repeated : int
        Cards that do not count because another reading of the same image does.
    compared : DataFrame
        Texts of the incorrect readings in the form in which they were compared: ``field, truth, text``.
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
    whole: pd.DataFrame = field(default_factory=pd.DataFrame)
    repeated: int = 0

    @property
    def confusions(self) -> pd.DataFrame:
        """Confused characters of incorrect readings: ``field, truth, read, count``, most frequent first.

        An empty ``truth`` means an inserted character, an empty ``read`` a deleted one. Missing readings and false
        positives do not count. See `cardocr_nb.quality.confusions`.
        """
        return confusions(self.compared)

    def worst(self, n: int = 10) -> pd.DataFrame:
        """Return the `n` cells with the most edits; of equally many, the higher score first."""
        faults = self.cells[self.cells["outcome"] != "correct"]
        return faults.sort_values(["distance", "score"], ascending=False, kind="stable").head(n)

    def bootstrap(
        self, *, confidence: float = 0.95, n_resamples: int = 2000, seed: int = 0, draws: int | None = None
    ) -> pd.DataFrame:
        """Return intervals of accuracy and CER by field and for all fields together; images (or groups) are resampled.

        The fields of an image fail together, so that all fields of all cards are not independent cases. See
        `cardocr_nb.quality.bootstrap`.

        Parameters
        ----------
        confidence : float, default 0.95
        n_resamples : int, default 2000
        seed : int, default 0
        draws : int, optional
            Former name of `n_resamples`.
        """
        return bootstrap(self.cells, self.by, confidence=confidence, n_resamples=n_resamples, seed=seed, draws=draws)

    def _left_out(self) -> str:
        parts = [
            f"{self.cards_without_truth} cards without truth, {self.cards_without_reading} of the truth without a reading"
        ]
        if self.repeated:
            parts.append(f"{self.repeated} further readings of the same images left out")
        return ", ".join(parts)

    def __str__(self) -> str:
        return "\n".join(
            [self.cards.to_string(index=False), with_shown_fields(self.fields).to_string(index=False), self._left_out()]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{self.cards.to_html(index=False)}{with_shown_fields(self.fields).to_html(index=False)}<p>{self._left_out()}</p>"


def evaluate(
    df: pd.DataFrame,
    truth: Truth,
    *,
    normalize: Rules = True,
    by: str | Sequence[str] = (),
    complete: bool | None = None,
    confidence: float = 0.95,
    groups: Groups | None = None,
    weights: bool = True,
    equal: Mapping[str, Callable[[str, str], bool]] | None = None,
) -> Evaluation:
    """Compare the readings with the ground truth.

    Of several readings of one image one counts (in each slice): the first on which a field was read.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it. Of a field that appears twice on a card the first counts.
    truth : DataFrame or path of a CSV or Parquet file
        Columns ``key, field, text``; ``field`` a canonical name or a label. An empty text means that the card has no
        such field. A file of corrections (see `cardocr_nb.review.review`) is understood, decisions *unreadable* and
        *absent* included. A column ``weight`` (1 / inclusion probability, see `audit_sample`) makes rates those of the
        frame from which the sample was drawn.
    normalize : bool or mapping of str to sequence of str, default True
        Bring both sides into one form first, see `cardocr_nb.quality.normalize`; a mapping names steps for some
        fields; False compares character by character.
    by : str or sequence of str, optional
        Columns of the frame by which the tables are sliced; the value of a card's first row counts.
    complete : bool, optional
        By default a field that the truth does not name is not judged, unless the truth names every expected field of
        the card. True: the truth names every field of its cards, and readings of others are false positives. False:
        fields that the truth does not name are never judged, and the table ``cards`` counts a card as correct if its
        named fields are. Otherwise a card is judged as a whole only if its truth names every expected field, or if
        `complete` is True.
    confidence : float, default 0.95
        Of the intervals: exact (Clopper and Pearson) for independent cards; with unequal weights or groups by resampling, see
        `cardocr_nb.quality.bootstrap`.
    groups : str, mapping or Series, optional
        Cards that may fail together, such as those of one day, batch or person: a column of the frame with one value a card
        (times are grouped by day; of several readings of an image the one that counts decides; empty cells take the value of other
        rows of the card), ``"folder"`` for the folder of
        `key`, ``"day"`` for the day of `created`, or the group of each key. Intervals then take groups as units.
    weights : bool, default True
        Use the column ``weight``. False counts each case once, also cases that a review queue selected: the rates then
        describe the reviewed cases and no others.
    equal : mapping of str to callable, optional
        Your own equality for some fields: called with the truth and the text of readings that differ after
        normalization, it returns True or 1 if the reading is correct, else False or 0.

    Returns
    -------
    Evaluation

    Raises
    ------
    TypeError
        The frame is one of Dask.
    ValueError
        A column in `by` contains names, addresses or numbers of the cards, `groups` has several values in a job, or `equal` or
        `normalize` names an unknown field. The truth lacks a column, names a field of a key twice, has no key in common with the frame, gives a weight to some
        cases only, is the frame itself, or holds only cases that a review queue selected: their rates are lower than those
        of all readings. Or it is an Evaluation, and options
        are given that it should have been made with.

    Warns
    -----
    EmptyTruthWarning
        The truth has no rows, or is empty for a field on 5 cards or more on which it was read: for a field that every card has on a tenth of
        its cards, for one of your own on all, and most of them were read.
    CorrelatedErrorsWarning
        No groups were named, and cards of the same day, folder, bucket or user data are incorrect together: a permutation
        test at a level of 0.5 % over all four.
    UnknownLabelWarning
        The truth names a field that neither the cards nor the frame have, with a name like one of theirs.
    GroupsWarning
        Groups were named, and all cases of a field are in one of them (with `by`, of every slice): its interval is missing; or judged cards
        have no group.

    See Also
    --------
    audit_sample : Draws the cases to label, with their weights.

    Examples
    --------
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> cards = to_frame(CardResult((Field("姓名", "样木"), Field("性别", "Female")), key="front/0001.jpg"))
    >>> truth = pd.DataFrame({"key": "front/0001.jpg", "field": ["name", "gender"], "text": ["样本", "女"]})
    >>> evaluate(cards, truth).fields[["field", "cases", "correct", "cer"]]
        field  cases  correct  cer
    0    name      1        0  0.5
    1  gender      1        1  0.0
    """
    if isinstance(truth, Evaluation):
        options = {"normalize": normalize is not True, "by": bool(by), "complete": complete is not None,
                   "groups": groups is not None, "weights": not weights, "equal": bool(equal)}  # fmt: skip
        return _judged_already(truth, [name for name, given in options.items() if given])
    slices = list(dict.fromkeys([by] if isinstance(by, str) else by))
    if "field" in slices:
        raise ValueError(
            "by names columns of the whole card, and the tables count by field anyway; leave 'field' out of by"
        )
    given = read_truth(truth, weights=weights)
    cells = pair(df, given, slices, complete=complete, groups=groups)
    refuse_texts(df, slices)
    if given.from_queue.any():
        cells = _without_queue(cells)
    if given.score.notna().any():
        both = (cells.row >= 0) & (cells.true >= 0)
        own, true = cells.frame[["text", "score"]].take(cells.row[both]), cells.true[both]
        refuse_reading(given.text.take(true), own["text"], given.score.take(true), own["score"])
    _warn_of_unknown_fields(cells)
    _warn_of_empty_labels(cells)
    names = cells.fields.categories
    rules = normalize if isinstance(normalize, bool) else by_field("normalize", normalize, names)
    judged = _judge(cells, rules, _callables(equal or {}, names))
    table = _written_out(judged, cells, slices)
    whole = _whole_cards(judged, cells, table, slices, cells.whole)
    fields = _by_field(table, slices, confidence, cells.fields)
    if groups is None:
        _warn_of_dependence(judged, cells, slices)
    else:
        warn_of_cards_without_group(cells.cards[GROUP].take(np.unique(cells.card)))
        warn_of_few_groups(fields["cases"], fields["low"], sliced=bool(slices))
    # Without claim to completeness, the table counts the fields that are named.
    named = whole if complete is not False else _whole_cards(judged, cells, table, slices, cells.known)
    return Evaluation(
        fields=fields,
        cards=_by_card(named, table, slices, confidence),
        cells=table,
        cards_without_truth=int((~cells.known).sum()),
        cards_without_reading=cells.unread,
        compared=judged.compared,
        by=tuple(slices),
        whole=whole,
        repeated=cells.repeated,
    )


def _warn_of_unknown_fields(cells: Cells) -> None:
    """Warn of fields of the truth that neither the cards nor the frame have, and whose name is like one that they have."""
    seen = KNOWN_FIELDS | set(cells.frame["field"].dropna().unique())
    for name in sorted(set(cells.given.fields) - seen):
        shown = shown_choice(name, filter(is_field_word, sorted(seen)))
        if "did you mean" in shown:
            warnings.warn(
                f"the truth names a field that neither the cards nor the frame have: {shown} Its texts count as missing readings",
                UnknownLabelWarning,
                stacklevel=user_level(),
            )


def _callables(
    equal: Mapping[str, Callable[[str, str], bool]], fields: pd.Index
) -> dict[str, Callable[[str, str], bool]]:
    found = by_field("equal", equal, fields)
    for name, function in found.items():
        if not callable(function):
            raise TypeError(
                f"equal maps fields to functions of the truth and the text; that of {listed_fields([name])} is {describe(function)}"
            )
    return found


def _warn_of_empty_labels(cells: Cells) -> None:
    """Warn of fields for which the truth is empty though they were read: every card has the fields of its type."""
    given = cells.given
    if not len(given.key) and len(cells.frame):
        warnings.warn("the truth has no rows, so that nothing is judged", EmptyTruthWarning, stacklevel=4)
    read = np.unique(cells.true[(cells.true >= 0) & (cells.row >= 0)])
    rows = np.bincount(given.field, minlength=len(given.fields))
    empty = given.text.isna().to_numpy(bool) & given.readable
    filled = np.bincount(given.field[~empty], minlength=len(rows))
    were_read = np.bincount(given.field[read[empty[read]]], minlength=len(rows))
    own = np.isin(given.fields, list(KNOWN_FIELDS))
    many = np.where(own, were_read >= _MANY * rows, (filled == 0) & (2 * were_read > rows))
    places = np.flatnonzero(many & (were_read >= _SEVERAL)).tolist()
    if places:
        counts = [
            f"{listed_fields([given.fields[at]])} on {rows[at] - filled[at]} of {rows[at]} cards, read on {were_read[at]}"
            for at in places
        ]
        more = f", and for {len(counts) - _LISTED} other fields" if len(counts) > _LISTED else ""
        warnings.warn(
            f"the truth is empty for {'; for '.join(counts[:_LISTED])}{more}: an empty text says that the card has no such "
            "field. If it was not filled in, leave it out: truth[truth['text'].notna() & (truth['text'] != '')]",
            EmptyTruthWarning,
            stacklevel=4,
        )


def _judged_already(judged: Evaluation, options: list[str]) -> Evaluation:
    """Return a finished evaluation.

    Raises
    ------
    ValueError
        Options are given, which would have no effect.
    """
    if options:
        names = ", ".join(f"{name}=" for name in options)
        raise ValueError(
            f"the truth is evaluated already, so that {names} would have no effect; pass it to evaluate() instead"
        )
    return judged


def _warn_of_dependence(judged: _Judged, cells: Cells, slices: list[str]) -> None:
    n = len(cells.cards)
    number = np.zeros(n, dtype=np.intp)
    if slices:
        number = cells.cards.groupby(slices, dropna=False, observed=True).ngroup().to_numpy().astype(np.intp)
    stratum = strata_of_cards(cells.card, cells.field, number)
    rows = np.flatnonzero(np.bincount(cells.card, minlength=n) > 0)
    incorrect = np.bincount(cells.card, weights=judged.outcome != 0, minlength=n) > 0
    card = cells.frame["card"].to_numpy()
    first = cells.frame.take(first_rows(card)).reset_index(drop=True)
    for name in ("created", "bucket", "user_data"):
        if name in first and first[name].isna().any() and not first[name].isna().all():
            first[name] = value_of_cards(cells.frame, card, name)[0].array
    warn_of_dependence(first.take(rows), incorrect[rows], stratum[rows])


def _without_queue(cells: Cells) -> Cells:
    """Leave out cases that a review queue selected, unless there are no others and every reading was reviewed.

    Raises
    ------
    ValueError
        There are no others, and some readings were not reviewed.
    """
    kept = (cells.true < 0) | ~np.append(cells.given.from_queue, False)[cells.true]
    if not (kept & (cells.true >= 0)).any():
        if not cells.unnamed:
            return cells
        raise ValueError(
            f"all {np.count_nonzero(~kept)} cases of the truth were selected by a review queue, which puts readings first "
            "that are likely incorrect: rates would be too low. Label a random sample, "
            "cards.cardocr.review(images, path, queue=cards.cardocr.audit_sample(200)). "
            "cards.cardocr.evaluate(truth, weights=False) shows the reviewed cases alone"
        )
    return replace(cells, whole=cells.whole & ~_queued_cards(cells, kept), **{
        name: getattr(cells, name)[kept] for name in ("card", "field", "row", "true")
    })  # fmt: skip


def _queued_cards(cells: Cells, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    queued = np.zeros(len(cells.cards), dtype=bool)
    queued[cells.card[~kept]] = True
    return queued


@dataclass(frozen=True, slots=True)
class _Judged:
    """Outcome, edits and characters of the truth of each cell; the texts that differ, as they were compared."""

    outcome: NDArray[np.int8]
    distance: NDArray[np.int64]
    length: NDArray[np.int64]
    text: pd.Series
    truth: pd.Series
    compared: pd.DataFrame


def _judge(cells: Cells, normalize: Rules, equal: Mapping[str, Callable[[str, str], bool]]) -> _Judged:
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
        name, other = str(cells.fields.categories[code]), np.flatnonzero(differs[rows])
        expected = _form(truth.take(rows), name, normalize)
        read = _form(text.take(rows[other]), name, normalize)
        length[rows] = _lengths(expected)
        present = expected.notna().to_numpy()
        result = np.where(present, np.where(written[rows], 0, 2), 3)
        both = expected.take(other)
        same, left = _equal(read, both), read.notna().to_numpy()
        if name in equal:
            tried = np.flatnonzero(~same & left & present[other])
            same[tried] = [_truth_value(equal[name](both.iloc[n], read.iloc[n]), name) for n in tried]
        result[other] = np.select([same, left & present[other], present[other]], [0, 1, 2], 3)
        outcome[rows] = result
        lost = rows[result == 2]
        distance[lost] = length[lost]
        extra, wrong = (np.flatnonzero(result[other] == n) for n in (3, 1))
        distance[rows[other[extra]]] = _lengths(read.take(extra))
        parts.append(
            pd.DataFrame({"row": rows[other[wrong]], "truth": both.take(wrong).array, "text": read.take(wrong).array})
        )
    faults = pd.concat(parts, ignore_index=True).sort_values("row", ignore_index=True)
    wrong = faults.pop("row").to_numpy(np.intp)
    distance[wrong] = process.cpdist(
        faults["truth"].to_numpy(object), faults["text"].to_numpy(object), scorer=Levenshtein.distance, dtype=np.int64
    )
    faults["field"] = pd.Categorical.from_codes(cells.field[wrong], dtype=cells.fields)
    return _Judged(outcome, distance, length, text, truth, faults[["field", "truth", "text"]])


def _truth_value(answer: object, field: str) -> bool:
    if isinstance(answer, (bool, np.bool_)) or (isinstance(answer, (int, np.integer)) and answer in (0, 1)):
        return bool(answer)
    found = "; for a match return `... is not None`" if answer is None or isinstance(answer, re.Match) else ""
    raise TypeError(
        f"the function of {listed_fields([field])} in equal must return True or False (or 1 or 0), it returned {describe(answer)}{found}"
    )


def _by_code(codes: NDArray[np.intp], n_codes: int) -> list[NDArray[np.intp]]:
    """Rows of each code, in order; small numbers are sorted by counting them."""
    order = np.argsort(codes.astype(np.int16) if n_codes < 2**15 else codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes, minlength=n_codes))[:-1])


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
    names = list(dict.fromkeys(["job_id", "key", *slices, *(c for c in cells.cards.columns if c == GROUP)]))
    cards = {name: cells.cards[name].array.take(cells.card) for name in names}
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
        WEIGHT: _weights(cells),
        **cards,
    }
    return pd.DataFrame(columns, copy=False)


def _weights(cells: Cells) -> NDArray[np.float64]:
    """Weight of each cell; that of its card where the truth names the card and not the field."""
    given = cells.given.weight
    if (given == 1).all():
        return np.ones(len(cells.card))
    weight = np.append(given, np.nan)[cells.true]
    of_card = np.ones(len(cells.cards))
    named = np.flatnonzero(cells.true >= 0)[::-1]
    of_card[cells.card[named]] = weight[named]
    return np.where(np.isnan(weight), of_card[cells.card], weight)


def _whole_cards(
    judged: _Judged, cells: Cells, table: pd.DataFrame, slices: list[str], which: NDArray[np.bool_]
) -> pd.DataFrame:
    n = len(cells.cards)
    faults = np.bincount(cells.card, weights=judged.outcome != 0, minlength=n)
    judged_cards = np.flatnonzero(which & (np.bincount(cells.card, minlength=n) > 0))
    weight = np.ones(n)
    weight[cells.card[::-1]] = table[WEIGHT].to_numpy()[::-1]
    columns = [c for c in cells.cards.columns if c in ("job_id", "key", GROUP) or c in slices]
    whole = cells.cards[columns].take(judged_cards).reset_index(drop=True)
    return whole.assign(correct=faults[judged_cards] == 0, weight=weight[judged_cards])


def _by_field(table: pd.DataFrame, slices: list[str], confidence: float, fields: pd.CategoricalDtype) -> pd.DataFrame:
    by = [*slices, "field"]
    outcome = np.asarray(table["outcome"].cat.codes)
    present = outcome != OUTCOMES.index("spurious")
    number, groups = _numbered_slices(table, by)
    counts = np.bincount(number * len(OUTCOMES) + outcome, minlength=len(groups) * len(OUTCOMES))
    counts = counts.reshape(-1, len(OUTCOMES))
    edits, characters = (
        np.bincount(number, weights=values, minlength=len(groups))
        for values in (np.where(present, table["distance"], 0) * table[WEIGHT], table["length"] * table[WEIGHT])
    )
    found = groups.assign(cases=counts[:, :3].sum(axis=1), **{name: counts[:, n] for n, name in enumerate(OUTCOMES)})
    found["cer"] = edits / np.where(characters > 0, characters, np.nan)
    found = rate_intervals(found, table[present], number[present], outcome[present] == 0, confidence)
    names = ["field", "cases", "correct", "exact", "low", "high", "wrong", "missing", "spurious", "cer"]
    return found[[*slices, *names]].astype({"field": fields})


def _numbered_slices(table: pd.DataFrame, by: list[str]) -> tuple[NDArray[Any], pd.DataFrame]:
    """The slice of each row, as a number, and the values of each slice."""
    if by == ["field"]:
        code = np.asarray(table["field"].cat.codes).astype(np.intp)
        seen = np.flatnonzero(np.bincount(code, minlength=len(table["field"].cat.categories)))
        values = pd.Categorical.from_codes(seen, table["field"].cat.categories)
        return np.searchsorted(seen, code), pd.DataFrame({"field": values})
    groups = table[by].groupby(by, observed=True, dropna=False)
    return groups.ngroup().to_numpy(), groups.size().reset_index()[by]


def _by_card(whole: pd.DataFrame, table: pd.DataFrame, slices: list[str], confidence: float) -> pd.DataFrame:
    if not slices:
        number, groups = np.zeros(len(whole), dtype=np.intp), pd.DataFrame(index=[0])
    else:
        # Slices without a whole card keep a row.
        number, groups = _numbered_slices(pd.concat([table[slices], whole[slices]], ignore_index=True), slices)
        number = number[len(table) :]
    correct = whole["correct"].to_numpy(bool)
    counts = (np.bincount(number[rows], minlength=len(groups)) for rows in (slice(None), correct))
    cases, right = counts
    found = groups.assign(cases=cases, correct=right)
    found = rate_intervals(found, whole, number, correct, confidence)
    return found[[*slices, "cases", "correct", "exact", "low", "high"]]
