"""Responses in a ledger are compressed by zlib; a ledger may come from elsewhere, so unpacking has limits."""

from __future__ import annotations

import os
import zlib

from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import LedgerError

MAX_RESPONSE = 64 * 2**20
"""Largest response, bytes after unpacking. The response about a card has a few kilobytes, a list of 1,000 jobs some megabytes."""


def unpack(packed: object, ledger: object = None) -> bytes:
    """Unpack one response.

    Parameters
    ----------
    packed : bytes
        Value of the column ``response``.
    ledger : str, Path or other
        The ledger that holds it, for the message.

    Raises
    ------
    LedgerError
        The value is not compressed by zlib, cut off, or larger than 64 MiB unpacked.

    Examples
    --------
    >>> unpack(zlib.compress(b"<Response/>"))
    b'<Response/>'
    """
    if not isinstance(packed, bytes):
        raise LedgerError(f"a response in {_named(ledger)} is not binary; the file was changed by another program")
    reader = zlib.decompressobj()
    try:
        raw = reader.decompress(packed, MAX_RESPONSE + 1)
    except zlib.error:
        raw, damaged = b"", True
    else:
        damaged = not reader.eof and len(raw) <= MAX_RESPONSE
    if damaged:
        raise LedgerError(f"a response in {_named(ledger)} is damaged; restore the file from a copy")
    if len(raw) > MAX_RESPONSE:
        raise LedgerError(
            f"a response in {_named(ledger)} has more than {MAX_RESPONSE // 2**20} MiB; the service sends none so large"
        )
    return raw


def _named(ledger: object) -> str:
    return f"the ledger {shown_path(ledger)}" if isinstance(ledger, (str, os.PathLike)) else "the ledger"
