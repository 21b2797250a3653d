"""Many documents → their tags, each with its slot; documents that are not plain are left out.

Every function here works on all tags of a chunk at once. A document is kept only when each of its bytes is accounted
for: a known tag, white space between tags, or the text of a leaf (see ``HOW_IT_WORKS.md``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._bulk._chunk import bits
from cardocr_nb._bulk._grammar import CLOSING, NO_SLOT, NO_TAG, OPENING, PROLOG, TABLE, TAGS, WORD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._bulk._chunk import Chunk

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_BITS = 64
_FIRST_BITS = np.array([(1 << size) - 1 for size in range(_BITS + 1)], dtype=np.uint64)
_PROLOG_WORD = np.uint64(int.from_bytes(b"<?xml ve", "little"))
_LONGEST_PROLOG = 64
_PLAIN_PROLOG = re.compile(rb"<\?xml version=([\"'])1\.[01]\1(?:\s+encoding=([\"'])(?:utf-8|UTF-8)\2)?\s*\?>")


class Tokens:
    """The tags of the kept documents of a chunk, in order.

    Attributes
    ----------
    begin, end : ndarray of int
        Position of the ``<`` and of the ``>`` of each tag.
    tag : ndarray of uint8
        Number of each in `TAGS`.
    counts : ndarray of int, shape (documents of the chunk,)
        Number of tags of each document; 0 where it is left out.
    """

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        brackets = chunk.brackets()
        n_brackets = np.diff(np.searchsorted(brackets, chunk.starts))
        # Invariant 1: `<` and `>` alternate, beginning with `<`.
        kept = (n_brackets > 0) & (n_brackets & 1 == 0)
        if not kept.all():
            brackets = brackets.compress(np.repeat(kept, n_brackets))
        self.counts = np.where(kept, n_brackets >> 1, 0)
        self.begin, self.end = np.ascontiguousarray(brackets[::2]), np.ascontiguousarray(brackets[1::2])
        self.tag = self._numbers()
        wrong = (chunk.data.take(self.begin) != ord("<")) | (chunk.data.take(self.end) != ord(">"))
        wrong |= self._misplaced()
        wrong |= self._text_between_tags()
        if wrong.any():
            kept[self.document(np.flatnonzero(wrong))] = False
            self.keep(kept)

    @property
    def kept(self) -> Flags:
        """Whether each document of the chunk is kept."""
        return self.counts > 0

    def first(self) -> Ints:
        """Index of the first tag of each kept document."""
        counts = self.counts[self.kept]
        return np.cumsum(counts) - counts

    def document(self, tokens: Ints) -> Ints:
        """Return the document of each tag, by its number in the chunk."""
        ends = np.cumsum(self.counts)
        found: Ints = np.searchsorted(ends, tokens, side="right")
        return found

    def keep(self, kept: Flags) -> None:
        """Leave documents out, by their numbers in the chunk."""
        kept = kept | (self.counts == 0)
        if not kept.all():
            flags = np.repeat(kept, self.counts)
            self.begin, self.end, self.tag = (array.compress(flags) for array in (self.begin, self.end, self.tag))
            self.counts = np.where(kept, self.counts, 0)

    def _numbers(self) -> NDArray[np.uint8]:
        """Number of each tag; `NO_TAG` unless every byte of it is the known tag's: invariant 2."""
        lengths = self.end - self.begin + 1
        words = self._chunk.words(self.begin)
        tag = TABLE.numbers(words, lengths)
        long = np.flatnonzero(lengths > WORD)
        same = self._chunk.words(self.end.take(long) - (WORD - 1)) == TABLE.last.take(tag[long])
        tag[long[np.flatnonzero(~same)]] = NO_TAG
        longest = long.compress(lengths.take(long) > 2 * WORD)
        same = self._chunk.words(self.begin[longest] + WORD) == TABLE.middle.take(tag[longest])
        tag[longest[~same]] = NO_TAG
        first = self.first()
        prologs = first[words[first] == _PROLOG_WORD]
        tag[prologs[self._is_plain_prolog(prologs, lengths)]] = PROLOG
        return tag

    def _is_plain_prolog(self, tokens: Ints, lengths: Ints) -> Flags:
        """Whether prologs name no other encoding than UTF-8. Few different ones occur, so that each is read once."""
        plain = np.zeros(len(tokens), dtype=bool)
        left = np.flatnonzero(lengths[tokens] <= _LONGEST_PROLOG)
        while len(left):
            begin, size = int(self.begin[tokens[left[0]]]), int(lengths[tokens[left[0]]])
            text = bytes(self._chunk.raw[begin : begin + size])
            same = lengths[tokens[left]] == size
            same[same] = self._chunk.strings(self.begin[tokens[left[same]]], size) == text
            plain[left[same]] = _PLAIN_PROLOG.fullmatch(text) is not None
            left = left[~same]
        return plain

    def _misplaced(self) -> Flags:
        """Unknown tags, and tags that may not come after the tag before: invariants 2 and 3."""
        first, tag = self.first(), self.tag
        wrong: Flags = tag == NO_TAG
        may_follow = TAGS.pair.ravel().take((tag[:-1].astype(np.uint16) << 8) | tag[1:])
        may_follow[first[1:] - 1] = True
        wrong[1:] |= ~may_follow
        last = np.append(first[1:], len(tag))[: len(first)] - 1
        wrong[first] |= (tag[first] != OPENING) & (tag[first] != PROLOG)
        wrong[last] |= tag[last] != CLOSING
        begins, ends = self._chunk.starts[:-1][self.kept], self._chunk.starts[1:][self.kept] - 1
        wrong[first] |= (self.begin[first] != begins) | (self.end[last] != ends)
        return wrong

    def _text_between_tags(self) -> Flags:
        """Tags followed by something else than white space where no text may be: invariant 4."""
        wrong = np.zeros(len(self.tag), dtype=bool)
        size = self.begin[1:] - self.end[:-1] - 1
        # Nothing follows the last tag of a document, see _misplaced; bytes between two are those of documents left out.
        size[self.first()[1:] - 1] = 0
        size *= ~TAGS.is_text.take(self.tag[:-1])
        above_space = self._chunk.above_space()
        found = bits(above_space, self.end[:-1] + 1)
        found &= _FIRST_BITS.take(size, mode="clip")
        wrong[:-1] = found != 0
        gaps = np.flatnonzero(size > _BITS)
        begin, size = self.end.take(gaps) + 1, size.take(gaps)
        while len(gaps):
            begin, size = begin + _BITS, size - _BITS
            wrong[gaps[(bits(above_space, begin) & _FIRST_BITS.take(size, mode="clip")) != 0]] = True
            rest = np.flatnonzero(size > _BITS)
            gaps, begin, size = gaps.take(rest), begin.take(rest), size.take(rest)
        return wrong


