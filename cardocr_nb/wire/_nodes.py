"""Reading single nodes of a parsed document, each fault with the name of its node.

A message names the node and the length of its text, never the text itself: in a damaged document a name
or number may have slipped into any node.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cardocr_nb.wire._records import SERVICE_TIME

if TYPE_CHECKING:
    from cardocr_nb.wire._contract import Node
    from cardocr_nb.wire._xml_tree import Tree

BLANK = " \t\r\n"
NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")


class FaultError(Exception):
    """A node that cannot be read; becomes a DecodeError with the document attached."""


def container(node: object, name: str) -> Tree:
    """Give the children of a node; an empty node has none, a text is a fault."""
    if isinstance(node, dict):
        stray = node.get("#text")
        if not (isinstance(stray, str) and stray.strip(BLANK)):
            return node
    elif node is None or (isinstance(node, str) and not node.strip(BLANK)):
        return {}
    if isinstance(node, list):
        raise FaultError(f"{name} appears {len(node)} times where one is expected")
    raise FaultError(f"{name} holds text where nodes are expected; compare the tags around it")


def repeated(node: Tree, name: str) -> list[Any]:
    """Give a node that may repeat as a list, whether it appears never, once or many times."""
    found = node.get(name)
    if isinstance(found, list):
        return found
    return [] if found is None else [found]


def verbatim(node: Tree, name: str, where: str) -> str | None:
    """Give the text of a node unchanged, or None when the node is absent or empty."""
    found = node.get(name)
    if isinstance(found, dict | list):
        kind = "more than once" if isinstance(found, list) else "with nodes inside"
        raise FaultError(f"{name} appears {kind} in {where}, expected one text")
    return None if found is None or found == "" else str(found)


def text(node: Tree, name: str, where: str) -> str | None:
    """Give the text of a node without white space around it, or None."""
    found = verbatim(node, name, where)
    return None if found is None else found.strip(BLANK) or None


def object_key(node: Tree, name: str, where: str) -> str | None:
    """Return the key of an object, or None: spaces at its ends belong to it, indentation with line breaks does not."""
    found = verbatim(node, name, where)
    if found is None:
        return None
    inner = found.strip(BLANK)
    if not inner:
        return None
    before, _, after = found.partition(inner)
    return inner if "\n" in before or "\n" in after else found


def number(node: Tree, name: str, where: str, most: int) -> int | None:
    """Give a whole number from 0 to `most`, or None; decimals are rounded."""
    found = text(node, name, where)
    if found is None:
        return None
    value = round(float(found)) if NUMBER.fullmatch(found) else -1
    if not 0 <= value <= most:
        raise FaultError(f"{name} in {where} must be a number from 0 to {most}, got {shown(found)}")
    return value


def read_node(tree: Tree, where: str, node: Node) -> Any:
    """Read a node of the contract from the tree of its holder, which is named `where`."""
    found = tree.get(node.name)
    if found is None:
        return None
    if node.kind == "text":
        return found.strip(BLANK) or None if isinstance(found, str) else text(tree, node.name, where)
    if node.kind == "key":
        return object_key(tree, node.name, where)
    if node.kind == "number":
        return number(tree, node.name, where, node.most)
    if node.kind == "time":
        return moment(tree, node.name)
    return verbatim(tree, node.name, where)


def moment(node: Tree, name: str) -> datetime | None:
    """Give a time with its offset, +0800 where it has none, or None for ``-`` and nothing."""
    found = text(node, name, "JobsDetail")
    if found is None or found == "-":
        return None
    try:
        when = datetime.fromisoformat(found)
    except ValueError:
        raise FaultError(f"{name} must be a time such as 2022-06-27T14:44:10+0800, got {shown(found)}") from None
    return when if when.tzinfo else when.replace(tzinfo=SERVICE_TIME)


_WORDS = frozenset({"html", "HTML", "Response", "Error", "Request", "JobsDetail", "ListBucketResult", "xml"})
"""Names of root nodes that a wrong document may have. Any other word may be a name that was read from a card."""


def shown(value: object) -> str:
    """Show a value of a document in a message: a word of the formats as it is, of anything else only its length."""
    if value is None:
        return "nothing"
    text = str(value)
    return repr(text) if text in _WORDS else f"a text of {len(text)} characters"
