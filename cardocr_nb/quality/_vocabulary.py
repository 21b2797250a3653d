"""Words that a card may hold: ethnic groups, genders, nationalities, vehicle classes."""

from __future__ import annotations

ETHNICITIES: dict[str, str] = dict(
    pair.split(":")
    for pair in [
        "汉:Han",
        "蒙古:Mongol",
        "回:Hui",
        "藏:Zang",
        "维吾尔:Uygur",
        "苗:Miao",
        "彝:Yi",
        "壮:Zhuang",
        "布依:Buyei",
        "朝鲜:Chosen",
        "满:Man",
        "侗:Dong",
        "瑶:Yao",
        "白:Bai",
        "土家:Tujia",
        "哈尼:Hani",
        "哈萨克:Kazak",
        "傣:Dai",
        "黎:Li",
        "傈僳:Lisu",
        "佤:Va",
        "畲:She",
        "高山:Gaoshan",
        "拉祜:Lahu",
        "水:Sui",
        "东乡:Dongxiang",
        "纳西:Naxi",
        "景颇:Jingpo",
        "柯尔克孜:Kirgiz",
        "土:Tu",
        "达斡尔:Daur",
        "仫佬:Mulao",
        "羌:Qiang",
        "布朗:Blang",
        "撒拉:Salar",
        "毛南:Maonan",
        "仡佬:Gelao",
        "锡伯:Xibe",
        "阿昌:Achang",
        "普米:Pumi",
        "塔吉克:Tajik",
        "怒:Nu",
        "乌孜别克:Uzbek",
        "俄罗斯:Russ",
        "鄂温克:Ewenki",
        "德昂:Deang",
        "保安:Bonan",
        "裕固:Yugur",
        "京:Gin",
        "塔塔尔:Tatar",
        "独龙:Derung",
        "鄂伦春:Oroqen",
        "赫哲:Hezhen",
        "门巴:Monba",
        "珞巴:Lhoba",
        "基诺:Jino",
    ]
)
"""The 56 ethnic groups and their romanised names (GB/T 3304-1991, Names of nationalities of China in romanization)."""

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
    for chinese, roman in ETHNICITIES.items():
        spellings |= {chinese: chinese, f"{chinese}族": chinese, roman.lower(): chinese}
    return spellings


ETHNICITY_SPELLINGS = _spellings()
"""Spellings of an ethnicity, folded → as on the card; people of no recognized group and old names included."""
