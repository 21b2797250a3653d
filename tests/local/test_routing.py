"""A request line and Host are routed to one call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.local._bucket_root import BucketRoot
from cardocr_nb.local._service_fault import ServiceFault
from cardocr_nb.local.http._routing import parse_target, route

JOB = "a" + "0" * 32
QUEUE = "p" + "0" * 32


@pytest.fixture
def one(tmp_path):
    (tmp_path / "one/cards-1").mkdir(parents=True)
    return BucketRoot(tmp_path / "one")


@pytest.fixture
def two(tmp_path):
    for name in ("cards-1", "other-1", ".cardocr", "No Bucket"):
        (tmp_path / "two" / name).mkdir(parents=True)
    return BucketRoot(tmp_path / "two")


def found(buckets, method, host, path, **params):
    call = route(method, host, path, params, buckets)
    assert call.signed_path == path
    return call.host, call.bucket, call.path


@pytest.mark.parametrize("port", ["", ":8086"])
@pytest.mark.parametrize("domain", ["myqcloud.com", "tencentcos.cn"])
def test_the_vendors_hosts_name_bucket_and_kind(two, domain, port):
    assert found(two, "GET", f"b-1.ci.ap-x.{domain}{port}", "/a") == ("ci", "b-1", "/a")
    assert found(two, "GET", f"B-1.cos.ap-x.{domain}{port}", "/a") == ("cos", "b-1", "/a")
    assert found(two, "GET", f"ci.ap-x.{domain}{port}", "/ai_bucket") == ("region", "", "/ai_bucket")


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("POST", "/jobs", {}),
        ("GET", "/jobs", {"tag": "ImageLicenseRec"}),
        ("GET", f"/jobs/{JOB},{JOB}", {}),
        ("PUT", f"/jobs/{JOB}", {"cancel": ""}),
        ("GET", f"/ai_jobs/{JOB}", {}),
        ("PUT", f"/ai_jobs/{JOB}", {"cancel": ""}),
        ("GET", "/ai_queue", {}),
        ("PUT", f"/ai_queue/{QUEUE}", {}),
        ("POST", "/ai_bucket", {}),
    ],
)
@pytest.mark.parametrize("host", ["cards-1.cos.ap-x.myqcloud.com", "127.0.0.1:8086"])
def test_job_calls_work_on_the_object_host_unless_an_object_has_that_name(one, host, method, path, params):
    assert found(one, method, host, path, **params) == ("ci", "cards-1", path)
    one["cards-1"].put(path[1:], b"x")
    assert found(one, method, host, path, **params) == ("cos", "cards-1", path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/jobs"),
        ("PUT", "/jobs"),
        ("GET", "/jobs/mine.jpg"),
        ("PUT", f"/jobs/{JOB}"),
        ("PUT", "/ai_queue/a.jpg"),
    ],
)
def test_a_path_that_only_resembles_a_job_call_is_an_object(one, method, path):
    assert found(one, method, "cards-1.cos.ap-x.myqcloud.com", path)[0] == "cos"


def test_with_another_host_the_path_begins_with_the_bucket_unless_it_is_the_only_one(one, two):
    assert found(two, "GET", "127.0.0.1", "/cards-1/a/b") == ("cos", "cards-1", "/a/b")
    assert found(two, "POST", "127.0.0.1", "/cards-1/jobs") == ("ci", "cards-1", "/jobs")
    assert found(two, "GET", "127.0.0.1", "/cards-1") == ("cos", "cards-1", "/")
    assert found(two, "GET", "127.0.0.1", "/missing-1/a") == ("cos", "missing-1", "/a")
    assert found(two, "GET", "127.0.0.1", "/.cardocr/jobs.sqlite") == ("cos", ".cardocr", "/jobs.sqlite")
    assert found(two, "GET", "localhost", "/ai_bucket") == ("region", "", "/ai_bucket")
    assert found(one, "GET", "[::1]:80", "/a/b") == ("cos", "cards-1", "/a/b")
    assert found(one, "GET", "[::1]", "/cards-1/b") == ("cos", "cards-1", "/b")


def test_a_whole_address_as_target_names_its_host():
    assert parse_target(b"http://b-1.ci.r.myqcloud.com/jobs", b"") == ("/jobs", {}, "b-1.ci.r.myqcloud.com")
    assert parse_target(b"http://h", b"a=b")[::2] == ("/", "h")


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        (b"*", b"", "InvalidURI"),
        (b"/%ff", b"", "InvalidURI"),
        (b"/", b"a=%ff", "InvalidURI"),
        (b"/", b"&".join([b"a"] * 200), "InvalidURI"),
        (b"/", b"a=1&a=2", "InvalidArgument"),
        (b"/", b"a=1&A=2", "InvalidArgument"),
    ],
)
def test_a_malformed_or_ambiguous_target_is_refused(path, query, code):
    with pytest.raises(ServiceFault) as caught:
        parse_target(path, query)
    assert (caught.value.status, caught.value.code) == (400, code)


@given(st.binary(max_size=40).filter(lambda b: b.isascii()), st.binary(max_size=40).filter(lambda b: b.isascii()))
def test_any_target_is_parsed_or_refused(path, query):
    try:
        read, params, _ = parse_target(path, query)
    except ServiceFault:
        return
    assert read.startswith("/")
    assert all(isinstance(value, str) for value in params.values())
