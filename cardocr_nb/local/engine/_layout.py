"""Where things stand on each card.

Places are millimeters from the card's upper left corner: the resident identity card is 85.6 x 54 mm (ISO/IEC 7810, ID-1), the
main page of the driving license 88 x 60 mm. Printers vary them by some millimeters and the license comes in more than
one arrangement, so they say roughly where to look; the labels that were read say exactly.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldGeometry:
    """A field's place on the card, millimeters.

    Attributes
    ----------
    label : str
        As printed.
    center : (float, float)
        Of the label.
    right : float
        Where values of the field end at the latest, as far as the card is printed well.
    below : float
        How far a value reaches below the label's row.
    needed : int
        Characters of the label that must be read right.
    block : bool
        Whether the value stands under the label, not beside it.
    """

    label: str
    center: tuple[float, float]
    right: float
    below: float = 3.4
    needed: int = 2
    block: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """An arrangement of a card.

    Attributes
    ----------
    slots : dict of str to Slot
        By field name, in the card's order.
    own : frozenset of str
        Fields whose labels no other card has.
    """

    slots: dict[str, FieldGeometry]
    own: frozenset[str]


_ID_CARD = Layout(
    {
        "name": FieldGeometry("姓名", (8.0, 7.6), 54),
        "gender": FieldGeometry("性别", (8.0, 14.0), 54),
        "ethnicity": FieldGeometry("民族", (27.5, 14.0), 54),
        "birth_date": FieldGeometry("出生", (8.0, 20.3), 54),
        "address": FieldGeometry("住址", (8.0, 26.6), 54, below=16),
        "id_number": FieldGeometry("公民身份号码", (14.5, 46.6), 88, needed=4),
    },
    frozenset({"ethnicity", "id_number"}),
)
_LICENSE_OWN = frozenset(
    {"licence_number", "nationality", "first_issue_date", "vehicle_class", "valid_period", "issuing_authority"}
)
_LICENSE_TOP = {
    "licence_number": FieldGeometry("证号", (8.0, 10.6), 88),
    "name": FieldGeometry("姓名", (8.0, 16.2), 88),
    "gender": FieldGeometry("性别", (43.2, 16.2), 88),
    "nationality": FieldGeometry("国籍", (61.5, 16.2), 88),
    "address": FieldGeometry("住址", (8.0, 21.8), 88, below=8.5),
}
_LICENSE_STAMPED = Layout(
    {
        **_LICENSE_TOP,
        "birth_date": FieldGeometry("出生日期", (31.8, 33.7), 88, needed=3),
        "first_issue_date": FieldGeometry("初次领证日期", (34.0, 39.7), 88, needed=4),
        "vehicle_class": FieldGeometry("准驾车型", (31.8, 45.6), 88, needed=3),
        "valid_period": FieldGeometry("有效期限", (10.3, 54.0), 88, needed=3),
        "issuing_authority": FieldGeometry("发证单位", (10.3, 33.7), 27, below=18, needed=3, block=True),
    },
    _LICENSE_OWN,
)
_LICENSE_LISTED = Layout(
    {
        **_LICENSE_TOP,
        "birth_date": FieldGeometry("出生日期", (10.8, 32.1), 88, needed=3),
        "first_issue_date": FieldGeometry("初次领证日期", (13.2, 37.5), 88, needed=4),
        "vehicle_class": FieldGeometry("准驾车型", (10.8, 43.0), 88, needed=3),
        "valid_period": FieldGeometry("有效期限", (10.8, 48.5), 88, needed=3),
        "issuing_authority": FieldGeometry("发证单位", (10.8, 53.9), 88, needed=3),
    },
    _LICENSE_OWN,
)

LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "IDCard": (_ID_CARD,),
    "DriverLicense": (_LICENSE_STAMPED, _LICENSE_LISTED),
}
"""By card type."""
