from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cardocr_nb import polygon

pixels = st.integers(-60, 60)
quads = arrays(np.int32, (4, 2), elements=pixels)
orders = st.permutations(range(4))
UPRIGHT = np.array([[100, 50], [100, 90], [400, 90], [400, 50]])


def turned(points, degrees, center=(0.0, 0.0)):
    a = np.radians(degrees)
    matrix = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    return (np.asarray(points, dtype=float) - center) @ matrix + center


def test_an_upright_rectangle_measures_as_it_is_drawn():
    assert polygon.area(UPRIGHT).tolist() == [300 * 40]
    assert polygon.perimeter(UPRIGHT).tolist() == [680]
    assert polygon.bbox(UPRIGHT).tolist() == [[100, 50, 400, 90]]
    assert polygon.centroid(UPRIGHT).tolist() == [[250, 70]]
    assert (polygon.width(UPRIGHT)[0], polygon.height(UPRIGHT)[0]) == (300, 40)
    assert polygon.angle(UPRIGHT).tolist() == [0]


@pytest.mark.parametrize("degrees", [-44.9, -30, -1, 0.5, 12, 44.9])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1), (3, 2, 1, 0)])
def test_a_tilted_text_keeps_its_size_and_its_angle_in_any_order(degrees, order):
    tilted = turned(UPRIGHT, degrees)
    assert polygon.ordered(tilted[list(order)])[0] == pytest.approx(tilted)
    assert polygon.angle(tilted[list(order)])[0] == pytest.approx(degrees)
    assert polygon.width(tilted[list(order)])[0] == pytest.approx(300)
    assert polygon.height(tilted[list(order)])[0] == pytest.approx(40)


@given(quads, orders)
def test_ordered_does_not_depend_on_the_order_given(points, order):
    assert np.array_equal(polygon.ordered(points), polygon.ordered(points[list(order)]))


@given(quads)
def test_ordered_keeps_the_corners_and_is_stable(points):
    once = polygon.ordered(points)
    assert sorted(map(tuple, once[0])) == sorted(map(tuple, points.astype(float)))
    assert np.array_equal(polygon.ordered(once), once)


@given(pixels, pixels, st.integers(1, 60), st.floats(0.1, 10), orders)
def test_the_angle_of_a_rectangle_stays_within_45_degrees(x, y, length, ratio, order):
    rectangle = turned([[0, 0], [0, length * ratio], [length, length * ratio], [length, 0]], x * 6 + y / 10, (3, 7))
    assert -45.001 <= polygon.angle(rectangle[list(order)])[0] <= 45.001


def test_a_text_at_exactly_45_degrees_reads_downwards_from_any_order():
    diamond = np.array([[0, 0], [-10, 10], [20, 40], [30, 30]])
    assert polygon.angle(diamond).tolist() == [45]
    assert polygon.angle(diamond[::-1]).tolist() == [45]


@given(quads)
def test_area_perimeter_and_box_agree_with_shapely(points):
    ring = shapely.Polygon(points)
    assert polygon.perimeter(points)[0] == pytest.approx(ring.length)
    assert polygon.bbox(points)[0].tolist() == pytest.approx(list(ring.bounds))
    if ring.is_valid:
        assert polygon.area(points)[0] == pytest.approx(ring.area)


@given(quads)
def test_a_simple_polygon_is_one_that_shapely_calls_valid(points):
    distinct = len({tuple(p) for p in points.tolist()}) == 4
    assert polygon.is_simple(points)[0] == (distinct and shapely.Polygon(points).is_valid)


@given(quads)
def test_a_convex_polygon_is_its_own_hull(points):
    ring = shapely.Polygon(points)
    own_hull = polygon.is_simple(points)[0] and ring.area == pytest.approx(ring.convex_hull.area, abs=1e-9)
    assert polygon.is_convex(points)[0] == own_hull


@given(quads)
def test_a_degenerate_polygon_has_no_four_corners_or_no_area(points):
    hull = shapely.MultiPoint(points).convex_hull
    distinct = len({tuple(p) for p in points.tolist()})
    assert polygon.is_degenerate(points)[0] == (distinct < 4 or hull.area == 0)


@given(quads)
def test_the_centroid_agrees_with_shapely(points):
    ring = shapely.Polygon(polygon.ordered(points)[0])
    if ring.is_valid:
        assert polygon.centroid(points)[0] == pytest.approx([ring.centroid.x, ring.centroid.y])


def test_the_centroid_of_a_line_is_the_mean_of_its_corners():
    assert polygon.centroid([[0, 0], [10, 0], [20, 0], [30, 0]]).tolist() == [[15, 0]]


