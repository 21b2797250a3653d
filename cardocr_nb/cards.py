"""Card types, the fields of each card, and the many labels under which a field comes over the wire.

Sources: the vendor's page for ``POST /jobs`` with Tag ``ImageLicenseRec`` (card types, English labels) and the labels
printed on the two cards (Chinese).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from cardocr_nb._text_safety import WordEnum, remember, shown_choice
from cardocr_nb.errors import InvalidRequestError


class CardType(WordEnum):
    """The cards that the service reads, by their names on the wire."""

    ID_CARD = "IDCard"
    DRIVER_LICENSE = "DriverLicense"


@dataclass(frozen=True, slots=True)
class CardField:
    """One field of a card.

    Attributes
    ----------
    name : str
        Canonical name, as in the column ``field``.
    label : str
        As printed on the card and as the embedded service names it.
    english : str
        For people: axis labels where no Chinese font is found, English reports.
    variants : tuple of str
        Other labels seen on the wire or likely there.
    """

    name: str
    label: str
    english: str
    variants: tuple[str, ...] = ()


_NAME = CardField("name", "姓名", "Name", ("名字", "Full Name"))
_GENDER = CardField("gender", "性别", "Gender", ("性別", "Sex"))
_ADDRESS = CardField("address", "住址", "Address", ("地址", "Residence", "Home Address"))

FIELDS: dict[CardType, tuple[CardField, ...]] = {
    CardType.ID_CARD: (
        _NAME,
        _GENDER,
        CardField("ethnicity", "民族", "Ethnicity", ("Ethnic", "Ethnic Group", "Nation")),
        CardField(
            "birth_date",
            "出生",
            "Birth date",
            ("出生日期", "Birth (Date)", "Birth", "Date of Birth", "Birthday", "DOB"),
        ),
        _ADDRESS,
        CardField(
            "id_number",
            "公民身份号码",
            "ID number",
            (
                "身份证号",
                "身份证号码",
                "身份号码",
                "Identification Number (ID Number)",
                "Identification Number",
                "Citizen Identification Number",
                "Identity Number",
                "ID Card Number",
                "ID No.",
            ),
        ),
    ),
    CardType.DRIVER_LICENSE: (
        CardField(
            "licence_number",
            "证号",
            "Licence number",
            (
                "驾驶证号",
                "License Number",
                "License No.",
                "Licence No.",
                "Driver License Number",
                "Driving License Number",
                "Certificate Number",
            ),
        ),
        _NAME,
        _GENDER,
        CardField("nationality", "国籍", "Nationality", ("國籍", "Country")),
        _ADDRESS,
        CardField("birth_date", "出生日期", "Birth date", ("出生",)),
        CardField(
            "first_issue_date",
            "初次领证日期",
            "First issue date",
            ("初次领证", "Date of First Issue", "First Issue", "Issue Date", "Date of Issue", "Initial Issue Date"),
        ),
        CardField(
            "vehicle_class", "准驾车型", "Vehicle class", ("车型", "Class", "Vehicle Type", "Permitted Vehicle Type")
        ),
        CardField(
            "valid_period",
            "有效期限",
            "Valid period",
            ("有效期", "Validity Period", "Period of Validity", "Validity", "Valid Date", "Valid Until"),
        ),
        CardField(
            "issuing_authority",
            "发证单位",
            "Issuing authority",
            ("发证机关", "签发机关", "Issuing Unit", "Issued By", "Issuing Organization"),
        ),
    ),
}
"""The fields of each card, in the order of the card."""


KNOWN_FIELDS = frozenset(f.name for fields in FIELDS.values() for f in fields)
remember(KNOWN_FIELDS)
"""Canonical names of the fields of all cards."""


def _fold(label: str) -> str:
    folded = unicodedata.normalize("NFKC", label).casefold()
    return re.sub(r"[\W_]+", "", folded)


def _index() -> dict[str, str]:
    index: dict[str, str] = {}
    for fields in FIELDS.values():
        for f in fields:
            for label in (f.label, f.english, f.name, *f.variants):
                index[_fold(label)] = f.name
    return index


_BY_LABEL = _index()
_ENGLISH = {f.name: f.english for fields in FIELDS.values() for f in fields}


def known_field(label: str) -> str | None:
    """Canonical name of a label, or None when the label has never been seen.

    Case, width, spaces and punctuation do not matter.

    Examples
    --------
    >>> known_field("Birth (Date)"), known_field("公民身份号码"), known_field("血型")
    ('birth_date', 'id_number', None)
    """
    return _BY_LABEL.get(_fold(label))


def field_name(label: str) -> str:
    """Canonical name of a label; for an unknown label a name made from it.

    Examples
    --------
    >>> field_name("Sex"), field_name("Blood Group (ABO)"), field_name("档案编号")
    ('gender', 'blood_group_abo', '档案编号')
    """
    known = known_field(label)
    if known is not None:
        return known
    made = re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", label).casefold()).strip("_")
    return made or "unlabeled"


def english(field: str) -> str:
    """A field's name for people who do not read Chinese.

    Examples
    --------
    >>> english("licence_number"), english("blood_group")
    ('Licence number', 'Blood group')
    """
    return _ENGLISH.get(field) or field.replace("_", " ").capitalize()


def printed(field: str, card_type: str | None = None) -> str | None:
    """A field's name as it is printed on a card, or None for a field that is on no card.

    Examples
    --------
    >>> printed("birth_date"), printed("birth_date", "DriverLicense"), printed("blood_group")
    ('出生', '出生日期', None)
    """
    cards = [fields for kind, fields in FIELDS.items() if card_type in (None, kind)]
    return next((f.label for fields in cards for f in fields if f.name == field), None)


def card_type(value: str) -> CardType:
    """Check a card type.

    Raises
    ------
    InvalidRequestError
        The service reads no such card.

    Examples
    --------
    >>> card_type("IDCard")
    <CardType.ID_CARD: 'IDCard'>
    """
    # Raised outside of an except block: the error of CardType(value) quotes the value, and would stay in __context__.
    found = next((kind for kind in CardType if isinstance(value, str) and kind == value), None)
    if found is None:
        names = " or ".join(repr(str(kind)) for kind in CardType)
        raise InvalidRequestError(
            f"card_type must be {names}, got {shown_choice(value, [str(kind) for kind in CardType])}"
        )
    return found


_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))
"""Of the digits of a citizen identification number, ISO/IEC 7064 MOD 11-2."""


def id_check_character(digits: str) -> str:
    """Return the check character of an identity number.

    Parameters
    ----------
    digits : str
        The first 17 digits.

    Returns
    -------
    str
        A digit or ``X``, by GB 11643-1999, which uses ISO 7064 MOD 11-2.

    Raises
    ------
    ValueError
        `digits` are not 17 digits.

    Examples
    --------
    >>> id_check_character("99010119741201001")
    '4'
    """
    if not (
        len(digits) == 17 and digits.isascii() and digits.isdigit()
    ):  # the digits themselves stay out of the message
        raise ValueError(f"the check character follows 17 digits, got {len(digits)} characters")
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def expected_fields(value: str) -> tuple[str, ...]:
    """Canonical names of the fields on a card, in the card's order.

    Examples
    --------
    >>> expected_fields("IDCard")
    ('name', 'gender', 'ethnicity', 'birth_date', 'address', 'id_number')
    """
    return tuple(f.name for f in FIELDS[card_type(value)])
