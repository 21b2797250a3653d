"""Alibaba Cloud OCR: ``RecognizeIdcard`` and ``RecognizeDrivingLicense``, API version 2021-07-07, and the former calls.

Source: the public reference of the two calls. ``Data`` is a JSON text with ``data/face/data``, texts by name, and with
``data/face/prism_keyValueInfo``, which repeats them with ``valueProb`` (0 to 100) and ``valuePos`` (four points, clockwise).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._dialects._alibaba_former import FORMER, read_former, read_market, valid_period
from cardocr_nb.frame._dialects._dialect_reading import (
    DialectReading,
    code,
    corners,
    field,
    mapping,
    score,
    sequence,
    text,
)

_FIELDS = {
    "licenseNumber": "licence_number",
    "name": "name",
    "sex": "gender",
    "ethnicity": "ethnicity",
    "nationality": "nationality",
    "address": "address",
    "birthDate": "birth_date",
    "idNumber": "id_number",
    "initialIssueDate": "first_issue_date",
    "approvedType": "vehicle_class",
    "issueAuthority": "issuing_authority",
}
_FACE = "Data/data/face"
_MAX_TEXT = 2**23


def read_alibaba(document: Mapping[str, Any]) -> DialectReading:
    """Read a document, or the member ``body`` of what the SDK returns.

    Raises
    ------
    DecodeError
        It is not a document of the two calls.

    Examples
    --------
    >>> read_alibaba({"Data": '{"data": {"face": {"data": {"name": "样本", "idNumber": ""}}}}'})
    <DialectReading card_type='IDCard', 1 fields>
    """
    body = mapping(document.get("body", document), "body")
    if "success" in body:
        return read_market(body)
    if not body.get("Data"):
        if body.get("Code") is None:
            raise DecodeError("the document has none of Data, Code and success")
        return DialectReading(code=code(body["Code"], "Code"), message=text(body.get("Message"), "Message"))
    whole = _parsed(body["Data"])
    if whole.keys() & FORMER:
        return read_former(whole)
    data = mapping(whole.get("data"), "Data/data")
    if data.get("face") is None:
        return DialectReading()
    face = mapping(data["face"], _FACE)
    texts = mapping(face.get("data") or {}, f"{_FACE}/data")
    read = {
        node: text(value, f"{_FACE}/data") for node, value in texts.items() if not isinstance(value, Mapping | list)
    }
    details = _details(face.get("prism_keyValueInfo"))
    card_type = "DriverLicense" if "licenseNumber" in read or "approvedType" in read else "IDCard"
    fields = [
        field(name, card_type, value, *details.get(node, (None, None)))
        for node, name in _FIELDS.items()
        if (value := read.get(node))
    ]
    if valid := valid_period(read.get("validFromDate"), read.get("validPeriod")):
        fields.append(field("valid_period", card_type, valid))
    return DialectReading(tuple(fields), card_type)


def _parsed(data: object) -> Mapping[str, Any]:
    for _ in range(2):  # a document that was saved as a text has it escaped twice
        if not isinstance(data, str):
            break
        if len(data) > _MAX_TEXT:
            raise DecodeError(f"Data must be at most {_MAX_TEXT} characters")
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            raise DecodeError("Data must be a JSON text") from None
    return mapping(data, "Data")


def _details(entries: object) -> dict[str, tuple[int | None, Any]]:
    node = f"{_FACE}/prism_keyValueInfo"
    found: dict[str, tuple[int | None, Any]] = {}
    for entry in sequence(entries or [], node):
        about = mapping(entry, node)
        name, place = about.get("key"), about.get("valuePos")
        if not isinstance(name, str):
            raise DecodeError(f"{node}/key must be a text")
        polygon = None
        if place:
            points = [mapping(point, f"{node}/valuePos") for point in sequence(place, f"{node}/valuePos")]
            polygon = corners([(point.get("x"), point.get("y")) for point in points], f"{node}/valuePos")
        found[name] = score(about.get("valueProb"), f"{node}/valueProb", 100.0), polygon
    return found
