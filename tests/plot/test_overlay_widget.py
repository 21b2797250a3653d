"""The interactive overlay: its Python side, and its script in Chromium with the fonts of this machine."""

import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright
from widget_page import connect, open_widget

from cardocr_nb._i18n import messages
from cardocr_nb.frame import conform
from cardocr_nb.plot import _overlay_widget as module
from cardocr_nb.plot import plot_overlay

SOURCE = Path(module.__file__)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def readings(specimens):
    df = specimens[specimens["card_type"] == "IDCard"].reset_index(drop=True)
    df["score"] = np.where(df["key"] == "id/0002.jpg", 60, 98)
    number = (df["key"] == "id/0003.jpg") & (df["field"] == "id_number")
    df.loc[number, "text"] = df.loc[number, "text"].str[:-1] + "?"
    return df.assign(label=df["field"], state="Success")


@pytest.fixture
def widget(readings, data):
    return plot_overlay(readings, data / "cards", interactive=True)


def test_texts_are_masked_unless_revealed_and_never_in_the_state(widget, readings, data):
    ask = connect(widget)
    ((card, [photo]),) = ask(kind="open")
    assert photo[:2] == b"\xff\xd8"
    name = next(f for f in card["fields"] if f["name"] == "Name")
    true = readings["text"].iloc[0]
    assert name["text"] == true[0] + "*" * (len(true) - 1)
    kept = json.dumps([widget.get_state(), repr(widget)], default=repr, ensure_ascii=False)
    assert not [text for text in readings["text"] if len(text) > 1 and text in kept]
    revealed = connect(plot_overlay(readings, data / "cards", reveal=True, interactive=True))
    assert revealed(kind="open")[0][0]["fields"][0]["text"] == true


def test_filters_keep_the_cards_that_match(widget):
    ask = connect(widget)
    total = ask(kind="open")[0][0]["total"]
    assert total > 3
    low = ask(kind="filter", below=90)[0][0]
    assert (low["total"], low["key"]) == (1, "id/0002.jpg")
    failed = ask(kind="filter", failed=True, field="id_number")[0][0]
    assert (failed["total"], failed["key"]) == (1, "id/0003.jpg")
    assert next(f["checks"] for f in failed["fields"] if f["name"] == "ID number")
    assert ask(kind="filter", lowest_first=True)[0][0]["key"] == "id/0002.jpg"
    none = ask(kind="filter", below=0)[0][0]
    assert (none["total"], none["fields"]) == (0, [])


def test_a_click_selects_the_row_of_the_frame(widget, readings):
    seen = []
    widget.observe(lambda change: seen.append(change["new"]), "selected")
    ask = connect(widget)
    ((card, _),) = ask(kind="show", number=1)
    assert widget.row.empty
    ask(kind="select", row=card["fields"][2]["row"])
    assert seen == [card["fields"][2]["row"]]
    assert widget.row["key"].tolist() == [card["key"]]
    pd.testing.assert_frame_equal(widget.row, readings.iloc[seen])


def test_one_picture_shows_its_card(readings, data):
    ask = connect(plot_overlay(readings, data / "cards/id/0002.jpg", interactive=True))
    ((card, buffers),) = ask(kind="open")
    assert (card["total"], card["key"], len(buffers)) == (1, "id/0002.jpg", 1)


def test_a_missing_picture_is_a_fault_and_the_next_card_is_shown(readings, data):
    ask = connect(plot_overlay(readings, {"id/0002.jpg": data / "cards/id/0002.jpg"}, interactive=True))
    ((first, none),) = ask(kind="open")
    assert "id/0001.jpg" in first["fault"]
    assert none == []
    ((second, photo),) = ask(kind="show", number=1)
    assert (second["fault"], len(photo)) == (None, 1)


def test_ten_thousand_cards_open_and_move_fast(readings, data):
    one = conform(readings[readings["key"] == "id/0001.jpg"])
    many = pd.concat([one] * 10_000, ignore_index=True)
    many["key"] = np.repeat([f"{n}.jpg" for n in range(10_000)], len(one))
    picture = np.zeros((1200, 1800, 3), np.uint8)

    class Same(dict):
        def __contains__(self, key):
            return True

        def get(self, key, default=None):
            return picture

    ask = connect(plot_overlay(many, Same(x=picture), interactive=True))
    assert ask(kind="open")[0][0]["total"] == 10_000
    begun = time.process_time()
    for number in range(0, 10_000, 500):
        ((card, [photo]),) = ask(kind="show", number=number)
        assert card["number"] == number
    assert (time.process_time() - begun) / 20 < 0.2
    assert len(json.dumps(card)) + len(photo) < 300_000


def test_every_text_that_the_script_shows_is_in_the_catalog():
    import re

    script = SOURCE.with_name("overlay.js").read_text()
    names = set(messages("en").texts["overlay"])
    direct = set(re.findall(r"\btexts\.(\w+)", script)) - {"replace"}
    by_name = set(re.findall(r'(?:button|named)\("(\w+)"', script))
    assert direct | by_name == names


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as p:
        yield p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])


@pytest.fixture
def page(browser, widget):
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    open_widget(page, widget, SOURCE.with_name("overlay.js"))
    expect(page.get_by_role("img")).to_be_visible()
    yield page
    assert page.complaints == []
    page.close()


def view(page):
    return [float(x) for x in page.locator("svg").get_attribute("viewBox").split()]


def test_wheel_keys_hover_and_click_work_in_the_browser(page, widget):
    name = page.get_by_role("button", name="Name: ")
    name.hover()
    details = page.get_by_role("status")
    expect(details).to_contain_text("score 98")
    expect(details).to_contain_text("*")
    whole = view(page)
    page.mouse.wheel(0, -300)
    page.wait_for_function("(width) => document.querySelector('svg').viewBox.baseVal.width < width", arg=whole[2])
    name.click()
    expect(details).to_contain_text("Selected: Name")
    assert widget.row["field"].tolist() == ["name"]
    page.keyboard.press("0")
    assert view(page) == whole
    page.keyboard.press("ArrowRight")
    expect(page.locator(".key")).to_have_text("id/0002.jpg")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".key")).to_have_text("id/0001.jpg")
    page.get_by_role("button", name="ID number: ").focus()
    expect(details).to_contain_text("ID number")
    page.keyboard.press("Enter")
    expect(details).to_contain_text("Selected: ID number")
    page.get_by_label("Score below").fill("90")
    page.get_by_label("Score below").press("Tab")
    expect(page.get_by_text("Card 1 of 1")).to_be_visible()
    expect(page.locator(".key")).to_have_text("id/0002.jpg")


def test_axe_finds_nothing_serious_in_light_and_dark(page):
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)
        if folder := os.environ.get("CARDOCR_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/overlay-{mode}.png")
        violations = Axe().run(page, context=".cardocr-overlay").response["violations"]
        assert [(v["id"], v["help"]) for v in violations if v["impact"] in ("serious", "critical")] == []
