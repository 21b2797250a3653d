"""One document a job, cut out of the answer that described many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._decode import decode_jobs
from cardocr_nb.wire._encode import jobs_xml
from cardocr_nb.wire._records import JobList

if TYPE_CHECKING:
    from cardocr_nb.wire._records import Job

_JOB = re.compile(rb"<JobsDetail>.*?</JobsDetail>", re.DOTALL)
_FIELDS = re.compile(rb"<IdInfo>.*?</IdInfo>", re.DOTALL)
_UTF8 = re.compile(rb"\s*(<\?xml version=[\"']1\.[01][\"'](\s+encoding=[\"'](utf-8|UTF-8)[\"'])?\s*\?>)?\s*<Response>")


def job_documents(raw: bytes) -> list[tuple[Job, bytes]]:
    """Decode an answer and cut it into one document a job.

    Where the answer can be cut safely, the fields of the cards are neither decoded nor copied: a run needs the states
    only, and the frame decodes the documents later.

    Parameters
    ----------
    raw : bytes
        Answer to submit, describe or list.

    Returns
    -------
    list of (Job, bytes)
        Each job, without fields if it was cut, and its document: bytes of the answer, or the job encoded again.

    Raises
    ------
    DecodeError
        No job can be decoded; a job that cannot is left out if others can.

    Examples
    --------
    >>> raw = b"<Response><JobsDetail><JobId>a</JobId><State>Running</State></JobsDetail></Response>"
    >>> [(job, document)] = job_documents(raw)
    >>> job.id, document == raw
    ('a', True)
    """
    cut = _cut(raw)
    try:
        jobs = decode_jobs(_FIELDS.sub(b"", raw) if cut else raw).jobs
    except DecodeError:
        readable = [found for document in cut.values() for found in _decode_one(document)]
        if not readable:
            raise
        return readable
    return [(job, cut.get(job.id) or jobs_xml(JobList((job,)))) for job in jobs]


def _decode_one(document: bytes) -> list[tuple[Job, bytes]]:
    try:
        return [(job, document) for job in decode_jobs(_FIELDS.sub(b"", document)).jobs]
    except DecodeError:
        return []


def _cut(raw: bytes) -> dict[str, bytes]:
    """Return the documents by job id; empty if the answer cannot be cut safely: no UTF-8, a comment, a CDATA section."""
    if not _UTF8.match(raw) or b"<!" in raw:
        return {}
    found: dict[str, bytes] = {}
    for piece in _JOB.findall(raw):
        ids = re.findall(rb"<JobId>([\x21-\x25\x27-\x3b\x3d-\x7e]+)</JobId>", piece)
        if len(ids) != 1 or ids[0].decode() in found:
            return {}
        found[ids[0].decode()] = b"<Response>" + piece + b"</Response>"
    return found
