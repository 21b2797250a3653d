import io
import itertools
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from invented_cards import SECRETS, batch, take_photos, true_texts
from pypdf import PdfReader

from cardocr_nb.report import report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def addresses(tmp_path_factory):
    """Pages in both languages, with everything and with nothing but the frame."""
    folder = tmp_path_factory.mktemp("reports")
    images = take_photos(folder / "photos")
    other = batch()
    other.loc[0, "text"] = "范样木"
    everything = {"truth": true_texts(), "other": other, "images": images, "review": 1, "error": 20}
    return {
        (lang, whole): report(
            batch(), folder / f"{lang}-{whole}.html", lang=lang, **(everything if whole else {})
        ).as_uri()
        for lang in ("en", "zh")
        for whole in (True, False)
    }


@pytest.fixture(scope="module")
def address(addresses):
    return addresses["en", True]


@pytest.mark.parametrize("whole", [True, False], ids=["everything", "frame alone"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_axe_finds_no_violations(browser, addresses, lang, whole):
    page = browser.new_page()
    page.goto(addresses[lang, whole])
    found = []
    for width in (375, 1000, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for mode in ("light", "dark"):
            page.emulate_media(color_scheme=mode)
            violations = Axe().run(page).response["violations"]
            found += [(width, mode, v["id"], v["impact"], v["nodes"][0]["target"]) for v in violations]
    page.close()
    assert found == []


@pytest.mark.parametrize("script", [True, False])
def test_the_page_asks_for_nothing_and_complains_of_nothing(browser, address, script):
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert said == []
    assert page.get_by_role("heading", level=1).inner_text() == "Card OCR report"
    context.close()


@pytest.mark.parametrize("width", [375, 1000, 1600])
def test_nothing_sticks_out_of_the_page(browser, address, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_text_has_enough_contrast_in_light_and_dark(browser, address, mode):
    context = browser.new_context(color_scheme=mode)
    page = context.new_page()
    page.goto(address)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(_rgb(ground)) > 382) == (mode == "light")
    worst = page.evaluate(_CONTRAST)
    assert worst["ratio"] >= 4.5, worst
    context.close()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_figure_has_the_ground_of_the_page(browser, address, mode):
    context = browser.new_context(color_scheme=mode)
    page = context.new_page()
    page.goto(address)
    chosen = page.evaluate("document.querySelector('figure img').currentSrc")
    light = page.evaluate("document.querySelector('figure img').src")
    assert (chosen == light) == (mode == "light")
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    context.close()


def test_a_reader_sees_masked_texts_only(browser, address):
    page = browser.new_page()
    page.goto(address)
    seen = page.locator("body").inner_text() + page.locator("body").aria_snapshot()
    assert "*" in seen
    assert not any(secret in seen for secret in SECRETS)
    page.close()


def test_tables_that_scroll_are_reached_by_the_keyboard(browser, address):
    page = browser.new_page(viewport={"width": 400, "height": 900})
    page.goto(address)
    unreachable = "[...document.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 1 && "
    unreachable += "getComputedStyle(e).overflowX == 'auto' && e.tabIndex < 0).length"
    assert page.evaluate(unreachable) == 0
    assert page.get_by_role("region", name="Scores by field, 0 to 100", exact=True).count() == 1
    page.close()


def test_charts_fit_on_a_phone_and_tables_scroll_inside_themselves(browser, address):
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto(address)
    assert page.evaluate(
        "[...document.querySelectorAll('figure img')].every(i => i.getBoundingClientRect().right <= 375)"
    )
    assert page.evaluate("document.querySelector('.chart img').currentSrc.startsWith('data:image/webp')")
    assert page.evaluate("[...document.querySelectorAll('.scroll')].some(e => e.scrollWidth > e.clientWidth)")
    page.close()


def test_no_table_is_cut_on_a_desktop(browser, addresses):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    for lang in ("en", "zh"):
        page.goto(addresses[lang, True])
        cut = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
        assert page.evaluate(f"{cut}.map(e => e.innerText.slice(0, 60))") == []
    page.close()


def test_the_page_can_be_printed(browser, address, tmp_path):
    page = browser.new_page(color_scheme="dark")
    page.goto(address)
    page.emulate_media(media="print")
    assert sum(_rgb(page.evaluate("getComputedStyle(document.body).backgroundColor"))) == 3 * 255
    assert page.locator("nav").is_hidden()
    assert page.pdf(path=tmp_path / "report.pdf").startswith(b"%PDF")
    page.close()


_PARTS = """() => {
  const texts = (selector) => [...document.querySelectorAll(selector)].map((e) => e.innerText);
  return [texts("main h2, main h3, caption, section > p:not(:last-child):not(.note)"), texts("figcaption")];
}"""


def squeezed(text):
    return "".join(text.split())


@pytest.mark.parametrize(
    ("lang", "height"), [("en", 297), ("en", 279), ("en", 194), ("en", 351), ("zh", 297), ("zh", 223)]
)
def test_on_paper_nothing_is_left_behind_and_no_percent_sign_begins_a_line(browser, addresses, lang, height):
    page = browser.new_page()
    page.goto(addresses[lang, True])
    before, after = ({squeezed(text)[-30:] for text in texts} for texts in page.evaluate(_PARTS))
    margin = dict.fromkeys(("top", "bottom", "left", "right"), "12mm")
    reader = PdfReader(io.BytesIO(page.pdf(width="210mm", height=f"{height}mm", margin=margin)))
    page.close()
    texts = [sheet.extract_text(extraction_mode="layout").splitlines() for sheet in reader.pages]
    sheets = [[line for line in lines if line.strip()] for lines in texts]
    assert len(sheets) > 3
    for number, (sheet, following) in enumerate(itertools.pairwise(sheets), 1):
        end, begin = squeezed("".join(sheet[-3:])), squeezed("".join(following[:1]))
        assert not [part for part in before if end.endswith(part)], f"the end of sheet {number}"
        assert not [part for part in after if part in begin or begin[-30:] == part], f"the begin of sheet {number + 1}"
    assert not [line for sheet in sheets for line in sheet if line.strip().startswith("%")]


def _rgb(color):
    return [int(part) for part in color.removeprefix("rgb(").removesuffix(")").split(",")]


# Contrast as in WCAG 2.2, "contrast ratio" and "relative luminance".
_CONTRAST = """() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => {
    const [r, g, b] = c.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length == 3 || c[3] == 1) return c;
    }
    return [255, 255, 255];
  };
  let worst = {ratio: 22};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) worst = {ratio, tag: e.tagName, class: e.className};
  }
  return worst;
}"""
