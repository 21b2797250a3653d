"""Errors carry what is needed to act on them."""

import copy
import inspect
import pickle

import pytest

from cardocr_nb import errors
from cardocr_nb._text_safety import shown_code
from cardocr_nb.errors import CardOCRError, ImageError, MissingExtraError, ServiceError, service_error

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, CardOCRError)]


def test_every_error_is_in_the_drawn_tree():
    assert [kind.__name__ for kind in ALL if kind.__name__ not in errors.__doc__] == []


def test_every_refusal_says_what_to_do():
    advice = {kind: kind.advice for kind in ALL if issubclass(kind, ServiceError)}
    assert len(set(advice.values())) == len(advice)


@pytest.mark.parametrize(
    ("code", "status", "name"),
    [
        ("SignatureDoesNotMatch", 403, "AuthenticationError"),
        ("InvalidAccessKeyId", 403, "AuthenticationError"),
        ("RequestTimeTooSkewed", 403, "ClockError"),
        ("RequestIsExpired", 403, "ClockError"),
        ("AccessDenied", 403, "PermissionDeniedError"),
        ("NoSuchBucket", 404, "NotFoundError"),
        ("NoSuchKey", 404, "NotFoundError"),
        ("RequestLimitExceeded", 400, "ThrottledError"),
        ("SlowDown", 503, "ThrottledError"),
        ("", 429, "ThrottledError"),
        ("", 503, "ThrottledError"),
        ("", 404, "NotFoundError"),
        ("", 403, "PermissionDeniedError"),
        ("", 500, "TransientError"),
        ("", 418, "ServiceError"),
        ("InternalError", 500, "TransientError"),
        ("InvalidArgument", 400, "ServiceError"),
        ("MalformedXML", 400, "ServiceError"),
        ("MethodNotAllowed", 405, "ServiceError"),
    ],
)
def test_a_code_has_the_error_for_what_a_person_must_do(code, status, name):
    assert type(service_error(code, "", status=status)).__name__ == name


def test_a_missing_extra_names_the_command_that_installs_it():
    error = MissingExtraError("the embedded engine", "local")
    assert "pip install 'cardocr_nb[local]'" in str(error)
    assert isinstance(error, ImportError)


def test_an_expired_signature_is_a_matter_of_the_clock():
    error = service_error("AccessDenied", "Request has expired", status=403)
    assert type(error).__name__ == "ClockError"


@pytest.mark.parametrize(
    "error",
    [
        ImageError("NotAnImage", "no picture"),
        MissingExtraError("x", "fonts"),
        errors.DecodeError("bad", b"raw"),
        errors.TransportError("lost", maybe_accepted=True),
        errors.WaitTimeoutError("late", [1, 2]),
        service_error("SlowDown", "m", status=503, request_id="r", retry_after=2.0, raw=b"x"),
    ],
)
def test_an_error_crosses_processes_with_all_it_carries(error):
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own bytes
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)


@pytest.mark.parametrize("name", ["Zhangwei", "ZhangWei", "ZHANGWEI", "Ouyang.Nana", "Li", "C1", "zhang"])
def test_a_name_in_latin_letters_is_not_shown_as_a_code(name):
    assert shown_code(name) == f"<{len(name)} characters>"


@pytest.mark.parametrize(
    "code", ["InvalidImage", "NoSuchKey", "RequestTimeTooSkewed", "FailedOperation.OcrFailed", "IDCard", "TaskFinish"]
)
def test_codes_states_and_card_types_are_shown(code):
    assert shown_code(code) == code
