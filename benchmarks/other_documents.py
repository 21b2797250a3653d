"""Pictures without a card of the type: forms, screens, papers and other cards with the same labels, numbers and portraits.

Pages of HTML that Chromium renders, flat or photographed by `rendered_cards`. The part ``judging`` has other fonts than
``tuning``, other sizes, and kinds of its own. All people, numbers (they begin with 99), companies and offices are invented; 样本 is
printed on every portrait; no document is drawn closely enough to pass for one.
"""

from __future__ import annotations

import html
import random
from typing import TYPE_CHECKING

import numpy as np
from foreign_cards import Card
from rendered_cards import FACES, Sheet, card, person, render, seal, shoot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL import Image

ID_LABELS = ("姓名", "性别", "民族", "出生", "住址", "公民身份号码")
LICENSE_LABELS = ("证号", "姓名", "性别", "国籍", "住址", "出生日期", "初次领证日期", "准驾车型", "有效期限")
CARD = (85.6, 54.0)


class Draft:
    """One document in the making: who it is about, and how it looks."""

    def __init__(self, part: str, seed: int) -> None:
        self.dice, self.part = random.Random(f"document {part} {seed}"), part
        self.p = person(self.dice)
        p = self.p
        self.values = {
            "证号": p["number"], "姓名": p["name"], "性别": p["gender"], "民族": p["group"], "国籍": p["nation"], "住址": p["address"],
            "出生": p["birth"], "出生日期": p["born"], "初次领证日期": p["first"], "准驾车型": p["class"],
            "有效期限": f"{p['start']} 至 {p['end']}", "公民身份号码": p["number"],
        }  # fmt: skip
        self.face = self.dice.choice(FACES[part])

    def rows(self, labels: Sequence[str]) -> list[tuple[str, str]]:
        """Labels with the values of the person."""
        return [(label, self.values[label]) for label in labels]

    def page(self, body: str, width: int, height: int, style: str = "") -> Image.Image:
        """Render a page."""
        size = self.dice.randint(20, 27)
        return render(
            f"<style>*{{box-sizing:border-box}}body{{margin:0;padding:28px;width:{width}px;height:{height}px;overflow:hidden;background:#fff;"
            f"color:#222;font:{size}px/1.7 '{self.face}';{style}}}table{{border-collapse:collapse;width:100%}}td{{border:1px solid #555;padding:6px 10px}}"
            f"h1{{font-size:1.5em;text-align:center;margin:.3em}}i{{color:#999;font-style:normal}}</style><body>{body}",
            width, height,
        )  # fmt: skip

    def face_of(self, width: float, scale: float = 12.0) -> str:
        """Draw a portrait, as HTML that may be put anywhere."""
        sheet = Sheet(self.dice, self.part, CARD, scale)
        sheet.portrait(0, 0, width, width * 1.25, "#dfe8f2")
        return f'<span style="display:inline-block">{sheet.items[-1]}</span>'

    def card(self, title: str, rows: Sequence[tuple[str, str]], *, portrait: bool = True, tint: str = "#e8f2f0", step: float = 6.4) -> Image.Image:  # fmt: skip
        """Lay out another small card: a title, labels with values, mostly a portrait."""
        d = self.dice
        sheet = Sheet(d, self.part, CARD, d.uniform(10, 14))
        sheet.waves(d.choice(("#cfe0dc", "#dcd8ea", "#e4dccc")))
        sheet.print(title, d.uniform(4, 16), d.uniform(2.2, 4), d.uniform(3.4, 4.6), d.choice(("#2a4a80", "#803030", "#333")))  # fmt: skip
        label, big, y = d.uniform(2.2, 2.7), d.uniform(2.7, 3.3), d.uniform(9.5, 11.5)
        column = 5 + label * max(len(name) for name, _ in rows if len(name) < 9) + 1.5
        for i, (name, value) in enumerate(rows):
            sheet.print(name, 5, y + i * step, label, "#4a6a8a")
            sheet.fill(value, max(column, 5 + label * len(name) + 1.5), y + i * step - 0.4, big)
        if portrait:
            sheet.portrait(d.uniform(56, 60), d.uniform(11, 15), d.uniform(18, 23), d.uniform(24, 29), "#eef2f6")
        return sheet.picture(tint)


