"""Documents that programs saved in another encoding than UTF-8."""

from __future__ import annotations

import json
import re

NAMED = re.compile(r"""\A(<\?xml\b[^>]{0,80}?)\s{1,80}encoding\s{0,80}=\s{0,80}(?:"[^"]*"|'[^']*')""")
"""An XML declaration up to the name of its encoding."""

_CHINESE = re.compile(rb"\s*<\?xml\b[^>]{0,80}?\sencoding\s*=\s*[\"'](?:gb2312|gbk|cp936|gb18030)[\"']", re.IGNORECASE)
_ASCII = bytes(range(0x80))
_NOT_LONG = re.compile("[\x00-\u07ff]+")
_LATIN = re.compile("[A-Za-z]{2}[\xc0-\u024f]|[\xc0-\u024f][A-Za-z]{2}")
"""A letter with an accent next to two without, as in European words."""
_SOME, _MOST = 0.2, 0.9
"""Rates of bytes from which on a text is damaged UTF-8: those in whole characters of three bytes, as Chinese ones are, and those in
any. A pair of bytes of GB18030 is a character of UTF-8 now and then, three bytes hardly ever."""


def as_utf8(raw: bytes) -> bytes:
    """Return a document as UTF-8 without a byte order mark where its encoding is certain, else as it is.

    RFC 8259, section 8.1, asks for UTF-8 in JSON; Windows PowerShell and Notepad write UTF-16, byte order marks and, in China,
    GB18030. Expat reads no encoding of several bytes but UTF-8 and UTF-16 with a byte order mark.

    Examples
    --------
    >>> as_utf8('{"Code": "样本"}'.encode("gb18030")).decode()
    '{"Code": "样本"}'
    """
    found = json.detect_encoding(raw)
    if found == "utf-8":
        return _of_gb18030(raw)
    try:
        text = raw.decode(found)
    except UnicodeDecodeError:
        return raw
    start = text.lstrip()[:1]
    if start == "<" and found != "utf-8-sig":
        return NAMED.sub(r"\1", text.lstrip(), count=1).encode()
    return text.encode() if start in ("{", "[") else raw


def _of_gb18030(raw: bytes) -> bytes:
    if raw.isascii():
        return raw
    declared = _CHINESE.match(raw)
    if not declared and (b"encoding" in raw[:100] or is_utf8(raw) or _is_mostly_utf8(raw)):
        return raw
    try:
        return NAMED.sub(r"\1", raw.decode("gb18030").lstrip(), count=1).encode()
    except UnicodeError:
        return raw


def is_utf8(raw: bytes | memoryview) -> bool:
    """Whether bytes are UTF-8."""
    try:
        str(raw, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(raw: bytes) -> bool:
    foreign = len(raw.translate(None, _ASCII))
    shown = raw.decode("utf-8", "replace")
    if _LATIN.search(shown):
        return True
    whole = shown.replace("\ufffd", "")
    rest = len(whole.encode()) - (len(raw) - foreign)
    return len(_NOT_LONG.sub("", whole).encode()) > _SOME * foreign or rest > _MOST * foreign
