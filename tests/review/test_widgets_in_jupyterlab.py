"""The widgets as a person meets them: JupyterLab in a real browser."""

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

import nbformat
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from cardocr_nb._fonts import chinese_font
from cardocr_nb.quality import evaluate

PATIENCE = 30_000  # milliseconds that a condition may take on a machine with other work
CELLS = [
    "import pandas as pd\n\nimport cardocr_nb as ocr",
    'cards = pd.read_parquet("cards.parquet")\nqueue = pd.read_parquet("queue.parquet")',
    'panel = cards.cardocr.review("photos", "corrections.csv", queue=queue)\npanel',
    'panel.truth().to_parquet("truth.parquet")\nf"{panel.session.done} decided"',
]
OVERLAY_CELLS = [
    *CELLS[:2],
    'overlay = cards.cardocr.plot_overlay("photos", interactive=True)\noverlay',
    'overlay.row[["key", "field"]].to_numpy().tolist()',
    "cards.cardocr.show(rows=6)",
    'panel = cards.cardocr.review("photos", "corrections.csv", queue=queue, reviewer="a")\npanel',
]
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"theme": "JupyterLab Light"},
    "docmanager-extension/plugin": {"autosave": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}


@pytest.fixture
def folder(lab, tmp_path, data, cards, queue):
    """A folder of the server with photos, tables and the notebooks."""
    room = lab.root / tmp_path.name
    room.mkdir()
    for key in cards["key"].unique():
        (room / "photos" / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(data / "cards" / key, room / "photos" / key)
    cards.to_parquet(room / "cards.parquet")
    queue.to_parquet(room / "queue.parquet")
    for name, codes in (("review", CELLS), ("overlay", OVERLAY_CELLS)):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in codes])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, room / f"{name}.ipynb")
    return room


class Lab(NamedTuple):
    root: Path
    address: str
    token: str

    def page_of(self, notebook):
        return f"{self.address}/doc/tree/{notebook.relative_to(self.root).as_posix()}?token={self.token}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab that stores the state of widgets whenever it saves a notebook."""
    home = tmp_path_factory.mktemp("lab")
    settings, root = home / "settings", home / "notebooks"
    root.mkdir()
    kept = SETTINGS | {"@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True}}
    for name, values in kept.items():
        path = settings / f"{name if name.startswith('@') else '@jupyterlab/' + name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    own = {f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(settings), "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    own |= {"HOME": str(home), "JUPYTER_TOKEN": token, "CARDOCR_FONT": str(chinese_font())}
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    options += [f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True"]
    with (home / "lab.log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-m", "jupyterlab", *options], env=os.environ | own, stdout=log, stderr=log
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token={token}", server, home / "lab.log")
        yield Lab(root, f"http://127.0.0.1:{port}", token)
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(address, server, log):
    """Ask until the server answers; each refused try takes as long as the machine needs to refuse it."""
    while server.poll() is None:
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - this machine
            assert answer.status == 200
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.1)
    raise AssertionError(log.read_text())


@pytest.fixture
def page(browser):
    page = browser().new_page(viewport={"width": 1100, "height": 1100})
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


def command(page, name, arguments=None):
    page.evaluate("([name, given]) => window.jupyterapp.commands.execute(name, given ?? undefined)", [name, arguments])


def open_notebook(page, address):
    page.goto(address)
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
    )


def save(page):
    command(page, "docmanager:save")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")


def serious_faults(page, part=".cardocr-review"):
    found = Axe().run(page, context=part).response["violations"]
    return [(fault["id"], fault["help"]) for fault in found if fault["impact"] in ("serious", "critical")]


def wait_for_font(page, characters):
    """Until the line draws each character as wide as high, which no font of the browser's machine does."""
    page.wait_for_function(
        """(characters) => {
          const pen = document.createElement("canvas").getContext("2d");
          pen.font = `100px ${getComputedStyle(document.querySelector(".cardocr-review input")).fontFamily}`;
          return [...characters].every((each) => Math.abs(pen.measureText(each).width - 100) < 1);
        }""",
        arg=characters,
    )


