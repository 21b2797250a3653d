"""What a bad photo does to a card, each condition with a strength and a seed; the polygons go with the picture."""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.specimen import _desk as desk
from cardocr_nb.specimen import _surroundings as surroundings

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    from cardocr_nb.specimen._drawing import Specimen

    Floats = npt.NDArray[np.float64]

CONDITIONS = {
    "watermark": "a text of its user written across the card",
    "sleeve": "in a plastic sleeve, with soft bands of light",
    "perspective": "tilted up to 15° away from the camera, about any axis",
    "rotation": "turned by up to 180° either way",
    "clutter": "other things and printed words around the card",
    "papers": "printed sheets under and around the card, each at its own angle",
    "hand": "fingertips on the edge of the card",
    "shadow": "the edge of a shadow across it, down to 30 % of the light",
    "glare": "bright spots of a lamp",
    "blur": "out of focus, up to a standard deviation of 0.25 % of the card's width",
    "resolution": "small, down to 360 pixels for the card's width",
    "noise": "sensor noise up to a standard deviation of 30 of 255",
    "jpeg": "compressed, quality 95 down to 30",
    "phone": "a mixture of the others that a hand-held photo has, without the full turn",
}
"""The conditions by name, in the order in which they are applied; strength 1 is what is described."""

_PHONE = {
    "perspective": 0.8,
    "rotation": 0.06,
    "clutter": 0.6,
    "shadow": 0.6,
    "glare": 0.6,
    "blur": 0.35,
    "resolution": 0.4,
    "noise": 0.35,
    "jpeg": 0.5,
}


def check_conditions(conditions: Mapping[str, float]) -> None:
    """Check names and strengths.

    Raises
    ------
    InvalidRequestError
        A condition is unknown, or a strength is outside 0 to 1.
    """
    if not isinstance(conditions, Mapping):
        raise InvalidRequestError(f"conditions are a mapping such as {{'blur': 0.5}}, got {describe(conditions)}")
    for name, strength in conditions.items():
        if name not in CONDITIONS:
            raise InvalidRequestError(
                f"a condition is one of {', '.join(CONDITIONS)}, got {shown_choice(name, CONDITIONS)}"
            )
        if not 0 <= strength <= 1:
            raise InvalidRequestError(f"the strength of {name!r} must be from 0 to 1, got {describe(strength)}")


def degrade(specimen: Specimen, conditions: Mapping[str, float], seed: int) -> Specimen:
    """Spoil the photo of a card.

    Parameters
    ----------
    specimen : Specimen
        Of `draw`; it is not changed.
    conditions : mapping of str to float
        Strengths from 0 (nothing) to 1 by the names in `CONDITIONS`. They are applied in the order given there.
        A strength says how much at most: turn, tilt and place are thrown with the seed.
    seed : int
        The same seed gives the same picture. Each condition throws for itself, so that one more does not change
        the others.

    Returns
    -------
    Specimen
        Its polygons lie where the ink now is: tight boxes on the card, seen as the camera sees them.

    Raises
    ------
    InvalidRequestError
        A condition is unknown, or a strength is outside 0 to 1.

    Examples
    --------
    >>> from cardocr_nb.specimen import draw
    >>> flat = draw("IDCard", seed=1)
    >>> small = degrade(flat, {"resolution": 1.0}, seed=1)
    >>> small.image.width, round(float(flat.polygons["name"][0, 0] / small.polygons["name"][0, 0]), 1)
    (360, 2.8)
    """
    check_conditions(conditions)
    strengths = dict.fromkeys(CONDITIONS, 0.0) | dict(conditions)
    mixed = strengths.pop("phone")
    if mixed:
        dice = _dice("phone", seed)
        for name, usual in _PHONE.items():
            strengths[name] = max(strengths[name], mixed * usual * dice.uniform(0.4, 1.0))
    image, move = specimen.image, np.eye(3)
    for name, change in (("watermark", surroundings.watermark), ("sleeve", surroundings.sleeve)):
        if strengths[name]:
            image = change(image, strengths[name], _dice(name, seed))
    if any(strengths[name] for name in ("perspective", "rotation", "clutter", "papers", "hand")):
        image, move = _photographed(image, strengths, seed)
    card_width = specimen.image.width
    image = _lit(image, strengths, seed)
    image, factor = _captured(image, strengths, seed, card_width)
    move = np.diag([*factor, 1.0]) @ move
    polygons = {name: moved(polygon, move) for name, polygon in specimen.polygons.items()}
    return replace(specimen, image=image, polygons=polygons)


def moved(points: Floats, homography: Floats) -> Floats:
    """Points after a projective map.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Pixels.
    homography : ndarray of shape (3, 3)
        Acts on columns (x, y, 1).

    Examples
    --------
    >>> moved(np.array([[1.0, 2.0]]), np.diag([2.0, 2.0, 1.0])).tolist()
    [[2.0, 4.0]]
    """
    raised = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return np.asarray(raised[:, :2] / raised[:, 2:], dtype=float)


def _dice(condition: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(condition.encode()), seed % 2**32])


