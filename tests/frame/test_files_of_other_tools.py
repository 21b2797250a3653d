"""Frames that went through other tools come back with every text, number, time and polygon."""

import datetime as dt
import json
import pickle

import altair as alt
import duckdb
import numpy as np
import pandas as pd
import plotly.express as px
import polars as pl
import pytest
import random_responses
from hypothesis import given, settings
from hypothesis import strategies as st

import cardocr_nb  # noqa: F401 - registers the accessors
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import (
    PolygonDtype,
    conform,
    from_coco,
    from_label_studio,
    plain,
    read_responses,
    read_table,
    to_coco,
    to_csv,
    to_feather,
    to_frame,
    to_label_studio,
    to_parquet,
)
from cardocr_nb.frame._text_tables import _READ_AS_1252
from cardocr_nb.report import from_excel, report, to_excel
from cardocr_nb.wire import CardResult, Field

BOX = ((1, 2), (1, 9), (30, 9), (30, 2))


@pytest.fixture(scope="module")
def cards():
    return read_responses(*random_responses.documents(400, seed=3), errors="row")


@pytest.fixture(scope="module")
def file(cards, tmp_path_factory):
    return to_parquet(cards, tmp_path_factory.mktemp("files") / "cards.parquet")


def same(found, cards):
    found = conform(found.astype({"field": "str"}))
    words = {name: "str" for name, dtype in cards.dtypes.items() if dtype == "category"}
    pd.testing.assert_frame_equal(found.astype(words), cards.astype(words))
    assert found.dtypes.astype(str).tolist() == cards.dtypes.astype(str).tolist()


WAYS = {
    "read_table": lambda df, file, folder: read_table(file),
    "pandas": lambda df, file, folder: pd.read_parquet(file),
    "numpy_nullable": lambda df, file, folder: pd.read_parquet(file, dtype_backend="numpy_nullable"),
    "pyarrow dtypes": lambda df, file, folder: pd.read_parquet(file, dtype_backend="pyarrow"),
    "DuckDB from the file": lambda df, file, folder: duckdb.read_parquet(str(file)).df(),
    "polars from the file": lambda df, file, folder: pl.read_parquet(file).to_pandas(),
    "polars from memory": lambda df, file, folder: pl.from_pandas(df).to_pandas(),
    "polars from Feather": lambda df, file, folder: pl.read_ipc(to_feather(df, folder / "cards.feather")).to_pandas(),
    "Feather": lambda df, file, folder: read_table(to_feather(df, folder / "cards.feather")),
    "Feather of polars": lambda df, file, folder: (pl.read_parquet(file).write_ipc(folder / "a.feather"), read_table(folder / "a.feather"))[1],
    "Parquet of polars": lambda df, file, folder: (pl.read_parquet(file).write_parquet(folder / "a.parquet"), read_table(folder / "a.parquet"))[1],
    "CSV of the package": lambda df, file, folder: (to_csv(df, folder / "a.csv"), read_table(folder / "a.csv"))[1],
    "pandas Feather": lambda df, file, folder: pd.read_feather(to_feather(df, folder / "cards.feather")),
    "DataFrame.to_parquet": lambda df, file, folder: (df.to_parquet(folder / "own.parquet"), pd.read_parquet(folder / "own.parquet"))[1],
    "Excel": lambda df, file, folder: from_excel(to_excel(df, folder / "cards.xlsx")),
    "CSV in pandas": lambda df, file, folder: pd.read_csv(to_csv(df, folder / "a.csv")),
    "CSV in polars": lambda df, file, folder: pl.read_csv(to_csv(df, folder / "a.csv"), infer_schema=False).to_pandas(),
    "CSV in DuckDB": lambda df, file, folder: duckdb.sql(f"from read_csv('{to_csv(df, folder / 'a.csv')}', all_varchar=true, header=true)").df(),
    "plain": lambda df, file, folder: plain(df),
    "DuckDB from plain": lambda df, file, folder: duckdb.query_df(plain(df), "t", "select * from t").df(),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # DuckDB's own use of pandas
@pytest.mark.filterwarnings("ignore:.*have no key and belong to no card")  # some cards of the sample have none
@pytest.mark.parametrize("way", WAYS)
def test_every_value_comes_back(cards, file, tmp_path, way):
    same(WAYS[way](cards, file, tmp_path), cards)


# Cells that readers of CSV, JSON and workbooks take for something else, and every other character.
ODD = ["?", "'", "=", "_x0041_", "\0", "\r", "\n", '"', ",", ";", "\t", "\ufeff", "\ufffe", "\x1a", "\u2028", "𠮷", "NULL", "nan", "NA", "None",
       "#N/A", "TRUE", "1.0", "1e5", "-", "[]", "\\N", " ", "锘", "0"]  # fmt: skip
TEXTS = st.none() | st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6),
    st.lists(st.sampled_from(ODD), min_size=1, max_size=3).map("".join),
).filter(lambda text: not _READ_AS_1252.search(text))
CORNER = st.tuples(*[st.integers(-99_999, 99_999) | st.integers(-(2**31), 2**31 - 1)] * 2)
TIMES = st.none() | st.datetimes(dt.datetime(1973, 6, 1), dt.datetime(2198, 1, 1)).map(  # noqa: DTZ001 - of the service
    lambda time: pd.Timestamp(time.replace(microsecond=0), tz="+08:00")
)
ROWS = st.fixed_dictionaries(
    dict.fromkeys(("key", "job_id", "label", "text", "code", "message", "user_data", "queue_id"), TEXTS)
    | dict.fromkeys(("status", "job_level"), st.none() | st.integers(0, 1))
    | dict.fromkeys(("created", "ended"), TIMES)
    | {
        "field": st.sampled_from(["name", "id_number", "birth_date", "address", "血型", "'=x"]),
        "score": st.none() | st.integers(0, 100),
        "polygon": st.none() | st.tuples(*[CORNER] * 4),
        "state": st.sampled_from(["Success", "Failed", None]),
    }
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The inplace keyword", "ignore:.*have no key and belong to no card")
@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=30)
@given(rows=st.lists(ROWS, min_size=1, max_size=8))
def test_every_value_of_any_text_comes_back(tmp_path_factory, way, rows):
    df, folder = conform(pd.DataFrame(rows, columns=list(rows[0]))), tmp_path_factory.mktemp("odd")
    same(WAYS[way](df, to_parquet(df, folder / "cards.parquet"), folder), df)


