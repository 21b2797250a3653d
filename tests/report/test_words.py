"""Both languages say everything, and nothing of one is left in the other."""

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from invented_cards import FAILED, batch, take_photos, true_texts
from matplotlib.text import Text

import cardocr_nb.report
from cardocr_nb.quality import REGISTRY
from cardocr_nb.report import _charts as drawing
from cardocr_nb.report import render_json, render_markdown, report, summarize
from cardocr_nb.report._i18n import words

SECTIONS_BY_NAME = {"card_type", "check", "expected", "figure", "why", "head"}
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


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zh")
    photos = take_photos(folder / "photos")
    options = {"truth": true_texts(), "other": another(), "review": 1, "error": 20}
    return report(batch(), folder / "r.html", lang="zh", images=photos, **options).read_text("utf-8")


def test_both_languages_have_the_same_names():
    english, chinese = words("en").said, words("zh").said
    assert list(english) == list(chinese)
    for section in english:
        if section == "figure":
            assert set(english[section]) <= set(chinese[section])
        else:
            assert list(english[section]) == list(chinese[section])


def test_both_languages_have_the_same_places_for_values():
    english, chinese = words("en").said, words("zh").said
    for section in english.keys() - {"figure"}:
        for name, text in english[section].items():
            wanted = set(re.findall(r"\{(\w+)\}", text))
            assert set(re.findall(r"\{(\w+)\}", chinese[section][name])) == wanted, f"{section}.{name}"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_check_has_a_name_and_what_it_expects(lang):
    said = words(lang).said
    assert list(REGISTRY.keys() - said["check"].keys()) == []
    assert list(REGISTRY.keys() - said["expected"].keys()) == []


def test_english_expectations_are_those_of_the_checks():
    said = words("en").said["expected"]
    assert {name: check.detail for name, check in REGISTRY.items()} == said


def test_every_word_is_used():
    folder = Path(cardocr_nb.report.__file__).parent
    code = "\n".join(path.read_text("utf-8") for path in [*folder.glob("*.py"), *folder.glob("templates/*.html")])
    unused = [
        f"{section}.{name}"
        for section, texts in words("en").said.items()
        for name in texts
        if f"{section}.{name}" not in code and section not in SECTIONS_BY_NAME | {"lead", "methods", "word"}
    ]
    assert unused == []
    heads = set(re.findall(r"\b(\w+)(?::\w+)?(?=[ \"])", code))
    assert [name for name in words("en").said["head"] if name not in heads] == []


def test_another_language_is_refused(cards):
    with pytest.raises(ValueError, match="lang must be 'en' or 'zh', got 'fr'"):
        summarize(cards, lang="fr")


def test_no_english_is_left_on_a_chinese_page(chinese):
    outside = {FAILED["code"], "bad.jpg is a JPEG file, but cut off <b>here</b> | there"}
    said = [text for text in Said(chinese).texts if text not in outside]
    assert len(said) > 300
    assert [text for text in said if ENGLISH.search(text)] == []
    assert '<html lang="zh-CN">' in chinese


def test_no_english_is_left_in_chinese_markdown_and_json(cards, truth):
    s = summarize(cards, truth=truth, other=another(), lang="zh", review=1, error=20)
    lines = [line for line in render_markdown(s).splitlines() if "DamagedImage" not in line]
    assert [line for line in lines if ENGLISH.search(line)] == []
    told = json.loads(render_json(s))
    assert [text for text in (told["headline"], *told["methods"]) if ENGLISH.search(text)] == []


def test_no_english_is_left_in_the_figures_of_a_chinese_page(cards, truth, tmp_path, monkeypatch):
    seen = []

    def read(figure):
        figure.draw_without_rendering()
        seen.append([text.get_text() for text in figure.findobj(Text) if text.get_text()])
        return "data:,"

    monkeypatch.setattr(drawing, "svg_address", read)
    report(cards, tmp_path / "r.html", lang="zh", truth=truth, other=another(), review=1, error=20)
    report(cards, tmp_path / "s.html", lang="zh", other=another())
    assert len(seen) >= 12
    latin = {word for texts in seen for text in texts for word in re.findall(r"[A-Za-z]{2,}", text)}
    assert latin <= {"ECE", "UTC", "mm"}


def test_the_words_are_shipped_with_the_package():
    folder = files("cardocr_nb.report") / "templates"
    assert all((folder / name).is_file() for name in ("en.toml", "zh.toml", "report_template.ipynb"))
