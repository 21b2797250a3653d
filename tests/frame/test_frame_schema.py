from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame import (
    COLUMNS,
    DTYPES,
    _frame_columns,
    conform,
    empty,
    plain,
    read_table,
    to_csv,
    to_frame,
    to_parquet,
)
from cardocr_nb.frame._typed_columns import series
from cardocr_nb.wire._records import CardResult, Field, JobState


def test_the_frame_without_rows_has_the_columns_and_dtypes_of_the_full_one():
    full = to_frame(CardResult((Field("姓名", "样本", 98),), key="a"))
    assert tuple(empty().columns) == COLUMNS == tuple(full.columns)
    for name, dtype in DTYPES.items():
        assert empty()[name].dtype == full[name].dtype or dtype == "category"
        assert empty()[name].dtype == dtype
    pd.testing.assert_frame_equal(to_frame([]), empty())


def test_the_columns_are_documented_in_order():
    rows = [line.split()[0] for line in _frame_columns.__doc__.splitlines() if line.startswith(COLUMNS)]
    assert tuple(rows) == COLUMNS


def test_fields_sort_in_the_order_of_the_cards():
    categories = list(empty().field.cat.categories)
    assert set(categories) == {f for kind in CardType for f in expected_fields(kind)}
    assert categories[:6] == list(expected_fields("IDCard"))


def test_states_are_those_of_the_service_and_four_of_our_own():
    assert list(empty().state.cat.categories) == [*JobState, "Unreadable", "Planned", "Unknown", "LeftOut"]


def test_conform_gives_dtypes_back_after_concat_lost_them():
    a = to_frame(CardResult((Field("姓名", "样本", 98),), key="a"))
    b = to_frame(CardResult((Field("Name", "样本", 98),), key="b"))
    both = pd.concat([a, b], ignore_index=True)
    assert both.field.dtype == "category"
    assert both.label.dtype != "category"
    assert conform(both).label.tolist() == ["姓名", "Name"]
    assert conform(both).label.dtype == "category"


def test_conform_fills_in_columns_keeps_others_and_the_index():
    given = pd.DataFrame({"probability": [0.5], "key": ["a"], "field": ["name"]}, index=[7])
    done = conform(given)
    assert tuple(done.columns) == (*COLUMNS, "probability")
    assert done.index.tolist() == [7]
    assert done.drop(columns=["probability", "key", "field"]).isna().all(axis=None)


def test_conform_changes_nothing_that_is_right():
    frame = to_frame(CardResult((Field("姓名", "样本", 98),), key="a"))
    pd.testing.assert_frame_equal(conform(frame), frame)


def test_times_come_at_the_offset_of_the_service():
    times = series("created", ["2022-06-27T06:44:10Z", None, "2022-06-27T14:44:10+08:00"])
    assert times[0] == times[2]
    assert str(times[0]) == "2022-06-27 14:44:10+08:00"
    assert pd.isna(times[1])


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_can_be_all_missing(name):
    column = series(name, [None, None])
    assert column.isna().all()
    assert column.dtype == DTYPES[name]


@pytest.mark.parametrize(
    ("scores", "message"),
    [([0.98, 0.5], "between 0 and 1; multiply them by 100"), ([98.7, 12.5], "got fractions; round")],
)
@pytest.mark.parametrize("dtype", ["float64", "Float64", "object", "str"])
def test_scores_with_fractions_are_refused_and_never_cut_off(scores, message, dtype):
    with pytest.raises(ValueError, match=message):
        conform(pd.DataFrame({"key": ["a", "b"], "score": pd.Series(scores).astype(dtype)}))


@pytest.mark.parametrize("score", [70_000, float("inf"), -40_000])
def test_numbers_that_int16_cannot_hold_are_no_scores(score):
    with pytest.raises(ValueError, match="got numbers beyond 32767"):
        conform(pd.DataFrame({"score": [score, 98.0]}))


