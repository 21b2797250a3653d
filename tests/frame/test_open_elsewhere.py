"""Parquet files with polygons open where this package is not installed."""

import json
import subprocess
import sys

import pytest

from cardocr_nb.frame import to_frame

CORNERS = [420, 180, 420, 230, 1010, 230, 1010, 180]

READERS = {
    "pyarrow": """
import pyarrow.parquet as pq
table = pq.read_table(path)
rows = table["polygon"].to_pylist()
texts = table["text"].to_pylist()
""",
    "polars": """
import polars as pl
table = pl.read_parquet(path)
rows = [None if row is None else list(row) for row in table["polygon"]]
texts = table["text"].to_list()
""",
    "DuckDB": """
import duckdb
found = duckdb.sql(f"select polygon, text from read_parquet('{path}')").fetchall()
rows = [polygon if polygon is None else list(polygon) for polygon, _ in found]
texts = [text for _, text in found]
""",
    "pandas with Arrow dtypes": """
import pandas as pd
table = pd.read_parquet(path, dtype_backend="pyarrow")
rows = [None if row is None or row is pd.NA else [int(x) for x in row] for row in table.polygon]
texts = [None if pd.isna(text) else text for text in table.text]
""",
    "pandas by way of pyarrow": """
import pandas as pd
import pyarrow.parquet as pq
table = pq.read_table(path).to_pandas(ignore_metadata=True)
rows = [None if row is None else [int(x) for x in row] for row in table.polygon]
texts = [None if pd.isna(text) else text for text in table.text]
""",
}
"""The ways that `cardocr_nb.frame._polygon_dtype` names; each reads in a process of its own."""


@pytest.mark.parametrize("reader", READERS)
def test_parquet_opens_without_this_package(data, tmp_path, reader):
    names = ("licence.xml", "failed.xml", "no_card.xml")
    frame = to_frame([(data / "responses" / name).read_bytes() for name in names])
    frame.to_parquet(tmp_path / "cards.parquet")
    code = f"""
import json, sys
sys.modules["cardocr_nb"] = None
path = {str(tmp_path / "cards.parquet")!r}
{READERS[reader]}
print(json.dumps([rows, texts]))
"""
    ran = subprocess.run(  # noqa: S603 - the code above
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    rows, texts = json.loads(ran.stdout)
    assert rows[0] == CORNERS
    given = zip(frame.polygon, frame.polygon.isna(), strict=True)
    assert rows == [None if missing else [x for point in polygon.points for x in point] for polygon, missing in given]
    assert texts == frame.text.astype(object).where(frame.text.notna(), None).tolist()
