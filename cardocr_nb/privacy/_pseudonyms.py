"""Pseudonyms: keyed digests of texts, equal for equal texts.

A pseudonym is HMAC-SHA-256 (RFC 2104, FIPS 198-1) of the text under a secret key. A plain digest is not enough: ID numbers,
names and dates are few enough to try all of them. A person who has the key can do the same, so keep it apart from the
data, and destroy it once no more tables are to be joined. The frequency of a text stays visible: in a field with few
values, such as gender, it gives the values away.

Texts are normalized before the digest (Unicode NFKC, lower case, no white space), since two readings of one card differ
in these. Other differences stay; dates, for example, join only after `cardocr_nb.quality.normalize`. Equal texts of
different fields get different pseudonyms, with one exception: the number of a driving license is its holder's ID number,
so the two fields share a domain and cards of both types join by person.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from typing import TYPE_CHECKING

import pandas as pd

from cardocr_nb._text_safety import shown_names
from cardocr_nb.cards import KNOWN_FIELDS
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame._frame_schema import refuse_doubled_columns
from cardocr_nb.frame._table_origin import with_texts
from cardocr_nb.privacy._key_strength import LEAST_BITS, key_bits
from cardocr_nb.privacy._service_texts import mask_service_texts, refuse_without_fields, text_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

_MIN_KEY_BYTES = 16
_HEX_DIGITS = 32
"""Hexadecimal digits of a pseudonym: 128 bits, enough that two texts of an archive never collide by chance."""
_DOMAINS = {"licence_number": "id_number"}
_WHITE_SPACE = re.compile(r"\s+")


def pseudonym(df: pd.DataFrame, *, key: bytes | str, fields: Iterable[str] | None = None) -> pd.DataFrame:
    """Replace each text by a pseudonym.

    Parameters
    ----------
    df : DataFrame
        Long, with a column ``field``. The columns ``text`` and ``truth``, those that begin with ``text_`` and ``truth_``,
        and ``user_data`` are replaced; names and labels of unknown fields as well, and codes and messages are masked, where
        they are not made of known words.
    key : bytes or str
        The secret, at least 16 bytes, for example ``secrets.token_bytes(32)``. It is not stored.
    fields : iterable of str, optional
        Canonical names of the fields whose texts are replaced; all other texts, ``user_data``, labels, codes and messages
        stay. By default all texts are replaced.

    Returns
    -------
    DataFrame
        A copy, every other column unchanged; a pseudonym is ``~`` and 32 hexadecimal digits, missing stays missing.

    Raises
    ------
    InvalidRequestError
        The key is too short or can be guessed (a sequence, a repetition, usual words), a field of `fields` is in no row, or the frame has no column ``field``.

    Examples
    --------
    >>> cards = pd.DataFrame({"key": ["a.jpg", "b.jpg"], "field": ["id_number", "licence_number"]})
    >>> cards["text"] = ["99020219830315002X", "990202 198303 15002x"]
    >>> hidden = pseudonym(cards, key=bytes.fromhex("8f3a0c57e1d94b62a7105ecb39f4862d"))  # yours: secrets.token_bytes(32)
    >>> hidden.text[0] == hidden.text[1], len(hidden.text[0])
    (True, 33)
    """
    secret = key.encode() if isinstance(key, str) else bytes(key)
    if len(secret) < _MIN_KEY_BYTES:
        raise InvalidRequestError(
            f"the key of pseudonyms must have at least {_MIN_KEY_BYTES} bytes, got {len(secret)}; "
            "make one with secrets.token_bytes(32) and keep it apart from the data"
        )
    if key_bits(secret) < LEAST_BITS:
        raise InvalidRequestError(
            "the key of pseudonyms can be guessed: it is a sequence, a repetition, or consists of usual words; "
            "make one with secrets.token_bytes(32) and keep it apart from the data"
        )
    refuse_doubled_columns(df)
    refuse_without_fields(df, "pseudonym")
    df = with_texts(df)
    names = df["field"].astype("str")
    chosen = None if fields is None else {fields} if isinstance(fields, str) else set(fields)
    unknown = sorted((chosen or set()) - set(names.dropna()))
    if unknown and len(df):
        raise InvalidRequestError(
            f"no row has the field {shown_names(unknown, KNOWN_FIELDS)}; take it out of fields= or check its name"
        )
    domains = names.fillna("").replace(_DOMAINS)
    if chosen is not None:
        domains = domains.where(names.isin(chosen))
    result = df.copy() if chosen is not None else mask_service_texts(df, lambda name: _digest("field", name, secret))
    for column in text_columns(df):
        result[column] = _replace(df[column], domains, secret)
    if chosen is None and "user_data" in df.columns:
        result["user_data"] = _replace(df["user_data"], pd.Series("user_data", df.index, dtype="str"), secret)
    return result


def _replace(texts: pd.Series, domains: pd.Series, secret: bytes) -> pd.Series:
    """Replace texts by their pseudonyms; rows without a domain keep their text."""
    known: dict[tuple[str, str], str] = {}
    column = texts.astype("str").to_numpy(dtype=object, copy=True)
    for row, pair in enumerate(zip(domains, column, strict=True)):
        if not any(pd.isna(part) for part in pair):
            if pair not in known:
                known[pair] = _digest(*pair, secret)
            column[row] = known[pair]
    return pd.Series(column, index=texts.index, dtype="str")


def _digest(domain: str, text: str, secret: bytes) -> str:
    plain = _WHITE_SPACE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    # Field names hold no zero byte, so the border between domain and text is unambiguous.
    message = f"{domain}\0{plain}".encode("utf-8", "surrogatepass")
    return "~" + hmac.digest(secret, message, "sha256").hex()[:_HEX_DIGITS]
