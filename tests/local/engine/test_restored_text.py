"""Text that one box lost and something else on the picture still shows: another box, the ink, the number, the dates."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cardocr_nb import cards
from cardocr_nb._fonts import pil_font
from cardocr_nb.local.engine._digit_fields import completed_issue, completed_number, likely_date
from cardocr_nb.local.engine._field_extraction import extract_fields
from cardocr_nb.local.engine._field_rules import apply_rules
from cardocr_nb.local.engine._line_crops import ImagePyramid
from cardocr_nb.local.engine._other_cards import shows_another_card
from cardocr_nb.local.engine._recognition import Char, recognize_box
from cardocr_nb.local.engine._region_names import with_known_region
from cardocr_nb.local.engine._surnames import begins_with_surname

sys.path.insert(0, str(Path(__file__).parent))
from record_lines import load

BOX = (0.0, 0.0, 1.0, 1.0)
NUMBER = "990000194912310026"
PLACES = (
    "北京市朝阳区",
    "重庆市巫山县",
    "新疆维吾尔自治区伊犁哈萨克自治州伊宁市",
    "海南省儋州市",
    "湖北省神农架林区",
    "陕西省西安市户县",
)


def extracted(lines, kind):
    return extract_fields(lines, kind, {f.name: f.label for f in cards.FIELDS[cards.CardType(kind)]})


def text_of(line):
    return "".join(c.text for c in line.chars)


def changed(lines, old, new):
    return [new if line is old else line for line in lines]


def read_alone(text, **kwargs):
    return [Char(c, 0.99, BOX, **kwargs) for c in text]


@pytest.mark.parametrize("place", [1, 2])
def test_a_character_that_only_another_box_shows_well_is_read_within_its_text(place):
    kind, truth, _, lines = load("id_phone")
    line = next(line for line in lines if text_of(line).endswith(truth["address"][-4:]))
    blurred = replace(line.chars[place], text="囗", confidence=0.4)
    spoiled = replace(line, chars=(*line.chars[:place], blurred, *line.chars[place + 1 :]))
    # The other box shows all of the row, its other characters less surely.
    other = replace(line, chars=tuple(replace(c, confidence=0.8) for c in line.chars))
    address = extracted([*changed(lines, line, spoiled), other], kind).fields["address"]
    assert address.value.text == truth["address"]


def test_a_label_whose_ink_box_reaches_into_its_translation_is_no_part_of_the_value():
    kind, truth, _, lines = load("licence_flat")
    first = next(line for line in lines if truth["address"].startswith(text_of(line)[:6]))
    label = next(line for line in lines if text_of(line).startswith("住址"))
    start, end, below = (np.array(corner) for corner in first.corners)
    label_start = np.array(label.corners[0]) + label.chars[0].box[0] * (np.array(label.corners[1]) - label.corners[0])
    along = (end - start) / np.linalg.norm(end - start)
    more = float((start - label_start) @ along)
    long = float(np.linalg.norm(end - start))
    part = more / (long + more)
    top, bottom = first.chars[0].box[1], first.chars[0].box[3]
    wide = Char("住", 0.99, (0.0, top, 0.8 * part, bottom))
    kept = [
        replace(c, box=(part + (1 - part) * c.box[0], c.box[1], part + (1 - part) * c.box[2], c.box[3]))
        for c in first.chars
    ]
    corners = tuple(tuple(map(float, corner)) for corner in (start - more * along, end, below - more * along))
    longer = replace(first, corners=corners, chars=(wide, *kept))
    assert extracted(changed(lines, first, longer), kind).fields["address"].value.text == truth["address"]


@pytest.fixture
def long_name():
    """A picture with a long text, and the box of its first two characters."""
    image = Image.new("RGB", (900, 200), (240, 240, 236))
    ImageDraw.Draw(image).text((60, 70), "姓名古丽娜尔买买提江艾力", (30, 30, 30), pil_font(48, 500))
    return np.asarray(image)[:, :, ::-1].copy(), np.array([(56, 66), (160, 66), (160, 126), (56, 126)], float)


def test_a_box_of_two_characters_is_followed_along_the_ink_of_ten_more(models, long_name):
    picture, box = long_name
    assert text_of(recognize_box(ImagePyramid(picture), box, models)) == "姓名古丽娜尔买买提江艾力"


def test_a_box_is_not_followed_along_a_pattern_much_paler_than_its_print(models, long_name):
    _, box = long_name
    image = Image.new("RGB", (900, 200), (240, 240, 236))
    pen = ImageDraw.Draw(image)
    for x in range(0, 900, 8):
        pen.line((x, 0, x, 200), (175, 175, 170), 4)
    pen.text((60, 70), "姓名", (30, 30, 30), pil_font(48, 500))
    line = recognize_box(ImagePyramid(np.asarray(image)[:, :, ::-1].copy()), box, models)
    assert line.corners[1][0] < 400


def test_a_zero_alone_on_the_last_row_of_an_address_has_the_confidence_of_all_that_has_its_form():
    value = apply_rules(
        "address", "IDCard", [*read_alone("样本省示例市虚构区18-6-71"), Char("0", 0.6, BOX, (("O", 0.3),))]
    )
    assert value.text == "样本省示例市虚构区18-6-710"
    assert value.confidences[-1] == pytest.approx(0.9)


def test_a_letter_that_is_not_next_to_a_figure_stays():
    value = apply_rules("address", "IDCard", read_alone("样本省示例市虚构区O座3室"))
    assert value.text == "样本省示例市虚构区O座3室"


def test_the_check_digit_completes_a_number_that_lost_its_end():
    assert completed_number(NUMBER[:17]) == NUMBER
    assert completed_number(NUMBER) is None
    # A digit lost before the day of birth breaks its date.
    assert completed_number(NUMBER[:8] + NUMBER[9:]) is None


@pytest.mark.parametrize(("apart", "text"), [(False, NUMBER), (True, NUMBER[:17])])
def test_a_number_with_a_gap_among_its_digits_is_not_completed(apart, text):
    kind, truth, _, lines = load("id_flat")
    line = next(line for line in lines if truth["id_number"] in text_of(line))
    first = text_of(line).index(truth["id_number"])
    top, bottom = line.chars[first].box[1], line.chars[first].box[3]
    left, right = line.chars[first].box[0], line.chars[first + 17].box[2]
    step = (right - left) / 18
    places = [left + (n + (apart and n > 8)) * step for n in range(17)]
    digits = tuple(Char(c, 0.99, (x, top, x + 0.8 * step, bottom)) for c, x in zip(NUMBER, places, strict=False))
    cut = replace(line, chars=(*line.chars[:first], *digits))
    number = extracted(changed(lines, line, cut), kind).fields["id_number"]
    assert number.value.text == text
    assert (number.doubt < 0.9) == (not apart)


@pytest.mark.parametrize(
    ("text", "period", "whole"),
    [
        ("2014-05-2", "2020-05-24 至 2030-05-24", "2014-05-24"),
        ("2014-05-2", "2020-05-24 至 长期", "2014-05-24"),
        ("2014-05", "2020-05-24 至 2030-05-24", None),
        ("2014-06-2", "2020-05-24 至 2030-05-24", None),
        ("2014-05-2", "6年", None),
    ],
)
def test_the_period_completes_a_first_issue_that_lost_one_digit(text, period, whole):
    assert completed_issue(text, period) == whole


def test_an_unsure_digit_of_the_birth_date_is_that_of_the_number_and_a_sure_one_stays():
    read = read_alone("1949-12-34")
    read[-1] = replace(read[-1], alternatives=(("1", 0.2),))
    assert likely_date(read, NUMBER, "DriverLicense") == "1949-12-31"
    read[-1] = replace(read[-1], alternatives=(("1", 0.01),))
    assert likely_date(read, NUMBER, "DriverLicense") is None


def test_a_box_is_not_followed_beyond_the_edge_of_the_picture(models):
    image = Image.new("RGB", (700, 200), (240, 240, 236))
    pen = ImageDraw.Draw(image)
    pen.text((-20, 70), "址样本省示例市虚构区", (30, 30, 30), pil_font(48, 500))
    box = np.array([(40, 66), (460, 66), (460, 126), (40, 126)], float)
    line = recognize_box(ImagePyramid(np.asarray(image)[:, :, ::-1].copy()), box, models)
    assert line.corners[0][0] > -2 * 48
    assert text_of(line).endswith("样本省示例市虚构区")


@pytest.mark.parametrize(("high", "kept"), [(1.15, "樣"), (2.1, "样")])
def test_a_taller_character_in_another_box_is_the_whole_one_unless_it_holds_two_rows(high, kept):
    kind, _, _, lines = load("id_flat")
    line = next(line for line in lines if "虚构" in text_of(line))
    place = text_of(line).index("虚") + 1
    chars = list(line.chars)
    left, _, right, _ = chars[place].box
    start, end, below = (np.array(corner) for corner in line.corners)
    wide = (right - left) * np.linalg.norm(end - start)
    tall = float(np.linalg.norm(below - start))
    chars[place] = replace(
        chars[place], text="样", box=(left, 0.5 - 0.35 * wide / tall, right, 0.5 + 0.35 * wide / tall)
    )
    half = 0.5 * high * wide / tall
    down = (below - start) / tall
    # The same character as the only one of a box as high as its ink.
    own = np.array([start, end, below]) + (0.5 - half) * tall * down
    own[2] = own[0] + 2 * half * tall * down
    other = replace(
        line, corners=tuple(map(tuple, own)), chars=(replace(chars[place], text="樣", box=(left, 0.0, right, 1.0)),)
    )
    address = extracted([*changed(lines, line, replace(line, chars=tuple(chars))), other], kind).fields["address"]
    assert [c.char.text for c in address.chars if c.char.text in "样樣"][-1] == kept


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("陕西省西安市鄂邑区建设大街30组", "陕西省西安市鄠邑区建设大街30组"),
        ("内蒙古自治区呼伦贝尔市牙石市光明巷", "内蒙古自治区呼伦贝尔市牙克石市光明巷"),
        ("上甘肃省定西市岷县人民中路", "甘肃省定西市岷县人民中路"),
        ("样本省示例市虚构区1号", "样本省示例市虚构区1号"),
        ("重庆市北区李家庄村3号", "重庆市北区李家庄村3号"),
    ],
)
def test_a_region_with_one_wrong_or_lost_character_comes_from_the_list_and_has_a_lower_score(text, value):
    read = apply_rules("address", "IDCard", read_alone(text))
    assert read.text == value
    assert (min(read.confidences) < 0.9) == (len(value) > len(text) or "鄠" in value)


@pytest.mark.parametrize("text", PLACES)
def test_a_region_of_the_list_stays(text):
    assert with_known_region(text + "人民路1号") is None


@pytest.mark.parametrize(("text", "name"), [("名高馨洋", "高馨洋"), ("姓名额尔敦", "额尔敦"), ("名鹏", "名鹏")])
def test_the_end_of_its_label_is_no_part_of_a_name(text, name):
    assert apply_rules("name", "DriverLicense", read_alone(text)).text == name


@pytest.mark.parametrize(
    ("text", "alternatives", "name"),
    [("學", (("学", 0.01),), "吕学"), ("學", (), "吕學"), ("昇", (("升", 0.01),), "吕昇")],
)
def test_a_traditional_form_in_a_name_is_never_sure(text, alternatives, name):
    value = apply_rules("name", "IDCard", [*read_alone("吕"), Char(text, 0.96, BOX, alternatives)])
    assert value.text == name
    assert (value.confidences[-1] < 0.94) == (text == "學")


@pytest.mark.parametrize(("rare", "frequent"), [("塝", "旁"), ("垚", "土"), ("琤", "净"), ("彧", "或"), ("瑄", "宣")])
def test_a_rare_character_that_is_no_older_form_of_another_stays(rare, frequent):
    char = Char(rare, 0.6, BOX, ((frequent, 0.3),))
    address = apply_rules(
        "address", "DriverLicense", [*read_alone("样本省示例市虚构区梅坑乡"), char, *read_alone("上村3号")]
    )
    assert address.text == f"样本省示例市虚构区梅坑乡{rare}上村3号"
    assert apply_rules("name", "IDCard", [*read_alone("吕"), char]).text == "吕" + rare


@pytest.mark.parametrize(("old", "simple"), [("嶧", "峄"), ("灃", "沣"), ("滸", "浒"), ("漵", "溆")])
def test_a_rare_traditional_form_in_an_address_becomes_the_simplified_one(old, simple):
    char = Char(old, 0.6, BOX, ((simple, 0.3),))
    address = apply_rules("address", "DriverLicense", [*read_alone("样本省示例市"), char, *read_alone("城区3号")])
    assert address.text == f"样本省示例市{simple}城区3号"
    assert address.confidences[6] == pytest.approx(0.9)


def test_the_red_mark_of_a_portrait_next_to_a_row_is_no_part_of_an_address():
    red = [Char(c, 0.9, BOX, redness=0.8) for c in "样木"]
    value = apply_rules("address", "IDCard", [*read_alone("样本省示例市虚构区畲岭镇"), *red, *read_alone("岙底村3号")])
    assert value.text == "样本省示例市虚构区畲岭镇岙底村3号"


@pytest.mark.parametrize(("text", "valid"), [("C1F", True), ("CF", False), ("A1A2D", True), ("AD", False), ("D", True)])
def test_a_class_that_lost_its_digit_is_none(text, valid):
    assert apply_rules("vehicle_class", "DriverLicense", read_alone(text)).is_valid == valid


@pytest.mark.parametrize("text", ["0090-04-23", "4220-01-02"])
def test_a_date_of_another_age_is_none(text):
    assert apply_rules("first_issue_date", "DriverLicense", read_alone(text)).is_valid is False


@pytest.mark.parametrize(("characters", "late"), [(0, 0), (1, 1)])
def test_a_row_that_begins_right_of_the_first_one_is_read_again_from_its_column(characters, late):
    kind, truth, _, lines = load("id_flat")
    second = next(line for line in lines if "街" in text_of(line) and truth["address"].endswith(text_of(line)))
    cut = replace(second, chars=second.chars[characters:])
    extraction = extracted(changed(lines, second, cut), kind)
    again = [gap for gap in extraction.gaps if gap.tight]
    assert len(again) == late
    assert (extraction.fields["address"].doubt < 0.7) == bool(late)
    for gap in again:
        assert gap.box[0][0] < np.array(second.corners)[0, 0] + second.chars[1].box[0] * np.ptp(
            np.array(second.corners)[:2, 0]
        )


@pytest.mark.parametrize(
    ("read", "other", "text"), [("可", "河", "可南省样市"), ("白", "自", "样山白治区例市"), ("川", "四", "川川省例市")]
)
def test_a_region_with_another_reading_of_one_character_is_that_region(read, other, text):
    chars = [Char(c, 0.7, BOX, ((other, 0.2),) if i == text.index(read) else ()) for i, c in enumerate(text)]
    value = apply_rules("address", "IDCard", [*chars, *read_alone("虚构路18号")])
    assert value.text == text.replace(read, other, 1) + "虚构路18号"
    assert min(value.confidences) <= 0.8


@pytest.mark.parametrize("text", ["云溪省样市", "可南省样市"])
def test_a_region_that_no_other_reading_makes_stays(text):
    assert apply_rules("address", "IDCard", read_alone(text + "虚构路18号")).text == text + "虚构路18号"


@pytest.mark.parametrize(
    ("read", "other", "sure", "name"),
    [("或", "彧", 0.1, "吕彧"), ("劫", "劼", 0.2, "吕劼"), ("或", "彧", 0.01, "吕或"), ("文", "彧", 0.2, "吕文")],
)
def test_a_character_that_names_do_not_have_is_its_other_reading(read, other, sure, name):
    value = apply_rules("name", "IDCard", [*read_alone("吕"), Char(read, 0.7, BOX, ((other, sure),))])
    assert value.text == name
    assert value.confidences[-1] <= 0.8


@pytest.mark.parametrize("text", ["阿卜杜·艾山别男", "古丽娜尔别女", "吕文博性别男"])
def test_the_label_behind_a_name_is_no_part_of_it(text):
    assert apply_rules("name", "DriverLicense", read_alone(text)).text in text.replace("性", "").split("别")[0]


def test_a_rare_character_at_the_beginning_of_a_name_is_not_replaced_by_a_frequent_surname():
    first = Char("禤", 0.85, BOX, (("丁", 0.13),))
    assert apply_rules("name", "IDCard", [first, *read_alone("榕翊")]).text == "禤榕翊"
    unknown = Char("㴪", 0.85, BOX, (("丁", 0.13),))
    assert not begins_with_surname("㴪榕")
    assert apply_rules("name", "IDCard", [unknown, *read_alone("榕翊")]).text == "㴪榕翊"


def test_a_value_in_one_line_with_the_mark_of_a_specimen_is_read():
    kind, truth, _, lines = load("licence_flat")
    line = next(line for line in lines if text_of(line).startswith(truth["valid_period"][:10]))
    last = line.chars[-1]
    _, top, right, bottom = last.box
    step = right - last.box[0]
    places = [right + (i + 0.5) * step for i in range(len("SPECIMEN"))]
    mark = [
        Char(c, 0.99, (x, top, x + 0.9 * step, bottom), (), last.contrast, 0.9)
        for c, x in zip("SPECIMEN", places, strict=True)
    ]
    fields = extracted(changed(lines, line, replace(line, chars=(*line.chars, *mark))), kind).fields
    assert fields["valid_period"].value.text == truth["valid_period"]


@pytest.mark.parametrize(
    ("shift", "number", "expected"), [(1.5, NUMBER, True), (1.5, None, False), (0.0, NUMBER, False)]
)
def test_another_number_that_was_recognized_next_to_the_card_is_that_of_a_second_card(shift, number, expected):
    kind, truth, boxes, lines = load("id_flat")
    best = extracted(lines, kind)
    line = next(line for line in lines if truth["id_number"] in text_of(line))
    down = shift * best.pose.layout.size[1] / np.linalg.norm(best.pose.matrix[0, :2])
    corners = tuple((x, y + down) for x, y in line.corners)
    chars = tuple(Char(c, 0.99, BOX) for c in number or truth["id_number"])
    again = [*lines, replace(line, corners=corners, chars=chars)]
    assert shows_another_card(best, again, boxes[:0], None, None) == expected


@pytest.mark.parametrize("below", ["X", "AO", "听的"])
def test_a_second_script_under_an_address_is_no_part_of_it(below):
    kind, truth, _, lines = load("id_flat")
    last = next(line for line in lines if text_of(line).endswith(truth["address"][-4:]))
    start, end, under = map(np.array, last.corners)
    down = 1.4 * (under - start)
    chars = tuple(replace(last.chars[i], text=c, confidence=0.5) for i, c in enumerate(below))
    row = replace(last, corners=tuple(map(tuple, (start + down, end + down, under + down))), chars=chars)
    assert extracted([*lines, row], kind).fields["address"].value.text == truth["address"]


@pytest.mark.parametrize("before", ["号", "号s", "址", "一"])
def test_print_of_the_form_in_front_of_an_address_is_no_part_of_it(before):
    value = apply_rules("address", "DriverLicense", read_alone(before + "样本省示例市虚构区3号"))
    assert value.text == "样本省示例市虚构区3号"
