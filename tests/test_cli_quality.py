"""The commands that analyze a table: formats, limits with exit code 3, JUnit XML, and no text of a card."""

import json
from io import StringIO
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

import cardocr_nb as ocr
from cardocr_nb._cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    cards, truth = ocr.load_sample("readings"), ocr.load_sample("truth")
    cards.to_parquet(folder / "cards.parquet")
    worse = cards.assign(text=cards["text"].where(cards["field"] != "name", "无"))
    worse.to_parquet(folder / "worse.parquet")
    truth.to_csv(folder / "truth.csv", index=False)
    return folder


def run(capsys, *arguments):
    code = main([str(one) for one in arguments])
    return code, *capsys.readouterr()


COMMANDS = {
    "check": [],
    "evaluate": ["--truth", "truth.csv"],
    "compare": ["worse.parquet", "--truth", "truth.csv"],
    "drift": [],
    "review-queue": ["--budget", "20"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_three_formats_hold_the_same_rows_and_no_text(command, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    call = [command, "cards.parquet", *COMMANDS[command]]
    shown = {form: run(capsys, *call, "--format", form) for form in ("table", "csv", "json")}
    assert {code for code, *_ in shown.values()} == {0}
    rows = json.loads(shown["json"][1])
    table = pd.read_csv(StringIO(shown["csv"][1]))
    assert list(rows[0]) == list(table.columns)
    assert len(rows) == len(table) == len(shown["table"][1].splitlines()) - 1
    truth = pd.read_csv("truth.csv", dtype="str")
    private = truth.loc[truth["field"].isin(["name", "address", "id_number", "licence_number"]), "text"]
    assert not [text for text in private if text in "".join(out + err for _, out, err in shown.values())]


def test_a_table_can_be_written_to_a_file(folder, tmp_path, capsys):
    out = tmp_path / "checks.csv"
    assert run(capsys, "check", folder / "cards.parquet", "--format", "csv", "--out", out) == (0, "", "")
    assert len(pd.read_csv(out)) > 10


@pytest.mark.parametrize(
    ("arguments", "missed"),
    [
        (["check", "cards.parquet", "--fail-on", "error"], True),
        (["check", "cards.parquet", "--min-passed", "0.5"], False),
        (["check", "cards.parquet", "--min-passed", "0.9999"], True),
        (["evaluate", "cards.parquet", "--truth", "truth.csv", "--min-exact", "0.75"], False),
        (["evaluate", "cards.parquet", "--truth", "truth.csv", "--min-exact", "0.99"], True),
        (["evaluate", "cards.parquet", "--truth", "truth.csv", "--min-cards", "0.73"], False),
        (["evaluate", "cards.parquet", "--truth", "truth.csv", "--min-cards", "0.73", "--lower-bound"], True),
        (["evaluate", "cards.parquet", "--truth", "truth.csv", "--max-cer", "0.02"], True),
        (["compare", "cards.parquet", "worse.parquet", "--truth", "truth.csv", "--fail-on", "worse"], True),
        (["compare", "worse.parquet", "cards.parquet", "--truth", "truth.csv", "--fail-on", "worse"], False),
        (["compare", "cards.parquet", "worse.parquet", "--min-agreement", "0.5"], True),
        (["compare", "cards.parquet", "cards.parquet", "--min-agreement", "1"], False),
        (["drift", "cards.parquet", "--reference", "cards.parquet", "--fail-on", "alarm"], False),
        (["review-queue", "cards.parquet", "--max-errors", "1"], True),
        (["review-queue", "cards.parquet", "--budget", "0", "--max-errors", "1"], False),
    ],
)
def test_a_missed_limit_is_named_and_ends_with_code_3(arguments, missed, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    code, _, said = run(capsys, *arguments)
    assert code == (3 if missed else 0)
    assert ("gate missed: " in said) == missed


def test_a_limit_names_the_field_that_misses_it(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    *_, said = run(capsys, "compare", "cards.parquet", "worse.parquet", "--min-agreement", "0.9")
    assert "name: agreement" in said
    assert "gender" not in said


def test_evaluate_writes_junit_xml_with_a_failure_for_each_missed_limit(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    junit = tmp_path / "junit.xml"
    code, _, said = run(
        capsys, "evaluate", "cards.parquet", "--truth", "truth.csv", "--min-exact", "0.95", "--junit", junit
    )
    suite = ET.parse(junit).getroot().find("testsuite")  # noqa: S314 - our own file
    failures = suite.findall("testcase/failure")
    assert code == 3
    assert int(suite.get("failures")) == len(failures) == said.count("gate missed") > 0
    assert int(suite.get("tests")) == len(suite.findall("testcase")) > len(failures)
    assert all("is below 0.95" in failure.get("message") for failure in failures)


def test_check_writes_junit_xml_without_setting_a_limit(folder, tmp_path, capsys):
    junit = tmp_path / "junit.xml"
    assert run(capsys, "check", folder / "cards.parquet", "--junit", junit)[0] == 0
    suite = ET.parse(junit).getroot().find("testsuite")  # noqa: S314 - our own file
    names = {(case.get("classname"), case.get("name")) for case in suite.findall("testcase")}
    assert ("id_number", "number_check_digit") in names
    assert int(suite.get("failures")) > 0


def test_findings_list_the_fields_with_a_failed_check(folder, capsys):
    _, out, _ = run(capsys, "check", folder / "cards.parquet", "--findings", "--format", "csv")
    table = pd.read_csv(StringIO(out))
    assert list(table.columns) == ["key", "field", "check", "severity", "detail"]
    assert len(table) > 10


def test_the_ledger_of_a_run_is_read_as_a_table(tmp_path, capsys, photo):
    from cardocr_nb.local._stub_reader import StubReader

    photo(tmp_path / "in/1.png")
    with ocr.Client.local(tmp_path / "in", reader=StubReader()) as client:
        ocr.run(tmp_path / "in", card_type="IDCard", client=client, ledger=tmp_path / "run.sqlite", progress=False)
    assert run(capsys, "check", tmp_path / "run.sqlite")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "cards.parquet", "--truth", "nowhere.csv"], "nowhere.csv' does not exist"),
        (["evaluate", "cards.parquet", "--truth", "truth.csv", "--by", "planet"], "planet"),
        (["compare", "cards.parquet", "worse.parquet", "--fail-on", "worse"], "--truth"),
        (["drift", "cards.parquet", "--reference", "nowhere"], "nowhere' does not exist"),
        (["drift", "cards.parquet", "--reference", "0"], "0"),
        (["check", "truth.txt"], "truth.txt"),
    ],
)
def test_a_wrong_argument_is_one_message_and_code_2(arguments, message, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    (folder / "truth.txt").touch()
    code, out, said = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", [["evaluate", "cards.parquet"], ["compare", "cards.parquet", "worse.parquet"]])
def test_a_misspelled_column_of_groups_is_named_with_the_columns_there_are(command, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    code, _, err = run(capsys, *command, "--truth", "truth.csv", "--groups", "foldr")
    assert code == 2
    assert "--groups: cards.parquet has no column foldr; it has image, key" in err


def test_groups_widen_the_intervals_and_silence_the_warning(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    call = ["evaluate", "cards.parquet", "--truth", "truth.csv", "--format", "json", "--groups", "folder"]
    code, out, err = run(capsys, *call)
    assert (code, err) == (0, "")
    names = next(row for row in json.loads(out) if row["field"] == "name")
    assert names["high"] - names["low"] > 0.09


def test_a_response_that_does_not_exist_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, "flatten", "nothing.xml", "-o", "x.parquet")
    assert (code, err.splitlines()) == (
        2,
        ["cardocr: 'nothing.xml' does not exist; pass files, folders, archives or patterns"],
    )
