"""How often readings are right, from what a card says twice and from check digits, without truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers
from cardocr_nb.quality._cells import one_job_an_image, refuse_parts
from cardocr_nb.quality._checks import check
from cardocr_nb.quality._intervals import checked_confidence, lower_bound, upper_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = ("field", "method", "cases", "right", "wrong", "accuracy", "low", "high")
"""Columns of the table that `estimate_accuracy` makes."""

_NUMBERS = ("id_number", "licence_number")
_ALONE = ("number_length", "number_characters", "number_check_digit", "number_date")
_FORM = "licence_number_is_citizen_number"
_AGREE = {"birth_date": "birth_date_agrees", "gender": "gender_agrees"}


def estimate_accuracy(df: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate without truth how many readings of the number, birth date and gender are right.

    A card says birth date and gender twice: in words, and in digits 7 to 14 and 17 of its number. The number has a
    check digit besides. Each reading is judged by what these say of it, or stays open.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it. Of several readings of an image one counts, as in `cardocr_nb.quality.evaluate`;
        of a field that appears twice on a card the first.
    confidence : float, default 0.95
        Of the interval.

    Returns
    -------
    DataFrame
        One row a field and method: ``field, method, cases`` (readings with a text), ``right`` and ``wrong`` (those of
        which the method can say it; the others are open), ``accuracy``, the share that is right, with its interval
        ``low, high``. Fields without a reading have no row. What was not read does not count.

        ``check digit``: of numbers only. Those that cannot be a number (length, characters, check digit, date) are
        incorrect; nothing is known of the others, nor of license numbers in the form of other documents. Their share is a lower bound of the error rate, so that ``accuracy`` and
        ``high`` are upper bounds, and ``low`` is 0.

        ``two readers``: ``accuracy`` is the share of the right among those that are not open, ``low`` counts the open as
        wrong and ``high`` as right, each with the exact bound for a share (Clopper and Pearson).

        - A birth date is right when the number says the same, wrong when a number that can be one says otherwise, and
          open when the number was not read or cannot be one and says otherwise.
        - A gender is judged by numbers that can be one only, because by chance every second wrong digit would agree.
        - A number is wrong when it cannot be one, open when birth date or gender contradicts it, and right otherwise.

    Notes
    -----
    Assumed of the intervals: cards are independent. Assumed for ``check digit``: the printed numbers are right. Assumed for ``two readers`` besides: birth date, gender
    and number are read apart, so that they are not wrong in the same way, and a number that its check digit, birth date
    and gender do not betray is right. Both readers may be bad on the same photos: nothing is assumed about that. An
    engine that mends one of them by the other, or by the check digit, breaks the assumption: fewer wrong numbers betray
    themselves, and the accuracy of numbers comes out too high. (The embedded engine mends a number where the check
    digit leaves one way only.)

    The intervals are rather too wide than too narrow: docs/concepts/promises.md has the coverage in simulations.

    References
    ----------
    S. L. Hui and S. D. Walter, "Estimating the error rates of diagnostic tests", Biometrics 36, 1980 (two readers
    without truth); C. F. Manski, "Partial identification of probability distributions", 2003 (bounds by what is open).

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> number = Field("公民身份号码", "990101197412010014")
    >>> days = ("1974年12月1日", "1974年12月1日", "1974年12月7日")
    >>> cards = to_frame([CardResult((Field("出生", d), number), key=f"{k}.jpg") for k, d in enumerate(days)])
    >>> estimate_accuracy(cards)[["field", "method", "cases", "right", "wrong"]]
            field       method  cases  right  wrong
    0  birth_date  two readers      3      2      1
    1   id_number  check digit      3      0      0
    2   id_number  two readers      3      2      0
    """
    checked_confidence(confidence)
    refuse_parts(df)
    frame = conform(df).reset_index(drop=True)
    frame = frame[one_job_an_image(frame)].reset_index(drop=True)
    frame["card"] = card_numbers(frame)
    fields = [*_AGREE, *_NUMBERS]
    read = frame[frame["field"].isin(fields) & frame["text"].notna()].drop_duplicates(["card", "field"])
    answers = _answers(read)
    rows = []
    for field in fields:
        mine = read.loc[(read["field"] == field).to_numpy(), "card"].to_numpy()
        if len(mine):
            rows += [[field, *row] for row in _judged(field, answers.reindex(mine), confidence)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"field": frame["field"].dtype, "method": "str"})


def _answers(read: pd.DataFrame) -> pd.DataFrame:
    """One row a card: whether a number can be one, and whether birth date and gender agree with it; NaN if not asked."""
    rows = read.assign(job_id=read["card"].astype("str"), key=read["card"].astype("str"))
    checked = check(rows, [*_ALONE, _FORM, *_AGREE.values()])
    card, passed = checked["key"].astype(np.int64), checked["passed"].astype(np.float64)
    cards = pd.RangeIndex(read["card"].max() + 1 if len(read) else 0)
    columns = {}
    for name, checks in {"number": list(_ALONE), "form": [_FORM], **{f: [c] for f, c in _AGREE.items()}}.items():
        asked = checked["check"].isin(checks).to_numpy()
        columns[name] = passed[asked].groupby(card[asked]).min().reindex(cards)
    return pd.DataFrame(columns)


def _judged(field: str, answers: pd.DataFrame, confidence: float) -> list[list[object]]:
    number = answers["number"].to_numpy()
    if field in _NUMBERS:
        # A number of another document than the citizen's own has no check digit: nothing follows from its form.
        other_form = (
            (answers["form"] == 0).to_numpy() if field == "licence_number" else np.zeros(len(number), dtype=bool)
        )
        impossible = (number == 0) & ~other_form
        contradicted = (answers[list(_AGREE)] == 0).any(axis=1).to_numpy()
        return [
            _upper(impossible, confidence),
            _between(~impossible & ~contradicted & ~other_form, impossible, confidence),
        ]
    agrees = answers[field].to_numpy()
    right = agrees == 1
    if field == "gender":
        right &= number == 1
    return [_between(right, (agrees == 0) & (number == 1), confidence)]


def _upper(wrong: NDArray[np.bool_], confidence: float) -> list[object]:
    cases, count = len(wrong), int(wrong.sum())
    high = float(upper_bound(cases - count, cases, confidence=confidence))
    return ["check digit", cases, 0, count, (cases - count) / cases, 0.0, high]


def _between(right: NDArray[np.bool_], wrong: NDArray[np.bool_], confidence: float) -> list[object]:
    cases, hits, misses = len(right), int(right.sum()), int(wrong.sum())
    side = (1 + confidence) / 2
    low = float(lower_bound(hits, cases, confidence=side))
    high = float(upper_bound(cases - misses, cases, confidence=side))
    return ["two readers", cases, hits, misses, hits / (hits + misses) if hits + misses else np.nan, low, high]
