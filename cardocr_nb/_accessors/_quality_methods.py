"""How good the readings are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import pandas as pd

    from cardocr_nb.quality import Calibration, Calibrator, Comparison, Costs, Evaluation, Summary, Thresholds
    from cardocr_nb.quality._image_sizes import Sizes


class Quality:
    """Part of `CardFrame`."""

    _df: pd.DataFrame

    def summary(self) -> Summary:
        """Count cards, outcomes and fields, see `cardocr_nb.quality.summary`."""
        from cardocr_nb.quality import summary

        return summary(self._df)

    def check(self, checks: Iterable[str] | None = None, *, sizes: Sizes | None = None) -> pd.DataFrame:
        """Find implausible readings without truth, see `cardocr_nb.quality.check`."""
        from cardocr_nb.quality import check

        return check(self._df, checks, sizes=sizes)

    def tally(self, checks: Iterable[str] | None = None, *, sizes: Sizes | None = None) -> pd.DataFrame:
        """Count what the checks find by field and check, see `cardocr_nb.quality.tally`."""
        from cardocr_nb.quality import check, tally

        return tally(check(self._df, checks, sizes=sizes))

    def estimate_accuracy(self, **options: Any) -> pd.DataFrame:
        """Estimate without truth how much is right, see `cardocr_nb.quality.estimate_accuracy`."""
        from cardocr_nb.quality import estimate_accuracy

        return estimate_accuracy(self._df, **options)

    def review_queue(self, **options: Any) -> pd.DataFrame:
        """Order fields so that looking at the first finds most errors, see `cardocr_nb.quality.review_queue`."""
        from cardocr_nb.quality import review_queue

        return review_queue(self._df, **options)

    def evaluate(self, truth: pd.DataFrame | str | os.PathLike[str], **options: Any) -> Evaluation:
        """Compare with truth, see `cardocr_nb.quality.evaluate`."""
        from cardocr_nb.quality import evaluate

        return evaluate(self._df, truth, **options)

    def calibration(self, truth: pd.DataFrame | str | os.PathLike[str], **options: Any) -> Calibration:
        """Compare scores with the share that is right, see `cardocr_nb.quality.calibration`."""
        from cardocr_nb.quality import calibration

        return calibration(self._df, truth, **options)

    def calibrate(self, truth: pd.DataFrame | str | os.PathLike[str], **options: Any) -> Calibrator:
        """Learn what scores are worth, see `cardocr_nb.quality.calibrate`."""
        from cardocr_nb.quality import calibrate

        return calibrate(self._df, truth, **options)

    def cost(
        self, truth: pd.DataFrame | str | os.PathLike[str], *, review: float, error: float, **options: Any
    ) -> Costs:
        """Find the scores below which it pays to look, see `cardocr_nb.quality.cost`."""
        from cardocr_nb.quality import cost

        return cost(self._df, truth, review=review, error=error, **options)

    def threshold(self, truth: pd.DataFrame | str | os.PathLike[str], **options: Any) -> Thresholds:
        """Find the scores from which readings may be used unseen, see `cardocr_nb.quality.threshold`."""
        from cardocr_nb.quality import threshold

        return threshold(self._df, truth, **options)

    def compare(self, other: pd.DataFrame, **options: Any) -> Comparison:
        """Set another reading of the same images beside this one, see `cardocr_nb.quality.compare`."""
        from cardocr_nb.quality import compare

        return compare(self._df, other, **options)

    def drift(self, reference: pd.DataFrame | int = 3, **options: Any) -> pd.DataFrame:
        """Follow scores and missing texts from day to day, see `cardocr_nb.quality.drift`."""
        from cardocr_nb.quality import drift

        return drift(self._df, reference, **options)
