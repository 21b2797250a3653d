"""The sample cards of the project: ``python -m cardocr_nb.specimen._sample data`` draws them again.

Below the folder: ``cards/id/0001.jpg`` to ``0012.jpg`` and ``cards/licence/0001.jpg`` to ``0012.jpg``, ``truth.csv`` with a
row a field, and ``truth_polygons.csv``. The last four of each card are photographed-looking; one of them is stored turned,
with an EXIF orientation that says so. With the same font the pictures come out the same.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb.cards import CardType
from cardocr_nb.specimen._degradation import degrade
from cardocr_nb.specimen._drawing import Specimen, draw
from cardocr_nb.specimen._files import jpeg, write_truth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

MOST_BYTES = 140_000
"""Of one picture, so that the repository stays small."""

_CLEAN, _PHOTOS = 8, 4
_PHOTO = {
    "perspective": 0.45,
    "rotation": 0.04,
    "shadow": 0.45,
    "glare": 0.15,
    "blur": 0.15,
    "noise": 0.2,
}
_TURNED = _CLEAN + 3
_FOLDERS = {"id": (CardType.ID_CARD, 100, 6), "licence": (CardType.DRIVER_LICENSE, 1500, 8)}
"""What is in a folder, the seed before its first, and the EXIF orientation of picture `_TURNED`."""


def make(folder: str | Path) -> dict[str, Specimen]:
    """Draw the sample cards; files of these names are replaced.

    Parameters
    ----------
    folder : path
        ``data`` of the project, or any other.

    Returns
    -------
    dict of str to Specimen
        By key: the path below ``cards``, with forward slashes.

    Raises
    ------
    MissingExtraError
        A Chinese font is missing.
    """
    cards = Path(folder) / "cards"
    specimens = {}
    for place, (kind, seed, turned) in _FOLDERS.items():
        (cards / place).mkdir(parents=True, exist_ok=True)
        for number in range(1, _CLEAN + _PHOTOS + 1):
            specimen = draw(kind, seed + number)
            if number > _CLEAN:
                specimen = degrade(specimen, _PHOTO, seed + number)
            key = f"{place}/{number:04d}.jpg"
            (cards / key).write_bytes(_small(specimen.image, turned if number == _TURNED else 1))
            specimens[key] = specimen
    write_truth(folder, specimens)
    return specimens


def _small(image: Image, orientation: int) -> bytes:
    for quality in range(90, 30, -5):
        stored = jpeg(image, quality=quality, orientation=orientation)
        if len(stored) <= MOST_BYTES:
            return stored
    raise AssertionError(f"a sample of {image.size} does not fit into {MOST_BYTES} bytes")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The folder; those of the process by default.
    """
    parser = argparse.ArgumentParser(prog="python -m cardocr_nb.specimen._sample", description="Draw the sample cards.")
    parser.add_argument("folder", type=Path, help="where to, for example: data")
    make(parser.parse_args(arguments).folder)


if __name__ == "__main__":
    main()
