"""Devices, pipes and sockets: they have no end or never answer, so no reader opens them."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb._text_safety import shown_path

if TYPE_CHECKING:
    import os


def is_special(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is something that is neither a regular file nor a folder; False if nothing is there.

    Examples
    --------
    >>> is_special("pyproject.toml"), is_special("."), is_special("nosuch")
    (False, False, False)
    """
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def refuse_special_file(path: str | os.PathLike[str]) -> None:
    """Raise unless a path is a regular file, a folder, or nothing.

    Raises
    ------
    FileNotFoundError
        It is a device, a pipe or a socket.
    """
    if is_special(path):
        raise FileNotFoundError(
            f"{shown_path(path)} is a device, a pipe or a socket; pass a regular file, and copy the content into one first"
        )
