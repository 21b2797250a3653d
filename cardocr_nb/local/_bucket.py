"""A folder as bucket: a key is a path below the folder, and no key leads out of it."""

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

from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._limits import MAX_KEY_BYTES, UNFIT_FOR_XML

REGION = "local"
_APPID = "1250000000"
_CHUNK = 1 << 20
UPLOAD_PREFIX = ".upload-"
_MAX_NAME_BYTES = 255
_KEEP_PARTS_SECONDS = 7 * 86400.0  # since the last part; as long as a signature may be valid
_CLOCK_TICK = 2.0  # seconds; FAT keeps times to two seconds, the coarsest that is in use
_MAX_CACHED_ETAGS = 10_000


class DigestError(InvalidRequestError):
    """The body does not have the MD5 that the client sent with it."""


class Bucket:
    """A folder that serves as a bucket.

    Parameters
    ----------
    folder : str or Path
        Created if it is missing.
    name : str, optional
        Name of the bucket; default is the folder's name in the vendor's form ``<name>-<appid>``.
    address : str, optional
        Address of the service, to which object URLs are relative; default are ``file://`` URLs.

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
                f"a bucket is a folder, got the file {shown_path(folder)}; pass the folder that contains it"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        stem = re.sub(r"[^a-z0-9]+", "-", self.folder.name.lower()).strip("-") or "bucket"
        self.name = name or f"{stem}-{_APPID}"
        self.queue_id = "p" + uuid.uuid5(uuid.NAMESPACE_URL, self.name).hex
        self._address = address
        self._etags: dict[tuple[int, int, int, int], str] = {}

    def path(self, key: str) -> Path:
        """Return the file of a key, which need not exist.

        Raises
        ------
        InvalidRequestError
            The key leads out of the folder (``..``, an absolute path, a backslash, a control character, a link to
            another place), or it is longer than a key or a file name can be.

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
            raise InvalidRequestError(f"the key {shown_path(key)} leads out of the bucket; use a path below its folder")
        return path

    def has_object(self, key: str) -> bool:
        """Return whether the bucket contains an object of this key."""
        try:
            return self.path(key).is_file()
        except InvalidRequestError:
            return False

    def open_upload(self) -> IO[bytes]:
        """Open a file for an upload, which `put` moves into place; `remove_unfinished_uploads` removes those left over."""
        return tempfile.NamedTemporaryFile(dir=self.folder, prefix=UPLOAD_PREFIX, delete=False)

    def remove_unfinished_uploads(self) -> None:
        """Remove uploads that a killed process left behind, and uploads in parts after 7 days without a part.

        Call it only in the process that serves the bucket.
        """
        for upload in self.folder.glob(f"{UPLOAD_PREFIX}*"):
            if not upload.is_dir():
                upload.unlink(missing_ok=True)
            elif time.time() - upload.stat().st_mtime > _KEEP_PARTS_SECONDS:
                shutil.rmtree(upload, ignore_errors=True)

    def put(self, key: str, body: bytes | Path, md5: bytes | None = None) -> str:
        """Store an object completely or not at all, and return its ETag.

        Parameters
        ----------
        key : str
        body : bytes or Path
            A file of `open_upload` is moved, any other file is copied.
        md5 : bytes, optional
            MD5 of the body as the client computed it, 16 bytes.

        Raises
        ------
        DigestError
            The body has another MD5.
        InvalidRequestError
            The key collides with another object: one of them would be both a file and a folder.
        """
        path = self.path(key)
        if isinstance(body, Path) and path.exists() and path.samefile(body):
            return compute_etag(path)
        upload = self.import_upload(body)
        try:
            tag = compute_etag(upload)
            check_md5(tag, md5)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                upload.replace(path)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                raise InvalidRequestError(
                    f"the key {shown_path(key)} cannot be stored in a folder: one name would be both an object and a folder"
                ) from None
        except BaseException:  # Ctrl-C too: no half upload stays behind
            upload.unlink(missing_ok=True)
            raise
        return tag

    def import_upload(self, body: bytes | Path) -> Path:
        """Return a file of `open_upload` with this content: the file itself if it is one, else a copy."""
        return body if isinstance(body, Path) and self._is_upload(body) else self._copy(body)

    def _is_upload(self, body: Path) -> bool:
        return body.parent == self.folder and body.name.startswith(UPLOAD_PREFIX)

    def _copy(self, body: bytes | Path) -> Path:
        with self.open_upload() as upload:
            try:
                if isinstance(body, Path):
                    with body.open("rb") as source:
                        shutil.copyfileobj(source, upload, _CHUNK)
                else:
                    upload.write(body)
            except BaseException:  # Ctrl-C too: no half upload stays behind
                Path(upload.name).unlink(missing_ok=True)
                raise
        return Path(upload.name)

    def delete(self, key: str) -> None:
        """Remove an object; it need not exist."""
        path = self.path(key)
        if path.is_file() or path.is_symlink():
            path.unlink(missing_ok=True)

    def keys(self) -> list[str]:
        """Return the keys of all objects, sorted by their UTF-8 bytes; files that no key can name are left out."""
        keys = []
        for folder, _, files in os.walk(self.folder):
            below = Path(folder).relative_to(self.folder)
            for name in files:
                key = (below / name).as_posix()
                if self.has_object(key) if os.path.islink(os.path.join(folder, name)) else _is_key(key):  # noqa: PTH114, PTH118 - runs for every object
                    keys.append(key)
        return sorted(keys, key=str.encode)

    def url(self, key: str) -> str:
        """Return the address of an object."""
        path = self.path(key)
        return path.as_uri() if self._address is None else f"{self._address}/{self.name}/{quote(key)}"

    def etag(self, path: Path) -> str:
        """Return the ETag of a file; it is computed again only when the file has changed."""
        status = path.stat()
        version = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        tag = self._etags.get(version)
        if tag is None:
            tag = compute_etag(path)
            # A file that changes twice within one tick of the file system's clock keeps its time stamp.
            if time.time() - status.st_mtime > _CLOCK_TICK:
                if len(self._etags) >= _MAX_CACHED_ETAGS:
                    self._etags.clear()
                self._etags[version] = tag
        return tag


def _check(key: str) -> None:
    """Raise if no object can have this key, without a look at the folder."""
    parts = key.split("/")
    if not key or "\\" in key or UNFIT_FOR_XML.search(key) or any(p in ("", ".", "..") for p in parts):
        raise InvalidRequestError(f"the key {shown_path(key)} leads out of the bucket; use a path below its folder")
    if parts[0].startswith(UPLOAD_PREFIX):
        raise InvalidRequestError(
            f"the key {shown_path(key)} begins with {UPLOAD_PREFIX!r}, as unfinished uploads do; use another key"
        )
    if len(key.encode()) > MAX_KEY_BYTES or any(len(p.encode()) > _MAX_NAME_BYTES for p in parts):
        raise InvalidRequestError(
            f"a key must be at most {MAX_KEY_BYTES} bytes of UTF-8, and {_MAX_NAME_BYTES} between slashes, "
            f"got {len(key.encode())}"
        )


def check_md5(tag: str, md5: bytes | None) -> None:
    """Raise `DigestError` if a client sent an MD5 and the ETag is another."""
    if md5 is not None and tag != f'"{md5.hex()}"':
        raise DigestError("the body does not have the MD5 of Content-MD5; send it again")


def _is_key(name: str) -> bool:
    try:
        _check(name)
    except InvalidRequestError:
        return False
    return True


def compute_etag(path: Path) -> str:
    """Return the MD5 of a file in quotes, the ETag of an object that was uploaded in one piece."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return f'"{digest.hexdigest()}"'
