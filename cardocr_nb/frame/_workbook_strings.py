"""Texts of XLSX workbooks as they were written, escapes included.

A workbook holds characters that XML lacks as ``_xHHHH_``, and a text that looks like such an escape with ``_x005F_`` in place
of its first character (ECMA-376, part 1, 22.9.2.19, ST_Xstring). openpyxl removes every ``x005F_`` of the shared strings, after
which ``_x000D_`` may be a return or seven characters of a card.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from cardocr_nb.errors import DecodeError

if TYPE_CHECKING:
    from pathlib import Path

_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_LIKE_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_ITEM = f"{{{SHEET_MAIN_NS}}}si"


class _Reader(ExcelReader):  # type: ignore[misc]  # openpyxl has no type hints
    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as xml:
            for _, node in iterparse(xml):
                if node.tag == _ITEM:
                    text = Text.from_tree(node)
                    runs = [text.plain, *(run.t for run in text.formatted)]
                    # An escape lies within one run; what looks like one across two is text.
                    joined = "".join(unescape(run) for run in runs if run)
                    self.shared_strings.append(_LIKE_ESCAPE.sub("_x005F_", joined))
                    node.clear()


def load_values(path: Path) -> Any:
    """Open a workbook for reading values, with the escapes of its texts in place; `unescape` removes them."""
    reader = _Reader(path, read_only=True, data_only=True)
    reader.read()
    return reader.wb


def unescape(text: str) -> str:
    r"""Return the text of a cell without escapes.

    Examples
    --------
    >>> unescape("a_x000D_b"), unescape("_x005F_x000D_"), unescape("_xD842__xDFB7_")
    ('a\rb', '_x000D_', '𠮷')
    """
    if "_x" not in text:
        return text
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    try:
        return plain.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise DecodeError("a cell of the workbook holds half of a character (_xD800_ to _xDFFF_); clear it") from None
