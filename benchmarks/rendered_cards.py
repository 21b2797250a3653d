"""A second family of foreign cards: pages of HTML that Chromium renders, photographed with a pinhole camera in OpenCV.

It shares no code, drawing tool, surface or light with the specimens and `foreign_cards`. Each part has fonts, proportions and
arrangements of its own: mechanisms are tuned on ``tuning``, figures are reported from ``judging``. Regions are public ones, streets
and people are invented, numbers begin with 99, and 样本 SPECIMEN is printed on the portrait. Fonts: Debian packages
fonts-noto-cjk, fonts-noto-core, fonts-wqy-microhei, fonts-arphic-gbsn00lp, fonts-arphic-gkai00mp for tuning; fonts-lxgw-wenkai,
fonts-droid-fallback, fonts-hanazono, fonts-wqy-zenhei, fonts-babelstone-han for judging.
"""

from __future__ import annotations

import html
import math
import random
import re
import threading
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import cv2
import numpy as np
from foreign_cards import Card
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

FACES = {
    "tuning": ("Noto Sans CJK SC", "WenQuanYi Micro Hei", "AR PL SungtiL GB", "AR PL KaitiM GB", "Noto Serif CJK SC"),
    "judging": ("LXGW WenKai", "Droid Sans Fallback", "HanaMinA", "WenQuanYi Zen Hei", "BabelStone Han"),
}
WEIGHTS = {"tuning": (400,), "judging": (300, 400, 600)}
ARRANGEMENTS = {
    ("tuning", "DriverLicense"): ("plain", "plain", "older", "open"),
    ("judging", "DriverLicense"): ("plain", "plain", "plain", "older", "open", "seal right", "rows swapped"),
    ("tuning", "IDCard"): ("plain", "script"),
    ("judging", "IDCard"): ("plain", "plain", "script", "portrait low"),
}  # fmt: skip
SCRIPTS = {
    "彝": "ꀀꀁꀄꁮꂷꃀꄉꅉꆈꇉꈌ", "藏": "བཀྲཤིསབདེལེགསནོར", "维吾尔": "ئابدۇراخمانگۈلنارە", "朝鲜": "김철수박영희최민",
    "蒙古": "ᠪᠠᠲᠤᠰᠠᠷᠨᠠᠢ", "壮": "Veizmingzcauhraemx",
}  # fmt: skip
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧阳"
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍红鹏辉建国文斌志宇浩然子轩梓涵欣怡佳琪雨晨思远嘉豪俊熙若曦诗雅"
    "婧煜翀祎喆珺玥甯堃赟昇飏旸璟菡妤骞懿颢皓昊玮琛彧晟曜筠霖淼"
)  # fmt: skip
NATIONS = ("中国",) * 9 + ("韩国", "日本", "美国", "法国", "巴基斯坦", "新加坡", "俄罗斯", "加拿大")
GROUPS = ("汉",) * 7 + ("满", "回", "苗", "土家", "侗", "瑶", "白", "哈尼", "仡佬", *SCRIPTS)
CLASSES = ("C1", "C1", "C2", "B2", "A2", "B1", "A1A2", "C1E", "A1A2D", "B2E", "D", "C6", "A3", "C5")
WATERMARKS = (
    "仅供办理租房登记使用，他用无效", "仅供银行开户使用", "此件仅用于车辆年检 他用无效", "仅限实名认证", "仅供XX公司入职备案使用，复印无效",
)  # fmt: skip
LICENSE_EDGE, CARD_EDGE = (88.0, 60.0), (85.6, 54.0)
CONDITIONS = (
    "scan", "copy", "photo", "tilt", "turned", "shadow", "dim", "glare", "papers", "small", "defocus", "motion", "grain",
    "sleeve", "watermark", "fingers", "cut",
)  # fmt: skip
"""``copy`` is a photocopy in gray."""


_SIMPLIFIED = str.maketrans("達區嶺員會", "达区岭员会")
"""Ten counties of the list are in traditional characters, which cards do not have."""


@cache
def regions() -> tuple[str, ...]:
    """Names of public regions down to the county, as python-stdnum lists them."""
    found, province, city = [], "", ""
    for line in files("stdnum.cn").joinpath("loc.dat").read_text("utf-8").splitlines():
        quoted = re.search(r'="(?:\[[^\]]*\])?([^\[",]+)', line)
        if quoted is None:
            continue
        name = quoted[1].translate(_SIMPLIFIED)
        if not line.startswith(" "):
            province = name
        elif re.match(r" +\d\d00 ", line):
            city = "" if name in (province, "市辖区", "县", "市") else name
        elif name not in ("市辖区", "县", "省直辖县级行政区划") and not line.split('"')[1].startswith("[-"):
            found.append(province + city + name)
    return tuple(found)


