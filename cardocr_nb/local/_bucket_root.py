"""A folder whose subfolders are buckets."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._bucket import Bucket

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class BucketRoot(Mapping[str, Bucket]):
    """Buckets below one folder, by name. Every call reads the folder again, so new folders are found.

    Parameters
    ----------
    folder : str or Path
        Created if it is missing. Its folder ``.cardocr`` holds the service's own files.
    address : str, optional
        Address of the service, to which object URLs are relative.

    Raises
    ------
    InvalidRequestError
        `folder` is a file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     root = BucketRoot(folder)
    ...     root.create("cards-1250000000").name, list(root)
    ('cards-1250000000', ['cards-1250000000'])
    """

    def __init__(self, folder: str | Path, address: str | None = None) -> None:
        self.folder = Path(folder).resolve()
        if self.folder.exists() and not self.folder.is_dir():
            raise InvalidRequestError(f"the root of the buckets must be a folder, got the file {shown_path(folder)}")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.address = address
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    @property
    def jobs(self) -> Path:
        """Path of the job table."""
        return self._own_folder() / "jobs.sqlite"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the root for this process. The lock ends with the process, even when it is killed.

        Raises
        ------
        InvalidRequestError
            Another process has locked it.
        """
        file = self._own_folder() / "held.sqlite"
        file.touch(mode=0o600)
        file.chmod(0o600)
        lock = sqlite3.connect(file, timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            lock.close()
            raise InvalidRequestError(
                f"another server is running in {shown_path(self.folder)}; stop it, or choose another root"
            ) from None
        try:
            yield
        finally:
            lock.close()

    def _own_folder(self) -> Path:
        folder = self.folder / ".cardocr"
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)  # one made by an earlier version is open to all
        return folder

    def __getitem__(self, name: str) -> Bucket:
        folder = self.folder / name
        if not _NAME.fullmatch(name) or folder.is_symlink() or not folder.is_dir():
            raise KeyError(name)
        with self._lock:
            if name not in self._buckets:
                self._buckets[name] = Bucket(folder, name, self.address)
            return self._buckets[name]

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
        """Create a bucket.

        Raises
        ------
        InvalidRequestError
            A bucket cannot have this name.
        FileExistsError
            A bucket of this name exists.
        """
        if not _NAME.fullmatch(name):
            raise InvalidRequestError("a bucket's name must be lower-case letters, digits and hyphens, at most 63")
        (self.folder / name).mkdir()
        return self[name]
