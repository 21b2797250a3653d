"""Maps of all fields of a calibrator, which expect as many errors as the labels have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.quality._calibration_fit import choose, effective, fit
from cardocr_nb.quality._evidence import SURE
from cardocr_nb.quality._truth import WEIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def field_maps(readings: pd.DataFrame, isotonic_from: int | Mapping[str, int]) -> pd.DataFrame:
    """Learn the map of each field.

    Parameters
    ----------
    readings : DataFrame
        ``field, score, right, weight``: see `cardocr_nb.quality._calibration.scored_readings`; ``alone, any, warned``: see
        `cardocr_nb.quality._evidence.failed_checks`.
    isotonic_from : int or mapping of str to int
        Cases from which isotonic regression is chosen, for all fields or by field.

    Returns
    -------
    DataFrame
        One row a field, the index: ``method, cases, correct, caught_alone, caught, warned`` (rates of the errors that
        fail checks), ``warned_precision`` (rate of errors among the readings that fail a warning) and ``map``.
    """
    weights = readings[WEIGHT].to_numpy(np.float64)
    unit = effective(weights) / weights.sum() if len(weights) else 1.0
    rows, sums = {}, []
    for field, places in readings.groupby("field", observed=True).indices.items():
        score, right, weight = (readings[name].to_numpy()[places] for name in ("score", "right", WEIGHT))
        least = isotonic_from if isinstance(isotonic_from, int) else isotonic_from[str(field)]
        method = choose(score, right, isotonic_from=least, weight=weight)
        values = fit(score, right, method, weight=weight)
        rows[field] = [method, len(places), int(right.sum()), values]
        alone, every, warned = (readings[name].to_numpy()[places] for name in ("alone", "any", "warned"))
        passing = [weight @ (~right & ~failed) for failed in (alone, every, warned)]
        sums.append([weight.sum(), weight @ (1 - values[score]), weight @ (warned & ~every), weight @ ~right, *passing])
    found = pd.DataFrame.from_dict(rows, orient="index", columns=["method", "cases", "correct", "map"])
    cases, expected, warned, *numbers = unit * np.reshape(sums, (-1, 7)).T
    errors, not_alone, not_any, unnoticed = (pooled(number, cases) for number in numbers)
    levels = zip(found["map"], expected, errors, strict=True)
    maps = pd.Series([leveled(*each) for each in levels], index=found.index, dtype=object)
    rates = {
        "caught_alone": _lost(errors, not_alone),
        "caught": _lost(errors, not_any),
        "warned": _lost(not_any, unnoticed),
    }
    precision = (numbers[2] - numbers[3] + 0.5) / (warned + 1)
    return found.assign(**rates, warned_precision=precision, map=maps)


def held_out(readings: pd.DataFrame, method: pd.Series, fold: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the probability of each reading by the maps of the other folds, 0.5 where they do not have the field.

    Missing if there is one fold only.

    Parameters
    ----------
    readings : DataFrame
        As for `field_maps`.
    method : Series
        Of the maps of all folds, by field: the others are of the same kind.
    fold : ndarray of int, shape (n,)
    """
    least = {str(field): 1 if kind == "isotonic" else len(readings) + 1 for field, kind in method.items()}
    place = method.index.get_indexer(pd.Index(readings["field"]))
    score = readings["score"].to_numpy(np.int64)
    parts = np.unique(fold)
    # With a single fold, as of a single group, nothing was held out.
    values = np.full(len(readings), 0.5 if len(parts) > 1 else np.nan)
    for part in parts:
        inside = fold == part
        learned = field_maps(readings[~inside], least)["map"]
        for field, one in learned.items():
            at = inside & (place == method.index.get_loc(field))
            values[at] = one[score[at]]
    return values


def pooled(errors: NDArray[np.float64], cases: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the number of errors to expect in each field, above 0 if any field has one.

    One imaginary error is spread over the fields by their cases (as in Perks' prior), then all are scaled so that their
    sum is the number seen: a field without errors gets a small part of the others'.

    Parameters
    ----------
    errors, cases : ndarray of float, shape (n_fields,)
        Incorrect readings and all readings of each field.

    Examples
    --------
    >>> pooled(np.array([0.0, 4.0]), np.array([100.0, 100.0])).round(1).tolist()
    [0.4, 3.6]
    """
    total, readings = errors.sum(), cases.sum()
    return np.asarray((errors + cases / readings) * (total / (total + 1)) if readings else errors)


def leveled(values: NDArray[np.float64], expected: float, errors: float) -> NDArray[np.float64]:
    """Lower the probabilities of an error so that they expect `errors` in place of `expected`.

    Platt's targets expect 2 / (w + 2) errors more than the w that were seen. Probabilities that expect fewer stay.

    Parameters
    ----------
    values : ndarray of float, shape (101,)
        Probability that a reading is correct, for each score.
    expected, errors : float
        Sum of the probabilities of an error over the readings from which the map was learned, and the sum to reach.

    Examples
    --------
    >>> leveled(np.array([0.9, 0.95]), 3.0, 2.0).round(3).tolist()
    [0.933, 0.967]
    """
    return 1 - (1 - values) * min(errors / expected, 1.0) if errors > 0 else values


def _lost(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rate of the errors that are not among those after a check, at most `SURE`."""
    rate = 1 - np.divide(after, before, out=np.ones_like(before), where=before > 0)
    return np.asarray(np.clip(rate, 0, SURE))
