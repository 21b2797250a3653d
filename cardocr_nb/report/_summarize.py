"""A frame becomes the plain data of a report."""

from __future__ import annotations

import platform
from dataclasses import replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._i18n import messages
from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.plot._score_counts import score_counts
from cardocr_nb.privacy._service_texts import FieldNames, masked_code, masked_message
from cardocr_nb.quality import check, outcomes
from cardocr_nb.report._report_checks import (
    check_results,
    truncate,
    with_places,
    worst_against_truth,
    worst_without_truth,
)
from cardocr_nb.report._report_summary import (
    Failure,
    FieldScores,
    Outcomes,
    Presence,
    ReportSummary,
    Times,
    TypeOutcomes,
)
from cardocr_nb.report._truth_results import TruthResults, check_prices, compare_runs, compared, truth_results

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._settings import Lang
    from cardocr_nb.quality._card_groups import Groups
    from cardocr_nb.quality._evaluation import Truth

LOW_SCORE = 90
"""Readings below it are counted; a visual mark, not a threshold that keeps a promise."""

_OUTCOME = {
    "ok": "read",
    "places only": "places_only",
    "nothing found": "nothing_found",
    "failed": "failed",
    "unreadable": "failed",
    "unknown": "failed",
    "left out": "left_out",
    "under way": "unfinished",
    "not submitted": "unfinished",
    "cancelled": "unfinished",
}
_MOST_TYPES = 20
_MOST_CODES = 30
_MOST_FIELDS = 40
_CODE_LENGTH = 80
_MESSAGE_LENGTH = 200
_PACKAGES = ("cardocr_nb", "pandas", "numpy", "matplotlib", "pyarrow", "rapidocr", "onnxruntime")


def summarize(
    df: pd.DataFrame,
    *,
    truth: Truth | None = None,
    other: pd.DataFrame | None = None,
    lang: Lang | None = None,
    title: str | None = None,
    reveal: bool = False,
    review: float | None = None,
    error: float | None = None,
    precision: float = 0.995,
    most_cases: int = 30,
    groups: Groups | None = None,
) -> ReportSummary:
    """Compute the plain data of a report.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    truth : DataFrame or path of a CSV file, optional
        True texts, in the columns ``key``, ``field`` and ``text``; with it the report contains accuracy, calibration
        and thresholds.
    other : DataFrame, optional
        Another reading of the same images, to be compared with this one.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    title : str, optional
        Default: "Card OCR report", or the same in Chinese.
    reveal : bool, default False
        Keep the texts of single cases in full.
    review, error : float, optional
        Cost of a review of one reading and of an unseen error, in the same unit; with both, and truth, the report
        contains costs.
    precision : float, default 0.995
        Precision that the thresholds promise, between 0 and 1.
    most_cases : int, default 30
        How many single cases to keep of each kind.
    groups : str, mapping or Series, optional
        Cards that may be incorrect together, see `cardocr_nb.quality.evaluate`: a column such as ``created`` (by day),
        ``"folder"`` for the folder of `key`, ``"day"`` for the day of `created`, or the group of each key. Intervals and thresholds take groups as units.

    Returns
    -------
    ReportSummary
        Its size does not grow with the number of cards.

    Raises
    ------
    ValueError
        A score is outside 0–100, the truth lacks a column, no image is in both runs, the language is unknown, or a price
        is missing.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> summarize(to_frame([CardResult((Field("姓名", "样本", 98),), key="1.jpg"), CardResult(key="2.jpg")]))
    <ReportSummary 2 cards, 1 read, 0 failed, 1 fields>
    """
    t = messages(lang)
    check_prices(review, error, truth)
    df = conform(df)
    names = FieldNames(reveal=reveal)
    numbers = card_numbers(df)
    cards = _cards(df, numbers)
    kinds_of_cards = cards["card_type"].astype("str").fillna("unknown")
    if not reveal:  # a type that the package does not know may be any text
        kinds_of_cards = kinds_of_cards.where(kinds_of_cards.isin([str(kind) for kind in CardType]), "unknown")
    kinds = [(str(k), rows["outcome"]) for k, rows in cards.groupby(kinds_of_cards)]
    checked = names.mask(check(df))
    shown = names.mask(df)
    parts: dict[str, Any] = {
        "card_types": truncate([TypeOutcomes(kind, _outcomes(outcome)) for kind, outcome in kinds], _MOST_TYPES),
        "completeness": truncate(_completeness(shown, numbers, cards), _MOST_FIELDS),
        "failures": _failures(cards, reveal=reveal),
        "scores": truncate(_scores(shown), _MOST_FIELDS),
        "checks": check_results(checked),
    }
    against = (
        TruthResults()
        if truth is None
        else truth_results(df, truth, names, costs=(review, error), precision=precision, reveal=reveal, groups=groups)
    )
    if against.evaluation is None:
        worst = worst_without_truth(shown, checked, reveal=reveal, most=most_cases)
    else:
        worst = worst_against_truth(against.evaluation, reveal=reveal, most=most_cases)
    comparison = None if other is None else compare_runs(df, other, truth, groups, names)
    return ReportSummary(
        title=t("word.title") if title is None else title,
        made=_now(cards["created"]),
        revealed=reveal,
        low_score=LOW_SCORE,
        outcomes=_outcomes(cards["outcome"]),
        lang=t.lang,
        times=_times(cards),
        fields=int(df["field"].notna().sum()),
        accuracy=against.accuracy,
        confusions=against.confusions,
        calibration=against.calibration,
        thresholds=against.thresholds,
        costs=against.costs,
        absent=0 if against.evaluation is None else against.evaluation.cards_without_reading,
        correlated=against.correlated,
        comparison=None if comparison is None else compared(comparison, reveal=reveal, most=most_cases),
        worst=with_places(worst, shown),
        left_out={name: left for name, (_, left) in parts.items() if left},
        versions=_versions(),
        results=replace(against.results, comparison=comparison),
        **{name: rows for name, (rows, _) in parts.items()},
    )


