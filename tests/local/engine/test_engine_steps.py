"""Each step alone: on a drawn picture or on recorded data of the step before it."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cardocr_nb import cards, errors
from cardocr_nb.local.engine import _networks as networks
from cardocr_nb.local.engine._block_shapes import is_square, rows_are_full, spacing_is_even
from cardocr_nb.local.engine._box_selection import on_card, sure_pose, translations
from cardocr_nb.local.engine._confidence import score_fields
from cardocr_nb.local.engine._crop_ink import ink_tones
from cardocr_nb.local.engine._detection import detect, detect_within
from cardocr_nb.local.engine._field_extraction import Gap, extract_fields, reread_gap, with_missing
from cardocr_nb.local.engine._field_value import Value
from cardocr_nb.local.engine._form_print import pale_chars, print_of_labels, without_marks
from cardocr_nb.local.engine._kind_costs import begins_with_region
from cardocr_nb.local.engine._label_places import LabelPlace, label_places
from cardocr_nb.local.engine._line_crops import ImagePyramid, ink_channel
from cardocr_nb.local.engine._placed_chars import place_chars
from cardocr_nb.local.engine._recognition import Char, Line, recognize_box, recognize_upright, rotate180
from cardocr_nb.local.engine._segments import Segment
from cardocr_nb.local.engine._value_chains import Surroundings, chains_of
from cardocr_nb.specimen import degrade, draw

sys.path.insert(0, str(Path(__file__).parent))
from record_lines import SPECIMENS, load, picture


def extracted(lines, kind):
    return extract_fields(lines, kind, {f.name: f.label for f in cards.FIELDS[cards.CardType(kind)]})


def texts(lines, kind):
    return {name: field.value.text for name, field in extracted(lines, kind).fields.items()}


def line_text(line):
    return "".join(c.text for c in line.chars)


def ink(image):
    red, green = (np.ascontiguousarray(image[:, :, channel]) for channel in (0, 1))
    return ink_channel(red, green)


@pytest.mark.parametrize("recording", SPECIMENS)
def test_recorded_lines_become_the_true_fields(recording):
    kind, truth, _, lines = load(recording)
    assert texts(lines, kind) == truth


@pytest.mark.parametrize("recording", SPECIMENS)
def test_the_order_of_the_lines_does_not_matter(recording):
    kind, truth, _, lines = load(recording)
    assert texts(lines[::-1], kind) == truth


@pytest.mark.parametrize("recording", [n for n in SPECIMENS if n.startswith("licence")])
def test_lines_of_a_license_are_no_identity_card(recording):
    _, _, _, lines = load(recording)
    pose = extracted(lines, "IDCard").pose
    assert pose is None or pose.agreement < 4


def test_no_lines_are_no_card():
    assert extracted([], "IDCard").pose is None


def test_a_card_twice_on_a_picture_is_read_once():
    kind, truth, _, lines = load("id_flat")
    aside = [Line(tuple((x + 1400, y + 30) for x, y in line.corners), line.chars) for line in lines]
    assert texts([*lines, *aside], kind) == truth


@pytest.mark.parametrize("recording", ["id_flat", "licence_flat", "licence_listed"])
def test_values_are_found_without_any_label_but_three(recording):
    kind, truth, _, lines = load(recording)
    labels = [f.label for f in cards.FIELDS[cards.CardType(kind)]]
    alone = [line for line in lines if line_text(line) in labels]
    kept = {line_text(line) for line in alone[:3]}
    rest = [line for line in lines if line_text(line) not in labels or line_text(line) in kept]
    assert texts(rest, kind) == truth


@pytest.mark.parametrize("down", [-2.0, 2.0])
def test_values_printed_two_millimeters_off_the_form_keep_their_fields(down):
    kind, truth, _, lines = load("licence_flat")
    values = {text.replace(" ", "") for text in truth.values()}
    shift = np.array([0.0, down * 12.1])
    moved = [
        replace(line, corners=tuple(tuple(np.array(c) + shift) for c in line.corners))
        if line_text(line) in values
        else line
        for line in lines
    ]
    assert texts(moved, kind) == truth


@pytest.fixture
def without_number():
    kind, truth, _, lines = load("licence_flat")
    rest = [line for line in lines if truth["licence_number"] not in line_text(line)]
    assert len(rest) < len(lines)
    label = next(line for line in lines if truth["licence_number"] in line_text(line))
    part = replace(label, chars=tuple(c for c in label.chars if c.text in "证号"))
    return kind, truth, [*rest, part] if part.chars else rest


def test_a_value_that_was_not_read_is_a_gap_and_not_a_guess(without_number):
    kind, truth, rest = without_number
    extraction = extracted(rest, kind)
    assert {n: e.value.text for n, e in extraction.fields.items()} == {
        f: t for f, t in truth.items() if f != "licence_number"
    }
    assert {gap.field for gap in extraction.gaps} == {"licence_number"}


def test_a_gap_is_read_again(without_number, models):
    kind, truth, rest = without_number
    gap, *_ = extracted(rest, kind).gaps
    pyramid = ImagePyramid(np.ascontiguousarray(picture("licence_flat")[:, :, ::-1]))
    again = reread_gap(gap, recognize_box(pyramid, np.array(gap.box), models, extend=False), kind)
    assert again is not None
    assert again.value.text == truth["licence_number"]


def test_a_place_is_recognized_without_the_paper_around_its_ink(without_number, models):
    kind, _, rest = without_number
    gap, *_ = extracted(rest, kind).gaps
    pyramid = ImagePyramid(np.ascontiguousarray(picture("licence_flat")[:, :, ::-1]))
    whole, trimmed = (recognize_box(pyramid, np.array(gap.box), models, extend=False, trim=t) for t in (False, True))
    assert line_text(trimmed) == line_text(whole)
    long, short = (np.linalg.norm(np.subtract(*line.corners[:2])) for line in (whole, trimmed))
    assert 0.5 * long < short < long
    paper = ImagePyramid(np.full((60, 400, 3), 230, np.uint8))
    box = np.array([(5.0, 5.0), (395.0, 5.0), (395.0, 50.0), (5.0, 50.0)])
    no_networks = models._replace(recognizer=None)
    assert recognize_box(paper, box, no_networks, extend=False, trim=True).chars == ()


@pytest.mark.parametrize(("text", "kept"), [("C", False), ("二层", False), ("样本省示例市青云路", True)])
def test_a_gap_gives_an_address_only_with_a_region(text, kept):
    line = Line(((0.0, 0.0), (480.0, 0.0), (0.0, 48.0)), tuple(Char(c, 0.95, (0.1, 0.2, 0.2, 0.8)) for c in text))
    gap = Gap("address", "住址", ((0.0, 0.0), (480.0, 0.0), (480.0, 48.0), (0.0, 48.0)))
    assert (reread_gap(gap, line, "IDCard") is not None) == kept


def test_a_gap_that_shows_nothing_stays_one(without_number):
    kind, _, rest = without_number
    gap, *_ = extracted(rest, kind).gaps
    corners = ((0.0, 0.0), (480.0, 0.0), (0.0, 48.0))
    assert reread_gap(gap, Line(corners, ()), kind) is None
    assert reread_gap(gap, Line(corners, (Char("1", 0.9, (0.1, 0.2, 0.2, 0.8)),)), kind) is None


def boxes_of(lines):
    corners = np.array([line.corners for line in lines])
    start, end, below = corners[:, 0], corners[:, 1], corners[:, 2]
    return np.stack([start, end, end + below - start, below], axis=1)


@pytest.mark.parametrize("recording", SPECIMENS)
def test_boxes_that_hold_a_field_are_selected_once_anchors_show_the_card(recording):
    kind, truth, _, lines = load(recording)
    values = "".join(truth.values())
    wanted = on_card(boxes_of(lines), sure_pose(lines, kind))
    for line, selected in zip(lines, wanted, strict=True):
        assert selected or line_text(line) not in values or len(line_text(line)) < 2


def test_translations_and_what_is_outside_the_card_are_not_selected():
    kind, _, _, lines = load("licence_listed")
    boxes = boxes_of(lines)
    wanted = on_card(boxes, sure_pose(lines, kind))
    skipped = {line_text(line) for line, selected in zip(lines, wanted, strict=True) if not selected}
    translated = {text for line in lines if (text := line_text(line)).isascii() and sum(c.islower() for c in text) > 1}
    assert len(translated) >= 8
    assert translated <= skipped
    assert not on_card(boxes + 3000, sure_pose(lines, kind)).any()


def test_the_translated_title_is_left_out_only_above_a_number_and_below_a_title_or_with_labels_that_replace_it():
    kind, _, _, lines = load("licence_turned")
    boxes = boxes_of(lines)
    english = [line_text(line).startswith("DrivingLicense") for line in lines]
    whole = sure_pose(lines, kind)
    assert sum(english) == 1
    assert on_card(boxes, whole)[english].tolist() == [False]
    labels = {name for name in whole.anchors if name in whole.layout.fields}
    assert len(labels) > 5
    few = {*sorted(labels)[:4]}
    for unread, selected in (({"title"}, False), ({"title"} | labels - few, True), ({"licence_number:value"}, True)):
        pose = replace(whole, anchors={name: a for name, a in whole.anchors.items() if name not in unread})
        assert on_card(boxes, pose)[english].tolist() == [selected]
    number = [i for i, line in enumerate(lines) if re.search(r"\d{17}", line_text(line))]
    assert on_card(boxes, whole)[number].all()


def test_the_place_under_a_label_that_was_not_read_is_a_reason_to_wait_and_not_to_leave_out():
    kind, _, _, lines = load("licence_listed")
    boxes = boxes_of(lines)
    whole = sure_pose(lines, kind)
    under = [line_text(line) == "DateofBirth" for line in lines]
    pose = replace(whole, anchors={name: a for name, a in whole.anchors.items() if name != "birth_date"}, moved={})
    assert on_card(boxes, whole)[under].tolist() == [False]
    assert on_card(boxes, pose)[under].tolist() == [True]
    assert translations(boxes, pose, read=False)[under].tolist() == [True]


@pytest.mark.parametrize(
    ("contrasts", "pale"),
    [
        ([0.15, 0.35, 0.8, 0.9, 0.9, 0.9], set()),  # glare at the start, in the middle, and at the end of a line
        ([0.9, 0.65, 0.35, 0.2, 0.25, 0.4, 0.9, 0.9, 0.9], set()),
        ([0.9, 0.9, 0.9, 0.6, 0.3, 0.15], set()),
        ([0.2, 0.2, 0.9, 0.9, 0.9, 0.9], {0, 1}),  # a watermark before, within and behind the text
        ([0.9, 0.9, 0.25, 0.9, 0.25, 0.9, 0.9], {2, 4}),
        ([0.9, 0.9, 0.9, 0.9, 0.3, 0.3], {4, 5}),
    ],
)
def test_ink_that_fades_under_glare_is_kept_and_ink_that_is_pale_at_once_is_not(contrasts, pale):
    square = np.array([(0, 0), (0, 9), (9, 9), (9, 0)], float)
    row = [SimpleNamespace(char=SimpleNamespace(contrast=c, text="市"), corners=square) for c in contrasts]
    assert pale_chars(row) == pale


def test_few_labels_do_not_show_where_the_card_is():
    kind, _, _, lines = load("licence_flat")
    few = [line for line in lines if line_text(line).startswith(("姓名", "国籍", "性别"))]
    assert len(few) >= 3
    assert sure_pose(few, kind) is None
    assert sure_pose([], kind) is None


def test_a_hole_in_an_address_is_read_again_and_lowers_the_score():
    kind, truth, _, lines = load("licence_listed")
    whole = next(line for line in lines if len(line_text(line)) > 6 and truth["address"].startswith(line_text(line)))
    torn = replace(whole, chars=whole.chars[:3] + whole.chars[5:])
    rest = [line for line in lines if line is not whole]
    extraction = extracted([*rest, torn], kind)
    assert [(gap.field, gap.torn) for gap in extraction.gaps] == [("address", True)]
    assert extraction.fields["address"].doubt < 0.8
    between = replace(whole, chars=whole.chars[2:6])
    again = extracted([*rest, torn, between], kind)
    assert {n: e.value.text for n, e in again.fields.items()} == truth
    assert again.gaps == ()


def test_a_character_in_two_boxes_counts_once():
    kind, truth, _, lines = load("licence_listed")
    whole = next(line for line in lines if len(line_text(line)) > 6 and truth["address"].startswith(line_text(line)))
    first = replace(whole.chars[0], confidence=0.95)
    rest = [line for line in lines if line is not whole]
    unsure = replace(whole, chars=(replace(first, confidence=0.7), *whole.chars[1:]))
    assert texts([*rest, unsure, replace(whole, chars=(first,))], kind) == truth


def test_a_character_that_one_of_two_boxes_misread_counts_once():
    kind, truth, _, lines = load("licence_clutter")
    last = next(line for line in lines if len(line_text(line)) > 2 and truth["address"].endswith(line_text(line)))
    left, top, right, bottom = last.chars[0].box
    wide = right - left
    # One box begins more to the left, where something else is taken for the first character; the other one holds all, indented.
    misread = replace(last.chars[0], text="2", confidence=0.76, box=(left, top, right, bottom))
    indented = [replace(c, box=(c.box[0] + wide, c.box[1], c.box[2] + wide, c.box[3])) for c in last.chars]
    rest = [line for line in lines if line is not last]
    other = (misread, *(replace(char, confidence=0.9) for char in indented[1:]))
    assert texts([*rest, replace(last, chars=tuple(indented)), replace(last, chars=other)], kind) == truth


def address_row(y, text, left=12.7):
    chars = tuple(SimpleNamespace(char=Char(c, 0.9, (0.0, 0.0, 1.0, 1.0))) for c in text)
    places = np.array([(left + 1.3 + 2.6 * i, y) for i in range(len(text))])
    return Segment(chars, places, left, left + 2.6 * len(text), y, 2.5, 0.0)


def address_chains(*rows):
    labels = {"address": LabelPlace(4.0, 8.5, 23.0, sure=True)}
    around = Surroundings("DriverLicense", labels, {}, [*rows], 88.0)
    return {tuple(s.text for s in chain) for chain in chains_of("address", around)}


def test_an_address_does_not_begin_with_a_row_of_one_character():
    rows = "二", "云溪省长滩市雁鸣县", "胜利南街5"
    chains = address_chains(*(address_row(y, text) for y, text in zip((21.2, 23.8, 27.1), rows, strict=True)))
    assert chains == {rows[1:2], rows[1:], rows[2:]}


def test_the_end_of_a_label_before_the_first_row_does_not_part_it_from_the_next_one():
    rows = "1m云溪省长滩市雁鸣县", "胜利南街5"
    assert rows in address_chains(address_row(23.8, rows[0], left=7.5), address_row(27.1, rows[1]))


def test_a_second_script_above_the_name_is_not_part_of_it():
    kind, truth, _, lines = load("id_flat")
    name = next(line for line in lines if truth["name"] in line_text(line))
    start, end, below = (np.array(c) for c in name.corners)
    for side in (-1, 1):
        corners = tuple(tuple(point + side * 1.0 * (below - start)) for point in (start, end, below))
        chars = tuple(Char(c, 0.5, (0.3 + n / 10, 0.2, 0.38 + n / 10, 0.8)) for n, c in enumerate("井志目"))
        assert texts([*lines, Line(corners, chars)], kind)["name"] == truth["name"]


def test_the_second_page_of_a_license_does_not_reach_into_the_first():
    kind, truth, _, lines = load("licence_flat")
    second = [replace(line, corners=tuple((x + 1100, y + 12) for x, y in line.corners)) for line in lines]
    assert texts([*lines, *second], kind) == truth


@pytest.mark.parametrize("recording", ["id_flat", "id_turned"])
def test_recorded_boxes_are_recognized(recording, models):
    _, _, boxes, lines = load(recording)
    pyramid = ImagePyramid(np.ascontiguousarray(picture(recording)[:, :, ::-1]))
    now, _ = recognize_upright(pyramid, boxes, models)
    assert {line_text(line) for line in lines if line.confidence > 0.95} <= {line_text(line) for line in now}


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_box_that_lost_characters_at_its_end_is_read_as_far_as_the_ink_continues(models, lost):
    _, truth, _, lines = load("licence_flat")
    line = next(line for line in lines if line_text(line).startswith(truth["address"][:6]))
    start, end, below = np.array(line.corners)
    end = start + line.chars[-lost - 1].box[2] * (end - start)
    box = np.array([start, end, end + below - start, below])
    pyramid = ImagePyramid(np.ascontiguousarray(picture("licence_flat")[:, :, ::-1]))
    assert line_text(recognize_box(pyramid, box, models)) == line_text(line)


def test_a_hyphen_in_a_blur_is_not_a_mark_under_the_text():
    _, _, _, lines = load("licence_flat")
    line = next(line for line in lines if line_text(line).count("-") == 2)
    blurred = [replace(c, contrast=0.2 * c.contrast if c.text == "-" else c.contrast) for c in line.chars]
    (row,) = place_chars([replace(line, chars=tuple(blurred))])
    assert [c.char.text for c in without_marks(row)] == [c.text for c in line.chars]


def test_boxes_upside_down_are_turned(models):
    _, _, boxes, _ = load("id_flat")
    pyramid = ImagePyramid(np.ascontiguousarray(picture("id_flat")[:, :, ::-1]))
    lines, turned = recognize_upright(pyramid, rotate180(boxes), models)
    assert turned
    assert np.mean([line.confidence for line in lines]) > 0.9


def test_red_ink_is_known_by_its_characters(models):
    _, truth, _, lines = load("licence_flat")
    seal = [line for line in lines if line_text(line) in truth["issuing_authority"] and len(line.chars) > 2]
    assert seal
    assert min(char.redness for line in seal for char in line.chars) > 0.5
    number = next(line for line in lines if truth["licence_number"] in line_text(line))
    assert max(char.redness for char in number.chars[-18:]) < 0.2


@pytest.mark.parametrize(("paper", "pigment", "red"), [
    ((240, 240, 240), (20, 20, 20), False),
    ((250, 225, 180), (70, 30, 12), False),
    ((250, 240, 235), (225, 100, 105), True),
    ((110, 95, 70), (100, 38, 30), True),
])  # fmt: skip
def test_a_seal_is_red_and_black_ink_in_warm_light_is_not(paper, pigment, red):
    crop = np.full((48, 90, 3), paper[::-1], np.uint8)
    crop[10:30, 20:40] = pigment[::-1]
    [(_, redness)] = ink_tones(crop, [(0.2, 0.2, 0.5, 0.7)])
    assert (redness > 0.4) == red


@pytest.mark.parametrize("recording", ["id_flat", "licence_flat"])
def test_print_of_labels_in_other_boxes_is_known_by_its_place_and_values_are_not(recording):
    _, _, _, lines = load(recording)
    labels = [line for line in lines if line_text(line) in ("姓名", "住址", "性别")]
    lower = [Line(tuple((x, y + 5.0) for x, y in line.corners), line.chars[1:]) for line in labels]
    extraction = extracted(lines, "IDCard" if recording.startswith("id") else "DriverLicense")
    rows = place_chars([*lines, *lower])
    used = {(c.line, c.place) for anchor in extraction.pose.labels.values() for c in anchor.chars}
    again = print_of_labels(rows, extraction.pose, label_places(extraction.pose)[1]) - used
    assert again == {(len(lines) + n, 0) for n in range(len(labels))}


def part(y, count, height=3.0):
    return SimpleNamespace(y=y, height=height, chars=[None] * count)


def test_a_seal_whose_rows_are_not_full_or_not_even_has_lost_something():
    assert rows_are_full([part(36, 4), part(40, 4), part(44, 3)])
    assert not rows_are_full([part(36, 4), part(40, 3), part(44, 4)])
    assert rows_are_full([part(36, 2), part(36.2, 2), part(40, 4)])
    assert spacing_is_even([part(36, 4), part(40, 4), part(44, 3)])
    assert not spacing_is_even([part(36, 4), part(40, 4), part(48, 3)])


def test_a_seal_whose_rows_do_not_fill_a_square_has_lost_one():
    rows = [part(36, 4), part(40, 4), part(44, 4), part(48, 3)]
    wide = [SimpleNamespace(**{**vars(row), "left": 5.0, "right": 22.0}) for row in rows]
    assert is_square(wide)
    assert not is_square(wide[:-1])
    assert not is_square(wide[1:])
    assert not is_square(wide[:1])


def id_with(change):
    """Recorded lines of a card; `change` makes the characters of the name's line."""
    kind, truth, _, lines = load("id_flat")
    name = next(line for line in lines if truth["name"] in line_text(line))
    changed = replace(name, chars=tuple(change([*name.chars], line_text(name).index(truth["name"]))))
    return kind, truth, [changed if line is name else line for line in lines]


