"""Frames as other tools and everyday steps of pandas make them go through every accessor as the original does."""

from functools import cache

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cardocr_nb as ocr
from cardocr_nb.frame import conform, read_table, to_csv, to_feather, to_parquet
from cardocr_nb.report import from_excel, to_excel

CARDS = ocr.load_sample("readings").head(60).reset_index(drop=True)
PLAIN = CARDS.cardocr.plain()


def flat(polygon):
    return None if polygon is None else [number for point in polygon for number in point]


def halves(one, other):
    return pd.concat([one.iloc[:30], other.iloc[30:]])


def by_csv(df, write):
    def made(folder):
        write(df, folder / "cards.csv")
        return folder / "cards.csv"

    return made


FRAMES = {
    "csv of the package, by pandas": lambda f: pd.read_csv(by_csv(CARDS, to_csv)(f)),
    "csv of the package, by pandas as texts": lambda f: pd.read_csv(by_csv(CARDS, to_csv)(f), dtype="str"),
    "csv of the package, by polars": lambda f: pl.read_csv(by_csv(CARDS, to_csv)(f), infer_schema_length=0).to_pandas(),
    "csv of the package, by duckdb": lambda f: duckdb.sql(
        f"select * from read_csv('{by_csv(CARDS, to_csv)(f)}', all_varchar=true)"  # noqa: S608 - a path of the test
    ).df(),
    "csv of pandas": lambda f: pd.read_csv(by_csv(CARDS, lambda df, p: df.to_csv(p, index=False))(f)),
    "pandas, then polars, then pandas": lambda _: pl.from_pandas(PLAIN).to_pandas(),
    "polars with types of Arrow": lambda f: pl.read_parquet(to_parquet(CARDS, f / "a.parquet")).to_pandas(
        use_pyarrow_extension_array=True
    ),
    "parquet with types of Arrow": lambda f: pd.read_parquet(
        to_parquet(CARDS, f / "a.parquet"), dtype_backend="pyarrow"
    ),
    "half from csv": lambda f: halves(CARDS, pd.read_csv(by_csv(CARDS, lambda df, p: df.to_csv(p, index=False))(f))),
    "index levels named like columns": lambda _: CARDS.set_index(["key", "field"], drop=False),
    "corners as tuples": lambda _: PLAIN.assign(
        polygon=[None if p is None else tuple(map(tuple, p)) for p in PLAIN["polygon"]]
    ),
    "corners as eight numbers": lambda _: PLAIN.assign(polygon=[flat(p) for p in PLAIN["polygon"]]),
    "a column named by a number": lambda _: (
        CARDS.assign(image=CARDS["image"]).assign(extra=1).rename(columns={"extra": 0})
    ),
    "texts of Arrow": lambda _: CARDS.astype({"text": pd.ArrowDtype(pa.large_string())}),
    "times of another zone": lambda _: CARDS.assign(created=CARDS["created"].dt.tz_convert("America/New_York")),
}
METHODS = {
    "summary": lambda df, _: df.cardocr.summary().fields.astype("float64"),
    "check": lambda df, _: df.cardocr.check()[["check", "passed"]],
    "wide": lambda df, _: conform(df).cardocr.wide(),
    "mask": lambda df, _: conform(df.cardocr.mask())[["key", "text"]],
    "to_parquet": lambda df, f: read_table(to_parquet(df, f / "o.parquet"))[list(CARDS)],
    "plain pandas reads to_parquet": lambda df, f: conform(pd.read_parquet(to_parquet(df, f / "o.parquet")))[list(CARDS)],
    "to_feather": lambda df, f: read_table(to_feather(df, f / "o.feather"))[list(CARDS)],
    "to_csv": lambda df, f: (to_csv(df, f / "o.csv"), read_table(f / "o.csv"))[1][list(CARDS)],
    "to_excel": lambda df, f: from_excel(to_excel(df, f / "o.xlsx"))[["key", "field", "text", "score"]],
}  # fmt: skip


@pytest.fixture(scope="module")
def of_original(tmp_path_factory):
    """What a method gives for the original, found once."""
    return cache(lambda method: METHODS[method](CARDS, tmp_path_factory.mktemp("original")).reset_index(drop=True))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("made", FRAMES)
def test_a_mixture_gives_what_the_original_gives(made, method, tmp_path, of_original):
    df = FRAMES[made](tmp_path)
    before = df.copy(deep=True)
    expected, got = of_original(method), METHODS[method](df, tmp_path).reset_index(drop=True)
    got = got[list(expected)].set_axis(expected.columns, axis=1)
    pd.testing.assert_frame_equal(got, expected, check_dtype=False, check_categorical=False)
    pd.testing.assert_frame_equal(df, before)


def test_a_text_with_an_apostrophe_comes_back_from_every_file(tmp_path):
    odd = CARDS.head(3).assign(text=["'=1", "''=1", "'a"])
    to_csv(odd, tmp_path / "o.csv")
    assert read_table(tmp_path / "o.csv")["text"].tolist() == odd["text"].tolist()
    assert conform(pd.read_csv(tmp_path / "o.csv"))["text"].tolist() == odd["text"].tolist()
    assert from_excel(to_excel(odd, tmp_path / "o.xlsx"))["text"].tolist() == odd["text"].tolist()
    assert conform(odd)["text"].tolist() == odd["text"].tolist()


@pytest.mark.parametrize("call", [lambda df: df.cardocr.summary(), conform, lambda df: df.cardocr.mask(),
                                  lambda df: df.cardocr.wide(), lambda df: df.cardocr.check()])  # fmt: skip
def test_doubled_columns_are_named_with_the_call_that_drops_them(call):
    doubled = pd.concat([CARDS, CARDS[["text"]]], axis=1)
    with pytest.raises((ValueError, AttributeError), match=r"several columns with one name: text; keep one: df\.loc"):
        call(doubled)


def test_columns_in_the_index_are_named_with_the_call_that_brings_them_back():
    with pytest.raises(AttributeError, match=r"the columns key, field are in the index; call df\.reset_index"):
        CARDS.set_index(["key", "field"]).cardocr  # noqa: B018 - the access raises


def test_a_frame_of_four_columns_becomes_wide():
    wide = CARDS[["key", "field", "text", "score"]].cardocr.wide()
    assert len(wide) == CARDS["key"].nunique()
