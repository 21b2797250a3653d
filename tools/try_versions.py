"""Read files of each version of each tool with each other: ``make versions``, or ``python tools/try_versions.py FOLDER``.

Writers are the package with each pyarrow and the lowest pandas, polars and DuckDB; readers are the package and plain pandas with
each of them, polars and DuckDB, from their lower bounds on; a frame in memory is read by each DuckDB and Altair, too. Needs `uv`
and a network; makes one virtual environment a version in FOLDER.
Prints a line for each pair and ends with 1 if one fails.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYARROW = ("18.0.0", "19.0.1", "20.0.0", "21.0.0", "22.0.0", "23.0.0", "24.0.0", "25.0.0", "26.0.1")
PANDAS = ("3.0.0",)  # the newest one is in the environments of pyarrow
POLARS = ("1.20.0", "2.1.0")
DUCKDB = ("1.1.0", "2.0.0")
ALTAIR = ("5.5.0", "6.3.0")
NEEDS = ("pandas>=3.0", "jinja2", "matplotlib", "pillow", "pyrate-limiter", "python-stdnum", "rapidfuzz", "requests", "scipy",
         "tqdm", "urllib3", "xmltodict")  # fmt: skip
OWN = ("pyarrow", "pandas")
BOX = [1, 2, 1, 9, 30, 9, 30, 2]
WRITE = {
    "pyarrow": """
import sys
import cardocr_nb as ocr
from cardocr_nb.frame import to_feather, to_parquet
box = ((1, 2), (1, 9), (30, 9), (30, 2))
card = ocr.CardResult((ocr.Field("姓名", "样本", 98, box), ocr.Field("性别", "女", None)), key="a.jpg", status=1)
cards = ocr.to_frame([card, ocr.Job("j", ocr.JobState.FAILED, code="X")])
to_parquet(cards, sys.argv[1] + ".parquet"); to_feather(cards, sys.argv[1] + ".feather")
cards.to_parquet(sys.argv[1] + "-own.parquet")
""",
    "polars": """
import sys
import polars
cards = polars.read_parquet(sys.argv[2] + ".parquet")
cards.write_parquet(sys.argv[1] + ".parquet"); cards.write_ipc(sys.argv[1] + ".feather")
""",
    "duckdb": """
import sys
import duckdb
duckdb.sql(f"copy (select * from '{sys.argv[2]}.parquet') to '{sys.argv[1]}.parquet'")
""",
}
# Each defines read(path), for a file that may be Parquet or Feather. `own` is a file of DataFrame.to_parquet.
READ = {
    "package": """
import pandas as pd
import pyarrow
import cardocr_nb
from cardocr_nb.frame import conform, read_table
def read(path, own):
    frames = [read_table(path)]
    if "by-polars" in path and int(pyarrow.__version__.split(".")[0]) < 23:
        pass  # pandas itself makes no categories of polars there
    elif path.endswith(".parquet"):
        frames += [conform(pd.read_parquet(path, dtype_backend=b)) for b in ("numpy_nullable", "pyarrow") if not own]
        frames += [pd.read_parquet(path)] if own else [conform(pd.read_parquet(path))]
    else:
        frames += [conform(pd.read_feather(path))]
    for df in frames:
        assert df.score.tolist()[0] == 98 and df.polygon[0].points == ((1, 2), (1, 9), (30, 9), (30, 2)), df
        assert df.polygon.isna().tolist() == [False, True, True], df.polygon
        assert df.text.tolist()[:2] == ["样本", "女"] and str(df.polygon.dtype) == "polygon", df.dtypes
""",
    "plain pandas": """
sys.modules["cardocr_nb"] = None
import pandas as pd
import pyarrow.parquet
def read(path, own):
    if own:
        frames = [pyarrow.parquet.read_table(path).to_pandas(ignore_metadata=True)]
    elif path.endswith(".feather"):
        frames = [pd.read_feather(path)]
    else:
        frames = [pd.read_parquet(path), *(pd.read_parquet(path, dtype_backend=b) for b in ("numpy_nullable", "pyarrow"))]
    for df in frames:
        check(df.polygon.tolist(), df.text.tolist())
""",
    "polars": """
import polars
def read(path, own):
    df = polars.read_ipc(path) if path.endswith(".feather") else polars.read_parquet(path)
    check(df["polygon"].to_list(), df["text"].to_list())
""",
    "duckdb": """
import duckdb
def read(path, own):
    if path.endswith(".parquet"):
        rows = duckdb.sql(f"select polygon, text from '{path}'").fetchall()
        check([row[0] for row in rows], [row[1] for row in rows])
