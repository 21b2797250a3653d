import numpy as np
import pytest
from PIL import Image, ImageDraw

from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb.local.engine._anchors import Anchor
from cardocr_nb.local.engine._card_evidence import card_confidence, has_portrait
from cardocr_nb.local.engine._card_pose import CardPose
from cardocr_nb.local.engine._field_extraction import Extracted, Extraction
from cardocr_nb.local.engine._field_value import Value
from cardocr_nb.local.engine._placed_chars import PlacedChar
from cardocr_nb.local.engine._recognition import Char

SIZE = 856, 540
POSE = CardPose(LAYOUTS["IDCard"][0], np.array([[0.1, 0.0, 0.0], [0.0, 0.1, 0.0]]), {})
"""A card that fills a picture of 10 pixels a millimeter."""


def face(paper=(225, 232, 240), off=(0, 0)):
    picture = Image.new("RGB", SIZE, paper)
    pen = ImageDraw.Draw(picture)
    x, y = 690 + off[0], 190 + off[1]
    pen.ellipse((x - 65, y - 95, x + 65, y + 40), fill=(40, 32, 28))
    pen.ellipse((x - 50, y - 60, x + 50, y + 75), fill=(226, 184, 156))
    pen.polygon([(x - 115, y + 190), (x - 40, y + 80), (x + 40, y + 80), (x + 115, y + 190)], fill=(60, 70, 110))
    return np.asarray(picture)


@pytest.mark.parametrize("off", [(0, 0), (-40, 50)])
def test_a_drawn_head_is_a_portrait_also_a_few_millimeters_off(off):
    assert has_portrait(POSE, face(off=off))


def test_the_edge_of_a_shadow_through_the_head_hides_no_portrait():
    shaded = face().astype(float)
    shaded[:, 690:] *= 0.45
    assert has_portrait(POSE, shaded.astype(np.uint8))


@pytest.mark.parametrize("edge", [600, 650, 690, 740, 800])
@pytest.mark.parametrize("lean", [-0.3, 0.0, 0.4])
def test_the_edge_of_a_page_on_a_table_is_no_portrait(edge, lean):
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    table = np.stack([40 + 0 * x, 150 + 50 * np.sin(y / 9), 140 + 50 * np.sin(y / 9)], 2)
    scene = np.where((x < edge + lean * (y - 270))[..., None], (250, 240, 220), table)
    assert not has_portrait(POSE, scene.astype(np.uint8))


def test_print_and_a_button_are_no_portrait():
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 200, 850, 260), fill=(42, 125, 225))
    for y in range(20, 540, 40):
        pen.text((100, y), "2019-08-21 " * 40, fill=(30, 30, 30), font_size=24)
    assert not has_portrait(POSE, np.asarray(picture))


def label(name, x, y):
    corners = np.array([(x, y), (x, y + 25), (x + 50, y + 25), (x + 50, y)], float)
    char = PlacedChar(Char("签", 1.0, (0.0, 0.0, 1.0, 1.0)), 0, 0, corners, corners.mean(0), frozenset("签"))
    return Anchor(name, (char,), (0.0, 0.0))


def confidence(ethnicity=(274, 146), values=6):
    places = {
        "name": (84, 81),
        "gender": (84, 146),
        "address": (84, 276),
        "id_number": (135, 477),
        "birth_date": (84, 211),
    }
    anchors = {name: label(name, *at) for name, at in {**places, "ethnicity": ethnicity}.items()}
    values = {
        name: Extracted(name, name, Value("文", (0,), (1.0,), is_valid=True), ()) for name in list(anchors)[:values]
    }
    pose = CardPose(POSE.layout, POSE.matrix, anchors)
    return card_confidence(Extraction(pose, values), face())


def test_a_list_with_a_portrait_is_no_card_and_labels_in_one_row_are():
    assert confidence(ethnicity=(274, 146)) > 0.9
    assert confidence(ethnicity=(84, 178)) < 0.5


def test_labels_and_a_portrait_with_one_value_are_no_card():
    assert confidence(values=3) > 0.9
    assert confidence(values=1) < 0.5
