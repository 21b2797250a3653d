"""Each promise of SECURITY.md names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| (?P<promise>.+?) \| (?P<tests>`tests/.+) \|$", (ROOT / "SECURITY.md").read_text("utf-8"), re.MULTILINE
)


def test_the_table_of_promises_is_found():
    assert len(ROWS) >= 14
    table = (ROOT / "SECURITY.md").read_text("utf-8").split("| promise | tests |")[1].split("\n\n")[0]
    assert len(ROWS) == len(table.splitlines()) - 2


@pytest.mark.parametrize(("promise", "tests"), ROWS, ids=range(len(ROWS)))
def test_the_tests_of_a_promise_exist(promise, tests):
    names = re.findall("`([^`]+)`", tests)
    assert names
    for name in names:
        path, _, function = name.partition("::")
        place = ROOT / path
        files = sorted(place.glob("test_*.py")) if place.is_dir() else [place]
        assert files, f"{promise}: {name}"
        source = "\n".join(file.read_text("utf-8") for file in files)
        assert re.search(rf"^def {function or 'test_'}", source, re.MULTILINE), f"{promise}: {name}"
