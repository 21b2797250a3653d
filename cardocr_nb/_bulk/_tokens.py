"""Many documents → their tags, each with its slot; documents that are not plain are left out.

Every function here works on all tags of a chunk at once. A document is kept only when each of its bytes is accounted
for: a known tag, white space between tags, or the text of a leaf (see ``HOW_IT_WORKS.md``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._bulk._chunk import bits
from cardocr_nb._bulk._grammar import (
    CONTAINER,
    CONTAINER_END,
    EMPTY,
    LEAF,
    LEAF_END,
    NO_SLOT,
    NO_TAG,
    NOTHING_IN_FIELD,
    RESPONSE,
    RESPONSE_END,
    SPACED,
    TABLE,
    TAGS,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._bulk._chunk import Chunk

    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]
    Flags = NDArray[np.bool_]

_PROLOG_WORD = np.uint64(int.from_bytes(b"<?xml ve", "little"))
_LONGEST_PROLOG = 64
_PLAIN_PROLOG = re.compile(rb"<\?xml version=([\"'])1\.[01]\1(?:\s+encoding=([\"'])(?:utf-8|UTF-8)\2)?\s*\?>")
_BITS = 64
_FIRST_BITS = np.array([(1 << size) - 1 for size in range(_BITS + 1)], dtype=np.uint64)


class Tokens:
    """The tags of the documents of a chunk, in order.

    Attributes
    ----------
    begin, end : ndarray of int
        Position of the ``<`` of each tag, and the one behind its ``>``.
    following : ndarray of int
        Position of the next tag, or the end of the document.
    tag : ndarray of uint8
        Number of each in `TAGS`; `NO_TAG` for all tags of a document that is left out, which have no length.
    kept : ndarray of bool, shape (documents of the chunk,)
        Which documents are not left out.
    """

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self.begin = chunk.brackets()
        borders = np.searchsorted(self.begin, chunk.starts)
        self._first, self._behind = borders[:-1], borders[1:]
        self.kept = self._behind > self._first
        self.tag = TABLE.numbers(chunk, self.begin)
        self.end = self.begin + TAGS.lengths.take(self.tag)
        self.following = np.empty_like(self.begin)
        self.following[:-1] = self.begin[1:]
        self.following[self._behind[self.kept] - 1] = chunk.starts[1:][self.kept]
        self.leave_out(np.concatenate([np.flatnonzero(~self.kept), self._badly_ended(), self._misplaced()]))

    def document(self, tokens: Ints) -> Ints:
        """Return the document of each tag, by its number in the chunk."""
        found: Ints = np.searchsorted(self._behind, tokens, side="right")
        return found

    def leave_out(self, documents: Ints) -> None:
        """Leave documents out, by their numbers in the chunk."""
        found = np.unique(documents)
        for first, behind in zip(self._first[found].tolist(), self._behind[found].tolist(), strict=True):
            self.tag[first:behind] = NO_TAG
            self.end[first:behind] = self.begin[first:behind]
        self.kept[found] = False
        self._chunk.erase(found)

    def _badly_ended(self) -> Ints:
        """Documents that begin or end with another tag than a response: invariant 2."""
        kept, starts = np.flatnonzero(self.kept), self._chunk.starts
        first, last = self._first[kept], self._behind[kept] - 1
        wrong = (self.tag[first] != RESPONSE) | (self.tag[last] != RESPONSE_END) | (self.end[last] > starts[kept + 1])
        found: Ints = kept[wrong]
        return found

    def _misplaced(self) -> Ints:
        """Documents with unknown tags, or leaves that are not closed at once by their own tag: invariants 1 and 2."""
        tag, following = self.tag, self.tag[1:]
        wrong: Flags = tag == NO_TAG
        apart = tag[:-1] - following != LEAF - LEAF_END
        wrong[:-1] |= apart & (tag[:-1] >= LEAF)
        wrong[1:] |= apart & (following < CONTAINER_END)
        wrong[:-1] |= (tag[:-1] == NOTHING_IN_FIELD[0]) & (following == NOTHING_IN_FIELD[1])
        return self.document(np.flatnonzero(wrong))

    def n_above_space(self) -> int:
        """Count the bytes of tags that are above ``0x20``."""
        spaced = np.count_nonzero((self.tag >= SPACED) & (self.tag < LEAF))
        return int(self.end.sum() - self.begin.sum() - spaced)

    def badly_separated(self) -> Ints:
        """Documents with something else than white space between tags: invariant 3."""
        chunk = self._chunk
        above_space = chunk.above_space()
        gaps = np.flatnonzero(self.tag < LEAF)
        begin = self.end.take(gaps)
        filled = gaps[~_is_blank(above_space, begin, self.following.take(gaps) - begin)]
        kept = np.flatnonzero(self.kept)
        begin = chunk.begins[kept]
        late = kept[~_is_blank(above_space, begin, self.begin[self._first[kept]] - begin)]
        return np.concatenate([self.document(filled), late])


def _is_blank(above_space: Words, begin: Ints, size: Ints) -> Flags:
    """Whether as many bytes as `size` from each place on are at most ``0x20``."""

    def has_none(begin: Ints, size: Ints) -> Flags:
        found = bits(above_space, begin)
        found &= _FIRST_BITS.take(size, mode="clip")
        none: Flags = found == 0
        return none

    blank = has_none(begin, size)
    left = np.flatnonzero(size > _BITS)
    begin, size = begin.take(left), size.take(left)
    while len(left):
        begin, size = begin + _BITS, size - _BITS
        blank[left] &= has_none(begin, size)
        rest = np.flatnonzero(size > _BITS)
        left, begin, size = left.take(rest), begin.take(rest), size.take(rest)
    return blank


def skip_prologs(chunk: Chunk) -> None:
    """Let documents begin behind a prolog that names no other encoding than UTF-8.

    Few different prologs occur: each is read once.
    """
    left = np.flatnonzero(chunk.words(chunk.begins) == _PROLOG_WORD)
    while len(left):
        begins = chunk.begins.take(left)
        begin = int(begins[0])
        prolog = _PLAIN_PROLOG.match(chunk.raw, begin, begin + _LONGEST_PROLOG)
        size = prolog.end() - begin if prolog else _LONGEST_PROLOG
        text = bytes(chunk.raw[begin : begin + size])
        same = chunk.strings(begins, size) == text
        if prolog:
            chunk.overwrite(begins[same])  # the bracket, so that no tag is found there
            chunk.begins[left[same]] += size
            chunk.outside[left[same]] = len(b"".join(text.split())) - len(b"<")
        left = left[~same]


def slots(tokens: Tokens) -> tuple[Ints, NDArray[np.uint8]]:
    """Find the slot of every tag that has one; leave out documents with a tag in another place: invariant 4.

    Parameters
    ----------
    tokens : Tokens
        Each kept document begins with ``<Response>`` and ends with ``</Response>``.

    Returns
    -------
    at : ndarray of int
        Indices of the tags with a slot.
    slot : ndarray of uint8
    """
    tag = tokens.tag
    plain = np.ones(len(tokens.kept), dtype=bool)
    around = np.flatnonzero((tag >= CONTAINER_END) & (tag < EMPTY))
    names = tag.take(around)
    nested = TAGS.container_pair.ravel().take((names[:-1].astype(np.uint16) << 8) | names[1:])
    plain[tokens.document(around[1:].compress(~nested))] = False
    openings = around.compress(names == RESPONSE)
    if len(openings) != np.count_nonzero(tokens.kept):
        plain &= np.bincount(tokens.document(openings), minlength=len(plain)) <= 1
    context = np.zeros(len(tag), dtype=np.uint8)
    if len(around):
        context[around[0] :] = np.repeat(TAGS.after.take(names), np.diff(around, append=len(tag)))
    at = np.flatnonzero(tag >= CONTAINER)
    slot = TAGS.slot.ravel().take((context.take(at).astype(np.uint16) << 8) | tag.take(at))
    lost = slot == NO_SLOT
    if lost.any():
        plain[tokens.document(at.compress(lost))] = False
    if not plain.all():
        tokens.leave_out(np.flatnonzero(~plain))
        kept = tokens.tag.take(at) != NO_TAG
        at, slot = at.compress(kept), slot.compress(kept)
    return at, slot
