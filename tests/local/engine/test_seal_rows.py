"""A red seal is found by its ink and recognized row by row."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb._fonts import pil_font
from cardocr_nb.cards import field_name
from cardocr_nb.local.engine._card_pose import CardPose
from cardocr_nb.local.engine._card_reading import CardReading
from cardocr_nb.local.engine._detection import detect
from cardocr_nb.local.engine._recognition import Char, Line
from cardocr_nb.local.engine._seal_rows import read_seal, row_boxes
from cardocr_nb.local.engine._seal_square import beyond, is_red, outside, redness, seal_square, warped
from cardocr_nb.specimen import draw

TEXT = "青川省白石市公安局公安交通管理局"


def stamped(text, across, *, side=300, turn=0.0, red=(205, 60, 60), at=None):
    """Draw a license, cover its seal, and stamp another one of so many characters in a row."""
    card = draw("DriverLicense", 4)
    quad = card.polygons["issuing_authority"]
    left, top = quad.min(0)
    right, bottom = quad.max(0)
    image = card.image.convert("RGB")
    pen = ImageDraw.Draw(image)
    pen.rectangle((left - 25, top - 25, right + 25, bottom + 25), image.getpixel((int(right) + 40, int(bottom) + 40)))
    stamp = Image.new("L", (side, side), 0)
    ink = ImageDraw.Draw(stamp)
    ink.rectangle((3, 3, side - 4, side - 4), outline=235, width=5)
    rows = [text[i : i + across] for i in range(0, len(text), across)]
    pitch = (side - 20) / max(across, len(rows))
    font = pil_font(round(0.9 * pitch), 500)
    for y, row in enumerate(rows):
        for x, letter in enumerate(row):
            ink.text((12 + x * (side - 20) / across, 8 + y * (side - 20) / len(rows)), letter, fill=235, font=font)
    stamp = stamp.rotate(turn, Image.Resampling.BICUBIC)
    middle = (left + right) / 2, (top + bottom) / 2
    x, y = at or (middle[0] - side / 2, middle[1] - side / 2)
    image.paste(red, (round(x), round(y)), stamp)
    return np.asarray(image)


def authority(engine, picture):
    return {field_name(f.label): f.text for f in engine.read(picture, "DriverLicense")}.get("issuing_authority")


@pytest.mark.parametrize(
    ("text", "across", "turn", "red"),
    [
        (TEXT, 4, 2.5, (205, 60, 60)),
        ("白石市公安局交警支队", 4, -2.0, (226, 130, 130)),
        ("青川省公安厅交通管理局", 5, 0.0, (190, 40, 50)),
    ],
)
def test_all_rows_of_a_seal_are_recognized_for_each_number_of_rows(engine, text, across, turn, red):
    assert authority(engine, stamped(text, across, side=210, turn=turn, red=red)) == text


def test_a_seal_on_a_card_on_a_red_table_is_recognized(engine):
    picture = stamped(TEXT, 4, side=210)
    table = np.full((picture.shape[0] + 200, picture.shape[1] + 240, 3), (150, 40, 35), np.uint8)
    table[90 : 90 + picture.shape[0], 110 : 110 + picture.shape[1]] = picture
    assert authority(engine, table) == TEXT


def test_a_seal_under_a_cloudy_sleeve_is_recognized(engine):
    picture = stamped(TEXT, 4, side=210).astype(float)
    assert authority(engine, np.asarray(0.5 * picture + 120, np.uint8)) == TEXT


@pytest.mark.parametrize("pale", [(240, 215, 215), (240, 224, 224)])
def test_a_pale_seal_is_found_though_the_edges_show_a_red_table(pale):
    layout = LAYOUTS["DriverLicense"][0]
    picture = np.full((600, 880, 3), (190, 20, 110), np.uint8)
    picture[25:575, 25:855] = 240
    cv2.rectangle(picture, (60, 340), (230, 510), pale, 6)
    for row in range(4):
        for column in range(4):
            cv2.rectangle(picture, (80 + 38 * column, 358 + 38 * row), (104 + 38 * column, 382 + 38 * row), pale, 5)
    square = seal_square(picture, CardPose(layout, np.array([[0.1, 0, 0], [0, 0.1, 0]]), {}))
    assert square == pytest.approx(np.array([(57, 337), (233, 337), (233, 513), (57, 513)]), abs=6)


@pytest.mark.parametrize("gap", [12, 20, 26])
def test_rows_with_much_room_between_them_are_cut_in_its_middle(gap):
    picture, square = np.full((120, 120, 3), 255, np.uint8), np.array([(0, 0), (120, 0), (120, 120), (0, 120)], float)
    for row in range(3):
        picture[row * 40 + gap // 2 : (row + 1) * 40 - gap // 2, 6:114:4] = (220, 90, 90)
    boxes = next(boxes for boxes in row_boxes(picture, square) if len(boxes) == 3)
    high = np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
    assert high.max() < 1.3 * high.min()


def test_a_seal_in_grain_and_shadow_keeps_its_square(engine):
    picture = stamped(TEXT, 4, side=210) * 0.3 + np.random.default_rng(3).normal(0, 5, (1, 1))
    noise = np.random.default_rng(4).normal(0, 5, picture.shape)
    assert authority(engine, np.asarray(np.clip(picture + noise, 0, 255), np.uint8)) == TEXT


def test_gray_words_across_a_seal_are_not_of_it(engine):
    picture = Image.fromarray(stamped(TEXT, 4, side=210))
    quad = draw("DriverLicense", 4).polygons["issuing_authority"]
    x, y = quad.mean(0)
    ImageDraw.Draw(picture).text((x + 88, y + 40), "仅供", fill=(120, 120, 120), font=pil_font(34, 400))
    assert authority(engine, np.asarray(picture)) == TEXT


def test_the_color_of_the_light_does_not_make_black_ink_red():
    page = np.full((60, 90, 3), 240, np.uint8)
    cv2.putText(page, "12", (10, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 3)
    warm = np.asarray(page * np.array([1.0, 0.85, 0.6]), np.uint8)
    assert np.abs(redness(warm)).max() < 0.35


@pytest.mark.parametrize(("ink", "is_seal"), [((20, 20, 24), False), ((190, 50, 55), True)])
def test_black_rows_over_a_red_mark_are_no_seal(models, ink, is_seal):
    picture = Image.fromarray(stamped("", 4, side=210, red=(240, 150, 150)))
    x, y = draw("DriverLicense", 4).polygons["issuing_authority"].mean(0) - 105
    for row in range(0, len(TEXT), 4):
        ImageDraw.Draw(picture).text((x + 12, y + 8 + 12 * row), TEXT[row : row + 4], ink, pil_font(44))
    reading = CardReading(np.asarray(picture), "DriverLicense", models)
    pose = reading._first_look()[0].pose
    assert seal_square(reading.image, pose) is not None
    assert (read_seal(reading.image, reading.pyramid, pose, models) is not None) == is_seal


@pytest.mark.parametrize("light", [(1.0, 1.0, 1.0), (1.0, 0.85, 0.6), (0.4, 0.4, 0.5)])
def test_of_the_values_of_a_card_the_seal_is_red_in_any_light(light):
    card = draw("DriverLicense", 4)
    fields = list(card.polygons)
    boxes = np.array([card.polygons[field] for field in fields])[:, [0, 3, 2, 1]]
    picture = np.asarray(np.asarray(card.image.convert("RGB")) * np.array(light), np.uint8)
    assert [f for f, red in zip(fields, is_red(picture, boxes), strict=True) if red] == ["issuing_authority"]
    assert is_red(picture, boxes[:0]).tolist() == []


@pytest.mark.parametrize("length", [1e3, 1e6, np.inf])
def test_a_part_that_a_wrong_pose_makes_larger_than_the_picture_is_warped_without_an_error(length):
    picture = np.full((90, 160, 3), 240, np.uint8)
    assert warped(picture, np.diag([1e-3, 1e-3, 1.0]), (120, 120), length).shape == (120, 120, 3)


def test_boxes_within_a_seal_are_left_out():
    square = np.array([(0.0, 0), (100, 0), (100, 100), (0, 100)])
    box = np.array([(10.0, 10), (60, 10), (60, 30), (10, 30)])
    assert beyond(np.array([box, box + 200]), square).tolist() == [False, True]


@pytest.mark.parametrize(("ink", "level", "kept"), [(0.05, 112.0, True), (0.9, 112.0, False), (0.05, 150.0, False)])
def test_a_line_of_black_print_that_reaches_into_the_edge_of_a_seal_is_kept(ink, level, kept):
    square = np.array([(100.0, 100), (200, 100), (200, 200), (100, 200)])
    box = np.array([(90.0, level - 12), (190, level - 12), (190, level + 12), (90, level + 12)])
    chars = tuple(Char(c, 0.99, (0.2 * n, 0.1, 0.2 * n + 0.18, 0.9), redness=ink) for n, c in enumerate("门面房二楼"))
    line = Line((tuple(box[0]), tuple(box[1]), tuple(box[3])), chars)
    assert (outside([line], square) == (line,)) == kept
    # By its place alone a box of the first row of a seal, which lies deeper, is not distinguished from print.
    assert beyond(box[None] - (0, 4), square).tolist() == [level < 120]


def test_a_number_is_looked_for_where_each_form_has_it_if_its_label_was_not_read(engine):
    card = draw("DriverLicense", 12)
    reading = CardReading(np.asarray(card.image.convert("RGB")), "DriverLicense", engine.loaded())
    _, lines, _ = reading._surest_group(detect(reading.ink, engine.loaded(), 608))
    without = [line for line in lines if not {"证", "号", "N"} & {c.text for c in line.chars}]
    extraction = reading.extract(without)
    pose = extraction.pose
    levels = {
        round(float(pose.on_card(np.array(gap.box))[:, 1].mean()), 1)
        for gap in extraction.gaps
        if gap.field == "licence_number"
    }
    assert max(levels) - min(levels) > 1.5


@pytest.mark.parametrize("seed", [12, 13])
def test_a_number_that_the_detector_did_not_see_is_found_where_the_misprint_of_the_card_puts_it(engine, seed):
    card = draw("DriverLicense", seed)
    models, picture = engine.loaded(), np.asarray(card.image.convert("RGB"))
    reading = CardReading(picture, "DriverLicense", models)
    _, lines, _ = reading._surest_group(detect(reading.ink, models, 608))
    number = card.texts["licence_number"]
    without = tuple(line for line in lines if number not in "".join(c.text for c in line.chars))
    assert len(without) < len(lines)
    lost = reading.extract(without)
    assert "licence_number" not in lost.fields
    assert reading._reread(lost, without).fields["licence_number"].value.text == number
