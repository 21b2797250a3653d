"""``cardocr flatten``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardocr_nb._cli._table_files import table, write

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    flatten = commands.add_parser("flatten", help="make a table of saved responses (XML or JSON)")
    flatten.add_argument("responses", nargs="+", metavar="RESPONSE", help="files, folders, or patterns")
    flatten.add_argument("--out", required=True, type=table, metavar="FILE", help="cards.parquet, .feather or .csv")
    flatten.add_argument("--keep-unreadable", action="store_true", help="a row for each file that cannot be read")
    flatten.set_defaults(command=_flatten)


def _flatten(given: argparse.Namespace) -> int:
    from cardocr_nb.frame import read_responses
    from cardocr_nb.quality import summary

    cards = read_responses(*given.responses, errors="row" if given.keep_unreadable else "raise")
    write(cards, given.out)
    print(summary(cards))
    return 0
