"""``cardocr run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb.cards import CardType
from cardocr_nb.cli.cloud import add_cloud, endpoint
from cardocr_nb.cli.table import table, write

if TYPE_CHECKING:
    import argparse

    from cardocr_nb.client import Client


def add(commands: Any) -> None:
    """Add the command."""
    run = commands.add_parser(
        "run",
        help="read card photos",
        description="Read card photos with the embedded engine, on this machine; "
        "with --bucket or --endpoint through the cloud service, where each image is paid for.",
    )
    run.add_argument("images", nargs="+", metavar="IMAGE", help="image files, folders, or patterns")
    run.add_argument("--card-type", required=True, choices=[str(c) for c in CardType])
    run.add_argument("--out", required=True, type=table, metavar="FILE", help="cards.parquet, .feather or .csv")
    run.add_argument("--report", type=Path, metavar="FILE", help="also write a report: .html, .md or .json")
    run.add_argument("--prefix", default="", help="put in front of the keys of uploaded files")
    run.add_argument("--quiet", action="store_true", help="no progress bar")
    add_cloud(run)
    run.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> int:
    from cardocr_nb.pipeline import run
    from cardocr_nb.quality import summary
    from cardocr_nb.report import report

    with _client(given) as client:
        cards = run(
            given.images, card_type=given.card_type, client=client, prefix=given.prefix, progress=not given.quiet
        )
    write(cards, given.out)
    print(summary(cards))
    if given.report is not None:
        print(f"report: {report(cards, given.report)}")
    return int(bool((cards["state"] != "Success").any()))


def _client(given: argparse.Namespace) -> Client:
    from cardocr_nb.batch.plan import shared_folder
    from cardocr_nb.client import Client

    if given.bucket or given.endpoint or given.region:
        return Client.from_env(bucket=given.bucket, region=given.region, **endpoint(given))
    return Client.local(shared_folder(given.images))
