"""What stands around the texts of a document: learnt from one, byte for byte, to be found again in the next ones.

A document of the service is a few pieces: what comes before the first job, a job up to its fields, each field, the rest
of the job, what follows the last job. A template is a piece without its texts. Whatever is equal to a template in every
byte of its markup has the same nodes in the same order, so that its texts can be taken without parsing it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING
from xml.parsers import expat

import numpy as np

from cardocr_nb._bulk._chunk import LONGEST, WORD

if TYPE_CHECKING:
    from numpy.typing import NDArray

JOB = "Response/JobsDetail"
RESULT = f"{JOB}/Operation/ImageLicenseRecResult"
INFO = f"{RESULT}/IdInfo"
POINT = f"{INFO}/Location/Point"
_REPEATED = frozenset((JOB, INFO, POINT))
_HOLDERS = frozenset((
    "Response", JOB, f"{JOB}/Input", f"{JOB}/Operation", f"{JOB}/Operation/ImageLicenseRec", RESULT, INFO,
    f"{INFO}/Location",
))  # fmt: skip
_LEAVES = {
    "Response": "EventName NextToken",
    JOB: "Code Message JobId State CreationTime StartTime EndTime QueueId Tag Progress",
    f"{JOB}/Input": "BucketId Object Region",
    f"{JOB}/Operation": "UserData JobLevel",
    f"{JOB}/Operation/ImageLicenseRec": "CardType",
    RESULT: "Code State Message InputObjectName InputObjectUrl Status",
    INFO: "Name DetectedText Score",
    f"{INFO}/Location": "Point",
}
_TEXTS = frozenset(f"{holder}/{leaf}" for holder, leaves in _LEAVES.items() for leaf in leaves.split())

_BLANK = b" \t\r\n"
_CDATA, _CDATA_END = b"![CDATA[", b"]]>"
_AT_MOST = 512
_ALIKE_AT_MOST = 24


class Kind(IntEnum):
    """What a piece is."""

    NONE = 0
    BEGIN = 1
    JOB_TO_FIELDS = 2
    WHOLE_JOB = 3
    FIELD = 4
    REST_OF_JOB = 5
    END = 6


class Lead(IntEnum):
    """What a piece begins with."""

    OTHER = 0
    DOCUMENT = 1
    JOB = 2
    INFO = 3


@dataclass
class Template:
    """A piece without its texts. Between two parts of its markup there is one text.

    Attributes
    ----------
    key : int
        Number of its ``<`` and how it begins, see `key_of`.
    kind : Kind
    begins : list of int
        For each part, which ``<`` of the piece it is counted from.
    shifts : list of int
        Where it begins, counted from there.
    parts : list of bytes
    texts : list of str
        Paths of the nodes that hold the texts; one less than there are parts.
    nodes : set of str
        Paths that may not stand a second time in the same job or around the jobs.
    """

    key: int
    kind: Kind = Kind.NONE
    begins: list[int] = field(default_factory=lambda: [0])
    shifts: list[int] = field(default_factory=lambda: [0])
    parts: list[bytes] = field(default_factory=lambda: [b""])
    texts: list[str] = field(default_factory=list)
    nodes: set[str] = field(default_factory=set)

    def add_text(self, path: str, begin: int, end: bytes) -> None:
        """Have a text end where `end` and the ``<`` with number `begin` stand."""
        self.texts.append(path)
        self.begins.append(begin)
        self.shifts.append(-len(end))
        self.parts.append(end)

    @cached_property
    def sizes(self) -> list[int]:
        """Bytes of each part."""
        return list(map(len, self.parts))

    @cached_property
    def patterns(self) -> list[NDArray[np.uint64]]:
        """Each part eight times over, as words of eight bytes."""
        return [np.frombuffer(part * WORD, "<u8") for part in self.parts]

    @cached_property
    def counts(self) -> tuple[int, int, int]:
        """Number of control characters, of those that are neither line breaks nor tabs, and of ``]]>``."""
        markup = b"".join(self.parts)
        controls = sum(byte < ord(" ") for byte in markup)
        return controls, controls - markup.count(b"\n") - markup.count(b"\t"), markup.count(_CDATA_END)

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells it from any other."""
        return (self.kind, self.key, *self.begins, *self.shifts, *self.parts)


def key_of(count: int, lead: Lead) -> int:
    """Number by which templates are looked up."""
    return count * len(Lead) + lead


def lead_of(tag: bytes, before: bytes | None) -> Lead | None:
    """How a piece that begins with a tag begins, or None when none begins there; both without their ``<``."""
    if before is None:
        return Lead.DOCUMENT
    if tag.startswith(b"JobsDet"):
        return Lead.JOB
    if tag.startswith(b"IdInfo"):
        return Lead.INFO
    return Lead.OTHER if before.startswith((b"/IdInfo", b"/JobsDe")) else None


class NotPlainError(Exception):
    """A document, or a node in it, that only the strict parser may judge."""


