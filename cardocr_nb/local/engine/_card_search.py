"""Find the card on a picture, and recognize its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb.cards import FIELDS, CardType, expected_fields
from cardocr_nb.local.engine._anchors import anchor_names
from cardocr_nb.local.engine._box_selection import (
    covered,
    headings,
    in_number_row,
    in_seal,
    is_sure,
    known_lines,
    likely_first,
    needs_no_title,
    next_to_larger,
    on_card,
    sure_pose,
    translations,
)
from cardocr_nb.local.engine._card_evidence import has_portrait
from cardocr_nb.local.engine._card_pose import provisional_pose
from cardocr_nb.local.engine._detection import detect, detect_within
from cardocr_nb.local.engine._extraction_quality import quality_of
from cardocr_nb.local.engine._field_extraction import Extraction, extract_fields
from cardocr_nb.local.engine._line_crops import ImagePyramid, brightened, even_contrast, ink_channel, without_text
from cardocr_nb.local.engine._line_reader import LineReader
from cardocr_nb.local.engine._placed_chars import place_chars
from cardocr_nb.local.engine._recognition import UPRIGHT, mean_confidence, recognize_all, rotate180
from cardocr_nb.local.engine._seal_rows import Seal, SealReading, begin_seal, read_seal
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
_DOUBTFUL = 0.0
"""Quality of an extraction up to which it is made of the words of a form rather than of a card."""
_AS_MANY_SIGNS = 0.5
"""Part of the most anchors in a first round, below which text of another direction is not read on: a larger look is worth more."""
_FAINT_SIDES = 960, 1600
"""Longer sides of the picture as the detector sees it when nothing was found before: a card may take a fifth of it."""
_MOST_WIDTH = 20_000
"""Pixels along the lines, at the height of the recognizer, after which a look reads on only if it shows where a card is."""
_CROWD = 12
"""Boxes that were detected, from which the card may be hidden by the text of other papers."""
_ROUGH_MARGIN = 14.0
"""Millimeters around a card whose pose is known from one text only."""


class CardSearch:
    """The search for a card on one picture; `known` is the pose of the card from another look at it, with its `lines`."""

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

        image = brightened(image)
        self.image, self.kind, self.models = image, kind, models
        self.ink = ink_channel(np.ascontiguousarray(image[:, :, 0]), np.ascontiguousarray(image[:, :, 1]))
        self.pyramid = ImagePyramid(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8))
        self.size = image.shape[1], image.shape[0]
        self.seal: Seal | None = None
        self._sought: SealReading | None = None
        self._unlikely: Seal | None = None
        self.reader = LineReader(self.pyramid, models)
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

    def _first_look(self) -> tuple[Extraction, tuple[Line, ...], NDArray[np.float64]]:
        self.found = detect(self.ink, self.models, _SIDES[self.kind])
        first = self._surest_group(self.found)
        if quality_of(first[0]) > _DOUBTFUL:
            return first
        again = self._faint()
        return again if quality_of(again[0]) > quality_of(first[0]) else first

    def _faint(self) -> tuple[Extraction, tuple[Line, ...], NDArray[np.float64]]:
        """Look for a card with faint or small print: with even contrast, larger, larger again, and without the text of other papers.

        Among many rows of one direction, the detector does not see the few of another one.
        """
        ink = even_contrast(self.ink)
        best = self._surest_group(detect(ink, self.models, _FAINT_SIDES[0]))
        for side in _FAINT_SIDES[1:]:
            if quality_of(best[0]) < _FOUND and max(self.size) > 0.8 * side:
                again = self._surest_group(detect(ink, self.models, side))
                best = again if quality_of(again[0]) > quality_of(best[0]) else best
        if quality_of(best[0]) <= _DOUBTFUL and self.found is not None and len(self.found.boxes) >= _CROWD:
            rest = self._surest_group(detect(without_text(ink, self.found.boxes), self.models, _FAINT_SIDES[0]))
            best = rest if quality_of(rest[0]) > quality_of(best[0]) else best
        return best

    def _surest_group(self, found: Detection) -> tuple[Extraction, tuple[Line, ...], NDArray[np.float64]]:
        """Extract the fields from the text of the direction that shows a card best.

        A round of boxes of each direction shows which one is worth reading on. Also returns the lines, and the boxes that
        were not recognized.
        """
        starts = []
        self.reader.next_look()
        for group in range(len(found.angles)):
            boxes = self._likely_first(found.boxes[found.groups == group])
            if group and (len(boxes) < _TRY_OPPOSITE or self.reader.width > _MOST_WIDTH):
                continue
            lines, turned = self.reader.upright(boxes[:_ROUND])
            boxes = rotate180(boxes) if turned else boxes
            signs = len(anchor_names(place_chars(lines), LAYOUTS[self.kind], self.kind))
            starts.append((signs, boxes, lines))
        starts.sort(key=lambda start: -start[0])
        best, lines, unread = Extraction(None, {}), (), found.boxes[:0]
        for signs, boxes, first in starts:
            if signs < _AS_MANY_SIGNS * starts[0][0]:
                break
            extraction, recognized, left = self._group(boxes, first)
            if quality_of(extraction) > quality_of(best):
                best, lines, unread = extraction, recognized, left
            # What a text at another angle may add is read from the card alone, once its place is known.
            if best.pose is not None and (
                is_sure(best.pose) or quality_of(best) >= _FOUND or not self._is_incomplete(best)
            ):
                break
        return best, lines, unread

    def _likely_first(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the boxes that may be of a card in the order in which they are recognized: a seal is read by itself."""
        import numpy as np

        boxes = likely_first(boxes)
        return boxes[np.argsort(self._may_be_seal(boxes), kind="stable")]

    def _group(
        self, boxes: NDArray[np.float64], first: tuple[Line, ...]
    ) -> tuple[Extraction, tuple[Line, ...], NDArray[np.float64]]:
        """Extract the fields from the text of one direction; also its lines, and the boxes not recognized."""
        lines, left = self._rounds(first, boxes[_ROUND:])
        extraction = self.extract(lines)
        if extraction.pose is not None:
            title = self._headings(left, extraction.pose) & self._is_on_card(left, extraction.pose)
            if title.any():
                lines += recognize_all(self.pyramid, left[title], self.models)
                extraction, left = self.extract(lines), left[~title]
        if extraction.pose is None and len(boxes) >= _TRY_OPPOSITE:
            tries = [lines]
            if mean_confidence(lines) < UPRIGHT:
                opposite = rotate180(boxes)
                start = tuple(self.reader.begin(opposite[:_ROUND]))
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
        """Recognize boxes until all that may be of the card are, or so many that show no card."""
        import numpy as np

        pose: CardPose | None = None
        while len(left := left[~covered(left, lines)]) and (pose is not None or self.reader.width < _MOST_WIDTH):
            if pose is not None and not self._is_on_card(left, pose).any():
                if not self._lost_seal():
                    break
                continue
            first, pose = pose is None, sure_pose(lines, self.kind) or self.known
            if pose is None:
                now = np.arange(len(left)) < _ROUND
            else:
                now = self._is_on_card(left, pose)
                if first:
                    now &= ~(self._may_be_seal(left) | in_seal(left, pose))
                later = translations(left, pose, read=False) | next_to_larger(left)
                later = (later & ~in_number_row(left, pose)) | self._headings(left, pose)
                now &= later == later[now].all()
            begun = self.reader.begin(left[now])
            if pose is not None and first:
                self._begin_seal(pose)
            elif not now.any() and not self._lost_seal():
                break
            lines += tuple(begun)
            left = left[~now]
        self._lost_seal()
        return lines, left

    def _is_on_card(self, boxes: NDArray[np.float64], pose: CardPose) -> NDArray[np.bool_]:
        """Mark the boxes that may hold text of the card other than its seal."""
        marked = on_card(boxes, pose)
        seal = self.seal or self._sought
        if seal is not None:
            marked &= beyond(boxes, seal.square)
        if "portrait" not in pose.known:
            pose.known["portrait"] = needs_no_title(pose) and has_portrait(pose, self.image)
        if pose.known["portrait"]:
            marked &= ~self._headings(boxes, pose)
        return marked

    def _headings(self, boxes: NDArray[np.float64], pose: CardPose) -> NDArray[np.bool_]:
        """Mark the boxes of the title of a license, which shows little once its labels are read."""
        return headings(boxes, pose) & (self.kind == "DriverLicense")

    def _may_be_seal(self, boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Mark the red boxes of a card with a seal, which is recognized by itself."""
        import numpy as np

        return is_red(self.image, boxes) if "issuing_authority" in self.labels else np.zeros(len(boxes), bool)

    def _begin_seal(self, pose: CardPose) -> None:
        """Begin to recognize the red seal row by row, once it is known where the card is, while other boxes are."""
        self._unlikely = None
        if self.seal is None and "issuing_authority" in self.labels:
            self._sought = begin_seal(self.image, self.pyramid, pose, self.models)

    def _lost_seal(self) -> bool:
        """Keep the seal that was begun if it reads as an office; otherwise return True: boxes in its square are text like others."""
        if self._sought is None:
            return False
        seal, self._sought = self._sought.result(), None
        self._unlikely = seal
        self.seal = seal if seal is not None and seal.is_valid else None
        return self.seal is None

    def _seek_seal(self, pose: CardPose, *, last: bool = False) -> None:
        """Recognize the red seal row by row, once it is known where the card is; one that reads unlike an office only at last."""
        if self.seal is None and "issuing_authority" in self.labels:
            seal = self._unlikely or read_seal(self.image, self.pyramid, pose, self.models)
            self.seal = seal if seal is None or seal.is_valid or last else None

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

    def _is_incomplete(self, best: Extraction) -> bool:
        """Whether a field is missing or breaks a rule, but for a seal that was read from its own rows."""
        broken = [name for name, e in best.fields.items() if e.value.is_valid is False]
        if self.seal is not None and "issuing_authority" in broken:
            broken.remove("issuing_authority")
        return bool(broken) or len(best.fields) < len(expected_fields(self.kind))


def _along(boxes: NDArray[np.float64], row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn boxes that run against a direction the other way round."""
    import numpy as np

    against = (boxes[:, 1] - boxes[:, 0]) @ row < 0
    return np.where(against[:, None, None], rotate180(boxes), boxes)
