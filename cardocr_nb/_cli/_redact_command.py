"""``cardocr redact``."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import click

from cardocr_nb._cli._console import echo_message
from cardocr_nb._cli._parameters import EXISTING_FOLDER, Word, cards_argument
from cardocr_nb._cli._table_files import read
from cardocr_nb.cards import CardType


@click.command()
@cards_argument
@click.argument("images", metavar="IMAGES", type=EXISTING_FOLDER)
@click.argument("out", metavar="OUT", type=click.Path(file_okay=False, path_type=Path))
@click.option("--fields", metavar="NAME,NAME", help="Fields to fill. Default: all.")
@click.option(
    "--method",
    type=Word(["box", "blur"]),
    default="box",
    show_default=True,
    help="A box leaves nothing of the text.",
)
@click.option(
    "--incomplete", is_flag=True, help="Also write cards with fields that were not found and may be readable."
)
@click.option("--card-type", type=Word([str(one) for one in CardType]), help="Card type of cards whose table has none.")
@click.option("--keep-portrait", is_flag=True, help="Leave the portrait visible.")
@click.option("--verify", is_flag=True, help="Read each result, and leave out those that are still readable.")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def redact(*, cards: Path, images: Path, out: Path, fields: str | None, **options: Any) -> int:
    """Write card photos with their fields filled, without metadata.

    CARDS is a table of `cardocr run`, IMAGES the folder of the photos, OUT the folder to write to. A photo is left out if
    a field was not found on it, or if its portrait has no known place and --keep-portrait is not given.
    """
    from cardocr_nb.privacy import redact_folder

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the photos that are left out are listed below
        table = redact_folder(
            read(cards),
            images,
            out,
            fields=[name.strip() for name in fields.split(",")] if fields else None,
            method=options["method"],
            card_type=options["card_type"],
            complete=not options["incomplete"],
            portrait=False if options["keep_portrait"] else None,
            verify=options["verify"],
            progress=not options["quiet"],
        )
    if not len(table):
        raise click.ClickException(f"{cards.name} has no cards; nothing was redacted")
    left = table[table["reason"].notna()]
    for key, reason in zip(left["key"], left["reason"], strict=True):
        echo_message(f"left out {key}: {reason}")
    echo_message(f"{len(table) - len(left)} of {len(table)} cards redacted into {out}")
    return int(len(left) > 0)
