"""Tencent Cloud OCR: ``IDCardOCR`` and ``DriverLicenseOCR``, API version 2018-11-19.

Source: the public reference of the two actions. They give texts only, neither scores nor polygons; a field that was not read
is an empty text. `RecognizeMainlandIDCardOCR` of the international site has the same nodes, and Cloud Infinite's ``ci-process=IDCardOCR`` has
them in ``IdInfo``, as XML. Fields of the back of an identity card and of the second page of a license are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._dialects._dialect_reading import (
    DialectReading,
    code,
    field,
    listed,
    mapping,
    parsed,
    remarks,
    text,
    valid_period,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_ID_CARD = {
    "Name": "name",
    "Sex": "gender",
    "Nation": "ethnicity",
    "Birth": "birth_date",
    "Address": "address",
    "IdNum": "id_number",
}
_LICENSE = {
    "CardCode": "licence_number",
    "Name": "name",
    "Sex": "gender",
    "Nationality": "nationality",
    "Address": "address",
    "DateOfBirth": "birth_date",
    "DateOfFirstIssue": "first_issue_date",
    "Class": "vehicle_class",
    "IssuingAuthority": "issuing_authority",
}
_BACK, _SECOND_PAGE = {"Authority", "ValidDate"}, {"ArchivesCode", "Record"}
"""Nodes of the other side of a card, which the frame does not hold."""
_MAIN_PAGE = ("Sex", "Address", "DateOfBirth", "DateOfFirstIssue", "Class")


def read_tencent(document: Mapping[str, Any]) -> DialectReading:
    """Read a document, with or without its node ``Response``.

    Raises
    ------
    DecodeError
        It is not a document of the two actions.

    Examples
    --------
    >>> read_tencent({"Response": {"Name": "样本", "IdNum": "", "RequestId": "1"}})
    <DialectReading card_type='IDCard', 1 fields>
    """
    body = mapping(document.get("Response", document), "Response")
    if isinstance(body.get("IdInfo"), dict):  # the call of Cloud Infinite, which answers in XML
        body = body["IdInfo"]
    if body.get("Error") is not None:
        error = mapping(body["Error"], "Response/Error")
        return DialectReading(
            code=code(error.get("Code"), "Response/Error/Code"),
            message=text(error.get("Message"), "Response/Error/Message"),
        )
    if "CardCode" in body or "DateOfFirstIssue" in body:
        fields, kind, other_side = _license(body), "DriverLicense", _SECOND_PAGE
    elif body.keys() & (_ID_CARD.keys() | _BACK):
        fields, kind, other_side = _fields(body, _ID_CARD, "IDCard"), "IDCard", _BACK
    else:
        raise DecodeError("the document has no field of IDCardOCR or DriverLicenseOCR")
    is_other_side = not fields and any(body.get(node) for node in other_side)
    return DialectReading(fields, None if is_other_side else kind, message=_said(body))


def _said(body: Mapping[str, Any]) -> str | None:
    """Warnings, as their codes: a copy, a photo of a screen, an incomplete border."""
    given = body.get("AdvancedInfo")
    more: Mapping[str, Any] = {}
    unread = None
    try:
        more = parsed(given, "AdvancedInfo") if given not in (None, "", "null", "[]", []) else {}
    except DecodeError as e:  # what it warns of is less than the card
        unread = str(e)
    warned = listed("WarnInfos", more.get("WarnInfos"))
    return remarks(warned, unread, listed("RecognizeWarnCode", body.get("RecognizeWarnCode")))


def _fields(body: Mapping[str, Any], names: Mapping[str, str], card_type: str) -> tuple[Any, ...]:
    read = {name: text(body.get(node), f"Response/{node}") for node, name in names.items()}
    return tuple(field(name, card_type, value) for name, value in read.items() if value)


def _license(body: Mapping[str, Any]) -> tuple[Any, ...]:
    if any(body.get(node) for node in _SECOND_PAGE) and not any(body.get(node) for node in _MAIN_PAGE):
        return ()
    valid = valid_period(*(text(body.get(node), f"Response/{node}") for node in ("StartDate", "EndDate")))
    return _fields(body, _LICENSE, "DriverLicense") + (
        (field("valid_period", "DriverLicense", valid),) if valid else ()
    )
