"""The command line, as people call it."""

import subprocess
import sys

import pandas as pd
import pytest

from cardocr_nb._cli import main
from cardocr_nb.specimen import write


@pytest.fixture(scope="module")
def specimens(tmp_path_factory):
    folder = tmp_path_factory.mktemp("specimens")
    write(folder, 2, "IDCard", seed=7)
    return folder


def test_run_reads_a_folder_into_a_table_and_a_report(specimens, tmp_path, capsys):
    out, report = tmp_path / "cards.parquet", tmp_path / "report.html"
    code = main(["run", str(specimens), "--card-type", "IDCard", "--out", str(out), "--report", str(report), "--quiet"])
    assert code == 0
    cards = pd.read_parquet(out)
    assert cards["key"].nunique() == 2
    assert set(cards["field"]) == {"name", "gender", "ethnicity", "birth_date", "address", "id_number"}
    assert str(cards["polygon"].dtype) == "polygon"
    shown = capsys.readouterr()
    assert str(report) in shown.out
    page = report.read_text(encoding="utf-8")
    for field in ("name", "address", "id_number"):
        for text in cards.loc[cards["field"] == field, "text"]:
            assert text not in page
            assert text not in shown.out + shown.err


def test_run_continues_after_damaged_files_and_exits_with_1(specimens, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    for path in specimens.glob("*.jpg"):
        (tmp_path / "in" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "in/text.jpg").write_text("hello")
    out = tmp_path / "cards.csv"
    code = main(["run", str(tmp_path / "in"), "--card-type", "IDCard", "--out", str(out), "--quiet"])
    assert code == 1
    cards = pd.read_csv(out)
    assert cards.loc[cards["key"] == "text.jpg", "code"].tolist() == ["NotAnImage"]
    assert cards["key"].nunique() == 3


def test_report_reads_the_table_that_run_wrote(specimens, tmp_path, capsys):
    out = tmp_path / "cards.feather"
    main(["run", str(specimens), "--card-type", "IDCard", "--out", str(out), "--quiet"])
    page = tmp_path / "report.md"
    assert main(["report", str(out), "-o", str(page), "--truth", str(specimens / "truth.csv")]) == 0
    assert page.read_text(encoding="utf-8")


@pytest.mark.filterwarnings("always::cardocr_nb.wire._decode.RepairWarning")
def test_flatten_makes_a_table_of_saved_responses_and_reports_repairs(data, tmp_path, capsys):
    out = tmp_path / "cards.parquet"
    assert main(["flatten", str(data / "responses"), "--out", str(out)]) == 0
    assert "cardocr: the document is not well-formed XML; read with a second opening" in capsys.readouterr().err
    assert pd.read_parquet(out)["job_id"].nunique() >= 4


def test_flatten_names_the_files_that_cannot_be_read(tmp_path, capsys):
    (tmp_path / "bad.xml").write_text("<Response>")
    out = tmp_path / "cards.parquet"
    assert main(["flatten", str(tmp_path), "--out", str(out)]) == 1
    assert "bad.xml" in capsys.readouterr().err
    assert main(["flatten", str(tmp_path), "--out", str(out), "--keep-unreadable"]) == 0
    assert pd.read_parquet(out)["state"].tolist() == ["Unreadable"]


def test_specimen_draws_cards_with_their_truth(tmp_path, capsys):
    arguments = ["specimen", "--out", str(tmp_path), "--n", "2", "--type", "DriverLicense", "--degrade", "shadow=0.3"]
    assert main(arguments) == 0
    truth = pd.read_csv(tmp_path / "truth.csv", dtype="str")
    assert truth["key"].nunique() == 2
    assert main([*arguments[:-1], "fog=2"]) == 2
    assert "fog" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["run", "x.jpg"],
        ["run", "x.jpg", "--card-type", "Passport", "--out", "a.parquet"],
        ["run", "x.jpg", "--card-type", "IDCard", "--out", "a.xlsx"],
    ],
)
def test_wrong_arguments_end_with_code_2_and_usage(arguments, capsys):
    with pytest.raises(SystemExit) as e:
        main(arguments)
    assert e.value.code == 2
    assert "usage: cardocr" in capsys.readouterr().err


def test_an_empty_folder_gives_one_line(tmp_path, capsys):
    code = main(["run", str(tmp_path), "--card-type", "IDCard", "--out", str(tmp_path / "a.parquet")])
    assert code == 2
    assert capsys.readouterr().err.startswith("cardocr: no images found in ")


def test_doctor_without_credentials_names_the_variables(monkeypatch, capsys):
    for name in ("TENCENTCLOUD_SECRET_ID", "COS_SECRET_ID", "COS_BUCKET", "COS_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert main(["doctor"]) == 2
    assert "COS_BUCKET" in capsys.readouterr().err


def test_the_command_is_installed():
    done = subprocess.run([sys.executable, "-m", "cardocr_nb", "--help"], capture_output=True, text=True, check=True)
    for command in ("run", "flatten", "report", "specimen", "serve", "doctor"):
        assert command in done.stdout
