"""Tables of other tools where frames are taken, and what messages say about tables that do not fit."""

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pytest

from cardocr_nb import CardResult, Field, to_frame
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import conform, from_label_studio, plain, to_csv
from cardocr_nb.quality import evaluate
from cardocr_nb.report import from_excel

PLACE = ((0, 0), (0, 20), (30, 20), (30, 0))
FORMS = {
    "polars": lambda table: table,
    "lazy": lambda table: table.lazy(),
    "arrow": lambda table: table.to_arrow(),
    "reader": lambda table: table.to_arrow().to_reader(),
    "duckdb": lambda table: duckdb.from_arrow(table.to_arrow()),
}


@pytest.fixture
def cards():
    fields = (Field("姓名", "样本", 98, PLACE), Field("出生", "1974年12月1日", 91))
    return to_frame([CardResult(fields, key="0001.jpg"), CardResult((), key="0002.jpg")])


@pytest.mark.parametrize("form", FORMS)
def test_tables_of_other_tools_are_frames(cards, form):
    pd.testing.assert_frame_equal(conform(FORMS[form](pl.from_pandas(plain(cards)))), cards)


@pytest.mark.parametrize("value", [[1], pd.Series([1]), {"key": ["a"]}])
def test_what_is_not_a_table_is_named_with_the_way_to_convert_it(value):
    with pytest.raises(TypeError, match=rf"got {type(value).__name__}; convert it: \.to_pandas\(\)"):
        conform(value)


def saved_as_workbook(csv_file, path, *others):
    table = pd.read_csv(csv_file, dtype="str", keep_default_na=False)
    book = openpyxl.Workbook()
    book.active.title = "run of May"
    for row in [table.columns.tolist(), *table.to_numpy().tolist()]:
        book.active.append(row)
    for name in others:
        book.create_sheet(name)
    book.save(path)


def test_a_csv_file_that_was_saved_as_a_workbook_is_read(cards, tmp_path):
    saved_as_workbook(to_csv(cards, tmp_path / "cards.csv"), tmp_path / "cards.xlsx")
    found = from_excel(tmp_path / "cards.xlsx")
    assert found[["key", "field", "text", "score"]].equals(cards[["key", "field", "text", "score"]])


def test_of_several_sheets_none_is_guessed(cards, tmp_path):
    saved_as_workbook(to_csv(cards, tmp_path / "cards.csv"), tmp_path / "cards.xlsx", "notes")
    with pytest.raises(DecodeError, match="has no sheet 'cards' among its 2 sheets"):
        from_excel(tmp_path / "cards.xlsx")
    saved_as_workbook(tmp_path / "cards.csv", tmp_path / "one.xlsx")
    with pytest.raises(DecodeError, match="has no sheet 'corrections'"):
        from_excel(tmp_path / "one.xlsx", sheet="corrections")


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"ocr": "/data/upload/1/abc-0001.jpg"}, "/data/upload/1/abc-0001.jpg"),
        ({"ocr": "https://b.example/c/0001.jpg?X-Amz-Signature=a%2F", "batch": "7"}, "https://b.example/c/0001.jpg"),
        ({"photo": "cards/0001.JPG", "note": "of May"}, "cards/0001.JPG"),
        ({"image": "s3://b/0001.png?sig=1", "other": "a.jpg"}, "s3://b/0001.png"),
        ({"image": "/data/local-files/?d=cards/a.jpg"}, "/data/local-files/?d=cards/a.jpg"),
        ({"ocr": "x.jpg", "key": "0001.jpg"}, "0001.jpg"),
    ],
)
def test_the_key_of_a_task_is_the_address_of_its_image(data, key):
    assert from_label_studio([{"data": data, "annotations": []}])["key"].tolist() == [key]


@pytest.mark.parametrize(
    ("data", "number"), [({"front": "a.jpg", "back": "b.jpg"}, "2 images"), ({"note": "7"}, "no image")]
)
def test_a_task_of_no_certain_image_is_refused_by_its_number(data, number):
    tasks = [{"data": {"image": "a.jpg"}}, {"data": data}]
    with pytest.raises(ValueError, match=f"task 2 of the export of Label Studio name {number}"):
        from_label_studio(tasks)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"Key": ["a"], "Field ": ["name"], "Text": ["x"]}, r"Write the names in small letters"),
        ({"key": ["a"], "name": ["x"], "birth_date": ["y"]}, r"it has key, name and birth_date.*to_long"),
        ({"Truth of May": ["key"], "column 2": ["field"]}, r"it has 2 unknown names\. The first line must name"),
    ],
)
def test_a_truth_with_other_columns_names_them_and_the_way_on(cards, table, message):
    with pytest.raises(ValueError, match=f"the truth has no column.*{message}"):
        evaluate(cards, pd.DataFrame(table))
