"""Each job's own document, word for word where the answer can be cut without doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_strategies import jobs as any_job

from cardocr_nb._bulk._pieces import job_documents
from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._decode import decode_jobs
from cardocr_nb.wire._encode import jobs_xml
from cardocr_nb.wire._records import JobList


@given(st.lists(any_job, max_size=4, unique_by=lambda job: job.id))
def test_each_document_is_the_job(jobs):
    raw = jobs_xml(JobList(tuple(jobs)))
    decoded = decode_jobs(raw).jobs
    found = job_documents(raw)
    assert [decode_jobs(document).jobs for _, document in found] == [(job,) for job in decoded]
    assert [(job.id, job.state, job.key, job.card_type, job.user_data) for job, _ in found] == [
        (job.id, job.state, job.key, job.card_type, job.user_data) for job in decoded
    ]


def test_nodes_that_this_package_does_not_know_stay_in_the_document():
    raw = (
        b'<?xml version="1.0" encoding="utf-8"?>\n<Response><RequestId>x</RequestId><JobsDetail><JobId>a</JobId>'
        b"<State>Success</State><New>1</New></JobsDetail><JobsDetail><JobId>b</JobId><State>Failed</State></JobsDetail></Response>"
    )
    (_, first), (_, second) = job_documents(raw)
    assert first == b"<Response><JobsDetail><JobId>a</JobId><State>Success</State><New>1</New></JobsDetail></Response>"
    assert b"<JobId>b</JobId>" in second


def test_an_answer_that_cannot_be_cut_safely_is_encoded_again():
    raw = (
        b"<Response><JobsDetail><JobId>a</JobId><State>Success</State><Message><![CDATA[</JobsDetail>]]></Message>"
        b"</JobsDetail></Response>"
    )
    [(job, document)] = job_documents(raw)
    assert decode_jobs(document).jobs == decode_jobs(raw).jobs == (job,)
    assert b"CDATA" not in document


def test_json_is_encoded_again():
    [(job, document)] = job_documents(b'{"Response": {"JobsDetail": {"JobId": "a", "State": "Running"}}}')
    assert decode_jobs(document).jobs == (job,)


def test_one_job_that_cannot_be_decoded_does_not_hide_the_others():
    good, bad = (
        b"<JobsDetail><JobId>%s</JobId><State>%s</State></JobsDetail>" % pair
        for pair in ((b"a", b"Success"), (b"b", b"?"))
    )
    assert [job.id for job, _ in job_documents(b"<Response>" + good + bad + b"</Response>")] == ["a"]
    with pytest.raises(DecodeError):
        job_documents(b"<Response>" + bad + b"</Response>")
