"""XML of the object calls beyond get and put: uploads in parts, copies, deletes of many objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import xmltodict

from cardocr_nb._transport import Response
from cardocr_nb.errors import DecodeError
from cardocr_nb.local._service_fault import XML, ServiceFault
from cardocr_nb.wire._xml_tree import parse

if TYPE_CHECKING:
    from collections.abc import Mapping


def xml_response(root: str, content: Mapping[str, Any] | str) -> Response:
    """Return a 200 response with an XML document; a list becomes repeated nodes.

    Examples
    --------
    >>> xml_response("CopyObjectResult", {"ETag": '"1"'}).body.partition(b"?>")[2].strip()
    b'<CopyObjectResult><ETag>"1"</ETag></CopyObjectResult>'
    """
    text: str = xmltodict.unparse({root: content}, short_empty_elements=True)
    return Response(200, XML, text.encode())


def read_nodes(body: bytes, root: str, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Parse a document and return its root's content and the nodes of one name, however many there are.

    Raises
    ------
    ServiceFault
        ``MalformedXML``: the body is not such a document.

    Examples
    --------
    >>> read_nodes(b"<Delete><Object><Key>a</Key></Object></Delete>", "Delete", "Object")[1]
    [{'Key': 'a'}]
    """
    try:
        content = parse(body, repair=False).get(root)
    except DecodeError as e:
        raise ServiceFault(400, "MalformedXML", str(e)) from e
    nodes = content.get(name) if isinstance(content, dict) else None
    nodes = nodes if isinstance(nodes, list) else [nodes]
    if not isinstance(content, dict) or not all(isinstance(node, dict) for node in nodes):
        raise ServiceFault(400, "MalformedXML", f"The body must be a {root} document with {name} nodes.")
    return content, nodes


def iso_time(seconds: float) -> str:
    """Return a time as the object store writes it.

    Examples
    --------
    >>> iso_time(0)
    '1970-01-01T00:00:00.000Z'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode_key(key: str, encoding: str) -> str:
    """Return a key as the client asked for it: URL-encoded or plain."""
    return quote(key, safe="/") if encoding == "url" else key
