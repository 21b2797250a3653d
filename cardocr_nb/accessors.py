"""``df.cardocr`` and ``series.polygon``: the package's functions as methods, one line each.

The accessors hold no state; pandas makes them anew on each access. Importing this module registers them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cardocr_nb import polygon
from cardocr_nb.frame import geometry, scale

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from cardocr_nb.frame.label_studio import Sizes
    from cardocr_nb.quality import Calibration, Comparison, Evaluation, Summary, Thresholds


def _need(df: Any) -> None:
    lacking = [c for c in ("key", "field", "text", "score") if c not in df.columns]
    if lacking:
        raise AttributeError(
            f".cardocr is for frames made by cardocr_nb.to_frame, this one has no column {', '.join(lacking)}; "
            "rename yours and call cardocr_nb.frame.conform(df)"
        )


@pd.api.extensions.register_dataframe_accessor("cardocr")
class CardFrame:
    """What can be asked of a frame made by `cardocr_nb.to_frame`.

    Raises
    ------
    AttributeError
        The frame has not the columns ``key, field, text, score``.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire.models import CardResult, Field
    >>> cards = to_frame(CardResult((Field("姓名", "样本", 98),), key="front/0001.jpg"))
    >>> cards.cardocr.wide()[["key", "name"]]
                  key name
    0  front/0001.jpg   样本
    """

    def __init__(self, df: pd.DataFrame) -> None:
        _need(df)
        self._df = df

    def summary(self) -> Summary:
        """Count cards, outcomes and fields, see `cardocr_nb.quality.summary`."""
        from cardocr_nb.quality import summary

        return summary(self._df)

    def wide(self, *, scores: bool = False, polygons: bool = False) -> pd.DataFrame:
        """One row a card, see `cardocr_nb.frame.wide`."""
        from cardocr_nb.frame import wide

        return wide(self._df, scores=scores, polygons=polygons)

    @staticmethod
    def to_long(cards: pd.DataFrame) -> pd.DataFrame:
        """Turn one row a card back into one row a field, see `cardocr_nb.frame.to_long`."""
        from cardocr_nb.frame import to_long

        return to_long(cards)

    def validate(self) -> pd.DataFrame:
        """List what in the frame is not as it should be, see `cardocr_nb.frame.validate`."""
        from cardocr_nb.frame import validate

        return validate(self._df)

    def to_label_studio(self, sizes: Sizes, *, image: str = "{key}") -> list[dict[str, Any]]:
        """Make tasks for people to correct, see `cardocr_nb.frame.label_studio.to_label_studio`."""
        from cardocr_nb.frame.label_studio import to_label_studio

        return to_label_studio(self._df, sizes, image=image)

    @staticmethod
    def from_label_studio(tasks: Any) -> pd.DataFrame:
        """Read what people corrected: ``pd.DataFrame.cardocr.from_label_studio("export.json")``."""
        from cardocr_nb.frame.label_studio import from_label_studio

        return from_label_studio(tasks)

    def to_coco(self, sizes: Sizes, *, texts: bool = True) -> dict[str, Any]:
        """Make a COCO data set of the polygons, see `cardocr_nb.frame.coco.to_coco`."""
        from cardocr_nb.frame.coco import to_coco

        return to_coco(self._df, sizes, texts=texts)

    @staticmethod
    def from_coco(coco: Any) -> pd.DataFrame:
        """Read a COCO data set: ``pd.DataFrame.cardocr.from_coco("instances.json")``."""
        from cardocr_nb.frame.coco import from_coco

        return from_coco(coco)

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

    def mask(self) -> pd.DataFrame:
        """Hide the texts but for their shape, see `cardocr_nb.privacy.mask`."""
        from cardocr_nb.privacy import mask

        return mask(self._df)

    def to_dask(self, *, npartitions: int = 4) -> Any:
        """Part the frame for Dask, never a card, see `cardocr_nb.frame.scale.to_dask`."""
        return scale.to_dask(self._df, npartitions=npartitions)

    def plot_scores(self, *, kind: str = "hist", ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the distribution of scores by field, see `cardocr_nb.plot.scores.plot_scores`."""
        from cardocr_nb.plot.scores import plot_scores

        return plot_scores(self._df, kind=kind, ax=ax, **options)

    def plot_overlay(self, image: Any, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw polygons, labels and scores over a card's image, see `cardocr_nb.plot.overlay.plot_overlay`."""
        from cardocr_nb.plot.overlay import plot_overlay

        return plot_overlay(self._df, image, ax=ax, **options)

    def report(self, path: str | os.PathLike[str], **options: Any) -> Path:
        """Write a report that stands alone, see `cardocr_nb.report.report`."""
        from cardocr_nb.report import report

        return report(self._df, path, **options)


@scale.accessor("cardocr")
class CardParts:
    """What can be asked of a Dask DataFrame of cards, as `cardocr_nb.frame.scale.read_dask` makes it.

    Figures are those that pandas gives, exactly, as long as the rows of a card stand in one partition. On a frame without
    the columns ``key, field, text, score`` it raises AttributeError.
    """

    def __init__(self, df: Any) -> None:
        _need(df)
        self._df = df

    def summary(self) -> Summary:
        """Count cards, outcomes and fields, see `cardocr_nb.quality.summary`."""
        from cardocr_nb.quality import summary

        return summary(self._df)

    def check(self, checks: Iterable[str] | None = None) -> Any:
        """Find implausible readings without truth, a Dask DataFrame, see `cardocr_nb.quality.check`."""
        from cardocr_nb.quality import check

        return check(self._df, checks)

    def tally(self, checks: Iterable[str] | None = None) -> pd.DataFrame:
        """Count what the checks find by field and check, see `cardocr_nb.quality.tally`."""
        from cardocr_nb.quality import check, tally

        return tally(check(self._df, checks))

    def plot_scores(self, *, kind: str = "hist", ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the distribution of scores by field, see `cardocr_nb.plot.scores.plot_scores`."""
        from cardocr_nb.plot.scores import plot_scores

        return plot_scores(self._df, kind=kind, ax=ax, **options)

    def by_card(self) -> Any:
        """Bring the rows of each card into one partition, see `cardocr_nb.frame.scale.by_card`."""
        return scale.by_card(self._df)

    def write_parts(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write each partition as a Parquet file, see `cardocr_nb.frame.scale.write_parts`."""
        return scale.write_parts(self._df, folder)

    def to_pandas(self) -> pd.DataFrame:
        """Bring all rows into one frame of pandas, see `cardocr_nb.frame.scale.gather`."""
        return scale.gather(self._df)


@pd.api.extensions.register_series_accessor("polygon")
class PolygonSeries:
    """Measures of a polygon column, in pixels; the formulas are in `cardocr_nb.polygon`.

    Raises
    ------
    AttributeError
        The column has another dtype.

    Examples
    --------
    >>> column = pd.Series([[(0, 0), (0, 10), (30, 10), (30, 0)], None], dtype="polygon")
    >>> column.polygon.area.tolist()
    [300.0, nan]
    """

    def __init__(self, column: pd.Series) -> None:
        geometry.array_of(column)
        self._column = column

    @classmethod
    def from_numpy(cls, points: ArrayLike, index: Any = None) -> pd.Series:
        """Make a polygon column from an array of shape (n, 4, 2): ``pd.Series.polygon.from_numpy(points)``."""
        return geometry.from_numpy(points, index)

    def to_numpy(self) -> NDArray[np.float64]:
        """Corners, ndarray of shape (n, 4, 2), NaN where missing."""
        return geometry.points_of(self._column)

    def to_shapely(self) -> pd.Series:
        """Shapely polygons, None where missing; needs shapely."""
        return geometry.to_shapely(self._column)

    @property
    def area(self) -> pd.Series:
        """Square pixels, see `cardocr_nb.polygon.area`."""
        return geometry.measured(self._column, polygon.area)

    @property
    def perimeter(self) -> pd.Series:
        """Pixels, see `cardocr_nb.polygon.perimeter`."""
        return geometry.measured(self._column, polygon.perimeter)

    @property
    def width(self) -> pd.Series:
        """Pixels along the reading direction, see `cardocr_nb.polygon.width`."""
        return geometry.measured(self._column, polygon.width)

    @property
    def height(self) -> pd.Series:
        """Pixels across the reading direction, see `cardocr_nb.polygon.height`."""
        return geometry.measured(self._column, polygon.height)

    @property
    def angle(self) -> pd.Series:
        """Degrees of the reading direction, falling to the right positive, see `cardocr_nb.polygon.angle`."""
        return geometry.measured(self._column, polygon.angle)

    @property
    def bbox(self) -> pd.DataFrame:
        """Columns ``xmin, ymin, xmax, ymax`` in pixels, see `cardocr_nb.polygon.bbox`."""
        return geometry.measured_columns(self._column, polygon.bbox, "xmin", "ymin", "xmax", "ymax")

    @property
    def centroid(self) -> pd.DataFrame:
        """Columns ``x, y`` in pixels, see `cardocr_nb.polygon.centroid`."""
        return geometry.measured_columns(self._column, polygon.centroid, "x", "y")

    @property
    def is_convex(self) -> pd.Series:
        """Whether nowhere bent inwards, corners in the order given, see `cardocr_nb.polygon.is_convex`."""
        return geometry.judged(self._column, polygon.is_convex)

    @property
    def is_simple(self) -> pd.Series:
        """Whether the sides neither cross nor touch, see `cardocr_nb.polygon.is_simple`."""
        return geometry.judged(self._column, polygon.is_simple)

    @property
    def is_degenerate(self) -> pd.Series:
        """Whether it is no polygon but a line or less, see `cardocr_nb.polygon.is_degenerate`."""
        return geometry.judged(self._column, polygon.is_degenerate)

    def contains(self, x: ArrayLike, y: ArrayLike) -> pd.Series:
        """Whether a point in pixels lies in it or on its border, see `cardocr_nb.polygon.contains`."""
        return geometry.judged(self._column, polygon.contains, x, y)

    def iou(self, other: pd.Series) -> pd.Series:
        """Intersection over union, 0 to 1, paired by position, see `cardocr_nb.polygon.iou`."""
        return geometry.overlap(self._column, other)

    def ordered(self) -> pd.Series:
        """Corners top-left, bottom-left, bottom-right, top-right, see `cardocr_nb.polygon.ordered`."""
        return geometry.moved(self._column, polygon.ordered)

    def scale(self, x: float, y: float | None = None) -> pd.Series:
        """Coordinates times a factor, rounded to whole pixels, see `cardocr_nb.polygon.scale`."""
        return geometry.moved(self._column, polygon.scale, x, y)

    def shift(self, x: float, y: float) -> pd.Series:
        """Moved to the right and down, rounded to whole pixels, see `cardocr_nb.polygon.shift`."""
        return geometry.moved(self._column, polygon.shift, x, y)
