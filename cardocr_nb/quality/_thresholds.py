"""From which score on a reading may be used unseen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.quality._calibration import scored_readings
from cardocr_nb.quality._evaluation import evaluate
from cardocr_nb.quality._intervals import lower_bound, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.quality._evaluation import Rules, Truth


@dataclass(frozen=True, slots=True, repr=False)
class Thresholds:
    """Result of `threshold`.

    Attributes
    ----------
    fields : DataFrame
        One row a field: ``threshold`` (Int16; missing when no score reaches the promise), ``cases`` read, ``passing``
        at or above it, ``share`` of the cases that pass, ``right`` share of those that pass, and ``bound``: what their
        share is at least, with the confidence asked for. Without a threshold the last two describe all cases.
    joint : DataFrame
        One row for whole cards: ``cases``, ``passing`` (every field that stands there was read and passes), their
        ``share`` with its interval ``share_low, share_high``, and ``right``, the share of those that pass on which
        everything is right, with its interval ``low, high`` (Wilson). No promise is made of it: it is measured on the
        cards from which the thresholds were learned, and so a little too good.
    precision, confidence : float
        What was asked for.
    """

    fields: pd.DataFrame
    joint: pd.DataFrame
    precision: float
    confidence: float

    def __str__(self) -> str:
        promised = f"precision {self.precision:g} with confidence {self.confidence:g}, field by field"
        return f"{promised}\n{self.fields.to_string(index=False)}\nwhole cards\n{self.joint.to_string(index=False)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        promised = f"<p>precision {self.precision:g} with confidence {self.confidence:g}, field by field</p>"
        return f"{promised}{self.fields.to_html(index=False)}<p>whole cards</p>{self.joint.to_html(index=False)}"

    def passes(self, df: pd.DataFrame) -> pd.Series:
        """Tell which readings of a frame may be used unseen.

        Returns
        -------
        Series of bool
            With the index of `df`; False without a score, and for fields without a threshold.
        """
        return passes(self.fields, df)

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
        first = first_rows(number)
        return frame[["job_id", "key"]].take(first).reset_index(drop=True).assign(passes=every.to_numpy())


def passes(fields: pd.DataFrame, df: pd.DataFrame) -> pd.Series:
    """Tell which readings of a frame reach the threshold of their field, see `Thresholds.passes`."""
    known = fields[fields["field"].notna() & fields["threshold"].notna()]
    least = dict(zip(known["field"].astype("str"), known["threshold"].tolist(), strict=True))
    needed = df["field"].astype("str").map(least).astype("Int16")
    return (df["score"] >= needed).fillna(False).astype(bool).rename("passes")


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
    >>> from cardocr_nb.wire._records import CardResult, Field
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
    cells = evaluate(df, truth, normalize=normalize).cells
    readings = scored_readings(cells)
    level = 1 - (1 - confidence) / looks
    rows = [
        {"field": field, **_lowest(part["score"].to_numpy(), part["right"].to_numpy(), precision, level, looks)}
        for field, part in readings.groupby("field", observed=True)
    ]
    columns = ["field", "threshold", "cases", "passing", "share", "right", "bound"]
    table = pd.DataFrame(rows, columns=columns).astype({"threshold": "Int16"})
    return Thresholds(table, _joint(cells, table, confidence), precision, confidence)


def _joint(cells: pd.DataFrame, fields: pd.DataFrame, confidence: float) -> pd.DataFrame:
    states = {"passes": passes(fields, cells) & (cells["outcome"] != "missing"), "right": cells["outcome"] == "correct"}
    cards = pd.DataFrame(states).groupby(card_numbers(cells)).all()
    cases, passing = len(cards), int(cards["passes"].sum())
    right = int((cards["passes"] & cards["right"]).sum())
    intervals = [wilson(count, of, confidence=confidence) for count, of in ((passing, cases), (right, passing))]
    (share_low, share_high), (low, high) = ((float(a), float(b)) for a, b in intervals)
    shares = {"share": passing / cases if cases else np.nan, "share_low": share_low, "share_high": share_high}
    rights = {"right": right / passing if passing else np.nan, "low": low, "high": high}
    return pd.DataFrame([{"cases": cases, "passing": passing, **shares, **rights}])


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
