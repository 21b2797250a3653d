"""What a user writes in an afternoon around an OCR library: fields from lines by labels, patterns and the nearest line at the right.

The comparison of `bench_engine` credits RapidOCR with the fields that this names.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

LABELS = {
    "IDCard": {"name": "姓名", "gender": "性别", "ethnicity": "民族", "birth_date": "出生", "address": "住址", "id_number": "公民身份号码"},
    "DriverLicense": {
        "licence_number": "证号", "name": "姓名", "gender": "性别", "nationality": "国籍", "address": "住址", "birth_date": "出生日期",
        "first_issue_date": "初次领证日期", "vehicle_class": "准驾车型", "valid_period": "有效期限",
    },
}  # fmt: skip


class TextBox(NamedTuple):
    """A line of text with its extent, pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        """Level of the line."""
        return (self.top + self.bottom) / 2


def boxes_of(result) -> list[TextBox]:
    """Convert the result of RapidOCR."""
    if result.txts is None:
        return []
    found = []
    for text, box in zip(result.txts, result.boxes, strict=True):
        plain = "".join(unicodedata.normalize("NFKC", text).split())
        found.append(TextBox(plain, *box.min(axis=0).tolist(), *box.max(axis=0).tolist()))
    return found


def name_fields(boxes: list[TextBox], kind: str) -> dict[str, str]:
    """Name the fields of a card."""
    fields = {}
    for field, label in LABELS[kind].items():
        for box in boxes:
            if label not in box.text:
                continue
            rest = box.text.split(label, 1)[1].lstrip(":：")
            others = [other for key, other in LABELS[kind].items() if key != field and other in rest]
            for other in others:
                rest = rest.split(other)[0]
            near = rest or next_at_right(box, boxes)
            if near:
                fields[field] = near + (continued(box, boxes, near) if field == "address" else "")
                break
    for box in boxes:
        number = re.search(r"\d{17}[\dXx]", box.text)
        if number:
            fields["id_number" if kind == "IDCard" else "licence_number"] = number[0].upper()
    if kind == "DriverLicense":
        seal = [
            b
            for b in boxes
            if re.fullmatch(r"[\u4e00-\u9fff]{1,6}", b.text)
            and b.left < min(x.left for x in boxes) + 0.25 * width(boxes)
        ]
        low = [
            b
            for b in seal
            if b.top > min(x.top for x in boxes) + 0.4 * height(boxes) and b.text not in LABELS[kind].values()
        ]
        joined = "".join(b.text for b in sorted(low, key=lambda b: b.top))
        if joined:
            fields["issuing_authority"] = joined
        if "至" in fields.get("valid_period", ""):
            fields["valid_period"] = " 至 ".join(part.strip() for part in fields["valid_period"].split("至", 1))
    return fields


def width(boxes: list[TextBox]) -> float:
    """Extent of all boxes, across."""
    return max(b.right for b in boxes) - min(b.left for b in boxes)


def height(boxes: list[TextBox]) -> float:
    """Extent of all boxes, down."""
    return max(b.bottom for b in boxes) - min(b.top for b in boxes)


def next_at_right(label: TextBox, boxes: list[TextBox]) -> str:
    """Text of the nearest box in the row of a label."""
    tall = label.bottom - label.top
    row = [
        b for b in boxes if b is not label and abs(b.middle - label.middle) < 0.8 * tall and b.left > label.left + tall
    ]
    return min(row, key=lambda b: b.left).text if row else ""


def continued(label: TextBox, boxes: list[TextBox], first: str) -> str:
    """Lines below the first line of an address, flush with it."""
    start = next((b for b in boxes if b.text.endswith(first)), label)
    text, last = "", start
    while True:
        tall = last.bottom - last.top
        flush = [
            b
            for b in boxes
            if 0.5 * tall < b.middle - last.middle < 1.9 * tall and abs(b.left - next_left(start, label)) < 1.5 * tall
        ]
        if not flush or re.match(r"\d{4}", flush[0].text):
            return text
        last = flush[0]
        text += last.text


def next_left(start: TextBox, label: TextBox) -> float:
    """Where the value begins, also where label and value are one box."""
    return start.left if start is not label else label.left + 3 * (label.bottom - label.top)
