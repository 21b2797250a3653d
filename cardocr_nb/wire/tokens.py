"""The tags of many documents at once, found and checked by numpy: the first half of the fast reader.

Documents are laid end to end. Every ``<`` and ``>`` is found; each tag's name is compared byte for byte with the names
that the service uses; the order of the tags is checked against the tree of nodes. A document with anything else in it
(another node, an attribute, a comment, CDATA, a processing instruction) is refused, and read by the strict parser.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

PADDING = 32
"""Bytes that must follow the last document, so that words may be read beyond its end."""

# The nodes of a response with jobs and the depth at which they stand; `*` may repeat, `=` holds nodes.
_TREE = """
Response=
  EventName NextToken
  JobsDetail*=
    Code Message JobId State CreationTime StartTime EndTime QueueId Tag Progress
    Input=
      BucketId Object Region
    Operation=
      ImageLicenseRec=
        CardType
      ImageLicenseRecResult=
        Code State Message InputObjectName InputObjectUrl Status
        IdInfo*=
          Name DetectedText Score
          Location=
            Point*
      UserData JobLevel
"""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree; `number` is its place in `NODES`."""

    number: int
    path: str
    depth: int
    parent: int
    holds_nodes: bool
    repeats: bool

    @property
    def name(self) -> str:
        """The name in its tag."""
        return self.path.rpartition("/")[2]


def _nodes() -> tuple[Node, ...]:
    nodes: list[Node] = []
    open_nodes: list[Node] = []
    for line in _TREE.strip().splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        del open_nodes[depth:]
        above = open_nodes[-1] if open_nodes else None
        for word in line.split():
            name = word.rstrip("*=")
            path = f"{above.path}/{name}" if above else name
            node = Node(len(nodes), path, depth + 1, above.number if above else -1, word[-1] == "=", "*" in word)
            nodes.append(node)
        if nodes[-1].holds_nodes:
            open_nodes.append(nodes[-1])
    return tuple(nodes)


NODES = _nodes()
NUMBER = {node.path.removeprefix("Response/JobsDetail").lstrip("/"): node.number for node in NODES}
"""Number of a node by its path below ``JobsDetail``; that one's own path is empty."""


class Form(IntEnum):
    """The three forms of a tag."""

    OPEN = 0
    CLOSE = 1
    EMPTY = 2


UNKNOWN = 255
_FORMS = 3
_SHORT, _WORD, _LONG, _LONGEST = 4, 8, 16, 24


def code(node: int, form: Form) -> int:
    """Number of a tag: its node and its form."""
    return node * _FORMS + form


class RefusedError(Exception):
    """Some documents of a chunk hold what the fast reader does not know; `documents` are their places in the chunk."""

    def __init__(self, documents: Ints) -> None:
        super().__init__(f"{len(documents)} documents are left to the strict parser")
        self.documents = np.unique(documents)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Documents laid end to end, with `PADDING` bytes behind them.

    Attributes
    ----------
    raw : bytes
    data : ndarray of uint8
        The same bytes.
    starts : ndarray of shape (documents + 1,)
        Where each begins, and where the last one ends.
    """

    raw: bytes
    data: NDArray[np.uint8]
    starts: Ints

    @classmethod
    def of(cls, documents: list[bytes]) -> Chunk:
        """Lay documents end to end."""
        raw = b"".join([*documents, bytes(PADDING)])
        starts = np.zeros(len(documents) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, documents), dtype=np.int64, count=len(documents)), out=starts[1:])
        return cls(raw, np.frombuffer(raw, np.uint8, count=int(starts[-1])), starts)

    def words(self, at: Ints) -> NDArray[np.uint64]:
        """The eight bytes from each place on, the first one lowest."""
        size = len(self.raw) - _WORD + 1
        found: NDArray[np.uint64] = np.ndarray((size,), "<u8", self.raw, strides=(1,))[at]
        return found

    def documents(self, places: Ints) -> Ints:
        """The documents in which offsets into the chunk lie."""
        found: Ints = np.searchsorted(self.starts, places, side="right") - 1
        return found

    def check(self, fine: NDArray[np.bool_], places: Ints) -> None:
        """Refuse the documents in which something is not fine; `places` are offsets into the chunk."""
        if not fine.all():
            raise RefusedError(self.documents(places[~fine]))


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a chunk, in order.

    Attributes
    ----------
    code : ndarray of uint8
        Node and form, see `code`.
    text, end : ndarray of int
        Where the text after the tag begins and ends.
    """

    code: NDArray[np.uint8]
    text: Ints
    end: Ints