def test_csv_and_json_come_back(cards, tmp_path):
    cards.to_csv(tmp_path / "cards.csv", index=False)
    same(pd.read_csv(tmp_path / "cards.csv", dtype="str"), cards)
    cards.to_json(tmp_path / "cards.json", orient="records", date_format="iso", date_unit="us", force_ascii=False)
    same(pd.DataFrame(json.loads((tmp_path / "cards.json").read_text(encoding="utf-8"))), cards)


def test_the_dtype_comes_back_from_files_of_the_package_and_of_pandas(cards, file, tmp_path):
    cards.to_parquet(tmp_path / "own.parquet")
    to_feather(cards, tmp_path / "cards.feather")
    for found in (
        pd.read_parquet(file),
        pd.read_parquet(tmp_path / "own.parquet"),
        pd.read_feather(tmp_path / "cards.feather"),
    ):
        assert found["polygon"].equals(cards["polygon"])


@pytest.fixture(scope="module")
def pictured(cards):
    """The rows whose image is named, with the sizes of the images."""
    rows = cards[cards["key"].notna()].reset_index(drop=True)
    return rows, {key: (4000 + n, 3000 - n) for n, key in enumerate(rows["key"].unique())}


def held(df, *columns):
    return df[[*columns, "key", "field", "text", "score", "polygon"]].astype({"field": "str"}).reset_index(drop=True)


def test_label_studio_keeps_every_text_score_and_polygon(pictured):
    rows, sizes = pictured
    found = from_label_studio(json.loads(json.dumps(to_label_studio(rows, sizes))))
    about = ("job_id", "card_type", "state")
    pd.testing.assert_frame_equal(held(found, *about), held(rows, *about), check_categorical=False)


def test_coco_keeps_every_field_with_a_place_and_every_image(pictured):
    rows, sizes = pictured
    found = from_coco(json.loads(json.dumps(to_coco(rows, sizes))))
    placed = [held(df[df["polygon"].notna()]) for df in (found, rows)]
    pd.testing.assert_frame_equal(*placed)
    assert found["key"].unique().tolist() == list(sizes)


