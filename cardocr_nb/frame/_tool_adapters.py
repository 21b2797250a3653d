"""Answers to DuckDB and Altair, which read frames but know no dtypes of other packages.

DuckDB refuses each dtype whose name it does not know (``Data type 'polygon' not recognized``), unless one of the frame's dtypes
is a `pandas.ArrowDtype`: then Arrow converts the whole frame, which makes lists of eight numbers of polygons. Altair writes
columns of objects as JSON, and arrays in them as lists. Neither has a protocol that asks the dtype, as Arrow and Plotly do. So
the dtype and its scalar say, to these two alone, that they are what the tool can read; ``type()`` is not touched by it.
"""

from __future__ import annotations

import dis
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType, FrameType

_ASK_FOR_THEMSELVES = ("pandas", "pyarrow", "narwhals", "polars", "dask", "distributed")
"""Packages that look for `ArrowDtype` in frames, and never call DuckDB with one."""
_QUESTIONS = {"ArrowDtype", "__class__"}


def is_duckdb_asking() -> bool:
    """Whether DuckDB asks for the class of the object whose property calls this function.

    DuckDB asks from C++, so that the last frame of Python is that of its caller: any code that does not ask itself.
    """
    frame = _asking_frame() if "duckdb" in sys.modules else None
    if frame is None or _package(frame) in _ASK_FOR_THEMSELVES:
        return False
    return not (set(frame.f_code.co_names) & _QUESTIONS and _asks_itself(frame.f_code, frame.f_lasti))


def is_altair_asking() -> bool:
    """Whether Altair's preparation of a frame for JSON (`altair.utils.core`) asks the object whose method calls this function."""
    frame = _asking_frame() if "altair" in sys.modules else None
    return frame is not None and frame.f_globals.get("__name__") == "altair.utils.core"


def _asking_frame() -> FrameType | None:
    """Return the frame that asked: behind this function, that of this module, and the property or method."""
    return sys._getframe(2).f_back  # noqa: SLF001 - its documented use: which code calls


@lru_cache(maxsize=256)
def _asks_itself(code: CodeType, at: int) -> bool:
    """Whether one of the questions is in the lines of the instruction that runs now."""
    first, last = list(code.co_positions())[at // 2][:2]
    if first is None or last is None:
        return True
    lines = range(first, last + 1)
    return any(
        instruction.argval in _QUESTIONS and instruction.positions is not None and instruction.positions.lineno in lines
        for instruction in dis.get_instructions(code)
        if isinstance(instruction.argval, str)
    )


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
