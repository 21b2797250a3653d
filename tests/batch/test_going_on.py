"""A run with a ledger continues where another stopped, also if the service lists little."""

import contextlib
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace

import pandas as pd
import pytest

import cardocr_nb as ocr
from cardocr_nb._batch._pace import Pace
from cardocr_nb._batch._run import StoppedWarning
from cardocr_nb._client import Client
from cardocr_nb._ledger import Ledger
from cardocr_nb._transport import Response
from cardocr_nb.errors import InvalidRequestError, LedgerError, TransportError
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.wire._decode import decode_jobs
from cardocr_nb.wire._encode import jobs_xml
from cardocr_nb.wire._records import JobState

QUICK = Pace(submissions=1000, queries=1000, threads=2)


class Service:
    """The embedded service, whose lists and descriptions can leave things out, and whose answers can get lost."""

    def __init__(self, inner):
        self.inner, self.submitted, self.lose = inner, 0, lambda number: False
        self.in_lists = self.in_descriptions = lambda job: job

    def send(self, request):
        reply = self.inner.send(request)
        if request.method == "POST":
            self.submitted += 1
            if self.lose(self.submitted):
                raise TransportError("the answer did not come", maybe_accepted=True)
        elif request.path.startswith("/jobs"):
            answer = decode_jobs(reply.body)
            change = self.in_lists if request.path == "/jobs" else self.in_descriptions
            shown = [change(job) for job in answer.jobs]
            reply = Response(200, {}, jobs_xml(replace(answer, jobs=tuple(job for job in shown if job is not None))))
        return reply

    def close(self):
        self.inner.close()


@pytest.fixture
def client(tmp_path, photo):
    for n in range(4):
        photo(tmp_path / f"bucket/{n}.png", color=(n, 0, 0))
    with Client.local(tmp_path / "bucket", reader=StubReader(), create=True) as client:
        client.poll = (0.0, 0.01)
        client.transport = Service(client.transport)
        yield client


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "run.sqlite"


KEYS = [f"{n}.png" for n in range(4)]


def read(client, ledger, keys=KEYS, **options):
    given = {"pace": QUICK, "progress": False, "listing_delay": 0.1, "unknown": "hold", "upload": False} | options
    return ocr.run(keys, card_type="IDCard", client=client, ledger=ledger, **given)


def states(frame):
    return frame.drop_duplicates("key")["state"].astype("str").tolist()


def test_a_second_run_submits_nothing_and_gives_the_same_frame(client, ledger):
    first = read(client, ledger, user_data="mine")
    second = read(client, ledger)
    assert client.transport.submitted == 4
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(first, ocr.to_frame(ledger))
    pd.testing.assert_frame_equal(first, ocr.read_responses(ledger))
    assert set(first["user_data"]) == {"mine"}


def test_a_run_gives_its_own_images_and_the_ledger_all(client, ledger):
    read(client, ledger, KEYS[:2])
    assert read(client, ledger, KEYS[1:3])["key"].unique().tolist() == ["1.png", "2.png"]
    assert ocr.to_frame(str(ledger))["key"].unique().tolist() == ["0.png", "1.png", "2.png"]
    assert client.transport.submitted == 3


def test_a_job_that_lists_show_without_user_data_is_found_by_describing(client, ledger):
    client.transport.lose = lambda number: number == 2
    client.transport.in_lists = lambda job: replace(job, user_data=None)
    assert states(read(client, ledger)) == ["Success"] * 4
    assert client.transport.submitted == 4


def test_an_image_that_no_program_can_decide_is_held_and_counted(client, ledger, capsys):
    client.transport.lose = lambda number: number == 2
    client.transport.in_lists = client.transport.in_descriptions = lambda job: replace(job, user_data=None)
    frame = read(client, ledger, pace=replace(QUICK, threads=1), progress=True)
    assert states(frame) == ["Success", "Unknown", "Success", "Success"]
    assert client.transport.submitted == 4
    assert "1 held because the job may exist" in capsys.readouterr().out
    (answer,) = frame.loc[frame["key"] == "1.png", "message"]
    assert "run again with unknown='submit' to submit the image, which may pay twice" in answer
    assert states(read(client, ledger)) == ["Success", "Unknown", "Success", "Success"]
    assert client.transport.submitted == 4
    assert states(read(client, ledger, unknown="submit")) == ["Success"] * 4
    assert client.transport.submitted == 5


