"""The shape of the package: which way imports go, what importing costs, what is public."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import cardocr_nb

PACKAGE = Path(cardocr_nb.__file__).parent

BASE = {"errors", "cards", "images", "fonts", "polygon"}
WIRE = BASE | {"wire", "bulk"}
FRAME = WIRE | {"ledger", "frame"}
QUALITY = FRAME | {"quality", "privacy"}
ALLOWED = {
    "errors": set(),
    "cards": {"errors"},
    "images": {"errors"},
    "fonts": {"errors"},
    "polygon": {"errors"},
    "wire": BASE | {"bulk"},
    "bulk": BASE | {"wire"},
    "transport": {"errors"},
    "cloud": WIRE | {"transport"},
    "local": WIRE | {"transport"},
    "client": WIRE | {"transport", "cloud", "local"},
    "ledger": WIRE,
    "batch": WIRE | {"transport", "client", "ledger"},
    "frame": WIRE | {"ledger"},
    "quality": FRAME | {"privacy"},
    "privacy": FRAME,
    "plot": QUALITY,
    "report": QUALITY | {"plot"},
    "review": QUALITY | {"plot", "report"},
    "specimen": BASE,
    "accessors": QUALITY | {"plot", "report", "review"},
    "pipeline": FRAME | {"client", "batch"},
    "robustness": QUALITY | {"client", "batch", "pipeline", "specimen", "plot"},
}
EVERYTHING = {"__init__", "__main__", "cli", "demo"}
LEFT_HALF = {
    "errors", "cards", "images", "fonts", "polygon", "wire", "transport", "cloud", "local", "client", "ledger", "batch",
}  # fmt: skip


def imports(path):
    """Names of the modules that a file imports, with the line of each."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def rooms():
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        yield room if room.startswith("__") else room.lstrip("_"), path


def test_imports_go_one_way():
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name}"
        for room, path in rooms()
        if room not in EVERYTHING
        for name, line in imports(path)
        if name.startswith("cardocr_nb.") and name.split(".")[1].lstrip("_") not in ALLOWED[room] | {room}
    ]
    assert wrong == []


def test_the_cloud_and_the_embedded_service_meet_only_in_the_two_constructors():
    users = {
        path.relative_to(PACKAGE).as_posix()
        for room, path in rooms()
        if room in {"client", "batch", "frame"}
        for name, _ in imports(path)
        if name.startswith(("cardocr_nb.cloud", "cardocr_nb.local"))
    }
    assert users == {"_client/_client.py"}


def test_the_left_half_never_imports_pandas():
    users = [str(path) for room, path in rooms() if room in LEFT_HALF for name, _ in imports(path) if "pandas" in name]
    assert users == []


def test_importing_the_package_loads_nothing_heavy():
    heavy = ["matplotlib", "PIL", "onnxruntime", "rapidocr", "cv2", "dask", "sklearn", "scipy", "IPython", "starlette"]
    code = f"import sys, cardocr_nb; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_public_names_are_sorted_and_all_there():
    assert cardocr_nb.__all__ == sorted(cardocr_nb.__all__)
    assert [name for name in cardocr_nb.__all__ if not hasattr(cardocr_nb, name)] == []


def test_every_room_stands_in_the_map():
    described = cardocr_nb.__doc__
    missing = {
        room
        for room, _ in rooms()
        if room not in {"__init__", "__main__", "demo"}
        and f"\n    {room}" not in described
        and f"\n    _{room}" not in described
    }
    assert missing == set()


@pytest.mark.parametrize("name", sorted(cardocr_nb.__all__))
def test_every_public_name_is_documented(name):
    assert getattr(cardocr_nb, name).__doc__
