from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cardocr_nb.frame import Polygon, PolygonArray, PolygonDtype
from cardocr_nb.frame._polygon_dtype import PolygonType

SQUARE = [(0, 0), (0, 10), (10, 10), (10, 0)]
int32 = st.integers(-(2**31), 2**31 - 1)
corners = st.tuples(*[st.tuples(int32, int32)] * 4)
columns = st.lists(st.none() | corners, max_size=8)


def column(values):
    return pd.Series(list(values), dtype="polygon", name="polygon")


@pytest.fixture
def cards():
    points = np.arange(80, dtype=float).reshape(10, 4, 2)
    points[[0, 3]] = np.nan
    return pd.DataFrame({"n": range(10), "polygon": PolygonArray.from_numpy(points), "text": list("abcdefghij")})


class TestScalar:
    def test_it_is_opaque_to_numpy_and_pandas(self):
        p = Polygon(SQUARE)
        assert not any(hasattr(p, name) for name in ("__len__", "__iter__", "__array__", "__getitem__"))
        assert not pd.api.types.is_list_like(p)
        assert np.array([p, p], dtype=object).shape == (2,)

    @given(corners)
    def test_it_is_read_back_from_what_it_prints(self, points):
        assert Polygon.parse(str(Polygon(points))) == Polygon(points)

    @given(corners, corners)
    def test_it_equals_and_sorts_as_its_corners_do(self, a, b):
        assert (Polygon(a) == Polygon(b)) == (a == b)
        assert (Polygon(a) < Polygon(b)) == (a < b)
        assert a != b or hash(Polygon(a)) == hash(Polygon(b))

    def test_it_is_not_equal_to_its_corners(self):
        assert Polygon(SQUARE) != tuple(SQUARE)
        with pytest.raises(TypeError):
            Polygon(SQUARE) < 3  # noqa: B015 - the comparison itself must fail

    @pytest.mark.parametrize(
        "points",
        [
            SQUARE[:3],
            [*SQUARE, (1, 1)],
            [(0, 0, 0)] * 4,
            [(float("nan"), 0)] * 4,
            [(float("inf"), 0)] * 4,
            [("0", "0")] * 4,
            "abcd",
            7,
            None,
            [1, 2, 3, 4],
        ],
    )
    def test_anything_but_four_corners_is_refused(self, points):
        with pytest.raises(ValueError, match="four corners"):
            Polygon(points)

    @pytest.mark.parametrize("value", [2**31, -(2**31) - 1])
    def test_a_coordinate_beyond_int32_is_refused(self, value):
        with pytest.raises(ValueError, match="outside -2147483648 to 2147483647"):
            Polygon([(value, 0), *SQUARE[1:]])

    @pytest.mark.parametrize("text", ["", "1,2 3,4 5,6", "1,2 3,4 5,6 7", "a,b c,d e,f g,h", "1,2,3 4,5 6,7 8,9"])
    def test_other_text_is_refused(self, text):
        with pytest.raises(ValueError, match="four 'x,y'"):
            Polygon.parse(text)


