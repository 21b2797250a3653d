"""One document a job, cut out of the answer that described many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cardocr_nb.wire._encode import jobs_xml
from cardocr_nb.wire._records import JobList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.wire._records import Job

_JOB = re.compile(rb"<JobsDetail>.*?</JobsDetail>", re.DOTALL)
_UTF8 = re.compile(rb"\s*(<\?xml version=[\"']1\.[01][\"'](\s+encoding=[\"'](utf-8|UTF-8)[\"'])?\s*\?>)?\s*<Response>")


def pieces(jobs: Sequence[Job]) -> list[bytes]:
    """Give a document of its own for each job of one answer.

    Parameters
    ----------
    jobs : sequence of Job
        As `cardocr_nb.wire._decode.decode_jobs` gives them for one answer, some may be left out; ``raw`` is the answer.

    Returns
    -------
    list of bytes
        Bytes of the answer, word for word, wherever it can be cut without doubt; else the job encoded again.

    Examples
    --------
    >>> from cardocr_nb.wire._decode import decode_jobs
    >>> raw = b"<Response><JobsDetail><JobId>a</JobId><State>Running</State></JobsDetail></Response>"
    >>> pieces(decode_jobs(raw).jobs) == [raw]
    True
    """
    cut: dict[bytes, dict[str, bytes]] = {}
    for raw in {job.raw for job in jobs}:
        cut[raw] = _cut(raw)
    return [cut[job.raw].get(job.id) or jobs_xml(JobList((job,))) for job in jobs]


def _cut(raw: bytes) -> dict[str, bytes]:
    if not _UTF8.match(raw) or b"<!" in raw:
        return {}
    found: dict[str, bytes] = {}
    for piece in _JOB.findall(raw):
        names = re.findall(rb"<JobId>([\x21-\x25\x27-\x3b\x3d-\x7e]+)</JobId>", piece)
        if len(names) != 1 or names[0].decode() in found:
            return {}
        found[names[0].decode()] = b"<Response>" + piece + b"</Response>"
    return found
