"""Evidence of failed checks for the probability that a reading is incorrect."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from cardocr_nb.quality._checks import REGISTRY, check, tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cardocr_nb.quality._checks import Check

SURE = 0.99
"""Probability that a reading is incorrect that cannot be correct, or that is missing."""

_LIKELY = 0.9


class Caught(NamedTuple):
    """What a calibrator knows of the incorrect readings of the field of each reading; shape (n_rows,).

    Attributes
    ----------
    alone, any : ndarray of float
        Rates of those that fail a check of severity ``error`` about them alone, and of those that fail any; 0 where
        nothing is known.
    warned : ndarray of float
        Rate that fails a warning, of those that pass all others; 0 where nothing is known.
    precision : ndarray of float
        Rate of incorrect readings among those that fail a warning and pass all others; NaN where nothing is known.
    """

    alone: NDArray[np.float64]
    any: NDArray[np.float64]
    warned: NDArray[np.float64]
    precision: NDArray[np.float64]


def raised(rows: pd.DataFrame, checked: pd.DataFrame, caught: Caught | None = None) -> NDArray[np.float64]:
    """Return the probabilities after the checks, see the notes of `cardocr_nb.quality.review_queue`.

    Parameters
    ----------
    rows : DataFrame
        ``job_id, key, field, card, chance``; each field of a card once.
    checked : DataFrame
        As `cardocr_nb.quality.check` makes it.
    caught : Caught, optional
        Of the calibrator that made the probabilities. Without it no probability becomes lower.

    Returns
    -------
    ndarray of float
        In the order of `rows`.
    """
    before = rows["chance"].to_numpy(np.float64)
    nothing = np.zeros(len(rows))
    known = Caught(nothing, nothing, nothing, nothing + np.nan) if caught is None else caught
    alone, pairs = _failed_errors(rows, checked)
    some = np.where(alone, SURE, _after_passing(before, known.alone))
    after, suspect = some.copy(), alone.copy()
    for places in pairs:
        suspect[places] = True
        least_one = 1 - np.prod(1 - some[places], axis=1, keepdims=True)
        np.maximum.at(after, places, np.minimum(some[places] / least_one, SURE))
    base = np.where(suspect, before, _after_passing(before, known.any))
    warned = np.zeros(len(rows))
    for at, rate in _failed_warnings(rows, checked):
        np.maximum.at(warned, at, np.minimum(base[at] / rate, _LIKELY))
    learned = (warned > 0) & ~np.isnan(known.precision)
    warned[learned] = _after_warning(base, rows["field"].astype("str"), known.precision)[learned]
    return np.where(
        suspect, np.maximum(after, warned), np.where(warned > 0, warned, _after_passing(base, known.warned))
    )


def failed_checks(readings: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return which readings fail checks.

    Parameters
    ----------
    readings : DataFrame
        ``job_id, key, field``; each field of a card once.
    frame : DataFrame
        From which they come.

    Returns
    -------
    DataFrame
        Columns of bool, with the index of `readings`: ``alone`` fails a check of severity ``error`` about it alone, ``any``
        fails any of that severity, ``warned`` fails any or a warning.
    """
    card = readings.groupby(["job_id", "key"], dropna=False, sort=False).ngroup().to_numpy()
    rows = readings.assign(card=card)
    names = [each.name for each in REGISTRY.values() if each.fields and each.aggregate is None]
    checked = check(frame[frame["key"].isin(rows["key"])], names)
    alone, pairs = _failed_errors(rows, checked)
    every = alone.copy()
    for places in pairs:
        every[places] = True
    warned = every.copy()
    for at, _ in _failed_warnings(rows, checked):
        warned[at] = True
    return pd.DataFrame({"alone": alone, "any": every, "warned": warned}, readings.index)


def _after_warning(base: NDArray[np.float64], field: pd.Series, precision: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of an error of a reading that fails a warning: its odds grow as those of the mean reading of its field."""
    mean = pd.Series(base).groupby(field.to_numpy()).transform("mean").to_numpy()
    mean, base, precision = (each.clip(1e-9, SURE) for each in (mean, base, precision))
    odds = base / (1 - base) * precision / (1 - precision) / mean * (1 - mean)
    return np.asarray(odds / (1 + odds))


def _after_passing(before: NDArray[np.float64], caught: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of an error of a reading that passes checks which the rate `caught` of the errors fail (Bayes' rule)."""
    missed = before * (1 - caught)
    return np.asarray(missed / (1 - before + missed))


def _failed_errors(rows: pd.DataFrame, checked: pd.DataFrame) -> tuple[NDArray[np.bool_], list[NDArray[np.int64]]]:
    """Readings that cannot be correct, and rows of readings that contradict each other, one line a card."""
    alone, pairs = np.zeros(len(rows), dtype=bool), []
    for each, failing in _by_check(rows, checked):
        if each.severity == "error":
            for places in _contradicting(rows, each, failing):
                if places.shape[1] > 1:
                    pairs.append(places)
                else:
                    alone[places] = True
    return alone, pairs


def _failed_warnings(
    rows: pd.DataFrame, checked: pd.DataFrame
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Rows that fail a warning, and the rate of the readings of their field that fail it."""
    counts = tally(checked)
    for each, at in _by_check(rows, checked):
        if each.severity == "warning":
            of = counts[counts["check"] == each.name]
            share = dict(zip(of["field"].astype("str"), of["share"], strict=True))
            yield at, rows["field"].astype("str").iloc[at].map(share).fillna(1.0).to_numpy(np.float64)


def _by_check(rows: pd.DataFrame, checked: pd.DataFrame) -> Iterator[tuple[Check, NDArray[np.int64]]]:
    """Rows that fail each check of texts of fields."""
    for name, failing in _failed(rows, checked).groupby("check", observed=True)["row"]:
        each = REGISTRY.get(str(name))
        if each is not None and each.fields:
            yield each, failing.to_numpy(np.int64)


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
