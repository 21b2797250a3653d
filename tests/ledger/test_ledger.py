"""The ledger keeps state and result of each image through crashes, full disks and readers."""

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb._ledger import (
    Ledger,
    PlannedImage,
    join_user_data,
    make_token,
    outcomes,
    plan_run,
    split_user_data,
    states_by_image,
)
from cardocr_nb._ledger._ledger import FileVersion
from cardocr_nb._ledger._planning import Resubmission
from cardocr_nb._ledger._token import check_user_data
from cardocr_nb.errors import InvalidRequestError, LedgerError
from cardocr_nb.frame import to_frame
from cardocr_nb.wire._limits import MAX_USER_DATA
from cardocr_nb.wire._records import Job, JobState

TYPE = "IDCard"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.sqlite"


@pytest.fixture
def ledger(path):
    opened = Ledger(path)
    yield opened
    opened.close()


def planned(ledger, *keys, **options):
    return plan_run(ledger, [PlannedImage(key, None, upload=False) for key in keys], TYPE, Resubmission(**options))


def ready(ledger, row, file, *, reuse):
    return ledger.record_file(row, TYPE, None if file is None else FileVersion(*file), reuse=reuse)


def states(ledger):
    return [(o.key, o.state) for o in outcomes(ledger)]


def submitted(ledger, row, job_id="j1", picture=None):
    assert ready(ledger, row, picture, reuse=True) == "submit"
    ledger.record_intent(row, make_token())
    ledger.record_accepted(row, Job(job_id, JobState.SUBMITTED))


def test_the_file_is_for_its_owner_alone(ledger, path):
    planned(ledger, "a.jpg")
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_an_existing_file_that_all_may_read_is_closed_to_them(path):
    path.touch(0o644)
    Ledger(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_person_can_open_it(ledger, path):
    planned(ledger, "a.jpg")
    submitted(ledger, 1)
    with closing(sqlite3.connect(path)) as db, db:
        row = db.execute("SELECT key, card_type, state, job_id, attempts, intended FROM images").fetchone()
    assert row[:5] == ("a.jpg", "IDCard", "sent", "j1", 1)
    assert row[5].endswith("+00:00")


def test_what_was_written_is_there_after_closing_in_one_file(ledger, path):
    planned(ledger, "a.jpg", "b.jpg")
    ledger.close()
    assert [f.name for f in path.parent.iterdir()] == ["run.sqlite"]
    assert [o.key for o in outcomes(path)] == ["a.jpg", "b.jpg"]


def test_it_is_read_while_a_run_writes_it(ledger, path):
    planned(ledger, "a.jpg", "b.jpg")
    reading = outcomes(path)
    first = next(reading)
    submitted(ledger, 2)
    assert [first.key] + [o.key for o in reading] == ["a.jpg", "b.jpg"]
    assert [o.state for o in outcomes(path)] == ["planned", "sent"]


@pytest.mark.parametrize(
    ("version", "said"), [(3, "newer cardocr_nb .*upgrade"), (0, "older cardocr_nb .*finish it with that version")]
)
def test_a_ledger_of_another_version_says_so(ledger, path, version, said):
    ledger.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"PRAGMA user_version={version}")
    with pytest.raises(LedgerError, match=said):
        Ledger(path)
    with pytest.raises(LedgerError, match=said):
        list(outcomes(path))


def test_another_database_is_left_alone(path):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE mine (a)")
    with pytest.raises(LedgerError, match="not a ledger of cardocr_nb; choose another name"):
        Ledger(path)
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("mine",)]


def test_a_file_that_is_no_database_is_left_alone(path):
    path.write_text("my notes, which are long enough to be no SQLite header at all " * 20)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="is not a ledger"):
        Ledger(path)
    with pytest.raises(LedgerError, match="is not a ledger; for saved responses"):
        list(outcomes(path))
    assert path.read_bytes() == before


def test_a_missing_ledger_is_an_error(path):
    with pytest.raises(LedgerError, match="does not exist"):
        list(outcomes(path))
    with pytest.raises(LedgerError, match="cannot be opened: No such file or directory"):
        Ledger(path / "deeper" / "run.sqlite")


