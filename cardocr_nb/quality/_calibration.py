"""Agreement of scores with the rate of correct readings."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb._field_words import listed_fields
from cardocr_nb.privacy._service_texts import with_shown_fields
from cardocr_nb.quality._bootstrap import rate_intervals
from cardocr_nb.quality._card_groups import GROUP
from cardocr_nb.quality._evaluation import evaluate
from cardocr_nb.quality._group_dependence import user_level
from cardocr_nb.quality._intervals import whole_number
from cardocr_nb.quality._truth import WEIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.quality._evaluation import Groups, Rules, Truth

_FEW = 3


class FewScoresWarning(UserWarning):
    """The scores of a field take so few values that they can hardly separate correct from incorrect."""


@dataclass(frozen=True, slots=True, repr=False)
class Calibration:
    """Result of `calibration`.

    Attributes
    ----------
    bins : DataFrame
        The reliability table: ``field, first, last`` (scores of the bin), ``score`` (their mean, 0 to 100), ``cases,
        correct, accuracy, low, high``.
    fields : DataFrame
        ``field, cases, accuracy, score`` (mean), ``distinct`` scores, ``ece``, ``ece_expected``, ``brier`` and
        ``auroc``, see `calibration`.
    """

    bins: pd.DataFrame
    fields: pd.DataFrame

    def __str__(self) -> str:
        return with_shown_fields(self.fields).to_string(index=False)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(with_shown_fields(self.fields).to_html(index=False))


def scored_readings(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the readings with a score among the cells of an `Evaluation`.

    Returns
    -------
    DataFrame
        ``job_id, key, field, score`` (int), ``right`` (bool), ``weight``, and ``group`` where groups were named. A false
        positive is not right; a field that was not read has no row.
    """
    read = cells[cells["outcome"] != "missing"]
    scored = read["score"].notna()
    without = [f for f in read["field"].unique() if f not in set(read["field"][scored])]
    if without:
        warnings.warn(
            f"no reading of {listed_fields(without)} has a score, so that no threshold or probability follows for it",
            FewScoresWarning,
            stacklevel=user_level(),
        )
    read = read[scored]
    right = (read["outcome"] == "correct").to_numpy()
    columns = ["job_id", "key", "field", WEIGHT, *(c for c in (GROUP,) if c in read.columns)]
    return read[columns].assign(score=read["score"].astype(np.int64), right=right)


def calibration(
    df: pd.DataFrame,
    truth: Truth,
    *,
    bins: int = 10,
    normalize: Rules = True,
    confidence: float = 0.95,
    complete: bool | None = None,
    groups: Groups | None = None,
) -> Calibration:
    """Compare scores with the rate of correct readings.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    truth : DataFrame, path or Evaluation
        See `cardocr_nb.quality.evaluate`; its result saves evaluating again.
    bins : int, default 10
        Number of bins of about equal count; equal scores are never divided, so that there may be fewer.
    normalize, complete, groups
        As for `cardocr_nb.quality.evaluate`.
    confidence : float, default 0.95
        Of the intervals: exact for independent cards; with unequal weights or groups by resampling.

    Returns
    -------
    Calibration
        ``ece``: mean distance of score and accuracy over the bins, weighted by cases (expected calibration error).
        ``ece_expected``: its mean if every score were the true probability; a smaller error says nothing.
        ``brier``: mean squared distance of score / 100 from 1 for correct and 0 for incorrect. ``auroc``: probability that a
        correct reading scores above an incorrect one, 0.5 for none; missing where all are correct or none.

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
    whole_number("bins", bins, least=1)
    judged = evaluate(df, truth, normalize=normalize, complete=complete, groups=groups)
    readings = scored_readings(judged.cells)
    readings["bin"] = _bins(readings, bins)
    weighted = readings.assign(weighted_score=readings["score"] * readings[WEIGHT], square=readings[WEIGHT] ** 2)
    parts = weighted.groupby(["field", "bin"], observed=True)
    table = parts.agg(
        first=("score", "min"), last=("score", "max"), score=("weighted_score", "sum"), size=(WEIGHT, "sum"),
        square=("square", "sum"), cases=("right", "size"), correct=("right", "sum"),
    ).reset_index()  # fmt: skip
    table["score"] /= table["size"]
    right = readings["right"].to_numpy(bool)
    table = rate_intervals(table, readings, parts.ngroup().to_numpy(), right, confidence)
    table = table.rename(columns={"exact": "accuracy"})
    fields = _by_field(readings, table)
    few = fields.loc[fields["distinct"] <= _FEW, "field"].astype("str").tolist()
    if few:
        warnings.warn(
            f"scores of {listed_fields(few)} take {_FEW} values or fewer; they can hardly separate correct from incorrect",
            FewScoresWarning,
            stacklevel=2,
        )
    names = ["field", "first", "last", "score", "cases", "correct", "accuracy", "low", "high"]
    return Calibration(bins=table[names], fields=fields)


def calibration_error(
    probability: NDArray[np.float64],
    right: NDArray[np.bool_],
    *,
    bins: int = 10,
    weight: NDArray[np.float64] | None = None,
) -> float:
    """Expected calibration error of probabilities.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
    right : ndarray of bool, shape (n,)
    bins : int, default 10
        Of about equal count; equal probabilities are never divided.
    weight : ndarray of float, shape (n,), optional
        1 / inclusion probability of each case.

    Returns
    -------
    float
        Mean distance of probability and rate of correct cases, weighted by cases; NaN without cases.

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
    weight = np.ones(len(order)) if weight is None else weight
    gap = np.bincount(which, weights=((probability - right) * weight)[order])
    return float(np.abs(gap).sum() / weight.sum())


