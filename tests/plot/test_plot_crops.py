from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from cardocr_nb.errors import ImageError
from cardocr_nb.plot._field_crops import rectified
from cardocr_nb.plot._image_sources import find_picture, photo_of

COLORS = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}


def quartered(turn):
    """A field in four colors, turned by `turn` degrees, and its corners as it is read."""
    picture = Image.new("RGB", (400, 400), "black")
    pen = ImageDraw.Draw(picture)
    angle = np.radians(turn)
    across, down = 120 * np.array([np.cos(angle), np.sin(angle)]), 60 * np.array([-np.sin(angle), np.cos(angle)])
    start = np.array([200, 200]) - (across + down) / 2
    for name, (i, j) in zip(COLORS, [(0, 0), (0, 1), (1, 0), (1, 1)], strict=True):
        a = start + across * j / 2 + down * i / 2
        pen.polygon([tuple(p) for p in (a, a + down / 2, a + (across + down) / 2, a + across / 2)], fill=name)
    return np.asarray(picture), [start, start + down, start + across + down, start + across]


@pytest.mark.parametrize("turn", [0, 17, 90, 180, 305])
def test_a_field_is_straightened_whichever_way_it_lies(turn):
    crop = rectified(*quartered(turn), height=40, margin=0)
    assert crop.shape == (40, 80, 3)
    middles = [crop[y, x] for y in (10, 30) for x in (20, 60)]
    assert np.abs(np.array(middles, dtype=int) - [*COLORS.values()]).max() < 30


def test_a_margin_shows_the_surroundings():
    crop = rectified(*quartered(0), height=60, margin=0.5)
    assert crop.shape == (60, 90, 3)
    assert crop[5, 45].max() < 30
    assert crop[18, 20].tolist() == [255, 0, 0]


def test_what_lies_outside_the_picture_is_gray():
    crop = rectified(np.full((50, 50, 3), 255, np.uint8), [(30, 10), (30, 30), (90, 30), (90, 10)], height=20, margin=0)
    assert crop[10, 5].tolist() == [255] * 3
    assert crop[10, 50].tolist() == [128] * 3


@given(st.lists(st.tuples(st.integers(-50, 150), st.integers(-50, 150)), min_size=4, max_size=4))
def test_any_four_points_give_a_crop_of_bounded_size(corners):
    crop = rectified(np.zeros((80, 100, 3), np.uint8), corners, height=16)
    assert crop.shape[0] == 16
    assert 1 <= crop.shape[1] <= 25 * 16


class Bucket:
    """What a client does, without a service."""

    def __init__(self, folder):
        self.folder = folder

    def download(self, key, path):
        from cardocr_nb.errors import NotFoundError

        if not (self.folder / key).is_file():
            raise NotFoundError("NoSuchKey", "no such object", status=404)
        path.write_bytes((self.folder / key).read_bytes())
        return path


@pytest.mark.parametrize("how", ["folder", "text", "mapping", "bucket"])
def test_a_picture_is_found_by_its_key_wherever_pictures_are(how, photo, tmp_path):
    photo(tmp_path / "front" / "1.png", size=(64, 40))
    images = {
        "folder": tmp_path,
        "text": str(tmp_path),
        "mapping": {"front/1.png": tmp_path / "front" / "1.png"},
        "bucket": Bucket(tmp_path),
    }[how]
    assert find_picture("front/1.png", images).size == (64, 40)
    assert find_picture("front/2.png", images) is None


def test_a_key_does_not_lead_out_of_the_folder(photo, tmp_path):
    photo(tmp_path / "secret.png")
    (tmp_path / "cards").mkdir()
    assert find_picture("../secret.png", tmp_path / "cards") is None
    assert find_picture("cards/../../secret.png", tmp_path / "cards") is None
    assert find_picture("a\0.png", tmp_path / "cards") is None


def files_of(folder):
    return {
        "list": lambda: sorted(folder.rglob("*.png")),
        "generator": lambda: folder.rglob("*.png"),
        "column of each field": lambda: pd.Series([str(path) for path in sorted(folder.rglob("*.png"))] * 3),
        "column with a missing file": lambda: pd.Series([None, *map(str, folder.rglob("*.png"))]),
        "index": lambda: pd.Index([str(path) for path in folder.rglob("*.png")]),
        "array": lambda: np.array([str(path) for path in folder.rglob("*.png")]),
        "pattern": lambda: f"{folder}/*/*.png",
        "the folder that the keys begin with": lambda: folder / "front",
        "one file": lambda: folder / "front" / "1.png",
    }


