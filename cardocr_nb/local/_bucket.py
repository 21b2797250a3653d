"""A folder as bucket: keys are paths below it, and no key ever leaves it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
import uuid
from pathlib import Path
from typing import IO
from urllib.parse import quote

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._limits import MAX_KEY_BYTES, UNFIT_FOR_XML

REGION = "local"
_APPID = "1250000000"
_CHUNK = 1 << 20
_UPLOAD = ".upload-"
_MAX_NAME_BYTES = 255
_SETTLED = 2.0
_REMEMBERED = 10_000


class DigestError(InvalidRequestError):
    """What arrived is not what was sent."""


class Bucket:
    """A folder that stands for a bucket.

    Parameters
    ----------
    folder : str or Path
        Made when it is missing.
    name : str, optional
        Default: made from the folder's name, in the form ``<name>-<appid>`` of the vendor.
    address : str, optional
        Where objects are called; default is their place on this machine.

    Raises
    ------
    InvalidRequestError
        `folder` is a file.

    Examples
    --------
    >>> Bucket("/tmp/Card photos").name
    'card-photos-1250000000'
    """

    def __init__(self, folder: str | Path, name: str | None = None, address: str | None = None) -> None:
        self.folder = Path(folder).resolve()
        if self.folder.exists() and not self.folder.is_dir():
            raise InvalidRequestError(
                f"a bucket is a folder, got the file {str(folder)!r}; pass the folder it stands in"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        made = re.sub(r"[^a-z0-9]+", "-", self.folder.name.lower()).strip("-") or "bucket"
        self.name = name or f"{made}-{_APPID}"
        self.queue_id = "p" + uuid.uuid5(uuid.NAMESPACE_URL, self.name).hex
        self._address = address
        self._digests: dict[tuple[int, int, int, int], str] = {}

    def path(self, key: str) -> Path:
        """Give the file of a key, whether or not it is there.

        Raises
        ------
        InvalidRequestError
            The key would leave the folder: ``..``, an absolute path, a backslash, a control character, or a link that
            leads out. Or it is longer than a key or a file name can be.

        Examples
        --------
        >>> Bucket("/tmp/cards").path("../secret.jpg")
        Traceback (most recent call last):
        cardocr_nb.errors.InvalidRequestError: the key '../secret.jpg' leads out of the bucket; use a path below its folder
        """
        _check(key)
        parts = key.split("/")
        path = self.folder.joinpath(*parts)
        try:
            inside = path.resolve().is_relative_to(self.folder)
        except (OSError, ValueError, RuntimeError):
            inside = False
        if not inside or Path(parts[0]).is_absolute():
            raise InvalidRequestError(f"the key {key!r} leads out of the bucket; use a path below its folder")
        return path

    def has(self, key: str) -> bool:
        """Whether there is such an object."""
        try:
            return self.path(key).is_file()
        except InvalidRequestError:
            return False

    def part(self) -> IO[bytes]:
        """Open a file for an upload; `put` takes it over, and `clean` removes what was left behind."""
        return tempfile.NamedTemporaryFile(dir=self.folder, prefix=_UPLOAD, delete=False)

    def clean(self) -> None:
        """Remove uploads that were never finished; only for the one process that serves the bucket."""
        for part in self.folder.glob(f"{_UPLOAD}*"):
            part.unlink(missing_ok=True)

    def put(self, key: str, body: bytes | Path, md5: bytes | None = None) -> str:
        """Store an object whole or not at all; gives its ETag.

        Parameters
        ----------
        key : str
        body : bytes or Path
            A file of `part` is moved, another is copied.
        md5 : bytes, optional
            What the body must have.

        Raises
        ------
        DigestError
            It has another.
        InvalidRequestError
            The key cannot be an object beside those that are there: a folder has its name, or it would lie in a file.
        """
        path = self.path(key)
        if isinstance(body, Path) and path.exists() and path.samefile(body):
            return etag(path)
        part = body if isinstance(body, Path) and self._is_part(body) else self._copied(body)
        try:
            found = etag(part)
            _compare(found, md5)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                part.replace(path)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                raise InvalidRequestError(
                    f"the key {key!r} cannot be stored in a folder: one name would be both an object and a folder"
                ) from None
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return found

    def _is_part(self, body: Path) -> bool:
        return body.parent == self.folder and body.name.startswith(_UPLOAD)

    def _copied(self, body: bytes | Path) -> Path:
        with self.part() as part:
            try:
                if isinstance(body, Path):
                    with body.open("rb") as source:
                        shutil.copyfileobj(source, part, _CHUNK)
                else:
                    part.write(body)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
        return Path(part.name)

    def delete(self, key: str) -> None:
        """Remove an object; it may be gone already."""
        path = self.path(key)
        if path.is_file() or path.is_symlink():
            path.unlink(missing_ok=True)

    def keys(self) -> list[str]:
        """Names of all objects, in the order of their UTF-8 bytes; a file that no key can name is none."""
        found = []
        for folder, _, files in os.walk(self.folder):
            below = Path(folder).relative_to(self.folder)
            for name in files:
                key = (below / name).as_posix()
                if self.has(key) if os.path.islink(os.path.join(folder, name)) else _is_key(key):  # noqa: PTH114, PTH118 - of every object
                    found.append(key)
        return sorted(found, key=str.encode)

    def url(self, key: str) -> str:
        """Address of an object."""
        path = self.path(key)
        return path.as_uri() if self._address is None else f"{self._address}/{self.name}/{quote(key)}"

    def digest(self, path: Path) -> str:
        """Give the ETag of a file, remembered for as long as the file stays as it is."""
        seen = path.stat()
        mark = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns)
        known = self._digests.get(mark)
        if known is None:
            known = etag(path)
            # Within its clock's tick a file may change without showing it.
            if time.time() - seen.st_mtime > _SETTLED:
                if len(self._digests) >= _REMEMBERED:
                    self._digests.clear()
                self._digests[mark] = known
        return known


def _check(key: str) -> None:
    """Refuse what no key can be, whatever is in the folder."""
    parts = key.split("/")
    if not key or "\\" in key or UNFIT_FOR_XML.search(key) or any(p in ("", ".", "..") for p in parts):
        raise InvalidRequestError(f"the key {key!r} leads out of the bucket; use a path below its folder")
    if parts[0].startswith(_UPLOAD):
        raise InvalidRequestError(f"the key {key!r} begins like the name of an unfinished upload; use another")
    if len(key.encode()) > MAX_KEY_BYTES or any(len(p.encode()) > _MAX_NAME_BYTES for p in parts):
        raise InvalidRequestError(
            f"a key must be at most {MAX_KEY_BYTES} bytes of UTF-8, and {_MAX_NAME_BYTES} between slashes, "
            f"got {len(key.encode())}"
        )


def _compare(found: str, md5: bytes | None) -> None:
    if md5 is not None and found != f'"{md5.hex()}"':
        raise DigestError("the body does not have the MD5 that Content-MD5 tells; send it again")


def _is_key(name: str) -> bool:
    try:
        _check(name)
    except InvalidRequestError:
        return False
    return True


def etag(path: Path) -> str:
    """MD5 of a file in quotes, as the object store gives it for an object put in one piece."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return f'"{digest.hexdigest()}"'
