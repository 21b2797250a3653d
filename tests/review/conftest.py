"""Cards to review: specimens whose places and texts are known, so that no engine has to read them."""

import os
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from playwright.sync_api import expect, sync_playwright
from widget_page import open_widget

from cardocr_nb.frame import conform
from cardocr_nb.review import _panel as module
from cardocr_nb.review import review

SOURCE = Path(module.__file__)
KEYS = ("id/0001.jpg", "id/0002.jpg")
CORNERS = [f"{axis}{n}" for n in range(1, 5) for axis in "xy"]


@pytest.fixture(scope="session")
def cards(data):
    """Two cards, all fields read correctly except names and addresses; one address has no polygon."""
    places = pd.read_csv(data / "truth_polygons.csv").set_index(["key", "field"])[CORNERS]
    truth = pd.read_csv(data / "truth.csv", dtype="str")
    rows = truth[truth["key"].isin(KEYS)].reset_index(drop=True)
    at = places.loc[list(zip(rows["key"], rows["field"], strict=True))].to_numpy().reshape(-1, 4, 2).round().astype(int)
    text = rows["text"].where(~rows["field"].isin(["name", "address"]), rows["text"].str[:-1] + "错")
    score = rows["field"].map({"name": 41, "address": 57}).fillna(95)
    frame = conform(rows.assign(job_id=rows["key"].str[3:7], state="Success", text=text, score=score, polygon=list(at)))
    frame.loc[(frame["key"] == KEYS[1]) & (frame["field"] == "address"), "polygon"] = None
    return frame


@pytest.fixture
def queue(cards):
    """The names and addresses, worst first."""
    doubtful = cards[cards["field"].isin(["name", "address"])].sort_values("score", kind="stable")
    return doubtful[["job_id", "key", "field"]].assign(
        chance=0.5, reasons=["", "number_check_digit, number_length", "", ""]
    )


@pytest.fixture
def browser(tmp_path):
    """Start a browser whose machine has no Chinese font, but for those in the folders given."""
    settings = tmp_path / "fonts.conf"
    with sync_playwright() as p:

        def start(*folders):
            dirs = "".join(f"<dir>{folder}</dir>" for folder in (f"{mpl.get_data_path()}/fonts/ttf", *folders))
            settings.write_text(f"<fontconfig>{dirs}<cachedir>{tmp_path}/fonts</cachedir></fontconfig>")
            return p.chromium.launch(
                executable_path="/usr/bin/chromium",
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
                env=os.environ | {"FONTCONFIG_FILE": str(settings)},
            )

        yield start


@pytest.fixture
def look():
    """Leave a picture of a page for those who work on the panel."""
    folder = os.environ.get("CARDOCR_SCREENSHOTS")
    return lambda page, name: page.screenshot(path=f"{folder}/{name}.png") if folder else None


@pytest.fixture
def show(browser, cards, queue, data, tmp_path):
    """Open the panel's own script on the panel's own Python side, in a browser with the fonts of some folders."""

    def opened(*folders, lang="en", reviewer=None):
        page = browser(*folders).new_page(viewport={"width": 900, "height": 800})
        panel = review(cards, data / "cards", tmp_path / "c.csv", queue=queue, lang=lang, reviewer=reviewer)
        page.requested = []

        def noted(message):
            if message["kind"] == "characters":
                page.requested.append(message["characters"])

        open_widget(page, panel, SOURCE.with_name("panel.js"), asked=noted)
        expect(page.locator(".crop")).to_be_visible()
        return page

    return opened
