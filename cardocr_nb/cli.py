"""The command ``cardocr``: the main ways of use without a notebook."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb.cards import CardType
from cardocr_nb.errors import CardOCRError, InvalidRequestError
from cardocr_nb.local.http.serve import add_arguments, serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cardocr_nb.client import Client


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0 all is well, 1 something could not be done, 2 the arguments are wrong.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _say_warning
        try:
            code: int = given.command(given)
        except (CardOCRError, OSError) as e:
            print(f"cardocr: {e}", file=sys.stderr)
            return 2 if isinstance(e, InvalidRequestError) else 1
        return code


def _say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"cardocr: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cardocr", description="Run card photos through card OCR and see how far to trust what comes back."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser(
        "run",
        help="read card photos",
        description="Read card photos with the embedded engine, on this machine; "
        "with --bucket or --endpoint through the cloud service, where each image is paid for.",
    )
    run.add_argument("images", nargs="+", metavar="IMAGE", help="image files, folders, or patterns")
    run.add_argument("--card-type", required=True, choices=[str(c) for c in CardType])
    run.add_argument("--out", required=True, type=_table, metavar="FILE", help="cards.parquet, .feather or .csv")
    run.add_argument("--report", type=Path, metavar="FILE", help="also write a report: .html, .md or .json")
    run.add_argument("--prefix", default="", help="put in front of the keys of uploaded files")
    run.add_argument("--quiet", action="store_true", help="no progress bar")
    _cloud_arguments(run)
    run.set_defaults(command=_run)

    flatten = commands.add_parser("flatten", help="make a table of saved responses (XML or JSON)")
    flatten.add_argument("responses", nargs="+", metavar="RESPONSE", help="files, folders, or patterns")
    flatten.add_argument("--out", required=True, type=_table, metavar="FILE", help="cards.parquet, .feather or .csv")
    flatten.add_argument("--keep-unreadable", action="store_true", help="a row for each file that cannot be read")
    flatten.set_defaults(command=_flatten)

    report = commands.add_parser("report", help="write a report of a table, texts masked")
    report.add_argument("cards", type=Path, metavar="CARDS", help="cards.parquet of `cardocr run`")
    report.add_argument("-o", "--out", required=True, type=Path, metavar="FILE", help=".html, .md or .json")
    report.add_argument("--truth", type=Path, metavar="CSV", help="true texts, columns key, field, text")
    report.set_defaults(command=_report)

    specimen = commands.add_parser("specimen", help="draw made-up cards with their truth, to test a service with")
    specimen.add_argument("--out", required=True, type=Path, metavar="DIR")
    specimen.add_argument("--n", type=int, default=10, help="how many (default 10)")
    specimen.add_argument("--type", required=True, choices=[str(c) for c in CardType])
    specimen.add_argument("--seed", type=int, default=0)
    specimen.add_argument("--degrade", action="append", default=[], metavar="NAME=STRENGTH", help="such as phone=0.5")
    specimen.set_defaults(command=_specimen)

    server = commands.add_parser("serve", help="serve the embedded service over HTTP, for any client of the cloud's")
    add_arguments(server)
    server.set_defaults(command=serve)

    doctor = commands.add_parser("doctor", help="see whether the cloud service is ready; costs nothing")
    _cloud_arguments(doctor)
    doctor.set_defaults(command=_doctor)
    return parser


def _cloud_arguments(parser: argparse.ArgumentParser) -> None:
    cloud = parser.add_argument_group("cloud", "credentials come from the environment: see the README")
    cloud.add_argument("--bucket", help="<name>-<appid>; default COS_BUCKET")
    cloud.add_argument("--region", help="such as ap-chongqing; default COS_REGION")
    cloud.add_argument("--endpoint", metavar="URL", help="another address than the vendor's")


def _table(text: str) -> Path:
    path = Path(text)
    if path.suffix not in (".parquet", ".feather", ".csv"):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .parquet, .feather or .csv")
    return path


def _run(given: argparse.Namespace) -> int:
    from cardocr_nb.pipeline import run
    from cardocr_nb.quality import summary
    from cardocr_nb.report import report

    with _client(given) as client:
        cards = run(
            given.images, card_type=given.card_type, client=client, prefix=given.prefix, progress=not given.quiet
        )
    _write(cards, given.out)
    print(summary(cards))
    if given.report is not None:
        print(f"report: {report(cards, given.report)}")
    return int(bool((cards["state"] != "Success").any()))


def _client(given: argparse.Namespace) -> Client:
    from cardocr_nb.batch.plan import shared_folder
    from cardocr_nb.client import Client

    if given.bucket or given.endpoint or given.region:
        return Client.from_env(bucket=given.bucket, region=given.region, **_endpoint(given))
    return Client.local(shared_folder(given.images))


def _endpoint(given: argparse.Namespace) -> dict[str, str]:
    return {"endpoint": given.endpoint} if given.endpoint else {}


def _flatten(given: argparse.Namespace) -> int:
    from cardocr_nb.frame import read_responses
    from cardocr_nb.quality import summary

    cards = read_responses(*given.responses, errors="row" if given.keep_unreadable else "raise")
    _write(cards, given.out)
    print(summary(cards))
    return 0


def _report(given: argparse.Namespace) -> int:
    import pandas as pd

    from cardocr_nb.report import report

    cards = pd.read_feather(given.cards) if given.cards.suffix == ".feather" else pd.read_parquet(given.cards)
    print(report(cards, given.out, truth=given.truth))
    return 0


def _write(cards: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        cards.to_csv(path, index=False)
    elif path.suffix == ".feather":
        cards.to_feather(path)
    else:
        cards.to_parquet(path)


def _specimen(given: argparse.Namespace) -> int:
    from cardocr_nb.specimen import read_conditions, write

    paths = write(given.out, given.n, given.type, seed=given.seed, conditions=read_conditions(given.degrade))
    print(f"{len(paths)} specimens and their truth.csv in {given.out}")
    return 0


def _doctor(given: argparse.Namespace) -> int:
    from cardocr_nb.cloud import CloudTransport
    from cardocr_nb.cloud.doctor import doctor, ready, render

    with CloudTransport.from_env(bucket=given.bucket, region=given.region, **_endpoint(given)) as transport:
        findings = doctor(transport)
    print(render(findings))
    return 0 if ready(findings) else 1


if __name__ == "__main__":
    sys.exit(main())
