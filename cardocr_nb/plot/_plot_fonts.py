"""The language of a plot and the font for its Chinese texts; no global setting of matplotlib is changed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from cardocr_nb import cards
from cardocr_nb._fonts import chinese_font
from cardocr_nb._i18n import Messages, messages
from cardocr_nb.privacy._service_texts import FieldNames

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.text import Text

    from cardocr_nb._settings import Lang

LONGEST_NAME = 30
"""Characters of a field's or group's name; a longer one leaves no room for the drawing."""


@dataclass(frozen=True, slots=True)
class PlotLanguage:
    """Messages, names and font for the texts of a plot.

    Attributes
    ----------
    font : Path or None
        A Chinese font; None leaves the font of the user's settings.
    messages : Messages
        Texts in the language of the plot.
    reveal : bool, default False
        Show names of unknown fields, which are made from labels of the service and may be texts of cards.
    """

    font: Path | None
    messages: Messages
    reveal: bool = False

    def message(self, name: str, n: int | None = None, /, **values: str | int) -> str:
        """A text of the section ``plot``, filled in.

        Examples
        --------
        >>> plot_language("en").message("agree", n="3")
        '3 agree'
        """
        return self.messages(f"plot.{name}", n, **values)

    def printable(self, text: str) -> str:
        """`text` with a question mark for each character that the font cannot draw.

        Examples
        --------
        >>> PlotLanguage(None, messages("en")).printable("张 Li")
        '? Li'
        """
        drawable = _characters(self.font or _default_font())
        return "".join(c if ord(c) in drawable or c == "\n" else "?" for c in text)

    def field_names(self, fields: Iterable[str], card_type: str | None = None) -> dict[str, str]:
        """Names of fields in the language of the plot.

        Parameters
        ----------
        fields : iterable of str
            Values of the column ``field``.
        card_type : str, optional
            Card type, where the cards name a field differently.

        Returns
        -------
        dict of str to str
            In Chinese as printed on the card, English otherwise. A name that the font cannot draw becomes ``Field 1``,
            ``Field 2`` and so on; one that may be a text of a card ``Unknown field 1`` without `reveal`.

        Examples
        --------
        >>> PlotLanguage(None, messages("en")).field_names(["id_number", "档案编号"])
        {'id_number': 'ID number', '档案编号': 'Field 1'}
        >>> PlotLanguage(None, messages("en")).field_names(["样本一", "blood_group"])
        {'样本一': 'Unknown field 1', 'blood_group': 'Blood group'}
        """
        shown_name = FieldNames(reveal=self.reveal, words=True)
        names: dict[str, str] = {}
        undrawable = 0
        for field in fields:
            known = shown_name(str(field))
            name = cards.printed(known, card_type) if self.messages.lang == "zh" else None
            name = name or self.messages.field(known)
            if self.printable(name) != name:
                undrawable += 1
                name = self.message("field_number", number=undrawable)
            names[field] = shortened(name)
        return names

    def apply_font(self, texts: Iterable[Text]) -> None:
        """Set the font of text artists; their size and color stay."""
        if self.font is None:
            return
        for text in texts:
            properties = text.get_fontproperties().copy()
            properties.set_file(self.font)
            text.set_fontproperties(properties)

    def label_axes(self, ax: Axes, *, x: str | None = None, y: str | None = None) -> None:
        """Label the axes with messages of the section ``plot``."""
        if x is not None:
            ax.set_xlabel(self.message(x))
        if y is not None:
            ax.set_ylabel(self.message(y))
        self.apply_font([ax.xaxis.label, ax.yaxis.label])

    def set_title(self, ax: Axes, title: str) -> None:
        """Set a small title."""
        ax.set_title(title, fontsize="small")
        self.apply_font([ax.title])

    def format_percent(self, axis: Axis) -> None:
        """Write the ticks of an axis of rates in per cent, as the language does."""
        from matplotlib.ticker import PercentFormatter

        axis.set_major_formatter(PercentFormatter(1.0, symbol=self.messages("number.percent", value="")))


def shortened(name: str) -> str:
    """A name, or the beginning and the end of a very long one.

    Examples
    --------
    >>> shortened("Name"), len(shortened("a" * 99))
    ('Name', 30)
    """
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"


def plot_language(lang: Lang | None = None, *, reveal: bool = False) -> PlotLanguage:
    """Find a Chinese font; without one warn once and use English.

    Parameters
    ----------
    lang : {"en", "zh"}, optional
        Language of the plot; by default ``cardocr_nb.options.lang``. Texts from cards are Chinese in either.
    reveal : bool, default False
        Show names of unknown fields.

    Raises
    ------
    InvalidRequestError
        The language is neither ``en`` nor ``zh``.

    Examples
    --------
    >>> plot_language("en").field_names(["name"])
    {'name': 'Name'}
    """
    wanted = messages(lang)
    font = chinese_font()
    if font is None and wanted.lang == "zh":
        _warn_without_font()
        wanted = messages("en")
    return PlotLanguage(font, wanted, reveal)


@cache
def _warn_without_font() -> None:
    warnings.warn(
        "no Chinese font was found on this machine: the plot is in English and Chinese characters are question marks. "
        "Run: pip install 'cardocr_nb[fonts]', then start Python again",
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