def fonts_drawn_with(page, selector):
    """How many glyphs of an element are drawn with fonts that were sent, and with fonts of the machine."""
    tools = page.context.new_cdp_session(page)
    for domain in ("DOM", "CSS"):
        tools.send(f"{domain}.enable")
    root = tools.send("DOM.getDocument")["root"]["nodeId"]
    node = tools.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    used = tools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    tools.detach()
    sent = sum(font["glyphCount"] for font in used if font["isCustomFont"])
    return sent, sum(font["glyphCount"] for font in used) - sent


def type_over(page, text):
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")


def test_two_fields_corrected_by_keyboard_outlive_page_and_kernel(lab, folder, page, look, cards, queue, data):
    true = pd.read_csv(data / "truth.csv", dtype="str").set_index(["key", "field"])["text"]
    read = cards.set_index(["key", "field"])["text"]
    asked = list(queue[["key", "field"]].itertuples(index=False, name=None))
    panel = page.get_by_role("group", name="Review of readings")
    line = panel.get_by_label("Text on the card")
    said = panel.get_by_role("status")

    open_notebook(page, lab.page_of(folder / "review.ipynb"))
    command(page, "notebook:run-all-cells")
    expect(said).to_have_text("0 of 4 fields decided")
    expect(line).to_have_value(read[asked[0]])
    expect(panel.get_by_role("img")).to_have_attribute(
        "alt", f"Crop of the card {asked[0][0]} with the field Name 姓名"
    )
    wait_for_font(page, read[asked[0]] + "姓名傈僳")
    assert fonts_drawn_with(page, ".cardocr-review h3") == (len("姓名"), len("Name "))
    assert fonts_drawn_with(page, ".cardocr-review dd.read") == (len(read[asked[0]]), 0)
    assert fonts_drawn_with(page, ".jp-Notebook .jp-InputArea-editor")[0] == 0
    line.fill("魑")
    wait_for_font(page, "魑")
    look(page, "webfont")
    assert serious_faults(page) == []
    line.focus()
    line.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    type_over(page, true[asked[0]])
    expect(said).to_have_text("Corrected. 1 of 4 fields decided")
    expect(line).to_be_focused()
    expect(panel.get_by_role("listitem").filter(has_text="number check digit: ")).to_be_visible()
    look(page, "light")
    page.keyboard.press("Alt+W")
    expect(panel.get_by_role("img", name=re.compile("^The card"))).to_be_visible()
    look(page, "card")
    type_over(page, " ")
    expect(panel.get_by_role("alert")).to_contain_text("The line is empty")
    page.keyboard.press("Escape")
    expect(line).to_have_value(read[asked[1]])
    type_over(page, true[asked[1]])
    expect(said).to_have_text("Corrected. 2 of 4 fields decided")

    save(page)
    page.reload()
    expect(said).to_have_text("2 of 4 fields decided")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    command(page, "notebook:run-all-cells")
    expect(panel).to_have_count(1)
    expect(said).to_have_text("2 of 4 fields decided")
    expect(line).to_have_value(read[asked[2]])
    command(page, "apputils:change-theme", {"theme": "JupyterLab Dark"})
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    line.focus()
    page.keyboard.press("Alt+N")
    expect(said).to_have_text("Decided: not on the card. 3 of 4 fields decided")
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    expect(line).to_have_value(true[asked[0]])
    expect(said).to_have_text("Corrected")
    look(page, "dark")
    assert serious_faults(page) == []
    for _ in range(3):
        page.keyboard.press("Alt+ArrowDown")
    expect(line).to_have_value(read[asked[3]])
    expect(panel.get_by_text("returned no position for this field")).to_be_visible()
    expect(panel.get_by_role("img", name=re.compile("^The card"))).to_be_visible()
    page.keyboard.press("Alt+U")
    expect(said).to_contain_text("All fields are decided")
    expect(panel.get_by_role("button", name="Previous")).to_be_focused()
    look(page, "end")
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert page.locator(".jp-CodeCell").count() == len(CELLS)

    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 3; }")
    command(page, "notebook:run-cell")
    expect(page.locator(".jp-OutputArea-output").filter(has_text="4 decided")).to_be_visible()
    save(page)
    assert page.complaints == []
    assert_no_text_is_kept(folder / "review.ipynb", [*read, *true[list(read.index)]])
    found = pd.read_parquet(folder / "truth.parquet")
    assert found[["key", "field"]].to_numpy().tolist() == [list(names) for names in asked[:3]]
    assert found["text"].fillna("nothing").tolist() == [true[asked[0]], true[asked[1]], "nothing"]
    fields = evaluate(cards, found, complete=False, weights=False).fields.set_index("field")
    assert fields[["wrong", "spurious"]].sum().to_dict() == {"wrong": 2, "spurious": 1}


