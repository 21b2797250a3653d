"""The one place where matplotlib gets a Chinese font; no global setting is changed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from cardocr_nb import cards
from cardocr_nb._fonts import chinese_font

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from matplotlib.text import Text

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Lettering:
    """What the texts of a plot are written with.

    Attributes
    ----------
    font : Path or None
        A Chinese font; None leaves the font of the reader's settings.
    lang : {"zh", "en"}
        Language of the field names.
    """

    font: Path | None
    lang: Lang

    def printable(self, text: str) -> str:
        """`text` with a question mark for each character that the font cannot draw, where an empty box would stand.

        Examples
        --------
        >>> Lettering(None, "en").printable("张 Li")
        '? Li'
        """
        drawn = _characters(self.font or _default_font())
        return "".join(c if ord(c) in drawn or c == "\n" else "?" for c in text)

    def field_names(self, fields: Iterable[str], card_type: str | None = None) -> dict[str, str]:
        """Names of fields to write beside or under something.

        Parameters
        ----------
        fields : iterable of str
            Values of the column ``field``.
        card_type : str, optional
            Whose names, where the cards name a field differently.

        Returns
        -------
        dict of str to str
            As printed on the card for ``lang="zh"``, English otherwise. A name that the font cannot draw becomes
            ``Field 1``, ``Field 2`` and so on.

        Examples
        --------
        >>> Lettering(None, "en").field_names(["id_number", "档案编号"])
        {'id_number': 'ID number', '档案编号': 'Field 1'}
        """
        names: dict[str, str] = {}
        unwritable = 0
        for field in fields:
            name = cards.printed(field, card_type) if self.lang == "zh" else None
            name = name or cards.english(field)
            if self.printable(name) != name:
                unwritable += 1
                name = f"Field {unwritable}"
            names[field] = name
        return names

    def dress(self, texts: Iterable[Text]) -> None:
        """Give text artists the font; their size and color stay."""
        if self.font is None:
            return
        for text in texts:
            properties = text.get_fontproperties().copy()
            properties.set_file(self.font)
            text.set_fontproperties(properties)


def lettering(lang: Lang = "zh") -> Lettering:
    """Look for a Chinese font; warn once when there is none and use English names for the fields.

    Parameters
    ----------
    lang : {"zh", "en"}, default "zh"
        Wanted language of the field names. Texts from cards are Chinese in either.

    Raises
    ------
    ValueError
        Another language is asked for.

    Examples
    --------
    >>> lettering("en").field_names(["name"])
    {'name': 'Name'}
    """
    if lang not in ("zh", "en"):
        raise ValueError(f"lang must be 'zh' or 'en', got {lang!r}")
    font = chinese_font()
    if font is None and lang == "zh":
        _say_that_there_is_no_font()
        return Lettering(None, "en")
    return Lettering(font, lang)


@cache
def _say_that_there_is_no_font() -> None:
    warnings.warn(
        "no Chinese font was found on this machine: field names are written in English and Chinese characters as "
        "question marks. Run: pip install 'cardocr_nb[fonts]', then start Python again",
        UserWarning,
        stacklevel=4,
    )


def _default_font() -> Path:
    from pathlib import Path

    from matplotlib.font_manager import FontProperties, findfont

    return Path(findfont(FontProperties()))


@cache
def _characters(font: Path) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(font)).get_charmap())
