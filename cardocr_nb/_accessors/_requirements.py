"""What both accessors of frames ask of a frame."""

from __future__ import annotations

from typing import Any


def need(df: Any) -> None:
    """Refuse a frame without the columns of cards; AttributeError, since anything else breaks tab completion."""
    lacking = [c for c in ("key", "field", "text", "score") if c not in df.columns]
    if lacking:
        raise AttributeError(
            f".cardocr is for frames made by cardocr_nb.to_frame, this one has no column {', '.join(lacking)}; "
            "rename yours and call cardocr_nb.frame.conform(df)"
        )