def test_a_job_of_somebody_else_for_the_same_object_is_not_adopted(client, ledger):
    client.submit("1.png", card_type="IDCard", user_data="somebody's")
    client.transport.lose = lambda number: number == 3
    frame = read(client, ledger, pace=replace(QUICK, threads=1))
    assert states(frame) == ["Success"] * 4
    assert client.transport.submitted == 5
    assert frame["user_data"].isna().all()


def test_a_submission_is_not_repeated_before_the_settling_time(client, ledger):
    hidden = []

    def late(job):
        hidden.append(job.id)
        return job if len(hidden) > 3 else None

    client.transport.lose = lambda number: True
    client.transport.in_lists = late
    assert states(read(client, ledger, KEYS[:1], listing_delay=2.0)) == ["Success"]
    assert client.transport.submitted == 1


def test_jobs_that_ended_with_the_process_of_the_embedded_service_are_submitted_again(client, ledger, tmp_path):
    client.transport.in_descriptions = lambda job: replace(job, state=JobState.RUNNING, result=None)
    frame = read(client, ledger, job_timeout=0.3)
    assert set(frame["code"].dropna().astype("str")) == {"JobTimeout"}
    with Client.local(tmp_path / "bucket", reader=StubReader()) as restarted:
        begun = time.monotonic()
        assert states(read(restarted, ledger, unknown="submit")) == ["Success"] * 4
        assert time.monotonic() - begun < 5


def test_the_ledger_of_another_bucket_is_refused(ledger):
    for bucket in ("one-1250000000", "two-1250000000"):
        from cardocr_nb.cloud import CloudTransport, Credentials

        transport = CloudTransport(
            bucket, "ap-guangzhou", Credentials("id", "key"), endpoint="http://127.0.0.1:9", timeout=(1, 1)
        )
        with Client(transport, poll=(0.01, 0.01)) as client:
            expected = (
                pytest.warns(StoppedWarning, match="nothing has progressed")
                if bucket == "one-1250000000"
                else pytest.raises(
                    LedgerError, match="belongs to the bucket 'one-1250000000', this client to 'two-1250000000'"
                )
            )
            with expected:
                read(client, ledger, KEYS[:1], stall_timeout=0.0)
    left = ocr.to_frame(ledger)
    assert states(left) == ["Planned"]
    assert left.cardocr.summary().outcomes["not submitted"] == 1


def test_a_run_on_a_ledger_that_another_holds_says_who(client, ledger):
    with (
        contextlib.closing(Ledger(ledger)) as held,
        held.exclusive(),
        pytest.raises(LedgerError, match="another run is at work"),
    ):
        read(client, ledger)
    assert client.transport.submitted == 0


def test_a_disk_that_fills_up_ends_the_run_and_the_next_pays_for_the_rest_only(client, ledger, monkeypatch):
    connect = sqlite3.connect

    def small(path, *args, **options):
        db = connect(path, *args, **options)
        if str(path) == str(ledger):
            db.execute("PRAGMA max_page_count=13")  # what the empty tables need, and a little
        return db

    with contextlib.closing(Ledger(ledger)):
        monkeypatch.setattr("cardocr_nb._ledger._tables.sqlite3.connect", small)
    keys = KEYS + [f"{n:0800}.png" for n in range(40)]
    with pytest.raises(LedgerError, match=r"full; free some space, then run again with the same ledger: it continues"):
        read(client, ledger, keys)
    monkeypatch.undo()
    assert states(read(client, ledger)) == ["Success"] * 4
    assert client.transport.submitted == 4


