"""The characters of the texts of many documents: UTF-8, characters of XML, references to characters.

Tags and white space between them were compared byte for byte; these checks are for the texts in between.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._bulk._chunk import Chunk

    Ints = NDArray[np.int64]

# U+FFFE and U+FFFF, which XML does not have, are these two bytes and one from 0xBE on.
_NEVER_TEXT, _FIRST_NEVER = b"\xef\xbf", 0xBE
_NUMBERED = re.compile(rb"&#(?:([0-9]{3,7})|x([0-9A-Fa-f]{2,6}));")
_REFERENCES = {b"&lt;": b"<", b"&gt;": b">", b"&quot;": b'"', b"&apos;": b"'", b"&amp;": b"&"}
"""References by name. The ampersand comes last, so that its result is not replaced again."""


def bare(raw: bytes) -> bytes:
    """Remove white space around a document, and replace references by number with their characters."""
    return _NUMBERED.sub(_character, raw.strip(b" \t\r\n"))


def _character(found: re.Match[bytes]) -> bytes:
    number = int(found[1]) if found[1] else int(found[2], 16)
    # Those of ASCII may be markup or white space, and XML does not allow some others.
    plain = 0x80 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000
    return chr(number).encode() if plain else found[0]


def replace_references(chunk: Chunk, begin: Ints, end: Ints) -> Ints:
    """Replace references by name with their characters, in place; returns the new ends of the texts.

    Parameters
    ----------
    chunk : Chunk
        Its bytes are changed; a character is never longer than its reference.
    begin, end : ndarray of int
        Where the texts with references begin and end.
    """
    pieces = np.append(np.stack([begin, end], axis=1).ravel(), chunk.starts[-1])
    every = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(pieces) - 1, [None, pa.py_buffer(pieces), pa.py_buffer(chunk.raw)]
    )
    texts = every.take(pa.array(np.arange(0, 2 * len(begin), 2)))
    words = chunk.words(chunk.references)
    for name, word, mask in _REFERENCE_WORDS:
        if ((words & mask) == word).any():
            texts = pc.replace_substring(texts, name, _REFERENCES[name])
    ends = np.frombuffer(texts.buffers()[1], np.int64, count=len(texts) + 1)
    sizes = np.diff(ends)
    written = np.arange(ends[-1] - ends[0])
    written += np.repeat(begin - (ends[:-1] - ends[0]), sizes)
    chunk.data[written] = np.frombuffer(texts.buffers()[2], np.uint8)[ends[0] : ends[-1]]
    return begin + sizes


def erase_odd(chunk: Chunk) -> None:
    """Erase the documents of a chunk with characters or references that the strict parser has to judge: invariant 6."""
    never = chunk.pairs(*_NEVER_TEXT)
    odd = [chunk.controls(), never[chunk.data.take(never + 2, mode="clip") >= _FIRST_NEVER]]
    section = chunk.pairs(*b"]]")
    odd.append(section[chunk.data.take(section + 2, mode="clip") == ord(">")])
    if len(chunk.references):
        words = chunk.words(chunk.references)
        known = np.zeros(len(words), dtype=bool)
        for _, word, mask in _REFERENCE_WORDS:
            known |= (words & mask) == word
        odd.append(chunk.references[~known])
    chunk.erase(np.unique(chunk.documents(np.concatenate(odd))))
    _erase_other_bytes(chunk, 0, len(chunk.starts) - 1)


_REFERENCE_WORDS = [
    (name, np.uint64(int.from_bytes(name, "little")), np.uint64((1 << 8 * len(name)) - 1)) for name in _REFERENCES
]


def _erase_other_bytes(chunk: Chunk, first: int, end: int) -> None:
    """Erase the documents from `first` to `end` that are not UTF-8: halves are tried until one document is left."""
    if _is_utf8(chunk, first, end):
        return
    if end - first == 1:
        chunk.erase(np.array([first]))
        return
    middle = (first + end) // 2
    _erase_other_bytes(chunk, first, middle)
    _erase_other_bytes(chunk, middle, end)


def _is_utf8(chunk: Chunk, first: int, end: int) -> bool:
    ends = pa.py_buffer(chunk.starts[[first, end]])
    try:
        pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(chunk.raw)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
