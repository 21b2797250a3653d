"""Answers of other card OCR services. One module a service: a function from a parsed document to a `DialectReading`.

A dialect keeps what a document says: a score or polygon that it does not give stays missing. To read another service, pass a
function of your own as ``read_responses(..., dialect=function)``; it raises `DecodeError` for a document that is not its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb.frame._dialects._alibaba import read_alibaba
from cardocr_nb.frame._dialects._baidu import read_baidu
from cardocr_nb.frame._dialects._dialect_reading import Dialect, DialectReading
from cardocr_nb.frame._dialects._tencent import read_tencent
from cardocr_nb.frame._dialects._text_lines import read_text_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

DIALECTS: Mapping[str, Dialect] = {
    "tencent": read_tencent,
    "baidu": read_baidu,
    "alibaba": read_alibaba,
    "lines": read_text_lines,
}

__all__ = ["DIALECTS", "Dialect", "DialectReading"]