def person(dice: random.Random) -> dict[str, str]:
    """Invent a person."""
    year, month, day = dice.randint(1948, 2003), dice.randint(1, 12), dice.randint(1, 28)
    order = dice.randint(1, 999)
    stem = f"99{dice.randrange(10000):04d}{year}{month:02d}{day:02d}{order:03d}"
    check = next(c for c in "0123456789X" if sum(int(v, 11) * 2**i for i, v in enumerate((c if c != "X" else "a") + stem[::-1])) % 11 == 1)  # fmt: skip
    street = dice.choice(("人民路", "中山西路", "建设大街", "光明巷", "长江南路", "李家庄村", "三合村", "东风街道", "滨河路", "大桥镇上湾村", "学院路", "工业园二路"))  # fmt: skip
    house = dice.choice((f"{dice.randint(1, 499)}号", f"{dice.randint(1, 30)}组{dice.randint(1, 120)}号", f"{dice.randint(1, 88)}号{dice.randint(1, 32)}栋{dice.randint(1, 6)}单元{dice.randint(101, 3204)}室", f"{dice.randint(1, 20)}-{dice.randint(1, 9)}-{dice.randint(101, 1206)}", f"{dice.randint(2, 300)}号翠湖花园小区物业服务中心东侧{dice.randint(1, 12)}楼"))  # fmt: skip
    region = dice.choice(regions())
    group = dice.choice(GROUPS)
    name = dice.choice(SURNAMES) + "".join(dice.choice(GIVEN) for _ in range(dice.choice((1, 1, 2, 2, 2))))
    if group == "维吾尔" and dice.random() < 0.6:
        name = dice.choice(("阿卜杜热西提", "古丽娜尔", "买买提", "艾合买提江")) + "·" + dice.choice(("吐尔洪", "阿布都拉", "买买提艾力"))  # fmt: skip
    first = year + dice.randint(18, 30)
    start = first + dice.choice((0, 6, 16))
    term = 6 if start == first else 10
    forever = start - first == 16 or dice.random() < 0.1
    days = f"{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
    seat = re.match(".+?(?:省|市|自治区)", region)
    second = region[len(seat[0]) :].partition("市")
    city = seat[0] + (second[0] + second[1] if second[1] and len(second[0]) < 6 and dice.random() < 0.5 else "")
    office = dice.choice(("公安局交通警察支队", "公安局交通警察总队", "公安厅交通管理局", "公安局公安交通管理局", "公安局车辆管理所", "公安局交警支队"))  # fmt: skip
    return {
        "number": stem + check, "name": name, "gender": "男" if order % 2 else "女", "group": group,
        "born": f"{year}-{month:02d}-{day:02d}", "birth": f"{year}年{month}月{day}日", "address": region + street + house,
        "nation": dice.choice(NATIONS), "first": f"{first}-{days}", "start": f"{start}-{days}",
        "end": "长期" if forever else f"{start + term}-{days}", "years": "长期" if forever else f"{term}年",
        "class": dice.choice(CLASSES), "authority": city + office,
    }  # fmt: skip


