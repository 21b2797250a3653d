"""Each job's own document, word for word where the answer can be cut without doubt."""

from hypothesis import given
from hypothesis import strategies as st
from wire_strategies import jobs as any_job

from cardocr_nb._bulk._pieces import pieces
from cardocr_nb.wire._decode import decode_jobs
from cardocr_nb.wire._encode import jobs_xml
from cardocr_nb.wire._records import JobList


@given(st.lists(any_job, max_size=4, unique_by=lambda job: job.id))
def test_each_piece_is_the_job(jobs):
    decoded = decode_jobs(jobs_xml(JobList(tuple(jobs)))).jobs
    assert [decode_jobs(piece).jobs for piece in pieces(decoded)] == [(job,) for job in decoded]


def test_what_this_package_does_not_know_stays_in_the_piece():
    raw = (
        b'<?xml version="1.0" encoding="utf-8"?>\n<Response><RequestId>x</RequestId><JobsDetail><JobId>a</JobId>'
        b"<State>Success</State><New>1</New></JobsDetail><JobsDetail><JobId>b</JobId><State>Failed</State></JobsDetail></Response>"
    )
    first, second = pieces(decode_jobs(raw).jobs)
    assert first == b"<Response><JobsDetail><JobId>a</JobId><State>Success</State><New>1</New></JobsDetail></Response>"
    assert b"<JobId>b</JobId>" in second


def test_an_answer_that_cannot_be_cut_without_doubt_is_encoded_again():
    raw = (
        b"<Response><JobsDetail><JobId>a</JobId><State>Success</State><Message><![CDATA[</JobsDetail>]]></Message>"
        b"</JobsDetail></Response>"
    )
    (job,) = decode_jobs(raw).jobs
    (piece,) = pieces([job])
    assert decode_jobs(piece).jobs == (job,)
    assert b"CDATA" not in piece


def test_json_is_encoded_again():
    (job,) = decode_jobs(b'{"Response": {"JobsDetail": {"JobId": "a", "State": "Running"}}}').jobs
    assert decode_jobs(pieces([job])[0]).jobs == (job,)
