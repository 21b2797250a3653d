"""Chinese letters for readers whose machine has none: the few that a page uses, inside the page."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING

from cardocr_nb._fonts import chinese_font

if TYPE_CHECKING:
    from pathlib import Path

FAMILY = "Report letters"
"""First in the page's font stack, for Chinese letters only: behind ``system-ui`` Chromium may draw boxes in its place."""

HAN = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]")
_RANGE = "U+2E80-9FFF, U+F900-FAFF, U+FF01-FF60, U+20000-3FFFF"
_RESTRICTED = 0x000E
_HIDDEN = ":lang(en) .zh { display: none; }"


def letters_css(page: str) -> str:
    """Give the style that makes a page's Chinese letters legible anywhere.

    Parameters
    ----------
    page : str
        HTML.

    Returns
    -------
    str
        A ``@font-face`` with just the letters of the page, as data; nothing for a page without any. Without a font
        that may be passed on, a rule that leaves out the Chinese names beside English ones: never boxes. A Chinese page
        then relies on its reader's own font.

    Examples
    --------
    >>> letters_css("<p>plain</p>")
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


def font_subset(path: Path, letters: str) -> bytes | None:
    """A WOFF file of some letters, or None when the font's license bits forbid it to travel."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options(
        flavor="woff", layout_features=[], hinting=False, notdef_outline=True, name_IDs=[0, 13, 14]
    )
    with TTFont(path, lazy=True) as font:
        if font["OS/2"].fsType & _RESTRICTED:
            return None
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=letters)
        subsetter.subset(font)
        font.flavor = "woff"
        file = io.BytesIO()
        font.save(file)
    return file.getvalue()