@pytest.mark.parametrize("how", files_of(Path()))
def test_a_picture_is_found_among_files_in_every_usual_form(how, photo, tmp_path):
    photo(tmp_path / "front" / "1.png", size=(64, 40))
    photo(tmp_path / "back" / "1.png", size=(40, 64))
    assert find_picture("front/1.png", files_of(tmp_path)[how]()).size == (64, 40)
    assert find_picture("front/2.png", files_of(tmp_path)[how]()) is None


def test_a_column_of_files_with_keys_as_index_finds_files_of_any_name(photo, tmp_path):
    photo(tmp_path / "a.png", size=(64, 40))
    photo(tmp_path / "1.png", size=(40, 64))
    files = pd.Series([str(tmp_path / "a.png"), str(tmp_path / "1.png")], index=["front/1.png", "front/2.png"])
    assert find_picture("front/1.png", files).size == (64, 40)
    assert find_picture("front/2.png", files).size == (40, 64)
    two = pd.concat([files, pd.Series([str(tmp_path / "1.png")], index=["front/1.png"])])
    assert find_picture("front/1.png", two) is None


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (pd.DataFrame({"image": ["a.png"]}), r"DataFrame of shape \(1, 1\); pass its column of files"),
        (pd.Series([1, 2]), "got a list with 1"),
        (np.zeros((9, 9)), r"got a ndarray of shape \(9, 9\)"),
        (b"picture", "got a bytes of 7 bytes"),
    ],
)
def test_what_is_not_a_source_of_pictures_is_described(images, said):
    with pytest.raises(TypeError, match=f"^images must be a folder.*{said}"):
        find_picture("front/1.png", images)


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    (tmp_path / "1.jpg").write_text("no picture")
    with pytest.raises(ImageError):
        find_picture("1.jpg", tmp_path)


def test_a_client_of_the_embedded_service_fetches_pictures(photo, tmp_path):
    from cardocr_nb._client import Client

    photo(tmp_path / "front" / "1.png", size=(64, 40))
    client = Client.local(tmp_path)
    assert find_picture("front/1.png", client).pixels.shape == (40, 64, 3)
    assert find_picture("front/2.png", client) is None


@pytest.mark.parametrize(
    ("dtype", "advice"),
    [(float, r"\(255 \* image\).astype\('uint8'\)"), (np.uint16, "got uint16"), (bool, "got bool")],
)
def test_an_array_of_another_dtype_is_refused_with_what_to_do(dtype, advice):
    with pytest.raises(TypeError, match=f"an image array must have the dtype uint8, 0 to 255, .*{advice}"):
        find_picture("a.jpg", {"a.jpg": np.zeros((5, 8, 3), dtype)})


def test_an_array_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"got \(5,\)"):
        photo_of(np.zeros(5, np.uint8))


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_crop_of_a_reduced_photo_shows_the_same_field(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    card = Image.new("RGB", (1203, 601), "white")
    card.paste((200, 0, 0), (400, 200, 800, 300))
    card.save(tmp_path / "1.png", exif=exif)
    whole, reduced = (photo_of(tmp_path / "1.png", most) for most in (10**6, 10**5))
    assert whole.size == reduced.size == whole.pixels.shape[1::-1]
    assert reduced.pixels.size * 4 < whole.pixels.size
    rows, columns = (np.flatnonzero((whole.pixels[:, :, 1] == 0).any(axis=axis)) for axis in (1, 0))
    left, right, top, bottom = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    quad = np.array([(left, top), (left, bottom), (right, bottom), (right, top)], dtype=float)
    first, second = (
        rectified(photo.pixels, photo.scaled(quad), height=30, margin=0)[3:-3, 3:-3] for photo in (whole, reduced)
    )
    assert np.abs(first.mean(axis=(0, 1)) - second.mean(axis=(0, 1))).max() < 5
    assert np.allclose(reduced.unscaled(reduced.scaled(quad)), quad)
