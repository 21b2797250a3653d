"""Alibaba Cloud's calls before version 2021-07-07: version 2019-12-30 of the vision platform, and the two calls of its market.

Sources: the public references of ``RecognizeIdentityCard`` and ``RecognizeDriverLicense`` (``Data/FrontResult``, ``Data/FaceResult``) and
of the market's ``ocr_idcard`` and ``ocr_driver_license`` (an object with ``success``). They give texts only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._dialects._dialect_reading import DialectReading, field, mapping, text, valid_period

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMER = frozenset({"FrontResult", "BackResult", "FaceResult"})
"""Members of ``Data``; that of the other side may be empty."""
_FRONT = {
    "Name": "name",
    "Gender": "gender",
    "Nationality": "ethnicity",
    "BirthDate": "birth_date",
    "Address": "address",
    "IDNumber": "id_number",
}
_FACE = {
    "LicenseNumber": "licence_number",
    "Name": "name",
    "Gender": "gender",
    "Address": "address",
    "IssueDate": "first_issue_date",
    "VehicleType": "vehicle_class",
    "IssueUnit": "issuing_authority",
}
_MARKET_CARD = {
    "name": "name",
    "sex": "gender",
    "nationality": "ethnicity",
    "birth": "birth_date",
    "address": "address",
    "num": "id_number",
}
_MARKET_LICENSE = {
    "num": "licence_number",
    "name": "name",
    "sex": "gender",
    "addr": "address",
    "issue_date": "first_issue_date",
    "vehicle_type": "vehicle_class",
}
_NOT_READ = ("NoResult", "InvalidInput")
"""Texts of the market's calls for a field that was not read."""


def read_former(data: Mapping[str, Any]) -> DialectReading:
    """Read ``Data`` of version 2019-12-30.

    Examples
    --------
    >>> read_former({"FrontResult": {"Name": "样本", "IDNumber": "1"}})
    <DialectReading card_type='IDCard', 2 fields>
    """
    if face := data.get("FaceResult"):
        named = capitalized(mapping(face, "Data/FaceResult"))
        return _reading(named, _FACE, "DriverLicense", ("StartDate", "EndDate"))
    if front := data.get("FrontResult"):
        return _reading(capitalized(mapping(front, "Data/FrontResult")), _FRONT, "IDCard")
    return DialectReading()


def capitalized(members: Mapping[str, Any]) -> dict[str, Any]:
    """Members as the reference names them; the SDKs for Java and JavaScript begin them with a small letter.

    Examples
    --------
    >>> capitalized({"frontResult": {}, "IDNumber": "1"})
    {'FrontResult': {}, 'IDNumber': '1'}
    """
    return {name[:1].upper() + name[1:]: value for name, value in members.items()}


def read_market(body: Mapping[str, Any]) -> DialectReading:
    """Read an answer of the market.

    Examples
    --------
    >>> read_market({"success": True, "name": "样本", "vehicle_type": "C1"})
    <DialectReading card_type='DriverLicense', 2 fields>
    """
    if body["success"] not in (True, "true"):
        return DialectReading(code="success=false", message=text(body.get("msg"), "msg"))
    if body.keys() & {"addr", "vehicle_type"}:
        return _reading(body, _MARKET_LICENSE, "DriverLicense", ("start_date", "end_date"))
    if body.keys() & _MARKET_CARD.keys():
        return _reading(body, _MARKET_CARD, "IDCard")
    if body.keys() & {"issue", "start_date", "end_date", "archive_no"}:  # the other side of a card
        return DialectReading()
    raise DecodeError("the document has success and no field of a card")


def _reading(
    body: Mapping[str, Any], names: Mapping[str, str], card_type: str, dates: tuple[str, str] | None = None
) -> DialectReading:
    read = {name: text(body.get(node), node) for node, name in names.items()}
    fields = [field(name, card_type, value) for name, value in read.items() if value and value not in _NOT_READ]
    if dates and (valid := valid_period(*(text(body.get(node), node) for node in dates))):
        fields.append(field("valid_period", card_type, valid))
    return DialectReading(tuple(fields), card_type)
