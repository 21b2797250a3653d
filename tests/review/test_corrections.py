import csv
import stat

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.review import Corrections, Decision, truth
from cardocr_nb.review._corrections import VERDICTS

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
NAMES = TEXT.filter(str.strip)
DECISIONS = st.lists(
    st.builds(Decision, NAMES, NAMES, st.sampled_from(VERDICTS), TEXT, TEXT, st.just("2026-01-01T00:00:00+00:00")),
    max_size=6,
)


@pytest.fixture(params=["csv", "parquet"])
def file(request, tmp_path):
    return Corrections(tmp_path / "kept" / f"corrections.{request.param}")


def test_before_the_first_decision_there_is_no_file_and_no_row(file):
    assert len(file.read()) == 0
    assert len(file.truth()) == 0
    assert not file.path.exists()


def test_a_decision_is_in_the_file_at_once_and_only_the_owner_may_read_it(file):
    file.add(Decision("1.jpg", "name", "corrected", "样本", "j1", "2026-01-01T00:00:00+00:00"))
    again = Corrections(file.path).read()
    assert again.to_dict("records") == [
        {"key": "1.jpg", "field": "name", "verdict": "corrected", "text": "样本", "job_id": "j1",
         "decided": "2026-01-01T00:00:00+00:00", "selection": "", "weight": "", "reviewer": ""}
    ]  # fmt: skip
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [p.name for p in file.path.parent.iterdir()] == [file.path.name]


def test_a_file_that_others_could_read_is_closed_by_the_next_decision(file):
    file.add(Decision("1.jpg", "name", "absent"))
    file.path.chmod(0o644)
    file.add(Decision("2.jpg", "name", "absent"))
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_the_last_decision_counts_and_the_earlier_stay_in_the_file(file):
    file.add(Decision("1.jpg", "name", "accepted", "样木"))
    file.add(Decision("1.jpg", "name", "corrected", "样本"))
    assert file.read()["text"].tolist() == ["样木", "样本"]
    assert file.truth()["text"].tolist() == ["样本"]


def test_truth_has_corrected_and_absent_fields_and_leaves_out_the_unreadable(file):
    file.add(Decision("1.jpg", "name", "accepted", "样本"))
    file.add(Decision("1.jpg", "address", "absent"))
    file.add(Decision("1.jpg", "gender", "unreadable"))
    table = truth(file.path)
    assert table.columns.tolist() == ["key", "field", "text"]
    assert table["field"].tolist() == ["name", "address"]
    assert table["text"][0] == "样本"
    assert pd.isna(table["text"][1])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@settings(max_examples=30)
@given(decisions=DECISIONS)
def test_every_decision_comes_back(tmp_path_factory, ending, decisions):
    file = Corrections(tmp_path_factory.mktemp("any") / f"c.{ending}")
    for decision in decisions:
        file.add(decision)
    assert list(file.last().values()) == list({(d.key, d.field): d for d in decisions}.values())


def test_rows_that_another_program_added_stay(file):
    file.add(Decision("1.jpg", "name", "absent"))
    other = Corrections(file.path)
    other.add(Decision("2.jpg", "name", "accepted", "样本"))
    file.add(Decision("3.jpg", "name", "absent"))
    assert file.read()["key"].tolist() == ["1.jpg", "2.jpg", "3.jpg"]


def test_a_table_that_a_spreadsheet_saved_is_gone_on_with(tmp_path):
    path = tmp_path / "c.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "field,key,verdict,text\r\nname,1.jpg,accepted,样本".encode())
    file = Corrections(path)
    file.add(Decision("2.jpg", "name", "corrected", "样本", "j2"))
    assert file.read()[["key", "field", "text"]].to_numpy().tolist() == [
        ["1.jpg", "name", "样本"],
        ["2.jpg", "name", "样本"],
    ]


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"key,field,verdict,text\n1,name,maybe,x\n", b'"', b"\xff\xfe\0"]
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_of_something_else_is_refused_and_left_as_it_is(tmp_path, ending, content):
    path = tmp_path / f"c.{ending}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a file of corrections"):
        Corrections(path).add(Decision("1.jpg", "name", "absent"))
    assert path.read_bytes() == content


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_file_that_a_spreadsheet_saved_is_read_and_continued(tmp_path, encoding, separator):
    rows = ["key,field,verdict,text,note", "1.jpg,name,corrected,样本,n", "2.jpg,address,absent,,"]
    path = tmp_path / "corrections.csv"
    path.write_bytes("\r\n".join(rows).replace(",", separator).encode(encoding))
    file = Corrections(path)
    assert file.read()["text"].tolist() == ["样本", ""]
    file.add(Decision("3.jpg", "name", "corrected", "样木"))
    file.add(Decision("4.jpg", "name", "corrected", "样", reviewer="a"))
    assert file.read()["text"].tolist() == ["样本", "", "样木", "样"]
    assert "note" in path.read_text("utf-8-sig").split("\n", 1)[0]


def test_only_csv_and_parquet_are_written(tmp_path):
    with pytest.raises(InvalidRequestError, match=r"\.csv or \.parquet"):
        Corrections(tmp_path / "corrections.xlsx")


def test_where_nothing_can_be_written_nothing_is_left_behind(file):
    file.path.mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        file.add(Decision("2.jpg", "name", "absent"))
    assert list(file.path.parent.iterdir()) == [file.path]


def test_reprs_hold_no_text():
    assert "样本" not in repr(Decision("1.jpg", "name", "corrected", "样本"))


def test_damaged_parquet_corrections_are_left_as_they_are(tmp_path):
    file = Corrections(tmp_path / "corrections.parquet")
    file.add(Decision("1.jpg", "name", "corrected", "样本"))
    damaged = file.path.read_bytes()[:-9] + b"\xff" * 9
    file.path.write_bytes(damaged)
    with pytest.raises(ValueError, match="not a file of corrections"):
        file.read()
    assert file.path.read_bytes() == damaged


def test_no_cell_of_the_file_is_a_formula_and_every_text_comes_back(tmp_path):
    file, texts = Corrections(tmp_path / "c.csv"), ["=1+1", "\t+1", "\0=1", "＝1", "'=1", "990101197412010010"]
    for text in texts:
        file.add(Decision(key="@a.jpg", field="name", verdict="corrected", text=text, reviewer="-r"))
    rows = list(csv.reader(file.path.read_text(encoding="utf-8").splitlines()))[1:]
    assert not any(cell.strip("\0 \t")[:1] in {*"=+@-＝"} for row in rows for cell in row if cell)
    assert rows[-1][rows[0].index("'@a.jpg") + 3] == "990101197412010010"
    assert file.read()["text"].tolist() == texts
    assert set(file.read()["key"]) == {"@a.jpg"}
