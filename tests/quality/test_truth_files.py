"""Ground truth as people keep it: in files of several encodings, in workbooks, after a spreadsheet saved it."""

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from cardocr_nb import CardResult, DecodeError, Field, to_frame
from cardocr_nb.frame import ExcelDamageWarning
from cardocr_nb.quality import evaluate

NUMBER = "990101197412010014"
TRUTH = pd.DataFrame(
    {
        "key": "1.jpg",
        "field": ["姓名", "birth_date", "id_number"],
        "text": ["样本", "1974-12-01", NUMBER],
    }
)


@pytest.fixture
def cards():
    fields = (Field("姓名", "样本", 98), Field("出生", "1974年12月1日", 97), Field("公民身份号码", NUMBER, 99))
    return to_frame(CardResult(fields, key="1.jpg"))


def correct(cards, truth):
    cells = evaluate(cards, truth, complete=False).cells
    return int((cells["outcome"] == "correct").sum())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_of_every_usual_encoding_is_a_truth(cards, tmp_path, encoding):
    TRUTH.to_csv(tmp_path / "truth.csv", index=False, encoding=encoding)
    assert correct(cards, tmp_path / "truth.csv") == 3


def test_a_feather_truth_with_offsets_outside_of_its_bytes_is_an_error(cards, tmp_path):
    offsets = pa.py_buffer(np.array([0, -50, 3], dtype=np.int32))
    texts = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"abc"))
    pyarrow.feather.write_feather(pa.table(dict.fromkeys(("key", "field", "text"), texts)), tmp_path / "truth.feather")
    with pytest.raises(DecodeError, match=r"truth\.feather': not a readable \.feather table"):
        evaluate(cards, tmp_path / "truth.feather")


def test_a_workbook_with_date_cells_is_a_truth(cards, tmp_path):
    typed = TRUTH.astype(object)
    typed.loc[1, "text"] = pd.Timestamp("1974-12-01")
    typed.to_excel(tmp_path / "truth.xlsx", index=False)
    assert openpyxl.load_workbook(tmp_path / "truth.xlsx").active.cell(3, 3).is_date
    assert correct(cards, tmp_path / "truth.xlsx") == 3


def test_parquet_and_frames_with_date_cells_are_truths(cards, tmp_path):
    TRUTH.to_parquet(tmp_path / "truth.parquet")
    assert correct(cards, tmp_path / "truth.parquet") == 3
    assert correct(cards, TRUTH.assign(text=["样本", pd.Timestamp("1974-12-01").date(), NUMBER])) == 3


@pytest.mark.parametrize("number", ["9.90101E+17", "990101197412010000", 9.90101197412010e17])
def test_a_number_that_a_spreadsheet_rounded_is_counted_and_not_judged(cards, number):
    truth = TRUTH.astype(object)
    truth.loc[2, "text"] = number
    with pytest.warns(ExcelDamageWarning, match="changed 1 texts of the truth"):
        cells = evaluate(cards, truth, complete=False).cells
    assert (cells["outcome"] == "correct").tolist() == [True, True]


@pytest.mark.parametrize("day", ["1974-12-01 00:00:00", "27364"])
def test_a_date_that_a_spreadsheet_changed_is_judged_as_the_date(cards, day):
    with pytest.warns(ExcelDamageWarning, match="1 a date"):
        assert correct(cards, TRUTH.assign(text=["样本", day, NUMBER])) == 3


def numbered(*keys):
    return to_frame([CardResult((Field("公民身份号码", NUMBER, 99),), key=key) for key in keys])


def test_keys_that_lost_their_zeros_are_restored_and_counted():
    truth = pd.DataFrame({"key": [7, 12], "field": "id_number", "text": NUMBER})
    with pytest.warns(
        ExcelDamageWarning, match="changed 2 texts of the truth: 2 without leading zeros in the key"
    ) as found:
        cells = evaluate(numbered("0007", "0012", "0345"), truth, complete=False).cells
    assert cells["outcome"].tolist() == ["correct", "correct"]
    assert found[0].filename == __file__


def test_a_true_number_that_lost_digits_is_counted_and_not_judged():
    truth = pd.DataFrame({"key": ["0007", "0012"], "field": "公民身份号码", "text": [NUMBER, NUMBER[1:]]})
    with pytest.warns(ExcelDamageWarning, match="1 with fewer digits than on the card"):
        cells = evaluate(numbered("0007", "0012"), truth, complete=False).cells
    assert cells["outcome"].tolist() == ["correct"]


@pytest.mark.parametrize("of_key", [int, str], ids=["numbers", "texts"])
def test_keys_of_groups_that_lost_their_zeros_find_their_cards(of_key):
    cards = to_frame([CardResult((Field("姓名", "样本" if n % 5 else "样木", 98),), key=f"{n:04}") for n in range(40)])
    truth = pd.DataFrame({"key": [f"{n:04}" for n in range(40)], "field": "name", "text": "样本"})
    whole = evaluate(cards, truth, groups={f"{n:04}": n % 5 for n in range(40)})
    with pytest.warns(ExcelDamageWarning, match=r"of the groups: \d+ without leading zeros in the key"):
        found = evaluate(cards, truth, groups={of_key(n): n % 5 for n in range(40)})
    pd.testing.assert_frame_equal(found.fields, whole.fields)
    assert not found.fields.equals(evaluate(cards, truth).fields)


@pytest.mark.parametrize("suffix", ["parquet", "frame"])
def test_a_truth_with_keys_in_its_index_is_read(cards, tmp_path, suffix):
    truth = TRUTH.set_index(["key", "field"])
    if suffix == "parquet":
        truth.to_parquet(tmp_path / "truth.parquet")
        truth = tmp_path / "truth.parquet"
    assert correct(cards, truth) == 3


def test_a_workbook_with_the_truth_on_another_sheet_says_which_is_read(cards, tmp_path):
    with pd.ExcelWriter(tmp_path / "truth.xlsx") as book:
        pd.DataFrame({"note": ["read me"]}).to_excel(book, sheet_name="note", index=False)
        TRUTH.to_excel(book, sheet_name="truth", index=False)
    with pytest.raises(ValueError, match=r"no column key, field, text.* Of a workbook the first sheet is read"):
        correct(cards, tmp_path / "truth.xlsx")
