"""The shape of the package: what is public, and what importing it costs. The directions of imports are in pyproject.toml."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import cardocr_nb

PACKAGE = Path(cardocr_nb.__file__).parent
MODULES = sorted(m.name for m in pkgutil.walk_packages([str(PACKAGE)], "cardocr_nb."))
PUBLIC = [name for name in MODULES if not any(part.startswith("_") for part in name.split("."))]
COMMANDS = {"cardocr_nb.demo"}  # run as a program, not imported


def is_package(name):
    return (PACKAGE.parent / name.replace(".", "/") / "__init__.py").is_file()


def test_public_modules_are_the_sub_packages_and_two_modules_of_constants_and_errors():
    single = {name for name in PUBLIC if not is_package(name)}
    assert single == {"cardocr_nb.cards", "cardocr_nb.errors"} | COMMANDS


@pytest.mark.parametrize(
    "name", [n for n in PUBLIC if n not in COMMANDS and hasattr(importlib.import_module(n), "__all__")]
)
def test_a_public_module_lists_its_names_and_each_is_documented(name):
    module = importlib.import_module(name)
    for public in module.__all__:
        value = getattr(module, public)
        if inspect.isroutine(value) or inspect.isclass(value):
            assert inspect.getdoc(value), f"{name}.{public}"


def test_no_two_modules_of_the_package_have_the_same_name():
    names = [name.rsplit(".", 1)[1] for name in MODULES if not is_package(name)]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_no_name_of_a_package_hides_a_module():
    for name in [m for m in MODULES if is_package(m)]:
        package = importlib.import_module(name)
        inside = {m.rsplit(".", 1)[1] for m in MODULES if m.rsplit(".", 1)[0] == name}
        for hidden in inside & set(vars(package)):
            assert inspect.ismodule(getattr(package, hidden)), f"{name}.{hidden}"


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


def test_the_old_name_of_a_response_still_works_and_warns():
    with pytest.warns(DeprecationWarning, match="Response"):
        assert cardocr_nb.Reply is cardocr_nb.Response


def test_every_part_is_in_the_map():
    parts = {name.split(".")[1] for name in MODULES} - {"__main__", "demo"}
    assert {part for part in parts if f"\n    {part}" not in cardocr_nb.__doc__} == set()


@pytest.mark.parametrize("name", sorted(cardocr_nb.__all__))
def test_every_public_name_is_documented(name):
    assert getattr(cardocr_nb, name).__doc__
