"""What the service says of itself: both forms of the vendor's pages, and nothing but DecodeError for the rest."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._admin import AiBucket, Queue, decode_ai_buckets, decode_ci_status, decode_queues

DECODERS = [decode_ci_status, decode_ai_buckets, decode_queues]

QUEUE = b"""<QueueList><QueueId>p23f69f4779e64b18aa61e70d5416c071</QueueId><Name>queue-ai-process-1</Name>
<State>Active</State><NotifyConfig><Url>http://callback.demo.com</Url><State>On</State></NotifyConfig>
<MaxSize>10000</MaxSize><Category>AIProcess</Category></QueueList>"""
BUCKET = b"""<AiBucketList><BucketId>test-1234567890</BucketId><Name>test-1234567890</Name>
<Region>ap-chongqing</Region><CreateTime>2022-08-09T16:23:11+0800</CreateTime></AiBucketList>"""


def response(*nodes):
    return b"<Response><RequestId>r</RequestId><TotalCount>1</TotalCount>" + b"".join(nodes) + b"</Response>"


@pytest.mark.parametrize("status", ["on", "off", "unbinding"])
@pytest.mark.parametrize(
    "form",
    [
        '{{"CIStatus":"{}"}}',
        '<?xml version="1.0" encoding="UTF-8" ?>\n<CIStatus>{}</CIStatus>',
        "<Response><CIStatus>{}</CIStatus></Response>",
        "\n<CIStatus>\n {} \n</CIStatus>\n",
    ],
)
def test_the_binding_is_read_from_json_and_xml(status, form):
    assert decode_ci_status(form.format(status).encode()) == status


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"CIStatus":"perhaps"}', "CIStatus must be one of on, off, unbinding, got a text of 7 characters"),
        (b'{"CIStatus":1}', "got a text of 1 characters"),
        (b"{}", "got nothing"),
        (b"<CIStatus/>", "got nothing"),
        (b'{"CIStatus":["on","off"]}', "CIStatus appears more than once"),
        (b"on", "not well-formed"),
    ],
)
def test_a_binding_that_is_none_of_three_words_is_refused(raw, message):
    with pytest.raises(DecodeError, match=message):
        decode_ci_status(raw)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_queues_are_a_tuple_for_any_number_of_them(count):
    queue = Queue("p23f69f4779e64b18aa61e70d5416c071", "queue-ai-process-1", "Active")
    assert decode_queues(response(*[QUEUE] * count)) == (queue,) * count


@pytest.mark.parametrize("count", [0, 1, 3])
def test_buckets_are_a_tuple_for_any_number_of_them(count):
    bucket = AiBucket("test-1234567890", "test-1234567890", "ap-chongqing")
    assert decode_ai_buckets(response(*[BUCKET] * count)) == (bucket,) * count


def test_an_empty_response_lists_nothing():
    assert decode_queues(b"<Response/>") == ()
    assert decode_ai_buckets(b"<Response></Response>") == ()


@pytest.mark.parametrize("decoder", [decode_ai_buckets, decode_queues])
def test_another_document_is_refused_by_its_root(decoder):
    with pytest.raises(DecodeError, match="expected Response at the root, got 'Error'"):
        decoder(b"<Error><Code>AccessDenied</Code></Error>")


def test_the_document_is_kept_on_the_error():
    raw = b"<Response><QueueList>words</QueueList></Response>"
    with pytest.raises(DecodeError, match="QueueList holds text where nodes are expected") as caught:
        decode_queues(raw)
    assert caught.value.raw == raw


SHREDS = [QUEUE, BUCKET, b"<Response>", b"</Response>", b"<CIStatus>", b"on", b"</CIStatus>", b"<Name>", b"</Name>"]
SHREDS += [
    b"<Name/>",
    b"<State>On</State>",
    b"{",
    b"}",
    b'"CIStatus":',
    b"[]",
    b"<!DOCTYPE a>",
    b"&lt;",
    b"&x;",
    b"\xff",
]
shreds = st.lists(st.sampled_from(SHREDS), max_size=12).map(b"".join)


@pytest.mark.parametrize("decoder", DECODERS)
@given(raw=st.binary(max_size=60) | shreds | shreds.map(lambda s: b"<Response>" + s + b"</Response>"))
def test_no_bytes_raise_anything_but_decode_error(decoder, raw):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            decoder(raw)
        except DecodeError as e:
            kept = e.raw
        else:
            kept = raw
    assert kept == raw
