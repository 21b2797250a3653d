"""Photos of specimens and foreign cards with known damage, each labeled by whether the embedded engine reads the card whole.

Two sets that share no card and no code of damage. ``tuning`` has a scan and four damaged photos of each card, a third each of
specimens, `foreign_cards` and the tuning family of `rendered_cards`, with the 24 kinds of damage in `FAULTS`. ``held out``
spoils other cards with eight kinds by other code. Every scan is read too, because the engine misses some cards of
other layouts even in a perfect scan.

Run ``python tools/photo_damage.py FOLDER --cards 120 --held-out 60``; it continues where it stopped, one line of JSON a photo.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from cardocr_nb.cards import known_field
from cardocr_nb.local.engine import Engine
from cardocr_nb.quality import normalize
from cardocr_nb.specimen import degrade, draw

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

TYPES = ("IDCard", "DriverLicense")
FAMILIES = ("specimen", "foreign", "rendered")
HELD_OUT = ("motion", "defocus", "dark", "fog", "lamp", "pixels", "jpeg", "cut")
"""Kinds of the held-out set, see `damaged`."""
_DAMAGES = 4


def drawn(number: int, part: str):
    """Draw a card: type, texts, a flat scan, a photo on a table, family. `part` is ``tuning`` or ``judging``."""
    kind, family = TYPES[number % 2], FAMILIES[number // 2 % 3]
    seed = number + {"tuning": 400_000, "judging": 90_000}[part]
    if family == "specimen":
        flat = draw(kind, seed, design="plain" if part == "tuning" and number % 7 == 0 else "form")
        on_table = degrade(flat, {"perspective": 0.4, "clutter": 0.3}, number)
        return kind, dict(flat.texts), flat.image.convert("RGB"), on_table.image.convert("RGB"), family
    if family == "foreign":
        import foreign_cards as cards

        flat = cards.card(kind, random.Random(f"photo quality {part} {kind} {number}"))
        on_table = cards.photo(flat, "desk", seed)
    else:
        import rendered_cards as cards

        flat = cards.card(kind, seed, part)
        on_table = cards.shoot(flat, "photo", seed)
    return kind, dict(flat.texts), flat.image.convert("RGB"), Image.fromarray(on_table), family


class Light:
    """Coordinates of a photo, and fields of light or of weights on it, arrays of shape (height, width, 1)."""

    def __init__(self, shape: tuple[int, ...], dice: np.random.Generator) -> None:
        self.h, self.w = shape[:2]
        self.y, self.x = np.mgrid[: self.h, : self.w].astype(np.float32)
        self.dice = dice

    def place(self) -> tuple[float, float]:
        return self.dice.uniform(0.1, 0.9) * self.w, self.dice.uniform(0.1, 0.9) * self.h

    def side(self, softness: float) -> np.ndarray:
        """0 at one side of a line in any direction, 1 at the other."""
        turn, middle = self.dice.uniform(0, 2 * np.pi), self.dice.uniform(-0.25, 0.25)
        at = (self.x / self.w - 0.5) * np.cos(turn) + (self.y / self.h - 0.5) * np.sin(turn) - middle
        return (1 / (1 + np.exp(-at / softness)))[..., None]

    def spot(self, least: float, most: float, sharp: float) -> np.ndarray:
        """1 in the middle of an ellipse with radii of `least` to `most` of the width, 0 far from it."""
        left, top = self.place()
        wide, high = self.dice.uniform(least, most, 2) * self.w
        return np.exp(-(np.hypot((self.x - left) / wide, (self.y - top) / high) ** sharp))[..., None]

    def band(self, least: float, most: float, sharp: float) -> np.ndarray:
        """1 along a line, 0 far from it."""
        left, top = self.place()
        turn = self.dice.uniform(0, np.pi)
        far = np.abs((self.x - left) * np.cos(turn) + (self.y - top) * np.sin(turn))
        return np.exp(-((far / (self.w * self.dice.uniform(least, most))) ** sharp))[..., None]

    def pieces(self, softness: float) -> np.ndarray:
        """1 in a polygon of three to seven corners anywhere."""
        corners = self.dice.uniform(-0.2, 1.2, (int(self.dice.integers(3, 8)), 2)) * (self.w, self.h)
        found = np.zeros((self.h, self.w), np.float32)
        cv2.fillPoly(found, [corners.astype(np.int32)], 1.0)
        return cv2.GaussianBlur(found, (0, 0), 0.5 + softness * self.w)[..., None]


def _grain(dice: np.random.Generator, a: np.ndarray, spread: float) -> np.ndarray:
    """Noise of a sensor: of brightness or of colors, fine or as coarse as two pixels."""
    noise = dice.normal(0, 1, (*a.shape[:2], 1 if dice.random() < 0.5 else 3)).astype(np.float32)
    if dice.random() < 0.3:
        noise = cv2.GaussianBlur(noise, (0, 0), 0.8).reshape(noise.shape) * 2
    return noise * spread


def _moved(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    reach, turn = max(1.0, 0.028 * a.shape[1] * dice.uniform()), dice.uniform(0, np.pi)
    middle = int(reach) // 2 + 1
    kernel = np.zeros((2 * middle + 1, 2 * middle + 1), np.float32)
    for t in np.linspace(-0.5, 0.5, 8 * middle):
        kernel[round(middle + reach * t * np.sin(turn)), round(middle + reach * t * np.cos(turn))] += 1
    return cv2.filter2D(a, -1, kernel / kernel.sum())


def _out_of_focus(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    radius = max(0.6, 0.013 * a.shape[1] * dice.uniform())
    at = np.arange(-int(radius) - 1, int(radius) + 2)
    disc = np.clip(radius + 0.5 - np.hypot(*np.meshgrid(at, at)), 0, 1).astype(np.float32)
    return cv2.filter2D(a, -1, disc / disc.sum())


def _partly_blurred(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    part = Light(a.shape, dice).side(dice.uniform(0.02, 0.1))
    return a * (1 - part) + cv2.GaussianBlur(a, (0, 0), 0.3 + 0.012 * a.shape[1] * dice.uniform()) * part


def _mist(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    clouds = cv2.resize(dice.random((5, 7)).astype(np.float32), a.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    part = np.clip(clouds * 0.6 + dice.uniform(-0.2, 0.9), 0, 0.99)[..., None]
    return a * (1 - part) + dice.uniform(170, 250) * part + _grain(dice, a, dice.uniform(0.2, 4))


def _lamps(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    light = Light(a.shape, dice)
    for _ in range(int(dice.integers(1, 4))):
        a = a + dice.uniform(80, 500) * light.spot(0.03, 0.3, dice.uniform(1.2, 5))
    return a


def _shadow(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    part = Light(a.shape, dice).side(dice.uniform(0.005, 0.1))
    return a * (1 - part * (1 - dice.uniform(0.02, 0.4))) + _grain(dice, a, dice.uniform(0.3, 5))


def _shadows(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    light = Light(a.shape, dice)
    for _ in range(int(dice.integers(1, 5))):
        a = a * (1 - light.pieces(dice.uniform(0, 0.03)) * dice.uniform(0.2, 0.9))
    return a + _grain(dice, a, dice.uniform(0.3, 5))


def _cut_side(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    (h, w), part = a.shape[:2], 0.35 * dice.uniform() ** 1.5
    across, down = int(w * part), int(h * part)
    return [a[:, across:], a[:, : w - across], a[down:], a[: h - down]][int(dice.integers(4))]


def _cut_corner(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    turned = Image.fromarray(a.astype(np.uint8))
    color = tuple(int(level) for level in dice.integers(0, 255, 3))
    turned = turned.rotate(dice.uniform(-10, 10), Image.Resampling.BICUBIC, fillcolor=color)
    (h, w), (p, q) = a.shape[:2], dice.uniform(0, 0.18, 2)
    boxes = (
        (0, 0, w * (1 - p), h * (1 - q)),
        (w * p, h * q, w, h),
        (w * p, 0, w * (1 - q), h),
        (0, h * p, w, h * (1 - q)),
    )
    return np.asarray(turned.crop(tuple(map(int, boxes[int(dice.integers(4))]))))


def _resized(a: np.ndarray, dice: np.random.Generator, *, enlarge: bool) -> np.ndarray:
    wide = int(np.exp(dice.uniform(np.log(150), np.log(800))))
    small = cv2.resize(a, (wide, max(40, a.shape[0] * wide // a.shape[1])), interpolation=cv2.INTER_AREA)
    if not enlarge:
        return small
    way = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)[int(dice.integers(4))]
    factor = dice.uniform(1.5, 5)
    return cv2.resize(small, None, fx=factor, fy=factor, interpolation=way)


def _compressed(a: np.ndarray, dice: np.random.Generator, form: str) -> np.ndarray:
    wide, file = int(a.shape[1] * dice.uniform(0.4, 1)), BytesIO()
    image = Image.fromarray(a.astype(np.uint8)).resize(
        (wide, a.shape[0] * wide // a.shape[1]), Image.Resampling.LANCZOS
    )
    image.save(file, form, quality=int(2 + 40 * dice.uniform() ** 2), subsampling=int(dice.integers(3)))
    return np.asarray(Image.open(file).convert("RGB"))


def _high_iso(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Shot noise of few electrons, noise of colors, and in half of the photos what a camera does against it."""
    full = np.exp(dice.uniform(np.log(6), np.log(400)))
    a = dice.poisson(np.clip(a, 0, 255) / 255 * full).astype(np.float32) * (255 / full)
    if dice.random() < 0.5:
        a = a + cv2.GaussianBlur(dice.normal(0, 1, a.shape).astype(np.float32), (0, 0), 1.5) * dice.uniform(5, 90)
    if dice.random() < 0.5:
        colors = cv2.cvtColor(a.clip(0, 255).astype(np.uint8), cv2.COLOR_RGB2YCrCb)
        colors[..., 1:] = cv2.GaussianBlur(colors[..., 1:], (0, 0), dice.uniform(1, 4))
        colors[..., 0] = cv2.medianBlur(np.ascontiguousarray(colors[..., 0]), 3)
        a = cv2.cvtColor(colors, cv2.COLOR_YCrCb2RGB).astype(np.float32)
    return a


