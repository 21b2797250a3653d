"""The pages of the documentation: their Python blocks run, their languages agree, and their shell lines are commands."""

import re
import shlex
from pathlib import Path

import click
import pandas as pd
import pytest

import cardocr_nb as ocr
from cardocr_nb._cli._main import cardocr
from cardocr_nb.local.engine import Engine

ROOT = Path(__file__).parents[2]
PAGES = [path for path in sorted((ROOT / "docs").rglob("*.md")) if "_commands" not in path.name]
TEXTS = [*PAGES, ROOT / "README.md", ROOT / "README.zh-CN.md"]


def blocks(path, language):
    """Code blocks of a page, with the line of each."""
    text = path.read_text(encoding="utf-8")
    for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, found.start()) + 2, found[1]


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder with what a reader has after the first steps: photos, a table, a truth."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "cache")
    cards, truth = ocr.load_sample("readings"), ocr.load_sample("truth")
    cards.to_parquet("cards.parquet")
    truth.to_csv("truth.csv", index=False)
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def _each_picture_is_read_once():
    """Pages read the same photos: the engine reads each picture once, most of the time of this file."""
    recognize, known = Engine.recognize, {}

    def remembered(engine, image, card_type):
        picture = card_type, image.shape, image.tobytes()
        if picture not in known:
            known[picture] = recognize(engine, image, card_type)
        return known[picture]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "recognize", remembered)
        yield


def runs(path):
    """A page to run; a Chinese one has the code of the English one (tested below), so it runs among the slow tests."""
    return pytest.param(path, id=name(path), marks=[pytest.mark.slow] if ".zh-CN" in path.name else [])


@pytest.mark.filterwarnings("error")  # the package's own filter of correlated errors included: readers do not have it
@pytest.mark.parametrize("path", [runs(path) for path in TEXTS if any(blocks(path, "python"))])
def test_the_python_blocks_of_a_page_run_one_after_another_without_a_warning(path, folder):
    import matplotlib as mpl

    names = {"__name__": "page"}
    with mpl.rc_context({"backend": "agg"}), pd.option_context("display.width", 120):
        for line, code in blocks(path, "python"):
            kept = "".join(one for one in code.splitlines(keepends=True) if "# doctest: skip" not in one)
            exec(compile("\n" * (line - 1) + kept, str(path), "exec"), names)  # noqa: S102 - our own pages


def calls(path):
    """The command lines of a page that call `cardocr`, without prompts and comments."""
    for line, code in blocks(path, "sh"):
        for offset, text in enumerate(code.replace("\\\n", " ").splitlines()):
            if text.removeprefix("$ ").startswith("cardocr "):
                yield line + offset, shlex.split(text.removeprefix("$ "), comments=True)[1:]


@pytest.mark.parametrize("path", [path for path in TEXTS if any(calls(path))], ids=name)
def test_the_command_lines_of_a_page_have_only_options_that_exist(path):
    root = click.Context(cardocr)
    for line, (command, *arguments) in calls(path):
        known = {option for parameter in cardocr.commands[command].params for option in parameter.opts}
        with click.Context(cardocr.commands[command], parent=root):
            wrong = {one.split("=")[0] for one in arguments if one.startswith("-")} - known - {"--help"}
            assert not wrong, f"{name(path)}:{line}"


def outline(path):
    """Levels of the headings, and the code without comments."""
    text = path.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    code = [
        re.sub(r"\s*#.*", "", code).replace(', lang="zh"', "")
        for language in ("python", "sh")
        for _, code in blocks(path, language)
    ]
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)], code


@pytest.mark.parametrize("english", [ROOT / "README.md", ROOT / "docs/getting-started.md"], ids=name)
def test_the_chinese_page_has_the_headings_and_the_code_of_the_english_one(english):
    chinese = english.with_name(f"{english.stem}.zh-CN.md")
    assert outline(chinese) == outline(english)


def test_every_page_is_in_a_table_of_contents():
    listed = {"index", "changelog", "getting-started", "getting-started.zh-CN", "licenses", "accessors", "command-line"}
    globbed = {"how-to", "concepts"}
    assert [name(path) for path in PAGES if path.stem not in listed and path.parent.name not in globbed] == []


def test_the_readme_fits_on_two_screens():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 80


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CONTRIBUTING.md"], ids=name)
def test_the_links_of_a_text_lead_to_files(path):
    targets = re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8"))
    assert [one for one in targets if "://" not in one and not (ROOT / one).exists()] == []


def test_the_calls_of_the_readme_exist():
    import cardocr_nb._accessors._card_accessor as accessor

    called = re.findall(r"cards\.cardocr\.(\w+)\(", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert called
    assert [one for one in called if not hasattr(accessor.CardAccessor, one)] == []


def test_a_comparison_takes_the_path_of_a_table(folder):
    cards = ocr.load_sample("readings")
    assert cards.cardocr.compare("cards.parquet", "truth.csv").left_only == 0