def _now(times: pd.Series) -> str:
    """The time now, in the time zone of the frame, so that a page has only one."""
    zone = getattr(times.dt, "tz", None) if len(times) else None
    return datetime.now(tz=zone).astimezone(zone).isoformat(timespec="seconds")


def _cards(df: pd.DataFrame, numbers: NDArray[np.intp]) -> pd.DataFrame:
    """One row a card, in the order of the card numbers, with its outcome."""
    first = first_rows(numbers)
    cards = df[["card_type", "state", "code", "message", "created", "ended"]].take(first).reset_index(drop=True)
    outcome = outcomes(df).astype("str").map(_OUTCOME)
    # A frame made by hand may lack states.
    stateless = cards["state"].isna().to_numpy()
    for name, rows in (("places_only", df["field"].notna()), ("read", df["field"].notna() & df["text"].notna())):
        such = np.zeros(len(cards), dtype=bool)
        such[numbers[rows.to_numpy(bool)]] = True
        outcome = outcome.mask(stateless & such, name)
    cards["outcome"] = outcome
    return cards


def _outcomes(outcome: pd.Series) -> Outcomes:
    counts = outcome.value_counts()
    return Outcomes(len(outcome), **{name: int(counts.get(name, 0)) for name in set(_OUTCOME.values())})


def _times(cards: pd.DataFrame) -> Times | None:
    known = cards[cards["created"].notna() & cards["ended"].notna()]
    if known.empty:
        return None
    seconds = (known["ended"] - known["created"]).dt.total_seconds()
    return Times(
        first=known["created"].min().isoformat(),
        last=known["ended"].max().isoformat(),
        jobs=len(known),
        median_seconds=round(float(seconds.median()), 2),
        p95_seconds=round(float(seconds.quantile(0.95)), 2),
    )


def _completeness(df: pd.DataFrame, numbers: NDArray[np.intp], cards: pd.DataFrame) -> list[Presence]:
    is_read = (cards["outcome"] == "read").to_numpy()
    with_text = (df["field"].notna() & df["text"].notna()).to_numpy()
    pairs = pd.DataFrame({"card": numbers, "field": df["field"].to_numpy()})[with_text].drop_duplicates()
    result = []
    for kind in CardType:
        of_kind = is_read & (cards["card_type"] == str(kind)).to_numpy()
        if not of_kind.any():
            continue
        counts = pairs.loc[of_kind[pairs["card"].to_numpy()], "field"].value_counts()
        expected = expected_fields(kind)
        others = sorted(str(f) for f in counts.index[counts > 0] if f not in expected)
        result += [Presence(str(kind), f, int(counts.get(f, 0)), int(of_kind.sum())) for f in [*expected, *others]]
    return result


def _failures(cards: pd.DataFrame, *, reveal: bool) -> tuple[tuple[Failure, ...], int]:
    failed = cards[cards["outcome"] == "failed"]
    codes = failed["code"].astype("str").fillna(failed["state"].astype("str")).fillna("no_code")
    if not reveal:
        codes = codes.map({code: code if code == "no_code" else masked_code(code) for code in codes.unique()})
    counts = codes.value_counts()
    result = []
    for code, n in counts.head(_MOST_CODES).items():
        messages = failed.loc[codes == code, "message"].dropna()
        message = str(messages.mode().iloc[0]) if len(messages) else ""
        message = message if reveal else masked_message(message)
        result.append(Failure(str(code)[:_CODE_LENGTH], message[:_MESSAGE_LENGTH], int(n)))
    return tuple(result), max(0, len(counts) - _MOST_CODES)


def _scores(df: pd.DataFrame) -> list[FieldScores]:
    scores = score_counts(df, "field")
    quantiles = {name: scores.quantile(q) for name, q in (("p5", 0.05), ("q1", 0.25), ("median", 0.5), ("q3", 0.75))}
    result = []
    for i, field in enumerate(scores.groups):
        at: dict[str, Any] = {name: None if np.isnan(q[i]) else int(q[i]) for name, q in quantiles.items()}
        counts = scores.counts[i]
        result.append(
            FieldScores(
                field=field,
                n=int(counts.sum()),
                missing=int(scores.missing[i]),
                below=int(counts[:LOW_SCORE].sum()),
                counts=tuple(counts.tolist()),
                **at,
            )
        )
    return result


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
