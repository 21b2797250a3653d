"""The contract with the service: XML and JSON both ways, in pure functions without I/O.

The client and the embedded service use the same functions from their two sides, so that neither can drift from the other.

========= ============================================================================================================
records   `Job`, `JobList`, `Callback`, `CardResult`, `Field`, `Error`, `JobRequest`, `MqConfig`, `JobState`
read      `decode` reads any document of the service; `decode_jobs`, `decode_callback`, `decode_recognition`,
          `decode_error` and `decode_request` expect one kind
write     `request_xml` and `list_query` make requests; `jobs_xml`, `callback_bytes`, `recognition_xml` and `error_xml`
          make the service's side
========= ============================================================================================================

Examples
--------
>>> from cardocr_nb.wire import Field, CardResult, decode_recognition, recognition_xml
>>> decode_recognition(recognition_xml(CardResult((Field("姓名", "样本", 98),), status=1))).fields[0].score
98
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.wire._decode import (
    Document,
    RepairWarning,
    decode,
    decode_callback,
    decode_each,
    decode_error,
    decode_jobs,
    decode_recognition,
    decode_request,
)
from cardocr_nb.wire._encode import (
    callback_bytes,
    error_xml,
    jobs_xml,
    list_query,
    recognition_xml,
    request_xml,
)
from cardocr_nb.wire._records import (
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

__all__ = [
    "Callback",
    "CardResult",
    "Document",
    "Error",
    "Field",
    "Job",
    "JobList",
    "JobRequest",
    "JobState",
    "MqConfig",
    "RepairWarning",
    "callback_bytes",
    "decode",
    "decode_callback",
    "decode_each",
    "decode_error",
    "decode_jobs",
    "decode_recognition",
    "decode_request",
    "error_xml",
    "jobs_xml",
    "list_query",
    "recognition_xml",
    "request_xml",
]

guard_public(__all__, __name__)
