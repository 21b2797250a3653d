"""What a card lies on in a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

_WORDS = (
    "姓名", "地址", "证件", "日期", "号码", "有效期", "申请表", "会议记录", "发票", "合计", "备注", "单位", "电话",
    "2019-05-06", "No. 20384", "TOTAL 128.00", "Wi-Fi", "请在此处签字", "第3页", "快递单", "性别", "住址",
)  # fmt: skip
_SURFACES = ((150, 118, 88), (196, 180, 158), (92, 94, 98), (206, 208, 210), (70, 84, 104), (128, 134, 126))


def draw(size: tuple[int, int], clutter: float, dice: np.random.Generator) -> Image:
    """Draw a desk top with faint grain; with `clutter` there are papers, pens and words on it.

    Parameters
    ----------
    size : tuple of int
        Width and height, pixels.
    clutter : float
        0 (a bare desk) to 1 (covered).
    dice : numpy.random.Generator
        What it looks like.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    from PIL import Image

    width, height = size
    surface = np.array(_SURFACES[dice.integers(len(_SURFACES))], dtype=float) + dice.uniform(-12, 12, 3)
    slope = np.linspace(-1, 1, width)[None, :] * dice.uniform(-14, 14) + np.linspace(-1, 1, height)[
        :, None
    ] * dice.uniform(-14, 14)
    grain = np.repeat(dice.normal(0, 2.5, (height, 1)), width, axis=1)
    levels = surface + (slope + grain)[..., None]
    image = Image.fromarray(levels.round().clip(0, 255).astype(np.uint8))
    for _ in range(round(16 * clutter)):
        _put_something(image, dice)
    return image


def _put_something(image: Image, dice: np.random.Generator) -> None:
    from PIL import Image

    width, height = image.size
    across = int(dice.uniform(0.15, 0.4) * width)
    down = int(across * dice.uniform(0.04, 0.9))
    color = tuple(int(level) for level in dice.integers(30, 250, 3))
    thing = Image.new("RGBA", (across, down), (*color, 255))
    if dice.random() < 0.6:
        _print_words(thing, dice)
    thing = thing.rotate(dice.uniform(-90, 90), Image.Resampling.BICUBIC, expand=True)
    place = (int(dice.uniform(-0.1, 1) * width), int(dice.uniform(-0.1, 1) * height))
    image.paste(thing, place, thing)


def _print_words(thing: Image, dice: np.random.Generator) -> None:
    from PIL import ImageDraw

    from cardocr_nb._fonts import pil_font

    thing.paste((244, 243, 238, 255), (0, 0, *thing.size))
    pen, size = ImageDraw.Draw(thing), int(dice.integers(18, 40))
    for y in range(8, thing.height - size, int(size * 1.5)):
        words = "  ".join(_WORDS[i] for i in dice.integers(len(_WORDS), size=3))
        pen.text((10, y), words, fill=(50, 50, 55), font=pil_font(size))
