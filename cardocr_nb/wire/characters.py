"""What stands between and inside the tags of many documents: line ends, white space, UTF-8, references.

Each check refuses the documents that only the strict parser may judge.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cardocr_nb.wire.tokens import NODES, NUMBER, UNKNOWN, WORD_MASKS, Chunk, Form, RefusedError, Tags, code

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_PROLOG = re.compile(rb"""<\?xml version=("1\.0"|'1\.0')(?: encoding=(?i:"utf-8"|'utf-8'))?[ \t\r\n]?\?>[ \t\r\n]*""")


def bare(raw: bytes) -> bytes | None:
    """Give a document from its root on, with the line ends that every XML parser makes; None if it is no response."""
    body = raw.strip(b" \t\r\n")
    if prolog := _PROLOG.match(body):
        body = body[prolog.end() :]
    if not body.startswith(b"<Response>"):
        return None
    return body.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in body else body


# U+FFFE and U+FFFF, which XML does not have, begin with these two bytes, and little else does.
_NEVER_TEXT = b"\xef\xbf"


def check_characters(chunk: Chunk) -> None:
    """Refuse what is not UTF-8 or no character of XML."""
    control = chunk.data < ord(" ")
    if np.count_nonzero(control) > np.count_nonzero(chunk.data == ord("\n")):
        places = np.flatnonzero(control)
        chunk.check(np.isin(chunk.data[places], [ord("\n"), ord("\t")]), places)
    rare = np.flatnonzero(chunk.data == _NEVER_TEXT[0])
    if (chunk.data[rare + 1] == _NEVER_TEXT[1]).any() or not _is_utf8(chunk):
        fine = [_is_text(chunk.raw[a:b]) for a, b in zip(chunk.starts[:-1], chunk.starts[1:], strict=True)]
        chunk.check(np.array(fine), chunk.starts[:-1])


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


_LEAF = np.zeros(UNKNOWN + 1, dtype=bool)
_LEAF[[code(node.number, Form.OPEN) for node in NODES if not node.holds_nodes]] = True


def check_gaps(chunk: Chunk, tags: Tags) -> None:
    """Between tags there is white space only, except in leaves; those begin and end with something else."""
    leaf = _LEAF.take(tags.code)
    filled = tags.end > tags.text
    _check_white(chunk, np.flatnonzero(filled & ~leaf), tags)
    held = np.flatnonzero(filled & leaf & (tags.code != code(NUMBER["Operation/UserData"], Form.OPEN)))
    first, last = chunk.data.take(tags.text[held]), chunk.data.take(tags.end[held] - 1)
    chunk.check((first > ord(" ")) & (last > ord(" ")), tags.text[held])


def _check_white(chunk: Chunk, gaps: Ints, tags: Tags) -> None:
    """Compare gaps word by word with a line break and spaces; what differs is looked at byte by byte."""
    at, left = tags.text[gaps], tags.end[gaps] - tags.text[gaps]
    odd = []
    expected = _BREAK
    while len(at):
        mask = WORD_MASKS.take(np.minimum(left, 8))
        odd.append(at[((chunk.words(at) ^ expected) & mask) != 0])
        more = np.flatnonzero(left > 8)
        at, left, expected = at[more] + 8, left[more] - 8, _SPACES
    for place in np.concatenate([np.empty(0, dtype=np.int64), *odd]).tolist():
        end = chunk.raw.index(b"<", place)
        if chunk.raw[place:end].strip(b" \t\n"):
            raise RefusedError(chunk.documents(np.array([place])))


_BREAK, _SPACES = (np.uint64(int.from_bytes(word, "little")) for word in (b"\n       ", b"        "))


# The ampersand comes last, so that what it makes is not read again.
REFERENCES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
_REFERENCE = re.compile(rb"&(?!(?:lt|gt|quot|apos|amp);)")


def check_references(chunk: Chunk) -> bool:
    """Whether there are references to characters; others than the five by name are refused."""
    if b"&" not in chunk.raw:
        return False
    others = np.array([found.start() for found in _REFERENCE.finditer(chunk.raw)], dtype=np.int64)
    if len(others):
        raise RefusedError(chunk.documents(others))
    return True
