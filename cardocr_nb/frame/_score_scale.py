"""Scores of files of other tools, most from 0 to 1, as scores of this package from 0 to 100."""

from __future__ import annotations

import pandas as pd

from cardocr_nb.frame._frame_schema import ScoreError


def hundredths(scores: pd.Series) -> pd.Series:
    """Return scores from 0 to 100.

    Parameters
    ----------
    scores : Series
        All scores of a file, from 0 to 1, or from 0 to 100 if one of them is above 1. Numbers may be texts.

    Returns
    -------
    Series of dtype Int16
        Whole numbers; missing where there is no score.

    Raises
    ------
    ScoreError
        A score is below 0 or above 100.

    Examples
    --------
    >>> hundredths(pd.Series([0.87, 1.0, None])).tolist(), hundredths(pd.Series([87, 1, None])).tolist()
    ([87, 100, <NA>], [87, 1, <NA>])
    """
    numbers = pd.to_numeric(scores).astype("Float64")
    known = numbers.dropna()
    if len(known) and not (known.min() >= 0 and known.max() <= 100):
        raise ScoreError("scores of a file are 0 to 1, or 0 to 100; some are below 0 or above 100")
    return (numbers if len(known) and known.max() > 1 else numbers * 100).round().astype("Int16")
