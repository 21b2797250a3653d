"""What a report that is passed on may show of texts, codes, messages and labels.

Stricter than `cardocr_nb.privacy.mask`, which keeps a frame useful for its owner: a report goes to people who must not
learn who is on the cards. A text is judged by what it is as well as by its field, since a value may have been read into
the wrong field. Everything that is not recognized as harmless is masked.
"""

from __future__ import annotations

import re

import pandas as pd

from cardocr_nb._i18n import UNKNOWN_FIELD, WHOLE_CARD
from cardocr_nb.cards import FIELDS
from cardocr_nb.privacy import mask_text
from cardocr_nb.quality._vocabulary import NATIONALITIES

_SHOWN_FIELDS = frozenset(f.name for fields in FIELDS.values() for f in fields) | {WHOLE_CARD, "all"}
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
_MASKED = re.compile(r"[^\W_]")
_CODE = re.compile(r"[A-Z][A-Za-z]*(?:\.[A-Z][A-Za-z]*)*\d{0,3}")
_CODE_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+")
_WORD = re.compile(r"[^\W_]+")
_STATUS_CODE = re.compile(r"HTTP [1-5][0-9]{2}")
_HARMLESS = frozenset(
    """
    a aborted accept accepted access account action activated again all allowed already an and animated another answer any
    api are as at authorization away bad be because been before below bind bound broken bucket but byte bytes call came can cancel
    cancelled cannot card cards ci client clock code color connection content could create cut damaged data date decode
    denied describe detect detected did different dimension do does document done download duplicate empty end ended error
    errors exceeded exist exists expected expired extra fail failed failure field file files for format forbidden found from
    full get given has have header heic height host http id identity illegal image images in incomplete instead internal
    interrupted into invalid is it its job jobs jpeg jpg key kind large larger least left length less license limit limited
    long longer lost made many max maximum media message method missing modified more most much must network never no node
    not nothing number object of off on once only open operation or other output over page pages param parameter parameters
    part parts pass paused pending permission picture pixel pixels please png queue quota rate read reading reason recognize
    recognized refused region rejected reply request requests required resource response result retry row running same saved
    secret seconds send sent server service set side signature size slow small smaller so state status still stopped submit
    submitted success such support supported system take task tasks than that the there this throttled tiff time timeout times
    to token too try truncated type type unable unavailable unbinded under unexpected unknown unreadable unsupported until up
    upload url use used user valid value version wait was webp were what when which width with within without word wrong xml
    yet zero
    """.split()  # noqa: SIM905 - a list of words reads better than a list of strings
)
"""English words of the service's and the package's errors; no name, place or number is among them."""


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
        return text if text.strip().lower() in NATIONALITIES else _starred(text)
    expected = _EXPECTED.get(field)
    if expected is None or field in _NUMBERS or not expected.fullmatch(text) or _LONG_NUMBER.search(text):
        return _starred(text)
    masked: str = mask_text(text, field)
    return masked


def masked_code(code: str) -> str:
    """An error code, masked unless it is made of words of error codes.

    Examples
    --------
    >>> masked_code("DamagedImage"), masked_code("HTTP 503"), masked_code("ZhangSan")
    ('DamagedImage', 'HTTP 503', '********')
    """
    if _STATUS_CODE.fullmatch(code):
        return code
    parts = _CODE_PART.findall(code) if _CODE.fullmatch(code) else ()
    return code if parts and all(part.lower() in _HARMLESS for part in parts) else _starred(code)


def masked_message(message: str) -> str:
    """An error message in which every word but those of error messages is masked.

    Examples
    --------
    >>> masked_message("the file 张三.jpg is damaged at byte 990101197412010014")
    'the file **.jpg is damaged at byte ******************'
    """
    return _WORD.sub(lambda word: word[0] if word[0].lower() in _HARMLESS else "*" * len(word[0]), message)


def _starred(text: str) -> str:
    return _MASKED.sub("*", text)


class FieldNames:
    """Names of fields as the report may show them.

    A field that the package does not know got its name from a label on the wire, which may be a text of a card. It
    becomes ``unknown_field_1`` and so on, alike everywhere in a report.

    Parameters
    ----------
    reveal : bool
        Keep every name.

    Examples
    --------
    >>> names = FieldNames(reveal=False)
    >>> names("name"), names("blood_group"), names("档案编号"), names("blood_group")
    ('name', 'unknown_field_1', 'unknown_field_2', 'unknown_field_1')
    """

    def __init__(self, *, reveal: bool) -> None:
        self._reveal = reveal
        self._masked: dict[str, str] = {}

    def __call__(self, field: str) -> str:
        """The name to show."""
        if self._reveal or field in _SHOWN_FIELDS or field in self._masked.values():
            return field
        return self._masked.setdefault(field, f"{UNKNOWN_FIELD}{len(self._masked) + 1}")

    def mask(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with the names to show in its column ``field``."""
        fields = table["field"]
        if self._reveal or not len(fields):
            return table
        if isinstance(fields.dtype, pd.CategoricalDtype):
            return table.assign(field=fields.cat.rename_categories(self))
        return table.assign(field=fields.map(lambda name: self(str(name)), na_action="ignore").astype("str"))
