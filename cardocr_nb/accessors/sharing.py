"""What leaves the notebook: masked texts, reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas as pd


class Sharing:
    """Part of `CardFrame`."""

    _df: pd.DataFrame

    def mask(self) -> pd.DataFrame:
        """Hide the texts but for their shape, see `cardocr_nb.privacy.mask`."""
        from cardocr_nb.privacy import mask

        return mask(self._df)

    def report(self, path: str | os.PathLike[str], **options: Any) -> Path:
        """Write a report that stands alone, see `cardocr_nb.report.report`."""
        from cardocr_nb.report import report

        return report(self._df, path, **options)
