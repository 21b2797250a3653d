"""The command line, as people call it."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import cardocr_nb as ocr
from cardocr_nb._cli import main
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame import read_responses, read_table
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.local.engine import Engine
from cardocr_nb.specimen import draw, write

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def specimens(tmp_path_factory):
    folder = tmp_path_factory.mktemp("specimens")
    write(folder, 2, "IDCard", seed=7)
    return folder


@pytest.fixture(scope="module")
def readings(tmp_path_factory):
    path = tmp_path_factory.mktemp("readings") / "cards.parquet"
    ocr.load_sample("readings").to_parquet(path)
    return path


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
    assert "is not well-formed XML; read with a second opening" in capsys.readouterr().err
    assert pd.read_parquet(out)["job_id"].nunique() >= 4


@pytest.mark.parametrize("ending", ["csv", "xlsx", "feather"])
def test_flatten_takes_tables_of_other_commands(data, tmp_path, ending, capsys):
    first, second = tmp_path / f"first.{ending}", tmp_path / "second.parquet"
    assert main(["flatten", str(data / "responses" / "describe_many.xml"), "--out", str(first)]) == 0
    assert main(["flatten", str(first), "--out", str(second)]) == 0
    read = [read_table(second), read_responses(data / "responses" / "describe_many.xml")]
    pd.testing.assert_frame_equal(*read, check_categorical=False)
    assert main(["flatten", str(first), str(data / "responses"), "--out", str(second)]) == 2
    assert "pass either saved responses or tables" in capsys.readouterr().err


def test_flatten_reads_documents_of_another_service(tmp_path, capsys):
    (tmp_path / "1.json").write_text('{"words_result": {"姓名": {"words": "样本"}}}', encoding="utf-8")
    out = tmp_path / "cards.csv"
    assert main(["flatten", str(tmp_path / "1.json"), "--out", str(out), "--dialect", "baidu"]) == 0
    assert "样本" in out.read_text(encoding="utf-8")
    assert main(["flatten", str(tmp_path / "1.json"), "--out", str(out), "--dialect", "baydu"]) == 2
    assert "'baidu'" in capsys.readouterr().err
    assert main(["flatten", str(out), "--out", str(tmp_path / "2.csv"), "--dialect", "baidu"]) == 2


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
    assert "got 'fog'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "x.jpg"],
        ["run", "x.jpg", "--card-type", "Passport", "--out", "a.parquet"],
        ["run", "x.jpg", "--card-type", "IDCard", "--out", "a.ods"],
    ],
)
def test_wrong_arguments_end_with_code_2_and_usage(arguments, capsys):
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert "Usage: cardocr" in shown.out + shown.err


def test_an_empty_folder_gives_one_line(tmp_path, capsys):
    code = main(["run", str(tmp_path), "--card-type", "IDCard", "--out", str(tmp_path / "a.parquet")])
    assert code == 2
    assert capsys.readouterr().err.startswith("cardocr: no images found in ")


def test_doctor_without_credentials_names_the_variables(monkeypatch, capsys):
    for name in ("TENCENTCLOUD_SECRET_ID", "COS_SECRET_ID", "COS_BUCKET", "COS_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert main(["doctor"]) == 2
    assert "COS_BUCKET" in capsys.readouterr().err


def command(*arguments, **options):
    call = [sys.executable, "-m", "cardocr_nb", *map(str, arguments)]
    return subprocess.run(call, capture_output=True, check=False, **options)  # noqa: S603


def test_help_lists_every_command_and_version_prints_the_version():
    shown = command("--help", text=True)
    assert shown.returncode == 0
    listed = [line.split()[0] for line in shown.stdout.split("Commands:")[1].splitlines() if line.strip()]
    assert listed[:3] == ["demo", "run", "listen"]
    assert {"flatten", "check", "evaluate", "compare", "drift", "review-queue", "report", "redact", "specimen", "serve",
            "doctor"} <= set(listed)  # fmt: skip
    assert command("--version", text=True).stdout.strip() == f"cardocr {ocr.__version__}"


@pytest.mark.parametrize(
    ("arguments", "better"),
    [
        (["evalute"], "evaluate"),
        (["check", "cards.parquet", "--formt", "csv"], "--format"),
        (["run", "a.jpg", "--card-typ", "IDCard"], "--card-type"),
    ],
)
def test_a_wrong_command_or_option_suggests_the_right_one(arguments, better, capsys):
    assert main(arguments) == 2
    shown = capsys.readouterr().err
    assert f"'{better}'" in shown[shown.index("Did you mean") :]


@pytest.mark.parametrize(
    ("option", "shown"),
    [
        ("--images", "'--images'"),
        ("--keep-unreadable", "'--keep-unreadable'"),
        ("--zhangwei", "a str of 10 characters"),
    ],
)
def test_an_option_of_another_command_is_named_and_others_are_described(option, shown, capsys):
    assert main(["redact", "cards.csv", option, "photos"]) == 2
    assert f"No such option {shown}" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["--card-type={}", "--card-type {}"])
@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("IDcard", " Did you mean 'IDCard'?"),
        ("DriverLicence", " Did you mean 'DriverLicense'?"),
        ("样本", ""),
        ("passport", ""),
    ],
)
def test_a_wrong_choice_names_its_option_and_the_nearest_one(form, word, end, capsys):
    assert main(["run", "photos", *form.format(word).split()]) == 2
    message = capsys.readouterr().err
    assert "Invalid value for '--card-type': " in message
    assert message.endswith(f"is not one of 'IDCard', 'DriverLicense'.{end}\n")
    assert "样本" not in message


def test_a_missing_image_is_named_and_nothing_is_created(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", "nowhere", "--card-type", "IDCard", "--out", "cards.parquet"]) == 2
    assert "'nowhere' does not exist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_estimate_needs_no_table_to_write(specimens, capsys):
    assert main(["run", str(specimens), "--card-type", "IDCard", "--estimate", "--price", "0.15"]) == 0
    assert "2" in capsys.readouterr().out
    assert main(["run", str(specimens), "--card-type", "IDCard"]) == 2
    assert "--out" in capsys.readouterr().err


def test_an_estimate_creates_no_folder_for_its_table(specimens, tmp_path, capsys):
    out = tmp_path / "new" / "cards.csv"
    assert main(["run", str(specimens), "--card-type", "IDCard", "--out", str(out), "--estimate"]) == 0
    assert main(["run", "--estimate", "--out", str(out), str(specimens), "--card-type", "IDCard"]) == 0
    assert not out.parent.exists()


def test_a_log_file_gets_no_copies_of_a_progress_bar(specimens, tmp_path):
    shown = command("run", str(specimens), "--card-type", "IDCard", "--out", str(tmp_path / "cards.csv"), text=True)
    assert shown.returncode == 0
    assert "card/s" not in shown.stderr
    assert "\r" not in shown.stderr
    assert "2 images: 2 read" in shown.stderr + shown.stdout


def test_run_can_finish_places_without_texts(specimens, tmp_path, monkeypatch):
    asked = {}

    def run(images, **options):
        asked.update(options)
        return ocr.frame._frame_schema.empty()

    monkeypatch.setattr("cardocr_nb._pipeline.run", run)
    main(["run", str(specimens), "--card-type", "IDCard", "-o", str(tmp_path / "a.csv"), "--complete", "--quiet"])
    assert asked["complete"] is True


def test_a_missing_folder_is_created_only_after_a_question(tmp_path, readings, monkeypatch, capsys):
    page = tmp_path / "new/report.md"
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["report", str(readings), "-o", str(page)]) == 2
    assert "new' does not exist; create it, or add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(["report", str(readings), "-o", str(page)]) == 0
    assert "Create it?" in capsys.readouterr().err
    assert main(["report", str(readings), "-o", str(tmp_path / "other/report.md"), "--yes"]) == 0
    assert (tmp_path / "other/report.md").is_file()


@pytest.mark.parametrize(("name", "content"), [("a.parquet", b"hello"), ("a.feather", b""), ("a.csv", b"\xff\xfe\x00"),
                                               ("a.sqlite", b"x" * 99)])  # fmt: skip
def test_a_damaged_table_is_named_with_a_reason(tmp_path, capsys, name, content):
    (tmp_path / name).write_bytes(content)
    assert main(["check", str(tmp_path / name)]) in (1, 2)
    lines = capsys.readouterr().err.splitlines()
    assert name in lines[-1]
    assert len(lines) == 1


def test_an_unwritable_file_is_named_with_a_reason(readings, tmp_path, capsys):
    (tmp_path / "f.csv").mkdir()
    assert main(["check", str(readings), "--out", str(tmp_path / "f.csv")]) == 2
    assert "f.csv' is a directory" in capsys.readouterr().err


def test_a_chinese_path_is_printed_on_a_console_without_chinese(readings, tmp_path):
    page = tmp_path / "报告.md"
    environment = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    done = command("report", readings, "-o", page, env=environment)
    assert done.returncode == 0, done.stderr
    assert rb"\u62a5\u544a.md" in done.stdout
    for encoding in ("gbk", "ascii"):
        shown = command("check", tmp_path / "🪪.parquet", env=environment | {"PYTHONIOENCODING": encoding})
        assert shown.returncode == 2
        assert rb"\U0001faaa" in shown.stderr


def test_names_of_files_cannot_control_the_terminal(tmp_path, capsys):
    assert (
        main(["run", str(tmp_path / "a\x1b[2J\u202e.jpg"), "--card-type", "IDCard", "--out", str(tmp_path / "a.csv")])
        == 2
    )
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_ctrl_c_gives_one_line_and_exit_code_130(tmp_path):
    table = tmp_path / "cards.csv"
    table.write_text("key,field,text\n", encoding="utf-8")
    code = """
