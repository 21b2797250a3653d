"""Records of the service become a DataFrame: one row a field, with fixed columns and dtypes.

========================================== ============================================================================
to make a frame                            `to_frame` (jobs, documents, a ledger), `read_responses` (files, archives)
columns and dtypes                         `COLUMNS`, `DTYPES`; `conform` gives them to any table, `validate` lists faults
other services                             ``read_responses(..., dialect="baidu")``, `Dialect`, `DialectReading`
other shapes                               `wide` (one row a card), `to_long`
the dtype of polygons                      `PolygonDtype`, `PolygonArray`, `Polygon`
files                                      `read_table`, `to_parquet`, `to_feather`; `plain` for tools without the dtype
annotation tools                           `to_label_studio`, `from_label_studio`, `to_coco`, `from_coco`
spreadsheets                               `to_csv`; `ExcelDamageWarning` counts texts that a spreadsheet changed
more rows than memory holds                ``read_responses(..., engine="dask")``, `to_dask`
========================================== ============================================================================

Inside, `_sources` finds files, `_documents` opens them, `_batch_reader` reads documents many at once, `_frame_builder` makes
the frame. `_partitions` and `_dask_frame` do the same for Dask.
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.frame._coco import from_coco, to_coco
from cardocr_nb.frame._dask_frame import to_dask
from cardocr_nb.frame._dialects import DIALECTS, Dialect, DialectReading
from cardocr_nb.frame._flatten import to_frame
from cardocr_nb.frame._frame_builder import PolygonWarning, UnknownLabelWarning
from cardocr_nb.frame._frame_columns import COLUMNS, DTYPES
from cardocr_nb.frame._frame_files import plain, to_feather, to_parquet
from cardocr_nb.frame._frame_schema import conform, empty
from cardocr_nb.frame._label_studio import from_label_studio, label_studio_config, to_label_studio
from cardocr_nb.frame._polygon_array import PolygonArray
from cardocr_nb.frame._polygon_dtype import Polygon, PolygonDtype
from cardocr_nb.frame._protected_cells import to_csv
from cardocr_nb.frame._reshape import DoubledFieldWarning, to_long, wide
from cardocr_nb.frame._responses import read_responses
from cardocr_nb.frame._spreadsheet_damage import ExcelDamageWarning
from cardocr_nb.frame._text_tables import read_table
from cardocr_nb.frame._validation import validate

__all__ = [
    "COLUMNS",
    "DIALECTS",
    "DTYPES",
    "Dialect",
    "DialectReading",
    "DoubledFieldWarning",
    "ExcelDamageWarning",
    "Polygon",
    "PolygonArray",
    "PolygonDtype",
    "PolygonWarning",
    "UnknownLabelWarning",
    "conform",
    "empty",
    "from_coco",
    "from_label_studio",
    "label_studio_config",
    "plain",
    "read_responses",
    "read_table",
    "to_coco",
    "to_csv",
    "to_dask",
    "to_feather",
    "to_frame",
    "to_label_studio",
    "to_long",
    "to_parquet",
    "validate",
    "wide",
]

guard_public(__all__, __name__)
