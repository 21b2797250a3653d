"""The steps for one picture: find the card, read it, look again where something is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb.cards import FIELDS, CardType, expected_fields
from cardocr_nb.local.engine._anchors import anchor_names
from cardocr_nb.local.engine._box_selection import (
    across,
    covered,
    known_lines,
    likely_first,
    next_to_larger,
    on_card,
    sure_pose,
    translations,
)
from cardocr_nb.local.engine._card_answer import Recognition, answered_fields
from cardocr_nb.local.engine._card_evidence import card_confidence
from cardocr_nb.local.engine._card_pose import provisional_pose
from cardocr_nb.local.engine._detection import detect, detect_within
from cardocr_nb.local.engine._extraction_quality import agreement_of, quality_of, worth_of
from cardocr_nb.local.engine._field_extraction import (
    Extraction,
    extract_fields,
    keeps_address,
    reread_gap,
    surer,
    with_field,
    with_missing,
    without_field,
)
from cardocr_nb.local.engine._line_crops import ImagePyramid, even_contrast, ink_channel, print_contrast
from cardocr_nb.local.engine._other_cards import shows_another_card
from cardocr_nb.local.engine._placed_chars import place_chars
from cardocr_nb.local.engine._recognition import (
    UPRIGHT,
    begin_recognition,
    mean_confidence,
    recognize_all,
    recognize_box,
    recognize_upright,
    rotate180,
)
from cardocr_nb.local.engine._seal_rows import Seal, read_seal
from cardocr_nb.local.engine._seal_square import beyond, is_red, outside

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._detection import Detection
    from cardocr_nb.local.engine._networks import Models
    from cardocr_nb.local.engine._recognition import Line

_SIDES = {"IDCard": 480, "DriverLicense": 608}
"""Longer side of the picture as the detector sees it: the license has the smaller print."""
_ROUND = 8
"""Boxes recognized at a time until the place of the card is known."""
_TRY_OPPOSITE = 3
"""Boxes without which a picture is not read the other way up as well."""
_FOUND = 7.0
"""Quality of an extraction from which no other direction of text is searched for the card."""
_AS_MANY_SIGNS = 0.5
"""Part of the anchors in the first round of a card that was found, below which text of another direction is not read on."""
_FAINT_SIDES = 960, 1600
"""Longer sides of the picture as the detector sees it when nothing was found before: a card may take a fifth of it."""
_ROUGH_MARGIN = 14.0
"""Millimeters around a card whose pose is known from one text only."""
_NARROW_MARGIN = 3.0
"""Millimeters around a card whose pose is known."""
_LEGIBLE = 0.75
"""Mean confidence of a line that the detector did not see, below which it is lines of the background."""
_MANY = 3
"""Fields that are missing, from which the card alone is looked at before the places of single values."""
_PRINTED = 0.4
"""Contrast of a row over that of the address above it, below which no text is in it."""
_NO_CARD = 0.1
"""Confidence that a card is there, below which its fields are not returned."""
MORE_CARDS = "the picture shows more than one card of this type; the fields are those of the surer one"
UNSURE_CARD = "it is not certain that the picture shows a card of this type"


class CardReading:
    """The steps for one picture; `known` is the pose of the card from another look at it, with its `lines`."""

    def __init__(
        self,
        image: NDArray[np.uint8],
        kind: str,
        models: Models,
        known: CardPose | None = None,
        lines: Sequence[Line] = (),
    ) -> None:
        import cv2
        import numpy as np

        self.image, self.kind, self.models = image, kind, models
        self.ink = ink_channel(np.ascontiguousarray(image[:, :, 0]), np.ascontiguousarray(image[:, :, 1]))
        self.pyramid = ImagePyramid(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8))
        self.size = image.shape[1], image.shape[0]
        self.seal: Seal | None = None
        self.found: Detection | None = None
        self.known = known
        self.lines = tuple(lines)
        self.pose: CardPose | None = None
        self.labels = {f.name: f.label for f in FIELDS[CardType(kind)]}

    def extract(self, lines: Sequence[Line]) -> Extraction:
        if self.seal is None:
            return extract_fields(lines, self.kind, self.labels, self.size, known=self.known)
        rest = outside(lines, self.seal.square)
        return extract_fields(rest, self.kind, self.labels, self.size, self.seal.lines, known=self.known)

    def result(self) -> Recognition:
        """Detect, recognize and extract; then look again where something is missing."""
        best, lines, unread = self._first_look() if self.known is None else self._known_card(self.known)
        if best.pose is None:
            return Recognition([])
        best, lines = self._look_again(self._with_seal(best, lines), lines)
        self.pose, self.lines = best.pose, lines
        return self._answer(best, unread)

    def _first_look(self) -> tuple[Extraction, tuple[Line, ...], NDArray[np.float64]]:
        self.found = detect(self.ink, self.models, _SIDES[self.kind])
        first = self._surest_group(self.found)
        return first if first[0].pose is not None else self._faint()

    def _known_card(self, pose: CardPose) -> tuple[Extraction, tuple[Line, ...], NDArray[np.float64]]:
        import numpy as np

        lines = self._within(pose, _NARROW_MARGIN, self.lines)
        self._seek_seal(pose)
        return self.extract(lines), lines, np.empty((0, 4, 2))

    def _look_again(self, first: Extraction, lines: tuple[Line, ...]) -> tuple[Extraction, tuple[Line, ...]]:
        """Recognize places of values, or the card alone once more, where something is missing."""
        if self.known is not None:
            return self._reread(first, lines), lines
        if len(first.fields) + _MANY <= len(expected_fields(self.kind)):
            again = self._enlarged(first, lines)
            if again is None:
                return self._reread(first, lines), lines
            best = self._reread(self._with_seal(*again), again[1])
            return with_missing(best, self._reread(first, lines)) if self._is_incomplete(best) else best, again[1]
        best = self._reread(first, lines)
        # A place holds one row of an address: there may be more.
        again = self._enlarged(best if "address" in first.fields else without_field(best, "address"), lines)
        if again is None:
            return best, lines
        return with_missing(self._reread(self._with_seal(*again), again[1]), best), again[1]

    def is_crossed(self) -> bool:
        """Whether text in another direction than its rows is on the card that was read."""
        return self.found is not None and self.pose is not None and bool(across(self.found.boxes, self.pose).any())

    def _faint(self) -> tuple[Extraction, tuple[Line, ...], NDArray[np.float64]]:
        """Look for a card with faint or small print: with even contrast, larger, and larger again."""
        ink = even_contrast(self.ink)
        best = self._surest_group(detect(ink, self.models, _FAINT_SIDES[0]))
        for side in _FAINT_SIDES[1:]:
            if quality_of(best[0]) < _FOUND and max(self.size) > 0.8 * side:
                again = self._surest_group(detect(ink, self.models, side))
                best = again if quality_of(again[0]) > quality_of(best[0]) else best
        return best

    def _surest_group(self, found: Detection) -> tuple[Extraction, tuple[Line, ...], NDArray[np.float64]]:
        """Extract the fields from the text of the direction that shows a card best.

        A round of boxes of each direction shows which one is worth reading on. Also returns the lines, and the boxes that
        were not recognized.
        """
        starts = []
        for group in range(len(found.angles)):
            boxes = self._likely_first(found.boxes[found.groups == group])
            if group and len(boxes) < _TRY_OPPOSITE:
                continue
            lines, turned = recognize_upright(self.pyramid, boxes[:_ROUND], self.models)
            boxes = rotate180(boxes) if turned else boxes
            signs = len(anchor_names(place_chars(lines), LAYOUTS[self.kind], self.kind))
            starts.append((signs, boxes, lines))
        starts.sort(key=lambda start: -start[0])
        best, lines, unread, shown = Extraction(None, {}), (), found.boxes[:0], 0
        for signs, boxes, first in starts:
            if signs < _AS_MANY_SIGNS * shown:
                break
            extraction, recognized, left = self._group(boxes, first)
            if quality_of(extraction) > quality_of(best):
                best, lines, unread, shown = extraction, recognized, left, signs
            if best.pose is not None and (quality_of(best) >= _FOUND or not self._is_incomplete(best)):
                break
        return best, lines, unread

    def _likely_first(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the boxes that may be of a card in the order in which they are recognized: a seal is read by itself."""
        import numpy as np

        boxes = likely_first(boxes, self.kind)
        return boxes[np.argsort(self._may_be_seal(boxes), kind="stable")]

    def _group(
        self, boxes: NDArray[np.float64], first: tuple[Line, ...]
    ) -> tuple[Extraction, tuple[Line, ...], NDArray[np.float64]]:
        """Extract the fields from the text of one direction; also its lines, and the boxes not recognized."""
        lines, left = self._rounds(first, boxes[_ROUND:])
        extraction = self.extract(lines)
        if extraction.pose is None and len(boxes) >= _TRY_OPPOSITE:
            tries = [lines]
            if mean_confidence(lines) < UPRIGHT:
                opposite = rotate180(boxes)
                start = recognize_all(self.pyramid, opposite[:_ROUND], self.models)
                other, rest = self._rounds(start, opposite[_ROUND:])
                extraction = self.extract(other)
                if extraction.pose is not None:
                    return extraction, other, rest
                tries.append(other)
            extraction, lines = self._from_one_text(tries)
        return extraction, lines, left

    def _from_one_text(self, tries: Sequence[tuple[Line, ...]]) -> tuple[Extraction, tuple[Line, ...]]:
        """Look around a number or a title where too little else was recognized to know where the card is."""
        layout = LAYOUTS[self.kind][0]
        for lines in tries:
            pose = provisional_pose(place_chars(lines), layout, self.kind)
            if pose is not None:
                again = self._within(pose, _ROUGH_MARGIN)
                return self.extract(again), again
        return Extraction(None, {}), tries[0]

    def _rounds(
        self, lines: tuple[Line, ...], left: NDArray[np.float64]
    ) -> tuple[tuple[Line, ...], NDArray[np.float64]]:
        """Recognize boxes until all that may be of the card are."""
        import numpy as np

        pose: CardPose | None = None
        while len(left := left[~covered(left, lines)]):
            if pose is not None and not self._is_on_card(left, pose).any():
                break
            first, pose = pose is None, sure_pose(lines, self.kind) or self.known
            if pose is None:
                now = np.arange(len(left)) < _ROUND
            else:
                now = self._is_on_card(left, pose)
                if first:
                    now &= ~self._may_be_seal(left)
                later = translations(left, pose, read=False).astype(int) + next_to_larger(left)
                now &= later == later[now].min(initial=2)
            begun = begin_recognition(self.pyramid, left[now], self.models)
            if pose is not None and first:
                self._seek_seal(pose)
            elif not now.any():
                break
            lines += tuple(line for line in begun if line.chars)
            left = left[~now]
        return lines, left

    def _is_on_card(self, boxes: NDArray[np.float64], pose: CardPose) -> NDArray[np.bool_]:
        """Mark the boxes that may hold text of the card other than its seal."""
        marked = on_card(boxes, pose)
        return marked if self.seal is None else marked & beyond(boxes, self.seal.square)

    def _may_be_seal(self, boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Mark the red boxes of a card with a seal, which is recognized by itself."""
        import numpy as np

        return is_red(self.image, boxes) if "issuing_authority" in self.labels else np.zeros(len(boxes), bool)

    def _seek_seal(self, pose: CardPose, *, last: bool = False) -> None:
        """Recognize the red seal row by row, once it is known where the card is; one that reads unlike an office only at last."""
        if self.seal is None and "issuing_authority" in self.labels:
            seal = read_seal(self.image, self.pyramid, pose, self.models)
            self.seal = seal if seal is None or seal.is_valid or last else None

    def _with_seal(self, best: Extraction, lines: tuple[Line, ...]) -> Extraction:
        """Look for the seal once more where it was not found before all of the card was recognized."""
        if self.seal is not None or best.pose is None:
            return best
        self._seek_seal(best.pose, last=True)
        return best if self.seal is None else self.extract(lines)

    def _enlarged(self, best: Extraction, lines: tuple[Line, ...]) -> tuple[Extraction, tuple[Line, ...]] | None:
        """Detect again on the card alone, with its contrast made even, if something is missing; None if that does not help."""
        if best.pose is None or not (self._is_incomplete(best) or _has_few_labels(best.pose)):
            return None
        lines = self._within(best.pose, _NARROW_MARGIN, lines)
        extraction = self.extract(lines)
        return (extraction, lines) if worth_of(extraction) > worth_of(best) else None

    def _is_incomplete(self, best: Extraction) -> bool:
        """Whether a field is missing or breaks a rule, but for a seal that was read from its own rows."""
        broken = [name for name, e in best.fields.items() if e.value.is_valid is False]
        if self.seal is not None and "issuing_authority" in broken:
            broken.remove("issuing_authority")
        return bool(broken) or len(best.fields) < len(expected_fields(self.kind))

    def _within(self, pose: CardPose, margin: float, known: Sequence[Line] = ()) -> tuple[Line, ...]:
        """Recognize all text on a card, detected with the card as large as the detector sees well.

        Of the known lines, those that are sure are kept where the same box is found again.
        """
        import numpy as np

        width, height = pose.layout.size
        low, right, bottom = -margin, width + margin, height + margin
        corners = pose.on_picture(np.array([(low, low), (right, low), (low, bottom)]))
        found = detect_within(even_contrast(self.ink), corners, self.models, max(_SIDES[self.kind], 640))
        boxes = _along(found.boxes, corners[1] - corners[0])
        boxes = boxes[on_card(boxes, pose, margin)]
        if self.seal is not None:
            boxes = boxes[beyond(boxes, self.seal.square)]
        lines, again = known_lines(boxes, known)
        boxes = boxes[~again]
        later = translations(boxes, pose, read=False) | next_to_larger(boxes)
        lines += recognize_all(self.pyramid, boxes[~later], self.models)
        left = boxes[later]
        left = left[on_card(left, sure_pose(lines, self.kind) or pose, margin)]
        return lines + recognize_all(self.pyramid, left, self.models)

    def _reread(self, best: Extraction, lines: tuple[Line, ...]) -> Extraction:
        """Recognize once more where a value must be."""
        import numpy as np

        torn = [np.array(gap.box) for gap in best.gaps if gap.torn]
        torn += [np.array(best.further)] if best.further and self._has_print(best) else []
        if torn:
            more = recognize_all(self.pyramid, np.array(torn), self.models)
            legible = tuple(line for line in more if line.confidence > _LEGIBLE)
            again = self.extract(lines + legible) if legible else best
            best = again if agreement_of(again) >= agreement_of(best) and keeps_address(again, best) else best
        for gap in (g for g in best.gaps if not g.torn):
            if not gap.instead and gap.field in best.fields and best.fields[gap.field].value.is_valid is not False:
                continue
            box = np.array(gap.box)
            line = recognize_box(self.pyramid, box, self.models, extend=False, trim=True, paler=gap.over)
            extracted = reread_gap(gap, line, self.kind)
            if extracted is not None and (not gap.instead or surer(extracted, best)):
                best = with_field(best, extracted)
        return best

    def _has_print(self, best: Extraction) -> bool:
        """Whether the row under an address shows ink nearly as dark as that of the address."""
        import numpy as np

        contrast = print_contrast(self.pyramid.crop(np.array(best.further)[[0, 1, 3]]))
        own = np.median([placed.char.contrast for placed in best.fields["address"].chars])
        return bool(contrast > _PRINTED * own)

    def _answer(self, best: Extraction, unread: NDArray[np.float64]) -> Recognition:
        card = card_confidence(best, self.image)
        if card < _NO_CARD:
            return Recognition([])
        message = "" if card >= 0.5 else UNSURE_CARD
        if shows_another_card(best, unread, self.pyramid, self.models):
            message = MORE_CARDS
        return Recognition(answered_fields(best, self.kind, card), message)


def _has_few_labels(pose: CardPose) -> bool:
    """Whether most labels of a card were not read: its place is not sure then, nor are the ends of its lines."""
    return 2 * len(pose.labels) < len(pose.layout.fields)


def _along(boxes: NDArray[np.float64], row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn boxes that run against a direction the other way round."""
    import numpy as np

    against = (boxes[:, 1] - boxes[:, 0]) @ row < 0
    return np.where(against[:, None, None], rotate180(boxes), boxes)
