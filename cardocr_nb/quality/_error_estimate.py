"""How often each of two readers is wrong, from where they disagree and from check digits, without truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb._key_forms import mismatch
from cardocr_nb._text_safety import describe
from cardocr_nb.quality._cells import refuse_parts
from cardocr_nb.quality._checks import REGISTRY, check
from cardocr_nb.quality._comparison import first_readings, paired
from cardocr_nb.quality._intervals import checked_confidence, lower_bound, upper_bound
from cardocr_nb.quality._normalization import normalize_fields
from cardocr_nb.quality._same_reader import same_reader
from cardocr_nb.quality._truth import read_truth, refuse_reading, with_known_keys

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

COLUMNS = ("field", "reader", "cases", "disagree", "alike", "wrong", "open", "rate", "low", "high", "assumed")
"""Columns of the table that `estimate_errors` makes."""

READERS = ("first", "second", "mean")
RIGHT, WRONG, OPEN = 0, 1, -1
_SIDES = ("left", "right")
_NUMBERS = ("id_number", "licence_number")
_IN_NUMBER = {"birth_date": "birth_date_agrees", "gender": "gender_agrees"}
_CHECK_DIGIT = "number_check_digit"


def estimate_errors(
    df: pd.DataFrame,
    other: pd.DataFrame,
    truth: pd.DataFrame | str | os.PathLike[str] | None = None,
    *,
    shared: float = 0.1,
    corrects: tuple[bool, bool] = (False, True),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate without truth how often each of two readers of the same cards is wrong.

    Where two readers disagree, one at least is wrong. Check digits, and the birth date and gender within the number, show
    which. Errors that both make alike are invisible, except in numbers; `shared` says how many are assumed.

    Parameters
    ----------
    df, other : DataFrame
        Readings of the first and of the second reader, paired by ``key`` and ``field`` as in `compare`, with the same rules
        of equality.
    truth : DataFrame or path, optional
        Texts of some fields, as for `evaluate`: for example the decisions of a person on the disagreements. They replace
        what checks say of these fields.
    shared : float, default 0.1
        Largest part of the errors of a reader that the other makes alike and no check finds, 0 to below 1. Only a truth can show
        it: give a larger one if the two readers have parts in common.
    corrects : (bool, bool), default (False, True)
        Whether each reader corrects numbers by their check digit. A number that passes then proves nothing. The second is by
        default the embedded engine, which does.
    confidence : float, default 0.95
        Of the intervals.

    Returns
    -------
    DataFrame
        Three rows a field; ``reader`` is ``first``, ``second`` or ``mean``. ``cases`` are the cards on which both read the field,
        ``disagree`` those with different texts, ``alike`` those with one text that a check refutes. Of the readings of this
        reader ``wrong`` are known to be so, ``open`` ones are undecided.

        ``rate`` is the estimated rate of errors; missing where nothing shows which of the two is wrong. ``low, high`` is its
        interval: ``low`` by the readings known to be wrong, ``high`` by these and the open ones, divided by 1 - `shared`, each
        with the exact bound of Clopper and Pearson; ``assumed`` says what of the readers, so that the table keeps it. Of the ``mean`` of both readers ``wrong`` are the cards on which one at least
        is wrong; ``low`` takes one of the two as wrong there, ``high`` both.

    Raises
    ------
    TypeError
        A frame is one of Dask.
    ValueError
        No image is on both sides, both frames hold the readings of one reader, the truth has no image of both, or an argument
        is out of its range.

    Notes
    -----
    Without any assumption the rate of disagreement d is known, and so are bounds: both error rates together are d at
    least, and they differ by d at most. Nothing of agreement alone says which reader is the better one, nor how many errors
    they share.

    Assumed for the interval: the printed numbers are right; at most the part `shared` of the errors of a reader is unseen
    because the other makes them alike; of two different numbers, one refuted and one that passes, the latter is right if its
    reader does not correct numbers; a number that both read alike and that passes has the right birth date and gender; cards
    are independent. Readers may be wrong together on the same bad photos: nothing is assumed about that.

    Assumed for ``rate`` besides: where two texts differ, one is right unless both are refuted; of two numbers that
    both pass, that of the reader that corrects is wrong; birth dates and genders that stay open are wrong in the
    proportion of the decided ones. Errors on the same card with different texts make the rate of the reader that
    corrects too low.

    References
    ----------
    S. L. Hui and S. D. Walter, "Estimating the error rates of diagnostic tests", Biometrics 36, 1980; P. M. Vacek, "The
    effect of conditional dependence on the evaluation of diagnostic tests", Biometrics 41, 1985 (what shared errors do to
    it); C. F. Manski, "Partial Identification of Probability Distributions", 2003.

    Examples
    --------
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> def read(*numbers):
    ...     return to_frame([CardResult((Field("公民身份号码", n),), key=f"{k}.jpg") for k, n in enumerate(numbers)])
    >>> service = read("990101197412010014", "990101197412010074", "990101197412010014")
    >>> engine = read("990101197412010014", "990101197412010014", "990101197412010014")
    >>> estimate_errors(service, engine)[["reader", "cases", "disagree", "wrong", "open", "rate"]].round(2)
       reader  cases  disagree  wrong  open  rate
    0   first      3         1      1     0  0.33
    1  second      3         1      0     1  0.00
    2    mean      3         1      1     0  0.17
    """
    checked_confidence(confidence)
    if not 0 <= shared < 1:
        raise ValueError(f"shared must be from 0 to below 1, got {describe(shared)}")
    return error_table(judged_pairs(df, other, truth, corrects=corrects), shared, corrects, confidence)


