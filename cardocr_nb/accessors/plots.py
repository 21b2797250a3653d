"""Seeing: the plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class Plots:
    """Part of `CardFrame`."""

    _df: pd.DataFrame

    def plot_scores(self, *, kind: str = "hist", ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the distribution of scores by field, see `cardocr_nb.plot.scores.plot_scores`."""
        from cardocr_nb.plot.scores import plot_scores

        return plot_scores(self._df, kind=kind, ax=ax, **options)

    def plot_overlay(self, image: Any, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw polygons, labels and scores over a card's image, see `cardocr_nb.plot.overlay.plot_overlay`."""
        from cardocr_nb.plot.overlay import plot_overlay

        return plot_overlay(self._df, image, ax=ax, **options)
