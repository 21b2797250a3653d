"""Calls beyond jobs: objects and their lists, switches and queues, buckets, faults; in this process."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb._transport import Request
from cardocr_nb.errors import InvalidRequestError, TransportError
from cardocr_nb.local._bucket import Bucket
from cardocr_nb.local._bucket_root import BucketRoot
from cardocr_nb.local._fault_injection import KINDS, FaultInjector, FaultyReader
from cardocr_nb.local._local_transport import LocalTransport
from cardocr_nb.local._object_listing import _page
from cardocr_nb.local._service import Service
from cardocr_nb.local._service_fault import ServiceFault
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.local._worker import ReadingError
from cardocr_nb.wire._admin import decode_ai_buckets, decode_ci_status, decode_queues
from cardocr_nb.wire._decode import decode_error, decode_jobs
from cardocr_nb.wire._encode import request_xml
from cardocr_nb.wire._records import JobRequest

JOB = request_xml(JobRequest("a.jpg", "IDCard"))


class Caller:
    def __init__(self, service, bucket="cards-1"):
        self.service, self.bucket = service, bucket

    def __call__(self, method, path, host="ci", **kwargs):
        return self.service.handle(self.bucket, Request(method, path, host=host, **kwargs))

    def code(self, *arguments, **kwargs):
        reply = self(*arguments, **kwargs)
        return reply.status, decode_error(reply.body).code


@pytest.fixture
def open_calls(tmp_path):
    services = []

    def make(reader=None, **options):
        root = BucketRoot(tmp_path / "root")
        (root.folder / "cards-1").mkdir(exist_ok=True)
        services.append(Service(root, reader or StubReader(), **options))
        return Caller(services[-1])

    yield make
    for service in services:
        service.close()


@pytest.fixture
def call(open_calls):
    return open_calls()


def listed(call, **params):
    body = call("GET", "/", host="cos", params=params).body
    return xmltodict.parse(body, force_list=("Contents", "CommonPrefixes"))["ListBucketResult"]


def test_objects_are_listed_in_the_order_of_their_bytes_with_their_md5(call):
    for key in ("b", "a/z", "a!", "样", "Z"):
        call("PUT", f"/{key}", host="cos", body=key.encode())
    result = listed(call)
    assert [e["Key"] for e in result["Contents"]] == ["Z", "a!", "a/z", "b", "样"]
    assert result["Contents"][0]["ETag"] == f'"{hashlib.md5(b"Z").hexdigest()}"'  # noqa: S324 - the wire's
    assert [e["Key"] for e in listed(call, prefix="a")["Contents"]] == ["a!", "a/z"]
    assert "Contents" not in listed(call, **{"max-keys": "0"})


@given(
    st.lists(st.text("ab/", min_size=1, max_size=5), max_size=12, unique=True),
    st.text("ab/", max_size=2),
    st.sampled_from(["", "/", "a/"]),
    st.integers(1, 4),
)
def test_pages_of_a_list_hold_every_name_once(keys, prefix, delimiter, limit):
    keys = sorted(key for key in keys if key.startswith(prefix))
    everything, _ = _page(keys, prefix, "", delimiter, 1000)
    seen, marker, more = [], "", True
    while more:
        names, more = _page(keys, prefix, marker, delimiter, limit)
        assert len(names) == limit or not more
        seen += names
        marker = names[-1][0] if names else marker
    assert seen == everything
    assert sum(is_object for _, is_object in everything) <= len(keys)
    assert len({name for name, _ in everything}) == len(everything)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"max-keys": "1001"}, (400, "InvalidArgument")),
        ({"encoding-type": "base64"}, (400, "InvalidArgument")),
        ({"prefix": "\x01"}, (400, "InvalidArgument")),
        ({"acl": ""}, (405, "MethodNotAllowed")),
    ],
)
def test_a_list_of_objects_with_an_invalid_argument_is_refused(call, params, expected):
    assert call.code("GET", "/", host="cos", params=params) == expected


def test_an_object_has_a_type_by_its_name_and_a_time(call):
    call("PUT", "/a.png", host="cos", body=b"x")
    headers = call("HEAD", "/a.png", host="cos").headers
    assert (headers["content-type"], headers["accept-ranges"]) == ("image/png", "bytes")
    assert headers["last-modified"].endswith("GMT")
    call("PUT", "/a.样", host="cos", body=b"x")
    assert call("GET", "/a.样", host="cos").headers["content-type"] == "application/octet-stream"


def test_the_md5_of_the_client_is_compared_with_the_body(call):
    right = base64.b64encode(hashlib.md5(b"x").digest()).decode()  # noqa: S324 - the wire's
    assert call("PUT", "/a", host="cos", body=b"x", headers={"Content-MD5": right}).status == 200
    assert call.code("PUT", "/a", host="cos", body=b"y", headers={"Content-MD5": right}) == (400, "BadDigest")
    assert call("GET", "/a", host="cos").body == b"x"


def test_an_object_replaced_at_once_has_its_new_etag(call, tmp_path):
    tags = set()
    for n in range(20):
        (tmp_path / "root/cards-1/a").write_bytes(bytes([n]))
        tags.add(call("HEAD", "/a", host="cos").headers["etag"])
    assert len(tags) == 20


def test_the_bucket_itself_answers_head_but_not_delete_or_post(call):
    assert call("HEAD", "/", host="cos").status == 200
    for method in ("DELETE", "POST"):
        assert call.code(method, "/", host="cos") == (405, "MethodNotAllowed")


def test_a_bucket_is_created_only_in_a_root(call, tmp_path):
    call.bucket = "new-1"
    assert call("PUT", "/", host="cos").status == 200
    assert call.code("PUT", "/", host="cos") == (409, "BucketAlreadyOwnedByYou")
    call.bucket = "New"
    assert call.code("PUT", "/", host="cos") == (400, "InvalidBucketName")
    service = Service([Bucket(tmp_path / "one", "one")], StubReader())
    assert Caller(service, "one").code("PUT", "/", host="cos") == (405, "MethodNotAllowed")
    service.close()


def test_binding_and_switching_on_are_two_steps(call):
    assert decode_ci_status(call("GET", "/").body) == "on"
    assert decode_ci_status(call("PUT", "/", params={"unbind": ""}).body) == "off"
    assert call.code("POST", "/jobs", body=JOB) == (403, "CIBucketUnbinded")
    assert call.code("POST", "/ai_bucket") == (403, "CIBucketUnbinded")
    recognition = {"ci-process": "AILicenseRec"}
    assert call.code("GET", "/a.jpg", host="cos", params=recognition) == (403, "CIBucketUnbinded")
    assert decode_ci_status(call("PUT", "/").body) == "on"
    call("DELETE", "/ai_bucket")
    assert call.code("POST", "/jobs", body=JOB) == (403, "AIBucketNotOpened")
    assert decode_ai_buckets(call("GET", "/ai_bucket", host="region").body) == ()
    assert decode_queues(call("GET", "/ai_queue").body) == ()
    call("POST", "/ai_bucket")
    assert call("POST", "/jobs", body=JOB).status == 200


def test_buckets_with_recognition_are_listed_by_name_beginning_and_page(call):
    for name in ("cards-2", "other-1"):
        (call.service.buckets.folder / name).mkdir()

    def names(**params):
        return [b.id for b in decode_ai_buckets(call("GET", "/ai_bucket", host="region", params=params).body)]

    assert names() == ["cards-1", "cards-2", "other-1"]
    assert names(bucketNames="other-1,cards-1") == ["cards-1", "other-1"]
    assert names(bucketName="cards") == ["cards-1", "cards-2"]
    assert names(pageNumber="2", pageSize="2") == ["other-1"]
    assert names(regions="ap-x") == []
    assert call.code("GET", "/ai_bucket", host="region", params={"pageSize": "101"}) == (400, "InvalidArgument")
    assert call.code("POST", "/ai_bucket", host="region") == (405, "MethodNotAllowed")
    assert call.code("GET", "/", host="region") == (404, "NoSuchResource")


def test_the_queue_is_listed_by_id_and_state(call):
    (queue,) = decode_queues(call("GET", "/ai_queue").body)

    def found(**params):
        return len(decode_queues(call("GET", "/ai_queue", params=params).body))

    assert [found(state=s) for s in ("All", "Active", "Paused")] == [1, 1, 0]
    assert found(queueIds=f"{queue.id},p9") == 1
    assert (
        b"<NonExistPIDs><QueueId>p9</QueueId></NonExistPIDs>"
        in call("GET", "/ai_queue", params={"queueIds": "p9"}).body
    )
    assert call.code("GET", "/ai_queue", params={"state": "ClientDisconnected"}) == (400, "InvalidArgument")
    assert call.code("GET", "/ai_queue", params={"queueIds": "\0"}) == (400, "InvalidArgument")


def test_a_queue_that_does_not_exist_or_an_invalid_update_is_refused(call):
    (queue,) = decode_queues(call("GET", "/ai_queue").body)
    assert call.code("PUT", "/ai_queue/p9", body=b"<Request/>") == (404, "NoSuchQueue")
    assert call.code("PUT", f"/ai_queue/{queue.id}", body=b"<Request/>") == (400, "MalformedXML")
    assert call.code("DELETE", f"/ai_queue/{queue.id}") == (405, "MethodNotAllowed")


def test_a_paused_queue_continues_when_it_is_active_again(call, tmp_path, photo):
    photo(tmp_path / "root/cards-1/a.jpg")
    (queue,) = decode_queues(call("GET", "/ai_queue").body)
    call("PUT", f"/ai_queue/{queue.id}", body=b"<Request><State>Paused</State></Request>")
    job = decode_jobs(call("POST", "/jobs", body=JOB).body).jobs[0]
    assert decode_jobs(call("GET", f"/jobs/{job.id}").body).jobs[0].state == "Submitted"
    call("PUT", f"/ai_queue/{queue.id}", body=b"<Request><State>Active</State></Request>")
    while decode_jobs(call("GET", f"/jobs/{job.id}").body).jobs[0].state != "Success":
        pass


def test_a_full_queue_answers_slow_down(open_calls):
    call = open_calls(queue_limit=1)
    (queue,) = decode_queues(call("GET", "/ai_queue").body)
    call("PUT", f"/ai_queue/{queue.id}", body=b"<Request><State>Paused</State></Request>")
    assert call("POST", "/jobs", body=JOB).status == 200
    assert call.code("POST", "/jobs", body=JOB) == (503, "SlowDown")
    assert call("POST", "/jobs", body=JOB).headers["retry-after"] == "1"


def test_an_engine_that_fails_is_reported_without_its_message(open_calls, tmp_path, photo):
    class Broken:
        def read(self, image, card_type):
            raise RuntimeError("样本一")

    photo(tmp_path / "root/cards-1/a.jpg")
    reply = open_calls(Broken())("GET", "/a.jpg", host="cos", params={"ci-process": "AILicenseRec"})
    assert (reply.status, decode_error(reply.body).message) == (500, "the engine failed: RuntimeError")


def test_a_text_that_no_document_carries_fails_its_job_alone(open_calls, tmp_path, photo):
    class Odd(StubReader):
        def read(self, image, card_type):
            return [replace(field, text="\x00") for field in super().read(image, card_type)]

    photo(tmp_path / "root/cards-1/a.jpg")
    call = open_calls(Odd())
    for _ in range(2):
        job = decode_jobs(call("POST", "/jobs", body=JOB).body).jobs[0]
        while (now := decode_jobs(call("GET", f"/jobs/{job.id}").body).jobs[0]).state != "Failed":
            pass
        assert now.code == "InternalError"


@pytest.mark.parametrize(("kind", "count"), [("drop-before", 0), ("drop-after", 1)])
def test_a_cut_connection_is_a_transport_error_here_too(open_calls, kind, count):
    call = open_calls(faults=FaultInjector({kind: 1}))
    with pytest.raises(TransportError) as caught:
        call("POST", "/jobs", body=JOB)
    assert caught.value.maybe_accepted
    assert len(decode_jobs(call("GET", "/jobs", params={"tag": "ImageLicenseRec"}).body).jobs) == count


def test_faults_are_the_same_for_the_same_seed():
    def occurrences(seed):
        faults = FaultInjector(dict.fromkeys(KINDS, 0.3), seed)
        return [faults.occurs(kind) for kind in KINDS * 20]

    assert occurrences(1) == occurrences(1) != occurrences(2)
    assert 0.2 < sum(occurrences(1)) / len(occurrences(1)) < 0.4


def test_throttling_is_429_or_503_with_a_pause():
    faults, seen = FaultInjector({"throttle": 1}), set()
    for _ in range(20):
        with pytest.raises(ServiceFault) as caught:
            faults.raise_if_throttled()
        seen.add((caught.value.status, caught.value.code, caught.value.headers["retry-after"]))
    assert seen == {(429, "RequestLimitExceeded", "1"), (503, "SlowDown", "1")}


@pytest.mark.parametrize("text", ["throttle", "throttle=often", "explode=1", "slow=1.1", "slow=-0.1", "slow=nan", "=1"])
def test_an_invalid_fault_is_refused(text):
    with pytest.raises(InvalidRequestError, match=r"a fault must be|the rate of slow must be 0 to 1"):
        FaultInjector.parse([text])


def test_latency_and_injected_failures_apply_to_each_reading():
    pauses = []
    reader = FaultyReader(StubReader(), 0.5, FaultInjector({"slow": 1, "fail": 1}), pauses.append)
    with pytest.raises(ReadingError, match="injected"):
        reader.read(None, "IDCard")
    assert pauses == [2.5]


def test_a_closed_service_raises_and_may_be_closed_twice(tmp_path):
    bucket = Bucket(tmp_path / "cards")
    transport = LocalTransport(Service([bucket], StubReader()), bucket.name)
    transport.close()
    transport.close()
    with pytest.raises(TransportError, match="has been closed") as caught:
        transport.send(Request("GET", "/"))
    assert not caught.value.maybe_accepted


def test_a_job_table_that_fails_is_an_internal_error(call):
    call.service._store.close()
    assert call.code("GET", "/jobs", params={"tag": "ImageLicenseRec"}) == (500, "InternalError")


def test_many_callers_at_once_lose_nothing(call):
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: call("POST", "/jobs", body=JOB), range(200)))
    ids = {decode_jobs(reply.body).jobs[0].id for reply in replies}
    seen = set()
    token = ""
    while token is not None:
        page = decode_jobs(
            call("GET", "/jobs", params={"tag": "ImageLicenseRec", "size": "100", "nextToken": token}).body
        )
        seen |= {job.id for job in page.jobs}
        token = page.next_token
    assert seen == ids
    assert len(ids) == 200
