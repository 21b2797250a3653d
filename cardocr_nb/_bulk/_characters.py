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
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from cardocr_nb._bulk._chunk import Chunk

    Flags = NDArray[np.bool_]

# U+FFFE and U+FFFF, which XML does not have, begin with these two bytes, and little else does.
_NEVER_TEXT = b"\xef\xbf"
_NUMBERED = re.compile(rb"&#(?:([0-9]{3,7})|x([0-9A-Fa-f]{2,6}));")
_REFERENCES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
"""References by name. The ampersand comes last, so that its result is not replaced again."""


def bare(documents: Iterable[bytes]) -> list[bytes]:
    """Remove white space around documents, and replace references by number with their characters."""
    bodies = [raw.strip(b" \t\r\n") for raw in documents]
    return [_NUMBERED.sub(_character, raw) if b"&#" in raw else raw for raw in bodies]


def _character(found: re.Match[bytes]) -> bytes:
    number = int(found[1]) if found[1] else int(found[2], 16)
    # Those of ASCII may be markup or white space, and XML does not allow some others.
    plain = 0x80 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000
    return chr(number).encode() if plain else found[0]


def replace_references(texts: pa.LargeStringArray, refers: Flags) -> pa.LargeStringArray:
    """Replace references by name with their characters, in the texts that hold some."""
    rows = pa.array(np.flatnonzero(refers))
    changed = texts.take(rows)
    for reference, character in _REFERENCES.items():
        changed = pc.replace_substring(changed, reference, character)
    return pc.replace_with_mask(texts, pa.array(refers), changed)


def plain_texts(chunk: Chunk) -> Flags:
    """Return which documents of a chunk hold only texts that need no strict parser: invariant 7."""
    plain = np.ones(len(chunk.starts) - 1, dtype=bool)
    controls = chunk.controls()
    if len(controls):
        # XML turns a carriage return in a text into a line break. One directly behind a tag is white space, or begins a
        # text, which the reader of texts refuses.
        returns = controls[chunk.data[controls] == ord("\r")]
        plain[chunk.documents(returns[chunk.data.take(returns - 1, mode="clip") != ord(">")])] = False
        plain[chunk.documents(controls[chunk.data[controls] != ord("\r")])] = False
    rare = chunk.rare(_NEVER_TEXT[0])
    if (chunk.data.take(rare + 1, mode="clip") == _NEVER_TEXT[1]).any() or not _is_utf8(chunk):
        plain &= [_is_text(raw) for raw in chunk.each()]
    if len(chunk.references):
        words = chunk.words(chunk.references)
        known = np.zeros(len(words), dtype=bool)
        for word, mask in _REFERENCE_WORDS:
            known |= (words & mask) == word
        plain[chunk.documents(chunk.references[~known])] = False
    return plain


_REFERENCE_WORDS = [
    (np.uint64(int.from_bytes(name.encode(), "little")), np.uint64((1 << 8 * len(name)) - 1)) for name in _REFERENCES
]


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
