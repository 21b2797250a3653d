"""Words that a card may hold: ethnic groups, genders, nationalities, vehicle classes."""

from __future__ import annotations

from cardocr_nb._identity import ETHNIC_GROUPS

_OTHER_ETHNICITIES = {
    "穿青人": "穿青人",
    "穿青": "穿青人",
    "革家人": "革家人",
    "革家": "革家人",
    "僜人": "僜人",
    "夏尔巴人": "夏尔巴人",
    "未定族称": "未定族称",
    "入籍": "入籍",
    "其他": "其他",
    "外国血统中国籍人士": "外国血统中国籍人士",
    "外国血统": "外国血统中国籍人士",
    "毛难": "毛南",
    "崩龙": "德昂",
    "mongolian": "蒙古",
    "tibetan": "藏",
    "uyghur": "维吾尔",
    "uighur": "维吾尔",
    "korean": "朝鲜",
    "manchu": "满",
    "kazakh": "哈萨克",
    "kyrgyz": "柯尔克孜",
    "russian": "俄罗斯",
    "wa": "佤",
    "bouyei": "布依",
}

GENDERS = {"男": "男", "女": "女", "male": "男", "female": "女", "m": "男", "f": "女"}
"""Spellings of the gender, folded → as on the card."""

NATIONALITIES = {"中国": "中国", "china": "中国", "chn": "中国", "chinese": "中国", "中华人民共和国": "中国"}
"""Spellings of the nationality of every resident's license, folded → as on the card."""

VEHICLE_CLASSES = ("A1", "A2", "A3", "B1", "B2", "C1", "C2", "C3", "C4", "C5", "C6", "D", "E", "F", "M", "N", "P")
"""Classes that a license may name, alone or one after another (order No. 162 of the Ministry of Public Security, 2021)."""


def _spellings() -> dict[str, str]:
    spellings = dict(_OTHER_ETHNICITIES)
    for chinese, roman in ETHNIC_GROUPS.items():
        spellings |= {chinese: chinese, f"{chinese}族": chinese, roman.lower(): chinese}
    return spellings


ETHNICITY_SPELLINGS = _spellings()
"""Spellings of an ethnicity, folded → as on the card; people of no recognized group and old names included."""
