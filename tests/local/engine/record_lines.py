"""Write the recordings that the tests of field extraction use: run after a change of the steps before it.

``python tests/local/engine/record_lines.py`` draws specimens, detects and recognizes their lines with the real networks, and stores
those with the truth under ``recorded/``.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from cardocr_nb.local.engine import _networks as networks
from cardocr_nb.local.engine._detection import detect
from cardocr_nb.local.engine._line_crops import ImagePyramid, ink_channel
from cardocr_nb.local.engine._recognition import Char, Line, recognize_upright
from cardocr_nb.specimen import degrade, draw

FOLDER = Path(__file__).parent / "recorded"
SPECIMENS = {
    "id_flat": ("IDCard", 11, "form", {}),
    "id_phone": ("IDCard", 12, "form", {"phone": 1.0}),
    "id_turned": ("IDCard", 13, "plain", {"rotation": 1.0}),
    "licence_flat": ("DriverLicense", 11, "form", {}),
    "licence_listed": ("DriverLicense", 11, "plain", {}),
    "licence_clutter": ("DriverLicense", 14, "form", {"clutter": 1.0}),
    "licence_turned": ("DriverLicense", 15, "form", {"rotation": 1.0}),
}


def load(name: str) -> tuple[str, dict[str, str], np.ndarray, list[Line]]:
    """Card type, truth, boxes and lines of a recording."""
    stored = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    lines = [
        Line(
            tuple(map(tuple, line["corners"])),
            tuple(
                Char(**{**c, "box": tuple(c["box"]), "alternatives": tuple(map(tuple, c["alternatives"]))})
                for c in line["chars"]
            ),
        )
        for line in stored["lines"]
    ]
    return stored["card_type"], stored["truth"], np.array(stored["boxes"]), lines


def picture(name: str) -> np.ndarray:
    """The specimen of a recording, red, green, blue."""
    kind, seed, design, conditions = SPECIMENS[name]
    card = draw(kind, seed, design=design)
    return np.asarray((degrade(card, conditions, seed) if conditions else card).image)


def main() -> None:
    """Record all."""
    models = networks.load()
    FOLDER.mkdir(exist_ok=True)
    for name, (kind, seed, design, _) in SPECIMENS.items():
        image = picture(name)
        found = detect(ink_channel(*(np.ascontiguousarray(image[:, :, c]) for c in (0, 1))), models, 736)
        lines, _ = recognize_upright(ImagePyramid(np.ascontiguousarray(image[:, :, ::-1])), found.boxes, models)
        stored = {
            "card_type": kind,
            "truth": dict(draw(kind, seed, design=design).texts),
            "boxes": found.boxes.round(1).tolist(),
            "lines": [asdict(line) for line in lines],
        }
        (FOLDER / f"{name}.json").write_text(json.dumps(stored, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
