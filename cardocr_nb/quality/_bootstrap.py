"""Intervals for what is counted over fields while images are what is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.quality._intervals import checked_confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_COUNTED = ["cases", "correct", "edits", "characters"]
_AT_ONCE = 2**20


def bootstrap(
    cells: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Intervals of accuracy and character error rate when images are drawn anew, all fields of one together.

    Parameters
    ----------
    cells : DataFrame
        As in `cardocr_nb.quality.Evaluation`.
    by : sequence of str, default ()
        Columns of `cells` by which the table is sliced.
    confidence : float, default 0.95
        Of the intervals, which are quantiles of the draws.
    draws : int, default 2000
    seed : int, default 0
        The same seed gives the same intervals.

    Returns
    -------
    DataFrame
        One row a field, and a last one, field missing, for all fields together (within each slice): ``images, cases,
        exact, exact_low, exact_high, cer, cer_low, cer_high``. From one image nothing can be said of others: the
        intervals are missing.

    Raises
    ------
    ValueError
        The confidence is not between 0 and 1, or `draws` less than 1.

    References
    ----------
    B. Efron and R. J. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13 (percentile interval).
    """
    checked_confidence(confidence)
    if draws < 1:
        raise ValueError(f"draws must be 1 or more, got {draws}")
    standing = cells[(cells["outcome"] != "spurious").to_numpy()]
    counted = standing[[*by, "key", "field"]].assign(
        cases=1,
        correct=(standing["outcome"] == "correct").astype(np.int64),
        edits=standing["distance"],
        characters=standing["length"],
    )
    rng = np.random.default_rng(seed)
    rows = []
    for place, part in _slices(counted, list(by)):
        for field, group in [*part.groupby("field", observed=True), (None, part)]:
            rows.append([*place, field, *_row(group, confidence, draws, rng)])
    names = ["images", "cases", "exact", "exact_low", "exact_high", "cer", "cer_low", "cer_high"]
    table = pd.DataFrame(rows, columns=[*by, "field", *names])
    return table.astype({"field": cells["field"].dtype})


def _slices(counted: pd.DataFrame, by: list[str]) -> list[tuple[list[object], pd.DataFrame]]:
    if not by:
        return [([], counted)] if len(counted) else []
    return [(list(place), part) for place, part in counted.groupby(by, observed=True, dropna=False)]


def _row(group: pd.DataFrame, confidence: float, draws: int, rng: np.random.Generator) -> list[float]:
    images = group.groupby("key")[_COUNTED].sum()
    total = images.sum()
    low, high = _quantiles(images, confidence, draws, rng)
    cer = total["edits"] / total["characters"] if total["characters"] else np.nan
    return [len(images), total["cases"], total["correct"] / total["cases"], low[0], high[0], cer, low[1], high[1]]


def _quantiles(
    images: pd.DataFrame, confidence: float, draws: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(images) == 1:
        return np.full(2, np.nan), np.full(2, np.nan)
    # Images with equal counts are alike, so that a draw is a draw of how many there are of each kind.
    kinds, number = np.unique(images.to_numpy(np.int64), axis=0, return_counts=True)
    drawn = [
        rng.multinomial(len(images), number / len(images), size=size) @ kinds
        for size in _sizes(draws, _AT_ONCE // len(kinds) + 1)
    ]
    cases, correct, edits, characters = np.concatenate(drawn).T.astype(np.float64)
    shares = np.stack([correct / cases, edits / np.where(characters > 0, characters, np.nan)])
    low, high = np.quantile(shares, [(1 - confidence) / 2, (1 + confidence) / 2], axis=1)
    return low, high


def _sizes(draws: int, most: int) -> list[int]:
    return [min(most, draws - start) for start in range(0, draws, most)]
