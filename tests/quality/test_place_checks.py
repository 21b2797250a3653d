from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from quality_cards import BOX, ID_CARD, job

from cardocr_nb import polygon
from cardocr_nb.frame import to_frame
from cardocr_nb.frame._dask_frame import to_dask
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._polygon_array import PolygonArray
from cardocr_nb.quality import check, tally
from cardocr_nb.quality._polygon_checks import outlines
from cardocr_nb.specimen import draw
from cardocr_nb.specimen._files import jpeg
from cardocr_nb.wire._records import CardResult, Field


def box(left, top, right, bottom):
    return ((left, top), (left, bottom), (right, bottom), (right, top))


def card(*polygons, key="1.jpg"):
    labels = list(ID_CARD)
    frames = [to_frame(job({labels[n]: "a"}, polygon=p, key=key)) for n, p in enumerate(polygons)]
    return conform(pd.concat(frames, ignore_index=True))


def passed(df, name, **options):
    return check(df, [name], **options).passed.tolist()


coordinates = st.integers(0, 6) | st.integers(-(2**20), 2**20)
quads = st.lists(st.tuples(coordinates, coordinates), min_size=4, max_size=4)


@given(st.lists(quads, min_size=1, max_size=20))
def test_the_quick_look_at_polygons_agrees_with_the_exact_one(points):
    array = PolygonArray.from_numpy(np.array(points))
    found = outlines(pd.DataFrame({"field": "name", "polygon": array}))
    exact = array.to_points()
    assert found.spans.tolist() == (~polygon.is_degenerate(exact)).tolist()
    assert found.simple.tolist() == polygon.is_simple(exact).tolist()
    in_order = (polygon.ordered(exact) == exact).all(axis=(1, 2))
    assert found.in_order[found.simple].tolist() == in_order[found.simple].tolist()
    convex = polygon.is_convex(exact)
    assert found.area[convex] == pytest.approx(polygon.area(exact)[convex])


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_corners_that_begin_elsewhere_are_found(turns):
    assert passed(card(BOX[turns:] + BOX[:turns]), "polygon_is_in_order") == [False]


def test_corners_that_run_the_other_way_are_found():
    assert passed(card(BOX), "polygon_is_in_order") == [True]
    assert passed(card(BOX[::-1]), "polygon_is_in_order") == [False]
    assert passed(card(((0, 0), (30, 9), (30, 0), (0, 9))), "polygon_is_in_order") == []


@pytest.mark.parametrize(
    ("points", "inside"),
    [(box(0, 0, 300, 200), True), (box(0, 0, 301, 200), False), (box(-1, 0, 9, 9), False), (box(0, 0, 9, 201), False)],
)
def test_corners_outside_the_image_are_found_where_its_size_is_known(points, inside):
    frame = card(points)
    assert passed(frame, "polygon_is_on_image", sizes={"1.jpg": (300, 200), "other.jpg": (1, 1)}) == [inside]
    assert passed(frame, "polygon_is_on_image") == []


def test_sizes_that_know_only_some_images_ask_only_those():
    frame = conform(pd.concat([card(BOX), card(BOX, key="2.jpg")], ignore_index=True))
    table = check(frame, ["polygon_is_on_image"], sizes={"2.jpg": (10, 10)})
    assert table.key.tolist() == ["2.jpg"]
    with pytest.raises(ValueError, match="sizes knows none of the 2 keys"):
        check(frame, sizes={"3.jpg": (10, 10)})
    with pytest.raises(NotADirectoryError, match="is not a folder"):
        check(frame, sizes="no such folder")


def test_two_fields_at_one_place_both_fail():
    apart = card(box(0, 0, 100, 20), box(0, 16, 100, 36))
    assert passed(apart, "polygon_is_apart") == [True, True]
    over = card(box(0, 0, 100, 20), box(0, 10, 100, 30), box(200, 0, 300, 20))
    assert passed(over, "polygon_is_apart") == [False, False, True]
    within = card(box(0, 0, 100, 20), box(300, 0, 400, 20), box(10, 5, 20, 10))
    assert passed(within, "polygon_is_apart") == [False, True, False]


def test_slanting_neighbors_whose_rectangles_meet_are_apart():
    def slanting(top):
        return ((0, top), (0, top + 20), (200, top + 120), (200, top + 100))

    assert passed(card(slanting(0), slanting(22)), "polygon_is_apart") == [True, True]


