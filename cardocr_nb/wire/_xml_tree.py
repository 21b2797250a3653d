"""Bytes → plain tree, strictly: XML without DTDs, or JSON; and the two repairs that pasted documents need.

A recovering parser would lose fields silently. Here a document either parses unchanged, or parses after one of two
repairs that are named in a warning, or is refused.
"""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

import xmltodict

from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._contract import RESULT_NODE
from cardocr_nb.wire._encodings import NAMED, as_utf8

Tree = dict[str, Any]

_MAX_DEPTH = 64  # the service's own documents have at most 8
_GZIP = b"\x1f\x8b"
_MANY_TAGS = 2000  # a document with fewer is parsed at once, however deep


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass
class RepairedFiles:
    """The file that is read, and the repairs that a warning has named in its batch: each names one file."""

    reading: str | None = None
    known: set[str] = field(default_factory=set)


REPAIRED: ContextVar[RepairedFiles | None] = ContextVar("repaired", default=None)
"""Set while files are read in batches."""


class RepairWarning(UserWarning):
    """A document had one of the vendor's known mistakes and was read as it was meant."""


class _DoctypeRefusedError(ValueError):
    """A document type declaration is in the document."""


class _TooDeepError(ValueError):
    """Nodes are nested deeper than in any document of the service."""


class _StrictExpat:
    """An expat whose parsers refuse document types, handed to xmltodict in place of the module."""

    @staticmethod
    def ParserCreate(*args: Any) -> expat.XMLParserType:  # noqa: N802 - the name that xmltodict calls
        parser = expat.ParserCreate(*args)
        parser.StartDoctypeDeclHandler = _refuse_doctype
        return parser


def _refuse_doctype(*_: object) -> None:
    raise _DoctypeRefusedError("it has a document type declaration (DTD), which is never read")


def _check_depth(body: bytes) -> None:
    """Raise if nodes are nested too deep. The tree parser takes a second for a megabyte of nested nodes."""
    depth = 0

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise _TooDeepError(f"its nodes are nested more than {_MAX_DEPTH} deep")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = _StrictExpat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(body, True)


def parse(raw: bytes, *, repair: bool = True) -> Tree:
    """Read a document into a tree of dicts, lists, strings, numbers and None.

    Parameters
    ----------
    raw : bytes
        XML or JSON; white space around it does not matter.
    repair : bool, default True
        Try the two repairs on XML that does not parse. A server passes False: a program that sends a request has no
        use for them, and a document made to be searched in vain would cost minutes.

    Returns
    -------
    dict
        With the document's root as its one key for XML.

    Raises
    ------
    DecodeError
        Not XML and not a JSON object, or with a DTD.

    Warns
    -----
    RepairWarning
        The document is ill-formed in one of the ways of the vendor's own samples and was repaired.

    Examples
    --------
    >>> parse(b"<Error><Code>NoSuchKey</Code></Error>")
    {'Error': {'Code': 'NoSuchKey'}}
    """
    body = _body(raw)
    return _object(body, raw) if body[:1] in b"{[" else _xml(body, raw, repair=repair)


def parse_each(raw: bytes) -> list[Tree]:
    r"""Read a document, a JSON list of documents, or one JSON document a line, into trees.

    Plain XML is read in a fifth of the time of `parse`, into the same tree.

    Raises
    ------
    DecodeError
        As for `parse`; or an element of a list is not an object.

    Examples
    --------
    >>> parse_each(b'{"a": 1}\n{"a": 2}\n'), parse_each(b"<a>1</a>")
    ([{'a': 1}, {'a': 2}], [{'a': '1'}])
    """
    body = _body(raw)
    if body.startswith(b"["):
        return _list(body, raw)
    if not body.startswith(b"{"):
        tree = _plain_tree(body)
        return [_xml(body, raw, repair=True) if tree is None else tree]
    lines = [line for line in map(bytes.strip, body.splitlines()) if line]
    if len(lines) > 1 and all(line.startswith(b"{") and line.endswith(b"}") for line in lines):
        return [_json(line, raw) for line in lines]
    return [_object(body, raw)]


def parse_list(raw: bytes) -> list[Tree] | None:
    """Read a JSON list of documents into trees; None when the bytes are another kind of document.

    Raises
    ------
    DecodeError
        The list is broken, or holds an element that is not an object.

    Examples
    --------
    >>> parse_list(b'[{"a": 1}]'), parse_list(b"<a/>")
    ([{'a': 1}], None)
    """
    body = as_utf8(raw).strip(b" \t\r\n")
    return _list(body, raw) if body.startswith(b"[") else None


