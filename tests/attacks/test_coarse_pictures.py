"""A reader trained on drawn digits looks at the pictures of a report for the digits that the mask hides.

Each held-out card has 99 decoys: other numbers with the same mask, a valid date and the same check digit, drawn like the
true one. The reader orders the 100 numbers by how well they fit the picture. If a picture says nothing about its number,
the rank of the true one is uniform, however good the reader is: the binomial test is exact.
"""

import io
import re
from base64 import b64decode
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy.stats import binomtest

from cardocr_nb.frame import conform
from cardocr_nb.report import report

WIDTH, HEIGHT = 600, 380
LEFT, TOP, LENGTH, TALL = 205, 318, 310, 22
"""Size of a card and place of its number, pixels; the proportions of an identity card (GA 490)."""
FONTS = ("DejaVuSans", "DejaVuSansMono", "DejaVuSerif", "STIXGeneral", "cmtt10")
"""Come with matplotlib, so they are everywhere."""
CARDS, DECOYS, DRAWN, FIRST = 12, 99, 900, 10
FORMER_BLOCKS = 56
"""Along the longer side of the pictures that reports had before."""
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])


def numbers(rng, count):
    """Numbers of invented people as rows of digits, without those whose check digit is X."""
    days = pd.DatetimeIndex(np.datetime64("1940-01-01", "s") + rng.integers(0, 25_000, 2 * count) * 86_400)
    dates = np.asarray(days.year * 10_000 + days.month * 100 + days.day)[:, None] // 10 ** np.arange(7, -1, -1) % 10
    region, serial = rng.integers(0, 10, (2 * count, 4)), rng.integers(0, 10, (2 * count, 3))
    body = np.hstack([np.full((2 * count, 2), 9), region, dates, serial])
    check = (12 - body @ WEIGHTS) % 11
    return np.column_stack([body, check])[check < 10][:count]


def decoys(rng, number):
    """Numbers that have the mask of a number: its first two and last two digits."""
    found = numbers(rng, 200 * DECOYS)
    return found[(found[:, -2:] == number[-2:]).all(1)][:DECOYS]


@cache
def font(name):
    path = Path(mpl.get_data_path(), "fonts", "ttf", f"{name}.ttf")
    sizes = {size: ImageFont.truetype(path, size) for size in range(14, 40)}
    return min(sizes.values(), key=lambda each: abs(each.getlength("0" * 18) - LENGTH))


def photo(rng, number):
    """A card with nothing on it but its number."""
    shade, ink = rng.integers(205, 245), rng.integers(15, 70)
    card = Image.new("L", (WIDTH, HEIGHT), int(shade))
    place = LEFT + rng.uniform(-1, 1), TOP + TALL - 3 + rng.uniform(-1, 1)
    text = "".join(map(str, number))
    ImageDraw.Draw(card).text(place, text, int(ink), font(FONTS[rng.integers(len(FONTS))]), anchor="ls")
    return card.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.8)))


def in_blocks(picture, side):
    return picture.resize((side, round(side * HEIGHT / WIDTH)), Image.Resampling.BOX)


def place_of_number(picture, side):
    """Contrast of the blocks around the number, one row."""
    pixels = np.asarray(in_blocks(picture, side), dtype=float)
    scale = side / WIDTH
    rows = slice(int((TOP - 6) * scale), int((TOP + TALL + 6) * scale) + 1)
    columns = slice(int((LEFT - 10) * scale), int((LEFT + LENGTH + 10) * scale) + 1)
    strip = pixels[rows, columns].ravel()
    strip = np.median(pixels) - strip
    return strip / (np.linalg.norm(strip) or 1.0)


def one_hot(digits):
    return np.eye(10)[digits].reshape(len(digits), -1)


class Reader:
    """Ridge regression of the blocks on the digits, and the scatter that remains."""

    def __init__(self, rng, side):
        self.side = side
        digits = numbers(rng, DRAWN)
        blocks = np.array([place_of_number(photo(rng, number), side) for number in digits])
        known = np.column_stack([one_hot(digits), np.ones(len(digits))])
        self.weights = np.linalg.solve(known.T @ known + 0.5 * np.eye(known.shape[1]), known.T @ blocks)
        rest = blocks - known @ self.weights
        scatter = rest.T @ rest / len(rest)
        self.precision = np.linalg.inv(scatter + 0.05 * np.trace(scatter) / len(scatter) * np.eye(len(scatter)))

    def misfit(self, picture, digits):
        """Distance between a picture and what each of some numbers would look like."""
        expected = np.column_stack([one_hot(digits), np.ones(len(digits))]) @ self.weights
        rest = place_of_number(picture, self.side) - expected
        return (rest @ self.precision * rest).sum(1)