def lines(texts: Sequence[str]) -> str:
    """Paragraphs."""
    return "".join(f"<div>{html.escape(t)}</div>" for t in texts)


def table(rows: Sequence[tuple[str, str]], across: int = 1, extra: str = "") -> str:
    """Make a ruled table with a label and a value in turn; `extra` is a cell at the right of the first rows."""
    cells = [f"<td>{html.escape(a)}</td><td>{html.escape(b)}</td>" for a, b in rows]
    trs = ["".join(cells[i : i + across]) for i in range(0, len(cells), across)]
    if extra:
        trs[0] += f'<td rowspan="{min(5, len(trs))}" style="width:240px">{extra}</td>'
    return "<table>" + "".join(f"<tr>{tr}</tr>" for tr in trs) + "</table>"


def fields(rows: Sequence[tuple[str, str]], *, blank: bool = False) -> str:
    """Input fields of a web form."""
    return "".join(
        f'<div style="display:flex;border-bottom:1px solid #ddd;padding:12px 0"><span style="width:34%;color:#555">{a}</span>'
        f"<span>{f'<i>请输入{a}</i>' if blank else html.escape(b)}</span></div>" for a, b in rows
    )  # fmt: skip


def app_form(d: Draft, labels: Sequence[str], *, blank: bool) -> Image.Image:
    """Screen of an app with a form."""
    title = d.dice.choice(("实名认证", "个人信息", "核对证件信息", "完善资料"))
    button = d.dice.choice(("提交", "下一步", "确认无误", "保存"))
    return d.page(
        f"<h1>{title}</h1>{fields(d.rows(labels), blank=blank)}<div style='background:#2a7de1;color:#fff;text-align:center;margin-top:40px'>{button}</div>",
        d.dice.choice((720, 840)), d.dice.choice((1280, 1440)),
    )  # fmt: skip


def application(d: Draft, labels: Sequence[str], *, blank: bool = False, portrait: bool = False) -> Image.Image:
    """Ruled form on paper, with or without entries and a portrait."""
    rows = d.rows(labels)
    more = d.dice.sample([("联系电话", "139****0000"), ("文化程度", "本科"), ("婚姻状况", "未婚"), ("工作单位", "云帆样本公司"), ("邮编", "990000")], d.dice.randint(0, 4))  # fmt: skip
    rows = [(a, "" if blank else b) for a, b in [*rows, *more]]
    title = d.dice.choice(("报名登记表", "员工入职表", "业务申请表", "会员资料卡", "人员信息采集表"))
    return d.page(f"<h1>{title}</h1>{table(rows, d.dice.choice((1, 2)), d.face_of(19) if portrait else '')}", 1200, 900)


def chat(d: Draft) -> Image.Image:
    """Screen of a conversation in which somebody sends the data."""
    p = d.p
    said = ["你好，麻烦把身份信息发我一下", f"姓名 {p['name']}", f"性别 {p['gender']} 民族 {p['group']}", f"公民身份号码 {p['number']}", f"出生 {p['birth']}",
            f"住址 {p['address']}", "好的，收到，稍后给您办理", f"驾照 {p['class']} 初次领证日期 {p['first']}"]  # fmt: skip
    if d.dice.random() < 0.5:
        said[1:4] = [f"姓名{p['name']}，性别{p['gender']}，证号{p['number']}，国籍中国"]
    bubbles = "".join(
        f'<div style="margin:18px {0 if i % 3 else 120}px 18px {120 if i % 3 else 0}px;background:{"#95ec69" if i % 3 else "#fff"};border-radius:10px;padding:12px">{html.escape(t)}</div>'
        for i, t in enumerate(said)
    )  # fmt: skip
    return d.page(f"<h1>客服小云</h1>{bubbles}", 750, 1334, "background:#ededed")