import signal, sys
from cardocr_nb._cli import main
def wait(event, values):
    if event == "open" and str(values[0]).endswith("cards.csv"):
        print("reading", flush=True)
        sys.stdin.read()
sys.addaudithook(wait)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & ignores SIGINT
sys.exit(main())
"""
    call = [sys.executable, "-c", code, "check", str(table)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(call, text=True, **pipes) as process:  # noqa: S603
        try:
            assert process.stdout.readline() == "reading\n"
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=30)[1] == "cardocr: interrupted\n"
        finally:
            process.kill()
        assert process.returncode == 130


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize("start", [["-m", "cardocr_nb"], ["-m", "cardocr_nb.demo"], ["cardocr"]], ids=" ".join)
def test_ctrl_c_while_the_package_is_imported_gives_one_line_and_exit_code_130(tmp_path, start):
    (tmp_path / "pandas.py").write_text(
        "import sys; print('importing', flush=True); sys.stdin.read()", encoding="utf-8"
    )
    if start == ["cardocr"]:  # as pip writes it
        start = [str(tmp_path / "cardocr")]
        (tmp_path / "cardocr").write_text("from cardocr_nb._cli import main\nmain()", encoding="utf-8")
    code = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "  # a shell's & ignores SIGINT
    code += "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    call = [sys.executable, "-c", code, *start]
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(call, env=environment, text=True, **pipes) as process:  # noqa: S603
        try:
            assert process.stdout.readline() == "importing\n"
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=30)[1] == "cardocr: interrupted\n"
        finally:
            process.kill()
        assert process.returncode == 130


def test_an_import_elsewhere_leaves_ctrl_c_alone():
    code = "import signal, cardocr_nb; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    code = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {code}"
    done = subprocess.run([sys.executable, "-c", code, "cardocr"], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "True\n"


@pytest.mark.skipif(os.name == "nt", reason="needs sh")
def test_a_reader_that_ends_early_causes_no_traceback(readings):
    line = f"{sys.executable} -m cardocr_nb check {readings} --findings --format json | head -n 1"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)  # noqa: S603, S607
    assert done.stderr == ""


def test_completion_scripts_are_available():
    done = command(env=os.environ | {"_CARDOCR_COMPLETE": "zsh_source"}, text=True)
    assert "#compdef cardocr" in done.stdout


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".feather"])
def test_every_format_that_a_command_writes_is_read_by_the_next_one(readings, tmp_path, suffix):
    from cardocr_nb._cli._table_files import read, write

    cards = ocr.load_sample("readings").head(200).reset_index(drop=True)
    write(cards, tmp_path / f"cards{suffix}")
    pd.testing.assert_frame_equal(read(tmp_path / f"cards{suffix}"), cards, check_categorical=False)
    assert main(["check", str(tmp_path / f"cards{suffix}"), "--out", str(tmp_path / "checks.csv")]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["listen", "--ledger", "run.sqlite", "--host", "192.0.2.7"],
        ["serve", "--root", "root", "--engine", "stub", "--secret-id", "a", "--secret-key", "b", "--host", "192.0.2.7"],
    ],
    ids=["listen", "serve"],
)
def test_an_address_of_another_machine_is_named_with_what_to_do(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("root").mkdir()
    assert main([*arguments, "--port", "0"]) == 1
    message = capsys.readouterr().err
    assert "192.0.2.7" in message
    assert "--host 127.0.0.1" in message


def test_redacting_a_table_without_cards_fails(tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    (tmp_path / "cards.csv").write_text("image,key,card_type,field,label,text,score,polygon\n", encoding="utf-8")
    assert main(["redact", str(tmp_path / "cards.csv"), str(tmp_path / "photos"), str(tmp_path / "out")]) == 1
    assert "no cards" in capsys.readouterr().err


def test_without_a_command_the_help_is_printed(capsys):
    assert main([]) == 0
    printed = capsys.readouterr()
    assert "Commands:" in printed.out
    assert printed.err == ""


def test_a_missing_extra_for_a_workbook_is_named_before_anything_is_read(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    draw("IDCard", 7).image.save(tmp_path / "1.jpg")
    monkeypatch.setattr(Engine, "read", lambda *_: pytest.fail("a card was read"))
    assert main(["run", str(tmp_path), "--card-type", "IDCard", "-o", str(tmp_path / "a.xlsx"), "--quiet"]) == 1
    assert "excel" in capsys.readouterr().err


@pytest.mark.parametrize(("prefix", "keys"), [("", ["1.jpg"]), ("id/", ["id/1.jpg"]), ("june/id/", ["june/id/1.jpg"])])
def test_a_prefix_is_in_the_keys_of_a_run_on_this_machine(tmp_path, prefix, keys, monkeypatch):
    folder = tmp_path / "june/id"
    folder.mkdir(parents=True)
    draw("IDCard", 7).image.save(folder / "1.jpg")
    monkeypatch.setattr(Engine, "read", StubReader().read)
    arguments = ["run", str(folder), "--card-type", "IDCard", "-o", str(tmp_path / "a.csv"), "--quiet"]
    assert main([*arguments, *(["--prefix", prefix] if prefix else [])]) == 0
    assert read_table(tmp_path / "a.csv")["key"].unique().tolist() == keys


@pytest.mark.parametrize("prefix", ["july/", "id", "july/id/"])
def test_a_prefix_that_the_folder_does_not_end_with_is_refused(tmp_path, prefix, capsys):
    folder = tmp_path / "june/id"
    folder.mkdir(parents=True)
    draw("IDCard", 7).image.save(folder / "1.jpg")
    arguments = ["run", str(folder), "--card-type", "IDCard", "-o", str(tmp_path / "a.csv"), "--quiet"]
    assert main([*arguments, "--prefix", prefix]) == 2
    assert "--prefix must be the end of the folder" in capsys.readouterr().err


def test_a_prefix_without_an_effect_is_refused_in_python(tmp_path):
    draw("IDCard", 7).image.save(tmp_path / "1.jpg")
    with (
        ocr.Client.local(tmp_path, reader=StubReader()) as client,
        pytest.raises(InvalidRequestError, match="prefix= is for files that are uploaded"),
    ):
        ocr.run(tmp_path, card_type="IDCard", client=client, prefix="june/", progress=False)


def test_a_card_on_which_nothing_is_found_may_be_of_another_type():
    cards = ocr.to_frame(ocr.CardResult((), key="1.jpg", status=0))
    assert "nothing found: 1: no card of the type that was asked for" in str(cards.cardocr.summary())
