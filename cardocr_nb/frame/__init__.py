"""Records of the wire become a DataFrame: one row a field, right dtypes.

`flatten` gathers records, `read` saved responses found by `sources`; both make `blocks`, from which `builder` puts a
frame together. `schema` names columns and dtypes, `shapes` turns the long frame into others; `polygon_dtype` and `polygon_array` are the pandas dtype ``"polygon"``, `geometry` its measures.
`validate` judges frames from elsewhere, `label_studio` and `coco` exchange them with annotation tools; `parts` cuts saved
responses into parts, and `scale` makes a Dask DataFrame of them.
"""

from cardocr_nb.frame._flatten import to_frame
from cardocr_nb.frame._frame_builder import PolygonWarning, UnknownLabelWarning
from cardocr_nb.frame._frame_schema import COLUMNS, DTYPES, conform, empty
from cardocr_nb.frame._polygon_array import PolygonArray
from cardocr_nb.frame._polygon_dtype import Polygon, PolygonDtype
from cardocr_nb.frame._reshape import DoubledFieldWarning, to_long, wide
from cardocr_nb.frame._responses import read_responses
from cardocr_nb.frame._validation import validate

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
    "to_long",
    "validate",
    "wide",
]
