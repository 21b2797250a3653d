"""Comparison with truth and with another run, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import pandas as pd

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often a field, or all fields of a card, were read exactly; see `cardocr_nb.quality.evaluate`.

    Attributes
    ----------
    field : str
        ``whole card`` for cards with all fields correct.
    cases, correct : int
        How many there are, and how many were read exactly.
    exact, low, high : float or None
        Share of exact readings and its 95 % interval, 0 to 1; None without cases.
    missing, spurious : int or None
        Not read; read but not on the card; None for whole cards.
    cer : float or None
        Edits divided by the characters on the card.
    """

    field: str
    cases: int
    correct: int
    exact: float | None
    low: float | None
    high: float | None
    missing: int | None = None
    spurious: int | None = None
    cer: float | None = None


@dataclass(frozen=True, slots=True)
class Confusion:
    """A single character that was read as another; ``""`` in `truth` means inserted, ``""`` in `read` left out."""

    field: str
    truth: str
    read: str
    count: int


@dataclass(frozen=True, slots=True)
class ScoreBin:
    """Readings with scores from `first` to `last`, and their rate of correct readings."""

    field: str
    first: float
    last: float
    score: float
    cases: int
    correct: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FieldCalibration:
    """How well the scores of a field separate correct from incorrect readings, see `cardocr_nb.quality.calibration`."""

    field: str
    cases: int
    accuracy: float
    score: float
    distinct: int
    ece: float
    ece_expected: float
    brier: float
    auroc: float | None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Scores and the rate of correct readings."""

    fields: tuple[FieldCalibration, ...]
    bins: tuple[ScoreBin, ...]


@dataclass(frozen=True, slots=True)
class FieldThreshold:
    """From which score on a field may be used unseen; None when no score reaches the promise.

    `enough` units show the promise if no more than `errors` are incorrect; `units` is the number of groups if groups were
    named, else `cases`.
    """

    field: str
    threshold: int | None
    cases: int
    passing: int
    share: float
    right: float
    bound: float
    units: int
    errors: int
    enough: int


@dataclass(frozen=True, slots=True)
class Promise:
    """Thresholds with what they promise: a share of right readings, and how surely; whether groups were named."""

    precision: float
    confidence: float
    fields: tuple[FieldThreshold, ...]
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class FieldCost:
    """The threshold at which reviewing and errors together cost least, see `cardocr_nb.quality.cost`.

    `field` is ``all`` for all fields together, `threshold` where reviewing everything costs least.
    """

    field: str | None
    threshold: int | None
    cases: int
    passed: int
    share: float
    errors: int
    cost: float
    cost_held_out: float | None
    cost_all_reviewed: float
    cost_none_reviewed: float
    aurc: float | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What passes from a score on: `coverage` of the readings, `risk` of them wrong, both 0 to 1."""

    field: str | None
    score: int
    coverage: float
    risk: float
    low: float
    high: float
    cost: float
    cases: int


@dataclass(frozen=True, slots=True)
class Priced:
    """Costs, in the unit of the two prices."""

    review: float
    error: float
    fields: tuple[FieldCost, ...]
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far this run (left) and the other (right) agree on a field, see `cardocr_nb.quality.compare`."""

    field: str
    pairs: int
    agree: int
    share: float
    low: float
    high: float
    only_left: int
    only_right: int
    score_left: float | None
    score_right: float | None
    ks: float | None
    psi: float | None
    psi_expected: float | None
    psi_p: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """Accuracy of the other run less that of this one; `field` is ``all`` for all fields together."""

    field: str | None
    cases: int
    right_left: int
    right_right: int
    lost: int
    gained: int
    p: float | None
    difference: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Flip:
    """A reading on which the two runs differ; texts are masked unless the report was asked to reveal them."""

    key: str
    field: str
    text_left: str | None
    text_right: str | None
    score_left: int | None
    score_right: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Comparison of two runs; `flips` counts the readings that differ, `shown` are those with the highest scores."""

    fields: tuple[Agreement, ...]
    accuracy: tuple[Change, ...] | None
    flips: int
    shown: tuple[Flip, ...]
    left_only: int
    right_only: int


def records(kind: type[Kind], table: pd.DataFrame) -> tuple[Kind, ...]:
    """Rows of a table as records: the columns that the record names, missing values as None, floats to six places."""
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]  # every kind is a dataclass
    return tuple(kind(**{n: _plain(row[n]) for n in names}) for row in table[names].to_dict("records"))


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return round(value, 6) if isinstance(value, float) else value
