"""What a report says, as plain data: numbers, texts and tuples of records of these."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many cards ended how.

    Attributes
    ----------
    cards : int
        All of them: ``read + nothing_found + failed + unfinished``.
    read : int
        Cards with at least one field.
    nothing_found : int
        Read without an error, but no card was seen on the image.
    failed : int
        Refused, unknown to the service, or a saved response that could not be read.
    unfinished : int
        Waiting, running, paused or cancelled.
    """

    cards: int = 0
    read: int = 0
    nothing_found: int = 0
    failed: int = 0
    unfinished: int = 0


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
        Jobs of which both are known.
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
class Accuracy:
    """How often a field, or all of a card, was read as it stands on the card; see `cardocr_nb.quality.evaluate`.

    Attributes
    ----------
    field : str
        ``whole card`` for cards of which every field is right.
    cases, correct : int
        How many there are, and how many were read exactly.
    exact, low, high : float or None
        Share of exact readings and its 95 % interval, 0 to 1; None without cases.
    missing, spurious : int or None
        Not read; read though it does not stand there; None for whole cards.
    cer : float or None
        Edits needed in proportion to the characters that stand there.
    """

    field: str
    cases: int
    correct: int
    exact: float | None
    low: float | None
    high: float | None
    missing: int | None = None
    spurious: int | None = None
    cer: float | None = None


@dataclass(frozen=True, slots=True)
class WorstCase:
    """A reading to look at first; texts are masked unless the report was asked to reveal them."""

    key: str
    field: str
    text: str | None
    truth: str | None
    score: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """All that a report says.

    In a notebook it shows itself as a table. ``dataclasses.asdict`` gives what `cardocr_nb.report.render_json` writes.
    """

    title: str
    made: str
    revealed: bool
    low_score: int
    outcomes: Outcomes
    card_types: tuple[TypeOutcomes, ...] = ()
    times: Times | None = None
    fields: int = 0
    completeness: tuple[Presence, ...] = ()
    failures: tuple[Failure, ...] = ()
    scores: tuple[FieldScores, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    accuracy: tuple[Accuracy, ...] | None = None
    worst: tuple[WorstCase, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        o = self.outcomes
        return f"<ReportSummary {o.cards} cards, {o.read} read, {o.failed} failed, {self.fields} fields>"

    def _repr_html_(self) -> str:
        from cardocr_nb.report.html import render_fragment

        return render_fragment(self)
