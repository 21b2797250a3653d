"""Invented people for specimens, consistent in all fields.

A number is the citizen identification number of GB 11643-1999: six digits of the region, eight of the birth date, three
of order (the last of them odd for a man), and an ISO 7064 MOD 11-2 check digit.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from cardocr_nb._identity import ETHNIC_GROUPS
from cardocr_nb.cards import id_check_character

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "慕容", "夏侯", "皇甫", "令狐")
_GIVEN = "明华建国文志强伟芳娜敏静丽艳勇军杰娟涛超霞平刚桂英玉兰春梅秀珍海燕红雪琴云飞宇轩子涵梓萱浩然欣怡雨桐思远嘉俊凯博睿诗琪若曦景行知夏承泽书瑶亦凡清扬乐康安宁永福德才新民立群向东晓峰佳慧美玲淑贞凤仙金宝成龙根生"
_RARE = "昇堃喆珺淼玥琤祎翀睿彧晞炘钰颢骁"
_SYLLABLES = ("阿依", "古丽", "巴图", "那仁", "扎西", "卓玛", "买买提", "苏力坦", "努尔", "玛依拉", "格桑", "托合提")
_ETHNICITIES = tuple(group for group in ETHNIC_GROUPS if group != "汉")
_PROVINCES = ("样本省", "示例省", "虚构省", "演示省", "范例自治区")
_CITIES = ("示例市", "试样市", "假设市", "样图市", "模拟市", "例证市")
_DISTRICTS = ("虚构区", "样例县", "演示区", "假想县", "范本区", "练习县")
_TOWNS = ("", "", "模拟镇", "试写乡", "样张街道", "假定镇")
_ROAD = "青云松竹梅荷柳桥湖泉山石溪锦绣和平光明长春新华文昌兴隆向阳东风南北西中正大通达安康宁静海棠桂香槐荫榆林"
_CLASSES = ("C1", "C1", "C1", "C2", "B2", "B1", "A2", "A1A2", "C1D", "C1E", "A2D", "B1B2", "A1A2D", "C2E", "A1A2E", "D")
_NATIONS = ("韩国", "日本", "美国", "德国", "法国", "英国", "俄罗斯", "加拿大", "新加坡", "澳大利亚")
_LATEST = dt.date(2024, 12, 31)


def dice(*about: object) -> random.Random:
    """Random numbers that are the same for the same arguments, on every machine."""
    return random.Random(" ".join(map(str, about)))  # noqa: S311 - repeatable pictures, no secrets


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """All that the two cards can say about an invented person.

    Attributes
    ----------
    name, gender, ethnicity, address, nationality : str
        As printed, in Chinese.
    birth : datetime.date
        The same as in the number.
    number : str
        18 characters, on both cards; begins with 99.
    first_issue, valid_from : datetime.date
        Of the driving license.
    valid_until : datetime.date or None
        None is for good (长期).
    vehicle_class, authority : str
        As printed on the license.
    """

    name: str
    gender: str
    ethnicity: str
    birth: dt.date
    address: str
    number: str
    nationality: str
    first_issue: dt.date
    valid_from: dt.date
    valid_until: dt.date | None
    vehicle_class: str
    authority: str


def _name(rng: random.Random, ethnicity: str) -> str:
    if ethnicity != "汉" and rng.random() < 0.25:
        return "·".join(rng.sample(_SYLLABLES, 2))
    surname = rng.choice(_COMPOUND) if rng.random() < 0.04 else rng.choice(_SURNAMES)
    given = rng.sample(_GIVEN, 1 if rng.random() < 0.25 else 2)
    if rng.random() < 0.1:
        given[-1] = rng.choice(_RARE)
    return surname + "".join(given)


def _address(rng: random.Random, city: str) -> str:
    if rng.random() < 0.12:
        return f"{city}{rng.choice(_DISTRICTS)}{rng.randint(1, 99)}号"
    address = rng.choice(_PROVINCES) + city + rng.choice(_DISTRICTS) + rng.choice(_TOWNS)
    if rng.random() < 0.3:
        village = "".join(rng.sample(_ROAD, 2))
        return f"{address}{village}村{rng.randint(1, 12)}组{rng.randint(1, 200)}号"
    address += "".join(rng.sample(_ROAD, 2)) + rng.choice(("路", "街", "大道", "巷")) + f"{rng.randint(1, 999)}号"
    if rng.random() < 0.55:
        floor = rng.randint(1, 28)
        address += f"{rng.randint(1, 30)}{rng.choice('栋幢')}{rng.randint(1, 4)}单元{floor}{rng.randint(1, 4):02d}室"
    return address


def _authority(rng: random.Random, city: str) -> str:
    province = rng.choice(_PROVINCES)
    return rng.choice((
        f"{province}{city}车辆管理所",
        f"{province}公安厅交通管理局",
        f"{province}{city}公安局交通警察支队",
        f"{city}公安局公安交通管理局",
    ))  # fmt: skip


def _years_later(day: dt.date, years: int) -> dt.date:
    return day.replace(year=day.year + years, day=28 if (day.month, day.day) == (2, 29) else day.day)


def make_person(seed: int) -> Person:
    """Invent a person.

    Parameters
    ----------
    seed : int
        The same seed gives the same person.

    Examples
    --------
    >>> person = make_person(7)
    >>> person.number[:2], person.number[6:14] == f"{person.birth:%Y%m%d}"
    ('99', True)
    """
    rng = dice("person", seed)
    birth = dt.date(1940, 1, 1) + dt.timedelta(days=rng.randrange(365 * 62))
    order = rng.randint(1, 999)
    stem = f"99{rng.randint(0, 9999):04d}{birth:%Y%m%d}{order:03d}"
    ethnicity = "汉" if rng.random() < 0.6 else rng.choice(_ETHNICITIES)
    city = rng.choice(_CITIES)
    adult = _years_later(birth, 18)
    first_issue = max(adult, dt.date(1985, 1, 1))
    first_issue += dt.timedelta(days=rng.randrange((_LATEST - first_issue).days))
    renewals = [day for years in (0, 6, 16) if (day := _years_later(first_issue, years)) <= _LATEST]
    valid_from = renewals[-1]
    return Person(
        name=_name(rng, ethnicity),
        gender="男" if order % 2 else "女",
        ethnicity=ethnicity,
        birth=birth,
        address=_address(rng, city),
        number=stem + id_check_character(stem),
        nationality="中国" if rng.random() < 0.9 else rng.choice(_NATIONS),
        first_issue=first_issue,
        valid_from=valid_from,
        valid_until=None if len(renewals) == 3 else _years_later(valid_from, 6 if len(renewals) == 1 else 10),
        vehicle_class=rng.choice(_CLASSES),
        authority=_authority(rng, city),
    )
