"""A run that is killed, disturbed or interrupted at any moment: every image is read, and none is paid for twice."""

import contextlib
import random
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from proxying import proxying

import cardocr_nb as ocr

BUCKET = "cards-1250000000"
SCRIPT = Path(__file__).with_name("overnight.py")
DISTURBED = ["throttle", "drop-before", "drop-after", "slow", "duplicate-callback"]
HARMLESS = {"slow", "duplicate-callback"}
"""Kinds that lose nothing; all five come together in the test through a proxy."""


def photographs(folder, photo, count):
    """Small pictures, no two alike."""
    for n in range(count):
        photo(folder / f"{n // 100}/{n:04}.png", size=(40, 24), color=(n % 256, n // 256, 7))
    return folder


@contextlib.contextmanager
def at_work(server, folder, ledger, *more):
    command = [sys.executable, str(SCRIPT), server.url, BUCKET, str(folder), str(ledger), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - this interpreter
        try:
            assert process.stdout.readline() == "at work\n", process.stderr.read()
            yield process
        finally:
            process.kill()


def finish(server, folder, ledger, *more):
    with at_work(server, folder, ledger, *more) as process:
        said, wrong = process.communicate(timeout=3000)
    assert process.returncode == 0, wrong
    return said


def kill_at_random(server, folder, ledger, chance, longest=1.0, more=()):
    """Whether the run was killed before it was over."""
    with at_work(server, folder, ledger, *more) as process:
        try:
            process.wait(chance.uniform(0.0, longest))
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    return False


def accepted(server):
    """Jobs that the service has accepted."""
    with contextlib.closing(sqlite3.connect(server.root / ".cardocr/jobs.sqlite")) as db:
        return db.execute("SELECT count(*) FROM jobs").fetchone()[0]


def assert_paid_once(server, ledger, count):
    assert accepted(server) == count
    with contextlib.closing(sqlite3.connect(ledger)) as db:
        rows = db.execute("SELECT state, outcome, response IS NOT NULL FROM images").fetchall()
    assert rows == [("done", "Success", 1)] * count
    cards = ocr.to_frame(str(ledger))
    assert cards["key"].nunique() == count
    assert len(cards) == 6 * count
    assert cards["user_data"].isna().all()


@pytest.fixture
def server(serve, tmp_path):
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    with serve(tmp_path / "root", "--workers", "4", "--quiet") as running:
        yield running


@pytest.mark.parametrize(("count", "kills"), [(60, 4), pytest.param(500, 25, marks=pytest.mark.slow)])
def test_a_run_killed_again_and_again_pays_for_each_image_once(server, tmp_path, photo, count, kills):
    folder, ledger, chance = photographs(tmp_path / "in", photo, count), tmp_path / "run.sqlite", random.Random(count)
    killed = sum(kill_at_random(server, folder, ledger, chance, 0.4) for _ in range(kills))
    assert killed
    finish(server, folder, ledger)
    assert_paid_once(server, ledger, count)


@pytest.mark.parametrize(
    ("fault", "count"),
    [
        pytest.param(fault, count, marks=[pytest.mark.slow] if count == 500 or fault in HARMLESS else [])
        for fault in DISTURBED
        for count in (40, 500)
    ],
)
def test_a_tenth_of_all_calls_disturbed_costs_nothing_more(serve, tmp_path, photo, fault, count):
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    folder, ledger = photographs(tmp_path / "in", photo, count), tmp_path / "run.sqlite"
    with serve(tmp_path / "root", "--workers", "8", "--quiet", "--fault", f"{fault}=0.1", "--seed", "3") as server:
        finish(server, folder, ledger)
        assert_paid_once(server, ledger, count)


@pytest.mark.parametrize(("count", "kills"), [pytest.param(500, 10, marks=pytest.mark.slow)])
def test_all_disturbances_at_once_with_kills_cost_nothing_more(serve, tmp_path, photo, count, kills):
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    folder, ledger, chance = photographs(tmp_path / "in", photo, count), tmp_path / "run.sqlite", random.Random(1)
    faults = [part for kind in DISTURBED for part in ("--fault", f"{kind}=0.1")]
    with serve(tmp_path / "root", "--workers", "8", "--quiet", *faults) as server:
        for _ in range(kills):
            kill_at_random(server, folder, ledger, chance, 3.0)
        finish(server, folder, ledger)
        assert_paid_once(server, ledger, count)


@pytest.mark.parametrize(
    ("count", "kills"),
    [(60, 1), pytest.param(500, 5, marks=pytest.mark.slow), pytest.param(5000, 14, marks=pytest.mark.slow)],
)
def test_two_percent_of_every_fault_through_a_proxy_cost_nothing_more(serve, tmp_path, photo, count, kills):
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    folder, ledger, chance = photographs(tmp_path / "in", photo, count), tmp_path / "run.sqlite", random.Random(count)
    faults = [part for kind in DISTURBED for part in ("--fault", f"{kind}=0.02")]
    with (
        serve(tmp_path / "root", "--workers", "8", "--quiet", *faults) as server,
        proxying(cut=0.02, before=0.02, chance=random.Random(count)) as proxy,
    ):
        more = ("0", proxy.url)
        for _ in range(kills):
            kill_at_random(server, folder, ledger, chance, 0.4 if count < 100 else 3.0, more)
        finish(server, folder, ledger, *more)
        assert proxy.cuts
        assert_paid_once(server, ledger, count)


@pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.slow)])
def test_jobs_that_fail_are_reported_and_not_paid_for_again(serve, tmp_path, photo, count):
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    folder, ledger = photographs(tmp_path / "in", photo, count), tmp_path / "run.sqlite"
    with serve(tmp_path / "root", "--workers", "4", "--quiet", "--fault", "fail=0.1", "--seed", "3") as server:
        finish(server, folder, ledger)
        finish(server, folder, ledger)
        assert accepted(server) == count
    cards = ocr.to_frame(str(ledger)).drop_duplicates("key")
    assert len(cards) == count
    assert set(cards["state"]) == {"Success", "Failed"}
    assert set(cards.loc[cards["state"] == "Failed", "code"]) == {"InternalError"}


@pytest.mark.parametrize(("count", "kills"), [(60, 2), pytest.param(500, 10, marks=pytest.mark.slow)])
def test_a_server_that_is_killed_and_started_again_costs_nothing_more(serve, tmp_path, photo, count, kills):
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    folder, ledger, chance = photographs(tmp_path / "in", photo, count), tmp_path / "run.sqlite", random.Random(5)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = (tmp_path / "root", "--workers", "4", "--quiet", "--port", str(port))
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(serve(*arguments))
        run = stack.enter_context(at_work(server, folder, ledger))
        for _ in range(kills):
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(chance.uniform(0.05, 0.5))
            server.process.kill()
            server.process.wait()
            server = stack.enter_context(serve(*arguments))
        _, wrong = run.communicate(timeout=600)
        assert run.returncode == 0, wrong
        assert_paid_once(server, ledger, count)


@pytest.mark.parametrize("jump", ["3600", "-3600"])
@pytest.mark.parametrize("count", [50, pytest.param(500, marks=pytest.mark.slow)])
def test_a_clock_that_jumps_an_hour_and_back_costs_nothing_more(serve, tmp_path, photo, jump, count):
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    folder, ledger = photographs(tmp_path / "in", photo, count), tmp_path / "run.sqlite"
    with serve(tmp_path / "root", "--workers", "4", "--quiet", "--fault", "drop-after=0.1") as server:
        finish(server, folder, ledger, jump)
        assert_paid_once(server, ledger, count)
