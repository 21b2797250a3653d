"""Measure the peak memory of uses of a square picture: ``python picture_memory.py PICTURE SIDE USE...``.

Each line is a use, its outcome and mebibytes, separated by tabs. A small picture is used first, to load what is loaded once.
"""

import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

import cardocr_nb as ocr
from cardocr_nb import plot, privacy
from cardocr_nb._images import load_upright
from cardocr_nb.frame import to_frame
from cardocr_nb.report import report, to_excel
from cardocr_nb.wire import CardResult, Field

SIZE = (1000, 640)
FIELDS = ("name", "gender", "ethnicity", "birth_date", "address", "id_number")


def cards(size):
    """A frame of one card, its fields in rows over a picture of a size."""
    along, down = size[0] / SIZE[0], size[1] / SIZE[1]
    rows = [((60, y), (60, y + 40), (600, y + 40), (600, y)) for y in range(40, 640, 100)]
    boxes = [tuple((round(x * along), round(y * down)) for x, y in row) for row in rows]
    labels = ("姓名", "性别", "民族", "出生", "住址", "公民身份号码")
    fields = tuple(Field(label, "样本一", 40, box) for label, box in zip(labels, boxes, strict=True))
    return to_frame(CardResult(fields, key="1.img")).assign(card_type="IDCard")


def panel(frame, folder, _):
    from cardocr_nb.review._review_crops import Pictures, crop, outlined

    photo = Pictures(folder).photo("1.img")
    crop(photo, frame["polygon"].array.to_points()[0])
    outlined(photo, None)


def training_data(frame, folder, out):
    decided = frame[["key", "field", "text"]].assign(verdict="corrected")
    frame.cardocr.to_training_data(folder, decided, out / "t", reveal=True)


def completion(frame, folder, _):
    from cardocr_nb import rereading  # noqa: F401 - loaded with the engine

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.assign(text=None).cardocr.complete(folder, progress=False)


def service(_, folder, out):
    from cardocr_nb.local._worker import read_content

    class Nothing:
        def read(self, image, card_type):
            return []

    read_content((folder / "1.img").read_bytes(), "IDCard", Nothing())


def submission(_, folder, out):
    ocr.Client.local(folder).submit("1.img", card_type="IDCard")


def redaction(frame, folder, out, names=("1.png", "1.jpg", "1.jpg")):
    for name in names:
        privacy.redact(folder / "1.img", frame, fields=["address"], complete=False, out=out / name)


USES = {
    "load_upright": lambda _, folder, out: load_upright(folder / "1.img"),
    "plot_overlay": lambda frame, folder, _: plot.plot_overlay(frame, folder).figure.canvas.draw(),
    "overlay of a file": lambda frame, folder, _: plot.plot_overlay(frame, folder / "1.img").figure.canvas.draw(),
    "interactive overlay": lambda frame, folder, _: plot.plot_overlay(frame, folder, interactive=True)._show(),
    "plot_gallery": lambda frame, folder, _: plot.plot_gallery(frame, folder, reveal=True).figure.canvas.draw(),
    "show": lambda frame, folder, _: frame.cardocr.show(images=folder, reveal=True)._repr_html_(),
    "report": lambda frame, folder, out: report(frame, out / "r.html", images=folder),
    "report with photos": lambda frame, folder, out: report(frame, out / "r.html", images=folder, reveal=True),
    "to_excel": lambda frame, folder, out: to_excel(frame, out / "c.xlsx", images=folder, reveal=True),
    "review panel": panel,
    "to_training_data": training_data,
    "complete": completion,
    "service": service,
    "submit": submission,
    "redact": redaction,
    "redact once": lambda frame, folder, out: redaction(frame, folder, out, ["1.jpg"]),
    "redact_folder": lambda frame, folder, out: privacy.redact_folder(frame, folder, out / "r", progress=False, complete=False),
}  # fmt: skip


def memory(name):
    """Mebibytes of this process: ``VmRSS`` now, ``VmHWM`` at its peak."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(name))


def use(name, picture, size):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inside, out = Path(folder, "in"), Path(folder, "out")
        inside.mkdir()
        out.mkdir()
        shutil.copy(picture, inside / "1.img")
        try:
            USES[name](cards(size), inside, out)
        except ocr.ImageError as error:
            return error.code
    return "read"


if __name__ == "__main__":
    picture, side, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "small.png")
        Image.fromarray(np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)).save(small)
        for name in names or USES:
            use(name, small, SIZE)
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is that from here on
            before = memory("VmRSS")
            outcome = use(name, picture, (int(side), int(side)))
            sys.stdout.write(f"{name}\t{outcome}\t{memory('VmHWM') - before}\n")
            sys.stdout.flush()
