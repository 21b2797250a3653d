"""Forms of damage by spreadsheets of Chinese and English: what is certain is restored, what is lost is left out."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb import CardResult, Field, to_frame
from cardocr_nb.cards import id_check_character
from cardocr_nb.frame import ExcelDamageWarning, to_csv, to_long
from cardocr_nb.frame._protected_cells import protect, unprotect
from cardocr_nb.frame._spreadsheet_damage import birth_dates, undo_excel
from cardocr_nb.frame._text_tables import read_text_table
from cardocr_nb.quality import evaluate
from cardocr_nb.report import from_excel, to_excel
from cardocr_nb.review import correct

DAYS = st.dates(dt.date(1924, 1, 1), dt.date(2026, 12, 31))
NO_ZEROS = "{0.year}/{0.month}/{0.day}"
CHINESE = "{0.year}年{0.month}月{0.day}日"
WEEKDAYS = "一二三四五六日"
RESTORED = [
    lambda day: NO_ZEROS.format(day) + " 0:00",
    lambda day: NO_ZEROS.format(day) + " 0:00:00",
    lambda day: NO_ZEROS.format(day) + " 12:00:00 AM",
    lambda day: NO_ZEROS.format(day) + " 上午12:00",
    lambda day: CHINESE.format(day) + " 00:00",
    lambda day: CHINESE.format(day) + f"星期{WEEKDAYS[day.weekday()]}",
    lambda day: f"星期{WEEKDAYS[day.weekday()]}, " + CHINESE.format(day),
    lambda day: NO_ZEROS.format(day) + f" 周{WEEKDAYS[day.weekday()]}",
    lambda day: f"{day:%A, %B %d, %Y}",
    lambda day: f"{day:%A}, {day.day} {day:%B %Y}",
    lambda day: f"{day:%B} {day.day}, {day.year}",
    lambda day: f"{day:%d %b %Y}",
    lambda day: f"{day}T00:00:00.000Z",
    lambda day: f"{day}T00:00:00+08:00",
    lambda day: f"{day - dt.timedelta(days=1)}T16:00:00.000Z",  # midnight in China
    lambda day: f"{day} 00:00:00.000",
    lambda day: f"'{day}",
    lambda day: f'="{day}"',
]
NUMBERS = st.builds(
    lambda digits: digits + id_check_character(digits),
    st.builds(lambda day, n: f"990101{day:%Y%m%d}{n:03}", DAYS, st.integers(0, 999)),
)


def restored(text, field, *, true=True):
    texts, counts = undo_excel(pd.Series([text]), pd.Series([field]), true=true)
    return texts.item(), sum(counts.values())


def is_lost(text, field, *, true=True):
    found, count = restored(text, field, true=true)
    return pd.isna(found) and count == 1


@given(DAYS, st.sampled_from(RESTORED))
def test_dates_of_every_locale_are_restored(day, form):
    assert restored(form(day), "birth_date") == (day.isoformat(), 1)


@given(DAYS)
def test_dates_without_day_or_century_or_at_another_time_are_left_out(day):
    for text in (
        f"{day:%b-%y}",
        f"{day:%B %Y}",
        f"{day.year}年{day.month}月",
        f"{day.day}-七月-{day:%y}",
        f"{day}T12:30:00Z",
        f"{day:%d-%b-%y}",
    ):
        assert is_lost(text, "first_issue_date")


@given(NUMBERS)
def test_numbers_with_marks_separators_or_a_fraction_are_restored(number):
    texts = [f"'{number}", f'="{number}"']
    if number.isdigit():
        texts += [f"{int(number):,}", f"{int(number):,}".replace(",", " "), f"{number}.0", f"{int(number):,}.00"]
    for text in texts:
        assert restored(text, "id_number") == (number, 1)


@given(NUMBERS.filter(str.isdigit), st.sampled_from(["{:,}", "{:,}.00", "{}.0", "'{}", '="{}"']))
def test_rounded_numbers_are_lost_in_every_dress(number, dress):
    rounded = number[:15] + "000"
    if id_check_character(rounded[:17]) != "0":
        assert is_lost(dress.format(int(rounded)), "id_number")


@given(NUMBERS.filter(str.isdigit), st.integers(1, 9))
def test_a_float_that_is_written_whole_is_lost_unless_its_check_digit_is_right(number, step):
    other = number[:17] + str((int(number[17]) + step) % 10)
    assert is_lost(f"{other}.0", "licence_number")


@pytest.mark.parametrize("field", ["name", "birth_date", "id_number", "address", "gender"])
@pytest.mark.parametrize(
    "text", ["#", "########", "#NAME?", "#VALUE!", "#REF!", "#DIV/0!", "#N/A", "#SPILL!", "Err:508", "TRUE", "False"]
)
def test_errors_narrow_columns_and_truth_values_are_left_out_of_truths_and_kept_as_readings(text, field):
    assert is_lost(text, field)
    assert restored(text, field, true=False) == (text, 0)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("'Umar", "name"),
        ("O'Neil", "name"),
        ("Truelove", "name"),
        ("May June", "name"),
        ("样?", "name"),
        ("#3 Road", "address"),
        ("May 12, 1999", "address"),
        ("1,234 Road", "address"),
        ("星期五路1号", "address"),
        ("1974年12月1日", "birth_date"),
        ("1974年1月31日", "first_issue_date"),
        ("1974/12/1", "birth_date"),
        ("1974.12.01", "birth_date"),
        ("2018-01-05 6年", "valid_period"),
        ("2018.01.05-2028.01.05", "valid_period"),
    ],
)
def test_texts_of_cards_are_no_damage(text, field):
    assert restored(text, field) == (text, 0)


def number_of(day, n=1):
    digits = f"990101{day:%Y%m%d}{n:03}"
    return digits + id_check_character(digits)


def days_of(day, first):
    return str((day - first).days)


SYSTEM_1900, SYSTEM_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)
TWO = (dt.date(1977, 7, 8), dt.date(1990, 2, 28))


def truth_of_days(*systems):
    rows = []
    for n, (day, system) in enumerate(zip(TWO, systems, strict=True)):
        rows += [(f"{n}.jpg", "birth_date", days_of(day, system)), (f"{n}.jpg", "id_number", number_of(day))]
    return pd.DataFrame(rows, columns=["key", "field", "text"])


@pytest.mark.parametrize("systems", [(SYSTEM_1900,) * 2, (SYSTEM_1904,) * 2, (SYSTEM_1900, SYSTEM_1904)])
def test_the_number_of_the_card_decides_between_the_date_systems(systems):
    cards = to_frame(
        [
            CardResult((Field("出生", f"{day}", 97), Field("公民身份号码", number_of(day), 99)), key=f"{n}.jpg")
            for n, day in enumerate(TWO)
        ]
    )
    with pytest.warns(ExcelDamageWarning, match="a date as number of days"):
        cells = evaluate(cards, truth_of_days(*systems), complete=False).cells
    assert cells["outcome"].tolist() == ["correct"] * 4


def test_other_dates_follow_the_system_that_numbers_show_and_contradictions_are_left_out():
    other = dt.date(2011, 3, 4)
    table = pd.concat(
        [
            truth_of_days(SYSTEM_1904, SYSTEM_1904),
            pd.DataFrame(
                [
                    ("0.jpg", "first_issue_date", days_of(other, SYSTEM_1904)),
                    ("9.jpg", "birth_date", "20000"),
                    ("9.jpg", "id_number", number_of(other)),
                ],
                columns=["key", "field", "text"],
            ),
        ],
        ignore_index=True,
    )
    born = birth_dates(table["text"], table["field"], table["key"])
    texts, counts = undo_excel(table["text"], table["field"], true=True, born=lambda: born)
    assert texts[table["field"] == "first_issue_date"].tolist() == [other.isoformat()]
    assert texts[(table["key"] == "9.jpg") & (table["field"] == "birth_date")].isna().all()
    assert sorted(counts.values()) == [1, 3]


def test_wide_tables_choose_the_date_system_too():
    day = TWO[0]
    table = pd.DataFrame({"key": ["a"], "birth_date": [int(days_of(day, SYSTEM_1904))], "id_number": [number_of(day)]})
    with pytest.warns(ExcelDamageWarning, match="since 1904"):
        long = to_long(table)
    assert long.loc[long["field"] == "birth_date", "text"].tolist() == [day.isoformat()]


ODD = [
    "########",
    "#SPILL!",
    "Friday, July 08, 1977",
    "1977-07-08T00:00:00.000Z",
    "TRUE",
    "Jul-77",
    '="1"',
    "1977/7/8 0:00",
]


@pytest.mark.parametrize("text", ODD)
def test_readings_that_look_like_damage_come_back_from_files_of_the_package(tmp_path, text):
    cards = to_frame(CardResult((Field("出生", text, 97), Field("姓名", "样本", 97)), key="1.jpg"))
    assert from_excel(to_excel(cards, tmp_path / "cards.xlsx"))["text"].tolist() == cards["text"].tolist()
    assert read_text_table(to_csv(cards, tmp_path / "cards.csv"))["text"].tolist() == cards["text"].tolist()
    assert unprotect(protect(pd.Series([text]))).tolist() == [text]


def test_damage_in_corrections_is_counted_and_never_put_into_the_frame():
    fields = (Field("出生", "1977年7月3日", 97), Field("姓名", "样木", 60))
    cards = to_frame(CardResult(fields, key="1.jpg"))
    decided = pd.DataFrame(
        {
            "key": "1.jpg",
            "field": ["birth_date", "name"],
            "verdict": "corrected",
            "text": ["1977/7/8 0:00", "#NAME?"],
        }
    )
    with pytest.warns(ExcelDamageWarning, match=r"changed 2 texts of the corrections: .*1 a date with a time.*"):
        found = correct(cards, decided)
    assert dict(zip(found["field"], found["text"], strict=True)) == {"birth_date": "1977-07-08", "name": "样木"}


def test_missing_texts_among_damaged_ones_stay_missing():
    texts = pd.Series([None, "?", None, "27364", None], dtype="str")
    found, counts = undo_excel(texts, pd.Series(["birth_date"] * 5))
    assert found.isna().tolist() == [True, True, True, False, True]
    assert sum(counts.values()) == 2


@given(NUMBERS.filter(str.isdigit), st.sampled_from([14, 15, 16]))
def test_numbers_with_the_last_digits_of_a_float_are_left_out_unless_their_check_digit_is_right(number, places):
    out = str(int(float(f"{int(number):.{places}e}")))
    if out != number:
        assert is_lost(out, "id_number") == (id_check_character(out[:17]) != out[17])
    assert restored(number, "id_number") == (number, 0)


@pytest.mark.parametrize(
    "kept", [float, lambda number: float(f"{int(number):.14e}"), lambda number: int(number[:15]) * 1000]
)
def test_a_rounded_number_with_a_right_check_digit_is_lost_among_rounded_ones(tmp_path, kept):
    numbers = [number_of(dt.date(1960, 1, 1) + dt.timedelta(days=37 * n), n % 997) for n in range(200)]
    numbers = [number for number in numbers if number.isdigit()]
    pd.DataFrame({"text": [kept(number) for number in numbers]}).to_excel(tmp_path / "n.xlsx", index=False)
    read = pd.read_excel(tmp_path / "n.xlsx", dtype="str")["text"]
    texts, counts = undo_excel(read, pd.Series("id_number", index=read.index), true=True)
    assert texts.isna().all()
    assert sum(counts.values()) == len(numbers)


def test_numbers_as_they_were_stay_when_another_is_wrong():
    numbers = [number_of(dt.date(1960, 1, 1) + dt.timedelta(days=n), n % 997) for n in range(5000)]
    wrong = str(int(float(f"{int(number_of(TWO[0], 2)):.14e}")))
    texts, counts = undo_excel(pd.Series([*numbers, wrong]), pd.Series(["id_number"] * 5001), true=True)
    assert texts[:-1].tolist() == numbers
    assert sum(counts.values()) == 1
