"""The client over the embedded service: the same calls that go to the cloud."""

import threading

import pytest

from cardocr_nb._client import Client
from cardocr_nb._transport import Response, Transport
from cardocr_nb.errors import (
    AuthenticationError,
    DecodeError,
    ImageError,
    InvalidRequestError,
    KeyTakenError,
    NotFoundError,
    PermissionDeniedError,
    ServiceError,
    ThrottledError,
    TransientError,
    WaitTimeoutError,
)
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.wire._encode import error_xml
from cardocr_nb.wire._records import Error, JobState


class Recording:
    """Keeps the requests on their way to a transport."""

    def __init__(self, inner):
        self.inner, self.requests = inner, []

    def send(self, request):
        self.requests.append(request)
        return self.inner.send(request)

    def close(self):
        self.inner.close()


class Answering:
    """Returns the same response to any request, or what a function returns for it."""

    def __init__(self, answer):
        self.answer = answer

    def send(self, request):
        return self.answer(request) if callable(self.answer) else self.answer

    def close(self):
        pass


@pytest.fixture
def client(tmp_path):
    with Client.local(tmp_path / "bucket", reader=StubReader(), create=True) as client:
        client.transport = Recording(client.transport)
        yield client


@pytest.fixture
def held(tmp_path):
    """A client whose service reads nothing until it is let go."""
    go = threading.Event()

    class Held(StubReader):
        def read(self, image, card_type):
            assert go.wait(30)
            return super().read(image, card_type)

    with Client.local(tmp_path / "bucket", reader=Held(), create=True) as client:
        client.go = go
        yield client
        go.set()


def calls(client, method):
    return [r for r in client.transport.requests if r.method == method]


def test_an_image_goes_up_is_submitted_waited_for_and_has_its_fields(client, tmp_path, photo):
    key = client.upload(photo(tmp_path / "front.jpg"), "front/0001.jpg")
    job = client.submit(key, card_type="IDCard", user_data="mine")
    done = client.wait(job)
    assert (done.id, done.state, done.key, done.user_data) == (job.id, JobState.SUCCESS, "front/0001.jpg", "mine")
    assert [f.label for f in done.fields] == ["姓名", "性别", "民族", "出生", "住址", "公民身份号码"]


def test_an_identical_object_is_not_sent_again(client, tmp_path, photo):
    path = photo(tmp_path / "a.jpg")
    assert client.upload(path) == "a.jpg"
    assert client.upload(path) == "a.jpg"
    assert len(calls(client, "PUT")) == 1


def test_an_upload_replaces_an_object_with_other_content_only_when_asked(client, tmp_path, photo):
    path = photo(tmp_path / "a.jpg")
    client.upload(path)
    photo(path, color="black")
    with pytest.raises(KeyTakenError, match=r"other content has the key 'a\.jpg'") as e:
        client.upload(path)
    assert e.value.key == "a.jpg"
    assert len(calls(client, "PUT")) == 1
    client.upload(path, overwrite=True)
    assert len(calls(client, "PUT")) == 2


def test_an_object_that_appears_between_the_check_and_the_upload_is_not_replaced(client, tmp_path, photo):
    path, other = photo(tmp_path / "a.jpg"), photo(tmp_path / "b.jpg", color="black")
    send = client.transport.send

    def race(request):
        if request.method == "PUT":
            client.transport.send = send
            client.upload(other, "a.jpg")
        return send(request)

    client.transport.send = race
    with pytest.raises(KeyTakenError):
        client.upload(path)
    assert client.download("a.jpg", tmp_path / "there").read_bytes() == other.read_bytes()


def test_an_upload_is_streamed_from_its_file(client, tmp_path, photo):
    path = photo(tmp_path / "a.png")
    client.upload(path)
    (put,) = calls(client, "PUT")
    assert (put.body, put.headers["Content-Type"], put.host) == (path, "image/png", "cos")


def test_an_object_that_arrived_changed_is_an_error(tmp_path, photo):
    answer = Response(200, {"etag": '"d41d8cd98f00b204e9800998ecf8427e"'})
    client = Client(Answering(lambda request: Response(404) if request.method == "HEAD" else answer))
    with pytest.raises(DecodeError, match="arrived changed"):
        client.upload(photo(tmp_path / "a.jpg"))


def test_a_file_that_does_not_exist_is_an_error_before_anything_is_sent(client, tmp_path):
    with pytest.raises(ImageError, match=r"no file .*check the path") as e:
        client.upload(tmp_path / "a.jpg")
    assert e.value.code == "NoSuchFile"
    assert client.transport.requests == []


def test_a_wrong_argument_is_an_error_before_anything_is_sent(client):
    with pytest.raises(InvalidRequestError):
        client.submit("a.jpg", card_type="Passport")
    with pytest.raises(InvalidRequestError):
        client.recognize("a.jpg", card_type="Passport")
    assert client.transport.requests == []


