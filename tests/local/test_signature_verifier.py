"""A call needs a matching signature within its period; otherwise the vendor's error code says why."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.local._service_fault import ServiceFault
from cardocr_nb.local.http._routing import Call
from cardocr_nb.local.http._signature_verifier import SignatureVerifier
from cardocr_nb.wire._signature import sign

NOW = 1_700_000_000
HOST = "b-1.cos.r.myqcloud.com"
VERIFIER = SignatureVerifier("AKID", "key", clock=lambda: NOW)
LENIENT = SignatureVerifier("AKID", "key", clock=lambda: NOW, lenient=True)


def call(method="GET", path="/a 样+%", params=None, host=HOST):
    return Call(method, "b-1", "cos", path, path, params or {}, host)


def signed(it, *, headers=None, who="AKID", key="key", start=NOW - 60, end=NOW + 900, host=HOST):
    pairs = {**(headers or {}), "host": host}
    period = (start, end)
    text = sign(it.method, it.signed_path, it.params, pairs, secret_id=who, secret_key=key, period=period)
    return {**(headers or {}), "authorization": text}


def refusal(it, headers):
    with pytest.raises(ServiceFault) as caught:
        VERIFIER.check(it, headers)
    return caught.value.status, caught.value.code


@given(
    st.text(max_size=20).map("/".__add__),
    st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda n: not n.startswith("q-")), st.text(max_size=8), max_size=3
    ),
)
def test_a_signed_call_is_accepted_and_a_changed_one_is_not(path, params):
    if len({name.lower() for name in params}) < len(params):
        return
    it = call("PUT", path, params)
    headers = signed(it, headers={"content-type": "image/jpeg"})
    assert VERIFIER.check(it, headers) == params
    assert refusal(call("POST", path, params), headers) == (403, "SignatureDoesNotMatch")
    assert refusal(call("PUT", path + "x", params), headers) == (403, "SignatureDoesNotMatch")
    assert refusal(it, headers | {"content-type": "text/html"}) == (403, "SignatureDoesNotMatch")


def test_the_host_may_be_signed_without_its_port():
    it = call(host="127.0.0.1:8086")
    for host in ("127.0.0.1", "127.0.0.1:8086"):
        VERIFIER.check(it, signed(it, host=host))
    assert refusal(it, signed(it, host="127.0.0.1:80")) == (403, "SignatureDoesNotMatch")
    assert refusal(it, signed(it, host="127.0.0.2")) == (403, "SignatureDoesNotMatch")


def test_a_signature_in_the_query_is_accepted_and_removed_from_it():
    it = call(params={"response-x": "a b"})
    text = signed(it)["authorization"]
    with_it = call(params=it.params | dict(part.split("=", 1) for part in text.split("&")))
    assert VERIFIER.check(with_it, {}) == {"response-x": "a b"}


def test_each_fault_has_the_vendors_code():
    it = call()
    assert refusal(it, {}) == (403, "AccessDenied")
    assert refusal(it, {"authorization": ""}) == (403, "AccessDenied")
    assert refusal(it, {"authorization": "AWS4-HMAC-SHA256 x"}) == (400, "InvalidArgument")
    assert refusal(call(params={"q-ak": "AKID"}), {}) == (400, "InvalidArgument")
    assert refusal(it, signed(it, who="AKIE")) == (403, "InvalidAccessKeyId")
    assert refusal(it, signed(it, who="样")) == (403, "InvalidAccessKeyId")
    assert refusal(it, signed(it, key="other")) == (403, "SignatureDoesNotMatch")
    assert refusal(it, signed(it, start=NOW - 900, end=NOW - 1)) == (403, "RequestTimeTooSkewed")
    assert refusal(it, signed(it, start=NOW + 901, end=NOW + 9000)) == (403, "RequestTimeTooSkewed")


def test_a_signature_is_valid_long_after_its_start_and_a_little_before():
    it = call()
    VERIFIER.check(it, signed(it, start=NOW - 86_400, end=NOW + 1))
    VERIFIER.check(it, signed(it, start=NOW + 899, end=NOW + 9000))


def presigned(it, authorization, **added):
    parts = dict(part.split("=", 1) for part in authorization.split("&"))
    return call(it.method, it.path, {**it.params, **parts, **added})


def test_an_expired_address_is_refused_in_the_words_that_sdks_look_for():
    it = call()
    expired = presigned(it, signed(it, start=NOW - 900, end=NOW - 1)["authorization"])
    with pytest.raises(ServiceFault) as caught:
        VERIFIER.check(expired, {})
    assert (caught.value.status, caught.value.code, str(caught.value)) == (403, "AccessDenied", "Request has expired")


def test_a_signature_for_longer_than_a_week_is_refused():
    it, week = call(), 7 * 86_400
    VERIFIER.check(it, signed(it, start=NOW, end=NOW + week))
    assert refusal(it, signed(it, start=NOW, end=NOW + week + 1)) == (403, "AccessDenied")
    assert refusal(it, signed(it, start=0, end=NOW + 60)) == (403, "AccessDenied")


@given(
    st.dictionaries(st.sampled_from(["prefix", "uploads", "x", "Y", "样"]), st.sampled_from(["", "1", "a b"])),
    st.sampled_from(["uploadId", "response-content-type", "ci-process", "delete", "Acl"]),
)
def test_a_parameter_added_to_a_signed_address_is_refused_unless_lenient(params, added):
    it = call(params=params)
    authorization = signed(it)["authorization"]
    assert VERIFIER.check(presigned(it, authorization), {}) == params
    changed = presigned(it, authorization, **{added: "1"})
    assert refusal(changed, {}) == (403, "AccessDenied")
    assert LENIENT.check(changed, {}) == params | {added: "1"}


def test_a_signature_without_host_is_valid_for_other_buckets_so_it_is_refused_unless_lenient():
    it = call()
    keys = {"secret_id": "AKID", "secret_key": "key"}
    text = sign("GET", it.signed_path, {}, {}, period=(NOW - 60, NOW + 900), **keys)
    for other in (it, call(host="other-1.cos.r.myqcloud.com")):
        assert refusal(other, {"authorization": text}) == (403, "AccessDenied")
        assert LENIENT.check(other, {"authorization": text}) == {}


def test_a_copy_source_must_be_signed():
    it = call("PUT")
    headers = signed(it) | {"x-cos-copy-source": "b-1.cos.r.myqcloud.com/secret.jpg"}
    assert refusal(it, headers) == (403, "AccessDenied")
    VERIFIER.check(it, signed(it, headers={"x-cos-copy-source": "b-1.cos.r.myqcloud.com/secret.jpg"}))


def test_a_token_appended_to_a_signed_address_is_accepted():
    it = call()
    VERIFIER.check(presigned(it, signed(it)["authorization"], **{"x-cos-security-token": "t"}), {})


@pytest.mark.parametrize(("off", "accepted"), [(899, True), (-899, True), (901, False), (-901, False)])
def test_a_date_may_be_a_quarter_of_an_hour_off(off, accepted):
    it = call()
    headers = signed(it) | {"date": formatdate(NOW + off, usegmt=True)}
    if accepted:
        VERIFIER.check(it, headers)
    else:
        assert refusal(it, headers) == (403, "RequestTimeTooSkewed")


def test_a_malformed_date_is_refused():
    it = call()
    for date in ("yesterday", "", "Thu, 19 Jan 99999 00:00:00 GMT"):
        assert refusal(it, signed(it) | {"date": date})[0] in (400, 403)


def test_the_key_is_in_no_repr():
    assert repr(VERIFIER) == "SignatureVerifier()"


def test_a_period_that_ends_before_it_begins_is_refused():
    assert refusal(call(), signed(call(), start=NOW + 800, end=NOW + 100)) == (400, "InvalidArgument")
    assert refusal(call(), signed(call(), start=NOW + 16 * 60, end=NOW + 3000)) == (403, "RequestTimeTooSkewed")


def test_a_second_authorization_in_head_or_query_does_not_replace_a_wrong_one():
    right, wrong = (signed(call(), key=key)["authorization"] for key in ("key", "wrong"))
    for both in (f"{right}, {wrong}", f"{wrong}, {right}", f"{right},{right}", f"{right}&{right}"):
        assert refusal(call(), {"authorization": both}) == (400, "InvalidArgument")
    query = dict(part.split("=", 1) for part in right.split("&"))
    assert refusal(call(params=query), {"authorization": wrong}) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "POST", "DELETE", "OPTIONS"])
def test_a_signature_of_get_is_valid_for_no_other_method(method):
    assert refusal(call(method), signed(call("GET"))) == (403, "SignatureDoesNotMatch")
