"""``cardocr report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb._cli._table_files import read
from cardocr_nb.errors import CardOCRError, InvalidRequestError

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    report = commands.add_parser(
        "report",
        help="write a report of a table, texts masked",
        description="Write a report in one file. Texts of cards are masked; names of images are not.",
    )
    report.add_argument("cards", type=Path, metavar="CARDS", help="cards.parquet or .feather of `cardocr run`")
    report.add_argument("-o", "--out", type=Path, metavar="FILE", help=".html, .md or .json")
    report.add_argument("--notebook", type=Path, metavar="FILE", help="also, or only, write it as a notebook: .ipynb")
    report.add_argument("--truth", type=Path, metavar="CSV", help="true texts, columns key, field, text")
    report.add_argument("--other", type=Path, metavar="CARDS", help="another table of the same images, to compare with")
    report.add_argument("--images", type=Path, metavar="FOLDER", help="folder under which the keys lie")
    report.add_argument("--lang", choices=["en", "zh"], default="en", help="language of the report (default: en)")
    report.add_argument("--title", help="heading of the report")
    report.add_argument("--reveal", action="store_true", help="show texts and pictures of single cases in full")
    report.add_argument("--precision", type=float, default=0.995, help="that thresholds shall promise (default: 0.995)")
    report.add_argument(
        "--review", type=float, metavar="PRICE", help="of looking at a reading; with --error and --truth"
    )
    report.add_argument("--error", type=float, metavar="PRICE", help="of an error that is not found")
    report.set_defaults(command=_report)


def _report(given: argparse.Namespace) -> int:
    if given.out is None and given.notebook is None:
        raise InvalidRequestError("name the file to write: --out report.html, --notebook report.ipynb, or both")
    options = {name: getattr(given, name) for name in ("lang", "reveal", "title", "review", "error", "precision")}
    try:
        _write(given, options)
    except ValueError as e:
        if isinstance(e, CardOCRError):
            raise
        raise InvalidRequestError(str(e)) from e
    return 0


def _write(given: argparse.Namespace, options: dict[str, Any]) -> None:
    from cardocr_nb.report import report, report_notebook

    if given.out is not None:
        other = None if given.other is None else read(given.other)
        print(report(read(given.cards), given.out, truth=given.truth, other=other, images=given.images, **options))
    if given.notebook is not None:
        places = {"truth": given.truth, "other": given.other, "images": given.images}
        print(report_notebook(given.cards, given.notebook, **places, **options))
