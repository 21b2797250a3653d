"""The same client calls in this process and over HTTP: the same outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cardocr_nb import run
from cardocr_nb._client import Client
from cardocr_nb._transport import Request
from cardocr_nb.errors import (
    DecodeError,
    ImageError,
    InvalidRequestError,
    KeyTakenError,
    NotActivatedError,
    NotFoundError,
    ServiceError,
    WaitTimeoutError,
)
from cardocr_nb.local._bucket import Bucket
from cardocr_nb.local._local_transport import LocalTransport
from cardocr_nb.local._service import Service
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.wire._admin import decode_queues
from cardocr_nb.wire._decode import decode_error
from cardocr_nb.wire._records import JobState

POLL = (0.01, 0.05)


@pytest.fixture(params=["in this process", "over HTTP"])
def client(request, tmp_path):
    if request.param == "over HTTP":
        server, bucket = request.getfixturevalue("server"), request.getfixturevalue("bucket")
        client = Client(server.transport(bucket), poll=POLL)
        client.objects = server.root / bucket
    else:
        bucket = Bucket(tmp_path / "bucket")
        client = Client(LocalTransport(Service([bucket], StubReader()), bucket.name), poll=POLL)
        client.objects = bucket.folder
    with client:
        yield client


@pytest.fixture
def paused(client):
    """The queue holds its jobs back until `paused.go()`."""

    def put(state):
        (queue,) = decode_queues(client.transport.send(Request("GET", "/ai_queue")).body)
        body = f"<Request><Name>q</Name><State>{state}</State></Request>".encode()
        assert client.transport.send(Request("PUT", f"/ai_queue/{queue.id}", body=body)).status == 200

    put("Paused")
    client.go = lambda: put("Active")
    return client


def test_an_image_goes_up_is_submitted_waited_for_and_has_its_fields(client, tmp_path, photo):
    key = client.upload(photo(tmp_path / "front.jpg"), "front/样本 1+%.jpg")
    job = client.submit(key, card_type="IDCard", user_data='mine <&> "x"', job_level=2)
    assert job.state is JobState.SUBMITTED
    done = client.wait(job, timeout=20)
    assert (done.id, done.state, done.key) == (job.id, JobState.SUCCESS, "front/样本 1+%.jpg")
    assert (done.user_data, done.job_level, done.region) == ('mine <&> "x"', 2, "local")
    assert [f.label for f in done.fields] == ["姓名", "性别", "民族", "出生", "住址", "公民身份号码"]
    assert done.created.utcoffset() == timedelta(hours=8)


def test_an_identical_object_is_left_alone(client, tmp_path, photo):
    path = photo(tmp_path / "a.jpg")
    client.upload(path)
    first = (client.objects / "a.jpg").stat()
    client.upload(path)
    assert (client.objects / "a.jpg").stat().st_ino == first.st_ino
    photo(path, color="black")
    client.upload(path, overwrite=True)
    assert (client.objects / "a.jpg").read_bytes() == path.read_bytes()


def test_an_object_with_other_content_is_never_replaced_by_chance(client, tmp_path, photo):
    path = photo(tmp_path / "a.jpg")
    client.upload(path)
    content = path.read_bytes()
    with pytest.raises(KeyTakenError):
        client.upload(photo(path, color="black"))
    put = Request("PUT", "/a.jpg", "cos", headers={"x-cos-forbid-overwrite": "true"}, body=b"other")
    response = client.transport.send(put)
    assert (response.status, decode_error(response.body).code) == (409, "FileAlreadyExists")
    assert (client.objects / "a.jpg").read_bytes() == content


def test_a_missing_file_is_an_error(client, tmp_path):
    with pytest.raises(ImageError, match=r"no file .*check the path"):
        client.upload(tmp_path / "a.jpg")


def test_waiting_for_many_keeps_their_order(client, photo):
    photo(client.objects / "a.jpg")
    jobs = [client.submit(key, card_type="IDCard") for key in ("a.jpg", "missing.jpg", "a.jpg")]
    done = client.wait(jobs, timeout=20)
    assert [job.id for job in done] == [job.id for job in jobs]
    assert [(str(job.state), job.code) for job in done] == [
        ("Success", "Success"),
        ("Failed", "NoSuchKey"),
        ("Success", "Success"),
    ]


def test_a_deadline_that_passes_gives_back_the_jobs(paused, photo):
    photo(paused.objects / "a.jpg")
    job = paused.submit("a.jpg", card_type="IDCard")
    with pytest.raises(WaitTimeoutError) as caught:
        paused.wait(job, timeout=0.1)
    assert [(j.id, j.state) for j in caught.value.jobs] == [(job.id, JobState.SUBMITTED)]
    paused.go()
    assert paused.wait(job, timeout=20).state is JobState.SUCCESS


def test_describing_returns_jobs_in_the_order_of_the_ids(paused):
    ids = [paused.submit(f"{n}.jpg", card_type="IDCard").id for n in range(51)]
    assert [job.id for job in paused.describe(ids[::-1])] == ids[::-1]


def test_an_unknown_id_raises_or_is_skipped(paused):
    job = paused.submit("a.jpg", card_type="IDCard")
    with pytest.raises(NotFoundError, match="1 of 2 ids unknown, first 'nothing'"):
        paused.describe([job, "nothing"])
    assert [j.id for j in paused.describe(["nothing", job], missing="skip")] == [job.id]


def test_listing_goes_through_all_pages_or_to_the_limit(paused):
    ids = [paused.submit(f"{n}.jpg", card_type="IDCard").id for n in range(105)]
    assert [job.id for job in paused.list_jobs(newest_first=False)] == ids
    assert [job.id for job in paused.list_jobs(limit=3)] == ids[:-4:-1]
    assert len(paused.list_jobs(states=["Submitted"])) == 105
    assert paused.list_jobs(states=["Success"]) == []
    hour = timedelta(hours=1)
    assert len(paused.list_jobs(created_after=datetime.now(UTC) - hour)) == 105
    assert paused.list_jobs(created_after=datetime.now(UTC) + hour) == []


def test_a_cancelled_job_has_ended(paused):
    job = paused.submit("a.jpg", card_type="IDCard")
    paused.cancel(job)
    assert paused.wait(job, timeout=20).state is JobState.CANCEL
    with pytest.raises(ServiceError, match="has ended and cannot be cancelled"):
        paused.cancel(job.id)


def test_recognition_gives_the_fields_at_once(client, tmp_path, photo):
    client.upload(photo(tmp_path / "a.jpg"))
    result = client.recognize("a.jpg", card_type="DriverLicense")
    assert (result.status, len(result.fields)) == (1, 10)
    with pytest.raises(NotFoundError, match="404 NoSuchKey"):
        client.recognize("b.jpg", card_type="IDCard")
    (client.objects / "text.jpg").write_text("hello")
    with pytest.raises(ServiceError, match="400 NotAnImage"):
        client.recognize("text.jpg", card_type="IDCard")


def test_a_service_that_is_switched_off_is_an_error_of_its_own(client):
    send = client.transport.send
    assert send(Request("PUT", "/", params={"unbind": ""})).body == b'{"CIStatus":"off"}'
    with pytest.raises(NotActivatedError, match="403 CIBucketUnbinded"):
        client.submit("a.jpg", card_type="IDCard")
    send(Request("PUT", "/"))
    send(Request("DELETE", "/ai_bucket"))
    with pytest.raises(NotActivatedError, match="403 AIBucketNotOpened"):
        client.submit("a.jpg", card_type="IDCard")
    send(Request("POST", "/ai_bucket"))
    assert client.submit("a.jpg", card_type="IDCard").id


def test_a_callback_elsewhere_is_refused(client):
    with pytest.raises(ServiceError, match=r"400 InvalidArgument.*not this machine"):
        client.submit("a.jpg", card_type="IDCard", callback="http://192.0.2.1/")


def test_an_invalid_argument_is_refused_before_anything_is_sent(client):
    with pytest.raises(InvalidRequestError):
        client.submit("a.jpg", card_type="Passport")


def test_a_whole_run_has_the_same_outcomes(client, tmp_path, photo):
    for n in range(5):
        photo(tmp_path / f"in/{n}.jpg", size=(64 + n, 40))
    (tmp_path / "in/text.jpg").write_text("hello")
    cards = run(tmp_path / "in", card_type="IDCard", client=client, progress=False).drop_duplicates("key")
    assert cards[["key", "state"]].astype("str").apply(tuple, axis=1).tolist() == [
        *((f"{n}.jpg", "Success") for n in range(5)),
        ("text.jpg", "Failed"),
    ]
    assert cards["code"].tolist()[-1] == "NotAnImage"
    assert cards["message"].notna().tolist() == [False] * 5 + [True]


def test_an_upload_of_nothing_is_an_object_of_nothing(client, tmp_path):
    (tmp_path / "empty.bin").touch()
    client.upload(tmp_path / "empty.bin")
    reply = client.transport.send(Request("GET", "/empty.bin", "cos"))
    assert (reply.status, reply.body, reply.headers["etag"]) == (200, b"", '"d41d8cd98f00b204e9800998ecf8427e"')


@pytest.mark.parametrize("size", [0, 1, 8 * 2**20, 8 * 2**20 + 1, 17_000_000])
def test_a_downloaded_object_equals_the_upload(client, tmp_path, size):
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    (tmp_path / "up.bin").write_bytes(content)
    client.upload(tmp_path / "up.bin", "目录/照片 +%.jpg")
    info = client.head("目录/照片 +%.jpg")
    assert (info.size, info.content_type) == (size, "application/octet-stream")  # the type of the file that was sent
    (tmp_path / "down").mkdir()
    assert client.download("目录/照片 +%.jpg", tmp_path / "down") == tmp_path / "down/照片 +%.jpg"
    assert (tmp_path / "down/照片 +%.jpg").read_bytes() == content


def test_a_download_that_fails_leaves_the_file_that_was_there(client, tmp_path, monkeypatch):
    (tmp_path / "a.bin").write_bytes(b"first")
    client.upload(tmp_path / "a.bin")
    (tmp_path / "down.bin").write_bytes(b"kept")
    with pytest.raises(NotFoundError, match="the service answered 404"):
        client.download("b.bin", tmp_path / "down.bin")
    whole = client.transport.send
    monkeypatch.setattr(
        client.transport, "send", lambda r: replace(whole(r), body=b"other") if r.method == "GET" else whole(r)
    )
    with pytest.raises(DecodeError, match="its MD5 is not its ETag"):
        client.download("a.bin", tmp_path / "down.bin")
    monkeypatch.setattr(
        client.transport, "send", lambda r: replace(whole(r), body=b"") if r.method == "GET" else whole(r)
    )
    with pytest.raises(DecodeError, match="changed while it was fetched"):
        client.download("a.bin", tmp_path / "down.bin")
    assert (tmp_path / "down.bin").read_bytes() == b"kept"
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["a.bin", "down.bin"]