def _body(raw: bytes) -> bytes:
    """Return a document as UTF-8 without white space around it; raise if it is empty or compressed."""
    body = as_utf8(raw).strip(b" \t\r\n")
    if not body:
        raise DecodeError("the document is empty, expected XML or JSON of the service", raw)
    if body.startswith(_GZIP):
        raise DecodeError(
            "the document is compressed by gzip; decompress it, or pass a file whose name ends in .gz", raw
        )
    return body


def _object(body: bytes, raw: bytes) -> Tree:
    tree = _json(body, raw)
    if not isinstance(tree, dict):
        raise DecodeError(f"the document is a JSON {type(tree).__name__}, expected an object", raw)
    return tree


def _list(body: bytes, raw: bytes) -> list[Tree]:
    trees: list[Tree] = _json(body, raw)
    for number, tree in enumerate(trees, 1):
        if not isinstance(tree, dict):
            raise DecodeError(f"element {number} of the JSON list is a {type(tree).__name__}, expected an object", raw)
    return trees


def to_bytes(document: bytes | bytearray | memoryview | str | Mapping[str, Any]) -> bytes:
    """Return a document as bytes: a decoded text is encoded as UTF-8, a parsed one is written as JSON.

    The encoding that the XML declaration of a text names is left out: it was the encoding of the bytes before.

    Raises
    ------
    DecodeError
        A text has half of a surrogate pair, or JSON has no form for a parsed document.
    TypeError
        The document has another type.

    Examples
    --------
    >>> to_bytes('<?xml version="1.0" encoding="utf-16"?><Error/>'), to_bytes({"Error": {}})
    (b'<?xml version="1.0"?><Error/>', b'{"Error": {}}')
    """
    if isinstance(document, bytes | bytearray | memoryview):
        return bytes(document)
    if isinstance(document, Mapping):
        try:
            text = json.dumps(document, ensure_ascii=False, default=_as_dict)
        except (TypeError, ValueError, RecursionError) as e:
            raise DecodeError(f"the parsed document cannot be written as JSON ({type(e).__name__})") from None
    elif isinstance(document, str):
        text = NAMED.sub(r"\1", document.lstrip("\ufeff \t\r\n"), count=1)
    else:
        raise TypeError(f"a document is bytes, str or a mapping, got {type(document).__name__}")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise DecodeError("the document has half of a surrogate pair (\\ud800 to \\udfff) in a text") from None


