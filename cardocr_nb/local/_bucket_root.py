"""A folder whose subfolders are buckets."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._bucket import Bucket

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Root(Mapping[str, Bucket]):
    """Buckets below one folder, by name; the folder is looked at anew each time.

    Parameters
    ----------
    folder : str or Path
        Made when it is missing. The folder ``.cardocr`` in it holds the service's own files.
    address : str, optional
        Where the service is called; objects then have addresses below it.

    Raises
    ------
    InvalidRequestError
        `folder` is a file.
    """

    def __init__(self, folder: str | Path, address: str | None = None) -> None:
        self.folder = Path(folder).resolve()
        if self.folder.exists() and not self.folder.is_dir():
            raise InvalidRequestError(f"the root of the buckets must be a folder, got the file {str(folder)!r}")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.address = address
        self._known: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    @property
    def jobs(self) -> Path:
        """The file of the job table."""
        return self._own() / "jobs.sqlite"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the root for this process; however it ends, the next one gets it.

        Raises
        ------
        InvalidRequestError
            Another process holds it.
        """
        held = sqlite3.connect(self._own() / "held.sqlite", timeout=0, isolation_level=None)
        try:
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            held.close()
            raise InvalidRequestError(
                f"another server is at work in {str(self.folder)!r}; stop it, or choose another root"
            ) from None
        try:
            yield
        finally:
            held.close()

    def _own(self) -> Path:
        own = self.folder / ".cardocr"
        own.mkdir(exist_ok=True)
        return own

    def __getitem__(self, name: str) -> Bucket:
        folder = self.folder / name
        if not _NAME.fullmatch(name) or folder.is_symlink() or not folder.is_dir():
            raise KeyError(name)
        with self._lock:
            if name not in self._known:
                self._known[name] = Bucket(folder, name, self.address)
            return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(p.name for p in self.folder.iterdir() if p.name in self))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        try:
            self[str(name)]
        except KeyError:
            return False
        return True

    def create(self, name: str) -> Bucket:
        """Make a bucket.

        Raises
        ------
        InvalidRequestError
            The name is none for a bucket.
        FileExistsError
            There is one of this name.
        """
        if not _NAME.fullmatch(name):
            raise InvalidRequestError("a bucket's name must be lower-case letters, digits and hyphens, at most 63")
        (self.folder / name).mkdir()
        return self[name]
