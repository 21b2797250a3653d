"""A job that has ended is told to its address or its queue's, again until somebody takes it."""

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest

from cardocr_nb._transport import Request
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._bucket import Bucket
from cardocr_nb.local._fault_injection import Faults
from cardocr_nb.local._service import Service
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.local._url_guard import FetchError, UrlGuard
from cardocr_nb.wire._decode import decode_callback, decode_error, decode_jobs
from cardocr_nb.wire._encode import request_xml
from cardocr_nb.wire._records import JobRequest, JobState, MqConfig


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        self.came, self.script = Queue(), []
        super().__init__(("127.0.0.1", 0), Answering)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/told?a=1"


class Answering(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        step = self.server.script.pop(0) if self.server.script else 200
        self.server.came.put((step, self.path, dict(self.headers), body))
        self.send_response(step)
        if step == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * 1000)

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    with Listener() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def open_service(tmp_path, photo):
    services = []

    def make(**options):
        photo(tmp_path / "cards/a.jpg")
        bucket = Bucket(tmp_path / "cards")
        given = {"pauses": (0, 0)} | options
        service = Service([bucket], StubReader(), **given)
        services.append(service)
        service.call = lambda method, path, **kw: service.handle(bucket.name, Request(method, path, **kw))
        return service

    yield make
    for service in services:
        service.close()


def submit(service, **kwargs):
    return service.call("POST", "/jobs", body=request_xml(JobRequest("a.jpg", "IDCard", **kwargs)))


def change_queue(service, inside):
    queue_id = decode_jobs(submit(service, callback="no").body).jobs[0].queue_id
    return service.call("PUT", f"/ai_queue/{queue_id}", body=f"<Request>{inside}</Request>".encode())


@pytest.mark.parametrize(("form", "kind"), [("XML", "xml"), ("JSON", "json"), (None, "xml")])
def test_a_job_is_told_with_its_result_in_the_form_asked(open_service, listener, form, kind):
    job = decode_jobs(submit(open_service(), callback=listener.url, callback_format=form, user_data="u").body).jobs[0]
    _, path, headers, body = listener.came.get(timeout=20)
    told = decode_callback(body)
    assert (path, headers["Content-Type"]) == ("/told?a=1", f"application/{kind}")
    assert headers["Host"] == f"127.0.0.1:{listener.server_port}"
    assert (told.event, told.jobs[0].id, told.jobs[0].user_data) == ("TaskFinish", job.id, "u")
    assert len(told.jobs[0].fields) == 6


def test_a_callback_is_made_again_until_it_is_taken(open_service, listener):
    listener.script = [500, 404, 200]
    service = open_service()
    submit(service, callback=listener.url)
    assert [listener.came.get(timeout=20)[0] for _ in range(3)] == [500, 404, 200]
    service.close()
    assert listener.came.empty()


def test_a_callback_that_nobody_takes_is_given_up_and_said_so(open_service, listener, caplog):
    listener.script = [500] * 9
    service = open_service(pauses=(0, 0))
    submit(service, callback=listener.url)
    for _ in range(3):
        listener.came.get(timeout=20)
    service.close()
    assert listener.came.empty()
    assert "given up after 3 attempts" in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_a_redirect_is_not_followed(open_service, listener):
    listener.script = [302]
    service = open_service(pauses=())
    submit(service, callback=listener.url)
    assert listener.came.get(timeout=20)[0] == 302
    service.close()
    assert listener.came.empty()


def test_a_failed_and_a_cancelled_job_are_told_too(open_service, listener, tmp_path):
    service = open_service()
    (tmp_path / "cards/a.jpg").unlink()
    submit(service, callback=listener.url)
    assert decode_callback(listener.came.get(timeout=20)[3]).jobs[0].state is JobState.FAILED
    change_queue(service, "<State>Paused</State>")
    job = decode_jobs(submit(service, callback=listener.url).body).jobs[0]
    service.call("PUT", f"/jobs/{job.id}", params={"cancel": ""})
    assert decode_callback(listener.came.get(timeout=20)[3]).jobs[0].state is JobState.CANCEL


