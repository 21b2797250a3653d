"""The steps for one picture: find the card, read it, look again where something is missing."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from cardocr_nb.cards import expected_fields
from cardocr_nb.local.engine._box_selection import (
    across,
)
from cardocr_nb.local.engine._card_answer import Recognition, answered_fields
from cardocr_nb.local.engine._card_evidence import card_confidence
from cardocr_nb.local.engine._card_search import CardSearch
from cardocr_nb.local.engine._crop_ink import print_contrast
from cardocr_nb.local.engine._extraction_quality import agreement_of, worth_of
from cardocr_nb.local.engine._field_extraction import (
    Extraction,
    keeps_address,
    reread_gap,
    surer,
    with_field,
    with_missing,
    without_field,
)
from cardocr_nb.local.engine._field_rules import surer_zero
from cardocr_nb.local.engine._other_cards import shows_another_card
from cardocr_nb.local.engine._placed_chars import place_chars
from cardocr_nb.local.engine._recognition import (
    recognize_all,
    recognize_box,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._recognition import Line

_NARROW_MARGIN = 3.0
"""Millimeters around a card whose pose is known."""
_LEGIBLE = 0.75
"""Mean confidence of a line that the detector did not see, below which it is lines of the background."""
_LEVEL = 4.0
"""Degrees off the edges of the picture up to which text in one direction is a page, not a watermark that hides a card."""
_MANY = 3
"""Fields that are missing, from which the card alone is looked at before the places of single values."""
_PRINTED = 0.4
"""Contrast of a row over that of the address above it, below which no text is in it."""
_PERMISSION = frozenset("仅供使印他它")
"""Characters that are in most watermarks of owners, as 仅供…使用, 复印无效, and in few values."""
_NO_CARD = 0.1
"""Confidence that a card is there, below which its fields are not returned."""
MORE_CARDS = "the picture shows more than one card of this type; the fields are those of the surer one"
UNSURE_CARD = "it is not certain that the picture shows a card of this type"


class CardReading(CardSearch):
    """The steps for one picture; `known` is the pose of the card from another look at it, with its `lines`."""

    def result(self) -> Recognition:
        """Detect, recognize and extract; then look again where something is missing."""
        best, lines, unread = self._first_look() if self.known is None else self._known_card(self.known)
        if best.pose is None:
            return Recognition([])
        best, lines = self._look_again(self._with_seal(best, lines), lines)
        self.pose, self.lines = best.pose, lines
        return self._answer(best, unread)

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
        """Whether text in another direction or words of a watermark are on the card that was read; without one, text that may be a watermark."""
        if self.found is None or not len(self.found.boxes):
            return False
        if self.pose is not None:
            return bool(across(self.found.boxes, self.pose).any()) or _has_words_of_permission(self.lines, self.pose)
        level = abs((self.found.angles[0] + 45) % 90 - 45) < _LEVEL
        return not level or bool((self.found.groups > 0).any())

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

    def _reread(self, best: Extraction, lines: tuple[Line, ...]) -> Extraction:
        """Recognize once more where a value must be."""
        import numpy as np

        torn = [np.array(gap.box) for gap in best.gaps if gap.torn and not gap.tight]
        torn += [np.array(best.further)] if best.further and self._has_print(best) else []
        tight = [np.array(gap.box) for gap in best.gaps if gap.tight]
        if torn or tight:
            more = recognize_all(self.pyramid, np.array(torn), self.models) if torn else ()
            more += tuple(recognize_box(self.pyramid, box, self.models, extend=False) for box in tight)
            legible = tuple(line for line in more if _is_legible(line))
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
        if shows_another_card(best, self.lines, unread, self.pyramid, self.models):
            message = MORE_CARDS
        return Recognition(answered_fields(best, self.kind, card), message)


def _is_legible(line: Line) -> bool:
    """Whether a line that the detector did not see is text; a zero alone may be another character of its form."""
    return bool(line.chars) and fmean(surer_zero(c).confidence for c in line.chars) > _LEGIBLE


def _has_words_of_permission(lines: Sequence[Line], pose: CardPose) -> bool:
    """Whether characters of what owners write across their cards are among those on a card."""
    import numpy as np

    centers = [c.center for row in place_chars(lines) for c in row if not c.candidates.isdisjoint(_PERMISSION)]
    places = pose.on_card(np.array(centers).reshape(-1, 2))
    return bool(((places > 0) & (places < pose.layout.size)).all(1).any())


def _has_few_labels(pose: CardPose) -> bool:
    """Whether most labels of a card were not read: its place is not sure then, nor are the ends of its lines."""
    return 2 * len(pose.labels) < len(pose.layout.fields)
