import openpyxl
import pandas as pd
import pytest

from cardocr_nb import CardResult, Field, to_frame
from cardocr_nb.frame import ExcelDamageWarning
from cardocr_nb.quality import evaluate
from cardocr_nb.review import Corrections, Decision, correct, review

KEY = "id/0001.jpg"


def decisions(*rows):
    return pd.DataFrame(rows, columns=["key", "field", "verdict", "text"])


def cell(frame, key, field, column):
    return frame.loc[(frame["key"] == key) & (frame["field"] == field), column].iloc[0]


def test_decisions_replace_texts_and_name_their_source(cards):
    done = correct(
        cards,
        decisions(
            (KEY, "name", "corrected", "样本"),
            (KEY, "gender", "accepted", cell(cards, KEY, "gender", "text")),
            (KEY, "ethnicity", "absent", ""),
            (KEY, "address", "unreadable", ""),
        ),
    )
    assert cell(done, KEY, "name", "text") == "样本"
    assert pd.isna(cell(done, KEY, "ethnicity", "text"))
    assert cell(done, KEY, "address", "text") == cell(cards, KEY, "address", "text")
    sources = done.set_index(["key", "field"])["source"]
    assert sources[KEY].to_dict() == {
        "name": "person",
        "gender": "person",
        "ethnicity": "person",
        "birth_date": "service",
        "address": "service",
        "id_number": "service",
    }
    assert "source" not in cards


def test_the_last_decision_on_a_field_counts(cards):
    done = correct(cards, decisions((KEY, "name", "corrected", "样木"), (KEY, "name", "corrected", "样本")))
    assert cell(done, KEY, "name", "text") == "样本"


def test_a_field_that_was_not_read_gets_a_row(cards):
    without = cards[cards["field"] != "gender"]
    done = correct(without, decisions((KEY, "gender", "corrected", "女")))
    assert len(done) == len(without) + 1
    assert (cell(done, KEY, "gender", "text"), cell(done, KEY, "gender", "source")) == ("女", "person")
    assert cell(done, KEY, "gender", "card_type") == cell(cards, KEY, "name", "card_type")


def test_the_reviewer_whose_decision_counts_is_named(cards):
    table = decisions((KEY, "name", "accepted", "x"), (KEY, "name", "corrected", "y"), (KEY, "gender", "absent", ""))
    done = correct(cards[cards["field"] != "address"], table.assign(reviewer=["a", "b", ""]))
    assert cell(done, KEY, "name", "reviewer") == "b"
    assert done["reviewer"].notna().sum() == 1
    added = decisions((KEY, "address", "corrected", "z")).assign(reviewer="c")
    again = correct(done, added)
    assert (cell(again, KEY, "address", "reviewer"), cell(again, KEY, "name", "reviewer")) == ("c", "b")
    assert "reviewer" not in correct(cards, table)


def test_accuracy_after_review_follows_from_file_panel_and_accessor(cards, queue, data, tmp_path):
    true = pd.read_csv(data / "truth.csv", dtype="str")
    texts = true.set_index(["key", "field"])["text"]
    file = Corrections(tmp_path / "c.csv")
    for key, field in queue[["key", "field"]].itertuples(index=False):
        file.add(Decision(key, field, "corrected", texts[key, field]))
    panel = review(cards, data / "cards", tmp_path / "c.csv", queue=queue)
    true = true[true["key"].isin(cards["key"])]
    assert evaluate(cards, true).cards["correct"].iloc[0] == 0
    for done in (correct(cards, tmp_path / "c.csv"), correct(cards, panel), cards.cardocr.correct(file)):
        assert evaluate(done, true).cards["correct"].iloc[0] == 2


def test_other_tables_are_refused_without_their_texts(cards):
    with pytest.raises(ValueError, match="no column verdict"):
        correct(cards, pd.DataFrame({"key": [KEY], "field": ["name"], "text": ["样本"]}))
    with pytest.raises(ValueError, match="unknown verdict") as caught:
        correct(cards, decisions((KEY, "name", "样本", "样本")))
    assert "样本" not in str(caught.value)


def test_what_a_spreadsheet_changed_in_corrections_is_restored_or_left_out():
    number = "990101197412010014"
    card = [
        Field("公民身份号码", "99010197412010014", 61),
        Field("出生", "1974年12月1月", 60),
        Field("姓名", "样木", 70),
    ]
    cards = to_frame([CardResult(tuple(card), key=key) for key in ("0007", "0012")])
    typed = [("7", "id_number", "9.90101E+17"), ("7", "birth_date", "27364"), ("7", "name", "样本"),
             ("0012", "id_number", number), ("0012", "birth_date", "12/1/1974")]  # fmt: skip
    decided = pd.DataFrame(typed, columns=["key", "field", "text"]).assign(verdict="corrected")
    with pytest.warns(
        ExcelDamageWarning, match="changed 4 texts of the corrections: 1 in scientific notation"
    ) as found:
        frame = correct(cards, decided)
    assert found[0].filename == __file__
    assert frame["text"].tolist() == [
        "99010197412010014", "1974-12-01", "样本", number, "1974年12月1月", "样木",
    ]  # fmt: skip
    assert frame["source"].tolist() == ["service", "person", "person", "person", "service", "service"]