class TestArray:
    def test_it_takes_33_bytes_a_row(self):
        assert column([SQUARE] * 100).array.nbytes == 3300

    @given(columns)
    def test_what_goes_in_comes_out(self, values):
        assert [None if pd.isna(v) else v.points for v in column(values)] == values

    @given(arrays(np.float64, (3, 4, 2), elements=st.floats(-1e6, 1e6) | st.just(np.nan)))
    def test_from_numpy_rounds_and_takes_nan_for_missing(self, points):
        array = PolygonArray.from_numpy(points)
        gone = np.isnan(points).any(axis=(1, 2))
        assert np.array_equal(array.isna(), gone)
        assert np.array_equal(array.to_points()[~gone], np.rint(points[~gone]))
        assert np.isnan(array.to_points()[gone]).all()

    def test_from_numpy_refuses_other_shapes_and_coordinates_beyond_int32(self):
        with pytest.raises(ValueError, match=r"shape \(n, 4, 2\), got shape \(2, 8\)"):
            PolygonArray.from_numpy(np.zeros((2, 8)))
        with pytest.raises(ValueError, match="outside"):
            PolygonArray.from_numpy(np.full((1, 4, 2), 2.0**31))

    def test_the_constructor_names_what_it_wants_and_what_it_got(self):
        with pytest.raises(ValueError, match=r"got \(1, 4, 2\), float64 .*from_numpy"):
            PolygonArray(np.zeros((1, 4, 2)), np.zeros(1, dtype=bool))

    def test_points_are_read_only_and_zero_where_missing(self):
        points = column([None, SQUARE]).array.points
        assert points[0].tolist() == [[0, 0]] * 4
        with pytest.raises(ValueError, match="read-only"):
            points[0, 0, 0] = 1

    def test_comparing_with_strangers_is_false_and_ordering_them_fails(self):
        series = column([SQUARE, None])
        assert (series == "table").tolist() == [False, False]
        assert (series != 3).tolist() == [True, True]
        with pytest.raises(TypeError):
            series < 3  # noqa: B015 - the comparison itself must fail

    def test_missing_equals_nothing(self):
        series = column([SQUARE, None])
        assert (series == series).tolist() == [True, False]  # noqa: PLR0124 - missing differs even from itself
        assert (series == None).tolist() == [False, False]  # noqa: E711 - pandas' own comparison

    def test_a_list_of_other_things_equals_nothing_and_has_no_order(self):
        array = column([SQUARE, None]).array
        assert (array == ["a", "b"]).tolist() == [False, False]
        assert (array != ["a", "b"]).tolist() == [True, True]
        with pytest.raises(ValueError, match="four 'x,y'"):
            array < ["a", "b"]  # noqa: B015 - the comparison itself must fail

    def test_an_array_of_corners_makes_a_column(self):
        points = np.array([SQUARE, SQUARE])
        assert pd.array(points, dtype="polygon").equals(column([SQUARE, SQUARE]).array)

    def test_no_arrow_chunks_make_no_rows(self):
        assert len(PolygonArray.from_arrow(pa.chunked_array([], type=PolygonType()))) == 0

    def test_comparing_columns_of_different_lengths_fails(self):
        with pytest.raises(ValueError, match="Lengths must match"):
            column([SQUARE, None]).array == column([SQUARE]).array  # noqa: B015 - the comparison itself must fail

    def test_indexing_with_two_axes_is_refused(self):
        with pytest.raises(IndexError, match="one axis"):
            column([SQUARE]).array[0, 0]


