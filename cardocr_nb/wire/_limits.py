"""Every limit of the specification, held before a byte is sent.

Source: the vendor's page for ``POST /jobs`` with Tag ``ImageLicenseRec``; the length of a key is the object store's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.cards import CardType
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._records import JobRequest, JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_USER_DATA = 1024
MAX_KEY_BYTES = 850
MAX_PAGE = 100
MQ_REGIONS = ("sh", "bj", "gz", "cd", "hk")
MQ_MODES = ("Queue", "Topic")

UNFIT_FOR_XML = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML document carries unchanged."""

_NOT_PRINTABLE_ASCII = re.compile(r"[^\x20-\x7e]")


def check_request(request: JobRequest) -> None:
    """Hold a submission against every limit of the specification.

    Raises
    ------
    InvalidRequestError
        Naming all the faults at once, each with what was got; nothing of the user data is quoted.

    Examples
    --------
    >>> check_request(JobRequest(key="front/0001.jpg", card_type="Passport", job_level=3))
    Traceback (most recent call last):
    cardocr_nb.errors.InvalidRequestError: card_type must be 'IDCard' or 'DriverLicense', got a str of 8 characters; \
job_level must be 0, 1 or 2, got 3
    """
    faults = [
        *_key_faults(request.key),
        *_choice_fault("card_type", request.card_type, tuple(map(str, CardType)), required=True),
        *_user_data_faults(request.user_data),
        *_callback_faults(request),
    ]
    if request.job_level is not None and (isinstance(request.job_level, bool) or request.job_level not in (0, 1, 2)):
        faults.append(f"job_level must be 0, 1 or 2, got {describe(request.job_level)}")
    if request.queue_id is not None and not re.fullmatch(r"[\x21-\x7e]+", request.queue_id):
        faults.append("queue_id must be printable ASCII without spaces")
    if faults:
        raise InvalidRequestError("; ".join(faults))


def _choice_fault(name: str, value: object, allowed: tuple[str, ...], *, required: bool = False) -> list[str]:
    if value in allowed or (value is None and not required):
        return []
    *most, last = (repr(a) for a in allowed)
    return [f"{name} must be {', '.join(most)} or {last}, got {shown_choice(value, allowed)}"]


def _key_faults(key: str) -> list[str]:
    if not key:
        return ["key must name an object in the bucket, got an empty one"]
    if key[0] in "/\\":
        return [f"key must not begin with a slash, got {describe(key)}"]
    if UNFIT_FOR_XML.search(key):
        return [f"key must hold no control character, got {describe(key)}"]
    if len(key.encode()) > MAX_KEY_BYTES:
        return [f"key must be at most {MAX_KEY_BYTES} bytes of UTF-8, got {len(key.encode())}"]
    return []


def _user_data_faults(user_data: str | None) -> list[str]:
    if user_data is None:
        return []
    faults = []
    if len(user_data) > MAX_USER_DATA:
        faults.append(f"user_data must be at most {MAX_USER_DATA} characters, got {len(user_data)}")
    odd = _NOT_PRINTABLE_ASCII.search(user_data)
    if odd:
        faults.append(f"user_data must be printable ASCII, got U+{ord(odd[0]):04X} at position {odd.start()}")
    return faults


def _callback_faults(request: JobRequest) -> list[str]:
    faults = [
        *_choice_fault("callback_format", request.callback_format, ("XML", "JSON")),
        *_choice_fault("callback_type", request.callback_type, ("Url", "TDMQ")),
    ]
    if request.callback not in (None, "no") and not _is_http(request.callback):
        faults.append(f"callback must be an http or https address or 'no', got {describe(request.callback)}")
    mq = request.callback_mq
    if request.callback_type == "TDMQ" and mq is None:
        faults.append("callback_type 'TDMQ' needs callback_mq=MqConfig(region, name)")
    if mq is not None:
        faults += _choice_fault("callback_mq.region", mq.region, MQ_REGIONS, required=True)
        faults += _choice_fault("callback_mq.mode", mq.mode, MQ_MODES, required=True)
        if not mq.name or UNFIT_FOR_XML.search(mq.name):
            faults.append("callback_mq.name must name the message queue")
    return faults


def _is_http(address: str | None) -> bool:
    if not address or _NOT_PRINTABLE_ASCII.search(address) or " " in address:
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def check_page(size: int, states: Sequence[str]) -> None:
    """Hold the arguments of a list call against their limits.

    Raises
    ------
    InvalidRequestError
        A page of fewer than 1 or more than 100 jobs, or a state that does not exist.
    """
    faults = [] if 1 <= size <= MAX_PAGE else [f"size must be 1 to {MAX_PAGE}, got {describe(size)}"]
    for state in states:
        faults += _choice_fault("states", state, ("All", *map(str, JobState)))
    if faults:
        raise InvalidRequestError("; ".join(faults))
