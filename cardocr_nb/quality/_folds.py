"""Images dealt into parts, so that what was learned from some can be judged on others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray


def folds_of(key: pd.Series, folds: int, seed: int) -> NDArray[np.int64]:
    """Deal images into parts of about equal size.

    Parameters
    ----------
    key : Series of str
        Image of each reading.
    folds : int
        How many parts.
    seed : int

    Returns
    -------
    ndarray of int, shape (n,)
        Part of each reading, from 0; the same for all readings of an image.

    Examples
    --------
    >>> folds_of(pd.Series(["a", "a", "b", "c"]), 2, seed=0).tolist()
    [0, 0, 0, 1]
    """
    # Sorted, so that the parts do not depend on the order of the rows.
    image, images = pd.factorize(key, sort=True)
    dealt = np.random.default_rng(seed).permutation(len(images)) % folds
    return np.asarray(dealt[image], dtype=np.int64)
