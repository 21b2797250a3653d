"""``cardocr flatten``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cardocr_nb._cli._console import echo
from cardocr_nb._cli._parameters import table_option, yes_option
from cardocr_nb._cli._table_files import write

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("responses", nargs=-1, required=True, metavar="RESPONSE...")
@table_option
@click.option("--keep-unreadable", is_flag=True, help="Write a row for each file that cannot be read.")
@yes_option
def flatten(responses: tuple[str, ...], out: Path, keep_unreadable: bool) -> int:
    """Make a table of saved responses: XML or JSON files, folders, archives or patterns."""
    from cardocr_nb.frame import read_responses
    from cardocr_nb.quality import summary

    cards = read_responses(*responses, errors="row" if keep_unreadable else "raise")
    write(cards, out)
    echo(summary(cards))
    return 0
