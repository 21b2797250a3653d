"""Tables that spreadsheets wrote, opened or changed."""

import csv
import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb import CardResult, Field, to_frame
from cardocr_nb.cards import id_check_character
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import read_table, to_long
from cardocr_nb.frame._protected_cells import protect, text_of, to_csv, unprotect
from cardocr_nb.frame._spreadsheet_damage import ExcelDamageWarning, restored_keys, undo_excel
from cardocr_nb.frame._text_tables import _READ_AS_1252, _is_utf8_as_gbk, decode_text, read_text_table

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1)
RISKY = st.text("'=+-@0123456789eE.,:/ \t\r\nX样", min_size=1)


def restored(text, field="id_number"):
    texts, counts = undo_excel(pd.Series([text]), pd.Series([field]))
    return texts.item(), sum(counts.values())


@given(st.lists(st.one_of(TEXTS, RISKY)))
def test_protected_texts_come_back_as_they_were(texts):
    column = pd.Series(texts, dtype="str")
    assert unprotect(protect(column)).tolist() == texts


@given(RISKY)
def test_no_protected_text_begins_like_a_formula_or_is_a_number(text):
    protected = protect(pd.Series([text], dtype="str")).item()
    assert protected[0] not in "=+-@\t\r\n＝＋－＠"
    assert not protected.replace(".", "").isdigit()