@given(quads, pixels, pixels)
def test_contains_agrees_with_shapely_border_included(points, x, y):
    ring = shapely.Polygon(polygon.ordered(points)[0])
    if ring.is_valid:
        assert polygon.contains(points, x, y)[0] == ring.covers(shapely.Point(x, y))


def test_contains_takes_one_point_for_each_polygon():
    two = np.stack([UPRIGHT, UPRIGHT])
    assert polygon.contains(two, [250, 0], [70, 0]).tolist() == [True, False]


@given(quads, quads)
def test_iou_of_convex_polygons_agrees_with_shapely(a, b):
    rings = [shapely.Polygon(polygon.ordered(p)[0]) for p in (a, b)]
    if all(polygon.is_convex(polygon.ordered(p))[0] for p in (a, b)):
        expected = rings[0].intersection(rings[1]).area / rings[0].union(rings[1]).area
        assert polygon.iou(a, b)[0] == pytest.approx(expected, abs=1e-9)


@given(quads)
def test_iou_with_itself_is_one(points):
    if polygon.is_convex(polygon.ordered(points))[0]:
        assert polygon.iou(points, points)[0] == pytest.approx(1)


@given(arrays(np.float64, (4, 2), elements=st.floats(-60, 60)), quads)
def test_iou_never_leaves_0_to_1(a, b):
    value = polygon.iou(a, b)[0]
    assert np.isnan(value) or 0 <= value <= 1


def test_iou_of_a_polygon_without_area_is_zero_and_of_two_of_them_unknown():
    line = [[0, 0], [10, 0], [20, 0], [30, 0]]
    assert polygon.iou(line, UPRIGHT).tolist() == [0]
    assert np.isnan(polygon.iou(line, line)[0])


def test_iou_of_a_shape_bent_inwards_is_unknown():
    arrow = [[0, 0], [10, 5], [0, 10], [3, 5]]
    assert np.isnan(polygon.iou(arrow, UPRIGHT)[0])


def test_iou_pairs_one_polygon_with_many_and_refuses_other_lengths():
    many = np.stack([UPRIGHT, polygon.shift(UPRIGHT, 300, 0)[0], polygon.shift(UPRIGHT, 0, 20)[0]])
    assert polygon.iou(many, UPRIGHT) == pytest.approx([1, 0, 1 / 3])
    assert polygon.iou(UPRIGHT, many) == pytest.approx([1, 0, 1 / 3])
    with pytest.raises(ValueError, match="got 3 and 2 rows"):
        polygon.iou(many, many[:2])


def test_iou_of_more_rows_than_one_portion_is_the_same_as_row_by_row(monkeypatch):
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 50, (2, 25, 4, 2))
    whole = polygon.iou(a, b)
    monkeypatch.setattr("cardocr_nb.polygon._overlap._ROWS_AT_ONCE", 4)
    assert np.array_equal(polygon.iou(a, b), whole, equal_nan=True)


@given(quads, st.floats(0.1, 10), st.integers(-9, 9))
def test_scaling_and_shifting_move_every_corner(points, factor, step):
    assert np.allclose(polygon.scale(points, factor)[0], points * factor)
    assert np.allclose(polygon.scale(points, factor, 1)[0], points * [factor, 1])
    assert np.array_equal(polygon.shift(points, step, -step)[0], points + np.array([step, -step]))


MEASURES = [
    polygon.area, polygon.perimeter, polygon.bbox, polygon.ordered, polygon.angle, polygon.width, polygon.height,
    polygon.centroid, polygon.is_degenerate, polygon.is_simple, polygon.is_convex,
]  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES)
def test_no_rows_give_no_rows(measure):
    assert len(measure(np.empty((0, 4, 2), dtype=np.int32))) == 0


def test_no_rows_contain_nothing_and_overlap_nothing():
    none = np.empty((0, 4, 2))
    assert polygon.contains(none, 1, 1).shape == (0,)
    assert polygon.iou(none, none).shape == (0,)
    assert polygon.iou(none, UPRIGHT).shape == (0,)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_missing_row_gives_nan_or_false_and_leaves_its_neighbor_alone(measure):
    both = np.stack([np.full((4, 2), np.nan), UPRIGHT])
    result = measure(both)
    assert not result[0].any() if result.dtype == bool else np.isnan(result[0]).all()
    assert np.array_equal(result[1], measure(UPRIGHT)[0])


@pytest.mark.parametrize("shape", [(4,), (3, 2), (5, 3, 2), (2, 2, 4, 2), (8,)])
def test_another_shape_is_refused_by_name(shape):
    with pytest.raises(ValueError, match=r"\(n, 4, 2\) or \(4, 2\), got shape"):
        polygon.area(np.zeros(shape))
