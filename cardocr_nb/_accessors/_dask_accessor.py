"""``df.cardocr`` on a DataFrame of Dask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardocr_nb._accessors._requirements import need
from cardocr_nb.frame import _dask_frame as scale

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

    from cardocr_nb.quality import Summary
    from cardocr_nb.quality._image_sizes import Sizes


@scale.accessor("cardocr")
class CardParts:
    """What can be asked of a Dask DataFrame of cards, as `cardocr_nb.frame._dask_frame.read_dask` makes it.

    Figures are those that pandas gives, exactly, as long as the rows of a card stand in one partition. On a frame without
    the columns ``key, field, text, score`` it raises AttributeError.
    """

    def __init__(self, df: Any) -> None:
        need(df)
        self._df = df

    def summary(self) -> Summary:
        """Count cards, outcomes and fields, see `cardocr_nb.quality.summary`."""
        from cardocr_nb.quality import summary

        return summary(self._df)

    def check(self, checks: Iterable[str] | None = None, *, sizes: Sizes | None = None) -> Any:
        """Find implausible readings without truth, a Dask DataFrame, see `cardocr_nb.quality.check`."""
        from cardocr_nb.quality import check

        return check(self._df, checks, sizes=sizes)

    def tally(self, checks: Iterable[str] | None = None, *, sizes: Sizes | None = None) -> pd.DataFrame:
        """Count what the checks find by field and check, see `cardocr_nb.quality.tally`."""
        from cardocr_nb.quality import check, tally

        return tally(check(self._df, checks, sizes=sizes))

    def drift(self, reference: pd.DataFrame | int = 3, **options: Any) -> pd.DataFrame:
        """Follow scores and missing texts from day to day, see `cardocr_nb.quality.drift`."""
        from cardocr_nb.quality import drift

        return drift(self._df, reference, **options)

    def plot_scores(self, *, kind: str = "hist", ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the distribution of scores by field, see `cardocr_nb.plot._score_plots.plot_scores`."""
        from cardocr_nb.plot._score_plots import plot_scores

        return plot_scores(self._df, kind=kind, ax=ax, **options)

    def by_card(self) -> Any:
        """Bring the rows of each card into one partition, see `cardocr_nb.frame._dask_frame.by_card`."""
        return scale.by_card(self._df)

    def write_parts(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write each partition as a Parquet file, see `cardocr_nb.frame._dask_frame.write_parts`."""
        return scale.write_parts(self._df, folder)

    def to_pandas(self) -> pd.DataFrame:
        """Bring all rows into one frame of pandas, see `cardocr_nb.frame._dask_frame.gather`."""
        return scale.gather(self._df)
