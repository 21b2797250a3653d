"""How a run with a ledger goes: share of the pace asked for, queries a job, memory against the number of images.

Run ``python benchmarks/bench_run.py [images ...]``. The service is the embedded server with the stub in place of the engine,
over HTTP; the images are in the bucket already, so that the figures are those of submitting, asking and storing.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from cardocr_nb._batch._options import RunOptions
from cardocr_nb._batch._pace import Pace
from cardocr_nb._batch._run import run_batch
from cardocr_nb._client import Client
from cardocr_nb._ledger import Ledger
from cardocr_nb.cloud import CloudTransport, Credentials

BUCKET = "bench-1250000000"
SECRET = Credentials("AKIDBENCHBENCHBENCH1", "key-of-the-bench")


@contextlib.contextmanager
def serving(root: Path, *arguments: str):
    """Give the address of a server."""
    command = [sys.executable, "-m", "cardocr_nb", "serve", "--root", str(root), "--port", "0", "--quiet"]
    secrets = {"COS_SECRET_ID": SECRET.secret_id, "COS_SECRET_KEY": SECRET.secret_key}
    with subprocess.Popen(  # noqa: S603 - this interpreter
        [*command, "--engine", "stub", *arguments], stdout=subprocess.PIPE, text=True, env=os.environ | secrets
    ) as server:
        yield server.stdout.readline().split()[-1]
        server.terminate()


def keys(count):
    """Give the keys one by one."""
    return (f"{n % 1000}/{n}.png" for n in range(count))


def fill(bucket: Path, count: int) -> None:
    """Make a bucket of so many objects, in each folder links to one small picture."""
    for key in keys(count):
        one = (bucket / key).parent / "one.png"
        if not one.exists():
            one.parent.mkdir(parents=True)
            Image.new("RGB", (40, 24), "white").save(one)
        os.link(one, bucket / key)


def one(url: str, count: int, ledger: str, pace: Pace, poll: tuple[float, float], out) -> None:
    """Read so many images in a process of its own, and return its figures."""
    options = RunOptions(upload=False, pace=pace, progress=False)
    transport = CloudTransport(BUCKET, "ap-guangzhou", SECRET, endpoint=url)
    with Client(transport, poll=poll) as client, contextlib.closing(Ledger(ledger)) as kept:
        before, begun = resident(), time.monotonic()
        _, tally = run_batch(keys(count), card_type="IDCard", client=client, ledger=kept, options=options)
        passed = time.monotonic() - begun
    out.put((tally.read, tally.queries, passed, before, resident("VmHWM")))


def resident(figure: str = "VmRSS") -> float:
    """Give the resident megabytes of this process, now or (``VmHWM``) at most."""
    return int(Path("/proc/self/status").read_text(encoding="ascii").partition(f"{figure}:")[2].split()[0]) / 1024


def measured(folder: Path, count: int, pace: Pace, poll: tuple[float, float], *arguments: str):
    """Read so many images against a server of its own."""
    root = folder / f"root-{count}-{pace.submissions:g}"
    fill(root / BUCKET, count)
    with serving(root, *arguments) as url:
        spawn = multiprocessing.get_context("spawn")
        out = spawn.Queue()
        ledger = str(folder / f"{count}-{pace.submissions:g}.sqlite")
        process = spawn.Process(target=one, args=(url, count, ledger, pace, poll, out))
        process.start()
        figures = out.get()
        process.join()
    with contextlib.closing(sqlite3.connect(root / ".cardocr/jobs.sqlite")) as jobs:
        (accepted,) = jobs.execute("SELECT count(*) FROM jobs").fetchone()
    with contextlib.closing(sqlite3.connect(ledger)) as kept:
        first, last = kept.execute("SELECT min(intended), max(intended) FROM images").fetchone()
        (seconds,) = kept.execute("SELECT (julianday(?) - julianday(?)) * 86400", (last, first)).fetchone()
    return *figures, accepted, seconds, Path(ledger).stat().st_size


def main(*counts: int) -> int:
    """Print the figures; gives 1 when an image was lost or accepted twice."""
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("pace: the server takes 1 s for each image, 100 at a time")
        for rate in (5, 20, 50):
            count = rate * 40
            read, queries, _, _, _, accepted, seconds, _ = measured(
                folder, count, Pace(submissions=rate, queries=5, in_flight=1000), (1.0, 15.0),
                "--latency", "1", "--workers", "100",
            )  # fmt: skip
            share = (count - 1) / seconds / rate
            print(f"  {rate:>3} a second asked: {share:.1%} of it submitted, {queries / count:.3f} queries a job")
            wrong += read != count or accepted != count
        print("memory: of the process that runs, before and at its peak")
        for count in counts or (2_000, 20_000):
            read, queries, passed, before, peak, accepted, _, size = measured(
                folder, count, Pace(submissions=5000, queries=50, in_flight=500), (0.2, 2.0), "--workers", "2"
            )
            wrong += read != count or accepted != count
            print(
                f"  {count:>7,} images: {before:.0f} MB, {peak:.0f} MB; {accepted:,} accepted, {read:,} read, "
                f"{queries / count:.3f} queries a job, {count / passed:.0f} images a second, "
                f"ledger {size / count:.0f} bytes an image"
            )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
