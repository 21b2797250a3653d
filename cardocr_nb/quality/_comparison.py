"""Two readings of the same images: cloud and embedded, old and new, original and recompressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.quality._cells import refuse_parts
from cardocr_nb.quality._distribution_shift import ks, psi
from cardocr_nb.quality._evaluation import evaluate
from cardocr_nb.quality._intervals import wilson
from cardocr_nb.quality._normalization import normalize_fields

if TYPE_CHECKING:
    from cardocr_nb.quality._evaluation import Rules, Truth

_PAIR = ["key", "field"]
_DRAWS = 4000
_SEED = 20_260_101


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """Result of `compare`; its repr holds no text of a card.

    Attributes
    ----------
    fields : DataFrame
        One row a field: ``pairs`` of which either side read a text, ``agree``, their ``share`` with its interval ``low,
        high`` (Wilson), ``only_left, only_right`` (read on one side), ``score_left, score_right`` (means), ``ks`` (largest
        distance of the two score distributions, Kolmogorov and Smirnov) and ``psi`` (population stability index over
        ten bins of the left scores; above 0.25 is commonly called a large shift). See `cardocr_nb.quality._distribution_shift`.
    accuracy : DataFrame or None
        With truth, one row a field and a last one, field missing, for all fields together: ``cases`` that stand on the
        cards, ``right_left, right_right``, ``lost`` (right on the left only), ``gained`` (on the right only), ``p`` (exact
        test of McNemar; missing for all fields together, which are not independent), and the ``difference`` of the
        accuracies, right minus left, with its interval ``low, high`` by bootstrap over images.
    flips : DataFrame
        Pairs that differ: ``key, field, text_left, text_right, score_left, score_right``, the texts as they were read.
    left_only, right_only : int
        Images that only one side holds; they count nowhere above.
    """

    fields: pd.DataFrame
    accuracy: pd.DataFrame | None
    flips: pd.DataFrame
    left_only: int
    right_only: int

    @property
    def _tables(self) -> list[pd.DataFrame]:
        return [self.fields] if self.accuracy is None else [self.fields, self.accuracy]

    @property
    def _alone(self) -> str:
        return f"{self.left_only} images only on the left, {self.right_only} only on the right"

    def __str__(self) -> str:
        return "\n".join([*(t.to_string(index=False) for t in self._tables), self._alone])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join(t.to_html(index=False, na_rep="–") for t in self._tables) + f"<p>{self._alone}</p>"


def compare(
    df: pd.DataFrame,
    other: pd.DataFrame,
    truth: Truth | None = None,
    *,
    normalize: Rules = True,
    confidence: float = 0.95,
) -> Comparison:
    """Compare two readings of the same images, field by field.

    Parameters
    ----------
    df, other : DataFrame
        Left and right, as `cardocr_nb.to_frame` makes them; paired by ``key`` and ``field``. Where a side has read an
        image or a field twice, the first counts.
    truth, normalize
        As for `cardocr_nb.quality.evaluate`; without truth there is agreement, not accuracy.
    confidence : float, default 0.95
        Of the intervals.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError
        A frame is one of Dask.
    ValueError
        No image is on both sides.

    References
    ----------
    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> old, new = (to_frame(CardResult((Field("姓名", name, 90),), key="1.jpg")) for name in ("样木", "样本"))
    >>> compare(old, new).fields[["field", "pairs", "agree", "share"]]
      field  pairs  agree  share
    0  name      1      0    0.0
    """
    left, right = (_readings(side) for side in (df, other))
    both = left["key"].drop_duplicates()
    both = both[both.isin(right["key"].drop_duplicates().tolist())]
    if both.empty and len(left) and len(right):
        raise ValueError("no key is in both frames; keys must be spelled alike, folder and ending included")
    left_only, right_only = (side["key"].nunique() - len(both) for side in (left, right))
    left, right = (side[side["key"].isin(both.tolist())] for side in (left, right))
    pairs = _pairs(left, right, normalize)
    return Comparison(
        fields=_fields(pairs, confidence),
        accuracy=None if truth is None else _accuracy(left, right, truth, normalize, confidence),
        flips=pairs.loc[~pairs["same"], [*_PAIR, "text_left", "text_right", "score_left", "score_right"]].reset_index(drop=True),
        left_only=left_only,
        right_only=right_only,
    )  # fmt: skip


def _readings(df: pd.DataFrame) -> pd.DataFrame:
    refuse_parts(df)
    frame = conform(df)
    frame = frame[frame["key"].notna()]
    # Of several jobs for an image the first with a row counts, with the first of each of its fields.
    first = frame.drop_duplicates("key")[["job_id", "key"]]
    frame = frame.merge(first, on=["job_id", "key"])
    return frame.drop_duplicates(_PAIR, ignore_index=True)


def _pairs(left: pd.DataFrame, right: pd.DataFrame, normalize: Rules) -> pd.DataFrame:
    sides = [
        side.loc[side["field"].notna() & side["text"].notna(), [*_PAIR, "text", "score"]].astype({"field": "str"})
        for side in (left, right)
    ]
    pairs = sides[0].merge(sides[1], on=_PAIR, how="outer", suffixes=("_left", "_right"))
    texts = [pairs["text_left"], pairs["text_right"]]
    if normalize is not False:
        rules = None if normalize is True else normalize
        texts = [normalize_fields(t, pairs["field"], rules=rules) for t in texts]
    pairs["same"] = (texts[0] == texts[1]).to_numpy(bool)
    order = left["field"].cat.categories.union(right["field"].cat.categories, sort=False)
    pairs["field"] = pairs["field"].astype(pd.CategoricalDtype(order))
    return pairs.sort_values(_PAIR[::-1], ignore_index=True)


def _fields(pairs: pd.DataFrame, confidence: float) -> pd.DataFrame:
    rows = []
    for field, part in pairs.groupby("field", observed=True):
        scores = [part[s].dropna().to_numpy(np.float64) for s in ("score_left", "score_right")]
        rows.append(
            {
                "field": field,
                "pairs": len(part),
                "agree": int(part["same"].sum()),
                "only_left": int(part["text_right"].isna().sum()),
                "only_right": int(part["text_left"].isna().sum()),
                "score_left": scores[0].mean() if len(scores[0]) else np.nan,
                "score_right": scores[1].mean() if len(scores[1]) else np.nan,
                "ks": ks(*scores),
                "psi": psi(*scores),
            }
        )
    names = ["field", "pairs", "agree", "only_left", "only_right", "score_left", "score_right", "ks", "psi"]
    table = pd.DataFrame(rows, columns=names)
    table.insert(3, "share", table["agree"] / table["pairs"])
    low, high = wilson(table["agree"], table["pairs"], confidence=confidence)
    table.insert(4, "low", low)
    table.insert(5, "high", high)
    return table


def _accuracy(
    left: pd.DataFrame, right: pd.DataFrame, truth: Truth, normalize: Rules, confidence: float
) -> pd.DataFrame:
    from scipy.stats import binomtest  # type: ignore[import-untyped]  # scipy ships no type hints

    sides = []
    for side in (left, right):
        cells = evaluate(side, truth, normalize=normalize).cells
        stands = cells[cells["outcome"] != "spurious"]
        sides.append(stands[_PAIR].astype({"field": "str"}).assign(right=stands["outcome"] == "correct"))
    cells = sides[0].merge(sides[1], on=_PAIR, suffixes=("_left", "_right"))
    order = left["field"].cat.categories.union(pd.Index(cells["field"].unique()), sort=False)
    cells["field"] = cells["field"].astype(pd.CategoricalDtype(order))
    cells["gain"] = cells["right_right"].astype(np.int64) - cells["right_left"].astype(np.int64)
    rows = []
    for field, part in [*cells.groupby("field", observed=True), (None, cells)]:
        lost, gained = int((part["gain"] < 0).sum()), int((part["gain"] > 0).sum())
        low, high = _bootstrap(part, confidence)
        exact = np.nan if field is None else binomtest(gained, max(lost + gained, 1)).pvalue if lost + gained else 1.0
        counts = [len(part), int(part["right_left"].sum()), int(part["right_right"].sum()), lost, gained]
        rows.append([field, *counts, exact, part["gain"].mean(), low, high])
    names = ["field", "cases", "right_left", "right_right", "lost", "gained", "p", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def _bootstrap(cells: pd.DataFrame, confidence: float) -> tuple[float, float]:
    """Interval of the mean gain when images are drawn anew, all fields of one together."""
    if cells.empty:
        return np.nan, np.nan
    images = cells.groupby("key")["gain"].agg(["sum", "size"]).value_counts()
    kinds = np.array(images.index.tolist(), dtype=np.float64)
    # Images of equal gain and size are alike, so that a draw is a draw of how many there are of each kind.
    draws = np.random.default_rng(_SEED).multinomial(images.sum(), images / images.sum(), size=_DRAWS)
    means = (draws @ kinds[:, 0]) / (draws @ kinds[:, 1])
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
