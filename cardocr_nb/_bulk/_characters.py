"""The characters of the texts of many documents: UTF-8, characters of XML, references to characters.

Tags and white space between them were compared byte for byte; these checks are for the texts in between.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb._bulk._spans import taken
from cardocr_nb.wire._encodings import is_utf8

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._bulk._chunk import Chunk

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_NEVER = ((0xEF, 0xBF, 0xBE, 0xBF), (*b"]]", ord(">"), ord(">")))
"""First two bytes of sequences that no text holds, and the least and the most that the third one is."""

_MARK, _WITHIN = np.uint8(0xC0), np.uint8(0x80)
"""The bits by which a byte of UTF-8 shows that it is not the first one of a character."""

_PIECES = 64
"""Pieces in which texts that are not UTF-8 are looked for."""

_NOWHERE = np.empty(0, dtype=np.intp)
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
    texts = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(begin), [None, *map(pa.py_buffer, taken(chunk, begin, end))]
    )
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


def are_ampersands(chunk: Chunk, places: Ints) -> Flags:
    """Whether each reference is ``&amp;``."""
    (word, mask), *_ = [(word, mask) for name, word, mask in _REFERENCE_WORDS if name == b"&amp;"]
    found: Flags = (chunk.words(places) & mask) == word
    return found


def replace_ampersands(chunk: Chunk, places: Ints, end: Ints) -> Ints:
    """Replace ``&amp;`` in place, once in each text, by moving what is behind it; returns the new ends of the texts.

    Parameters
    ----------
    chunk : Chunk
        Its bytes are changed.
    places, end : ndarray of int
        Where the references begin, and where their texts end.
    """
    behind = places + len(b"&amp;")
    sizes = end - behind
    ends = np.cumsum(sizes)
    moved = np.repeat(behind - (ends - sizes), sizes)
    moved += np.arange(len(moved))
    chunk.data[moved - len(b"amp;")] = chunk.data.take(moved)
    return end - len(b"amp;")


def erase_other_references(chunk: Chunk) -> None:
    """Erase the documents of a chunk with references that the strict parser has to judge: invariant 6."""
    words = chunk.words(chunk.references)
    known = np.zeros(len(words), dtype=bool)
    for _, word, mask in _REFERENCE_WORDS:
        known |= (words & mask) == word
    chunk.erase(np.unique(chunk.documents(chunk.references[~known])))


def odd_texts(ends: Ints, data: NDArray[np.uint8]) -> Ints:
    """Numbers of the texts, which lie end to end, that are not UTF-8 or hold something that XML changes or forbids.

    These are carriage returns, which become line breaks, ``]]>``, U+FFFE and U+FFFF.
    """
    found = [np.flatnonzero(data == ord("\r"))] if ord("\r") in data else []
    for first, second, lowest, highest in _NEVER:
        at = np.flatnonzero(data == first) if first in data else _NOWHERE
        third = data.take(at + 2, mode="clip")
        found.append(at[(data.take(at + 1, mode="clip") == second) & (third >= lowest) & (third <= highest)])
    places = np.concatenate(found)
    texts = np.searchsorted(ends, places, side="right") - 1
    # All three bytes of a sequence are in one text.
    within = (data.take(places, mode="clip") == ord("\r")) | (places + 2 < ends.take(texts + 1))
    return np.concatenate([texts[within], _not_utf8(ends, data)])


def _not_utf8(ends: Ints, data: NDArray[np.uint8]) -> Ints:
    """Numbers of the texts that are not UTF-8: pieces are cut in two until one text is left."""
    begins = ends[: np.searchsorted(ends, ends[-1])]  # without empty texts at the end
    within = np.flatnonzero((data.take(begins) & _MARK) == _WITHIN)
    if not len(within) and _are_utf8(ends, data):
        return _NOWHERE
    found, borders = [], np.linspace(0, len(ends) - 1, _PIECES + 1, dtype=np.int64)
    left = list(pairwise(borders.tolist()))
    while left:
        first, end = left.pop()
        cut = np.searchsorted(within, first) < np.searchsorted(within, end)
        if cut or not is_utf8(data[ends[first] : ends[end]].data):
            if end - first == 1:
                found.append(first)
            else:
                middle = (first + end) // 2
                left += [(first, middle), (middle, end)]
    return np.array(found, dtype=np.int64)


def _are_utf8(ends: Ints, data: NDArray[np.uint8]) -> bool:
    """Whether texts are UTF-8 all together, in a fourth of the time of `is_utf8`."""
    try:
        pa.LargeStringArray.from_buffers(1, pa.py_buffer(ends[[0, -1]]), pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


_REFERENCE_WORDS = [
    (name, np.uint64(int.from_bytes(name, "little")), np.uint64((1 << 8 * len(name)) - 1)) for name in _REFERENCES
]