def assumed(shared: float, corrects: tuple[bool, bool], names: tuple[str, str] = ("first", "second")) -> str:
    """Say what an estimate takes for granted of two readers.

    Examples
    --------
    >>> assumed(0.1, (False, True))
    'at most 10 % of errors are shared; numbers are corrected by second'
    """
    correcting = " and ".join(name for name, does in zip(names, corrects, strict=True) if does) or "neither"
    return f"at most {100 * shared:g} % of errors are shared; numbers are corrected by {correcting}"


def error_table(pairs: pd.DataFrame, shared: float, corrects: tuple[bool, bool], confidence: float) -> pd.DataFrame:
    """Make the table of `estimate_errors` from `judged_pairs`."""
    rows, said = [], assumed(shared, corrects)
    for field, part in pairs.groupby("field", observed=True):
        rows += [[field, *row, said] for row in _rows(str(field), part, corrects, shared, confidence)]
    kinds = {"field": pairs["field"].dtype, "reader": "str", "assumed": "str"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds)


def judged_pairs(
    df: pd.DataFrame,
    other: pd.DataFrame,
    truth: pd.DataFrame | str | os.PathLike[str] | None = None,
    *,
    corrects: tuple[bool, bool] = (False, True),
) -> pd.DataFrame:
    """Fields that both readers read: ``key, field, same``, and ``left, right``, each `RIGHT`, `WRONG` or `OPEN`."""
    refuse_parts(df)
    refuse_parts(other)
    sides = [first_readings(side) for side in (df, other)]
    if len(sides[0]) and len(sides[1]) and not sides[0]["key"].isin(sides[1]["key"].tolist()).any():
        keys = mismatch("the first", sides[0]["key"].dropna(), "the second", sides[1]["key"].dropna())
        raise ValueError(f"no key is in both frames; {keys}")
    if df is other or same_reader(*sides):
        raise ValueError(
            "both frames hold the readings of one reader: all texts, scores and places are equal. A reader shows none of its own errors; "
            "pass the readings of another service or engine"
        )
    pairs = paired(sides[0], sides[1], normalize=True)
    pairs = pairs[pairs["text_left"].notna() & pairs["text_right"].notna()].reset_index(drop=True)
    refuted, passed = _by_themselves(sides, pairs)
    agrees = _with_number(pairs, passed, corrects)
    verdict = _verdicts(pairs, refuted, passed, agrees, corrects)
    if truth is not None:
        _by_truth(pairs, truth, verdict)
    return pairs[["key", "field", "same"]].assign(left=verdict[0], right=verdict[1])


