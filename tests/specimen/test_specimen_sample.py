import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.specimen import _sample as sample

DATA = Path(__file__).parents[2] / "data"
KEYS = [f"{folder}/{number:04d}.jpg" for folder in ("id", "licence") for number in range(1, 13)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    return folder, sample.make(folder)


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_there_are_twelve_of_each_card_and_nothing_else():
    assert sorted(p.relative_to(DATA / "cards").as_posix() for p in (DATA / "cards").rglob("*") if p.is_file()) == KEYS


def test_the_samples_in_the_project_are_those_that_the_command_makes(made):
    folder, specimens = made
    assert list(specimens) == KEYS
    assert (DATA / "truth.csv").read_bytes() == (folder / "truth.csv").read_bytes()


def test_the_truth_has_each_field_of_each_sample_once():
    truth = rows(DATA / "truth.csv")
    for key in KEYS:
        kind = CardType.ID_CARD if key.startswith("id/") else CardType.DRIVER_LICENSE
        own = [r for r in truth if r["key"] == key]
        assert tuple(r["field"] for r in own) == expected_fields(kind)
        assert {r["card_type"] for r in own} == {str(kind)}
        assert all(r["text"] for r in own)


def test_every_number_of_a_sample_begins_with_99():
    numbers = [r["text"] for r in rows(DATA / "truth.csv") if r["field"] in ("id_number", "licence_number")]
    assert len(numbers) == 24
    assert all(number.startswith("99") for number in numbers)


@pytest.mark.parametrize("key", KEYS)
def test_a_sample_is_a_small_jpeg_and_upright_when_its_tag_is_followed(key):
    path = DATA / "cards" / key
    assert path.stat().st_size <= sample.MOST_BYTES
    turned = {"id/0011.jpg": 6, "licence/0011.jpg": 8}.get(key)
    with Image.open(path) as stored:
        assert stored.format == "JPEG"
        assert dict(stored.getexif()) == ({0x0112: turned} if turned else {})
        upright = ImageOps.exif_transpose(stored)
    assert upright.width > upright.height


def test_a_polygon_of_the_truth_lies_on_ink():
    places = rows(DATA / "truth_polygons.csv")
    assert [(r["key"], r["field"]) for r in places] == [(r["key"], r["field"]) for r in rows(DATA / "truth.csv")]
    for key in KEYS:
        with Image.open(DATA / "cards" / key) as stored:
            levels = np.asarray(ImageOps.exif_transpose(stored).convert("L"), dtype=int)
        for row in (r for r in places if r["key"] == key):
            x = [float(row[f"x{i}"]) for i in range(1, 5)]
            y = [float(row[f"y{i}"]) for i in range(1, 5)]
            inside = levels[int(min(y)) : int(max(y)) + 1, int(min(x)) : int(max(x)) + 1]
            assert np.percentile(inside, 2) < 0.75 * np.median(inside), (key, row["field"])


def test_the_command_takes_a_folder(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(sample, "make", asked.append)
    sample.main([str(tmp_path)])
    assert asked == [tmp_path]