def test_a_name_with_a_character_as_wide_as_two_is_doubtful():
    def swallowed(chars, first):
        one, two = chars[first], chars[first + 1]
        wide = replace(one, box=(one.box[0], one.box[1], two.box[2], one.box[3]))
        return [*chars[:first], wide, *chars[first + 2 :]]

    kind, _, lines = id_with(swallowed)
    assert extracted(lines, kind).fields["name"].doubt < 0.7
    kind, _, lines = id_with(lambda chars, first: chars)
    assert extracted(lines, kind).fields["name"].doubt == 1.0


@pytest.mark.parametrize("recording", SPECIMENS)
def test_an_address_that_begins_two_characters_right_of_its_column_lost_some(recording):
    kind, truth, _, lines = load(recording)
    whole = next(line for line in lines if truth["address"][:4] in line_text(line))
    first = line_text(whole).index(truth["address"][:4])
    assert extracted(lines, kind).fields["address"].doubt == 1.0
    cut = replace(whole, chars=whole.chars[:first] + whole.chars[first + 2 :])
    late = [cut if line is whole else line for line in lines]
    assert extracted(late, kind).fields["address"].doubt < 0.7


def test_a_name_that_begins_with_a_letter_lost_a_character():
    kind, truth, lines = id_with(lambda c, first: [*c[:first], replace(c[first], text="U"), *c[first + 1 :]])
    name = extracted(lines, kind).fields["name"]
    assert name.value.text == truth["name"][1:]
    assert name.doubt < 0.7


