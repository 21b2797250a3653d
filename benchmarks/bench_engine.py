"""How well and how fast the embedded engine reads, by condition, on cards drawn for the purpose.

Cards by other hands, with the targets of the engine: `engine_targets`.
Accuracy on the own specimens, of the form as it is printed and of the plain design of before: fields and whole cards exact with
Wilson intervals at 95 %, mean IoU of the polygons with the truth, area under the ROC curve of the score, and the fields returned
for pictures without a card.
Speed: against RapidOCR with its defaults (which gives lines and names no field: what counts as read is every text that
appears somewhere in its lines, at the most it could be credited with) and against bare inference, the same networks on
the same inputs with nothing around them, all in turn on the same pictures.
Cold start and peak memory: each in a process of its own that holds nothing else.

Run ``python benchmarks/bench_engine.py --cards 40 --conditions clutter phone``; seeds from 600000 on are kept for reporting,
nothing is tuned on them. ``--small`` gives every table with one card of each row.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from engine_targets import TYPES, foreign, say, share, squeezed
from PIL import Image, ImageOps
from shapely.geometry import Polygon

from cardocr_nb.cards import field_name
from cardocr_nb.local.engine import Engine
from cardocr_nb.specimen import CONDITIONS, degrade, draw

if TYPE_CHECKING:
    from cardocr_nb.local.engine._networks import Models

FIRST_SEED = 600_000
REPEATS = 3
FONT_HELP = "draw with this font file instead, as Pillow opens it; FILE or FILE:FACE"

ALONE = """
import sys, time
started = time.perf_counter()
from pathlib import Path
from cardocr_nb._images import load_upright
from cardocr_nb.local.engine import Engine
engine = Engine()
for number, path in enumerate(sorted(Path(sys.argv[1]).glob("*.jpg"))):
    engine.read(load_upright(path), path.stem.split("-")[1])
    if not number:
        first = time.perf_counter() - started
