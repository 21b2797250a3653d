"""A judging set that shares nothing with the engine or the specimens: other fonts, proportions, arrangements and photo code.

Cards follow the public descriptions only (title, bilingual labels, seal without label, misprint, second script). People, places
and offices are invented, region codes begin with 99, and 样本 SPECIMEN is printed on the portrait. Seeds 600 to 603 were looked at
when seals were mended; figures come from other seeds. Fonts: Debian packages fonts-arphic-uming, fonts-arphic-ukai, fonts-wqy-zenhei, fonts-noto-cjk,
fonts-noto-core, fonts-unfonts-core; those that are missing are left out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONT_FOLDER = Path("/usr/share/fonts")
BODY_FONTS = (
    ("truetype/arphic/uming.ttc", 0), ("truetype/arphic/ukai.ttc", 0), ("truetype/wqy/wqy-zenhei.ttc", 0),
    ("opentype/noto/NotoSerifCJK-Bold.ttc", 2), ("truetype/arphic-gbsn00lp/gbsn00lp.ttf", 0),
    ("opentype/noto/NotoSansCJK-Medium.ttc", 2),
)  # fmt: skip
SCRIPT_FONTS = {
    "彝": ("truetype/noto/NotoSansYi-Regular.ttf", "ꀀꀁꀄꁮꂷꃀꄉꅉꆈꇉꈌ"), "藏": ("truetype/noto/NotoSansTibetan-Regular.ttf", "བོདཡིགརྟམགོནསྐད"),
    "维吾尔": ("truetype/noto/NotoSansArabic-Regular.ttf", "ئۇيغۇرچەنامشەرىپ"), "朝鲜": ("truetype/unfonts-core/UnDotum.ttf", "가나다라마바사아자차"),
    "蒙古": ("truetype/noto/NotoSansMongolian-Regular.ttf", "ᠮᠣᠩᠭᠣᠯᠪᠢᠴᠢᠭ"), "壮": ("", "Bouxcuengh"),
}  # fmt: skip
SURNAMES = "毕庞祁柯霍翁涂虞桑濮冼晏鄢瞿缪蔺栾芮郗钮"
# Each is in all fonts: a font that lacks one prints nothing.
GIVEN = "翊暄珞筱蕴煦泓岚昊澄嫣彤楷佑瀚楠珩颐岑芷荔鸿逸骐璇赫朔臻茵裕"
PLACES = (
    "云溪省东岭市白鹭区", "望海省临川市鹤山县", "青屏省石泉市柳河区", "云溪省长滩市雁鸣县", "白水自治区金沙市南浦区", "东岭市西关区", "望海省松原自治州云台县",
)  # fmt: skip
STREETS = ("解放东路", "和睦里", "沿江大道", "学府街", "北环路", "下河村", "新风巷", "油坊屯", "港湾路", "胜利南街")
OFFICES = ("公安局交通警察支队", "公安局交通管理局", "公安厅交通管理局", "公安局车辆管理所", "公安局公安交通管理局")
NATIONS = ("中国",) * 12 + ("韩国", "日本", "巴基斯坦", "德国", "澳大利亚")
GROUPS = ("汉",) * 6 + ("彝", "藏", "维吾尔", "朝鲜", "蒙古", "壮", "布依", "柯尔克孜", "满")
CLASSES = ("C1", "C2", "B2D", "A2", "C6", "A1A2D", "B1", "E", "C1D", "A2E")


@dataclass
class Card:
    """A flat picture with its texts."""

    image: Image.Image
    kind: str
    texts: dict[str, str] = field(default_factory=dict)


def person(rng: random.Random) -> dict[str, str]:
    """Invent a person with consistent values."""
    year, month, day = rng.randint(1946, 2004), rng.randint(1, 12), rng.randint(1, 28)
    order = rng.randint(1, 998)
    stem = f"99{rng.randrange(10**4):04d}{year}{month:02d}{day:02d}{order:03d}"
    check = "10X98765432"[
        sum(int(d) * w for d, w in zip(stem, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    ]
    place = rng.choice(PLACES)
    address = place + rng.choice(STREETS) + rng.choice((
        f"{rng.randint(1, 399)}号", f"{rng.randint(1, 60)}组{rng.randint(1, 90)}号", f"{rng.randint(2, 40)}-{rng.randint(1, 6)}-{rng.randint(101, 2604)}",
        f"{rng.randint(1, 90)}号锦华小区{rng.randint(1, 20)}幢{rng.randint(1, 4)}单元{rng.randint(101, 999)}室", f"{rng.randint(1, 80)}号临街商铺二层",
    ))  # fmt: skip
    group = rng.choice(GROUPS)
    name = rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, rng.choice((1, 2, 2))))
    if group in ("维吾尔", "柯尔克孜") and rng.random() < 0.7:
        name = rng.choice(("阿不都", "热依汗", "吐尔逊")) + "·" + rng.choice(("买合木提", "艾山江", "库尔班"))
    first = year + rng.randint(18, 21)
    start = first + rng.choice((0, 6))
    long = rng.random() < 0.2
    span = 6 if start == first else 10
    md = f"-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    region = place[: place.index("市") + 1] if "市" in place[:7] else place[:3]
    return {
        "number": stem + check, "name": name, "gender": "男" if order % 2 else "女", "group": group,
        "year": str(year), "month": str(month), "day": str(day), "birth": f"{year}-{month:02d}-{day:02d}", "address": address,
        "nation": rng.choice(NATIONS), "first": f"{first}{md}", "start": f"{start}{md}",
        "end": "长期" if long else f"{start + span}{md}", "years": "长期" if long else f"{span}年",
        "class": rng.choice(CLASSES), "authority": region + rng.choice(OFFICES),
    }  # fmt: skip


class Pen:
    """Draws on a card in parts of its width."""

    def __init__(self, width: int, height: int, rng: random.Random, tint: tuple[int, int, int]) -> None:
        self.rng, self.w = rng, width
        self.image = Image.new("RGB", (width, height), tint)
        self.draw = ImageDraw.Draw(self.image)
        fonts = [f for f in BODY_FONTS if (FONT_FOLDER / f[0]).exists()]
        self.body, self.form = rng.choice(fonts), rng.choice(fonts)

    def font(self, face: tuple[str, int], size: float) -> ImageFont.FreeTypeFont:
        """Load a face at a size in parts of the card's width."""
        return ImageFont.truetype(str(FONT_FOLDER / face[0]), max(6, round(size * self.w)), face[1])

    def put(self, text, x, y, size, color, face=None, gap=0.0):
        """Write a text with its upper left corner at parts of the width; return where it ends."""
        font = self.font(face or self.form, size)
        at = x * self.w
        for letter in text if gap else (text,):
            self.draw.text((at, y * self.w), letter, fill=color, font=font)
            at += font.getlength(letter) + gap * self.w
        return at / self.w

    def guilloche(self, color) -> None:
        """Draw random rosettes and waves."""
        w, h = self.image.size
        t = np.linspace(0, 2 * np.pi, 500)
        for _ in range(self.rng.randint(6, 14)):
            a, b = self.rng.uniform(0.05, 0.4) * w, self.rng.uniform(0.05, 0.3) * h
            cx, cy, n = self.rng.uniform(0, w), self.rng.uniform(0, h), self.rng.randint(3, 13)
            r = 1 + 0.25 * np.cos(n * t)
            self.draw.line([*zip(cx + a * r * np.cos(t), cy + b * r * np.sin(t), strict=True)], fill=color)
        for _ in range(self.rng.randint(10, 30)):
            y = self.rng.uniform(0, h) + self.rng.uniform(3, 14) * np.sin(
                np.linspace(0, self.rng.uniform(6, 30), w // 6)
            )
            self.draw.line([*zip(np.arange(len(y)) * 6, y, strict=True)], fill=color)

    def portrait(self, x, y, width, height) -> None:
        """Draw a face in rough polygons with the word SPECIMEN."""
        x0, y0, x1, y1 = (round(v * self.w) for v in (x, y, x + width, y + height))
        r = self.rng.randint
        self.draw.rectangle((x0, y0, x1, y1), (r(200, 250), r(200, 250), r(225, 255)))
        mx, w, h = (x0 + x1) / 2, x1 - x0, y1 - y0
        self.draw.polygon(
            [(x0 + 0.05 * w, y1), (mx - 0.2 * w, y0 + 0.7 * h), (mx + 0.2 * w, y0 + 0.7 * h), (x1 - 0.05 * w, y1)],
            (r(10, 120), r(10, 90), r(20, 120)),
        )
        self.draw.ellipse(
            (mx - 0.25 * w, y0 + 0.12 * h, mx + 0.25 * w, y0 + 0.72 * h), (r(205, 235), r(165, 195), r(135, 165))
        )
        self.draw.chord(
            (mx - 0.27 * w, y0 + 0.08 * h, mx + 0.27 * w, y0 + 0.5 * h), 180, 360, (r(10, 60), r(10, 50), r(10, 40))
        )
        self.put("样本", x + 0.1 * width, y + 0.72 * height, width * 0.3, (200, 30, 40), BODY_FONTS[-1])
        self.put("SPECIMEN", x + 0.06 * width, y + 0.9 * height, width * 0.16, (200, 30, 40), BODY_FONTS[-1])


def lines_of(text: str, letters: float) -> list[str]:
    """Break a text by width, a digit counting for half."""
    out, line, used = [], "", 0.0
    for c in text:
        wide = 0.52 if c.isascii() else 1.0
        if used + wide > letters:
            out.append(line)
            line, used = "", 0.0
        line, used = line + c, used + wide
    return [*out, line]


def license_page(rng: random.Random, variant: str) -> Card:
    """Draw the main page of a license; variant: form, older, open, swapped, moved seal."""
    p = person(rng)
    width = rng.choice((980, 1100, 1240))
    pen = Pen(
        width,
        round(width * rng.uniform(0.665, 0.70)),
        rng,
        rng.choice(((236, 243, 238), (242, 242, 236), (233, 240, 244))),
    )
    pen.guilloche(rng.choice(((186, 212, 200), (196, 204, 222), (214, 202, 206))))
    ink, form = (rng.randint(5, 50),) * 3, rng.choice(((84, 110, 96), (70, 84, 90), (96, 104, 84), (110, 120, 112)))
    small, tiny, big = rng.uniform(0.0225, 0.027), rng.uniform(0.014, 0.017), rng.uniform(0.031, 0.037)
    dx, dy = rng.uniform(-0.02, 0.02), rng.uniform(-0.016, 0.018)
    t = pen.put("中华人民共和国机动车驾驶证", 0.18, 0.02, 0.048, form)
    del t
    pen.put("Driving License of the People's Republic of China", 0.24, 0.082, tiny * 1.35, form)
    mid = rng.uniform(0.27, 0.36)
    pen.put("证号", mid, 0.118, small, form)
    pen.put("No.", mid + 2.2 * small, 0.122, tiny, form)
    pen.put(p["number"], mid + 0.115 + dx, 0.112 + dy, big, ink, pen.body, rng.uniform(0.001, 0.004))
    left = rng.uniform(0.03, 0.06)
    rows = [("name", "姓名", "Name", p["name"], left, 0.085), ("gender", "性别", "Sex", p["gender"], rng.uniform(0.43, 0.48), 0.075),
            ("nationality", "国籍", "Nationality", p["nation"], rng.uniform(0.61, 0.66), 0.115)]  # fmt: skip
    y = rng.uniform(0.17, 0.185)
    if variant == "swapped":
        rows = [(*rows[0][:4], left, 0.085), (*rows[2][:4], 0.40, 0.115), (*rows[1][:4], 0.72, 0.075)]
    for _, label, english, value, x, off in rows:
        pen.put(label, x, y, small, form)
        pen.put(english, x, y + 1.15 * small, tiny, form)
        pen.put(value, x + off + dx, y + dy + 0.004, big, ink, pen.body)
    y += rng.uniform(0.062, 0.07)
    pen.put("住址", left, y, small, form)
    pen.put("Address", left, y + 1.15 * small, tiny, form)
    wrapped = lines_of(p["address"], rng.choice((11, 14, 19, 23)))
    size = min(big, 0.1 / len(wrapped))
    for i, line in enumerate(wrapped[:3] if len(wrapped) < 4 else lines_of(p["address"], 23)):
        pen.put(line, left + 0.09 + dx, y + dy + 0.004 + i * size * 1.2, size, ink, pen.body)
    top = rng.uniform(0.37, 0.39)
    seal_x, column = (left + 0.005, rng.uniform(0.28, 0.31)) if variant != "moved seal" else (0.50, left)
    dates = [
        ("出生日期", "Date of Birth", p["birth"]),
        ("初次领证日期", "Date of First Issue", p["first"]),
        ("准驾车型", "Class", p["class"]),
    ]
    if variant == "swapped":
        dates = [dates[2], dates[0], dates[1]]
    for i, (label, english, value) in enumerate(dates):
        at = top + i * rng.uniform(0.066, 0.07)
        pen.put(label, column, at, small, form)
        pen.put(english, column, at + 1.15 * small, tiny, form)
        pen.put(value, column + rng.uniform(0.19, 0.22) + dx, at + dy + 0.004, big * 0.95, ink, pen.body)
    seal(pen, p["authority"], seal_x, top - 0.01, rng.uniform(0.19, 0.215))
    bottom = rng.uniform(0.605, 0.618)
    if variant == "older":
        x = pen.put("有效起始日期", left, bottom, small, form)
        pen.put("Valid From", left, bottom + 1.15 * small, tiny, form)
        pen.put(p["start"], x + 0.02 + dx, bottom + dy, big * 0.92, ink, pen.body)
        x = pen.put("有效期限", 0.45, bottom, small, form)
        pen.put("Valid For", 0.45, bottom + 1.15 * small, tiny, form)
        pen.put(p["years"], x + 0.03 + dx, bottom + dy, big, ink, pen.body)
        period = p["years"]
    else:
        x = pen.put("有效期限", left, bottom, small, form)
        pen.put("Valid Period", left, bottom + 1.15 * small, tiny, form)
        pen.put(f"{p['start']} 至 {p['end']}", x + 0.05 + dx, bottom + dy, big * 0.95, ink, pen.body)
        period = f"{p['start']} 至 {p['end']}"
    pen.portrait(0.76 + rng.uniform(-0.01, 0.01), 0.365, 0.2, 0.25)
    image = pen.image
    if variant == "open":
        image = opened(pen, p, rng, form, ink)
    texts = {
        "licence_number": p["number"], "name": p["name"], "gender": p["gender"], "nationality": p["nation"], "address": p["address"],
        "birth_date": p["birth"], "first_issue_date": p["first"], "vehicle_class": p["class"], "valid_period": period,
        "issuing_authority": p["authority"],
    }  # fmt: skip
    return Card(image, "DriverLicense", texts)


def seal(pen: Pen, text: str, x: float, y: float, side: float) -> None:
    """Stamp a square seal, drawn apart and pasted slightly turned and unevenly inked."""
    rng, n = pen.rng, round(side * pen.w)
    rows = 3 if len(text) <= 12 else 4
    across = -(-len(text) // rows)
    stamp = Image.new("L", (n, n), 0)
    draw = ImageDraw.Draw(stamp)
    draw.rectangle((3, 3, n - 4, n - 4), outline=230, width=max(2, n // 50))
    size = min((n - 14) / across, (n - 14) / rows) * 0.95
    font = pen.font(rng.choice([f for f in BODY_FONTS if (FONT_FOLDER / f[0]).exists()]), size / pen.w)
    for i, c in enumerate(text):
        cx, cy = 8 + (i % across) * (n - 16) / across, 7 + (i // across) * (n - 14) / rows
        draw.text((cx, cy), c, fill=235, font=font)
    uneven = cv2.resize(
        np.random.default_rng(rng.randrange(10**6)).uniform(0.65, 1, (6, 6)), (n, n), interpolation=cv2.INTER_CUBIC
    )
    stamp = Image.fromarray((np.asarray(stamp) * uneven.clip(0, 1)).astype(np.uint8)).rotate(
        rng.uniform(-3, 3), Image.Resampling.BICUBIC
    )
    level = rng.randint(40, 120)
    pen.image.paste((rng.randint(180, 225), level, level), (round(x * pen.w), round(y * pen.w)), stamp)


def opened(pen: Pen, p: dict[str, str], rng: random.Random, form, ink) -> Image.Image:
    """Put the second page next to the first."""
    page = Pen(pen.w, pen.image.height, rng, (238, 242, 240))
    page.guilloche((200, 210, 206))
    page.body, page.form = pen.body, pen.form
    page.put("中华人民共和国机动车驾驶证副页", 0.14, 0.02, 0.045, form)
    page.put("证号", 0.28, 0.12, 0.025, form)
    page.put(p["number"], 0.38, 0.115, 0.033, ink, page.body, 0.002)
    page.put("姓名", 0.05, 0.19, 0.025, form)
    page.put(p["name"], 0.13, 0.185, 0.033, ink, page.body)
    page.put("档案编号", 0.5, 0.19, 0.025, form)
    page.put(f"99{rng.randrange(10**10):010d}", 0.63, 0.185, 0.033, ink, page.body)
    page.put("记录", 0.05, 0.26, 0.025, form)
    for i in range(rng.randint(1, 4)):
        page.put(
            rng.choice(
                (
                    "请于每个记分周期结束后三十日内审验。",
                    "实习期至2021年07月12日。",
                    "自2019年02月08日至有效起始日期有效。",
                )
            ),
            0.14,
            0.255 + 0.05 * i,
            0.032,
            ink,
            page.body,
        )
    both = Image.new("RGB", (2 * pen.w + 30, pen.image.height), (40, 44, 60))
    both.paste(pen.image, (0, 0))
    both.paste(page.image, (pen.w + 30, 0))
    return both


def id_page(rng: random.Random, variant: str) -> Card:
    """Draw the portrait side of an identity card; variant: form, minority, wide."""
    p = person(rng)
    if variant == "minority":
        p["group"] = rng.choice([*SCRIPT_FONTS])
    width = rng.choice((900, 1011, 1180))
    pen = Pen(width, round(width * 0.63), rng, (230, 238, 246))
    fade = Image.new("RGB", pen.image.size, rng.choice(((248, 232, 236), (240, 244, 232))))
    pen.image.paste(fade, (0, 0), Image.linear_gradient("L").rotate(90).resize(pen.image.size))
    pen.guilloche(rng.choice(((206, 214, 236), (226, 208, 222))))
    ink, blue = (rng.randint(5, 50),) * 3, rng.choice(((50, 104, 168), (72, 120, 180), (60, 96, 140)))
    small, big = rng.uniform(0.027, 0.032), rng.uniform(0.036, 0.041)
    left, column, y = rng.uniform(0.055, 0.08), rng.uniform(0.165, 0.19), rng.uniform(0.075, 0.09)
    step = rng.uniform(0.073, 0.082)
    name = p["name"]
    if variant == "wide" and len(name) == 2:
        name = name[0] + "　" * rng.randint(1, 2) + name[1]
    pen.put("姓", left, y, small, blue)
    pen.put("名", left + 1.25 * small, y, small, blue)
    pen.put(name, column, y - 0.004, big * 1.08, ink, pen.body)
    pen.put("性别", left, y + step, small, blue)
    pen.put(p["gender"], column, y + step - 0.003, big, ink, pen.body)
    pen.put("民族", left + 0.21, y + step, small, blue)
    pen.put(p["group"], left + 0.21 + 2.6 * small, y + step - 0.003, big, ink, pen.body)
    pen.put("出生", left, y + 2 * step, small, blue)
    x, gap = column, rng.uniform(0.008, 0.025)
    for value, mark in ((p["year"], "年"), (p["month"], "月"), (p["day"], "日")):
        x = pen.put(value, x, y + 2 * step - 0.003, big, ink, pen.body) + gap
        x = pen.put(mark, x, y + 2 * step + 0.002, small, blue) + gap
    pen.put("住址", left, y + 3 * step, small, blue)
    for i, line in enumerate(lines_of(p["address"], rng.choice((10, 11, 12)))):
        pen.put(line, column, y + 3 * step - 0.003 + i * big * 1.32, big, ink, pen.body)
    bottom = rng.uniform(0.545, 0.565)
    pen.put("公民身份号码", left, bottom, small, blue)
    pen.put(
        p["number"],
        left + 6.3 * small + rng.uniform(0.05, 0.09),
        bottom - 0.006,
        big * 1.1,
        ink,
        pen.body,
        rng.uniform(0.002, 0.008),
    )
    pen.portrait(rng.uniform(0.66, 0.68), 0.09, 0.27, 0.35)
    if p["group"] in SCRIPT_FONTS and variant == "minority":
        file, letters = SCRIPT_FONTS[p["group"]]
        if not file or (FONT_FOLDER / file).exists():
            word = (
                letters
                if p["group"] in ("维吾尔", "壮", "蒙古")
                else "".join(rng.choice(letters) for _ in range(rng.randint(3, 5)))
            )
            up = rng.choice((-1, 1)) * big * 1.02
            pen.put(word, column, y + up, big * 0.75, ink, (file, 0) if file else pen.body)
    birth = f"{p['year']}年{p['month']}月{p['day']}日"
    texts = {
        "name": p["name"],
        "gender": p["gender"],
        "ethnicity": p["group"],
        "birth_date": birth,
        "address": p["address"],
        "id_number": p["number"],
    }
    return Card(pen.image, "IDCard", texts)


VARIANTS = {
    "DriverLicense": ("form", "form", "form", "older", "open", "swapped", "moved seal"),
    "IDCard": ("form", "form", "minority", "wide"),
}
CONDITIONS = (
    "scan",
    "desk",
    "tilt",
    "turned",
    "dark",
    "papers",
    "small",
    "blur",
    "noise",
    "sleeve",
    "watermark",
    "hand",
    "cut",
)


def card(kind: str, rng: random.Random, variant: str | None = None) -> Card:
    """Draw a flat card of a random variant."""
    chosen = variant or rng.choice(VARIANTS[kind])
    return license_page(rng, chosen) if kind == "DriverLicense" else id_page(rng, chosen)


def backdrop(width: int, height: int, dice: np.random.Generator) -> np.ndarray:
    """Make a table of cloudy color with grain."""
    base = dice.uniform(40, 215, 3)
    cloud = cv2.resize(dice.normal(0, 14, (5, 7)), (width, height), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(dice.normal(0, 9, (height, width)), (0, 0), sigmaX=9, sigmaY=0.8)
    return (base + (cloud + grain)[..., None]).clip(0, 255).astype(np.uint8)


def sheets(scene: np.ndarray, rng: random.Random) -> np.ndarray:
    """Put printed pages on the table."""
    image = Image.fromarray(scene)
    text = (
        "会议纪要：与会人员讨论了下一阶段的工作安排，",
        "甲方（签字）：________ 乙方（签字）：________",
        "姓名      性别    出生年月    民族",
        "Quarterly figures were reviewed by the board",
        "编号 KX-2020-118 有效期至二〇二五年",
        "联系电话：____  通讯地址：______",
    )
    for _ in range(rng.randint(2, 4)):
        page = Image.new("RGBA", (round(image.width * 0.6), round(image.height * 0.8)), (240, 240, 236, 255))
        draw, size = ImageDraw.Draw(page), rng.randint(20, 34)
        font = ImageFont.truetype(str(FONT_FOLDER / "truetype/wqy/wqy-zenhei.ttc"), size)
        for y in range(20, page.height, round(size * 1.8)):
            draw.text((20, y), rng.choice(text) * 2, fill=(50, 50, 50), font=font)
        page = page.rotate(rng.uniform(-80, 80), Image.Resampling.BILINEAR, expand=True)
        image.paste(
            page,
            (rng.randint(-page.width // 2, image.width // 2), rng.randint(-page.height // 2, image.height // 2)),
            page,
        )
    return np.asarray(image)


def photo(flat: Card, condition: str, seed: int) -> np.ndarray:
    """Photograph a flat card, RGB."""
    rng, dice = random.Random(f"photo {condition} {seed}"), np.random.default_rng(seed)
    image = np.asarray(flat.image)
    if condition == "watermark":
        image = np.asarray(user_watermark(flat.image, rng))
    if condition == "sleeve":
        image = (image * 0.8 + 45).astype(np.uint8)
        for _ in range(3):
            x = rng.randrange(image.shape[1])
            cv2.line(
                layer := image.copy(),
                (x, 0),
                (x + rng.randint(-300, 300), image.shape[0]),
                (255, 255, 255),
                rng.randint(15, 60),
            )
            image = cv2.addWeighted(cv2.GaussianBlur(layer, (0, 0), 9), 0.45, image, 0.55, 0)
    if condition == "scan":
        return image
    if condition == "blur":
        return cv2.GaussianBlur(image, (0, 0), image.shape[1] * rng.uniform(0.0014, 0.0022))
    if condition == "noise":
        noisy = (image + dice.normal(0, rng.uniform(12, 24), image.shape)).clip(0, 255).astype(np.uint8)
        return cv2.imdecode(cv2.imencode(".jpg", noisy[..., ::-1], [1, rng.randint(35, 60)])[1], 1)[..., ::-1]
    if condition == "small":
        scale = rng.uniform(400, 480) / image.shape[1] * (2 if image.shape[1] > 1.8 * image.shape[0] else 1)
        return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return placed(image, condition, rng, dice)


def placed(image: np.ndarray, condition: str, rng: random.Random, dice: np.random.Generator) -> np.ndarray:
    """Lay the card on a table and look at it."""
    h, w = image.shape[:2]
    width, height = 1600, 1200
    part = {"papers": rng.uniform(0.42, 0.6), "cut": 0.97}.get(condition, rng.uniform(0.62, 0.82))
    scale = part * width / w
    angle = np.radians(
        {"turned": rng.uniform(-180, 180), "papers": rng.uniform(-50, 50)}.get(condition, rng.uniform(-7, 7))
    )
    corners = (np.array([(0, 0), (w, 0), (w, h), (0, h)], float) - (w / 2, h / 2)) * scale
    spin = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = corners @ spin
    depth = 1 + (corners @ dice.normal(size=2)) / width * (0.24 if condition == "tilt" else 0.06)
    corners = corners / depth[:, None] + (width / 2, height / 2)
    shift = {
        "cut": (rng.choice((-1, 1)) * rng.uniform(0.0, 0.03) * width, 0),
        "papers": (rng.uniform(-150, 150), rng.uniform(-100, 100)),
    }.get(condition, (0, 0))
    corners += shift
    fit = min(1.0, *(np.array((width, height)) * 0.98 / np.ptp(corners, axis=0))) if condition != "cut" else 1.0
    corners = (corners - corners.mean(0)) * fit + corners.mean(0)
    scene = backdrop(width, height, dice)
    if condition == "papers":
        scene = sheets(scene, rng)
    matrix = cv2.getPerspectiveTransform(
        np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float32), corners.astype(np.float32)
    )
    small = cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR
    )
    mask = cv2.warpPerspective(np.full((h, w), 255, np.uint8), matrix, (width, height))
    scene = np.where(mask[..., None] > 127, small, scene)
    if condition == "hand":
        for i in range(rng.randint(2, 3)):
            edge = corners[3] + (corners[2] - corners[3]) * rng.uniform(0.1, 0.9)
            tip = edge + (corners[0] - corners[3]) * 0.012
            cv2.line(
                scene := scene.copy(),
                tuple(map(int, tip)),
                tuple(map(int, tip + np.array((rng.randint(-90, 90), 420)))),
                (206 - 8 * i, 158, 130),
                78,
            )
    if condition == "dark":
        ramp = 1 / (1 + np.exp((np.arange(width) - rng.uniform(0.35, 0.65) * width) / rng.uniform(20, 90)))
        scene = (
            (scene * (0.55 - rng.uniform(0.25, 0.33) * ramp)[None, :, None] * np.array([1.05, 0.95, 0.8]))
            .clip(0, 255)
            .astype(np.uint8)
        )
        scene = (scene + dice.normal(0, 4, scene.shape)).clip(0, 255).astype(np.uint8)
    return scene


def user_watermark(image: Image.Image, rng: random.Random) -> Image.Image:
    """Write across the card what its owner permits."""
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    font = ImageFont.truetype(
        str(FONT_FOLDER / "truetype/wqy/wqy-zenhei.ttc"), round(min(image.width, 1200) * rng.uniform(0.028, 0.042))
    )
    word = rng.choice(("仅供入职登记使用 他用无效", "仅用于开户核验，复印无效", "仅供车辆过户"))
    gray = rng.randint(60, 160)
    tile = Image.new("RGBA", (round(font.getlength(word)) + 40, font.size + 12), (0, 0, 0, 0))
    ImageDraw.Draw(tile).text((6, 4), word, font=font, fill=(gray, gray, gray, rng.randint(70, 110)))
    tile = tile.rotate(rng.choice((22, 30, -25)), expand=True, resample=Image.Resampling.BICUBIC)
    for y in range(-tile.height // 2, image.height, round(tile.height * 1.1)):
        for x in range(-tile.width // 2, image.width, round(tile.width * 1.05)):
            layer.alpha_composite(tile.crop((max(0, -x), max(0, -y), tile.width, tile.height)), (max(0, x), max(0, y)))
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def negatives(kind: str, seed: int) -> dict[str, np.ndarray]:
    """Draw pictures without a card of the type."""
    rng = random.Random(f"negative {kind} {seed}")
    p = person(rng)
    other = card("IDCard" if kind == "DriverLicense" else "DriverLicense", rng).image
    id_rows = [
        ("姓名", p["name"]),
        ("性别", p["gender"]),
        ("民族", p["group"]),
        ("出生", f"{p['year']}年{p['month']}月{p['day']}日"),
        ("住址", p["address"][:18]),
        ("公民身份号码", p["number"]),
    ]
    license_rows = [
        ("证号", p["number"]),
        ("姓名", p["name"]),
        ("性别", p["gender"]),
        ("国籍", "中国"),
        ("住址", p["address"][:18]),
        ("出生日期", p["birth"]),
        ("初次领证日期", p["first"]),
        ("准驾车型", p["class"]),
        ("有效期限", p["start"] + " 至 " + p["end"]),
        ("发证机关", p["authority"]),
    ]
    rows = id_rows if kind == "IDCard" else license_rows
    return {
        "other card": np.asarray(other),
        "filled web form": listing("身份信息核验", rows, rng),
        "blank web form": listing("实名登记", [(a, "请填写" + a) for a, _ in rows], rng),
        "blank application": listing("业务申请表", [(a, "") for a, _ in rows] + [("联系电话", ""), ("申请人签名", "")], rng, ruled=True),
        "filled application": listing("入职登记表", [*rows, ("文化程度", "本科"), ("联系电话", "139****0000"), ("婚姻状况", "未婚")], rng, ruled=True),
        "household register": listing("常住人口登记卡", [("姓名", p["name"]), ("户主或与户主关系", "户主"), ("性别", p["gender"]), ("民族", p["group"]), ("籍贯", p["address"][:6]), ("出生日期", f"{p['year']}年{p['month']}月{p['day']}日"), ("住址", p["address"][:18]), ("公民身份证件编号", p["number"]), ("文化程度", "高中")], rng, ruled=True),
        "social security card": small_card("中华人民共和国社会保障卡", [("姓名", p["name"]), ("社会保障号码", p["number"]), ("卡号", "A1234567X"), ("发卡日期", "2019年08月")], rng),
        "residence permit": small_card("外国人永久居留身份证", [("姓名", "ALEXANDER STONE"), ("性别", p["gender"]), ("出生日期", p["birth"]), ("国籍", "美国"), ("有效期限", p["start"] + "-" + p["first"]), ("证件号码", "USA990123456789")], rng),
        "vehicle registration": small_card("中华人民共和国机动车行驶证", [("号牌号码", "样A12345"), ("车辆类型", "小型轿车"), ("所有人", p["name"]), ("住址", p["address"][:16]), ("品牌型号", "样本牌XB7150"), ("注册日期", p["first"]), ("发证日期", p["start"])], rng),
        "receipt": listing("购物小票", [("单号", p["number"][:12]), ("日期", p["first"]), ("合计", "128.00"), ("会员姓名", p["name"])], rng),
        "empty table": backdrop(1200, 900, np.random.default_rng(seed)),
    }  # fmt: skip


def listing(title: str, rows: list[tuple[str, str]], rng: random.Random, *, ruled: bool = False) -> np.ndarray:
    """Draw a page with a label and a value in each row."""
    pen = Pen(rng.choice((900, 1080)), 1500, rng, (250, 250, 250))
    pen.put(title, 0.34, 0.06, 0.045, (20, 20, 20))
    for i, (label, value) in enumerate(rows):
        y = 0.2 + i * rng.choice((0.095, 0.1))
        if ruled:
            pen.draw.rectangle(
                (0.05 * pen.w, (y - 0.03) * pen.w, 0.95 * pen.w, (y + 0.066) * pen.w), outline=(60, 60, 60)
            )
        pen.put(label, 0.07, y, 0.03, (90, 90, 90))
        pen.put(value, 0.32, y, 0.032, (20, 20, 20), pen.body)
    return np.asarray(pen.image)


def small_card(title: str, rows: list[tuple[str, str]], rng: random.Random) -> np.ndarray:
    """Draw another card with a portrait."""
    pen = Pen(1000, 630, rng, (226, 240, 238))
    pen.guilloche((190, 214, 214))
    pen.put(title, 0.12, 0.04, 0.045, (30, 60, 90))
    for i, (label, value) in enumerate(rows):
        pen.put(label, 0.06, 0.15 + 0.062 * i, 0.027, (60, 90, 130))
        pen.put(value, 0.24, 0.148 + 0.062 * i, 0.033, (20, 20, 20), pen.body)
    pen.portrait(0.7, 0.14, 0.23, 0.3)
    return np.asarray(pen.image.filter(ImageFilter.GaussianBlur(0.6)))