def text_page(d: Draft) -> Image.Image:
    """Plain text of a contract or a statement that names the person."""
    p = d.p
    texts = [f"甲方：{p['name']}，{p['gender']}，{p['group']}族，{p['birth']}出生，", f"住址：{p['address']}", f"公民身份号码：{p['number']}", "乙方：样本市云帆租赁有限公司",
             "根据有关法律规定，双方经协商一致，订立本合同。", f"一、租期自{p['start']}起至{p['end']}止。", f"二、驾驶证号：{p['number']}，准驾车型：{p['class']}，初次领证日期：{p['first']}。",
             "三、本合同一式两份，双方各执一份，签字后生效。", "甲方（签字）：　　　　　　乙方（盖章）："]  # fmt: skip
    return d.page("<h1>车辆租赁合同</h1>" + lines(texts), 1000, 1300)


def register(d: Draft) -> Image.Image:
    """Page of a household register."""
    p = d.p
    rows = [("姓名", p["name"]), ("户主或与户主关系", "户主"), ("曾用名", ""), ("性别", p["gender"]), ("出生地", p["address"][:6]), ("民族", p["group"]), ("籍贯", p["address"][:6]), ("出生日期", p["birth"]), ("本市其他住址", ""),
            ("宗教信仰", ""), ("公民身份证件编号", p["number"]), ("身高", "170"), ("血型", ""), ("文化程度", "高中"), ("婚姻状况", "已婚"), ("何时由何地迁来本址", p["address"])]  # fmt: skip
    return d.page("<h1>常住人口登记卡</h1>" + table(rows, d.dice.choice((1, 2))), 1240, 900, "background:#f7f2e6")


def back_of_id(d: Draft) -> Image.Image:
    """Back of an identity card: two titles, the authority and the period."""
    sheet = Sheet(d.dice, d.part, CARD, d.dice.uniform(10, 14))
    sheet.waves("#d4dcea")
    sheet.print("中华人民共和国", 28, 8, 5.4, "#222", "letter-spacing:4px")
    sheet.print("居民身份证", 29, 18, 7.6, "#222", "letter-spacing:4px")
    sheet.print("样本 SPECIMEN", 8, 12, 2.6, "#c22")
    for i, (a, b) in enumerate((("签发机关", d.p["authority"][:6] + "公安局"), ("有效期限", f"{d.p['start']}-{d.p['end']}".replace("-", ".", 2)))):  # fmt: skip
        sheet.print(a, 20, 38.5 + 6 * i, 2.6, "#333")
        sheet.fill(b, 34, 38 + 6 * i, 3.1)
    return sheet.picture("#eef2f2")


def license_second_page(d: Draft) -> Image.Image:
    """The second page of a license alone."""
    sheet = Sheet(d.dice, d.part, (88, 60), d.dice.uniform(10, 14))
    sheet.waves("#c4d8cc")
    sheet.print("中华人民共和国机动车驾驶证副页", 13, 2.2, 4.2, "#40584c")
    for a, b, x, y in (("证号", d.p["number"], 27, 11), ("姓名", d.p["name"], 4, 17), ("档案编号", "990012345678", 42, 17), ("记录", "请于每个记分周期结束后三十日内接受审验。", 4, 24)):  # fmt: skip
        sheet.print(a, x, y, 2.3, "#40584c")
        sheet.fill(b, x + 11, y - 0.4, 3.0)
    return sheet.picture("#eef4f0")


def vehicle_license(d: Draft) -> Image.Image:
    """Main page of a vehicle license, with a red seal."""
    p = d.p
    sheet = Sheet(d.dice, d.part, (88, 60), d.dice.uniform(10, 14))
    sheet.waves("#c4d8cc")
    sheet.print("中华人民共和国机动车行驶证", 12, 2.2, 4.6, "#40584c")
    sheet.print("Vehicle License of the People's Republic of China", 18, 8, 2.0, "#40584c")
    left = (("号牌号码", "样A99001", 4, 12), ("车辆类型", "小型轿车", 44, 12), ("所有人", p["name"], 4, 18), ("住址", p["address"][:20], 4, 24), ("使用性质", "非营运", 26, 31),
            ("品牌型号", "样本牌XB7150", 52, 31), ("车辆识别代号", "LSAMPLE9900012345", 26, 37), ("发动机号码", "A990012", 26, 43), ("注册日期", p["first"], 26, 50), ("发证日期", p["start"], 56, 50))  # fmt: skip
    for a, b, x, y in left:
        sheet.print(a, x, y, 2.2, "#40584c")
        sheet.fill(b, x + 2.2 * len(a) + 2, y - 0.4, 2.8)
    seal(sheet, p["authority"], 4, 33, 18.5)
    return sheet.picture("#eaf3ee")


