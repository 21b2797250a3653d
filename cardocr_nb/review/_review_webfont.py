"""A font for browsers without a Chinese font, with the characters that a review needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb._fonts import chinese_font
from cardocr_nb._identity import ETHNIC_GROUPS
from cardocr_nb.report._webfont import HAN, font_subset

if TYPE_CHECKING:
    from collections.abc import Iterable

_FREQUENT = (
    *ETHNIC_GROUPS,
    "男女族年月日至长期中国",
    "省市自治区特别行政县旗盟州镇乡村屯组路街道巷弄里号院楼栋幢座单元室层小区社委会",
    "东西南北前后上下左右一二三四五六七八九十〇零百",
    "北京天津上海重庆河北山西辽宁吉林黑龙江苏浙江安徽福建江西山东河南湖北湖南广东海南四川贵州云南陕西甘肃青海台湾",
    "内蒙古广西西藏宁夏回族新疆维吾尔香港澳门",
    "公安局厅交通警察支队大队总队车辆管理所",
)
"""Frequently typed characters: ethnic groups, genders, dates, addresses, regions, authorities."""


def characters_of(texts: Iterable[str]) -> set[str]:
    """The Chinese characters of some texts and of frequently typed words.

    Examples
    --------
    >>> sorted(characters_of(["姓名 Name"]) - characters_of([]))
    ['名', '姓']
    """
    return set(HAN.findall("".join((*texts, *_FREQUENT))))


def font_of(characters: Iterable[str]) -> bytes | None:
    """A WOFF file of some characters.

    Returns
    -------
    bytes or None
        None if no font may be sent. Characters that the font lacks are left out.

    Raises
    ------
    CardOCRError
        The environment variable ``CARDOCR_FONT`` does not name a Chinese font.

    Examples
    --------
    >>> font = font_of("姓名")
    >>> font is None or font[:4]
    b'wOFF'
    """
    path = chinese_font()
    return None if path is None else font_subset(path, "".join(sorted(characters)))