class TestPandas:
    def test_frames_keep_the_dtype_through_the_usual_work(self, cards):
        assert pd.concat([cards, cards]).polygon.dtype == "polygon"
        assert cards.merge(cards, on="n").polygon_x.dtype == "polygon"
        assert cards.sort_values("text", ascending=False).polygon.dtype == "polygon"
        assert cards[cards.n > 4].polygon.dtype == "polygon"
        assert cards.set_index("n").reindex([3, 99]).polygon.isna().all()
        assert cards.groupby("n").polygon.first().dtype == "polygon"
        assert cards.copy().equals(cards)

    def test_equal_polygons_are_found(self, cards):
        twice = pd.concat([cards, cards], ignore_index=True)
        assert len(twice.drop_duplicates("polygon")) == 9
        assert set(twice.polygon.value_counts()) == {2}
        assert twice.groupby("polygon").n.count().tolist() == [2] * 8
        assert cards.merge(cards, on="polygon").shape == (12, 5)
        assert twice.polygon.nunique() == 8

    @given(columns, columns)
    def test_merging_on_polygons_agrees_with_merging_on_their_text(self, a, b):
        left, right = column(a).to_frame().assign(l=1), column(b).to_frame().assign(r=1)
        by_text = left.astype({"polygon": str}).merge(right.astype({"polygon": str}), on="polygon", how="outer")
        assert len(left.merge(right, on="polygon", how="outer")) == len(by_text)

    def test_missing_ones_can_be_filled(self, cards):
        filled = cards.polygon.fillna(Polygon(SQUARE))
        assert filled[[0, 3]].tolist() == [Polygon(SQUARE)] * 2
        assert cards.polygon.isna().sum() == 2

    def test_strings_become_polygons_and_polygons_strings(self, cards):
        text = cards.polygon.astype(str)
        assert text[1] == "8,9 10,11 12,13 14,15"
        assert text.astype("polygon").equals(cards.polygon)

    def test_setting_rows_takes_what_the_constructor_takes(self, cards):
        cards.loc[0, "polygon"] = Polygon(SQUARE)
        cards.loc[1, "polygon"] = None
        cards.loc[[4, 5], "polygon"] = column([SQUARE, None]).array
        assert cards.polygon.isna().tolist() == [False, True, False, True, False, True, *[False] * 4]

    @pytest.mark.parametrize("table", [repr, lambda df: df._repr_html_(), lambda df: repr(df["polygon"])])
    def test_a_printed_table_has_the_first_corner_only(self, cards, table):
        assert "8,9 … 4 corners" in table(cards)
        assert "10,11" not in table(cards)
        assert "NaN" in table(cards)

    def test_text_and_files_have_all_corners(self, cards, tmp_path):
        assert str(cards.polygon[1]) == "8,9 10,11 12,13 14,15"
        assert "8,9 10,11 12,13 14,15" in cards.to_csv()
        assert "[8,9],[10,11],[12,13],[14,15]" in cards.to_json()
        cards.to_excel(tmp_path / "cards.xlsx")
        assert pd.read_excel(tmp_path / "cards.xlsx")["polygon"][1] == "8,9 10,11 12,13 14,15"
        assert "…" not in cards.to_csv() + cards.to_json() + cards.astype({"polygon": str}).to_string()


