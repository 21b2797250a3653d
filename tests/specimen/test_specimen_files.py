import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.specimen import CONDITIONS, degrade, draw, read_conditions, write
from cardocr_nb.specimen._files import jpeg


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_pictures_are_written_with_the_truth_of_each(tmp_path):
    paths = write(tmp_path / "new", 3, "DriverLicense", seed=20)
    assert [path.name for path in paths] == ["0001.jpg", "0002.jpg", "0003.jpg"]
    truth = rows(tmp_path / "new/truth.csv")
    assert list(truth[0]) == ["key", "card_type", "field", "text"]
    for number in range(3):
        written = {r["field"]: r["text"] for r in truth if r["key"] == f"{number + 1:04d}.jpg"}
        assert written == draw("DriverLicense", 20 + number).texts
    assert {r["card_type"] for r in truth} == {"DriverLicense"}


def test_polygons_are_written_as_they_lie_in_the_spoilt_picture(tmp_path):
    write(tmp_path, 2, "IDCard", seed=7, conditions={"rotation": 0.2})
    spoilt = degrade(draw("IDCard", 8), {"rotation": 0.2}, 8)
    with Image.open(tmp_path / "0002.jpg") as written:
        assert written.size == spoilt.image.size
    places = {r["field"]: r for r in rows(tmp_path / "truth_polygons.csv") if r["key"] == "0002.jpg"}
    for field, polygon in spoilt.polygons.items():
        read = [float(places[field][f"{axis}{i}"]) for i in range(1, 5) for axis in "xy"]
        assert np.abs(polygon.ravel() - read).max() <= 0.05 + 1e-9


@pytest.mark.parametrize(
    ("n", "kind", "conditions"), [(0, "IDCard", {}), (1, "Passport", {}), (1, "IDCard", {"fog": 1})]
)
def test_what_cannot_be_drawn_is_refused(tmp_path, n, kind, conditions):
    with pytest.raises(InvalidRequestError):
        write(tmp_path, n, kind, conditions=conditions)


@given(st.dictionaries(st.sampled_from(sorted(CONDITIONS)), st.floats(0, 1)))
def test_conditions_read_back_as_they_are_written(conditions):
    assert read_conditions(f"{name}={strength}" for name, strength in conditions.items()) == conditions


@given(st.text().filter(lambda text: text.partition("=")[0] not in CONDITIONS))
def test_a_condition_that_does_not_exist_is_refused(text):
    with pytest.raises(InvalidRequestError):
        read_conditions([text])


@given(st.sampled_from(sorted(CONDITIONS)), st.text() | st.floats(1.001).map(str))
def test_a_strength_that_is_none_is_refused(name, strength):
    try:
        fine = 0 <= float(strength) <= 1
    except ValueError:
        fine = False
    if not fine:
        with pytest.raises(InvalidRequestError):
            read_conditions([f"{name}={strength}"])


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_picture_stored_turned_is_upright_for_whoever_reads_the_tag(orientation):
    image = Image.new("RGB", (64, 48), "white")
    image.paste("black", (0, 0, 16, 16))
    stored = Image.open(io.BytesIO(jpeg(image, orientation=orientation)))
    assert stored.getexif().get(0x0112, 1) == orientation
    assert stored.size == ((48, 64) if orientation > 4 else (64, 48))
    upright = ImageOps.exif_transpose(stored)
    assert np.abs(np.asarray(upright, dtype=int) - np.asarray(image, dtype=int)).max() < 30
