"""Settings for the whole session: ``cardocr_nb.options``."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast, get_args

from cardocr_nb._text_safety import shown_choice
from cardocr_nb.errors import InvalidRequestError

Lang: TypeAlias = Literal["en", "zh"]
"""Language of plots, reports and the review panel: English or simplified Chinese."""


class Options:
    """Settings that apply where an argument is left out.

    Attributes
    ----------
    lang : {"en", "zh"}
        Language of plots, reports and the review panel. Default ``"en"``.

    Examples
    --------
    >>> import cardocr_nb as ocr
    >>> ocr.options
    <Options lang='en'>
    """

    __slots__ = ("_lang",)

    def __init__(self) -> None:
        self._lang: Lang = "en"

    def __repr__(self) -> str:
        return f"<Options lang={self._lang!r}>"

    @property
    def lang(self) -> Lang:
        """Language of plots, reports and the review panel."""
        return self._lang

    @lang.setter
    def lang(self, lang: Lang) -> None:
        self._lang = checked_lang(lang)


options = Options()


def checked_lang(lang: str | None) -> Lang:
    """Return the language, or the one of `options` for None.

    Raises
    ------
    InvalidRequestError
        The language is neither ``en`` nor ``zh``.

    Examples
    --------
    >>> checked_lang("zh"), checked_lang(None)
    ('zh', 'en')
    """
    if lang is None:
        return options.lang
    if lang not in get_args(Lang):
        raise InvalidRequestError(f"lang must be 'en' or 'zh', got {shown_choice(lang, ('en', 'zh'))}")
    return cast("Lang", lang)
