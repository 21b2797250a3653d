"""Watermarks over the whole card, drawn by Pillow: texts in many places and one direction, paler than the print."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from cardocr_nb._fonts import pil_font
from cardocr_nb.cards import expected_fields, field_name
from cardocr_nb.local.engine import _engine, _seal_rows
from cardocr_nb.local.engine import _engine as engine_module
from cardocr_nb.local.engine._card_answer import Recognition
from cardocr_nb.local.engine._card_pose import of_other_lines
from cardocr_nb.local.engine._card_reading import CardReading
from cardocr_nb.local.engine._watermark import is_unsure, surest_fields, without_pale_ink
from cardocr_nb.specimen import draw
from cardocr_nb.wire._records import Field

LABELS = ("姓名", "住址", "性别")
FIELDS = st.lists(
    st.builds(
        Field, st.sampled_from(LABELS), st.text("甲乙丙", min_size=1), st.integers(0, 100) | st.none(), st.none()
    ),
    unique_by=lambda field: field.label,
)


def tiled(image, text, turn, gray):
    """Write a text all over a picture, in rows that are turned."""
    width, height = image.size
    side = 2 * max(width, height)
    layer = Image.new("L", (side, side), 0)
    pen, font = ImageDraw.Draw(layer), pil_font(round(0.036 * width), 500)
    for row, y in enumerate(range(0, side, round(0.12 * width))):
        for x in range(-(row % 2) * 160, side, round(0.036 * width * (len(text) + 4))):
            pen.text((x, y), text, fill=150, font=font)
    layer = layer.rotate(turn, Image.Resampling.BICUBIC)
    left, top = (side - width) // 2, (side - height) // 2
    spoiled = image.convert("RGB")
    spoiled.paste((gray, gray, gray), (0, 0), layer.crop((left, top, left + width, top + height)))
    return np.asarray(spoiled)


@pytest.mark.parametrize("seeds", [(41, 43), pytest.param((41, 42, 43), marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["IDCard", "DriverLicense"])
def test_fields_under_a_watermark_are_read_in_the_second_look(engine, kind, seeds):
    first, both = 0, 0
    for seed in seeds:
        card = draw(kind, seed)
        picture = tiled(card.image, "仅限本次登记复印无效", -33, 110)
        alone = CardReading(picture, kind, engine.loaded()).result().fields
        for fields, number in ((alone, 0), (engine.read(picture, kind), 1)):
            right = sum(card.texts.get(field_name(f.label)) == f.text for f in fields)
            first, both = first + right * (number == 0), both + right * number
    assert both > first
    assert both >= 0.9 * len(seeds) * len(card.texts)


@pytest.mark.parametrize("kind", ["IDCard", "DriverLicense"])
def test_a_card_is_crossed_by_texts_on_it_in_another_direction_and_not_by_those_around_it(models, kind):
    card = draw(kind, 44).image.convert("RGB")
    table = Image.new("RGB", (card.width + 900, card.height + 900), (225, 225, 220))
    papers = Image.fromarray(tiled(table, "工作安排会议纪要", -33, 40))
    papers.paste(card, (450, 450))
    around, plain = CardReading(np.asarray(papers), kind, models), CardReading(np.asarray(card), kind, models)
    marked = CardReading(tiled(card, "仅限本次登记复印无效", -33, 110), kind, models)
    for reading in (around, plain, marked):
        assert reading.result().fields
    assert (around.is_crossed(), plain.is_crossed(), marked.is_crossed()) == (False, False, True)
    assert len(around.found.angles) > 1


@pytest.mark.parametrize(("text", "marked"), [("仅供入职使用", True), ("样本", False)])
def test_a_card_with_words_of_permission_level_on_it_is_looked_at_again(models, text, marked):
    card = draw("DriverLicense", 44).image.convert("RGB")
    pen = ImageDraw.Draw(card)
    pen.text((0.3 * card.width, 0.33 * card.height), text, (110, 110, 110), pil_font(round(0.035 * card.width), 500))
    reading = CardReading(np.asarray(card), "DriverLicense", models)
    assert reading.result().fields
    assert reading.is_crossed() == marked


def test_the_seal_of_the_first_look_serves_the_second_one_too(engine, monkeypatch):
    card = draw("DriverLicense", 44)
    looks, squares, square = [], [], _seal_rows.seal_square
    result = CardReading.result
    monkeypatch.setattr(_engine, "is_unsure", lambda *_: True)
    monkeypatch.setattr(CardReading, "is_crossed", lambda _: True)
    monkeypatch.setattr(CardReading, "result", lambda self: looks.append(self) or result(self))
    monkeypatch.setattr(_seal_rows, "seal_square", lambda *given: squares.append(given) or square(*given))
    fields = {field.label: field.text for field in engine.read(np.asarray(card.image.convert("RGB")), "DriverLicense")}
    assert fields["发证单位"] == card.texts["issuing_authority"]
    assert len(looks) == 2
    assert len(squares) == 1
    assert looks[1].seal is looks[0].seal


@pytest.mark.parametrize(("angles", "crossed"), [((), False), ((0,), False), ((-33,), True), ((0, -33), True)])
def test_a_page_without_a_card_may_have_a_watermark_only_where_a_text_is_not_level(models, angles, crossed):
    page = Image.new("RGB", (1000, 800), (240, 240, 236))
    for turn in angles:
        page = Image.fromarray(tiled(page, "工作安排会议纪要", turn, 60))
    reading = CardReading(np.asarray(page), "IDCard", models)
    assert reading.result().fields == []
    assert reading.is_crossed() == crossed


@pytest.mark.parametrize(("rest", "kept"), [("室", "省示例市虚构路3号1612室"), ("听", "省示例市虚构路3号1612")])
@pytest.mark.parametrize("turned", [False, True])
def test_of_two_addresses_the_one_with_its_last_unit_is_kept(rest, kept, turned):
    address = "省示例市虚构路3号1612"
    looks = [Field("住址", address, 86, None)], [Field("住址", address + rest, 60, None)]
    assert [f.text for f in surest_fields(*(looks[::-1] if turned else looks), LABELS)] == [kept]


@given(FIELDS, FIELDS)
def test_of_each_field_the_surer_reading_is_kept_in_the_order_of_the_card(one, other):
    kept = surest_fields(one, other, LABELS)
    assert [f.label for f in kept] == [label for label in LABELS if label in {f.label for f in (*one, *other)}]
    for field in kept:
        assert field in (*one, *other)
        assert (field.score or 0) == max(f.score or 0 for f in (*one, *other) if f.label == field.label)


def test_missing_and_unsure_fields_are_worth_a_second_look():
    sure = [Field("姓名", "甲", 99, None), Field("住址", "乙", 85, None)]
    assert not is_unsure(sure, 2)
    assert is_unsure(sure, 3)
    assert is_unsure([*sure[:1], Field("住址", "乙", 84, None)], 2)
    assert is_unsure([*sure[:1], Field("住址", "乙", None, None)], 2)


def test_dark_print_and_paper_keep_their_pixels():
    page = np.full((120, 200, 3), (236, 240, 244), np.uint8)
    page[30:36, 20:180], page[70:78, 20:180] = (25, 25, 30), (180, 182, 186)
    clean = without_pale_ink(page)
    assert np.abs(clean.astype(int) - page)[:60].max() <= 12
    assert clean[70:78, 30:170].min() > 225


@pytest.mark.parametrize("ink", [(60, 80, 160), (190, 50, 50)])
def test_colored_ink_as_dark_as_print_goes_with_the_watermark_unless_it_is_asked_for(ink):
    page = np.full((120, 200, 3), (236, 240, 244), np.uint8)
    page[30:36, 20:180], page[70:78, 20:180] = (25, 25, 30), ink
    assert without_pale_ink(page)[30:36, 30:170].max() < 60
    assert without_pale_ink(page)[71:77, 30:170].min() > 180
    assert without_pale_ink(page, colored=True)[71:77, 30:170].min() < 120


def test_the_second_look_knows_the_place_of_the_card_when_its_labels_went_with_the_watermark(models):
    card = draw("IDCard", 43)
    picture = tiled(card.image, "仅限本次登记复印无效", -33, 110)
    first = CardReading(picture, "IDCard", models)
    first.result()
    clean = without_pale_ink(picture)
    assert CardReading(clean, "IDCard", models).result().fields == []
    second = CardReading(clean, "IDCard", models, of_other_lines(first.pose)).result().fields
    assert {field_name(f.label): f.text for f in second} == card.texts


@pytest.mark.parametrize(
    ("found", "message", "kept"), [(6, "", True), (3, "", True), (2, "", False), (6, "maybe none", False)]
)
def test_the_second_look_keeps_to_the_place_only_if_the_first_found_a_card(engine, monkeypatch, found, message, kept):
    card = CardReading(np.asarray(draw("IDCard", seed=1).image), "IDCard", engine.loaded())
    card.result()
    looks = []

    class Look:
        labels, lines, pose, seal = {name: name for name in expected_fields("IDCard")}, (), card.pose, None

        def __init__(self, image, kind, models, *known):
            looks.append(known)

        def result(self):
            return Recognition([Field(name, "x", 10, None) for name in expected_fields("IDCard")[:found]], message)

        def is_crossed(self):
            return True

    monkeypatch.setattr(engine_module, "CardReading", Look)
    engine.recognize(np.zeros((60, 90, 3), np.uint8), "IDCard")
    assert [len(known) for known in looks] == [0, 2 * kept]