def test_a_second_run_learns_who_holds_the_ledger(ledger, path):
    with ledger.exclusive():
        second = Ledger(path)
        with (
            pytest.raises(LedgerError, match=r"another run is at work on .*: process \d+ on .+, since 20"),
            second.exclusive(),
        ):
            pass
        second.close()
    with ledger.exclusive():
        pass


def test_a_run_that_was_killed_holds_nothing(path):
    code = (
        "import os, sys; from cardocr_nb._ledger import Ledger\n"
        "with Ledger(sys.argv[1]).exclusive(): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9  # noqa: S603
    ledger = Ledger(path)
    with ledger.exclusive():
        pass
    ledger.close()


def test_a_full_disk_is_an_error_and_what_was_written_stays(ledger):
    planned(ledger, "a.jpg")
    (pages,) = ledger.rows("PRAGMA page_count")[0]
    ledger.rows(f"PRAGMA max_page_count={pages}")
    with pytest.raises(LedgerError, match="full; free some space, then run again with the same ledger"):
        planned(ledger, *(f"{n:0500}.jpg" for n in range(100)))
    assert states(ledger) == [("a.jpg", "planned")]
    ledger.rows("PRAGMA max_page_count=1000000")
    planned(ledger, "b.jpg")
    assert states(ledger) == [("a.jpg", "planned"), ("b.jpg", "planned")]


def test_what_has_been_read_is_not_planned_again_unless_asked(ledger):
    planned(ledger, "a.jpg", "b.jpg")
    submitted(ledger, 1)
    ledger.record_ended([("j1", "Success", b"<Response/>")])
    submitted(ledger, 2, "j2")
    ledger.record_ended([("j2", "Failed", b"<Response/>")])
    planned(ledger, "a.jpg", "b.jpg")
    assert states(ledger) == [("a.jpg", "done"), ("b.jpg", "done")]
    planned(ledger, "a.jpg", "b.jpg", failed=True)
    assert states(ledger) == [("a.jpg", "done"), ("b.jpg", "planned")]
    planned(ledger, "a.jpg", "b.jpg", done=True)
    assert states(ledger) == [("a.jpg", "planned"), ("b.jpg", "planned")]


def test_what_failed_without_a_job_is_planned_again(ledger):
    planned(ledger, "a.jpg")
    ledger.record_failure(1, "failed", "NoSuchFile", "not there")
    planned(ledger, "a.jpg")
    assert states(ledger) == [("a.jpg", "planned")]


@pytest.mark.parametrize(("asked", "state"), [(False, "held"), (True, "planned")])
def test_what_is_held_waits_for_a_person(ledger, asked, state):
    planned(ledger, "a.jpg")
    ledger.record_failure(1, "held", "AnswerLost", "no one can decide")
    planned(ledger, "a.jpg", unknown=asked)
    assert states(ledger) == [("a.jpg", state)]


def test_the_same_key_is_another_image_for_another_card_type(ledger):
    planned(ledger, "a.jpg")
    plan_run(ledger, [PlannedImage("a.jpg", None, upload=False)], "DriverLicense")
    assert [(o.key, o.card_type) for o in outcomes(ledger)] == [("a.jpg", "IDCard"), ("a.jpg", "DriverLicense")]


def test_an_image_that_changed_is_planned_again_and_one_only_touched_is_not_paid_for(ledger, tmp_path, photo):
    file = photo(tmp_path / "a.jpg")
    seen = file.stat()
    plan_run(ledger, [PlannedImage("a.jpg", file, upload=True)], TYPE)
    submitted(ledger, 1, picture=("one", seen.st_size, seen.st_mtime_ns))
    ledger.record_ended([("j1", "Success", b"<Response/>")])
    plan_run(ledger, [PlannedImage("a.jpg", file, upload=True)], TYPE)
    assert states(ledger) == [("a.jpg", "done")]
    photo(file, color="red")
    plan_run(ledger, [PlannedImage("a.jpg", file, upload=True)], TYPE)
    assert states(ledger) == [("a.jpg", "planned")]
    assert ready(ledger, 1, ("one", 1, 1), reuse=True) == "done"
    plan_run(ledger, [PlannedImage("a.jpg", file, upload=True)], TYPE)
    assert ready(ledger, 1, ("two", 1, 2), reuse=True) == "submit"
    assert [(o.job_id, o.raw) for o in outcomes(ledger)] == [(None, None)]


def test_a_reading_that_others_share_stays_theirs_when_its_own_image_changes(ledger):
    planned(ledger, "a.jpg", "b.jpg", "c.jpg")
    submitted(ledger, 1, picture=("one", 1, 1))
    ledger.record_ended([("j1", "Success", b"<Response/>")])
    assert [ready(ledger, row, ("one", 1, 1), reuse=True) for row in (2, 3)] == ["same", "same"]
    assert ready(ledger, 1, ("two", 1, 1), reuse=True) == "submit"
    assert [(o.key, o.job_id, o.raw, o.first) for o in outcomes(ledger)] == [
        ("a.jpg", None, None, True),
        ("b.jpg", "j1", b"<Response/>", True),
        ("c.jpg", "j1", b"<Response/>", False),
    ]


def test_of_two_threads_with_the_same_picture_one_waits(ledger):
    planned(ledger, "a.jpg", "b.jpg")
    assert ready(ledger, 1, ("one", 1, 1), reuse=True) == "submit"
    assert ready(ledger, 2, ("one", 1, 1), reuse=True) == "later"
    ledger.record_intent(1, make_token())
    assert ready(ledger, 2, ("one", 1, 1), reuse=True) == "same"


def test_a_picture_whose_first_key_is_refused_is_submitted_under_the_next(ledger):
    planned(ledger, "a.jpg", "b.jpg")
    assert ready(ledger, 1, ("one", 1, 1), reuse=True) == "submit"
    ledger.record_intent(1, make_token())
    assert ready(ledger, 2, ("one", 1, 1), reuse=True) == "same"
    ledger.record_failure(1, "failed", "InvalidArgument", "no")
    assert states(ledger) == [("a.jpg", "failed"), ("b.jpg", "planned")]


def test_the_end_of_a_job_that_is_not_waited_for_changes_nothing(ledger):
    planned(ledger, "a.jpg")
    submitted(ledger, 1)
    ledger.record_ended([("j1", "Success", b"<Response>1</Response>"), ("other", "Success", b"<Response/>")])
    ledger.record_ended([("j1", "Failed", b"<Response>2</Response>")])
    assert [(o.state, o.raw) for o in outcomes(ledger)] == [("done", b"<Response>1</Response>")]


def test_its_repr_names_the_file_and_nothing_of_what_is_in_it(ledger, path):
    assert repr(ledger) == f"Ledger({str(path)!r})"


@given(st.none() | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=991))
def test_the_token_is_removed_again_from_any_text(user_data):
    token = make_token()
    joined = join_user_data(token, user_data)
    assert split_user_data(joined) == (token, user_data or None)
    assert len(joined) <= MAX_USER_DATA
    check_user_data(user_data)


