"""The job table stays quick with many jobs, and its answers come from indexes."""

import contextlib
import os
import sqlite3
import stat
import threading
import zlib
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from cardocr_nb._transport import Request
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._bucket import Bucket
from cardocr_nb.local._bucket_root import BucketRoot
from cardocr_nb.local._bucket_settings import SettingsTable
from cardocr_nb.local._job_table import CallbackTarget, JobQuery, JobTable
from cardocr_nb.local._service import Service
from cardocr_nb.local._store import Store
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.wire._decode import decode_jobs
from cardocr_nb.wire._encode import jobs_xml, request_xml
from cardocr_nb.wire._records import SERVICE_TIME, Job, JobList, JobRequest, JobState

MOMENT = datetime(2026, 1, 1, tzinfo=SERVICE_TIME)


def job(number, **more):
    given = {"id": f"a{number:032x}", "state": JobState.SUBMITTED, "bucket": "b-1", "queue_id": "p1", "created": MOMENT}
    return Job(**(given | more))


def listed(table, wanted):
    return [decode_jobs(document).jobs[0].id for document in table.list_page(wanted)[0]]


@pytest.fixture
def store():
    store = Store()
    yield store
    store.close()


def test_100_000_jobs_are_paged_described_and_claimed_without_reading_them_all(store):
    table = JobTable(store)
    table.add(job(0), limit=10)
    with store.transaction() as db:
        db.execute(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)"
            " INSERT INTO jobs (id, bucket, queue_id, state, level, created, document)"
            " SELECT printf('a%032x', n), bucket, queue_id, CASE n WHEN 7 THEN 'Failed' ELSE 'Success' END, level,"
            " created + n, document FROM n, jobs WHERE seq = 1"
        )
    steps = 0

    def step():
        nonlocal steps
        steps += 1

    store._db.set_progress_handler(step, 100)
    for wanted in (JobQuery("b-1", size=100), JobQuery("b-1", size=100, newest_first=False, after=50_000)):
        jobs, more = table.list_page(wanted)
        assert (len(jobs), more is not None) == (100, True)
    assert len(table.documents("b-1", [f"a{n:032x}" for n in range(100)])) == 100
    assert table.claim(lambda it: it) is not None
    assert steps < 500
    rare, _ = table.list_page(
        JobQuery("b-1", states=("Failed", "Cancel"), created_before=MOMENT + timedelta(seconds=10))
    )
    assert len(rare) == 1


def test_a_full_queue_accepts_no_more_and_another_queue_does(store):
    table = JobTable(store)
    assert [table.add(job(n), limit=2) for n in range(3)] == [True, True, False]
    assert table.add(job(9, queue_id="p2"), limit=2)


def test_a_transaction_that_fails_changes_nothing(store):
    table = JobTable(store)
    table.add(job(1), limit=10)

    def fail(_):
        raise InvalidRequestError

    with pytest.raises(InvalidRequestError):
        table.claim(fail)
    assert table.claim(lambda it: it).id == job(1).id


def test_a_job_of_another_bucket_is_not_found(store):
    table = JobTable(store)
    table.add(job(1), limit=10)
    assert table.documents("b-2", [job(1).id]) == {}


def test_a_callback_is_pending_from_the_end_of_its_job_until_it_is_finished(store):
    table = JobTable(store)
    table.add(job(1), CallbackTarget("http://127.0.0.1/", "XML"), limit=10)
    table.add(job(2), limit=10)
    assert table.pending_callbacks() == []
    for n in (1, 2):
        table.update(job(n).id, (JobState.SUBMITTED,), lambda it: job(int(it.id[1:], 16), state=JobState.FAILED))
    assert table.pending_callbacks() == [job(1).id]
    assert table.get_callback(job(1).id)[1] == CallbackTarget("http://127.0.0.1/", "XML")
    table.finish_callback(job(1).id)
    assert (table.pending_callbacks(), table.get_callback(job(1).id)) == ([], None)


