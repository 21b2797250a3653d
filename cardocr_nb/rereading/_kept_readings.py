"""Readings of the embedded engine that a later call finds again."""

from __future__ import annotations

import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from cardocr_nb._special_files import refuse_special_file

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

_HEADER = {"format": "cardocr readings", "version": 1}


class KeptReadings:
    """Readings by fingerprint of their picture, in memory and, with a path, in a file of JSON lines.

    Each reading is appended as soon as it exists, so that a process that is killed loses the last one at most. The file
    contains texts of cards; its mode is 0600.

    Parameters
    ----------
    path : path, optional
        The file; without one nothing is kept.

    Raises
    ------
    ValueError
        The file contains something else.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with KeptReadings(f"{folder}/kept.jsonl") as kept:
    ...         kept.add("a", [["姓名", 90]])
    ...     with KeptReadings(f"{folder}/kept.jsonl") as kept:
    ...         kept.get("a"), kept.get("b")
    ([['姓名', 90]], None)
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._known: dict[str, Any] = {}
        self._file: int | None = None
        if path is None:
            return
        refuse_special_file(path)
        written = Path(path).read_bytes() if Path(path).exists() else b""
        lines = written.split(b"\n")
        if written and _parsed(lines[0]) != _HEADER:
            raise ValueError("the file for results contains something else than readings; name another file")
        for line in lines[1:]:
            entry = _parsed(line)  # the last line of a killed process may be a part
            if isinstance(entry, dict) and "card" in entry and "reading" in entry:
                self._known[entry["card"]] = entry["reading"]
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        if not written:
            self._write(_HEADER)
        elif not written.endswith(b"\n"):
            os.write(self._file, b"\n")

    def get(self, fingerprint: str) -> Any:
        """Return the reading of a picture, or None."""
        return self._known.get(fingerprint)

    def add(self, fingerprint: str, reading: object) -> None:
        """Keep a reading; it must be made of what JSON has."""
        self._known[fingerprint] = reading
        self._write({"card": fingerprint, "reading": reading})

    def _write(self, entry: object) -> None:
        if self._file is not None:
            os.write(self._file, json.dumps(entry, ensure_ascii=False).encode() + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def fingerprint(pixels: NDArray[Any], *question: object) -> str:
    """Digest of a picture and of what was asked; it changes with the version of this package.

    Examples
    --------
    >>> import numpy as np
    >>> picture = np.zeros((2, 3, 3), np.uint8)
    >>> fingerprint(picture, "IDCard") == fingerprint(picture, "DriverLicense")
    False
    """
    digest = hashlib.sha256(repr((version("cardocr_nb"), pixels.shape, question)).encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
