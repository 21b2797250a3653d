"""Processor time to measure a photo, its decoding included, over that of a full reading of the same photo in the same run."""

import io
import statistics
import time
from pathlib import Path

from PIL import Image

from cardocr_nb._images import load_upright
from cardocr_nb._photos import measure
from cardocr_nb.local.engine import Engine

CARDS = Path(__file__).parent.parent / "data" / "cards" / "id"
WIDTHS = (1000, 1600, 4000)
REPEATS = 5


def timed(call):
    start = time.process_time()
    call()
    return time.process_time() - start


def photo(path, width):
    image, file = Image.open(path).convert("RGB"), io.BytesIO()
    image.resize((width, width * 3 // 4)).save(file, "JPEG", quality=88)
    return file.getvalue()


def main():
    engine = Engine(1)
    engine.loaded()
    for width in WIDTHS:
        measured, read = [], []
        for data in [photo(CARDS / f"{n:04d}.jpg", width) for n in range(1, 7)]:
            measure(data)
            measured += [timed(lambda d=data: measure(d)) for _ in range(REPEATS)]
            read.append(timed(lambda d=data: engine.read(load_upright(d), "IDCard")))
        ours, full = statistics.median(measured), statistics.median(read)
        print(
            f"{width} x {width * 3 // 4}: {1000 * ours:.1f} ms a photo, {ours / full:.4f} of a full reading ({1000 * full:.0f} ms)"
        )


if __name__ == "__main__":
    main()
