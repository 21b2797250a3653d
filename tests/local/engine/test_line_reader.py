"""What is recognized on one picture: no sure line twice, and no more than a picture without a card is worth."""

from random import Random

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cardocr_nb._fonts import pil_font
from cardocr_nb.local.engine import _card_search
from cardocr_nb.local.engine._card_reading import CardReading
from cardocr_nb.local.engine._detection import detect
from cardocr_nb.local.engine._networks import Models
from cardocr_nb.local.engine._quantiles import pixel_quantile
from cardocr_nb.local.engine._seal_rows import Seal
from cardocr_nb.specimen import draw

WORDS = "姓名性别民族出生住址公民身份号码驾驶证号国籍年月日省市县0123456789XABC"


@pytest.fixture
def widths(monkeypatch):
    """Widths of all crops that the recognizer gets."""
    seen = []
    recognize = Models.recognize

    def counted(models, crop):
        seen.append(crop.shape[1])
        return recognize(models, crop)

    monkeypatch.setattr(Models, "recognize", counted)
    return seen


def page_of_words(count):
    page, random = Image.new("RGB", (1600, 1200), "white"), Random(5)
    pen, font = ImageDraw.Draw(page), pil_font(22)
    for _ in range(count):
        place = random.randrange(1600), random.randrange(1200)
        text = "".join(random.choice(WORDS) for _ in range(random.randrange(1, 14)))
        pen.text(place, text, fill=(random.randrange(160),) * 3, font=font)
    return np.asarray(page)


def lines_on(card, models):
    picture = np.asarray(card.image.convert("RGB"))
    reading = CardReading(picture, "DriverLicense", models)
    return reading, detect(reading.ink, models, 608).boxes


@pytest.mark.parametrize("kind", ["IDCard", "DriverLicense"])
def test_a_look_at_a_page_of_words_ends_soon(models, widths, kind):
    reading = CardReading(page_of_words(400), kind, models)
    found = detect(reading.ink, models, 960)
    assert len(found.boxes) > 120
    extraction, _, _ = reading._surest_group(found)
    assert extraction.pose is None
    # Without a bound 65,000; one round of each way up may end beyond it.
    most = 2 * _card_search._ROUND * 48 * 20
    assert _card_search._MOST_WIDTH < sum(widths) < _card_search._MOST_WIDTH + most


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["IDCard", "DriverLicense"])
def test_a_page_of_words_has_no_field_and_costs_as_much_as_some_cards(engine, widths, kind):
    assert engine.read(page_of_words(400), kind) == []
    assert sum(widths) < 90_000


def test_sure_lines_of_an_earlier_look_are_not_recognized_again(models, widths):
    reading, boxes = lines_on(draw("DriverLicense", 22), models)
    lines, turned = reading.reader.upright(boxes[:8])
    lines += tuple(reading.reader.begin(boxes[8:]))
    again = [line for line in lines if min(char.confidence for char in line.chars) < 0.9]
    assert len(lines) - len(again) > 12
    first, counted = sum(widths), len(widths)
    assert reading.reader.width == pytest.approx(first, rel=0.02)
    reading.reader.next_look()
    widths.clear()
    known, way = reading.reader.upright(boxes[:8])
    known += tuple(reading.reader.begin(boxes[8:]))
    assert way == turned is False
    assert {line.corners for line in known} >= {line.corners for line in lines if line not in again}
    # A line that was followed far beyond its box does not fill it any more.
    assert len(widths) <= len(again) + 0.3 * counted
    assert reading.reader.width == pytest.approx(sum(widths), rel=0.02, abs=1)


def test_lines_of_the_opposite_way_up_are_not_taken_for_known(models, widths):
    reading, boxes = lines_on(draw("DriverLicense", 22), models)
    tuple(reading.reader.begin(boxes[:6]))
    reading.reader.next_look()
    widths.clear()
    tuple(reading.reader.begin(boxes[:6][:, [2, 3, 0, 1]]))
    assert len(widths) == 6


def test_a_seal_that_reads_unlike_an_office_is_not_read_once_more(models, monkeypatch):
    reading, _ = lines_on(draw("DriverLicense", 22), models)
    best, _, _ = reading._first_look()
    assert reading.seal is not None
    unlikely = Seal(reading.seal.square, reading.seal.lines[:2], is_valid=False)

    class Sought:
        def result(self):
            return unlikely

    monkeypatch.setattr(_card_search, "read_seal", lambda *_: pytest.fail("the seal is read a second time"))
    reading.seal, reading._sought = None, Sought()
    assert reading._lost_seal()
    reading._seek_seal(best.pose)
    assert reading.seal is None
    reading._seek_seal(best.pose, last=True)
    assert reading.seal is unlikely


@pytest.mark.parametrize("size", [1, 2, 3, 1000, 1001])
@pytest.mark.parametrize("part", [0.0, 0.2, 0.5, 0.975, 1.0])
def test_a_quantile_of_pixels_is_that_of_numpy(size, part):
    random = np.random.default_rng(size)
    for values in (random.standard_normal(size).astype(np.float32), random.integers(0, 256, size).astype(np.uint8)):
        assert pixel_quantile(values, part) == pytest.approx(float(np.quantile(values, part)), abs=1e-5)
