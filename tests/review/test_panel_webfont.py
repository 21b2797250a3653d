"""Characters that a browser requests from the kernel, with and without Chinese fonts on either side."""

import pytest
from playwright.sync_api import expect

from cardocr_nb._fonts import chinese_font


def faces(page):
    return page.evaluate("() => document.fonts.size")


def test_characters_are_requested_once_and_removed_with_the_panel(show, look):
    page = show(lang="zh")
    page.wait_for_function("() => document.fonts.size === 1")
    page.get_by_role("button", name="下一个").click()
    expect(page.get_by_role("listitem").filter(has_text="号码校验位：与 GB 11643 的校验位不符")).to_be_visible()
    look(page, "zh")
    page.get_by_role("textbox").fill("魑魅")
    page.wait_for_function("() => document.fonts.size === 2")
    page.get_by_role("textbox").fill("魅魑")
    assert len(page.requested) == 2
    assert page.requested[1] == "魑魅"
    page.evaluate("() => window.closeWidget()")
    assert faces(page) == 0


def test_a_browser_with_a_chinese_font_requests_no_characters(show):
    page = show(chinese_font().parent, lang="zh")
    page.get_by_role("textbox").fill("样本")
    expect(page.get_by_role("textbox")).to_have_value("样本")
    assert (page.requested, faces(page)) == ([], 0)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_where_neither_side_has_a_font_the_panel_says_once_what_to_install_and_works(show, look, monkeypatch, lang):
    monkeypatch.setattr("cardocr_nb.review._review_webfont.chinese_font", lambda: None)
    page = show(lang=lang)
    advice = page.get_by_role("note")
    expect(advice).to_be_visible()
    expect(advice).to_contain_text("pip install 'cardocr_nb[fonts]'")
    look(page, f"advice-{lang}")
    page.get_by_role("textbox").press("Enter")
    expect(page.locator(".key")).to_have_text("id/0002.jpg")
    assert faces(page) == 0
