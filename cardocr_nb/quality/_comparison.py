"""Two readings of the same images: cloud and embedded, old and new, original and recompressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._field_words import by_field
from cardocr_nb._key_forms import mismatch
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.frame._text_tables import read_table
from cardocr_nb.privacy._service_texts import with_shown_fields
from cardocr_nb.quality._bootstrap import ALL, equal_weights, imaginary, rate_intervals, resampled_interval, with_all
from cardocr_nb.quality._card_groups import GROUP, group_of_cards, groups_of_frame
from cardocr_nb.quality._cells import one_job_an_image, refuse_parts
from cardocr_nb.quality._distribution_shift import ks, psi, psi_test
from cardocr_nb.quality._evaluation import Evaluation, evaluate
from cardocr_nb.quality._group_dependence import warn_of_cards_without_group, warn_of_few_groups
from cardocr_nb.quality._normalization import normalize_fields
from cardocr_nb.quality._truth import WEIGHT

if TYPE_CHECKING:
    import os

    from cardocr_nb.quality._evaluation import Groups, Rules, Truth

_PAIR = ["key", "field"]
_RESAMPLES = 4000
_SEED = 20_260_101


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """Result of `compare`; its repr holds no text of a card.

    Attributes
    ----------
    fields : DataFrame
        One row a field: ``pairs`` (a text on either side), ``agree``, their rate ``share`` with its interval ``low,
        high``, ``only_left, only_right`` (a text on one side), ``score_left, score_right`` (means), ``ks`` (largest distance
        of the two score distributions, Kolmogorov and Smirnov), and ``psi`` (population stability index over ten bins of
        the left scores), with ``psi_expected``, its mean when nothing differs, and ``psi_p``, the probability of such an
        index or a larger one then. An index below its expected value says nothing.
    accuracy : DataFrame or None
        With truth, one row a field and a last one, ``all``, for all fields together: ``cases``, readings that have a truth,
        ``right_left, right_right`` (correct ones), ``lost`` (correct on the left only), ``gained`` (on the right only),
        ``p`` (exact test of McNemar; missing where readings are not independent: for all fields, with groups, with
        unequal weights), and the ``difference`` of the accuracies, right minus left, with its interval ``low, high`` over images,
        or groups.
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
        return "\n".join([*(with_shown_fields(t).to_string(index=False) for t in self._tables), self._alone])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return (
            "".join(with_shown_fields(t).to_html(index=False, na_rep="–") for t in self._tables)
            + f"<p>{self._alone}</p>"
        )


def compare(
    df: pd.DataFrame,
    other: pd.DataFrame | str | os.PathLike[str],
    truth: Truth | None = None,
    *,
    normalize: Rules = True,
    confidence: float = 0.95,
    complete: bool | None = None,
    groups: Groups | None = None,
) -> Comparison:
    """Compare two readings of the same images, field by field.

    Parameters
    ----------
    df : DataFrame
        The left side, as `cardocr_nb.to_frame` makes it.
    other : DataFrame or path
        The right side, a frame or a Parquet, Feather or CSV file of one. Both are paired by ``key`` and ``field``. Of several
        readings of an image on one side one counts, as in `evaluate`; of a field that appears twice the first.
    truth, normalize, complete, groups
        As for `cardocr_nb.quality.evaluate`; without truth there is agreement, not accuracy. Groups are those of `df`.
    confidence : float, default 0.95
        Of the intervals: that of agreement is exact (Clopper and Pearson) without groups; with groups, and that of the
        difference, by resampling, see `cardocr_nb.quality.bootstrap`.

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
    refuse_parts(other)
    if not isinstance(other, pd.DataFrame):
        other = read_table(other)
    left, right = (first_readings(side) for side in (df, other))
    both = left["key"].drop_duplicates()
    both = both[both.isin(right["key"].drop_duplicates().tolist())]
    if both.empty and len(left) and len(right):
        keys = mismatch("the first", left["key"].dropna(), "the second", right["key"].dropna())
        raise ValueError(f"no key is in both frames; {keys}")
    left_only, right_only = (side["key"].nunique() - len(both) for side in (left, right))
    if isinstance(groups, str):
        card = card_numbers(left)
        groups = dict(zip(left["key"].take(first_rows(card)), groups_of_frame(left, card, groups), strict=True))
    left, right = (side[side["key"].isin(both.tolist())] for side in (left, right))
    pairs = paired(left, right, normalize)
    if groups is not None:
        pairs[GROUP] = group_of_cards(pairs[["key"]], groups)
    options = {"normalize": normalize, "complete": complete, "groups": groups}
    fields = _fields(pairs, confidence)
    if groups is not None:
        warn_of_cards_without_group(pairs.drop_duplicates("key")[GROUP])
        warn_of_few_groups(fields["pairs"], fields["low"])
    return Comparison(
        fields=fields,
        accuracy=None if truth is None else _accuracy(left, right, truth, options, confidence),
        flips=pairs.loc[~pairs["same"], [*_PAIR, "text_left", "text_right", "score_left", "score_right"]].reset_index(drop=True),
        left_only=left_only,
        right_only=right_only,
    )  # fmt: skip


def first_readings(df: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first job of each image on which a field was read, else of the first, with the first of each of its fields."""
    refuse_parts(df)
    frame = conform(df)
    frame = frame[frame["key"].notna()]
    return frame[one_job_an_image(frame)].drop_duplicates(_PAIR, ignore_index=True)