class TestFiles:
    @pytest.mark.parametrize("rows", [slice(None), slice(2, 7), slice(0, 0), [0, 3]])
    def test_plain_parquet_keeps_the_column(self, cards, rows, tmp_path):
        part = cards.iloc[rows].reset_index(drop=True)
        part.to_parquet(tmp_path / "cards.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "cards.parquet"), part)

    def test_many_row_groups_and_a_choice_of_columns_are_read(self, cards, tmp_path):
        cards.to_parquet(tmp_path / "cards.parquet", row_group_size=3)
        read = pd.read_parquet(tmp_path / "cards.parquet", columns=["polygon"], filters=[("n", ">=", 3)])
        assert read.polygon.equals(cards.polygon[3:].reset_index(drop=True))

    def test_feather_pickle_csv_and_json_keep_it_too(self, cards, tmp_path):
        cards.to_feather(tmp_path / "cards.feather")
        pd.testing.assert_frame_equal(pd.read_feather(tmp_path / "cards.feather"), cards)
        pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(cards)), cards)  # noqa: S301 - our own bytes
        cards.to_csv(tmp_path / "cards.csv", index=False)
        pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "cards.csv", dtype={"polygon": "polygon"}), cards)
        cards.to_json(tmp_path / "cards.json")
        pd.testing.assert_frame_equal(pd.read_json(tmp_path / "cards.json", dtype={"polygon": "polygon"}), cards)

    @given(columns, st.integers(0, 8), st.integers(0, 8))
    def test_arrow_gives_back_any_slice(self, values, start, stop):
        series = column(values)
        there = pa.chunked_array([pa.array(series)[start:stop], pa.array(series)[stop:]], type=pa.list_(pa.int32()))
        expected = pd.concat([series[start:stop], series[stop:]], ignore_index=True)
        assert pd.Series(PolygonDtype().__from_arrow__(there)).equals(expected)

    def test_lists_without_the_type_are_taken_and_half_lists_are_missing(self):
        lists = pa.array([[0, 0, 0, 9, 9, 9, 9, 0], None, [0, 0, 0, 9, None, 9, 9, 0]], type=pa.list_(pa.int64()))
        assert PolygonArray.from_arrow(lists).isna().tolist() == [False, True, True]
        with pytest.raises(ValueError, match="another length"):
            PolygonArray.from_arrow(pa.array([[1, 2, 3]]))
        fixed = pa.array([list(range(8)), None], type=pa.list_(pa.int32(), 8))
        assert PolygonArray.from_arrow(fixed)[0].points == ((0, 1), (2, 3), (4, 5), (6, 7))

    def test_the_column_converts_to_an_arrow_list_on_request(self, cards):
        lists = pa.array(cards.polygon.array, type=pa.list_(pa.int32()))
        assert lists.to_pylist()[1] == list(range(8, 16))

    def test_a_file_opens_without_this_package(self, cards, tmp_path):
        path = tmp_path / "cards.parquet"
        cards.to_parquet(path)
        script = f"""
import sys, pandas as pd, pyarrow.parquet as pq
table = pq.read_table({str(path)!r})
assert table.column("polygon").to_pylist()[1] == list(range(8, 16)), table
frame = table.to_pandas(ignore_metadata=True)
assert frame.polygon[0] is None and frame.polygon[1].tolist() == list(range(8, 16)), frame
arrow = pd.read_parquet({str(path)!r}, dtype_backend="pyarrow")
assert arrow.polygon.isna().tolist() == [True, False, False, True] + [False] * 6, arrow
assert "cardocr_nb" not in sys.modules
"""
        subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)  # noqa: S603 - our own script

    def test_plain_pyarrow_sees_a_list_of_eight(self, cards, tmp_path):
        cards.to_parquet(tmp_path / "cards.parquet")
        kind = pq.read_schema(tmp_path / "cards.parquet").field("polygon").type
        assert kind == pa.list_(pa.int32())

    def test_files_of_earlier_releases_with_an_arrow_type_are_read(self, cards, tmp_path):
        table = pa.table({"polygon": pa.ExtensionArray.from_storage(PolygonType(), pa.array(cards.polygon))})
        pq.write_table(table, tmp_path / "cards.parquet")
        assert pd.read_parquet(tmp_path / "cards.parquet").polygon.equals(cards.polygon)


def test_corners_with_fractions_are_rounded():
    import numpy as np

    column = pd.Series([np.array([[0.4, 0.6], [0, 10], [30.2, 10], [30, 0]]), None]).astype("polygon")
    assert column[0] == Polygon([(0, 1), (0, 10), (30, 10), (30, 0)])
    with pytest.raises(ValueError, match="four corners"):
        pd.Series([[[float("nan"), 0], [0, 10], [30, 10], [30, 0]]]).astype("polygon")


def test_shapes_of_shapely_come_back():
    import shapely

    box = shapely.Polygon([(0, 0), (0, 10), (30, 10), (30, 0)])
    column = pd.Series.polygon.from_shapely(pd.Series([box, None], index=[5, 6]))
    assert column.index.tolist() == [5, 6]
    assert column[5].points == ((0, 0), (0, 10), (30, 10), (30, 0))
    assert column.isna().tolist() == [False, True]
    assert column.polygon.to_shapely()[5].equals(box)
    with pytest.raises(ValueError, match="four corners"):
        pd.Series.polygon.from_shapely([shapely.Polygon([(0, 0), (0, 10), (30, 10)])])
    assert pd.Series.polygon.from_shapely([shapely.Polygon()]).isna().all()
    with pytest.raises(ValueError, match="got 0 corners"):
        Polygon(shapely.Polygon())