def test_a_disk_that_fills_up_while_answers_come_loses_none_of_them(client, ledger, monkeypatch, photo, tmp_path):
    keys = [f"more/{n}.png" for n in range(80)]
    for n, key in enumerate(keys):
        photo(tmp_path / "bucket" / key, color=(n, n, 0))
    record_ended = Ledger.record_ended

    def full(self, jobs):
        (pages,) = self.rows("PRAGMA page_count")[0]
        self.rows(f"PRAGMA max_page_count={pages}")
        record_ended(self, jobs)

    monkeypatch.setattr(Ledger, "record_ended", full)
    with pytest.raises(LedgerError, match="full"):
        read(client, ledger, keys)
    monkeypatch.undo()
    assert client.transport.submitted > 0
    assert states(read(client, ledger, keys)) == ["Success"] * 80
    assert client.transport.submitted == 80


def test_a_disk_that_fills_up_while_a_lost_answer_is_looked_for_is_an_error_at_once(client, ledger, monkeypatch):
    def full(self, row, job):
        raise LedgerError("the disk is full")

    client.transport.lose = lambda number: True
    monkeypatch.setattr(Ledger, "record_accepted", full)
    with pytest.raises(LedgerError, match="the disk is full"):
        read(client, ledger, KEYS[:1])
    monkeypatch.undo()
    assert states(read(client, ledger, KEYS[:1])) == ["Success"]
    assert client.transport.submitted == 1


def test_a_run_moves_to_another_machine_with_its_ledger(client, ledger, tmp_path, photo):
    with pytest.warns(StoppedWarning, match="max_calls"):
        read(client, ledger, max_calls=2)
    there = tmp_path / "elsewhere"
    there.mkdir()
    ledger.rename(there / "run.sqlite")
    assert states(read(client, there / "run.sqlite")) == ["Success"] * 4
    assert client.transport.submitted == 4


def test_a_network_that_is_away_for_a_while_costs_no_image(client, ledger, tmp_path, photo):
    photos = [photo(tmp_path / f"in/{n}.png", color=(n, n, n)) for n in range(3)]
    send, away = client.transport.send, iter(range(12))

    def broken(request):
        if request.method != "GET" and next(away, None) is not None:
            raise TransportError("no network", maybe_accepted=False)
        return send(request)

    client.transport.send = broken
    assert states(read(client, ledger, photos, upload=True, prefix="new/")) == ["Success"] * 3


def test_an_estimate_says_what_is_left_and_sends_nothing(client, ledger):
    read(client, ledger, KEYS[:3])
    said = ocr.estimate(KEYS, card_type="IDCard", client=client, ledger=ledger, upload=False, price=0.5)
    assert (said.images, said.done, said.under_way, said.calls, said.money) == (4, 3, 0, 1, 0.5)
    assert str(said) == "4 images: 3 done, 0 under way, 1 to submit at most; 0 s at least; cost 0.50 at most"
    everything = ocr.estimate(KEYS * 2, card_type="IDCard", client=client, upload=False, pace=Pace(submissions=0.01))
    assert (everything.images, everything.calls, everything.seconds) == (4, 4, 400)
    assert client.transport.submitted == 3
    with pytest.raises(InvalidRequestError, match="card_type"):
        ocr.estimate(KEYS, card_type="Passport", client=client)


def test_the_command_goes_on_with_a_ledger(tmp_path, photo):
    for n in range(2):
        photo(tmp_path / f"in/{n}.png", color=(n, 0, 0))
    command = [sys.executable, "-m", "cardocr_nb", "run", str(tmp_path / "in"), "--card-type", "IDCard"]
    out = ["--out", str(tmp_path / "cards.parquet"), "--ledger", str(tmp_path / "run.sqlite"), "--price", "0.15"]

    def call(*more):
        return subprocess.run([*command, *out, *more], capture_output=True, text=True, check=False)  # noqa: S603

    done = call("--estimate")
    assert (done.returncode, done.stdout) == (
        0,
        "2 images: 0 done, 0 under way, 2 to submit at most; 0 s at least; cost 0.30 at most\n",
    )
    assert not (tmp_path / "run.sqlite").exists()
    assert "2 submitted in this run" in call().stdout
    done = call("--rate", "2")
    assert "0 submitted in this run" in done.stdout
    assert pd.read_parquet(tmp_path / "cards.parquet")["key"].nunique() == 2