# Not ru_maxrss, which begins with the peak of the process that started this one.
peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(first, int(peak) / 1024)
"""


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=14, help="cards of each type and condition")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--conditions", nargs="*", default=["clean", *CONDITIONS])
    parser.add_argument("--font", help=FONT_HELP)
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--foreign", type=int, default=8, help="foreign cards of each type and condition")
    parser.add_argument("--foreign-seed", type=int, default=1, help="first seed of the foreign cards")
    parser.add_argument("--negatives", type=int, default=4, help="pictures of each kind without such a card")
    parser.add_argument("--families", nargs="*", default=["foreign", "rendered"], help="of foreign cards")
    parser.add_argument("--only-foreign", action="store_true", help="stop after the foreign cards")
    parser.add_argument("--alone", action="store_true", help="without RapidOCR")
    parser.add_argument("--small", action="store_true", help="every table with one card of each row, in some minutes")
    options = parser.parse_args(arguments)
    few = 1 if options.small else None
    if options.small:
        options.cards = options.foreign = options.negatives = 1
        options.conditions = ["clean", "phone"]
    if options.font:
        use_font(options.font)
    engine = Engine()
    foreign(engine, options)
    if options.only_foreign:
        return
    for design in ("form", "plain"):
        accuracy(engine, options, design)
    negatives(engine, options.seed, few or 6)
    if not options.no_speed:
        speed(options.seed, few or 5)
        batch(engine, options.seed, 4 if few else 12)
        alone(options.seed)


def use_font(face: str) -> None:
    """Draw specimens with another font."""
    from PIL import ImageFont

    from cardocr_nb import _fonts as fonts

    path, _, index = face.partition(":")
    fonts.pil_font = lambda size, weight=400: ImageFont.truetype(path, size, int(index or 0))


def pictured(kind: str, seed: int, condition: str, design: str = "form"):
    """Draw a card and spoil it at full strength."""
    card = draw(kind, seed, design=design)
    return card if condition == "clean" else degrade(card, {condition: 1.0}, seed)


def accuracy(engine: Engine, options: argparse.Namespace, design: str) -> None:
    """Print one row a card type and condition; `design`: that of `specimen.draw`."""
    say(
        f"{f'{design} card':14}{'condition':12} {'fields exact, %':>20} {'whole cards, %':>20} {'IoU':>6} {'invented':>9}"
    )
    judged: list[tuple[int, bool]] = []
    every: dict[str, tuple[list[bool], list[bool]]] = {}
    for kind in TYPES:
        for condition in options.conditions:
            hits, whole, overlaps, invented = [], [], [], 0
            for seed in range(options.seed, options.seed + options.cards):
                card = pictured(kind, seed, condition, design)
                found = {field_name(f.label): f for f in engine.read(np.asarray(card.image), kind)}
                right = {n: n in found and found[n].text == text for n, text in card.texts.items()}
                hits += right.values()
                whole.append(all(right.values()))
                judged += [(f.score, right.get(n, False)) for n, f in found.items()]
                overlaps += [overlap(card.polygons[n], found[n].polygon) for n in right if n in found]
                invented += len(found.keys() - card.texts.keys())
            iou = np.mean(overlaps) if overlaps else 0
            say(f"{kind:14}{condition:12} {share(hits):>20} {share(whole):>20} {iou:6.3f} {invented:9}")
            fields, cards = every.setdefault(kind, ([], []))
            fields += hits
            cards += whole
    for kind, (fields, cards) in every.items():
        say(f"{kind:14}{'all':12} {share(fields):>20} {share(cards):>20}")
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


def negatives(engine: Engine, first: int, cases: int) -> None:
    """Print how many fields are read where none is, and how many wrongly where a card lies in an unusual way."""
    counts = dict.fromkeys(("other card", "desk", "mirrored", "upside down", "two cards"), 0)
    read = 0
    for kind, other in (TYPES, TYPES[::-1]):
        for seed in range(first, first + cases):
            card, second = draw(kind, seed), draw(kind, seed + cases)
            desk = degrade(draw(kind, seed, without=list(card.texts)), {"clutter": 1.0}, seed).image
            both = Image.new("RGB", (1200, 1600), (90, 80, 70))
            both.paste(card.image, (60, 40))
            both.paste(second.image, (60, 820))
            for name, picture, true in (
                ("other card", draw(other, seed).image, [{}]),
                ("desk", desk.crop((0, 0, desk.width // 6, desk.height)), [{}]),
                ("mirrored", ImageOps.mirror(card.image), [card.texts]),
                ("upside down", card.image.rotate(180), [card.texts]),
                ("two cards", both, [card.texts, second.texts]),
            ):
                found = {field_name(f.label): f.text for f in engine.read(np.asarray(picture.convert("RGB")), kind)}
                counts[name] += min(len(found.items() - texts.items()) for texts in true)
                read += name == "upside down" and found == card.texts
    summary = ", ".join(f"{name} {count}" for name, count in counts.items())
    say(f"fields invented or wrong on {2 * cases} pictures each: {summary}; {read} read whole upside down")


class Inference:
    """What the networks are given, kept to be given to them again without the engine around them."""

    def __init__(self, models: Models) -> None:
        self.whole, self.pictures, self.lines = models, [], []
        self.models = models._replace(
            detector=self.kept(models.detector, self.pictures), recognizer=self.kept(models.recognizer, self.lines)
        )

    def kept(self, session: object, inputs: list[object]):
        class Kept:
            def run(self, outputs, given):
                inputs.append(given)
                return session.run(outputs, given)

        return Kept()

    def clear(self) -> None:
        """Forget what was given."""
        self.pictures.clear()
        self.lines.clear()

    def again(self) -> None:
        """Run the same inference alone, several lines at a time as in the engine, all that can wait for none."""
        for given in self.pictures:
            self.whole.detector.run(None, given)
        longest_first = sorted(self.lines, key=lambda given: -given["x"].size)
        self.whole.map(lambda given: self.whole.recognizer.run(None, given), longest_first)


def seconds(work, *arguments: object) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def speed(first: int, cards: int) -> None:
    """Print milliseconds a card, the best of some tries: RapidOCR's defaults, the engine, and the inference in it."""
    from rapidocr import RapidOCR

    defaults = RapidOCR(params={"Global.log_level": "critical"})
    whole, single = Engine(), Engine(threads=1)
    inference, alone = (Inference(engine.loaded()) for engine in (whole, single))
    whole.loaded, single.loaded = (lambda: inference.models), (lambda: alone.models)
    say("milliseconds a card; bare: the engine's inference with nothing around it; fields that were read, %")
    head = "".join(
        f"{name:>9}"
        for name in ("RapidOCR", "engine", "bare", "faster", "over", "1 thread", "bare", "over", "RapidOCR", "engine")
    )
    say(f"{'card':14}{'condition':12}{head}")
    for kind in TYPES:
        for condition in ("clean", "phone"):
            times, theirs, ours = [], [], []
            for seed in range(first, first + cards):
                card = pictured(kind, seed, condition)
                picture = np.asarray(card.image)
                mirrored = np.ascontiguousarray(picture[:, :, ::-1])
                lines = squeezed("".join(defaults(mirrored).txts or ()))
                theirs += [squeezed(text) in lines for text in card.texts.values()]
                found = {field_name(f.label): f.text for f in whole.read(picture, kind)}
                ours += [found.get(name) == text for name, text in card.texts.items()]
                tries = []
                for _ in range(REPEATS):
                    inference.clear()
                    alone.clear()
                    tries.append((
                        seconds(defaults, mirrored), seconds(whole.read, picture, kind), seconds(inference.again),
                        seconds(single.read, picture, kind), seconds(alone.again),
                    ))  # fmt: skip
                times.append(np.min(tries, axis=0))
            a, b, c, d, e = (1000 * statistics.fmean(column) for column in np.transpose(times))
            say(
                f"{kind:14}{condition:12}{a:9.0f}{b:9.0f}{c:9.0f}{a / b:8.1f}x{b / c:8.2f}x{d:9.0f}{e:9.0f}{d / e:8.2f}x"
                f"{100 * np.mean(theirs):9.1f}{100 * np.mean(ours):9.1f}"
            )


