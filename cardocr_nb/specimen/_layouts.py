"""Places of labels and values on a plain specimen: arrangements of both cards, each varied a little."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cardocr_nb.cards import FIELDS, CardType

if TYPE_CHECKING:
    import random

    from cardocr_nb.specimen._people import Person

Color = tuple[int, int, int]
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Text:
    """Something to write.

    Attributes
    ----------
    lines : tuple of str
        From top to bottom.
    x, y : float
        Left end of the first base line, pixels.
    size, weight : int
        Pixels to the em; 100 to 900.
    color : tuple of int
        Red, green, blue, 0 to 255.
    field : str or None
        Canonical name when this is a value.
    truth : str
        What a perfect reader returns for the field.
    leading, tracking : float
        From base line to base line; added between characters; pixels.
    angle : float
        Degrees clockwise about the middle of the text.
    font : str
        Path of another font file; empty for the font of the card.
    """

    lines: tuple[str, ...]
    x: float
    y: float
    size: int
    weight: int
    color: Color
    field: str | None = None
    truth: str = ""
    leading: float = 0.0
    tracking: float = 0.0
    angle: float = 0.0
    font: str = ""


class Seal(NamedTuple):
    """The frame of a square seal.

    Attributes
    ----------
    box : tuple of float
        Left, top, right, bottom, pixels.
    color : tuple of int
        Red, green, blue.
    angle : float
        Degrees clockwise about its middle.
    """

    box: tuple[float, float, float, float]
    color: Color
    angle: float


@dataclass(slots=True)
class Plan:
    """A card before it is drawn.

    Attributes
    ----------
    size : tuple of int
        Width and height, pixels.
    background : tuple of int
        Red, green, blue.
    portrait : tuple of float
        Left, top, right, bottom of the silhouette.
    mark_opacity : int
        Of 255.
    texts : list of Text
        Labels and values. Texts of the same field are parts of one value.
    waves, face : int
        Seeds of the background lines and of the drawn face; 0 for none, and for a gray silhouette.
    second_color : tuple of int or None
        Color at the right edge of a background that changes from left to right.
    seal : Seal or None
        Frame around the issuing authority.
    second_page : tuple of int or None
        Left, top, right, bottom of a second page on the same plan.
    fold : int
        Right edge of the first page where there is a second; 0 otherwise.
    """

    size: tuple[int, int]
    background: Color
    portrait: tuple[float, float, float, float]
    mark_opacity: int
    texts: list[Text] = field(default_factory=list)
    waves: int = 0
    face: int = 0
    second_color: Color | None = None
    seal: Seal | None = None
    second_page: tuple[int, int, int, int] | None = None
    fold: int = 0


_LABELS = {kind: {f.name: f.label for f in fields} for kind, fields in FIELDS.items()}
_BACKGROUNDS: tuple[Color, ...] = (
    (238, 243, 248), (244, 246, 240), (247, 242, 240), (242, 242, 246), (236, 244, 242), (250, 250, 247),
)  # fmt: skip
_BLUE: tuple[Color, ...] = ((60, 95, 150), (40, 110, 160), (85, 85, 120), (70, 70, 75))


def wrapped(text: str, width: float) -> tuple[str, ...]:
    """Break a text into lines.

    Parameters
    ----------
    text : str
        Without line breaks.
    width : float
        Of a line, in widths of a Chinese character; ASCII counts for 0.56 of one. A number is not broken.

    Examples
    --------
    >>> wrapped("样本省示例市虚构区1024号", 9)
    ('样本省示例市虚构区', '1024号')
    """
    lines, line, used = [], "", 0.0
    runs: list[str] = []
    for character in text:
        if runs and character.isascii() and runs[-1].isascii():
            runs[-1] += character
        else:
            runs.append(character)
    for run in runs:
        size = 0.56 * len(run) if run.isascii() else 1.0
        if line and used + size > width:
            lines.append(line)
            line, used = "", 0.0
        line, used = line + run, used + size
    return (*lines, line)


def _plan(rng: random.Random, size: tuple[int, int], portrait: tuple[float, float, float, float]) -> Plan:
    dx, dy = rng.uniform(-10, 10), rng.uniform(-10, 10)
    left, top, right, bottom = portrait
    return Plan(size, rng.choice(_BACKGROUNDS), (left + dx, top + dy, right + dx, bottom + dy), rng.randint(38, 62))


_GAP = "\x00"
"""A space on the card between printed form and filled-in value."""


class _Hand:
    """Writes labels and values of one plan with the same slips throughout."""

    def __init__(self, plan: Plan, kind: CardType, rng: random.Random) -> None:
        self.plan, self.labels, self.rng = plan, _LABELS[kind], rng
        self.scale, self.weight = rng.uniform(0.95, 1.05), rng.choice((400, 450, 500))
        self.shift = rng.uniform(-12, 12), rng.uniform(-8, 8)
        dark = rng.randint(10, 45)
        self.ink = (dark, dark, dark)
        self.label_ink = rng.choice(_BLUE)
        self.label_scale = rng.choice((0.82, 0.9, 1.0))

    def label(self, name: str, place: Place, size: float, *, apart: str = "") -> None:
        """Write a printed label, `apart` between its characters."""
        self.words(apart.join(self.labels[name]), place, size * self.label_scale)

    def words(self, text: str, place: Place, size: float, weight: int = 400) -> None:
        """Write a text that is not a value."""
        x, y = place[0] + self.shift[0], place[1] + self.shift[1]
        self.plan.texts.append(Text((text,), x, y, round(size * self.scale), weight, self.label_ink))

    def value(
        self, name: str, text: str, place: Place, size: float, *, width: float = math.inf, tracking: float = 0.0
    ) -> None:
        """Write a value over as many lines of `width` pixels as it takes; a `_GAP` in it does not belong to the truth."""
        em = round(size * self.scale)
        x = place[0] + self.shift[0] + self.rng.uniform(-3, 3)
        y = place[1] + self.shift[1] + self.rng.uniform(-2, 2)
        lines = tuple(line.replace(_GAP, " ") for line in wrapped(text, width / em))
        truth = text.replace(_GAP, "")
        self.plan.texts.append(Text(lines, x, y, em, self.weight, self.ink, name, truth, 1.28 * em, tracking))


def id_card(person: Person, rng: random.Random) -> Plan:
    """Arrange the portrait side of an identity card: one of three, varied."""
    margin, column, step, size, apart = rng.choice(
        ((72, 182, 74, 37, ""), (58, 172, 80, 40, " "), (88, 190, 70, 35, " "))
    )
    portrait = (650, 85, 940, 455)
    plan = _plan(rng, (1012 + rng.randint(-12, 12), 638 + rng.randint(-6, 6)), portrait)
    hand, y = _Hand(plan, CardType.ID_CARD, rng), 105
    second = column + size * rng.uniform(2.6, 3.4)
    gap = rng.choice(("", _GAP))
    birth = gap.join((str(person.birth.year), "年", str(person.birth.month), "月", str(person.birth.day), "日"))
    for name, text, x, row, taller, tracking in (
        ("name", person.name, margin, 0, 1.12, rng.choice((0, 0, 4))),
        ("gender", person.gender, margin, 1, 1, 0),
        ("ethnicity", person.ethnicity, second, 1, 1, 0),
        ("birth_date", birth, margin, 2, 1, 0),
    ):
        hand.label(name, (x, y + row * step), size, apart=apart)
        hand.value(name, text, (x + column - margin, y + row * step), size * taller, tracking=tracking)
    hand.label("address", (margin, y + 3 * step), size, apart=apart)
    hand.value("address", person.address, (column, y + 3 * step), size, width=portrait[0] - column - 30)
    bottom = 565 + rng.uniform(-8, 12)
    hand.label("id_number", (margin, bottom), size)
    hand.value("id_number", person.number, (margin + 7.1 * size, bottom), 1.2 * size, tracking=rng.uniform(2, 7))
    return plan


class _Row(NamedTuple):
    """A label at (x, y) and its value at x = column, on the same base line or `below` it; pixels."""

    field: str
    x: float
    y: float
    column: float
    size: float
    width: float = math.inf
    below: float = 0.0


_STAMPED = (
    _Row("licence_number", 60, 140, 320, 42),
    _Row("name", 60, 208, 150, 36),
    _Row("gender", 480, 208, 565, 36),
    _Row("nationality", 700, 208, 800, 36),
    _Row("address", 60, 276, 150, 33, 860),
    _Row("birth_date", 320, 420, 540, 34),
    _Row("first_issue_date", 320, 492, 540, 34),
    _Row("vehicle_class", 320, 564, 540, 36),
    _Row("valid_period", 60, 665, 230, 34),
    _Row("issuing_authority", 60, 420, 60, 36, 190, 70),
)
"""The authority in a block at the left, where a real license has its stamp."""

_LISTED = (
    _Row("licence_number", 70, 140, 250, 40),
    _Row("name", 70, 208, 180, 36),
    _Row("gender", 500, 208, 590, 36),
    _Row("nationality", 720, 208, 820, 36),
    _Row("address", 70, 276, 180, 33, 820),
    _Row("birth_date", 70, 400, 300, 34),
    _Row("first_issue_date", 70, 466, 300, 34),
    _Row("vehicle_class", 70, 532, 300, 36),
    _Row("valid_period", 70, 598, 300, 34),
    _Row("issuing_authority", 70, 664, 300, 34),
)
"""One field below the other."""


_ENGLISH = {
    "licence_number": "License No.",
    "name": "Name",
    "gender": "Sex",
    "nationality": "Nationality",
    "address": "Address",
    "birth_date": "Date of Birth",
    "first_issue_date": "Date of First Issue",
    "vehicle_class": "Class",
    "valid_period": "Valid Period",
    "issuing_authority": "Issued by",
}


def driver_license(person: Person, rng: random.Random) -> Plan:
    """Arrange the main page of a driving license: one of two, varied."""
    plan = _plan(rng, (1064 + rng.randint(-12, 12), 724 + rng.randint(-6, 6)), (800, 395, 1015, 655))
    hand, texts = _Hand(plan, CardType.DRIVER_LICENSE, rng), license_texts(person)
    hand.words("样本 驾驶证 SPECIMEN", (300, 68), 46, 600)
    rows, english = rng.choice((_STAMPED, _LISTED)), rng.random() < 0.6
    for row in rows:
        hand.label(row.field, (row.x, row.y), 32)
        if english:
            hand.words(_ENGLISH[row.field], (row.x, row.y + 21), 17)
        place = (row.column, row.y + row.below)
        hand.value(row.field, texts[row.field], place, row.size, width=row.width)
    return plan


def license_texts(person: Person) -> dict[str, str]:
    """Return the texts of a driving license by field."""
    until = f"{person.valid_until:%Y-%m-%d}" if person.valid_until else "长期"
    return {
        "licence_number": person.number,
        "name": person.name,
        "gender": person.gender,
        "nationality": person.nationality,
        "address": person.address,
        "birth_date": f"{person.birth:%Y-%m-%d}",
        "first_issue_date": f"{person.first_issue:%Y-%m-%d}",
        "vehicle_class": person.vehicle_class,
        "valid_period": f"{person.valid_from:%Y-%m-%d} 至 {until}",
        "issuing_authority": person.authority,
    }
