"""A font inside the page with the Chinese characters that it uses, for machines without a Chinese font."""

from __future__ import annotations

import base64
import io
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from cardocr_nb._fonts import chinese_font

if TYPE_CHECKING:
    from pathlib import Path

FAMILY = "Report font"
"""First in the page's font stack, for Chinese characters only: behind ``system-ui`` Chromium may draw boxes in its place."""

HAN = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]")
_RANGE = "U+2E80-9FFF, U+F900-FAFF, U+FF01-FF60, U+20000-3FFFF"
_RESTRICTED = 0x000E
_HIDDEN = ":lang(en) .zh { display: none; }"


def font_css(page: str) -> str:
    """Return the style that makes the Chinese characters of a page legible on any machine.

    Parameters
    ----------
    page : str
        HTML.

    Returns
    -------
    str
        A ``@font-face`` with only the characters of the page, as data; empty for a page without any. Without a font
        that may be passed on, a rule that hides the Chinese names next to English ones: never boxes. A Chinese page
        then relies on its reader's own font.

    Examples
    --------
    >>> font_css("<p>plain</p>")
    ''
    """
    used = set(HAN.findall(page))
    if not used:
        return ""
    path = chinese_font()
    font = None if path is None else font_subset(path, "".join(sorted(used)))
    if font is None:
        return _HIDDEN
    data = base64.b64encode(font).decode()
    source = f'url(data:font/woff;base64,{data}) format("woff")'
    return f'@font-face {{ font-family: "{FAMILY}"; src: {source}; unicode-range: {_RANGE}; }}'


@lru_cache(maxsize=8)  # reports of one session mostly use the same characters
def font_subset(path: Path, characters: str) -> bytes | None:
    """A WOFF file of some characters, or None when the font's license bits forbid it to travel."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options(
        flavor="woff",
        layout_features=[],
        hinting=False,
        notdef_outline=True,
        name_IDs=[0, 13, 14],
        desubroutinize=True,  # the search for unused subroutines walks through the whole font, and saves nothing
    )
    with TTFont(path, lazy=True, recalcTimestamp=False) as font:  # the same page gives the same file
        if font["OS/2"].fsType & _RESTRICTED:
            return None
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=characters)
        subsetter.subset(font)
        font.flavor = "woff"
        file = io.BytesIO()
        font.save(file)
    return file.getvalue()
