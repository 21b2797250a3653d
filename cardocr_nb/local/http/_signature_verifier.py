"""The check of a call's signature and of the period in which it is valid."""

from __future__ import annotations

import hmac
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from cardocr_nb.errors import DecodeError
from cardocr_nb.local._service_fault import ServiceFault
from cardocr_nb.wire._signature import Authorization, canonical, matches, read_authorization

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cardocr_nb.local.http._routing import Call

SKEW = 15 * 60
MAX_PERIOD = 7 * 86400
"""Longest time, in seconds, for which a signature may be valid: as in other object stores, a week."""
_CHANGING_HEADERS = frozenset({"x-cos-copy-source"})
"""Headers that turn a call into another one; unsigned, whoever has a signed address could copy other objects."""
_FREE_PARAMETERS = frozenset({"x-cos-security-token", "x-ci-security-token", "cancel"})
"""Parameters that the SDKs leave unsigned: tokens, and ``cancel``, without which ``PUT /jobs/<id>`` means nothing."""
PARTS = (
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
)


class SignatureVerifier:
    """Checks signatures against one pair of credentials.

    Parameters
    ----------
    secret_id, secret_key : str
    clock : callable, default time.time
        Returns Unix seconds.
    lenient : bool, default False
        Accept signatures that do not cover ``Host`` and all parameters. Such a signature is valid for other buckets,
        and for the same call with parameters added by others.
    """

    def __init__(
        self, secret_id: str, secret_key: str, clock: Callable[[], float] = time.time, *, lenient: bool = False
    ) -> None:
        self._secret_id, self._secret_key, self._clock = secret_id, secret_key, clock
        self._lenient = lenient

    def __repr__(self) -> str:
        return "SignatureVerifier()"

    def check(self, call: Call, headers: Mapping[str, str]) -> dict[str, str]:
        """Raise unless the call has a valid signature.

        The signature is in ``Authorization`` or, for a presigned address, in the query. It is valid until its end and may
        have begun long ago, but not later than 15 minutes from now. A ``Date`` header may differ by 15 minutes at most.

        Parameters
        ----------
        call : Call
        headers : dict of str to str
            Names in lower case.

        Returns
        -------
        dict of str to str
            Parameters of the call without those of the signature.

        Raises
        ------
        ServiceFault
            ``AccessDenied`` (none, expired address, or not covering the call), ``InvalidArgument`` (malformed), ``InvalidAccessKeyId``, ``RequestTimeTooSkewed``
            or ``SignatureDoesNotMatch``.
        """
        own = {name: value for name, value in call.params.items() if name not in PARTS}
        text = headers.get("authorization") or "&".join(f"{n}={call.params[n]}" for n in PARTS if n in call.params)
        if not text:
            raise ServiceFault(403, "AccessDenied", "Access Denied. The request is not signed.")
        try:
            authorization = read_authorization(text)
        except DecodeError as e:
            raise ServiceFault(400, "InvalidArgument", str(e)) from e
        if not hmac.compare_digest(authorization.secret_id.encode(), self._secret_id.encode()):
            raise ServiceFault(
                403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records."
            )
        self._check_time(authorization, headers)
        if not self._lenient:
            _check_coverage(authorization, own, headers)
        if not self._fits(authorization, call, headers):
            raise ServiceFault(
                403,
                "SignatureDoesNotMatch",
                "The Signature you specified is invalid. Check the secret key and what was signed.",
            )
        return own

    def _check_time(self, authorization: Authorization, headers: Mapping[str, str]) -> None:
        date = headers.get("date")
        now = self._clock()
        start, end = authorization.period
        if start > now + SKEW or (date is not None and abs(_seconds(date) - now) > SKEW):
            raise ServiceFault(403, "RequestTimeTooSkewed", "The request time and the server's time are too far apart.")
        if end < now:
            # The vendor's SDKs correct their clock on the first answer; an expired address has no clock to correct.
            if "authorization" in headers:
                raise ServiceFault(403, "RequestTimeTooSkewed", "The signature has expired; check the clock.")
            raise ServiceFault(403, "AccessDenied", "Request has expired")
        if start > end:
            raise ServiceFault(400, "InvalidArgument", "The signature ends before it begins.")
        if end - start > MAX_PERIOD:
            raise ServiceFault(
                403, "AccessDenied", f"The signature is valid for {end - start} s, at most {MAX_PERIOD} s are accepted."
            )

    def _fits(self, authorization: Authorization, call: Call, headers: Mapping[str, str]) -> bool:
        # The official SDK signs the host without its port if it is set to an IP address.
        name = call.signed_host.rpartition(":")[0] or call.signed_host
        return any(
            matches(
                authorization,
                call.method,
                call.signed_path,
                call.params,
                {**headers, "host": host},
                secret_key=self._secret_key,
            )
            for host in dict.fromkeys((call.signed_host, name))
        )


def _check_coverage(authorization: Authorization, params: Mapping[str, str], headers: Mapping[str, str]) -> None:
    must_headers = {"host", *(name for name in headers if name in _CHANGING_HEADERS)}
    must_params = canonical({name: "" for name in params if name.lower() not in _FREE_PARAMETERS})
    missing = sorted(must_headers - set(authorization.headers)) + sorted(set(must_params) - set(authorization.params))
    if missing:
        raise ServiceFault(
            403,
            "AccessDenied",
            f"The signature does not cover {', '.join(missing)}. Sign Host and every parameter, or start the service "
            "with --lenient.",
        )


def _seconds(date: str) -> float:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        raise ServiceFault(
            400, "InvalidArgument", "Date must be a time such as Thu, 19 Jan 2023 00:00:00 GMT."
        ) from None
