"""Draw the pictures of the review panel for the documentation: ``python tools/make_panel_pictures.py``.

The panel's own script runs in Chromium on the panel's own Python side, with two specimens of ``data/cards``.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from widget_page import open_widget

import cardocr_nb as ocr
from cardocr_nb.frame import conform
from cardocr_nb.review import _panel, review

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "_static" / "views"
LARGEST = 400_000
SOURCE = Path(_panel.__file__)


def misread_cards() -> tuple[pd.DataFrame, dict[str, str]]:
    """Return two cards whose names and addresses lack the last character, and the true names."""
    corners = [f"{axis}{n}" for n in range(1, 5) for axis in "xy"]
    places = pd.read_csv(ROOT / "data" / "truth_polygons.csv").set_index(["key", "field"])[corners]
    truth = pd.read_csv(ROOT / "data" / "truth.csv", dtype="str")
    rows = truth[truth["key"].isin(["id/0001.jpg", "id/0002.jpg"])].reset_index(drop=True)
    at = places.loc[list(zip(rows["key"], rows["field"], strict=True))].to_numpy().reshape(-1, 4, 2).round().astype(int)
    doubtful = rows["field"].isin(["name", "address"])
    score = rows["field"].map({"name": 41, "address": 57}).fillna(95)
    read = rows.assign(state="Success", score=score, polygon=list(at), card_type="IDCard")
    names = rows[rows["field"] == "name"].set_index("key")["text"].to_dict()
    return conform(read.assign(text=rows["text"].where(~doubtful, rows["text"].str[:-1]))), names


def open_panel(page: Page, folder: Path, cards: pd.DataFrame) -> None:
    """Show the panel on a page, with the names and addresses as queue."""
    queue = cards.loc[cards["field"].isin(["name", "address"]), ["job_id", "key", "field"]]
    queue = queue.sort_values("field", kind="stable", key=lambda s: s.astype("str") == "address")
    queue = queue.assign(chance=0.5, reasons="")
    panel = review(cards, ROOT / "data" / "cards", folder / "corrections.csv", queue=queue, reviewer="a")
    open_widget(page, panel, SOURCE.with_name("panel.js"))
    page.locator(".crop").wait_for()
    page.wait_for_function("() => document.fonts.status === 'loaded'")


def main() -> int:
    """Write ``panel.gif`` and ``panel.png``."""
    cards, names = misread_cards()
    frames: list[Image.Image] = []
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 820, "height": 560})

        def shot() -> None:
            frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))

        open_panel(page, Path(folder), cards)
        shot()
        for key, name in names.items():
            page.get_by_text(key).first.wait_for()
            page.get_by_role("textbox").fill(name)
            shot()
            page.keyboard.press("Enter")
        page.get_by_text("2 of 4 fields decided").first.wait_for()
        page.keyboard.press("Alt+L")
        page.get_by_role("combobox").select_option("address")
        page.get_by_text("0 of 2 fields decided").first.wait_for()
        page.locator(".crop").wait_for()
        shot()
        page.screenshot(path=OUT / "panel.png")
        browser.close()
    few = [frame.quantize(64, dither=Image.Dither.NONE) for frame in frames]
    few[0].save(OUT / "panel.gif", save_all=True, append_images=few[1:], duration=1800, loop=0, optimize=True)
    too_large = [path.name for path in (OUT / "panel.gif", OUT / "panel.png") if path.stat().st_size > LARGEST]
    return int(bool(too_large))


if __name__ == "__main__":
    ocr.options.lang = "en"
    sys.exit(main())
