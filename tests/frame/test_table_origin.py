"""Damage by spreadsheets in tables of readings: found in what comes from a file, never in a frame in memory."""

import datetime as dt

import openpyxl
import pandas as pd
import polars as pl
import pytest

from cardocr_nb import CardResult, Field, to_frame
from cardocr_nb._cli._main import main
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import ExcelDamageWarning, conform, read_table, to_long
from cardocr_nb.quality import evaluate
from cardocr_nb.report import from_excel, to_excel

NUMBER, BORN = "990101197412010014", "1974年12月1日"
BOX = ((1, 1), (1, 9), (9, 9), (9, 1))
CARDS = to_frame(
    [
        CardResult(
            (Field("姓名", "样本", 97, BOX), Field("出生", BORN, 98, BOX), Field("公民身份号码", NUMBER, 99, BOX)),
            key=f"{n}.jpg",
        )
        for n in range(3)
    ]
)
ODD = ["?", "??1-2?", "1.10101E+17", "990101197412010000", "27364", "1974-12-01 00:00:00", "Dec-74", "#NAME?"]


def damaged(number="9.90101E+17", born="1974-12-01 00:00:00"):
    """Return the cards as the spreadsheet of a person saved them, without marks."""
    return CARDS.assign(text=CARDS["text"].replace({NUMBER: number, BORN: born}))


def texts(frame, field):
    return frame.loc[frame["field"] == field, "text"]


READERS = {
    "read_table": lambda df, f: read_table(saved(df, f / "c.csv")),
    "pandas": lambda df, f: conform(pd.read_csv(saved(df, f / "c.csv"))),
    "pandas as texts": lambda df, f: conform(pd.read_csv(saved(df, f / "c.csv"), dtype="str", keep_default_na=False)),
    "polars": lambda df, f: conform(pl.read_csv(saved(df, f / "c.csv"), infer_schema_length=0)),
    "from_excel": lambda df, f: from_excel(workbook(df, f / "c.xlsx")),
    "workbook in pandas": lambda df, f: conform(pd.read_excel(workbook(df, f / "c.xlsx"))),
}


def saved(df, path):
    df.to_csv(path, index=False, encoding="utf-8-sig")
    return path


def workbook(df, path):
    df[["key", "field", "text", "score", "polygon"]].astype({"polygon": "str"}).to_excel(
        path, sheet_name="cards", index=False
    )
    return path


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("number", ["9.90101E+17", "9.9010119741201E+017", "990101197412010000"])
def test_every_reader_restores_or_leaves_out_what_a_spreadsheet_changed(tmp_path, reader, number):
    with pytest.warns(ExcelDamageWarning, match="changed 6 texts"):
        frame = READERS[reader](damaged(number), tmp_path)
    assert texts(frame, "id_number").isna().all()
    assert texts(frame, "birth_date").tolist() == ["1974-12-01"] * 3
    assert texts(frame, "name").tolist() == ["样本"] * 3


@pytest.mark.filterwarnings("always::cardocr_nb.frame.ExcelDamageWarning")
@pytest.mark.parametrize("command", ["check", "report", "flatten"])
def test_commands_name_the_damage_of_a_csv_file(tmp_path, capsys, command):
    path = saved(damaged(), tmp_path / "c.csv")
    out = {"report": ["-o", str(tmp_path / "r.html")], "flatten": ["--out", str(tmp_path / "o.parquet")]}.get(
        command, []
    )
    main([command, str(path), *out])
    assert "changed 6 texts of c.csv: 3 a date with a time (date kept), 3 in scientific" in capsys.readouterr().err


@pytest.mark.parametrize("cells", [[int(NUMBER), None], [float(NUMBER), 1.0], [float(NUMBER), "样本"]])
def test_numbers_of_floats_are_no_readings(cells):
    with pytest.warns(ExcelDamageWarning, match="changed 1 texts of the frame"):
        frame = conform(pd.DataFrame({"key": ["a", "b"], "field": "id_number", "text": cells}))
    assert pd.isna(frame["text"][0])


def test_dates_and_whole_numbers_of_cells_become_texts():
    cells = [dt.datetime(1974, 12, 1), int(NUMBER), "?"]  # noqa: DTZ001 - a date cell
    frame = conform(pd.DataFrame({"key": "a", "field": ["birth_date", "id_number", "name"], "text": cells}))
    assert frame["text"].tolist() == ["1974-12-01", NUMBER, "?"]


