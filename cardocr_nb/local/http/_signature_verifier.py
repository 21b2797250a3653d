"""The check of a call's signature and of the period in which it is valid."""

from __future__ import annotations

import hmac
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from cardocr_nb.errors import DecodeError
from cardocr_nb.local._service_fault import ServiceFault
from cardocr_nb.wire._signature import Authorization, matches, read_authorization

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cardocr_nb.local.http._routing import Call

SKEW = 15 * 60
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
    """

    def __init__(self, secret_id: str, secret_key: str, clock: Callable[[], float] = time.time) -> None:
        self._secret_id, self._secret_key, self._clock = secret_id, secret_key, clock

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
            ``AccessDenied`` (none), ``InvalidArgument`` (malformed), ``InvalidAccessKeyId``, ``RequestTimeTooSkewed``,
            ``RequestIsExpired`` or ``SignatureDoesNotMatch``.
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
        self._check_time(authorization, headers.get("date"))
        if not self._fits(authorization, call, headers):
            raise ServiceFault(
                403,
                "SignatureDoesNotMatch",
                "The Signature you specified is invalid. Check the secret key and what was signed.",
            )
        return own

    def _check_time(self, authorization: Authorization, date: str | None) -> None:
        now = self._clock()
        start, end = authorization.period
        if start > now + SKEW or (date is not None and abs(_seconds(date) - now) > SKEW):
            raise ServiceFault(403, "RequestTimeTooSkewed", "The request time and the server's time are too far apart.")
        if end < now:
            raise ServiceFault(403, "RequestIsExpired", "Request has expired.")

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


def _seconds(date: str) -> float:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        raise ServiceFault(
            400, "InvalidArgument", "Date must be a time such as Thu, 19 Jan 2023 00:00:00 GMT."
        ) from None