@pytest.mark.parametrize("scores", [[100, 100], [100, 0, None], [100, 97]])
def test_hundredths_of_scores_of_100_are_refused_and_scores_of_1_are_kept(scores):
    frame = conform(pd.DataFrame({"score": pd.Series(scores, dtype="Int16")}))
    with pytest.raises(ValueError, match=r"whose largest value is 1; multiply it by 100 and round\(\)"):
        conform(frame.assign(score=frame["score"] / 100))
    assert conform(pd.DataFrame({"score": [1.0, 0.0, None]}))["score"].dropna().tolist() == [1, 0]
    assert conform(pd.DataFrame({"score": pd.array([1, None], dtype=pd.ArrowDtype(pa.int64()))}))["score"][0] == 1


@pytest.mark.parametrize("dtype", ["float64", "Float64", "int64", "object", "str"])
def test_whole_scores_of_any_dtype_are_kept(dtype):
    assert conform(pd.DataFrame({"score": pd.Series([98, 0]).astype(dtype)}))["score"].tolist() == [98, 0]


@pytest.mark.parametrize(
    "times",
    [
        ["2026-11-27 08:30:00"],
        ["2026-11-27T08:30:00+0800"],
        ["2026-11-27T00:30:00Z"],
        [1_795_739_400_000],
        [1_795_739_400_000_000_000],
        [1_795_739_400],
        ["1795739400000"],
        ["2026-11-27 00:30:00 UTC"],
        ["2026-11-27 08:30:00+08"],
        ["2026-11-26 20:30:00.000-04"],
        [46353.3541666667],
        [pd.Timestamp("2026-11-27 08:30")],
        [pd.Timestamp("2026-11-27 00:30", tz="UTC")],
        pd.Series([pd.Timestamp("2026-11-27 08:30"), "2026-11-27 08:30:00"], dtype=object),
    ],
    ids=[
        "text",
        "wire",
        "UTC",
        "ms",
        "ns",
        "s",
        "ms as text",
        "UTC as word",
        "short offset",
        "west",
        "days of Excel",
        "naive",
        "aware",
        "mixed",
    ],
)
def test_times_without_a_zone_are_in_the_zone_of_the_service(times):
    df = conform(pd.DataFrame({"created": times}))
    assert str(df["created"].dtype) == "datetime64[us, UTC+08:00]"
    assert set(df["created"]) == {pd.Timestamp("2026-11-27T08:30:00+08:00")}


def test_a_day_without_a_time_and_a_dash_are_times_too():
    created = conform(pd.DataFrame({"created": ["2026-11-27", "-", None]}))["created"]
    assert created[0] == pd.Timestamp("2026-11-27T00:00:00+08:00")
    assert created[1:].isna().all()


def test_a_frame_comes_back_from_json():
    import io

    from cardocr_nb import load_sample

    cards = load_sample("readings").head(50).reset_index(drop=True)
    back = conform(pd.read_json(io.StringIO(cards.to_json(date_format="iso")), dtype=False))
    pd.testing.assert_frame_equal(back, cards, check_categorical=False)


@pytest.mark.parametrize(
    ("name", "cells", "said"),
    [
        (
            "status",
            [1, "high", None, "high", 0],
            r"2 of 5 rows hold something else, the first one is row 1; .*df.iloc\[1\]",
        ),
        ("job_level", ["1", "2%", "0"], "1 of 3 rows hold something else, the first one is row 1"),
        ("created", ["2026-01-01T00:00:00", None, "soon"], "1 of 3 rows hold something else, the first one is row 2"),
        ("status", ["a.jpg", "b.jpg"], "are the columns of the frame named right"),
    ],
)
def test_cells_that_do_not_fit_are_counted_and_their_row_is_named(name, cells, said):
    with pytest.raises(ValueError, match=said) as raised:
        conform(pd.DataFrame({"key": [f"{n}.jpg" for n in range(len(cells))], name: pd.Series(cells, dtype=object)}))
    assert "high" not in str(raised.value)


