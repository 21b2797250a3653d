"""Written documents are read back unchanged, and no bytes raise another error than DecodeError."""

import warnings

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st
from wire_strategies import fields, job_tuples, jobs, maybe_text, requests, texts, words

from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._decode import (
    decode,
    decode_callback,
    decode_error,
    decode_jobs,
    decode_recognition,
    decode_request,
)
from cardocr_nb.wire._encode import callback_bytes, error_xml, jobs_xml, joined_jobs, recognition_xml, request_xml
from cardocr_nb.wire._records import Callback, CardResult, Error, JobList


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


@given(st.lists(jobs, max_size=3).map(tuple), st.lists(words, max_size=2).map(tuple), st.none() | words)
def test_documents_of_single_jobs_are_joined_to_the_answer_with_all(many, missing, token):
    joined = joined_jobs([jobs_xml(JobList((job,))) for job in many], missing, token)
    assert decode_jobs(joined) == decode_jobs(jobs_xml(JobList(many, missing, token)))


@given(st.lists(jobs, max_size=3).map(tuple))
def test_documents_are_written_byte_for_byte_as_xmltodict_writes_them(many):
    raw = jobs_xml(JobList(many))
    assert xmltodict.unparse(xmltodict.parse(raw, strip_whitespace=False), short_empty_elements=True).encode() == raw


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
