"""The command ``cardocr`` and its exit codes."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

import click

from cardocr_nb._cli._console import echo, echo_message, prepare_console
from cardocr_nb._cli._demo_command import demo
from cardocr_nb._cli._doctor_command import doctor
from cardocr_nb._cli._flatten_command import flatten
from cardocr_nb._cli._listen_command import listen
from cardocr_nb._cli._option_names import in_options
from cardocr_nb._cli._quality_commands import check, compare, drift, evaluate, review_queue
from cardocr_nb._cli._reading_commands import complete, estimate_errors, photo_quality, second_opinion
from cardocr_nb._cli._redact_command import redact
from cardocr_nb._cli._report_command import report
from cardocr_nb._cli._run_command import run
from cardocr_nb._cli._serve_command import serve
from cardocr_nb._cli._shown_arguments import without_texts
from cardocr_nb._cli._specimen_command import specimen
from cardocr_nb._interrupt import end_guard
from cardocr_nb.errors import CardOCRError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT, as in a shell."""


class _InOrder(click.Group):
    """Lists the commands in the order in which people meet them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; click itself would print an empty line after Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            return _fail("interrupted", INTERRUPTED)
        except (CardOCRError, OSError) as e:
            if isinstance(e, BrokenPipeError):
                raise
            message = in_options(_reason(e), self.commands.get(ctx.invoked_subcommand or ""), tuple(self.commands))
            message = without_texts(message, ctx.obj or (), None, paths=True)
            return _fail(message, 2 if isinstance(e, InvalidRequestError) else 1)


@click.group(
    cls=_InOrder,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="cardocr_nb", message="%(prog)s %(version)s")
@click.pass_context
def cardocr(ctx: click.Context) -> None:
    """Run card photos through card OCR, and measure how accurate the texts are.

    Exit codes: 0 success, 1 an image or a file could not be processed, 2 wrong arguments, 3 a gate such as --min-exact is
    missed, 130 interrupted.
    """
    if ctx.invoked_subcommand is None:
        echo(ctx.get_help())


for _command in (
    demo, run, listen, photo_quality, complete, flatten, check, evaluate, compare, second_opinion, estimate_errors, drift,
    review_queue, report, redact, specimen, serve, doctor,
):  # fmt: skip
    cardocr.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0 success, 1 something could not be done, 2 the arguments are wrong, 3 a gate is missed, 130 interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    prepare_console()
    end_guard()
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            code = cardocr.main(given, prog_name="cardocr", standalone_mode=False, obj=given)
            sys.stdout.flush()
        except click.UsageError as e:
            if e.ctx is not None:
                echo(e.ctx.get_usage(), err=True)
            param = getattr(e, "param", None)
            is_path = param is not None and isinstance(param.type, click.Path)
            return _fail(without_texts(e.format_message(), given, param, paths=is_path, options=_options()), 2)
        except click.ClickException as e:
            return _fail(without_texts(e.format_message(), given, None, paths=True), 1)
        except (click.Abort, KeyboardInterrupt):
            return _fail("interrupted", INTERRUPTED)
        except BrokenPipeError:  # the reader, such as `head`, has ended
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
    return int(code or 0)


def _options() -> set[str]:
    return {option for command in cardocr.commands.values() for param in command.params for option in param.opts}


def _reason(e: Exception) -> str:
    """Return the message of an error; that of the system begins with the name of the file."""
    if isinstance(e, OSError) and e.strerror and e.filename is not None:
        return f"{os.fsdecode(e.filename)}: {e.strerror}"
    return str(e)


def _fail(message: str, code: int) -> int:
    echo_message(f"cardocr: {message}", err=True)
    return code


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    context = click.get_current_context(silent=True)
    command = None if context is None else context.command
    echo_message(f"cardocr: {in_options(str(message), command, tuple(cardocr.commands))}", err=True)
