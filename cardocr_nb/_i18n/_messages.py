"""The messages in one language, and how that language writes numbers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from cardocr_nb._field_words import UNKNOWN_FIELD, WHOLE_CARD
from cardocr_nb._settings import checked_lang
from cardocr_nb.cards import english, printed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardocr_nb._settings import Lang

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Messages:
    """The texts of ``<lang>.toml``, by section and name.

    Attributes
    ----------
    lang : {"en", "zh"}
    texts : mapping of str to mapping of str to str
        Texts with braces for values. Where a number decides, forms for one and for many, separated by ``|``.

    Examples
    --------
    >>> messages("en")("count.card", 1), messages("en")("count.card", 2000), messages("zh")("count.card", 2000)
    ('1 card', '2,000 cards', '2,000 张卡证')
    """

    lang: Lang
    texts: Mapping[str, Mapping[str, str]]

    def __call__(self, key: str, n: int | None = None, /, **values: str | int) -> str:
        """The text of ``section.name``, filled in; `n` chooses the form and is itself a value."""
        section, _, name = key.partition(".")
        text = self.texts[section][name]
        if n is None:
            return text.format(**values)
        one, _, many = text.partition("|")
        return (many if many and n != 1 else one).format(n=self.count(n), **values)

    def lookup(self, section: str, name: str, default: str | None = None) -> str:
        """The text of a name that may come from outside; an unknown name is returned as it is, or `default`."""
        return self.texts[section].get(name, name.replace("_", " ") if default is None else default)

    def field(self, name: str | None) -> str:
        """A field's name, cut where it is very long; None or ``all`` for all fields together.

        Examples
        --------
        >>> messages("en").field("id_number"), messages("zh").field("id_number"), messages("zh").field(None)
        ('ID number', '公民身份号码', '全部字段')
        """
        if name is None or name == "all":
            return self("word.all_fields")
        if name == WHOLE_CARD:
            return self("word.whole_card")
        if name.startswith(UNKNOWN_FIELD):
            return self("word.unknown_field", number=name.removeprefix(UNKNOWN_FIELD))
        label = (printed(name) if self.lang == "zh" else None) or english(name)
        return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"

    def count(self, n: float | None) -> str:
        """A whole number with separators; a dash for None.

        Examples
        --------
        >>> messages("en").count(1234567)
        '1,234,567'
        """
        return "–" if n is None else f"{n:,}"

    def rate(self, value: float | None) -> str:
        """A rate between 0 and 1 in per cent; never 0 % for a positive rate nor 100 % for less than all.

        Examples
        --------
        >>> [messages("en").rate(rate) for rate in (0.98765, 1.0, 0.99999, 0.0001, None)]
        ['98.8 %', '100 %', 'over 99.9 %', 'under 0.1 %', '–']
        >>> messages("zh").rate(0.98765), messages("zh").rate(0.0001)
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

    def ratio(self, part: int, whole: int) -> str:
        """A part of a whole in per cent, see `rate`.

        Examples
        --------
        >>> messages("en").ratio(1, 3), messages("en").ratio(0, 0)
        ('33.3 %', '–')
        """
        return self.rate(part / whole if whole else None)

    def interval(self, low: float | None, high: float | None) -> str:
        """An interval of a rate in per cent.

        Examples
        --------
        >>> messages("en").interval(0.758, 0.968), messages("zh").interval(0.6, 1.0), messages("en").interval(None, None)
        ('75.8–96.8 %', '60.0–100%', '–')
        """
        if low is None or high is None:
            return "–"
        ends = (f"{100 * end:.0f}" if end in (0, 1) else f"{100 * end:.1f}" for end in (low, high))
        return self("number.percent", value="–".join(ends))

    def change(self, value: float | None) -> str:
        """A difference of rates in percentage points, with its sign.

        Examples
        --------
        >>> messages("en").change(0.0213), messages("zh").change(-0.5), messages("en").change(0.0)
        ('+2.1 points', '−50.0 个百分点', '0.0 points')
        """
        if value is None:
            return "–"
        return self("number.points", value=_signed(value))

    def change_interval(self, low: float | None, high: float | None) -> str:
        """An interval of a difference of rates, in percentage points.

        Examples
        --------
        >>> messages("en").change_interval(-0.021, 0.4), messages("zh").change_interval(-0.021, 0.4)
        ('−2.1 to +40.0', '−2.1 至 +40.0')
        """
        if low is None or high is None:
            return "–"
        ends = [_signed(end) for end in (low, high)]
        return self("number.between", low=ends[0], high=ends[1])

    def p_value(self, p: float | None) -> str:
        """A p-value to three places.

        Examples
        --------
        >>> messages("en").p_value(0.25), messages("en").p_value(0.00002)
        ('0.250', '< 0.001')
        """
        return "< 0.001" if p is not None and p < 0.001 else self.decimal(p)

    def decimal(self, value: float | None) -> str:
        """A number without unit to three decimals, a dash for None.

        Examples
        --------
        >>> messages("en").decimal(0.12345), messages("en").decimal(None)
        ('0.123', '–')
        """
        return "–" if value is None else f"{value:.3f}"

    def money(self, value: float | None) -> str:
        """An amount in the unit of the prices that were given.

        Examples
        --------
        >>> messages("en").money(1234.5)
        '1,234.50'
        """
        return "–" if value is None else f"{value:,.2f}"

    def duration(self, seconds: float) -> str:
        """A duration.

        Examples
        --------
        >>> messages("en").duration(0.84), messages("en").duration(75), messages("zh").duration(7260)
        ('0.84 s', '1 min 15 s', '2 小时 1 分')
        """
        if seconds < 60:
            return self("number.seconds", s=f"{seconds:.3g}")
        minutes, rest = divmod(round(seconds), 60)
        if minutes < 60:
            return self("number.minutes", m=minutes, s=rest)
        return self("number.hours", h=minutes // 60, m=minutes % 60)

    def timestamp(self, iso: str) -> str:
        """A time with its offset.

        Examples
        --------
        >>> messages("en").timestamp("2026-03-01T09:30:00+08:00")
        '2026-03-01 09:30:00 +08:00'
        """
        return f"{iso[:10]} {iso[11:19]} {iso[-6:]}"


def _signed(rate: float) -> str:
    points = f"{100 * rate:+.1f}".replace("-", "−")
    return "0.0" if points[1:] == "0.0" else points


@cache
def _load(lang: Lang) -> Messages:
    return Messages(lang, tomllib.loads((files("cardocr_nb._i18n") / f"{lang}.toml").read_text("utf-8")))


def messages(lang: Lang | None = None) -> Messages:
    """Return the messages in a language.

    Parameters
    ----------
    lang : {"en", "zh"}, optional
        By default ``cardocr_nb.options.lang``.

    Raises
    ------
    InvalidRequestError
        The language is neither ``en`` nor ``zh``.
    """
    return _load(checked_lang(lang))
