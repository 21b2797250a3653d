"""What the embedded service says of itself is read back by the decoders that read the cloud's answers."""

from urllib.parse import unquote

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._admin import AiBucket, Queue, decode_ai_buckets, decode_ci_status, decode_queues
from cardocr_nb.wire._admin_encode import (
    ObjectEntry,
    ObjectPage,
    QueueEntry,
    ai_bucket_xml,
    ai_buckets_xml,
    ci_status_json,
    objects_xml,
    queue_xml,
    queues_xml,
)
from cardocr_nb.wire._queue_update import Notify, QueueUpdate, decode_queue_update

NOTIFY = Notify("http://127.0.0.1/ended?a=1&b=2", "On", "Url", "TaskFinish", "JSON")
QUEUE = QueueEntry("p1", "mine", "Paused", NOTIFY, 10, 2, 0.0, 1.0)
BUCKET = AiBucket("b-1", "b-1", "local")


@pytest.mark.parametrize("status", ["on", "off", "unbinding"])
def test_a_binding_is_read_back(status):
    assert decode_ci_status(ci_status_json(status)) == status


@pytest.mark.parametrize("count", [0, 1, 3])
def test_buckets_and_queues_are_read_back_for_any_number_of_them(count):
    raw = ai_buckets_xml([BUCKET] * count, [0.0] * count, page=(1, 10), total=count, request_id="r")
    assert decode_ai_buckets(raw) == (BUCKET,) * count
    raw = queues_xml([QUEUE] * count, [], page=(1, 10), total=count, request_id="r")
    assert decode_queues(raw) == (Queue("p1", "mine", "Paused"),) * count


def test_a_queue_is_written_with_times_at_0800_and_its_callback():
    queue = xmltodict.parse(queue_xml(QUEUE, request_id="r"))["Response"]["Queue"]
    assert queue["UpdateTime"] == "1970-01-01T08:00:01+0800"
    assert queue["NotifyConfig"] == {
        "Url": NOTIFY.url,
        "State": "On",
        "Type": "Url",
        "Event": "TaskFinish",
        "ResultFormat": "JSON",
    }
    assert (queue["MaxSize"], queue["MaxConcurrent"], queue["Category"]) == ("10", "2", "AIProcess")


def test_queues_that_are_not_there_are_named():
    response = xmltodict.parse(queues_xml([], ["p8", "p9"], page=(2, 5), total=0, request_id="r"))["Response"]
    assert response["NonExistPIDs"]["QueueId"] == ["p8", "p9"]
    assert (response["PageNumber"], response["PageSize"], response["RequestId"]) == ("2", "5", "r")


def test_the_reply_to_switching_on_holds_the_bucket():
    response = xmltodict.parse(ai_bucket_xml(BUCKET, 0.0, request_id="r"))["Response"]
    assert response["AiBucket"]["BucketId"] == "b-1"


keys = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
)


@given(st.lists(keys, max_size=3), st.lists(keys, max_size=3), st.none() | keys)
def test_names_of_any_kind_come_through_url_encoded(names, prefixes, marker):
    page = ObjectPage(
        "b-1",
        "p q",
        "+",
        "/%",
        1000,
        objects=tuple(ObjectEntry(name, '"e"', 5, 0.0) for name in names),
        prefixes=tuple(prefixes),
        next_marker=marker,
        encoded=True,
    )
    result = xmltodict.parse(objects_xml(page), force_list=("Contents", "CommonPrefixes"))["ListBucketResult"]
    assert [unquote(entry["Key"]) for entry in result.get("Contents", [])] == names
    assert [unquote(entry["Prefix"]) for entry in result.get("CommonPrefixes", [])] == prefixes
    assert (unquote(result["Prefix"]), unquote(result["Marker"]), unquote(result["Delimiter"])) == ("p q", "+", "/%")
    assert result["IsTruncated"] == ("false" if marker is None else "true")
    assert marker is None or unquote(result["NextMarker"]) == marker


def test_an_object_is_listed_with_its_time_and_size():
    page = ObjectPage("b-1", "", "", "", 10, objects=(ObjectEntry("a b", '"e"', 5, 0.0),))
    entry = xmltodict.parse(objects_xml(page))["ListBucketResult"]["Contents"]
    assert entry == {
        "Key": "a b",
        "LastModified": "1970-01-01T00:00:00.000Z",
        "ETag": '"e"',
        "Size": "5",
        "StorageClass": "STANDARD",
    }


def test_the_vendors_sample_of_a_queue_update_is_read():
    raw = b"""<Request><Name>My-Queue-AI</Name><State>Active</State><NotifyConfig><State>On</State>
    <Url>http://callback.demo.com</Url><Type>Url</Type><Event>TaskFinish,WorkflowFinish</Event>
    <ResultFormat>JSON</ResultFormat></NotifyConfig></Request>"""
    notify = Notify("http://callback.demo.com", "On", "Url", "TaskFinish,WorkflowFinish", "JSON")
    assert decode_queue_update(raw) == QueueUpdate("My-Queue-AI", "Active", notify)


def test_what_a_queue_update_leaves_out_is_left():
    assert decode_queue_update(b"<Request><State>Paused</State></Request>") == QueueUpdate(None, "Paused", None)
    empty = decode_queue_update(b"<Request><State>Paused</State><NotifyConfig/></Request>")
    assert empty.notify == Notify(None, "Off", "Url", None, "XML")


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<State>Gone</State>", "State must be Active or Paused, got a text of 4 characters"),
        ("", "State must be Active or Paused, got nothing"),
        ("<State>Active</State><Name>a b</Name>", "Name must be at most 128 letters"),
        (f"<State>Active</State><Name>{'a' * 129}</Name>", "got a text of 129 characters"),
        (
            "<State>Active</State><NotifyConfig><State>Up</State></NotifyConfig>",
            "State in NotifyConfig must be Off or On",
        ),
        ("<State>Active</State><NotifyConfig><Type>Post</Type></NotifyConfig>", "Type in NotifyConfig must be Url"),
        ("<State>Active</State><NotifyConfig><State>On</State></NotifyConfig>", "Url in NotifyConfig is required"),
        ("<State>Active</State><NotifyConfig><Url>a\tb\x85</Url></NotifyConfig>", "must hold no control character"),
    ],
)
def test_a_queue_update_that_cannot_be_is_refused(inside, message):
    with pytest.raises(DecodeError, match=message):
        decode_queue_update(f"<Request>{inside}</Request>".encode())


@given(st.binary(max_size=60) | st.sampled_from([b"<Response/>", b"{}", b"<Request><Request/></Request>"]))
def test_any_bytes_of_a_queue_update_raise_at_most_a_decode_error(raw):
    with pytest.raises(DecodeError):
        decode_queue_update(raw)


def test_a_request_is_never_repaired():
    with pytest.raises(DecodeError, match="not well-formed"):
        decode_queue_update(b"<Request></Message><State>Active</State></Request>")
