from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from cardocr_nb.cards import CardType
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.specimen import CONDITIONS, Specimen, degrade, draw

MAGENTA = (255, 0, 255)
drawn = cache(draw)
"""Specimens that no test changes."""

CORNERS = {"a": (20, 20), "b": (20, 300), "c": (500, 300), "d": (500, 20)}


def marked(corner):
    """A white card with one square, of 24 pixels, and its polygon."""
    card = Image.new("RGB", (544, 344), "white")
    x, y = CORNERS[corner]
    ImageDraw.Draw(card).rectangle((x, y, x + 23, y + 23), MAGENTA)
    square = np.array([(x, y), (x, y + 24), (x + 24, y + 24), (x + 24, y)], dtype=float)
    return Specimen(card, CardType.ID_CARD, {"name": "样"}, {"name": square})


def center_of_magenta(image):
    levels = np.asarray(image, dtype=int)
    y, x = np.nonzero((levels[..., 0] > 200) & (levels[..., 1] < 90) & (levels[..., 2] > 200))
    return np.array([x.mean() + 0.5, y.mean() + 0.5])


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(sorted(CORNERS)),
    st.fixed_dictionaries(
        {}, optional={name: st.floats(0, 1) for name in ("perspective", "rotation", "resolution", "shadow", "noise")}
    ),
    st.integers(0, 2**31),
)
def test_a_polygon_goes_where_its_ink_goes(corner, conditions, seed):
    conditions = conditions | {name: 0.2 * conditions[name] for name in ("shadow", "noise") if name in conditions}
    spoilt = degrade(marked(corner), conditions, seed)
    off = np.linalg.norm(center_of_magenta(spoilt.image) - spoilt.polygons["name"].mean(axis=0))
    assert off < 0.8


@pytest.mark.parametrize("corner", sorted(CORNERS))
def test_a_polygon_keeps_the_order_of_its_corners_when_the_card_is_turned(corner):
    for seed in range(12):
        polygon = degrade(marked(corner), {"rotation": 1.0, "perspective": 1.0}, seed).polygons["name"]
        x, y = polygon.T
        clockwise_on_screen = np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))
        assert clockwise_on_screen < 0
        down, along = polygon[1] - polygon[0], polygon[3] - polygon[0]
        assert along[0] * down[1] - along[1] * down[0] > 0


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("kind", list(CardType))
def test_the_whole_card_stays_in_the_picture(condition, kind):
    spoilt = degrade(drawn(kind, 2), {condition: 1.0}, 2)
    every = np.concatenate(list(spoilt.polygons.values()))
    assert every.min() > 0
    assert (every.max(axis=0) < spoilt.image.size).all()
    assert spoilt.texts == drawn(kind, 2).texts
    assert spoilt.image.mode == "RGB"


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_the_same_for_the_same_seed(condition):
    flat = drawn("IDCard", 2)
    before = flat.image.tobytes()
    first, again, other = (degrade(flat, {condition: 0.7}, seed) for seed in (8, 8, 9))
    assert first.image.tobytes() == again.image.tobytes()
    assert flat.image.tobytes() == before
    thrown = condition not in ("blur", "resolution", "jpeg")
    assert (first.image.size != other.image.size or first.image.tobytes() != other.image.tobytes()) == thrown


@pytest.mark.parametrize("condition", ["shadow", "glare", "blur", "noise", "jpeg"])
def test_a_stronger_condition_changes_the_picture_more(condition):
    flat = drawn("IDCard", 2)
    clean = np.asarray(flat.image, dtype=float)
    change = [
        np.abs(np.asarray(degrade(flat, {condition: s}, 3).image, dtype=float) - clean).mean() for s in (0, 0.3, 1.0)
    ]
    assert change[0] == 0 < change[1] < change[2]


def test_strength_nought_changes_nothing():
    flat = drawn("IDCard", 2)
    spoilt = degrade(flat, dict.fromkeys(CONDITIONS, 0.0), 1)
    assert spoilt.image.tobytes() == flat.image.tobytes()
    assert spoilt.polygons["name"].tolist() == flat.polygons["name"].tolist()


def test_one_condition_more_does_not_move_the_card():
    flat = drawn("IDCard", 2)
    alone = degrade(flat, {"rotation": 0.5}, 4)
    more = degrade(flat, {"rotation": 0.5, "shadow": 0.5, "noise": 0.5}, 4)
    assert alone.polygons["address"].tolist() == more.polygons["address"].tolist()


def test_a_full_turn_comes_in_every_direction():
    def direction(seed):
        polygon = degrade(marked("a"), {"rotation": 1.0}, seed).polygons["name"]
        along = polygon[3] - polygon[0]
        return int(np.degrees(np.arctan2(along[1], along[0])) % 360 // 90)

    assert {direction(seed) for seed in range(40)} == {0, 1, 2, 3}


def test_the_hardest_resolution_is_360_pixels_across():
    for kind in CardType:
        assert degrade(drawn(kind, 1), {"resolution": 1.0}, 1).image.width == 360


def test_the_hardest_tilt_is_15_degrees():
    """Seen from 2.2 widths, the near edge of a card tilted by 15° is longer by (2.2 + s) / (2.2 - s), s = sin 15° / 2."""
    s = np.sin(np.radians(15)) / 2
    card = Image.new("RGB", (500, 500), "white")
    square = np.array([(0, 0), (0, 500), (500, 500), (500, 0)], dtype=float)
    flat = Specimen(card, CardType.ID_CARD, {"name": "样"}, {"name": square})
    ratios = []
    for seed in range(60):
        edges = np.linalg.norm(np.diff(degrade(flat, {"perspective": 1.0}, seed).polygons["name"], axis=0), axis=1)
        ratios.append(max(edges[0], edges[2]) / min(edges[0], edges[2]))
    assert max(ratios) == pytest.approx((2.2 + s) / (2.2 - s), abs=0.01)


def test_clutter_puts_other_things_around_the_card_and_none_on_it():
    flat = drawn("IDCard", 2)
    bare, full = (degrade(flat, {"clutter": s}, 6) for s in (0.01, 1.0))
    assert np.asarray(full.image).std(axis=(0, 1)).mean() > np.asarray(bare.image).std(axis=(0, 1)).mean()
    left, top = (full.polygons["name"][0] - flat.polygons["name"][0]).round().astype(int)
    card = full.image.crop((left + 3, top + 3, left + flat.image.width - 3, top + flat.image.height - 3))
    before = flat.image.crop((3, 3, flat.image.width - 3, flat.image.height - 3))
    assert np.abs(np.asarray(card, dtype=int) - np.asarray(before, dtype=int)).mean() < 6


@pytest.mark.parametrize(("conditions", "wrong"), [({"fog": 0.5}, "got 'fog'"), ({"blur": 1.5}, "1.5"), ({"blur": -0.1}, "-0.1"), ({"blur": float("nan")}, "nan")])  # fmt: skip
def test_an_unknown_condition_or_strength_is_refused(conditions, wrong):
    with pytest.raises(InvalidRequestError, match=wrong):
        degrade(marked("a"), conditions, 1)
