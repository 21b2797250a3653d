"""Mutated files: ``python mutations.py KIND COUNT SEED [MEBIBYTES]`` reads them in this process and prints what went wrong.

Each file gives a result or an error of the package. The process has a limit of memory, and each file a deadline.
"""

import contextlib
import io
import json
import random
import resource
import signal
import sqlite3
import sys
import tarfile
import tempfile
import traceback
import warnings
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

import cardocr_nb as ocr
from cardocr_nb._error_guard import _origin
from cardocr_nb._images import load_upright
from cardocr_nb._ledger import Ledger
from cardocr_nb.frame import to_frame
from cardocr_nb.frame._coco import from_coco, to_coco
from cardocr_nb.frame._label_studio import from_label_studio, to_label_studio
from cardocr_nb.wire import CardResult, Field, Job, JobState, decode
from cardocr_nb.wire._encode import jobs_xml
from cardocr_nb.wire._records import JobList

DEADLINE = 10
"""Seconds for one file."""
ALLOWED = (ocr.CardOCRError, FileNotFoundError)

BOX = ((10, 10), (10, 30), (90, 30), (90, 10))
FIELDS = (Field("姓名", "样本一", 98, BOX), Field("公民身份号码", "990101197412010014", 97, BOX))
JOBS = tuple(
    Job(f"j{n}", JobState.SUCCESS, f"{n}.jpg", "IDCard", result=CardResult(FIELDS, status=1, key=f"{n}.jpg"))
    for n in range(3)
)


def picture(kind):
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    if kind == "GIF":
        image = image.quantize(16)
    image.save(file, kind)
    return file.getvalue()


def archive(kind, xml):
    file = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as members:
            for n in range(3):
                members.writestr(f"{n}.xml", xml)
    else:
        with tarfile.open(fileobj=file, mode="w:gz" if kind == "tgz" else "w") as members:
            for n in range(3):
                member = tarfile.TarInfo(f"{n}.xml")
                member.size = len(xml)
                members.addfile(member, io.BytesIO(xml))
    return file.getvalue()


def table(kind):
    frame = to_frame(list(JOBS))
    file = io.BytesIO()
    if kind == "csv":
        return frame[["key", "field", "text"]].to_csv(index=False).encode()
    plain = frame[["key", "field", "text", "score"]].astype({"key": "str", "field": "str"})
    plain.to_parquet(file) if kind == "parquet" else plain.to_feather(file)
    return file.getvalue()


def ledger():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.sqlite")
        Ledger(path).close()
        db = sqlite3.connect(path)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        return path.read_bytes()


def read_table(path):
    from cardocr_nb._cli._table_files import read

    return read(path)


def json_text():
    from cardocr_nb.wire import Callback, callback_bytes

    return callback_bytes(Callback("TaskFinish", JOBS), "JSON")


XML = jobs_xml(JobList(JOBS))
FRAME = to_frame(list(JOBS))
SIZES = {f"{n}.jpg": (200, 100) for n in range(3)}
# Kind: an intact file, its suffix, and what reads it.
KINDS = {
    **{kind.lower(): (lambda kind=kind: picture(kind), f".{kind.lower()}", load_upright) for kind in ("JPEG", "PNG", "GIF", "BMP", "WEBP")},
    "xml": (lambda: XML, ".xml", ocr.read_responses),
    "xml strict": (lambda: XML, ".xml", lambda path: decode(path.read_bytes())),
    "json": (json_text, ".json", ocr.read_responses),
    "jsonl": (lambda: (json_text() + b"\n") * 3, ".jsonl", ocr.read_responses),
    "zip": (lambda: archive("zip", XML), ".zip", ocr.read_responses),
    "tar": (lambda: archive("tar", XML), ".tar", ocr.read_responses),
    "tgz": (lambda: archive("tgz", XML), ".tar.gz", ocr.read_responses),
    "parquet": (lambda: table("parquet"), ".parquet", read_table),
    "feather": (lambda: table("feather"), ".feather", read_table),
    "csv": (lambda: table("csv"), ".csv", FRAME.cardocr.evaluate),
    "ledger": (ledger, ".sqlite", to_frame),
    "coco": (lambda: json.dumps(to_coco(FRAME, sizes=SIZES)).encode(), ".json", from_coco),
    "label studio": (lambda: json.dumps(to_label_studio(FRAME, sizes=SIZES)).encode(), ".json", from_label_studio),
}  # fmt: skip


def mutated(raw, chance):
    """Change a file as disks, networks and attackers do: bits, bytes, numbers, cuts, repeats, swaps."""
    data = bytearray(raw)
    for _ in range(chance.choice([1, 1, 2, 4, 16])):
        if not data:
            break
        place = chance.randrange(len(data))
        length = min(chance.choice([1, 2, 4, 8, 64]), len(data) - place)
        kind = chance.randrange(7)
        if kind == 0:
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[place : place + length] = chance.randbytes(length)
        elif kind == 2:
            data[place : place + length] = chance.choice([b"\0", b"\xff", b"\x7f", b"\x80"]) * length
        elif kind == 3:
            del data[place : place + length]
        elif kind == 4:
            data[place:place] = data[place : place + length] * chance.choice([1, 2, 100])
        elif kind == 5:
            del data[place:]
        else:
            other = chance.randrange(len(data))
            data[place : place + length], data[other : other + length] = (
                data[other : other + length],
                data[place : place + length],
            )
    return bytes(data)


class DeadlineError(BaseException):
    """A file took too long; not an Exception, so that no reader takes it for damage."""


def _described(kind, seed, number, error):
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{kind} seed {seed} file {number}: {type(error).__name__} {str(error)[:90]} at {last.name}:{last.lineno}"


def _on_alarm(*_):
    raise DeadlineError


def run(kind, count, seed, mebibytes=1500):
    """Read mutated files of one kind and return what went wrong, one line each."""
    make, suffix, read = KINDS[kind]
    raw, chance, faults = make(), random.Random(seed), []
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    limit = used + mebibytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.signal(signal.SIGALRM, _on_alarm)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder, f"file{suffix}")
        for number in range(count):
            data = raw if number == 0 else mutated(raw, chance)
            path.write_bytes(data)
            signal.alarm(DEADLINE)
            try:
                read(path)
            except ALLOWED as error:
                if number == 0:
                    faults.append(f"{kind}: the intact file is refused: {error}")
            except ValueError as error:
                if _origin(error) != "package":  # its own messages about tables, such as a truth without a column
                    faults.append(_described(kind, seed, number, error))
            except DeadlineError:
                faults.append(f"{kind} seed {seed} file {number}: no end after {DEADLINE} s")
            except Exception as error:  # noqa: BLE001 - every other kind is a fault
                faults.append(_described(kind, seed, number, error))
            finally:
                signal.alarm(0)
            for rest in Path(folder).iterdir():
                if rest != path:
                    with contextlib.suppress(OSError):
                        rest.unlink()
    return faults


if __name__ == "__main__":
    found = run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write("\n".join(found))
    sys.exit(1 if found else 0)
