"""Stand-ins for texts, the same for the same text, that only the holder of a secret can make.

A pseudonym is HMAC-SHA-256 (RFC 2104, FIPS 198-1) of the text under the secret. A plain digest would not do: there are few
enough ID numbers, names and dates to try them all. Whoever has the secret can do just that, so keep it apart from the
data, and destroy it when nothing is to be joined any more. How often a text occurs still shows: of a field with few
values, such as gender, that tells which is which.

Before the digest, texts are brought to Unicode NFKC and lower case, without white space: readings of one card on two days
differ in these. Other differences stay; dates, for one, join only after `cardocr_nb.quality.normalize`. Each field has
a domain of its own, so that equal texts of different fields get different pseudonyms. The one exception is the number of
a driving license, which is its holder's ID number: both are in one domain, and cards of both kinds join by person.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from typing import TYPE_CHECKING

import pandas as pd

from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST = 16
_LENGTH = 32
"""Hexadecimal digits of a pseudonym: 128 bits, so that no two texts of any archive meet by chance."""
_DOMAINS = {"licence_number": "id_number"}
_WITH_FIELD = ("text", "truth")
_SPACE = re.compile(r"\s+")


def pseudonym(df: pd.DataFrame, *, key: bytes | str, fields: Iterable[str] | None = None) -> pd.DataFrame:
    """Put a pseudonym in the place of each text.

    Parameters
    ----------
    df : DataFrame
        Long, with a column ``field``. The columns ``text``, ``truth`` and ``user_data`` are replaced.
    key : bytes or str
        The secret, at least 16 bytes; ``secrets.token_bytes(32)`` makes one. It is kept nowhere.
    fields : iterable of str, optional
        Canonical names of the fields whose texts are replaced; all other texts, ``user_data`` too, stay as they are. By
        default everything is replaced.

    Returns
    -------
    DataFrame
        A copy, every other column unchanged; a pseudonym is ``~`` and 32 hexadecimal digits, missing stays missing.

    Raises
    ------
    InvalidRequestError
        The secret is too short, or the frame has none of a field that is named.

    Examples
    --------
    >>> cards = pd.DataFrame({"key": ["a.jpg", "b.jpg"], "field": ["id_number", "licence_number"]})
    >>> cards["text"] = ["99020219830315002X", "990202 198303 15002x"]
    >>> hidden = pseudonym(cards, key=b"0123456789abcdef")
    >>> hidden.text[0] == hidden.text[1], len(hidden.text[0])
    (True, 33)
    """
    secret = key.encode() if isinstance(key, str) else bytes(key)
    if len(secret) < _SHORTEST:
        raise InvalidRequestError(
            f"the key of pseudonyms must have at least {_SHORTEST} bytes, got {len(secret)}; "
            "make one with secrets.token_bytes(32) and keep it apart from the data"
        )
    names = df["field"].astype("str")
    chosen = None if fields is None else {fields} if isinstance(fields, str) else set(fields)
    unknown = sorted((chosen or set()) - set(names.dropna()))
    if unknown and len(df):
        raise InvalidRequestError(
            f"no row has the field {', '.join(unknown)}; take it out of fields= or check its name"
        )
    domains = names.fillna("").replace(_DOMAINS)
    if chosen is not None:
        domains = domains.where(names.isin(chosen))
    result = df.copy()
    for column in (c for c in _WITH_FIELD if c in df.columns):
        result[column] = _replaced(df[column], domains, secret)
    if chosen is None and "user_data" in df.columns:
        result["user_data"] = _replaced(df["user_data"], pd.Series("user_data", df.index, dtype="str"), secret)
    return result


def _replaced(texts: pd.Series, domains: pd.Series, secret: bytes) -> pd.Series:
    """Texts by their pseudonym; as they are where the domain is missing."""
    known: dict[tuple[str, str], str] = {}
    column = texts.astype("str").to_numpy(dtype=object, copy=True)
    for row, pair in enumerate(zip(domains, column, strict=True)):
        if not any(pd.isna(part) for part in pair):
            if pair not in known:
                known[pair] = _digest(*pair, secret)
            column[row] = known[pair]
    return pd.Series(column, index=texts.index, dtype="str")


def _digest(domain: str, text: str, secret: bytes) -> str:
    plain = _SPACE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    # No field name holds a zero byte, so that domain and text cannot be shifted against each other.
    said = f"{domain}\0{plain}".encode("utf-8", "surrogatepass")
    return "~" + hmac.digest(secret, said, "sha256").hex()[:_LENGTH]
