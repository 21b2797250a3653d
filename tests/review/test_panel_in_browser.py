"""The panel as a person meets it: JupyterLab in a real browser, worked by keyboard alone."""

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
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"theme": "JupyterLab Light"},
    "docmanager-extension/plugin": {"autosave": False},
}


@pytest.fixture
def folder(tmp_path, data, cards, queue):
    room = tmp_path / "notebooks"
    room.mkdir()
    for key in cards["key"].unique():
        (room / "photos" / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(data / "cards" / key, room / "photos" / key)
    cards.to_parquet(room / "cards.parquet")
    queue.to_parquet(room / "queue.parquet")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, room / "review.ipynb")
    return room


@pytest.fixture
def lab(tmp_path, folder):
    """Address of a JupyterLab that stores the state of widgets whenever it saves a notebook."""
    settings = tmp_path / "settings"
    kept = SETTINGS | {"@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True}}
    for name, values in kept.items():
        path = settings / f"{name if name.startswith('@') else '@jupyterlab/' + name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    own = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(settings), "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces")}
    own |= {"HOME": str(tmp_path), "JUPYTER_TOKEN": token, "CARDOCR_FONT": str(chinese_font())}
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    options += [f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    with (tmp_path / "lab.log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-m", "jupyterlab", *options], env=os.environ | own, stdout=log, stderr=log
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token={token}", server, tmp_path / "lab.log")
        yield f"http://127.0.0.1:{port}/doc/tree/review.ipynb?token={token}"
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


def serious_faults(page):
    found = Axe().run(page, context=".cardocr-review").response["violations"]
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

    open_notebook(page, lab)
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
