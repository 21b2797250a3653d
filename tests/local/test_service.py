"""The embedded service answers in the vendor's words."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest

from cardocr_nb._transport import Request
from cardocr_nb.local._bucket import Bucket
from cardocr_nb.local._service import Service
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.wire._decode import decode_error, decode_jobs, decode_recognition
from cardocr_nb.wire._encode import request_xml
from cardocr_nb.wire._records import JobRequest, JobState

LIST = {"tag": "ImageLicenseRec"}


class HeldReader(StubReader):
    """Waits before each card until it is released, so that a test decides what is running."""

    def __init__(self):
        self.go = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.seen = []

    def read(self, image, card_type):
        self.begun.release()
        assert self.go.acquire(timeout=30)
        self.seen.append(image.shape[1])
        return super().read(image, card_type)


class BrokenReader:
    def read(self, image, card_type):
        raise RuntimeError("样本一 990000199909090002")


class Caller:
    def __init__(self, service, bucket):
        self.service, self.bucket = service, bucket

    def __call__(self, method, path, host="ci", **kwargs):
        return self.service.handle(self.bucket, Request(method, path, host=host, **kwargs))

    def submit(self, key, **kwargs):
        response = self("POST", "/jobs", body=request_xml(JobRequest(key, "IDCard", **kwargs)))
        return decode_jobs(response.body).jobs[0]

    def job(self, job_id):
        return decode_jobs(self("GET", f"/jobs/{job_id}").body).jobs[0]


@pytest.fixture
def open_service(tmp_path):
    ended = threading.Semaphore(0)
    services = []

    def make(reader=None, **options):
        bucket = Bucket(tmp_path / "cards")
        service = Service([bucket], reader or StubReader(), on_job_ended=lambda _: ended.release(), **options)
        services.append((service, reader))
        call = Caller(service, bucket.name)
        call.ended = lambda: ended.acquire(timeout=30)
        return call

    yield make
    for service, reader in services:
        if isinstance(reader, HeldReader):
            reader.go.release(100)
        service.close()


def test_a_job_goes_from_submitted_over_running_to_success(open_service, tmp_path, photo):
    photo(tmp_path / "cards/a.jpg")
    reader = HeldReader()
    call = open_service(reader)
    submitted = call.submit("a.jpg", user_data="mine", job_level=1)
    assert submitted.state is JobState.SUBMITTED
    assert (submitted.started, submitted.ended, submitted.result) == (None, None, None)
    reader.begun.acquire(timeout=30)
    running = call.job(submitted.id)
    assert running.state is JobState.RUNNING
    assert running.ended is None
    reader.go.release()
    assert call.ended()
    done = call.job(submitted.id)
    assert done.state is JobState.SUCCESS
    assert done.created <= done.started <= done.ended
    assert done.created.utcoffset() == timedelta(hours=8)
    assert (done.user_data, done.job_level, done.tag, done.region) == ("mine", 1, "ImageLicenseRec", "local")
    assert (done.result.status, len(done.fields), done.result.key) == (1, 6, "a.jpg")


def test_each_answer_has_its_own_request_id(open_service):
    call = open_service()
    ids = {call("GET", "/jobs", params=LIST).request_id for _ in range(3)}
    ids.add(call("GET", "/missing.jpg", host="cos").request_id)
    assert len(ids) == 4
    assert None not in ids


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "EmptyFile"), (b"hello", "NotAnImage"), (b"\xff\xd8\xff\xe0 cut", "DamagedImage"), (None, "NoSuchKey")],
)
def test_an_unreadable_object_is_a_failed_job_with_code_and_message(open_service, tmp_path, content, code):
    call = open_service()
    if content is not None:
        (tmp_path / "cards/a.jpg").write_bytes(content)
    job = call.submit("a.jpg")
    assert call.ended()
    failed = call.job(job.id)
    assert (failed.state, failed.code) == (JobState.FAILED, code)
    assert failed.message
    assert str(tmp_path) not in failed.message


def test_an_engine_that_fails_fails_the_job_and_no_text_leaks(open_service, tmp_path, photo, caplog):
    photo(tmp_path / "cards/a.jpg")
    call = open_service(BrokenReader())
    job = call.submit("a.jpg")
    assert call.ended()
    failed = call.job(job.id)
    assert (failed.code, failed.message) == ("InternalError", "the engine failed: RuntimeError")
    assert "样本" not in caplog.text
    second = call.submit("a.jpg")
    assert call.ended()
    assert call.job(second.id).state is JobState.FAILED


def test_higher_levels_go_first_and_equal_ones_in_order(open_service, tmp_path, photo):
    for width in (10, 20, 30, 40, 50):
        photo(tmp_path / f"cards/{width}.png", size=(width, 40))
    reader = HeldReader()
    call = open_service(reader)
    call.submit("10.png")
    reader.begun.acquire(timeout=30)
    for width, level in ((20, 0), (30, 2), (40, 1), (50, 2)):
        call.submit(f"{width}.png", job_level=level)
    reader.go.release(5)
    for _ in range(5):
        assert call.ended()
    assert reader.seen == [10, 30, 50, 40, 20]


def test_jobs_survive_a_restart_and_one_that_was_running_starts_again(open_service, tmp_path, photo):
    photo(tmp_path / "cards/a.jpg")
    table = tmp_path / "jobs.sqlite"
    reader = HeldReader()
    first = open_service(reader, jobs=table)
    job = first.submit("a.jpg")
    reader.begun.acquire(timeout=30)
    second = open_service(jobs=table)
    assert second.ended()
    assert second.job(job.id).state is JobState.SUCCESS


def test_a_cancelled_job_is_never_read(open_service, tmp_path, photo):
    photo(tmp_path / "cards/a.jpg")
    reader = HeldReader()
    call = open_service(reader)
    call.submit("a.jpg")
    reader.begun.acquire(timeout=30)
    waiting = call.submit("a.jpg")
    assert call("PUT", f"/jobs/{waiting.id}", params={"cancel": ""}).status == 200
    cancelled = call.job(waiting.id)
    assert cancelled.state is JobState.CANCEL
    assert cancelled.ended is not None
    again = call("PUT", f"/jobs/{waiting.id}", params={"cancel": ""})
    assert (again.status, decode_error(again.body).code) == (400, "InvalidArgument")
    reader.go.release(2)
    assert call.ended()
    assert len(reader.seen) == 1


def test_a_job_cancelled_while_it_runs_stays_cancelled(open_service, tmp_path, photo):
    photo(tmp_path / "cards/a.jpg")
    reader = HeldReader()
    call = open_service(reader)
    job = call.submit("a.jpg")
    reader.begun.acquire(timeout=30)
    call("PUT", f"/jobs/{job.id}", params={"cancel": ""})
    after = call.submit("a.jpg")
    reader.go.release(2)
    assert call.ended()
    assert call.job(after.id).state is JobState.SUCCESS
    assert (call.job(job.id).state, call.job(job.id).result) == (JobState.CANCEL, None)


def test_describing_many_returns_the_unknown_ids_too(open_service):
    call = open_service()
    known = call.submit("a.jpg")
    response = decode_jobs(call("GET", f"/jobs/{known.id},nothing,none").body)
    assert [job.id for job in response.jobs] == [known.id]
    assert response.missing_ids == ("nothing", "none")


def test_pages_of_a_list_hold_every_job_once(open_service):
    call = open_service()
    ids = [call.submit(f"{n}.jpg").id for n in range(7)]
    for order, expected in (("Asc", ids), ("Desc", ids[::-1])):
        seen, token = [], ""
        while True:
            query = LIST | {"size": "3", "orderByTime": order, "nextToken": token}
            page = decode_jobs(call("GET", "/jobs", params=query).body)
            seen += [job.id for job in page.jobs]
            token = page.next_token
            if token is None:
                break
            assert len(page.jobs) == 3
        assert seen == expected


def test_lists_are_filtered_by_state_queue_and_time(open_service, tmp_path, photo):
    photo(tmp_path / "cards/a.jpg")
    call = open_service()
    succeeded = call.submit("a.jpg", queue_id="mine")
    assert call.ended()
    failed = call.submit("missing.jpg")
    assert call.ended()

    def ids(**query):
        return [job.id for job in decode_jobs(call("GET", "/jobs", params=LIST | query).body).jobs]

    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    assert ids() == [failed.id, succeeded.id]
    assert ids(states="Success") == [succeeded.id]
    assert ids(states="Failed,Cancel") == [failed.id]
    assert ids(states="All") == [failed.id, succeeded.id]
    assert ids(queueId="mine") == [succeeded.id]
    assert ids(startCreationTime=(now - hour).isoformat(), endCreationTime=(now + hour).isoformat()) == ids()
    assert ids(startCreationTime=(now + hour).isoformat()) == []
    assert ids(endCreationTime="2001-01-01T00:00:00+0800") == []


@pytest.mark.parametrize(
    "query",
    [
        {"tag": "Transcode"},
        {"size": "0"},
        {"size": "101"},
        {"size": "ten"},
        {"size": "１"},
        {"nextToken": "x"},
        {"states": "Done"},
        {"orderByTime": "Up"},
        {"startCreationTime": "yesterday"},
    ],
)
def test_a_list_with_an_invalid_argument_is_refused(open_service, query):
    response = open_service()("GET", "/jobs", params=LIST | query)
    assert (response.status, decode_error(response.body).code) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("method", "path", "host", "body", "status", "code"),
    [
        ("POST", "/jobs", "ci", b"<Request>", 400, "MalformedXML"),
        ("POST", "/jobs", "ci", b"<Request><Tag>X</Tag></Request>", 400, "MalformedXML"),
        ("POST", "/jobs", "ci", request_xml(JobRequest("../a", "IDCard")), 400, "InvalidArgument"),
        (
            "POST",
            "/jobs",
            "ci",
            request_xml(JobRequest("a", "IDCard")).replace(b"IDCard", b"Passport"),
            400,
            "InvalidArgument",
        ),
        ("DELETE", "/jobs", "ci", b"", 405, "MethodNotAllowed"),
        ("PUT", "/jobs/unknown", "ci", b"", 405, "MethodNotAllowed"),
        ("GET", "/other", "ci", b"", 404, "NoSuchResource"),
        ("GET", "/missing.jpg", "cos", b"", 404, "NoSuchKey"),
        ("GET", "/../x", "cos", b"", 400, "InvalidArgument"),
        ("PATCH", "/a.jpg", "cos", b"", 405, "MethodNotAllowed"),
    ],
)
def test_a_malformed_call_is_refused_in_the_vendors_xml(open_service, method, path, host, body, status, code):
    response = open_service()(method, path, host=host, body=body)
    error = decode_error(response.body)
    assert (response.status, error.code) == (status, code)
    assert error.message
    assert error.request_id == response.request_id


@pytest.mark.parametrize(
    ("old", "new", "node"),
    [
        (b"<CardType>IDCard", b"<CardType>Passport", "CardType"),
        (b"<Object>a.jpg", b"<Object>/a.jpg", "Input/Object"),
        (b"</ImageLicenseRec>", b"</ImageLicenseRec><UserData>" + "样".encode() + b"</UserData>", "UserData"),
        (b"</ImageLicenseRec>", b"</ImageLicenseRec><JobLevel>3</JobLevel>", "JobLevel"),
        (b"</Operation>", b"</Operation><CallBackFormat>YAML</CallBackFormat>", "CallBackFormat"),
        (b"</Operation>", b"</Operation><CallBackType>Kafka</CallBackType>", "CallBackType"),
        (b"</Operation>", b"</Operation><CallBackType>TDMQ</CallBackType>", "CallBackMqConfig"),
        (b"</Operation>", b"</Operation><CallBack>ftp://127.0.0.1/</CallBack>", "CallBack"),
        (b"</Operation>", b"</Operation><QueueId>a b</QueueId>", "QueueId"),
    ],
)
def test_the_message_of_a_refused_job_names_the_xml_node_and_no_python_argument(open_service, old, new, node):
    body = request_xml(JobRequest("a.jpg", "IDCard"))
    assert old in body
    response = open_service()("POST", "/jobs", body=body.replace(old, new))
    error = decode_error(response.body)
    assert (response.status, error.code) == (400, "MalformedXML" if node == "JobLevel" else "InvalidArgument")
    assert node in error.message
    assert not re.search(r"[a-z]_[a-z]|MqConfig\(", error.message)


@pytest.mark.parametrize("path", ["/jobs", "/ai_jobs"])
def test_both_forms_of_the_job_calls_are_answered(open_service, path):
    call = open_service()
    body = request_xml(JobRequest("a.jpg", "IDCard"))
    job = decode_jobs(call("POST", path, body=body).body).jobs[0]
    assert decode_jobs(call("GET", f"{path}/{job.id}").body).jobs[0].id == job.id
    assert [found.id for found in decode_jobs(call("GET", path, params=LIST).body).jobs] == [job.id]
    assert call("PUT", f"{path}/{job.id}", params={"cancel": ""}).status in (200, 400)


def test_a_list_is_filtered_by_the_exact_key_and_by_queue(open_service):
    call = open_service()
    ids = {
        (key, queue): call.submit(key, queue_id=queue).id
        for key in ("a.jpg", "a.jpg.jpg", "b.jpg")
        for queue in ("p1", "p2")
    }

    def listed(**query):
        return [job.id for job in decode_jobs(call("GET", "/jobs", params=LIST | query).body).jobs]

    assert listed(inputObject="a.jpg", queueId="p1") == [ids["a.jpg", "p1"]]
    assert listed(inputObject="a.jpg.jpg") == [ids["a.jpg.jpg", "p2"], ids["a.jpg.jpg", "p1"]]
    assert listed(inputObject="a.jp") == listed(queueId="p3") == listed(inputObject="A.jpg") == []
    page = decode_jobs(call("GET", "/jobs", params=LIST | {"inputObject": "b.jpg", "size": "1"}).body)
    assert [job.id for job in page.jobs] == [ids["b.jpg", "p2"]]
    assert listed(inputObject="b.jpg", nextToken=page.next_token) == [ids["b.jpg", "p1"]]


def test_cancelling_an_unknown_job_is_refused(open_service):
    response = open_service()("PUT", "/jobs/unknown", params={"cancel": ""})
    assert (response.status, decode_error(response.body).code) == (404, "NoSuchJob")


def test_an_unknown_bucket_is_refused(open_service):
    call = open_service()
    call.bucket = "other-1250000000"
    response = call("GET", "/jobs", params=LIST)
    assert (response.status, decode_error(response.body).code) == (404, "NoSuchBucket")


def test_objects_are_put_read_headed_and_deleted(open_service):
    call = open_service()
    put = call("PUT", "/a/b.bin", host="cos", body=b"content")
    head = call("HEAD", "/a/b.bin", host="cos")
    assert head.headers["etag"] == put.headers["etag"]
    assert (head.headers["content-length"], head.body) == ("7", b"")
    assert call("GET", "/a/b.bin", host="cos").body == b"content"
    assert call("DELETE", "/a/b.bin", host="cos").status == 204
    assert call("HEAD", "/a/b.bin", host="cos").status == 404


def test_recognition_answers_at_once_and_defaults_to_the_license(open_service, tmp_path, photo):
    photo(tmp_path / "cards/a.jpg")
    call = open_service()
    process = {"ci-process": "AILicenseRec"}
    driver_license = decode_recognition(call("GET", "/a.jpg", host="cos", params=process).body)
    id_card = decode_recognition(call("GET", "/a.jpg", host="cos", params=process | {"CardType": "IDCard"}).body)
    assert (len(driver_license.fields), len(id_card.fields)) == (10, 6)


@pytest.mark.parametrize(
    ("key", "query", "code"),
    [
        ("a.jpg", {"CardType": "Passport"}, "InvalidArgument"),
        ("a.jpg", {"ci-process": "OCR"}, "InvalidArgument"),
        ("text.jpg", {}, "NotAnImage"),
    ],
)
def test_an_invalid_recognition_is_refused(open_service, tmp_path, photo, key, query, code):
    photo(tmp_path / "cards/a.jpg")
    (tmp_path / "cards/text.jpg").write_text("hello")
    response = open_service()("GET", f"/{key}", host="cos", params={"ci-process": "AILicenseRec"} | query)
    assert (response.status, decode_error(response.body).code) == (400, code)


def test_an_object_over_20_mb_is_refused_before_it_is_read(open_service, tmp_path):
    call = open_service()
    with (tmp_path / "cards/big.jpg").open("wb") as file:
        file.truncate(20_000_001)
    job = call.submit("big.jpg")
    assert call.ended()
    assert call.job(job.id).code == "FileTooLarge"
