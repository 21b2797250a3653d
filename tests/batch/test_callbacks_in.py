"""Callbacks reach the ledger of a run, and only what the service confirms counts."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from urllib.parse import urlsplit

import pytest

import cardocr_nb as ocr
from cardocr_nb._batch import _callback_listener
from cardocr_nb._batch._callback_listener import Listener
from cardocr_nb._batch._pace import Pace
from cardocr_nb._client import Client
from cardocr_nb._ledger import Ledger, PlannedImage, make_token, outcomes, plan_run
from cardocr_nb.errors import DecodeError, LedgerError
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.wire._encode import callback_bytes
from cardocr_nb.wire._records import Callback, Job, JobState


@pytest.fixture
def client(tmp_path, photo):
    for n in range(3):
        photo(tmp_path / f"bucket/{n}.png", color=(n, 0, 0))
    with Client.local(tmp_path / "bucket", reader=StubReader(), create=True) as client:
        client.poll = (0.0, 0.01)
        yield client


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(tmp_path / "run.sqlite")
    yield opened
    opened.close()


def record_submission(ledger, job_id, key="0.png"):
    plan_run(ledger, [PlannedImage(key, None, upload=False)], "IDCard")
    (row,) = ledger.rows("SELECT id FROM images WHERE key = ?", (key,))[0]
    ledger.record_intent(row, make_token())
    ledger.record_accepted(row, Job(job_id, JobState.SUBMITTED))


def callback(*ids, state="Success", form="XML"):
    jobs = tuple(Job(job_id, JobState(state), key="0.png", card_type="IDCard") for job_id in ids)
    return callback_bytes(Callback("TaskFinish", jobs), form)


def marked(ledger):
    return sorted(ledger.callback_job_ids())


@pytest.mark.parametrize("form", ["XML", "JSON"])
def test_a_callback_marks_its_pending_job_and_changes_nothing_else(ledger, form):
    record_submission(ledger, "j1")
    assert ocr.accept(ledger, callback("j1", form=form)) == ["j1"]
    assert marked(ledger) == ["j1"]
    assert [o.state for o in outcomes(ledger)] == ["sent"]


def test_unknown_jobs_repeated_and_late_callbacks_change_nothing(ledger):
    record_submission(ledger, "j1")
    assert ocr.accept(ledger, callback("other")) == []
    assert ocr.accept(ledger, callback("j1")) == ocr.accept(ledger, callback("j1")) == ["j1"]
    ledger.record_ended([("j1", "Success", b"<Response/>")])
    assert marked(ledger) == []
    assert ocr.accept(ledger, callback("j1", state="Failed")) == []
    assert [(o.state, o.raw) for o in outcomes(ledger)] == [("done", b"<Response/>")]


def test_a_callback_for_a_running_job_marks_nothing(ledger):
    record_submission(ledger, "j1")
    assert ocr.accept(ledger, callback("j1", state="Running")) == []


def test_with_a_client_the_job_is_described_and_the_description_counts(ledger, client):
    job = client.wait(client.submit("0.png", card_type="IDCard"))
    record_submission(ledger, job.id)
    assert ocr.accept(ledger, callback(job.id, state="Failed"), client=client) == [job.id]
    cards = ocr.to_frame(ledger.path)
    assert set(cards["state"]) == {"Success"}
    assert len(cards) == 6


def test_a_forged_success_changes_nothing(ledger, client):
    record_submission(ledger, "forged")
    assert ocr.accept(ledger, callback("forged"), client=client) == []
    assert [o.state for o in outcomes(ledger)] == ["sent"]


def test_a_body_that_is_not_a_callback_is_refused(ledger):
    with pytest.raises(DecodeError):
        ocr.accept(ledger, b"<html>")
    with pytest.raises(DecodeError, match="at most 1048576 bytes, got 1048577"):
        ocr.accept(ledger, b" " * (2**20 + 1))


JOBS = [{"EventName": "TaskFinish", "JobsDetail": {"JobId": f"j{n}", "State": "Success"}} for n in (1, 2, 1)]
XML = callback("j1").decode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (XML, ["j1"]),
        ("\ufeff\r\n" + XML, ["j1"]),
        ('<?xml version="1.0" encoding="utf-16"?>' + XML[XML.index("<Response") :], ["j1"]),
        (callback("j1", "j2", form="JSON").decode(), ["j1", "j2"]),
        (json.loads(callback("j1", form="JSON")), ["j1"]),
        (types.MappingProxyType(JOBS[0]), ["j1"]),
        (json.dumps(JOBS), ["j1", "j2"]),
        (json.dumps(JOBS).encode("utf-16"), ["j1", "j2"]),
        (bytearray(json.dumps(JOBS).encode()), ["j1", "j2"]),
        (JOBS, ["j1", "j2"]),
        ([XML, JOBS[1], XML.encode()], ["j1", "j2"]),
        ("[]", []),
        ([], []),
    ],
    ids=range(13),
)
def test_callbacks_as_text_parsed_and_in_lists_are_taken(ledger, body, expected):
    record_submission(ledger, "j1")
    record_submission(ledger, "j2", key="1.png")
    assert ocr.accept(ledger, body) == expected
    assert marked(ledger) == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "empty"),
        ("run.xml", "not well-formed"),
        ({}, "none of the service's"),
        ({"EventName": "TaskFinish", "JobsDetail": {"JobId": "j1", "State": {1, 2}}}, "cannot be written as JSON"),
        ([JOBS[0], "<html/>"], "none of the service's"),
        (json.dumps([JOBS[0], {"Error": {"Code": "Busy"}}]), "expected a callback with EventName, got an error body"),
        (json.dumps([JOBS[0], 5]), "element 2 of the JSON list is a int"),
        (XML.replace("j1", "\ud800"), "half of a surrogate pair"),
        (json.dumps(JOBS).replace("j1", "\ud800").encode("utf-8", "surrogatepass"), "broken at byte"),
        ([JOBS[0], JOBS[1] | {"Pad": "样" * 400_000}], "at most 1048576 bytes, got 1200"),
    ],
    ids=range(10),
)
def test_of_a_list_with_a_damaged_callback_nothing_is_recorded(ledger, body, message):
    record_submission(ledger, "j1")
    with pytest.raises(DecodeError, match=message):
        ocr.accept(ledger, body)
    assert marked(ledger) == []


@pytest.mark.parametrize("body", [5, [5], [[JOBS[0]]], {1}])
def test_bodies_of_other_types_are_named(ledger, body):
    with pytest.raises(TypeError, match="a document is bytes, str or a mapping, got"):
        ocr.accept(ledger, body)


def test_a_ledger_may_be_given_as_an_existing_path(ledger, tmp_path):
    record_submission(ledger, "j1")
    assert ocr.accept(ledger.path, callback("j1")) == ["j1"]
    with pytest.raises(LedgerError, match="no ledger at"):
        ocr.accept(tmp_path / "none.sqlite", callback("j1"))
    assert not (tmp_path / "none.sqlite").exists()


@contextlib.contextmanager
def listening(ledger, **options):
    with Listener(ledger, ("127.0.0.1", 0), **options) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield listener
        finally:
            listener.shutdown()
            thread.join()


def post(url, body, path=None, **headers):
    address = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(address.hostname, address.port, timeout=10)) as line:
        line.request("POST", path or address.path, body, headers)
        return line.getresponse().status


def test_only_the_secret_path_takes_callbacks(ledger):
    record_submission(ledger, "j1")
    with listening(ledger) as there:
        assert len(urlsplit(there.url).path) > 20
        assert post(there.url, callback("j1"), path="/") == 404
        assert post(there.url, callback("j1"), path=urlsplit(there.url).path[:-1]) == 404
        assert marked(ledger) == []
        assert post(there.url, callback("j1")) == 200
        assert marked(ledger) == ["j1"]


def test_bodies_that_are_too_large_or_no_callbacks_are_refused(ledger):
    with listening(ledger) as there:
        assert post(there.url, b"<html>") == 400
        address = urlsplit(there.url)
        with contextlib.closing(http.client.HTTPConnection(address.hostname, address.port, timeout=10)) as line:
            line.putrequest("POST", address.path)
            line.putheader("Content-Length", str(10**9))
            line.endheaders()
            assert line.getresponse().status == 413
        with contextlib.closing(http.client.HTTPConnection(address.hostname, address.port, timeout=10)) as line:
            line.putrequest("POST", address.path)
            line.endheaders()
            assert line.getresponse().status == 411


def strangers(there, stack, count, first=b""):
    address = urlsplit(there.url)
    socks = [
        stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=10))
        for _ in range(count)
    ]
    for sock in socks:
        sock.sendall(first)
    return socks


def until_closed(sock):
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := sock.recv(65536):
            received += piece
    return received


@pytest.mark.parametrize("first", [b"", b"POST /", b"POST / HTTP/1.1\r\nHost: a\r\nX: "], ids=repr)
def test_200_slow_strangers_keep_no_callback_out(ledger, first):
    record_submission(ledger, "j1")
    with listening(ledger) as there, contextlib.ExitStack() as stack:
        socks = strangers(there, stack, 200, first)
        for _ in range(3):
            assert post(there.url, callback("j1")) == 200
            for sock in socks[-30:]:
                sock.sendall(b"x")
        for sock in socks[:130]:
            assert until_closed(sock) == b""


def test_new_connections_of_one_host_close_none_of_another_whose_head_is_under_way(ledger):
    record_submission(ledger, "j1")
    with listening(ledger) as there, contextlib.ExitStack() as stack:
        address = urlsplit(there.url)
        known = stack.enter_context(
            socket.create_connection((address.hostname, address.port), timeout=10, source_address=("127.0.0.2", 0))
        )
        body = callback("j1")
        known.sendall(f"POST {address.path} HTTP/1.1\r\n".encode())
        socks = strangers(there, stack, 200)
        assert until_closed(socks[0]) == b""
        known.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        assert b" 200 " in known.recv(100)
    assert marked(ledger) == ["j1"]


@pytest.mark.parametrize("first", [b"", b"POST / HTTP/1.1\r\nHost: a\r\nX: "], ids=repr)
def test_a_flood_of_many_hosts_keeps_no_callback_out(ledger, first):
    jobs = [f"j{number}" for number in range(10)]
    for job in jobs:
        record_submission(ledger, job, f"{job}.png")
    with listening(ledger) as there, contextlib.ExitStack() as stack:
        address = urlsplit(there.url)
        for number, job in enumerate(jobs):
            for host in range(50):
                source = (f"127.{number + 1}.{host}.1", 0)
                sock = socket.create_connection((address.hostname, address.port), timeout=10, source_address=source)
                stack.enter_context(sock).sendall(first)
            assert post(there.url, callback(job)) == 200
        assert sorted(marked(ledger)) == jobs


def test_a_byte_now_and_then_does_not_extend_the_time_for_a_head(ledger, monkeypatch):
    monkeypatch.setattr(_callback_listener, "_HEAD_SECONDS", 0.5)
    with listening(ledger) as there, contextlib.ExitStack() as stack:
        (sock,) = strangers(there, stack, 1, b"POST / HTTP/1.1\r\n")
        sock.settimeout(0.05)
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - started < 10:
                sock.sendall(b"x")
                with contextlib.suppress(TimeoutError):
                    if sock.recv(1) == b"":
                        break
        assert time.monotonic() - started < 5


def test_a_head_without_end_is_cut_at_its_limit(ledger):
    with listening(ledger) as there, contextlib.ExitStack() as stack:
        (sock,) = strangers(there, stack, 1, b"POST / HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                sock.sendall(b"X: " + b"x" * 1000 + b"\r\n")
            assert until_closed(sock) == b""
        assert post(there.url, callback("j1")) == 200


def test_slow_bodies_of_those_who_know_the_path_have_a_time_limit_and_slots_of_their_own(ledger, monkeypatch):
    monkeypatch.setattr(_callback_listener, "_BODY_SECONDS", 1.0)
    with listening(ledger) as there, contextlib.ExitStack() as stack:
        head = f"POST {there.path} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx".encode()
        socks = strangers(there, stack, 40, head)
        answers = [until_closed(sock) for sock in socks]
        assert sum(answer.startswith(b"HTTP/1.0 503 ") for answer in answers) == 8
        assert sum(answer == b"" for answer in answers) == 32
        assert post(there.url, callback("j1")) == 200


@pytest.mark.parametrize(
    "body",
    [
        b"<Response>" + b"<a>" * 149_000 + b"</a>" * 149_000 + b"</Response>",
        b"<a>" * 349_000,
        b"<Response>" + b"<JobsDetail><a>" * 69_000,
        b'{"a":' * 200_000,
        b"[" * 1_000_000,
        b"<!--" * 250_000,
        b"<Response>" + b"</Message>" * 100_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_made_to_be_slow_is_refused_quickly(ledger, body):
    assert len(body) < 2**20 + 10_000
    started = time.monotonic()
    with pytest.raises(DecodeError):
        ocr.accept(ledger, body[: 2**20])
    assert time.monotonic() - started < 3


def test_nothing_of_a_callback_reaches_the_log(ledger, caplog):
    caplog.set_level("DEBUG")
    record_submission(ledger, "j1")
    with listening(ledger) as there:
        post(there.url, callback("j1"))
        post(there.url, b"<html>110101199001011234")
    assert "a callback: 1 jobs recorded" in caplog.text
    assert there.path not in caplog.text
    assert "110101199001011234" not in caplog.text


def test_a_run_with_callbacks_describes_only_the_marked_jobs(client, tmp_path):
    asked = []
    send = client.transport.send

    def watched(request):
        if request.path.startswith("/jobs/"):
            asked.append(request.path.split(","))
        return send(request)

    client.transport.send = watched
    client.poll = (0.2, 5.0)
    path = tmp_path / "run.sqlite"
    with contextlib.closing(Ledger(path)) as ledger, listening(ledger) as there:
        cards = ocr.run(
            ["0.png", "1.png", "2.png"],
            card_type="IDCard",
            client=client,
            ledger=path,
            upload=False,
            callback=there.url,
            callback_format="JSON",
            pace=Pace(submissions=100, queries=100),
            progress=False,
        )
    assert set(cards["state"]) == {"Success"}
    assert len(asked) <= 3


def test_the_command_listens_and_ends_on_an_interrupt(tmp_path):
    path = tmp_path / "run.sqlite"
    command = [sys.executable, "-m", "cardocr_nb", "listen", "--ledger", str(path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        url = process.stdout.readline().split()[-1]
        with contextlib.closing(Ledger(path)) as ledger:
            record_submission(ledger, "j1")
            assert (
                post(url, json.dumps({"EventName": "TaskFinish", "JobsDetail": {"JobId": "j1", "State": "Success"}}))
                == 200
            )
            assert marked(ledger) == ["j1"]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert urlsplit(url).path not in errors


def test_a_port_in_use_is_an_error_of_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(  # noqa: S603
            [
                sys.executable,
                "-m",
                "cardocr_nb",
                "listen",
                "--ledger",
                str(tmp_path / "run.sqlite"),
                "--port",
                port,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Address already in use" in done.stderr
