"""Workbooks: written, looked at with openpyxl, changed as people change them, and read back."""

import re
import warnings

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cardocr_nb as ocr
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import ExcelDamageWarning, conform
from cardocr_nb.report import from_excel, to_excel


@pytest.fixture(scope="module")
def readings():
    return ocr.load_sample("readings")


@pytest.fixture(scope="module")
def workbook(readings, tmp_path_factory):
    return to_excel(readings, tmp_path_factory.mktemp("excel") / "cards.xlsx")


@pytest.fixture(scope="module")
def few(readings):
    """Twenty cards, some with low scores, for tests in which openpyxl writes a workbook."""
    low = readings.loc[readings["score"] < 80, "key"].unique()[:5]
    return readings[readings["key"].isin([*low, *readings["key"].unique()[:15]])].reset_index(drop=True)


@pytest.fixture(scope="module")
def short(few, tmp_path_factory):
    return to_excel(few, tmp_path_factory.mktemp("excel") / "cards.xlsx")


def test_every_text_number_time_and_polygon_comes_back(readings, workbook):
    pd.testing.assert_frame_equal(from_excel(workbook), readings.reset_index(drop=True), check_categorical=False)


def test_numbers_are_texts_and_times_are_dates_in_the_services_time(readings, workbook):
    sheet = openpyxl.load_workbook(workbook)["cards"]
    at = {cell.value: cell.column for cell in sheet[1]}
    row = int((readings["field"] == "id_number").to_numpy().nonzero()[0][0])
    cell = sheet.cell(row + 2, at["text"])
    assert (cell.data_type, cell.value) == ("s", readings["text"][row])
    ended = sheet.cell(row + 2, at["ended"])
    assert ended.is_date
    assert ended.value == readings["ended"][row].tz_localize(None)


def test_failed_checks_are_named_and_low_scores_are_colored(readings, workbook):
    sheet = openpyxl.load_workbook(workbook)["cards"]
    at = {cell.value: cell.column for cell in sheet[1]}
    table = readings.cardocr.check()
    of_fields = table["key"].notna() & (table["check"] != "field_is_there")  # an absent field has no row to color
    failed = table[~table["passed"].astype(bool) & table["field"].notna() & of_fields]
    named = {sheet.cell(row, at["checks"]).value for row in range(2, sheet.max_row + 1)} - {None}
    assert {name for names in named for name in names.split(", ")} == set(failed["check"])
    ranges = [str(rule.sqref) for rule in sheet.conditional_formatting]
    assert any(openpyxl.utils.get_column_letter(at["score"]) in place for place in ranges)


def test_columns_are_wide_enough_for_times_and_an_empty_score_is_not_low(workbook):
    sheet = openpyxl.load_workbook(workbook)["cards"]
    at = {cell.value: cell.column_letter for cell in sheet[1]}
    columns = {cell.value: cell.column for cell in sheet[1]}
    wide = [
        d for d in sheet.column_dimensions.values() if d.width >= len("2026-01-01 00:00:00")
    ]  # equal ones are joined
    assert all(any(d.min <= columns[name] <= d.max for d in wide) for name in ("created", "started", "ended"))
    formulas = [rule.formula[0] for place in sheet.conditional_formatting for rule in place.rules]
    assert formulas == [f"AND(ISNUMBER({at['score']}2),{at['score']}2<80)"]


def test_a_formula_in_a_text_stays_a_text(tmp_path):
    cards = ocr.to_frame(ocr.CardResult((ocr.Field("姓名", '=HYPERLINK("http://x")', 98),), key="@1.jpg"))
    sheet = openpyxl.load_workbook(to_excel(cards, tmp_path / "cards.xlsx"))["cards"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}


def test_corrections_come_back_after_people_typed_them(few, short, tmp_path):
    book = openpyxl.load_workbook(short)
    sheet = book["corrections"]
    at = {cell.value: cell.column for cell in sheet[1]}
    low = few[(few["score"] < 80) & few["field"].notna()]
    assert sheet.max_row - 1 >= len(low) > 0
    sheet.cell(2, at["corrected"], "样本")
    sheet.append([None, "front/9.jpg", "name", None, "样木"])
    book.save(tmp_path / "typed.xlsx")
    truth = from_excel(tmp_path / "typed.xlsx", sheet="corrections")
    assert truth["text"].tolist() == ["样本", "样木"]
    assert truth["key"].tolist()[1] == "front/9.jpg"
    corrected = few.cardocr.correct(truth[truth["key"] != "front/9.jpg"])
    hit = (corrected["key"] == truth["key"][0]) & (corrected["field"] == truth["field"][0])
    assert corrected.loc[hit, ["text", "source"]].to_numpy().tolist() == [["样本", "person"]]


