"""``cardocr report``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cardocr_nb._cli._console import echo_message
from cardocr_nb._cli._parameters import (
    EXISTING,
    EXISTING_FOLDER,
    OutputFile,
    Word,
    cards_argument,
    groups_option,
    yes_option,
)
from cardocr_nb._cli._table_files import read
from cardocr_nb.errors import CardOCRError, InvalidRequestError

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@cards_argument
@click.option("-o", "--out", type=OutputFile((".html", ".md", ".json")), metavar="FILE", help=".html, .md or .json")
@click.option("--notebook", type=OutputFile((".ipynb",)), metavar="FILE", help="Also, or only, write a notebook.")
@click.option("--truth", type=EXISTING, metavar="FILE", help="True texts: columns key, field, text.")
@click.option("--other", type=EXISTING, metavar="CARDS", help="Table of another run over the same images.")
@groups_option
@click.option("--images", type=EXISTING_FOLDER, metavar="FOLDER", help="Folder of the photos.")
@click.option("--lang", type=Word(["en", "zh"]), default="en", show_default=True, help="Language.")
@click.option("--title", help="Heading of the report.")
@click.option("--reveal", is_flag=True, help="Show texts and pictures of single cases in full.")
@click.option("--precision", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.995, show_default=True,
              help="Precision that the score thresholds promise.")  # fmt: skip
@click.option("--review", type=float, metavar="PRICE", help="Price of one review; with --error and --truth.")
@click.option("--error", type=float, metavar="PRICE", help="Price of an error that is not found.")
@yes_option
def report(
    *, cards: Path, out: Path | None, notebook: Path | None, truth: Path | None, other: Path | None,
    groups: str | None, **options: Any,
) -> int:  # fmt: skip
    """Write a report in one file, texts masked. The names of image files are shown."""
    from cardocr_nb.report import report as write_report
    from cardocr_nb.report import report_notebook

    if out is None and notebook is None:
        raise InvalidRequestError("name the file to write: --out report.html, --notebook report.ipynb, or both")
    try:
        if out is not None:
            other_cards = None if other is None else read(other)
            echo_message(write_report(read(cards), out, truth=truth, other=other_cards, groups=groups, **options))
        if notebook is not None:
            echo_message(report_notebook(cards, notebook, truth=truth, other=other, groups=groups, **options))
    except ValueError as e:
        if isinstance(e, CardOCRError):
            raise
        raise InvalidRequestError(str(e)) from e
    return 0
