import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.cards import id_check_character
from cardocr_nb.local.engine._digit_fields import is_valid_number
from cardocr_nb.local.engine._field_rules import apply_rules
from cardocr_nb.local.engine._recognition import Char

BOX = (0.0, 0.0, 1.0, 1.0)
NUMBER = "990000194912310026"


def chars(text, **others):
    return [Char(c, 0.99, BOX, tuple(others.get(f"at{i}", ()))) for i, c in enumerate(text)]


def rule_result(field, text, card_type="IDCard", **others):
    value = apply_rules(field, card_type, chars(text, **others))
    return value and (value.text, value.is_valid)


def test_a_is_valid_number_is_kept():
    assert rule_result("id_number", NUMBER) == (NUMBER, True)
    assert rule_result("licence_number", NUMBER, "DriverLicense") == (NUMBER, True)


def test_letters_that_look_like_digits_are_digits_in_a_number():
    assert rule_result("id_number", NUMBER.replace("0", "O")) == (NUMBER, True)


def test_a_number_is_cut_out_of_stray_digits():
    assert rule_result("id_number", "1" + NUMBER) == (NUMBER, True)


def test_one_misread_digit_is_corrected_by_the_check_digit_but_not_called_valid():
    wrong = "9" + "8" + NUMBER[2:]
    assert rule_result("id_number", wrong, at1=[("9", 0.2)]) == (NUMBER, False)


def test_a_number_with_a_wrong_check_digit_is_kept_as_read():
    assert rule_result("id_number", NUMBER[:-1] + "1") == (NUMBER[:-1] + "1", False)


def test_a_short_number_is_invalid():
    assert rule_result("id_number", NUMBER[:15]) == (NUMBER[:15], False)


def test_dates_are_written_as_each_card_prints_them():
    assert rule_result("birth_date", "1949 年12月 3日".replace(" ", "")) == ("1949年12月3日", True)
    assert rule_result("birth_date", "1949-12-03", "DriverLicense") == ("1949-12-03", True)


def test_a_day_that_no_month_has_is_invalid():
    assert rule_result("birth_date", "1949年2月30日") == ("1949年2月30日", False)


def test_a_birth_date_without_its_day_takes_none_from_the_month():
    assert rule_result("birth_date", "1968年12月日") == ("1968年12月日", False)
    assert rule_result("birth_date", "1968年12月6") == ("1968年12月6日", True)


def test_periods_end_on_a_day_or_never():
    assert rule_result("valid_period", "2015-03-08至2025-03-08", "DriverLicense") == ("2015-03-08 至 2025-03-08", True)
    assert rule_result("valid_period", "2015-03-08至长期", "DriverLicense") == ("2015-03-08 至 长期", True)
    assert rule_result("valid_period", "2025-03-08至2015-03-08", "DriverLicense")[1] is False


def test_genders_and_ethnicities_come_from_their_lists():
    assert rule_result("gender", "X男") == ("男", True)
    assert rule_result("gender", "汉") is None
    assert rule_result("ethnicity", "维吾尔") == ("维吾尔", True)
    assert rule_result("ethnicity", "汉族") == ("汉", True)
    assert rule_result("ethnicity", "社") == ("社", False)


@pytest.mark.parametrize("text", ["6年", "10年", "长期"])
def test_older_periods_are_years_or_without_end(text):
    assert rule_result("valid_period", text, "DriverLicense") == (text, True)


@pytest.mark.parametrize("text", ["2014-10-23有效期限", "2014-10-23期", "期限", "2014-10-23至", "至期"])
def test_the_word_of_a_label_is_not_a_period_without_end(text):
    value = apply_rules("valid_period", "DriverLicense", chars(text))
    assert value is None or "长期" not in value.text


@pytest.mark.parametrize("read", [
    "2007-05-28至017-05-28", "2007-05-28至7-05-28", "2007-05-28至2017-05", "2007-05-28至20-05-28",
    "2007-05-28至2017-05-CSPECIM", "07-05-28至2017-05-28", "2007-05至2017-05-28", "2007-05-2至2017-05-28",
])  # fmt: skip
def test_a_date_that_is_partly_hidden_is_completed_by_the_other_one_and_is_not_sure(read):
    text = read if "20-05" not in read else "2007-05-28至17-05-28"
    value = apply_rules("valid_period", "DriverLicense", chars(text))
    assert (value.text, value.is_valid) == ("2007-05-28 至 2017-05-28", True)
    assert min(value.confidences) < 0.9


@pytest.mark.parametrize("read", [
    "2007-05-28至5-28", "2007-05-28至", "2007-05-28至7-06-28", "2007-05-28至5-05-28", "8-05-28至2018-05-2", "-05-28至2017-05-28",
])  # fmt: skip
def test_a_period_is_not_completed_where_too_little_shows_or_no_usual_term_agrees(read):
    assert rule_result("valid_period", read, "DriverLicense")[1] is False