def _by_themselves(sides: list[pd.DataFrame], pairs: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of each side of each pair: a check of this field alone refutes it; its check digit fits."""
    alone = [
        c.name for c in REGISTRY.values() if c.severity == "error" and c.fields and all(len(f) == 1 for f in c.fields)
    ]
    refuted, passed = np.zeros((2, len(pairs)), dtype=bool), np.zeros((2, len(pairs)), dtype=bool)
    for side, frame in enumerate(sides):
        checked = check(frame, alone)
        digit = (checked["check"] == _CHECK_DIGIT).to_numpy()
        refuted[side] = _answers(checked, pairs) == 0
        passed[side] = _answers(checked[digit], pairs) == 1
    return refuted, passed & ~refuted


def _with_number(pairs: pd.DataFrame, passed: NDArray[np.bool_], corrects: tuple[bool, bool]) -> NDArray[np.float64]:
    """Whether each birth date and gender agrees with the number that is presumed right: 1, 0, or missing."""
    same, number = pairs["same"].to_numpy(bool), pairs["field"].isin(_NUMBERS).to_numpy(bool)
    passing = [passed[k] & ~same & (not corrects[k]) for k in (0, 1)]
    sure = [same & passed.all(axis=0) | passing[0] & ~passing[1], passing[1] & ~passing[0]]
    numbers = [
        pairs[["key", "field"]].assign(text=pairs[f"text_{name}"])[sure[k] & number] for k, name in enumerate(_SIDES)
    ]
    words = pairs["field"].isin(_IN_NUMBER).to_numpy(bool)
    agrees = np.full((2, len(pairs)), np.nan)
    for side, name in enumerate(_SIDES):
        rows = pd.concat(
            [pairs[["key", "field"]].assign(text=pairs[f"text_{name}"])[words], *numbers], ignore_index=True
        )
        rows = rows.sort_values("key", kind="stable").assign(score=pd.NA, job_id=lambda table: table["key"])
        agrees[side] = _answers(check(rows, _IN_NUMBER.values()), pairs)
    return agrees


def _answers(checked: pd.DataFrame, pairs: pd.DataFrame) -> NDArray[np.float64]:
    """Whether each pair passed all checks that were asked, 1 or 0; missing if none was."""
    failed = checked[~checked["passed"].to_numpy(bool)]
    cells = pd.MultiIndex.from_arrays([pairs["key"], pairs["field"].astype("str")])
    asked, false = (cells.isin(pd.MultiIndex.from_arrays([rows["key"].astype("str"), rows["field"].astype("str")]))
                    for rows in (checked, failed))  # fmt: skip
    return np.where(false, 0.0, np.where(asked, 1.0, np.nan))


def _verdicts(
    pairs: pd.DataFrame,
    refuted: NDArray[np.bool_],
    passed: NDArray[np.bool_],
    agrees: NDArray[np.float64],
    corrects: tuple[bool, bool],
) -> NDArray[np.int8]:
    """Verdict on each side of each pair, shape (2, n)."""
    same, field = pairs["same"].to_numpy(bool), pairs["field"].astype("str").to_numpy()
    verdict = np.where(same, RIGHT, OPEN) * np.ones((2, 1), dtype=np.int8)
    number = np.isin(field, _NUMBERS)
    for side in (0, 1):
        if not corrects[side]:
            verdict[side, number & ~same & passed[side] & refuted[1 - side]] = RIGHT
    decided = ~same & ((agrees == 1).sum(axis=0) == 1) & ((agrees == 0).sum(axis=0) == 1)
    verdict[:, decided] = np.where(agrees == 1, RIGHT, WRONG)[:, decided]
    verdict[:, same & (agrees == 0).any(axis=0)] = OPEN
    verdict[refuted] = WRONG
    verdict[:, same & refuted.any(axis=0)] = WRONG
    return verdict.astype(np.int8)


def _by_truth(pairs: pd.DataFrame, truth: pd.DataFrame | str | os.PathLike[str], verdict: NDArray[np.int8]) -> None:
    """Replace the verdicts on fields that the truth names."""
    given = with_known_keys(read_truth(truth, weights=False), pairs["key"])
    if len(pairs) and len(given.keys) and not given.keys.isin(pairs["key"]).any():
        raise ValueError(
            f"no key of the truth was read by both; {mismatch('the frames', pairs['key'], 'the truth', given.keys)}"
        )
    known = pd.DataFrame(
        {"key": given.keys[given.key], "field": given.fields[given.field], "true": given.text, "score": given.score}
    )
    known = known[given.readable].astype({"field": "str"})
    named = (
        pairs[["key", "field"]]
        .astype({"field": "str"})
        .merge(known, on=["key", "field"], how="left", indicator="found")
    )
    judged = (named["found"] == "both").to_numpy()
    for name in _SIDES:
        refuse_reading(
            named["true"][judged], pairs[f"text_{name}"][judged], named["score"][judged], pairs[f"score_{name}"][judged]
        )
    true = normalize_fields(named["true"], pairs["field"]).to_numpy(object)
    for side, name in enumerate(_SIDES):
        read = normalize_fields(pairs[f"text_{name}"], pairs["field"]).to_numpy(object)
        verdict[side, judged] = np.where(read == true, RIGHT, WRONG)[judged]


def _rows(
    field: str, part: pd.DataFrame, corrects: tuple[bool, bool], shared: float, confidence: float
) -> list[list[object]]:
    same = part["same"].to_numpy(bool)
    verdict = part[list(_SIDES)].to_numpy().T
    cases, disagree, alike = len(part), int((~same).sum()), int((same & (verdict == WRONG).all(axis=0)).sum())
    wrong, undecided = verdict == WRONG, verdict == OPEN
    presumed = _presumed(field, same, verdict, corrects)
    # In a disagreement one is wrong; presumed alone may be missing.
    total = np.where(same, wrong.sum(axis=0), np.maximum(wrong.sum(axis=0), 1)).sum()
    some = wrong.any(axis=0) | ~same
    maybe = some | undecided.any(axis=0)
    side = (1 + confidence) / 2

    def row(reader: str, bad: int, unsure: int, rate: float, part_of_bad: float) -> list[object]:
        low = float(lower_bound(bad, cases, confidence=side)) * part_of_bad
        high = min(float(upper_bound(bad + unsure, cases, confidence=side)) / (1 - shared), 1.0)
        return [reader, cases, disagree, alike, bad, unsure, rate, low, high]

    rows = [row(READERS[k], int(wrong[k].sum()), int(undecided[k].sum()), float(presumed[k]), 1.0) for k in (0, 1)]
    return [*rows, row(READERS[2], int(some.sum()), int((maybe & ~some).sum()), float(total) / 2 / cases, 0.5)]


def _presumed(
    field: str, same: NDArray[np.bool_], verdict: NDArray[np.int8], corrects: tuple[bool, bool]
) -> NDArray[np.float64]:
    """Rate of errors of both readers, the open readings presumed right or wrong by what is known of the others."""
    wrong = (verdict == WRONG).astype(np.float64)
    both = ~same & (verdict == OPEN).all(axis=0)
    if both.any():
        alone = (wrong[:, ~both & ~same] * (1 - wrong[::-1, ~both & ~same])).sum(axis=1)
        if field in _NUMBERS and corrects[0] != corrects[1]:
            wrong[:, both] = np.array(corrects)[:, np.newaxis]
        else:
            wrong[:, both] = (alone / alone.sum() if alone.sum() else np.full(2, np.nan))[:, np.newaxis]
    rates: NDArray[np.float64] = wrong.mean(axis=1)
    return rates