def batch(engine: Engine, first: int, cards: int) -> None:
    """Print what two workers of one thread each win over one at a time, on one thread and on all."""
    kinds = [TYPES[n % 2] for n in range(cards)]
    pictures = [np.asarray(pictured(k, first + n, "phone").image) for n, k in enumerate(kinds)]
    single = Engine(threads=1)
    single.read(pictures[0], kinds[0])

    def two_at_a_time() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(single.read, pictures, kinds))

    ways = (
        lambda: list(map(engine.read, pictures, kinds)),
        lambda: list(map(single.read, pictures, kinds)),
        two_at_a_time,
    )
    whole, one, two = np.min([[seconds(way) for way in ways] for _ in range(REPEATS - 1)], axis=0)
    say(
        f"batch of {cards}, one at a time: {one:.2f} s on one thread, {whole:.2f} s on all; two at a time on one thread each: "
        f"{two:.2f} s ({one / two:.2f}x and {whole / two:.2f}x)"
    )


def alone(first: int) -> None:
    """Print cold start and peak memory of a process that does nothing but read cards."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(8):
            kind = TYPES[number % 2]
            picture = pictured(kind, first + number, "phone" if number else "clean").image
            picture.save(Path(folder) / f"{number}-{kind}.jpg", quality=90)
        large = draw(TYPES[1], first).image.resize((4000, 2722))
        large.save(Path(folder) / f"9-{TYPES[1]}.jpg", quality=90)
        runs = []
        for _ in range(REPEATS):
            done = subprocess.run(  # noqa: S603 - this interpreter and the text above
                [sys.executable, "-c", ALONE, folder], capture_output=True, text=True, check=True
            )
            runs.append([float(figure) for figure in done.stdout.split()])
    start, peak = np.min(runs, axis=0)[0], np.max(runs, axis=0)[1]
    say(f"alone in a process: first card {start:.2f} s after its start, imports included; peak memory {peak:.0f} MB")
    say("(eight photos of about 1 megapixel and one of 11)")


if __name__ == "__main__":
    main()