def test_a_correction_whose_digits_are_lost_is_left_out_and_is_no_absent_field(short, tmp_path):
    book = openpyxl.load_workbook(short)
    book["corrections"].append([None, "a.jpg", "id_number", None, 990101197412010014])
    book.save(tmp_path / "typed.xlsx")
    with pytest.warns(ExcelDamageWarning, match="changed 1 texts of the sheet 'corrections': 1 in scientific notation"):
        assert len(from_excel(tmp_path / "typed.xlsx", sheet="corrections")) == 0


@pytest.mark.parametrize("row", [(None, None, "name", None, "样本"), (None, "a.jpg", None, None, "样本")])
def test_typed_corrections_without_key_or_field_are_counted(short, tmp_path, row):
    book = openpyxl.load_workbook(short)
    book["corrections"].append(row)
    book["corrections"].append((None, "b.jpg", "name", None, "样本"))
    book.save(tmp_path / "typed.xlsx")
    with pytest.warns(UserWarning, match="1 rows of the sheet 'corrections' are left out"):
        found = from_excel(tmp_path / "typed.xlsx", sheet="corrections")
    assert found[["key", "field", "text"]].to_numpy().tolist() == [["b.jpg", "name", "样本"]]


def test_blank_and_broken_cells_are_no_corrections(short, tmp_path):
    book = openpyxl.load_workbook(short)
    for text in ("  ", "\u3000", "#N/A", "#REF!", "样木"):
        book["corrections"].append([None, "a.jpg", "name", None, text])
    book.save(tmp_path / "typed.xlsx")
    with pytest.warns(ExcelDamageWarning, match="2 cells of the column 'corrected' of typed.xlsx hold an error"):
        assert from_excel(tmp_path / "typed.xlsx", sheet="corrections")["text"].tolist() == ["样木"]


@pytest.fixture(scope="module")
def typed(workbook, tmp_path_factory):
    """The workbook with a correction that somebody typed."""
    book = openpyxl.load_workbook(workbook)
    at = {cell.value: cell.column for cell in book["corrections"][1]}
    book["corrections"].cell(2, at["corrected"], "样本")
    path = tmp_path_factory.mktemp("typed") / "typed.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize("suffix", ["frame", ".csv", ".parquet", ".xlsx"])
def test_corrections_of_a_workbook_give_no_rates_by_any_way(readings, typed, tmp_path, suffix):
    truth = from_excel(typed, sheet="corrections")
    shown = readings.cardocr.evaluate(truth, weights=False)
    assert shown.fields["wrong"].sum() == shown.fields["cases"].sum() == 1
    if suffix != "frame":
        write = {".csv": truth.to_csv, ".parquet": truth.to_parquet, ".xlsx": truth.to_excel}[suffix]
        write(tmp_path / f"truth{suffix}", index=False)
        truth = tmp_path / f"truth{suffix}"
    for ask in (readings.cardocr.evaluate, readings.cardocr.threshold, readings.cardocr.calibrate):
        with pytest.raises(ValueError, match="selected by a review queue"):
            ask(truth)


def test_the_sheet_of_corrections_itself_is_no_truth(readings, typed, tmp_path):
    """It holds the texts as they were read."""
    sheet = pd.read_excel(typed, sheet_name="corrections", dtype="str")
    sheet.to_csv(tmp_path / "sheet.csv", index=False)
    for same in (sheet, tmp_path / "sheet.csv"):
        with pytest.raises(ValueError, match=r"from_excel\(path, sheet='corrections'\)"):
            readings.cardocr.evaluate(same)


@pytest.mark.parametrize("layout", ["field", "card"])
def test_the_workbook_of_the_readings_is_no_truth(few, tmp_path, layout):
    few.cardocr.to_excel(tmp_path / "cards.xlsx", layout=layout)
    with pytest.raises(ValueError, match=r"from_excel\(path, sheet='corrections'\)"):
        few.cardocr.evaluate(tmp_path / "cards.xlsx")


def cards_of(texts, fields=("address",)):
    return conform(
        pd.DataFrame(
            {
                "key": [f"{n}.jpg" for n in range(len(texts))],
                "card_type": "IDCard",
                "field": [fields[n % len(fields)] for n in range(len(texts))],
                "text": texts,
            }
        )
    )


LIKE_DAMAGE = ["?", "??", "Room ?", "'?", "1.10101E+17", " 1.10101E+17 ", "990101197412010000", "27364", "12/25/1974",
               "12/1/1974", "1-Dec-74", "1974-12-01 00:00:00", "1974-12-01T00:00", "#N/A", "TRUE"]  # fmt: skip
