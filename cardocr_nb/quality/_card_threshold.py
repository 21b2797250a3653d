"""One threshold for whole cards."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.quality._calibrator import Calibrator, NotCalibratedWarning, calibrate
from cardocr_nb.quality._card_groups import GROUP
from cardocr_nb.quality._complete_cards import all_fields_read, warn_of_absent_fields
from cardocr_nb.quality._fixed_sequence import Found, lowest_threshold
from cardocr_nb.quality._folds import folds_of
from cardocr_nb.quality._label_advice import cases_enough, obstacle, units_and_errors

if TYPE_CHECKING:
    from cardocr_nb.quality._evaluation import Evaluation

_CARD = ["job_id", "key"]
_REASONS = {
    "incorrect": "too many cards have an incorrect field, and no probability separates them yet",
    "uneven": "the groups or weights are too unequal to show it; label more cards of those that are few",
}


@dataclass(frozen=True, slots=True, repr=False)
class CardThreshold:
    """Result of ``threshold(…, unit="card")``.

    Attributes
    ----------
    table : DataFrame
        One row: ``threshold``, the smallest probability that a field of a passing card may have (missing when none keeps
        the promise), ``cases`` (cards that the promise was tested on), ``passing``, their rate ``share`` (weighted, as the next two), ``right``, the
        rate of correct cards among those that pass, ``bound``, its lower bound, ``units``: cases with all fields read, or
        groups of such if groups were named, ``errors``: those with an incorrect field, and ``enough``: units that get a
        threshold if no further one has an error (cases of equal weight, groups of equal size).
    calibrator : Calibrator
        Makes the probabilities; it was learned on other cards than those in ``cases``.
    precision, confidence : float
        As asked for.
    """

    table: pd.DataFrame
    calibrator: Calibrator
    precision: float
    confidence: float

    def cards(self, df: pd.DataFrame) -> pd.DataFrame:
        """Return which cards of a frame pass.

        Returns
        -------
        DataFrame
            ``job_id, key, probability, passes``, one row a card: the smallest probability of its fields, and whether
            every expected field was read and the threshold is reached.
        """
        cards = card_probability(df, self.calibrator)
        threshold = self.table["threshold"].iloc[0]
        passing = (cards["probability"] >= threshold).fillna(value=False).astype(bool)
        if pd.notna(threshold):
            warn_of_absent_fields(conform(df), passing, "pass the whole frame, with its column card_type")
        return cards.assign(passes=passing)

    def passes(self, df: pd.DataFrame) -> pd.Series:
        """Return which readings are on cards that pass; a Series of bool with the index of `df`."""
        passing = self.cards(df)["passes"].to_numpy(bool)
        return pd.Series(passing[card_numbers(conform(df))], index=df.index, name="passes")

    @property
    def advice(self) -> str:
        """How many labeled cards, or groups, are enough; empty if there is a threshold."""
        row = self.table.iloc[0]
        if pd.notna(row["threshold"]):
            return ""
        n, errors, enough = (int(row[name]) for name in ("units", "errors", "enough"))
        if not n and row["cases"]:
            return f"No threshold: on none of the {int(row['cases'])} cards all expected fields have a text, a score and a probability"
        units = "cards or groups of equal size"
        kind = obstacle(n, errors, enough, self.precision, self.confidence)
        if kind == "few":
            return f"No threshold yet: {enough} {units} read in full and without an error are enough, you have {n}"
        if kind == "errors":
            return f"No threshold yet: errors in {errors} of {n}; {enough} {units} without a further error are enough"
        return f"No threshold: {_REASONS[kind]}"

    def __str__(self) -> str:
        promise = f"precision {self.precision:g} with confidence {self.confidence:g}, whole cards"
        return "\n".join(part for part in (promise, self.table.to_string(index=False), self.advice) if part)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        promise = f"precision {self.precision:g} with confidence {self.confidence:g}, whole cards"
        return f"<p>{promise}</p>{self.table.to_html(index=False)}<p>{self.advice}</p>"


def card_probability(df: pd.DataFrame, calibrator: Calibrator) -> pd.DataFrame:
    """Return the smallest probability of the fields of each card.

    Returns
    -------
    DataFrame
        ``job_id, key, probability``; missing where an expected field was not read or a reading has no probability.
    """
    frame = conform(df).reset_index(drop=True)
    card = card_numbers(frame)
    with warnings.catch_warnings():
        # A reading without a probability keeps its card from passing, which is what the caller needs to know.
        warnings.simplefilter("ignore", NotCalibratedWarning)
        probability = calibrator.apply(frame)["probability"].to_numpy(np.float64)
    first = first_rows(card)
    smallest = np.ones(len(first))
    with np.errstate(invalid="ignore"):
        # A missing probability makes that of its card missing.
        np.minimum.at(smallest, card, probability)
    smallest[~all_fields_read(frame, card)] = np.nan
    return frame[_CARD].take(first).reset_index(drop=True).assign(probability=smallest)


def card_threshold(
    df: pd.DataFrame, judged: Evaluation, precision: float, confidence: float, calibrator: Calibrator | None
) -> CardThreshold:
    """Find the threshold, see `cardocr_nb.quality.threshold`.

    Raises
    ------
    ValueError
        The truth judges no card as a whole.
    """
    whole = judged.whole
    if whole.empty and len(judged.cells):
        raise ValueError(
            "the truth names every expected field of no card, so that no card can be judged as a whole; label whole cards "
            "with cards.cardocr.audit_sample(n, unit='card'), or pass complete=True if it names all there is"
        )
    if calibrator is None:
        # Cards on which the order of cards was learned cannot show what it is worth.
        unit = whole[GROUP if GROUP in whole.columns else "key"]
        learned = whole["key"][folds_of(unit, 3, seed=0) == 0]
        rows = judged.cells["key"].isin(learned)
        calibrator = calibrate(df, replace(judged, cells=judged.cells[rows]))
        whole = whole[~whole["key"].isin(learned)]
    scored = whole.merge(card_probability(df, calibrator).drop_duplicates(_CARD), on=_CARD)
    scored = scored[scored["probability"].notna()]
    group = pd.factorize(scored[GROUP])[0] if GROUP in scored.columns else None
    if scored.empty:
        found = Found(np.nan, 0, np.nan, 0.0, 0.0)
    else:
        found = lowest_threshold(
            scored["probability"].to_numpy(np.float64), scored["correct"].to_numpy(bool), precision, confidence,
            weight=scored["weight"].to_numpy(np.float64), group=group,
        )  # fmt: skip
    units, errors = units_and_errors(scored["correct"].to_numpy(bool), group)
    share = found.rate * scored["weight"].sum() / whole["weight"].sum() if len(whole) else np.nan
    row = [
        found.threshold,
        len(whole),
        found.passing,
        share,
        found.precision,
        found.bound,
        units,
        errors,
        cases_enough(
            precision, confidence, errors, one_score=bool((scored["probability"] == scored["probability"].max()).all())
        ),
    ]
    columns = ["threshold", "cases", "passing", "share", "right", "bound", "units", "errors", "enough"]
    return CardThreshold(pd.DataFrame([row], columns=columns), calibrator, precision, confidence)
