"""``cardocr report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb.cli.table import read

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    report = commands.add_parser("report", help="write a report of a table, texts masked")
    report.add_argument("cards", type=Path, metavar="CARDS", help="cards.parquet of `cardocr run`")
    report.add_argument("-o", "--out", required=True, type=Path, metavar="FILE", help=".html, .md or .json")
    report.add_argument("--truth", type=Path, metavar="CSV", help="true texts, columns key, field, text")
    report.set_defaults(command=_report)


def _report(given: argparse.Namespace) -> int:
    from cardocr_nb.report import report

    print(report(read(given.cards), given.out, truth=given.truth))
    return 0
