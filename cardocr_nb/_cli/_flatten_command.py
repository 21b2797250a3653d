"""``cardocr flatten``."""

from __future__ import annotations

import glob
from pathlib import Path

import click

from cardocr_nb._cli._console import echo
from cardocr_nb._cli._parameters import Word, table_option, yes_option
from cardocr_nb._cli._table_files import is_table, read, write
from cardocr_nb.errors import InvalidRequestError


@click.command()
@click.argument("responses", nargs=-1, required=True, metavar="RESPONSE...")
@table_option
@click.option("--keep-unreadable", is_flag=True, help="Write a row for each file that cannot be read.")
@click.option(
    "--dialect",
    type=Word(["tencent", "baidu", "alibaba", "lines"]),
    help="Service of the documents if it is another one.",
)
@yes_option
def flatten(responses: tuple[str, ...], out: Path, keep_unreadable: bool, dialect: str | None) -> int:
    """Make a table of saved responses: XML or JSON files, folders, archives or patterns; or of tables of other commands."""
    import pandas as pd

    from cardocr_nb.frame import conform, read_responses
    from cardocr_nb.quality import summary

    for one in responses:  # addresses such as s3://bucket/key are opened by read_responses
        if "://" not in one and not Path(one).exists() and not glob.has_magic(one):
            raise InvalidRequestError(f"{one!r} does not exist; pass files, folders, archives or patterns")
    tables = [one for one in responses if is_table(Path(one))]
    if tables and dialect:
        raise InvalidRequestError("--dialect is for saved responses, not for tables")
    if tables and len(tables) < len(responses):
        raise InvalidRequestError("pass either saved responses or tables, not both")
    if tables:
        cards = conform(pd.concat([read(Path(one)) for one in tables], ignore_index=True))
    else:
        cards = read_responses(*responses, errors="row" if keep_unreadable else "raise", dialect=dialect)
    write(cards, out)
    echo(summary(cards))
    return 0