def id_born(birth):
    """Birth date from recorded lines of a card with another printed date, and a number that says 1969-12-21."""
    kind, truth, _, lines = load("id_flat")
    number = "99000019691221002"
    number += cards.id_check_character(number)

    def changed(line):
        text = line_text(line)
        if truth["id_number"] in text:
            first = text.index(truth["id_number"])
            own = [replace(c, text=t) for c, t in zip(line.chars[first:], number, strict=True)]
            return replace(line, chars=(*line.chars[:first], *own))
        if "年" not in text or "月" not in text:
            return line
        (_, top, _, bottom), step = line.chars[0].box, 0.95 / len(birth)
        boxes = [(0.02 + i * step, top, 0.02 + (i + 0.8) * step, bottom) for i in range(len(birth))]
        return replace(line, chars=tuple(Char(c, 0.99, box) for c, box in zip(birth, boxes, strict=True)))

    return extracted([changed(line) for line in lines], kind).fields["birth_date"]


@pytest.mark.parametrize("printed", ["1969年1月21日", "1969年2月21日", "1969年12月1日"])
def test_one_lost_digit_of_the_birth_date_comes_from_the_number(printed):
    found = id_born(printed)
    assert found.value.text == "1969年12月21日"
    assert found.doubt < 0.9


@pytest.mark.parametrize("printed", ["1969年11月21日", "1969年12月22日", "1968年12月21日"])
def test_a_birth_date_that_differs_from_the_number_stays(printed):
    assert id_born(printed).value.text == printed


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
    ((line,), _) = recognize_upright(ImagePyramid(np.asarray(sheet)), boxes, models)
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
    found = detect(ink(np.asarray(card)), models, 608)
    assert len(found.boxes) >= 6
    assert (found.angles[0] - turn + 90) % 180 - 90 == pytest.approx(0, abs=1)


