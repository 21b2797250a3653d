"""``cardocr redact``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb._cli._table_files import read
from cardocr_nb.cards import CardType

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    redact = commands.add_parser(
        "redact",
        help="blank out the fields on card photos",
        description="Write card photos with their fields filled, without metadata. A photo whose fields were not all "
        "found is left out, so is one whose portrait has no known place, unless --keep-portrait is given.",
    )
    redact.add_argument("cards", type=Path, metavar="CARDS", help="cards.parquet of `cardocr run`")
    redact.add_argument("images", type=Path, metavar="IMAGES", help="folder under which the keys lie")
    redact.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    redact.add_argument("--fields", metavar="NAME,NAME", help="fields to fill, by default all")
    redact.add_argument(
        "--method", choices=["box", "blur"], default="box", help="box leaves nothing and is the default"
    )
    redact.add_argument(
        "--incomplete", action="store_true", help="also write cards with a field that was not found and may be readable"
    )
    redact.add_argument(
        "--card-type", choices=[str(kind) for kind in CardType], help="card type of cards whose table does not say it"
    )
    redact.add_argument("--keep-portrait", action="store_true", help="leave the portrait visible")
    redact.add_argument("--verify", action="store_true", help="read each result, and leave out those that are readable")
    redact.add_argument("--quiet", action="store_true", help="no progress bar")
    redact.set_defaults(command=_redact)


def _redact(given: argparse.Namespace) -> int:
    import warnings

    from cardocr_nb.privacy import redact_folder

    fields = [name.strip() for name in given.fields.split(",")] if given.fields else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the cards that were left out are listed below
        table = redact_folder(
            read(given.cards),
            given.images,
            given.out,
            fields=fields,
            method=given.method,
            card_type=given.card_type,
            complete=not given.incomplete,
            portrait=False if given.keep_portrait else None,
            verify=given.verify,
            progress=not given.quiet,
        )
    left = table[table["reason"].notna()]
    for key, reason in zip(left["key"], left["reason"], strict=True):
        print(f"left out {key}: {reason}")
    print(f"{len(table) - len(left)} of {len(table)} cards redacted into {given.out}")
    return int(len(left) > 0)
