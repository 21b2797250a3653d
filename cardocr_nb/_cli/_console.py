"""What a command prints: any console can show it, and no text can control the terminal."""

from __future__ import annotations

import sys

from cardocr_nb._text_safety import terminal_text


def prepare_console() -> None:
    """Let consoles in cp1252, GBK or ASCII show an escape for each character that they lack, instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors != "backslashreplace":
            stream.reconfigure(errors="backslashreplace")


def clean(text: str) -> str:
    r"""Return a text with control characters written as escapes.

    Examples
    --------
    >>> clean("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return terminal_text(text)


def echo(message: object, *, err: bool = False) -> None:
    """Print a line, cleaned."""
    print(clean(str(message)), file=sys.stderr if err else sys.stdout)


def echo_message(message: object, *, err: bool = False) -> None:
    """Print a message whose further lines begin with a bar: a line break in a name must not forge a line that CI systems obey."""
    first, *more = str(message).splitlines() or [""]
    echo("\n".join([first, *(f"  | {line.strip()}" for line in more)]), err=err)
