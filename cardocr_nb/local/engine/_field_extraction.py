"""Fourth step: extract the fields of the card from the lines on it.

Lines are cut into segments, each field gets its candidates among them, and the joint assignment that costs least wins. Labels
that were read are anchors, not conditions. What was dropped next to a value, or is cut by the edge of the picture, is
counted against it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb.local.engine._assignment import assign
from cardocr_nb.local.engine._candidates import Candidate, candidates, seal_candidates
from cardocr_nb.local.engine._card_pose import estimate_pose
from cardocr_nb.local.engine._digit_fields import completed_date, completed_issue, completed_number, likely_date
from cardocr_nb.local.engine._field_rules import apply_rules
from cardocr_nb.local.engine._gap_places import (
    UNSURE,
    misprint,
    place_of_following,
    place_of_torn,
    place_of_value,
    places_of_crowded,
    places_of_late_rows,
    places_of_unsure,
    places_of_value,
)
from cardocr_nb.local.engine._kind_costs import begins_with_region
from cardocr_nb.local.engine._label_places import label_places
from cardocr_nb.local.engine._placed_chars import place_chars
from cardocr_nb.local.engine._segmentation import segments_of
from cardocr_nb.local.engine._surnames import lacks_surname
from cardocr_nb.local.engine._value_chains import Surroundings
from cardocr_nb.local.engine._value_doubts import (
    DOUBT_LOST,
    DOUBT_PLACE,
    doubt_of,
    is_no_han_name,
    starts_early,
    starts_late,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._field_value import Value
    from cardocr_nb.local.engine._gap_places import Corners
    from cardocr_nb.local.engine._placed_chars import PlacedChar
    from cardocr_nb.local.engine._recognition import Line
    from cardocr_nb.local.engine._segments import Segment

_TRUSTED, _TRUSTED_NAME = 0.6, 0.45
_EVEN = 1.5
"""Longest step over the usual one in a number without a gap."""
_LABEL_INK = 0.5, 0.7
"""Absorption of the ink of labels over that of values, at most: thin strokes of a value are hardly darker than a label."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """A field with the characters that it was made from.

    Attributes
    ----------
    field : str
        Canonical name.
    label : str
        As the service names it.
    value : Value
    chars : tuple of PlacedChar
        In reading order.
    doubt : float
        Factor of the score for what is around the value, 0 to 1.
    """

    field: str
    label: str
    value: Value
    chars: tuple[PlacedChar, ...]
    doubt: float = 1.0


@dataclass(frozen=True, slots=True)
class Gap:
    """Where the value of a field must be, though nothing certain was read there.

    Attributes
    ----------
    field, label : str
    box : tuple of (float, float)
        Corners in pixels of the upright image, in the order of `Detection.boxes`.
    torn : bool
        Whether more of the value is beyond: the box holds one more line for `extract_fields`.
    instead : bool
        Whether the box holds a value that was read, without what touches it: the surer of both counts.
    over : float
        Above 0 where the box begins with the label, over which the value may be printed: ink up to so much of the darkest is that of
        the label.
    tight : bool
        Whether the ink beyond the ends of the box is not of the value.
    """

    field: str
    label: str
    box: Corners
    torn: bool = False
    instead: bool = False
    over: float = 0.0
    tight: bool = False


@dataclass(frozen=True, slots=True)
class Extraction:
    """The fields of one card.

    Attributes
    ----------
    pose : CardPose or None
        None where no card of the type was found.
    fields : dict of str to Extracted
    gaps : tuple of Gap
        Worth a second look with `reread_gap`.
    unexplained : tuple of Segment
        Texts on the card that belong to no field.
    further : tuple of (float, float) or None
        Corners in pixels of the row under an address whose last line is full, where no text was detected.
    """

    pose: CardPose | None
    fields: dict[str, Extracted]
    gaps: tuple[Gap, ...] = ()
    unexplained: tuple[Segment, ...] = ()
    further: Corners | None = None


def extract_fields(
    lines: Sequence[Line],
    card_type: str,
    labels: dict[str, str],
    size: tuple[int, int] | None = None,
    seal: Sequence[Line] = (),
    *,
    known: CardPose | None = None,
) -> Extraction:
    """Extract the fields of a card.

    Parameters
    ----------
    lines : sequence of Line
    card_type : str
        ``IDCard`` or ``DriverLicense``.
    labels : dict of str to str
        Name of each field in the response.
    size : (int, int), optional
        Width and height of the picture: values at its edge may be cut.
    seal : sequence of Line, optional
        Rows of the seal, where it was recognized by itself; `lines` are what is outside of it.
    known : CardPose, optional
        From another look at the same picture, as from `of_other_lines`; taken where these lines show fewer labels.
    """
    placed = place_chars([*lines, *seal])
    rows, sealed = placed[: len(lines)], placed[len(lines) :]
    pose = estimate_pose(rows, LAYOUTS[card_type], card_type)
    if known is not None and (pose is None or len(pose.labels) < len(known.labels)):
        pose = known
    if pose is None:
        return Extraction(None, {})
    places, height = label_places(pose)
    found, valid_from = segments_of(rows, pose, height)
    segments = [s for s in found if not s.pale]
    fields = dict(pose.layout.fields)
    if valid_from is not None:
        places, fields = places | {"valid_from": valid_from}, fields | {"valid_from": fields["valid_period"]}
    around = Surroundings(card_type, places, fields, segments, pose.layout.size[0])
    possible = {
        field: seal_candidates(sealed, pose) if sealed and field == "issuing_authority" else candidates(field, around)
        for field in fields
    }
    chosen = assign(possible)
    completed = _completed_number(chosen)
    chosen |= completed
    completed |= _completed_birth_date(chosen, card_type) | _completed_issue(chosen)
    chosen |= completed
    used = {(c.chars[i].line, c.chars[i].place) for c in chosen.values() for i in c.value.used}
    rest = tuple(s for s in found if not s.ids & used)
    extracted, gaps = {}, []
    shift = misprint(chosen, places)
    is_id = card_type == "IDCard"
    for field in pose.layout.fields:
        candidate = chosen.get(field)
        slot = fields[field]
        if candidate is None or candidate.value.is_valid is False:
            if slot.label and not slot.block:
                boxes = dict.fromkeys(places_of_value(field, pose, places, height, shift))
                gaps += [Gap(field, labels[field], box) for box in boxes]
                over = place_of_value(field, pose, places, height, shift, over=True)
                gaps += [Gap(field, labels[field], over, over=paler) for paler in _LABEL_INK]
            if candidate is None:
                continue
        chars = tuple(candidate.chars[i] for i in candidate.value.used)
        doubt = doubt_of(candidate, rest, places[field], size) * (DOUBT_PLACE if field in completed else 1.0)
        doubt *= DOUBT_LOST if starts_late(candidate, chosen) or (is_id and starts_early(candidate, chosen)) else 1.0
        strange = lacks_surname(candidate.value.text) if field == "name" and not is_id else False
        doubt *= DOUBT_PLACE if strange or is_no_han_name(candidate, chosen) else 1.0
        if field == "name":
            gaps += [Gap(field, labels[field], box, instead=True) for box in places_of_crowded(candidate, chosen, pose)]
        torn_rows = field == "address"
        gaps += [
            Gap(field, labels[field], box, torn=torn_rows, instead=not torn_rows)
            for box in places_of_unsure(candidate, pose)
        ]
        late = tuple(places_of_late_rows(candidate, pose)) if field == "address" else ()
        gaps += [Gap(field, labels[field], box, torn=True, tight=True) for box in late]
        doubt *= DOUBT_LOST if late else 1.0
        torn = place_of_torn(candidate, segments, pose)
        if torn is not None:
            gaps.append(Gap(field, labels[field], torn, torn=True))
        extracted[field] = Extracted(field, labels[field], candidate.value, chars, doubt)
    further = place_of_following(chosen["address"], segments, pose) if "address" in chosen else None
    return Extraction(pose, extracted, tuple(gaps), tuple(s for s in rest if not s.pale), further)


def _completed_number(chosen: Mapping[str, Candidate]) -> dict[str, Candidate]:
    """Complete a number whose last digit is hidden or beyond the edge: the others are evenly apart, so none is missing among them."""
    field = next((f for f in ("id_number", "licence_number") if f in chosen), None)
    whole = completed_number(chosen[field].value.text) if field is not None else None
    if field is None or whole is None:
        return {}
    number = chosen[field]
    centers = np.array([number.chars[i].center for i in number.value.used])
    steps = np.linalg.norm(np.diff(centers, axis=0), axis=1)
    if steps.max() > _EVEN * np.median(steps):
        return {}
    return {field: replace(number, value=replace(number.value, text=whole, is_valid=True))}


def _completed_birth_date(chosen: Mapping[str, Candidate], card_type: str) -> dict[str, Candidate]:
    """Complete a date of birth that lost one digit by the number, or whose unsure digits may be those of the number.

    Other differences stay, since they may be on the card.
    """
    birth = chosen.get("birth_date")
    number = next((chosen[f].value.text for f in ("id_number", "licence_number") if f in chosen), "")
    if birth is None:
        return {}
    whole = completed_date(birth.value.text, number, card_type)
    if whole is None:
        whole = likely_date([birth.chars[i].char for i in birth.value.used], number, card_type)
    if whole is None or whole == birth.value.text:
        return {}
    return {"birth_date": replace(birth, value=replace(birth.value, text=whole, is_valid=True))}


def _completed_issue(chosen: Mapping[str, Candidate]) -> dict[str, Candidate]:
    """Complete the day of a first issue that lost one digit by that on which the period begins."""
    issue, period = chosen.get("first_issue_date"), chosen.get("valid_period")
    if issue is None or period is None or issue.value.is_valid or not period.value.is_valid:
        return {}
    whole = completed_issue(issue.value.text, period.value.text)
    return {"first_issue_date": replace(issue, value=replace(issue.value, text=whole, is_valid=True))} if whole else {}


def reread_gap(gap: Gap, line: Line, card_type: str) -> Extracted | None:
    """Make a field from a second look, or return None where it shows nothing that can be trusted.

    Parameters
    ----------
    gap : Gap
        From `extract_fields`.
    line : Line
        The text of its box.
    card_type : str
    """
    value = apply_rules(gap.field, card_type, line.chars)
    if (
        value is None
        or value.is_valid is False
        or min(value.confidences) < (_TRUSTED_NAME if gap.field == "name" else _TRUSTED)
    ):
        return None
    if len(value.text) < len(line.chars) - 1 and not value.is_valid:
        return None
    if gap.field == "address" and not begins_with_region(value.text):
        return None
    if any(value.text == slot.label for layout in LAYOUTS[card_type] for slot in layout.fields.values()):
        return None
    (row,) = place_chars([line])
    return Extracted(gap.field, gap.label, value, tuple(row[i] for i in value.used), DOUBT_PLACE)


def surer(extracted: Extracted, extraction: Extraction) -> bool:
    """Whether a second look at a field shows more of it than the first, or is surer in its least sure character."""
    first, second = extraction.fields[extracted.field].value, extracted.value
    more = first.text in second.text and len(first.text) < len(second.text)
    other = second.text != first.text or math.prod(first.confidences) < UNSURE
    cut = first.text.startswith(second.text) and len(second.text) < len(first.text)
    return more or (other and not cut and min(second.confidences) > min(first.confidences))


def keeps_address(again: Extraction, best: Extraction) -> bool:
    """Whether another extraction has an address at least as long: a row that was read again may have lost a character."""
    one, other = ("" if "address" not in e.fields else e.fields["address"].value.text for e in (again, best))
    return len(one) >= len(other)


def with_field(extraction: Extraction, extracted: Extracted) -> Extraction:
    """Return an extraction with one more field, or another reading of it; the same text keeps its doubt, but for a name."""
    known = extraction.fields.get(extracted.field)
    if known is not None and known.value.text == extracted.value.text and extracted.field != "name":
        extracted = replace(extracted, doubt=known.doubt)
    return replace(extraction, fields={**extraction.fields, extracted.field: extracted})


def without_field(extraction: Extraction, field: str) -> Extraction:
    """Return an extraction with one field less."""
    return replace(extraction, fields={n: e for n, e in extraction.fields.items() if n != field})


def with_missing(extraction: Extraction, other: Extraction) -> Extraction:
    """Return an extraction with the fields that only another one of the same card has, where they break no rule."""
    missing = {n: e for n, e in other.fields.items() if n not in extraction.fields and e.value.is_valid is not False}
    return replace(extraction, fields={**extraction.fields, **missing}) if missing else extraction
