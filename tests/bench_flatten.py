"""How many saved responses a second become a frame, beside the naive way; how large it is, and what reading it takes.

Run as ``python tests/bench_flatten.py``. All ways are measured in the same process, pinned to one core, on the same
documents of about 3 kB with seven fields, made on the fly from invented texts; two threads get two cores.
"""

from __future__ import annotations

import os
import random
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
from cardocr_nb.wire.encode import SERVICE_TIME, jobs_xml
from cardocr_nb.wire.models import CardResult, Field, Job, JobList, JobState

LABELS = ("证号", "姓名", "性别", "国籍", "住址", "出生日期", "准驾车型")
TEXTS = ("990202198303150022", "样本二", "女", "中国", "样本省示例市试验街{}号", "1983-03-15", "C1")
RESULT = "Operation.ImageLicenseRecResult.IdInfo"


def corpus(count, *, indented=True):
    """Documents as the service writes them."""
    chance = random.Random(7)  # noqa: S311 - no secret
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


def rate(read, documents, *, rounds=3):
    """Documents a second, the best of a few rounds."""
    best = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        read(documents)
        best = min(best, time.perf_counter() - begun)
    return len(documents) / best


def speeds(*, indented):
    """Documents a second of each way."""
    few, many = corpus(1000, indented=indented), corpus(10_000, indented=indented)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    found = {
        "naive": rate(naive, few),
        "ElementTree walk": rate(walk, few),
        "strict parser": rate(to_frame, few),
        "read_responses, 1 thread": rate(lambda d: read_responses(*d, threads=1), many),
    }
    os.sched_setaffinity(0, cores)
    found[f"read_responses, 2 threads on {len(cores)} cores"] = rate(lambda d: read_responses(*d, threads=2), many)
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
    """Print every figure beside the naive way's."""
    for indented in (True, False):
        found = speeds(indented=indented)
        size = sum(map(len, corpus(100, indented=indented))) // 100
        print(f"{'indented' if indented else 'compact'} XML of {size} bytes, 7 fields")
        for name, value in found.items():
            print(f"  {name:34} {value:10,.0f} documents/s {value / found['naive']:7.1f} x")
    for count in (10_000, 40_000):
        rows, size, beyond = memory(count)
        print(f"{rows:,} rows: {size / rows:.0f} bytes a row, peak beyond the frame {beyond / 2**20:.0f} MiB")


if __name__ == "__main__":
    if "--peak" in sys.argv:
        peak(sys.argv[-1])
    else:
        main()
