"""Parameters that several commands share."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cardocr_nb._cli._table_files import WRITABLE
from cardocr_nb._text_safety import shown_choice, shown_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    F = TypeVar("F", bound=Callable[..., Any])

EXISTING = click.Path(exists=True, path_type=Path)
EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
RATE = click.FloatRange(0, 1)
_YES = "cardocr_nb.yes"


class OutputFile(click.Path):
    """A file to write. A missing folder is created after a question, or without one if ``--yes`` is given.

    Parameters
    ----------
    suffixes : sequence of str
        Endings that are allowed; empty for any.
    """

    name = "file"

    def __init__(self, suffixes: Sequence[str] = ()) -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self.suffixes = tuple(suffixes)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, checked."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if self.suffixes and path.suffix.lower() not in self.suffixes:
            self.fail(f"{shown_path(path)} must end in {' or '.join(self.suffixes)}", param, ctx)
        writes = not (ctx and (ctx.resilient_parsing or ctx.params.get("estimate")))
        if writes and not path.parent.is_dir():
            self._create(path.parent, param, ctx)
        return path

    def _create(self, folder: Path, param: click.Parameter | None, ctx: click.Context | None) -> None:
        question = f"The folder {shown_path(folder)} does not exist. Create it?"
        try:
            wanted = bool(ctx and ctx.meta.get(_YES)) or click.confirm(question, err=True)
        except (click.Abort, OSError):  # no answer can be read, or Ctrl-C
            wanted = False
        if not wanted:
            self.fail(f"the folder {shown_path(folder)} does not exist; create it, or add --yes", param, ctx)
        folder.mkdir(parents=True)


class Word(click.Choice[str]):
    """One of some words; the error about another one names the nearest."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return the message, which click and `_shown_arguments` make from the words alone."""
        message = super().get_invalid_choice_message(value, ctx)
        near = shown_choice(value, self.choices).partition("; ")[2]
        return f"{message} {near[:1].upper()}{near[1:]}".rstrip()


def yes_option(command: F) -> F:
    """Add ``--yes``; it is read before the files that it is for."""
    return click.option(
        "-y", "--yes", is_flag=True, is_eager=True, expose_value=False, callback=_remember,
        help="Create missing folders without asking.",
    )(command)  # fmt: skip


def _remember(ctx: click.Context, param: click.Parameter, value: bool) -> bool:  # noqa: ARG001 - click's signature
    ctx.meta[_YES] = value
    return value


def cards_argument(command: F) -> F:
    """Add the argument ``CARDS``: a table that `cardocr run` or `cardocr flatten` wrote, or the ledger of a run."""
    return click.argument("cards", metavar="CARDS", type=EXISTING)(command)


def table_option(command: F) -> F:
    """Add ``--out``, a table to write."""
    return click.option(
        "-o", "--out", type=OutputFile(WRITABLE), metavar="FILE", required=True, help=f"Table: {', '.join(WRITABLE)}."
    )(command)


def groups_option(command: F) -> F:
    """Add ``--groups``."""
    return click.option(
        "--groups", metavar="COLUMN",
        help="Cards that may be incorrect together, such as created (by day) or folder (of the key), count as one unit.",
    )(command)  # fmt: skip


def cloud_options(command: F) -> F:
    """Add ``--bucket``, ``--region`` and ``--endpoint``."""
    for option in (
        click.option("--endpoint", metavar="URL", help="Address of the service, if it is not the vendor's."),
        click.option("--region", help="Region such as ap-chongqing. Default: COS_REGION."),
        click.option("--bucket", help="Bucket as <name>-<appid>. Default: COS_BUCKET."),
    ):
        command = option(command)
    return command


def cloud_arguments(bucket: str | None, region: str | None, endpoint: str | None) -> dict[str, Any]:
    """Return the keyword arguments of `Client.from_env`."""
    return {"bucket": bucket, "region": region} | ({"endpoint": endpoint} if endpoint else {})


@contextmanager
def naming_address(host: str, port: int) -> Iterator[None]:
    """Name the address in the error of the system when it refuses to listen there; its own message has none."""
    try:
        yield
    except (TypeError, UnicodeError) as e:  # socket.bind of a name with NUL, or with a label that is too long
        if not isinstance(e, UnicodeError) and "host" not in str(e):
            raise
        raise click.ClickException(f"{host} is not the name of a host; give an address of this machine") from None
    except OSError as e:
        if e.filename is not None or not e.strerror:
            raise
        raise click.ClickException(
            f"cannot listen at {host} port {port}: {e.strerror}; give an address of this machine (--host 127.0.0.1) and a "
            "free port (--port 0 finds one)"
        ) from None