def test_texts_of_two_directions_are_two_groups_and_short_ones_follow_their_surroundings(models):
    from PIL import Image

    desk = Image.new("RGB", (2000, 1100), (90, 90, 90))
    desk.paste(draw("IDCard", 21).image, (20, 200))
    turned = draw("IDCard", 23).image.rotate(-40, expand=True, fillcolor=(90, 90, 90))
    desk.paste(turned, (1060, 60))
    found = detect(ink(np.asarray(desk)), models, 960)
    assert len(found.angles) >= 2
    assert sorted(round(angle / 10) for angle in found.angles[:2]) == [0, 4]
    centers, along = found.boxes.mean(1), found.boxes[:, 1] - found.boxes[:, 0]
    angles = np.degrees(np.arctan2(along[:, 1], along[:, 0]))
    left = centers[:, 0] < 1000
    assert np.median(abs(angles[left])) < 2
    assert (abs(angles[~left] - 40) < 6).mean() > 0.9


def test_a_part_of_a_picture_is_detected_straight(models):
    card = draw("IDCard", 21).image.rotate(-30, expand=True, fillcolor=(90, 90, 90))
    width, height = card.size
    turn = np.radians(30)
    along, down = 1000 * np.array([np.cos(turn), np.sin(turn)]), 640 * np.array([-np.sin(turn), np.cos(turn)])
    start = np.array([width / 2, height / 2]) - (along + down) / 2
    found = detect_within(ink(np.asarray(card)), np.array([start, start + along, start + down]), models, 640)
    steps = found.boxes[:, 1] - found.boxes[:, 0]
    assert len(found.boxes) >= 6
    assert np.degrees(np.arctan2(steps[:, 1], steps[:, 0])) == pytest.approx(30, abs=3)