def paired(left: pd.DataFrame, right: pd.DataFrame, normalize: Rules) -> pd.DataFrame:
    """Texts and scores of both sides by key and field, and whether they are the same by the rules of equality."""
    sides = [
        side.loc[side["field"].notna() & side["text"].notna(), [*_PAIR, "text", "score"]].astype({"field": "str"})
        for side in (left, right)
    ]
    pairs = sides[0].merge(sides[1], on=_PAIR, how="outer", suffixes=("_left", "_right"))
    texts = [pairs["text_left"], pairs["text_right"]]
    if normalize is not False:
        fields = pairs["field"].unique()
        rules = None if normalize is True else by_field("normalize", normalize, fields)
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
                **dict(zip(("psi_expected", "psi_p"), psi_test(*scores), strict=True)),
            }
        )
    names = [
        "field",
        "pairs",
        "agree",
        "only_left",
        "only_right",
        "score_left",
        "score_right",
        "ks",
        "psi",
        "psi_expected",
        "psi_p",
    ]
    table = pd.DataFrame(rows, columns=names)
    table.insert(3, "share", table["agree"] / table["pairs"])
    counts = table[["agree", "pairs"]].set_axis(["correct", "cases"], axis=1)
    number = pairs.groupby("field", observed=True).ngroup().to_numpy()
    ends = rate_intervals(counts, pairs.assign(**{WEIGHT: 1.0}), number, pairs["same"].to_numpy(bool), confidence)
    table.insert(4, "low", ends["low"])
    table.insert(5, "high", ends["high"])
    return table


def _accuracy(
    left: pd.DataFrame, right: pd.DataFrame, truth: Truth, options: dict[str, Any], confidence: float
) -> pd.DataFrame:
    from scipy.stats import binomtest  # type: ignore[import-untyped]  # scipy ships no type hints

    if isinstance(truth, Evaluation):
        raise TypeError("compare evaluates both frames; pass the truth itself, not the evaluation of one of them")
    sides = []
    for side in (left, right):
        cells = evaluate(side, truth, **options).cells
        present = cells[cells["outcome"] != "spurious"]
        columns = [*_PAIR, WEIGHT, *(c for c in (GROUP,) if c in cells.columns)]
        sides.append(present[columns].astype({"field": "str"}).assign(right=present["outcome"] == "correct"))
    cells = sides[0].merge(sides[1][[*_PAIR, "right"]], on=_PAIR, suffixes=("_left", "_right"))
    cells["gain"] = cells["right_right"].astype(np.int64) - cells["right_left"].astype(np.int64)
    independent = GROUP not in cells.columns and equal_weights(cells[WEIGHT].to_numpy())
    rows = []
    order = left["field"].cat.categories.union(pd.Index(cells["field"].unique(), dtype="str"), sort=False)
    cells["field"] = cells["field"].astype(pd.CategoricalDtype(order))
    for field, part in [*cells.groupby("field", observed=True), (ALL, cells)]:
        lost, gained = int((part["gain"] < 0).sum()), int((part["gain"] > 0).sum())
        counts = [len(part), int(part["right_left"].sum()), int(part["right_right"].sum()), lost, gained]
        p = binomtest(gained, max(lost + gained, 1)).pvalue if lost + gained else 1.0
        # McNemar's test takes readings as independent and of equal weight.
        rows.append([field, *counts, p if independent and field != ALL else np.nan, *_gain(part, confidence)])
    names = ["field", "cases", "right_left", "right_right", "lost", "gained", "p", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=names).astype({"field": with_all(pd.CategoricalDtype(order))})


def _gain(cells: pd.DataFrame, confidence: float) -> tuple[float, float, float]:
    """Mean gain with its interval over images, or groups, as units."""
    if cells.empty:
        return np.nan, np.nan, np.nan
    unit = pd.factorize(cells[GROUP if GROUP in cells.columns else "key"])[0]
    weight = cells[WEIGHT].to_numpy(np.float64)
    total = np.bincount(unit, weights=weight * cells["gain"].to_numpy())
    size = np.bincount(unit, weights=weight)
    rng = np.random.default_rng(_SEED)
    extra = imaginary(weight, len(size))
    independent = GROUP not in cells.columns and equal_weights(weight)
    if GROUP in cells.columns and len(size) == 1:
        return float(total.sum() / size.sum()), np.nan, np.nan
    low, high = resampled_interval(
        total, size, extra, confidence, n_resamples=_RESAMPLES, rng=rng, least=-1.0, independent=independent
    )
    return float(total.sum() / size.sum()), low, high
