"""Alibaba Cloud OCR: ``RecognizeIdcard`` and ``RecognizeDrivingLicense``, API version 2021-07-07, and the former calls.

Source: the public reference of the two calls. ``Data`` is a JSON text with ``data/face/data``, texts by name, and with
``data/face/prism_keyValueInfo``, which repeats them with ``valueProb`` (0 to 100) and ``valuePos`` (four points, clockwise).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._dialects._alibaba_former import FORMER, capitalized, read_former, read_market
from cardocr_nb.frame._dialects._dialect_reading import (
    DialectReading,
    code,
    corners,
    field,
    listed,
    mapping,
    parsed,
    remarks,
    score,
    sequence,
    text,
    valid_period,
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
_SIDES = {"face", "back"}
_FLAGS = ("isCopy", "isReshoot")
"""Members of ``warning``; the others are scores of the picture, without limits."""


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
    answer, refusal, message = (
        body.get(name) or body.get(name.lower()) for name in ("Data", "Code", "Message")
    )  # the SDKs for Java and JavaScript write them in lower case
    if not answer:
        if refusal is None:
            raise DecodeError("the document has none of Data, Code and success")
        return DialectReading(code=code(refusal, "Code"), message=text(message, "Message"))
    whole = parsed(answer, "Data")
    if (former := capitalized(whole)).keys() & FORMER:
        return read_former(former)
    data = whole if whole.keys() & _SIDES else mapping(whole.get("data"), "Data/data")
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
    return DialectReading(tuple(fields), card_type, message=_said(face.get("warning")))


def _said(warning: object) -> str | None:
    """What the service found: a copy, a photo of a screen."""
    if not isinstance(warning, Mapping):
        return listed("warning", warning)
    return remarks(*(name for name in _FLAGS if warning.get(name) in (1, "1", True)))


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
