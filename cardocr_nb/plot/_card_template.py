"""Where fields stand on a card, in millimeters, as a frame that photos from any angle are brought into.

Sizes: the resident identity card is an ID-1 card (ISO/IEC 7810, 85.6 x 54 mm), the main page of the driving license 88 x
60 mm. Places were measured on the flat specimens of `cardocr_nb.specimen`; printers vary them by a millimeter or two.
"""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """Where the value of a field usually stands.

    Attributes
    ----------
    left, top, right, bottom : float
        Millimeters from the card's upper left corner.
    long : bool
        The right edge depends on what is written.
    deep : bool
        The lower edge does, too.
    """

    left: float
    top: float
    right: float
    bottom: float
    long: bool = False
    deep: bool = False


class Template(NamedTuple):
    """One arrangement of a card.

    Attributes
    ----------
    name : str
    size : (float, float)
        Width and height, millimeters.
    boxes : dict of str to Box
        By field.
    portrait : (float, float, float, float)
        Left, top, right, bottom, millimeters.
    """

    name: str
    size: tuple[float, float]
    boxes: dict[str, Box]
    portrait: tuple[float, float, float, float]


_ID_CARD = Template(
    "id card",
    (85.6, 54.0),
    {
        "name": Box(15.5, 5.8, 26.0, 9.2, long=True),
        "gender": Box(15.5, 12.5, 18.2, 15.4),
        "ethnicity": Box(34.0, 12.5, 37.0, 15.4, long=True),
        "birth_date": Box(15.6, 18.7, 38.5, 21.5, long=True),
        "address": Box(15.4, 24.8, 51.0, 32.5, long=True, deep=True),
        "id_number": Box(28.7, 45.0, 72.5, 47.9),
    },
    (55.0, 7.2, 79.5, 38.5),
)
_LICENSE_TOP = {
    "gender": Box(48.0, 14.7, 50.6, 17.5),
    "nationality": Box(67.2, 14.7, 72.6, 17.5),
}
_STAMPED = Template(
    "stamped",
    (88.0, 60.0),
    {
        "licence_number": Box(26.8, 9.1, 61.2, 11.9),
        "name": Box(12.8, 14.8, 21.5, 17.7, long=True),
        **_LICENSE_TOP,
        "address": Box(12.8, 20.7, 63.0, 23.3, long=True, deep=True),
        "birth_date": Box(45.0, 32.8, 59.2, 35.0),
        "first_issue_date": Box(45.0, 38.8, 59.2, 41.0),
        "vehicle_class": Box(44.9, 44.6, 49.5, 46.8, long=True),
        "valid_period": Box(19.4, 52.8, 50.8, 55.3, long=True),
        "issuing_authority": Box(5.3, 38.1, 19.7, 48.4, long=True, deep=True),
    },
    (66.2, 32.7, 84.0, 54.3),
)
_LISTED = Template(
    "listed",
    (88.0, 60.0),
    {
        "licence_number": Box(20.5, 9.0, 53.9, 11.6),
        "name": Box(14.8, 14.6, 23.2, 17.5, long=True),
        **_LICENSE_TOP,
        "address": Box(14.8, 20.5, 66.4, 23.3, long=True, deep=True),
        "birth_date": Box(24.8, 31.0, 39.1, 33.2),
        "first_issue_date": Box(24.7, 36.5, 39.1, 38.7),
        "vehicle_class": Box(24.7, 41.9, 29.2, 44.1, long=True),
        "valid_period": Box(24.7, 47.3, 56.5, 49.8, long=True),
        "issuing_authority": Box(24.7, 52.6, 55.6, 55.3, long=True),
    },
    (66.2, 32.7, 84.0, 54.3),
)

TEMPLATES: dict[str, tuple[Template, ...]] = {"IDCard": (_ID_CARD,), "DriverLicense": (_STAMPED, _LISTED)}
"""By card type."""