@given(st.none() | st.text(max_size=80))
def test_a_text_without_token_is_the_users(user_data):
    assert split_user_data(user_data) == (None, user_data)


def test_user_data_without_room_for_the_token_is_refused():
    with pytest.raises(
        InvalidRequestError, match="at most 991 characters in a run, which adds 33 of its own in front, got 992"
    ):
        check_user_data("x" * 992)


def damage(path, sql, values=()):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema=ON")
        db.execute(sql, values)


def test_a_ledger_whose_names_are_not_utf8_is_refused(ledger, path):
    planned(ledger, "a.jpg")
    ledger.close()
    damage(path, "UPDATE sqlite_schema SET sql = CAST(x'435245415445205441424c452022ff' AS TEXT) WHERE type = 'table'")
    with pytest.raises(LedgerError, match="cannot be used"):
        list(outcomes(path))


def test_rows_out_of_order_end_the_reading_with_an_error(ledger, monkeypatch):
    planned(ledger, "a.jpg", "b.jpg")
    rows = Ledger.rows
    monkeypatch.setattr(Ledger, "rows", lambda self, sql, values: rows(self, sql, (0, *values[1:])))
    with pytest.raises((LedgerError, sqlite3.DatabaseError), match="out of order"):
        list(outcomes(ledger))


