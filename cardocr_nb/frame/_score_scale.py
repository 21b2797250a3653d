"""Scores from 0 to 100: those on another scale, or with fractions, are refused or converted, never cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HIGHEST = 100
_LISTED = "cardocr_nb.frame.validate(df) lists the rows"


class ScoreError(ValueError):
    """Scores are not whole numbers from 0 to 100."""


def whole_scores(column: pd.Series) -> pd.Series:
    """Return whole scores; those with fractions are refused, since they would be cut off, and values of other kinds.

    Raises
    ------
    ScoreError

    Examples
    --------
    >>> whole_scores(pd.Series([98.0, None])).tolist()
    [98.0, <NA>]
    """
    truth_values = column.dtype == object and any(isinstance(value, (bool, np.bool_)) for value in column)
    if column.notna().any() and (truth_values or pd.api.types.is_bool_dtype(column.dtype)):
        raise ScoreError("scores are whole numbers from 0 to 100, got True and False; is it the column of the scores?")
    try:
        numbers = pd.to_numeric(column).astype("Float64")
    except (TypeError, ValueError, OverflowError):
        # Said without what pandas says, which quotes the value.
        raise ScoreError(f"scores are whole numbers from 0 to 100, got texts or objects; {_LISTED}") from None
    known = numbers.dropna().to_numpy(np.float64)
    if _seem_divided(column, known):
        raise ScoreError(
            f"scores are 0 to 100, got a calculated column ({column.dtype}) whose largest value is 1; multiply it by 100 and round(), or, "
            "if they are whole scores of 0 and 1, .astype('Int16')"
        )
    if (np.abs(known) > np.iinfo(np.int16).max).any():
        raise ScoreError(
            "scores are whole numbers from 0 to 100, got numbers beyond 32767; is it the column of the scores?"
        )
    if (known != np.rint(known)).any():
        if known.min() >= 0 and known.max() <= 1:
            raise ScoreError("scores are 0 to 100, got values between 0 and 1; multiply them by 100 and round()")
        raise ScoreError(
            "scores are whole numbers from 0 to 100, got fractions; round() them, or keep them in a column of another name"
        )
    return numbers


def _seem_divided(column: pd.Series, known: NDArray[np.floating[Any]]) -> bool:
    """Whether scores of 0 and 1 seem to be those of 0 and 100, divided by 100; zeros alone are the same on both scales.

    `pandas.read_csv` makes numpy's floats of whole numbers with gaps, so that such a column shows nothing, unless all are 1.
    """
    if not len(known) or known.max() != 1 or known.min() < 0:
        return False
    if pd.api.types.is_float_dtype(column.dtype):
        calculated = not isinstance(column.dtype, np.dtype) or len(known) == len(column)
        return calculated or bool(known.min() == 1)
    written = column.dropna().astype("str") if pd.api.types.is_string_dtype(column.dtype) else pd.Series(dtype="str")
    return bool(len(written) and known.min() == 1 and written.str.contains(".", regex=False).all())


def refuse_scores(scores: pd.Series) -> None:
    """Raise if scores are below 0 or above 100.

    Raises
    ------
    ScoreError
    """
    numbers = scores.to_numpy(np.int16, na_value=0)
    outside = np.count_nonzero((numbers < 0) | (numbers > _HIGHEST))
    if outside:
        raise ScoreError(
            f"scores are whole numbers from 0 to 100, and {outside} of {scores.notna().sum()} are below or above; {_LISTED}, "
            'df["score"].where(df["score"].between(0, 100)) leaves them out'
        )


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
