"""Names of the provinces, cities and counties with which addresses begin, of 1980 to 2020, as python-stdnum lists them.

An address in which one of them lacks a character, or has one that looks alike, is corrected. Names that the list does not know stay.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._recognition import Char

_AUTONOMOUS = re.compile("(?=(.治[区州县旗]))")
_OTHER_READING, _CORRECTED = 0.02, 0.8
"""Confidence of another reading of a character from which a region with it is meant, and that of the corrected one, at most."""
_NAMES = re.compile(r"(?:\[[^\]]*\])?([^\[\],]+)")
_NO_NAMES = frozenset({"市辖区", "县", "市", "省直辖县级行政区划", "自治区直辖县级行政区划"})
_SHORTEST = 3
"""Characters of a name from which it may be known though one of them differs."""


@cache
def _cities() -> dict[str, dict[str, frozenset[str]]]:
    """Names of counties by province and city; those that may follow the province at once, cities too, under an empty name."""
    from stdnum import numdb

    found: dict[str, dict[str, frozenset[str]]] = {}
    for _, _, _, province, units in numdb.get("cn/loc").prefixes:
        by_code: dict[str, list[tuple[bool, str]]] = {}
        for _, code, _, unit, _ in units:
            for name in _NAMES.findall(unit.get("county", "")):
                if name not in _NO_NAMES:
                    by_code.setdefault(code[:2], []).append((code[2:] == "00", name))
        for whole in _NAMES.findall(province.get("province", "")):
            own = found.setdefault(whole, {})
            own[""] = frozenset(name for names in by_code.values() for _, name in names if name != whole)
            for names in by_code.values():
                counties = frozenset(name for is_city, name in names if not is_city)
                for city in (name for is_city, name in names if is_city and name != whole):
                    own[city] = own.get(city, frozenset()) | counties
    return found


def begins_with_province(text: str) -> bool:
    """Whether a text begins with the name of a province.

    Examples
    --------
    >>> begins_with_province("上海市嘉定区"), begins_with_province("上甘肃省定西市")
    (True, False)
    """
    return text.startswith(tuple(_cities()))


def with_likely_regions(chars: Sequence[Char]) -> list[Char]:
    """Take another reading of one character where that makes the name of the province with which a text begins, or 自治.

    Parameters
    ----------
    chars : sequence of Char
        Of an address or an authority, one character each.

    Returns
    -------
    list of Char
        As many.
    """
    text = "".join(char.text for char in chars)
    wanted = {found.start(): "自" for found in _AUTONOMOUS.finditer(text) if text[found.start()] != "自"}
    if not begins_with_province(text):
        near = [
            {i: name[i] for i in range(len(name)) if name[i] != text[i]}
            for name in _cities()
            if _SHORTEST <= len(name) <= len(text) and name[-1] == text[len(name) - 1]
        ]
        wanted |= next((other for other in near if len(other) == 1 and _may_read(chars, other)), {})
    likely = [*chars]
    for i, other in wanted.items():
        if _may_read(chars, {i: other}):
            sure = min(dict(chars[i].alternatives)[other] + chars[i].confidence, _CORRECTED)
            likely[i] = replace(chars[i], text=other, confidence=sure)
    return likely


def _may_read(chars: Sequence[Char], wanted: dict[int, str]) -> bool:
    return all(dict(chars[i].alternatives).get(other, 0.0) > _OTHER_READING for i, other in wanted.items())


def with_known_region(text: str) -> str | None:
    """Return an address with the name of a region corrected in one character, or None where nothing is to be corrected.

    Examples
    --------
    >>> with_known_region("陕西省西安市鄂邑区建设大街30组"), with_known_region("内蒙古自治区呼伦贝尔市牙石市光明巷")
    ('陕西省西安市鄠邑区建设大街30组', '内蒙古自治区呼伦贝尔市牙克石市光明巷')
    >>> with_known_region("陕西省西安市鄠邑区建设大街30组") is None
    True
    """
    province = next((name for name in _cities() if text.startswith(name)), None)
    if province is None:
        return None
    cities, start = _cities()[province], len(province)
    city = max((name for name in cities if name and text.startswith(name, start)), key=len, default="")
    start += len(city)
    names = cities[city]
    if any(text.startswith(name, start) for name in names):
        return None
    rest = text[start:]
    near = {name: end for name in names if (end := _end_of_similar(rest, name)) is not None}
    if len(near) != 1:
        return None
    [(name, end)] = near.items()
    return text[:start] + name + rest[end:]


def _end_of_similar(text: str, name: str) -> int | None:
    """Where a name ends at the beginning of a text that has another character in it, or lacks one, but for its last one; else None."""
    if len(name) < _SHORTEST:
        return None
    part = text[: len(name)]
    if part[-1:] == name[-1] and sum(a != b for a, b in zip(part, name, strict=False)) == 1:
        return len(name)
    lacking = (name[:i] + name[i + 1 :] for i in range(len(name) - 1))
    return len(name) - 1 if text[: len(name) - 1] in lacking else None
