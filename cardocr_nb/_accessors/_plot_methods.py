"""Seeing: the plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

    import pandas as pd
    from matplotlib.axes import Axes

    from cardocr_nb.plot import CardPlaces
    from cardocr_nb.plot._image_sources import Images


class Plots:
    """Part of `CardFrame`."""

    _df: pd.DataFrame

    def plot_scores(self, *, kind: str = "hist", ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the distribution of scores by field, see `cardocr_nb.plot._score_plots.plot_scores`."""
        from cardocr_nb.plot._score_plots import plot_scores

        return plot_scores(self._df, kind=kind, ax=ax, **options)

    def plot_overlay(self, image: Any, *, ax: Any = None, **options: Any) -> Any:
        """Draw polygons, labels and scores over a card's image, see `cardocr_nb.plot._overlay.plot_overlay`."""
        from cardocr_nb.plot._overlay import plot_overlay

        return plot_overlay(self._df, image, ax=ax, **options)

    def plot_gallery(self, images: Images, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw crops of single fields beside what was read, see `cardocr_nb.plot._gallery.plot_gallery`."""
        from cardocr_nb.plot._gallery import plot_gallery

        return plot_gallery(self._df, images, ax=ax, **options)

    def plot_regions(self, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw where on the card things go wrong, see `cardocr_nb.plot._regions.plot_regions`."""
        from cardocr_nb.plot._regions import plot_regions

        return plot_regions(self._df, ax=ax, **options)

    def card_frame(self, *, card_type: str | None = None) -> CardPlaces:
        """Place photos in the frame of the card, see `cardocr_nb.plot._card_coordinates.card_frame`."""
        from cardocr_nb.plot._card_coordinates import card_frame

        return card_frame(self._df, card_type=card_type)

    def plot_timeline(self, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw how long jobs took over time, see `cardocr_nb.plot._timeline.plot_timeline`."""
        from cardocr_nb.plot._timeline import plot_timeline

        return plot_timeline(self._df, ax=ax, **options)

    def plot_reliability(
        self, truth: pd.DataFrame | str | os.PathLike[str], *, ax: Axes | None = None, **options: Any
    ) -> Axes:
        """Draw the share that is right over the scores, see `cardocr_nb.plot._reliability_plots.plot_reliability`."""
        from cardocr_nb.plot._reliability_plots import plot_reliability

        return plot_reliability(self._df, truth, ax=ax, **options)

    def plot_risk_coverage(
        self,
        truth: pd.DataFrame | str | os.PathLike[str],
        *,
        review: float,
        error: float,
        ax: Axes | None = None,
        **options: Any,
    ) -> Axes:
        """Draw errors over readings used unseen, see `cardocr_nb.plot._reliability_plots.plot_risk_coverage`."""
        from cardocr_nb.plot._reliability_plots import plot_risk_coverage
        from cardocr_nb.quality import cost

        return plot_risk_coverage(cost(self._df, truth, review=review, error=error), ax=ax, **options)

    def plot_confusions(
        self, truth: pd.DataFrame | str | os.PathLike[str], *, ax: Axes | None = None, **options: Any
    ) -> Axes:
        """Draw which characters are taken for which, see `cardocr_nb.plot._error_plots.plot_confusions`."""
        from cardocr_nb.plot._error_plots import plot_confusions
        from cardocr_nb.quality import evaluate

        return plot_confusions(evaluate(self._df, truth), ax=ax, **options)

    def plot_compare(
        self,
        other: pd.DataFrame,
        truth: pd.DataFrame | str | os.PathLike[str] | None = None,
        *,
        ax: Axes | None = None,
        **options: Any,
    ) -> Axes:
        """Draw another reading beside this one, see `cardocr_nb.plot._error_plots.plot_compare`."""
        from cardocr_nb.plot._error_plots import plot_compare
        from cardocr_nb.quality import compare

        return plot_compare(compare(self._df, other, truth), ax=ax, **options)
