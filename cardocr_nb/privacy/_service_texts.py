"""Labels, codes and messages of the service in outputs that hold no text of a card.

A service may put a card's text into any of them. What is made of known words stays; everything else is masked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from cardocr_nb._field_words import SHOWN_FIELDS, UNKNOWN_FIELD, is_field_word
from cardocr_nb._text_safety import describe
from cardocr_nb.cards import CardType, known_field
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable

_MASKED = re.compile(r"[^\W_]|[^\x00-\x7f\u00b7\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20]")
"""Letters and digits, and all that is neither ASCII nor punctuation: rare characters of names have private code points."""
_CODE = re.compile(r"[A-Z][A-Za-z]*(?:\.[A-Z][A-Za-z]*)*\d{0,3}")
_CODE_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+")
_WORD = re.compile(rf"(?:{_MASKED.pattern})+")
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
    return code if parts and all(part.lower() in _HARMLESS for part in parts) else starred(code)


def masked_message(message: str) -> str:
    """An error message in which every word but those of error messages is masked.

    Examples
    --------
    >>> masked_message("the file 张三.jpg is damaged at byte 990101197412010014")
    'the file **.jpg is damaged at byte ******************'
    """
    return _WORD.sub(lambda word: word[0] if word[0].lower() in _HARMLESS else "*" * len(word[0]), message)


def starred(text: str) -> str:
    """Return a text with ``*`` for every letter, digit and sign; spaces and punctuation stay.

    Examples
    --------
    >>> starred("样本 7-1"), starred("\ue000X")
    ('** *-*', '**')
    """
    return _MASKED.sub("*", text)


class FieldNames:
    """Names of fields as the report may show them.

    A field that the package does not know got its name from a label on the wire, which may be a text of a card. It
    becomes ``unknown_field_1`` and so on, alike wherever the same object is used.

    Parameters
    ----------
    reveal : bool
        Keep every name.
    words : bool, default False
        Keep labels of other cards, and names of lower-case Latin words, as a program gives them; no text of a card has these.

    Examples
    --------
    >>> names = FieldNames(reveal=False)
    >>> names("name"), names("blood_group"), names("档案编号"), names("blood_group")
    ('name', 'unknown_field_1', 'unknown_field_2', 'unknown_field_1')
    >>> names = FieldNames(reveal=False, words=True)
    >>> names("blood_group"), names("档案编号"), names("样本一"), names("zhangwei")
    ('blood_group', '档案编号', 'unknown_field_1', 'unknown_field_2')
    """

    def __init__(self, *, reveal: bool, words: bool = False) -> None:
        self._reveal = reveal
        self._words = words
        self._masked: dict[str, str] = {}

    def __call__(self, field: str) -> str:
        """The name to show."""
        if (
            self._reveal
            or field in SHOWN_FIELDS
            or field in self._masked.values()
            or (self._words and is_field_word(field))
        ):
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


def with_shown_fields(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose column or index ``field`` has no name that may be a text of a card, to be printed."""
    names = FieldNames(reveal=False, words=True)
    if table.index.name == "field":
        return table.set_axis(pd.Index([names(str(name)) for name in table.index], name="field"))
    return names.mask(table) if "field" in table else table


def refuse_without_fields(df: pd.DataFrame, call: str) -> None:
    """Raise unless a frame has a column ``field``, without which its columns with texts are not known."""
    if "field" not in df.columns:
        raise InvalidRequestError(
            f"{call} needs one row a field, with the columns field and text, got {describe(df)} without field; "
            "cardocr_nb.frame.to_long makes it of a wide frame"
        )


def text_columns(df: pd.DataFrame) -> list[str]:
    """Columns with texts of cards, ``user_data`` left out: ``text``, ``truth``, and those of merged frames (``text_left``)."""
    return [c for c in df.columns if isinstance(c, str) and re.fullmatch(r"(?:text|truth)(?:_.*)?", c)]


def mask_service_texts(df: pd.DataFrame, replace: Callable[[str], str]) -> pd.DataFrame:
    """A copy without texts of cards in the columns ``field``, ``label``, ``card_type``, ``state``, ``code`` and ``message``.

    Parameters
    ----------
    df : DataFrame
    replace : callable
        Makes the new name of an unknown field; its label becomes the same.
    """
    shown: dict[str, Callable[[str], str]] = {
        "field": lambda name: name if is_field_word(name) else replace(name),
        "label": lambda label: label if known_field(label) or is_field_word(label) else replace(label),
        "card_type": lambda kind: kind if kind in list(CardType) else masked_code(kind),
        "state": masked_code,
        "code": masked_code,
        "message": masked_message,
    }
    result = df.copy()
    for column in (c for c in shown if c in df.columns):
        words = {word: shown[column](str(word)) for word in df[column].dropna().unique()}
        if any(new != word for word, new in words.items()):
            cells = df[column].astype("str").map({str(word): new for word, new in words.items()})
            result[column] = cells.astype("category" if isinstance(df[column].dtype, pd.CategoricalDtype) else "str")
    return result
