"""``df.cardocr`` on a DataFrame of pandas."""

from __future__ import annotations

import pandas as pd

from cardocr_nb._accessors._frame_methods import Frames
from cardocr_nb._accessors._plot_methods import Plots
from cardocr_nb._accessors._quality_methods import Quality
from cardocr_nb._accessors._requirements import need
from cardocr_nb._accessors._sharing_methods import Sharing


@pd.api.extensions.register_dataframe_accessor("cardocr")
class CardFrame(Frames, Quality, Plots, Sharing):
    """What can be asked of a frame made by `cardocr_nb.to_frame`.

    Raises
    ------
    AttributeError
        The frame has not the columns ``key, field, text, score``.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> cards = to_frame(CardResult((Field("姓名", "样本", 98),), key="front/0001.jpg"))
    >>> cards.cardocr.wide()[["key", "name"]]
                  key name
    0  front/0001.jpg   样本
    """

    def __init__(self, df: pd.DataFrame) -> None:
        need(df)
        self._df = df
