"""The commands that analyze a table: formats, limits with exit code 3, JUnit XML, and no text of a card."""

import json
from io import StringIO
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

import cardocr_nb as ocr
from cardocr_nb._cli import main
from cardocr_nb.frame import conform


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


# Link, screen, color, bell, carriage return, marks of direction, NUL, separator of lines; then a command of GitHub's runner.
HOSTILE = "e\x1b]8;;http://x\x07L\x1b[2J\x9b31m\r\u202e\u2066\x00\x7f\u2028Z\n::error::forged"


@pytest.mark.filterwarnings("ignore:1 rows of the truth are left out")
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--findings"],
        ["check", "--findings", "--format", "csv"],
        ["check", "--fail-on", "warning"],
        ["evaluate", "--truth", "hostile.parquet", "--by", "grp", "--min-exact", "1"],
        ["evaluate", "--truth", "hostile.parquet", "--by", HOSTILE],
        ["review-queue"],
        ["flatten", "--out", "flat.parquet"],
    ],
)
def test_keys_codes_labels_and_groups_control_no_terminal(arguments, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fields = (ocr.Field("姓名", "样本", 40), ocr.Field("公民身份号码", "990101197412010010", 90))
    cards = ocr.to_frame([ocr.CardResult((*fields,), key=f"{HOSTILE}{number}.jpg") for number in range(2)])
    failed = cards.head(1).assign(field=None, text=None, state="Failed", key="failed.jpg")
    cards = conform(pd.concat([cards, failed], ignore_index=True)).assign(code=HOSTILE, message=HOSTILE, grp=HOSTILE)
    cards.to_parquet("hostile.parquet")
    out = "".join(run(capsys, arguments[0], "hostile.parquet", *arguments[1:])[1:])
    assert out
    assert not set(out) & {*map(chr, range(9)), *"\x0b\r\x1b\x7f\x9b\u202e\u2066\u2028"}
    if "csv" not in arguments:  # cells of CSV have line breaks
        assert not any(line.startswith("::error::") for line in out.splitlines())


def test_files_that_could_not_be_read_are_listed_in_lines_that_no_name_can_forge(tmp_path, capsys):
    for name in ("one.xml", "two.xml", "a\n::error::forged.xml"):
        (tmp_path / name).write_text("<bad")
    code, _, err = run(capsys, "flatten", tmp_path, "-o", tmp_path / "t.csv")
    assert code == 1
    first, *more = err.splitlines()
    assert first.startswith("cardocr: 3 of 3 files could not be read")
    assert len(more) >= 3
    assert all(line.startswith("  | ") for line in more)
    assert {"one.xml", "two.xml"} <= {name for name in ("one.xml", "two.xml") if any(name in line for line in more)}


def test_csv_of_a_command_holds_no_formula(tmp_path, capsys):
    cards = ocr.to_frame(ocr.CardResult((ocr.Field("公民身份号码", "990101197412010010", 90),), key="=1+1"))
    cards.to_parquet(tmp_path / "cards.parquet")
    _, out, _ = run(capsys, "check", tmp_path / "cards.parquet", "--findings", "--format", "csv")
    assert out.splitlines()[1].startswith("'=1+1,")


@pytest.mark.parametrize("host", ["a\x00b", "a" * 300])
def test_a_host_that_no_system_can_resolve_is_refused_in_one_line(host, tmp_path, capsys):
    code, out, err = run(capsys, "listen", "--ledger", tmp_path / "l.sqlite", "--host", host, "--port", "0")
    assert (code, out, err.count("\n")) == (1, "", 1)


@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.EmptyTruthWarning")
@pytest.mark.parametrize(
    "call",
    [
        ["evaluate", "{cards}", "--truth", "{empty}", "--min-exact", "0.9"],
        ["evaluate", "{cards}", "--truth", "{empty}", "--max-cer", "0.1"],
        ["evaluate", "{none}", "--truth", "{truth}", "--min-exact", "0.9"],
        ["check", "{none}", "--fail-on", "error"],
        ["check", "{none}", "--min-passed", "0.9"],
        ["compare", "{cards}", "{none}", "--truth", "{truth}", "--fail-on", "worse"],
    ],
)
def test_a_gate_does_not_pass_where_nothing_was_judged(tmp_path, call):
    cards = ocr.load_sample("readings").head(60)
    paths = {name: str(tmp_path / f"{name}.csv") for name in ("cards", "none", "truth", "empty")}
    cards.cardocr.to_csv(paths["cards"])
    cards.head(0).cardocr.to_csv(paths["none"])
    truth = ocr.load_sample("truth")
    truth.to_csv(paths["truth"], index=False)
    truth.head(0).to_csv(paths["empty"], index=False)
    assert main([part.format(**paths) for part in call]) in (2, 3)


@pytest.fixture(scope="module")
def gaps(tmp_path_factory):
    """Tables that lack cards: 1 of 12 in the table, and 3 of 12 that failed."""
    folder = tmp_path_factory.mktemp("gaps")
    cards, truth = ocr.load_sample("readings"), ocr.load_sample("truth")
    checked = ocr.quality.check(cards)
    whole = ocr.quality.evaluate(cards, truth).whole
    known = set(whole.loc[whole["correct"], "key"]) - set(
        checked.loc[~checked["passed"] & (checked["severity"] == "error"), "key"].dropna()
    )
    keys = [key for key in cards["key"].unique() if key in known][:12]
    all_cards = cards[cards["key"].isin(keys)]
    failed = all_cards.drop_duplicates("key").tail(3).assign(state="Failed", field=None, text=None, score=None)
    failed = conform(failed.drop(columns="polygon"))
    tables = {
        "all": all_cards,
        "one": all_cards[all_cards["key"] == keys[0]],
        "failed": pd.concat([all_cards[all_cards["key"].isin(keys[:9])], failed]),
    }
    for name, table in tables.items():
        conform(table).to_parquet(folder / f"{name}.parquet")
    truth[truth["key"].isin(keys)].to_csv(folder / "truth.csv", index=False)
    return folder


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["evaluate", "one.parquet", "--truth", "truth.csv", "--min-exact", "0.9"], "11 cards of the truth are not in"),
        (["evaluate", "one.parquet", "--truth", "truth.csv", "--min-cards", "0.9"], "11 cards of the truth are not in"),
        (["evaluate", "one.parquet", "--truth", "truth.csv", "--max-cer", "0.5"], "11 cards of the truth are not in"),
        (["check", "failed.parquet", "--fail-on", "error"], "cards were not read (3 failed)"),
        (["check", "failed.parquet", "--min-passed", "0.5"], "cards were not read (3 failed)"),
        (["review-queue", "failed.parquet", "--max-errors", "500"], "cards were not read (3 failed)"),
        (
            ["compare", "all.parquet", "one.parquet", "--min-agreement", "0.9"],
            "11 images of all.parquet are not in one",
        ),
        (["compare", "all.parquet", "one.parquet", "--truth", "truth.csv", "--fail-on", "worse"], "11 images of all"),
    ],
)
def test_cards_that_are_missing_miss_a_limit_unless_they_are_ignored(call, said, gaps, monkeypatch, capsys):
    monkeypatch.chdir(gaps)
    code, _, err = run(capsys, *call)
    assert code == 3
    assert [line for line in err.splitlines() if "gate missed" in line and said in line]
    assert run(capsys, *call, "--ignore-unread")[0] == 0
    complete = [part.replace("one.", "all.").replace("failed.", "all.") for part in call]
    assert run(capsys, *complete)[0] == 0
    # Without a limit the command says it and goes on.
    code, _, err = run(capsys, *call[: next(n for n, part in enumerate(call) if part.startswith(("--m", "--f")))])
    assert (code, "gate missed" in err) == (0, False)
    assert said.split(" (")[-1].rstrip(")") in err


def test_missing_cards_are_a_failure_of_junit(gaps, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(gaps)
    for call in (
        ["check", "failed.parquet"],
        ["evaluate", "one.parquet", "--truth", "truth.csv", "--min-exact", "0.5"],
    ):
        run(capsys, *call, "--junit", tmp_path / "junit.xml")
        suite = ET.parse(tmp_path / "junit.xml").getroot().find("testsuite")  # noqa: S314 - our own file
        assert suite.get("failures") == "1"