def _photographed(card: Image, strengths: Mapping[str, float], seed: int) -> tuple[Image, Floats]:
    """Lay the card on a desk and look at it through a pinhole."""
    from PIL import Image

    width, height = card.size
    view = _view(width, height, strengths, seed)
    corners = moved(np.array([(0, 0), (0, height), (width, height), (width, 0)], dtype=float), view)
    dice = _dice("clutter" if strengths["clutter"] else "desk", seed)
    room = (0.1 + 0.15 * strengths["clutter"]) * width
    before, after = dice.uniform(0.3 * room, room, 2), dice.uniform(0.3 * room, room, 2)
    if strengths["papers"]:
        before, after = before + 0.3 * width, after + 0.3 * width
    low, high = corners.min(axis=0) - before, corners.max(axis=0) + after
    view = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]]) @ view
    size = (math.ceil(high[0] - low[0]), math.ceil(high[1] - low[1]))
    back = np.linalg.inv(view)
    coefficients = (back / back[2, 2]).ravel()[:8].tolist()
    turned = [
        layer.transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)
        for layer in (card, Image.new("L", card.size, 255))
    ]
    surface = desk.draw(size, strengths["clutter"], dice)
    if strengths["papers"]:
        surroundings.papers(surface, strengths["papers"], _dice("papers", seed))
    surface.paste(turned[0], (0, 0), turned[1])
    if strengths["hand"]:
        surroundings.fingers(surface, corners - low, strengths["hand"], _dice("hand", seed))
    return surface, view


def _view(width: int, height: int, strengths: Mapping[str, float], seed: int) -> Floats:
    """Homography of a card turned in its plane, then tilted, seen from 2.2 card widths."""
    turn = _dice("rotation", seed).uniform(-math.pi, math.pi) * strengths["rotation"]
    tilt, axis = math.radians(15) * strengths["perspective"], _dice("perspective", seed).uniform(0, 2 * math.pi)
    distance = 2.2 * width
    cos, sin = math.cos(turn), math.sin(turn)
    plane = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    along = np.array([math.cos(axis), math.sin(axis), 0.0])
    cross = np.array([[0, 0, along[1]], [0, 0, -along[0]], [-along[1], along[0], 0]])
    space = (np.eye(3) + math.sin(tilt) * cross + (1 - math.cos(tilt)) * cross @ cross) @ plane
    camera = np.array([space[0, :2], space[1, :2], space[2, :2] / distance])
    lens = np.column_stack([camera, [0, 0, 1]])
    center = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    return np.asarray(lens @ center, dtype=float)


def _lit(image: Image, strengths: Mapping[str, float], seed: int) -> Image:
    """Shadow and glare."""
    from PIL import Image

    if not (strengths["shadow"] or strengths["glare"]):
        return image
    width, height = image.size
    y, x = np.mgrid[0:height, 0:width]
    x, y = (x + 0.5) / width, (y + 0.5) / height
    light = np.asarray(image, dtype=float)
    if strengths["shadow"]:
        dice = _dice("shadow", seed)
        angle, soft = dice.uniform(0, 2 * math.pi), dice.uniform(0.01, 0.12)
        across = math.cos(angle) * (x - dice.uniform(0.3, 0.7)) + math.sin(angle) * (y - dice.uniform(0.3, 0.7))
        dark = 1 / (1 + np.exp(-np.clip(across / soft, -50, 50)))
        light = light * (1 - 0.7 * strengths["shadow"] * dark)[..., None]
    if strengths["glare"]:
        dice = _dice("glare", seed)
        for _ in range(int(dice.integers(1, 4))):
            middle, spread = dice.uniform(0.15, 0.85, 2), dice.uniform(0.05, 0.16, 2)
            far = ((x - middle[0]) / spread[0]) ** 2 + ((y - middle[1]) / spread[1]) ** 2
            spot = 0.85 * strengths["glare"] * np.exp(-(far**2) / 2)
            light = light + (255 - light) * spot[..., None]
    return Image.fromarray(light.round().clip(0, 255).astype(np.uint8))


def _captured(
    image: Image, strengths: Mapping[str, float], seed: int, card_width: int
) -> tuple[Image, tuple[float, float]]:
    """Blur, resolution, noise and compression; also by what the picture shrank, across and down."""
    from PIL import Image, ImageFilter

    factor = (1.0, 1.0)
    if strengths["blur"]:
        image = image.filter(ImageFilter.GaussianBlur(0.0025 * card_width * strengths["blur"]))
    if strengths["resolution"]:
        scale = (360 / card_width) ** strengths["resolution"]
        size = (round(image.width * scale), round(image.height * scale))
        factor = (size[0] / image.width, size[1] / image.height)
        image = image.resize(size, Image.Resampling.LANCZOS)
    if strengths["noise"]:
        levels = np.asarray(image, dtype=float)
        levels = levels + _dice("noise", seed).normal(0, 30 * strengths["noise"], levels.shape)
        image = Image.fromarray(levels.round().clip(0, 255).astype(np.uint8))
    if strengths["jpeg"]:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=round(95 - 65 * strengths["jpeg"]))
        image = Image.open(buffer).convert("RGB")
    return image, factor
