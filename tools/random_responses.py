"""Random saved responses as users have them, written by string templates and not by the package's encoder.

``documents(count, seed)`` draws from the mixture of the project's benchmarks: negative and five-digit coordinates,
``&amp;``, 0 to 12 fields, failed, running and empty cards, missing nodes, four ways of indentation, CRLF, prolog,
``<Message/>`` or a text, English and Chinese labels, and 1 % broken documents. Names, numbers and addresses are invented.
"""

from __future__ import annotations

import random
import re

CHINESE = ("证号", "姓名", "性别", "国籍", "住址", "出生日期", "初次领证日期", "准驾车型", "有效期限", "发证单位", "民族", "公民身份号码")  # fmt: skip
ENGLISH = ("Name", "Gender", "Ethnicity", "Birth (Date)", "Address", "Identification Number (ID Number)", "Nationality",
           "Class", "Valid Until", "Issued By", "Date of First Issue", "License Number")  # fmt: skip
PROLOGS = ("", "", '<?xml version="1.0" encoding="utf-8"?>', '<?xml version="1.0" encoding="UTF-8"?>',
           "<?xml version='1.0' encoding='utf-8'?>")  # fmt: skip
INDENTS = (None, "", "  ", "    ")
MISSING = 0.04
BROKEN = 0.01


def documents(count: int, seed: int = 0, *, broken: float = BROKEN) -> list[bytes]:
    """Draw documents; the same seed draws the same ones."""
    chance = random.Random(seed)
    return [document(chance, broken=broken) for _ in range(count)]


def document(chance: random.Random, *, broken: float = BROKEN) -> bytes:
    """Draw one document with one job."""
    indent = chance.choice(INDENTS)
    lines = [(0, "<Response>"), *_job(chance), (0, "</Response>")]
    if indent is None:
        text = "".join(line for _, line in lines)
    else:
        text = "\n".join(indent * depth + line for depth, line in lines)
    prolog = chance.choice(PROLOGS)
    text = prolog + ("\n" if prolog and (indent is not None or chance.random() < 0.5) else "") + text
    if indent is not None and chance.random() < 0.2:
        text = text.replace("\n", "\r\n")
    raw = text.encode()
    return _break(raw, chance) if chance.random() < broken else raw


def _node(
    chance: random.Random, depth: int, name: str, text: object, *, missing: float = MISSING
) -> list[tuple[int, str]]:
    return [] if chance.random() < missing else [(depth, f"<{name}>{text}</{name}>")]


def _job(chance: random.Random) -> list[tuple[int, str]]:
    state = chance.choices(["Success", "Failed", "Running", "Submitted"], [90, 7, 2, 1])[0]
    failed, ended = state == "Failed", state in ("Success", "Failed")
    day, second = chance.randint(10, 28), chance.randint(10, 49)
    times = [f"2026-06-{day}T14:44:{second + shift}+0800" for shift in range(3)]
    lines = [(1, "<JobsDetail>")]
    lines += _node(chance, 2, "Code", "ImageFormatError" if failed else "Success")
    lines += [(2, f"<Message>{'the image is broken &amp; cannot be read' if failed else 'ok'}</Message>")
              if failed or chance.random() < 0.1 else (2, chance.choice(["<Message/>", "<Message/>", "<Message></Message>"]))]  # fmt: skip
    lines += [(2, f"<JobId>{chance.getrandbits(128):032x}</JobId>"), (2, f"<State>{state}</State>")]
    for name, time in zip(("CreationTime", "StartTime", "EndTime"), times, strict=True):
        lines += _node(chance, 2, name, time if ended or name == "CreationTime" else "-")
    lines += _node(chance, 2, "QueueId", "pcd463e1467964d39ad2d3f66aacd8199") + _node(
        chance, 2, "Tag", "ImageLicenseRec"
    )
    key = f"input/{chance.choice('abc')} &amp; more/{chance.randrange(10**7):07}.jpg" if chance.random() < 0.05 else f"input/{chance.randrange(10**7):07}.jpg"  # fmt: skip
    lines += [(2, "<Input>"), *_node(chance, 3, "BucketId", "test-1234567890"), (3, f"<Object>{key}</Object>"),
              *_node(chance, 3, "Region", "ap-chongqing"), (2, "</Input>"), (2, "<Operation>"),
              (3, "<ImageLicenseRec>"), *_node(chance, 4, "CardType", chance.choice(["IDCard", "DriverLicense"])),
              (3, "</ImageLicenseRec>")]  # fmt: skip
    if ended:
        lines += _result(chance, key, failed=failed)
    lines += _node(chance, 3, "UserData", "batch 7") + _node(chance, 3, "JobLevel", chance.randint(0, 2))
    return [*lines, (2, "</Operation>"), (1, "</JobsDetail>")]


def _result(chance: random.Random, key: str, *, failed: bool) -> list[tuple[int, str]]:
    count = 0 if failed or chance.random() < 0.05 else chance.randint(0, 12)
    lines = [(3, "<ImageLicenseRecResult>")]
    lines += _node(chance, 4, "Code", "Failed" if failed else "Success", missing=0.3)
    lines += _node(chance, 4, "State", "Failed" if failed else "Success", missing=0.3)
    lines += _node(chance, 4, "InputObjectName", key, missing=0.3) + _node(chance, 4, "Status", int(count > 0))
    labels = list(chance.choice((CHINESE, ENGLISH)))
    chance.shuffle(labels)
    kind = chance.random()
    low, high = (-40, 900) if kind < 0.05 else (10_000, 30_000) if kind < 0.10 else (10, 4000)
    for label in labels[:count]:
        lines += _field(chance, label, low, high)
    return [*lines, (3, "</ImageLicenseRecResult>")]


def _field(chance: random.Random, label: str, low: int, high: int) -> list[tuple[int, str]]:
    x, y = chance.randint(low, high), chance.randint(low, high)
    wide, tall = chance.randint(20, 900), chance.randint(20, 90)
    text = chance.choice(
        [f"99020219{chance.randrange(10**10):010}", f"样本{chance.choice('一二三四五六七')}", "女", "中国", "C1", "1983-03-15",
         f"样本省示例市试验街{chance.randrange(10**4)}号{chance.randint(1, 30)}单元", f"Sample &amp; Sons {chance.randrange(100)}"]
    )  # fmt: skip
    corners = ((x, y), (x, y + tall), (x + wide, y + tall), (x + wide, y))
    lines = [(4, "<IdInfo>"), (5, f"<Name>{label}</Name>"), *_node(chance, 5, "DetectedText", text, missing=0.02),
             *_node(chance, 5, "Score", chance.randint(60, 100), missing=0.02)]  # fmt: skip
    if chance.random() >= 0.02:
        points = [(6, f"<Point>{a},{b}</Point>") for a, b in corners]
        lines += [(5, "<Location>"), *points, (5, "</Location>")]
    return [*lines, (4, "</IdInfo>")]


def _break(raw: bytes, chance: random.Random) -> bytes:
    how = chance.randrange(4)
    if how == 0:
        return raw[: chance.randint(1, len(raw) - 12)]
    if how == 1:
        return raw.replace(b"</State>", b"</Stat>", 1)
    if how == 2:
        return re.sub(rb"<JobId>[0-9a-f]+</JobId>\s*", b"", raw)
    return raw.replace(b"<State>", b"<State>\x01", 1)
