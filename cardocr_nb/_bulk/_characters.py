"""What the texts of many documents consist of: UTF-8, characters of XML, references to characters.

Markup was compared byte for byte with that of a document that was parsed; these checks are for what stands between.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from cardocr_nb._bulk._chunk import Chunk

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

# U+FFFE and U+FFFF, which XML does not have, begin with these two bytes, and little else does.
_NEVER_TEXT = b"\xef\xbf"
_SECTION = b"<![CDATA["
_NUMBERED = re.compile(rb"&#(?:([0-9]{3,7})|x([0-9A-Fa-f]{2,6}));")
_OTHER_REFERENCE = re.compile(rb"&(?!(?:lt|gt|quot|apos|amp);)")
REFERENCES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
"""References by name. The ampersand comes last, so that what it makes is not read again."""


def bare(documents: Iterable[bytes]) -> list[bytes]:
    """Give documents without white space around them, and with characters in place of references to them by number."""
    bodies = [raw.strip(b" \t\r\n") for raw in documents]
    return [_NUMBERED.sub(_character, raw) if b"&" in raw and _SECTION not in raw else raw for raw in bodies]


def _character(found: re.Match[bytes]) -> bytes:
    number = int(found[1]) if found[1] else int(found[2], 16)
    # Those of ASCII may be markup or white space, and some others are no characters of XML.
    plain = 0x80 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000
    return chr(number).encode() if plain else found[0]


def fine_documents(chunk: Chunk, controls: Ints, returns: Ints, sections: Ints) -> Flags:
    """Which documents hold no text that only the strict parser may judge.

    Parameters
    ----------
    chunk : Chunk
    controls, returns, sections : ndarray of shape (documents,)
        How many control characters, how many of them are neither line breaks nor tabs, and how many ``]]>`` stand in
        the markup of each.
    """
    fine = np.ones(len(returns), dtype=bool)
    if chunk.count_controls() > controls.sum():
        odd = chunk.controls()
        fine &= np.bincount(chunk.documents(odd), minlength=len(fine)) == returns
    brackets = chunk.rare(ord("]"))
    if len(brackets):
        ends = brackets[(chunk.words(brackets) & _THREE) == _SECTION_END]
        fine &= np.bincount(chunk.documents(ends), minlength=len(fine)) == sections
    rare = chunk.rare(_NEVER_TEXT[0])
    if (chunk.data.take(rare + 1, mode="clip") == _NEVER_TEXT[1]).any() or not _is_utf8(chunk):
        fine &= [_is_text(raw) for raw in chunk.each()]
    if chunk.refers:
        fine[chunk.documents(np.array([m.start() for m in _OTHER_REFERENCE.finditer(chunk.raw)], dtype=np.int64))] = (
            False
        )
        if _SECTION in chunk.raw:
            fine &= [b"&" not in raw or _SECTION not in raw for raw in chunk.each()]
    return fine


_THREE, _SECTION_END = (np.uint64(int.from_bytes(word, "little")) for word in (b"\xff" * 3, b"]]>"))


def _is_utf8(chunk: Chunk) -> bool:
    ends = pa.py_buffer(np.array([0, chunk.starts[-1]], dtype=np.int32))
    try:
        pa.StringArray.from_buffers(1, ends, pa.py_buffer(chunk.raw)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _is_text(document: bytes) -> bool:
    try:
        return not {"\ufffe", "\uffff"} & set(document.decode())
    except UnicodeDecodeError:
        return False