def test_json_holds_polygons_as_lists_of_pairs(cards):
    row = cards[cards.polygon.notna()].head(1)
    (found,) = json.loads(row[["polygon"]].to_json(orient="records"))
    assert found["polygon"] == row.polygon.iloc[0].tolist()


def test_a_file_opens_in_plain_pandas(cards, file, plain_python):
    printed = plain_python(
        f"import pandas as pd; df = pd.read_parquet({str(file)!r});"
        "print(df.score.dtype, df.text.dtype, [None if p is None else p.tolist() for p in df.polygon][:50])"
    )
    lists = [None if pd.isna(p) else [x for pair in p.tolist() for x in pair] for p in cards.polygon[:50]]
    assert printed == f"Int16 str {lists}"


@pytest.fixture
def plain_python(tmp_path):
    import subprocess
    import sys

    def run(code):
        code = f"import sys; sys.modules['cardocr_nb'] = None\n{code}"
        done = subprocess.run(  # noqa: S603 - the code above
            [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        return done.stdout.strip()

    return run


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
def test_a_damaged_file_is_an_error_and_not_a_crash(cards, tmp_path, ending):
    import random

    path = tmp_path / f"cards{ending}"
    (to_feather if ending == ".feather" else to_parquet)(cards.head(40), path)
    whole, chance = path.read_bytes(), random.Random(5)
    errors = 0
    for _ in range(150):
        raw = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        path.write_bytes(raw)
        try:
            read_table(path)
        except DecodeError:
            errors += 1
    assert errors > 10


def in_plotly(table):
    figure = json.loads(px.scatter(table, x="key", y="score", hover_data=["polygon"]).to_json())
    return [row[0] for row in figure["data"][0]["customdata"]]


def in_altair(table):
    chart = alt.Chart(table).mark_point().encode(x="key", y="score", tooltip="polygon:N").to_dict()
    return [row["polygon"] for row in next(iter(chart["datasets"].values()))]


def in_duckdb(cards):
    found = duckdb.sql("select * from cards")  # DuckDB finds the frame by the name of the variable
    assert str(found.types[found.columns.index("polygon")]).endswith("[]")
    return [[pair.tolist() for pair in polygon] for polygon in found.df()["polygon"]]


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # DuckDB's own use of pandas
@pytest.mark.parametrize("polygons_in", [in_plotly, in_altair, in_duckdb])
def test_a_plain_frame_opens_in_every_tool_with_polygons_as_lists(cards, polygons_in):
    few = cards[cards["polygon"].notna()].head(3)
    assert polygons_in(few.cardocr.plain()) == [polygon.tolist() for polygon in few["polygon"]]


@pytest.mark.parametrize("polygons_in", [in_plotly, in_altair])
def test_plotly_and_altair_take_the_frame_as_it_is(cards, polygons_in):
    few = cards[cards["polygon"].notna()].head(3)
    assert polygons_in(few) == [polygon.tolist() for polygon in few["polygon"]]


def test_altair_writes_the_frame_as_json_with_null_for_missing_polygons():
    frame = conform(pd.DataFrame({"key": ["a", "b"], "polygon": pd.array([None, BOX], dtype="polygon")}))
    chart = alt.Chart(frame).mark_point().encode(x="key", tooltip="polygon:N")
    rows = next(iter(json.loads(chart.to_json(), parse_constant=pytest.fail)["datasets"].values()))
    assert [row["polygon"] for row in rows] == [None, [[1, 2], [1, 9], [30, 9], [30, 2]]]
    assert "[[1, 2], [1, 9], [30, 9], [30, 2]]" in chart.to_html()


@pytest.mark.parametrize(
    "rows_of",
    [
        lambda cards: duckdb.sql("select key, polygon from cards"),
        lambda cards: duckdb.query_df(cards, "t", "select key, polygon from t"),
        lambda cards: duckdb.from_df(cards).project("key, polygon"),
        lambda cards: duckdb.connect().register("t", cards).sql("select key, polygon from t"),
    ],
)
def test_duckdb_takes_the_frame_as_it_is_with_polygons_as_eight_numbers(rows_of):
    frame = conform(pd.DataFrame({"key": ["a", "b"], "polygon": pd.array([None, BOX], dtype="polygon")}))
    found = rows_of(frame)
    assert str(found.types[1]) == "INTEGER[]"
    assert found.fetchall() == [("a", None), ("b", [1, 2, 1, 9, 30, 9, 30, 2])]
    assert isinstance(found, duckdb.DuckDBPyRelation)  # code with such questions does not hinder DuckDB


def test_code_that_asks_about_classes_itself_is_answered_and_does_not_hinder_duckdb():
    frame = conform(pd.DataFrame({"key": ["a"], "polygon": pd.array([BOX], dtype="polygon")}))
    dtype = frame["polygon"].dtype
    assert not isinstance(dtype, pd.ArrowDtype)
    assert not isinstance(
        dtype,
        (pd.ArrowDtype, pd.CategoricalDtype),
    )
    assert dtype.__class__ is type(dtype)
    assert duckdb.sql("select count(*) from frame").fetchall() == [(1,)]


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # DuckDB's own use of pandas
def test_duckdb_gives_back_what_it_took(cards):
    few = cards.head(40)
    again = conform(duckdb.sql("select * from few order by created, key").df())
    assert sorted(map(str, again["polygon"])) == sorted(map(str, few["polygon"]))
    assert sorted(again["text"].dropna()) == sorted(few["text"].dropna())


def test_to_all_others_a_polygon_is_no_array_and_its_dtype_is_not_of_arrow(cards):
    """DuckDB and Altair are imported here."""
    dtype = cards["polygon"].dtype
    assert not isinstance(cards["polygon"].dropna().iloc[0], np.ndarray)
    assert not isinstance(dtype, pd.ArrowDtype)
    assert dtype.__class__ is PolygonDtype
    assert dtype != object  # noqa: E721 - the comparison of Altair
    assert str(cards.convert_dtypes()["polygon"].dtype) == "polygon"
    assert [type(pickle.loads(pickle.dumps(dtype, protocol))) for protocol in range(6)] == [PolygonDtype] * 6  # noqa: S301


def test_a_report_of_a_frame_from_csv_and_json_is_that_of_the_frame(cards, tmp_path):
    def held_by(frame):
        return json.loads(report(frame, tmp_path / "report.json").read_text("utf-8")) | {"made": None}

    few = cards.head(60)
    few.to_csv(tmp_path / "cards.csv", index=False)
    own = held_by(few)
    assert held_by(pd.read_csv(tmp_path / "cards.csv")) == own
    assert held_by(pd.DataFrame(json.loads(few.to_json(orient="records", date_format="iso")))) == own


def test_objects_are_stored_as_polygons(cards, tmp_path):
    few = cards[["key", "text", "polygon"]].head(20)
    assert read_table(to_parquet(few.astype(object), tmp_path / "a.parquet"))["polygon"].equals(few["polygon"])


def test_a_csv_table_that_pandas_read_and_wrote_again_is_the_same_table(tmp_path):
    """One card failed, so pandas reads status and job level as floats and writes them as 1.0."""
    failed = CardResult((), key="b.jpg", state="Failed", code="InvalidArgument")
    cards = conform(
        pd.concat([to_frame(CardResult((Field("姓名", "样一", 90),), key="a.jpg", status=1)), to_frame(failed)])
    ).assign(status=[1, None], job_level=[0, None])
    cards = conform(cards)
    cards.cardocr.to_csv(tmp_path / "cards.csv")
    pd.read_csv(tmp_path / "cards.csv").to_csv(tmp_path / "again.csv", index=False)
    assert "1.0" in (tmp_path / "again.csv").read_text(encoding="utf-8")
    again = read_table(tmp_path / "again.csv")
    assert again["status"].fillna(-1).tolist() == cards["status"].fillna(-1).tolist() == [1, -1]
    assert again["text"].tolist()[0] == "样一"


BACKENDS = {
    "CSV": lambda df, folder: pd.read_csv(to_csv(df, folder / "a.csv")),
    "CSV as Arrow": lambda df, folder: pd.read_csv(to_csv(df, folder / "a.csv"), dtype_backend="pyarrow"),
    "CSV as nullable": lambda df, folder: pd.read_csv(to_csv(df, folder / "a.csv"), dtype_backend="numpy_nullable"),
    "CSV without missing values": lambda df, folder: pd.read_csv(to_csv(df, folder / "a.csv"), dtype=str, keep_default_na=False),
    "Parquet as Arrow": lambda df, folder: pd.read_parquet(to_parquet(df, folder / "a.parquet"), dtype_backend="pyarrow"),
    "Parquet as nullable": lambda df, folder: pd.read_parquet(to_parquet(df, folder / "a.parquet"), dtype_backend="numpy_nullable"),
    "polars as Arrow": lambda df, folder: pl.read_parquet(to_parquet(df, folder / "a.parquet")).to_pandas(use_pyarrow_extension_array=True),
    "objects": lambda df, folder: df.astype(object),
}  # fmt: skip
METHODS = {
    "wide": lambda df, folder: df.cardocr.wide(),
    "wide with all": lambda df, folder: df.cardocr.wide(scores=True, polygons=True)[["key", "name_score", "name_polygon"]].astype({"name_score": "float"}),
    "to_long of wide": lambda df, folder: df.cardocr.to_long(df.cardocr.wide())[["key", "field", "text"]],
    "plain": lambda df, folder: df.cardocr.plain()[["key", "text", "job_id"]],
    "check": lambda df, folder: df.cardocr.check(),
    "summary": lambda df, folder: pd.Series([str(df.cardocr.summary())]),
    "review_queue": lambda df, folder: df.cardocr.review_queue(),
    "mask": lambda df, folder: df.cardocr.mask()[["key", "text"]],
    "to_label_studio": lambda df, folder: pd.json_normalize(df.cardocr.to_label_studio(sizes(df))),
    "to_coco": lambda df, folder: pd.json_normalize(df.cardocr.to_coco(sizes(df))["annotations"]),
    "to_csv": lambda df, folder: read_table(df.cardocr.to_csv(folder / "b.csv")),
    "to_parquet": lambda df, folder: read_table(df.cardocr.to_parquet(folder / "b.parquet")),
    "to_excel": lambda df, folder: from_excel(df.cardocr.to_excel(folder / "b.xlsx")),
}  # fmt: skip


def sizes(df):
    return dict.fromkeys(df["key"].dropna().astype(str), (40_000, 40_000))


@pytest.fixture(scope="module")
def few_cards(cards):
    few = cards[cards["key"].notna()].head(120)
    assert few["field"].isna().any()
    assert few["text"].str.fullmatch("[0-9]{12,}", na=False).any()
    return conform(few.reset_index(drop=True))


def written(df):
    plain = df.astype(object).reset_index(drop=True)
    return plain.where(plain.notna(), None).astype(str).to_csv()


@pytest.fixture(scope="module")
def expected_of_methods(few_cards, tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    return {name: written(method(few_cards, folder)) for name, method in METHODS.items()}


@pytest.mark.parametrize("backend", BACKENDS)
def test_methods_give_the_same_for_frames_of_every_reader(few_cards, expected_of_methods, tmp_path, backend):
    read = BACKENDS[backend](few_cards, tmp_path)
    for name, expected in expected_of_methods.items():
        assert [name, written(METHODS[name](read, tmp_path))] == [name, expected]


@pytest.mark.parametrize("written", [lambda df, path: df.cardocr.to_parquet(path / "a.parquet"), lambda df, path: df.cardocr.to_csv(path / "a.csv")])  # fmt: skip
def test_scores_that_no_reader_takes_back_are_not_written(few_cards, tmp_path, written):
    with pytest.raises(ValueError, match=r"scores are 0 to 100, got .*; multiply (it|them) by 100"):
        written(few_cards.assign(score=few_cards["score"] / 100), tmp_path)


def test_a_file_with_other_scores_says_what_is_wrong_with_them(few_cards, tmp_path):
    pl.from_pandas(few_cards.assign(score=few_cards["score"] / 100)).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DecodeError, match="scores are 0 to 100, got values between 0 and 1"):
        read_table(tmp_path / "a.parquet")