def _as_dict(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def _json(body: bytes, raw: bytes) -> Any:
    try:
        tree = json.loads(body.decode())  # from bytes, json would pass halves of surrogate pairs on
    except (ValueError, RecursionError) as e:
        where = f" at byte {e.start}" if isinstance(e, UnicodeDecodeError) else ""
        where = f" at line {e.lineno} column {e.colno}" if isinstance(e, json.JSONDecodeError) else where
        raise DecodeError(f"the document begins like JSON and is broken{where}", raw) from None
    if b"\\u" in body and _LONE_SURROGATE.search(json.dumps(tree, ensure_ascii=False)):
        raise DecodeError(
            "the document has half of a surrogate pair (\\ud800 to \\udfff) in a text, which no file can store", raw
        )
    return tree


def _strict(body: bytes) -> Tree:
    tree: Tree = xmltodict.parse(body, expat=_StrictExpat, strip_whitespace=False, xml_attribs=False)
    return tree


_QUICK_PROLOG = re.compile(rb"<\?xml version=[\"']1\.0[\"'](?:\s+encoding=[\"'](?:utf-8|UTF-8)[\"'])?\s*\?>")


def _plain_tree(body: bytes) -> Tree | None:
    """Read XML into the tree that `_strict` makes, in a fifth of its time; None where only `_strict` may judge.

    These are documents with a DTD, instructions, namespaces, another encoding or an error.
    """
    if not body.endswith(b">") or b"DOCTYPE" in body or b"xmlns" in body or b"\0" in body:  # zeros are in UTF-16
        return None
    prolog = _QUICK_PROLOG.match(body)
    if body.find(b"?>", prolog.end() if prolog else 0) >= 0:
        return None
    try:
        body.decode()
        root = ET.fromstring(body)  # noqa: S314 - no DTD, so that it has no entities
        return {root.tag: _children(root)}
    except (ET.ParseError, ValueError, LookupError, RecursionError):
        return None


def _children(element: ET.Element) -> Any:
    """Return the text of an element or the tree of its children, as xmltodict does."""
    if not len(element):
        return element.text or None
    tree: Tree = {}
    stray = element.text or ""
    for child in element:
        value, name = _children(child) if len(child) else child.text or None, child.tag
        if name not in tree:
            tree[name] = value
        elif isinstance(tree[name], list):
            tree[name].append(value)
        else:
            tree[name] = [tree[name], value]
        stray += child.tail or ""
    if stray:
        tree["#text"] = stray
    return tree


def _xml(body: bytes, raw: bytes, *, repair: bool) -> Tree:
    try:
        if body.count(b"<") > _MANY_TAGS:
            _check_depth(body)
        # Without handlers, expat finds an error in a tenth of the time that the tree up to it takes.
        _StrictExpat.ParserCreate().Parse(body, True)
        return _strict(body)
    except (_DoctypeRefusedError, _TooDeepError) as e:
        raise DecodeError(f"the document is refused: {e}", raw) from None
    except (expat.ExpatError, ValueError, LookupError) as e:
        first = e
    repaired, mended = _repair(body) if repair else (body, [])
    if mended:
        try:
            tree = _strict(repaired)
        except (expat.ExpatError, ValueError, LookupError):
            pass
        else:
            _warn_of_repair(" and ".join(mended))
            return tree
    raise DecodeError(f"the document is not well-formed XML: {_reason(first)}. {_hint(mended)}", raw)


def _warn_of_repair(how: str) -> None:
    files = REPAIRED.get()
    if files is None:
        warnings.warn(f"the document is not well-formed XML; read with {how}", RepairWarning, 3)
    elif how not in files.known:
        files.known.add(how)
        name = "the document" if files.reading is None else shown_path(files.reading)
        warnings.warn(f"{name} is not well-formed XML; read with {how}", RepairWarning, 3)


def _reason(error: Exception) -> str:
    if isinstance(error, expat.ExpatError):
        return f"{expat.ErrorString(error.code)} at line {error.lineno} column {error.offset + 1}"
    return str(error)


def _hint(mended: list[str]) -> str:
    if mended:
        return f"Tried {' and '.join(mended)}, which was not enough; compare the tags around that place"
    return "Check that it was saved whole, from '<Response>' to '</Response>', and as UTF-8"


# An unclosed comment runs to the end, so that no document is searched twice.
_MARKUP = re.compile(
    rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|<(/?)([A-Za-z_][\w.\-]*)(?:\s[^<>]*?)?(/?)>",
    re.DOTALL,
)


_WHOLE_MESSAGE = re.compile(rb"<Message>[^<>]*</Message")


class _Open:
    """The tags that are open, innermost last; every operation is quick however many there are."""

    def __init__(self) -> None:
        self._names: list[bytes] = []
        self._counts: Counter[bytes] = Counter()

    def __contains__(self, name: bytes) -> bool:
        return self._counts[name] > 0

    def innermost_is(self, name: bytes) -> bool:
        return bool(self._names) and self._names[-1] == name

    def add(self, name: bytes) -> None:
        self._names.append(name)
        self._counts[name] += 1

    def close(self, name: bytes) -> None:
        """Forget the innermost tag of a name and all that was opened inside it."""
        closed = None
        while closed != name:
            closed = self._names.pop()
            self._counts[closed] -= 1


def _repair(body: bytes) -> tuple[bytes, list[str]]:
    """Apply the two rules; gives the document and what was changed, in words."""
    messages = len(_WHOLE_MESSAGE.findall(body)) if body.count(b"</Message") else 0
    if body.count(b"</Message") == messages and body.count(b"<" + RESULT_NODE.encode()) < 2:
        return body, []  # neither rule can apply, which most broken documents show at once
    tags = _Open()
    out: list[bytes] = []
    mended: list[str] = []
    last = 0
    result = RESULT_NODE.encode()
    for found in _MARKUP.finditer(body):
        slash, name, empty = found[1], found[2], found[3]
        if name is None or empty:
            continue
        if slash:
            if name == b"Message" and not tags.innermost_is(name):
                out += [body[last : found.start()], b"<Message/>"]
                last = found.end()
                mended.append("a stray '</Message>' taken as '<Message/>'")
            elif name in tags:
                tags.close(name)
        elif name == result and result in tags:
            out += [body[last : found.start()], b"</", result, b">"]
            last = found.end()
            mended.append(f"a second opening '<{RESULT_NODE}>' taken as '</{RESULT_NODE}>'")
            tags.close(name)
        else:
            tags.add(name)
    out.append(body[last:])
    return b"".join(out), list(dict.fromkeys(mended))
