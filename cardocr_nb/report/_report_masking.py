"""What a report that is passed on may show of texts.

Stricter than `cardocr_nb.privacy.mask`, which keeps a frame useful for its owner: a report goes to people who must not
learn who is on the cards. A text is judged by what it is as well as by its field, since a value may have been read into
the wrong field. Everything that is not recognized as harmless is masked.
"""

from __future__ import annotations

import re

from cardocr_nb.privacy import mask_text
from cardocr_nb.privacy._service_texts import starred
from cardocr_nb.quality._vocabulary import NATIONALITIES

_LONG_NUMBER = re.compile(r"\d(?:[\s-]?\d){5,}")
_EXPECTED = {
    "name": re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff·•]{2,15}"),
    "id_number": re.compile(r"[0-9Xx]{15,18}"),
    "licence_number": re.compile(r"[0-9Xx]{15,18}"),
    "address": re.compile(r"[\u3400-\u9fff]{3}.{4,}"),
    "issuing_authority": re.compile(r"[\u3400-\u9fff]{3}.{4,}"),
    "vehicle_class": re.compile(r"(?:[A-DM][1-6]?|[EFNP])+"),
}
"""Texts of the kind that a field has; only these keep the visible characters of their field."""
_NUMBERS = {"id_number", "licence_number"}
_NUMBER_ENDS = 2
"""Visible digits at each end of a number: with eight of them, dates and the check digit leave few candidates."""


def masked_text(text: object, field: str, *, reveal: bool) -> str | None:
    """A text as the report may show it.

    Parameters
    ----------
    text : str or missing
    field : str
        Canonical name of the field in which the text was read.
    reveal : bool
        Return the text itself.

    Examples
    --------
    >>> masked_text("990101197412010014", "id_number", reveal=False)
    '99**************14'
    >>> masked_text("990101197412010014", "address", reveal=False), masked_text("样本一", "vehicle_class", reveal=False)
    ('******************', '***')
    """
    if not isinstance(text, str):
        return None
    if reveal:
        return text
    if field in _NUMBERS and _EXPECTED[field].fullmatch(text):
        return f"{text[:_NUMBER_ENDS]}{'*' * (len(text) - 2 * _NUMBER_ENDS)}{text[-_NUMBER_ENDS:]}"
    if field == "nationality":
        return text if text.strip().lower() in NATIONALITIES else starred(text)
    expected = _EXPECTED.get(field)
    if expected is None or field in _NUMBERS or not expected.fullmatch(text) or _LONG_NUMBER.search(text):
        return starred(text)
    masked: str = mask_text(text, field)
    return masked
