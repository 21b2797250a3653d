"""Random samples of cases to label, with the weights that rates need."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from cardocr_nb._keywords import missing_columns
from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.cards import expected_fields
from cardocr_nb.frame._frame_columns import COLUMNS as COLUMNS_OF_CARDS
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.quality._card_groups import refuse_texts
from cardocr_nb.quality._cells import refuse_parts
from cardocr_nb.quality._complete_cards import cards_by_type
from cardocr_nb.quality._intervals import whole_number
from cardocr_nb.quality._truth import AUDIT, SELECTION, WEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLUMNS = ("job_id", "key", "field", "score", "stratum", WEIGHT, SELECTION)
"""Columns of the table that `audit_sample` makes."""

_BANDS = 4
_LEAST_PER_STRATUM = 5
_LEAST_ERROR = 0.01


def audit_sample(
    df: pd.DataFrame,
    n: int,
    *,
    by: str | Sequence[str] = (),
    unit: Literal["field", "card"] = "field",
    seed: int = 0,
) -> pd.DataFrame:
    """Draw the cases to label: at random, or stratified with more cases where errors are likely.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it. Of several readings of an image one counts, as in `evaluate`.
    n : int
        Number of fields, or cards, to draw; all if there are not more.
    by : str or sequence of str, optional
        Strata: ``"score"`` (four bands of equal count, and one each of fields without a text or score), ``"field"``, ``"day"`` (of the
        column ``created``), or any column of the frame. Each stratum gets cases in proportion to its size times the
        standard deviation of errors that its scores suggest (Neyman), at least 5. By default every case has the same
        probability.
    unit : {"field", "card"}, default "field"
        Draw single fields, or whole cards with all of their fields, which `threshold(…, unit="card")` needs.
    seed : int, default 0
        The same seed draws the same cases.

    Returns
    -------
    DataFrame
        One row a field to label, in random order: ``job_id, key, field, score, stratum, weight, selection``. ``weight`` is
        1 / inclusion probability, ``selection`` is ``audit``. Pass it to `cardocr_nb.review.review` as ``queue``: the file
        of corrections then carries the weights, and `evaluate`, `calibration` and `threshold` use them.

    Raises
    ------
    ValueError
        `n` is below 1, a column is unknown, contains texts of the cards or is a day that no card has, or there are more strata
        than cases to draw.

    See Also
    --------
    review_queue : Finds the most errors, but says nothing about their rate.
    sample_size : How many cases show a precision.

    References
    ----------
    J. Neyman, "On the two different aspects of the representative method", Journal of the Royal Statistical Society 97,
    1934; D. G. Horvitz and D. J. Thompson, "A generalization of sampling without replacement from a finite universe",
    Journal of the American Statistical Association 47, 1952.

    Examples
    --------
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> cards = to_frame([CardResult((Field("姓名", "样本", 60 + k % 40),), key=f"{k}.jpg") for k in range(100)])
    >>> sample = audit_sample(cards, 20)
    >>> len(sample), sample["weight"].unique().tolist()
    (20, [5.0])
    """
    n = whole_number("n", n, least=1)
    if unit not in ("field", "card"):
        raise ValueError(f"unit must be 'field' or 'card', got {shown_choice(unit, ('field', 'card'))}")
    refuse_parts(df)
    columns = [by] if isinstance(by, str) else list(by)
    refuse_texts(df, [c for c in columns if c not in ("score", "field", "day")])
    cases = _cases(df, [c for c in columns if c not in ("score", "field", "day")])
    rng = np.random.default_rng(seed)
    if unit == "card":
        if "field" in columns:
            raise ValueError("whole cards cannot be stratified by field; use unit='field', or leave 'field' out of by")
        lowest_first = cases.sort_values(
            ["unread", "score"], ascending=[False, True], na_position="first", kind="stable"
        )
        units = lowest_first.drop_duplicates("key").sort_index()
    else:
        units = cases
    if not len(units):
        return _table(units.assign(stratum="", weight=np.nan), units)
    stratum, names = _strata(units, columns)
    size = np.bincount(stratum)
    taken = _allocation(size, _error_deviation(units, stratum), n)
    chosen = np.concatenate([
        rng.choice(np.flatnonzero(stratum == h), size=taken[h], replace=False) for h in range(len(size))
    ])  # fmt: skip
    chosen = rng.permutation(chosen)
    drawn = units.iloc[chosen].assign(stratum=names[stratum[chosen]], weight=(size / taken)[stratum[chosen]])
    return _table(drawn, cases if unit == "card" else drawn)


def _table(drawn: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Rows of the drawn units, of cards those of all their fields."""
    if cases is not drawn:
        drawn = drawn[["key", "stratum", WEIGHT]].merge(cases, on="key", how="left")
    return drawn.assign(**{SELECTION: AUDIT})[list(COLUMNS)].reset_index(drop=True)


