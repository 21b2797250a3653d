"""A web page may call only if its origin was allowed, and then it can read what it needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._service_fault import ServiceFault
from cardocr_nb.local.http._cors import CorsPolicy

PAGE = "http://localhost:8000"
PREFLIGHT = {
    "origin": PAGE,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization, content-type, x-cos-meta-a",
}


def refusal(policy, headers):
    with pytest.raises(ServiceFault) as caught:
        policy.preflight(headers)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize("allowed", [PAGE, "HTTP://LocalHost:8000", "*"])
def test_a_preflight_of_an_allowed_origin_names_method_and_headers(allowed):
    answer = CorsPolicy([allowed]).preflight(PREFLIGHT)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "PUT" in answer.headers["access-control-allow-methods"].split(", ")
    assert answer.headers["access-control-allow-headers"] == PREFLIGHT["access-control-request-headers"]
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "origin", ["http://localhost", "https://localhost:8000", "http://localhost:8000.evil.example", "null", "", "*"]
)
def test_another_origin_is_refused_and_its_page_cannot_read_a_response(origin):
    policy = CorsPolicy([PAGE])
    assert refusal(policy, PREFLIGHT | {"origin": origin}) == (403, "AccessForbidden")
    assert policy.response_headers(origin, ["etag"]) == {}


def test_by_default_no_page_may_call():
    assert refusal(CorsPolicy(), PREFLIGHT) == (403, "AccessForbidden")
    assert CorsPolicy().response_headers(PAGE, ["etag"]) == {}


@pytest.mark.parametrize("changed", [{"access-control-request-method": "PATCH"}, {"access-control-request-method": ""}])
def test_options_without_a_known_method_is_not_a_preflight(changed):
    assert refusal(CorsPolicy(["*"]), PREFLIGHT | changed) == (400, "InvalidRequest")


def test_a_page_may_read_all_headers_of_a_response_and_its_date():
    headers = CorsPolicy([PAGE]).response_headers(PAGE, ["etag", "x-cos-request-id", "x-cos-meta-a"])
    exposed = headers["access-control-expose-headers"].split(", ")
    assert {"etag", "x-cos-request-id", "x-cos-meta-a", "date", "content-length"} <= set(exposed)


@given(st.text(max_size=40))
def test_no_origin_puts_anything_else_into_the_answer(origin):
    headers = CorsPolicy(["*"]).response_headers(origin, ["etag"])
    assert headers == {} or (
        headers["access-control-allow-origin"] == origin and origin.isascii() and " " not in origin
    )


@given(st.text(max_size=40))
def test_no_requested_header_puts_anything_else_into_the_answer(names):
    answer = CorsPolicy(["*"]).preflight(PREFLIGHT | {"access-control-request-headers": names})
    allowed = answer.headers.get("access-control-allow-headers", "")
    assert allowed in ("", names)
    assert allowed.isascii()
    assert "\n" not in allowed
    assert "\r" not in allowed


def test_a_network_that_is_private_may_be_called_if_the_browser_asks():
    answer = CorsPolicy(["*"]).preflight(PREFLIGHT | {"access-control-request-private-network": "true"})
    assert answer.headers["access-control-allow-private-network"] == "true"


@pytest.mark.parametrize(
    "origin", ["localhost:8000", "http://localhost:8000/", "http://a/b", "http://*.example", "ftp://a", ""]
)
def test_an_allowed_origin_that_no_browser_sends_is_refused_at_the_start(origin):
    with pytest.raises(InvalidRequestError, match="an allowed origin is scheme, host and port"):
        CorsPolicy([origin])
