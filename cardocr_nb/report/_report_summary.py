"""The content of a report as plain data: numbers, texts and tuples of records of these."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cardocr_nb._settings import Lang
    from cardocr_nb.report._truth_records import Accuracy, Calibrated, Compared, Confusion, Priced, Promise
    from cardocr_nb.report._truth_results import QualityResults


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many cards ended how.

    Attributes
    ----------
    cards : int
        All of them: ``read + places_only + nothing_found + failed + unfinished +
        left_out``.
    read : int
        Cards with at least one text.
    places_only : int
        Fields were found, but no text of them.
    nothing_found : int
        Read without an error, but no card was seen on the image.
    failed : int
        Refused, unknown to the service, or a saved response that could not be read.
    unfinished : int
        Waiting, running, paused or cancelled.
    left_out : int
        Photos that were not submitted because of ``min_quality``.
    """

    cards: int = 0
    read: int = 0
    places_only: int = 0
    nothing_found: int = 0
    failed: int = 0
    unfinished: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class TypeOutcomes:
    """Outcomes of the cards of one type; `card_type` is ``unknown`` where the frame does not say."""

    card_type: str
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class Times:
    """When the jobs ran.

    Attributes
    ----------
    first, last : str
        First creation and last end, ISO 8601 with offset.
    jobs : int
        Jobs with both times.
    median_seconds, p95_seconds : float
        From creation to end, median and 95th percentile.
    """

    first: str
    last: str
    jobs: int
    median_seconds: float
    p95_seconds: float


@dataclass(frozen=True, slots=True)
class Presence:
    """On how many of the cards that were read a field has a text."""

    card_type: str
    field: str
    with_text: int
    cards: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Cards that failed for one reason; `message` is the commonest one of the code."""

    code: str
    message: str
    cards: int


@dataclass(frozen=True, slots=True)
class FieldScores:
    """Distribution of the scores of one field.

    Attributes
    ----------
    field : str
    n : int
        Rows with a score.
    missing : int
        Rows without one.
    p5, q1, median, q3 : int or None
        Quantiles 0.05, 0.25, 0.5 and 0.75; None without scores.
    below : int
        Rows below `ReportSummary.low_score`.
    counts : tuple of int
        Rows with each score, 0 to 100.
    """

    field: str
    n: int
    missing: int
    p5: int | None
    q1: int | None
    median: int | None
    q3: int | None
    below: int
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of one field: how many readings it judged and how many it did not pass."""

    check: str
    field: str
    severity: str
    judged: int
    failed: int


@dataclass(frozen=True, slots=True)
class WorstCase:
    """A reading to look at first; texts are masked unless the report was asked to reveal them.

    Attributes
    ----------
    key, field : str
    text, truth : str or None
        The recognized text, and the ground truth where it is known.
    score : int or None
    reason : str
        ``wrong``, ``missing`` or ``spurious`` against the truth; without truth ``check`` or ``low`` (score).
    edits : int or None
        Edits between a wrong text and the truth.
    check : str or None
        Name of the check that it did not pass.
    size : tuple of (int, int) or None
        Width and height of the field on the photo, in pixels.
    """

    key: str
    field: str
    text: str | None
    truth: str | None
    score: int | None
    reason: str
    edits: int | None = None
    check: str | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """The content of a report.

    In a notebook it shows itself as a table. `records` returns the data that `cardocr_nb.report.render_json` writes.

    Attributes
    ----------
    title, made : str
        Heading; time of making, ISO 8601 with offset.
    lang : {"en", "zh"}
        Language of the pages made of it.
    revealed : bool
        Texts are shown in full.
    low_score : int
        `FieldScores.below` counts below it.
    outcomes : Outcomes
    card_types : tuple of TypeOutcomes
    times : Times or None
    fields : int
        Rows with a field.
    completeness : tuple of Presence
    failures : tuple of Failure
    scores : tuple of FieldScores
    checks : tuple of CheckResult
    accuracy : tuple of Accuracy or None
        This and the next three without truth: None.
    confusions : tuple of Confusion
    calibration : Calibrated or None
    thresholds : Promise or None
    costs : Priced or None
        None without the two prices.
    absent : int
        Cards of the truth that are not in the table.
    correlated : bool
        Cards of the same day, folder, bucket or user data are incorrect together, and no groups were named.
    comparison : Compared or None
        None without another run.
    worst : tuple of WorstCase
    left_out : dict of str to int
        How many rows of the parts above were left out, so that no page grows with the cards.
    versions : dict of str to str
    results : QualityResults or None
        Tables of `cardocr_nb.quality`, for the figures; not part of the JSON.
    """

    title: str
    made: str
    revealed: bool
    low_score: int
    outcomes: Outcomes
    lang: Lang | None = None
    card_types: tuple[TypeOutcomes, ...] = ()
    times: Times | None = None
    fields: int = 0
    completeness: tuple[Presence, ...] = ()
    failures: tuple[Failure, ...] = ()
    scores: tuple[FieldScores, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    accuracy: tuple[Accuracy, ...] | None = None
    confusions: tuple[Confusion, ...] = ()
    calibration: Calibrated | None = None
    thresholds: Promise | None = None
    costs: Priced | None = None
    absent: int = 0
    correlated: bool = False
    comparison: Compared | None = None
    worst: tuple[WorstCase, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    results: QualityResults | None = field(default=None, repr=False, compare=False)

    def records(self) -> dict[str, Any]:
        """All attributes but `results`, as plain data."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name != "results"}

    def __repr__(self) -> str:
        o = self.outcomes
        return f"<ReportSummary {o.cards} cards, {o.read} read, {o.failed} failed, {self.fields} fields>"

    def _repr_html_(self) -> str:
        from cardocr_nb.report._html import render_fragment

        return render_fragment(self)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [_plain(part) for part in value] if isinstance(value, tuple) else value
