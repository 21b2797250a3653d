"""What is on a card besides texts: background lines, a drawn face, the frame of a seal. All random, none a copy of a print."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

    from cardocr_nb.specimen._layouts import Plan, Seal

_INKS = ((150, 186, 172), (160, 178, 196), (186, 172, 190), (176, 190, 164))
_SKIN = ((226, 188, 158), (236, 202, 174), (214, 172, 140))


def paper(plan: Plan) -> Image:
    """Draw the background: a color, or two that change from left to right, with random waves."""
    from PIL import Image, ImageDraw

    width, height = plan.size
    image = Image.new("RGB", plan.size, plan.background)
    if plan.second_color:
        part = np.linspace(0, 1, width)[None, :, None]
        colors = np.array(plan.background) * (1 - part) + np.array(plan.second_color) * part
        image = Image.fromarray(np.broadcast_to(colors, (height, width, 3)).round().astype(np.uint8))
    if plan.waves:
        rng = random.Random(plan.waves)  # noqa: S311 - repeatable pictures, no secrets
        pen, color = ImageDraw.Draw(image), rng.choice(_INKS)
        across = np.arange(0, width + 8, 8)
        for _ in range(rng.randint(26, 46)):
            down = rng.uniform(0, height) + rng.uniform(4, 22) * np.sin(
                across / rng.uniform(40, 130) + rng.uniform(0, 2 * math.pi)
            )
            down += rng.uniform(-0.12, 0.12) * across
            pen.line([*zip(across.tolist(), down.tolist(), strict=True)], fill=color, width=1)
    if plan.fold:
        pen = ImageDraw.Draw(image)
        left = plan.second_page[0] if plan.second_page else plan.fold
        pen.rectangle((plan.fold, 0, left, height), fill=(52, 56, 68))
    return image


def portrait(image: Image, plan: Plan) -> None:
    """Draw a face of ellipses on a white ground, or a gray silhouette where the plan has no seed for one."""
    from PIL import ImageDraw

    left, top, right, bottom = plan.portrait
    pen = ImageDraw.Draw(image)
    middle, width, height = (left + right) / 2, right - left, bottom - top
    if not plan.face:
        gray = (190, 193, 197)
        pen.ellipse((middle - 0.23 * width, top + 0.1 * height, middle + 0.23 * width, top + 0.56 * height), gray)
        pen.pieslice(
            (left + 0.04 * width, top + 0.6 * height, right - 0.04 * width, bottom + 0.4 * height), 180, 360, gray
        )
        return
    rng = random.Random(plan.face)  # noqa: S311 - repeatable pictures, no secrets
    skin, hair = rng.choice(_SKIN), tuple(rng.randint(15, 60) for _ in range(3))
    coat = tuple(rng.randint(20, 150) for _ in range(3))
    layer = image.crop((round(left), round(top), round(right), round(bottom)))
    layer.paste((246, 246, 248), (0, 0, *layer.size))
    pen, (w, h) = ImageDraw.Draw(layer), layer.size
    pen.pieslice((0.04 * w, 0.7 * h, 0.96 * w, 1.4 * h), 180, 360, coat)
    pen.rectangle((0.42 * w, 0.58 * h, 0.58 * w, 0.78 * h), skin)
    pen.ellipse((0.24 * w, 0.06 * h, 0.76 * w, 0.56 * h), hair)
    pen.ellipse((0.27 * w, 0.14 * h, 0.73 * w, 0.66 * h), skin)
    for eye in (0.39, 0.61):
        pen.ellipse(((eye - 0.04) * w, 0.36 * h, (eye + 0.04) * w, 0.4 * h), (250, 250, 250))
        pen.ellipse(((eye - 0.02) * w, 0.36 * h, (eye + 0.02) * w, 0.4 * h), (20, 20, 24))
    pen.arc((0.42 * w, 0.48 * h, 0.58 * w, 0.58 * h), 20, 160, (170, 80, 80), 3)
    image.paste(layer, (round(left), round(top)))


def seal_frame(image: Image, seal: Seal) -> None:
    """Draw the frame of a square seal, turned about its middle."""
    from PIL import Image, ImageDraw

    left, top, right, bottom = (round(v) for v in seal.box)
    layer = Image.new("L", image.size, 0)
    ImageDraw.Draw(layer).rectangle((left, top, right, bottom), outline=225, width=max(2, (right - left) // 55))
    layer = layer.rotate(
        -seal.angle, resample=Image.Resampling.BILINEAR, center=((left + right) / 2, (top + bottom) / 2)
    )
    image.paste(seal.color, (0, 0), layer)
