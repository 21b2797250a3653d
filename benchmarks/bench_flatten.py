"""How many saved responses a second become a frame, next to the naive way; how large it is, and what reading it takes.

Run as ``python benchmarks/bench_flatten.py``. All ways take turns in the same process, pinned to one core, on the same
documents of about 3 kB with seven fields, made on the fly from invented texts; what is counted is processor time, so
that other programs disturb it less. Two threads get two cores and are measured by the clock, as is the naive way in the same run.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import xmltodict

from cardocr_nb.frame import read_responses, to_frame
from cardocr_nb.wire._encode import jobs_xml
from cardocr_nb.wire._records import SERVICE_TIME, CardResult, Field, Job, JobList, JobState

LABELS = ("证号", "姓名", "性别", "国籍", "住址", "出生日期", "准驾车型")
TEXTS = ("990202198303150022", "样本二", "女", "中国", "样本省示例市试验街{}号", "1983-03-15", "C1")
RESULT = "Operation.ImageLicenseRecResult.IdInfo"


def corpus(count, *, indented=True):
    """Documents as the service writes them."""
    chance = random.Random(7)
    begun = datetime(2026, 6, 27, 14, 44, 10, tzinfo=SERVICE_TIME)
    made = []
    for number in range(count):
        raw = jobs_xml(JobList((_job(number, begun + timedelta(seconds=number), chance),)))
        made.append(_indented(raw) if indented else raw)
    return made


def _job(number, when, chance):
    key = f"input/{number:07}.jpg"
    x, y = chance.randrange(10, 900), chance.randrange(10, 900)
    box = ((x, y), (x, y + 50), (x + 400, y + 50), (x + 400, y))
    fields = [
        Field(label, text.format(number), chance.randrange(60, 100), box)
        for label, text in zip(LABELS, TEXTS, strict=True)
    ]
    result = CardResult(tuple(fields), status=1, state="Success", code="Success", key=key)
    return Job(
        id=f"{chance.getrandbits(128):032x}", state=JobState.SUCCESS, key=key, card_type="DriverLicense",
        code="Success", tag="ImageLicenseRec", bucket="test-123456789", region="ap-chongqing",
        queue_id="pcd463e1467964d39ad2d3f66aacd8199", created=when, started=when, ended=when, user_data="bench",
        job_level=0, result=result,
    )  # fmt: skip


def _indented(raw):
    tree = ET.fromstring(raw)  # noqa: S314 - written above
    ET.indent(tree)
    return ET.tostring(tree, encoding="utf-8")


def naive(documents):
    """xmltodict, json_normalize, explode: what one writes first."""
    jobs = [xmltodict.parse(raw)["Response"]["JobsDetail"] for raw in documents]
    cards = pd.json_normalize(jobs).explode(RESULT, ignore_index=True)
    fields = pd.json_normalize(cards.pop(RESULT).tolist())
    return cards.join(fields)


def walk(documents):
    """The standard library's tree, walked into lists."""
    columns = {name: [] for name in ("JobId", "State", "Object", "Name", "DetectedText", "Score", "Points")}
    for raw in documents:
        job = ET.fromstring(raw).find("JobsDetail")  # noqa: S314 - written above
        card = [job.findtext("JobId"), job.findtext("State"), job.findtext("Input/Object")]
        for info in job.iter("IdInfo"):
            read = [info.findtext("Name"), info.findtext("DetectedText"), int(info.findtext("Score"))]
            points = [tuple(map(int, point.text.split(","))) for point in info.iter("Point")]
            for column, value in zip(columns.values(), [*card, *read, points], strict=True):
                column.append(value)
    return pd.DataFrame(columns)


