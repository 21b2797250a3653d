import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box

from cardocr_nb.plot._label_placement import leader, overlaps, place

AREA = (0.0, 0.0, 400.0, 260.0)


@st.composite
def turned_boxes(draw):
    w, h = draw(st.floats(1, 120)), draw(st.floats(1, 30))
    x, y, turn = draw(st.floats(-20, 420)), draw(st.floats(-20, 280)), draw(st.floats(0, 7))
    flat = np.array([(-w, -h), (-w, h), (w, h), (w, -h)]) / 2
    return flat @ [(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))] + (x, y)


def around(center, size):
    (x, y), (w, h) = center, np.asarray(size) / 2
    return box(x - w, y - h, x + w, y + h)


@settings(max_examples=40)
@given(st.lists(st.tuples(turned_boxes(), st.tuples(st.floats(5, 90), st.floats(4, 20))), min_size=1, max_size=8))
def test_no_label_covers_a_polygon_or_a_label_or_leaves_the_area(cards):
    quads, sizes = zip(*cards, strict=True)
    found = place(quads, sizes, AREA)
    labels = [around(c, s) for c, s in zip(found, sizes, strict=True) if not np.isnan(c).any()]
    shrunk = [label.buffer(-1e-6) for label in labels]
    for i, label in enumerate(shrunk):
        assert box(*AREA).contains(label)
        assert not any(label.intersects(Polygon(q)) for q in quads)
        assert not any(label.intersects(other) for other in shrunk[:i])


@given(turned_boxes(), st.floats(0, 400), st.floats(0, 260), st.floats(1, 60), st.floats(1, 20))
def test_overlap_is_what_another_library_says(quad, x, y, w, h):
    mine = overlaps(np.array([[x, y]]), np.array([w, h]), quad)[0]
    area = around((x, y), (2 * w, 2 * h)).intersection(Polygon(quad)).area
    assert mine or area < 1e-6
    assert not mine or around((x, y), (2 * w + 1e-6, 2 * h + 1e-6)).intersects(Polygon(quad))


@given(turned_boxes(), st.floats(0, 400), st.floats(0, 260))
def test_a_leader_starts_at_the_nearest_point_of_the_edge(quad, x, y):
    edge = Polygon(quad).exterior
    assert Point(leader(quad, np.array([[x, y]]))[0]).distance(Point(x, y)) == pytest.approx(edge.distance(Point(x, y)))


def test_a_label_with_no_free_place_has_none():
    everything = [(0, 0), (0, 260), (400, 260), (400, 0)]
    assert np.isnan(place([everything], [(20, 10)], AREA)).all()


def test_a_farther_place_is_taken_when_the_line_to_the_nearest_would_cross_another_field():
    def upright(x0, y0, x1, y1):
        return [(x0, y0), (x0, y1), (x1, y1), (x1, y0)]

    field, wall = upright(150, 100, 250, 120), upright(140, 60, 260, 98)
    posts = upright(140, 122, 190, 185), upright(210, 122, 260, 185)
    found = place([field, wall, *posts], [(80, 16), (1, 1), (1, 1), (1, 1)], (140, 0, 260, 300))
    assert found[0, 1] > 185
    assert place([field, wall], [(80, 16), (1, 1)], (140, 0, 260, 119))[0, 1] < 60