def changed(file, **values):
    """Change columns of the only image, past the ledger, as another program may."""
    with closing(sqlite3.connect(file)) as db, db:
        for column, value in values.items():
            db.execute(f"UPDATE images SET {column} = ?", (value,))  # noqa: S608 - names of this file


def read_all(path):
    to_frame(path)
    states_by_image(path, TYPE)
    ledger = Ledger(path)
    try:
        planned(ledger, "1.jpg")
        ledger.open_jobs(), ledger.open_submissions(), ledger.state_counts(1), ledger.planned_images(1, 0, 9)
        ledger.creation_bounds(2, 2), ledger.first_intent(1)
    finally:
        ledger.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("created", "today"), ("created", "2026-03-01T08:00:00"), ("created", b"\xff"), ("intended", None),
        ("intended", "2026-13-01T08:00:00+08:00"), ("key", b"1.jpg"), ("job_key", b"1.jpg"), ("image", b"1.jpg"), ("path", b"/p"), ("path", "/p\0.jpg"),
        ("job_id", None), ("job_id", b"j1"), ("state", "ready"), ("state", b"sent"), ("outcome", b"Success"),
        ("code", b"7"), ("message", b"\xe6"), ("number", "x"), ("number", 2**63 - 1), ("number", 1.5), ("card_type", b"IDCard"),
        ("job_id", "张三\0".encode("gbk")),
    ],
)  # fmt: skip
def test_a_value_that_no_ledger_has_is_named_by_file_and_column(path, column, value):
    with closing(Ledger(path)) as ledger:
        planned(ledger, "1.jpg")
        submitted(ledger, 1)
    read_all(path)
    changed(path, **{column: value})
    with pytest.raises(
        LedgerError, match=rf"run\.sqlite' cannot be used: malformed: its column (key|{column}) .*copy"
    ) as caught:
        read_all(path)
    assert str(value) not in str(caught.value)


@pytest.mark.parametrize("column", ["token", "number", "job_key"])
def test_a_lost_submission_without_its_token_or_number_is_an_error_of_the_ledger(path, column):
    with closing(Ledger(path)) as ledger:
        planned(ledger, "1.jpg")
        ready(ledger, 1, None, reuse=True)
        ledger.record_intent(1, make_token())
    changed(path, **{column: None if column != "job_key" else b"1.jpg"})
    with closing(Ledger(path)) as ledger, pytest.raises(LedgerError, match="malformed: its column"):
        ledger.open_submissions()


@pytest.mark.parametrize("runs", ["three", "1.5", "-1", "9" * 30])
def test_a_number_of_runs_that_is_none_is_an_error_of_the_ledger(ledger, runs):
    planned(ledger, "1.jpg")
    ledger.set_fact("runs", runs)
    with pytest.raises(LedgerError, match="column run"):
        planned(ledger, "2.jpg")


@pytest.mark.parametrize("holder", ["{", "[]", "3"])
def test_a_run_says_that_another_holds_the_ledger_though_its_name_is_damaged(path, holder):
    with closing(Ledger(path)) as first, closing(Ledger(path)) as second, first.exclusive():
        first.set_fact("holder", holder)
        with pytest.raises(LedgerError, match="process ? on ?".replace("?", r"\?")), second.exclusive():
            pass


def test_rows_out_of_order_are_an_error_of_an_open_ledger_as_well(ledger, monkeypatch):
    planned(ledger, "1.jpg")
    monkeypatch.setattr(type(ledger), "rows", lambda *_: [(0, "1.jpg", TYPE, None, "planned", *[None] * 4, 1)])
    with pytest.raises(LedgerError, match="out of order"):
        list(outcomes(ledger))
