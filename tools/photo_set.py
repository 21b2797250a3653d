"""The set of photos that the probability of `cardocr_nb.photo_quality` is fitted to.

Each card has a photo without damage and four others, by turns of four ways: ``own`` (the damage of ``photo_damage.py``), ``library`` (albumentations 2.0.8, which this
project does not install: ``pip install albumentations==2.0.8``), ``capture`` (what a camera, a copier and a messenger do) and ``place``
(the flat card on a desk: turned, tilted, far, close, cut). Every photo is read by the embedded engine.

The set of the package was drawn by an earlier form of this code, with some kinds more and with a fourth family of cards that is not in this repository.

Run ``python tools/photo_set.py FOLDER --cards 480``; it continues where it stopped. Then ``python tools/fit_photo_quality.py FOLDER``.
"""

from __future__ import annotations

import argparse
import json
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import photo_damage
from photo_damage import Light
from PIL import Image

from cardocr_nb.local.engine import Engine

WAYS = ("own", "library", "capture", "place")
PHOTOS = 4
FIRST_CARD = 30_000


def pixels(levels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(levels.clip(0, 255).astype(np.uint8))


def library(name: str, s: float, wide: int, dice: np.random.Generator):
    """Damage of the library by name, with a strength of 0 to 1."""
    import albumentations as A  # noqa: N812 - as its own pages write it

    def odd(length: float) -> int:
        return max(3, int(length) | 1)

    def equal(value: float) -> tuple[float, float]:
        return value, value + 1e-3

    grain = A.GaussNoise(std_range=(0.003, 0.02), p=1)
    made = {
        "defocus": lambda: A.Defocus(radius=(1 + int(0.01 * wide * s),) * 2, alias_blur=(0.1, 0.4), p=1),
        "motion": lambda: A.MotionBlur(blur_limit=(odd(0.022 * wide * s),) * 2, p=1),
        "gauss": lambda: A.GaussianBlur(sigma_limit=equal(0.3 + 0.006 * wide * s), p=1),
        "median": lambda: A.MedianBlur(blur_limit=(odd(3 + 0.007 * wide * s),) * 2, p=1),
        "zoom": lambda: A.ZoomBlur(max_factor=equal(1.002 + 0.035 * s), step_factor=(0.004, 0.006), p=1),
        "downscale": lambda: A.Downscale(scale_range=(max(0.05, (170 / wide) ** s),) * 2, p=1),
        "webp": lambda: A.ImageCompression(quality_range=(int(1 + 45 * (1 - s) ** 2),) * 2, compression_type="webp", p=1),
        "jpeg": lambda: A.ImageCompression(quality_range=(int(3 + 40 * (1 - s) ** 2),) * 2, p=1),
        "iso": lambda: A.ISONoise(color_shift=(0.02, 0.15), intensity=equal(0.1 + 1.6 * s), p=1),
        "shot": lambda: A.ShotNoise(scale_range=equal(0.02 + 0.6 * s * s), p=1),
        "multiplied": lambda: A.MultiplicativeNoise(multiplier=(1 - 0.7 * s, 1 + 0.7 * s), elementwise=True, p=1),
        "salt": lambda: A.SaltAndPepper(amount=equal(0.005 + 0.15 * s * s), p=1),
        "dark": lambda: A.Compose([A.RandomBrightnessContrast(equal(-0.1 - 0.83 * s), (-0.1, 0.1), p=1), grain]),
        "bright": lambda: A.RandomBrightnessContrast(equal(0.15 + 0.65 * s), (0, 0.4), p=1),
        "pale": lambda: A.Compose([A.RandomBrightnessContrast((-0.15, 0.25), equal(-0.4 - 0.57 * s), p=1), grain]),
        "gamma": lambda: A.Compose([A.RandomGamma(equal(100 * np.exp((0.3 + 1.6 * s) * dice.choice([-1, 1]))), p=1), grain]),
        "tone": lambda: A.Compose([A.RandomToneCurve(scale=0.2 + 0.6 * s, p=1), grain]),
        "fog": lambda: A.RandomFog(fog_coef_range=equal(0.2 + 0.75 * s), alpha_coef=0.06 + 0.3 * s, p=1),
        "flare": lambda: A.RandomSunFlare((0.05, 0.05, 0.95, 0.95), src_radius=int(30 + 0.32 * wide * s), p=1),
        "soft shadow": lambda: A.PlasmaShadow(shadow_intensity_range=equal(0.4 + 0.58 * s), p=1),
        "cast shadow": lambda: A.RandomShadow((0, 0, 1, 1), (1, 3), shadow_intensity_range=equal(0.3 + 0.68 * s), p=1),
        "spatter": lambda: A.Spatter(std=equal(0.2 + 0.2 * s), cutout_threshold=equal(0.74 - 0.12 * s), p=1),
        "ringing": lambda: A.RingingOvershoot(blur_limit=(odd(7 + 8 * s),) * 2, cutoff=equal(0.785 * (1.6 - s)), p=1),
    }  # fmt: skip
    return made[name]()


LIBRARY = (
    "defocus", "motion", "gauss", "median", "zoom", "downscale", "webp", "jpeg", "iso", "shot", "multiplied", "salt", "dark", "bright", "pale",
    "gamma", "tone", "fog", "flare", "soft shadow", "cast shadow", "spatter", "ringing",
)  # fmt: skip


def sensor(a: np.ndarray, s: float, dice: np.random.Generator) -> np.ndarray:
    """Few photons in linear light; in half of the photos what a camera does against it."""
    full = 4000 ** (1 - s) * 12**s
    linear = dice.poisson((a.clip(0, 255) / 255) ** 2.2 * full) / full
    seen = pixels(255 * linear.clip(0, 1) ** (1 / 2.2))
    if dice.random() < 0.5:
        seen = cv2.bilateralFilter(seen, 5, dice.uniform(15, 70), dice.uniform(1, 4))
    seen = seen.astype(np.float32)
    return seen + dice.uniform(0, 1.5) * (seen - cv2.GaussianBlur(seen, (0, 0), 1.2))


def drops(a: np.ndarray, s: float, dice: np.random.Generator) -> np.ndarray:
    """Drops that blur or tint what is below them."""
    light = Light(a.shape, dice)
    for _ in range(int(2 + 25 * s)):
        inside = light.spot(0.003, 0.008 + 0.02 * s, 8)
        below = (
            cv2.GaussianBlur(a, (0, 0), 0.003 * light.w) if dice.random() < 0.5 else a * 0.7 + dice.uniform(0, 90, 3)
        )
        a = a * (1 - inside) + below.astype(np.float32) * inside
    return a


def hand_shadow(a: np.ndarray, s: float, dice: np.random.Generator) -> np.ndarray:
    light = Light(a.shape, dice)
    for _ in range(int(dice.integers(1, 5))):
        a = a * (1 - (0.3 + 0.68 * s) * light.band(0.01, 0.1, dice.uniform(2, 12)))
    return a + dice.normal(0, dice.uniform(0.5, 8), a.shape)


def streak(a: np.ndarray, s: float, dice: np.random.Generator) -> np.ndarray:
    light = Light(a.shape, dice)
    return a + (60 + 500 * s) * light.band(0.008, 0.07, 2) * light.spot(0.1, 0.6, 2)


def copied(a: np.ndarray, s: float, dice: np.random.Generator) -> np.ndarray:
    """A gray copy, in half of the photos in dots."""
    gray = (cv2.cvtColor(pixels(a), cv2.COLOR_RGB2GRAY).astype(np.float32) - 128) * (1 + 3 * s) + 128
    if dice.random() < 0.5:
        light, turn, period = Light(a.shape, dice), dice.uniform(0.3, 1.2), dice.uniform(3, 3 + 4 * s)
        x, y = light.x * np.cos(turn) + light.y * np.sin(turn), light.y * np.cos(turn) - light.x * np.sin(turn)
        dots = 127 * np.sin(2 * np.pi * x / period) * np.sin(2 * np.pi * y / period)
        gray = cv2.GaussianBlur(
            np.where(gray + dots * dice.uniform(0.3, 1) > 128, 250, 35).astype(np.float32), (0, 0), 1
        )
    return np.repeat(gray[..., None], 3, axis=2) + dice.normal(0, 5, (*a.shape[:2], 1))


def messenger(a: np.ndarray, s: float, dice: np.random.Generator) -> np.ndarray:
    """Reduced and compressed several times."""
    size = a.shape[1::-1]
    for _ in range(int(dice.integers(1, 4))):
        factor, file = dice.uniform(1 - 0.65 * s, 1), BytesIO()
        small = Image.fromarray(pixels(a)).resize([max(110, int(side * factor)) for side in size], Image.Resampling.BOX)
        small.save(file, "JPEG", quality=int(8 + 75 * (1 - s) ** 1.2))
        a = np.asarray(Image.open(file).convert("RGB").resize(size, Image.Resampling.BICUBIC)).astype(np.float32)
    return a


def focus_plane(a: np.ndarray, s: float, dice: np.random.Generator) -> np.ndarray:
    """Sharp along a line, softer away from it."""
    far = 1 - Light(a.shape, dice).band(0.1, 0.5, 2)
    for strength in (0.001, 0.003):
        a = a * (1 - far) + cv2.GaussianBlur(a, (0, 0), 0.3 + strength * a.shape[1] * 2 * s) * far
    return a


def shaken(a: np.ndarray, s: float, dice: np.random.Generator) -> np.ndarray:
    """Blur along the crooked path of a hand."""
    path = np.cumsum(dice.normal(0, 1, (24, 2)), axis=0)
    path = (path - path.mean(axis=0)) * max(0.6, 0.016 * a.shape[1] * s) / np.ptp(path, axis=0).max()
    reach = int(np.abs(path).max()) + 2
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for t in np.linspace(0, 23, 200):
        x, y = (round(float(np.interp(t, range(24), side))) + reach for side in path.T)
        kernel[y, x] += 1
    return cv2.filter2D(a, -1, kernel / kernel.sum())


def chain(a: np.ndarray, s: float, dice: np.random.Generator) -> np.ndarray:
    """Lens, hand, light, sensor and messenger, each a little."""
    a = cv2.GaussianBlur(a.astype(np.float32), (0, 0), 0.3 + 0.0016 * a.shape[1] * s)
    for change, strength in ((shaken, 0.3), (hand_shadow, 0.4), (streak, 0.3), (sensor, 0.5), (messenger, 0.3)):
        if dice.random() < 0.5:
            a = change(a.astype(np.float32), strength * s * dice.uniform(0.3, 1), dice)
    return a * np.exp(-dice.uniform(0, 1.2) * s)


CAPTURE = {
    "sensor": sensor,
    "drops": drops,
    "hand shadow": hand_shadow,
    "streak": streak,
    "copied": copied,
    "messenger": messenger,
    "focus plane": focus_plane,
    "shaken": shaken,
    "chain": chain,
    "faded": lambda a, s, dice: 245 - (245 - a) * (0.03 + 0.75 * (1 - s) ** 1.3) + dice.normal(0, 2, a.shape),
    "own gamma": lambda a, s, dice: 255 * (a.clip(0, 255) / 255) ** np.exp((0.3 + 1.7 * s) * dice.choice([-1, 1])),
    "low light": lambda a, s, dice: a * (0.5 ** (1 - s) * 0.015**s) + dice.normal(0, dice.uniform(0.5, 4), a.shape),
    "sharpened": lambda a, s, dice: (
        a
        + dice.uniform(1, 5)
        * (cv2.GaussianBlur(a, (0, 0), 0.5) - cv2.GaussianBlur(a, (0, 0), 1 + 0.004 * a.shape[1] * s))
    ),
}

PLACES = ("turn", "tilt", "far", "close", "cut", "quarter", "plain")


def placed(card: Image.Image, place: str, s: float, dice: np.random.Generator) -> np.ndarray:
    """Lay a flat card on a desk and look at it through a pinhole."""
    wide = int(np.exp(dice.uniform(np.log(900), np.log(2200))))
    frame, a = np.array([wide, wide * 3 // 4]), np.asarray(card).astype(np.float32)
    h, w = a.shape[:2]
    part = {"far": 0.75 - 0.55 * s, "close": 0.96 + 0.06 * s}.get(place, dice.uniform(0.55, 0.92))
    turned = {"turn": dice.uniform(-180, 180), "quarter": float(dice.choice([90, 180, 270]))}
    turn = np.radians(turned.get(place, dice.uniform(-6, 6)))
    lean, toward = np.radians(8 + 34 * s if place == "tilt" else dice.uniform(0, 7)), dice.uniform(0, 2 * np.pi)
    spin = (
        cv2.Rodrigues(np.array([np.cos(toward), np.sin(toward), 0]) * lean)[0]
        @ cv2.Rodrigues(np.array([0, 0, turn]))[0]
    )
    flat = np.array([(-w, -h, 0), (w, -h, 0), (w, h, 0), (-w, h, 0)]) / (2 * w) @ spin.T + (0, 0, dice.uniform(1.6, 3))
    seen = flat[:, :2] / flat[:, 2:]
    seen = (seen - (seen.max(0) + seen.min(0)) / 2) * part * min(frame / np.ptp(seen, axis=0))
    room = np.maximum(frame - np.ptp(seen, axis=0), 0)
    seen += frame / 2 + dice.uniform(-0.45, 0.45, 2) * room
    if place == "cut":
        away = np.array([np.cos(toward), np.sin(toward)])
        seen += away * (room / 2 + s**1.3 * 0.3 * np.ptp(seen, axis=0))
    matrix = cv2.getPerspectiveTransform(np.float32([(0, 0), (w, 0), (w, h), (0, h)]), seen.astype(np.float32))
    smaller = np.linalg.norm(seen[1] - seen[0]) / w
    source = cv2.GaussianBlur(a, (0, 0), 0.45 / smaller) if smaller < 0.8 else a
    size = tuple(int(side) for side in frame)
    inside = cv2.warpPerspective(np.ones((h, w), np.float32), matrix, size)[..., None]
    coarse = cv2.resize(dice.normal(0, 14, (6, 9)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    desk = dice.uniform(30, 230, 3) + (coarse + dice.normal(0, dice.uniform(0.5, 6), coarse.shape))[..., None]
    scene = desk * (1 - inside) + cv2.warpPerspective(source, matrix, size, flags=cv2.INTER_CUBIC) * inside
    return scene * dice.uniform(0.5, 1.1) + dice.normal(0, dice.uniform(0.5, 6), scene.shape)


def photos(number: int):
    """Yield the photos of one card: picture, way and kind of damage; with its type, texts and family."""
    kind, texts, flat, on_table, family = photo_damage.drawn(FIRST_CARD + number, "tuning")
    dice = np.random.default_rng([6, number])
    base = flat if dice.random() < 0.4 else on_table
    wide = min(int(np.exp(dice.uniform(np.log(750), np.log(2400)))), base.width * 3 // 2)
    base = base.resize((wide, wide * base.height // base.width), Image.Resampling.LANCZOS)
    yield base, "none", "none", (kind, texts, family)
    for i in range(PHOTOS):
        way, turn, s = WAYS[(number + i) % len(WAYS)], PHOTOS * number + i, float(dice.uniform() ** 0.6)
        if way == "own":
            name = list(photo_damage.FAULTS)[turn // 4 % len(photo_damage.FAULTS)]
            levels = photo_damage.FAULTS[name](np.asarray(base).astype(np.float32), dice)
        elif way == "library":
            name = LIBRARY[turn // 4 % len(LIBRARY)]
            levels = library(name, s, wide, dice)(image=np.ascontiguousarray(base))["image"].astype(np.float32)
        elif way == "capture":
            name = list(CAPTURE)[turn // 4 % len(CAPTURE)]
            levels = CAPTURE[name](np.asarray(base).astype(np.float32), s, dice)
        else:
            name = PLACES[turn // 4 % len(PLACES)]
            levels = placed(flat, name, s, dice)
        yield Image.fromarray(pixels(levels)), way, name, (kind, texts, family)


def main() -> None:
    """Draw, read and append to ``labels.jsonl``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cards", type=int, default=480, help="number of cards, five photos each")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    labels = options.folder / "labels.jsonl"
    seen = {json.loads(line)["card"] for line in labels.read_text().splitlines()} if labels.exists() else set()
    engine = Engine(1)
    for number in set(range(options.cards)) - seen:
        rows = []
        for i, (image, way, name, (kind, texts, family)) in enumerate(photos(number)):
            path = options.folder / f"set{number:04}-{i}.jpg"
            image.save(path, "JPEG", quality=int(np.random.default_rng([8, number, i]).integers(72, 96)))
            row = {
                "file": path.name,
                "set": "tuning",
                "card": number,
                "card_type": kind,
                "way": way,
                "damage": f"{family} {name}",
            }
            rows.append(row | {"whole": photo_damage.is_whole(engine, Image.open(path), kind, texts)})
        with labels.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


if __name__ == "__main__":
    main()
