"""The end of a job is posted to its own or its queue's callback address until it is accepted."""

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest

from cardocr_nb._transport import Request
from cardocr_nb.local._bucket import Bucket
from cardocr_nb.local._fault_injection import FaultInjector
from cardocr_nb.local._service import Service
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.wire._decode import decode_callback, decode_error, decode_jobs
from cardocr_nb.wire._encode import request_xml
from cardocr_nb.wire._records import JobRequest, JobState, MqConfig


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        self.received, self.script = Queue(), []
        super().__init__(("127.0.0.1", 0), Answering)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/callback?a=1"


class Answering(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        step = self.server.script.pop(0) if self.server.script else 200
        self.server.received.put((step, self.path, dict(self.headers), body))
        self.send_response(step)
        if step == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

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
        given = {"retry_delays": (0, 0)} | options
        service = Service([bucket], StubReader(), **given)
        services.append(service)
        service.call = lambda method, path, **kw: service.handle(bucket.name, Request(method, path, **kw))
        return service

    yield make
    for service in services:
        service.close()


def submit(service, **kwargs):
    return service.call("POST", "/jobs", body=request_xml(JobRequest("a.jpg", "IDCard", **kwargs)))


def change_queue(service, content):
    queue_id = decode_jobs(submit(service, callback="no").body).jobs[0].queue_id
    return service.call("PUT", f"/ai_queue/{queue_id}", body=f"<Request>{content}</Request>".encode())


@pytest.mark.parametrize(("form", "kind"), [("XML", "xml"), ("JSON", "json"), (None, "xml")])
def test_a_job_is_posted_with_its_result_in_the_requested_format(open_service, listener, form, kind):
    job = decode_jobs(submit(open_service(), callback=listener.url, callback_format=form, user_data="u").body).jobs[0]
    _, path, headers, body = listener.received.get(timeout=20)
    callback = decode_callback(body)
    assert (path, headers["Content-Type"]) == ("/callback?a=1", f"application/{kind}")
    assert headers["Host"] == f"127.0.0.1:{listener.server_port}"
    assert (callback.event, callback.jobs[0].id, callback.jobs[0].user_data) == ("TaskFinish", job.id, "u")
    assert len(callback.jobs[0].fields) == 6


def test_a_callback_is_repeated_until_it_is_accepted(open_service, listener):
    listener.script = [500, 404, 200]
    service = open_service()
    submit(service, callback=listener.url)
    assert [listener.received.get(timeout=20)[0] for _ in range(3)] == [500, 404, 200]
    service.close()
    assert listener.received.empty()


def test_a_callback_that_is_never_accepted_is_given_up_and_logged(open_service, listener, caplog):
    listener.script = [500] * 9
    service = open_service(retry_delays=(0, 0))
    submit(service, callback=listener.url)
    for _ in range(3):
        listener.received.get(timeout=20)
    service.close()
    assert listener.received.empty()
    assert "given up after 3 attempts" in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_a_redirect_is_not_followed(open_service, listener):
    listener.script = [302]
    service = open_service(retry_delays=())
    submit(service, callback=listener.url)
    assert listener.received.get(timeout=20)[0] == 302
    service.close()
    assert listener.received.empty()


def test_failed_and_cancelled_jobs_have_callbacks_too(open_service, listener, tmp_path):
    service = open_service()
    (tmp_path / "cards/a.jpg").unlink()
    submit(service, callback=listener.url)
    assert decode_callback(listener.received.get(timeout=20)[3]).jobs[0].state is JobState.FAILED
    change_queue(service, "<State>Paused</State>")
    job = decode_jobs(submit(service, callback=listener.url).body).jobs[0]
    service.call("PUT", f"/jobs/{job.id}", params={"cancel": ""})
    assert decode_callback(listener.received.get(timeout=20)[3]).jobs[0].state is JobState.CANCEL


def test_the_queues_address_is_used_where_the_job_has_none(open_service, listener):
    service = open_service()
    notify = f"<State>On</State><Url>{listener.url}</Url><Event>TaskFinish</Event><ResultFormat>JSON</ResultFormat>"
    assert change_queue(service, f"<State>Active</State><NotifyConfig>{notify}</NotifyConfig>").status == 200
    submit(service, callback="no", user_data="never")
    submit(service, user_data="by the queue")
    _, _, headers, body = listener.received.get(timeout=20)
    assert (headers["Content-Type"], decode_callback(body).jobs[0].user_data) == ("application/json", "by the queue")
    submit(service, callback_format="XML")
    assert listener.received.get(timeout=20)[2]["Content-Type"] == "application/xml"
    service.close()
    assert listener.received.empty()


def test_a_message_queue_is_accepted_and_logged_as_undeliverable(open_service, caplog):
    caplog.set_level(logging.INFO)
    service = open_service()
    assert submit(service, callback_type="TDMQ", callback_mq=MqConfig("sh", "q")).status == 200
    assert "cannot deliver" in caplog.text


def test_a_duplicate_is_posted_when_injected(open_service, listener):
    service = open_service(faults=FaultInjector({"duplicate-callback": 1}))
    submit(service, callback=listener.url)
    first, second = (listener.received.get(timeout=20)[3] for _ in range(2))
    assert first == second


def test_a_pending_callback_is_posted_by_the_next_service_on_the_table(open_service, listener, tmp_path):
    first = open_service(jobs=tmp_path / "jobs.sqlite", retry_delays=(3600,))
    listener.script = [500]
    submit(first, callback=listener.url)
    listener.received.get(timeout=20)
    first.close()
    open_service(jobs=tmp_path / "jobs.sqlite")
    assert listener.received.get(timeout=20)[0] == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://0.0.0.0/",
        "http://[::ffff:192.0.2.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1.invalid/",
        "http://127.0.0.1@192.0.2.1/",
        "http://192.0.2.7\\@127.0.0.1/",
        "http://127.0.0.1\\@192.0.2.7/",
        "http://user@127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_an_address_of_another_machine_is_refused(open_service, url):
    service = open_service()
    reply = submit(service, callback=url)
    assert (reply.status, decode_error(reply.body).code) == (400, "InvalidArgument")
    notify = f"<NotifyConfig><State>On</State><Url>{url}</Url></NotifyConfig>"
    assert change_queue(service, f"<State>Active</State>{notify}").status == 400
    fetch = {"ci-process": "AILicenseRec", "detect-url": url}
    assert service.call("GET", "/", host="cos", params=fetch).status == 400
