"""Every notebook runs from top to bottom, uses only the public names, and is stored without outputs."""

import ast
import importlib
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import zmq
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

import cardocr_nb

FOLDER = Path(__file__).parents[1] / "notebooks"
TEMPLATE = Path(cardocr_nb.__file__).parent / "report/templates/report_template.ipynb"
NOTEBOOKS = [*sorted(FOLDER.glob("*.ipynb")), TEMPLATE]


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS][:1] == ["01_first_look.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_stored_without_outputs(path):
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_uses_only_public_names(path):
    for cell in code_cells(path):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cardocr_nb"):
                public = importlib.import_module(node.module).__all__
                assert "._" not in node.module
                assert {alias.name for alias in node.names} <= set(public)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ocr":
                assert node.attr in cardocr_nb.__all__


@pytest.fixture(scope="module")
def kernel():
    """One kernel for all notebooks, which imports the packages once; each notebook begins with an empty namespace."""
    context = zmq.Context()
    manager = KernelManager(context=context)
    yield manager
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)
    context.destroy()


def run_and_look(path, data, monkeypatch, manager=None):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    notebook = read(path)
    if manager is not None:
        notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
    client = NotebookClient(notebook, manager, timeout=300, resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    if manager is not None:
        client.kc.stop_channels()
    truth = pd.concat([pd.read_csv(data / name, dtype="str") for name in ("truth.csv", "readings/truth.csv")])
    private = truth.loc[truth["field"].isin(["name", "address", "id_number", "licence_number"]), "text"]
    outputs = nbformat.writes(notebook)
    warned = [one.text for cell in notebook.cells for one in cell.get("outputs", ()) if one.get("name") == "stderr"]
    assert warned == []
    assert [text for text in private if text in outputs] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.filterwarnings("default")
def test_a_notebook_runs_from_top_to_bottom_without_a_warning_and_shows_no_text_of_a_card(
    path, data, monkeypatch, kernel
):
    run_and_look(path, data, monkeypatch, kernel)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.filterwarnings("default")
def test_a_notebook_runs_in_a_kernel_of_its_own(path, data, monkeypatch):
    run_and_look(path, data, monkeypatch)
