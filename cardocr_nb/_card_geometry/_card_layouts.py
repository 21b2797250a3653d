"""Where labels and values are on each card, in millimeters from the upper left corner.

Sizes: the resident identity card is an ID-1 card (ISO/IEC 7810, 85.6 x 54 mm), the main page of the driving license 88 x
60 mm (GA 482-2012). Places are the means of the arrangements that `cardocr_nb.specimen` draws, which follow the public
descriptions. Printers vary them by some millimeters, so they say where to look first; the recognized text says exactly.
"""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """Place of a value.

    Attributes
    ----------
    left, top, right, bottom : float
        Millimeters from the upper left corner of the card.
    long : bool
        The right edge depends on the text.
    deep : bool
        The lower edge depends on the text, too.
    """

    left: float
    top: float
    right: float
    bottom: float
    long: bool = False
    deep: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        """Center of the box."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


class FieldGeometry(NamedTuple):
    """Place of a field on the card.

    Attributes
    ----------
    label : str
        As printed; empty where the card prints none.
    center : (float, float)
        Of the label, millimeters; of the value if the card prints none.
    value : Box
        Place of the value.
    needed : int
        Characters of the label that must be read correctly.
    block : bool
        The value is below its label, or has no label, and takes several rows.
    """

    label: str
    center: tuple[float, float]
    value: Box
    needed: int = 2
    block: bool = False


class Layout(NamedTuple):
    """One arrangement of a card.

    Attributes
    ----------
    name : str
    size : (float, float)
        Width and height, millimeters.
    fields : dict of str to FieldGeometry
        By field name, in the order of the card.
    portrait : (float, float, float, float)
        Left, top, right, bottom, millimeters.
    own : frozenset of str
        Fields whose labels no other card has.
    """

    name: str
    size: tuple[float, float]
    fields: dict[str, FieldGeometry]
    portrait: tuple[float, float, float, float]
    own: frozenset[str]

    @property
    def boxes(self) -> dict[str, Box]:
        """Places of the values by field."""
        return {name: field.value for name, field in self.fields.items()}


_ID_SIZE, _LICENSE_SIZE = (85.6, 54.0), (88.0, 60.0)
_ID_OWN = frozenset({"ethnicity", "id_number"})
_LICENSE_OWN = frozenset(
    {"licence_number", "nationality", "first_issue_date", "vehicle_class", "valid_period", "issuing_authority"}
)

_ID_FORM = Layout(
    "form",
    _ID_SIZE,
    {
        "name": FieldGeometry("姓名", (8.4, 8.1), Box(14.7, 6.3, 25.2, 9.6, long=True)),
        "gender": FieldGeometry("性别", (8.4, 14.6), Box(14.7, 12.8, 17.9, 15.8)),
        "ethnicity": FieldGeometry("民族", (27.4, 14.6), Box(32.3, 12.8, 35.4, 15.8, long=True)),
        "birth_date": FieldGeometry("出生", (8.4, 21.1), Box(14.7, 19.6, 38.5, 22.1, long=True)),
        "address": FieldGeometry("住址", (8.4, 27.6), Box(14.7, 25.8, 52.0, 34.0, long=True, deep=True)),
        "id_number": FieldGeometry("公民身份号码", (13.5, 47.7), Box(28.5, 45.8, 74.5, 48.8), 4),
    },
    (57.0, 7.5, 81.5, 38.5),
    _ID_OWN,
)
_FORM_UPPER = {
    "licence_number": FieldGeometry("证号", (30.2, 12.8), Box(38.6, 11.4, 74.0, 14.0)),
    "name": FieldGeometry("姓名", (6.4, 17.6), Box(12.0, 16.3, 20.6, 19.0, long=True)),
    "gender": FieldGeometry("性别", (41.7, 17.6), Box(46.2, 16.3, 49.0, 19.0)),
    "nationality": FieldGeometry("国籍", (58.2, 17.6), Box(65.9, 16.3, 71.6, 19.0)),
    "address": FieldGeometry("住址", (6.4, 23.6), Box(12.5, 22.3, 58.0, 25.2, long=True, deep=True)),
    "birth_date": FieldGeometry("出生日期", (30.2, 34.0), Box(44.7, 33.1, 59.3, 35.4), 3),
    "first_issue_date": FieldGeometry("初次领证日期", (32.4, 39.9), Box(44.7, 39.0, 59.3, 41.3), 4),
    "vehicle_class": FieldGeometry("准驾车型", (30.2, 45.8), Box(44.7, 44.9, 49.0, 47.2, long=True), 3),
}
_SEAL = FieldGeometry("", (14.0, 42.5), Box(5.5, 34.0, 22.4, 51.0, long=True, deep=True), 99, block=True)
_LICENSE_FORM = Layout(
    "form",
    _LICENSE_SIZE,
    {
        **_FORM_UPPER,
        "valid_period": FieldGeometry("有效期限", (8.7, 55.0), Box(18.2, 54.0, 51.0, 56.6, long=True), 3),
        "issuing_authority": _SEAL,
    },
    (66.5, 32.2, 84.5, 54.4),
    _LICENSE_OWN,
)
_LICENSE_OLDER = Layout(
    "older form",
    _LICENSE_SIZE,
    {
        **_FORM_UPPER,
        "valid_period": FieldGeometry("有效期限", (42.7, 55.0), Box(51.0, 54.0, 56.0, 56.6, long=True), 3),
        "issuing_authority": _SEAL,
    },
    (66.5, 32.2, 84.5, 54.4),
    _LICENSE_OWN,
)
_LICENSE_STAMPED = Layout(
    "stamped",
    _LICENSE_SIZE,
    {
        "licence_number": FieldGeometry("证号", (8.0, 10.6), Box(26.8, 9.1, 61.2, 11.9)),
        "name": FieldGeometry("姓名", (8.0, 16.2), Box(12.8, 14.8, 21.5, 17.7, long=True)),
        "gender": FieldGeometry("性别", (43.2, 16.2), Box(48.0, 14.7, 50.6, 17.5)),
        "nationality": FieldGeometry("国籍", (61.5, 16.2), Box(67.2, 14.7, 72.6, 17.5)),
        "address": FieldGeometry("住址", (8.0, 21.8), Box(12.8, 20.7, 63.0, 23.3, long=True, deep=True)),
        "birth_date": FieldGeometry("出生日期", (31.8, 33.7), Box(45.0, 32.8, 59.2, 35.0), 3),
        "first_issue_date": FieldGeometry("初次领证日期", (34.0, 39.7), Box(45.0, 38.8, 59.2, 41.0), 4),
        "vehicle_class": FieldGeometry("准驾车型", (31.8, 45.6), Box(44.9, 44.6, 49.5, 46.8, long=True), 3),
        "valid_period": FieldGeometry("有效期限", (10.3, 54.0), Box(19.4, 52.8, 50.8, 55.3, long=True), 3),
        "issuing_authority": FieldGeometry(
            "发证单位", (10.3, 33.7), Box(5.3, 38.1, 19.7, 48.4, long=True, deep=True), 3, block=True
        ),
    },
    (66.2, 32.7, 84.0, 54.3),
    _LICENSE_OWN,
)
_LICENSE_LISTED = Layout(
    "listed",
    _LICENSE_SIZE,
    {
        "licence_number": FieldGeometry("证号", (8.0, 10.6), Box(20.5, 9.0, 53.9, 11.6)),
        "name": FieldGeometry("姓名", (8.0, 16.2), Box(14.8, 14.6, 23.2, 17.5, long=True)),
        "gender": FieldGeometry("性别", (43.2, 16.2), Box(48.0, 14.7, 50.6, 17.5)),
        "nationality": FieldGeometry("国籍", (61.5, 16.2), Box(67.2, 14.7, 72.6, 17.5)),
        "address": FieldGeometry("住址", (8.0, 21.8), Box(14.8, 20.5, 66.4, 23.3, long=True, deep=True)),
        "birth_date": FieldGeometry("出生日期", (10.8, 32.1), Box(24.8, 31.0, 39.1, 33.2), 3),
        "first_issue_date": FieldGeometry("初次领证日期", (13.2, 37.5), Box(24.7, 36.5, 39.1, 38.7), 4),
        "vehicle_class": FieldGeometry("准驾车型", (10.8, 43.0), Box(24.7, 41.9, 29.2, 44.1, long=True), 3),
        "valid_period": FieldGeometry("有效期限", (10.8, 48.5), Box(24.7, 47.3, 56.5, 49.8, long=True), 3),
        "issuing_authority": FieldGeometry("发证单位", (10.8, 53.9), Box(24.7, 52.6, 55.6, 55.3, long=True), 3),
    },
    (66.2, 32.7, 84.0, 54.3),
    _LICENSE_OWN,
)

LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "IDCard": (_ID_FORM,),
    "DriverLicense": (_LICENSE_FORM, _LICENSE_OLDER, _LICENSE_STAMPED, _LICENSE_LISTED),
}
"""Arrangements by card type, the present printed form first."""