def rates(ways, *, clock=time.process_time, rounds=5):
    """Documents a second of each way, the best of some rounds in which all ways take turns."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, (read, documents) in ways.items():
            begun = clock()
            read(documents)
            best[name] = min(best[name], (clock() - begun) / len(documents))
    return {name: 1 / seconds for name, seconds in best.items()}


def one_thread(documents):
    """The fast way on one core."""
    return read_responses(*documents, threads=1, errors="row")


def two_threads(documents):
    """The fast way on two."""
    return read_responses(*documents, threads=2, errors="row")


def speeds(*, indented):
    """Documents a second of processor time of each way on one core, and by the clock with two threads."""
    few, many = corpus(500, indented=indented), corpus(10_000, indented=indented)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    ways = {"naive": (naive, few), "ElementTree walk": (walk, few), "strict parser": (to_frame, few)}
    found = rates(ways | {"read_responses, 1 thread": (one_thread, many)})
    os.sched_setaffinity(0, cores)
    by_clock = rates({"naive": (naive, few), "2": (two_threads, many)}, clock=time.perf_counter)
    found["naive, by the clock"] = by_clock["naive"]
    found[f"read_responses, 2 threads on {len(cores)} cores"] = by_clock["2"]
    return found


MIXES = {
    "indented and compact in turn": lambda raw, place: re.sub(rb">\s+<", b"><", raw) if place % 2 else raw,
    "0 to 7 fields": lambda raw, place: re.sub(rb"\s*<IdInfo>.*?</IdInfo>", b"", raw, count=place % 8, flags=re.DOTALL),
    "texts in CDATA": lambda raw, _: re.sub(rb"(<DetectedText>)([^<]*)", rb"\1<![CDATA[\2]]>", raw),
    "references for all but ASCII": lambda raw, _: raw.decode().encode("ascii", "xmlcharrefreplace"),
    "1 % broken off": lambda raw, place: raw if place % 100 else raw[:2000],
    "1 % with a score of 101": lambda raw, place: raw if place % 100 else raw.replace(b"<Score>", b"<Score>1", 1),
}


def mixes():
    """Documents a second of processor time of other documents than those that are all alike."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    plain = corpus(10_000)
    given = {name: [change(raw, place) for place, raw in enumerate(plain)] for name, change in MIXES.items()}
    ways = {"naive, all alike": (naive, plain[:500]), "all alike": (one_thread, plain)}
    found = rates(ways | {name: (one_thread, documents) for name, documents in given.items()}, rounds=3)
    os.sched_setaffinity(0, cores)
    return found


def memory(count):
    """Bytes a row, and the peak beyond the frame, of a fresh process that reads a file of JSON lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.xml"
        with path.open("wb") as file:
            file.write(b"<Response>")
            for raw in corpus(count):
                file.write(raw[raw.index(b">") + 1 : raw.rindex(b"<")])
            file.write(b"</Response>")
        ran = subprocess.run(  # noqa: S603 - this file
            [sys.executable, __file__, "--peak", str(path)], capture_output=True, text=True, check=True
        )
    return [int(word) for word in ran.stdout.split()]


def peak(path):
    """Print rows, bytes of the frame and the peak beyond it."""
    read_responses(*corpus(100))
    before = _resident("VmRSS")
    frame = read_responses(path)
    size = int(frame.memory_usage(index=False, deep=True).sum())
    print(len(frame), size, _resident("VmHWM") - before - size)


def _resident(which):
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(which))


def main():
    """Print every figure next to that of the naive way."""
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for indented in (True, False):
        found = speeds(indented=indented)
        size = sum(map(len, corpus(100, indented=indented))) // 100
        print(f"{'indented' if indented else 'compact'} XML of {size} bytes, 7 fields")
        for name, value in found.items():
            base = found["naive, by the clock" if "clock" in name or "2 threads" in name else "naive"]
            print(f"  {name:38} {value:10,.0f} documents/s {value / base:7.1f} x")
    print("indented XML, one core")
    found = mixes()
    for name, value in found.items():
        print(f"  {name:38} {value:10,.0f} documents/s {value / found['naive, all alike']:7.1f} x")
    for count in (10_000, 40_000):
        rows, size, beyond = memory(count)
        print(f"{rows:,} rows: {size / rows:.0f} bytes a row, peak beyond the frame {beyond / 2**20:.0f} MiB")


if __name__ == "__main__":
    if "--peak" in sys.argv:
        peak(sys.argv[-1])
    else:
        main()