def _smeared(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    noisy = (a + _grain(dice, a, dice.uniform(5, 40))).clip(0, 255).astype(np.uint8)
    if dice.random() < 0.5:
        return cv2.medianBlur(noisy, 2 * int(dice.integers(1, 5)) + 1)
    return cv2.bilateralFilter(noisy, 7, dice.uniform(30, 160), dice.uniform(2, 9))


def _covered(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    light = Light(a.shape, dice)
    for _ in range(int(dice.integers(1, 3))):
        hidden = light.spot(0.02, 0.18, float(dice.choice([2, 8]))) > np.exp(-1)
        a = np.where(hidden, dice.uniform(0, 255, 3).astype(np.float32) + _grain(dice, a, 3), a)
    return a


def _creased(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    light = Light(a.shape, dice)
    for _ in range(int(dice.integers(1, 6))):
        a = a + dice.uniform(-160, 200) * light.band(0.001, 0.012, 2)
    return a


def _veil(a: np.ndarray, dice: np.random.Generator, least: float, most: float) -> np.ndarray:
    kept = dice.uniform(least, most)
    return a * kept + dice.uniform(30, 250) * (1 - kept) + _grain(dice, a, dice.uniform(0.2, 5))


def _mild(a: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    a = cv2.GaussianBlur(a, (0, 0), 0.3 + 0.004 * a.shape[1] * dice.uniform())
    return _veil(a, dice, 0.15, 1) + _grain(dice, a, dice.uniform(0, 10))


FAULTS = {
    "gauss": lambda a, dice: cv2.GaussianBlur(a, (0, 0), 0.3 + 0.008 * a.shape[1] * dice.uniform()),
    "moved": _moved,
    "focus": _out_of_focus,
    "partly blurred": _partly_blurred,
    "dark": lambda a, dice: a * dice.uniform(0.01, 0.35) + _grain(dice, a, dice.uniform(0.3, 6)) + dice.uniform(0, 25),
    "tone": lambda a, dice: 255 * (a / 255) ** dice.uniform(1.5, 6) + _grain(dice, a, dice.uniform(0, 3)),
    "bright": lambda a, dice: a * dice.uniform(1.2, 3.5) + dice.uniform(0, 60),
    "washed out": lambda a, dice: (
        255 - (255 - a) * dice.uniform(0.05, 0.8) ** 1.5 + _grain(dice, a, dice.uniform(0, 3))
    ),
    "veil": lambda a, dice: _veil(a, dice, 0.02, 0.5),
    "mist": _mist,
    "lamps": _lamps,
    "window": lambda a, dice: a + dice.uniform(80, 350) * Light(a.shape, dice).band(0.01, 0.12, dice.uniform(1, 6)),
    "shadow": _shadow,
    "shadows": _shadows,
    "side": _cut_side,
    "corner": _cut_corner,
    "jpeg": lambda a, dice: _compressed(a, dice, "JPEG"),
    "webp": lambda a, dice: _compressed(a, dice, "WEBP"),
    "small": lambda a, dice: _resized(a, dice, enlarge=False),
    "enlarged": lambda a, dice: _resized(a, dice, enlarge=True),
    "noise": lambda a, dice: a + _grain(dice, a, dice.uniform(5, 70)),
    "iso": _high_iso,
    "smeared": _smeared,
    "covered": _covered,
    "creased": _creased,
    "mild": _mild,
}
"""Damage of the tuning set by name: functions of a picture as float32 and of dice."""


def tuning(number: int):
    """Yield a scan and damaged photos of one card: type, texts, picture, family and kind of damage."""
    kind, texts, flat, on_table, family = drawn(number, "tuning")
    yield kind, texts, flat, f"{family} none"
    dice, names = np.random.default_rng([5, number]), list(FAULTS)
    for i in range(_DAMAGES):
        fault = names[(_DAMAGES * number + 5 * i + number // 6) % len(names)]
        base = on_table if dice.random() < 0.55 else flat
        levels = FAULTS[fault](np.asarray(base).astype(np.float32), dice)
        yield (
            kind,
            texts,
            Image.fromarray(np.ascontiguousarray(levels.clip(0, 255).astype(np.uint8))),
            f"{family} {fault}",
        )


def damaged(image: Image.Image, damage: str, dice: np.random.Generator) -> Image.Image:
    """Spoil a photo by other code than that of the tuning set."""
    a = np.asarray(image).astype(np.float32)
    h, w = a.shape[:2]
    s = float(dice.uniform())
    if damage == "motion":
        reach, angle = max(1.0, 0.025 * w * s), dice.uniform(0, np.pi)
        steps = [
            (reach * t * np.cos(angle), reach * t * np.sin(angle))
            for t in np.linspace(-0.5, 0.5, max(2, int(reach) + 1))
        ]
        a = sum(
            cv2.warpAffine(a, np.float32([[1, 0, x], [0, 1, y]]), (w, h), borderMode=cv2.BORDER_REPLICATE)
            for x, y in steps
        ) / len(steps)
    elif damage == "defocus":
        reach = max(1, int(0.012 * w * s)) * 2 + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)).astype(np.float32)
        a = cv2.filter2D(a, -1, disc / disc.sum())
    elif damage == "dark":
        a = a * (1 - 0.98 * s**0.5) + dice.normal(0, dice.uniform(2, 7), a.shape)
    elif damage == "fog":
        part = s**0.5
        a = a * (1 - part) + dice.uniform(190, 240) * part + dice.normal(0, 3, a.shape)
    elif damage == "lamp":
        x, y = dice.uniform(0.2, 0.8, 2) * (w, h)
        down, across = np.mgrid[:h, :w]
        far = ((across - x) / (0.45 * s * w + 1)) ** 2 + ((down - y) / (0.3 * s * h + 1)) ** 2
        a = a + 600 * np.exp(-1.5 * far)[..., None]
    elif damage == "pixels":
        factor = max(0.1, 1 - 0.95 * s)
        small = cv2.resize(a, (max(30, int(w * factor)), max(20, int(h * factor))), interpolation=cv2.INTER_AREA)
        a = cv2.resize(small, (w, h), interpolation=(cv2.INTER_NEAREST, cv2.INTER_LINEAR)[int(dice.integers(2))])
    a = a.clip(0, 255).astype(np.uint8)
    if damage == "jpeg":
        a = cv2.imdecode(cv2.imencode(".jpg", a, [cv2.IMWRITE_JPEG_QUALITY, int(2 + 28 * s**2)])[1], 1)
    if damage == "cut":
        part = 0.3 * s
        boxes = (
            (0, 0, w, h * (1 - part)),
            (0, h * part, w, h),
            (w * part / 2, h * part / 2, w, h),
            (0, 0, w * (1 - part / 2), h * (1 - part / 2)),
        )
        left, top, right, bottom = map(int, boxes[int(dice.integers(4))])
        a = a[top:bottom, left:right]
    return Image.fromarray(np.ascontiguousarray(a))


def held_out(number: int):
    """Yield a scan without damage and three damaged photos of one card."""
    kind, texts, flat, on_table, family = drawn(number, "judging")
    yield kind, texts, flat, f"{family} none"
    dice = np.random.default_rng([2, number])
    for damage in dice.choice(HELD_OUT, 3, replace=False):
        base = on_table if dice.random() < 0.6 else flat
        yield kind, texts, damaged(base, str(damage), dice), f"{family} {damage}"


def is_whole(engine: Engine, image: Image.Image, kind: str, texts: dict[str, str]) -> bool:
    """Return whether the engine reads every text of the card."""
    found = {known_field(f.label): f.text for f in engine.read(np.ascontiguousarray(image.convert("RGB")), kind)}
    for name, text in texts.items():
        both = normalize(pd.Series([found.get(name) or "", text], dtype="str"), name)
        if both[0] != both[1]:
            return False
    return bool(texts)


def main() -> None:
    """Draw, read and append to ``labels.jsonl``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cards", type=int, default=120, help="number of cards of the tuning set, five photos each")
    parser.add_argument("--held-out", type=int, default=0, help="number of cards of the held-out set, four photos each")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    labels = options.folder / "labels.jsonl"
    seen = {json.loads(line)["file"] for line in labels.read_text().splitlines()} if labels.exists() else set()
    engine = Engine(1)
    for part, photos, each, cards in (
        ("tuning", tuning, _DAMAGES + 1, options.cards),
        ("held", held_out, 4, options.held_out),
    ):
        for number in range(cards):
            names = [f"{part}{each * number + i:04}.jpg" for i in range(each)]
            if seen.issuperset(names):
                continue
            for name, (kind, texts, image, damage) in zip(names, photos(number), strict=True):
                if name in seen:
                    continue
                path = options.folder / name
                dice = np.random.default_rng([3, int(path.stem[len(part) :])])
                image.save(path, "JPEG", quality=int(dice.integers(70, 96)))
                row = {"file": name, "set": part, "card": number, "card_type": kind, "damage": damage}
                row["whole"] = is_whole(engine, Image.open(path), kind, texts)
                with labels.open("a") as file:
                    file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