def test_a_file_of_corrections_that_is_missing_is_no_empty_one(cards, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file of corrections"):
        cards.cardocr.correct(tmp_path / "corectoins.csv")


@pytest.mark.parametrize(
    "column",
    [
        lambda day: pd.Series([pd.Timestamp(day), "样本"], dtype=object),
        lambda day: pd.Series([day.to_pydatetime(), "样本"], dtype=object),
        lambda day: pd.Series([day, pd.NaT]),
        lambda day: pd.Series([day, pd.NaT]).astype("timestamp[us][pyarrow]"),
    ],
)
def test_dates_of_cells_become_dates_in_the_frame_and_in_training_data(cards, column, tmp_path):
    typed = pd.DataFrame({"key": KEY, "field": ["birth_date", "name"], "verdict": ["corrected", "accepted"]})
    typed["text"] = column(pd.Timestamp("1983-04-05"))
    assert cell(correct(cards, typed), KEY, "birth_date", "text") == "1983-04-05"


def test_dates_and_numbers_that_people_typed_into_a_workbook_are_read_from_pandas(cards, tmp_path):
    number = "990101197412010014"
    typed = decisions(
        (KEY, "birth_date", "corrected", pd.Timestamp("1983-04-05")),
        (KEY, "id_number", "corrected", float(number)),
        (KEY, "name", "corrected", "样本"),
    )
    typed.to_excel(tmp_path / "typed.xlsx", index=False)
    for given in (pd.read_excel(tmp_path / "typed.xlsx"), tmp_path / "typed.xlsx"):
        with pytest.warns(ExcelDamageWarning, match="1 texts of the corrections"):
            done = correct(cards, given)
        assert cell(done, KEY, "birth_date", "text") == "1983-04-05"
        assert cell(done, KEY, "name", "text") == "样本"
        assert cell(done, KEY, "id_number", "text") == cell(cards, KEY, "id_number", "text")


def test_the_sheet_of_corrections_of_a_workbook_is_taken_by_its_path(cards, tmp_path):
    path = cards.cardocr.to_excel(tmp_path / "cards.xlsx")
    book = openpyxl.load_workbook(path)
    book["corrections"].append([None, KEY, "name", None, "样本"])
    book.save(path)
    assert cell(correct(cards, path), KEY, "name", "text") == "样本"


@pytest.mark.parametrize(
    "row", [(None, "name", "corrected", "样本"), (KEY, None, "corrected", "样本"), (" ", "name", "corrected", "样本")]
)
def test_decisions_without_key_or_field_are_counted(cards, row):
    with pytest.warns(UserWarning, match="1 rows of the corrections are left out"):
        done = correct(cards, decisions(row, (KEY, "gender", "corrected", "女")))
    assert cell(done, KEY, "gender", "text") == "女"
    assert len(done) == len(cards)


def test_a_misspelled_field_of_a_correction_is_named(cards):
    with pytest.warns(UserWarning, match="1 corrections have a field that no card of the frame has"):
        correct(cards, decisions((KEY, "nmae", "corrected", "样本")))
    correct(cards, decisions((KEY, "first_issue_date", "corrected", "2001-02-03")))


NO_TEXT = {"missing": None, "empty": "", "blank": "\u3000", "nan": float("nan")}


@pytest.mark.parametrize("empty", NO_TEXT.values(), ids=NO_TEXT)
@pytest.mark.parametrize("given", ["frame", "csv", "pandas", "parquet", "xlsx"])
def test_accepted_fields_without_a_text_keep_the_reading_and_corrected_ones_are_not_decided(
    cards, tmp_path, empty, given
):
    table = decisions(
        (KEY, "name", "accepted", empty), (KEY, "gender", "corrected", empty), (KEY, "x", "corrected", "y")
    )
    table["field"] = table["field"].replace("x", "ethnicity")
    path = tmp_path / f"c.{ {'pandas': 'csv'}.get(given, given) }".replace(" ", "")
    if given != "frame":
        getattr(table, {"csv": "to_csv", "parquet": "to_parquet", "xlsx": "to_excel"}[path.suffix[1:]])(
            path, index=False
        )
    source = {"frame": table, "pandas": None}.get(given, path)
    with pytest.warns(UserWarning, match="^1 accepted or corrected fields have no text"):
        done = correct(cards, pd.read_csv(path) if source is None else source)
    assert cell(done, KEY, "name", "text") == cell(cards, KEY, "name", "text")
    assert cell(done, KEY, "gender", "text") == cell(cards, KEY, "gender", "text")
    assert [cell(done, KEY, f, "source") for f in ("name", "gender", "ethnicity")] == ["person", "service", "person"]
    assert cell(done, KEY, "ethnicity", "text") == "y"
    assert len(done) == len(cards)


def test_decisions_without_a_text_are_no_errors_of_the_reading(cards, tmp_path):
    table = decisions((KEY, "name", "accepted", ""), (KEY, "gender", "corrected", ""), (KEY, "ethnicity", "absent", ""))
    table.to_csv(tmp_path / "c.csv", index=False)
    with pytest.warns(UserWarning, match="^2 accepted or corrected fields have no text"):
        outcome = evaluate(cards, tmp_path / "c.csv", complete=False).cells.set_index("field")["outcome"]
    assert outcome["ethnicity"] == "spurious"
    assert (
        not outcome[outcome.index.isin(["name", "gender"])].isin(["correct", "incorrect", "spurious", "missing"]).any()
    )
    with pytest.warns(UserWarning, match="^2 accepted or corrected fields have no text"):
        assert Corrections(tmp_path / "c.csv").truth()["field"].tolist() == ["ethnicity"]
