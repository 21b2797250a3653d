"""Write Parquet and Feather with each version of pyarrow and read them with each other: ``python tools/try_versions.py FOLDER``.

Needs `uv` and a network; makes one virtual environment a version in FOLDER. Readers are the package, plain pandas, and,
for the newest, polars and DuckDB. Prints a line for each pair and ends with 1 if one fails.
"""

import itertools
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("18.0.0", "19.0.1", "20.0.0", "21.0.0", "22.0.0", "23.0.0", "24.0.0", "25.0.0", "26.0.1")
NEEDS = ("pandas>=3.0", "jinja2", "matplotlib", "pillow", "pyrate-limiter", "python-stdnum", "rapidfuzz", "requests", "scipy",
         "tqdm", "urllib3", "xmltodict")  # fmt: skip
WRITE = """
import sys
import cardocr_nb as ocr
from cardocr_nb.frame import to_feather, to_parquet
box = ((1, 2), (1, 9), (30, 9), (30, 2))
card = ocr.CardResult((ocr.Field("姓名", "样本", 98, box), ocr.Field("性别", "女", None)), key="a.jpg", status=1)
cards = ocr.to_frame([card, ocr.Job("j", ocr.JobState.FAILED, code="X")])
to_parquet(cards, sys.argv[1] + ".parquet"); to_feather(cards, sys.argv[1] + ".feather")
cards.to_parquet(sys.argv[1] + "-own.parquet")
"""
CHECK = "assert [None if p is None else [int(x) for x in p] for p in rows] == [[1, 2, 1, 9, 30, 9, 30, 2], None, None], rows"
READ = {
    "package": """
import sys
from cardocr_nb.frame import read_table
for end in (".parquet", ".feather", "-own.parquet"):
    df = read_table(sys.argv[1] + end)
    assert df.score.tolist()[0] == 98 and df.polygon[0].points == ((1, 2), (1, 9), (30, 9), (30, 2)), df
    assert df.polygon.isna().tolist() == [False, True, True]
""",
    "plain pandas": f"""
import sys; sys.modules["cardocr_nb"] = None
import pandas as pd
for rows in (pd.read_parquet(sys.argv[1] + ".parquet").polygon, pd.read_feather(sys.argv[1] + ".feather").polygon):
    {CHECK}
import pyarrow.parquet as pq
rows = pq.read_table(sys.argv[1] + "-own.parquet").to_pandas(ignore_metadata=True).polygon
{CHECK}
""",
}


def main(folder: Path) -> int:
    """Make the environments, write and read; return the number of failures."""
    uv = os.environ.get("UV", "uv")
    for version in VERSIONS:
        place = folder / version
        if not (place / "ready").exists():
            run(uv, "venv", "-q", "--python", sys.executable, place)
            run(uv, "pip", "install", "-q", "--python", place / "bin/python", f"pyarrow=={version}", *NEEDS)
            run(uv, "pip", "install", "-q", "--python", place / "bin/python", "--no-deps", "--editable", ROOT)
            (place / "ready").touch()
        run(place / "bin/python", "-W", "ignore", "-c", WRITE, folder / f"by-{version}")
    failures = 0
    for writer, reader in itertools.product(VERSIONS, VERSIONS):
        for name, code in READ.items():
            done = subprocess.run(  # noqa: S603 - the codes above
                [folder / reader / "bin/python", "-W", "ignore", "-c", code, folder / f"by-{writer}"],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                failures += 1
                print(
                    f"written by pyarrow {writer}, read by {name} with pyarrow {reader}: {done.stderr.splitlines()[-1]}"
                )
    print(f"{len(VERSIONS) ** 2 * len(READ)} pairs, {failures} failed")
    return failures


def run(*command: object) -> None:
    """Run a command; its output is shown when it fails."""
    subprocess.run([str(part) for part in command], check=True)  # noqa: S603 - commands of this file


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]).absolute())))
