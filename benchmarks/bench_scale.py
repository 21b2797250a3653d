"""How many documents a process reads and judges when the frame is spread over many, and what millions of cards take.

Made-up documents of about 2.4 kB with seven fields are in a plain tar. Measured, each in the same run: reading a part in
this process; the same on a local cluster, writing Parquet parts; summary and checks of those parts. The table at the end
multiplies: cards over documents a second and process, on a number of cores; it leaves out network and storage.

Run ``python benchmarks/bench_scale.py --documents 20000 --processes 2``.
"""

from __future__ import annotations

import argparse
import io
import os
import tarfile
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import dask
from distributed import Client, LocalCluster

import cardocr_nb  # noqa: F401 - registers the accessors
from cardocr_nb.frame._dask_frame import read_dask, write_parts
from cardocr_nb.frame._partitions import plan, read_part
from cardocr_nb.quality import check, summary, tally

BLOCKSIZE = 8 * 2**20
CORES = (16, 256)
CARDS = (10_000_000, 1_000_000_000)
LABELS = ("证号", "姓名", "性别", "国籍", "住址", "出生日期", "准驾车型")


def main(arguments: list[str] | None = None) -> None:
    """Print what was measured and what it makes of ten million and a billion cards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        path = Path(folder, "responses.tar")
        size = write_documents(path, options.documents) / options.documents
        read_part(plan(path, blocksize=BLOCKSIZE)[0])  # what is loaded at the first reading is not measured
        alone = options.documents / seconds(lambda: [read_part(part) for part in plan(path, blocksize=BLOCKSIZE)])
        print(f"{options.documents} documents of {size:.0f} bytes, {os.cpu_count()} cores on this machine")
        print(f"read into a frame, one process                {alone:>12,.0f} documents/s")
        with (
            LocalCluster(n_workers=options.processes, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster),
        ):
            together, rates = measure(path, Path(folder, "parts"), options)
        stored = sum(part.stat().st_size for part in Path(folder, "parts").iterdir()) / options.documents
        print(f"Parquet parts take {stored:.0f} bytes a card, {size / stored:.1f} times less than the documents")
    table(together / options.processes, rates, size, stored)


def measure(path: Path, parts: Path, options: argparse.Namespace) -> tuple[float, dict[str, float]]:
    """Measure on the cluster: documents a second in all, and by question cards a second and process."""
    dask.compute(*read_dask(path, blocksize=BLOCKSIZE).map_partitions(len).to_delayed()[:1])  # imports, once a worker
    together = options.documents / seconds(lambda: write_parts(read_dask(path, blocksize=BLOCKSIZE), parts))
    each = together / options.processes
    print(
        f"read and written as Parquet, {options.processes} processes     {together:>12,.0f} documents/s ({each:,.0f} a process)"
    )
    frame = read_dask(parts)
    questions = {"summary": lambda: summary(frame), "checks": lambda: tally(check(frame))}
    rates = {name: options.documents / seconds(ask) / options.processes for name, ask in questions.items()}
    for name, rate in rates.items():
        print(f"{name:<10} of the parts                       {rate:>12,.0f} cards/s and process")
    return together, rates


def table(reading: float, rates: dict[str, float], size: float, stored: float) -> None:
    """Print the extrapolation."""
    print("\n| cards | responses | Parquet | cores | read and write | summary | checks |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for cards in CARDS:
        for cores in CORES:
            times = [hours(cards / rate / cores) for rate in (reading, rates["summary"], rates["checks"])]
            space = [f"{cards * each / 1e9:,.1f} GB" for each in (size, stored)]
            print(f"| {cards:,} | {' | '.join(space)} | {cores} | {' | '.join(times)} |")


def hours(duration: float) -> str:
    """Write a duration in the unit that people would use."""
    if duration < 90:
        return f"{duration:.0f} s"
    return f"{duration / 60:.0f} min" if duration < 5400 else f"{duration / 3600:.1f} h"


def seconds(action: object) -> float:
    """Measure how long a call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def write_documents(path: Path, count: int) -> int:
    """Write documents with invented texts into a tar; give the bytes of all documents."""
    total = 0
    with tarfile.open(path, "w") as tar:
        for number in range(count):
            content = document(number)
            member = tarfile.TarInfo(f"{number:09}.xml")
            member.size = len(content)
            total += len(content)
            tar.addfile(member, io.BytesIO(content))
    return total


def document(number: int) -> bytes:
    """Make a response with seven fields; texts and places differ from card to card, number and name belong to no person."""
    mixed = number * 2_654_435_761 % 2**32
    left, top = 40 + mixed % 97, 40 + mixed % 89
    texts = (f"99{mixed:016d}", f"样本{mixed % 9973}", "男女"[mixed % 2], "中国", f"样本省样本市样本路{mixed % 99991}号",
             f"19{mixed % 90 + 10}-01-{mixed % 28 + 1:02}", "C1")  # fmt: skip
    fields = "".join(
        f"\n<IdInfo>\n<Name>{label}</Name>\n<DetectedText>{text}</DetectedText>\n<Score>{60 + (mixed >> place) % 41}</Score>"
        "\n<Location>"
        + "".join(
            f"\n    <Point>{left + x},{top + y + 60 * place}</Point>" for x, y in ((0, 0), (0, 40), (440, 41), (440, 1))
        )
        + "\n</Location>\n</IdInfo>"
        for place, (label, text) in enumerate(zip(LABELS, texts, strict=True))
    )
    return (
        "<Response>\n<JobsDetail>\n<Code>Success</Code>\n<Message/>\n"
        f"<JobId>{mixed:032x}</JobId>\n<State>Success</State>\n<CreationTime>2026-01-01T00:00:00+0800</CreationTime>\n"
        "<StartTime>2026-01-01T00:00:01+0800</StartTime>\n<EndTime>2026-01-01T00:00:02+0800</EndTime>\n"
        "<QueueId>p00000000000000000000000000000000</QueueId>\n<Tag>ImageLicenseRec</Tag>\n<Input>\n"
        f"<BucketId>specimens-1250000000</BucketId>\n<Object>front/{number:09}.jpg</Object>\n<Region>ap-chongqing</Region>\n"
        "</Input>\n<Operation>\n<ImageLicenseRec>\n<CardType>DriverLicense</CardType>\n</ImageLicenseRec>\n"
        "<ImageLicenseRecResult>\n<Code>Success</Code>\n<State>Success</State>\n"
        f"<InputObjectName>front/{number:09}.jpg</InputObjectName>\n<Status>1</Status>{fields}\n</ImageLicenseRecResult>\n"
        "</Operation>\n</JobsDetail>\n</Response>\n"
    ).encode()


if __name__ == "__main__":
    main()