def test_settings_are_on_until_changed_and_each_bucket_has_its_own(store, tmp_path):
    settings, one, two = SettingsTable(store), Bucket(tmp_path / "one"), Bucket(tmp_path / "two")
    first = settings.get(one)
    assert (first.ci, first.ai, first.queue_state, first.notify.state) == ("on", True, "Active", "Off")
    changed = settings.update(one, lambda now: replace(now, queue_state="Paused"))
    assert settings.get(one) == changed
    assert settings.get(two).queue_state == "Active"
    assert settings.get(one).queue_id != settings.get(two).queue_id


def test_a_paused_queue_starts_no_jobs(store, tmp_path):
    table, settings, bucket = JobTable(store), SettingsTable(store), Bucket(tmp_path / "one")
    settings.update(bucket, lambda now: replace(now, queue_state="Paused"))
    table.add(job(1, queue_id=bucket.queue_id, job_level=2), limit=10)
    table.add(job(2), limit=10)
    assert table.claim(lambda it: job(2, state=JobState.RUNNING)).id == job(2).id
    assert table.claim(lambda it: it) is None


def test_a_closed_store_raises():
    store = Store()
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.query("SELECT 1")


def test_only_folders_with_a_buckets_name_are_buckets(tmp_path):
    for name in ("cards-1", "b", ".cardocr", "Upper", "with space", "x" * 64):
        (tmp_path / "root" / name).mkdir(parents=True)
    (tmp_path / "root/file").touch()
    (tmp_path / "root/link").symlink_to("/tmp")  # noqa: S108 - only its name counts
    root = BucketRoot(tmp_path / "root", "http://127.0.0.1:1")
    assert (list(root), len(root)) == (["b", "cards-1"], 2)
    assert root["b"] is root["b"]
    assert root["b"].url("a b+.jpg") == "http://127.0.0.1:1/b/a%20b%2B.jpg"
    for name in ("../root", "", ".cardocr", "file", "link", "missing"):
        assert name not in root


def test_a_bucket_is_created_with_a_valid_name_and_once(tmp_path):
    root = BucketRoot(tmp_path / "root")
    assert root.create("cards-1").name == "cards-1"
    with pytest.raises(FileExistsError):
        root.create("cards-1")
    for name in ("", "..", "Upper", "a/b", "-a", "x" * 64):
        with pytest.raises(InvalidRequestError, match="lower-case letters"):
            root.create(name)


def test_a_file_cannot_be_a_root(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InvalidRequestError, match="must be a folder"):
        BucketRoot(tmp_path / "file")


def test_jobs_are_found_by_their_key_exactly_from_an_index(store):
    table = JobTable(store)
    keys = [" a.png", "a.png", "a.png ", "A.png", "a%.png", "样.png"]
    for number, key in enumerate([*keys, "a.png"]):
        table.add(job(number, key=key, queue_id=f"p{number}"), limit=10)
    for number, key in enumerate(keys):
        expected = [job(6).id, job(1).id] if key == "a.png" else [job(number).id]
        assert listed(table, JobQuery("b-1", key=key)) == expected
    assert listed(table, JobQuery("b-1", key="a.png", queue_id="p1")) == [job(1).id]
    assert table.list_page(JobQuery("b-2", key="a.png"))[0] == []
    (plan,) = store.query("EXPLAIN QUERY PLAN SELECT seq FROM jobs INDEXED BY by_key WHERE bucket = 'b' AND key = 'k'")
    assert "SEARCH" in plan[3]


OLD_SCHEMA = """
CREATE TABLE jobs (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, bucket TEXT NOT NULL, queue_id TEXT NOT NULL,
    state TEXT NOT NULL, level INTEGER NOT NULL, created REAL NOT NULL, callback TEXT, callback_format TEXT,
    document BLOB NOT NULL);
"""


