"""How many saved responses a second become a frame, compared with the naive way; size of the frame, memory, files.

Run as ``python benchmarks/bench_flatten.py``. The documents are random mixtures as users have them, see
``tools/random_responses.py``: negative and five-digit coordinates, references, 0 to 12 fields, failed and empty cards,
missing nodes, four indentations, CRLF, prologs, 1 % broken. All ways take turns in the same process, pinned to one core;
processor time is counted, so that other programs disturb it less. Folders are measured by the clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import xmltodict

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import random_responses

from cardocr_nb.frame import read_responses, to_frame
from cardocr_nb.wire import decode_each

RESULT = "Operation.ImageLicenseRecResult.IdInfo"


def naive(documents):
    """xmltodict, json_normalize, explode: what one writes first. Broken documents are skipped."""
    jobs = []
    for raw in documents:
        try:
            jobs.append(xmltodict.parse(raw)["Response"]["JobsDetail"])
        except Exception:  # noqa: BLE001, S112 - as one does
            continue
    cards = pd.json_normalize(jobs).explode(RESULT, ignore_index=True)
    fields = pd.json_normalize([field if isinstance(field, dict) else {} for field in cards.pop(RESULT)])
    return cards.join(fields)


def walk(documents):
    """The standard library's tree, walked into lists."""
    names = ("JobId", "State", "Object", "Name", "DetectedText", "Score", "Points")
    columns = {name: [] for name in names}
    for raw in documents:
        try:
            job = ET.fromstring(raw).find("JobsDetail")  # noqa: S314 - written above
        except ET.ParseError:
            continue
        card = [job.findtext("JobId"), job.findtext("State"), job.findtext("Input/Object")]
        for info in job.iter("IdInfo"):
            read = [info.findtext("Name"), info.findtext("DetectedText"), info.findtext("Score")]
            points = [tuple(map(int, point.text.split(","))) for point in info.iter("Point")]
            for column, value in zip(columns.values(), [*card, *read, points], strict=True):
                column.append(value)
    return pd.DataFrame(columns)


def strict(documents):
    """The strict parser alone, without a frame."""
    return [decode_each(raw) for raw in documents]


def rows(documents):
    """`read_responses` of bytes in memory, on one thread; broken documents become rows."""
    return read_responses(*documents, threads=1, errors="row")


def with_cdata(documents):
    """Every tenth document with a section, which only the strict parser reads."""
    return [raw.replace(b"<State>Success</State>", b"<State><![CDATA[Success]]></State>") if n % 10 == 0 else raw
            for n, raw in enumerate(documents)]  # fmt: skip


def rates(ways, *, clock=time.process_time, rounds=5):
    """Documents a second of each way, the best of some rounds in which all ways take turns."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, (read, documents) in ways.items():
            begun = clock()
            read(documents)
            best[name] = min(best[name], (clock() - begun) / len(documents))
    return {name: 1 / seconds for name, seconds in best.items()}


def speeds():
    """Documents a second of processor time of each way on one core."""
    mixture = random_responses.documents(10_000, seed=1)
    whole = random_responses.documents(10_000, seed=1, broken=0)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    found = rates({
        "naive": (naive, mixture[:1000]),
        "ElementTree walk": (walk, mixture[:1000]),
        "strict parser alone": (strict, whole[:1000]),
        "to_frame(list of bytes), none broken": (to_frame, whole),
        "read_responses(bytes), 1 % broken": (rows, mixture),
        "to_frame, 10 % for the strict parser": (to_frame, with_cdata(whole)),
    })  # fmt: skip
    os.sched_setaffinity(0, cores)
    return found


def folder(count=100_000):
    """Files a second from a folder, by the clock: opening and reading alone, naive, `read_responses` on two threads."""
    documents = random_responses.documents(count // 10, seed=2)
    with tempfile.TemporaryDirectory() as place:
        paths = [Path(place, f"{n:06}.xml") for n in range(count)]
        for number, path in enumerate(paths):
            path.write_bytes(documents[number % len(documents)])
        return rates({
            "opening and reading alone": (lambda _: [path.read_bytes() for path in paths], paths),
            "the same by system calls": (system_calls, paths),
            "naive from files": (lambda some: naive([path.read_bytes() for path in some]), paths[:2000]),
            "read_responses(folder)": (lambda _: read_responses(place, errors="row"), paths),
        }, clock=time.perf_counter, rounds=3)  # fmt: skip


def system_calls(paths):
    """Open, read and close each file, with nothing around it: no way to read them one by one is faster."""
    for path in map(str, paths):
        descriptor = os.open(path, os.O_RDONLY)
        os.read(descriptor, 2**15)
        os.close(descriptor)


def memory(count):
    """Bytes a row, and the peak beyond the frame, of a fresh process that reads a file of JSON lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.xml"
        with path.open("wb") as file:
            file.write(b"<Response>")
            for raw in random_responses.documents(count, broken=0):
                file.write(raw[raw.index(b"<JobsDetail>") : raw.rindex(b"<")])
            file.write(b"</Response>")
        ran = subprocess.run(  # noqa: S603 - this file
            [sys.executable, __file__, "--peak", str(path)], capture_output=True, text=True, check=True
        )
    return [int(word) for word in ran.stdout.split()]


def peak(path):
    """Print rows, bytes of the frame and the peak beyond it."""
    read_responses(*random_responses.documents(100, broken=0))
    before = _resident("VmRSS")
    frame = read_responses(path)
    size = int(frame.memory_usage(index=False, deep=True).sum())
    print(len(frame), size, _resident("VmHWM") - before - size)


def _resident(which):
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(which))


def main():
    """Print every figure and its ratio to the naive way."""
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for title, found, base in (("in memory, one core", speeds(), "naive"), ("a folder", folder(), "naive from files")):
        print(title)
        for name, value in found.items():
            print(f"  {name:38} {value:10,.0f} documents/s {value / found[base]:7.1f} x")
    for count in (10_000, 40_000):
        rows, size, beyond = memory(count)
        print(f"{rows:,} rows: {size / rows:.0f} bytes a row, peak beyond the frame {beyond / 2**20:.0f} MiB")


if __name__ == "__main__":
    if "--peak" in sys.argv:
        peak(sys.argv[-1])
    else:
        main()
