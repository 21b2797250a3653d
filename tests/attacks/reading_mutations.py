"""Mutated files are read in processes of their own: ``python reading_mutations.py`` forks one for each line of its input.

A line is JSON, ``[KIND, FIRST, COUNT, FOLDER]``; the answer is the exit code and what went wrong. The packages are imported
once for all processes. Each file gives a result or an error of the package. A process has a limit of memory, and each file a
deadline. A file is made from its kind and number alone: with FIRST its number and COUNT 1 it is read again. A file that
ends the process stays in the folder.
"""

import contextlib
import io
import json
import os
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
import zlib
from pathlib import Path

import numpy as np
from mutations import mutated
from PIL import Image

import cardocr_nb as ocr
from cardocr_nb._error_guard import _origin
from cardocr_nb._images import load_upright
from cardocr_nb._ledger import Ledger
from cardocr_nb.frame import read_table, to_csv, to_frame
from cardocr_nb.frame._coco import from_coco, to_coco
from cardocr_nb.frame._label_studio import from_label_studio, to_label_studio
from cardocr_nb.report import from_excel, to_excel
from cardocr_nb.wire import CardResult, Field, Job, JobState, decode
from cardocr_nb.wire._encode import jobs_xml
from cardocr_nb.wire._records import JobList

DEADLINE = 10
"""Seconds of processor time for one file; a busy machine does not count."""
ALLOWED = (ocr.CardOCRError, FileNotFoundError)
MEBIBYTES = 768
"""Memory that the process may take on top of what it has after its imports."""

BOX = ((10, 10), (10, 30), (90, 30), (90, 10))
FIELDS = (Field("姓名", "样本一", 98, BOX), Field("公民身份号码", "990101197412010014", 97, BOX))
JOBS = tuple(
    Job(f"j{n}", JobState.SUCCESS, f"{n}.jpg", "IDCard", result=CardResult(FIELDS, status=1, key=f"{n}.jpg"))
    for n in range(3)
)
XML = jobs_xml(JobList(JOBS))
FRAME = to_frame(list(JOBS))
SIZES = {f"{n}.jpg": (200, 100) for n in range(3)}


def pictures(kind):
    """Pictures in the modes and ways of compression of their format."""
    pixels = Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8))
    turned = Image.Exif()
    turned[0x0112] = 6
    palette, gray = pixels.quantize(16), pixels.convert("L")
    made = {
        "PNG": [(pixels, {"exif": turned}), (palette, {"transparency": 3}), (gray.convert("I;16"), {}), (gray.convert("1"), {})],
        "JPEG": [(pixels, {"exif": turned}), (pixels, {"progressive": True}), (gray, {}), (pixels.convert("CMYK"), {"restart_marker_rows": 1})],
        "GIF": [(palette, {}), (palette, {"transparency": 3}), (palette, {"interlace": 0})],
        "BMP": [(pixels, {}), (palette, {}), (gray.convert("1"), {})],
        "WEBP": [(pixels, {}), (pixels, {"lossless": True, "exif": turned}), (pixels.convert("RGBA"), {})],
        "HEIF": [(pixels, {})],
    }  # fmt: skip
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    files = []
    for image, options in made[kind]:
        file = io.BytesIO()
        image.save(file, kind, **options)
        files.append(file.getvalue())
    return files


def archives(kind):
    documents = {"0.xml": XML, "1.json": json_text(), "2.jsonl": (json_text() + b"\n") * 3}
    lines = {"a.jsonl": (json_text() + b"\n") * 3, "b.jsonl": json_text()}
    files = []
    for members in (documents, lines):
        file = io.BytesIO()
        if kind == "zip":
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in members.items():
                    archive.writestr(name, content)
        else:
            with tarfile.open(fileobj=file, mode="w:gz" if kind == "tgz" else "w") as archive:
                for name, content in members.items():
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
        files.append(file.getvalue())
    return files


def tables(kind):
    """Tables as this package writes them, and as other tools do."""
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    from cardocr_nb.frame._frame_files import to_table

    files = []
    for table in (to_table(FRAME), pa.Table.from_pandas(FRAME[["text", "score"]].astype({"text": "str"}))):
        for compression in ("zstd", "uncompressed") if kind == "feather" else ("snappy", "none"):
            file = io.BytesIO()
            if kind == "feather":
                pyarrow.feather.write_feather(table, file, compression=compression)
            else:
                pyarrow.parquet.write_table(table, file, compression=compression)
            files.append(file.getvalue())
    return files


