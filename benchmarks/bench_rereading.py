"""Processor time to finish places without texts, over that of a full reading of the same photos in the same run.

Both decode the photo; the networks are loaded. Photos alternate between the two.
"""

import statistics
import time
from pathlib import Path

import numpy as np

from cardocr_nb._images import load_upright
from cardocr_nb.cards import known_field
from cardocr_nb.local.engine import Engine
from cardocr_nb.local.engine._region_reading import read_regions

CARDS = Path(__file__).parent.parent / "data" / "cards"
FOLDERS = {"IDCard": "id", "DriverLicense": "licence"}
REPEATS = 3


def timed(call):
    start = time.process_time()
    call()
    return time.process_time() - start


def main():
    engine = Engine(1)
    models = engine.loaded()
    for kind, folder in FOLDERS.items():
        full, places = [], []
        for photo in [CARDS / folder / f"{n:04d}.jpg" for n in range(1, 9)]:
            fields = engine.read(load_upright(photo), kind)
            regions = {known_field(f.label): np.array(f.polygon, float) for f in fields}
            for _ in range(REPEATS):
                full.append(timed(lambda p=photo, k=kind: engine.read(load_upright(p), k)))
                places.append(timed(lambda p=photo, k=kind, r=regions: read_regions(load_upright(p), k, r, models)))
        ratio = statistics.median(places) / statistics.median(full)
        print(f"{kind}: complete takes {ratio:.2f} of the time of a full reading (8 clean photos)")


if __name__ == "__main__":
    main()
