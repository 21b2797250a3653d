"""Each limit of the specification is held before anything is sent."""

from datetime import UTC, datetime

import pytest

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._encode import jobs_xml, list_query, request_xml
from cardocr_nb.wire._records import CardResult, Field, Job, JobList, JobRequest, JobState, MqConfig


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"card_type": "Passport"}, "card_type must be 'IDCard' or 'DriverLicense', got a str of 8 characters"),
        ({"card_type": "idcard"}, "card_type must be"),
        ({"card_type": None}, "card_type must be"),
        ({"job_level": 3}, "job_level must be 0, 1 or 2, got 3"),
        ({"job_level": -1}, "job_level must be"),
        ({"job_level": True}, "job_level must be"),
        ({"job_level": "1"}, "job_level must be 0, 1 or 2, got a str of 1 characters"),
        ({"user_data": "x" * 1025}, "user_data must be at most 1024 characters, got 1025"),
        ({"user_data": "a\tb"}, r"user_data must be printable ASCII, got U\+0009 at position 1"),
        ({"user_data": "样本"}, r"got U\+6837 at position 0"),
        ({"callback_format": "xml"}, "callback_format must be 'XML' or 'JSON', got 'xml'; did you mean 'XML'"),
        ({"callback_type": "URL"}, "callback_type must be 'Url' or 'TDMQ', got a str of 3 characters"),
        ({"callback_type": "TDMQ"}, r"callback_type 'TDMQ' needs callback_mq=MqConfig\(region, name\)"),
        ({"callback": "ftp://x/y"}, "callback must be an http or https address or 'no'"),
        ({"callback": "http://"}, "callback must be"),
        ({"callback": "http://a b"}, "callback must be"),
        ({"callback": "http://[::1"}, "callback must be"),
        ({"callback": ""}, "callback must be"),
        (
            {"callback_mq": MqConfig("us", "q")},
            "callback_mq.region must be 'sh', 'bj', 'gz', 'cd' or 'hk', got 'us'",
        ),
        ({"callback_mq": MqConfig("sh", "q", "Stack")}, "callback_mq.mode must be 'Queue' or 'Topic'"),
        ({"callback_mq": MqConfig("sh", "")}, "callback_mq.name must name the message queue"),
        ({"queue_id": "a b"}, "queue_id must be printable ASCII without spaces"),
        ({"queue_id": ""}, "queue_id must be"),
        ({"key": ""}, "key must name an object"),
        ({"key": "/a.jpg"}, "key must not begin with a slash"),
        ({"key": "a\x00.jpg"}, "key must hold no control character"),
        ({"key": "样" * 284}, "key must be at most 850 bytes of UTF-8, got 852"),
    ],
)
def test_a_value_outside_the_specification_is_refused(change, message):
    arguments = {"key": "a.jpg", "card_type": "IDCard"} | change
    with pytest.raises(InvalidRequestError, match=message):
        request_xml(JobRequest(**arguments))


@pytest.mark.parametrize(
    "change",
    [
        {"user_data": "x" * 1024},
        {"user_data": " ~"},
        {"job_level": 0},
        {"job_level": 2},
        {"callback": "no"},
        {"callback": "http://127.0.0.1:8087/secret"},
        {"callback_type": "TDMQ", "callback_mq": MqConfig("hk", "cards", "Topic")},
        {"key": "目录/身份证 (1)+%.jpg"},
        {"queue_id": "p2242ab62c7c94486915508540933a2c6"},
    ],
)
def test_a_value_at_the_edge_of_the_specification_is_taken(change):
    assert request_xml(JobRequest(**({"key": "a.jpg", "card_type": "IDCard"} | change)))


def test_all_faults_are_reported_at_once_and_the_user_data_is_not_quoted():
    with pytest.raises(InvalidRequestError) as e:
        request_xml(JobRequest(key="", card_type="X", user_data="private样本", job_level=9))
    assert all(name in str(e.value) for name in ("key", "card_type", "user_data", "job_level"))
    assert "private" not in str(e.value)


def test_a_list_query_holds_only_what_was_asked():
    assert list_query() == {"tag": "ImageLicenseRec", "orderByTime": "Desc", "size": "10"}
    assert list_query(
        states=["Running", JobState.FAILED],
        queue_id="q",
        size=100,
        newest_first=False,
        next_token="t",  # noqa: S106 - a page, no password
        created_after=datetime(2026, 1, 1, tzinfo=UTC),
        created_before=datetime(2026, 1, 2, tzinfo=UTC),
    ) == {
        "tag": "ImageLicenseRec",
        "orderByTime": "Asc",
        "size": "100",
        "states": "Running,Failed",
        "startCreationTime": "2026-01-01T08:00:00+0800",
        "endCreationTime": "2026-01-02T08:00:00+0800",
        "queueId": "q",
        "nextToken": "t",
    }
    assert list_query(states="All")["states"] == "All"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "size must be 1 to 100, got 0"),
        ({"size": 101}, "size must be 1 to 100, got 101"),
        ({"states": ["Done"]}, "states must be 'All', .* got a str of 4 characters"),
        ({"created_after": datetime(2026, 1, 1)}, "a time needs an offset"),  # noqa: DTZ001 - that is the fault
    ],
)
def test_a_list_query_outside_its_limits_is_refused(arguments, message):
    with pytest.raises(InvalidRequestError, match=message):
        list_query(**arguments)


def test_a_text_that_xml_cannot_carry_is_refused_and_not_quoted():
    result = CardResult((Field("Name", "pri\x01vate"),))
    with pytest.raises(InvalidRequestError, match=r"U\+0001") as e:
        jobs_xml(JobList((Job("j", JobState.SUCCESS, result=result),)))
    assert "vate" not in str(e.value)
