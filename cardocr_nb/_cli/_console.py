"""What a command prints: any console can show it, and no text can control the terminal."""

from __future__ import annotations

import re
import sys

# C0 and C1 controls but tab and newline, and marks that reverse the order of characters on the screen.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


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
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def echo(message: object, *, err: bool = False) -> None:
    """Print a line, cleaned."""
    print(clean(str(message)), file=sys.stderr if err else sys.stdout)
