"""The map of legible text follows damage of drawn cards, at the place where the damage is."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cardocr_nb._photos._legibility import CELL, legibility
from cardocr_nb.specimen import draw

SIZES = [(1, 1), (1, 700), (16, 16), (17, 15), (300, 5), (129, 640)]


@pytest.fixture(scope="module", params=["IDCard", "DriverLicense"])
def card(request):
    specimen = draw(request.param, seed=77)
    image = specimen.image.convert("L")
    scale = 800 / image.width
    places = [polygon * scale for polygon in specimen.polygons.values()]
    return image.resize((800, round(image.height * scale)), Image.Resampling.LANCZOS), places


def cells(polygon):
    """The cells whose middle is in the outline of a text."""
    (left, top), (right, bottom) = polygon.min(axis=0), polygon.max(axis=0)
    return np.s_[int(top // CELL) : int(bottom // CELL) + 1, int(left // CELL) : int(right // CELL) + 1]


def of_fields(picture, clean, places):
    """Mean odds of legible characters where a clean photo has text of fields."""
    legible, text = legibility(picture)[1], legibility(clean)[0] > 0
    return float(np.mean([legible[cells(p)][text[cells(p)]].mean() for p in places if text[cells(p)].any()]))


def test_text_is_seen_where_fields_are_and_not_on_plain_paper(card):
    image, places = card
    text, _ = legibility(np.asarray(image))
    assert np.mean([text[cells(p)].max() > 0 for p in places]) >= 0.9
    assert (legibility(np.full((200, 300), 200, np.uint8))[0] < 0).all()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda image, s: image.filter(ImageFilter.GaussianBlur(4 * s)),
        lambda image, s: image + np.random.default_rng(5).normal(0, 90 * s, (image.height, image.width)),
    ],
    ids=["blur", "noise"],
)
def test_more_damage_never_makes_fields_more_legible(card, spoil):
    image, places = card
    pictures = [np.asarray(spoil(image, s)).clip(0, 255).astype(np.uint8) for s in (0.2, 0.4, 0.7, 1)]
    means = [of_fields(picture, np.asarray(image), places) for picture in pictures]
    assert all(b < a for a, b in pairwise(means))
    assert means[0] > 2
    assert means[-1] < means[0] - 2


def test_a_blurred_half_is_less_legible_than_the_other_one(card):
    image, _ = card
    half = image.copy()
    half.paste(image.crop((0, 0, 400, image.height)).filter(ImageFilter.GaussianBlur(5)), (0, 0))
    before, after = (legibility(np.asarray(picture)) for picture in (image, half))
    text = before[0] > 0
    lost = before[1] - after[1]
    left, right = text[:, :22], text[:, 28:]
    assert lost[:, :22][left].mean() > 2
    assert abs(lost[:, 28:][right]).max() < 0.01


def test_less_contrast_without_noise_changes_little(card):
    image, places = card
    gray = np.asarray(image)
    paler = (np.asarray(gray, float) * 0.5 + 100).astype(np.uint8)
    assert of_fields(paler, gray, places) > of_fields(gray, gray, places) - 1.5


@pytest.mark.parametrize("size", SIZES)
def test_each_cell_of_a_picture_of_any_size_has_odds(size):
    gray = np.random.default_rng(1).integers(0, 256, size).astype(np.uint8)
    text, legible = legibility(gray)
    assert text.shape == legible.shape == (-(-size[0] // CELL), -(-size[1] // CELL))
    assert np.isfinite(text).all()
    assert np.isfinite(legible).all()
    again = legibility(gray)
    assert (again[0] == text).all()
    assert (again[1] == legible).all()