@given(
    st.dates(dt.date(1990, 1, 1), dt.date(2030, 12, 28)).filter(lambda day: (day.month, day.day) != (2, 29)),
    st.sampled_from([6, 10]), st.sampled_from([0, 1]), st.integers(0, 7), st.integers(1, 3),
)  # fmt: skip
def test_a_completed_period_is_the_true_one_or_none(start, term, side, lost_from, lost):
    dates = [f"{start}", f"{start.replace(year=start.year + term)}"]
    digits = dates[side].replace("-", "")
    shown = digits[:lost_from] + digits[lost_from + lost :]
    value = apply_rules("valid_period", "DriverLicense", chars("至".join([*dates[:side], shown, *dates[side + 1 :]])))
    assert not value.is_valid or value.text == " 至 ".join(dates)


def test_a_day_of_one_digit_is_not_a_date_of_the_license():
    assert rule_result("first_issue_date", "2008-03-1", "DriverLicense")[1] is False
    assert rule_result("birth_date", "2008年3月1日") == ("2008年3月1日", True)


def test_nations_are_found_among_doubled_and_stray_characters():
    assert rule_result("nationality", "中中国", "DriverLicense") == ("中国", True)
    assert rule_result("nationality", "中国他用无效", "DriverLicense") == ("中国", True)
    assert rule_result("nationality", "请选择", "DriverLicense")[1] is False


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("东岭省公安厅交通管理局", True),
        ("安厅交通管理局", False),
        ("局公安交通管理局", False),
        ("东岭省公安厅交通", False),
    ],
)
def test_an_authority_without_its_first_or_last_row_is_invalid(text, valid):
    assert rule_result("issuing_authority", text, "DriverLicense") == (text, valid)


def test_vehicle_classes_are_letters_with_digits():
    assert rule_result("vehicle_class", "C1") == ("C1", True)
    assert rule_result("vehicle_class", "A1A2", "DriverLicense") == ("A1A2", True)
    assert rule_result("vehicle_class", "8") is None


@pytest.mark.parametrize("begin", ["址", "s", "一"])
def test_print_of_the_form_before_an_address_is_not_of_it(begin):
    assert rule_result("address", begin + "样本省示例市虚构区青云路12号")[0] == "样本省示例市虚构区青云路12号"


def test_an_authority_with_one_row_twice_is_invalid():
    text = "青屏省白石市公安局交市公安局交通警察支队"
    assert rule_result("issuing_authority", text, "DriverLicense") == (text, False)
    assert rule_result("issuing_authority", "青屏省白石市公安局交通警察支队", "DriverLicense")[1] is True


def test_an_authority_that_breaks_off_is_invalid():
    assert rule_result("issuing_authority", "样本省示例市车辆管理所", "DriverLicense") == (
        "样本省示例市车辆管理所",
        True,
    )
    assert rule_result("issuing_authority", "样本省示例市车辆管理", "DriverLicense") == ("样本省示例市车辆管理", False)


def test_an_authority_whose_region_has_one_character_lost_its_beginning():
    text = "尔自治区公安局车辆管理所"
    assert rule_result("issuing_authority", text, "DriverLicense") == (text, False)
    assert rule_result("issuing_authority", "新疆维吾" + text, "DriverLicense") == ("新疆维吾" + text, True)


def test_forms_of_a_character_count_together():
    read = chars("四川省绵陽市游仙区", at4=[("阳", 0.42)])
    read[4] = Char("陽", 0.57, BOX, (("阳", 0.42),))
    read[8] = Char("区", 0.6, BOX, (("區", 0.39),))
    value = apply_rules("address", "IDCard", read)
    assert value is not None
    assert value.text == "四川省绵阳市游仙区"
    assert min(value.confidences) > 0.98


def test_a_rare_simplified_character_of_a_name_stays_and_an_old_form_does_not():
    assert rule_result("name", "吕赟", at1=[("赞", 0.3)]) == ("吕赟", None)
    assert rule_result("name", "吕偉", at1=[("伟", 0.3)]) == ("吕伟", None)


@pytest.mark.parametrize("words", ["开户使用", "他用无效", "仅供银行开户使用", "此件"])
def test_words_of_a_watermark_in_an_address_are_left_out(words):
    assert rule_result("address", f"河北省沽源县人民路110号翠湖{words}花园1楼") == (
        "河北省沽源县人民路110号翠湖花园1楼",
        None,
    )


def test_names_keep_rare_characters_and_the_dot():
    assert rule_result("name", "阿依•努尔")[0] == "阿依·努尔"
    assert rule_result("name", "张堃", at1=[("坤", 0.05)])[0] == "张堃"


def test_traditional_readings_give_way_where_a_simplified_one_is_there():
    assert rule_result("address", "一样本省示例市虚构区1号")[0] == "样本省示例市虚构区1号"
    assert rule_result("address", "虛构省1号", at0=[("虚", 0.02)])[0] == "虚构省1号"


