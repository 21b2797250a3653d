"""``df.cardocr`` and ``series.polygon``: the package's functions as methods, one line each.

The accessors hold no state; pandas makes them anew on each access. Importing this package registers them. `CardFrame`
is made of one class for each kind of question, so that each stands beside those like it.
"""

from cardocr_nb._accessors._dask_accessor import CardParts
from cardocr_nb._accessors._pandas_accessor import CardFrame
from cardocr_nb._accessors._polygon_accessor import PolygonSeries

__all__ = ["CardFrame", "CardParts", "PolygonSeries"]
