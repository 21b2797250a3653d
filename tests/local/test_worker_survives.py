"""A worker outlives every picture and every engine; a job that killed its worker twice has failed."""

import struct
import subprocess
import sys
import threading
import zlib
from io import BytesIO

import pytest
from PIL import Image

from cardocr_nb._client import Client
from cardocr_nb._transport import Request
from cardocr_nb.local import Bucket, LocalTransport, Service, StubReader
from cardocr_nb.wire._decode import decode_error
from cardocr_nb.wire._records import JobState


def png(*chunks, width=4, height=4, depth=8, color=3):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    out = b"\x89PNG\r\n\x1a\n"
    for kind, content in ((b"IHDR", header), *chunks, (b"IEND", b"")):
        out += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return out


def saved(form, **options):
    file = BytesIO()
    Image.new(options.pop("mode", "RGB"), (8, 8)).save(file, form, **options)
    return file.getvalue()


PIXELS = (b"IDAT", zlib.compress(b"\0\0\0\0\0" * 4))
GIF = saved("GIF", mode="P")
MALFORMED = {
    "palette png without a palette": png(PIXELS),
    "palette png with an empty palette": png((b"PLTE", b""), PIXELS),
    "palette png with half a color": png((b"PLTE", b"\1\2"), PIXELS),
    "palette png with transparency alone": png((b"tRNS", b"\0\1"), PIXELS),
    "png without pixels": png((b"PLTE", b"\1\2\3")),
    "png of depth 3": png(PIXELS, depth=3),
    "png with a broken text chunk": png((b"iTXt", b"\0\1\1\0\xff\xfe"), PIXELS, color=0),
    "gif without a color table": GIF[:10] + bytes([GIF[10] & 0x7F]) + GIF[11:],
    "bmp with a huge palette": saved("BMP", mode="P")[:46] + b"\xff\xff\xff\x7f" + saved("BMP", mode="P")[50:],
    "jpeg with a cut exif": saved("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")[:-2],
    "webp cut in the middle": saved("WEBP")[:-6],
}


@pytest.fixture
def client(tmp_path):
    bucket = Bucket(tmp_path / "cards", name="cards-1")
    with Client(LocalTransport(Service([bucket], StubReader()), "cards-1"), poll=(0.001, 0.01)) as client:
        yield client


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_picture_fails_or_is_read_and_the_next_job_runs(client, tmp_path, photo, name):
    (tmp_path / "cards/odd").write_bytes(MALFORMED[name])
    photo(tmp_path / "cards/a.png")
    odd, plain = client.wait([client.submit(key, card_type="IDCard") for key in ("odd", "a.png")], timeout=20)
    assert odd.state in (JobState.SUCCESS, JobState.FAILED)
    assert plain.state is JobState.SUCCESS
    answer = client.transport.send(Request("GET", "/odd", "cos", {"ci-process": "AILicenseRec"}))
    assert answer.status in (200, 400)
    if answer.status == 400:
        assert decode_error(answer.body).code == odd.code


def test_a_palette_png_without_a_palette_is_a_damaged_image(client, tmp_path):
    (tmp_path / "cards/odd.png").write_bytes(MALFORMED["palette png without a palette"])
    job = client.wait(client.submit("odd.png", card_type="IDCard"), timeout=20)
    assert (job.state, job.code) == (JobState.FAILED, "DamagedImage")


class Raising(StubReader):
    """Raises for the first images that it reads."""

    def __init__(self, error, times):
        self.error, self.times = error, times

    def read(self, image, card_type):
        self.times -= 1
        if self.times >= 0:
            raise self.error
        return super().read(image, card_type)


class Odd(BaseException):
    """What no one catches by chance."""


def wait_for_one(tmp_path, photo, reader, count=1):
    photo(tmp_path / "cards/a.png")
    bucket = Bucket(tmp_path / "cards", name="cards-1")
    with Client(LocalTransport(Service([bucket], reader), "cards-1"), poll=(0.001, 0.01)) as client:
        return client.wait([client.submit("a.png", card_type="IDCard") for _ in range(count)], timeout=20)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), Odd()], ids=repr)
def test_an_engine_that_ends_its_thread_twice_fails_the_job_and_a_third_job_is_read(tmp_path, photo, error):
    (once,) = wait_for_one(tmp_path, photo, Raising(error, 1))
    assert once.state is JobState.SUCCESS
    first, second = wait_for_one(tmp_path, photo, Raising(error, 2), count=2)
    assert (first.state, first.code) == (JobState.FAILED, "InternalError")
    assert "2 times" in first.message
    assert second.state is JobState.SUCCESS


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), StopIteration(), OSError(28, "x")], ids=repr)
def test_any_exception_of_an_engine_fails_its_job_at_once(tmp_path, photo, error):
    first, second = wait_for_one(tmp_path, photo, Raising(error, 1), count=2)
    assert (first.state, first.code, second.state) == (JobState.FAILED, "InternalError", JobState.SUCCESS)


@pytest.mark.parametrize(
    "result",
    [None, 3, [None], ["text"], [object()]],
    ids=["None", "number", "list of None", "list of text", "list of object"],
)
def test_an_engine_that_returns_something_else_fails_its_job(tmp_path, photo, result):
    class Other:
        def read(self, image, card_type):
            return result

    first, second = wait_for_one(tmp_path, photo, Other(), count=2)
    assert [(job.state, job.code) for job in (first, second)] == [(JobState.FAILED, "InternalError")] * 2


def test_a_listener_that_raises_does_not_end_the_worker(tmp_path, photo):
    photo(tmp_path / "cards/a.png")
    bucket, calls = Bucket(tmp_path / "cards", name="cards-1"), threading.Semaphore(0)

    def fail(_):
        calls.release()
        raise RuntimeError

    service = Service([bucket], StubReader(), on_job_ended=fail)
    with Client(LocalTransport(service, "cards-1"), poll=(0.001, 0.01)) as client:
        for _ in range(2):
            assert client.wait(client.submit("a.png", card_type="IDCard"), timeout=20).state is JobState.SUCCESS
            assert calls.acquire(timeout=20)


PROGRAM = """
import os, sys
from cardocr_nb import Client
from cardocr_nb.local import Bucket, LocalTransport, Service, StubReader

class Deadly(StubReader):
    def read(self, image, card_type):
        if image.shape[1] == 13:
            os._exit(9)
        return super().read(image, card_type)

folder, table = sys.argv[1:]
service = Service([Bucket(folder, name="cards-1")], Deadly(), jobs=table)
with Client(LocalTransport(service, "cards-1"), poll=(0.001, 0.01)) as client:
    if not client.list_jobs():
        for key in ("before.png", "deadly.png", "after.png"):
            client.submit(key, card_type="IDCard")
    for job in client.wait(client.list_jobs(newest_first=False), timeout=20):
        print(job.key, job.state, job.message)
"""


def test_a_picture_that_kills_the_process_twice_is_a_failed_job_of_the_third(tmp_path, photo):
    for name, width in (("before", 20), ("deadly", 13), ("after", 20)):
        photo(tmp_path / f"cards/{name}.png", size=(width, 20))
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "cards"), str(tmp_path / "jobs.sqlite")]
    done = [subprocess.run(command, capture_output=True, text=True, timeout=60, check=False) for _ in range(3)]  # noqa: S603 - this interpreter
    assert [one.returncode for one in done] == [9, 9, 0]
    assert done[2].stdout.splitlines() == [
        "before.png Success None",
        "deadly.png Failed reading this image ended the service 2 times",
        "after.png Success None",
    ]
