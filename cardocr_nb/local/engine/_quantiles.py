"""Quantiles of few values and of many pixels, for which numpy needs ten times as long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray


def quantile(values: Iterable[float], part: float) -> float:
    """Return a quantile as `numpy.quantile` has it, between the two values next to its place.

    Parameters
    ----------
    values : iterable of float
        At least one.
    part : float
        0 to 1.

    Examples
    --------
    >>> quantile([1.0, 4.0, 2.0], 0.75)
    3.0
    """
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    low = int(place)
    one, other, beyond = ordered[low], ordered[min(low + 1, len(ordered) - 1)], place - low
    return one + (other - one) * beyond if beyond < 0.5 else other - (other - one) * (1 - beyond)


def pixel_quantile(values: NDArray[np.floating[Any]] | NDArray[np.uint8], part: float) -> float:
    """Return a quantile of many values as `numpy.quantile` has it, or nearly: it rounds elsewhere.

    Parameters
    ----------
    values : ndarray, floating or uint8
        At least one.
    part : float
        0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> pixel_quantile(np.array([[1, 4], [2, 3]], np.float32), 0.5)
    2.5
    """
    import numpy as np

    place = part * (values.size - 1)
    high = int(np.ceil(place))
    # One place is found ten times as fast as two neighbors at once.
    ordered = np.partition(values, high, axis=None)
    other = float(ordered[high])
    one = float(ordered[:high].max()) if high > place else other
    return one + (other - one) * (place - int(place))
