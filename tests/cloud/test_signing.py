"""The authentication signs what is sent: the official SDK is asked about whole requests, and about what it leaves out."""

from types import SimpleNamespace
from unittest import mock
from urllib.parse import quote

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from qcloud_cos import CosConfig
from qcloud_cos.cos_auth import CosS3Auth

from cardocr_nb._transport import Request
from cardocr_nb.cloud import Credentials
from cardocr_nb.cloud._address import target
from cardocr_nb.cloud._signing import CosAuth
from cardocr_nb.wire._signature import matches, read_authorization

NOW = 1_700_000_000.9
HOST = "cards-1250000000.ci.ap-guangzhou.myqcloud.com"
KEY = "key-of-the-tests"
OURS = CosAuth(Credentials("AKIDTEST", KEY), lifetime=10_000, clock=lambda: NOW)

keys = st.text(st.sampled_from("abz09 +%2F/样本é~_'()*:\\&=?#;"), min_size=1, max_size=30)
dotted = st.text(st.sampled_from("a./样 +%"), min_size=1, max_size=12).filter(lambda k: k not in {".", ".."})
params = st.dictionaries(keys, st.text(max_size=15), max_size=4)
header_names = st.sampled_from(
    ["Content-Type", "Content-MD5", "Range", "Cache-Control", "x-cos-acl", "X-CI-Thing", "Date", "Accept", "Origin"]
)
header_values = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def prepared(method, path, query, headers, body=b""):
    url = f"https://{HOST}{target(Request(method, path, params=query))}"
    return requests.Request(method, url, headers=headers, data=body).prepare()


def by_the_sdk(request, path, query, **config):
    conf = CosConfig(Region="ap-guangzhou", SecretId="AKIDTEST", SecretKey=KEY, **config)
    with mock.patch("qcloud_cos.cos_auth.time", SimpleNamespace(time=lambda: NOW)):
        return CosS3Auth(conf, path, params=query)(request).headers["Authorization"]


@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE"]),
    key=keys | dotted,
    query=params,
    headers=st.dictionaries(header_names, header_values, max_size=5),
    body=st.binary(max_size=5),
)
def test_a_whole_request_is_signed_as_the_official_sdk_does(method, key, query, headers, body):
    path = f"/{key}"
    theirs = by_the_sdk(prepared(method, path, query, headers, body), path, query)
    ours = OURS(prepared(method, path, query, headers, body)).headers["Authorization"]
    assert ours == theirs


@given(key=keys)
def test_the_sdks_own_way_of_encoding_a_key_is_signed_the_same(key):
    theirs = CosConfig(Region="ap-guangzhou", SecretId="i", SecretKey="s", Scheme="http", Domain=HOST).uri(path=key)
    request = requests.Request("GET", theirs, params={"a b": "c+d 样"}).prepare()
    made = OURS(request).headers
    path = f"/{key.removeprefix('/')}"
    came = read_authorization(made["Authorization"])
    assert matches(came, "GET", path, {"a b": "c+d 样"}, made, secret_key=KEY)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:8086/a", "127.0.0.1:8086"),
        ("http://example.com:80/a", "example.com"),
        ("https://example.com:443/a", "example.com"),
        ("https://example.com:80/a", "example.com:80"),
        ("http://[::1]:8086/a", "[::1]:8086"),
        ("http://[::1]/a", "[::1]"),
    ],
)
def test_the_host_is_signed_as_it_is_sent_with_its_port(url, host):
    made = OURS(requests.Request("GET", url).prepare()).headers
    assert made["Host"] == host
    assert matches(read_authorization(made["Authorization"]), "GET", "/a", {}, {"Host": host}, secret_key=KEY)


def test_a_host_header_that_is_there_is_signed_and_kept():
    made = OURS(requests.Request("GET", "http://127.0.0.1:8086/", headers={"host": HOST}).prepare()).headers
    assert made["Host"] == HOST
    assert matches(read_authorization(made["Authorization"]), "GET", "/", {}, {"Host": HOST}, secret_key=KEY)


def test_a_session_token_is_sent_under_both_names_and_both_are_signed():
    auth = CosAuth(Credentials("id", KEY, "token"), clock=lambda: NOW)
    made = auth(requests.Request("GET", f"https://{HOST}/jobs").prepare()).headers
    assert made["x-cos-security-token"] == made["x-ci-security-token"] == "token"
    came = read_authorization(made["Authorization"])
    assert came.headers == ("host", "x-ci-security-token", "x-cos-security-token")
    assert matches(came, "GET", "/jobs", {}, made, secret_key=KEY)
    assert not matches(came, "GET", "/jobs", {}, dict(made) | {"x-cos-security-token": "other"}, secret_key=KEY)


def test_without_a_token_no_token_header_is_sent():
    made = OURS(requests.Request("GET", f"https://{HOST}/jobs").prepare()).headers
    assert not [name for name in made if "token" in name.lower()]


def test_the_content_type_is_signed():
    headers = {"Content-Type": "application/xml"}
    made = OURS(requests.Request("POST", f"https://{HOST}/jobs", headers=headers, data=b"<a/>").prepare()).headers
    came = read_authorization(made["Authorization"])
    assert came.headers == ("content-length", "content-type", "host")
    assert not matches(came, "POST", "/jobs", {}, dict(made) | {"Content-Type": "text/xml"}, secret_key=KEY)


def test_a_bare_parameter_is_signed_as_an_empty_one():
    made = OURS(requests.Request("PUT", f"https://{HOST}/jobs/j1?cancel").prepare()).headers
    came = read_authorization(made["Authorization"])
    assert came.params == ("cancel",)
    assert matches(came, "PUT", "/jobs/j1", {"cancel": ""}, made, secret_key=KEY)


def test_each_request_is_signed_with_the_credentials_of_its_moment():
    given = iter([Credentials("first", "1"), Credentials("second", "2", "token")])
    auth = CosAuth(given.__next__, lifetime=900, clock=lambda: NOW)
    made = [auth(requests.Request("GET", f"https://{HOST}/").prepare()).headers for _ in range(2)]
    came = [read_authorization(m["Authorization"]) for m in made]
    assert [c.secret_id for c in came] == ["first", "second"]
    assert came[0].period == (1_700_000_000 - 60, 1_700_000_000 + 900)
    assert "x-cos-security-token" in made[1]


def test_a_path_that_was_quoted_another_way_is_signed_by_what_it_means():
    path = "/样 本.jpg"
    made = OURS(requests.Request("GET", f"https://{HOST}{quote(path).lower()}").prepare()).headers
    assert matches(read_authorization(made["Authorization"]), "GET", path, {}, made, secret_key=KEY)
