"""Characters that a browser requests from the kernel, with and without Chinese fonts on either side."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cardocr_nb._fonts import chinese_font
from cardocr_nb.review import _panel as module
from cardocr_nb.review import review

SOURCE = Path(module.__file__)
ADDRESS = "http://panel.test/"
PAGE = f"<!doctype html><meta charset='utf-8'><title>Panel</title><style>{SOURCE.with_name('panel.css').read_text()}</style>"
OPEN = """async (texts) => {
  const { default: panel } = await import("/panel.js");
  const listeners = new Set();
  const model = {
    get: () => texts,
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    send: async (message) => {
      for (const [content, buffers] of await kernel(message)) {
        const views = buffers.map((each) => new DataView(Uint8Array.from(atob(each), (c) => c.charCodeAt(0)).buffer));
        for (const listener of listeners) listener(content, views);
      }
    },
  };
  window.closePanel = panel.render({ model, el: document.body });
}"""


@pytest.fixture
def show(browser, cards, queue, data, tmp_path):
    """Open the panel's own script on the panel's own Python side, in a browser with the fonts of some folders."""

    def opened(*folders, lang="en"):
        page = browser(*folders).new_page(viewport={"width": 900, "height": 800})
        script = SOURCE.with_name("panel.js").read_text()
        page.route(ADDRESS, lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.route(f"{ADDRESS}panel.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
        panel = review(cards, data / "cards", tmp_path / "c.csv", queue=queue, lang=lang)
        page.requested = []

        def kernel(message):
            said = []
            panel.send = lambda content, buffers=(): said.append(
                (content, [base64.b64encode(buffer).decode() for buffer in buffers])
            )
            if message["kind"] == "characters":
                page.requested.append(message["characters"])
            panel._handle_custom_msg(message, [])
            return said

        page.expose_function("kernel", kernel)
        page.goto(ADDRESS)
        page.evaluate(OPEN, panel.get_state()["_texts"])
        expect(page.locator(".crop")).to_be_visible()
        return page

    return opened


def faces(page):
    return page.evaluate("() => document.fonts.size")


def test_characters_are_requested_once_and_removed_with_the_panel(show, look):
    page = show(lang="zh")
    page.wait_for_function("() => document.fonts.size === 1")
    page.get_by_role("button", name="下一个").click()
    expect(page.get_by_role("listitem").filter(has_text="号码校验位：GB 11643 的校验位")).to_be_visible()
    look(page, "zh")
    page.get_by_role("textbox").fill("魑魅")
    page.wait_for_function("() => document.fonts.size === 2")
    page.get_by_role("textbox").fill("魅魑")
    assert len(page.requested) == 2
    assert page.requested[1] == "魑魅"
    page.evaluate("() => window.closePanel()")
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