def written(write, suffix):
    """Return what a function writes to a file."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, f"file{suffix}"))
        return Path(folder, f"file{suffix}").read_bytes()


def ledger(path):
    Ledger(path).close()
    db = sqlite3.connect(path)
    for n, state in enumerate(("done", "done", "sent", "planned", "failed", "same", "unknown"), 1):
        response = zlib.compress(jobs_xml(JobList(JOBS[n - 1 : n]))) if state == "done" else None
        db.execute(
            "INSERT INTO images (id, source, planned_key, key, card_type, upload, state, run, job_id, same_as, outcome, response) "
            "VALUES (?, ?, ?, ?, 'IDCard', 0, ?, 1, ?, ?, ?, ?)",
            (
                n,
                f"key:{n}",
                f"{n}.jpg",
                f"{n}.jpg",
                state,
                f"j{n - 1}",
                1 if state == "same" else None,
                "Success",
                response,
            ),
        )
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("PRAGMA journal_mode=DELETE")
    db.close()


def read_cards(path):
    from cardocr_nb._cli._table_files import read

    read(path)


def read_ledger(path):
    from cardocr_nb._ledger._outcomes import states_by_image

    to_frame(path)
    states_by_image(path, "IDCard")
    with contextlib.closing(Ledger(path)) as opened:
        opened.open_jobs()


def read_on_dask(path):
    ocr.read_responses(path, engine="dask", blocksize=1000).compute(scheduler="sync")


def read_callback(path):
    ocr.accept(Ledger(), path.read_bytes())


def json_text():
    from cardocr_nb.wire import Callback, callback_bytes

    return callback_bytes(Callback("TaskFinish", JOBS), "JSON")


def csv_texts():
    return [
        FRAME[["key", "field", "text"]].to_csv(index=False).encode(),
        FRAME[["text", "field", "key", "score"]].to_csv(index=False).encode("gbk"),
    ]


def annotations(make):
    return [
        json.dumps(make(FRAME, sizes=SIZES, texts=texts) if texts is not None else make(FRAME, sizes=SIZES)).encode()
        for texts in ((True, False) if make is to_coco else (None,))
    ]


def workbooks():
    return [
        written(lambda path: to_excel(FRAME, path), ".xlsx"),
        written(lambda path: to_excel(FRAME.head(2), path), ".xlsx"),
    ]


# Kind: intact files, their suffix, and what reads them.
KINDS = {
    **{kind.lower(): (lambda kind=kind: pictures(kind), f".{kind.lower()}", load_upright) for kind in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "HEIF")},
    "xml": (lambda: [XML, jobs_xml(JobList(JOBS[:1]))], ".xml", ocr.read_responses),
    "xml strict": (lambda: [XML], ".xml", lambda path: decode(path.read_bytes())),
    "json": (lambda: [json_text()], ".json", ocr.read_responses),
    "jsonl": (lambda: [(json_text() + b"\n") * 3], ".jsonl", ocr.read_responses),
    "zip": (lambda: archives("zip"), ".zip", ocr.read_responses),
    "archive on dask": (lambda: archives("zip"), ".zip", read_on_dask),
    "tar": (lambda: archives("tar"), ".tar", ocr.read_responses),
    "tgz": (lambda: archives("tgz"), ".tar.gz", ocr.read_responses),
    "parquet": (lambda: tables("parquet"), ".parquet", read_table),
    "feather": (lambda: tables("feather"), ".feather", read_table),
    "csv": (csv_texts, ".csv", FRAME.cardocr.evaluate),
    "cards csv": (lambda: [written(lambda path: to_csv(FRAME, path), ".csv")], ".csv", read_cards),
    "xlsx": (workbooks, ".xlsx", from_excel),
    "truth xlsx": (workbooks, ".xlsx", FRAME.cardocr.evaluate),
    "ledger": (lambda: [written(ledger, ".sqlite"), written(lambda path: Ledger(path).close(), ".sqlite")], ".sqlite", read_ledger),
    "coco": (lambda: annotations(to_coco), ".json", from_coco),
    "label studio": (lambda: annotations(to_label_studio), ".json", from_label_studio),
    "callback": (lambda: [json_text()], ".json", read_callback),
}  # fmt: skip


class DeadlineError(BaseException):
    """A file took too long; not an Exception, so that no reader takes it for damage."""


def _described(error):
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} {str(error)[:90]!r} at {last.name}:{last.lineno}"


def _on_deadline(*_):
    raise DeadlineError


def fault_of(read, path, *, intact):
    """Read one file; return what went wrong or None."""
    signal.setitimer(signal.ITIMER_PROF, DEADLINE)
    try:
        read(path)
    except ALLOWED as error:
        return f"the intact file is refused: {error}" if intact else None
    except ValueError as error:
        # Own messages about tables, such as a truth without a column, are plain ValueErrors.
        return None if _origin(error) == "package" and not isinstance(error, UnicodeError) else _described(error)
    except DeadlineError:
        return f"no end after {DEADLINE} s"
    except Exception as error:  # noqa: BLE001 - every other kind is a fault
        return _described(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def run(kind, first, count, folder):
    """Read mutated files of one kind and return what went wrong, one line each. File 0 is intact."""
    make, suffix, read = KINDS[kind]
    intact, faults = make(), []
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    limit = used + MEBIBYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.signal(signal.SIGPROF, _on_deadline)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(first, first + count):
            data = intact[0] if number == 0 else mutated(kind, intact, random.Random(f"{kind} {number}"))
            path = folder / f"{number}{suffix}"
            path.write_bytes(data)
            if fault := fault_of(read, path, intact=number == 0):
                faults.append(f"{kind}, file {number}: {fault}")
            for rest in folder.iterdir():
                with contextlib.suppress(OSError):
                    rest.unlink()
    return faults


def answer_requests():
    """Fork a process for each line of the input, and write a line about its end. A process returns when it is done."""
    for line in sys.stdin:
        kind, first, count, folder = json.loads(line)
        results, to_write = os.pipe()
        if process := os.fork():
            os.close(to_write)
            with os.fdopen(results, encoding="utf-8") as said:
                faults = said.read()
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            sys.stdout.write(json.dumps([code, faults]) + "\n")
            sys.stdout.flush()
        else:
            os.close(results)
            signal.alarm(60 + count * DEADLINE)  # ends a process that waits for ever
            with os.fdopen(to_write, "w", encoding="utf-8") as said:
                said.write("\n".join(run(kind, first, count, Path(folder))))
            return


if __name__ == "__main__":
    answer_requests()