@pytest.fixture(scope="module")
def reader():
    return Reader(np.random.default_rng(1), FORMER_BLOCKS)


@pytest.fixture(scope="module")
def held_out():
    """Numbers, photos and decoys of cards that no reader was trained on."""
    rng = np.random.default_rng(2)
    found = numbers(rng, CARDS)
    return found, [photo(rng, number) for number in found], [decoys(rng, number) for number in found]


@pytest.fixture(scope="module")
def page(held_out, tmp_path_factory):
    """A report without `reveal` that has a picture of each card."""
    found, photos, _ = held_out
    corners = [
        (LEFT - 2, TOP - 2),
        (LEFT - 2, TOP + TALL + 2),
        (LEFT + LENGTH + 2, TOP + TALL + 2),
        (LEFT + LENGTH + 2, TOP - 2),
    ]
    keys = [f"{n}.jpg" for n in range(CARDS)]
    texts = ["".join(map(str, number)) for number in found]
    columns = {"job_id": keys, "key": keys, "text": texts, "polygon": [corners] * CARDS}
    same = {"card_type": "IDCard", "state": "Success", "status": 1, "field": "id_number", "score": 60}
    images = {key: np.asarray(card.convert("RGB")) for key, card in zip(keys, photos, strict=True)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cardocr_nb.report._worst_case_images._MOST", CARDS)
        out = tmp_path_factory.mktemp("report") / "r.html"
        return report(conform(pd.DataFrame(columns).assign(**same)), out, images=images, most_cases=CARDS).read_text()


def pictures_of_cards(page):
    """The raster copies of all pictures of cards in a report, those inside of SVG included, by key."""
    found = {}
    for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL):
        key = re.search(r"\d+\.jpg", figure)
        if key is None:
            continue
        for kind, data in re.findall(r"data:image/([a-z]+)(?:\+xml)?;base64,([A-Za-z0-9+/=]+)", figure):
            content = b64decode(data)
            if kind == "svg":
                assert b"<image" not in content
            else:
                found.setdefault(key[0], []).append(Image.open(io.BytesIO(content)))
    return found


def card_on(picture):
    """The card on a picture: all that differs from the margin, at the size of the photo."""
    flat = Image.new("RGBA", picture.size, "white")
    flat.alpha_composite(picture.convert("RGBA"))
    gray = flat.convert("L")
    inside = Image.fromarray(np.asarray(gray) != np.asarray(gray)[0, 0])
    return gray.crop(inside.getbbox()).resize((WIDTH, HEIGHT), Image.Resampling.BOX)


def found_first(reader, pictures, held_out):
    """Cards whose true number is among the first 10 of 100."""
    found, _, others = held_out
    count = 0
    for number, picture, other in zip(found, pictures, others, strict=True):
        assert len(other) == DECOYS
        misfit = reader.misfit(picture, np.vstack([number, other]))
        # The half of equal ones counts as better, so that a picture without content gives the middle rank.
        count += (misfit[1:] < misfit[0]).sum() + (misfit[1:] == misfit[0]).sum() / 2 < FIRST
    return int(count)


def better_than_guessing(count):
    return binomtest(count, CARDS, FIRST / (DECOYS + 1), alternative="greater").pvalue


def test_a_trained_reader_finds_no_hidden_digit_on_the_pictures_of_a_report(reader, page, held_out):
    shown = pictures_of_cards(page)
    assert len(shown) == CARDS
    for copy in range(2):
        pictures = [card_on(shown[f"{n}.jpg"][copy]) for n in range(CARDS)]
        assert better_than_guessing(found_first(reader, pictures, held_out)) > 0.001


def test_the_same_reader_finds_the_hidden_digits_on_the_pictures_that_reports_had(reader, held_out):
    shown = []
    for card in held_out[1]:
        file, paper = io.BytesIO(), Image.new("L", (WIDTH + 20, HEIGHT + 20), "white")
        paper.paste(in_blocks(card, FORMER_BLOCKS).resize(card.size, Image.Resampling.NEAREST), (10, 10))
        paper.save(file, "WEBP", quality=80)
        shown.append(card_on(Image.open(file)))
    assert better_than_guessing(found_first(reader, shown, held_out)) < 1e-6


def test_ranks_without_a_picture_are_those_of_guessing(reader, held_out):
    rng = np.random.default_rng(3)
    others = [photo(rng, number) for number in numbers(rng, CARDS)]
    assert better_than_guessing(found_first(reader, others, held_out)) > 0.001
