"""Large pictures are reduced for the engine; polygons stay in pixels of the full picture."""

import io

import numpy as np
import pytest
from PIL import Image

from cardocr_nb.local import _worker
from cardocr_nb.local._worker import read_content
from cardocr_nb.local.engine import Engine
from cardocr_nb.wire import Field


class DarkRectangle:
    """A reader that returns the place of all that is dark."""

    def read(self, image, card_type):
        self.size = image.shape[1::-1]
        rows, columns = (np.flatnonzero((image[:, :, 0] < 128).any(axis=axis)) for axis in (1, 0))
        left, right, top, bottom = (int(n) for n in (columns[0], columns[-1] + 1, rows[0], rows[-1] + 1))
        return [
            Field("姓名", "x", 99, ((left, top), (left, bottom), (right, bottom), (right, top))),
            Field("性别", "男", 98),
        ]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_polygons_stay_in_pixels_of_the_full_picture(kind, orientation, monkeypatch):
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image = Image.new("RGB", (1003, 601), "white")
    image.paste((0, 0, 0), (120, 60, 480, 180))
    image.save(file, kind, exif=exif)
    whole, reduced = DarkRectangle(), DarkRectangle()
    expected = read_content(file.getvalue(), "IDCard", whole).fields
    monkeypatch.setattr(_worker, "_LARGE", 500_000)
    monkeypatch.setattr(_worker, "_MOST_PIXELS", 100_000)
    found = read_content(file.getvalue(), "IDCard", reduced).fields
    assert reduced.size[0] * 2 < whole.size[0]
    assert np.abs(np.subtract(found[0].polygon, expected[0].polygon)).max() <= 5
    assert found[1] == expected[1]


def test_the_engine_reads_a_reduced_card_at_its_place(data, monkeypatch):
    with Image.open(data / "cards" / "id" / "0001.jpg") as card:
        file = io.BytesIO()
        card.resize((2 * card.width, 2 * card.height)).save(file, "JPEG")
    engine = Engine(threads=1)
    expected = read_content(file.getvalue(), "IDCard", engine).fields
    monkeypatch.setattr(_worker, "_LARGE", 1)
    monkeypatch.setattr(_worker, "_MOST_PIXELS", card.width * card.height + 1)
    found = read_content(file.getvalue(), "IDCard", engine).fields
    assert [(f.label, f.text) for f in found] == [(f.label, f.text) for f in expected]
    assert len(found) >= 5
    for one, other in zip(found, expected, strict=True):
        assert np.abs(np.subtract(one.polygon, other.polygon)).max() < 0.02 * 2 * card.width