def passport(d: Draft) -> Image.Image:
    """Data page of a passport."""
    p = d.p
    sheet = Sheet(d.dice, d.part, (125, 88), d.dice.uniform(8, 11))
    sheet.waves("#d8cce0")
    sheet.portrait(6, 20, 33, 42, "#eef")
    rows = (("护照 PASSPORT", "样本", 6, 6), ("姓名/Name", p["name"], 45, 14), ("性别/Sex", p["gender"] + "/M", 45, 27), ("国籍/Nationality", "中国/SAMPLE", 72, 27), ("出生日期/Date of birth", p["born"], 45, 38),
            ("出生地点/Place of birth", p["address"][:3], 85, 38), ("签发日期/Date of issue", p["first"], 45, 49), ("有效期至/Date of expiry", p["end"], 85, 49), ("护照号/Passport No.", "E99001234", 85, 8))  # fmt: skip
    for a, b, x, y in rows:
        sheet.print(a, x, y, 2.4, "#555")
        sheet.fill(b, x, y + 3.4, 3.4)
    sheet.print("POXXXSAMPLE<<SPECIMEN<<<<<<<<<<<<<<<<<<<<<<", 5, 72, 4.2, "#222", "font-family:'Noto Sans Mono'")
    sheet.print("E990012349XXX7001015M2901012<<<<<<<<<<<<<<04", 5, 79, 4.2, "#222", "font-family:'Noto Sans Mono'")
    return sheet.picture("#f2eef4")


def badge(d: Draft) -> Image.Image:
    """Work badge, upright."""
    p = d.p
    body = f"<h1 style='color:#fff;background:#1c4f9c'>云帆样本科技有限公司</h1><div style='text-align:center'>{d.face_of(24)}</div>" + fields([("姓名", p["name"]), ("部门", "市场部"), ("职务", "专员"), ("工号", "990012")])  # fmt: skip
    return d.page(body, 640, 1000)


def train_ticket(d: Draft) -> Image.Image:
    """Paper ticket with a shortened number and a name."""
    p = d.p
    texts = ["E990012    检票：A1", "样本东站 → 云溪站    G9901", f"{p['start'][:4]}年{p['start'][5:7]}月{p['start'][8:]}日 08:15开   05车12F号", "￥ 99.0元   二等座", f"{p['number'][:10]}****{p['number'][14:]} {p['name']}", "仅供报销使用 样本 SPECIMEN"]  # fmt: skip
    return d.page(lines(texts), 1000, 520, "background:linear-gradient(#e6f0fa,#cfe2f2);font-size:34px")


def plain(title: str, texts: Callable[[dict[str, str]], Sequence[str]], size: tuple[int, int] = (1000, 1200)) -> Callable[[Draft], Image.Image]:  # fmt: skip
    """Page with a title and lines."""
    return lambda d: d.page(f"<h1>{title}</h1>" + lines(texts(d.p)), *size)


def sheet_of_people(d: Draft) -> Image.Image:
    """Screen of a spreadsheet with a person in each row."""
    people = [person(d.dice) for _ in range(9)]
    head = "".join(f"<td>{t}</td>" for t in ("序号", "姓名", "性别", "民族", "出生日期", "公民身份号码", "住址"))
    body = "".join(f"<tr><td>{i + 1}</td><td>{q['name']}</td><td>{q['gender']}</td><td>{q['group']}</td><td>{q['born']}</td><td>{q['number']}</td><td>{q['address'][:16]}</td></tr>" for i, q in enumerate(people))  # fmt: skip
    return d.page(f"<table><tr>{head}</tr>{body}</table>", 1700, 700)