ESCAPES = ["_x0041_", "_x000D_", "_x005F_x0041_", "x005F_", "_x005f_x005F_", "_xD800_", "_xFFFE_", "\ufffe", "\uffff",
           "<r>a</r>", "<r><t>a</t></r>", "\0", "\x1b", "\r\n", "\x85", "\ufeff"]  # fmt: skip
# Parts of escapes next to one another make every kind of overlap.
PARTS = st.lists(
    st.one_of(
        st.sampled_from([*LIKE_DAMAGE, *ESCAPES, "'", "=", "_", "_x", "0041", "<r>", "</r>", "&lt;"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    ),
    min_size=1,
    max_size=4,
).map("".join)
FIELDS = ("id_number", "birth_date", "name", "address")


@settings(max_examples=6, deadline=None)
@given(st.lists(PARTS.filter(bool), min_size=30, max_size=60))
def test_every_text_comes_back_or_is_refused_by_name(tmp_path_factory, texts):
    cards = cards_of([*LIKE_DAMAGE * 4, *ESCAPES, *texts], FIELDS)
    path = tmp_path_factory.mktemp("excel") / "cards.xlsx"
    for layout in ("field", "card"):
        try:
            to_excel(cards, path, layout=layout)
        except ValueError as error:
            assert re.match("[0-9]+ texts of the columns .*control characters together with", str(error))  # noqa: PT017
            return
        assert from_excel(path)["text"].tolist() == cards["text"].tolist()


@pytest.mark.parametrize("text", ["样" * 32_768, "𠮷" * 16_384, "'=" + "1" * 32_765])
def test_a_text_that_is_longer_than_a_cell_is_refused_and_never_cut(tmp_path, text):
    with pytest.raises(ValueError, match=r"1 texts of the columns text do not fit .* more than 32,767 characters"):
        to_excel(cards_of([text, "样本"]), tmp_path / "cards.xlsx")
    assert not (tmp_path / "cards.xlsx").exists()
    assert from_excel(to_excel(cards_of([text[1:]]), tmp_path / "cards.xlsx"))["text"].item() == text[1:]


@pytest.mark.parametrize("layout", ["field", "card"])
@pytest.mark.parametrize("typed", [990101197412010014, "9.90101E+17", "990101197412010000", "??"])
def test_damage_of_a_cell_that_was_edited_is_found_among_readings_that_look_like_it(tmp_path, layout, typed):
    path = to_excel(cards_of(["990101197412010000", "??"], ("id_number",)), tmp_path / "cards.xlsx", layout=layout)
    book = openpyxl.load_workbook(path)
    at = {cell.value: cell.column for cell in book["cards"][1]}
    book["cards"].cell(2, at["text" if layout == "field" else "id_number"], typed)
    book.save(path)
    with pytest.warns(ExcelDamageWarning, match="changed 1 texts"):
        assert from_excel(path)["text"].dropna().tolist() == ["??"]


def test_a_column_of_ones_own_may_have_any_name_and_texts_for_scores(tmp_path):
    own = cards_of(["样本"])
    own[["self", "<r>x</r>", "'=1", "risk_score"]] = ["a", "b", "c", "high"]
    found = from_excel(to_excel(own, tmp_path / "cards.xlsx"))
    assert found[["self", "<r>x</r>", "'=1", "risk_score"]].loc[0].tolist() == ["a", "b", "c", "high"]


def test_times_with_a_zone_are_read_as_well(few, tmp_path):
    book = openpyxl.Workbook()  # as a spreadsheet saves a CSV file of the package
    book.active.title = "cards"
    for row in (
        list(few.columns),
        *few.astype(object).where(few.notna(), None).map(lambda v: v and str(v)).to_numpy().tolist(),
    ):
        book.active.append(row)
    book.save(tmp_path / "cards.xlsx")
    assert from_excel(tmp_path / "cards.xlsx")["ended"].tolist() == few["ended"].tolist()


def test_one_row_a_card_comes_back_as_one_row_a_field(few, tmp_path):
    cards = few
    with_polygons = from_excel(to_excel(cards, tmp_path / "wide.xlsx", layout="card"))
    there = cards["text"].notna()
    assert with_polygons["text"].dropna().tolist() == cards.loc[there, "text"].tolist()


def test_crops_need_pictures_and_reveal(tmp_path, data):
    places = pd.read_csv(data / "truth_polygons.csv").query("key == 'id/0001.jpg'").reset_index(drop=True)
    corners = [f"{axis}{n}" for n in range(1, 5) for axis in "xy"]
    polygons = list(places[corners].to_numpy().reshape(-1, 4, 2).round().astype(int))
    cards = conform(
        places[["key", "field"]].assign(job_id="j1", state="Success", text="样本", score=90, polygon=polygons)
    )
    with pytest.warns(UserWarning, match=r"^no crops are written from images: pass reveal=True"):
        plain = openpyxl.load_workbook(to_excel(cards, tmp_path / "plain.xlsx", images=data / "cards"))["cards"]
    with pytest.warns(UserWarning, match=r"^no crops are written from images: they need layout='field'"):
        to_excel(cards, tmp_path / "wide.xlsx", images=data / "cards", reveal=True, layout="card")
    revealed = to_excel(cards, tmp_path / "shown.xlsx", images=data / "cards", reveal=True)
    assert len(plain._images) == 0
    assert len(openpyxl.load_workbook(revealed)["cards"]._images) == len(cards)
    pd.testing.assert_frame_equal(from_excel(revealed), cards, check_categorical=False)


@pytest.mark.parametrize(("name", "options"), [("cards.xls", {}), ("cards.xlsx", {"layout": "tall"})])
def test_another_suffix_or_layout_is_refused(few, tmp_path, name, options):
    with pytest.raises(ValueError, match=r"\.xlsx|'field'"):
        to_excel(few, tmp_path / name, **options)


@pytest.mark.parametrize("low", [0.8, 1.0, -1, 101])
def test_a_low_score_of_another_scale_is_refused(few, tmp_path, low):
    with pytest.raises(ValueError, match=r"low_score is 0 to 100, as scores are, got .*; for 80 % pass 80"):
        to_excel(few, tmp_path / "cards.xlsx", low_score=low)


@pytest.mark.parametrize("layout", ["field", "card"])
def test_a_row_of_totals_is_counted(few, tmp_path, layout):
    book = openpyxl.load_workbook(to_excel(few, tmp_path / "cards.xlsx", layout=layout))
    names = [cell.value for cell in book["cards"][1]]
    book["cards"].append(["Total" if name == "key" else None for name in names])
    book.save(tmp_path / "changed.xlsx")
    rows = len(few) + 1 if layout == "field" else few["key"].nunique() + 1
    with pytest.warns(UserWarning, match=f"^1 of {rows} rows .* neither a state nor a text, as a row of totals"):
        assert from_excel(tmp_path / "changed.xlsx")["key"].eq("Total").sum() == 1


@pytest.mark.parametrize(("texts", "warns"), [(["男", "女"], True), (["女", "女"], False)])
def test_two_corrections_of_one_field_are_counted(few, tmp_path, texts, warns):
    book = openpyxl.load_workbook(to_excel(few, tmp_path / "cards.xlsx"))
    names = [cell.value for cell in book["corrections"][1]]
    for text in texts:
        row = {"key": few["key"][0], "field": "gender", "corrected": text}
        book["corrections"].append([row.get(name) for name in names])
    book.save(tmp_path / "changed.xlsx")
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        from_excel(tmp_path / "changed.xlsx", sheet="corrections")
    assert [str(one.message)[:37] for one in found] == ["1 fields have several corrections with"[:37]] * warns


def test_plain_to_excel_works_with_the_documented_call(few, tmp_path):
    times = {name: few[name].dt.tz_localize(None) for name in ("created", "started", "ended")}
    few.assign(**times).to_excel(tmp_path / "plain.xlsx")
    assert openpyxl.load_workbook(tmp_path / "plain.xlsx").active.max_row == len(few) + 1


def changed(workbook, path, change):
    book = openpyxl.load_workbook(workbook)
    sheet = book["cards"]
    change(sheet, {cell.value: cell for cell in sheet[1]})
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _, heads: setattr(heads["score"], "value", "text"), "have the same name"),
        (lambda _, heads: setattr(heads["user_data"], "value", "key"), "have the same name"),
        (lambda _, heads: setattr(heads["text"], "value", "words"), "no column text"),
        (lambda sheet, heads: setattr(sheet.cell(2, heads["ended"].column), "value", "soon"), "ended is not a time"),
    ],
)
def test_a_workbook_whose_columns_were_changed_is_refused(short, tmp_path, change, message):
    with pytest.raises(DecodeError, match=message):
        from_excel(changed(short, tmp_path / "changed.xlsx", change))


def test_a_truth_with_two_columns_of_one_name_is_refused(few, short, tmp_path):
    path = changed(short, tmp_path / "t.xlsx", lambda _, heads: setattr(heads["score"], "value", "text"))
    with pytest.raises(DecodeError, match="have the same name"):
        few.cardocr.evaluate(path)
