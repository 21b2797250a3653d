"""From which score on a reading may be used unseen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.frame.schema import conform
from cardocr_nb.frame.shapes import card_numbers
from cardocr_nb.quality.calibration import judged_readings
from cardocr_nb.quality.intervals import lower_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.quality.evaluate import Rules, Truth


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Result of `threshold`.

    Attributes
    ----------
    fields : DataFrame
        One row a field: ``threshold`` (Int16; missing when no score reaches the promise), ``cases`` read, ``passing``
        at or above it, ``share`` of the cases that pass, ``right`` share of those that pass, and ``bound``: what their
        share is at least, with the confidence asked for. Without a threshold the last two describe all cases.
    precision, confidence : float
        What was asked for.
    """

    fields: pd.DataFrame
    precision: float
    confidence: float

    def passes(self, df: pd.DataFrame) -> pd.Series:
        """Tell which readings of a frame may be used unseen.

        Returns
        -------
        Series of bool
            With the index of `df`; False without a score, and for fields without a threshold.
        """
        least = dict(zip(self.fields["field"].astype("str"), self.fields["threshold"], strict=True))
        needed = df["field"].astype("str").map(least).astype("Int16")
        return (df["score"] >= needed).fillna(False).astype(bool).rename("passes")

    def cards(self, df: pd.DataFrame) -> pd.DataFrame:
        """Tell of which cards every reading may be used unseen.

        Returns
        -------
        DataFrame
            ``job_id, key, passes`` a card, in order of appearance; a card without a field does not pass.
        """
        frame = conform(df).reset_index(drop=True)
        number = card_numbers(frame)
        every = self.passes(frame).groupby(number).all()
        first = np.unique(number, return_index=True)[1]
        return frame[["job_id", "key"]].take(first).reset_index(drop=True).assign(passes=every.to_numpy())


def threshold(
    df: pd.DataFrame,
    truth: Truth,
    *,
    precision: float = 0.995,
    confidence: float = 0.95,
    looks: int = 20,
    normalize: Rules = True,
) -> Thresholds:
    """Find for each field the lowest score above which readings are right often enough.

    Parameters
    ----------
    df, truth, normalize
        As for `cardocr_nb.quality.evaluate`.
    precision : float, default 0.995
        Share of right readings, among those that pass, that is promised for new cards of the same kind.
    confidence : float, default 0.95
        With which the promise holds, field by field.
    looks : int, default 20
        How many scores are tried for a field, spread over its cases without regard to the truth. More find the
        threshold more closely, and each must then show more: the bound is put to the confidence
        1 - (1 - `confidence`) / `looks` (Bonferroni), so that trying many does not break the promise.

    Returns
    -------
    Thresholds
        "No threshold reaches it" is an answer: a missing one. With the defaults a field needs about 1,200 readings that
        pass without an error, or a few more for each error.

    Raises
    ------
    ValueError
        A share is not between 0 and 1, or `looks` below 1.

    Notes
    -----
    The bound is exact for cards drawn independently (Clopper and Pearson). It says nothing about other cameras, other
    cards or a changed engine.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire.models import CardResult, Field
    >>> read = [CardResult((Field("姓名", "样本", 80 + k % 20),), key=f"{k}.jpg") for k in range(400)]
    >>> truth = pd.DataFrame({"key": [f"{k}.jpg" for k in range(400)], "field": "name", "text": "样本"})
    >>> truth.loc[truth.index % 20 < 5, "text"] = "x"
    >>> threshold(to_frame(read), truth, precision=0.95).fields[["field", "threshold", "passing", "bound"]].round(3)
      field  threshold  passing  bound
    0  name         85      300   0.98
    """
    for name, value in (("precision", precision), ("confidence", confidence)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {value}")
    if looks < 1:
        raise ValueError(f"looks must be 1 or more, got {looks}")
    readings = judged_readings(df, truth, normalize=normalize)
    level = 1 - (1 - confidence) / looks
    rows = [
        {"field": field, **_lowest(part["score"].to_numpy(), part["right"].to_numpy(), precision, level, looks)}
        for field, part in readings.groupby("field", observed=True)
    ]
    columns = ["field", "threshold", "cases", "passing", "share", "right", "bound"]
    table = pd.DataFrame(rows, columns=columns).astype({"threshold": "Int16"})
    return Thresholds(fields=table, precision=precision, confidence=confidence)


def _lowest(
    score: NDArray[np.int64], right: NDArray[np.bool_], precision: float, level: float, looks: int
) -> dict[str, object]:
    tried = np.unique(np.quantile(score, np.arange(looks) / looks, method="lower"))
    order = np.argsort(-score, kind="stable")
    hits = np.concatenate([[0], np.cumsum(right[order])])
    passing = len(score) - np.searchsorted(np.sort(score), tried, side="left")
    bound = lower_bound(hits[passing], passing, confidence=level)
    good = np.flatnonzero(bound >= precision)
    at = good[0] if len(good) else 0
    return {
        "threshold": int(tried[at]) if len(good) else pd.NA,
        "cases": len(score),
        "passing": int(passing[at]) if len(good) else 0,
        "share": passing[at] / len(score) if len(good) else 0.0,
        "right": hits[passing[at]] / passing[at],
        "bound": bound[at],
    }
