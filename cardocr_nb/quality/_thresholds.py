"""Score thresholds from which on readings, or whole cards, may be used without review."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import pandas as pd

from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.privacy._service_texts import with_shown_fields
from cardocr_nb.quality._bootstrap import rate_intervals
from cardocr_nb.quality._calibration import scored_readings
from cardocr_nb.quality._card_groups import GROUP
from cardocr_nb.quality._card_threshold import CardThreshold, card_threshold
from cardocr_nb.quality._cells import refuse_parts
from cardocr_nb.quality._complete_cards import all_fields_read, warn_of_absent_fields
from cardocr_nb.quality._evaluation import evaluate
from cardocr_nb.quality._fixed_sequence import lowest_threshold
from cardocr_nb.quality._label_advice import cases_enough, obstacle, units_and_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.quality._calibrator import Calibrator
    from cardocr_nb.quality._evaluation import Evaluation, Groups, Rules, Truth

_COUNTS = ["units", "errors", "enough"]
_REASONS = {
    "incorrect": "too many readings are incorrect, and no score separates them yet",
    "uneven": "the groups or weights are too unequal to show it; label more cases of those that are few",
}

_INCOMPLETE = (
    "pass the whole frame, with its column card_type, or incomplete=True, which asks nothing of the other fields"
)


@dataclass(frozen=True, slots=True, repr=False)
class Thresholds:
    """Result of `threshold` for single fields.

    Attributes
    ----------
    fields : DataFrame
        One row a field: ``threshold`` (Int16; missing when no score keeps the promise), ``cases`` (readings with a score),
        ``passing`` at or above it, ``share``, the rate of the cases that pass, ``right``, the precision of those that pass,
        ``bound``, its lower bound, ``units``: cases, or groups if groups were named, ``errors``: incorrect ones, or groups
        with an incorrect one, and ``enough``: units that get a threshold if no further one is incorrect, wherever
        the scores of the errors lie (cases of equal weight, groups of equal size; fewer may do). Without a threshold ``right`` and ``bound`` describe all cases.
    joint : DataFrame
        One row for whole cards, an estimate and no promise: ``cases`` judged as a whole, ``passing`` (every expected field
        was read and passes), their rate ``share`` with its interval ``share_low, share_high``, and ``right``, the rate of
        correct cards among those that pass, with its interval ``low, high``. It is measured on the cards from which the
        thresholds were learned, and so a little too high; ``threshold(…, unit="card")`` promises.
    precision, confidence : float
        As asked for.
    """

    fields: pd.DataFrame
    joint: pd.DataFrame
    precision: float
    confidence: float

    @property
    def advice(self) -> str:
        """How many labeled cards, or groups, are enough, a line for each kind of field; empty if all have a threshold."""
        without = with_shown_fields(self.fields[self.fields["threshold"].isna()])
        if without.empty:
            return ""
        units = "cards" if without["units"].equals(without["cases"]) else "groups of equal size"
        kinds = [
            obstacle(int(n), int(errors), int(enough), self.precision, self.confidence)
            for n, errors, enough in zip(*(without[name] for name in _COUNTS), strict=True)
        ]
        sentences = []
        for kind in dict.fromkeys(kinds):
            part = without[[k == kind for k in kinds]]
            names = ", ".join(part["field"].astype("str"))
            which = "No field has a threshold" if len(part) == len(self.fields) else f"{names}: no threshold"
            if kind == "errors":
                sentences += [
                    f"{field}: no threshold yet: errors in {errors} of {n}; {enough} {units} without a further error are enough"
                    for field, n, errors, enough in zip(part["field"], *part[_COUNTS].to_numpy().T, strict=True)
                ]
            elif kind == "few":
                n = part["units"]
                have = f"{n.min()}" if n.min() == n.max() else f"{n.min()} to {n.max()}"
                sentences.append(
                    f"{which} yet: {part['enough'].max()} {units} without an error are enough, you have {have}"
                )
            else:
                sentences.append(f"{which}: {_REASONS[kind]}")
        return "\n".join(sentences)

    def __str__(self) -> str:
        parts = [
            _promise(self.precision, self.confidence, "field by field"),
            with_shown_fields(self.fields).to_string(index=False),
        ]
        parts += [self.advice] if self.advice else []
        return "\n".join([*parts, "whole cards (estimate)", self.joint.to_string(index=False)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        promise = _promise(self.precision, self.confidence, "field by field")
        advice = f"<p>{self.advice}</p>" if self.advice else ""
        return f"<p>{promise}</p>{with_shown_fields(self.fields).to_html(index=False)}{advice}<p>whole cards (estimate)</p>{self.joint.to_html(index=False)}"

    def passes(self, df: pd.DataFrame, *, incomplete: bool = False) -> pd.Series:
        """Return which readings of a frame may be used without review.

        Parameters
        ----------
        df : DataFrame
            As `cardocr_nb.to_frame` makes it.
        incomplete : bool, default False
            Let readings pass also on cards with an expected field that was not read, or of unknown type: nothing says
            which fields such a card should have, unless it has all of one type.

        Returns
        -------
        Series of bool
            With the index of `df`; False without a text or score, for fields without a threshold, and for a field that
            appears a second time on its card, since the promise is about the first.

        Warns
        -----
        AbsentFieldsWarning
            The frame lacks a field that every card should have, or no card shows its type, in ``card_type`` or by a field
            that only one type has, so that nothing passes without `incomplete`.
        """
        passing = passes(self.fields, df, incomplete=incomplete)
        if not incomplete:
            warn_of_absent_fields(conform(df), passing, _INCOMPLETE)
        return passing

    def cards(self, df: pd.DataFrame) -> pd.DataFrame:
        """Return which cards of a frame pass: every expected field of the card type was read and passes.

        Returns
        -------
        DataFrame
            ``job_id, key, passes``, one row a card, in order of appearance; a card without a field does not pass, and one of
            unknown type only with all fields of one type.
        """
        frame = conform(df).reset_index(drop=True)
        passing = passes(self.fields, frame)
        warn_of_absent_fields(frame, passing, "pass the whole frame, with its column card_type")
        return passing_cards(frame, passing)


def _promise(precision: float, confidence: float, unit: str) -> str:
    return f"precision {precision:g} with confidence {confidence:g}, {unit}"


def passes(fields: pd.DataFrame, df: pd.DataFrame, *, incomplete: bool = False) -> pd.Series:
    """Return which readings of a frame reach the threshold of their field, see `Thresholds.passes`."""
    refuse_parts(df)
    known = fields[fields["field"].notna() & fields["threshold"].notna()]
    least = dict(zip(known["field"].astype("str"), known["threshold"].tolist(), strict=True))
    frame = conform(df).reset_index(drop=True)
    field, card = frame["field"].astype("str"), card_numbers(frame)
    needed = field.map(least).astype("Int16")
    passing = (frame["score"] >= needed).fillna(False).to_numpy(bool) & frame["text"].notna().to_numpy(bool)
    passing &= ~pd.DataFrame({"card": card, "field": field}).duplicated().to_numpy(bool)
    if not incomplete and len(frame):
        passing &= all_fields_read(frame, card)[card]
    return pd.Series(passing, index=df.index, name="passes")


def passing_cards(frame: pd.DataFrame, passing: pd.Series | NDArray[np.bool_]) -> pd.DataFrame:
    """Return one row a card, with ``passes`` where all of its rows do and every expected field was read."""
    number = card_numbers(frame)
    first = first_rows(number)
    every = np.ones(len(first), dtype=bool)
    every[number[~np.asarray(passing, dtype=bool)]] = False
    every &= all_fields_read(frame, number)
    return frame[["job_id", "key"]].take(first).reset_index(drop=True).assign(passes=every)


@overload
def threshold(
    df: pd.DataFrame, truth: Truth, *, precision: float = ..., confidence: float = ..., unit: Literal["field"] = ...,
    groups: Groups | None = ..., complete: bool | None = ..., normalize: Rules = ..., calibrator: None = ...,
    looks: int | None = ...,
) -> Thresholds: ...  # fmt: skip


@overload
def threshold(
    df: pd.DataFrame, truth: Truth, *, precision: float = ..., confidence: float = ..., unit: Literal["card"],
    groups: Groups | None = ..., complete: bool | None = ..., normalize: Rules = ...,
    calibrator: Calibrator | None = ..., looks: int | None = ...,
) -> CardThreshold: ...  # fmt: skip


def threshold(
    df: pd.DataFrame,
    truth: Truth,
    *,
    precision: float = 0.995,
    confidence: float = 0.95,
    unit: Literal["field", "card"] = "field",
    groups: Groups | None = None,
    complete: bool | None = None,
    normalize: Rules = True,
    calibrator: Calibrator | None = None,
    looks: int | None = None,
) -> Thresholds | CardThreshold:
    """Find the lowest score from which on readings, or whole cards, are correct often enough.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    truth : DataFrame, path or Evaluation
        See `cardocr_nb.quality.evaluate`; its result saves evaluating again.
    precision : float, default 0.995
        Promised rate of correct readings, or cards, among those that pass, for new cards of the same kind.
    confidence : float, default 0.95
        Probability, at least, that the promise holds; for each field by itself.
    unit : {"field", "card"}, default "field"
        What the promise is about: the readings of each field, or whole cards on which every expected field is correct.
        Cards are ordered by one number, the smallest calibrated probability of their fields.
    groups, complete, normalize
        As for `cardocr_nb.quality.evaluate`. With groups these are the units of the bound: without an error
        ``sample_size(precision, confidence)`` of them are needed.
    calibrator : Calibrator, optional
        For cards: learned on other cards, see `cardocr_nb.quality.calibrate`. By default it is learned on a third of the
        cards, which the promise then leaves out.
    looks : int, optional
        Without effect: tests in a fixed order need no correction for their number.

    Returns
    -------
    Thresholds or CardThreshold
        "No threshold keeps it" is an answer: a missing one. With the defaults a field needs 598 readings that pass
        without an error, 947 with one (`sample_size`).

    Raises
    ------
    ValueError
        A rate is not between 0 and 1, or as for `cardocr_nb.quality.evaluate`.

    Notes
    -----
    The bound is exact (Clopper and Pearson) for cards drawn independently; with unequal weights or groups it is that of
    `cardocr_nb.quality.bootstrap`. It says nothing about other cameras, other cards or a changed engine.

    References
    ----------
    A. N. Angelopoulos et al., "Learn then test: calibrating predictive algorithms to achieve risk control", 2021.

    Examples
    --------
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> read = [CardResult((Field("姓名", "样本", 80 + k % 20),), key=f"{k}.jpg") for k in range(400)]
    >>> truth = pd.DataFrame({"key": [f"{k}.jpg" for k in range(400)], "field": "name", "text": "样本"})
    >>> truth.loc[truth.index % 20 < 5, "text"] = "x"
    >>> threshold(to_frame(read), truth, precision=0.95).fields[["field", "threshold", "passing", "bound"]].round(3)
      field  threshold  passing  bound
    0  name         85      300  0.988
    """
    for name, value in (("precision", precision), ("confidence", confidence)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {describe(value)}")
    if unit not in ("field", "card"):
        raise ValueError(f"unit must be 'field' or 'card', got {shown_choice(unit, ('field', 'card'))}")
    if looks is not None:
        warnings.warn(
            "looks has no effect since thresholds are tested in a fixed order", DeprecationWarning, stacklevel=2
        )
    judged = evaluate(df, truth, normalize=normalize, complete=complete, groups=groups)
    if unit == "card":
        return card_threshold(df, judged, precision, confidence, calibrator)
    readings = scored_readings(judged.cells)
    rows = []
    for field, part in readings.groupby("field", observed=True):
        group = pd.factorize(part[GROUP])[0] if GROUP in part.columns else None
        found = lowest_threshold(
            part["score"].to_numpy(np.int64), part["right"].to_numpy(bool), precision, confidence,
            weight=part["weight"].to_numpy(np.float64), group=group,
        )  # fmt: skip
        least = pd.NA if np.isnan(found.threshold) else int(found.threshold)
        units, errors = units_and_errors(part["right"].to_numpy(bool), group)
        enough = cases_enough(
            precision, confidence, errors, one_score=bool((part["score"] == part["score"].max()).all())
        )
        rows.append(
            [field, least, len(part), found.passing, found.rate, found.precision, found.bound, units, errors, enough]
        )
    columns = ["field", "threshold", "cases", "passing", "share", "right", "bound", *_COUNTS]
    table = pd.DataFrame(rows, columns=columns).astype({"threshold": "Int16"})
    return Thresholds(table, _joint(df, judged, table, confidence), precision, confidence)


def _joint(df: pd.DataFrame, judged: Evaluation, fields: pd.DataFrame, confidence: float) -> pd.DataFrame:
    frame = conform(df).reset_index(drop=True)
    card = passing_cards(frame, passes(fields, frame))
    whole = judged.whole.merge(card.drop_duplicates(["job_id", "key"]), on=["job_id", "key"])
    through = whole[whole["passes"]]
    share, right = (
        _rate(part, part[name].to_numpy(bool), confidence) for part, name in ((whole, "passes"), (through, "correct"))
    )
    row = [len(whole), len(through), *share, *right]
    columns = ["cases", "passing", "share", "share_low", "share_high", "right", "low", "high"]
    return pd.DataFrame([row], columns=columns)


def _rate(cards: pd.DataFrame, correct: NDArray[np.bool_], confidence: float) -> list[float]:
    """Rate of correct cards, weighted where there are weights, with its interval over cards, or groups."""
    counts = pd.DataFrame({"cases": [len(cards)], "correct": [correct.sum()]})
    found = rate_intervals(counts, cards, np.zeros(len(cards), dtype=np.intp), correct, confidence)
    return found[["exact", "low", "high"]].iloc[0].tolist()
