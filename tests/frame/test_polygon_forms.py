"""Polygons as services, GeoJSON, shapely and databases give them."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cardocr_nb  # noqa: F401 - registers the accessors
from cardocr_nb.frame import conform
from cardocr_nb.frame._polygon_dtype import Polygon
from cardocr_nb.frame._polygon_forms import PolygonError

CORNERS = [(0, 0), (3, 40), (30, 41), (31, -2)]
RING = [*CORNERS, CORNERS[0]]


def shape(ring, holes=(), height=None):
    import shapely

    return shapely.Polygon([(*corner, height) for corner in ring] if height is not None else ring, holes)


def from_shapely(value):
    return pd.Series.polygon.from_shapely([value])


WAYS = {
    "closed ring": RING,
    "closed ring of an array": np.array(RING, dtype=float),
    "closed ring of numbers": [number for corner in RING for number in corner],
    "mappings": [{"x": x, "y": y} for x, y in CORNERS],
    "mappings in capitals": [{"X": x, "Y": y, "score": 1} for x, y in CORNERS],
    "closed ring of mappings": [{"x": float(x), "y": float(y)} for x, y in RING],
    "GeoJSON": {"type": "Polygon", "coordinates": [RING]},
    "GeoJSON with heights": {"type": "Polygon", "coordinates": [[(*corner, 7.5) for corner in RING]]},
    "feature of GeoJSON": {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [RING]}},
    "shapely": shape(CORNERS),
    "shapely with heights": shape(CORNERS, height=7),
}


@pytest.mark.parametrize("value", WAYS.values(), ids=list(WAYS))
def test_forms_of_other_tools_are_four_corners(value):
    assert Polygon(value).points == tuple(CORNERS)
    column = pd.Series([None, value], dtype=object)
    assert column.astype("polygon")[1].points == tuple(CORNERS)
    assert conform(pd.DataFrame({"key": ["a", "b"], "polygon": column}))["polygon"][1].points == tuple(CORNERS)


@pytest.mark.parametrize("name", [name for name in WAYS if "shapely" not in name and "array" not in name])
def test_the_same_forms_are_read_from_their_json(name):
    assert pd.Series([json.dumps(WAYS[name])], dtype="str").astype("polygon")[0].points == tuple(CORNERS)


@pytest.mark.parametrize("name", ["shapely", "shapely with heights"])
def test_texts_of_shapely_are_read(name):
    assert pd.Series([str(WAYS[name])]).astype("polygon")[0].points == tuple(CORNERS)
    assert from_shapely(WAYS[name])[0].points == tuple(CORNERS)


@given(st.lists(st.tuples(*[st.integers(-(2**31), 2**31 - 1)] * 2), min_size=4, max_size=4))
def test_a_closed_ring_is_the_polygon_of_its_corners(corners):
    ring = [*corners, corners[0]]
    assert Polygon(ring) == Polygon([{"x": x, "y": y} for x, y in ring]) == Polygon(corners)
    assert Polygon({"type": "Polygon", "coordinates": [ring]}) == Polygon(corners)


FAULTS = {
    "3 corners": CORNERS[:3],
    "5 corners; minimum_rotated_rectangle": [*CORNERS, (1, 1)],
    "6 corners; minimum_rotated_rectangle": [*RING, (5, 5)],
    "corners of 3 numbers; leave the third one out": [(0, 0, 9)] * 4,
    "corners without x and y": [{"left": 0, "top": 0}] * 4,
    "corners that are not numbers": [("0", "0")] * 4,
    "corners that are not pairs": [1, 2, 3, 4],
    "2 rings, of the outline and of holes": shape([(0, 0), (0, 90), (90, 90), (90, 0)], [[(1, 1), (1, 2), (2, 2)]]),
    "3 corners$": shape(CORNERS[:3]),
    "a mapping other than a polygon of GeoJSON": {"type": "Point", "coordinates": [1, 2]},
    "a value of type int": 7,
}


@pytest.mark.parametrize("got", FAULTS)
def test_other_values_are_described_with_their_row(got):
    with pytest.raises(PolygonError, match=f"^row 2: a polygon is made of four corners .*; got {got}"):
        pd.Series([None, CORNERS, FAULTS[got]], dtype=object).astype("polygon")
    with pytest.raises(PolygonError, match=r"^row 1: .*got "):
        conform(pd.DataFrame({"key": ["a", "b"], "polygon": pd.Series([None, FAULTS[got]], dtype=object)}))


@pytest.mark.parametrize("missing", ["", "  ", None, float("nan"), pd.NA])
@pytest.mark.parametrize("dtype", [object, "str"])
def test_empty_texts_are_missing_polygons(missing, dtype):
    column = pd.Series([missing, "0,0 0,9 9,9 9,0"], dtype=dtype)
    assert column.astype("polygon").isna().tolist() == [True, False]
    assert conform(pd.DataFrame({"polygon": column}))["polygon"].isna().tolist() == [True, False]


def test_nested_lists_of_arrow_are_polygons():
    pairs = pa.array([None, [list(corner) for corner in RING]], pa.list_(pa.list_(pa.int64())))
    mappings = pa.array([None, [{"x": x, "y": y} for x, y in CORNERS]])
    for array in (pairs, mappings):
        for column in (array.to_pandas(), pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([array])))):
            made = conform(pd.DataFrame({"key": ["a", "b"], "polygon": column}))["polygon"]
            assert pd.isna(made[0])
            assert made[1].points == tuple(CORNERS)
        assert conform(pa.table({"polygon": array}))["polygon"][1].points == tuple(CORNERS)
