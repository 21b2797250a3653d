"""Each step alone: on a drawn picture or on recorded data of the step before it."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cardocr_nb.local.engine import _networks as networks
from cardocr_nb.local.engine._box_selection import in_turn, worth_reading
from cardocr_nb.local.engine._confidence import scores
from cardocr_nb.local.engine._detection import find, redirected
from cardocr_nb.local.engine._field_extraction import fill, name
from cardocr_nb.local.engine._field_value import Value
from cardocr_nb.local.engine._layout import LAYOUTS
from cardocr_nb.local.engine._line_crops import ImagePyramid
from cardocr_nb.local.engine._recognition import Char, Line, read, upside_down
from cardocr_nb.specimen import degrade, draw

sys.path.insert(0, str(Path(__file__).parent))
from record_lines import SPECIMENS, load, picture

LICENSES = [n for n in SPECIMENS if n.startswith("licence")]


@pytest.fixture(scope="module")
def models():
    return networks.load()


def texts(readings):
    return {r.field: r.value.text for r in readings}


@pytest.mark.parametrize("recording", SPECIMENS)
def test_recorded_lines_become_the_true_fields(recording):
    kind, truth, _, lines = load(recording)
    readings, _ = name(lines, kind)
    assert texts(readings) == truth


@pytest.mark.parametrize("recording", SPECIMENS)
def test_the_order_of_the_lines_does_not_matter(recording):
    kind, truth, _, lines = load(recording)
    assert texts(name(lines[::-1], kind)[0]) == truth


@pytest.mark.parametrize("recording", SPECIMENS)
def test_lines_of_one_card_name_nothing_on_the_other(recording):
    kind, _, _, lines = load(recording)
    other = "IDCard" if kind == "DriverLicense" else "DriverLicense"
    assert name(lines, other) == ([], [])


@pytest.mark.parametrize("recording", ["id_flat", "licence_flat", "licence_turned"])
def test_values_without_labels_are_no_card(recording):
    kind, truth, _, lines = load(recording)
    values = [line for line in lines if "".join(c.text for c in line.chars) in "".join(truth.values())]
    assert values
    assert name(values, kind) == ([], [])


def test_no_lines_are_no_card():
    assert name([], "IDCard") == ([], [])


def test_a_card_twice_on_a_picture_is_read_once():
    kind, truth, _, lines = load("id_flat")
    aside = [Line(tuple((x + 1400, y + 30) for x, y in line.corners), line.chars) for line in lines]
    assert texts(name([*lines, *aside], kind)[0]) == truth


def test_a_value_that_was_not_read_is_a_gap_and_not_a_guess():
    kind, truth, _, lines = load("licence_flat")
    rest = [line for line in lines if "".join(c.text for c in line.chars) != truth["licence_number"]]
    readings, gaps = name(rest, kind)
    assert texts(readings) == {f: t for f, t in truth.items() if f != "licence_number"}
    assert [gap.field for gap in gaps] == ["licence_number"]


def test_a_gap_is_filled_by_what_its_box_says(models):
    kind, truth, _, lines = load("licence_flat")
    rest = [line for line in lines if "".join(c.text for c in line.chars) != truth["licence_number"]]
    (gap,) = name(rest, kind)[1]
    sheet = ImagePyramid(np.ascontiguousarray(picture("licence_flat")[:, :, ::-1]))
    from cardocr_nb.local.engine._recognition import read_box

    reading = fill(gap, read_box(sheet, np.array(gap.box), models, let_out=False), kind)
    assert reading is not None
    assert reading.value.text == truth["licence_number"]


def test_a_gap_that_shows_nothing_stays_one():
    kind, truth, _, lines = load("licence_flat")
    rest = [line for line in lines if "".join(c.text for c in line.chars) != truth["licence_number"]]
    (gap,) = name(rest, kind)[1]
    corners = ((0.0, 0.0), (480.0, 0.0), (0.0, 48.0))
    assert fill(gap, Line(corners, ()), kind) is None
    noise = Line(corners, (Char("1", 0.9, (0.1, 0.2, 0.2, 0.8)),))
    assert fill(gap, noise, kind) is None


def said(line):
    return "".join(c.text for c in line.chars)


def boxes_of(lines):
    corners = np.array([line.corners for line in lines])
    start, end, below = corners[:, 0], corners[:, 1], corners[:, 2]
    return np.stack([start, end, end + below - start, below], axis=1)


@pytest.mark.parametrize("recording", SPECIMENS)
def test_boxes_that_hold_a_field_are_worth_reading_once_labels_show_the_card(recording):
    kind, truth, _, lines = load(recording)
    values = "".join(truth.values())
    wanted, _ = worth_reading(lines, boxes_of(lines), kind)
    for line, worth in zip(lines, wanted, strict=True):
        assert worth or said(line) not in values or len(said(line)) < 2


def test_titles_translations_and_what_lies_beside_the_card_are_not_worth_reading():
    kind, _, _, lines = load("licence_flat")
    boxes = boxes_of(lines)
    wanted, _ = worth_reading(lines, boxes, kind)
    skipped = {said(line) for line, worth in zip(lines, wanted, strict=True) if not worth}
    assert "样本驾驶证SPECIMEN" in skipped
    translations = {said(line) for line in lines if said(line).isascii() and sum(c.islower() for c in said(line)) > 1}
    assert len(translations) >= 8
    assert translations <= skipped
    assert not worth_reading(lines, boxes + 3000, kind)[0].any()


def test_translations_of_labels_not_read_yet_wait_for_them():
    kind, _, _, lines = load("licence_flat")
    few = [line for line in lines if said(line) in ("证号", "住址", "初次领证日期", "有效期限", "发证单位")]
    late = {
        said(line) for line, waits in zip(lines, worth_reading(few, boxes_of(lines), kind)[1], strict=True) if waits
    }
    assert {"Name", "Class", "DateofBirth"} <= late
    assert not late & {slot.label for slot in LAYOUTS[kind][0].slots.values()}


def test_few_labels_do_not_show_where_the_card_lies():
    kind, _, _, lines = load("licence_flat")
    few = [line for line in lines if said(line).startswith(("姓名", "国籍", "性别"))]
    assert len(few) >= 3
    assert worth_reading(few, boxes_of(lines), kind) is None
    assert worth_reading([], boxes_of(lines), kind) is None


def test_usual_boxes_come_first_and_slanting_ones_last():
    usual = np.array([(0.0, 0.0), (90.0, 0.0), (90.0, 20.0), (0.0, 20.0)])
    flat = [usual + np.array([0, 40 * n]) for n in range(4)]
    turn = np.radians(30)
    slanting = usual @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    ordered = in_turn(np.array([slanting, 3 * usual, *flat]), 0.0)
    assert np.array_equal(ordered, [*flat, 3 * usual, slanting])
    assert len(in_turn(np.empty((0, 4, 2)), 0.0)) == 0


def test_a_row_that_glare_parts_is_looked_at_again_between_its_parts():
    kind, truth, _, lines = load("licence_flat")
    whole = next(line for line in lines if said(line) and truth["address"].startswith(said(line)))
    torn = Line(whole.corners, whole.chars[:7] + whole.chars[9:])
    rest = [line for line in lines if line is not whole]
    readings, gaps = name([*rest, torn], kind)
    assert [(gap.field, gap.torn) for gap in gaps] == [("address", True)]
    assert {r.field: r.value.lawful for r in readings}["address"] is False
    start, end, _ = (np.array(corner) for corner in whole.corners)
    low, high = np.array(gaps[0].box).min(0), np.array(gaps[0].box).max(0)
    hidden = [start + (end - start) * (char.box[0] + char.box[2]) / 2 for char in whole.chars[7:9]]
    assert all(low[0] < x < high[0] for x, _ in hidden)
    between = Line(whole.corners, whole.chars[6:10])
    again, gaps = name([*rest, torn, between], kind)
    assert texts(again) == truth
    assert gaps == []


def test_a_character_in_two_boxes_counts_once_and_takes_no_neighbour_with_it():
    kind, truth, _, lines = load("licence_flat")
    whole = next(line for line in lines if len(said(line)) > 6 and truth["address"].startswith(said(line)))
    first, second = whole.chars[:2]
    unsure = Line(whole.corners, (replace(first, prob=0.7), *whole.chars[1:]))
    # Cut off with more room behind it, so that its middle lies nearer to the next character.
    wide = replace(
        first,
        prob=0.95,
        box=(first.box[0], first.box[1], second.box[0] + 0.3 * (second.box[2] - second.box[0]), first.box[3]),
    )
    rest = [line for line in lines if line is not whole]
    assert texts(name([*rest, unsure, Line(whole.corners, (wide,))], kind)[0]) == truth


def test_a_value_in_one_box_with_a_translation_is_kept_without_it():
    kind, truth, _, lines = load("licence_flat")
    whole = next(line for line in lines if said(line) == truth["vehicle_class"])
    start, end, below = (np.array(corner) for corner in whole.corners)
    longer = Line((tuple(2 * start - end), tuple(end), tuple(below + start - end)), ())
    moved = [replace(c, box=(0.5 + c.box[0] / 2, c.box[1], 0.5 + c.box[2] / 2, c.box[3])) for c in whole.chars]
    word = [Char(letter, 0.99, (0.1 + n / 10, 0.4, 0.18 + n / 10, 0.9)) for n, letter in enumerate("lass")]
    rest = [line for line in lines if line is not whole]
    assert texts(name([*rest, replace(longer, chars=(*word, *moved))], kind)[0]) == truth


@pytest.mark.parametrize("recording", ["id_flat", "id_turned"])
def test_recorded_boxes_are_read(recording, models):
    _, _, boxes, lines = load(recording)
    sheet = ImagePyramid(np.ascontiguousarray(picture(recording)[:, :, ::-1]))
    read_now, _ = read(sheet, boxes, models)
    assert {said(line) for line in lines if line.prob > 0.95} <= {said(line) for line in read_now}


def test_the_wrong_way_up_is_noticed(models):
    _, _, boxes, _ = load("id_flat")
    sheet = ImagePyramid(np.ascontiguousarray(picture("id_flat")[:, :, ::-1]))
    lines, turned = read(sheet, upside_down(boxes), models)
    assert turned
    assert min(line.prob for line in lines[:3]) > 0.9


def test_ink_boxes_lie_on_the_ink(models):
    image = np.full((200, 700, 3), 255, np.uint8)
    from PIL import Image, ImageDraw

    from cardocr_nb._fonts import pil_font

    sheet = Image.fromarray(image)
    pen = ImageDraw.Draw(sheet)
    pen.text((100, 80), "公民身份", font=pil_font(48), fill="black")
    rows, columns = np.nonzero(np.asarray(sheet)[:, :, 0] < 128)
    left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    boxes = np.array(
        [[(left - 8, top - 8), (right + 8, top - 8), (right + 8, bottom + 8), (left - 8, bottom + 8)]], float
    )
    ((line,), _) = read(ImagePyramid(np.asarray(sheet)), boxes, models)
    assert [c.text for c in line.chars] == list("公民身份")
    start, end, below = (np.array(c) for c in line.corners)
    found = np.array([c.box for c in line.chars])
    assert start[0] + found[:, 0].min() * (end - start)[0] == pytest.approx(left, abs=3)
    assert start[0] + found[:, 2].max() * (end - start)[0] == pytest.approx(right, abs=3)
    assert start[1] + found[:, 1].min() * (below - start)[1] == pytest.approx(top, abs=3)
    assert start[1] + found[:, 3].max() * (below - start)[1] == pytest.approx(bottom, abs=3)


@pytest.mark.parametrize("turn", [0, 30, 90, 137, -60])
def test_the_angle_of_the_text_is_found(models, turn):
    card = draw("IDCard", 21).image.rotate(-turn, expand=True, fillcolor=(90, 90, 90))
    found = find(np.ascontiguousarray(np.asarray(card)[:, :, 0]), models, 608)
    assert len(found.boxes) >= 6
    assert (found.angle - turn + 90) % 180 - 90 == pytest.approx(0, abs=1)


def test_short_texts_take_the_direction_they_are_given(models):
    found = find(np.ascontiguousarray(picture("licence_flat")[:, :, 0]), models, 608)
    boxes = redirected(found, 10.0)
    assert 0 < len(boxes) < len(found.boxes)
    along = boxes[:, 1] - boxes[:, 0]
    assert np.degrees(np.arctan2(along[:, 1], along[:, 0])) == pytest.approx(10.0)
    assert redirected(find(np.full((60, 90), 255, np.uint8), models, 480), 10.0).shape == (0, 4, 2)


def test_corners_run_along_the_text(models):
    card = degrade(draw("IDCard", 22), {"perspective": 1.0}, 22)
    found = find(np.ascontiguousarray(np.asarray(card.image)[:, :, 0]), models, 608)
    along = found.boxes[:, 1] - found.boxes[:, 0]
    down = found.boxes[:, 3] - found.boxes[:, 0]
    assert (along[:, 0] > 0).all()
    assert (along[:, 0] * down[:, 1] - along[:, 1] * down[:, 0] > 0).all()


@pytest.mark.parametrize("shape", [(600, 900), (1, 1), (3, 4000), (4000, 3)])
def test_a_blank_page_has_no_boxes(models, shape):
    assert len(find(np.full(shape, 255, np.uint8), models, 480).boxes) == 0


def value(text, prob=0.99, lawful=None):
    return Value(text, tuple(range(len(text))), (prob,) * len(text), lawful)


def test_a_broken_rule_lowers_the_score():
    good = scores({"id_number": value("990000194912310026", lawful=True)})["id_number"]
    bad = scores({"id_number": value("990000194912310021", lawful=False)})["id_number"]
    assert good > 90
    assert bad < 40


def test_the_number_confirms_or_contradicts_the_birth_date_and_the_gender():
    number = value("990000194912310026", lawful=True)
    agreed = scores({"id_number": number, "birth_date": value("1949年12月31日"), "gender": value("女")})
    denied = scores({"id_number": number, "birth_date": value("1949年12月21日"), "gender": value("男")})
    assert agreed["birth_date"] > 95
    assert agreed["gender"] > 95
    assert denied["birth_date"] < 50
    assert denied["gender"] < 50


def test_unsure_characters_lower_the_score():
    assert scores({"address": value("样本省示例市虚构区", 0.8)})["address"] < 30
