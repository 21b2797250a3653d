"""Intervals for shares."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def checked_confidence(confidence: float) -> float:
    """Refuse what is no share."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    return confidence


def wilson(
    count: ArrayLike, cases: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Interval for a share by Wilson's score method.

    Parameters
    ----------
    count, cases : array_like of int
        Hits and trials.
    confidence : float, default 0.95
        Between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        0 to 1; NaN where there are no cases.

    Raises
    ------
    ValueError
        The confidence is not between 0 and 1.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22, 1927.

    Examples
    --------
    >>> low, high = wilson(9, 10)
    >>> f"{low:.3f} {high:.3f}"
    '0.596 0.982'
    """
    z = NormalDist().inv_cdf((1 + checked_confidence(confidence)) / 2)
    k, n = np.asarray(count, dtype=np.float64), np.asarray(cases, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = k / n
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def lower_bound(count: ArrayLike, cases: ArrayLike, *, confidence: float = 0.95) -> NDArray[np.float64]:
    """One-sided lower bound for a share by the exact method of Clopper and Pearson.

    Parameters
    ----------
    count, cases : array_like of int
        Hits and trials.
    confidence : float, default 0.95
        With which the true share lies above the bound; never less, whatever the share.

    Returns
    -------
    ndarray of float
        0 to 1; 0 where there are no cases.

    Raises
    ------
    ValueError
        The confidence is not between 0 and 1.

    References
    ----------
    C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 26, 1934.

    Examples
    --------
    >>> lower_bound([598, 597], [598, 598]).round(4).tolist()
    [0.995, 0.9921]
    """
    from scipy.stats import beta  # type: ignore[import-untyped]  # scipy ships no type hints

    k, n = np.asarray(count, dtype=np.float64), np.asarray(cases, dtype=np.float64)
    bound = beta.ppf(1 - checked_confidence(confidence), np.maximum(k, 1), np.maximum(n - k + 1, 1))
    return np.where(k > 0, bound, 0.0)


def upper_bound(count: ArrayLike, cases: ArrayLike, *, confidence: float = 0.95) -> NDArray[np.float64]:
    """One-sided upper bound for a share by the exact method of Clopper and Pearson; 1 where there are no cases.

    Parameters, errors and source are those of `lower_bound`.

    Examples
    --------
    >>> upper_bound([0, 1], [598, 598]).round(4).tolist()
    [0.005, 0.0079]
    """
    k, n = np.asarray(count, dtype=np.float64), np.asarray(cases, dtype=np.float64)
    return 1 - lower_bound(n - k, n, confidence=confidence)
