"""A report shows Chinese on machines that have no Chinese font, and never boxes."""

import base64
import io
import re

from fontTools.ttLib import TTFont

from cardocr_nb.report import _webfont as webfont
from cardocr_nb.report import render_html, summarize
from cardocr_nb.report._webfont import font_css


def embedded(css):
    data = re.search(r"base64,([^)]+)\)", css)[1]
    return TTFont(io.BytesIO(base64.b64decode(data)))


def test_the_page_carries_only_the_characters_that_it_uses():
    with embedded(font_css("<td>姓名 Name</td><td>李**</td>")) as font:
        assert set(font.getBestCmap()) == {ord(c) for c in "姓名李"}
        assert len(font.reader.file.getvalue()) < 5_000


def test_a_chinese_page_carries_every_character_that_it_uses(cards, truth):
    page = render_html(summarize(cards, truth=truth, lang="zh"))
    with embedded(page) as font:
        drawn = set(font.getBestCmap())
    text = re.sub(r"<style>.*?</style>|data:[^\"]+", "", page, flags=re.DOTALL)
    assert {c for c in text if ord(c) >= 0x2E80} <= {chr(c) for c in drawn}
    assert "，" in text


def test_a_page_without_chinese_carries_no_font():
    assert font_css("<p>Name</p>") == ""


def test_without_a_font_the_chinese_names_are_left_out(monkeypatch):
    monkeypatch.setattr(webfont, "chinese_font", lambda: None)
    assert font_css("<td>姓名</td>") == ":lang(en) .zh { display: none; }"


def test_a_font_that_may_not_be_passed_on_stays_where_it_is(monkeypatch, tmp_path):
    path = webfont.chinese_font()
    with TTFont(path) as font:
        font["OS/2"].fsType = 0x0002
        font.save(tmp_path / "restricted.otf")
    monkeypatch.setattr(webfont, "chinese_font", lambda: tmp_path / "restricted.otf")
    assert font_css("<td>姓名</td>") == ":lang(en) .zh { display: none; }"


def test_the_font_contains_its_license():
    with embedded(font_css("姓")) as font:
        assert "Open Font License" in str(font["name"].getDebugName(13))
