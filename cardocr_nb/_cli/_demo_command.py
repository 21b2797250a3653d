"""``cardocr demo``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("out", metavar="[FOLDER]", type=click.Path(file_okay=False, path_type=Path), default="cardocr_demo")
@click.option("--quick", is_flag=True, help="Read 8 photos instead of 48.")
def demo(out: Path, quick: bool) -> int:
    """Read sample photos on this machine, and write a table, a report and overlays to FOLDER.

    FOLDER is created; the default is cardocr_demo. Nothing is downloaded, and nothing leaves this machine.
    """
    from cardocr_nb.demo import run_demo

    run_demo(out, quick=quick)
    return 0