def test_an_unsure_last_character_is_not_part_of_an_address():
    read = [*chars("样本省1号"), Char("中", 0.2, BOX)]
    assert apply_rules("address", "IDCard", read).text == "样本省1号"


def test_check_digits_include_x():
    stem = "99000019491231"
    valid = [stem + f"{n:03d}" + c for n in range(60) for c in "0123456789X" if is_valid_number(stem + f"{n:03d}" + c)]
    assert len(valid) == 60
    assert any(n.endswith("X") for n in valid)


FIELDS = st.sampled_from(
    ["name", "gender", "ethnicity", "birth_date", "address", "id_number", "valid_period", "vehicle_class", "nothing"]
)


@given(FIELDS, st.text(max_size=30), st.sampled_from(["IDCard", "DriverLicense"]))
def test_no_text_breaks_a_rule_and_no_value_is_empty(field, text, card_type):
    value = apply_rules(field, card_type, chars(text))
    if value is not None:
        assert value.text
        assert value.used
        assert all(0 <= i < len(text) for i in value.used)
        assert len(value.confidences) == len(value.used)


@pytest.mark.parametrize("frame", ["十", "一", "口十"])
def test_strokes_of_the_frame_around_an_authority_are_not_of_it(frame):
    office = "样本省示例市公安局交通警察支队"
    assert rule_result("issuing_authority", office + frame, "DriverLicense") == (office, True)
    assert rule_result("issuing_authority", frame + office, "DriverLicense") == (office, True)


@pytest.mark.parametrize(
    ("read", "true"),
    [
        ("河南省公安厅交通用管理局", "河南省公安厅交通管理局"),
        ("青山市公安局车辆管理所供", "青山市公安局车辆管理所"),
        ("云岭省前进市公安局交通警察支一队车辆管理所", "云岭省前进市公安局交通警察支队车辆管理所"),
        ("南浦市公安局交管支队", "南浦市公安局交管支队"),
        ("南浦市公安局直属分局", "南浦市公安局直属分局"),
    ],
)
def test_a_character_of_a_watermark_in_an_office_is_left_out_and_other_offices_stay(read, true):
    assert rule_result("issuing_authority", read, "DriverLicense") == (true, True)


def test_a_misread_character_of_an_office_is_corrected_where_the_recognizer_names_the_right_one():
    text = "南浦市公安局交通警泰支队"
    value = apply_rules("issuing_authority", "DriverLicense", chars(text, at9=[("察", 0.01)]))
    assert (value.text, min(value.confidences)) == ("南浦市公安局交通警察支队", 0.8)
    assert rule_result("issuing_authority", text, "DriverLicense") == (text, True)


@pytest.mark.parametrize(("named", "rank"), [([("支", 0.2), ("总", 0.05)], "支"), ([("总", 0.2)], "总"), ([], "义")])
def test_of_two_offices_as_near_the_one_that_the_recognizer_names_is_taken(named, rank):
    read = chars("南浦市公安局交警义队", at8=named)
    read[8] = replace(read[8], confidence=0.4)
    assert apply_rules("issuing_authority", "DriverLicense", read).text == f"南浦市公安局交警{rank}队"


def test_the_word_of_the_label_is_not_of_the_ethnicity():
    assert [rule_result("ethnicity", text)[0] for text in ("族汉", "民族土家", "汉")] == ["汉", "土家", "汉"]


@pytest.mark.parametrize(
    ("read", "rivals", "name"),
    [
        ("洗文", [("冼", 0.3)], "冼文"),
        ("洗文", [("冼", 0.05)], "冼文"),
        ("洗文", [("冼", 0.02)], "洗文"),
        ("侍文", [("待", 0.4)], "侍文"),
        ("扎西尼玛多吉", [("孔", 0.3)], "扎西尼玛多吉"),
    ],
)
def test_a_name_begins_with_a_surname_where_one_is_likely(read, rivals, name):
    value = apply_rules("name", "IDCard", chars(read, at0=rivals))
    assert value.text == name
    assert (value.confidences[0] == 0.99) == (name == read)
    assert name == read or 0.7 < value.confidences[0] <= 0.8


def test_a_number_is_valid_only_with_a_year_of_birth_of_these_centuries():
    for year, valid in (("1949", True), ("2049", True), ("4220", False), ("0949", False)):
        body = "990000" + year + "1231002"
        assert is_valid_number(body + id_check_character(body)) == valid


@pytest.mark.parametrize(
    ("field", "read", "text"),
    [
        ("name", "伍瑶·涵", "伍瑶涵"),
        ("name", "买买提·艾山", "买买提·艾山"),
        ("address", "样本省示例市杏.花巷3.5号", "样本省示例市杏花巷3.5号"),
    ],
)
def test_a_speck_between_chinese_characters_is_no_dot(field, read, text):
    assert apply_rules(field, "IDCard", chars(read)).text == text