def test_corners_run_along_the_text(models):
    card = degrade(draw("IDCard", 22), {"perspective": 1.0}, 22)
    found = detect(ink(np.asarray(card.image)), models, 608)
    along = found.boxes[:, 1] - found.boxes[:, 0]
    down = found.boxes[:, 3] - found.boxes[:, 0]
    assert (along[:, 0] > 0).all()
    assert (along[:, 0] * down[:, 1] - along[:, 1] * down[:, 0] > 0).all()


@pytest.mark.parametrize("shape", [(600, 900), (1, 1), (3, 4000), (4000, 3)])
def test_a_blank_page_has_no_boxes(models, shape):
    assert len(detect(np.full(shape, 255, np.uint8), models, 480).boxes) == 0


def value(text, confidence=0.99, is_valid=None):
    return Value(text, tuple(range(len(text))), (confidence,) * len(text), is_valid)


def score(values, **doubts):
    return score_fields(values, doubts)


def test_a_broken_rule_lowers_the_score():
    assert score({"id_number": value("990000194912310026", is_valid=True)})["id_number"] > 90
    assert score({"id_number": value("990000194912310021", is_valid=False)})["id_number"] < 40


def test_the_number_confirms_or_contradicts_the_birth_date_and_the_gender():
    number = value("990000194912310026", is_valid=True)
    agreed = score({"id_number": number, "birth_date": value("1949年12月31日"), "gender": value("女")})
    denied = score({"id_number": number, "birth_date": value("1949年12月21日"), "gender": value("男")})
    assert min(agreed["birth_date"], agreed["gender"]) > 95
    assert max(denied["birth_date"], denied["gender"]) < 50


