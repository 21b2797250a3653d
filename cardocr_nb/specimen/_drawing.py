"""Specimens of both cards, drawn, with the text of each field and the place of its ink."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cardocr_nb import cards
from cardocr_nb._text_safety import shown_choice
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.specimen import _layouts as layouts
from cardocr_nb.specimen import _ornaments as ornaments
from cardocr_nb.specimen import _printed_forms as forms
from cardocr_nb.specimen._people import dice, make_person

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

MARK = "样本 SPECIMEN"
_IS_INK = [255 * (level > 64) for level in range(256)]


@dataclass(frozen=True, slots=True, eq=False)
class Specimen:
    """A picture of a made-up card and its truth.

    Attributes
    ----------
    image : PIL.Image.Image
        RGB.
    card_type : CardType
        Which card it is.
    texts : mapping of str to str
        What a perfect reader returns, by field. The lines of an address are joined with nothing between.
    polygons : mapping of str to ndarray of shape (4, 2)
        Four points in pixels, x right and y down from the outer corner of the first pixel, in wire order: top-left,
        bottom-left, bottom-right, top-right of the value as it is read, tight to its ink on the card, label not
        included.
    """

    image: Image
    card_type: cards.CardType
    texts: Mapping[str, str] = field(repr=False)
    polygons: Mapping[str, npt.NDArray[np.float64]] = field(repr=False)


DESIGNS = {
    ("form", cards.CardType.ID_CARD): forms.id_card,
    ("form", cards.CardType.DRIVER_LICENSE): forms.driver_license,
    ("plain", cards.CardType.ID_CARD): layouts.id_card,
    ("plain", cards.CardType.DRIVER_LICENSE): layouts.driver_license,
}


def draw(card_type: str, seed: int, *, without: Collection[str] = (), design: str = "form") -> Specimen:
    """Draw a card as a flat scan would show it, filling the picture.

    Sizes, places, colors and the arrangement differ from seed to seed.

    Parameters
    ----------
    card_type : {"IDCard", "DriverLicense"}
        The portrait side of the identity card, or the main page of the driving license.
    seed : int
        The same seed gives the same person and the same picture.
    without : collection of str, default ()
        Fields whose values are left out, label and all else as they were; they are not in the truth.
    design : {"form", "plain"}, default "form"
        ``form`` follows the public descriptions of the cards: title, labels in two languages, seal, background lines,
        portrait, now and then the second page of the license. ``plain`` is the bare arrangement of release 0.1.

    Returns
    -------
    Specimen
        About 1000 × 640 pixels for the identity card, 1060 × 720 for the license.

    Raises
    ------
    InvalidRequestError
        The card type or the design is unknown.
    MissingExtraError
        A Chinese font is missing.

    Examples
    --------
    >>> specimen = draw("IDCard", seed=1)
    >>> list(specimen.texts)
    ['name', 'gender', 'ethnicity', 'birth_date', 'address', 'id_number']
    >>> specimen.polygons["name"].shape
    (4, 2)
    """
    kind = cards.card_type(card_type)
    if (design, kind) not in DESIGNS:
        raise InvalidRequestError(f"design must be 'form' or 'plain', got {shown_choice(design, ('form', 'plain'))}")
    person, rng = make_person(seed), dice("layout", kind, seed)
    sheet = _Canvas(DESIGNS[design, kind](person, rng), without)
    expected = [name for name in cards.expected_fields(kind) if name in sheet.texts]
    return Specimen(sheet.image, kind, {n: sheet.texts[n] for n in expected}, {n: sheet.polygons[n] for n in expected})


class _Canvas:
    def __init__(self, plan: layouts.Plan, without: Collection[str]) -> None:
        self.image = ornaments.paper(plan)
        self.texts: dict[str, str] = {}
        self.polygons: dict[str, npt.NDArray[np.float64]] = {}
        ornaments.portrait(self.image, plan)
        if plan.seal:
            ornaments.seal_frame(self.image, plan.seal)
        self._mark(plan)
        for text in plan.texts:
            if text.field not in without:
                self._write(text)

    def _mark(self, plan: layouts.Plan) -> None:
        """Write the mark under the ink, so that the fields stay legible to everyone."""
        from PIL import Image, ImageDraw

        from cardocr_nb._fonts import pil_font

        pages = [(0, plan.fold or plan.size[0])] + ([plan.second_page[0::2]] if plan.second_page else [])
        for left, right in pages:
            size = (right - left, plan.size[1])
            font = pil_font(round(size[0] / 7.2), 700)
            layer = Image.new("L", size, 0)
            x0, y0, x1, y1 = font.getbbox(MARK)
            place = ((size[0] - x1 - x0) / 2, (size[1] - y1 - y0) / 2)
            ImageDraw.Draw(layer).text(place, MARK, fill=plan.mark_opacity, font=font)
            layer = layer.rotate(math.degrees(math.atan2(size[1], size[0])) * 0.7, Image.Resampling.BICUBIC)
            self.image.paste((205, 60, 60), (left, 0), layer)

    def _write(self, text: layouts.Text) -> None:
        import numpy as np
        from PIL import Image, ImageDraw, ImageFont

        from cardocr_nb._fonts import pil_font

        layer = Image.new("L", self.image.size, 0)
        pen = ImageDraw.Draw(layer)
        font = ImageFont.truetype(text.font, text.size) if text.font else pil_font(text.size, text.weight)
        for number, line in enumerate(text.lines):
            x, y = text.x, text.y + number * text.leading
            for part in (line,) if text.font else line:
                pen.text((x, y), part, fill=255, font=font, anchor="ls")
                x += font.getlength(part) + text.tracking
        drawn = layer.getbbox() or (0, 0, *layer.size)
        if text.angle:
            middle = ((drawn[0] + drawn[2]) / 2, (drawn[1] + drawn[3]) / 2)
            layer = layer.rotate(-text.angle, Image.Resampling.BICUBIC, center=middle)
            drawn = layer.getbbox() or drawn
        written = layer.crop(drawn)
        self.image.paste(text.color, drawn, written)
        box = written.point(_IS_INK).getbbox()
        if text.field and box:
            left, top, right, bottom = np.add(box, drawn[:2] * 2)
            before = self.polygons.get(text.field)
            if before is not None:
                left, top = min(left, before[0, 0]), min(top, before[0, 1])
                right, bottom = max(right, before[2, 0]), max(bottom, before[2, 1])
            corners = [(left, top), (left, bottom), (right, bottom), (right, top)]
            self.polygons[text.field] = np.array(corners, dtype=float)
            self.texts[text.field] = text.truth
