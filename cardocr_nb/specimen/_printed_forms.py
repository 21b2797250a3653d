"""Arrangements that follow the public descriptions of both cards, each varied: titles, two languages, a seal, misprints.

Measures are millimeters from the upper left corner of the card, converted to pixels when a text is added.
Descriptions used: GA 482-2012 (driving license) and GA 461-2004 (identity card). No emblem and no security print is copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardocr_nb.cards import FIELDS, CardType
from cardocr_nb.specimen._layouts import Color, Place, Plan, Seal, Text, license_texts, wrapped
from cardocr_nb.specimen._minority_scripts import second_script

if TYPE_CHECKING:
    import random

    from cardocr_nb.specimen._people import Person

_LABELS = {kind: {f.name: f.label for f in fields} for kind, fields in FIELDS.items()}
_GRAY_GREEN: tuple[Color, ...] = ((70, 96, 84), (92, 108, 98), (60, 78, 74), (88, 92, 90), (52, 84, 70))
_LABEL_BLUE: tuple[Color, ...] = ((58, 110, 168), (40, 98, 150), (84, 128, 176), (70, 104, 140))
_LICENSE_PAPER: tuple[Color, ...] = ((238, 243, 236), (240, 244, 243), (244, 241, 234), (234, 241, 240))
_ID_PAPER: tuple[Color, ...] = ((232, 240, 247), (238, 242, 248), (236, 244, 244))
_TITLE, _TITLE_ENGLISH = "中华人民共和国机动车驾驶证", "Driving License of the People's Republic of China"
_SECOND_PAGE_RECORDS = (
    "请于每个记分周期结束后三十日内接受审验。",
    "无记分的，免予本次审验。",
    "自2018年05月16日至有效起始日期有效。",
    "增驾A2，实习期至2019年06月20日。",
)


@dataclass(slots=True)
class _Form:
    """Adds texts to a plan: labels of the form, and values that the printer put on it, off by the same slip."""

    plan: Plan
    kind: CardType
    rng: random.Random
    pixels: float
    label_ink: Color
    slip: Place
    ink: Color
    weight: int

    def label(self, text: str, x: float, y: float, size: float, weight: int = 400) -> None:
        """Print a text of the form with its base line at y."""
        em = round(size * self.pixels)
        self.plan.texts.append(Text((text,), x * self.pixels, y * self.pixels, em, weight, self.label_ink))

    def value(
        self, field: str, text: str, x: float, y: float, size: float, *, width: float = 1e3, tracking: float = 0,
        leading: float = 1.28, shown: str | None = None,
    ) -> None:  # fmt: skip
        """Print a value; `shown` differs from its truth where the card spaces it out."""
        em = round(size * self.pixels)
        at = (x + self.slip[0] + self.rng.uniform(-0.3, 0.3)) * self.pixels
        down = (y + self.slip[1] + self.rng.uniform(-0.15, 0.15)) * self.pixels
        lines = wrapped(shown or text, width / size)
        self.plan.texts.append(
            Text(lines, at, down, em, self.weight, self.ink, field, text, leading * em, tracking * self.pixels)
        )


def _form(kind: CardType, rng: random.Random, size: tuple[float, float], pixels: float) -> _Form:
    license_card = kind is CardType.DRIVER_LICENSE
    paper = rng.choice(_LICENSE_PAPER if license_card else _ID_PAPER)
    pixel_size = (round(size[0] * pixels), round(size[1] * pixels))
    plan = Plan(pixel_size, paper, (0, 0, 0, 0), rng.randint(34, 56), waves=rng.randrange(1, 2**31))
    dark = rng.randint(8, 45)
    slip = (rng.gauss(0, 0.55), rng.gauss(0, 0.45)) if license_card else (rng.gauss(0, 0.2), rng.gauss(0, 0.2))
    slip = (max(-2.0, min(2.0, slip[0])), max(-2.0, min(2.0, slip[1])))
    label_ink = rng.choice(_GRAY_GREEN if license_card else _LABEL_BLUE)
    return _Form(plan, kind, rng, pixels, label_ink, slip, (dark, dark, dark), rng.choice((400, 450, 500)))


def driver_license(person: Person, rng: random.Random, *, second_page: bool | None = None) -> Plan:
    """Arrange the main page of a driving license: present or older form, with the second page now and then."""
    older, small = rng.random() < 0.25, rng.uniform(2.0, 2.5)
    form = _form(CardType.DRIVER_LICENSE, rng, (88, 60), 12.1)
    texts, rng = license_texts(person), form.rng
    left = rng.uniform(3.4, 5.0)
    form.label(_TITLE, 44 - 6.5 * 4.4, rng.uniform(6.4, 7.8), 4.4, 650)
    form.label(_TITLE_ENGLISH, 22, rng.uniform(9.4, 10.2), 1.9)
    column = rng.uniform(25, 31)
    form.label("证号", column, 13.6, small)
    form.label("No.", column + 2.3 * small, 13.9, 0.8 * small)
    form.value("licence_number", texts["licence_number"], column + 10.5, 14.0, rng.uniform(2.9, 3.4), tracking=0.25)
    gender, nation = rng.uniform(37, 42), rng.uniform(54, 58)
    for field, english, x, y, value_x in (
        ("name", "Name", left, 18.4, left + rng.uniform(7, 8.5)),
        ("gender", "Sex", gender, 18.4, gender + 6.6),
        ("nationality", "Nationality", nation, 18.4, nation + 9.8),
        ("address", "Address", left, 24.4, left + rng.uniform(7.5, 9)),
    ):
        _two_languages(form, field, english, (x, y), small)
        if field != "address":
            form.value(field, texts[field], value_x, y + 0.5, rng.uniform(2.7, 3.1))
        else:
            narrow = rng.choice((34, 42, 60, 66))
            lines = len(wrapped(texts[field], narrow / 2.8))
            form.value(field, texts[field], value_x, y + 0.5, 2.8 if lines < 3 else 2.5, width=narrow, leading=1.22)
    _seal(form, texts["issuing_authority"], (left, 33.0))
    label_x, value_x, top = rng.uniform(24.5, 27), rng.uniform(42, 47), rng.uniform(33.6, 36)
    for row, (field, english) in enumerate((
        ("birth_date", "Date of Birth"), ("first_issue_date", "Date of First Issue"), ("vehicle_class", "Class"),
    )):  # fmt: skip
        y = top + row * rng.uniform(5.7, 6.1)
        _two_languages(form, field, english, (label_x, y), small)
        form.value(field, texts[field], value_x, y + 0.6, rng.uniform(2.7, 3.0))
    _period(form, person, older=older, left=left, size=small)
    dx, dy = rng.uniform(-1, 1), rng.uniform(-1, 1)
    form.plan.portrait = tuple(12.1 * v for v in (66.5 + dx, 32.2 + dy, 84.5 + dx, 54.4 + dy))  # type: ignore[assignment]
    form.plan.face = rng.randrange(2**31)
    if second_page or (second_page is None and rng.random() < 0.12):
        _second_page(form, person, small)
    return form.plan


def _two_languages(form: _Form, field: str, english: str, place: Place, size: float) -> None:
    form.label(_LABELS[form.kind][field], place[0], place[1], size)
    form.label(english, place[0], place[1] + 2.4, 0.68 * size)


def _period(form: _Form, person: Person, *, older: bool, left: float, size: float) -> None:
    y = form.rng.uniform(55.2, 56.4)
    if not older:
        _two_languages(form, "valid_period", "Valid Period", (left, y), size)
        form.value("valid_period", license_texts(person)["valid_period"], left + form.rng.uniform(12, 16), y + 0.6, 2.9)
        return
    years = "长期" if person.valid_until is None else f"{person.valid_until.year - person.valid_from.year}年"
    form.label("有效起始日期", left, y, size)
    form.label("Valid From", left, y + 2.4, 0.68 * size)
    start = f"{person.valid_from:%Y-%m-%d}"
    form.value("", start, left + 6.6 * size + 1.5, y + 0.5, 2.8)
    _two_languages(form, "valid_period", "Valid For", (left + 34, y), size)
    form.value("valid_period", years, left + 34 + 4.6 * size + form.rng.uniform(1, 4), y + 0.5, 2.9)


def _seal(form: _Form, authority: str, place: Place) -> None:
    """A square seal with the issuing authority in three or four rows, and no label."""
    rng = form.rng
    rows = 4 if len(authority) > 12 else 3
    across = -(-len(authority) // rows)
    side = rng.uniform(17.0, 19.5)
    em = (side - 2.6) / max(rows, across) * rng.uniform(0.86, 0.94)
    pitch = (side - 1.6) / rows
    lines = tuple(authority[i : i + across] for i in range(0, len(authority), across))
    x, y = place[0] + rng.uniform(-0.5, 1.5), place[1] + rng.uniform(-1.2, 1.2)
    level = rng.randint(40, 110)
    color = (rng.randint(190, 226), level, level)
    angle = rng.uniform(-2.5, 2.5)
    down = y + 0.8 + pitch * 0.5 + em * 0.36 + (rows - len(lines)) * pitch / 2
    tracking = (side - 2.4 - across * em) / max(across - 1, 1)
    pixels = form.pixels
    form.plan.texts.append(
        Text(lines, (x + 1.2) * pixels, down * pixels, round(em * pixels), rng.choice((400, 500, 600)), color,
             "issuing_authority", authority, pitch * pixels, tracking * pixels, angle)
    )  # fmt: skip
    form.plan.seal = Seal((x * pixels, y * pixels, (x + side) * pixels, (y + side) * pixels), color, angle)


def _second_page(form: _Form, person: Person, size: float) -> None:
    """Open the license: its second page is at the right of the first, on the same plan."""
    rng, right = form.rng, 88.0 + form.rng.uniform(1.0, 4.0)
    width, height = form.plan.size
    form.plan.size = (round((right + 88) * form.pixels), height)
    form.plan.second_page = (round(right * form.pixels), 0, form.plan.size[0], height)
    form.plan.fold = width
    form.label("中华人民共和国机动车驾驶证副页", right + 12, 7.0, 4.1, 600)
    form.label("证号", right + 26, 13.6, size)
    form.value("", person.number, right + 36, 14.0, 3.0, tracking=0.2)
    form.label("姓名", right + 4, 19.0, size)
    form.label("Name", right + 4, 21.4, 0.68 * size)
    form.value("", person.name, right + 11, 19.4, 2.9)
    form.label("档案编号", right + 40, 19.0, size)
    form.label("File No.", right + 40, 21.4, 0.68 * size)
    form.value("", f"99{rng.randrange(10**10):010d}", right + 52, 19.4, 2.9)
    form.label("记录", right + 4, 26.0, size)
    form.label("Record", right + 4, 28.4, 0.68 * size)
    for row, record in enumerate(rng.sample(_SECOND_PAGE_RECORDS, rng.randint(1, 4))):
        form.value("", record, right + 12, 26.4 + 4.4 * row, 2.6)


def id_card(person: Person, rng: random.Random) -> Plan:
    """Arrange the portrait side of an identity card, with a second script on some cards of minorities."""
    form = _form(CardType.ID_CARD, rng, (85.6, 54), 11.9)
    rng, left, label, size = form.rng, rng.uniform(4.6, 7.2), rng.uniform(2.3, 2.8), rng.uniform(3.0, 3.5)
    column, top, step = left + rng.uniform(8.0, 9.5), rng.uniform(8.2, 9.6), rng.uniform(6.2, 6.8)
    labels = _LABELS[form.kind]
    script = second_script(person.ethnicity, rng) if rng.random() < 0.7 else None
    name = person.name
    if len(name) == 2 and rng.random() < 0.5:
        name = name[0] + "\u3000" * rng.choice((1, 1, 2)) + name[1]
    form.label(labels["name"], left, top, label)
    form.value("name", person.name, column, top + 0.3, size * 1.1, shown=name)
    form.label(labels["gender"], left, top + step, label)
    form.value("gender", person.gender, column, top + step + 0.2, size)
    second = column + rng.uniform(8.5, 12)
    form.label(labels["ethnicity"], second, top + step, label)
    form.value("ethnicity", person.ethnicity, second + 2 * label + rng.uniform(1.5, 3), top + step + 0.2, size)
    _birth(form, person, (left, column, top + 2 * step), label, size)
    form.label(labels["address"], left, top + 3 * step, label)
    form.value("address", person.address, column, top + 3 * step + 0.2, size, width=rng.uniform(10.5, 12.5) * size,
               leading=rng.uniform(1.3, 1.5))  # fmt: skip
    bottom = rng.uniform(47.5, 49.5)
    form.label(labels["id_number"], left, bottom, label)
    form.value("id_number", person.number, left + 6.4 * label + rng.uniform(5, 8), bottom + 0.3, size * 1.15,
               tracking=rng.uniform(0.2, 0.8))  # fmt: skip
    if script:
        up = rng.choice((-1, 1)) * rng.uniform(0.95, 1.1) * size
        script.write(form.plan, form.pixels, (column, top + up), 0.7 * size, form.ink)
    dx = rng.uniform(-1, 1)
    form.plan.portrait = tuple(11.9 * v for v in (57.0 + dx, 7.5, 81.5 + dx, 38.5))  # type: ignore[assignment]
    form.plan.face = rng.randrange(2**31)
    form.plan.second_color = rng.choice(((250, 236, 238), (240, 238, 250), (246, 240, 232)))
    return form.plan


def _birth(form: _Form, person: Person, places: tuple[float, float, float], label: float, size: float) -> None:
    """The date of birth: digits are values, and 年 月 日 belong to the form, with wide gaps between them."""
    left, column, y = places
    form.label(_LABELS[form.kind]["birth_date"], left, y, label)
    gap, mark = form.rng.uniform(0.6, 1.6), label
    truth = f"{person.birth.year}年{person.birth.month}月{person.birth.day}日"
    x = column
    for text, printed in (
        (str(person.birth.year), "年"),
        (str(person.birth.month), "月"),
        (str(person.birth.day), "日"),
    ):
        form.value("birth_date", truth, x, y + 0.2, size, shown=text)
        x += 0.56 * size * len(text) + gap
        form.plan.texts.append(
            Text((printed,), x * form.pixels, y * form.pixels, round(mark * form.pixels), 400, form.label_ink,
                 "birth_date", truth)
        )  # fmt: skip
        x += mark + gap