def test_unsure_characters_and_doubts_about_the_surroundings_lower_the_score():
    assert score({"address": value("样本省示例市虚构区", 0.8)})["address"] < 30
    assert score({"address": value("样本省示例市虚构区")}, address=0.5)["address"] < 50


def test_a_picture_that_is_hardly_a_card_lowers_every_score():
    found = score_fields({"name": value("张三", 1.0), "gender": value("男", 1.0)}, {}, card=0.3)
    assert found == {"name": 30, "gender": 30}


@pytest.mark.parametrize(
    ("birth", "issue", "period", "doubtful"),
    [
        ("1980-01-01", "2012-05-24", "2012-05-24 至 2022-05-24", None),
        ("1980-01-01", "2012-02-29", "2018-02-28 至 2028-02-28", None),
        ("1980-01-01", "2012-05-24", "2012-05-24 至 长期", None),
        ("1980-01-01", "2012-05-24", "6年", None),
        ("1980-01-01", "2012-05-24", "2012-05-24 至 2022-05-25", "valid_period"),
        ("1980-01-01", "2012-05-24", "2012-05-24 至 2912-05-24", "valid_period"),
        ("1980-01-01", "2012-05-21", "2012-05-24 至 2022-05-24", "first_issue_date"),
        ("2012-05-24", "2012-05-24", "2012-05-24 至 2022-05-24", "first_issue_date"),
    ],
)
def test_dates_of_a_license_that_do_not_agree_are_doubtful(birth, issue, period, doubtful):
    dates = {"birth_date": birth, "first_issue_date": issue, "valid_period": period}
    scores = score({name: value(text, 1.0, is_valid=True) for name, text in dates.items()})
    assert {name for name, points in scores.items() if points < 90} == {doubtful} - {None}


