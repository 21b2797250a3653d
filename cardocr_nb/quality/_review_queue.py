"""Order of review: the readings that are most likely incorrect first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame._frame_columns import LEFT_OUT, PLANNED, UNREADABLE
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers
from cardocr_nb.quality._cells import one_job_an_image, refuse_parts
from cardocr_nb.quality._checks import check
from cardocr_nb.quality._evidence import SURE, Caught, raised, reasons
from cardocr_nb.quality._intervals import whole_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.quality._calibrator import Calibrator

COLUMNS = ("rank", "job_id", "key", "field", "score", "chance", "reasons", "found", "found_error", "basis")
"""Columns of the table that `review_queue` makes."""

_NOT_READ = ("Submitted", "Running", "Pause", "Failed", "Cancel", LEFT_OUT, PLANNED, UNREADABLE)
"""States of cards that the service has not read: their rows hold nothing that a person could compare with the photo."""
_UNKNOWN = 0.5


def review_queue(df: pd.DataFrame, *, budget: int | None = None, calibrator: Calibrator | None = None) -> pd.DataFrame:
    """Order fields of cards so that a person who looks at the first finds the most errors.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it. Of several readings of an image one counts, as in `evaluate`; of a field that
        appears twice on a card the first.
    budget : int, optional
        How many rows can be looked at; all by default.
    calibrator : Calibrator, optional
        Of `cardocr_nb.quality.calibrate`, learned on other cards: it makes the probabilities trustworthy. Without one the
        probability of an error is (101 - s) / 102 for a score s, which orders readings well but does not estimate.

    Returns
    -------
    DataFrame
        One row a field to review, of equal probabilities by key and field: ``rank`` from 1, ``job_id, key, field, score, chance`` (probability that the reading is
        incorrect, below 1), ``reasons`` (names of failed checks, joined by ", "), ``found``, the errors that are expected
        up to and with this row, ``found_error``, its standard error (found / square root of the errors that the calibrator
        has seen: 10 % need 100 errors), and ``basis``: ``calibrated``, or ``order only`` without a calibrator or with one
        that has seen no error, where both are missing. An expected field without a text has a row without a score. A card
        on which the service found nothing has one row, ``field`` missing; it represents all fields of such a card, and its
        reason is the check. Cards that failed, were left out or are under way have no row and use up no budget, since there
        is nothing to compare: `summary` counts them.

    Warns
    -----
    NotCalibratedWarning
        The calibrator has no probability for some readings; theirs is the chance without calibrator.

    Raises
    ------
    ValueError
        `budget` is below 0.

    Notes
    -----
    A queue finds errors and says nothing about their rate: for that draw an `audit_sample`.

    Failed checks raise a probability p. A text that cannot be correct has a probability of 0.99. Of the fields that contradict
    each other under a check of severity ``error`` one at least is wrong: each gets p / (1 - product of all (1 - p)). A warning
    that the rate q of the readings fail gives p / q, at most 0.9: so it would be if every wrong reading failed it; a check that
    all readings fail has no weight. Of several warnings the largest counts. Checks of places, labels and whole cards are
    named among the reasons and raise nothing. A calibrator has seen how many incorrect readings fail checks, and how many that
    fail a warning are incorrect: with it Bayes' rule gives the probability after a warning, and a lower one for readings
    that pass, so that ``found`` counts each error once.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> fields = (Field("姓名", "样本", 98), Field("性别", "另", 97), Field("民族", "汉", 60))
    >>> review_queue(to_frame(CardResult(fields, key="1.jpg")))[["rank", "field", "chance", "reasons"]].round(2)
       rank       field  chance          reasons
    0     1     address    0.99   field_is_there
    1     2  birth_date    0.99   field_is_there
    2     3      gender    0.99  gender_is_known
    3     4   id_number    0.99   field_is_there
    4     5   ethnicity    0.40
    5     6        name    0.03
    """
    if budget is not None:
        budget = whole_number("budget", budget, least=0)
    refuse_parts(df)
    frame = conform(df)
    frame = frame[one_job_an_image(frame)].reset_index(drop=True)
    checked = check(frame)
    rows = _rows(frame, checked)
    before, calibrated = _error_probability(rows, frame, calibrator)
    rows["chance"] = before
    rows["chance"] = raised(rows, checked, None if calibrator is None else _caught(rows, calibrated, calibrator))
    rows["reasons"] = reasons(rows, checked)
    whole = rows["field"].isna()
    rows["reasons"] = rows["reasons"].where(~whole | (rows["reasons"] != ""), rows["state"].astype("str").fillna(""))
    worth = rows["chance"].to_numpy() * _fields_of(rows, whole.to_numpy())
    # Of equal probabilities by key and field, so that the order of the rows in the frame does not matter.
    names = (pd.factorize(rows[c].astype("str").fillna(""), sort=True)[0] for c in ("job_id", "field", "key"))
    order = np.lexsort([*names, -worth.round(12)])[:budget]
    found = rows.take(order).reset_index(drop=True)
    errors = 0 if calibrator is None else int((calibrator.fields["cases"] - calibrator.fields["correct"]).sum())
    expected = np.cumsum(worth[order]) if errors else np.full(len(order), np.nan)
    return found.assign(
        rank=np.arange(1, len(order) + 1),
        found=expected,
        found_error=expected / np.sqrt(max(errors, 1)),
        basis=pd.Series("calibrated" if errors else "order only", index=found.index, dtype="str"),
    )[list(COLUMNS)]


def _rows(frame: pd.DataFrame, checked: pd.DataFrame) -> pd.DataFrame:
    """Each reading, each field that should be there, each card without any, with the row of the frame it comes from."""
    frame = frame.assign(card=card_numbers(frame), row=np.arange(len(frame)))
    kept = ["card", "job_id", "key", "card_type", "state"]
    readings = frame[frame["field"].notna()].drop_duplicates(["card", "field"])
    absent = checked[(checked["check"] == "field_is_there") & ~checked["passed"]]
    absent = absent[["job_id", "key", "field"]].merge(frame.drop_duplicates("card")[kept], on=["job_id", "key"])
    absent = absent[~_pairs(absent).isin(_pairs(readings))]
    read = frame[~frame["state"].isin(_NOT_READ)].drop_duplicates("card")
    bare = read[~read["card"].isin(readings["card"])]
    columns = [*kept, "field", "score", "row"]
    parts = [readings[columns], absent.reindex(columns=columns), bare[columns]]
    rows = pd.concat([part.astype({"row": "Int64", "score": "Int16"}) for part in parts], ignore_index=True)
    rows["field"] = rows["field"].astype(frame["field"].dtype)
    return rows.sort_values("card", kind="stable", ignore_index=True)


def _pairs(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([rows["card"], rows["field"].astype("str")])


def _error_probability(
    rows: pd.DataFrame, frame: pd.DataFrame, calibrator: Calibrator | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Probability of an error of each row by its score alone, and whether the calibrator made it."""
    score = rows["score"].astype("Float64").clip(0, 100)
    chance = ((101 - score) / 102).fillna(_UNKNOWN).to_numpy(np.float64)
    from_frame = rows["row"].notna().to_numpy(bool)
    at = rows["row"].to_numpy(np.float64, na_value=-1).astype(np.int64)
    text = np.zeros(len(rows), dtype=bool)
    text[from_frame] = frame["text"].notna().to_numpy(bool)[at[from_frame]]
    known = np.zeros(len(rows), dtype=bool)
    if calibrator is not None:
        wrong = 1 - calibrator.apply(frame)["probability"].to_numpy(np.float64)
        known = from_frame.copy()
        known[from_frame] = ~np.isnan(wrong[at[from_frame]])
        chance[known] = wrong[at[known]]
    return np.where(text, chance, SURE), known & text


def _caught(rows: pd.DataFrame, calibrated: NDArray[np.bool_], calibrator: Calibrator) -> Caught:
    """What the calibrator knows of the incorrect readings of the field of each row."""
    fields = calibrator.fields.astype({"field": "str"}).set_index("field")
    field = rows["field"].astype("str").where(calibrated)
    alone, every, warned = (field.map(fields[name]).fillna(0.0) for name in ("caught_alone", "caught", "warned"))
    precision = field.map(fields["warned_precision"])
    return Caught(*(each.to_numpy(np.float64) for each in (alone, every, warned, precision)))


def _fields_of(rows: pd.DataFrame, whole: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of fields that a row represents."""
    number = np.ones(len(rows), dtype=np.int64)
    for kind in CardType:
        number[whole & (rows["card_type"] == kind).to_numpy(bool)] = len(expected_fields(kind))
    return number
