"""Execute the notebooks for the gallery, each again only after a change of the notebook or of the package."""

import base64
import hashlib
import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

PACKAGE = Path(__file__).parents[1] / "cardocr_nb"


def run_all(source: Path, target: Path) -> None:
    """Write executed copies of the notebooks, and the first picture of each for the index of the gallery."""
    code = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        code.update(path.read_bytes())
    for path in sorted(source.glob("*.ipynb")):
        mark = hashlib.sha256(code.digest() + path.read_bytes()).hexdigest()
        copy = target / path.name
        if copy.is_file() and nbformat.read(copy, as_version=4).metadata.get("source_hash") == mark:
            continue
        notebook = nbformat.read(path, as_version=4)
        os.environ["TQDM_DISABLE"] = "1"  # progress bars are noise on a page
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(source)}}).execute()
        notebook.metadata["source_hash"] = mark
        nbformat.write(notebook, copy)
        if picture := first_picture(notebook):
            (target / f"{path.stem}.png").write_bytes(picture)


def first_picture(notebook: nbformat.NotebookNode) -> bytes | None:
    """Return the first picture that a notebook shows, as PNG; None if it shows tables only."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if picture := output.get("data", {}).get("image/png"):
                return base64.b64decode(picture)
    return None
