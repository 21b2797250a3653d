"""A second script above or below the name, as cards issued in autonomous areas have it.

The words are invented strings of letters of the script, not names. A script is used only if a free font with its letters
is installed; Korean letters are in every Chinese font that the package uses, and Zhuang is written in Latin letters.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb._fonts import font_folders
from cardocr_nb.specimen._layouts import Color, Place, Plan, Text

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

_SCRIPTS: dict[str, tuple[str, Sequence[str]]] = {
    "彝": ("NotoSansYi-Regular.ttf", [chr(c) for c in range(0xA000, 0xA0C0)]),
    "藏": ("NotoSerifTibetan-Regular.ttf", ["བཀྲ་", "ཤིས་", "རྡོ་", "རྗེ་", "པད་", "མ་", "ཉི་", "ཟླ་"]),
    "维吾尔": ("NotoNaskhArabic-Regular.ttf", ["ئابدۇ", "گۈل", "نۇر", "ئايشە", "تۇر"]),
    "蒙古": ("NotoSansMongolian-Regular.ttf", [chr(c) for c in range(0x1820, 0x1842)]),
    "朝鲜": ("", [chr(c) for c in range(0xAC00, 0xC000, 97)]),
    "壮": ("", ["Vangz", "Gveng", "Lij", "Cinz", "Daeg", "Liengz"]),
}
_SPACED = {"壮"}


@dataclass(frozen=True, slots=True)
class SecondScript:
    """Letters of a script and the font that has them; an empty path is the font of the card."""

    text: str
    font: str

    def write(self, plan: Plan, pixels: float, place: Place, size: float, color: Color) -> None:
        """Add the text to a plan; it belongs to no field."""
        x, y = place
        em = round(size * pixels)
        plan.texts.append(Text((self.text,), x * pixels, y * pixels, em, 400, color, font=self.font))


def second_script(ethnicity: str, rng: random.Random) -> SecondScript | None:
    """Return two or three invented words in the script of an ethnic group, or None if it has none or no font is there."""
    if ethnicity not in _SCRIPTS:
        return None
    file, letters = _SCRIPTS[ethnicity]
    font = _installed(file) if file else ""
    if font is None:
        return None
    chosen = [rng.choice(letters) for _ in range(rng.randint(2, 3) if len(letters) < 10 else rng.randint(3, 6))]
    return SecondScript((" " if ethnicity in _SPACED else "").join(chosen), font)


@functools.lru_cache
def _installed(file: str) -> str | None:
    found = (path for folder in font_folders() for path in Path(folder).rglob(file))
    return str(next(found, "")) or None
