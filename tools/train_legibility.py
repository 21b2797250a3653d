"""Draw and read photos for the network of `cardocr_nb._photos._legibility`, and train it.

``draw`` makes six photos of each card, damaged in the ways of ``photo_damage.py``. The lines of the undamaged card are read first; then the
recognizer reads the same places of each damaged photo, so that every character of a line is known to be read right or wrong, without
detection or rules. ``fit`` trains on that and writes the weights, in about
ten minutes on one core. It needs jax and optax, which this project does not install (``pip install jax optax``).

The weights in the package saw 1,091 photos of 182 cards from ``draw``, and 261 photos of 69 cards with other damage: by the library albumentations,
and by code that is not in this repository. They were trained in three rounds while photos were added, each from the weights before.

Run ``python tools/train_legibility.py draw FOLDER --cards 200``, then ``python tools/train_legibility.py fit FOLDER legibility.npz``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import photo_damage
from PIL import Image

from cardocr_nb._images import load_gray
from cardocr_nb._photos._legibility import CELL

FIRST_CARD = 20_000
"""Number of the first card for `photo_damage.drawn`; those of its own sets are lower."""
PHOTOS, LINES = 3, 12
"""Photos of a scan, and as many of the card on a table; lines that are read in each."""
KINDS = [kind for kind in photo_damage.FAULTS if kind not in {"side", "corner"}]
"""Damage that leaves the text where it was, but for the size of the picture."""
MOST_PIXELS = 800_000
MIDDLE = 14
"""Pixel at the middle of the surroundings of the first cell."""
FIRST, SECOND, THIRD = 24, 32, 32
"""Filters of each of the two grids, and of the layers above."""
CROP, BATCH = 10, 16
"""Cells along a side of the pieces that it learns from, and pieces a step."""


def sure_lines(rgb, card_type, models):
    """Lines of an undamaged card that are read without doubt."""
    from cardocr_nb.local.engine._card_search import CardSearch
    from cardocr_nb.local.engine._detection import detect
    from cardocr_nb.local.engine._recognition import recognize_upright

    search = CardSearch(rgb, card_type, models)
    found, best = detect(search.ink, models, 960), ()
    for group in range(len(found.angles)):
        lines, _ = recognize_upright(search.pyramid, found.boxes[found.groups == group], models)
        best = max(best, lines, key=lambda some: sum(len(line.chars) for line in some))
    return [n for n in best if len(n.chars) > 1 and n.confidence > 0.9 and min(c.confidence for c in n.chars) > 0.6]


def read_again(picture, line, scale, models):
    """Characters of a line as rows of x, y and whether the recognizer finds the same character at the same place."""
    from cardocr_nb.local.engine._recognition import recognize_box

    start, end, below = np.array(line.corners) * scale
    found = recognize_box(picture, np.array([start, end, end + below - start, below]), models, extend=False).chars
    long, high = np.linalg.norm(end - start), np.linalg.norm(below - start)
    for char in line.chars:
        left, top, right, bottom = char.box
        x = (left + right) / 2
        same = any(c.text == char.text and abs((c.box[0] + c.box[2]) / 2 - x) * long < 0.6 * high for c in found)
        place = start + (end - start) * x + (below - start) * (top + bottom) / 2
        yield [*(round(float(n), 1) for n in place), int(same)]


def damaged(rgb, dice):
    """Damage a picture in one way, or two; now and then in none."""
    names = [KINDS[i] for i in dice.integers(len(KINDS), size=dice.choice(3, p=(0.1, 0.7, 0.2)))]
    for name in names:
        rgb = np.asarray(photo_damage.FAULTS[name](rgb.astype(np.float32), dice)).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(rgb), "+".join(names) or "none"


def draw(folder, cards):
    """Draw, read and append to ``lines.jsonl``."""
    from cardocr_nb.local.engine import Engine
    from cardocr_nb.local.engine._line_crops import ImagePyramid

    models = Engine(1).loaded()
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(cards):
        kind, _, flat, on_table, family = photo_damage.drawn(FIRST_CARD + number, "tuning")
        dice = np.random.default_rng([77, number])
        for scene, base in enumerate((flat, on_table)):
            wide = min(int(np.exp(dice.uniform(np.log(500), np.log(1600)))), base.width)
            rgb = np.asarray(base.resize((wide, base.height * wide // base.width), Image.Resampling.LANCZOS))
            lines = sure_lines(np.ascontiguousarray(rgb), kind, models)
            for i in range(PHOTOS if lines else 0):
                picture, damage = damaged(rgb, dice)
                path = folder / f"{number:05}-{scene}{i}.jpg"
                Image.fromarray(picture).save(path, "JPEG", quality=int(dice.integers(65, 96)))
                saved = np.asarray(Image.open(path).convert("RGB"))
                scale = np.array([saved.shape[1] / rgb.shape[1], saved.shape[0] / rgb.shape[0]])
                pyramid = ImagePyramid(np.ascontiguousarray(saved[..., ::-1]))
                some = [lines[k] for k in dice.permutation(len(lines))[:LINES]]
                row = {"file": path.name, "card": number, "family": family, "damage": damage}
                row["chars"] = [char for line in some for char in read_again(pyramid, line, scale, models)]
                row["lines"] = [(np.array(line.corners) * scale).round(1).tolist() for line in lines]
                with (folder / "lines.jsonl").open("a") as file:
                    file.write(json.dumps(row) + "\n")


def targets(row, folder):
    """Padded picture; by cell: text (1), none (0) or unsure (-1), number of characters, and number of those that were read right."""
    gray, info = load_gray(folder / row["file"], MOST_PIXELS)
    scale, size = gray.shape[1] / info.width, tuple(-(-side // CELL) for side in gray.shape)
    text, count, right = np.zeros(size, np.uint8), np.zeros(size, np.float32), np.zeros(size, np.float32)
    for start, end, below in np.array(row["lines"]) * scale:
        outline = np.array([start, end, end + below - start, below])
        cv2.fillPoly(text, [((outline - MIDDLE) / CELL).round().astype(np.int32)], 1)
    near = cv2.dilate(text, np.ones((3, 3)))
    for x, y, same in row["chars"]:
        cell = tuple(
            int(np.clip(round((at * scale - MIDDLE) / CELL), 0, n - 1)) for at, n in zip((y, x), size, strict=True)
        )
        count[cell] += 1
        right[cell] += same
    padded = np.pad(gray, [(20, 28 + -side % CELL) for side in gray.shape], mode="edge")
    return padded, np.where(text, 1, np.where(near, -1, 0)).astype(np.int8), count, right


def piece(photo, dice):
    """A random piece around a character, turned by any right angle."""
    padded, *cells = photo
    size, near = cells[0].shape, np.argwhere(cells[1])
    middle = near[dice.integers(len(near))] if len(near) and dice.random() < 0.85 else dice.integers(size)
    top, left = (int(np.clip(m - dice.integers(CROP), 0, max(0, n - CROP))) for m, n in zip(middle, size, strict=True))
    side = CELL * (CROP + 3)
    pixels = padded[CELL * top : CELL * top + side, CELL * left : CELL * left + side]
    pixels = np.pad(pixels, [(0, side - n) for n in pixels.shape], mode="edge")
    parts = []
    for all_cells, fill in zip(cells, (-1, 0, 0), strict=True):
        part = all_cells[top : top + CROP, left : left + CROP]
        parts.append(np.pad(part, [(0, CROP - n) for n in part.shape], constant_values=fill))
    for _ in range(dice.integers(4)):
        # The surroundings of a cell do not begin where it begins: 4 pixels put the turned ones in their place.
        pixels = np.pad(np.rot90(pixels), [(4, 0), (0, 0)], mode="edge")[:side]
        parts = [np.rot90(part) for part in parts]
    light = dice.uniform(0.8, 1.15), dice.uniform(-15, 15)
    pixels = pixels.astype(np.float32)
    return (pixels * light[0] + light[1]).clip(0, 255) if dice.random() < 0.3 else pixels, *parts


def forward(net, pixels):
    """The network on pieces, shape (n, height, width), in jax; as `cardocr_nb._photos._legibility.legibility`, without its haste."""
    import jax.numpy as jnp

    n, high, wide = pixels.shape[0], pixels.shape[1] // CELL, pixels.shape[2] // CELL
    shifted = jnp.pad(pixels[:, 4:, 4:], ((0, 0), (0, 4), (0, 4)), mode="edge")
    grids = [
        g.reshape(n, 2 * high, 8, 2 * wide, 8).transpose(0, 1, 3, 2, 4).reshape(n, 2 * high, 2 * wide, 64)
        for g in (pixels, shifted)
    ]

    def around(values):
        values = values.reshape(n, high, 2, wide, 2).mean((2, 4))
        values = jnp.pad(values, ((0, 0), (1, 1), (1, 1)), mode="edge")
        rows = values[:, :-2] + values[:, 1:-1] + values[:, 2:]
        return (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / 9

    level, squared = around(grids[0].mean(-1)), around((grids[0] ** 2).mean(-1))
    spread = jnp.sqrt(jnp.maximum(squared - level * level, 0)) + 2.0
    scale = jnp.repeat(jnp.repeat(1 / spread, 2, 1), 2, 2)[..., None]
    even = net["first"] - net["first"].mean(1, keepdims=True)
    seen = [
        jnp.maximum(g @ even[k] * scale + net["first offset"][k], 0).reshape(n, high, 2, wide, 2, FIRST)
        for k, g in enumerate(grids)
    ]
    cells = jnp.concatenate(seen, -1).transpose(0, 1, 3, 2, 4, 5).reshape(n, high, wide, -1)
    share = (cells @ net["second"]).reshape(n, high, wide, 4, SECOND)
    total = share[:, :-1, :-1, 0] + share[:, :-1, 1:, 1] + share[:, 1:, :-1, 2] + share[:, 1:, 1:, 3]
    light = jnp.stack([jnp.log(spread) - 3, level / 128 - 1], -1)[:, :-1, :-1]
    total = jnp.maximum(total + light @ net["second light"] + net["second offset"], 0)
    high, wide = high - 3, wide - 3
    near = [total[:, i : i + high, j : j + wide] for i in range(3) for j in range(3)]
    last = jnp.maximum(jnp.concatenate(near, -1) @ net["third"] + net["third offset"], 0)
    return last @ net["odds"] + net["odds offset"]


def beginning(dice):
    """Weights to begin with (He et al. 2015, "Delving deep into rectifiers"), and offsets of 0."""
    shapes = {
        "first": (2, 64, FIRST),
        "second": (8 * FIRST, 4 * SECOND),
        "second light": (2, SECOND),
        "third": (9 * SECOND, THIRD),
    }
    inputs = {"first": 64, "second": 32 * FIRST, "second light": 2, "third": 9 * SECOND}
    net = {name: dice.normal(0, (2 / inputs[name]) ** 0.5, shape) for name, shape in shapes.items()}
    net["odds"] = dice.normal(0, 0.3 * (2 / THIRD) ** 0.5, (THIRD, 2))
    offsets = {"first": (2, FIRST), "second": SECOND, "third": THIRD, "odds": 2}
    net |= {f"{name} offset": np.zeros(shape) for name, shape in offsets.items()}
    return {name: values.astype(np.float32) for name, values in net.items()}


def fit(folder, path, steps):
    """Train, and write the weights."""
    import jax
    import jax.numpy as jnp
    import optax

    rows = [json.loads(line) for line in (folder / "lines.jsonl").read_text().splitlines()]
    photos = [targets(row, folder) for row in rows]
    good = [photo for photo, row in zip(photos, rows, strict=True) if row["damage"] == "none"]
    dice = np.random.default_rng(0)
    net = beginning(dice)
    rate = optax.warmup_cosine_decay_schedule(1e-4, 3e-3, 100, steps, 3e-5)
    method = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=1e-3))
    state = method.init(net)

    def loss(net, pixels, text, count, right):
        odds, weight = forward(net, pixels), jnp.minimum(count, 2)
        wrong_text = optax.sigmoid_binary_cross_entropy(odds[..., 0], text == 1) * (text >= 0)
        misread = optax.sigmoid_binary_cross_entropy(odds[..., 1], right / jnp.maximum(count, 1)) * weight
        return 0.5 * wrong_text.sum() / (text >= 0).sum() + misread.sum() / jnp.maximum(weight.sum(), 1)

    @jax.jit
    def step(net, state, *batch):
        cost, slope = jax.value_and_grad(loss)(net, *batch)
        change, state = method.update(slope, state, net)
        return optax.apply_updates(net, change), state, cost

    for i in range(steps):
        chosen = [good if good and dice.random() < 0.15 else photos for _ in range(BATCH)]
        pieces = [piece(some[dice.integers(len(some))], dice) for some in chosen]
        net, state, cost = step(net, state, *(np.stack(parts) for parts in zip(*pieces, strict=True)))
        if (i + 1) % 200 == 0:
            print(i + 1, round(float(cost), 3), flush=True)
    stored = {name: np.array(values) for name, values in net.items()}
    stored["first"] -= stored["first"].mean(axis=1, keepdims=True)  # rounded to half, the sum would not be 0
    halves = {name: v if name == "first" else v.astype(np.float16) for name, v in stored.items()}
    np.savez_compressed(path, **halves)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    drawing, training = commands.add_parser("draw"), commands.add_parser("fit")
    for one in (drawing, training):
        one.add_argument("folder", type=Path)
    drawing.add_argument("--cards", type=int, default=200)
    training.add_argument("weights", type=Path)
    training.add_argument("--steps", type=int, default=4000)
    options = parser.parse_args()
    if options.command == "draw":
        draw(options.folder, options.cards)
    else:
        fit(options.folder, options.weights, options.steps)


if __name__ == "__main__":
    main()
