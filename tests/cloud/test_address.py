"""Hosts are the vendor's or one's own, and a target reads back as what was meant."""

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb._transport import Request
from cardocr_nb.cloud._address import addresses, target
from cardocr_nb.errors import InvalidRequestError

BUCKET, REGION = "cards-1250000000", "ap-guangzhou"


def test_the_three_hosts_are_the_vendors_over_https():
    found = addresses(BUCKET, REGION)
    assert {host: a.host for host, a in found.items()} == {
        "ci": "cards-1250000000.ci.ap-guangzhou.myqcloud.com",
        "cos": "cards-1250000000.cos.ap-guangzhou.myqcloud.com",
        "region": "ci.ap-guangzhou.myqcloud.com",
    }
    assert all(a.base == f"https://{a.host}" for a in found.values())


def test_one_endpoint_takes_all_calls_under_the_vendors_names():
    found = addresses(BUCKET, REGION, "http://127.0.0.1:8086/")
    assert {a.base for a in found.values()} == {"http://127.0.0.1:8086"}
    assert [a.host for a in found.values()] == [a.host for a in addresses(BUCKET, REGION).values()]


def test_an_own_domain_is_sent_under_its_own_name_and_the_others_stay():
    found = addresses(BUCKET, REGION, {"cos": "https://Cards.example.com:8443", "ci": "http://10.0.0.1:80"})
    assert found["cos"] == ("https://cards.example.com:8443", "cards.example.com:8443")
    assert found["ci"] == ("http://10.0.0.1", "10.0.0.1")
    assert found["region"] == addresses(BUCKET, REGION)["region"]


@pytest.mark.parametrize(
    ("endpoint", "loopback"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.9.9.9", True),
        ("http://localhost:1", True),
        ("https://[::1]:1", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
    ],
)
def test_this_machine_is_known_by_its_address(endpoint, loopback):
    assert addresses(BUCKET, REGION, endpoint)["ci"].loopback is loopback


@pytest.mark.parametrize(
    "name", ["", "A-1", "a.b-1", "a/b-1", "a@b-1", "-a-1", "a_b-1", "a\n-1", "样-1", "x" * 70 + "-1", None, 1]
)
def test_a_name_that_is_no_part_of_a_host_is_refused(name):
    with pytest.raises(InvalidRequestError, match="bucket must be lower-case"):
        addresses(name, REGION)
    with pytest.raises(InvalidRequestError, match="region must be lower-case"):
        addresses(BUCKET, name)


def test_a_bucket_without_appid_is_refused_but_for_an_endpoint_of_ones_own():
    with pytest.raises(InvalidRequestError, match="full name with the APPID"):
        addresses("cards", REGION)
    with pytest.raises(InvalidRequestError, match="full name with the APPID"):
        addresses("cards", REGION, {"cos": "https://cards.example.com"})
    assert addresses("cards", REGION, "http://127.0.0.1:8086")["ci"].host == "cards.ci.ap-guangzhou.myqcloud.com"


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "127.0.0.1:8086",
        "localhost",
        "ftp://a",
        "http://",
        "http://user:hush@a",
        "http://hush@a",
        "http://a/path",
        "http://a?x=1",
        "http://a#x",
        "http://a:99999",
        "http://a:0",
        "http://a:b",
        "http://a b",
        "http://样本",
        "http://[::1",
    ],
)
def test_an_endpoint_that_is_more_or_less_than_an_address_is_refused(endpoint):
    for given_as in (endpoint, {"ci": endpoint}):
        with pytest.raises(InvalidRequestError, match="an endpoint must be http:// or https://") as caught:
            addresses(BUCKET, REGION, given_as)
        assert "hush" not in str(caught.value)


def test_an_endpoint_for_a_host_that_is_none_is_refused():
    with pytest.raises(InvalidRequestError, match="hosts out of ci, cos, region, got job"):
        addresses(BUCKET, REGION, {"job": "https://example.com"})


@given(
    key=st.text(min_size=1) | st.text(st.sampled_from("./a%样 +"), min_size=1, max_size=8),
    params=st.dictionaries(st.text(min_size=1), st.text()),
)
def test_a_target_means_the_same_after_every_library_on_its_way(key, params):
    request = Request("GET", f"/{key}", params=params)
    if key in (".", ".."):
        with pytest.raises(InvalidRequestError):
            target(request)
        return
    sent = requests.Request("GET", f"http://127.0.0.1{target(request)}").prepare()
    assert sent.path_url.isascii()
    url = urlsplit(sent.url)
    assert unquote(url.path) == f"/{key}"
    assert dict(parse_qsl(url.query, keep_blank_values=True)) == params
    assert not sent.path_url.startswith("//")


def test_only_what_would_be_folded_away_is_encoded_beyond_need():
    assert target(Request("GET", "/a/b./.c/d")) == "/a/b./.c/d"
    assert target(Request("GET", "/a/../b")) == "/a%2F..%2Fb"
    assert target(Request("GET", "//a/b")) == "/%2Fa%2Fb"


@pytest.mark.parametrize(
    ("path", "params"), [("", {}), ("jobs", {}), ("/..", {}), ("/.", {}), ("/\udcff", {}), ("/a", {"b": "\ud800"})]
)
def test_a_path_that_cannot_be_sent_is_refused(path, params):
    with pytest.raises(InvalidRequestError):
        target(Request("GET", path, params=params))