""",
}
IN_MEMORY = """
import json
import sys
import altair, duckdb, pandas as pd
import cardocr_nb
from cardocr_nb.frame import conform
box = json.loads(sys.argv[1])
pairs = [box[n : n + 2] for n in range(0, 8, 2)]
cards = conform(pd.DataFrame({"key": ["a", "b"], "polygon": pd.array([None, pairs], dtype="polygon")}))
assert duckdb.sql("select polygon from cards").fetchall() == [(None,), (box,)]
chart = altair.Chart(cards).mark_point().encode(x="key")
rows, = json.loads(chart.to_json(validate=False))["datasets"].values()
assert [row["polygon"] for row in rows] == [None, pairs], rows
"""
BEFORE = f"""
import sys
from pathlib import Path
def check(polygons, texts):
    missing = [p is None or p is sys.modules.get("pandas", sys).__dict__.get("NA") for p in polygons]
    assert missing == [False, True, True] and [int(x) for x in polygons[0]] == {BOX}, polygons
    assert texts[:2] == ["样本", "女"], texts
"""
AFTER = """
for stem in sys.argv[1:]:
    try:
        for end in (".parquet", ".feather", "-own.parquet"):
            if Path(stem + end).exists():
                read(stem + end, end.startswith("-own"))
        print("ok", flush=True)
    except Exception as e:
        if "Converting unsigned dictionary" in str(e):  # pyarrow before 23 and pandas on categories of polars
            print("limit of pyarrow before 23: pandas makes no categories of polars", flush=True)
            continue
        print(f"{end}: {type(e).__name__}: {e}".splitlines()[0][:200], flush=True)
"""


def main(folder: Path) -> int:
    """Make the environments, write and read; return the number of failures."""
    tools = {"pyarrow": PYARROW, "pandas": PANDAS, "polars": POLARS, "duckdb": DUCKDB}
    places = {
        (tool, v): folder / (v if tool == "pyarrow" else f"{tool}-{v}")
        for tool, versions in tools.items()
        for v in versions
    }
    newest = folder / f"by-pyarrow-{PYARROW[-1]}"
    stems = {}
    for (tool, version), place in places.items():
        make_environment(place, tool, version)
        stems[tool, version] = stem = folder / f"by-{tool}-{version}"
        code = WRITE["pyarrow" if tool == "pandas" else tool]
        run(place / "bin/python", "-W", "ignore", "-c", code, stem, newest)
        print(f"written: {tool} {version}", flush=True)
    pairs = failures = 0
    for (tool, version), place in places.items():
        for reader in ("package", "plain pandas") if tool in OWN else (tool,):
            name = f"{reader}, {tool} {version}" if tool in OWN else f"{tool} {version}"
            for writer, outcome in zip(stems, outcomes(place, READ[reader], list(stems.values())), strict=True):
                pairs, failures = pairs + 1, failures + (outcome != "ok" and not outcome.startswith("limit"))
                print(f"written by {' '.join(writer)}, read by {name}: {outcome}", flush=True)
    for duckdb, altair in zip(DUCKDB, ALTAIR, strict=True):
        place = folder / f"memory-{duckdb}-{altair}"
        make_environment(place, "duckdb", duckdb, f"altair=={altair}", "polars", f"pyarrow=={PYARROW[-1]}", *NEEDS)
        run(place / "bin/python", "-W", "ignore", "-c", IN_MEMORY, BOX)
        print(f"a frame in memory, read by DuckDB {duckdb} and Altair {altair}: ok", flush=True)
    print(f"{pairs} pairs, {failures} failed")
    return failures


def make_environment(place: Path, tool: str, version: str, *further: str) -> None:
    """Make a virtual environment with one version of a tool, and the package where that needs it."""
    uv, python = os.environ.get("UV", "uv"), place / "bin/python"
    if not (place / "ready").exists():
        run(uv, "venv", "-q", "--python", sys.executable, place)
        needs = [*further, *(NEEDS if tool in OWN else ()), *([f"pyarrow=={PYARROW[-1]}"] if tool == "pandas" else ())]
        run(uv, "pip", "install", "-q", "--python", python, f"{tool}=={version}", *needs)
        if tool in OWN or further:
            run(uv, "pip", "install", "-q", "--python", python, "--no-deps", "--editable", ROOT)
        (place / "ready").touch()


def outcomes(place: Path, code: str, stems: list[Path]) -> list[str]:
    """Read the files of each writer in one process, in one more after each that ends it."""
    lines: list[str] = []
    while len(lines) < len(stems):
        command = [place / "bin/python", "-W", "ignore", "-c", BEFORE + code + AFTER, *stems[len(lines) :]]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)  # noqa: S603
        lines += done.stdout.splitlines()
        if done.returncode:
            lines.append(f"the process ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    return lines


def run(*command: object) -> None:
    """Run a command; its output is shown when it fails."""
    subprocess.run([str(part) for part in command], check=True)  # noqa: S603 - commands of this file


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]).absolute())))
