"""The tags of a document with jobs and where each may appear, as small tables that numpy looks up.

The tables are made from `cardocr_nb.wire._contract`. A *context* is the container around a tag; a *slot* is a row of the
result, such as "the text of Input/Object of a job". See ``HOW_IT_WORKS.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.wire._contract import FIELD, FIELD_NODES, JOB, JOB_NODES, POINT, RESULT, RESULT_NODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._bulk._chunk import Chunk

ROOT = "Response"
JOB_PATHS = {f"{ROOT}/{JOB}/{node.path}": name for name, node in JOB_NODES.items()}
RESULT_PATHS = {f"{ROOT}/{JOB}/{RESULT}/{node.path}": f"result_{name}" for name, node in RESULT_NODES.items()}
FIELD_PATHS = {f"{ROOT}/{JOB}/{RESULT}/{FIELD}/{node.path}": name for name, node in FIELD_NODES.items()}
_JOB, _FIELD, _POINT = f"{ROOT}/{JOB}", f"{ROOT}/{JOB}/{RESULT}/{FIELD}", f"{ROOT}/{JOB}/{RESULT}/{FIELD}/{POINT}"
_OF_RESPONSE = tuple(f"{ROOT}/{name}" for name in ("EventName", "NextToken", "RequestId"))
_LEAVES = (*JOB_PATHS, *RESULT_PATHS, *FIELD_PATHS, _POINT, *_OF_RESPONSE)
_REPEATED = (ROOT, _JOB, _FIELD, _POINT)

NO_TAG, NO_SLOT = 0, 255


def _containers() -> list[str]:
    """Paths of the nodes that hold other nodes, each after the one around it."""
    found = {"/".join(path.split("/")[:depth]) for path in _LEAVES for depth in range(1, path.count("/") + 1)}
    return sorted(found, key=lambda path: path.count("/"))


CONTAINERS = _containers()
_CONTEXT = {path: number for number, path in enumerate(CONTAINERS, 1)}  # 0 is outside of the document


def _slots() -> dict[str, int]:
    of_job = [*JOB_PATHS, *RESULT_PATHS, *(c for c in CONTAINERS if c.startswith(f"{_JOB}/") and c not in _REPEATED
                                           and not c.startswith(f"{_FIELD}/"))]  # fmt: skip
    of_field = [*FIELD_PATHS, *(c for c in CONTAINERS if c.startswith(f"{_FIELD}/"))]
    return {path: number for number, path in enumerate([*of_job, *of_field, *_OF_RESPONSE, *_REPEATED])}


SLOTS = _slots()
"""Number of each path: first those of a job, then those of a field, then those of the response, then repeated nodes."""

N_JOB = next(n for path, n in SLOTS.items() if path in FIELD_PATHS)
N_FIELD = next(n for path, n in SLOTS.items() if path in _OF_RESPONSE)
N_RESPONSE = SLOTS[ROOT]
"""Ends of the first three groups of `SLOTS`."""

SLOT_JOB, SLOT_FIELD, SLOT_POINT = SLOTS[_JOB], SLOTS[_FIELD], SLOTS[_POINT]

WORD, LONGEST_TAG = 8, 24
"""Bytes compared at once, and the longest tag that three such comparisons cover."""


class Tags:
    """Every tag that may appear. Numbers begin with 1; 0 is an unknown tag.

    Tags of one kind have neighboring numbers, so that comparisons of numbers give the kind: first the closing tags of
    leaves, then those of containers, the opening tags of containers, empty tags without and with a space, and the opening
    tags of leaves.

    Attributes
    ----------
    names : list of bytes
        The tags themselves, such as ``<Score>``, ``</Score>``, ``<Message/>``.
    first_of : list of int
        First number of each of the six kinds. The last one less the first one is the difference between the opening tag
        of a leaf and its closing tag.
    lengths : ndarray of int, shape (256,)
        Bytes of each tag.
    container_pair : ndarray of bool, shape (256, 256)
        Whether a container's tag (second index) may follow another (first), all other tags left out.
    after : ndarray of uint8, shape (256,)
        Context behind a tag of a container.
    slot : ndarray of uint8, shape (256, 256)
        Slot of a tag (second index) in a context (first), `NO_SLOT` where it may not be.
    """

    def __init__(self) -> None:
        leaves, containers = (list(dict.fromkeys(map(_name, paths))) for paths in (_LEAVES, CONTAINERS))
        # An empty job, field or point is a missing node for the strict parser.
        may_be_empty = dict.fromkeys(_name(path) for path in (*CONTAINERS, *_LEAVES) if path not in _REPEATED)
        kinds = (
            [f"</{name}>" for name in leaves],
            [f"</{name}>" for name in containers],
            [f"<{name}>" for name in containers],
            *([tag for name in may_be_empty if len(tag := f"<{name}{end}") <= LONGEST_TAG] for end in ("/>", " />")),
            [f"<{name}>" for name in leaves],
        )
        self.names = [b"", *(tag.encode() for kind in kinds for tag in kind)]
        self.first_of = [1 + sum(map(len, kinds[:number])) for number in range(len(kinds))]
        self.lengths = np.zeros(256, dtype=np.int64)
        self.lengths[: len(self.names)] = list(map(len, self.names))
        self.container_pair = np.zeros((256, 256), dtype=bool)
        self.after = np.zeros(256, dtype=np.uint8)
        self.slot = np.full((256, 256), NO_SLOT, dtype=np.uint8)
        self._fill_tables()

    def number(self, tag: str) -> int:
        """Return the number of a tag."""
        return self.names.index(tag.encode())

    def _fill_tables(self) -> None:
        for path in CONTAINERS:
            inside, outside = _CONTEXT[path], _outer(path)
            opening, closing = self.number(f"<{_name(path)}>"), self.number(f"</{_name(path)}>")
            self.after[opening], self.after[closing] = inside, outside
            self.slot[inside, opening] = SLOTS[path]
        for path in _LEAVES:
            self.slot[_outer(path), self.number(f"<{_name(path)}>")] = SLOTS[path]
        for path in (*CONTAINERS, *_LEAVES):
            for tag in (f"<{_name(path)}/>", f"<{_name(path)} />"):
                if path not in _REPEATED and tag.encode() in self.names:
                    self.slot[_outer(path), self.number(tag)] = SLOTS[path]
        for one in range(self.first_of[1], self.first_of[3]):
            for path in CONTAINERS:
                self.container_pair[one, self.number(f"<{_name(path)}>")] = self.after[one] == _outer(path)
                self.container_pair[one, self.number(f"</{_name(path)}>")] = self.after[one] == _CONTEXT[path]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _outer(path: str) -> int:
    """Return the context of a node, which is the container around it."""
    return _CONTEXT.get(path.rpartition("/")[0], 0)


TAGS = Tags()
LEAF_END, CONTAINER_END, CONTAINER, EMPTY, SPACED, LEAF = TAGS.first_of
"""First numbers of the closing tags of leaves and of containers, of opening tags of containers, empty tags, those with a
space, and leaves."""

RESPONSE, RESPONSE_END = TAGS.number(f"<{ROOT}>"), TAGS.number(f"</{ROOT}>")
"""Numbers of the tags with which a document begins and ends."""

NOTHING_IN_FIELD = TAGS.number(f"<{FIELD}>"), TAGS.number(f"</{FIELD}>")
"""Two tags that may not follow each other: a field without any node is a missing node for the strict parser."""


class TagTable:
    """Finds the number of a tag from its bytes, up to three words of eight, by a hash without collisions.

    A word with a ``>`` ends there; the bytes behind it are zeros, in the table as well.
    """

    _BITS = 12
    _FACTORS = np.array([1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)

    def __init__(self, names: list[bytes]) -> None:
        if max(map(len, names)) > LONGEST_TAG:
            raise AssertionError("a tag has more than 24 bytes, which three words do not cover")
        parts = [
            [int.from_bytes(name[at : at + WORD], "little") for name in names] for at in range(0, LONGEST_TAG, WORD)
        ]
        self._parts = np.array(parts, dtype=np.uint64)
        keys = np.bitwise_xor.reduce(self._parts * self._FACTORS[:, None], axis=0)[1:]
        self._factor, self._shift = self._search(keys), np.uint64(64 - self._BITS)
        self._numbers = np.zeros(1 << self._BITS, dtype=np.uint8)
        self._numbers[(keys * self._factor) >> self._shift] = np.arange(1, len(names))

    def _search(self, keys: NDArray[np.uint64]) -> np.uint64:
        chance = np.random.default_rng(1)
        while True:
            factor = chance.integers(1, 2**63, dtype=np.uint64) | np.uint64(1)
            if len(np.unique((keys * factor) >> np.uint64(64 - self._BITS))) == len(keys):
                return np.uint64(factor)

    def numbers(self, chunk: Chunk, begin: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the number of the tag at each place; `NO_TAG` unless every byte of it is the known tag's."""
        word, left = _up_to_bracket(chunk.words(begin))
        key, rest = word.copy(), []
        for size, factor in zip((WORD, 2 * WORD), self._FACTORS[1:], strict=True):
            further, without = _up_to_bracket(chunk.words(begin.take(left) + size))
            rest.append((left, further))
            key[left] ^= further * factor
            left = left.take(without)
        found = self._numbers.take(((key * self._factor) >> self._shift).view(np.int64))
        found *= self._parts[0].take(found) == word  # all others become NO_TAG, which is 0
        for (places, further), part in zip(rest, self._parts[1:], strict=True):
            found[places.compress(part.take(found.take(places)) != further)] = NO_TAG
        return found


_BRACKETS, _ONES, _HIGH = (np.uint64(int.from_bytes(byte * WORD, "little")) for byte in (b">", b"\x01", b"\x80"))


def _up_to_bracket(words: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """Set the bytes behind the first ``>`` of each word to zero; returns the indices of words without one as well."""
    marks = words ^ _BRACKETS
    marks -= _ONES
    # The lowest bit that is left is in the first ``>``, or in a byte above 0x7F before it, which no tag has.
    marks &= _HIGH
    kept = marks - np.uint64(1)
    kept ^= marks
    kept &= words
    return kept, np.flatnonzero(marks == 0)


TABLE = TagTable(TAGS.names)