def _bins(readings: pd.DataFrame, bins: int) -> NDArray[np.int64]:
    """Number of each reading's bin: its place by score in its field, the mean place for equal scores."""
    scores = readings.groupby("field", observed=True)["score"]
    place = (scores.rank(method="average") - 0.5) / scores.transform("size")
    return np.asarray(np.minimum(place.to_numpy(np.float64) * bins, bins - 1), dtype=np.int64)


def _by_field(readings: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for field, part in readings.groupby("field", observed=True):
        score, right = part["score"].to_numpy(np.float64), part["right"].to_numpy(bool)
        weight = part[WEIGHT].to_numpy(np.float64)
        bins = table[(table["field"] == field).to_numpy()]
        gaps = (bins["accuracy"] - bins["score"] / 100).abs()
        ece = float((gaps * bins["size"]).sum() / weight.sum())
        brier = float(np.average((score / 100 - right) ** 2, weights=weight))
        accuracy, mean = float(np.average(right, weights=weight)), float(np.average(score, weights=weight))
        # Number of equally weighted cases with the same variance (Kish).
        effective = (bins["size"] ** 2 / bins["square"]).to_numpy(np.float64)
        floor = ece_floor(bins["score"].to_numpy() / 100, bins["size"].to_numpy(), effective)
        rows.append(
            [field, len(part), accuracy, mean, part["score"].nunique(), ece, floor, brier, _auroc(score, right, weight)]
        )
    names = ["field", "cases", "accuracy", "score", "distinct", "ece", "ece_expected", "brier", "auroc"]
    return pd.DataFrame(rows, columns=names).astype({"field": readings["field"].dtype})


def ece_floor(
    probability: NDArray[np.float64], size: NDArray[np.float64], n: NDArray[np.int64] | NDArray[np.float64]
) -> float:
    """Return the expected calibration error that bins have on average if their probabilities are the true ones.

    Parameters
    ----------
    probability : ndarray of shape (bins,)
        Mean probability of each bin.
    size : ndarray of shape (bins,)
        Weight of each bin in the mean.
    n : ndarray of shape (bins,)
        Cases in each bin, 1 or more; with weights the effective number, which may have a fraction.

    Examples
    --------
    >>> round(ece_floor(np.full(10, 0.9), np.full(10, 33), np.full(10, 33)), 3)
    0.042
    """
    from scipy.stats import binom  # type: ignore[import-untyped]  # scipy ships no type hints

    p, count = np.clip(probability, 0, 1), np.round(n.astype(np.float64), 9)

    def deviation(cases: NDArray[np.float64]) -> NDArray[np.float64]:
        # De Moivre: the mean absolute deviation of a binomial count is 2 (k + 1) q P(X = k + 1), k the whole part of n p.
        k = np.floor(cases * p)
        return np.asarray(2 * (k + 1) * (1 - p) * binom.pmf(k + 1, cases, p) / cases)

    below = np.floor(count)
    gap = deviation(below) + (count - below) * (deviation(below + 1) - deviation(below))
    return float((size * gap).sum() / size.sum())


def _auroc(score: NDArray[np.float64], right: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    """Weighted statistic of Mann and Whitney over all pairs of a correct and an incorrect reading."""
    seen, place = np.unique(score, return_inverse=True)
    correct = np.bincount(place, weights=weight * right, minlength=len(seen))
    wrong = np.bincount(place, weights=weight * ~right, minlength=len(seen))
    pairs = correct.sum() * wrong.sum()
    below = np.cumsum(wrong) - wrong
    return float((correct * (below + wrong / 2)).sum() / pairs) if pairs else np.nan