def test_a_changed_model_file_is_refused(monkeypatch):
    monkeypatch.setattr(networks, "_SHA256", dict.fromkeys(networks._SHA256, "0" * 64))
    networks._verify.cache_clear()
    with pytest.raises(errors.CardOCRError, match="SHA-256"):
        networks.load(1)
    monkeypatch.undo()
    networks._verify.cache_clear()
    networks._verify()


def moved_below(line, chars, down):
    """A line of some characters, so many pixels under another that begins at the same place."""
    start, end, below = (np.array(c) for c in line.corners)
    shift = down * (below - start) / np.linalg.norm(below - start)
    return Line(tuple(tuple(point + shift) for point in (start, end, below)), chars)


@pytest.fixture
def one_line_address():
    """A license whose address has one line: the recognized lines, and the line of the address."""
    kind, truth, _, lines = load("licence_flat")
    line = next(line for line in lines if truth["address"] in line_text(line))
    return kind, truth, lines, line


@pytest.mark.parametrize("aside", [0.0, -0.6])
@pytest.mark.parametrize("more", ["-29", "5-1-19", "1202"])
def test_a_last_line_of_figures_belongs_to_the_address(one_line_address, more, aside):
    kind, truth, lines, line = one_line_address
    begin = next(i for i, char in enumerate(line.chars) if char.text == truth["address"][0])
    wide = line.chars[begin].box[2] - line.chars[begin].box[0]
    left, top, _, bottom = line.chars[begin].box
    # Figures are half as wide and 0.7 times as high as Chinese characters.
    chars = tuple(
        Char(
            c,
            0.95,
            (left + (at := 0.55 * n + aside) * wide, top + 0.3 * (bottom - top), left + (at + 0.5) * wide, bottom),
        )
        for n, c in enumerate(more)
    )
    tall = abs(np.array(line.corners[2]) - line.corners[0]).max() * (bottom - top)
    further = moved_below(line, chars, 1.55 * tall)
    assert texts([*lines, further], kind)["address"] == truth["address"] + more