# What a program may skip before a sign: by Unicode's categories, not by the list of the code.
SKIPPED = st.text(st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp"], max_codepoint=0xFFFF), max_size=3)


@given(SKIPPED, st.sampled_from("=+-@＝＋－＠﹦﹢﹣﹫−"))
def test_no_blank_or_unseen_character_hides_a_formula(skipped, sign):
    text = f"{skipped}{sign}40+2"
    protected = protect(pd.Series([text, f"'{text}"], dtype="str"))
    assert protected.tolist() == [f"'{text}", f"''{text}"]
    assert unprotect(protected).tolist() == [text, f"'{text}"]


def test_names_of_columns_are_no_formulas_and_come_back(tmp_path):
    to_csv(pd.DataFrame({"key": ["a"], "=1+1": ["\0=1"], "'@a": ["b"]}), tmp_path / "cards.csv")
    names = next(csv.reader((tmp_path / "cards.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert names == ["key", "'=1+1", "''@a"]
    assert list(read_text_table(tmp_path / "cards.csv")) == ["key", "=1+1", "'@a"]


@given(st.lists(st.one_of(TEXTS, RISKY).filter(lambda text: not _READ_AS_1252.search(text)), min_size=1))
def test_csv_keeps_every_text(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("csv") / "cards.csv"
    to_csv(pd.DataFrame({"key": "a.jpg", "text": pd.Series(texts, dtype="str")}), path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_text_table(path)["text"].tolist() == texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_table_is_read_in_the_encodings_that_excel_writes(tmp_path, encoding):
    (tmp_path / "truth.csv").write_bytes("key,field,text\r\na.jpg,name,样本\r\n".encode(encoding))
    assert read_text_table(tmp_path / "truth.csv")["text"].tolist() == ["样本"]


def test_unicode_text_with_tabs_is_a_table_too(tmp_path):
    (tmp_path / "truth.txt").write_bytes("key\tfield\ttext\r\na.jpg\tname\t样本\r\n".encode("utf-16"))
    assert read_text_table(tmp_path / "truth.txt")["text"].tolist() == ["样本"]


def test_bytes_of_no_encoding_are_refused_without_showing_them():
    with pytest.raises(DecodeError, match=r"truth\.csv is in none of UTF-8") as error:
        decode_text(b"secret\xff\xff\xff", "truth.csv")
    assert "secret" not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no workbook", b"\x00" * 100])
def test_a_file_that_is_not_a_workbook_is_refused(tmp_path, data):
    (tmp_path / "cards.xlsx").write_bytes(data)
    with pytest.raises(DecodeError, match=r"cards\.xlsx is not an XLSX file"):
        read_text_table(tmp_path / "cards.xlsx")


def test_cells_of_a_workbook_of_every_type_become_texts(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["key", "field", "text"])
    day = dt.datetime(1974, 12, 1)  # noqa: DTZ001 - Excel has no zones
    for row in (["1.jpg", "birth_date", day], ["2.jpg", "id_number", 990101197412010014], [3, "name", "样本"]):
        book.active.append(row)
    book.save(tmp_path / "truth.xlsx")
    table = read_text_table(tmp_path / "truth.xlsx")
    assert table["text"].tolist()[0] == "1974-12-01"
    assert table["key"].tolist() == ["1.jpg", "2.jpg", "3"]
    assert restored(table["text"][1]) == (pytest.approx(float("nan"), nan_ok=True), 1)


@given(st.integers(10**16, 10**17 - 1))
def test_a_number_that_really_ends_in_zeros_is_no_damage(start):
    digits = str(start)[:15] + "00"
    number = digits + id_check_character(digits)
    assert restored(number) == (number, 0)


@given(st.integers(10**16, 10**17 - 1))
def test_every_number_that_excel_rounded_is_left_out(start):
    number = str(start) + id_check_character(str(start))
    rounded = f"{float(number.replace('X', '0')):.14e}"
    exponent = f"{rounded[:7]}E+17"
    assert restored(exponent)[1] == 1
    zeros = number[:15] + "000"
    valid = id_check_character(zeros[:17]) == "0"
    assert restored(zeros)[1] == (0 if valid else 1)


@given(st.dates(dt.date(1901, 1, 1), dt.date(2099, 12, 31)))
def test_every_date_is_restored_from_its_serial_number_and_from_a_time(day):
    serial = (day - dt.date(1899, 12, 30)).days
    assert restored(str(serial), "birth_date") == (day.isoformat(), 1)
    assert restored(f"{serial}.0", "birth_date") == (day.isoformat(), 1)
    assert restored(f"{day.isoformat()} 00:00:00", "birth_date") == (day.isoformat(), 1)


@given(st.dates(dt.date(1901, 1, 1), dt.date(2099, 12, 31)), st.sampled_from("/.-"))
def test_a_date_with_the_year_last_is_restored_only_where_its_order_is_known(day, sep):
    known = day.day > 12 or day.day == day.month
    for order in ((day.month, day.day), (day.day, day.month)):
        text = sep.join(map(str, (*order, day.year)))
        expected = day.isoformat() if known else pytest.approx(float("nan"), nan_ok=True)
        assert restored(text, "birth_date") == (expected, 1)
        assert restored(text, "address") == (text, 0)
        short = sep.join(f"{part:02}" for part in (*order, day.year % 100))
        assert restored(short, "birth_date") == (pytest.approx(float("nan"), nan_ok=True), 1)
    assert restored(f"{day:%d-%b-%Y}", "birth_date") == (day.isoformat(), 1)
    assert restored(f"{day:%d-%b-%y}", "birth_date")[1] == 1


@pytest.mark.parametrize("text", ["31/31/1974", "2/30/1974", "30-Foo-1974"])
def test_a_date_that_does_not_exist_is_left_out(text):
    assert restored(text, "birth_date") == (pytest.approx(float("nan"), nan_ok=True), 1)


@given(st.integers(10**16, 10**17 - 1))
def test_exponents_of_three_digits_as_libreoffice_writes_them_are_damage(start):
    mantissa, _, exponent = f"{start * 10:.13E}".partition("E+")
    assert restored(f"{mantissa}E+{int(exponent):03}") == (pytest.approx(float("nan"), nan_ok=True), 1)


@pytest.mark.parametrize("text", ["Where? Street 3", "Room 5, Why?", "什么?"])
def test_a_question_mark_after_a_word_is_a_question_mark(text):
    cards = to_long(pd.DataFrame({"key": ["1.jpg"], "card_type": ["IDCard"], "address": [text]}))
    assert cards["text"].tolist() == [text]


@pytest.mark.parametrize("text", ["??", "?", "??1-2?", "???12??3??", "A?", "Room ?", "?? Street"])
def test_question_marks_in_place_of_letters_are_counted_and_left_out(text):
    for field in ("name", "address", "unknown"):
        assert restored(text, field) == (pytest.approx(float("nan"), nan_ok=True), 1)
    assert restored("样?", "name") == ("样?", 0)


ROWS = 'key,field,text\r\na.jpg,name,样本\r\n7,address,"某路, 1; 2"\r\n'


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("first", ["", "sep"])
def test_every_separator_is_read_in_every_encoding(tmp_path, separator, encoding, first):
    text = f"sep={separator}\r\n" * bool(first) + ROWS.replace("a.jpg,name,", f"a.jpg{separator}name{separator}")
    text = text.replace("key,field,", f"key{separator}field{separator}").replace(
        "7,address,", f"7{separator}address{separator}"
    )
    (tmp_path / "truth.csv").write_bytes(text.encode(encoding))
    table = read_text_table(tmp_path / "truth.csv")
    assert table.columns.tolist() == ["key", "field", "text"]
    assert table["text"].tolist() == ["样本", "某路, 1; 2"]


@pytest.mark.parametrize("wrong", ["cp1252", "gb18030"])
@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_table_that_was_opened_in_a_wrong_encoding_is_refused_by_name(tmp_path, wrong, mark, ending):
    text = (ROWS + "b.jpg,name,赵样本\r\n" * 4).encode(mark).decode(wrong, "replace")
    path = tmp_path / f"truth.{ending}"
    if ending == "csv":
        path.write_text(text, encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        for line in text.splitlines():
            book.active.append(line.split(",", 2))
        book.save(path)
    with pytest.raises(DecodeError, match=rf"truth\.{ending} was opened in another encoding than UTF-8"):
        read_text_table(path)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1), st.integers(1, 3))
def test_few_chinese_texts_are_never_taken_for_a_wrong_encoding(tmp_path_factory, text, times):
    path = tmp_path_factory.mktemp("csv") / "cards.csv"
    to_csv(pd.DataFrame({"key": "a.jpg", "text": pd.Series([text] * times, dtype="str")}), path)
    assert read_text_table(path)["text"].tolist() == [text] * times


def test_texts_of_cards_are_not_taken_for_a_wrong_encoding(data):
    words = pd.read_csv(data / "truth.csv", dtype="str")["text"].dropna()
    words = words[~words.str.isascii()]
    assert words.map(_is_utf8_as_gbk).mean() < 0.05
    assert not words.str.contains(_READ_AS_1252).any()


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_workbooks_of_other_formats_are_refused_by_name(tmp_path, start):
    (tmp_path / "truth.ods").write_bytes(start + bytes(100))
    with pytest.raises(
        DecodeError, match=r"truth\.ods is a workbook or an archive of another format; save it as \.xlsx"
    ):
        read_text_table(tmp_path / "truth.ods")


@given(st.integers(10**14, 10**15 - 1), st.sampled_from([14, 16, 17]), st.sampled_from(["id_number", "licence_number"]))
def test_a_true_number_with_fewer_digits_is_left_out_and_a_reading_is_kept(start, length, field):
    text = f"{start}77"[:length]
    texts, counts = undo_excel(pd.Series([text]), pd.Series([field]), true=True)
    assert texts.isna().all()
    assert [kind.startswith("with fewer digits") for kind in counts] == [True]
    assert restored(text, field) == (text, 0)
    assert undo_excel(pd.Series([text]), pd.Series(["address"]), true=True)[1] == {}


@pytest.mark.parametrize("number", ["990101741201001", "990101197412010014", "99010119741201001X", "7", ""])
def test_true_numbers_of_the_lengths_of_cards_are_no_damage(number):
    assert undo_excel(pd.Series([number]), pd.Series(["id_number"]), true=True)[1] == {}


@given(st.sets(st.integers(0, 9999), min_size=1))
def test_every_key_gets_its_zeros_back_where_all_keys_have_one_length(numbers):
    known = pd.Series([f"{n:04}" for n in numbers])
    keys, count = restored_keys(pd.Index([str(n) for n in numbers], dtype="str"), known)
    assert keys.tolist() == known.tolist()
    assert count == sum(n < 1000 for n in numbers)


@pytest.mark.parametrize(
    ("keys", "known"),
    [
        (["7"], ["0007", "00007"]),  # of two lengths
        (["7"], ["0008"]),  # no such card
        (["7", "0007"], ["0007"]),  # both are named
        (["7", "07"], ["0007"]),  # two would become one
        (["7"], ["7", "a.jpg"]),
        (["7.jpg"], ["0007"]),
        ([], ["0007"]),
        (["7"], []),
    ],
)
def test_a_key_that_may_be_another_one_stays(keys, known):
    found, count = restored_keys(pd.Index(keys, dtype="str"), pd.Series(known, dtype="str"))
    assert (found.tolist(), count) == (keys, 0)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("1974年12月1日", "birth_date"),
        ("19741201", "birth_date"),
        ("C1", "vehicle_class"),
        ("6", "valid_period"),
        ("12345", "address"),
        ("990101197412010014", "id_number"),
        ("长期", "valid_period"),
    ],
)
def test_texts_of_cards_are_no_damage(text, field):
    assert restored(text, field) == (text, 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.date(1974, 12, 1), "1974-12-01"),
        (pd.Timestamp("1974-12-01"), "1974-12-01"),
        (dt.datetime(1974, 12, 1, 8, 30, tzinfo=dt.UTC), "1974-12-01 08:30:00+00:00"),
        (3.0, "3"),
        (2.5, "2.5"),
        (float("nan"), None),
        (pd.NaT, None),
        ("", None),
        (True, "True"),
    ],
)
def test_a_cell_of_any_type_has_a_text(value, text):
    assert text_of(value) == text


class TestWideToLong:
    def test_columns_that_are_not_fields_are_listed_and_left_out(self):
        table = pd.DataFrame({"key": ["a.jpg"], "name": ["样本"], "customer": ["7"], "comment": ["x"]})
        with pytest.warns(UserWarning, match="2 columns are not fields of a card and are left out: customer.*comment"):
            long = to_long(table)
        assert long["field"].tolist() == ["name"]

    def test_columns_can_be_kept_or_named_as_fields(self):
        table = pd.DataFrame({"key": ["a.jpg"], "name": ["样本"], "customer": ["7"], "blood": ["A"]})
        long = to_long(table, id_columns=["customer"], fields=["blood"])
        assert long["field"].tolist() == ["name", "blood"]
        assert long["customer"].tolist() == ["7", "7"]
        with pytest.raises(ValueError, match="lacks 1 unknown name of id_columns"):
            to_long(table, id_columns=["batch"])

    def test_printed_labels_are_fields(self):
        long = to_long(pd.DataFrame({"key": ["a.jpg"], "姓名": ["样本"], "公民身份号码": ["990101197412010014"]}))
        assert long["field"].tolist() == ["name", "id_number"]

    def test_damage_is_counted_and_never_a_reading(self):
        table = pd.DataFrame(
            {"key": ["a.jpg"], "id_number": [9.9010119741201e17], "birth_date": [pd.Timestamp("1974-12-01")]}
        )
        with pytest.warns(ExcelDamageWarning, match="changed 1 texts of the wide frame: 1 in scientific notation"):
            long = to_long(table)
        assert long["field"].tolist() == ["birth_date"]
        assert long["text"].tolist() == ["1974-12-01"]

    def test_a_short_number_is_damage_in_a_column_of_numbers_and_a_reading_in_one_of_texts(self):
        table = pd.DataFrame({"key": ["a.jpg"], "id_number": [10101197412010014]})
        with pytest.warns(ExcelDamageWarning, match="1 with fewer digits than on the card"):
            assert to_long(table)["text"].isna().all()
        assert to_long(table.astype("str"))["text"].tolist() == ["10101197412010014"]


def test_formulas_without_a_value_are_counted_and_not_dropped_silently(tmp_path):
    book = openpyxl.Workbook()
    for row in (("key", "field", "text"), ("1.jpg", "name", "=1+1"), ("2.jpg", "name", "样本")):
        book.active.append(row)
    book.save(tmp_path / "truth.xlsx")
    with pytest.warns(ExcelDamageWarning, match=r"1 cells of truth.xlsx hold a formula without a value"):
        table = read_text_table(tmp_path / "truth.xlsx")
    assert table["text"].isna().tolist() == [True, False]


def test_a_text_that_looks_like_a_formula_gives_no_warning(tmp_path):
    book = openpyxl.Workbook()
    for row in (("key", "field", "text"), ("1.jpg", "name", "<f> =1")):
        book.active.append(row)
    book.active["C2"].data_type = "s"
    book.save(tmp_path / "truth.xlsx")
    assert read_text_table(tmp_path / "truth.xlsx")["text"].tolist() == ["<f> =1"]


def test_columns_of_ones_own_come_back_with_their_kind(tmp_path):
    cards = to_frame(
        CardResult((Field("公民身份号码", "990101197412010014", 98), Field("姓名", "样本", 97)), key="a.jpg")
    )
    given = cards.assign(
        batch=[7, -12],
        rate=[0.5, None],
        sure=[True, False],
        day=pd.to_datetime(["2024-01-02", "2024-11-30"]),
        moment=pd.to_datetime(["2024-01-02 03:04:05+08:00", None]),
        name=["007", "12"],
        said=["2024-01-02", "=1"],
        none=[None, None],
        mixed=["7", "x"],
    )
    again = read_table(to_csv(given, tmp_path / "cards.csv"))
    for name in ("batch", "rate", "sure", "name", "said", "mixed"):
        assert again[name].tolist()[0] == given[name].tolist()[0]
        assert again[name].dropna().tolist() == given[name].dropna().tolist()
    assert (again["day"] == given["day"]).all()
    assert again["moment"][0] == given["moment"][0]
    assert again["none"].isna().all()


@pytest.mark.parametrize(
    "own",
    [
        pd.array([99204719500417531, None, 3], dtype="Int64"),
        pd.array([10**18 - 1, -(10**17) - 1, 0]),
        pd.to_datetime(["2020-01-01", "2020-07-01", "2020-07-02"]).tz_localize("Europe/Berlin"),
        np.array([99204719500417531, 1.5, 2], dtype=object),
        ["2020-02-31", "2020-01-01 25:00:00", "2020-01-01 00:00:00+99:00"],
        [0.1, 1e-300, 12345678.123456789],
    ],
    ids=["gap", "long", "summer", "mixed", "no dates", "floats"],
)
def test_values_of_ones_own_are_equal_after_csv(tmp_path, own):
    fields = tuple(Field(label, "样本", 97) for label in ("姓名", "住址", "民族"))
    given = to_frame(CardResult(fields, key="a.jpg")).assign(own=own)
    again = read_table(to_csv(given, tmp_path / "cards.csv"))["own"]
    assert again.astype("str").tolist() == given["own"].astype("str").tolist()
    again = read_table(to_csv(given.iloc[:1], tmp_path / "cards.csv"))["own"]
    assert again.astype("str").tolist() == given["own"].astype("str").tolist()[:1]


def test_a_plain_csv_shows_no_kinds(tmp_path):
    cards = to_frame(CardResult((Field("姓名", "样本", 97),), key="a.jpg"))
    cards.assign(batch=["7"]).to_csv(tmp_path / "cards.csv", index=False)
    assert read_table(tmp_path / "cards.csv")["batch"].tolist() == ["7"]
