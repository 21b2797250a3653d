"""``cardocr run``."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardocr_nb._batch._pace import Pace
from cardocr_nb._cli._console import echo, echo_message
from cardocr_nb._cli._parameters import OutputFile, Word, cloud_arguments, cloud_options, yes_option
from cardocr_nb._cli._table_files import WRITABLE, check_writable, write
from cardocr_nb.cards import CardType
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from cardocr_nb._client import Client

_PACE = Pace()
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("--card-type", required=True, type=Word([str(one) for one in CardType]))
@click.option(
    "-o", "--out", type=OutputFile(WRITABLE), metavar="FILE", help="Table to write: .parquet, .feather, .csv or .xlsx."
)
@click.option("--report", type=OutputFile((".html", ".md", ".json")), metavar="FILE", help="Also write a report.")
@click.option(
    "--prefix",
    default="",
    help="First part of the keys, such as id/. On this machine the folder of the photos must end with it.",
)
@click.option("--keys", is_flag=True, help="IMAGE is the key of an object in the bucket, not a file.")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
@click.option(
    "--ledger",
    type=_FILE,
    metavar="FILE",
    help="File that records the state of each image; the same command continues the run.",
)
@click.option("--estimate", is_flag=True, is_eager=True, help="Print calls, time and cost beforehand, and stop.")
@click.option("--price", type=float, metavar="X", help="Price of one call, to show the cost.")
@click.option("--max-calls", type=click.IntRange(0), metavar="N", help="Limit of submissions.")
@click.option(
    "--unknown",
    type=Word(["hold", "submit"]),
    help="What to do with an image if it cannot be found out whether the service accepted it.",
)
@click.option(
    "--listing-delay",
    type=float,
    metavar="S",
    help="Seconds after which an accepted job is sure to be listed.",
)
@click.option(
    "--stall-timeout",
    type=float,
    default=900.0,
    show_default=True,
    metavar="S",
    help="Seconds without progress after which the run stops.",
)
@click.option("--job-timeout", type=float, default=3600.0, show_default=True, metavar="S", help="Seconds for one job.")
@click.option(
    "--min-quality",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="Leave out photos whose probability to be read whole is below P.",
)
@click.option("--retry-failed", is_flag=True, help="Submit failed images again; they may be paid for again.")
@click.option("--resubmit-done", is_flag=True, help="Submit images again that were read; each is paid for again.")
@click.option("--complete", is_flag=True, help="Recognize on this machine the fields that have a place and no text.")
@click.option("--callback", metavar="URL", help="Address that `cardocr listen` prints.")
@click.option("--rate", type=float, default=_PACE.submissions, show_default=True, help="Submissions per second.")
@click.option("--query-rate", type=float, default=_PACE.queries, show_default=True, help="Queries per second.")
@click.option("--in-flight", type=int, default=_PACE.in_flight, show_default=True, help="Jobs at the same time.")
@click.option("--threads", type=int, default=_PACE.threads, show_default=True, help="Uploads at the same time.")
@cloud_options
@yes_option
def run(
    *, images: tuple[str, ...], card_type: str, out: Path | None, report: Path | None, estimate: bool, **given: Any
) -> int:
    """Read card photos: files, folders, or patterns with *.

    Uses the embedded engine on this machine. With --bucket or --endpoint it uses the cloud service, where each image is
    paid for. The vendor's console shows the limits of your account for --rate and --query-rate.
    """
    from cardocr_nb._pipeline import estimate as estimate_run
    from cardocr_nb._pipeline import run as run_images
    from cardocr_nb.quality import summary
    from cardocr_nb.report import report as write_report

    if out is None and not estimate:
        raise click.UsageError("Missing option '-o' / '--out': the table to write, such as cards.parquet")
    if not given["keys"]:
        check_images(images)
    cloud = cloud_arguments(*(given.pop(name) for name in ("bucket", "region", "endpoint")))
    pace = Pace(given.pop("rate"), given.pop("query_rate"), given.pop("in_flight"), given.pop("threads"))
    keys, quiet = given.pop("keys"), given.pop("quiet")
    if out is not None and not estimate:
        check_writable(out)
    with _client(images, keys, cloud, given["prefix"]) as client:
        options: dict[str, Any] = {"card_type": card_type, "client": client, "pace": pace, "upload": not keys, **given}
        if estimate or out is None:
            echo(estimate_run(list(images), progress=not quiet, **options))
            return 0
        cards = run_images(list(images), progress=not quiet, **options)
    write(cards, out)
    echo(summary(cards))
    if report is not None:
        echo_message(f"report: {write_report(cards, report)}")
    return int(bool((~cards["state"].isin(["Success", "LeftOut"])).any()))


def check_images(images: tuple[str, ...]) -> None:
    """Raise an error for the first path that does not exist, before anything is read or paid for."""
    for image in images:
        if not Path(image).exists() and not glob.has_magic(image):
            raise InvalidRequestError(
                f"{image!r} does not exist; pass image files, folders that hold some, or patterns"
            )


def _client(images: tuple[str, ...], keys: bool, cloud: dict[str, Any], prefix: str) -> Client:
    from cardocr_nb._batch._image_keys import shared_folder
    from cardocr_nb._client import Client

    if any(cloud.values()):
        return Client.from_env(**cloud)
    if keys:
        raise InvalidRequestError("--keys needs --bucket or --endpoint: without them each IMAGE is a file")
    return Client.local(shared_folder(images, prefix))
