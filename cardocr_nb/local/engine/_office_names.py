"""Names of the offices that issue licenses: few words, by which a character misread or added in a seal shows.

Traffic police of provinces (总队, 管理局), of cities (支队) and of counties (大队), and vehicle administrations (车辆管理所), as in
the Road Traffic Safety Law of the People's Republic of China, articles 5 and 19, and its order GA/T 946 for the forms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._recognition import Char

_OFFICES = (
    *(f"公安{seat}交通警察{rank}" for seat in "局厅" for rank in ("总队", "支队", "大队")),
    *(f"公安{seat}{kind}交通管理局" for seat in "局厅" for kind in ("", "公安")),
    *(f"公安局交警{rank}" for rank in ("总队", "支队", "大队")),
    *(f"公安局{kind}" for kind in ("交通警察局", "交通管理支队", "交通巡逻警察支队")),
    "公安局车辆管理所",
    "公安局交通警察支队车辆管理所",
)
_REGIONS = "省市州盟县区旗"
_EDITS, _LEFT_OUT = 2, 2
"""Characters that may be changed, and for how many of these one that is left out counts."""
_READ = 0.8
"""Confidence from which a character is not taken for another one unless the recognizer names that one as well."""
_APART = 0.01
"""Confidence by which the recognizer must hold one office for likelier than another one that is as near."""
_CORRECTED = 0.8
"""Confidence of a character that was changed."""


def with_known_office(chars: Sequence[Char]) -> dict[int, Char]:
    """Return the characters of an authority by place; where its office is nearly a usual one, as that one.

    Parameters
    ----------
    chars : sequence of Char
        Chinese characters only.

    Examples
    --------
    >>> from cardocr_nb.local.engine._recognition import Char
    >>> read = [Char(c, 0.95, (0, 0, 1, 1)) for c in "南浦市公安局交通警察一支队"]
    >>> "".join(char.text for char in with_known_office(read).values())
    '南浦市公安局交通警察支队'
    """
    tries: dict[str, tuple[int, float, dict[int, Char]]] = {}
    for begin in (i for i, char in enumerate(chars) if i > 1 and chars[i - 1].text in _REGIONS):
        for office in _OFFICES:
            tail = _aligned(chars, begin, office, _EDITS)
            if tail is not None:
                found = dict(enumerate(chars[:begin])) | tail[1]
                named = sum(dict(chars[i].alternatives).get(c.text, 0.0) for i, c in found.items() if c is not chars[i])
                tries["".join(c.text for c in found.values())] = tail[0], -named, found
    likely = sorted(tries.values(), key=lambda t: t[:2])
    as_read = dict(enumerate(chars))
    # 支队 or 总队: where the recognizer does not name one, both are as likely.
    undecided = len(likely) > 1 and likely[0][0] == likely[1][0] and likely[1][1] - likely[0][1] < _APART
    return as_read if not likely or undecided else likely[0][2]


def _aligned(chars: Sequence[Char], begin: int, office: str, most: int) -> tuple[int, dict[int, Char]] | None:
    """Match the characters from a place on with an office by at most so many edits: their number, and the characters by place."""
    left = len(chars) - begin
    if most < 0 or not len(office) <= left <= len(office) + most // _LEFT_OUT:
        return None
    if not left:
        return 0, {}
    tries = []
    changed = _as(chars[begin], office[0]) if office else None
    if changed is not None:
        cost = int(changed is not chars[begin])
        rest = _aligned(chars, begin + 1, office[1:], most - cost)
        if rest is not None:
            tries.append((rest[0] + cost, {begin: changed} | rest[1]))
    if not tries or tries[0][0]:
        rest = _aligned(chars, begin + 1, office, most - _LEFT_OUT)
        if rest is not None:
            tries.append((rest[0] + _LEFT_OUT, rest[1]))
    return min(tries, key=lambda t: t[0], default=None)


def _as(char: Char, text: str) -> Char | None:
    """Return a character as another one, or None where it was read too surely."""
    if char.text == text:
        return char
    if char.confidence > _READ and text not in dict(char.alternatives):
        return None
    return replace(char, text=text, confidence=_CORRECTED)
