"""``df.cardocr`` on a DataFrame of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cardocr_nb import plot, privacy, quality, report, rereading, review
from cardocr_nb._accessors._methods import CardData, data_method, picture_method
from cardocr_nb.frame import _coco, _frame_files, _label_studio, _protected_cells, _reshape, _validation
from cardocr_nb.frame import _dask_frame as dask_frame

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from matplotlib.axes import Axes

    from cardocr_nb.quality._image_sizes import Sizes

    Truth = pd.DataFrame | str | os.PathLike[str]


def check_counts(
    df: Any, checks: Iterable[str] | None = None, *, sizes: Sizes | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Count the results of the checks by field and check.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    checks : iterable of str, optional
        Names of checks, by default all; see `cardocr_nb.quality.check`.
    sizes : optional
        Sizes of the images, see `cardocr_nb.quality.check`.
    confidence : float, default 0.95
        Of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        See `cardocr_nb.quality.tally`.
    """
    return quality.tally(quality.check(df, checks, sizes=sizes), confidence=confidence)


def risk_coverage(
    df: pd.DataFrame, truth: Truth, *, review: float, error: float, ax: Axes | None = None, **kwargs: Any
) -> Axes:
    """Draw the rate of errors over the rate of readings that are used without review.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    truth : DataFrame or path
        The ground truth, see `cardocr_nb.quality.evaluate`.
    review, error : float
        Cost of a review and of an error that is not noticed, in one currency.
    ax : Axes, optional
        By default those of a new figure.
    **kwargs
        As in `cardocr_nb.plot.plot_risk_coverage`.

    Returns
    -------
    Axes
    """
    return plot.plot_risk_coverage(quality.cost(df, truth, review=review, error=error), ax=ax, **kwargs)


def confusions(df: pd.DataFrame, truth: Truth, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Draw the characters that are read in place of others.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    truth : DataFrame or path
        The ground truth, see `cardocr_nb.quality.evaluate`.
    ax : Axes, optional
        By default those of a new figure.
    **kwargs
        As in `cardocr_nb.plot.plot_confusions`.

    Returns
    -------
    Axes
    """
    return plot.plot_confusions(quality.evaluate(df, truth), ax=ax, **kwargs)


def comparison(
    df: pd.DataFrame, other: pd.DataFrame, truth: Truth | None = None, *, ax: Axes | None = None, **kwargs: Any
) -> Axes:
    """Draw where this run and another one differ.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    other : DataFrame
        Another reading of the same images.
    truth : DataFrame or path, optional
        The ground truth, see `cardocr_nb.quality.compare`.
    ax : Axes, optional
        By default those of a new figure.
    **kwargs
        As in `cardocr_nb.plot.plot_compare`.

    Returns
    -------
    Axes
    """
    return plot.plot_compare(quality.compare(df, other, truth), ax=ax, **kwargs)


@pd.api.extensions.register_dataframe_accessor("cardocr")
class CardAccessor(CardData):
    """The functions of this package as methods of a frame made by `cardocr_nb.to_frame`.

    Raises
    ------
    AttributeError
        The frame lacks one of the columns ``key, field, text, score``.

    Examples
    --------
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> cards = to_frame(CardResult((Field("姓名", "样本", 98),), key="front/0001.jpg"))
    >>> cards.cardocr.wide()[["key", "name"]]
                  key name
    0  front/0001.jpg   样本
    """

    # Other shapes, and the formats of other tools.
    wide = data_method(_reshape.wide)
    to_long = staticmethod(_reshape.to_long)
    validate = data_method(_validation.validate)
    to_label_studio = data_method(_label_studio.to_label_studio)
    from_label_studio = staticmethod(_label_studio.from_label_studio)
    to_coco = data_method(_coco.to_coco)
    from_coco = staticmethod(_coco.from_coco)
    to_dask = data_method(dask_frame.to_dask)
    to_excel = data_method(report.to_excel)
    from_excel = staticmethod(report.from_excel)
    to_csv = data_method(_protected_cells.to_csv)
    to_parquet = data_method(_frame_files.to_parquet)
    to_feather = data_method(_frame_files.to_feather)
    plain = data_method(_frame_files.plain)

    # Quality.
    summary = data_method(quality.summary)
    check = data_method(quality.check)
    tally = data_method(check_counts)
    estimate_accuracy = data_method(quality.estimate_accuracy)
    estimate_errors = data_method(quality.estimate_errors)
    review_queue = data_method(quality.review_queue)
    audit_sample = data_method(quality.audit_sample)
    evaluate = data_method(quality.evaluate)
    calibration = data_method(quality.calibration)
    calibrate = data_method(quality.calibrate)
    cost = data_method(quality.cost)
    threshold = data_method(quality.threshold)
    compare = data_method(quality.compare)
    drift = data_method(quality.drift)

    # The embedded engine on the same images.
    complete = data_method(rereading.complete)
    second_opinion = data_method(rereading.second_opinion)

    # Looking at rows.
    show = data_method(report.show)

    # Plots.
    plot_scores = data_method(plot.plot_scores)
    plot_overlay = data_method(plot.plot_overlay)
    plot_gallery = data_method(plot.plot_gallery)
    plot_regions = data_method(plot.plot_regions)
    card_positions = data_method(plot.card_positions)
    card_frame = data_method(plot.card_frame)
    plot_timeline = data_method(plot.plot_timeline)
    plot_reliability = data_method(plot.plot_reliability)
    plot_risk_coverage = data_method(risk_coverage)
    plot_confusions = data_method(confusions)
    plot_compare = data_method(comparison)

    # What leaves the notebook.
    mask = data_method(privacy.mask)
    pseudonym = data_method(privacy.pseudonym)
    redact = picture_method(privacy.redact)
    correct = data_method(review.correct)
    to_training_data = data_method(review.to_training_data)
    review = data_method(review.review)
    report = data_method(report.report)
