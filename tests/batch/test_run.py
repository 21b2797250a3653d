"""Every image of a run has an outcome, whatever happens to it."""

import threading

import pytest

from cardocr_nb.batch.run import StoppedWarning, read_all
from cardocr_nb.client import Client
from cardocr_nb.errors import (
    AuthenticationError,
    InvalidRequestError,
    PermissionDeniedError,
    TransportError,
)
from cardocr_nb.local.stub import StubReader
from cardocr_nb.transport import Reply
from cardocr_nb.wire.encode import error_xml
from cardocr_nb.wire.models import Error


class Faulty:
    """The embedded service behind a line that fails as a test tells it to."""

    def __init__(self, inner):
        self.inner, self.submitted, self.fault = inner, 0, lambda request: None

    def send(self, request):
        reply = self.fault(request)
        if reply is not None:
            return reply
        self.submitted += request.method == "POST"
        return self.inner.send(request)

    def close(self):
        self.inner.close()


@pytest.fixture
def client(tmp_path):
    with Client.local(tmp_path / "bucket", reader=StubReader()) as client:
        client.poll = (0.0, 0.0)
        client.transport = Faulty(client.transport)
        yield client


@pytest.fixture
def photos(tmp_path, photo):
    return [photo(tmp_path / f"in/{n}.jpg") for n in range(5)]


def read(images, client, **options):
    return read_all(images, card_type="IDCard", client=client, progress=False, **options)


def states(jobs):
    return [(job.key, str(job.state), job.code) for job in jobs]


def refused(status, code, **headers):
    return Reply(status, headers, error_xml(Error(code, "no")))


def test_all_images_of_a_folder_are_read_in_order(client, tmp_path, photos):
    jobs = read(tmp_path / "in", client, user_data="mine")
    assert states(jobs) == [(f"{n}.jpg", "Success", "Success") for n in range(5)]
    assert all(len(job.fields) == 6 and job.user_data == "mine" for job in jobs)


def test_bad_files_are_told_and_the_rest_goes_on_without_paying_for_them(client, tmp_path, photos, photo):
    (tmp_path / "in/empty.jpg").touch()
    (tmp_path / "in/text.jpg").write_text("hello")
    photo(tmp_path / "in/moving.gif", save_all=True, append_images=[_other_frame()])
    with (tmp_path / "in/huge.jpg").open("wb") as file:
        file.truncate(20_000_001)
    jobs = read([tmp_path / "in", tmp_path / "in/missing.jpg"], client)
    assert [(job.key, job.code) for job in jobs if not job.id] == [
        ("empty.jpg", "EmptyFile"),
        ("huge.jpg", "FileTooLarge"),
        ("moving.gif", "AnimatedImage"),
        ("text.jpg", "NotAnImage"),
        ("missing.jpg", "NoSuchFile"),
    ]
    assert all(job.message for job in jobs if not job.id)
    assert client.transport.submitted == 5
    assert len(jobs) == 10


def _other_frame():
    from PIL import Image

    return Image.new("RGB", (64, 40), "red")


def test_damage_behind_the_header_is_a_failed_job(client, tmp_path, photos, photo):
    path = photo(tmp_path / "in/cut.jpg", size=(800, 600))
    path.write_bytes(path.read_bytes()[:-900])
    (job,) = [job for job in read(tmp_path / "in", client) if job.key == "cut.jpg"]
    assert (str(job.state), job.code) == ("Failed", "DamagedImage")
    assert job.id


def test_keys_in_the_bucket_are_read_without_upload(client, tmp_path, photo):
    photo(tmp_path / "bucket/a/1.jpg")
    jobs = read(["a/1.jpg", "a/2.jpg", "../secret.jpg"], client, upload=False)
    assert states(jobs) == [
        ("a/1.jpg", "Success", "Success"),
        ("a/2.jpg", "Failed", "NoSuchKey"),
        ("../secret.jpg", "Failed", "InvalidArgument"),
    ]


def test_no_more_jobs_are_in_flight_than_asked(tmp_path, photos):
    class Counting(Faulty):
        most = 0

        def send(self, request):
            reply = super().send(request)
            if request.method == "GET" and request.path.startswith("/jobs/"):
                self.most = max(self.most, len(request.path.split(",")))
            return reply

    with Client.local(tmp_path / "bucket", reader=StubReader()) as client:
        client.transport = Counting(client.transport)
        read(photos, client, in_flight=2)
        assert client.transport.most <= 2


def test_a_throttled_submission_is_sent_again(client, photos):
    answers = iter([refused(503, "SlowDown", **{"retry-after": "0"}), refused(429, ""), None])
    client.transport.fault = lambda request: next(answers, None) if request.method == "POST" else None
    assert [str(job.state) for job in read(photos, client)] == ["Success"] * 5
    assert client.transport.submitted == 5


