"""Accepted jobs are done however the process ends; injected faults occur as configured."""

import contextlib
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest
import requests

from cardocr_nb._client import Client
from cardocr_nb._transport import Request
from cardocr_nb.errors import ThrottledError, TransportError
from cardocr_nb.wire._decode import decode_callback
from cardocr_nb.wire._records import JobState

BUCKET = "cards-1250000000"


@contextlib.contextmanager
def client_of(server, **options):
    with Client(server.transport(BUCKET, **options), poll=(0.01, 0.1)) as client:
        yield client


@pytest.fixture
def root(tmp_path, photo):
    photo(tmp_path / "root" / BUCKET / "a.jpg")
    return tmp_path / "root"


@contextlib.contextmanager
def listening():
    """An address on this machine, and what was sent there."""
    received = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.put((self.headers["Content-Type"], body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as there:
        thread = threading.Thread(target=there.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{there.server_port}/callback", received
        there.shutdown()
        thread.join()


def test_a_killed_server_loses_no_accepted_job(serve, root):
    with serve(root, "--latency", "0.2") as server, client_of(server) as client:
        ids = [client.submit("a.jpg", card_type="IDCard").id for _ in range(5)]
        while client.describe(ids[0])[0].state is JobState.SUBMITTED:
            pass
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(20)
    with serve(root) as server, client_of(server) as client:
        done = client.wait(client.describe(ids), timeout=20)
        assert [str(job.state) for job in done] == ["Success"] * 5


def test_a_terminated_server_finishes_its_reading_and_keeps_waiting_jobs(serve, root):
    with serve(root, "--latency", "0.5") as server, client_of(server) as client:
        ids = [client.submit("a.jpg", card_type="IDCard").id for _ in range(3)]
        while client.describe(ids[0])[0].state is JobState.SUBMITTED:
            pass
        assert server.end() == 0
    with serve(root, "--latency", "60") as server, client_of(server) as client:
        states = [str(job.state) for job in client.describe(ids)]
        assert states[0] == "Success"
        assert set(states[1:]) <= {"Submitted", "Running"}
        server.process.kill()


def test_switches_and_queues_survive_a_restart(serve, root):
    with serve(root) as server, client_of(server) as client:
        client.transport.send(Request("PUT", "/", params={"unbind": ""}))
    with serve(root) as server, client_of(server) as client:
        assert client.transport.send(Request("GET", "/")).body == b'{"CIStatus":"off"}'


def test_an_unfinished_upload_is_gone_after_a_restart_and_never_listed(serve, root):
    part = root / BUCKET / ".upload-left"
    part.write_bytes(b"half")
    with serve(root) as server, client_of(server) as client:
        assert b".upload" not in client.transport.send(Request("GET", "/", "cos")).body
        assert client.transport.send(Request("GET", "/.upload-left", "cos")).status == 400
        assert client.transport.send(Request("GET", "/.cardocr/jobs.sqlite", "cos")).status == 404
    assert not part.exists()


@pytest.mark.parametrize("form", ["XML", "JSON"])
def test_a_callback_has_the_requested_format_and_is_repeated_when_injected(serve, root, form):
    with (
        listening() as (address, received),
        serve(root, "--fault", "duplicate-callback=1") as server,
        client_of(server) as client,
    ):
        job = client.submit("a.jpg", card_type="IDCard", callback=address, callback_format=form)
        for _ in range(2):
            content_type, body = received.get(timeout=20)
            assert content_type == f"application/{form.lower()}"
            callback = decode_callback(body)
            assert (callback.event, callback.jobs[0].id, callback.jobs[0].state) == (
                "TaskFinish",
                job.id,
                JobState.SUCCESS,
            )
            assert len(callback.jobs[0].fields) == 6


def test_a_callback_that_failed_is_posted_by_the_next_process(serve, root, photo):
    with listening() as (address, received):
        pass
    with serve(root) as server, client_of(server) as client:
        client.wait(client.submit("a.jpg", card_type="IDCard", callback=address), timeout=20)
        server.process.kill()
    with listening_again(address) as received, serve(root):
        assert decode_callback(received.get(timeout=20)[1]).jobs[0].key == "a.jpg"


@contextlib.contextmanager
def listening_again(address):
    received = Queue()
    port = int(address.rpartition(":")[2].partition("/")[0])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            received.put(("", self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as there:
        thread = threading.Thread(target=there.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield received
        there.shutdown()
        thread.join()


def test_a_full_queue_answers_slow_down(serve, root):
    with serve(root, "--latency", "60", "--queue-limit", "2") as server, client_of(server) as client:
        first = client.submit("a.jpg", card_type="IDCard")
        while client.describe(first)[0].state is JobState.SUBMITTED:
            pass
        for _ in range(2):
            client.submit("a.jpg", card_type="IDCard")
        with pytest.raises(ThrottledError, match="503 SlowDown") as caught:
            client.submit("a.jpg", card_type="IDCard")
        assert caught.value.retry_after == 1.0
        server.process.kill()


def test_throttling_is_429_or_503_and_retried_reads_succeed(serve, root):
    slept = []
    with (
        serve(root, "--fault", "throttle=0.5", "--seed", "3") as server,
        client_of(server, sleep=slept.append, retries=30) as client,
    ):
        codes = set()
        for _ in range(40):
            try:
                client.submit("a.jpg", card_type="IDCard")
            except ThrottledError as e:
                codes.add((e.status, e.code, e.retry_after))
        assert codes == {(429, "RequestLimitExceeded", 1.0), (503, "SlowDown", 1.0)}
        jobs = [client.list_jobs() for _ in range(10)][-1]
        assert len(client.wait(jobs, timeout=20)) == len(jobs) > 0
        assert slept


@pytest.mark.parametrize(("fault", "accepted"), [("drop-before", 0), ("drop-after", 1)])
def test_a_cut_connection_may_have_left_a_job_or_not(serve, root, fault, accepted):
    with serve(root, "--fault", f"{fault}=1") as server, client_of(server) as client:
        with pytest.raises(TransportError) as caught:
            client.submit("a.jpg", card_type="IDCard")
        assert caught.value.maybe_accepted
        assert len(client.list_jobs()) == accepted


def test_an_injected_failure_is_a_failed_job(serve, root):
    with serve(root, "--fault", "fail=1") as server, client_of(server) as client:
        job = client.wait(client.submit("a.jpg", card_type="IDCard"), timeout=20)
        assert (str(job.state), job.code) == ("Failed", "InternalError")


def test_nothing_secret_and_nothing_of_the_cards_is_on_its_output(serve, root):
    with serve(root) as server, client_of(server) as client:
        client.wait(client.submit("a.jpg", card_type="IDCard", user_data="private"), timeout=20)
        client.recognize("a.jpg", card_type="IDCard")
        requests.get(f"{server.url}/jobs?secret=query", timeout=5)
        assert server.end() == 0
        said = server.log.read_text()
    assert "GET cos 200" in said
    for word in ("key-of-the-tests", "AKIDTEST", "private", "a.jpg", "样本", "secret", BUCKET, "q-sign"):
        assert word not in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--secret-id", "i"], "no credentials"),
        (["--secret-id", "i", "--secret-key", "hidden", "--fault", "throttle"], "KIND=RATE"),
        (["--secret-id", "i", "--secret-key", "hidden", "--fault", "explode=1"], "a fault must be"),
        (["--secret-id", "i", "--secret-key", "hidden", "--workers", "0"], "--workers must be at least 1"),
        (["--secret-id", "i", "--secret-key", "hidden", "--port", "70000"], "--port must be 0 to 65535"),
    ],
)
def test_a_wrong_argument_is_an_error_of_one_line(tmp_path, arguments, message):
    command = [sys.executable, "-m", "cardocr_nb", "serve", "--root", str(tmp_path), "--engine", "stub"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=30, env={}, check=False)  # noqa: S603 - this interpreter
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hidden" not in done.stderr


def test_a_root_of_another_server_is_refused(server):
    command = [sys.executable, "-m", "cardocr_nb", "serve", "--root", str(server.root), "--engine", "stub"]
    command += ["--port", "0", "--secret-id", "i", "--secret-key", "k"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - this interpreter
    assert (done.returncode, done.stdout) == (2, "")
    assert "another server is running" in done.stderr


def test_an_address_in_use_is_an_error_of_one_line(server, tmp_path):
    command = [sys.executable, "-m", "cardocr_nb", "serve", "--root", str(tmp_path), "--engine", "stub"]
    command += ["--port", str(server.port), "--secret-id", "i", "--secret-key", "k"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - this interpreter
    assert (done.returncode, done.stdout) == (1, "")
    assert "Address already in use" in done.stderr
