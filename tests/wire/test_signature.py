"""The signature is the vendor's: its own worked examples, its own SDK, and what must not pass."""

import hashlib
import hmac
from types import SimpleNamespace
from unittest import mock

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from qcloud_cos import CosConfig
from qcloud_cos.cos_auth import CosS3Auth

from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._signature import canonical, matches, read_authorization, sign

SECRET_ID, SECRET_KEY = "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q", "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz"
ID, KEY = "I", "K"
HOST = "examplebucket-1250000000.cos.ap-beijing.myqcloud.com"

UPLOAD = {
    "Date": "Thu, 16 May 2019 06:45:51 GMT",
    "Host": HOST,
    "Content-Type": "text/plain",
    "Content-Length": "13",
    "Content-MD5": "mQ/fVh815F3k6TAUm8m0eg==",
    "x-cos-acl": "private",
    "x-cos-grant-read": 'uin="100000000011"',
}
DOWNLOAD = {"Date": "Thu, 16 May 2019 06:55:53 GMT", "Host": HOST}
AS_ATTACHMENT = {"response-content-type": "application/octet-stream", "response-cache-control": "max-age=600"}

names = st.text(min_size=1, max_size=12) | st.text(st.sampled_from("aAbB样 -"), min_size=1, max_size=2)
pairs = st.dictionaries(names, st.text(max_size=20), max_size=4)
paths = st.text(st.sampled_from("abz09 +%/.样本_~'()*:é\\&=?#"), max_size=30).map("/".__add__)
signed_names = st.sampled_from(["Content-Type", "content-md5", "Range", "Host", "X-Cos-Acl", "x-ci-a", "If-Match"])
header_values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


def signed(method="GET", path="/a", params=None, headers=None):
    return sign(
        method,
        path,
        params or {},
        {"Host": "h"} if headers is None else headers,
        secret_id=ID,
        secret_key=KEY,
        period=(1, 2),
    )


def test_the_vendors_example_of_an_upload_gives_the_vendors_signature():
    made = sign(
        "PUT",
        "/exampleobject(腾讯云)",
        {},
        UPLOAD,
        secret_id=SECRET_ID,
        secret_key=SECRET_KEY,
        period=(1557989151, 1557996351),
    )
    assert made == (
        "q-sign-algorithm=sha1&q-ak=AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q&q-sign-time=1557989151;1557996351"
        "&q-key-time=1557989151;1557996351"
        "&q-header-list=content-length;content-md5;content-type;date;host;x-cos-acl;x-cos-grant-read"
        "&q-url-param-list=&q-signature=3b8851a11a569213c17ba8fa7dcf2abec6935172"
    )


def test_the_vendors_example_of_a_download_gives_the_vendors_signature():
    made = sign(
        "GET",
        "/exampleobject(腾讯云)",
        AS_ATTACHMENT,
        DOWNLOAD,
        secret_id=SECRET_ID,
        secret_key=SECRET_KEY,
        period=(1557989753, 1557996953),
    )
    assert made.endswith(
        "&q-header-list=date;host&q-url-param-list=response-cache-control;response-content-type"
        "&q-signature=01681b8c9d798a678e43b685a9f1bba0f6c0e012"
    )


def test_both_examples_of_the_vendor_are_accepted_by_the_check():
    for method, params, headers, period, signature in (
        ("PUT", {}, UPLOAD, "1557989151;1557996351", "3b8851a11a569213c17ba8fa7dcf2abec6935172"),
        ("GET", AS_ATTACHMENT, DOWNLOAD, "1557989753;1557996953", "01681b8c9d798a678e43b685a9f1bba0f6c0e012"),
    ):
        came = read_authorization(
            f"q-sign-algorithm=sha1&q-ak={SECRET_ID}&q-sign-time={period}&q-key-time={period}"
            f"&q-header-list={';'.join(sorted(h.lower() for h in headers))}"
            f"&q-url-param-list={';'.join(sorted(params))}&q-signature={signature}"
        )
        path = "/exampleobject(腾讯云)"
        assert matches(came, method, path, params, headers, secret_key=SECRET_KEY)
        assert not matches(came, method, path, params, headers, secret_key=SECRET_KEY + "x")


@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE"]),
    path=paths,
    params=pairs,
    headers=st.dictionaries(signed_names, header_values, max_size=4),
)
def test_the_official_sdk_signs_any_request_the_same(method, path, params, headers):
    headers = {"Host": HOST} | headers
    request = requests.Request(method, f"https://{HOST}/", headers=headers).prepare()
    request.headers.pop("Content-Length", None)
    conf = CosConfig(Region="ap-beijing", SecretId=SECRET_ID, SecretKey=SECRET_KEY)
    with mock.patch("qcloud_cos.cos_auth.time", SimpleNamespace(time=lambda: 1_700_000_000.7)):
        CosS3Auth(conf, path, params=params, expire=500)(request)
    period = (1_700_000_000 - 60, 1_700_000_000 + 500)
    theirs = request.headers.pop("Authorization")
    ours = sign(method, path, params, request.headers, secret_id=SECRET_ID, secret_key=SECRET_KEY, period=period)
    assert ours == theirs
    assert matches(read_authorization(theirs), method, path, params, request.headers, secret_key=SECRET_KEY)