def slots(tokens: Tokens) -> tuple[Ints, NDArray[np.uint8], Flags]:
    """Find the slot of every tag that has one.

    Parameters
    ----------
    tokens : Tokens
        Each document begins with ``<Response>`` and ends with ``</Response>``.

    Returns
    -------
    at : ndarray of int
        Indices of the tags with a slot.
    slot : ndarray of uint8
    plain : ndarray of bool
        Which documents of the chunk have every tag in a place that the contract knows: invariant 5.
    """
    tag = tokens.tag
    plain = np.ones(len(tokens.counts), dtype=bool)
    around = np.flatnonzero(TAGS.is_container.take(tag))
    names = tag[around]
    nested = TAGS.container_pair.ravel().take((names[:-1].astype(np.uint16) << 8) | names[1:])
    plain[tokens.document(around[1:].compress(~nested))] = False
    plain[tokens.document(around[:1][names[:1] != OPENING])] = False
    openings = around.compress(names == OPENING)
    if len(openings) != np.count_nonzero(tokens.kept):
        plain &= np.bincount(tokens.document(openings), minlength=len(plain)) <= 1
    context = np.zeros(len(tag), dtype=np.uint8)
    if len(around):
        context[around[0] :] = np.repeat(TAGS.after.take(names), np.diff(around, append=len(tag)))
    at = np.flatnonzero(TAGS.has_slot.take(tag))
    slot = TAGS.slot.ravel().take((context.take(at).astype(np.uint16) << 8) | tag.take(at))
    plain[tokens.document(at.compress(slot == NO_SLOT))] = False
    return at, slot, plain
