"""Frames that went through other tools come back with every text, number, time and polygon."""

import json

import altair as alt
import duckdb
import pandas as pd
import plotly.express as px
import polars as pl
import pytest
import random_responses

import cardocr_nb  # noqa: F401 - registers the accessors
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import conform, plain, read_responses, read_table, to_feather, to_parquet


@pytest.fixture(scope="module")
def cards():
    return read_responses(*random_responses.documents(1000, seed=3), errors="row")


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
    "Feather": lambda df, file, folder: read_table(to_feather(df, folder / "cards.feather")),
    "pandas Feather": lambda df, file, folder: pd.read_feather(to_feather(df, folder / "cards.feather")),
    "DataFrame.to_parquet": lambda df, file, folder: (df.to_parquet(folder / "own.parquet"), pd.read_parquet(folder / "own.parquet"))[1],
    "plain": lambda df, file, folder: plain(df),
    "DuckDB from plain": lambda df, file, folder: duckdb.query_df(plain(df), "t", "select * from t").df(),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # DuckDB's own use of pandas
@pytest.mark.parametrize("way", WAYS)
def test_every_value_comes_back(cards, file, tmp_path, way):
    same(WAYS[way](cards, file, tmp_path), cards)


def test_csv_and_json_come_back(cards, tmp_path):
    cards.to_csv(tmp_path / "cards.csv", index=False)
    same(pd.read_csv(tmp_path / "cards.csv", dtype="str"), cards)
    cards.to_json(tmp_path / "cards.json", orient="records", date_format="iso", date_unit="us", force_ascii=False)
    same(pd.DataFrame(json.loads((tmp_path / "cards.json").read_text(encoding="utf-8"))), cards)


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


def test_plotly_and_altair_get_polygons_as_lists(cards):
    few = cards[cards["polygon"].notna()].head(3)
    points = [polygon.tolist() for polygon in few["polygon"]]
    figure = json.loads(px.scatter(few, x="key", y="score", hover_data=["polygon"]).to_json())
    assert [row[0] for row in figure["data"][0]["customdata"]] == points
    chart = alt.Chart(few.cardocr.plain()).mark_point().encode(x="key", y="score", tooltip="polygon:N").to_dict()
    assert [row["polygon"] for row in next(iter(chart["datasets"].values()))] == points