def test_a_table_of_an_earlier_version_opens_and_its_jobs_are_found_by_key(tmp_path):
    document = zlib.compress(jobs_xml(JobList((job(1, key="a.png"),))))
    with contextlib.closing(sqlite3.connect(tmp_path / "jobs.sqlite")) as old, old:
        old.executescript(OLD_SCHEMA)
        old.execute(
            "INSERT INTO jobs (id, bucket, queue_id, state, level, created, document) VALUES (?, 'b-1', 'p1', 'Submitted', 0, 0, ?)",
            (job(1).id, document),
        )
    with contextlib.closing(Store(tmp_path / "jobs.sqlite")) as store:
        assert listed(JobTable(store), JobQuery("b-1", key="a.png")) == [job(1).id]


def test_only_the_owner_can_read_the_table_and_its_log(tmp_path):
    path = tmp_path / "jobs.sqlite"
    old_mask = os.umask(0)
    try:
        for _ in range(2):
            with contextlib.closing(Store(path)) as store:
                JobTable(store)
                files = sorted(tmp_path.iterdir())
                assert [file.name for file in files] == ["jobs.sqlite", "jobs.sqlite-shm", "jobs.sqlite-wal"]
                assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
            path.chmod(0o644)
        assert stat.S_IMODE(BucketRoot(tmp_path / "root").jobs.parent.stat().st_mode) == 0o700
    finally:
        os.umask(old_mask)


def test_pruning_deletes_ended_jobs_only_and_leaves_no_text_in_the_files(tmp_path):
    number_on_card = "990000199909090002"
    path = tmp_path / "jobs.sqlite"
    with contextlib.closing(Store(path)) as store:
        table = JobTable(store)
        store.query("PRAGMA wal_autocheckpoint=0")
        for number in range(500):
            state = JobState.SUBMITTED if number == 0 else JobState.SUCCESS
            table.add(job(number, state=state, created=MOMENT, user_data=f"{number_on_card}-{number}"), limit=1000)
        table.add(job(501, state=JobState.SUCCESS), CallbackTarget("http://127.0.0.1/", "XML"), limit=1000)
        table.add(job(502, state=JobState.SUCCESS, created=MOMENT + timedelta(days=2)), limit=1000)
        stored = (tmp_path / "jobs.sqlite-wal").read_bytes()
        texts = [
            zlib.compress(
                jobs_xml(JobList((job(n, state=JobState.SUCCESS, created=MOMENT, user_data=f"{number_on_card}-{n}"),))),
                1,
            )
            for n in range(1, 500)
        ]
        assert all(text in stored for text in texts)
        size = path.stat().st_size + (tmp_path / "jobs.sqlite-wal").stat().st_size
        assert table.prune(MOMENT + timedelta(days=1)) == 499
        left = listed(table, JobQuery("b-1", size=100, newest_first=False))
        assert left == [job(0).id, job(501).id, job(502).id]
        assert (tmp_path / "jobs.sqlite-wal").stat().st_size == 0
        assert path.stat().st_size < size / 2
        assert not any(text[-60:] in path.read_bytes() for text in texts)


def test_a_service_prunes_when_it_starts(tmp_path, photo):
    photo(tmp_path / "cards/a.png")
    table = tmp_path / "jobs.sqlite"
    left = []
    for keep_days in (None, None, 0):
        ended = threading.Semaphore(0)
        service = Service(
            [Bucket(tmp_path / "cards", name="b-1")],
            StubReader(),
            jobs=table,
            keep_days=keep_days,
            on_job_ended=lambda _, ended=ended: ended.release(),
        )
        if not left:
            service.handle("b-1", Request("POST", "/jobs", body=request_xml(JobRequest("a.png", "IDCard"))))
            assert ended.acquire(timeout=20)
        service.close()
        with contextlib.closing(sqlite3.connect(table)) as db:
            left.append(db.execute("SELECT count(*) FROM jobs").fetchone()[0])
    assert left == [1, 1, 0]


@pytest.mark.skipif(os.name == "nt", reason="needs modes of files")
def test_the_lock_of_a_root_is_for_its_owner_alone(tmp_path):
    root = BucketRoot(tmp_path / "root")
    with root.lock():
        assert stat.S_IMODE((root.jobs.parent / "held.sqlite").stat().st_mode) == 0o600
