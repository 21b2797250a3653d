"""``cardocr serve``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cardocr_nb._cli._parameters import Word, naming_address
from cardocr_nb.local._fault_injection import KINDS
from cardocr_nb.local._service import KEEP_DAYS, QUEUE_LIMIT


@click.command()
@click.option("--root", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Folder whose subfolders are the buckets.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=int, default=8086, show_default=True, help="0 picks a free port.")
@click.option("--secret-id", metavar="ID", help="Of your choice; clients sign with it. Default: COS_SECRET_ID.")
@click.option("--secret-key", metavar="KEY", help="Default: COS_SECRET_KEY.")
@click.option("--engine", type=Word(["rapidocr", "stub"]), default="rapidocr", show_default=True,
              help="stub returns invented fields.")  # fmt: skip
@click.option("--workers", type=int, default=1, show_default=True, metavar="N", help="Images read at the same time.")
@click.option("--queue-limit", type=int, default=QUEUE_LIMIT, show_default=True, metavar="N", help="Waiting jobs.")
@click.option("--latency", type=float, default=0.0, metavar="S", help="Seconds added to each image.")
@click.option("--fault", multiple=True, metavar="KIND=RATE", help=f"{', '.join(KINDS)}; such as throttle=0.1.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of the faults.")
@click.option("--allow-callback", multiple=True, metavar="HOST",
              help="A host other than this machine that callbacks and detect-url may call.")  # fmt: skip
@click.option("--request-timeout", "--patience", type=float, default=60.0, show_default=True, metavar="S",
              help="Seconds for a request to arrive.")  # fmt: skip # --patience is the name before 0.2
@click.option("--allow-origin", multiple=True, metavar="ORIGIN",
              help="Web pages that may call from a browser, such as http://localhost:8000; * for all. Default: none.")  # fmt: skip
@click.option("--connections", type=int, metavar="N",
              help="Open connections. Default: by the open-file limit, at most 2000.")  # fmt: skip
@click.option("--lenient", is_flag=True,
              help="Accept signatures that cover neither Host nor all parameters, as some old clients make them.")  # fmt: skip
@click.option("--keep-days", type=float, default=KEEP_DAYS, show_default=True, metavar="N",
              help="Delete jobs N days after they were submitted, if they have ended.")  # fmt: skip
@click.option("--quiet", is_flag=True, help="Print no line for each request.")
def serve(**given: Any) -> int:
    """Serve the embedded service over HTTP, for any client of the cloud's."""
    from cardocr_nb.local.http._server import ServeOptions
    from cardocr_nb.local.http._server import serve as serve_until_signal

    with naming_address(given["host"], given["port"]):
        return serve_until_signal(ServeOptions(**given))
