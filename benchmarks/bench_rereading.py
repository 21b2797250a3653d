"""Time to finish places without texts, against a full reading of the same photos: the median ratio of pairs in one run."""

import statistics
import time
from pathlib import Path

import pandas as pd

import cardocr_nb as ocr
from cardocr_nb._images import load_upright
from cardocr_nb.local.engine import Engine
from cardocr_nb.wire import CardResult, Field

CARDS = Path(__file__).parent.parent / "data" / "cards"
FOLDERS = {"IDCard": "id", "DriverLicense": "licence"}
REPEATS = 3


def places_of(photo, kind, engine):
    fields = tuple(Field(f.label, None, None, f.polygon) for f in engine.read(load_upright(photo), kind))
    key = photo.relative_to(CARDS).as_posix()
    return ocr.to_frame(CardResult(fields, key=key, status=1)).assign(card_type=kind)


def main():
    engine = Engine()
    for kind, folder in FOLDERS.items():
        photos = [CARDS / folder / f"{n:04d}.jpg" for n in range(1, 9)]
        places = pd.concat([places_of(photo, kind, engine) for photo in photos], ignore_index=True)
        ratios = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            own = Engine()  # complete() loads the networks too
            for photo in photos:
                own.read(load_upright(photo), kind)
            middle = time.perf_counter()
            places.cardocr.complete(CARDS, progress=False)
            ratios.append((time.perf_counter() - middle) / (middle - start))
        print(f"{kind}: complete takes {statistics.median(ratios):.2f} of a full reading ({len(photos)} clean photos)")


if __name__ == "__main__":
    main()