@given(method=st.sampled_from(["GET", "POST"]), path=paths, params=pairs, headers=pairs)
def test_what_is_signed_matches_for_any_request(method, path, params, headers):
    came = read_authorization(signed(method, path, params, headers))
    assert matches(came, method, path, params, headers, secret_key=KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "POST"},
        {"path": "/A"},
        {"path": "/a/"},
        {"path": "/%61"},
        {"params": {"size": "2"}},
        {"params": {}},
        {"headers": {"Host": "other"}},
        {"headers": {}},
        {"secret_key": "k"},
    ],
)
def test_a_request_that_differs_in_one_thing_does_not_match(change):
    request = {"method": "GET", "path": "/a", "params": {"size": "1"}, "headers": {"Host": "h"}}
    came = read_authorization(signed(**request))
    assert matches(came, **request, secret_key=KEY)
    assert not matches(came, **({"secret_key": KEY} | request | change))


def test_what_is_not_listed_is_not_checked():
    came = read_authorization(signed(params={"a": "1"}))
    more = {"Host": "h", "Via": "proxy"}
    assert matches(came, "GET", "/a", {"a": "1", "cancel": ""}, more, secret_key=KEY)


def test_the_host_is_signed_with_its_port():
    came = read_authorization(signed(headers={"Host": "127.0.0.1:8086"}))
    assert matches(came, "GET", "/a", {}, {"host": "127.0.0.1:8086"}, secret_key=KEY)
    assert not matches(came, "GET", "/a", {}, {"host": "127.0.0.1"}, secret_key=KEY)


def test_names_are_compared_without_case_and_values_with():
    assert canonical({"X-Cos-Acl": "Private", "a b": "样"}) == {"a%20b": "%E6%A0%B7", "x-cos-acl": "Private"}


def test_the_period_is_what_both_times_allow():
    came = read_authorization(signed())
    assert came.period == (1, 2)
    odd = signed().replace("q-sign-time=1;2", "q-sign-time=5;9").replace("q-key-time=1;2", "q-key-time=3;7")
    assert read_authorization(odd).period == (5, 7)


def test_the_key_is_made_from_the_key_time_and_the_text_from_the_sign_time():
    def digest(key, text):
        return hmac.new(key.encode(), text.encode(), hashlib.sha1).hexdigest()

    http = hashlib.sha1(b"get\n/a\n\nhost=h\n", usedforsecurity=False).hexdigest()
    right = digest(digest(KEY, "3;7"), f"sha1\n5;9\n{http}\n")
    header = signed().replace("q-sign-time=1;2", "q-sign-time=5;9").replace("q-key-time=1;2", "q-key-time=3;7")
    came = read_authorization(header[:-40] + right)
    assert matches(came, "GET", "/a", {}, {"Host": "h"}, secret_key=KEY)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "without q-ak, q-header-list"),
        ("Bearer abc", "without"),
        (signed() + "&q-ak=x", "repeated or unknown"),
        (signed() + "&q-more=x", "repeated or unknown"),
        (signed().replace("&q-ak=I", ""), "without q-ak$"),
        (signed().replace("=sha1", "=md5"), "must be sha1"),
        (signed().replace("q-sign-time=1;2", "q-sign-time=1"), "q-sign-time in Authorization must be 'start;end'"),
        (signed().replace("q-key-time=1;2", "q-key-time=-1;2"), "q-key-time"),
        (signed().replace("q-key-time=1;2", "q-key-time=1;" + "9" * 5000), "q-key-time"),
        (signed().replace("q-key-time=1;2", "q-key-time=1;٢"), "q-key-time"),
    ],
)
def test_a_header_that_is_no_signature_is_refused_with_the_reason(header, message):
    with pytest.raises(DecodeError, match=message):
        read_authorization(header)


@given(st.text() | st.text(st.sampled_from("q-sign=&;12ak")).map(lambda t: signed() + t))
def test_reading_any_header_raises_nothing_but_decode_error(header):
    try:
        came = read_authorization(header)
    except DecodeError:
        return
    assert matches(came, "GET", "/a", {}, {"Host": "h"}, secret_key=KEY) in (True, False)


def test_refusing_a_header_shows_nothing_of_it():
    with pytest.raises(DecodeError) as caught:
        read_authorization("q-ak=AKIDsecret&q-signature=0123456789abcdef")
    assert "AKIDsecret" not in str(caught.value)
    assert "0123456789abcdef" not in str(caught.value)


def test_halves_of_characters_and_signatures_that_are_no_ascii_only_fail_to_match():
    came = read_authorization(signed()[:-40] + "签" * 40)
    assert not matches(came, "GET", "/\udcff", {"\udcff": "\udcff"}, {"Host": "h"}, secret_key=KEY)