def assert_no_text_is_kept(path, texts):
    """The file holds the widget's state, so that looking says something; no font, no text longer than a character."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    [states] = notebook["metadata"]["widgets"].values()
    assert "d09GR" not in path.read_text(encoding="utf-8"), "a font, as base64"
    assert any("Text on the card" in json.dumps(each) for each in states["state"].values())
    saved = json.dumps(notebook, ensure_ascii=False)
    assert [text for text in texts if len(text) > 1 and text in saved] == []


def view(overlay):
    return [float(number) for number in overlay.locator("svg").get_attribute("viewBox").split()]


def test_overlay_table_and_filter_work_in_a_notebook_and_leave_no_text_in_it(lab, folder, page, look, cards):
    overlay = page.get_by_role("group", name="Cards with their fields").first
    details = overlay.get_by_role("status")
    open_notebook(page, lab.page_of(folder / "overlay.ipynb"))
    command(page, "apputils:change-theme", {"theme": "JupyterLab Light"})
    command(page, "notebook:run-all-cells")
    expect(overlay.locator(".key")).to_have_text("id/0001.jpg")
    name = overlay.get_by_role("button", name="Name: ")
    name.hover()
    expect(details).to_contain_text("score 41")
    expect(details).to_contain_text("*")
    whole = view(overlay)
    page.mouse.wheel(0, -300)
    page.wait_for_function(
        "(width) => document.querySelector('.cardocr-overlay svg').viewBox.baseVal.width < width", arg=whole[2]
    )
    look(page, "overlay-zoomed")
    name.click()
    expect(details).to_contain_text("Selected: Name")
    page.keyboard.press("0")
    assert view(overlay) == whole
    page.keyboard.press("ArrowRight")
    expect(overlay.locator(".key")).to_have_text("id/0002.jpg")
    overlay.get_by_role("slider").fill("0")
    expect(overlay.locator(".key")).to_have_text("id/0001.jpg")
    page.keyboard.press("Tab")
    overlay.get_by_role("button", name="ID number: ").focus()
    expect(details).to_contain_text("ID number")
    page.keyboard.press("Enter")
    expect(details).to_contain_text("Selected: ID number")
    overlay.get_by_role("combobox", name="Field").select_option("address")
    overlay.get_by_label("Score below").fill("90")
    overlay.get_by_label("Score below").press("Tab")
    expect(overlay.get_by_text("Card 1 of 2", exact=True)).to_be_visible()
    look(page, "overlay")
    assert serious_faults(page, ".cardocr-overlay") == []

    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 3; }")
    command(page, "notebook:run-cell")
    expect(page.locator(".jp-OutputArea-output").filter(has_text="[['id/0001.jpg', 'id_number']]")).to_be_visible()
    table = page.locator(".cardocr-table")
    expect(table.locator("tbody tr")).to_have_count(6)
    table.scroll_into_view_if_needed()
    look(page, "table")

    panel = page.get_by_role("group", name="Review of readings")
    panel.get_by_label("Text on the card").focus()
    page.keyboard.press("Alt+L")
    panel.get_by_role("combobox", name="Show").select_option("address")
    expect(panel.get_by_text("0 of 2 fields decided").first).to_be_visible()
    expect(panel.get_by_role("img")).to_have_attribute("alt", re.compile("Address"))
    look(page, "filter")
    assert serious_faults(page) == []
    for part, theme in ((".cardocr-overlay", overlay), (".cardocr-table", table)):
        command(page, "apputils:change-theme", {"theme": "JupyterLab Dark"})
        theme.scroll_into_view_if_needed()
        look(page, f"dark{part}")
        assert serious_faults(page, part) == []
    save(page)
    assert page.complaints == []
    saved = json.dumps(json.loads((folder / "overlay.ipynb").read_text(encoding="utf-8")), ensure_ascii=False)
    assert "Cards with their fields" in saved, "the state of the widgets"
    assert [text for text in cards["text"] if len(text) > 1 and text in saved] == []