def test_a_submission_whose_answer_is_lost_is_not_sent_again(client, photos):
    sent = []

    def lose(request):
        if request.method == "POST":
            sent.append(request)
            if len(sent) == 2:
                raise TransportError("the answer did not come", maybe_accepted=True)

    client.transport.fault = lose
    jobs = read(photos, client)
    assert [job.code for job in jobs] == ["Success", "AnswerLost", "Success", "Success", "Success"]
    assert len(sent) == 5


def test_a_refusal_that_holds_for_every_image_is_raised_when_nothing_was_accepted(client, photos):
    client.transport.fault = lambda request: refused(403, "AccessDenied") if request.method == "POST" else None
    with pytest.raises(PermissionDeniedError):
        read(photos, client)


def test_a_refusal_that_comes_later_keeps_what_was_read(client, photos):
    client.transport.fault = lambda request: (
        refused(403, "InvalidAccessKeyId") if request.method == "POST" and client.transport.submitted == 2 else None
    )
    with pytest.warns(StoppedWarning, match=r"stopped \(InvalidAccessKeyId\): 3 of 5 images were not submitted"):
        jobs = read(photos, client)
    assert [job.code for job in jobs] == ["Success", "Success"] + ["InvalidAccessKeyId"] * 3


def test_looks_that_fail_for_a_while_lose_nothing(client, photos):
    answers = iter([refused(500, "InternalError"), refused(503, "SlowDown")] * 3)
    client.transport.fault = lambda request: next(answers, None) if request.path.startswith("/jobs/") else None
    assert [str(job.state) for job in read(photos, client)] == ["Success"] * 5


def test_looks_that_fail_for_good_keep_the_job_ids(client, photos):
    client.transport.fault = lambda request: (
        refused(500, "InternalError") if request.path.startswith("/jobs/") else None
    )
    with pytest.warns(StoppedWarning, match="0 of 5 images were not submitted, 5 jobs had not ended"):
        jobs = read(photos, client)
    assert [str(job.state) for job in jobs] == ["Submitted"] * 5
    assert all(job.id for job in jobs)


def test_an_interrupt_leaves_an_outcome_for_every_image(client, photos):
    def interrupt(request):
        if request.method == "POST" and client.transport.submitted == 2:
            raise KeyboardInterrupt

    client.transport.fault = interrupt
    with pytest.warns(StoppedWarning, match="3 of 5 images were not submitted"):
        jobs = read(photos, client)
    assert [job.code for job in jobs[2:]] == ["Interrupted"] * 3
    assert all(job.id for job in jobs[:2])


def test_a_job_that_the_service_forgot_is_told(client, photos):
    forgotten = threading.Event()

    def forget(request):
        if request.path.startswith("/jobs/") and not forgotten.is_set():
            forgotten.set()
            return Reply(200, {}, b"<Response><NonExistJobIds>x</NonExistJobIds></Response>")
        return None

    client.transport.fault = forget
    assert [job.code for job in read(photos, client)] == ["NoSuchJob"] * 5


def test_an_unknown_card_type_is_told_before_anything_happens(client, photos):
    with pytest.raises(InvalidRequestError, match="card_type must be"):
        read_all(photos, card_type="Passport", client=client)


def test_wrong_credentials_are_no_failed_images(client, photos):
    client.transport.fault = lambda request: refused(403, "SignatureDoesNotMatch")
    with pytest.raises(AuthenticationError):
        read(photos, client)


def test_an_upload_whose_answer_is_lost_says_that_nothing_was_submitted(client, photos):
    def lose(request):
        if request.method == "PUT" and request.path == "/1.jpg":
            raise TransportError("the answer did not come", maybe_accepted=True)

    client.transport.fault = lose
    jobs = read(photos, client)
    assert [job.code for job in jobs] == ["Success", "NotUploaded", "Success", "Success", "Success"]
    assert client.transport.submitted == 4


def test_a_throttled_upload_is_sent_again(client, photos):
    answers = iter([refused(503, "SlowDown", **{"retry-after": "0"})] * 2)
    client.transport.fault = lambda request: next(answers, None) if request.method == "PUT" else None
    assert [str(job.state) for job in read(photos, client)] == ["Success"] * 5


def test_throttling_without_end_is_the_outcome_of_the_image(client, photos):
    client.transport.fault = lambda request: (
        refused(503, "SlowDown", **{"retry-after": "0"}) if request.method == "POST" else None
    )
    assert [job.code for job in read(photos[:2], client)] == ["SlowDown"] * 2


def test_a_submission_whose_answer_cannot_be_read_may_have_been_accepted(client, photos):
    garbled = Reply(200, {}, b"<html>a proxy</html>")
    client.transport.fault = lambda request: garbled if request.method == "POST" else None
    assert [job.code for job in read(photos[:2], client)] == ["AnswerLost"] * 2


def test_looks_that_cannot_be_read_for_a_while_lose_nothing(client, photos):
    answers = iter([Reply(200, {}, b"<html>a proxy</html>")] * 3)
    client.transport.fault = lambda request: next(answers, None) if request.path.startswith("/jobs/") else None
    assert [str(job.state) for job in read(photos, client)] == ["Success"] * 5