def test_fields_of_different_cards_and_doubled_fields_do_not_count_as_covering():
    two = conform(pd.concat([card(BOX), card(BOX, key="2.jpg")], ignore_index=True))
    assert passed(two, "polygon_is_apart") == [True, True]
    mixed = conform(pd.concat([card(BOX, BOX), card(BOX, key="2.jpg")]).sample(frac=1, random_state=0))
    table = check(mixed, ["polygon_is_apart"])
    assert sorted(zip(table.key, table.passed, strict=True)) == [("1.jpg", False), ("1.jpg", False), ("2.jpg", True)]
    assert passed(card(BOX).iloc[[0, 0]], "polygon_is_apart") == [True, True]


def apart(places):
    """Whether each place of a card is apart from all others, by a plain loop over pairs."""
    expected = [True] * len(places)
    for n, (x, y, w, h) in enumerate(places):
        for m, (left, top, across, down) in enumerate(places[:n]):
            shared = max(min(x + w, left + across) - max(x, left), 0) * max(min(y + h, top + down) - max(y, top), 0)
            if 4 * shared > min(w * h, across * down):
                expected[n] = expected[m] = False
    return expected


places = st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 8)] * 2), min_size=2, max_size=6)


@settings(max_examples=20)
@given(st.lists(places, min_size=1, max_size=12))
def test_covering_is_that_of_a_plain_loop_over_pairs(cards):
    labels = list(ID_CARD)
    frame = to_frame([
        CardResult(tuple(Field(labels[n], "a", 90, box(x, y, x + w, y + h)) for n, (x, y, w, h) in enumerate(card)),
                   key=f"{k}.jpg")
        for k, card in enumerate(cards)
    ])  # fmt: skip
    assert passed(frame, "polygon_is_apart") == [one for card in cards for one in apart(card)]


@pytest.fixture
def turned(tmp_path):
    """A folder with a picture stored turned, and the size of it upright."""
    image = draw("IDCard", seed=3).image
    (tmp_path / "1.jpg").write_bytes(jpeg(image, orientation=6))
    return tmp_path, image.size


def test_polygons_that_overlook_the_orientation_of_the_file_are_found(turned):
    folder, (width, height) = turned
    low = box(10, height - 60, 90, height - 10)
    wide = box(width - 90, 10, width - 10, 60)
    stored = box(10, width - 90, 60, width - 10)
    assert passed(card(low, wide), "polygons_are_upright", sizes=folder) == [True]
    table = check(card(box(10, 10, 90, 60), stored), ["polygons_are_upright"], sizes=folder)
    assert table.passed.tolist() == [False]
    assert table.field.isna().all()
    assert passed(card(low, stored, wide), "polygons_are_upright", sizes=folder) == [True]


def test_the_orientation_is_asked_only_of_files_that_are_stored_turned(turned, tmp_path):
    folder, size = turned
    assert passed(card(BOX), "polygons_are_upright", sizes={"1.jpg": size}) == []
    Image.new("RGB", (300, 200)).save(tmp_path / "2.jpg")
    assert passed(card(BOX, key="2.jpg"), "polygons_are_upright", sizes=folder) == []


def test_images_that_cannot_be_read_are_not_asked(turned):
    folder, _ = turned
    (folder / "2.jpg").write_bytes(b"no picture")
    frame = conform(pd.concat([card(BOX), card(BOX, key="2.jpg"), card(BOX, key="3.jpg")], ignore_index=True))
    assert check(frame, ["polygon_is_on_image"], sizes=folder).key.tolist() == ["1.jpg"]


def test_sizes_reach_the_partitions_of_dask(turned):
    folder, _ = turned
    frame = conform(pd.concat([card(BOX), card(BOX, key="2.jpg")], ignore_index=True))
    whole = tally(check(frame, sizes=folder))
    parted = tally(check(to_dask(frame, npartitions=2), sizes=folder))
    by = ["field", "check"]
    pd.testing.assert_frame_equal(
        parted.sort_values(by, ignore_index=True),
        whole.astype(dict.fromkeys(["field", "check", "severity"], "str")).sort_values(by, ignore_index=True),
    )
