"""``cardocr listen``."""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb._cli._cloud_arguments import add_cloud, endpoint

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    listen = commands.add_parser(
        "listen",
        help="receive callbacks into the ledger of a run",
        description="Receive the service's callbacks, XML or JSON, into the ledger of a run. What they say is confirmed "
        "by asking the service: by the run that is at work on the ledger, or here, when --bucket is given.",
    )
    listen.add_argument("--ledger", required=True, type=Path, metavar="FILE", help="of a run; made when it is missing")
    listen.add_argument("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)")
    listen.add_argument("--port", type=int, default=8087, help="0 picks a free one (default 8087)")
    listen.add_argument("--quiet", action="store_true", help="no line for each callback")
    add_cloud(listen)
    listen.set_defaults(command=_listen)


def _listen(given: argparse.Namespace) -> int:
    from cardocr_nb._batch._callback_listener import listen
    from cardocr_nb._client import Client

    logging.basicConfig(
        level=logging.WARNING if given.quiet else logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s"
    )
    with ExitStack() as stack:
        client = None
        if given.bucket or given.endpoint or given.region:
            client = stack.enter_context(Client.from_env(bucket=given.bucket, region=given.region, **endpoint(given)))
        listen(given.ledger, host=given.host, port=given.port, client=client, on_ready=_print_address)
    return 0


def _print_address(url: str) -> None:
    print(f"listening on {url}", flush=True)
    print(f"hand it to the run: cardocr run ... --callback {url}", flush=True)
