"""Whether scores mean what they say."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.quality._evaluation import evaluate
from cardocr_nb.quality._intervals import wilson

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from cardocr_nb.quality._evaluation import Rules, Truth

_FEW = 3


class FewScoresWarning(UserWarning):
    """The scores of a field take so few values that they can hardly tell right from wrong."""


@dataclass(frozen=True, slots=True, repr=False)
class Calibration:
    """Result of `calibration`.

    Attributes
    ----------
    bins : DataFrame
        The reliability table: ``field, first, last`` (scores of the bin), ``score`` (their mean, 0 to 100), ``cases,
        correct, accuracy, low, high``.
    fields : DataFrame
        ``field, cases, accuracy, score`` (mean), ``distinct`` scores, ``ece``, ``brier`` and ``auroc``, see
        `calibration`.
    """

    bins: pd.DataFrame
    fields: pd.DataFrame

    def __str__(self) -> str:
        return self.fields.to_string(index=False)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(self.fields.to_html(index=False))


def judged_readings(df: pd.DataFrame, truth: Truth, *, normalize: Rules = True) -> pd.DataFrame:
    """Readings with a score, and whether they are right.

    Returns
    -------
    DataFrame
        ``job_id, key, field, score`` (int) and ``right`` (bool). A spurious reading is wrong; what was not read has no
        score and no row.
    """
    return scored_readings(evaluate(df, truth, normalize=normalize).cells)


def scored_readings(cells: pd.DataFrame) -> pd.DataFrame:
    """Readings with a score out of the cells of an `Evaluation`, see `judged_readings`."""
    read = cells[cells["score"].notna() & (cells["outcome"] != "missing")]
    right = (read["outcome"] == "correct").to_numpy()
    return read[["job_id", "key", "field"]].assign(score=read["score"].astype(np.int64), right=right)


def calibration(
    df: pd.DataFrame, truth: Truth, *, bins: int = 10, normalize: Rules = True, confidence: float = 0.95
) -> Calibration:
    """Compare scores with the share of readings that are right.

    Parameters
    ----------
    df, truth, normalize
        As for `cardocr_nb.quality.evaluate`.
    bins : int, default 10
        Of about equal count; equal scores are never parted, so that there may be fewer.
    confidence : float, default 0.95
        Of the intervals (Wilson).

    Returns
    -------
    Calibration
        ``ece``: mean distance of score and accuracy over the bins, weighted by cases (expected calibration error).
        ``brier``: mean squared distance of score / 100 from 1 for right and 0 for wrong. ``auroc``: chance that a right
        reading scores above a wrong one, 0.5 for none; missing where all are right or all wrong.

    Warns
    -----
    FewScoresWarning
        Scores of a field take three values or fewer.

    References
    ----------
    C. Guo et al., "On calibration of modern neural networks", 2017 (expected calibration error); G. W. Brier,
    "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950.

    Examples
    --------
    >>> import pandas as pd
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> cards = to_frame([CardResult((Field("姓名", "样本", s),), key=f"{s}.jpg") for s in (60, 70, 80, 90)])
    >>> truth = pd.DataFrame({"key": cards.key, "field": "name", "text": ["x", "样本", "样本", "样本"]})
    >>> calibration(cards, truth, bins=2).fields[["field", "cases", "accuracy", "score", "auroc"]]
      field  cases  accuracy  score  auroc
    0  name      4      0.75   75.0    1.0
    """
    if bins < 1:
        raise ValueError(f"bins must be 1 or more, got {bins}")
    readings = judged_readings(df, truth, normalize=normalize)
    readings["bin"] = _bins(readings, bins)
    groups = readings.groupby(["field", "bin"], observed=True)
    table = groups.agg(
        first=("score", "min"), last=("score", "max"), score=("score", "mean"), cases=("right", "size"), correct=("right", "sum")
    ).reset_index()  # fmt: skip
    table["accuracy"] = table["correct"] / table["cases"]
    table["low"], table["high"] = wilson(table["correct"], table["cases"], confidence=confidence)
    fields = _by_field(readings, table)
    few = fields.loc[fields["distinct"] <= _FEW, "field"].astype("str").tolist()
    if few:
        warnings.warn(
            f"scores of {', '.join(few)} take {_FEW} values or fewer; they can hardly tell right from wrong",
            FewScoresWarning,
            stacklevel=2,
        )
    return Calibration(bins=table.drop(columns="bin"), fields=fields)


def calibration_error(probability: NDArray[np.float64], right: NDArray[np.bool_], *, bins: int = 10) -> float:
    """Expected calibration error of probabilities.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
    right : ndarray of bool, shape (n,)
    bins : int, default 10
        Of about equal count; equal probabilities are never parted.

    Returns
    -------
    float
        Mean distance of probability and share that is right, weighted by cases; NaN without cases.

    Examples
    --------
    >>> round(calibration_error(np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, True, True, False])), 3)
    0.1
    """
    if not len(probability):
        return np.nan
    order = np.argsort(probability, kind="stable")
    _, place, count = np.unique(probability[order], return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - count / 2)[place] / len(order)
    which = np.minimum((middle * bins).astype(np.int64), bins - 1)
    gap = np.bincount(which, weights=probability[order]) - np.bincount(which, weights=right[order])
    return float(np.abs(gap).sum() / len(order))


def _bins(readings: pd.DataFrame, bins: int) -> NDArray[np.int64]:
    """Number of each reading's bin: its place by score in its field, the mean place for equal scores."""
    scores = readings.groupby("field", observed=True)["score"]
    place = (scores.rank(method="average") - 0.5) / scores.transform("size")
    return np.asarray(np.minimum(place.to_numpy(np.float64) * bins, bins - 1), dtype=np.int64)


def _by_field(readings: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    wide = readings.assign(
        brier=(readings["score"] / 100 - readings["right"]) ** 2,
        place=readings.groupby("field", observed=True)["score"].rank(),
    )
    wide["place"] = wide["place"].where(wide["right"], 0)
    fields = wide.groupby("field", observed=True).agg(
        cases=("right", "size"),
        correct=("right", "sum"),
        accuracy=("right", "mean"),
        score=("score", "mean"),
        distinct=("score", "nunique"),
        brier=("brier", "mean"),
        places=("place", "sum"),
    )
    gap = (table["accuracy"] - table["score"] / 100).abs() * table["cases"]
    fields["ece"] = gap.groupby(table["field"], observed=True).sum() / fields["cases"]
    # Mann and Whitney's statistic over the number of pairs of a right and a wrong reading.
    right, wrong = fields["correct"], fields["cases"] - fields["correct"]
    pairs = (right * wrong).where(right * wrong > 0)
    fields["auroc"] = (fields["places"] - right * (right + 1) / 2) / pairs
    return fields.reset_index()[["field", "cases", "accuracy", "score", "distinct", "ece", "brier", "auroc"]]
