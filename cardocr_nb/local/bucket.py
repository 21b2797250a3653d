"""A folder as bucket: keys are paths below it, and no key ever leaves it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import uuid
from pathlib import Path

from cardocr_nb.errors import InvalidRequestError

REGION = "local"
_APPID = "1250000000"
_CHUNK = 1 << 20


class Bucket:
    """A folder that stands for a bucket.

    Parameters
    ----------
    folder : str or Path
        Made when it is missing.
    name : str, optional
        Default: made from the folder's name, in the form ``<name>-<appid>`` of the vendor.

    Raises
    ------
    InvalidRequestError
        `folder` is a file.

    Examples
    --------
    >>> Bucket("/tmp/Card photos").name
    'card-photos-1250000000'
    """

    def __init__(self, folder: str | Path, name: str | None = None) -> None:
        self.folder = Path(folder).resolve()
        if self.folder.exists() and not self.folder.is_dir():
            raise InvalidRequestError(
                f"a bucket is a folder, got the file {str(folder)!r}; pass the folder it stands in"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        made = re.sub(r"[^a-z0-9]+", "-", self.folder.name.lower()).strip("-") or "bucket"
        self.name = name or f"{made}-{_APPID}"
        self.queue_id = "p" + uuid.uuid5(uuid.NAMESPACE_URL, self.name).hex

    def path(self, key: str) -> Path:
        """Give the file of a key, whether or not it is there.

        Raises
        ------
        InvalidRequestError
            The key would leave the folder: ``..``, an absolute path, a backslash, a control character, or a link that
            leads out.

        Examples
        --------
        >>> Bucket("/tmp/cards").path("../secret.jpg")
        Traceback (most recent call last):
        cardocr_nb.errors.InvalidRequestError: the key '../secret.jpg' leads out of the bucket; use a path below its folder
        """
        parts = key.split("/")
        if not key or "\\" in key or any(ord(c) < 32 for c in key) or any(p in ("", ".", "..") for p in parts):
            raise InvalidRequestError(f"the key {key!r} leads out of the bucket; use a path below its folder")
        path = self.folder.joinpath(*parts)
        try:
            inside = path.resolve().is_relative_to(self.folder)
        except (OSError, ValueError, RuntimeError):
            inside = False
        if not inside or Path(parts[0]).is_absolute():
            raise InvalidRequestError(f"the key {key!r} leads out of the bucket; use a path below its folder")
        return path

    def put(self, key: str, body: bytes | Path) -> str:
        """Store an object whole or not at all; gives its ETag."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(body, Path) and path.exists() and path.samefile(body):
            return etag(path)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".upload-", delete=False) as part:
            try:
                if isinstance(body, Path):
                    with body.open("rb") as source:
                        shutil.copyfileobj(source, part, _CHUNK)
                else:
                    part.write(body)
                part.close()
                Path(part.name).replace(path)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
        return etag(path)

    def delete(self, key: str) -> None:
        """Remove an object; it may be gone already."""
        self.path(key).unlink(missing_ok=True)

    def keys(self) -> list[str]:
        """Names of all objects, sorted."""
        found = []
        for folder, _, files in os.walk(self.folder):
            below = Path(folder).relative_to(self.folder)
            found += [(below / name).as_posix() for name in files if not name.startswith(".upload-")]
        return sorted(found)

    def url(self, key: str) -> str:
        """Address of an object."""
        return self.path(key).as_uri()


def etag(path: Path) -> str:
    """MD5 of a file in quotes, as the object store gives it for an object put in one piece."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return f'"{digest.hexdigest()}"'