def test_the_end_of_a_translation_is_no_part_of_an_address(one_line_address):
    kind, truth, lines, line = one_line_address
    begin = next(i for i, char in enumerate(line.chars) if char.text == truth["address"][0])
    left, top, right, bottom = line.chars[begin].box
    letter = Char("s", 0.9, (left - 0.5 * (right - left), top, left - 0.1 * (right - left), bottom))
    first = replace(line, chars=(*line.chars[:begin], letter, *line.chars[begin:]))
    second = tuple(replace(char, text=text) for char, text in zip(line.chars[begin:], "民生东路甲楼", strict=False))
    tall = abs(np.array(line.corners[2]) - line.corners[0]).max() * (bottom - top)
    further = moved_below(line, (letter, *second), 1.4 * tall)
    rest = [other for other in lines if other is not line]
    assert texts([*rest, first, further], kind)["address"] == truth["address"] + "民生东路甲楼"[: len(second)]


@pytest.mark.parametrize("recording", ["id_flat", "licence_clutter"])
def test_a_row_under_a_full_address_that_was_not_detected_is_named(recording):
    kind, truth, _, lines = load(recording)
    (last,) = (line for line in lines if len(line_text(line)) > 2 and truth["address"].endswith(line_text(line)))
    without = extracted([line for line in lines if line is not last], kind)
    place = np.array(without.further)
    center = np.array(last.corners).mean(0)
    assert (place.min(0) < center).all()
    assert (center < place.max(0)).all()


def test_of_a_character_in_two_boxes_the_one_that_a_box_cut_is_dropped():
    kind, truth, _, lines = load("id_flat")
    name = next(line for line in lines if truth["name"] in line_text(line))
    begin = next(i for i, char in enumerate(name.chars) if char.text == truth["name"][0])
    left, top, right, bottom = name.chars[begin].box
    cut = Char("火", 0.99, (left, top + 0.2 * (bottom - top), right, top + 0.7 * (bottom - top)))
    unsure = replace(
        name, chars=tuple(replace(c, confidence=0.5) if i == begin else c for i, c in enumerate(name.chars))
    )
    rest = [line for line in lines if line is not name]
    assert texts([*rest, unsure, replace(name, chars=(cut,))], kind)["name"] == truth["name"]


def test_a_short_last_line_ends_an_address():
    kind, _, _, lines = load("id_flat")
    assert extracted(lines, kind).further is None


def test_a_value_that_touches_its_label_is_looked_for_from_within_the_label():
    kind, _, _, lines = load("licence_flat")
    label = next(line for line in lines if line_text(line).startswith("性别"))
    without = [*(line for line in lines if line is not label), replace(label, chars=label.chars[:2])]
    gap, *_ = (gap for gap in extracted(without, kind).gaps if gap.field == "gender")
    middle = place_chars([label])[0][1].center[0]
    assert min(x for x, _ in gap.box) < middle + 0.25 * (label.corners[2][1] - label.corners[0][1])


def test_fields_that_only_another_look_shows_are_kept_where_they_break_no_rule():
    kind, truth, _, lines = load("licence_flat")
    whole = extracted(lines, kind)
    few = replace(whole, fields={n: e for n, e in whole.fields.items() if n not in ("gender", "birth_date")})
    assert {n: e.value.text for n, e in with_missing(few, whole).fields.items()} == truth
    broken = replace(whole.fields["gender"], value=replace(whole.fields["gender"].value, is_valid=False))
    other = replace(whole, fields={**whole.fields, "gender": broken})
    assert "gender" not in with_missing(few, other).fields


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("江苏省苏州市常熟市大桥镇", True),
        ("内蒙古自治区包头市", True),
        ("东岭市西关区和睦里4", True),
        ("路82号锦华小区1幢4单元798室", False),
        ("上湾村269号翠湖花园小区", False),
    ],
)
def test_an_address_begins_with_a_region_larger_than_a_village(text, begins):
    assert begins_with_region(text) is begins
