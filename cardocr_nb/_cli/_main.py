"""The command and its sub-commands."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import TYPE_CHECKING, Any

from cardocr_nb._cli import _doctor_command as doctor
from cardocr_nb._cli import _flatten_command as flatten
from cardocr_nb._cli import _listen_command as listen
from cardocr_nb._cli import _redact_command as redact
from cardocr_nb._cli import _report_command as report
from cardocr_nb._cli import _run_command as run
from cardocr_nb._cli import _specimen_command as specimen
from cardocr_nb.errors import CardOCRError, InvalidRequestError
from cardocr_nb.local.http._server import add_arguments, serve

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    given = _parser().parse_args(arguments)
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
    run.add(commands)
    listen.add(commands)
    flatten.add(commands)
    report.add(commands)
    redact.add(commands)
    specimen.add(commands)
    server = commands.add_parser("serve", help="serve the embedded service over HTTP, for any client of the cloud's")
    add_arguments(server)
    server.set_defaults(command=serve)
    doctor.add(commands)
    return parser
