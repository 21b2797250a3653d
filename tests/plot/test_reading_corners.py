"""Crops of fields are upright whichever way up the card lies."""

import numpy as np
import pandas as pd
import pytest

from cardocr_nb.frame import PolygonArray, conform, to_frame
from cardocr_nb.plot._field_crops import rectified
from cardocr_nb.plot._reading_corners import reading_corners
from cardocr_nb.polygon import ordered
from cardocr_nb.specimen import draw
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

ORDERS = [(0, 1, 2, 3), (2, 3, 0, 1), (3, 1, 0, 2)]


def photographed(kind, quarters):
    """Pixels, frame and the corners as read of a drawn card that was turned by quarters anticlockwise."""
    specimen = draw(kind, 3)
    pixels = np.ascontiguousarray(np.rot90(np.asarray(specimen.image.convert("RGB")), quarters))
    width, height = specimen.image.size
    turned = []
    for points in specimen.polygons.values():
        x, y = np.asarray(points, dtype=float).T
        for _ in range(quarters):
            x, y = y, (width if _ % 2 == 0 else height) - x
        turned.append(np.stack([x, y], axis=1).round())
    fields = tuple(Field(name, "样本", 99) for name in specimen.polygons)
    frame = to_frame(Job("j", JobState.SUCCESS, "1.jpg", kind, result=CardResult(fields, key="1.jpg", status=1)))
    frame["field"] = pd.Categorical(list(specimen.polygons), categories=frame["field"].cat.categories)
    return pixels, frame, np.stack(turned)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("kind", ["IDCard", "DriverLicense"])
def test_corners_begin_at_the_top_left_of_the_text_in_any_order_of_the_wire(kind, quarters, order):
    _, frame, corners = photographed(kind, quarters)
    frame["polygon"] = PolygonArray.from_numpy(corners[:, list(order)])
    assert (reading_corners(frame, frame) == corners).all()
    some = frame.iloc[[3, 1]]
    assert (reading_corners(frame, some) == corners[[3, 1]]).all()


@pytest.mark.parametrize("quarters", range(4))
def test_a_crop_of_a_turned_card_is_that_of_the_upright_one(quarters):
    crops = []
    for turns in (0, quarters):
        pixels, frame, corners = photographed("IDCard", turns)
        frame["polygon"] = PolygonArray.from_numpy(corners)
        crops.append([rectified(pixels, quad).astype(int) for quad in reading_corners(frame, frame)])
    for flat, turned in zip(*crops, strict=True):
        assert flat.shape == turned.shape
        assert np.abs(flat - turned).mean() < 3


def test_without_a_card_type_or_a_place_corners_are_ordered_or_missing():
    _, frame, corners = photographed("IDCard", 2)
    frame["polygon"] = PolygonArray.from_numpy(corners)
    frame["card_type"] = None
    frame = conform(frame)
    assert (reading_corners(frame, frame) == ordered(corners)).all()
    frame.loc[1, "polygon"] = None
    assert np.isnan(reading_corners(frame, frame)[1]).all()
    assert reading_corners(frame, frame.iloc[:0]).shape == (0, 4, 2)