def read_tags(chunk: Chunk) -> Tags:
    """Find the tags of a chunk and check that each document is one whole tree of known nodes.

    Raises
    ------
    RefusedError
    """
    begin, end = _brackets(chunk)
    codes = _codes(_name_tags(chunk, begin + 1, end - begin - 1))
    # Two codes side by side are read as one number of two bytes.
    pairs = np.ndarray((len(codes) - 1,), "<u2", codes, strides=(1,))
    chunk.check(_MAY_FOLLOW.take(pairs), begin[1:])
    roots = np.flatnonzero(codes == code(0, Form.OPEN))
    last = np.append(roots[1:], len(codes)) - 1
    closed = codes[last] == _LAST_CODE
    if not (
        np.array_equal(begin[roots], chunk.starts[:-1]) and np.array_equal(end[last[closed]] + 1, chunk.starts[1:])
    ):
        closes = end[codes == _LAST_CODE] + 1
        chunk.check(np.isin(chunk.starts[:-1], begin[roots]) & np.isin(chunk.starts[1:], closes), chunk.starts[:-1])
        chunk.check(np.isin(begin[roots], chunk.starts), begin[roots])
    return Tags(codes, end + 1, np.append(begin[1:], chunk.starts[-1]))


def _codes(names: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Codes of tags; the names that stand both in a job and in its result are told apart by what was opened last.

    Whether each tag really stands where its code says is checked afterwards.
    """
    codes = _CODE.take(names)
    marks = np.flatnonzero(_MARK.take(names))
    twofold = np.flatnonzero(_TWOFOLD.take(names))
    mark = np.searchsorted(marks, twofold) - 1
    inside = twofold[(mark >= 0) & (codes[marks[mark]] == _RESULT_CODE)] if len(marks) else twofold[:0]
    codes[inside] = _CODE_INSIDE.take(names[inside])
    return codes


def _brackets(chunk: Chunk) -> tuple[Ints, Ints]:
    begin, end = np.flatnonzero(chunk.data == ord("<")), np.flatnonzero(chunk.data == ord(">"))
    counts = [np.diff(np.searchsorted(found, chunk.starts)) for found in (begin, end)]
    chunk.check((counts[0] == counts[1]) & (counts[0] > 0), chunk.starts[:-1])
    chunk.check(begin < end, begin)
    chunk.check(end[:-1] < begin[1:], begin[1:])
    return begin, end


def _name_tags(chunk: Chunk, at: Ints, length: Ints) -> NDArray[np.uint8]:
    """Number of each tag's name and form; `UNKNOWN` where any byte is another."""
    size = np.minimum(length, _LONGEST + 1)
    head = chunk.words(at) & WORD_MASKS.take(size)
    names = _NAME_OF_SLOT.take(_slots(head, size, chunk.data.take(at + size - 2)))
    fine = (_HEAD.take(names) == head) & (_SIZE.take(names) == size)
    long = np.flatnonzero(size > _WORD)
    stop = at[long] + size[long]
    fine[long] &= chunk.words(stop - _WORD) == _TAIL.take(names[long])
    longer = long[size[long] > _LONG]
    fine[longer] &= chunk.words(at[longer] + _WORD) == _MIDDLE.take(names[longer])
    names[~fine] = UNKNOWN
    return names


_BITS = 11
_FACTOR, _SIZE_FACTOR, _LAST_FACTOR = (
    np.uint64(0xEAD988F75CC3A599),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0x165667B19E3779F9),
)


