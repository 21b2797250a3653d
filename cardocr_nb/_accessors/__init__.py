"""``df.cardocr`` and ``series.polygon``: the package's functions as methods.

Importing this package registers the accessors. They hold no state: pandas makes them again at each access. Methods are
made from the functions, with their signatures and docstrings, so that nothing is written twice.
"""

from cardocr_nb._accessors._card_accessor import CardAccessor
from cardocr_nb._accessors._dask_accessor import DaskCardAccessor
from cardocr_nb._accessors._polygon_accessor import PolygonAccessor

__all__ = ["CardAccessor", "DaskCardAccessor", "PolygonAccessor"]
