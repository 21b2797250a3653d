"""The words of a report in one language, and how that language writes numbers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, get_args

from cardocr_nb.cards import english, printed

if TYPE_CHECKING:
    from collections.abc import Mapping

Lang = Literal["en", "zh"]

_LONGEST = 60

WHOLE_CARD = "whole card"
"""Stands for a field's name where cards are counted."""


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in ``templates/<lang>.toml``, by section and name.

    Attributes
    ----------
    lang : {"en", "zh"}
    said : mapping of str to mapping of str to str
        Texts with places for values in braces; where a number decides, forms for one and for many, parted by ``|``.

    Examples
    --------
    >>> words("en")("count.card", 1), words("en")("count.card", 2000), words("zh")("count.card", 2000)
    ('1 card', '2,000 cards', '2,000 张卡')
    """

    lang: Lang
    said: Mapping[str, Mapping[str, str]]

    def __call__(self, key: str, n: int | None = None, /, **values: str | int) -> str:
        """The text of ``section.name``, filled in; `n` chooses the form and is itself a value."""
        section, _, name = key.partition(".")
        text = self.said[section][name]
        if n is None:
            return text.format(**values)
        one, _, many = text.partition("|")
        return (many if many and n != 1 else one).format(n=self.count(n), **values)

    def known(self, section: str, name: str, otherwise: str | None = None) -> str:
        """The text of a name that may come from outside; one that is not known is shown as it is, or `otherwise`."""
        return self.said[section].get(name, name.replace("_", " ") if otherwise is None else otherwise)

    def field(self, name: str | None) -> str:
        """A field's name, cut where it is very long; None for all fields together.

        Examples
        --------
        >>> words("en").field("id_number"), words("zh").field("id_number"), words("zh").field(None)
        ('ID number', '公民身份号码', '全部字段')
        """
        if name is None:
            return self("word.all_fields")
        if name == WHOLE_CARD:
            return self("word.whole_card")
        told = (printed(name) if self.lang == "zh" else None) or english(name)
        return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"

    def count(self, n: float | None) -> str:
        """A whole number with separators; a dash for None.

        Examples
        --------
        >>> words("en").count(1234567)
        '1,234,567'
        """
        return "–" if n is None else f"{n:,}"

    def rate(self, value: float | None) -> str:
        """A share between 0 and 1 in per cent; never 0 % for something nor 100 % for not quite all.

        Examples
        --------
        >>> [words("en").rate(share) for share in (0.98765, 1.0, 0.99999, 0.0001, None)]
        ['98.8 %', '100 %', 'over 99.9 %', 'under 0.1 %', '–']
        >>> words("zh").rate(0.98765), words("zh").rate(0.0001)
        ('98.8%', '不到 0.1%')
        """
        if value is None:
            return "–"
        if value in (0, 1):
            return self("number.percent", value=f"{100 * value:.0f}")
        if value < 0.001:
            return self("number.under", value=self("number.percent", value="0.1"))
        if value > 0.999:
            return self("number.over", value=self("number.percent", value="99.9"))
        return self("number.percent", value=f"{100 * value:.1f}")

    def share(self, part: int, whole: int) -> str:
        """A part of a whole in per cent, see `rate`.

        Examples
        --------
        >>> words("en").share(1, 3), words("en").share(0, 0)
        ('33.3 %', '–')
        """
        return self.rate(part / whole if whole else None)

    def span(self, low: float | None, high: float | None) -> str:
        """An interval of a share in per cent.

        Examples
        --------
        >>> words("en").span(0.758, 0.968), words("zh").span(0.6, 1.0), words("en").span(None, None)
        ('75.8–96.8 %', '60.0–100%', '–')
        """
        if low is None or high is None:
            return "–"
        ends = (f"{100 * end:.0f}" if end in (0, 1) else f"{100 * end:.1f}" for end in (low, high))
        return self("number.percent", value="–".join(ends))

    def change(self, value: float | None) -> str:
        """A difference of shares in percentage points, with its sign.

        Examples
        --------
        >>> words("en").change(0.0213), words("zh").change(-0.5), words("en").change(0.0)
        ('+2.1 points', '−50.0 个百分点', '0.0 points')
        """
        if value is None:
            return "–"
        return self("number.points", value=_signed(value))

    def changes(self, low: float | None, high: float | None) -> str:
        """An interval of a difference of shares, in percentage points.

        Examples
        --------
        >>> words("en").changes(-0.021, 0.4), words("zh").changes(-0.021, 0.4)
        ('−2.1 to +40.0', '−2.1 至 +40.0')
        """
        if low is None or high is None:
            return "–"
        ends = [_signed(end) for end in (low, high)]
        return self("number.between", low=ends[0], high=ends[1])

    def chance(self, p: float | None) -> str:
        """A p-value to three places.

        Examples
        --------
        >>> words("en").chance(0.25), words("en").chance(0.00002)
        ('0.250', '< 0.001')
        """
        return "< 0.001" if p is not None and p < 0.001 else self.measure(p)

    def measure(self, value: float | None) -> str:
        """A measure of no unit to three places, a dash for None.

        Examples
        --------
        >>> words("en").measure(0.12345), words("en").measure(None)
        ('0.123', '–')
        """
        return "–" if value is None else f"{value:.3f}"

    def money(self, value: float | None) -> str:
        """An amount in the unit of the prices that were given.

        Examples
        --------
        >>> words("en").money(1234.5)
        '1,234.50'
        """
        return "–" if value is None else f"{value:,.2f}"

    def duration(self, seconds: float) -> str:
        """A span of time.

        Examples
        --------
        >>> words("en").duration(0.84), words("en").duration(75), words("zh").duration(7260)
        ('0.84 s', '1 min 15 s', '2 小时 1 分')
        """
        if seconds < 60:
            return self("number.seconds", s=f"{seconds:.3g}")
        minutes, rest = divmod(round(seconds), 60)
        if minutes < 60:
            return self("number.minutes", m=minutes, s=rest)
        return self("number.hours", h=minutes // 60, m=minutes % 60)

    def moment(self, iso: str) -> str:
        """A time for people, with its offset.

        Examples
        --------
        >>> words("en").moment("2026-03-01T09:30:00+08:00")
        '2026-03-01 09:30:00 +08:00'
        """
        return f"{iso[:10]} {iso[11:19]} {iso[-6:]}"


def _signed(share: float) -> str:
    points = f"{100 * share:+.1f}".replace("-", "−")
    return "0.0" if points[1:] == "0.0" else points


@cache
def words(lang: Lang) -> Words:
    """Load the words of a language.

    Raises
    ------
    ValueError
        There is no such language.
    """
    if lang not in get_args(Lang):
        raise ValueError(f"lang must be 'en' or 'zh', got {lang!r}")
    said = tomllib.loads((files("cardocr_nb.report") / "templates" / f"{lang}.toml").read_text("utf-8"))
    return Words(lang, said)
