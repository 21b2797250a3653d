"""Evidence of failed checks for the probability that a reading is incorrect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.quality._checks import REGISTRY, tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cardocr_nb.quality._checks import Check

SURE = 0.99
"""Probability that a reading is incorrect that cannot be correct, or that is missing."""

_LIKELY = 0.9


def raised(rows: pd.DataFrame, checked: pd.DataFrame) -> NDArray[np.float64]:
    """Return the probabilities after the checks, see the notes of `cardocr_nb.quality.review_queue`.

    Parameters
    ----------
    rows : DataFrame
        ``job_id, key, field, card, chance``; each field of a card once.
    checked : DataFrame
        As `cardocr_nb.quality.check` makes it.

    Returns
    -------
    ndarray of float
        In the order of `rows`; never lower than before.
    """
    before = rows["chance"].to_numpy(np.float64)
    after = before.copy()
    by_name = dict(iter(_failed(rows, checked).groupby("check", observed=True)["row"]))
    counts = tally(checked)
    for name, failing in by_name.items():
        each = REGISTRY.get(str(name))
        at = failing.to_numpy(np.int64)
        if each is None or not each.fields:
            continue
        if each.severity == "error":
            for places in _contradicting(rows, each, at):
                some = 1 - np.prod(1 - before[places], axis=1, keepdims=True)
                np.maximum.at(after, places, np.minimum(before[places] / some, SURE))
        else:
            of = counts[counts["check"] == name]
            share = dict(zip(of["field"].astype("str"), of["share"], strict=True))
            failed = rows["field"].astype("str").iloc[at].map(share).fillna(1.0).to_numpy(np.float64)
            np.maximum.at(after, at, np.minimum(before[at] / failed, _LIKELY))
    return after


def reasons(rows: pd.DataFrame, checked: pd.DataFrame) -> pd.Series:
    """Names of the checks that each row failed, joined by ", "."""
    failed = _failed(rows, checked)
    names = np.full(len(rows), "", dtype=object)
    for name, part in failed.groupby("check", observed=True, sort=False):
        at = part["row"].to_numpy(np.int64)
        names[at] = [f"{before}, {name}" if before else str(name) for before in names[at]]
    return pd.Series(names, index=rows.index, dtype="str")


def _failed(rows: pd.DataFrame, checked: pd.DataFrame) -> pd.DataFrame:
    """Check and row of each answer that was no, for what concerns a card."""
    on = ["job_id", "key", "field"]
    of_cards = checked["job_id"].notna() | checked["key"].notna()
    failed = checked.loc[~checked["passed"] & of_cards, [*on, "check"]].astype({"field": "str"})
    places = rows[on].astype({"field": "str"}).assign(row=np.arange(len(rows)))
    return failed.merge(places, on=on).drop_duplicates(["check", "row"])


def _contradicting(rows: pd.DataFrame, each: Check, failing: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Rows of the fields that a check has found to contradict each other, one line a card, for each way to ask it."""
    fields = rows["field"].astype("str").to_numpy()
    card = rows["card"].to_numpy(np.int64)
    for asked in each.fields:
        places = [failing[fields[failing] == asked[0]]]
        for other in asked[1:]:
            there = np.flatnonzero(fields == other)
            row_of = np.full(card.max(initial=-1) + 1, -1, dtype=np.int64)
            row_of[card[there]] = there
            places.append(row_of[card[places[0]]])
        together = np.stack(places, axis=1)
        yield together[(together >= 0).all(axis=1)]


def balanced(fields: pd.Series, before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities whose sum in each field is the one before the checks.

    A calibrator knows how many readings of a field are incorrect, whether or not they fail a check: what a failed check
    raises, passed checks lower. The probability of readings that cannot be correct stays.

    Parameters
    ----------
    fields : Series of str
    before, after : ndarray of float
        Probability of an error before and after the checks, of readings that the calibrator knows.

    Examples
    --------
    >>> balanced(pd.Series(["name"] * 3), np.array([0.2, 0.2, 0.2]), np.array([0.5, 0.2, 0.2])).round(2).tolist()
    [0.5, 0.05, 0.05]
    """
    result = after.copy()
    for places in fields.reset_index(drop=True).groupby(fields.to_numpy(), observed=True).indices.values():
        raised_here = after[places] > before[places] + 1e-12
        sure = raised_here & (after[places] >= SURE)
        total, certain = before[places].sum(), after[places][sure].sum()
        likely, others = after[places][raised_here & ~sure].sum(), before[places][~raised_here].sum()
        left = max(total - certain, 0.0)
        # Where the evidence asks for more than the calibrator counts, all of it gives way alike.
        share = min(1.0, left / likely) if likely else 1.0
        factor = max(left - share * likely, 0.0) / others if others else 0.0
        result[places[raised_here & ~sure]] *= share
        result[places[~raised_here]] = before[places][~raised_here] * min(factor, 1.0)
    return result
