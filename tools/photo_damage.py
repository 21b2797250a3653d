"""Photos of specimens with known damage, each labeled by whether the embedded engine reads the card whole.

Two sets that share no seed and no code of damage. ``calibration`` spoils specimens with `cardocr_nb.specimen.degrade`, several lots
of glare, wide Gaussian blur, tone curves, a gray veil (near to fog), smaller sizes, cuts at the left or right, small pictures that
are enlarged, the reflection of a window, strong compression by Pillow, and cuts at opposite sides or next to a turned card. ``held out`` spoils
specimens and the cards of `foreign_cards` and `rendered_cards` with motion, a lens out of focus, underexposure, fog, a lamp,
large pixels, strong compression and cuts at the top, bottom or a corner. Every card of the held-out set is read without damage
too, because the engine misses some cards of other layouts even in a perfect scan.

Run ``python tools/photo_damage.py FOLDER --cards 150``; it continues where it stopped, one line of JSON a photo.
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
from PIL import Image, ImageFilter

from cardocr_nb.cards import known_field
from cardocr_nb.local.engine import Engine
from cardocr_nb.quality import normalize
from cardocr_nb.specimen import degrade, draw
from cardocr_nb.specimen._desk import draw as draw_desk

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

TYPES = ("IDCard", "DriverLicense")
MIXTURES = (
    ("blur",), ("glare",), ("resolution",), ("shadow", "noise"), ("perspective", "rotation"), ("phone",), ("phone", "clutter"),
    ("noise", "jpeg"), ("sleeve", "perspective"), ("papers", "perspective"), ("hand", "perspective"), ("watermark",), (),
)  # fmt: skip
HELD_OUT = ("motion", "defocus", "dark", "fog", "lamp", "pixels", "jpeg", "cut")


def calibration(number: int) -> tuple[str, dict[str, str], Image.Image, str]:
    """Draw a photo of the calibration set: card type, texts, picture, kind of damage."""
    dice = np.random.default_rng([1, number])
    kind = TYPES[number % 2]
    if number % 29 == 0:
        return kind, {}, draw_desk((1400, 1000), float(dice.uniform()), dice), "no card"
    card = draw(kind, 5000 + number, design="plain" if dice.random() < 0.15 else "form")
    mixture = MIXTURES[int(dice.integers(len(MIXTURES)))]
    card = degrade(card, {name: float(dice.uniform()) for name in mixture}, number)
    image, width, more = card.image.convert("RGB"), card.image.width, "-"
    if dice.random() < 0.15:
        factor = dice.uniform(1.2, 2.5)
        image = image.resize((int(image.width * factor), int(image.height * factor)), Image.Resampling.BICUBIC)
        width = image.width
    match int(dice.integers(7)):
        case 0 | 1:
            image, more = image.filter(ImageFilter.GaussianBlur(width * 0.009 * dice.uniform())), "blur"
        case 2:
            levels = 255 * (np.asarray(image) / 255.0) ** dice.uniform(1, 5)
            image, more = Image.fromarray(levels.astype(np.uint8)), "tone"
        case 3 | 4:
            factor = dice.uniform(0.15, 0.8) * 1000 / width
            size = (max(60, int(image.width * factor)), max(40, int(image.height * factor)))
            image, more = image.resize(size, Image.Resampling.LANCZOS), "small"
        case 5:
            part, w = dice.uniform(0, 0.3), image.width
            left = dice.random() < 0.5
            image, more = image.crop((int(w * part * left), 0, int(w * (1 - part * (not left))), image.height)), "cut"
    return kind, dict(card.texts), image, "+".join([*mixture, more])


def glare(number: int) -> tuple[str, dict[str, str], Image.Image, str]:
    """Draw a photo of the calibration set with one to four lots of glare."""
    dice = np.random.default_rng([4, number])
    kind = TYPES[number % 2]
    card = draw(kind, 8000 + number)
    if dice.random() < 0.5:
        card = degrade(card, {"perspective": 0.4}, number)
    for lot in range(int(dice.integers(1, 5))):
        card = degrade(card, {"glare": float(dice.uniform(0.6, 1))}, 10 * number + lot)
    return kind, dict(card.texts), card.image.convert("RGB"), "glare"


def veil(number: int) -> tuple[str, dict[str, str], Image.Image, str]:
    """Draw a sharp photo of the calibration set whose levels are squeezed towards a gray, in half of them with noise."""
    dice = np.random.default_rng([5, number])
    kind = TYPES[number % 2]
    card = degrade(draw(kind, 11_000 + number), {"perspective": 0.4, "clutter": 0.2}, number)
    kept, gray = float(dice.uniform(0.03, 1)) ** 1.5, dice.uniform(20, 235)
    levels = np.asarray(card.image.convert("RGB")) * kept + gray * (1 - kept)
    if dice.random() < 0.5:
        levels = levels + dice.normal(0, dice.uniform(1, 9), levels.shape)
    return kind, dict(card.texts), Image.fromarray(levels.clip(0, 255).astype(np.uint8)), "veil"


def _plain_or_on_table(number: int, part: int, first_seed: int):
    dice = np.random.default_rng([part, number])
    kind = TYPES[number % 2]
    card = draw(kind, first_seed + number)
    if dice.random() < 0.5:
        card = degrade(card, {"perspective": 0.4, "clutter": 0.2}, number)
    return dice, kind, dict(card.texts), card.image.convert("RGB")


def enlarged(number: int) -> tuple[str, dict[str, str], Image.Image, str]:
    """Draw a photo of the calibration set that was 110 to 700 pixels wide before it was enlarged."""
    dice, kind, texts, image = _plain_or_on_table(number, 6, 14_000)
    w, h = image.size
    width = int(np.exp(dice.uniform(np.log(110), np.log(700))))
    way = Image.Resampling.BOX if dice.random() < 0.5 else Image.Resampling.LANCZOS
    small = image.resize((width, max(40, int(h * width / w))), way)
    factor = dice.uniform(1.5, 5)
    ways = (Image.Resampling.BICUBIC, Image.Resampling.BOX, Image.Resampling.LANCZOS)
    way = ways[int(dice.integers(3))]
    wide = min(2000, width * factor)
    return kind, texts, small.resize((int(wide), int(wide * h / w)), way), "enlarged"


def window(number: int) -> tuple[str, dict[str, str], Image.Image, str]:
    """Draw a photo of the calibration set with the reflection of a window, a rectangle or a band with soft edges."""
    dice, kind, texts, image = _plain_or_on_table(number, 7, 17_000)
    levels = np.asarray(image).astype(np.float32)
    h, w = levels.shape[:2]
    y, x = np.mgrid[:h, :w]
    turn = dice.uniform(0, np.pi)
    left, top = dice.uniform(0.1, 0.9) * w, dice.uniform(0.1, 0.9) * h
    along = np.abs((x - left) * np.cos(turn) + (y - top) * np.sin(turn))
    across = np.abs((y - top) * np.cos(turn) - (x - left) * np.sin(turn))
    if dice.random() < 0.5:
        far = np.maximum(along / (w * dice.uniform(0.01, 0.25)), across / (h * dice.uniform(0.02, 0.3)))
    else:
        far = along / (w * dice.uniform(0.005, 0.12))
    light = 1 / (1 + np.exp((far - 1) / dice.uniform(0.05, 0.6) * 3))
    levels += dice.uniform(60, 400) * light[..., None]
    return kind, texts, Image.fromarray(levels.clip(0, 255).astype(np.uint8)), "window"


def shifted(number: int) -> tuple[str, dict[str, str], Image.Image, str]:
    """Draw a photo of the calibration set that is cut at two sides, in half of them turned before."""
    dice, kind, texts, image = _plain_or_on_table(number, 8, 20_000)
    w, h = image.size
    if dice.random() < 0.5:
        image = image.rotate(dice.uniform(-12, 12), Image.Resampling.BICUBIC, fillcolor=(110, 100, 90))
    sides, part = int(dice.integers(3)), dice.uniform(0.02, 0.35)
    if sides == 0:
        box = (w * part * 0.4, 0, w * (1 - part * 0.6), h)
    elif sides == 1:
        box = (0, h * part * 0.6, w, h * (1 - part * 0.4))
    elif dice.random() < 0.5:
        box = (w * part, 0, w, h * (1 - part * 0.6))
    else:
        box = (0, h * part * 0.6, w * (1 - part), h)
    return kind, texts, image.crop(tuple(map(int, box))), "shifted"


def squeezed(number: int) -> tuple[str, dict[str, str], Image.Image, str]:
    """Draw a photo of the calibration set that was saved by Pillow with much compression before."""
    dice, kind, texts, image = _plain_or_on_table(number, 9, 23_000)
    wide = int(np.exp(dice.uniform(np.log(450), np.log(1400))))
    image = image.resize((wide, int(image.height * wide / image.width)), Image.Resampling.LANCZOS)
    file = BytesIO()
    image.save(file, "JPEG", quality=int(dice.uniform(2, 28)), subsampling=int(dice.integers(3)))
    return kind, texts, Image.open(file).convert("RGB"), "squeezed"


def held_out_card(number: int):
    """Draw a card of the held-out set: card type, texts, a flat scan, a photo on a table, family."""
    kind, family = TYPES[number % 2], ("specimen", "foreign", "rendered")[number // 2 % 3]
    if family == "specimen":
        flat = draw(kind, 90_000 + number)
        on_table = degrade(flat, {"perspective": 0.4, "clutter": 0.3}, number)
        return kind, dict(flat.texts), flat.image.convert("RGB"), on_table.image.convert("RGB"), family
    if family == "foreign":
        import foreign_cards as cards

        flat = cards.card(kind, random.Random(f"photo quality {kind} {number}"))
        on_table = cards.photo(flat, "desk", 90_000 + number)
    else:
        import rendered_cards as cards

        flat = cards.card(kind, 90_000 + number, "judging")
        on_table = cards.shoot(flat, "photo", 90_000 + number)
    return kind, dict(flat.texts), flat.image.convert("RGB"), Image.fromarray(on_table), family


def damaged(image: Image.Image, damage: str, dice: np.random.Generator) -> Image.Image:
    """Spoil a photo in a way that the calibration set does not contain."""
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
    kind, texts, flat, on_table, family = held_out_card(number)
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
    parser.add_argument(
        "--cards", type=int, default=150, help="held-out cards; four photos each, and four of the calibration set"
    )
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    labels = options.folder / "labels.jsonl"
    seen = {json.loads(line)["file"] for line in labels.read_text().splitlines()} if labels.exists() else set()
    engine = Engine(1)
    for number in range(options.cards):
        photos = (
            [("held", 4 * number + i, *photo) for i, photo in enumerate(held_out(number))]
            if f"held{4 * number + 3:04}.jpg" not in seen
            else []
        )
        photos += [
            ("cal", n, *calibration(n)) for n in range(4 * number, 4 * number + 4) if f"cal{n:04}.jpg" not in seen
        ]
        photos += [
            (part.__name__, number, *part(number))
            for part in (glare, veil, enlarged, window, shifted, squeezed)
            if number < 60 and f"{part.__name__}{number:04}.jpg" not in seen
        ]
        for part, n, kind, texts, image, damage in photos:
            path = options.folder / f"{part}{n:04}.jpg"
            if path.name in seen:
                continue
            image.save(path, "JPEG", quality=int(np.random.default_rng([3, n]).integers(70, 96)))
            row = {
                "file": path.name,
                "set": part,
                "card_type": kind,
                "damage": damage,
                "whole": is_whole(engine, Image.open(path), kind, texts),
            }
            with labels.open("a") as file:
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