def cut(document: bytes) -> list[Template]:
    """Cut a document into pieces and give their templates.

    Raises
    ------
    NotPlainError
        It is not well-formed, or holds anything else than jobs in the service's way.
    """
    _check_well_formed(document)
    return _Cutter(document.split(b"<")[1:]).templates()


def _check_well_formed(document: bytes) -> None:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = parser.CommentHandler = parser.ProcessingInstructionHandler = _give_up
    parser.XmlDeclHandler = _check_encoding
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as e:
        raise NotPlainError from e


def _give_up(*_: object) -> None:
    raise NotPlainError


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() != "utf-8":
        raise NotPlainError


class _Cutter:
    """Walks through the tags of a well-formed document; `tags` are what follows each ``<``."""

    def __init__(self, tags: list[bytes]) -> None:
        self._tags = tags
        self._open: list[str] = []
        self._seen: dict[str, set[str]] = {}

    @property
    def _path(self) -> str:
        return self._open[-1] if self._open else ""

    def templates(self) -> list[Template]:
        leads = {
            place: lead
            for place, (tag, before) in enumerate(zip(self._tags, [None, *self._tags], strict=False))
            if (lead := lead_of(tag, before)) is not None
        }
        return [self._template(a, b, leads[a]) for a, b in pairwise([*leads, len(self._tags)])]

    def _template(self, begin: int, end: int, lead: Lead) -> Template:
        template = Template(key_of(end - begin, lead))
        above = self._path
        for place in range(begin, end):
            self._read(place, place - begin, template)
        template.kind = _KINDS.get((lead, above, self._path), Kind.NONE)
        _expect(template.kind is not Kind.NONE and sum(map(len, template.parts)) <= LONGEST)
        return template

    def _read(self, place: int, number: int, template: Template) -> None:
        tag, bracket, text = self._tags[place].partition(b">")
        _expect(bracket and b">" not in text)
        if tag.startswith(_CDATA):
            _expect(self._path in _TEXTS and template.parts[-1] != _CDATA_END)
            _expect(not text and (tag + b">").endswith(_CDATA_END))
            template.parts[-1] += b"<" + _CDATA
            template.add_text(self._path, number + 1, _CDATA_END)
            return
        if tag.startswith(b"/"):
            _expect(self._path != INFO or self._seen[INFO])
            self._open.pop()
        elif not tag.startswith(b"?"):
            self._enter(tag, template)
        template.parts[-1] += b"<" + tag + b">"
        if self._path not in _TEXTS:
            _expect(not text.strip(_BLANK))
            template.parts[-1] += text
        elif self._tags[place + 1].startswith(_CDATA):
            _expect(not text)
        else:
            template.add_text(self._path, number + 1, b"")

    def _enter(self, tag: bytes, template: Template) -> None:
        empty = tag.endswith(b"/")
        path = f"{self._path}/{tag.removesuffix(b'/').split()[0].decode()}".lstrip("/")
        _expect(path in _TEXTS or path in _HOLDERS)
        if path in _REPEATED:
            _expect(not empty)
            self._seen[path] = set()
        else:
            around = next((holder for holder in (INFO, JOB) if path.startswith(f"{holder}/")), "")
            seen = self._seen.setdefault(around, set())
            _expect(path not in seen)
            seen.add(path)
            template.nodes.add(path)
        if not empty:
            self._open.append(path)


def _expect(fine: object) -> None:
    if not fine:
        raise NotPlainError


_KINDS = {
    (Lead.DOCUMENT, "", "Response"): Kind.BEGIN,
    (Lead.JOB, "Response", RESULT): Kind.JOB_TO_FIELDS,
    (Lead.JOB, "Response", "Response"): Kind.WHOLE_JOB,
    (Lead.INFO, RESULT, RESULT): Kind.FIELD,
    (Lead.OTHER, RESULT, "Response"): Kind.REST_OF_JOB,
    (Lead.OTHER, "Response", ""): Kind.END,
}


class Templates:
    """The templates learnt so far; may be shared by threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: dict[tuple[object, ...], int] = {}
        self._by_key: dict[int, list[int]] = {}
        self.all: list[Template] = []

    def learn(self, document: bytes) -> bool:
        """Learn the pieces of a document; False when it is not plain or there are too many templates already."""
        try:
            found = cut(document)
        except NotPlainError:
            return False
        with self._lock:
            return all(self._add(template) for template in found)

    def _add(self, template: Template) -> bool:
        if template.identity in self._numbers:
            return True
        alike = self._by_key.setdefault(template.key, [])
        if len(self.all) == _AT_MOST or len(alike) == _ALIKE_AT_MOST:
            return False
        self._numbers[template.identity] = len(self.all)
        self.all.append(template)
        alike.append(len(self.all) - 1)
        return True

    def of_key(self, key: int) -> list[int]:
        """Numbers of the templates with a key."""
        return list(self._by_key.get(key, ()))