@pytest.mark.parametrize("field", ["name", "id_number", "birth_date"])
def test_odd_readings_of_a_frame_in_memory_stay_as_they_are(tmp_path, field):
    frame = conform(pd.DataFrame({"key": [str(n) for n in range(len(ODD))], "field": field, "text": ODD, "score": 9}))
    assert frame["text"].tolist() == ODD
    assert to_long(frame.cardocr.wide())["text"].tolist() == ODD
    frame.cardocr.wide().to_parquet(tmp_path / "w.parquet")
    assert to_long(pd.read_parquet(tmp_path / "w.parquet"))["text"].tolist() == ODD
    assert read_table(frame.cardocr.to_csv(tmp_path / "c.csv"))["text"].tolist() == ODD


@pytest.mark.parametrize("name", ["text", "field", "score", "created", "status", "label"])
def test_columns_of_ones_own_never_replace_those_of_the_frame(name):
    table = pd.DataFrame({"key": ["a.jpg"], "name": ["样本"], name: ["own"]})
    with pytest.raises(ValueError, match=f"would replace columns of the frame: {name}; rename them"):
        to_long(table, id_columns=[name])


def test_a_column_may_be_named_by_a_text_and_those_of_the_card_are_kept_once():
    table = pd.DataFrame({"key": ["a.jpg"], "name": ["样本"], "batch": [7]})
    assert to_long(table, id_columns="batch")["batch"].tolist() == [7]
    assert to_long(table, id_columns=["key", "batch"])["key"].tolist() == ["a.jpg"]


