"""``cardocr listen``."""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from cardocr_nb._cli._console import echo
from cardocr_nb._cli._parameters import cloud_arguments, cloud_options, naming_address


@click.command()
@click.option("--ledger", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Ledger of a run; created if it does not exist.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8087, show_default=True, help="0 picks a free port.")
@click.option("--quiet", is_flag=True, help="Print no line for each callback.")
@cloud_options
def listen(ledger: Path, host: str, port: int, quiet: bool, **cloud: Any) -> int:
    """Receive the service's callbacks, XML or JSON, into the ledger of a run.

    The run that uses the ledger confirms each callback by a query; with --bucket this command does so itself.
    """
    from cardocr_nb._batch._callback_listener import listen as receive
    from cardocr_nb._client import Client

    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s"
    )
    with ExitStack() as stack:
        client = stack.enter_context(Client.from_env(**cloud_arguments(**cloud))) if any(cloud.values()) else None
        with naming_address(host, port):
            receive(ledger, host=host, port=port, client=client, on_ready=_announce)
    return 0


def _announce(url: str) -> None:
    echo(f"listening on {url}")
    echo(f"pass it to the run: cardocr run ... --callback {url}")
    sys.stdout.flush()
