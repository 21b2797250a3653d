"""Specimens of both cards, drawn, with the text of each field and where its ink stands."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cardocr_nb import cards
from cardocr_nb.specimen import _layouts as layouts
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


def draw(card_type: str, seed: int, *, without: Collection[str] = ()) -> Specimen:
    """Draw a card as a flat scan would show it, filling the picture.

    Sizes, places, colors and the arrangement differ from seed to seed.

    Parameters
    ----------
    card_type : {"IDCard", "DriverLicense"}
        The portrait side of the identity card, or the main page of the driving license.
    seed : int
        The same seed gives the same person and the same picture.
    without : collection of str, default ()
        Fields whose values stay blank, label and all else as they were; they are not in the truth.

    Returns
    -------
    Specimen
        About 1000 × 640 pixels for the identity card, 1060 × 720 for the license.

    Raises
    ------
    InvalidRequestError
        There is no such card type.
    MissingExtraError
        There is no Chinese font.

    Examples
    --------
    >>> specimen = draw("IDCard", seed=1)
    >>> list(specimen.texts)
    ['name', 'gender', 'ethnicity', 'birth_date', 'address', 'id_number']
    >>> specimen.polygons["name"].shape
    (4, 2)
    """
    kind = cards.card_type(card_type)
    person, rng = make_person(seed), dice("layout", kind, seed)
    plan = (layouts.id_card if kind is cards.CardType.ID_CARD else layouts.driver_license)(person, rng)
    sheet = _Sheet(plan, without)
    expected = [name for name in cards.expected_fields(kind) if name in sheet.texts]
    return Specimen(sheet.image, kind, {n: sheet.texts[n] for n in expected}, {n: sheet.polygons[n] for n in expected})


class _Sheet:
    def __init__(self, plan: layouts.Plan, without: Collection[str]) -> None:
        from PIL import Image

        self.image = Image.new("RGB", plan.size, plan.background)
        self.texts: dict[str, str] = {}
        self.polygons: dict[str, npt.NDArray[np.float64]] = {}
        self._silhouette(plan)
        self._mark(plan)
        for text in plan.texts:
            if text.field not in without:
                self._write(text)

    def _silhouette(self, plan: layouts.Plan) -> None:
        from PIL import ImageDraw

        left, top, right, bottom = plan.portrait
        pen = ImageDraw.Draw(self.image)
        middle, width, height = (left + right) / 2, right - left, bottom - top
        gray = (190, 193, 197)
        pen.ellipse((middle - 0.23 * width, top + 0.1 * height, middle + 0.23 * width, top + 0.56 * height), gray)
        pen.pieslice(
            (left + 0.04 * width, top + 0.6 * height, right - 0.04 * width, bottom + 0.4 * height), 180, 360, gray
        )

    def _mark(self, plan: layouts.Plan) -> None:
        """Under the ink, so that the fields stay legible to everyone."""
        from PIL import Image, ImageDraw

        from cardocr_nb._fonts import pil_font

        width, height = plan.size
        font = pil_font(round(width / 7.2), 700)
        layer = Image.new("L", plan.size, 0)
        left, top, right, bottom = font.getbbox(MARK)
        place = ((width - right - left) / 2, (height - bottom - top) / 2)
        ImageDraw.Draw(layer).text(place, MARK, fill=plan.mark_opacity, font=font)
        layer = layer.rotate(math.degrees(math.atan2(height, width)) * 0.7, Image.Resampling.BICUBIC)
        self.image.paste((205, 60, 60), (0, 0), layer)

    def _write(self, text: layouts.Text) -> None:
        import numpy as np
        from PIL import Image, ImageDraw

        from cardocr_nb._fonts import pil_font

        layer = Image.new("L", self.image.size, 0)
        pen = ImageDraw.Draw(layer)
        font = pil_font(text.size, text.weight)
        for number, line in enumerate(text.lines):
            x, y = text.x, text.y + number * text.leading
            for character in line:
                pen.text((x, y), character, fill=255, font=font, anchor="ls")
                x += font.getlength(character) + text.tracking
        drawn = layer.getbbox() or (0, 0, *layer.size)
        written = layer.crop(drawn)
        self.image.paste(text.color, drawn, written)
        box = written.point(_IS_INK).getbbox()
        if text.field and box:
            left, top, right, bottom = np.add(box, drawn[:2] * 2)
            corners = [(left, top), (left, bottom), (right, bottom), (right, top)]
            self.polygons[text.field] = np.array(corners, dtype=float)
            self.texts[text.field] = text.truth
