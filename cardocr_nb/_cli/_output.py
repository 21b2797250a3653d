"""Tables on the console, and gates: limits that end a command with exit code 3."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from xml.etree import ElementTree as ET

import click

from cardocr_nb._cli._console import clean, echo, echo_message
from cardocr_nb._cli._parameters import OutputFile, Word, yes_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import pandas as pd

    F = TypeVar("F", bound=Callable[..., Any])

Format = Literal["table", "csv", "json"]
GATE_MISSED = 3
"""Exit code of a command whose result misses a limit that the user set."""


def output_options(command: F) -> F:
    """Add ``--format`` and ``--out``."""
    for option in (
        yes_option,
        click.option("-o", "--out", type=OutputFile(), metavar="FILE", help="Write to a file, in UTF-8."),
        click.option("--format", "form", type=Word(["table", "csv", "json"]), default="table", show_default=True),
    ):  # fmt: skip
        command = option(command)
    return command


def junit_option(command: F) -> F:
    """Add ``--junit``."""
    return click.option(
        "--junit", type=OutputFile((".xml",)), metavar="FILE", help="Also write JUnit XML, for the test page of a CI."
    )(command)


def unread_option(command: F) -> F:
    """Add ``--ignore-unread``."""
    return click.option(
        "--ignore-unread", is_flag=True, help="Hold limits for the cards that were read, even if others were not."
    )(command)


def show(table: pd.DataFrame, form: Format, out: Path | None) -> None:
    """Print a table or write it to a file."""
    if out is not None:
        text = _rendered(table, form, ascii_only=False)
        out.write_text((clean(text) if form == "table" else text) + "\n", encoding="utf-8")
        return
    ascii_only = "utf" not in (sys.stdout.encoding or "").lower()  # escapes of JSON, not of the console
    echo(_rendered(table, form, ascii_only=ascii_only))


def _rendered(table: pd.DataFrame, form: Format, *, ascii_only: bool) -> str:
    if form == "json":
        return table.to_json(orient="records", indent=2, force_ascii=ascii_only, date_format="iso")
    if form == "csv":
        from cardocr_nb.frame._protected_cells import protected

        return protected(table).to_csv(index=False, lineterminator="\n").rstrip("\n")
    if table.empty:
        return "no rows"
    from cardocr_nb.privacy._service_texts import with_shown_fields

    return with_shown_fields(table).to_string(index=False, na_rep="", float_format="{:.4g}".format)


def gate(misses: Iterable[str]) -> int:
    """Print each limit that is missed, and return the exit code."""
    code = 0
    for miss in misses:
        echo_message(f"cardocr: gate missed: {miss}", err=True)
        code = GATE_MISSED
    return code


def write_junit(path: Path, suite: str, cases: Iterable[tuple[str, str, str | None]]) -> None:
    """Write test cases as JUnit XML.

    Parameters
    ----------
    path : Path
    suite : str
        Name of the test suite.
    cases : iterable of (str, str, str or None)
        Class, name, and the message of a failure.
    """
    root = ET.Element("testsuites")
    node = ET.SubElement(root, "testsuite", name=suite)
    count = failures = 0
    for classname, name, message in cases:
        case = ET.SubElement(node, "testcase", classname=clean(classname), name=clean(name))
        count += 1
        if message is not None:
            failures += 1
            ET.SubElement(case, "failure", message=clean(message))
    for element in (root, node):
        element.set("tests", str(count))
        element.set("failures", str(failures))
        element.set("errors", "0")
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
