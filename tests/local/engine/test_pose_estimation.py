"""Pose estimation on synthetic characters whose place under a known perspective is exact."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb._card_geometry import LAYOUTS, pair_similarities
from cardocr_nb.local.engine import _card_pose as poses
from cardocr_nb.local.engine._anchors import TITLE, TITLE_CENTER
from cardocr_nb.local.engine._card_pose import estimate_pose
from cardocr_nb.local.engine._placed_chars import PlacedChar
from cardocr_nb.local.engine._quantiles import quantile
from cardocr_nb.local.engine._recognition import Char
from cardocr_nb.local.engine._tolerances import TOLERANCES

LETTER = 2.4
"""Millimeters, height and width of a synthetic character."""
ADDRESS = "样本省示例市虚构区青云路一百二十八号三栋二单元"


def perspective(tilt):
    """From millimeters to pixels: turned by 12 degrees, 12 pixels a millimeter, seen at a slant."""
    turn = np.radians(12)
    similarity = np.array(
        [[12 * np.cos(turn), -12 * np.sin(turn), 300], [12 * np.sin(turn), 12 * np.cos(turn), 200], [0, 0, 1]]
    )
    return similarity @ np.array([[1, 0, 0], [0, 1, 0], [tilt, 0.6 * tilt, 1]])


def to_pixels(points, matrix):
    raised = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return raised[:, :2] / raised[:, 2:]


def row_of(text, center, line, matrix):
    """Characters of a row around a center, in exact perspective."""
    row = []
    for place, letter in enumerate(text):
        x, y = center[0] + (place - (len(text) - 1) / 2) * LETTER, center[1]
        half = 0.45 * LETTER
        box = np.array([(x - half, y - half), (x - half, y + half), (x + half, y + half), (x + half, y - half)])
        corners = to_pixels(box, matrix)
        char = Char(letter, 0.99, (0.0, 0.0, 1.0, 1.0))
        row.append(PlacedChar(char, line, place, corners, corners.mean(0), frozenset(letter)))
    return row


def card(layout, tilt, *, without=(), shifted=()):
    """Labels of a layout and three long lines; labels in `shifted` are 9 mm too low."""
    matrix = perspective(tilt)
    rows = []
    for field, slot in layout.fields.items():
        if slot.label and field not in without:
            down = 9.0 if field in shifted else 0.0
            rows.append(row_of(slot.label, (slot.center[0], slot.center[1] + down), len(rows), matrix))
    for y in (layout.size[1] * part for part in (0.25, 0.5, 0.85)):
        rows.append(row_of(ADDRESS, (45.0, y), len(rows), matrix))
    return rows, matrix


def errors(pose, matrix, layout):
    """Millimeters across and down between where pose and perspective map places all over the card."""
    width, height = layout.size
    places = np.array([(x * width, y * height) for x in (0.1, 0.5, 0.9) for y in (0.1, 0.5, 0.9)])
    return abs(pose.on_card(to_pixels(places, matrix)) - places)


LAYOUT = LAYOUTS["IDCard"][0]


@pytest.mark.parametrize("tilt", [0.0, 0.0008, -0.0008])
def test_rows_under_perspective_are_level_to_a_millimeter(tilt):
    rows, matrix = card(LAYOUT, tilt)
    across, down = errors(estimate_pose(rows, [LAYOUT], "IDCard"), matrix, LAYOUT).T
    assert down.max() < 1.0
    assert across.max() < 4.5  # far from the labels, an affine map does not follow what perspective foreshortens


def test_rows_at_the_far_right_are_level_only_with_the_slope_of_the_long_lines():
    rows, matrix = card(LAYOUT, 0.0016)
    pose = estimate_pose(rows, [LAYOUT], "IDCard")
    right = to_pixels(np.array([(80.0, 10.0), (80.0, 45.0)]), matrix)
    with_slope = abs(pose.on_card(right)[:, 1] - (10.0, 45.0)).max()
    without = abs(replace(pose, lean=(0.0, 0.0, 0.0)).on_card(right)[:, 1] - (10.0, 45.0)).max()
    assert with_slope < 1.3
    assert without > 1.5 * with_slope


def test_the_pose_follows_a_stretched_card():
    rows, matrix = card(LAYOUT, 0.0)
    stretched = [
        [replace(c, corners=c.corners * (1.1, 1.0), center=c.center * (1.1, 1.0)) for c in row] for row in rows
    ]
    pose = estimate_pose(stretched, [LAYOUT], "IDCard")
    places = np.array([slot.center for slot in LAYOUT.fields.values()])
    at = pose.on_card(to_pixels(places, matrix) * (1.1, 1.0))
    stiff = replace(pose, matrix=poses._agreement([*pose.anchors.values()], LAYOUT, 3).matrix, lean=(0.0, 0.0, 0.0))
    stiff_at = stiff.on_card(to_pixels(places, matrix) * (1.1, 1.0))
    off, stiff_off = (np.linalg.norm(a - places, axis=1).mean() for a in (at, stiff_at))
    assert off < 0.75 * stiff_off


def test_pixels_and_millimeters_are_inverse():
    rows, _ = card(LAYOUT, 0.0012)
    pose = estimate_pose(rows, [LAYOUT], "IDCard")
    places = np.array([(10.0, 8.0), (70.0, 50.0), (40.0, 30.0)])
    assert pose.on_card(pose.on_picture(places)) == pytest.approx(places, abs=1e-6)


def test_a_label_nine_millimeters_off_does_not_agree_but_is_known_as_moved():
    rows, _ = card(LAYOUT, 0.0, shifted=["gender"])
    pose = estimate_pose(rows, [LAYOUT], "IDCard")
    assert "gender" not in pose.anchors
    assert "gender" in pose.moved
    assert "gender" in pose.labels
    assert TOLERANCES.anchor < 9.0


@pytest.mark.parametrize(
    "order",
    [
        ("vehicle_class", "birth_date", "first_issue_date"),
        ("first_issue_date", "vehicle_class", "birth_date"),
        ("vehicle_class", "first_issue_date", "birth_date"),
    ],
)
@pytest.mark.parametrize("without", [(), ("licence_number", "name", "gender")])
def test_rows_of_the_license_in_another_order_do_not_shift_its_pose(order, without):
    layout = LAYOUTS["DriverLicense"][0]
    places = {name: layout.fields[name].center for name in ("birth_date", "first_issue_date", "vehicle_class")}
    levels = sorted(y for _, y in places.values())
    moved = {
        name: replace_center(layout.fields[name], (places[name][0], y)) for name, y in zip(order, levels, strict=True)
    }
    rows, matrix = card(layout._replace(fields=layout.fields | moved), 0.0008, without=without)
    pose = estimate_pose(rows, [layout], "DriverLicense")
    assert set(order) <= set(pose.anchors)
    assert errors(pose, matrix, layout)[:, 1].max() < 1.2


def replace_center(slot, center):
    return slot._replace(center=center)


def test_a_title_and_a_number_outweigh_a_label_more():
    layout = LAYOUTS["DriverLicense"][0]
    rows, matrix = card(layout, 0.0, without=set(layout.fields) - {"licence_number", "birth_date"})
    number = row_of("990000194912310026", layout.fields["licence_number"].value.middle, len(rows), matrix)
    title = row_of(TITLE, TITLE_CENTER, len(rows) + 1, matrix)
    # Labels on a paper below the card, arranged as on the card.
    away = [
        row_of(layout.fields[name].label, np.add(layout.fields[name].center, (0, 60)), len(rows) + 2 + n, matrix)
        for n, name in enumerate(("name", "gender", "nationality", "address", "valid_period"))
    ]
    pose = estimate_pose([*rows, number, title, *away], [layout], "DriverLicense")
    assert {"title", "licence_number:value"} <= set(pose.anchors)


def test_labels_in_small_print_far_apart_are_no_card():
    matrix = perspective(0.0)
    rows = [row_of(slot.label, np.array(slot.center) * 5, n, matrix) for n, slot in enumerate(LAYOUT.fields.values())]
    assert estimate_pose(rows, [LAYOUT], "IDCard") is None


def test_labels_at_right_angles_to_their_arrangement_are_no_card():
    matrix = perspective(0.0)
    rows = [row_of(slot.label, slot.center[::-1], n, matrix) for n, slot in enumerate(LAYOUT.fields.values())]
    pose = estimate_pose(rows, [LAYOUT], "IDCard")
    assert pose is None or len(pose.anchors) < 4


def test_the_arrangement_that_most_labels_agree_with_is_chosen():
    for layout in LAYOUTS["DriverLicense"]:
        rows, _ = card(layout, 0.0004)
        assert estimate_pose(rows, LAYOUTS["DriverLicense"], "DriverLicense").layout.name == layout.name


def test_a_number_shows_where_the_card_is_with_few_labels():
    layout = LAYOUTS["DriverLicense"][0]
    rows, matrix = card(
        layout, 0.0, without=["birth_date", "first_issue_date", "vehicle_class", "valid_period", "name", "address"]
    )
    few = [row for row in rows if len(row) < 10]
    assert estimate_pose(few[:2], [layout], "DriverLicense") is None
    value = layout.fields["licence_number"].value
    number = row_of("990000194912310026", value.middle, len(rows), matrix)
    pose = estimate_pose([*few[:2], number], [layout], "DriverLicense")
    assert "licence_number:value" in pose.anchors
    assert errors(pose, matrix, layout).max() < 3.0


def test_similarities_through_missing_points_are_missing():
    factor, shift = pair_similarities(
        np.array([0j, complex(np.nan), 10j]), np.array([0j, 1 + 0j, 1j]), np.array([0, 0]), np.array([1, 2])
    )
    assert np.isnan(factor).tolist() == [True, False]
    assert shift[1] == 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 1))
def test_a_quantile_of_few_values_is_that_of_numpy(values, part):
    assert quantile(values, part) == pytest.approx(float(np.quantile(values, part)), rel=1e-12, abs=1e-6)


@pytest.mark.parametrize(("born", "found"), [("1990年3月7日", True), ("1991年3月7日", False)])
def test_a_number_and_the_birth_date_that_it_confirms_place_an_identity_card_without_labels(born, found):
    matrix = perspective(0.0)
    number, date = LAYOUT.fields["id_number"].value, LAYOUT.fields["birth_date"].value
    rows = [
        row_of(born, date.middle, 0, matrix),
        row_of("992770199003070012", number.middle, 1, matrix),
        row_of(ADDRESS, (45.0, 38.0), 2, matrix),
    ]
    pose = estimate_pose(rows, [LAYOUT], "IDCard")
    assert (pose is not None) is found
    if found:
        places = np.array([(10.0, 8.0), (70.0, 50.0)])
        assert pose.on_card(to_pixels(places, matrix)) == pytest.approx(places, abs=2.0)
