"""What is on, over and around a card in real photos: printed papers, fingers, a plastic sleeve, a watermark of its user."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

_SENTENCES = (
    "关于进一步做好资料归档工作的通知", "各部门、各单位：请于本月底前完成", "本合同一式两份，双方各执一份", "姓名：________ 性别：____ 电话：__________",
    "住址：________________________", "申请人签字：          日期：    年  月  日", "样本银行 客户回单 2021-03-05", "发票代码 990001900111",
    "有效期限：自签订之日起三年", "证号 No. 2023-0917 出生日期 民族", "The quick brown fox jumps over the lazy dog", "序号 项目 数量 单价 合计",
)  # fmt: skip
_WATERMARKS = (
    "仅供示例业务办理使用 他用无效",
    "仅供样本公司核对使用，再次复印无效",
    "仅限演示用途 他用无效",
    "此件仅供租房使用",
)


def papers(image: Image, strength: float, dice: np.random.Generator) -> None:
    """Lay sheets of printed text on a desk, each at its own angle."""
    from PIL import Image, ImageDraw

    from cardocr_nb._fonts import pil_font

    width, height = image.size
    for _ in range(max(1, round(3 * strength))):
        sheet = Image.new("RGBA", (round(0.8 * width), round(0.8 * height)), (243, 243, 241, 255))
        pen, size = ImageDraw.Draw(sheet), int(width * dice.uniform(0.016, 0.026))
        for y in range(size, sheet.height - size, round(1.7 * size)):
            words = "  ".join(_SENTENCES[i] for i in dice.integers(len(_SENTENCES), size=3))
            pen.text((size, y), words, fill=(40, 40, 44), font=pil_font(size))
        sheet = sheet.rotate(dice.uniform(-60, 60), Image.Resampling.BICUBIC, expand=True)
        place = (int(dice.uniform(-0.5, 0.5) * width), int(dice.uniform(-0.5, 0.5) * height))
        image.paste(sheet, place, sheet)


def watermark(card: Image, strength: float, dice: np.random.Generator) -> Image:
    """Write a text of the user over the whole card, as people do before they pass a copy on."""
    from PIL import Image, ImageDraw

    from cardocr_nb._fonts import pil_font

    text = _WATERMARKS[dice.integers(len(_WATERMARKS))]
    width, height = card.size
    side = math.ceil(math.hypot(width, height))
    layer = Image.new("L", (side, side), 0)
    pen, size = ImageDraw.Draw(layer), int(min(width, 1100) * dice.uniform(0.03, 0.05))
    gap = size * dice.uniform(4, 7)
    for row, y in enumerate(np.arange(0, side, gap)):
        x = -size * (3 if row % 2 else 0)
        while x < side:
            pen.text((x, y), text, fill=round(110 * strength), font=pil_font(size))
            x += (len(text) + 4) * size
    layer = layer.rotate(dice.uniform(15, 40) * dice.choice((-1, 1)), Image.Resampling.BICUBIC)
    left, top = (side - width) // 2, (side - height) // 2
    level = int(dice.integers(70, 150))
    marked = card.copy()
    marked.paste((level, level, level + 10), (0, 0), layer.crop((left, top, left + width, top + height)))
    return marked


def sleeve(card: Image, strength: float, dice: np.random.Generator) -> Image:
    """Put the card into plastic: less contrast, and soft bands of light across it."""
    from PIL import Image

    width, height = card.size
    y, x = np.mgrid[0:height, 0:width]
    light = np.asarray(card, dtype=float)
    light = light + (225 - light) * 0.18 * strength
    for _ in range(int(dice.integers(2, 5))):
        angle = dice.uniform(0, math.pi)
        across = math.cos(angle) * x / width + math.sin(angle) * y / height - dice.uniform(0.1, 1.0)
        band = np.exp(-((across / dice.uniform(0.01, 0.05)) ** 2))
        light = light + (255 - light) * (0.45 * strength * band)[..., None]
    return Image.fromarray(light.round().clip(0, 255).astype(np.uint8))


def fingers(image: Image, corners: np.ndarray, strength: float, dice: np.random.Generator) -> None:
    """Hold the card at its lower or upper edge: fingertips cover the margin, not the fields.

    Parameters
    ----------
    image : PIL.Image.Image
    corners : ndarray of shape (4, 2)
        Of the card on the picture: top-left, bottom-left, bottom-right, top-right.
    strength : float
        0 to 1.
    dice : numpy.random.Generator
    """
    from PIL import ImageDraw

    pen = ImageDraw.Draw(image)
    start, end = (corners[1], corners[2]) if dice.random() < 0.6 else (corners[3], corners[0])
    along = end - start
    length = float(np.linalg.norm(along))
    outward = np.array([-along[1], along[0]]) / max(length, 1e-9)
    if (corners.mean(0) - start) @ outward > 0:
        outward = -outward
    skin = tuple(int(v) for v in np.array([224, 178, 150]) + dice.integers(-25, 20))
    radius = 0.055 * length
    for part in np.sort(dice.uniform(0.1, 0.9, int(dice.integers(2, 4)))):
        tip = start + part * along - outward * radius * (0.15 + 0.35 * strength - 1)
        ends = [tip + outward * radius * step for step in np.linspace(0, 9, 40)]
        for x, y in ends:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=skin)