def test_waiting_for_many_keeps_their_order(client, tmp_path, photo):
    photo(tmp_path / "bucket/a.jpg")
    jobs = [client.submit(key, card_type="IDCard") for key in ("a.jpg", "missing.jpg", "a.jpg")]
    done = client.wait(jobs, progress=True)
    assert [job.id for job in done] == [job.id for job in jobs]
    assert [str(job.state) for job in done] == ["Success", "Failed", "Success"]


def test_waiting_for_nothing_is_nothing(client):
    assert client.wait([]) == []


def test_a_deadline_that_passes_gives_back_the_jobs(held, tmp_path, photo):
    photo(tmp_path / "bucket/a.jpg")
    job = held.submit("a.jpg", card_type="IDCard")
    with pytest.raises(WaitTimeoutError, match=r"1 of 1 jobs had not ended after 0\.1 s; call wait again") as e:
        held.wait(job, timeout=0.1)
    assert [j.id for j in e.value.jobs] == [job.id]
    held.go.set()
    (done,) = held.wait(e.value.jobs)
    assert done.state is JobState.SUCCESS


def test_describing_keeps_the_order_asked_and_asks_50_at_a_time(client):
    ids = [client.submit(f"{n}.jpg", card_type="IDCard").id for n in range(51)]
    client.transport.requests.clear()
    assert [job.id for job in client.describe(ids[::-1])] == ids[::-1]
    assert len(client.transport.requests) == 2


def test_an_unknown_id_is_an_error_or_skipped_as_asked(client):
    job = client.submit("a.jpg", card_type="IDCard")
    with pytest.raises(NotFoundError, match="1 of 2 ids unknown, first 'nothing'"):
        client.describe([job, "nothing"])
    assert [j.id for j in client.describe(["nothing", job], missing="skip")] == [job.id]
    with pytest.raises(InvalidRequestError, match="missing must be"):
        client.describe(job, missing="ignore")


def test_listing_goes_through_all_pages_or_to_the_limit(client):
    ids = [client.submit(f"{n}.jpg", card_type="IDCard").id for n in range(105)]
    assert [job.id for job in client.list_jobs(newest_first=False)] == ids
    assert [job.id for job in client.list_jobs(limit=3)] == ids[:-4:-1]
    assert client.list_jobs(limit=0) == []


def test_a_cancelled_job_has_ended(held, tmp_path, photo):
    photo(tmp_path / "bucket/a.jpg")
    job = held.submit("a.jpg", card_type="IDCard")
    held.cancel(job)
    assert held.wait(job).state is JobState.CANCEL
    with pytest.raises(ServiceError, match="has ended and cannot be cancelled"):
        held.cancel(job.id)


def test_recognition_gives_the_fields_at_once(client, tmp_path, photo):
    client.upload(photo(tmp_path / "a.jpg"))
    result = client.recognize("a.jpg", card_type="DriverLicense")
    assert (result.status, len(result.fields)) == (1, 10)
    with pytest.raises(NotFoundError, match="404 NoSuchKey"):
        client.recognize("b.jpg", card_type="IDCard")


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (403, "AccessDenied", PermissionDeniedError, "ci:CreateMediaJobs"),
        (403, "SignatureDoesNotMatch", AuthenticationError, "secret id and key"),
        (503, "SlowDown", ThrottledError, "fewer calls"),
        (500, "InternalError", TransientError, "list_jobs"),
        (418, "Teapot", ServiceError, "list of error codes"),
    ],
)
def test_a_refusal_becomes_the_error_that_says_what_to_do(status, code, kind, words):
    body = error_xml(Error(code, "Because.", request_id="r1"))
    client = Client(Answering(Response(status, {"x-ci-request-id": "r2", "retry-after": "3"}, body)))
    with pytest.raises(kind, match=words) as e:
        client.list_jobs()
    assert (e.value.code, e.value.status, e.value.request_id, e.value.retry_after) == (code, status, "r2", 3.0)
    assert e.value.raw == body


@pytest.mark.parametrize(("status", "kind"), [(502, TransientError), (429, ThrottledError), (302, ServiceError)])
def test_a_refusal_without_the_services_body_keeps_status_and_bytes(status, kind):
    client = Client(Answering(Response(status, {}, b"<html>proxy</html>")))
    with pytest.raises(kind, match=f"HTTP {status}.*not the service's") as e:
        client.list_jobs()
    assert e.value.raw == b"<html>proxy</html>"


def test_an_answer_to_a_submission_without_a_job_is_an_error():
    client = Client(Answering(Response(200, {}, b"<Response/>")))
    with pytest.raises(DecodeError, match="holds 0 jobs, expected one"):
        client.submit("a.jpg", card_type="IDCard")


def test_the_embedded_transport_is_a_transport(client):
    assert isinstance(client.transport.inner, Transport)
    assert "bucket-1250000000" in repr(client.transport.inner)
