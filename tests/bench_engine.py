"""How well and how fast the embedded engine reads, by condition, on cards drawn for the purpose.

Accuracy: fields and whole cards exact, mean IoU of the polygons with the truth, area under the ROC curve of the score.
Speed: against RapidOCR with its defaults (lines only, no field is named) and against bare inference, the same networks
on the same inputs with nothing around them, all in the same run on the same pictures.

Run ``python tests/bench_engine.py --cards 20``; seeds from 500000 on are kept for reporting, nothing is tuned on them.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from shapely.geometry import Polygon

from cardocr_nb.cards import field_name
from cardocr_nb.local.engine import Engine
from cardocr_nb.specimen import CONDITIONS, degrade, draw

if TYPE_CHECKING:
    from cardocr_nb.local.engine.models import Models

TYPES = ("IDCard", "DriverLicense")
FIRST_SEED = 500_000
FONT_HELP = "draw with this font file instead, as Pillow opens it"


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=10, help="cards of each type and condition")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--conditions", nargs="*", default=["clean", *CONDITIONS])
    parser.add_argument("--font", help=FONT_HELP)
    parser.add_argument("--no-speed", action="store_true")
    options = parser.parse_args(arguments)
    if options.font:
        use_font(options.font)
    started = time.perf_counter()
    engine = Engine()
    engine.read(np.asarray(draw("IDCard", options.seed).image), "IDCard")
    first = time.perf_counter() - started
    accuracy(engine, options)
    if not options.no_speed:
        speed(engine, options)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(
        f"first card after {first:.2f} s, models loaded in it; peak memory {peak:.0f} MB, pictures of this run included"
    )


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def use_font(path: str) -> None:
    """Draw specimens with another font."""
    from PIL import ImageFont

    from cardocr_nb import fonts

    fonts.pil_font = lambda size, weight=400: ImageFont.truetype(path, size)


def pictured(kind: str, seed: int, condition: str):
    """Draw a card and spoil it at full strength."""
    card = draw(kind, seed)
    return card if condition == "clean" else degrade(card, {condition: 1.0}, seed)


def accuracy(engine: Engine, options: argparse.Namespace) -> None:
    """Print one row a card type and condition."""
    say(f"{'card':14} {'condition':12} {'fields':>8} {'cards':>7} {'IoU':>6} {'invented':>9}")
    judged: list[tuple[int, bool]] = []
    for kind in TYPES:
        for condition in options.conditions:
            hits, whole, overlaps, invented = [], [], [], 0
            for seed in range(options.seed, options.seed + options.cards):
                card = pictured(kind, seed, condition)
                found = {field_name(f.label): f for f in engine.read(np.asarray(card.image), kind)}
                right = {n: n in found and found[n].text == text for n, text in card.texts.items()}
                hits += right.values()
                whole.append(all(right.values()))
                judged += [(f.score, right.get(n, False)) for n, f in found.items()]
                overlaps += [overlap(card.polygons[n], found[n].polygon) for n in right if n in found]
                invented += len(found.keys() - card.texts.keys())
            say(
                f"{kind:14} {condition:12} {100 * np.mean(hits):7.2f}% {100 * np.mean(whole):6.1f}% "
                f"{np.mean(overlaps) if overlaps else 0:6.3f} {invented:9}"
            )
    wrong = sum(not right for _, right in judged)
    say(f"score: area under the ROC curve {roc_area(judged):.3f} ({wrong} wrong of {len(judged)} read)")


def overlap(one: np.ndarray, two: object) -> float:
    """Intersection over union of two polygons."""
    first, second = Polygon(one), Polygon(two)
    return first.intersection(second).area / first.union(second).area if second.is_valid else 0.0


def roc_area(judged: list[tuple[int, bool]]) -> float:
    """How often a right field scores above a wrong one, ties half; not a number where none is wrong."""
    right = np.array([score for score, good in judged if good], float)
    wrong = np.array([score for score, good in judged if not good], float)
    if not len(right) or not len(wrong):
        return float("nan")
    return float(np.mean(right[:, None] > wrong) + np.mean(right[:, None] == wrong) / 2)


class Inference:
    """What the networks are given, kept to be given to them again without the engine around them."""

    def __init__(self, models: Models) -> None:
        self.whole, self.calls = models, {"detector": [], "recogniser": []}
        self.models = models._replace(**{name: self.kept(name) for name in self.calls})

    def kept(self, name: str):
        calls, session = self.calls[name], getattr(self.whole, name)

        class Kept:
            def run(self, outputs, inputs):
                calls.append(inputs)
                return session.run(outputs, inputs)

        return Kept()

    def again(self) -> float:
        """Seconds for the same inference alone."""
        started = time.perf_counter()
        for inputs in self.calls["detector"]:
            self.whole.detector.run(None, inputs)
        at_once = self.whole.pool.map if self.whole.pool else map
        list(at_once(lambda inputs: self.whole.recogniser.run(None, inputs)[0].shape, self.calls["recogniser"]))
        seconds = time.perf_counter() - started
        for calls in self.calls.values():
            calls.clear()
        return seconds


def speed(engine: Engine, options: argparse.Namespace) -> None:
    """Print milliseconds a card: RapidOCR's defaults, the engine, and the inference in it."""
    from rapidocr import RapidOCR

    defaults = RapidOCR(params={"Global.log_level": "critical"})
    say(f"{'card':14} {'condition':12} {'RapidOCR':>9} {'engine':>8} {'bare':>7} {'faster':>7} {'over bare':>10}")
    for kind in TYPES:
        for condition in ("clean", "phone"):
            seeds = range(options.seed, options.seed + min(options.cards, 8))
            pictures = [np.asarray(pictured(kind, seed, condition).image) for seed in seeds]
            theirs, ours, bare = [], [], []
            counted = Engine()
            inference = Inference(counted.loaded())
            counted.loaded = lambda models=inference.models: models
            for warm in (True, False):
                for picture in pictures:
                    started = time.perf_counter()
                    defaults(np.ascontiguousarray(picture[:, :, ::-1]))
                    middle = time.perf_counter()
                    counted.read(picture, kind)
                    end = time.perf_counter()
                    alone = inference.again()
                    if not warm:
                        theirs.append(middle - started)
                        ours.append(end - middle)
                        bare.append(alone)
            a, b, c = (1000 * statistics.median(times) for times in (theirs, ours, bare))
            say(f"{kind:14} {condition:12} {a:9.0f} {b:8.0f} {c:7.0f} {a / b:6.1f}x {b / c:9.2f}x")
    batch(engine, pictures)


def batch(engine: Engine, pictures: list[np.ndarray]) -> None:
    """Print how much two workers with one thread each win over one at a time."""
    started = time.perf_counter()
    for picture in pictures:
        engine.read(picture, TYPES[1])
    alone = time.perf_counter() - started
    single = Engine(threads=1)
    single.read(pictures[0], TYPES[1])
    started = time.perf_counter()
    for picture in pictures:
        single.read(picture, TYPES[1])
    one_thread = time.perf_counter() - started
    started = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda picture: single.read(picture, TYPES[1]), pictures))
    together = time.perf_counter() - started
    say(
        f"batch of {len(pictures)}: one at a time {alone:.1f} s ({one_thread:.1f} s on one thread), "
        f"two at a time {together:.1f} s ({alone / together:.2f}x, {one_thread / together:.2f}x)"
    )


if __name__ == "__main__":
    main()
