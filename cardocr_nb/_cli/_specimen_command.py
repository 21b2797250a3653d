"""``cardocr specimen``."""

from __future__ import annotations

from pathlib import Path

import click

from cardocr_nb._cli._console import echo
from cardocr_nb._cli._parameters import Word
from cardocr_nb.cards import CardType


@click.command()
@click.option("-o", "--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER")
@click.option("--type", "card_type", required=True, type=Word([str(one) for one in CardType]))
@click.option("--n", type=click.IntRange(1), default=10, show_default=True, help="Number of cards.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--degrade", multiple=True, metavar="NAME=STRENGTH", help="Condition of the photo, such as phone=0.5.")
def specimen(out: Path, card_type: str, n: int, seed: int, degrade: tuple[str, ...]) -> int:
    """Draw specimens of cards with their truth, to test a service with."""
    from cardocr_nb.specimen import read_conditions, write

    paths = write(out, n, card_type, seed=seed, conditions=read_conditions(degrade))
    echo(f"{len(paths)} specimens and their truth.csv in {out}")
    return 0
