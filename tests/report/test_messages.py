"""Both languages say everything, and nothing of one is left in the other."""

import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from invented_cards import FAILED, batch, take_photos, true_texts
from matplotlib.text import Text

import cardocr_nb
from cardocr_nb._i18n import messages
from cardocr_nb.quality import REGISTRY
from cardocr_nb.report import _charts as drawing
from cardocr_nb.report import render_json, render_markdown, report, summarize

SECTIONS_BY_NAME = {"card_type", "check", "expected", "why", "head", "state", "condition"}
ROOT = Path(cardocr_nb.__file__).parents[1]
DATA_FILES = {".toml", ".html", ".css", ".js", ".md", ".ipynb"}
TESTED_ELSEWHERE = {"panel", "overlay"}
# Two words of Latin letters in a row: names of measures and people are single ones.
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}|[a-z]{2,} [A-Za-z]{2,}")


class Said(HTMLParser):
    """All that a page says to eyes and to ears."""

    def __init__(self, html):
        super().__init__()
        self.texts, self._style = [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self._style = tag == "style"
        self.texts += [value for name, value in attrs if name in ("alt", "aria-label", "title")]

    def handle_data(self, data):
        if not self._style and data.strip():
            self.texts.append(data)


def another():
    other = batch()
    other.loc[0, "text"] = "范样木"
    return other


@pytest.fixture
def chinese(tmp_path, unrendered_figures):
    folder = tmp_path
    photos = take_photos(folder / "photos")
    options = {"truth": true_texts(), "other": another(), "review": 1, "error": 20}
    return report(batch(), folder / "r.html", lang="zh", images=photos, **options).read_text("utf-8")


def test_both_languages_have_the_same_names():
    english, chinese = messages("en").texts, messages("zh").texts
    assert {section: list(names) for section, names in english.items()} == {s: list(n) for s, n in chinese.items()}


def test_both_languages_have_the_same_places_for_values():
    english, chinese = messages("en").texts, messages("zh").texts
    for section in english:
        for name, text in english[section].items():
            wanted = set(re.findall(r"\{(\w+)\}", text))
            assert set(re.findall(r"\{(\w+)\}", chinese[section][name])) == wanted, f"{section}.{name}"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_check_has_a_name_and_what_it_expects(lang):
    said = messages(lang).texts
    assert list(REGISTRY.keys() - said["check"].keys()) == []
    assert list(REGISTRY.keys() - said["expected"].keys()) == []


def test_english_expectations_are_those_of_the_checks():
    said = messages("en").texts["expected"]
    assert {name: check.detail for name, check in REGISTRY.items()} == said


def test_every_message_is_used():
    folder = Path(cardocr_nb.__file__).parent
    paths = [*folder.glob("report/*.py"), *folder.glob("plot/*.py"), *folder.glob("report/templates/*.html")]
    code = "\n".join(path.read_text("utf-8") for path in paths)
    unused = [
        f"{section}.{name}"
        for section, texts in messages("en").texts.items()
        for name in texts
        if section not in SECTIONS_BY_NAME | TESTED_ELSEWHERE | {"lead", "methods", "word", "number"}
        and f'"{section}.{name}"' not in code
        and f"'{section}.{name}'" not in code
        and not (section == "plot" and f'"{name}"' in code)
    ]
    assert unused == []
    heads = set(re.findall(r"\b(\w+)(?::\w+)?(?=[ \"])", code))
    assert [name for name in messages("en").texts["head"] if name not in heads] == []


def test_another_language_is_refused(cards):
    with pytest.raises(ValueError, match="lang must be 'en' or 'zh', got 'fr'"):
        summarize(cards, lang="fr")


def test_no_english_is_left_on_a_chinese_page(chinese):
    outside = {FAILED["code"], "bad.jpg is a JPEG file, but cut off <*>****</*> | there"}
    said = [text for text in Said(chinese).texts if text not in outside]
    assert len(said) > 300
    assert [text for text in said if ENGLISH.search(text)] == []
    assert '<html lang="zh-CN">' in chinese


def test_no_english_is_left_in_chinese_markdown_and_json(cards, truth):
    s = summarize(cards, truth=truth, other=another(), lang="zh", review=1, error=20)
    lines = [line for line in render_markdown(s).splitlines() if "DamagedImage" not in line]
    assert [line for line in lines if ENGLISH.search(line)] == []
    rendered = json.loads(render_json(s))
    assert [text for text in (rendered["headline"], *rendered["methods"]) if ENGLISH.search(text)] == []


def test_no_english_is_left_in_the_figures_of_a_chinese_page(cards, truth, tmp_path, monkeypatch):
    seen = []

    def read(figure):
        figure.draw_without_rendering()
        seen.append([text.get_text() for text in figure.findobj(Text) if text.get_text()])
        return "data:,"

    monkeypatch.setattr(drawing, "svg_address", read)
    monkeypatch.setattr(drawing, "webp_address", read)
    report(cards, tmp_path / "r.html", lang="zh", truth=truth, other=another(), review=1, error=20)
    report(cards, tmp_path / "s.html", lang="zh", other=another())
    assert len(seen) >= 24
    latin = {word for texts in seen for text in texts for word in re.findall(r"[A-Za-z]{2,}", text)}
    assert latin <= {"ECE", "UTC", "mm"}


def test_the_wheel_contains_messages_templates_and_scripts(tmp_path):
    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith(".py")}
    tracked = {p.relative_to(ROOT).as_posix() for p in (ROOT / "cardocr_nb").rglob("*") if p.suffix in DATA_FILES}
    assert len(tracked) >= 9
    assert tracked <= names
