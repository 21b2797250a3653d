import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cardocr_nb.errors import ImageError
from cardocr_nb.frame import PolygonArray
from cardocr_nb.plot._image_sources import photo_of
from cardocr_nb.plot._reading_corners import reading_corners
from cardocr_nb.review._review_crops import Pictures, crop, outlined

RED, BLUE = (200, 0, 0), (0, 0, 200)


def quad(angle, width=120.0, height=30.0, center=(150.0, 100.0)):
    """Corners of a box turned by an angle, degrees."""
    a = np.radians(angle)
    turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    box = np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)]) * (width / 2, height / 2)
    return box @ turn + center


def painted(corners):
    """A white picture on which the left half of a box is red and its right half blue."""
    from PIL import ImageDraw

    image = Image.new("RGB", (300, 200), "white")
    draw = ImageDraw.Draw(image)
    top, bottom = (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
    for points, color in (([corners[0], corners[1], bottom, top], RED), ([top, bottom, corners[2], corners[3]], BLUE)):
        draw.polygon([tuple(p) for p in points], fill=color)
    return np.asarray(image)


def opened(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


@pytest.mark.parametrize("angle", [0, 10, -35])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1)])
def test_a_tilted_field_is_rectified_for_any_order_of_its_corners(angle, order):
    corners = quad(angle)
    frame = pd.DataFrame({"job_id": "j", "key": "1.jpg", "field": "name", "card_type": None, "polygon": [None]})
    frame["polygon"] = PolygonArray.from_numpy(corners[None, list(order)])
    out = opened(crop(photo_of(painted(corners)), reading_corners(frame, frame)[0]))
    height, width = out.shape[:2]
    assert width / height == pytest.approx((120 + 21) / (30 + 21), rel=0.02)
    inner = out[int(height * 0.3) : int(height * 0.7)]
    assert np.abs(inner[:, int(width * 0.15) : int(width * 0.45)] - RED).max() < 60
    assert np.abs(inner[:, int(width * 0.55) : int(width * 0.85)] - BLUE).max() < 60
    assert (out[:2] > 200).all()


def test_a_field_at_the_edge_is_filled_up_with_gray():
    corners = quad(0, center=(70.0, 10.0))
    assert (opened(crop(photo_of(painted(corners)), corners))[0] == 128).all()


@pytest.mark.parametrize("corners", [[(5, 5)] * 4, [(0, 0), (10, 0), (20, 0), (30, 0)]])
def test_a_place_without_area_still_gives_a_picture(corners):
    assert min(opened(crop(photo_of(painted(quad(0))), corners)).shape[:2]) >= 1


def test_the_field_is_outlined_on_the_whole_card():
    corners = quad(0)
    plain, out = (
        opened(outlined(photo_of(painted(corners)), None)),
        opened(outlined(photo_of(painted(corners)), corners)),
    )
    assert plain.shape == out.shape == (200, 300, 3)
    assert np.abs(plain[100, 90] - out[100, 90]).max() > 60
    assert np.abs(plain[180, 280] - out[180, 280]).max() < 10


def test_a_large_photo_is_made_smaller_with_its_outline_in_place():
    out = opened(outlined(photo_of(np.full((1000, 2800, 3), 255, np.uint8)), quad(0, 400, 200, (1400, 500))))
    assert out.shape == (500, 1400, 3)
    assert out[200, 700].tolist() != [255] * 3


def test_pictures_lie_in_a_folder_or_where_a_mapping_says_and_nowhere_else(tmp_path, photo):
    photo(tmp_path / "in" / "1.png")
    photo(tmp_path / "out.png")
    (tmp_path / "in" / "text.png").write_text("no picture")
    folder = Pictures(tmp_path / "in")
    assert folder.photo("1.png").size == (64, 40)
    assert folder.photo("1.png") is folder.photo("1.png")
    assert Pictures({"k": tmp_path / "out.png"}).photo("k").size == (64, 40)
    for key in ("../out.png", "2.png", "a\0b"):
        with pytest.raises(FileNotFoundError, match=r"picture of .* is missing"):
            folder.photo(key)
    with pytest.raises(ImageError):
        folder.photo("text.png")
