"""Objects of the bucket; uploads and downloads are checked against their MD5."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb._atomic import atomic_path
from cardocr_nb._client._calls import send
from cardocr_nb._keywords import needs_arguments
from cardocr_nb._text_safety import shown_path
from cardocr_nb._transport import Request
from cardocr_nb.errors import DecodeError, ImageError, KeyTakenError, NotFoundError, PermissionDeniedError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardocr_nb._transport import Response, Transport

_PIECE = 8 * 2**20
_MD5 = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What the bucket says of an object.

    Attributes
    ----------
    key : str
    size : int
        Bytes.
    etag : str
        MD5 of the content for an object put in one piece.
    content_type : str or None
    """

    key: str
    size: int
    etag: str
    content_type: str | None = None


@needs_arguments
class Objects:
    """The calls about objects, for any transport; part of `cardocr_nb._client.Client`.

    Parameters
    ----------
    transport : Transport
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def upload(self, image: str | Path, key: str | None = None, *, overwrite: bool = False) -> str:
        """Upload an image into the bucket; an identical object that exists already is kept.

        Parameters
        ----------
        image : str or Path
            File to send, streamed.
        key : str, optional
            Name in the bucket; default the file's name.
        overwrite : bool, default False
            Replace an object with other content. By default it is an error, because jobs that wait would read the new
            content.

        Returns
        -------
        str
            The key.

        Raises
        ------
        ImageError
            The file does not exist.
        KeyTakenError
            An object with other content has the key; it was left as it is.
        DecodeError
            The object arrived changed.
        TransportError, ServiceError

        Examples
        --------
        >>> import cardocr_nb as ocr
        >>> with ocr.Client.local("data/cards") as client:  # doctest: +SKIP
        ...     client.upload("photo.jpg", "june/photo.jpg")
        'june/photo.jpg'
        """
        path = Path(image)
        if not path.is_file():
            raise ImageError("NoSuchFile", f"no file {shown_path(path)}; check the path and the folder it starts from")
        key = path.name if key is None else key
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        there = self._find(key)
        if there is not None and self._same_content(there, path, digest):
            return key
        headers = {"Content-Type": mimetypes.guess_type(path.name)[0] or "application/octet-stream"}
        if not overwrite:
            if there is not None:
                raise _taken(key)
            headers["x-cos-forbid-overwrite"] = "true"  # another program may store an object after the HEAD
        try:
            response = send(self.transport, Request("PUT", f"/{key}", host="cos", headers=headers, body=path))
        except ServiceError as e:
            if overwrite or e.status != 409:
                raise
            there = self._find(key)
            if there is None:
                raise
            if self._same_content(there, path, digest):
                return key
            raise _taken(key) from None
        stored = _etag(response)
        if stored and stored != digest:
            raise DecodeError(
                f"the object {shown_path(key)} arrived changed: sent MD5 {digest}, stored {stored}; upload it again"
            )
        return key

    def _find(self, key: str) -> ObjectInfo | None:
        """Return an object, or None if it does not exist or these credentials may not see it."""
        try:
            return self.head(key)
        except NotFoundError:
            return None
        except PermissionDeniedError as e:
            if e.own_body:
                raise
        # The answer to HEAD has no body, so its 403 does not say whether the clock, the credentials or a permission is
        # wrong. The answer to GET does.
        try:
            send(self.transport, Request("GET", f"/{key}", host="cos", headers={"Range": "bytes=0-0"}))
        except (NotFoundError, PermissionDeniedError):
            return None  # x-cos-forbid-overwrite still protects an object that cannot be seen
        return self.head(key)

    def _same_content(self, info: ObjectInfo, path: Path, digest: str) -> bool:
        """Whether an object has the content of a file, whose MD5 is `digest`."""
        if info.etag == digest:
            return True
        if _MD5.fullmatch(info.etag) or info.size != path.stat().st_size:
            return False
        stored = hashlib.md5(usedforsecurity=False)  # the ETag of an object stored in parts is not its MD5
        for piece in self._pieces(info):
            stored.update(piece)
        return stored.hexdigest() == digest

    def head(self, key: str) -> ObjectInfo:
        """Ask for an object's size, ETag and content type.

        Raises
        ------
        NotFoundError
            The object does not exist.
        """
        response = send(self.transport, Request("HEAD", f"/{key}", host="cos"))
        size = response.headers.get("content-length", "")
        if not (size.isascii() and size.isdecimal()):
            raise DecodeError(f"the answer about the object {shown_path(key)} has no Content-Length; ask again")
        return ObjectInfo(key, int(size), _etag(response), response.headers.get("content-type"))

    def download(self, key: str, path: str | Path) -> Path:
        """Fetch an object into a file, 8 MiB at a time: the file is there whole or not at all.

        Parameters
        ----------
        key : str
        path : str or Path
            File to write, or a folder to write the object's last name into.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        NotFoundError
            The object does not exist.
        DecodeError
            What came is not what the bucket holds, or the object changed meanwhile.
        """
        target = Path(path) / key.rpartition("/")[2] if Path(path).is_dir() else Path(path)
        info = self.head(key)
        digest = hashlib.md5(usedforsecurity=False)
        with atomic_path(target) as part, part.open("wb") as file:
            for piece in self._pieces(info):
                digest.update(piece)
                file.write(piece)
            if _MD5.fullmatch(info.etag) and digest.hexdigest() != info.etag:
                raise DecodeError(
                    f"the object {shown_path(key)} arrived changed: its MD5 is not its ETag; download it again"
                )
        return target

    def _pieces(self, info: ObjectInfo) -> Iterator[bytes]:
        """Yield the content of an object, 8 MiB at a time."""
        for start in range(0, info.size, _PIECE):
            end = min(start + _PIECE, info.size) - 1
            headers = {"Range": f"bytes={start}-{end}"}
            response = send(self.transport, Request("GET", f"/{info.key}", host="cos", headers=headers))
            if _etag(response) != info.etag or len(response.body) != end - start + 1:
                raise DecodeError(f"the object {shown_path(info.key)} changed while it was fetched; download it again")
            yield response.body


def _taken(key: str) -> KeyTakenError:
    return KeyTakenError(
        f"an object with other content has the key {shown_path(key)}, and jobs may wait for it; choose another key, or pass "
        "overwrite=True to client.upload",
        key,
    )


def _etag(response: Response) -> str:
    return response.headers.get("etag", "").strip('"')
