"""LibreOffice as a witness: it opens files of the package, saves them in its own way, and they are read back."""

import datetime as dt
import os
import shutil
import subprocess

import openpyxl
import pandas as pd
import pytest

import cardocr_nb as ocr
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import ExcelDamageWarning, conform, read_table, to_csv
from cardocr_nb.frame._text_tables import read_text_table
from cardocr_nb.quality import evaluate
from cardocr_nb.report import from_excel, to_excel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("soffice") is None, reason="needs apt-get install libreoffice-calc"),
]
# Separator, quote, encoding (76: UTF-8, 65535: UTF-16, 85: GB18030) and first line, of LibreOffice's CSV filter.
CSV = {"utf-8": "44,34,76,1", "semicolons": "59,34,76,1", "utf-16": "9,34,65535,1", "gb18030": "44,34,85,1"}


@pytest.fixture
def save(tmp_path):
    def run(path, ending, options="", opened=""):
        folder = tmp_path / "saved"
        kind = f"csv:Text - txt - csv (StarCalc):{options}" if options else ending
        profile = f"-env:UserInstallation=file://{tmp_path}/profile"
        command = [
            "soffice",
            profile,
            "--headless",
            *([f"--infilter={opened}"] if opened else []),
            "--convert-to",
            kind,
        ]
        subprocess.run(  # noqa: S603 - LibreOffice on files of this test
            [*command, "--outdir", folder, path],
            check=True,
            capture_output=True,
            timeout=120,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        return folder / f"{path.stem}.{ending}"

    return run


@pytest.fixture(scope="module")
def cards():
    cards = ocr.load_sample("readings").head(300)
    odd = ["=1+1", "'=1", "  spaces  ", "1\n2", '"<&>"', "𠮷", "1/2", "TRUE", "12-1", "00010119741201001X",
           "?", "1.10101E+17", "990101197412010000", "_x0041_", "_x000D_", "<r>a</r>"]  # fmt: skip
    text = cards["text"].astype(object)
    text[cards.index[cards["field"] == "address"][: len(odd)]] = odd
    return cards.assign(text=text.astype("str"))


def equal(found, cards):
    own = conform(found.drop(columns="checks", errors="ignore"))  # the column of to_excel
    pd.testing.assert_frame_equal(own, cards, check_categorical=False)


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_workbook_that_libreoffice_saved_holds_every_value(cards, save, tmp_path, ending):
    saved = save(to_excel(cards, tmp_path / "cards.xlsx"), ending, "44,34,76,1" if ending == "csv" else "")
    equal(from_excel(saved) if ending == "xlsx" else read_table(saved), cards)


def test_a_csv_file_of_the_package_holds_every_value_after_libreoffice(cards, save, tmp_path):
    to_csv(cards, tmp_path / "cards.csv")
    equal(from_excel(save(tmp_path / "cards.csv", "xlsx", opened="CSV:44,34,76,1")), cards)


@pytest.fixture
def typed(tmp_path):
    """A truth as people type it into cells: numbers, dates, texts."""
    book = openpyxl.Workbook()
    cells = {
        "id_number": 990101197412010014,
        "birth_date": dt.date(1974, 12, 25),
        "name": "样本",
        "address": "某路1-2号",
    }
    book.active.append(["key", "field", "text"])
    for field, value in cells.items():
        book.active.append(["0007", field, value])
    book.active["C3"].number_format = "m/d/yyyy"
    book.save(tmp_path / "truth.xlsx")
    return tmp_path / "truth.xlsx"


@pytest.mark.parametrize("form", [*CSV, "xlsx"])
def test_what_libreoffice_does_to_a_typed_truth_is_named_and_the_rest_is_kept(typed, save, form):
    saved = save(typed, "xlsx") if form == "xlsx" else save(typed, "csv", CSV[form])
    fields = (
        ("姓名", "样本"),
        ("出生", "1974年12月25日"),
        ("住址", "某路1-2号"),
        ("公民身份号码", "990101197412010014"),
    )
    readings = ocr.to_frame(ocr.CardResult(tuple(ocr.Field(label, text, 98) for label, text in fields), key="0007"))
    with pytest.warns(ExcelDamageWarning, match="digits are lost"):
        cells = evaluate(readings, saved, complete=False).cells
    assert sorted(cells.loc[cells["outcome"] == "correct", "field"].astype(str)) == ["address", "birth_date", "name"]
    assert len(cells) == 3


def test_letters_that_the_encoding_lacks_are_counted_and_left_out(typed, save):
    saved = save(typed, "csv", "44,34,11,1")  # ASCII
    with pytest.warns(ExcelDamageWarning, match="2 with question marks in place of letters"):
        ocr.load_sample("readings").cardocr.evaluate(
            read_text_table(saved).assign(key="id/clean-0/0001.jpg"), complete=False
        )


@pytest.mark.parametrize("ending", ["ods", "xls"])
def test_other_workbooks_are_refused_by_name(typed, save, ending):
    with pytest.raises(DecodeError, match=rf"truth\.{ending} is a workbook or an archive of another format"):
        read_text_table(save(typed, ending))


def test_a_csv_file_that_was_opened_as_windows_1252_is_refused_by_name(cards, save, tmp_path):
    to_csv(cards, tmp_path / "cards.csv")
    saved = save(tmp_path / "cards.csv", "xlsx", opened="CSV:44,34,1,1")
    with pytest.raises(DecodeError, match="was opened in another encoding than UTF-8"):
        from_excel(saved, sheet="cards")
