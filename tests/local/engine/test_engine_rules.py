from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.local.engine._digit_fields import lawful_number
from cardocr_nb.local.engine._field_rules import settle
from cardocr_nb.local.engine._recognition import Char

BOX = (0.0, 0.0, 1.0, 1.0)
NUMBER = "990000194912310026"


def chars(text, **others):
    return [Char(c, 0.99, BOX, tuple(others.get(f"at{i}", ()))) for i, c in enumerate(text)]


def settled(field, text, card_type="IDCard", **others):
    value = settle(field, card_type, chars(text, **others))
    return value and (value.text, value.lawful)


def test_a_lawful_number_is_taken_as_it_is():
    assert settled("id_number", NUMBER) == (NUMBER, True)
    assert settled("licence_number", NUMBER, "DriverLicense") == (NUMBER, True)


def test_letters_that_look_like_digits_are_digits_in_a_number():
    assert settled("id_number", NUMBER.replace("0", "O")) == (NUMBER, True)


def test_a_number_is_cut_out_of_stray_digits():
    assert settled("id_number", "1" + NUMBER) == (NUMBER, True)


def test_one_misread_digit_is_put_right_by_the_check_digit_but_not_called_lawful():
    wrong = "9" + "8" + NUMBER[2:]
    assert settled("id_number", wrong, at1=[("9", 0.2)]) == (NUMBER, False)


def test_a_number_with_a_wrong_check_digit_is_kept_as_read():
    assert settled("id_number", NUMBER[:-1] + "1") == (NUMBER[:-1] + "1", False)


def test_a_short_number_is_unlawful():
    assert settled("id_number", NUMBER[:15]) == (NUMBER[:15], False)


def test_dates_are_written_as_each_card_prints_them():
    assert settled("birth_date", "1949 年12月 3日".replace(" ", "")) == ("1949年12月3日", True)
    assert settled("birth_date", "1949-12-03", "DriverLicense") == ("1949-12-03", True)


def test_a_day_that_no_month_has_is_unlawful():
    assert settled("birth_date", "1949年2月30日") == ("1949年2月30日", False)


def test_periods_end_on_a_day_or_never():
    assert settled("valid_period", "2015-03-08至2025-03-08", "DriverLicense") == ("2015-03-08 至 2025-03-08", True)
    assert settled("valid_period", "2015-03-08至长期", "DriverLicense") == ("2015-03-08 至 长期", True)
    assert settled("valid_period", "2025-03-08至2015-03-08", "DriverLicense")[1] is False


def test_genders_and_ethnicities_come_from_their_lists():
    assert settled("gender", "X男") == ("男", True)
    assert settled("gender", "汉") is None
    assert settled("ethnicity", "维吾尔") == ("维吾尔", True)
    assert settled("ethnicity", "汉族") == ("汉", True)
    assert settled("ethnicity", "社") == ("社", False)


def test_vehicle_classes_are_letters_with_digits():
    assert settled("vehicle_class", "C1") == ("C1", True)
    assert settled("vehicle_class", "A1A2", "DriverLicense") == ("A1A2", True)
    assert settled("vehicle_class", "8") is None


def test_an_authority_that_breaks_off_is_unlawful():
    assert settled("issuing_authority", "样本省示例市车辆管理所", "DriverLicense") == ("样本省示例市车辆管理所", True)
    assert settled("issuing_authority", "样本省示例市车辆管理", "DriverLicense") == ("样本省示例市车辆管理", False)


def test_names_keep_rare_characters_and_the_dot():
    assert settled("name", "阿依•努尔")[0] == "阿依·努尔"
    assert settled("name", "张堃", at1=[("坤", 0.05)])[0] == "张堃"


def test_traditional_readings_give_way_where_a_simplified_one_is_there():
    assert settled("address", "虛构省1号", at0=[("虚", 0.02)])[0] == "虚构省1号"


def test_an_unsure_last_character_is_not_part_of_an_address():
    read = [*chars("样本省1号"), Char("中", 0.2, BOX)]
    assert settle("address", "IDCard", read).text == "样本省1号"


def test_check_digits_include_x():
    stem = "99000019491231"
    lawful = [stem + f"{n:03d}" + c for n in range(60) for c in "0123456789X" if lawful_number(stem + f"{n:03d}" + c)]
    assert len(lawful) == 60
    assert any(n.endswith("X") for n in lawful)


FIELDS = st.sampled_from(
    ["name", "gender", "ethnicity", "birth_date", "address", "id_number", "valid_period", "vehicle_class", "nothing"]
)


@given(FIELDS, st.text(max_size=30), st.sampled_from(["IDCard", "DriverLicense"]))
def test_no_text_breaks_a_rule_and_no_value_is_empty(field, text, card_type):
    value = settle(field, card_type, chars(text))
    if value is not None:
        assert value.text
        assert value.used
        assert all(0 <= i < len(text) for i in value.used)
        assert len(value.probs) == len(value.used)
