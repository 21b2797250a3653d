"""Uploads in parts: each is a hidden folder in its bucket until it is completed or aborted."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb.local._bucket import UPLOAD_PREFIX, check_md5, compute_etag
from cardocr_nb.local._service_fault import ServiceFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cardocr_nb.local._bucket import Bucket

MAX_PARTS = 10_000
"""Number of parts of one upload; the limit of the object store."""
MAX_UPLOAD_BYTES = 1_000_000_000
_ID = re.compile(r"[0-9a-f]{32}")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """A part that has been uploaded."""

    number: int
    etag: str
    size: int
    modified: float


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that has been started.

    Attributes
    ----------
    id, key : str
    headers : dict of str to str
        Headers that the object gets.
    started : float
        Unix seconds.
    """

    id: str
    key: str
    headers: Mapping[str, str]
    started: float


class MultipartStore:
    """The unfinished uploads of one bucket.

    Parameters
    ----------
    bucket : Bucket
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def start(self, key: str, headers: Mapping[str, str]) -> Upload:
        """Start an upload."""
        upload = Upload(uuid.uuid4().hex, key, dict(headers), time.time())
        folder = self._folder(upload.id)
        folder.mkdir(mode=0o700)
        content = {"key": key, "headers": upload.headers, "started": upload.started}
        (folder / "upload.json").write_text(json.dumps(content), "utf-8")
        return upload

    def get(self, upload_id: str, key: str) -> Upload:
        """Return an upload.

        Raises
        ------
        ServiceFault
            There is no such upload of this key.
        """
        upload = self._read(upload_id) if _ID.fullmatch(upload_id) else None
        if upload is None or upload.key != key:
            raise ServiceFault(404, "NoSuchUpload", "The specified multipart upload does not exist.")
        return upload

    def uploads(self) -> list[Upload]:
        """Return all uploads, sorted by key and then by time."""
        folders = self._bucket.folder.glob(f"{UPLOAD_PREFIX}*/upload.json")
        ids = [folder.parent.name.removeprefix(UPLOAD_PREFIX) for folder in folders]
        uploads = [upload for upload_id in ids if (upload := self._read(upload_id)) is not None]
        return sorted(uploads, key=lambda it: (it.key.encode(), it.started, it.id))

    def put_part(self, upload: Upload, number: int, body: bytes | Path, md5: bytes | None) -> str:
        """Store a part and return its ETag; a part of the same number is replaced.

        Raises
        ------
        DigestError
            The body has another MD5.
        """
        temporary = self._bucket.import_upload(body)
        try:
            etag = compute_etag(temporary)
            check_md5(etag, md5)
            temporary.replace(self._folder(upload.id) / f"{number:05d}.part")
        except FileNotFoundError:  # aborted in the meantime
            raise ServiceFault(404, "NoSuchUpload", "The specified multipart upload does not exist.") from None
        finally:
            temporary.unlink(missing_ok=True)
        return etag

    def parts(self, upload: Upload) -> list[Part]:
        """Return the parts of an upload, by number."""
        parts = []
        for path in sorted(self._folder(upload.id).glob("*.part")):
            status = path.stat()
            parts.append(Part(int(path.stem), self._bucket.etag(path), status.st_size, status.st_mtime))
        return parts

    def join(self, upload: Upload, wanted: Sequence[tuple[int, str]]) -> tuple[Path, str]:
        """Return a file with the content of the parts in their order, and the ETag of the object.

        Raises
        ------
        ServiceFault
            The parts are not in order, are missing, have other ETags, or are too large together.
        """
        numbers = [number for number, _ in wanted]
        if numbers != sorted(set(numbers)):
            raise ServiceFault(400, "InvalidPartOrder", "The list of parts is not in ascending order of PartNumber.")
        stored = {part.number: part for part in self.parts(upload)}
        for number, etag in wanted:
            if number not in stored or (etag and stored[number].etag.strip('"') != etag.strip('"').lower()):
                raise ServiceFault(400, "InvalidPart", f"Part {number} was not uploaded, or its ETag is another.")
        if sum(stored[number].size for number in numbers) > MAX_UPLOAD_BYTES:
            raise ServiceFault(400, "EntityTooLarge", f"The object is longer than {MAX_UPLOAD_BYTES} bytes, the limit.")
        digests = hashlib.md5(usedforsecurity=False)
        with self._bucket.open_upload() as joined:
            for number in numbers:
                digests.update(bytes.fromhex(stored[number].etag.strip('"')))
                with (self._folder(upload.id) / f"{number:05d}.part").open("rb") as part:
                    shutil.copyfileobj(part, joined, _CHUNK)
        return Path(joined.name), f'"{digests.hexdigest()}-{len(numbers)}"'

    def remove(self, upload: Upload) -> None:
        """Delete an upload with its parts."""
        shutil.rmtree(self._folder(upload.id), ignore_errors=True)

    def _folder(self, upload_id: str) -> Path:
        return self._bucket.folder / f"{UPLOAD_PREFIX}{upload_id}"

    def _read(self, upload_id: str) -> Upload | None:
        try:
            content = json.loads((self._folder(upload_id) / "upload.json").read_text("utf-8"))
            return Upload(upload_id, content["key"], content["headers"], content["started"])
        except (OSError, ValueError, KeyError, TypeError):  # removed in the meantime, or cut by a full disk
            return None
