"""How long checks and evaluation take on a million rows, next to a plain groupby on the same frame.

Run as ``python benchmarks/bench_quality.py``, or with a number of rows. Everything is measured in the same process, pinned to
one core. The frame holds identity cards and licenses of as many invented people as it has cards: numbers, addresses,
names and dates differ from card to card, one field in ten is misread, a few are missing, polygons lie as on a tilted
photo.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np
import pandas as pd

from cardocr_nb._identity import ETHNIC_GROUPS
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._polygon_array import PolygonArray
from cardocr_nb.quality import check, evaluate

ROWS = 1_000_000
FIELDS = {
    "IDCard": ("name", "gender", "ethnicity", "birth_date", "address", "id_number"),
    "DriverLicense": ("licence_number", "name", "gender", "nationality", "address", "birth_date", "first_issue_date",
                      "vehicle_class", "valid_period", "issuing_authority"),
}  # fmt: skip
LABELS = {
    "name": "姓名", "gender": "性别", "ethnicity": "民族", "birth_date": "出生", "address": "住址", "id_number": "公民身份号码",
    "licence_number": "证号", "nationality": "国籍", "first_issue_date": "初次领证日期", "vehicle_class": "准驾车型",
    "valid_period": "有效期限", "issuing_authority": "发证单位",
}  # fmt: skip
GIVEN = list("明华建国文志强伟芳娜敏静丽艳勇军杰娟涛超霞平刚桂英玉兰春梅秀珍海燕红雪琴云飞宇轩子涵梓萱浩然欣怡雨桐思远")
SURNAMES = list("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕")
ROAD = list("青云松竹梅荷柳桥湖泉山石溪锦绣和平光明长春新华文昌兴隆向阳东风南北西中正大通达安康宁静")
MISREAD = {"已": "己", "0": "O", "1": "7", "平": "乎", "大": "太", "8": "B", "3": "8"}


def people(count, dice):
    """Texts of invented people by field, as arrays of object."""

    def any_of(words):
        return np.array(words, dtype=object)[dice.integers(0, len(words), count)]

    born = np.datetime64("1940-01-01") + dice.integers(0, 22_000, count)
    issued = born + 6_600 + dice.integers(0, 4_000, count)
    begun = np.datetime64("2015-01-01") + dice.integers(0, 3_000, count)
    order = dice.integers(1, 1000, count)
    number = [_number(f"99{r:04}{str(b).replace('-', '')}{o:03}") for r, b, o in
              zip(dice.integers(0, 10_000, count), born, order, strict=True)]  # fmt: skip
    house, room = dice.integers(1, 1000, count), dice.integers(1, 30, count)
    road = any_of(ROAD) + any_of(ROAD) + any_of(ROAD)
    return {
        "name": any_of(SURNAMES) + any_of(GIVEN) + any_of([*GIVEN, ""]),
        "gender": np.where(order % 2 == 1, "男", "女").astype(object),
        "ethnicity": np.where(dice.random(count) < 0.9, "汉", any_of(list(ETHNIC_GROUPS))).astype(object),
        "birth_date": np.array([f"{b.year}年{b.month}月{b.day}日" for b in born.tolist()], dtype=object),
        "iso_birth_date": born.astype(str).astype(object),
        "address": np.array([f"样本省示例市虚构区{r}路{h}号{n}栋" for r, h, n in zip(road, house, room, strict=True)],
                            dtype=object),
        "id_number": np.array(number, dtype=object),
        "nationality": np.full(count, "中国", dtype=object),
        "first_issue_date": issued.astype(str).astype(object),
        "vehicle_class": any_of(["C1", "C1", "C1", "C2", "B2", "A2", "A1A2", "C1D", "C1E"]),
        "valid_period": np.array([f"{b}至{b + 3652}" for b in begun], dtype=object),
        "issuing_authority": "样本省" + any_of(ROAD) + any_of(ROAD) + "市车辆管理所",
    }  # fmt: skip


def _number(stem):
    rest = sum(int(d) * w for d, w in zip(stem, (2 ** np.arange(17, 0, -1) % 11).tolist(), strict=True)) % 11
    return stem + "10X98765432"[rest]


def cards(rows, seed=7):
    """A frame of about so many rows, and its truth."""
    dice = np.random.default_rng(seed)
    parts = [_cards(kind, rows * share // len(FIELDS[kind]) // 10, dice) for kind, share in
             (("IDCard", 6), ("DriverLicense", 4))]  # fmt: skip
    truth = pd.concat([p[["key", "field", "truth"]] for p in parts], ignore_index=True).rename(
        columns={"truth": "text"}
    )
    frame = pd.concat(parts, ignore_index=True)
    points = np.concatenate([_points(p, dice) for p in parts])
    frame["polygon"] = PolygonArray.from_numpy(points)
    kept = dice.random(len(frame)) > 0.01
    return conform(frame[kept].drop(columns="truth").reset_index(drop=True)), truth.astype("str")


def _cards(kind, count, dice):
    about = people(count, dice)
    about |= {"licence_number": about["id_number"]}
    if kind == "DriverLicense":
        about |= {"birth_date": about["iso_birth_date"]}
    fields = FIELDS[kind]
    truth = np.stack([about[f] for f in fields], axis=1).ravel()
    text = truth.copy()
    for row in np.flatnonzero(dice.random(len(text)) < 0.1):
        text[row] = _misread(text[row])
    card = np.repeat(np.arange(count), len(fields))
    ids = np.array([dice.bytes(16).hex() for _ in range(count)], dtype=object)
    keys = np.array([f"{kind}/{n:07}.jpg" for n in range(count)], dtype=object)
    return pd.DataFrame({
        "job_id": ids[card], "key": keys[card], "card_type": kind, "state": "Success", "field": fields * count,
        "label": [LABELS[f] for f in fields] * count, "text": text, "truth": truth,
        "score": np.clip(dice.normal(93, 5, len(text)).round(), 0, 100).astype(int),
        "created": pd.Timestamp("2026-06-01", tz="+08:00") + pd.to_timedelta(card % 2_592_000, unit="s"),
    })  # fmt: skip


def _misread(text):
    for right, wrong in MISREAD.items():
        if right in text:
            return text.replace(right, wrong, 1)
    return text[:-1] or "一"


def _points(part, dice):
    place = part.groupby("key", sort=False).cumcount().to_numpy()
    left, top = dice.integers(40, 90, len(part)), 40 + 70 * place
    width, drop = dice.integers(100, 500, len(part)), dice.integers(-6, 7, len(part))
    corners = [(left, top), (left - 2, top + 40), (left + width, top + 40 + drop), (left + width, top + drop)]
    return np.stack([np.stack(c, axis=1) for c in corners], axis=1).astype(np.int32)


def measured(work, base, rounds=7):
    """Seconds by the clock and of the processor for some work, and of the processor for the base, the best of each.

    They take turns, so that a slow minute of the machine meets both.
    """
    seconds = [(*_seconds(work), _seconds(base)[1]) for _ in range(rounds)]
    return [min(column) for column in zip(*seconds, strict=True)]


def _seconds(work):
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def main():
    """Print seconds and ratios."""
    rows = int(sys.argv[1]) if sys.argv[1:] else ROWS
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    frame, truth = cards(rows)
    sizes = dict.fromkeys(frame["key"].unique(), (1000, 900))
    print(f"{len(frame):,} rows, {frame['text'].nunique():,} different texts, load {os.getloadavg()[0]:.1f}")

    def describe():
        return frame.groupby("field").score.describe()

    works = {
        "groupby('field').score.describe()": describe,
        "check()": lambda: check(frame),
        "check(sizes=…)": lambda: check(frame, sizes=sizes),
        "evaluate(truth)": lambda: evaluate(frame, truth),
    }
    for name, work in works.items():
        wall, processor, base = measured(work, describe)
        print(
            f"{name:34} {wall:6.2f} s, processor {processor:6.2f} s, describe {base:6.3f} s {processor / base:6.1f} x"
        )


if __name__ == "__main__":
    main()