def test_the_queues_address_is_used_where_the_job_has_none(open_service, listener):
    service = open_service()
    notify = f"<State>On</State><Url>{listener.url}</Url><Event>TaskFinish</Event><ResultFormat>JSON</ResultFormat>"
    assert change_queue(service, f"<State>Active</State><NotifyConfig>{notify}</NotifyConfig>").status == 200
    submit(service, callback="no", user_data="never")
    submit(service, user_data="by the queue")
    _, _, headers, body = listener.came.get(timeout=20)
    assert (headers["Content-Type"], decode_callback(body).jobs[0].user_data) == ("application/json", "by the queue")
    submit(service, callback_format="XML")
    assert listener.came.get(timeout=20)[2]["Content-Type"] == "application/xml"
    service.close()
    assert listener.came.empty()


def test_a_message_queue_is_accepted_and_said_to_be_out_of_reach(open_service, caplog):
    caplog.set_level(logging.INFO)
    service = open_service()
    assert submit(service, callback_type="TDMQ", callback_mq=MqConfig("sh", "q")).status == 200
    assert "cannot be delivered" in caplog.text


def test_a_duplicate_is_made_when_asked(open_service, listener):
    service = open_service(faults=Faults({"duplicate-callback": 1}))
    submit(service, callback=listener.url)
    first, second = (listener.came.get(timeout=20)[3] for _ in range(2))
    assert first == second


def test_what_was_not_told_is_told_by_the_next_service_on_the_table(open_service, listener, tmp_path):
    first = open_service(jobs=tmp_path / "jobs.sqlite", pauses=(3600,))
    listener.script = [500]
    submit(first, callback=listener.url)
    listener.came.get(timeout=20)
    first.close()
    open_service(jobs=tmp_path / "jobs.sqlite")
    assert listener.came.get(timeout=20)[0] == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://0.0.0.0/",
        "http://[::ffff:192.0.2.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1.invalid/",
        "http://127.0.0.1@192.0.2.1/",
    ],
)
def test_an_address_beyond_this_machine_is_refused(open_service, url):
    service = open_service()
    reply = submit(service, callback=url)
    assert (reply.status, decode_error(reply.body).code) == (400, "InvalidArgument")
    notify = f"<NotifyConfig><State>On</State><Url>{url}</Url></NotifyConfig>"
    assert change_queue(service, f"<State>Active</State>{notify}").status == 400
    fetch = {"ci-process": "AILicenseRec", "detect-url": url}
    assert service.call("GET", "/", host="cos", params=fetch).status == 400


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://", "http://127.0.0.1:0/", "http://127.0.0.1:99999/", "x"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InvalidRequestError, match="must be http:// or https://"):
        UrlGuard().check(url)


def test_names_of_this_machine_are_called_by_number_and_allowed_ones_by_name(listener):
    assert UrlGuard().check("http://localhost:1/") in ("127.0.0.1", "::1")
    assert UrlGuard(["Example.com"]).check("http://example.COM/") is None
    with UrlGuard().call("GET", f"http://127.0.0.1:{listener.server_port}/") as response:
        assert response.status_code == 200


def test_a_fetch_is_limited_in_length_and_told_when_nobody_answers(listener):
    assert len(UrlGuard().fetch(listener.url, 1000)) == 1000
    with pytest.raises(FetchError, match="longer than 999 bytes"):
        UrlGuard().fetch(listener.url, 999)
    with pytest.raises(FetchError, match="did not come in -1 s"):
        UrlGuard().fetch(listener.url, 1000, seconds=-1)
    port = listener.server_port
    listener.shutdown()
    listener.server_close()
    with pytest.raises(FetchError, match="cannot be read: ConnectionError"):
        UrlGuard().fetch(f"http://127.0.0.1:{port}/", 1000)
