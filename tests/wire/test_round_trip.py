"""What is written is what is read, and no bytes do worse than a DecodeError."""

import warnings
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.cards import CardType
from cardocr_nb.errors import DecodeError
from cardocr_nb.wire.decode import (
    decode,
    decode_callback,
    decode_error,
    decode_jobs,
    decode_recognition,
    decode_request,
)
from cardocr_nb.wire.encode import (
    SERVICE_TIME,
    TAG,
    callback_bytes,
    error_xml,
    jobs_xml,
    recognition_xml,
    request_xml,
)
from cardocr_nb.wire.models import (
    Callback,
    CardResult,
    Error,
    Field,
    Job,
    JobList,
    JobRequest,
    JobState,
    MqConfig,
)

characters = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
texts = st.text(characters, min_size=1, max_size=30).filter(lambda s: s.strip(" \t\r\n") == s)
maybe_text = st.none() | texts
printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=1024)
words = st.from_regex(r"[A-Za-z0-9_\-]{1,33}", fullmatch=True)
keys = texts.filter(lambda s: s[0] not in "/\\")
times = st.none() | st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda t: t.replace(microsecond=0).astimezone(SERVICE_TIME)
)
points = st.tuples(st.integers(-99_999, 99_999), st.integers(-99_999, 99_999))
fields = st.builds(
    Field,
    label=st.just("") | texts,
    text=maybe_text,
    score=st.none() | st.integers(0, 100),
    polygon=st.none() | st.tuples(points, points, points, points) | st.lists(points, min_size=1, max_size=6).map(tuple),
)
results = st.builds(
    CardResult,
    fields=st.lists(fields, max_size=12).map(tuple),
    status=st.sampled_from([None, 0, 1]),
    state=st.sampled_from([None, "Success", "Failed"]),
    code=maybe_text,
    message=maybe_text,
    key=maybe_text,
    url=maybe_text,
).filter(lambda r: r != CardResult())
jobs = st.builds(
    Job,
    id=texts,
    state=st.sampled_from(JobState),
    key=maybe_text,
    card_type=st.none() | st.sampled_from(list(map(str, CardType))),
    code=maybe_text,
    message=maybe_text,
    tag=st.sampled_from([None, TAG]),
    bucket=maybe_text,
    region=maybe_text,
    queue_id=maybe_text,
    created=times,
    started=times,
    ended=times,
    user_data=st.none() | printable,
    job_level=st.sampled_from([None, 0, 1, 2]),
    progress=st.none() | st.integers(0, 100),
    result=st.none() | results,
)
job_tuples = st.lists(jobs, max_size=4).map(tuple)
requests = st.builds(
    JobRequest,
    key=keys,
    card_type=st.sampled_from(list(map(str, CardType))),
    user_data=st.none() | printable,
    job_level=st.sampled_from([None, 0, 1, 2]),
    callback=st.sampled_from([None, "no", "http://127.0.0.1:8087/x?a=1&b=2", "https://callback.demo.com"]),
    callback_format=st.sampled_from([None, "XML", "JSON"]),
    callback_type=st.sampled_from([None, "Url"]),
    callback_mq=st.none()
    | st.builds(
        MqConfig,
        region=st.sampled_from(["sh", "bj", "gz", "cd", "hk"]),
        name=words,
        mode=st.sampled_from(["Queue", "Topic"]),
    ),
    queue_id=st.none() | words,
)


@given(requests)
def test_a_request_reads_back_as_it_was_written(request):
    assert decode_request(request_xml(request)) == request


@given(
    st.builds(
        JobList, jobs=job_tuples, missing_ids=st.lists(words, max_size=3).map(tuple), next_token=st.none() | words
    )
)
def test_a_list_of_jobs_reads_back_as_it_was_written(reply):
    assert decode_jobs(jobs_xml(reply)) == reply


@given(st.builds(Callback, event=texts, jobs=job_tuples), st.sampled_from(["XML", "JSON"]))
def test_a_callback_reads_back_in_both_formats(callback, form):
    assert decode_callback(callback_bytes(callback, form)) == callback


@given(st.builds(CardResult, fields=st.lists(fields, max_size=12).map(tuple), status=st.sampled_from([0, 1])))
def test_a_recognition_reads_back_as_it_was_written(result):
    assert decode_recognition(recognition_xml(result)) == result


@given(
    st.builds(
        Error,
        code=texts,
        message=st.just("") | texts,
        resource=maybe_text,
        request_id=maybe_text,
        trace_id=maybe_text,
    )
)
def test_an_error_reads_back_as_it_was_written(error):
    assert decode_error(error_xml(error)) == error


@given(job_tuples)
def test_the_raw_bytes_stay_with_every_job_and_result(many):
    raw = jobs_xml(JobList(jobs=many))
    read = decode_jobs(raw).jobs
    assert all(job.raw == raw for job in read)
    assert all(job.result.raw == raw for job in read if job.result is not None)


def _only_decode_errors(raw):
    for read in (decode, decode_request):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read(raw)
            except DecodeError as e:
                assert e.raw == raw  # noqa: PT017 - not every input is refused


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_a_decode_error(raw):
    _only_decode_errors(raw)


_NODES = [
    "Response",
    "JobsDetail",
    "State",
    "Score",
    "Point",
    "IdInfo",
    "Location",
    "JobId",
    "Error",
    "EventName",
    "Request",
    "Message",
    "Status",
]


@given(
    st.lists(
        st.sampled_from([f"<{n}>" for n in _NODES] + [f"</{n}>" for n in _NODES] + [f"<{n}/>" for n in _NODES])
        | st.sampled_from(["<ImageLicenseRecResult>", "</ImageLicenseRecResult>", "<Operation>", "</Operation>"])
        | st.sampled_from(
            ["1,2", "99", "Success", "&amp;", "<![CDATA[", "]]>", "<!--", "-->", "\ufeff", "&#0;", "&x;"]
        ),
        max_size=24,
    )
)
def test_no_heap_of_tags_raises_anything_but_a_decode_error(parts):
    _only_decode_errors("".join(parts).encode())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*_NODES, "Input", "Operation", "Name", "DetectedText", "#text"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_no_json_raises_anything_but_a_decode_error(value):
    import json

    _only_decode_errors(json.dumps(value).encode())


@given(jobs, st.data())
def test_a_damaged_document_is_read_or_refused_but_never_breaks(job, data):
    raw = bytearray(jobs_xml(JobList(jobs=(job,))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(["flip", "drop", "double", "cut"])):
            case "flip":
                raw[at] ^= 1 << data.draw(st.integers(0, 7))
            case "drop":
                del raw[at : at + 3]
            case "double":
                raw[at:at] = raw[at : at + 7]
            case "cut":
                del raw[at + 1 :]
        if not raw:
            break
    _only_decode_errors(bytes(raw))


@pytest.mark.parametrize("depth", [10, 200_000])
def test_deeply_nested_json_is_refused(depth):
    with pytest.raises(DecodeError):
        decode(b"[" * depth)


def test_deeply_nested_xml_is_refused():
    with pytest.raises(DecodeError):
        decode(b"<Response>" * 100_000 + b"</Response>" * 100_000)
