"""Records of the wire become a DataFrame: one row a field, right dtypes.

`flatten` makes rows of records, `read` of saved responses, `schema` names columns and dtypes, `shapes` turns the long
frame into others; `polygon_dtype` and `polygon_array` are the pandas dtype ``"polygon"``, `geometry` its measures.
"""

from cardocr_nb.frame.flatten import PolygonWarning, UnknownLabelWarning, to_frame
from cardocr_nb.frame.polygon_array import PolygonArray
from cardocr_nb.frame.polygon_dtype import Polygon, PolygonDtype
from cardocr_nb.frame.read import read_responses
from cardocr_nb.frame.schema import COLUMNS, DTYPES, conform, empty
from cardocr_nb.frame.shapes import DoubledFieldWarning, wide

__all__ = [
    "COLUMNS",
    "DTYPES",
    "DoubledFieldWarning",
    "Polygon",
    "PolygonArray",
    "PolygonDtype",
    "PolygonWarning",
    "UnknownLabelWarning",
    "conform",
    "empty",
    "read_responses",
    "to_frame",
    "wide",
]
