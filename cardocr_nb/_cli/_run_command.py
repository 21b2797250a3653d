"""``cardocr run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb._batch._pace import Pace
from cardocr_nb._cli._cloud_arguments import add_cloud, endpoint
from cardocr_nb._cli._table_files import table, write
from cardocr_nb.cards import CardType
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    import argparse

    from cardocr_nb._client import Client


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
    run.add_argument("--keys", action="store_true", help="the images are keys of objects in the bucket, not files")
    run.add_argument("--quiet", action="store_true", help="no progress bar")
    _once(run.add_argument_group("paying once"))
    _pace(run.add_argument_group("pace", "the vendor's console shows the limits of your account"))
    add_cloud(run)
    run.set_defaults(command=_run)


def _once(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--ledger", type=Path, metavar="FILE", help="record the state of each image; the same command continues a run"
    )
    group.add_argument("--estimate", action="store_true", help="say how many calls, how long and how much, and end")
    group.add_argument("--price", type=float, metavar="X", help="of one call, to show what is spent")
    group.add_argument("--max-calls", type=int, metavar="N", help="submit so many at most")
    group.add_argument(
        "--unknown", choices=["hold", "submit"], help="what to do if the service may have accepted an image"
    )
    group.add_argument("--settle", type=float, metavar="S", help="seconds until an accepted job is sure to be listed")
    group.add_argument("--patience", type=float, default=900.0, metavar="S", help="without success (default 900)")
    group.add_argument("--retry-failed", action="store_true", help="submit again what failed; may be paid for again")
    group.add_argument(
        "--reread", action="store_true", help="submit images again that were read; each is paid for again"
    )
    group.add_argument("--callback", metavar="URL", help="address that `cardocr listen` printed")


def _pace(group: argparse._ArgumentGroup) -> None:
    usual = Pace()
    group.add_argument(
        "--rate", type=float, default=usual.submissions, metavar="N", help="submissions a second (default %(default)g)"
    )
    group.add_argument(
        "--query-rate", type=float, default=usual.queries, metavar="N", help="queries a second (default %(default)g)"
    )
    group.add_argument("--in-flight", type=int, default=usual.in_flight, metavar="N", help="jobs (default %(default)d)")
    group.add_argument("--threads", type=int, default=usual.threads, metavar="N", help="uploads (default %(default)d)")


def _run(given: argparse.Namespace) -> int:
    from cardocr_nb._pipeline import estimate, run
    from cardocr_nb.quality import summary
    from cardocr_nb.report import report

    options = _options(given)
    with _client(given) as client:
        if given.estimate:
            print(estimate(given.images, card_type=given.card_type, client=client, ledger=given.ledger, **options))
            return 0
        cards = run(given.images, card_type=given.card_type, client=client, ledger=given.ledger, **options)
    write(cards, given.out)
    print(summary(cards))
    if given.report is not None:
        print(f"report: {report(cards, given.report)}")
    return int(bool((cards["state"] != "Success").any()))


def _options(given: argparse.Namespace) -> dict[str, Any]:
    names = ("prefix", "price", "max_calls", "unknown", "settle", "patience", "retry_failed", "reread", "callback")
    pace = Pace(given.rate, given.query_rate, given.in_flight, given.threads)
    return {name: getattr(given, name) for name in names} | {
        "upload": not given.keys,
        "pace": pace,
        "progress": not given.quiet,
    }


def _client(given: argparse.Namespace) -> Client:
    from cardocr_nb._batch._image_keys import shared_folder
    from cardocr_nb._client import Client

    if given.bucket or given.endpoint or given.region:
        return Client.from_env(bucket=given.bucket, region=given.region, **endpoint(given))
    if given.keys:
        raise InvalidRequestError("--keys needs --bucket or --endpoint: without them the images are files")
    return Client.local(shared_folder(given.images))
