"""Baidu AI Cloud OCR: ``idcard``, ``multi_idcard`` with one card, and ``driving_license``.

Source: the public reference of the two calls. A field is a member of ``words_result`` under its printed label, with ``words``,
``location`` (an upright rectangle) and, where the call asked for it, ``probability`` (0 to 1, with its average).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from cardocr_nb.cards import known_field
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._dialects._dialect_reading import (
    DialectReading,
    code,
    corners,
    field,
    listed,
    mapping,
    number,
    remarks,
    score,
    text,
    valid_period,
)
from cardocr_nb.wire._records import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.wire._records import Points

    _Value: TypeAlias = tuple[str | None, int | None, Points | None]

_UNTIL = "至"
_LICENSE = {"licence_number", "vehicle_class", "first_issue_date", "valid_period", "nationality"}
_BACK = {"签发机关", "签发日期", "失效日期"}
"""Labels of the back of an identity card, which the frame does not hold."""
_PERIOD, _FROM, _END = "有效期限", "有效起始日期", "失效日期"
"""Labels of the valid period of a license: the former one, whose end is at `_UNTIL`, and those since 2023. Both dates, or the first
one as `_FROM` and the term of an older license, such as 6年, as `_PERIOD`."""
_SECOND_PAGE, _ON_BOTH = {"档案编号", "记录"}, {"姓名", "证号"}
_FRONT, _NORMAL = "idcard_front", "normal"
_AGREES = (None, 1, "1")
"""``idcard_number_type`` of a number that agrees with date of birth and gender; -1 is a picture without fields."""
_STATES = "image_status", "risk_type"
_QUALITY = {"IsClear", "IsComplete", "IsNoCover"}
_MOST = 2**31 - 1


def read_baidu(document: Mapping[str, Any]) -> DialectReading:
    """Read a document.

    Raises
    ------
    DecodeError
        It is not a document of the two calls.

    Examples
    --------
    >>> read_baidu({"words_result": {"姓名": {"words": "样本"}, "民族": {"words": "汉"}}})
    <DialectReading card_type='IDCard', 2 fields>
    """
    if document.get("error_code") not in (None, 0, "0"):
        return DialectReading(
            code=code(document["error_code"], "error_code"), message=text(document.get("error_msg"), "error_msg")
        )
    if "words_result" not in document:
        raise DecodeError("the document has neither words_result nor error_code")
    # A picture without a card has an empty list in place of the object.
    result = document["words_result"] or {}
    entries = mapping(_front_of_several(result) if isinstance(result, list) else result, "words_result")
    if entries.keys() & _SECOND_PAGE:
        entries = {label: entry for label, entry in entries.items() if label not in _SECOND_PAGE}
        entries = {} if entries.keys() <= _ON_BOTH else entries
    names = {known_field(label) for label in entries} | ({"valid_period"} if _FROM in entries else set())
    card_type = ("DriverLicense" if names & _LICENSE else "IDCard") if entries.keys() - _BACK else None
    read = {
        label: _value(entry, label)
        for label, entry in entries.items()
        if label not in _BACK or (label == _END and card_type == "DriverLicense")
    }
    until = read.pop(_UNTIL, None) or read.pop(_END, None)
    if _FROM in read:
        until = until or read.pop(_PERIOD, None)
        read[_PERIOD] = read.pop(_FROM)
    if until is not None and _PERIOD in read:
        read[_PERIOD] = _whole_period(read[_PERIOD], until)
    fields = []
    for label, (words, sure, place) in read.items():
        name = known_field(label)
        if words:
            named = field(name, card_type or "", words, sure, place) if name else Field(label, words, sure, place)
            fields.append(named)
    return DialectReading(tuple(fields), card_type, message=_said(document))


def _said(document: Mapping[str, Any]) -> str | None:
    """What the service found wrong with the picture and the number, such as ``blurred``, ``copy`` and ``shield``."""
    quality = document.get("card_quality")
    if isinstance(quality, Mapping):
        quality = [f"{name} 0" for name, good in quality.items() if name in _QUALITY and good in (0, "0")]
    states = [listed(name, state) for name in _STATES if (state := document.get(name)) != _NORMAL]
    kind = document.get("idcard_number_type")
    number_type = None if kind in _AGREES else listed("idcard_number_type", kind)
    return remarks(
        *states, listed("card_quality", quality), number_type, listed("warn_infos", document.get("warn_infos"))
    )


def _front_of_several(cards: Sequence[Any]) -> Mapping[str, Any]:
    """Fields of the front in an answer of ``multi_idcard``, which lists the cards and sides of a picture."""
    if not all(isinstance(card, dict) and "card_result" in card for card in cards):
        raise DecodeError(
            "words_result must be an object; general OCR gives a list, for which this dialect has no fields"
        )
    fronts = [
        card["card_result"]
        for card in cards
        if mapping(card.get("card_info") or {}, "words_result/card_info").get("card_type", _FRONT) == _FRONT
    ]
    if len(fronts) > 1:
        raise DecodeError(f"the document has {len(fronts)} cards; a row needs a picture of its own")
    return mapping(fronts[0], "words_result/card_result") if fronts else {}


def _whole_period(first: _Value, other: _Value) -> _Value:
    """The valid period with the score and place of its first date, or of the term that replaces dates."""
    value = valid_period(first[0], other[0])
    is_term = value and not (first[0] and value.startswith(first[0]))
    return (value, *(other if is_term else first)[1:])


def _value(entry: object, label: str) -> _Value:
    node = f"words_result/{label}" if known_field(label) else "words_result"
    found = mapping(entry, node)
    sure = found.get("probability")
    if isinstance(sure, Mapping):
        sure = sure.get("average")
    words = text(found.get("words"), f"{node}/words")
    return words, score(sure, f"{node}/probability", 1.0), _place(found.get("location"), f"{node}/location")


def _place(location: object, node: str) -> Points | None:
    if location is None:
        return None
    box = mapping(location, node)
    left, top = (number(box.get(name), f"{node}/{name}", -_MOST, _MOST) for name in ("left", "top"))
    width, height = (number(box.get(name), f"{node}/{name}", 0, _MOST) for name in ("width", "height"))
    if not width or not height:  # the reference gives zeros for a field that was not found
        return None
    right, bottom = left + width, top + height
    return corners([(left, top), (right, top), (right, bottom), (left, bottom)], node)
