"""``df.cardocr`` on a DataFrame of Dask."""

from __future__ import annotations

from cardocr_nb import plot, quality
from cardocr_nb._accessors._card_accessor import check_counts
from cardocr_nb._accessors._methods import CardData, data_method
from cardocr_nb.frame import _dask_frame as dask_frame


@dask_frame.accessor("cardocr")
class DaskCardAccessor(CardData):
    """The functions of this package that work on a Dask DataFrame of cards.

    The results equal those of pandas exactly if all rows of a card are in one partition. A frame without the columns
    ``key, field, text, score`` has no such attribute.
    """

    summary = data_method(quality.summary)
    check = data_method(quality.check)
    tally = data_method(check_counts)
    drift = data_method(quality.drift)
    plot_scores = data_method(plot.plot_scores)
    by_card = data_method(dask_frame.by_card)
    write_parts = data_method(dask_frame.write_parts)
    to_pandas = data_method(dask_frame.compute)