def _cases(df: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """One row for each field of each image that was read or is expected."""
    unknown = [c for c in columns if c not in df.columns]
    if unknown:
        raise ValueError(
            f"{missing_columns(unknown, df.columns, COLUMNS_OF_CARDS)}. by takes 'score', 'field', 'day' or columns of it"
        )
    frame = conform(df).reset_index(drop=True)
    frame = frame[frame["key"].notna()].reset_index(drop=True)
    card = card_numbers(frame)
    first = first_rows(card)
    has_field = np.bincount(card, weights=frame["field"].notna(), minlength=len(first)) > 0
    cards = frame.take(first).assign(card=np.arange(len(first)), read=has_field)
    cards = cards.sort_values("read", ascending=False, kind="stable").drop_duplicates("key").sort_values("card")
    cards["day"] = cards["created"].dt.tz_localize(None).dt.normalize()
    kept = list(dict.fromkeys(["card", "job_id", "key", "day", *columns]))
    read = frame.assign(card=card)[["card", "field", "text", "score"]]
    read = read[read["field"].notna() & read["card"].isin(cards["card"])].drop_duplicates(["card", "field"])
    read = read.astype({"field": "str"})
    expected = []
    for kind, such in cards_by_type(frame, card).items():
        number = cards["card"].to_numpy()[such[cards["card"]]]
        names = list(expected_fields(kind))
        expected.append(pd.DataFrame({"card": np.repeat(number, len(names)), "field": names * len(number)}))
    every = pd.concat([read[["card", "field"]], *expected], ignore_index=True).drop_duplicates()
    cases = every.merge(read, on=["card", "field"], how="left").merge(cards[kept], on="card")
    cases["unread"] = cases["text"].isna()
    cases["score"] = cases["score"].mask(cases["unread"])
    # By key, so that the cases do not depend on the order of the rows.
    return cases.sort_values(["key", "field"], kind="stable", ignore_index=True).drop(columns="text")


def _strata(units: pd.DataFrame, columns: list[str]) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    if not columns:
        return np.zeros(len(units), dtype=np.intp), np.array(["all"], dtype=object)
    parts = []
    for column in columns:
        if column == "score":
            score = units["score"].to_numpy(np.float64, na_value=np.nan)
            known = score[~np.isnan(score)]
            edges = np.unique(np.quantile(known, np.arange(1, _BANDS) / _BANDS)) if len(known) else np.empty(0)
            band = np.searchsorted(edges, score, side="left")
            limits = ["0", *(f"{edge:g}" for edge in edges), "100"]
            labels = np.array([f"score {a} to {b}" for a, b in pairwise(limits)], dtype=object)
            without = np.where(units["unread"].to_numpy(bool), "no text", "no score")
            parts.append(np.where(np.isnan(score), without, labels[np.minimum(band, len(labels) - 1)]))
        elif column == "day":
            if len(units) and units["day"].isna().all():
                raise ValueError(
                    "no card says when its job was created, so that there are no days; leave 'day' out of by"
                )
            parts.append(units["day"].dt.strftime("%Y-%m-%d").astype(object).fillna("no day").to_numpy(object))
        else:
            parts.append(units[column].astype("str").astype(object).fillna("none").to_numpy(object))
    joined = np.array([", ".join(map(str, values)) for values in zip(*parts, strict=True)], dtype=object)
    names, number = np.unique(joined.astype(str), return_inverse=True)
    return number.astype(np.intp), names.astype(object)


def _error_deviation(units: pd.DataFrame, stratum: NDArray[np.intp]) -> NDArray[np.float64]:
    """Standard deviation of errors in each stratum, as far as scores suggest it."""
    score = units["score"].to_numpy(np.float64, na_value=np.nan)
    error = np.where(np.isnan(score), 0.5, (101 - np.clip(score, 0, 100)) / 102)
    mean = np.bincount(stratum, weights=error) / np.bincount(stratum)
    p = np.clip(mean, _LEAST_ERROR, 0.5)
    deviation: NDArray[np.float64] = np.sqrt(p * (1 - p))
    return deviation


def _allocation(size: NDArray[np.intp], deviation: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    """Number of cases of each stratum, their sum `n` or all there are."""
    if n >= size.sum():
        return size
    least = np.minimum(size, min(_LEAST_PER_STRATUM, max(n // len(size), 1)))
    if least.sum() > n:
        raise ValueError(
            f"there are {len(size)} strata and {describe(n)} cases to draw; draw more, or name fewer columns in by"
        )
    taken = least.astype(np.intp)
    while (left := n - int(taken.sum())) > 0:
        share = np.where(taken < size, size * deviation, 0.0)
        wanted = left * share / share.sum()
        more = np.minimum(np.floor(wanted).astype(np.intp), size - taken)
        if not more.any():
            more[np.argmax(np.where(taken < size, wanted, -1.0))] = 1
        taken += more
    return taken
