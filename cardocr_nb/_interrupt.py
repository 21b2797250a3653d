"""Ctrl-C while the command ``cardocr`` imports the package: one line instead of a traceback."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn


def _stop(*_: object) -> NoReturn:
    sys.stderr.write("cardocr: interrupted\n")
    sys.stderr.flush()
    os._exit(130)  # an exception would be a traceback through half-imported modules


def guard_import() -> None:
    """End the process at Ctrl-C, if it is the command: ``cardocr``, or ``python -m cardocr_nb``."""
    program = Path(sys.argv[0] if sys.argv else "").name.removesuffix(".exe").removesuffix("-script.py")
    module = (
        "-m" in sys.orig_argv
        and sys.argv[:1] == ["-m"]
        and any(one.split(".")[0] == "cardocr_nb" for one in sys.orig_argv[1:])
    )
    if (program == "cardocr" or module) and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)


def end_guard() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.default_int_handler)