# fmt: off
KINDS: dict[str, Callable[[Draft], Image.Image]] = {
    "web form as card, filled": lambda d: app_form(d, ID_LABELS, blank=False),
    "web form as card, blank": lambda d: app_form(d, ID_LABELS, blank=True),
    "web form as license, filled": lambda d: app_form(d, LICENSE_LABELS, blank=False),
    "web form as license, blank": lambda d: app_form(d, LICENSE_LABELS, blank=True),
    "application as card": lambda d: application(d, ID_LABELS),
    "application as license": lambda d: application(d, LICENSE_LABELS),
    "application, blank": lambda d: application(d, ID_LABELS, blank=True),
    "application with portrait": lambda d: application(d, ID_LABELS, portrait=True),
    "license application with portrait": lambda d: application(d, LICENSE_LABELS, portrait=True),
    "chat": chat,
    "contract": text_page,
    "household register": register,
    "back of the identity card": back_of_id,
    "second page alone": license_second_page,
    "vehicle license": vehicle_license,
    "passport": passport,
    "badge": badge,
    "train ticket": train_ticket,
    "permanent residence permit": lambda d: d.card("外国人永久居留身份证", [("姓名", "ADA SPECIMEN"), ("性别", d.p["gender"] + " / F"), ("出生日期", d.p["born"].replace("-", ".")), ("国籍", "加拿大 / CAN"), ("有效期限", d.p["start"].replace("-", ".")), ("证件号码", d.p["number"])]),
    "social security card": lambda d: d.card("中华人民共和国社会保障卡", [("姓名", d.p["name"]), ("社会保障号码", d.p["number"]), ("卡号", "S9900123"), ("发卡日期", d.p["first"][:7])]),
    "bank card": lambda d: d.card("云帆样本银行", [("", "6299 0012 3456 7890"), ("", "VALID THRU 09/29"), ("", "SPECIMEN")], portrait=False, tint="#b03040"),
    "business card": lambda d: d.card(d.p["name"], [("", "销售经理"), ("", "云帆样本科技有限公司"), ("电话", "0990-9900123"), ("地址", d.p["address"][:18])], portrait=False, tint="#fff"),
    "portrait alone": lambda d: render(f"<body style='margin:0;background:#dfe8f2'>{d.face_of(40)}", 480, 600),
    "menu": plain("今日菜单", lambda p: ["宫保鸡丁　　38元", "鱼香肉丝　　32元", "清炒时蔬　　22元", "米饭　　　　2元", f"服务员：{p['name']}", f"日期：{p['start']}"]),
    "invoice": plain("增值税电子普通发票", lambda p: ["发票号码 99001234", f"开票日期 {p['start']}", "购买方名称 云帆样本公司", f"纳税人识别号 {p['number']}", f"地址、电话 {p['address']}", "价税合计（大写）壹佰圆整", f"收款人 {p['name']}　复核　开票人"], (1300, 800)),
    "identity card": lambda d: _true_card("IDCard", d),
    "license": lambda d: _true_card("DriverLicense", d),
}
"""Kinds of both parts."""
JUDGING_KINDS: dict[str, Callable[[Draft], Image.Image]] = {
    "qualification certificate": lambda d: d.card("道路运输从业人员从业资格证", [*d.rows(("姓名", "性别", "出生日期", "国籍", "住址", "证号", "准驾车型", "有效期限")), ("从业资格类别", "经营性道路货物运输驾驶员")], step=4.6),
    "local residence permit": lambda d: d.card("云溪省居住证", [*d.rows(("姓名", "性别", "民族", "出生", "公民身份号码")), ("常住户口所在地", d.p["address"][:14]), ("居住地住址", d.p["address"][:14])], step=5.6),
    "student card": lambda d: d.card("云溪样本大学学生证", [("姓名", d.p["name"]), ("性别", d.p["gender"]), ("民族", d.p["group"]), ("出生", d.p["birth"]), ("籍贯", d.p["address"][:6]), ("学号", d.p["number"])]),
    "hotel check-in": plain("旅客住宿登记单", lambda p: [f"姓名 {p['name']}  性别 {p['gender']}  民族 {p['group']}", f"出生日期 {p['born']}", "证件类型 身份证", f"证件号码 {p['number']}", f"住址 {p['address']}", f"入住 {p['start']}  离店 {p['end']}", "宾客签名"]),
    "accident report": plain("道路交通事故认定书（简易程序）", lambda p: [f"当事人 {p['name']}  性别 {p['gender']}", f"驾驶证号 {p['number']}  准驾车型 {p['class']}", f"住址 {p['address']}", f"初次领证日期 {p['first']}", "车辆牌号 样A99001", p["authority"]]),
    "court notice": plain("送达回证", lambda p: [f"受送达人：{p['name']}，{p['gender']}，{p['group']}族", f"出生：{p['birth']}", f"住址：{p['address']}", f"公民身份号码：{p['number']}", "送达文书：传票", "签收人："]),
    "waybill": plain("样本快运", lambda p: [f"收件人 {p['name']} 139****0000", f"地址 {p['address']}", "寄件人 云帆样本公司", "单号 YF990012345678", "签收 　　　　 日期"], (900, 700)),
    "diploma": lambda d: d.page(f"<h1>毕业证书</h1><div style='text-align:center'>{d.face_of(20)}</div>" + lines([f"学生 {d.p['name']}　性别 {d.p['gender']}，{d.p['birth']}生，于2012年9月至2016年7月在本校学习，", "修完教学计划规定的全部课程，成绩合格，准予毕业。", "校名：云溪样本大学　　　证书编号：990012016050001"]), 1200, 850),
    "spreadsheet": sheet_of_people,
    "travel permit": lambda d: d.card("港澳居民来往内地通行证", [("姓名", d.p["name"]), ("出生日期", d.p["born"].replace("-", ".")), ("性别", d.p["gender"]), ("有效期限", f"{d.p['start']} - {d.p['end']}"), ("签发机关", "公安部出入境管理局"), ("证件号码", "H99001234")]),
    "electronic license": lambda d: d.page(f"<h1>电子证照</h1><div style='text-align:center'>{d.face_of(18)}</div>" + fields([*d.rows(("姓名", "证号", "准驾车型", "有效期限")), ("累积记分", "0分"), ("状态", "正常"), ("档案编号", "990012345678")]), 750, 1334),
    "voter card": lambda d: d.card("选民证", [*d.rows(("姓名", "性别", "民族")), ("年龄", "45"), ("住址", d.p["address"][:16]), ("投票时间", d.p["start"])], portrait=False, tint="#f6dede"),
}
"""Kinds that no mechanism was tuned on."""
# fmt: on
CONDITIONS = ("scan", "photo", "tilt", "papers")


def _true_card(kind: str, d: Draft) -> Image.Image:
    return card(kind, d.dice.randrange(10**6), d.part).image


def kinds(part: str) -> dict[str, Callable[[Draft], Image.Image]]:
    """Kinds of documents of a part."""
    return KINDS | (JUDGING_KINDS if part == "judging" else {})


def document(name: str, seed: int, part: str) -> np.ndarray:
    """Draw a document and scan or photograph it, RGB."""
    flat = kinds(part)[name](Draft(part, 1000 * seed + list(kinds(part)).index(name)))
    condition = CONDITIONS[seed % len(CONDITIONS)]
    return np.ascontiguousarray(shoot(Card(flat, "IDCard"), condition, seed))


def is_negative(name: str, card_type: str) -> bool:
    """Whether a document is not a card of the type: each true card is one for the other type."""
    return name != {"IDCard": "identity card", "DriverLicense": "license"}[card_type]


def negatives(card_type: str, seed: int) -> dict[str, np.ndarray]:
    """Draw one document of each kind of the part ``judging``."""
    return {name: document(name, seed, "judging") for name in kinds("judging") if is_negative(name, card_type)}
