"""How good the readings are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import pandas as pd

    from cardocr_nb.quality import Calibration, Comparison, Evaluation, Summary, Thresholds


class Quality:
    """Part of `CardFrame`."""

    _df: pd.DataFrame

    def summary(self) -> Summary:
        """Count cards, outcomes and fields, see `cardocr_nb.quality.summary`."""
        from cardocr_nb.quality import summary

        return summary(self._df)

    def check(self, checks: Iterable[str] | None = None) -> pd.DataFrame:
        """Find implausible readings without truth, see `cardocr_nb.quality.check`."""
        from cardocr_nb.quality import check

        return check(self._df, checks)

    def evaluate(self, truth: pd.DataFrame | str | os.PathLike[str], **options: Any) -> Evaluation:
        """Compare with truth, see `cardocr_nb.quality.evaluate`."""
        from cardocr_nb.quality import evaluate

        return evaluate(self._df, truth, **options)

    def calibration(self, truth: pd.DataFrame | str | os.PathLike[str], **options: Any) -> Calibration:
        """Compare scores with the share that is right, see `cardocr_nb.quality.calibration`."""
        from cardocr_nb.quality import calibration

        return calibration(self._df, truth, **options)

    def threshold(self, truth: pd.DataFrame | str | os.PathLike[str], **options: Any) -> Thresholds:
        """Find the scores from which readings may be used unseen, see `cardocr_nb.quality.threshold`."""
        from cardocr_nb.quality import threshold

        return threshold(self._df, truth, **options)

    def compare(self, other: pd.DataFrame, **options: Any) -> Comparison:
        """Set another reading of the same images beside this one, see `cardocr_nb.quality.compare`."""
        from cardocr_nb.quality import compare

        return compare(self._df, other, **options)