def _slots(head: NDArray[np.uint64], size: Ints, last: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Place in a table without collisions, from the beginning, the length and the last byte but one of a name."""
    mixed = head + size.astype(np.uint64) * _SIZE_FACTOR + last * _LAST_FACTOR
    slots: NDArray[np.int64] = ((mixed * _FACTOR) >> np.uint64(64 - _BITS)).view(np.int64)
    return slots


def _word(name: bytes) -> int:
    return int.from_bytes(name[:_WORD], "little")


# A name, and what stands around it in a tag of each form; the last one is written by some libraries.
_SPELLINGS = (("{}", Form.OPEN), ("/{}", Form.CLOSE), ("{}/", Form.EMPTY), ("{} /", Form.EMPTY))
_NAMES = tuple(dict.fromkeys(node.name for node in NODES))
_TAGS = [spelling.format(name).encode() for name in _NAMES for spelling, _ in _SPELLINGS]
WORD_MASKS = np.array([2 ** (8 * min(n, _WORD)) - 1 for n in range(_LONGEST + 2)], dtype=np.uint64)
_HEAD = np.zeros(UNKNOWN + 1, dtype=np.uint64)
_MIDDLE, _TAIL, _SIZE = np.zeros_like(_HEAD), np.zeros_like(_HEAD), np.full(UNKNOWN + 1, -1)
_HEAD[: len(_TAGS)] = [_word(t) for t in _TAGS]
_MIDDLE[: len(_TAGS)] = [_word(t[_WORD:]) for t in _TAGS]
_TAIL[: len(_TAGS)] = [_word(t[-_WORD:]) for t in _TAGS]
_SIZE[: len(_TAGS)] = [len(t) for t in _TAGS]
_NAME_OF_SLOT = np.full(2**_BITS, UNKNOWN, dtype=np.uint8)
_LAST = np.array([t[-2] for t in _TAGS], dtype=np.uint8)
_NAME_OF_SLOT[_slots(_HEAD[: len(_TAGS)], _SIZE[: len(_TAGS)], _LAST)] = np.arange(len(_TAGS))

_RESULT = NUMBER["Operation/ImageLicenseRecResult"]
_RESULT_CODE, _LAST_CODE = code(_RESULT, Form.OPEN), code(0, Form.CLOSE)


def _code_tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Code of each tag, outside a result and inside one."""
    outside, inside = (np.full(UNKNOWN + 1, UNKNOWN, dtype=np.uint8) for _ in range(2))
    for node in NODES:
        first = _NAMES.index(node.name) * len(_SPELLINGS)
        table = inside if node.parent == _RESULT else outside
        for place, (_, form) in enumerate(_SPELLINGS, first):
            table[place] = code(node.number, form)
    return np.where(outside == UNKNOWN, inside, outside), inside


_MUST_HOLD = ("Response", "Response/JobsDetail", "Response/JobsDetail/Operation/ImageLicenseRecResult/IdInfo")


def _may_follow() -> NDArray[np.bool_]:
    """Whether a tag may stand after another. A tag tells all that is open, so pairs suffice.

    Repeated nodes that hold nothing are left to the strict parser, which may count them or not.
    """
    table = np.zeros((UNKNOWN + 1, UNKNOWN + 1), dtype=bool)
    for node in NODES:
        begun, done = [code(node.number, Form.OPEN)], [code(node.number, Form.CLOSE)]
        if not node.repeats and node.path not in _MUST_HOLD:
            done.append(code(node.number, Form.EMPTY))
        if node.path not in _MUST_HOLD:
            table[begun, code(node.number, Form.CLOSE)] = True
        siblings = [other for other in NODES if other.parent == node.parent]
        begins = [code(s.number, form) for s in siblings for form in (Form.OPEN, Form.EMPTY)]
        table[np.ix_(done, begins)] = True
        if node.parent >= 0:
            table[code(node.parent, Form.OPEN), [code(node.number, Form.OPEN), code(node.number, Form.EMPTY)]] = True
            table[done, code(node.parent, Form.CLOSE)] = True
    barred = [code(node.number, Form.EMPTY) for node in NODES if node.repeats or node.path in _MUST_HOLD]
    table[:, barred] = False
    return table.T.ravel()


_CODE, _CODE_INSIDE = _code_tables()
_MARK = np.isin(_CODE, [_RESULT_CODE, code(_RESULT, Form.CLOSE), code(0, Form.OPEN)])
_TWOFOLD = (_CODE_INSIDE != UNKNOWN) & (_CODE_INSIDE != _CODE)
_MAY_FOLLOW = _may_follow()