@pytest.mark.parametrize("scores", [[1.0, 1.0], [1.0, None], [1.0, 0.0]])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_floats_of_ones_are_scores_that_were_divided(scores, dtype):
    """`read_csv` gives floats only where scores are missing, and scores of 1 alone are none."""
    with pytest.raises(ValueError, match=r"\(float..\) whose largest value is 1; multiply it by 100"):
        conform(pd.DataFrame({"score": pd.Series(scores, dtype=dtype)}))


def test_texts_of_ones_are_divided_scores_only_if_a_float_wrote_them():
    with pytest.raises(ValueError, match="whose largest value is 1"):
        conform(pd.DataFrame({"score": ["1.0", None, "1.0"]}))
    assert conform(pd.DataFrame({"score": ["1", "1"]}))["score"].tolist() == [1, 1]
    assert conform(pd.DataFrame({"score": ["1.0", "98.0"]}))["score"].tolist() == [1, 98]


@pytest.mark.parametrize("zeros", [[0.0, 0.0], [0.0, None]])
def test_zeros_are_the_same_on_both_scales(zeros):
    assert conform(pd.DataFrame({"score": zeros}))["score"].dropna().eq(0).all()


@pytest.mark.parametrize("levels", [["key"], ["key", "field"], ["field", "batch"], ["image"]])
@pytest.mark.parametrize("through", ["memory", "parquet", "feather", "own parquet", "csv", "plain"])
def test_columns_in_the_index_are_columns_again(levels, through, tmp_path):
    given = conform(
        pd.DataFrame({"image": ["i", "j"], "key": ["a", "b"], "field": "name", "text": ["李", "王"], "batch": [1, 2]})
    )
    df = given.set_index(levels)
    if through == "memory":
        df = conform(df)
    elif through in ("parquet", "feather"):
        write = df.to_parquet if through == "parquet" else df.to_feather
        write(tmp_path / f"a.{through}")
        df = read_table(tmp_path / f"a.{through}")
    elif through == "plain":
        df = plain(df)
    else:
        df = read_table({"own parquet": to_parquet, "csv": to_csv}[through](df, tmp_path / f"a.{through[-7:].strip()}"))
    for name in ("image", "key", "field", "text"):
        assert df[name].tolist() == given[name].tolist()


def test_a_level_of_the_index_that_is_a_column_as_well_stays():
    df = pd.DataFrame({"key": ["a", "b"], "text": "李"}).set_index("key", drop=False)
    assert conform(df)["key"].tolist() == ["a", "b"]
    assert conform(df).index.name == "key"


@pytest.mark.parametrize("names", [{"key": "KEY"}, {"text": " Text"}, {"text": "text_x"}, {"polygon": "polygon_right"}])
def test_renamed_columns_are_named_instead_of_added_empty(names):
    given = conform(pd.DataFrame({"key": ["a"], "field": "name", "text": "李"}))
    (old, new), *_ = names.items()
    with pytest.raises(ValueError, match=f"^the frame has no column '{old}', but {new}; rename the one that holds it"):
        conform(given.rename(columns=names))


def test_a_column_next_to_its_copy_from_a_merge_is_kept():
    given = pd.DataFrame({"key": ["a"], "text": "李", "text_y": "王", "Key": "b"})
    assert conform(given)[["text", "text_y", "Key"]].to_numpy().tolist() == [["李", "王", "b"]]


def test_a_group_without_its_key_says_how_to_keep_it():
    cards = conform(pd.DataFrame({"key": ["a", "b"], "field": "name", "text": "李"}))
    with pytest.raises(AttributeError, match=r"groupby\(\.\.\.\)\[list\(df\.columns\)\]\.apply"):
        cards.groupby("key").apply(lambda group: group.cardocr.summary())
    assert len(cards.groupby("key")[list(cards.columns)].apply(lambda group: group.cardocr.summary())) >= 2


def test_a_column_that_arrow_cannot_store_is_named(tmp_path):
    with pytest.raises(ValueError, match="Arrow has no type for the column waves"):
        to_parquet(conform(pd.DataFrame({"key": ["a"]})).assign(waves=[1j]), tmp_path / "a.parquet")