def test_two_columns_of_one_field_are_named():
    table = pd.DataFrame({"key": ["a.jpg"], "id_number": [NUMBER], "公民身份号码": [NUMBER]})
    with pytest.warns(UserWarning, match="several columns of the wide frame are one field: id_number"):
        to_long(table)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("table", "words"), [({"a": [1]}, "no column key, field"), ({"key": ["a"], "name": ["样本"]}, "to_long")]
)
def test_a_table_of_something_else_is_refused(tmp_path, table, words, suffix):
    path = tmp_path / f"z{suffix}"
    frame = pd.DataFrame(table)
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    with pytest.raises(DecodeError, match=words):
        read_table(path)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_line_with_more_cells_than_columns_is_named(tmp_path, separator):
    lines = ["key,field,text", 'a.jpg,name,"样,本"', "a.jpg,address,示例省,样图市"]
    text = "\n".join(lines).replace(",", separator).replace(f"样{separator}本", "样\n本")
    (tmp_path / "h.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DecodeError, match=r"line 4 of h\.csv has 4 cells, the first line names 3 columns; put quotes"):
        read_table(tmp_path / "h.csv")


def readings_with(*numbers, names=("样本",)):
    """Return cards with right numbers, none of them a float, and these."""
    whole = [NUMBER, "995838196603233000", "99010119741201003X"]
    fields = [("id_number", text) for text in (*whole, *numbers)] + [("name", text) for text in names]
    cards = to_frame(
        [CardResult((Field("公民身份号码", text, 99, BOX),), key=f"{n}.jpg") for n, (_, text) in enumerate(fields)]
    )
    return conform(cards.assign(field=[field for field, _ in fields]))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("reader", ["read_table", "pandas", "pandas as texts", "polars", "from_excel"])
def test_right_numbers_and_question_marks_of_a_plain_file_are_kept(tmp_path, reader):
    frame = readings_with(names=("样本", "?", "??"))
    assert READERS[reader](frame, tmp_path)["text"].tolist() == frame["text"].tolist()


@pytest.mark.parametrize("reader", ["read_table", "pandas", "pandas as texts", "polars", "from_excel"])
def test_numbers_misread_with_zeros_are_kept_and_counted_next_to_whole_numbers(tmp_path, reader):
    frame = readings_with("990101197412010000", "990102197412010000")
    with pytest.warns(
        ExcelDamageWarning, match="has 2 numbers as a spreadsheet rounds them, .* taken as readings"
    ) as said:
        assert READERS[reader](frame, tmp_path)["text"].tolist() == frame["text"].tolist()
    assert not [w for w in said if "a spreadsheet changed" in str(w.message)]


def test_scientific_notation_is_left_out_and_zeros_are_kept_next_to_whole_numbers(tmp_path):
    frame = readings_with("9.90101E+17", "990101197412010000")
    with pytest.warns(ExcelDamageWarning) as said:
        found = read_table(saved(frame, tmp_path / "c.csv"))
    assert found["text"].isna().tolist() == [text == "9.90101E+17" for text in frame["text"]]
    assert len(said) == 2


def test_wide_numbers_that_pandas_read_whole_are_kept():
    table = pd.DataFrame({"key": ["a", "b", "c"], "id_number": [int(NUMBER), 990101197412010000, 995838196603233000]})
    with pytest.warns(ExcelDamageWarning, match="the wide frame has 1 numbers as"):
        assert to_long(table)["text"].tolist() == [str(number) for number in table["id_number"]]


def test_all_letters_that_an_encoding_lost_are_left_out(tmp_path):
    frame = readings_with(names=("??", "?"))
    with pytest.warns(ExcelDamageWarning, match="2 with question marks in place of letters"):
        assert read_table(saved(frame.drop(columns="label"), tmp_path / "c.csv"))["text"].isna().sum() == 2


def test_a_right_number_of_a_truth_is_kept_next_to_a_damaged_one():
    truth = readings_with("990101197412010000")[["key", "field", "text"]]
    with pytest.warns(ExcelDamageWarning, match="changed 1 texts of the truth: 1 with zeros"):
        judged = evaluate(readings_with(NUMBER), truth, complete=False)
    assert judged.cells["outcome"].tolist().count("correct") == 4


@pytest.mark.parametrize("layout", ["field", "card"])
def test_rows_of_cards_without_a_key_are_counted(tmp_path, layout):
    path = CARDS.cardocr.to_excel(tmp_path / "c.xlsx", layout=layout)
    book = openpyxl.load_workbook(path)
    place = [cell.value for cell in book["cards"][1]].index("key") + 1
    book["cards"].cell(3, place).value = None
    book.save(path)
    with pytest.warns(
        UserWarning, match=f"^1 of {9 if layout == 'field' else 3} rows of the sheet 'cards' have no key"
    ):
        assert from_excel(path)["key"].isna().any()


@pytest.mark.filterwarnings("error")
def test_cards_that_never_had_keys_come_back_in_silence(tmp_path):
    assert from_excel(CARDS.assign(key=None).cardocr.to_excel(tmp_path / "c.xlsx"))["key"].isna().all()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("days", "text", "message"),
    [
        ("27365", "27365", "has 1 numbers of days next to more dates that none changed"),
        ("27364", "1974-12-01", "1 a date as number of days"),  # the number of the card has this date
    ],
)
def test_a_number_of_days_next_to_more_dates_of_cards_is_a_reading_unless_it_is_proven(
    reader, days, text, message, tmp_path
):
    first = CARDS["text"].eq(BORN) & CARDS["key"].eq("0.jpg")
    with pytest.warns(ExcelDamageWarning, match=message):
        frame = READERS[reader](CARDS.assign(text=CARDS["text"].mask(first, days)), tmp_path)
    assert texts(frame, "birth_date").tolist() == [text, BORN, BORN]


def test_marks_of_a_workbook_that_pandas_read_are_removed(tmp_path):
    odd = CARDS.head(len(ODD)).assign(text=ODD)
    again = conform(pd.read_excel(to_excel(odd, tmp_path / "odd.xlsx"), dtype="str"))
    assert again["text"].tolist() == ODD


def test_texts_that_pandas_read_as_floats_come_back_or_are_counted(tmp_path):
    cards = CARDS.assign(code="200", user_data="7", job_id=[str(10**17 + n) for n in range(len(CARDS))])
    cards.loc[0, ["code", "user_data", "job_id"]] = None
    cards.to_csv(tmp_path / "a.csv", index=False)
    with pytest.warns(ExcelDamageWarning, match=f"^{len(cards) - 1} texts of the column 'job_id' were read as floats"):
        frame = conform(pd.read_csv(tmp_path / "a.csv"))
    assert frame["code"].astype("str").tolist()[1:] == ["200"] * (len(cards) - 1)
    assert frame["user_data"].tolist()[1:] == ["7"] * (len(cards) - 1)
    assert frame["job_id"].isna().all()
    assert read_table(tmp_path / "a.csv")["job_id"].equals(cards["job_id"])
