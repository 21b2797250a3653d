"""What reviewing and not reviewing costs, and where the line is drawn best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._text_safety import describe
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.privacy._service_texts import with_shown_fields
from cardocr_nb.quality._bootstrap import ALL, with_all
from cardocr_nb.quality._card_groups import GROUP
from cardocr_nb.quality._complete_cards import warn_of_absent_fields
from cardocr_nb.quality._evaluation import evaluate
from cardocr_nb.quality._folds import folds_of
from cardocr_nb.quality._intervals import checked_confidence, exact_interval, whole_number
from cardocr_nb.quality._risk_curve import Curve, area, curve, least_area
from cardocr_nb.quality._thresholds import passes
from cardocr_nb.quality._truth import WEIGHT

if TYPE_CHECKING:
    from cardocr_nb.quality._evaluation import Groups, Rules, Truth

_FIELDS = (
    "field", "threshold", "cases", "passed", "share", "errors", "cost", "cost_held_out",
    "cost_all_reviewed", "cost_none_reviewed", "aurc", "aurc_excess",
)  # fmt: skip
_CURVE = ("field", "score", "coverage", "risk", "low", "high", "cost", "cases")


@dataclass(frozen=True, slots=True, repr=False)
class Costs:
    """Result of `cost`.

    Attributes
    ----------
    fields : DataFrame
        One row a field, and a last one, ``all``, for one threshold over all fields together:

        - ``threshold`` (Int16): readings at or above it pass unseen; missing when reviewing all of them costs least.
        - ``cases``: readings, and fields of the card that were not read; ``passed`` unseen at the threshold,
          their ``share`` of the cases, and the ``errors`` among them.
        - ``cost``: what reviewing the others and those errors cost. It is measured on the cards from which the threshold
          was chosen, and therefore a little too low; ``cost_held_out`` is what thresholds cost that were chosen without
          the cards on which they are measured, missing for one image or one group.
        - ``cost_all_reviewed`` and ``cost_none_reviewed`` (what has no score is reviewed even then).
        - ``aurc``: mean error rate over all shares of the readings with a score that the highest scores can make up, and
          ``aurc_excess``: by how much it is above that of a score that puts every right reading before every wrong one.
          They measure how well the score ranks, for any costs.

    curve : DataFrame
        One row a distinct score, the highest first, for each field and, named ``all``, for all together: ``field, score,
        coverage`` (share of the cases at or above the score), ``risk`` (share of wrong readings among them) with its
        interval ``low, high`` (exact; with weights for the effective number of cases, for all fields for the number of cards;
        missing with groups), ``cost`` of the threshold and ``cases``: the readings at or above the score.
    review, error : float
        What was given.
    """

    fields: pd.DataFrame
    curve: pd.DataFrame
    review: float
    error: float

    def passes(self, df: pd.DataFrame) -> pd.Series:
        """Return which readings of a frame pass without review by the threshold of their field.

        Returns
        -------
        Series of bool
            With the index of `df`; False without a score, for fields without a threshold, and for a field that appears a
            second time on its card.
        """
        passing = passes(self.fields, df)
        warn_of_absent_fields(conform(df), passing, "pass the whole frame, with its column card_type")
        return passing

    def __str__(self) -> str:
        return f"review {self.review:g}, error {self.error:g}\n{with_shown_fields(self.fields).to_string(index=False)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return (
            f"<p>review {self.review:g}, error {self.error:g}</p>{with_shown_fields(self.fields).to_html(index=False)}"
        )


def cost(
    df: pd.DataFrame,
    truth: Truth,
    *,
    review: float,
    error: float,
    folds: int = 5,
    normalize: Rules = True,
    confidence: float = 0.95,
    complete: bool | None = None,
    groups: Groups | None = None,
) -> Costs:
    """Find for each field the score below which a review pays.

    Every reading below the threshold costs `review`, every wrong one that passes costs `error`; of several thresholds
    that cost the same the highest is taken. What was not read, or has no score, is always reviewed.

    Parameters
    ----------
    df, truth, normalize
        As for `cardocr_nb.quality.evaluate`. A spurious reading is wrong. With weights of an audit sample, costs and rates
        are estimates for the frame from which it was drawn; ``cases, passed, errors`` count the sample.
    review, error : float
        Costs in one unit, such as seconds or cents; only their ratio moves the threshold.
    folds : int, default 5
        Number of cross-validation folds for ``cost_held_out``, split by image, or by group.
    confidence : float, default 0.95
        Of the intervals of the curve.

    Returns
    -------
    Costs

    Raises
    ------
    ValueError
        A cost is not a positive number, `folds` is less than 2, or as for `cardocr_nb.quality.evaluate`.

    Notes
    -----
    A reading is worth reviewing when its chance to be wrong is more than ``review / error``. Unlike
    `cardocr_nb.quality.threshold` this promises nothing: it weighs.

    References
    ----------
    C. K. Chow, "On optimum recognition error and reject tradeoff", IEEE Transactions on Information Theory 16, 1970.
    E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data", Survey Methodology 24, 1998 (effective number of cases). Y. Geifman, G. Uziel and R. El-Yaniv, "Bias-reduced uncertainty estimation for deep neural classifiers", 2019 (area
    under the risk-coverage curve, and its excess).

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> read = [CardResult((Field("姓名", "样本", 90 + k % 10),), key=f"{k}.jpg") for k in range(100)]
    >>> truth = pd.DataFrame({"key": [f"{k}.jpg" for k in range(100)], "field": "name", "text": "样本"})
    >>> truth.loc[truth.index % 10 < 3, "text"] = "x"
    >>> found = cost(to_frame(read), truth, review=1, error=20).fields
    >>> found.iloc[:1][["field", "threshold", "passed", "errors", "cost", "cost_none_reviewed"]]
      field  threshold  passed  errors  cost  cost_none_reviewed
    0  name         93      70       0  30.0               600.0
    """
    for name, value in (("review", review), ("error", error)):
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be a positive number, got {describe(value)}")
    whole_number("folds", folds, least=2)
    checked_confidence(confidence)
    cells = evaluate(df, truth, normalize=normalize, complete=complete, groups=groups).cells
    scored = (cells["score"].notna() & (cells["outcome"] != "missing")).to_numpy(bool)
    wide = pd.DataFrame(
        {
            "field": cells["field"],
            "score": cells["score"].where(scored, -1).fillna(-1).to_numpy(np.int64),
            WEIGHT: cells[WEIGHT],
            "wrong": (cells["outcome"] != "correct").to_numpy(),
            "key": cells["key"],
            "fold": folds_of(cells[GROUP if GROUP in cells.columns else "key"], folds, seed=0),
        }
    )
    rows, curves = [], []
    for field, part in [*wide.groupby("field", observed=True), (ALL, wide)]:
        if len(part):
            scored = part[part["score"] >= 0]
            found = curve(scored["score"].to_numpy(), scored["wrong"].to_numpy(), scored[WEIGHT].to_numpy())
            rows.append([field, *_row(part, found, review, error)])
            curves.append(_points(field, found, part, review, error))
    table = pd.DataFrame(rows, columns=list(_FIELDS)).astype(
        {"threshold": "Int16", "field": with_all(cells["field"].dtype)}
    )
    points = pd.concat(curves or [pd.DataFrame(columns=[*_CURVE, "effective"], dtype=np.float64)], ignore_index=True)
    points["low"], points["high"] = exact_interval(
        points["risk"] * points["effective"], points["effective"], confidence=confidence
    )
    if GROUP in cells.columns:
        # Exact intervals are those of independent cases.
        points[["low", "high"]] = np.nan
    points = points.astype({"field": with_all(cells["field"].dtype), "score": np.int64, "cases": np.int64})
    return Costs(fields=table, curve=points[list(_CURVE)], review=review, error=error)


def _row(part: pd.DataFrame, found: Curve, review: float, error: float) -> list[Any]:
    score, wrong, weight = (part[name].to_numpy() for name in ("score", "wrong", WEIGHT))
    size, scored = float(weight.sum()), score >= 0
    best = _best(found, size, review, error)
    threshold = found.score[best] if best >= 0 else pd.NA
    passed, errors = (float(found.passed[best]), float(found.errors[best])) if best >= 0 else (0.0, 0.0)
    through = score >= found.score[best] if best >= 0 else np.zeros_like(scored)
    aurc = area(score[scored], wrong[scored], weight[scored])
    return [
        threshold, len(score), int(through.sum()), passed / size, int(wrong[through].sum()),
        review * (size - passed) + error * errors, _held_out(part, review, error), review * size,
        float(review * weight[~scored].sum() + error * (weight * wrong)[scored].sum()),
        aurc, aurc - least_area(wrong[scored], weight[scored]),
    ]  # fmt: skip


def _held_out(part: pd.DataFrame, review: float, error: float) -> float:
    score, wrong, fold, weight = (part[name].to_numpy() for name in ("score", "wrong", "fold", WEIGHT))
    if len(np.unique(fold)) < 2:  # nothing was learned without this image or group
        return np.nan
    total = 0.0
    for number in np.unique(fold):
        inside = fold == number
        others = ~inside & (score >= 0)
        learned = curve(score[others], wrong[others], weight[others])
        best = _best(learned, float(weight[~inside].sum()), review, error)
        through = inside & (score >= learned.score[best]) if best >= 0 else np.zeros_like(inside)
        total += float(review * weight[inside & ~through].sum() + error * (weight * wrong)[through].sum())
    return total


def _best(found: Curve, size: float, review: float, error: float) -> int:
    """Place of the cheapest threshold in the curve, the highest of equally cheap ones; -1 for reviewing all."""
    if not len(found.score):
        return -1
    costs = review * (size - found.passed) + error * found.errors
    place = int(np.argmin(costs))
    return place if costs[place] < review * size else -1


def _points(field: object, found: Curve, part: pd.DataFrame, review: float, error: float) -> pd.DataFrame:
    size, scored = float(part[WEIGHT].sum()), part[part["score"] >= 0]
    score, weight = scored["score"].to_numpy(), scored[WEIGHT].to_numpy()
    counted, squares = (curve(score, np.zeros(len(score), dtype=bool), w).passed for w in (None, weight**2))
    # The fields of a card fail together: there are not more independent cases than cards.
    best = np.sort(scored.groupby("key", sort=False)["score"].max().to_numpy())
    cards = len(best) - np.searchsorted(best, found.score)
    return pd.DataFrame(
        {
            "field": field,
            "score": found.score,
            "coverage": found.passed / size,
            "risk": found.errors / found.passed,
            "cost": float(review) * (size - found.passed) + error * found.errors,
            "cases": counted,
            # Number of equally weighted cases with the same variance (Kish).
            "effective": np.minimum(found.passed**2 / squares, cards),
        }
    )