class Sheet:
    """A page of HTML in the making; lengths in millimeters."""

    def __init__(self, dice: random.Random, part: str, size: tuple[float, float], scale: float) -> None:
        self.dice, self.size, self.scale = dice, size, scale
        self.form, self.value = dice.choice(FACES[part]), dice.choice(FACES[part])
        self.weight = dice.choice(WEIGHTS[part])
        self.ink = f"rgb({dice.randint(0, 55)},{dice.randint(0, 55)},{dice.randint(0, 60)})"
        self.shift = dice.uniform(-1.8, 1.8), dice.uniform(-1.2, 1.5)
        self.items: list[str] = []

    def mm(self, length: float) -> str:
        return f"{length * self.scale:.2f}px"

    def put(self, inside: str, left: float, top: float, style: str = "") -> None:
        """Place a block."""
        self.items.append(f'<div style="left:{self.mm(left)};top:{self.mm(top)};{style}">{inside}</div>')

    def print(self, text: str, left: float, top: float, size: float, color: str, style: str = "") -> None:
        """Write what the form has."""
        self.put(html.escape(text), left, top, f"font:{self.mm(size)} '{self.form}';color:{color};{style}")

    def fill(self, text: str, left: float, top: float, size: float, style: str = "") -> None:
        """Write a value, off the form by the misprint."""
        x, y = self.shift
        self.put(html.escape(text).replace("\n", "<br>"), left + x, top + y,
                 f"font:{self.weight} {self.mm(size)}/1.22 '{self.value}';color:{self.ink};{style}")  # fmt: skip

    def waves(self, color: str) -> None:
        """Draw lines of the background."""
        w, h = (v * self.scale for v in self.size)
        d, paths = self.dice, []
        for _ in range(d.randint(12, 34)):
            y, up, n = d.uniform(0, h), d.uniform(4, 22), d.randint(2, 9)
            step = w / n
            paths.append(
                f"M0 {y:.0f}" + "".join(f"q{step / 2:.0f} {up * (-1) ** i:.0f} {step:.0f} 0" for i in range(n))
            )
        for _ in range(d.randint(0, 3)):
            cx, cy, r = d.uniform(0.2, 0.8) * w, d.uniform(0.2, 0.8) * h, d.uniform(0.1, 0.25) * h
            points = [(cx + r * (1.6 + 0.4 * math.cos(7 * t / 9)) * math.cos(t / 9), cy + r * (1 + 0.4 * math.cos(7 * t / 9)) * math.sin(t / 9)) for t in range(57)]  # fmt: skip
            paths.append("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points))
        lines = "".join(
            f'<path d="{p}" fill="none" stroke="{color}" stroke-width="{d.uniform(0.7, 1.6):.1f}"/>' for p in paths
        )
        self.items.append(f'<svg style="left:0;top:0" width="{w:.0f}" height="{h:.0f}">{lines}</svg>')

    def portrait(self, left: float, top: float, width: float, height: float, paper: str) -> None:
        """Draw an invented face."""
        d = self.dice
        skin, hair, coat = (f"rgb({d.randint(a, b)},{d.randint(c, e)},{d.randint(f, g)})" for a, b, c, e, f, g in
                            ((205, 245, 170, 205, 140, 180), (5, 60, 5, 45, 5, 40), (10, 200, 10, 150, 20, 160)))  # fmt: skip
        drawing = (
            f'<rect width="100" height="125" fill="{paper}"/><path d="M4 125Q14 92 50 92Q86 92 96 125Z" fill="{coat}"/>'
            f'<rect x="41" y="78" width="18" height="20" fill="{skin}"/><ellipse cx="50" cy="56" rx="25" ry="32" fill="{skin}"/>'
            f'<path d="M23 56Q20 20 50 20Q80 20 77 56Q72 36 50 36Q28 36 23 56Z" fill="{hair}"/><circle cx="40" cy="56" r="2.6"/>'
            f'<circle cx="60" cy="56" r="2.6"/><path d="M42 74Q50 {d.randint(74, 80)} 58 74" fill="none" stroke="#833" stroke-width="1.6"/>'
            f'<text x="50" y="108" font-size="22" text-anchor="middle" fill="#c8202c" font-family="{self.form}">样本</text>'
            '<text x="50" y="122" font-size="13" text-anchor="middle" fill="#c8202c" font-family="Noto Sans">SPECIMEN</text>'
        )
        size = f'width="{self.mm(width)}" height="{self.mm(height)}"'
        self.put(f'<svg {size} viewBox="0 0 100 125" preserveAspectRatio="none">{drawing}</svg>', left, top)

    def picture(self, paper: str) -> Image.Image:
        """Render the page."""
        width, height = (round(v * self.scale) for v in self.size)
        body = (
            f"<style>*{{margin:0}}body{{width:{width}px;height:{height}px;overflow:hidden;background:{paper};position:relative}}"
            f"body>*{{position:absolute;white-space:nowrap}}</style><body>{''.join(self.items)}"
        )
        return render(body, width, height)


def wrapped(text: str, room: float) -> str:
    """Break a text into lines, a character of ASCII for half a place."""
    lines, used = [""], 0.0
    for c in text:
        wide = 0.55 if c.isascii() else 1.0
        if used + wide > room:
            lines.append("")
            used = 0.0
        lines[-1] += c
        used += wide
    return "\n".join(lines)


def license_front(sheet: Sheet, p: dict[str, str], how: str) -> None:
    """Lay out the main page of a license."""
    d = sheet.dice
    w, h = sheet.size
    gray = d.choice(("#5d7a6c", "#47564e", "#6b7468", "#4f6b70", "#76857c"))
    label, tiny, big = d.uniform(2.0, 2.45), d.uniform(1.2, 1.5), d.uniform(2.7, 3.3)
    sheet.waves(d.choice(("#b9d6c8", "#cfd8c0", "#bcd0d8", "#d8ccd0")))
    sheet.put("中华人民共和国机动车驾驶证", 0, d.uniform(1.6, 2.6), f"width:{sheet.mm(w)};text-align:center;font:{d.choice((500, 700))} {sheet.mm(d.uniform(4.0, 4.7))} '{sheet.form}';color:{gray};letter-spacing:{sheet.mm(d.uniform(0, 0.4))}")  # fmt: skip
    sheet.put("Driving License of the People's Republic of China", 0, d.uniform(7.4, 8.2), f"width:{sheet.mm(w)};text-align:center;font:{sheet.mm(d.uniform(1.9, 2.3))} 'Noto Serif';color:{gray}")  # fmt: skip

    def named(text: str, english: str, x: float, y: float) -> float:
        sheet.print(text, x, y, label, gray)
        sheet.print(english, x, y + 1.22 * label, tiny, gray, "font-family:'Noto Sans'")
        return x + label * len(text)

    y = d.uniform(10.6, 11.6)
    x = d.uniform(26, 32)
    sheet.print("证号", x, y, label, gray)
    sheet.print("No.", x + 2.3 * label, y + 0.8, tiny, gray)
    sheet.fill(p["number"], x + 2.3 * label + 3.6, y - 0.6, big, f"letter-spacing:{sheet.mm(d.uniform(0.1, 0.45))}")
    left, y = d.uniform(3, 5), d.uniform(15.6, 16.6)
    row = [
        ("姓名", "Name", "name", left),
        ("性别", "Sex", "gender", d.uniform(38, 42)),
        ("国籍", "Nationality", "nation", d.uniform(55, 58)),
    ]
    if how == "rows swapped":
        row = [
            ("性别", "Sex", "gender", left),
            ("国籍", "Nationality", "nation", d.uniform(19, 22)),
            ("姓名", "Name", "name", d.uniform(46, 49)),
        ]
    for text, english, key, x in row:
        sheet.fill(p[key], named(text, english, x, y) + (3.6 if key == "nation" else 1.8), y - 0.3, big)
    y += d.uniform(6.0, 6.9)
    end = named("住址", "Address", left, y)
    lines = wrapped(p["address"], d.choice((12, 15, 18, 21)))
    size = big if lines.count("\n") < 2 else min(big, 2.7)
    lines = lines if lines.count("\n") < 3 else wrapped(p["address"], 21)
    sheet.fill(lines, end + d.uniform(2, 3), y - 0.3, size)
    if d.random() < 0.5:
        sheet.put("", 3, 31.5, f"width:{sheet.mm(w - 6)};height:1px;background:{gray}")
    top, column = d.uniform(33, 34.5), d.uniform(24.5, 28)
    stamp = left + d.uniform(0, 1.5)
    if how == "seal right":
        stamp, column = d.uniform(45, 47), left
    rows = [
        ("出生日期", "Date of Birth", "born"),
        ("初次领证日期", "Date of First Issue", "first"),
        ("准驾车型", "Class", "class"),
    ]
    if how == "rows swapped":
        rows = [rows[1], rows[2], rows[0]]
    at = column + d.uniform(18.5, 20.5)
    for i, (text, english, key) in enumerate(rows):
        line = top + i * 6.1
        named(text, english, column, line)
        sheet.fill(p[key], at, line - 0.2, big * 0.95)
    seal(sheet, p["authority"], stamp, top - d.uniform(0, 1), d.uniform(17.5, 19.5))
    y = d.uniform(53.6, 55)
    if how == "older":
        sheet.fill(p["start"], named("有效起始日期", "Valid From", left, y) + 1.5, y - 0.3, big * 0.95)
        sheet.fill(p["years"], named("有效期限", "Valid For", 40, y) + 2.5, y - 0.3, big * 0.95)
    else:
        sheet.fill(
            f"{p['start']} 至 {p['end']}",
            named("有效期限", "Valid Period", left, y) + d.uniform(2, 6),
            y - 0.3,
            big * 0.95,
        )
    sheet.portrait(w - d.uniform(19.5, 21.5), d.uniform(32.2, 33.4), 17, 22, "#e9ecf2")
    del h


def seal(sheet: Sheet, text: str, left: float, top: float, side: float) -> None:
    """Stamp a seal: a box with rows of large letters."""
    d = sheet.dice
    rows = 3 if len(text) <= d.choice((12, 15)) else 4
    across = math.ceil(len(text) / rows)
    size = min(side * 0.92 / across, side * 0.9 / rows)
    red = d.choice(("214,62,60", "226,88,90", "190,36,44", "224,104,110"))
    face = d.choice((sheet.form, sheet.value))
    cells = "<br>".join(text[i : i + across] for i in range(0, len(text), across))
    spaced = max(0.0, side * 0.92 / across - size)
    sheet.put(cells, left, top, (
        f"box-sizing:border-box;width:{sheet.mm(side)};height:{sheet.mm(side)};border:{sheet.mm(d.uniform(0.3, 0.6))} solid rgb({red});"
        f"color:rgba({red},{d.uniform(0.75, 1):.2f});font:600 {sheet.mm(size)}/{sheet.mm(side * 0.93 / rows)} '{face}';"
        f"letter-spacing:{sheet.mm(spaced)};padding-left:{sheet.mm(0.4 + spaced / 2)};transform:rotate({d.uniform(-2.5, 2.5):.1f}deg)"
    ))  # fmt: skip


def license_back(dice: random.Random, part: str, p: dict[str, str], front: Sheet) -> Image.Image:
    """Lay out the second page."""
    sheet = Sheet(dice, part, front.size, front.scale)
    sheet.form, sheet.value, sheet.weight = front.form, front.value, front.weight
    sheet.waves("#c4d8cc")
    sheet.print("中华人民共和国机动车驾驶证副页", 13, 2.2, 4.2, "#40584c")
    sheet.print("证号", 27, 11.3, 2.3, "#40584c")
    sheet.fill(p["number"], 38, 10.8, 3.0)
    sheet.print("姓名", 4, 16.5, 2.3, "#40584c")
    sheet.fill(p["name"], 11, 16, 3.0)
    sheet.print("档案编号", 42, 16.5, 2.3, "#40584c")
    sheet.fill(f"99{dice.randrange(10**10):010d}", 54, 16, 3.0)
    sheet.print("记录", 4, 23, 2.3, "#40584c")
    notes = ("请于每个记分周期结束后三十日内接受审验。", "无记分的，免予本次审验。", "增驾A2，实习期至2019年08月14日。", "自2015年06月01日至有效起始日期有效。")  # fmt: skip
    sheet.fill("\n".join(dice.sample(notes, dice.randint(1, 4))), 12, 22.5, 2.8, "line-height:1.7")
    return sheet.picture("#eef4f0")


def id_front(sheet: Sheet, p: dict[str, str], how: str) -> None:
    """Lay out the portrait side of an identity card."""
    d = sheet.dice
    blue = d.choice(("#3f78b8", "#4a84c4", "#2f6aa8", "#5b8fc0"))
    sheet.waves(d.choice(("#cfd9ee", "#e6d2e0", "#d4e4e0")))
    label, big = d.uniform(2.3, 2.7), d.uniform(3.0, 3.5)
    left, column, y, step = d.uniform(4.8, 6.5), d.uniform(14, 15.8), d.uniform(6.2, 7.6), d.uniform(6.0, 6.9)
    name = p["name"]
    if len(name) == 2 and d.random() < 0.5:
        name = name[0] + "\u3000" * d.choice((1, 1, 2)) + name[1]
    sheet.print("姓 名" if d.random() < 0.3 else "姓名", left, y, label, blue, "white-space:pre")
    sheet.fill(name, column, y - 0.6, big * 1.08, "white-space:pre")
    if how == "script" and p["group"] in SCRIPTS:
        letters = SCRIPTS[p["group"]]
        whole = p["group"] in ("维吾尔", "蒙古", "壮")
        word = (
            letters[: d.randint(6, len(letters))]
            if whole
            else "".join(d.choice(letters) for _ in range(d.randint(3, 5)))
        )
        sheet.fill(word, column, y - 0.4 + d.choice((-1, 1)) * d.uniform(2.9, 3.4), big * 0.72, "font-family:'Noto Sans','Noto Sans Yi','Noto Serif Tibetan','Noto Sans Arabic','Noto Sans CJK SC'")  # fmt: skip
    sheet.print("性别", left, y + step, label, blue)
    sheet.fill(p["gender"], column, y + step - 0.4, big)
    x = d.uniform(24.5, 27)
    sheet.print("民族", x, y + step, label, blue)
    sheet.fill(p["group"], x + 2.5 * label, y + step - 0.4, big)
    sheet.print("出生", left, y + 2 * step, label, blue)
    x = column
    for value, mark, room in zip(re.findall(r"\d+", p["birth"]), "年月日", (4, 2, 2), strict=True):
        sheet.fill(value, x + (0.4 if len(value) == 1 and room == 2 else 0), y + 2 * step - 0.4, big)
        x += room * big * 0.55 + d.uniform(0.8, 1.6)
        sheet.print(mark, x, y + 2 * step, label, blue)
        x += label + d.uniform(0.8, 1.8)
    sheet.print("住址", left, y + 3 * step, label, blue)
    lines = wrapped(p["address"], d.choice((11, 11.5, 12)))
    sheet.fill(lines, column, y + 3 * step - 0.5, big * (1 if lines.count("\n") < 3 else 0.88))
    bottom = d.uniform(45.5, 47.2)
    sheet.print("公民身份号码", left, bottom, label, blue)
    sheet.fill(
        p["number"], d.uniform(27, 30), bottom - 0.6, big * 1.08, f"letter-spacing:{sheet.mm(d.uniform(0.2, 0.7))}"
    )
    sheet.portrait(
        d.uniform(55.5, 58), 8 if how != "portrait low" else 15, 23.5, 30 if how != "portrait low" else 27, "#f6f8fb"
    )


def card(kind: str, seed: int, part: str) -> Card:
    """Draw a flat card of a random arrangement of a part."""
    dice = random.Random(f"rendered {part} {kind} {seed}")
    p = person(dice)
    how = dice.choice(ARRANGEMENTS[part, kind])
    if how == "script":
        p["group"] = dice.choice([*SCRIPTS])
    scale = dice.uniform(10.5, 15.5)
    stretch = dice.uniform(0.97, 1.03) if part == "judging" else 1.0
    if kind == "DriverLicense":
        sheet = Sheet(dice, part, (LICENSE_EDGE[0] * stretch, LICENSE_EDGE[1]), scale)
        license_front(sheet, p, how)
        image = sheet.picture(dice.choice(("#eaf3ee", "#f1f4ea", "#e6f0f4")))
        if how == "open":
            back = license_back(dice, part, p, sheet)
            both = Image.new("RGB", (image.width + back.width + dice.randint(4, 60), image.height), (52, 44, 38))
            both.paste(image, (0, 0))
            both.paste(back, (both.width - back.width, 0))
            image = both
        keys = ("licence_number number", "name name", "gender gender", "nationality nation", "address address", "birth_date born",
                "first_issue_date first", "vehicle_class class", "issuing_authority authority")  # fmt: skip
        texts = {name: p[key] for name, key in map(str.split, keys)}
        texts["valid_period"] = p["years"] if how == "older" else f"{p['start']} 至 {p['end']}"
        return Card(image, kind, texts)
    sheet = Sheet(dice, part, CARD_EDGE, scale)
    id_front(sheet, p, how)
    image = sheet.picture(
        dice.choice(("linear-gradient(90deg,#e4eef8,#f8eaee)", "linear-gradient(110deg,#eaf4ee,#f4ecf6)", "#eef2f6"))
    )
    keys = ("name name", "gender gender", "ethnicity group", "birth_date birth", "address address", "id_number number")
    return Card(image, kind, {name: p[key] for name, key in map(str.split, keys)})


_BROWSER = threading.local()


def render(body: str, width: int, height: int) -> Image.Image:
    """Render HTML with Chromium."""
    from playwright.sync_api import sync_playwright

    if not hasattr(_BROWSER, "page"):
        browser = sync_playwright().start().chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        _BROWSER.page = browser.new_page()
    page = _BROWSER.page
    page.set_viewport_size({"width": width, "height": height})
    page.set_content(f'<!doctype html><html lang="zh-CN"><meta charset="utf-8">{body}')
    raw = np.frombuffer(page.screenshot(), np.uint8)
    return Image.fromarray(cv2.cvtColor(cv2.imdecode(raw, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def shoot(flat: Card, condition: str, seed: int) -> np.ndarray:
    """Scan or photograph a flat card, RGB."""
    dice = random.Random(f"shoot {condition} {seed}")
    noise = np.random.default_rng([seed, *condition.encode()])
    image = np.asarray(flat.image).astype(np.uint8)
    if condition in _FLAT:
        return np.ascontiguousarray(jpeg(_FLAT[condition](image, dice, noise), dice.randint(80, 95)))
    if condition in ("watermark", "sleeve"):
        image = {"watermark": with_words, "sleeve": in_sleeve}[condition](image, dice, noise)
        if dice.random() < 0.5:
            return np.ascontiguousarray(jpeg(image, dice.randint(80, 95)))
    scene, corners = placed(image, condition, dice, noise)
    scene = lit(scene, condition, dice, noise, corners)
    if condition == "fingers":
        scene = held(scene, corners, dice)
    if condition in ("defocus", "motion"):
        scene = blurred(scene, condition, dice, float(np.linalg.norm(corners[1] - corners[0])))
    if condition == "grain":
        scene = (scene + noise.normal(0, dice.uniform(10, 20), scene.shape)).clip(0, 255).astype(np.uint8)
        return np.ascontiguousarray(jpeg(scene, dice.randint(40, 60)))
    return np.ascontiguousarray(jpeg(scene, dice.randint(75, 95)))


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Compress, and open again."""
    return cv2.imdecode(cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)[..., ::-1]


def _small(image: np.ndarray, dice: random.Random, _: np.random.Generator) -> np.ndarray:
    wide = image.shape[1] > 2 * image.shape[0]
    width = dice.randint(420, 540) * (2 if wide else 1)
    return cv2.resize(image, (width, round(image.shape[0] * width / image.shape[1])), interpolation=cv2.INTER_AREA)


def _copied(image: np.ndarray, dice: random.Random, noise: np.random.Generator) -> np.ndarray:
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    gray = (gray - 128) * dice.uniform(1.1, 1.5) + dice.uniform(130, 155) + noise.normal(0, 4, gray.shape)
    page = np.full((round(image.shape[0] * 1.8), round(image.shape[1] * 1.3)), 250, np.float32)
    y, x = dice.randint(20, page.shape[0] - gray.shape[0] - 20), dice.randint(20, page.shape[1] - gray.shape[1] - 20)
    page[y : y + gray.shape[0], x : x + gray.shape[1]] = gray
    turn = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), dice.uniform(-2, 2), 1)
    page = cv2.warpAffine(page, turn, page.shape[::-1], borderValue=250).clip(0, 255).astype(np.uint8)
    return cv2.cvtColor(page, cv2.COLOR_GRAY2RGB)


_FLAT: dict[str, Callable[[np.ndarray, random.Random, np.random.Generator], np.ndarray]] = {
    "scan": lambda image, dice, noise: image, "small": _small, "copy": _copied,
}  # fmt: skip


def with_words(image: np.ndarray, dice: random.Random, _: np.random.Generator) -> np.ndarray:
    """Write across the card what its owner permits, once or in rows."""
    h, w = image.shape[:2]
    size = round(min(w, 1.6 * h) * dice.uniform(0.03, 0.05))
    words, angle = dice.choice(WATERMARKS), dice.choice((-30, -20, 15, 24, 32, 45, -45, 0))
    color, strength = dice.choice(("90,90,90", "120,120,120", "190,50,50", "60,80,160")), dice.uniform(0.22, 0.5)
    step = dice.uniform(3.2, 6) if dice.random() < 0.7 else 99
    rows = "".join(
        f'<div style="position:absolute;white-space:nowrap;left:{-w // 2}px;top:{h / 2 + (i * step) * size:.0f}px">{(words + "&emsp;&emsp;") * 8}</div>'
        for i in range(-12, 13) if step < 99 or not i
    )  # fmt: skip
    body = (
        f'<style>*{{margin:0}}body{{width:{w}px;height:{h}px;overflow:hidden;background:#fff}}</style><div style="position:absolute;'
        f"width:{w}px;height:{h}px;transform:rotate({angle}deg);font:{size}px '{dice.choice(('Noto Sans CJK SC', 'WenQuanYi Zen Hei'))}';"
        f'color:rgb({color})">{rows}</div>'
    )
    layer = np.asarray(render(body, w, h)).astype(np.float32) / 255
    return (image * (1 - strength * (1 - layer))).clip(0, 255).astype(np.uint8)


def in_sleeve(image: np.ndarray, dice: random.Random, noise: np.random.Generator) -> np.ndarray:
    """Put the card into a cloudy plastic sleeve with reflections along its folds."""
    h, w = image.shape[:2]
    haze = cv2.resize(noise.uniform(0.1, 0.4, (4, 6)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    across = np.arange(w)[None] + np.arange(h)[:, None] * dice.uniform(-0.8, 0.8)
    for _ in range(dice.randint(1, 4)):
        middle, wide = dice.uniform(0, w), dice.uniform(0.004, 0.02) * w
        haze = haze + dice.uniform(0.15, 0.4) * np.exp(-(((across - middle) / wide) ** 2)).astype(np.float32)
    haze = haze.clip(0, 0.75)[..., None]
    return (image * (1 - haze) + 248 * haze).astype(np.uint8)


def surface(width: int, height: int, dice: random.Random, noise: np.random.Generator) -> np.ndarray:
    """Make a table top: wood, cloth, tiles or plain."""
    base = np.array([dice.uniform(30, 220) for _ in range(3)])
    y, x = np.mgrid[:height, :width].astype(np.float32)
    kind = dice.choice(("wood", "cloth", "tiles", "plain"))
    if kind == "wood":
        pattern = 18 * np.sin((y + 30 * np.sin(x / 400)) / dice.uniform(8, 30)) + 8 * np.sin(y / 3.1)
    elif kind == "cloth":
        pattern = 10 * np.sin(x / dice.uniform(1.5, 4)) * np.sin(y / dice.uniform(1.5, 4))
    elif kind == "tiles":
        side = dice.randint(120, 400)
        pattern = np.where((x % side < 6) | (y % side < 6), -50, 0)
    else:
        pattern = 0 * x
    pattern = pattern + noise.normal(0, 5, (height, width))
    return (base + pattern[..., None]).clip(0, 255).astype(np.uint8)


def placed(image: np.ndarray, condition: str, dice: random.Random, noise: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Lay the card on a table and look at it through a pinhole. Also returns the corners of the card."""
    h, w = image.shape[:2]
    width, height = dice.choice(((1500, 1125), (1800, 1350), (1280, 960)))
    lean, turn = math.radians(dice.uniform(0, 7)), math.radians(dice.uniform(-8, 8))
    if condition == "tilt":
        lean = math.radians(dice.uniform(18, 34))
    if condition in ("turned", "papers"):
        turn = math.radians(dice.uniform(-180, 180) if condition == "turned" else dice.uniform(-60, 60))
    toward = dice.uniform(0, 2 * math.pi)
    axis = np.array([math.cos(toward), math.sin(toward), 0]) * lean
    rotation = cv2.Rodrigues(axis)[0] @ cv2.Rodrigues(np.array([0, 0, turn]))[0]
    flat = np.array([(-w / 2, -h / 2, 0), (w / 2, -h / 2, 0), (w / 2, h / 2, 0), (-w / 2, h / 2, 0)]) / w
    points = flat @ rotation.T + (0, 0, dice.uniform(1.8, 3))
    seen = points[:, :2] / points[:, 2:]
    room = {"papers": dice.uniform(0.5, 0.68), "cut": 1.0}.get(condition, dice.uniform(0.66, 0.9))
    seen = seen - (seen.max(0) + seen.min(0)) / 2
    seen = seen * room * min(width / np.ptp(seen[:, 0]), height / np.ptp(seen[:, 1])) + (width / 2, height / 2)
    free = np.array([width, height]) - np.ptp(seen, axis=0)
    seen = seen + np.array([dice.uniform(-0.4, 0.4), dice.uniform(-0.4, 0.4)]) * free
    table = papers(width, height, dice, noise) if condition == "papers" else surface(width, height, dice, noise)
    matrix = cv2.getPerspectiveTransform(
        np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float32), seen.astype(np.float32)
    )
    shrink = np.linalg.norm(seen[1] - seen[0]) / w
    source = cv2.GaussianBlur(image, (0, 0), 0.45 / shrink) if shrink < 0.8 else image
    top = cv2.warpPerspective(source, matrix, (width, height), flags=cv2.INTER_CUBIC)
    mask = cv2.warpPerspective(np.full((h, w), 1.0, np.float32), matrix, (width, height))
    shade = cv2.GaussianBlur(mask, (0, 0), 9)[..., None] * 0.4
    scene = table * (1 - shade * (1 - mask[..., None]))
    scene = (scene * (1 - mask[..., None]) + top * mask[..., None]).astype(np.uint8)
    if condition == "cut":
        side, away = (
            dice.choice(("left", "right", "top", "bottom")),
            np.linalg.norm(seen[1] - seen[0]) * dice.uniform(0.0, 0.025),
        )
        low, high = seen.min(0), seen.max(0)
        if side == "left":
            scene, seen = scene[:, int(max(0, low[0] + away)) :], seen - (int(max(0, low[0] + away)), 0)
        elif side == "right":
            scene = scene[:, : int(high[0] - away)]
        elif side == "top":
            scene, seen = scene[int(max(0, low[1] + away)) :], seen - (0, int(max(0, low[1] + away)))
        else:
            scene = scene[: int(high[1] - 0.6 * away)]
    return scene, seen


def papers(width: int, height: int, dice: random.Random, noise: np.random.Generator) -> np.ndarray:
    """Make a table with printed papers at other angles."""
    table = surface(width, height, dice, noise)
    lines = (
        "本合同一式两份，双方各执一份，自签字之日起生效。", "附件：身份证复印件一份、驾驶证复印件一份", "申请人姓名：________ 性别：____ 联系电话：",
        "2021年度第三季度工作总结（征求意见稿）", "Please sign and return this form within 14 days", "有效期限：自签发之日起六个月 发证日期",
        "地址：某某市某某区某某路100号", "合计人民币（大写）：壹仟贰佰叁拾肆元整",
    )  # fmt: skip
    for _ in range(dice.randint(2, 4)):
        w, h, size = round(0.7 * width), round(0.9 * height), dice.randint(18, 34)
        text = "<br>".join(dice.choice(lines) for _ in range(40))
        page = np.asarray(render(f"<style>body{{margin:30px;background:#f7f6f2;font:{size}px/1.7 'Noto Serif CJK SC';overflow:hidden;white-space:nowrap}}</style>{text}", w, h))  # fmt: skip
        matrix = cv2.getRotationMatrix2D((w / 2, h / 2), dice.uniform(-90, 90), 1)
        matrix[:, 2] += (dice.uniform(-0.4, 0.7) * width, dice.uniform(-0.4, 0.6) * height)
        mask = cv2.warpAffine(np.full((h, w), 255, np.uint8), matrix, (width, height))[..., None] > 127
        table = np.where(mask, cv2.warpAffine(page, matrix, (width, height)), table)
    return table


def lit(scene: np.ndarray, condition: str, dice: random.Random, noise: np.random.Generator, corners: np.ndarray) -> np.ndarray:  # fmt: skip
    """Light the scene: a lamp to one side, a shadow, glare, dusk."""
    h, w = scene.shape[:2]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    side = dice.uniform(0, 2 * math.pi)
    light = 0.95 + 0.16 * ((x / w - 0.5) * math.cos(side) + (y / h - 0.5) * math.sin(side))
    warm = np.array([dice.uniform(0.97, 1.05), 1.0, dice.uniform(0.88, 1.03)])
    if condition == "shadow":
        center = corners.mean(0)
        polygon = (center + np.array([[dice.uniform(-1, 1) * w, dice.uniform(-1, 1) * h] for _ in range(4)])).astype(
            np.int32
        )
        dark = cv2.fillConvexPoly(np.zeros((h, w), np.float32), cv2.convexHull(polygon), 1.0)
        light = light * (1 - dice.uniform(0.35, 0.65) * cv2.GaussianBlur(dark, (0, 0), dice.uniform(4, 40)))
    if condition == "dim":
        light, warm = light * dice.uniform(0.22, 0.4), np.array([1.1, 0.95, 0.75])
    seen = scene * light[..., None] * warm
    if condition == "glare":
        at = corners[0] + (corners[2] - corners[0]) * dice.uniform(0.2, 0.8) + (0, dice.uniform(-0.1, 0.1) * h)
        wide = dice.uniform(0.05, 0.12) * w
        spot = np.exp(-(((x - at[0]) / wide) ** 2) - ((y - at[1]) / (wide * dice.uniform(0.4, 1))) ** 2)
        seen = seen + dice.uniform(70, 120) * spot[..., None]
    grain = 4 if condition == "dim" else 2
    return (seen + noise.normal(0, grain, seen.shape)).clip(0, 255).astype(np.uint8)


def blurred(scene: np.ndarray, condition: str, dice: random.Random, card_width: float) -> np.ndarray:
    """Blur as a lens out of focus or a moving hand does."""
    reach = max(2, round(card_width * dice.uniform(0.0022, 0.0042)))
    if condition == "defocus":
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach | 1, reach | 1)).astype(np.float32)
    else:
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        angle = dice.uniform(0, math.pi)
        tip = (reach + reach / 2 * 1.3 * math.cos(angle), reach + reach / 2 * 1.3 * math.sin(angle))
        back = (2 * reach - tip[0], 2 * reach - tip[1])
        cv2.line(kernel, tuple(map(round, back)), tuple(map(round, tip)), 1.0, 1)
    return cv2.filter2D(scene, -1, kernel / kernel.sum())


def held(scene: np.ndarray, corners: np.ndarray, dice: random.Random) -> np.ndarray:
    """Put finger tips over an edge of the card, where no value is printed."""
    scene = scene.copy()
    wide = float(np.linalg.norm(corners[1] - corners[0]))
    for _ in range(dice.randint(1, 3)):
        a, b = dice.choice(((3, 2), (1, 2)))
        edge = corners[a] + (corners[b] - corners[a]) * dice.uniform(0.15, 0.85)
        inward = corners.mean(0) - edge
        inward = inward / np.linalg.norm(inward)
        tip, far = edge + inward * wide * 0.012, edge - inward * wide * 0.5
        skin = tuple(dice.randint(a, b) for a, b in ((190, 235), (140, 175), (110, 150)))
        radius = wide * dice.uniform(0.03, 0.045)
        tip = tip - inward * radius
        cv2.line(scene, tuple(map(int, far)), tuple(map(int, tip)), skin, int(2 * radius), cv2.LINE_AA)
    return scene
