"""The tags of a document with jobs and where each may appear, as small tables that numpy looks up.

The tables are made from `cardocr_nb.wire._contract`. A *context* is the container around a tag; a *slot* is a row of the
result, such as "the text of Input/Object of a job". See ``HOW_IT_WORKS.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.wire._contract import FIELD, FIELD_NODES, JOB, JOB_NODES, POINT, RESULT, RESULT_NODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


@dataclass
class Tags:
    """Every tag that may appear, its number from 1 on; 0 is an unknown tag.

    Attributes
    ----------
    names : list of bytes
        The tags themselves, such as ``<Score>``, ``</Score>``, ``<Message/>``.
    pair : ndarray of bool, shape (256 * 256,)
        Whether a tag (low byte) may come directly after another (high byte).
    container_pair : ndarray of bool, shape (256 * 256,)
        The same for the tags of containers, all others left out.
    after : ndarray of uint8, shape (256,)
        Context behind a tag of a container.
    slot : ndarray of uint8, shape (256 * 256,)
        Slot of a tag (low byte) in a context (high byte), `NO_SLOT` where it may not be.
    is_text, is_container, has_slot : ndarray of bool, shape (256,)
        Opening tags of leaves; opening and closing tags of containers; all but closing tags.
    """

    names: list[bytes] = field(default_factory=lambda: [b""])
    pair: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((256, 256), dtype=bool))
    container_pair: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((256, 256), dtype=bool))
    after: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(256, dtype=np.uint8))
    slot: NDArray[np.uint8] = field(default_factory=lambda: np.full((256, 256), NO_SLOT, dtype=np.uint8))
    is_text: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(256, dtype=bool))
    is_container: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(256, dtype=bool))
    has_slot: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(256, dtype=bool))

    def number(self, tag: str) -> int:
        """Return the number of a tag; a new one for a tag that is seen for the first time."""
        raw = tag.encode()
        if raw not in self.names:
            self.names.append(raw)
        return self.names.index(raw)


def _tags() -> Tags:
    tags = Tags()
    tags.number("<?xml")  # the prolog; compared in full by `cardocr_nb._bulk._tokens`
    for path in (*CONTAINERS, *_LEAVES):
        name, context = path.rpartition("/")[2], _CONTEXT.get(path.rpartition("/")[0], 0)
        opening, closing = tags.number(f"<{name}>"), tags.number(f"</{name}>")
        tags.has_slot[opening] = True
        if path in _CONTEXT:
            tags.is_container[[opening, closing]] = True
            tags.after[opening], tags.after[closing] = _CONTEXT[path], context
            tags.slot[_CONTEXT[path], opening] = SLOTS[path]
        else:
            tags.is_text[opening] = True
            tags.slot[context, opening] = SLOTS[path]
        # An empty InputObjectUrl agrees with other tags in length and first bytes; the strict parser reads it.
        if path not in _REPEATED and name != "InputObjectUrl":
            written = [tag for tag in (f"<{name}/>", f"<{name} />") if len(tag) <= LONGEST_TAG]
            for empty in map(tags.number, written):
                tags.has_slot[empty] = True
                tags.slot[context, empty] = SLOTS[path]
    _pairs(tags)
    return tags


def _pairs(tags: Tags) -> None:
    count = len(tags.names)
    leaf_closings = [tags.names.index(b"</" + tag[1:]) for tag in tags.names if tags.is_text[tags.names.index(tag)]]
    # After most tags comes any tag but the closing one of a leaf, which belongs directly behind its opening tag.
    tags.pair[1:count, 2:count] = True
    tags.pair[:, leaf_closings] = False
    for opening in np.flatnonzero(tags.is_text[:count]):
        tags.pair[opening, :] = False
        tags.pair[opening, tags.names.index(b"</" + tags.names[opening][1:])] = True
    # A field without any node is a missing node for the strict parser.
    tags.pair[tags.number(f"<{FIELD}>"), tags.number(f"</{FIELD}>")] = False
    for one in np.flatnonzero(tags.is_container[:count]):
        for path in CONTAINERS:
            name, around = path.rpartition("/")[2], _CONTEXT.get(path.rpartition("/")[0], 0)
            tags.container_pair[one, tags.number(f"<{name}>")] = tags.after[one] == around
            tags.container_pair[one, tags.number(f"</{name}>")] = tags.after[one] == _CONTEXT[path]


TAGS = _tags()
PROLOG, OPENING, CLOSING = TAGS.number("<?xml"), TAGS.number(f"<{ROOT}>"), TAGS.number(f"</{ROOT}>")
"""Numbers of the tags with which a document begins and ends."""


class TagTable:
    """Finds the number of a tag from its first eight bytes and its length, by a hash without collisions.

    Attributes
    ----------
    masks : ndarray of uint64
        Selects the first bytes of a word, as many as its index; a tag of eight or more bytes fills the word.
    """

    _BITS = 12

    def __init__(self, names: list[bytes]) -> None:
        self.masks = np.array([(1 << 8 * size) - 1 for size in range(WORD + 1)], dtype=np.uint64)
        tags = names[PROLOG + 1 :]
        keys = np.array([self._key(tag) for tag in tags], dtype=np.uint64)
        if len(set(keys.tolist())) < len(keys):
            raise AssertionError("two tags agree in their first eight bytes and their length; compare more bytes")
        self._factor, self._shift = self._search(keys), np.uint64(64 - self._BITS)
        places = (keys * self._factor) >> self._shift
        self._numbers = np.zeros(1 << self._BITS, dtype=np.uint8)
        self._keys = np.zeros(1 << self._BITS, dtype=np.uint64)
        self._numbers[places] = np.arange(PROLOG + 1, len(names))
        self._keys[places] = keys
        # The last eight bytes, and bytes 8 to 15 of tags with more than 16.
        self.last = np.array([_word(name[-WORD:]) for name in names], dtype=np.uint64)
        self.middle = np.array([_word(name[WORD : 2 * WORD]) for name in names], dtype=np.uint64)
        if max(map(len, tags)) > LONGEST_TAG:
            raise AssertionError("a tag has more than 24 bytes; its first 16 and last 8 do not cover it")

    def _key(self, tag: bytes) -> int:
        return _word(tag[:WORD]) ^ len(tag) * _LENGTH % 2**64

    def _search(self, keys: NDArray[np.uint64]) -> np.uint64:
        chance = np.random.default_rng(1)
        while True:
            factor = chance.integers(1, 2**63, dtype=np.uint64) | np.uint64(1)
            if len(np.unique((keys * factor) >> np.uint64(64 - self._BITS))) == len(keys):
                return np.uint64(factor)

    def numbers(self, words: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the number of each tag by its first eight bytes and its length; `NO_TAG` where there is none."""
        keys = words & self.masks.take(lengths, mode="clip")
        keys ^= lengths.view(np.uint64) * np.uint64(_LENGTH)
        places = ((keys * self._factor) >> self._shift).view(np.int64)
        found = self._numbers.take(places)
        found *= self._keys.take(places) == keys  # all others become NO_TAG, which is 0
        return found


_LENGTH = 0x9E3779B97F4A7C15


def _word(text: bytes) -> int:
    return int.from_bytes(text, "little")


TABLE = TagTable(TAGS.names)
