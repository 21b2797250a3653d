"""``cardocr specimen``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb.cards import CardType

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    specimen = commands.add_parser("specimen", help="draw made-up cards with their truth, to test a service with")
    specimen.add_argument("--out", required=True, type=Path, metavar="DIR")
    specimen.add_argument("--n", type=int, default=10, help="how many (default 10)")
    specimen.add_argument("--type", required=True, choices=[str(c) for c in CardType])
    specimen.add_argument("--seed", type=int, default=0)
    specimen.add_argument("--degrade", action="append", default=[], metavar="NAME=STRENGTH", help="such as phone=0.5")
    specimen.set_defaults(command=_specimen)


def _specimen(given: argparse.Namespace) -> int:
    from cardocr_nb.specimen import read_conditions, write

    paths = write(given.out, given.n, given.type, seed=given.seed, conditions=read_conditions(given.degrade))
    print(f"{len(paths)} specimens and their truth.csv in {given.out}")
    return 0
