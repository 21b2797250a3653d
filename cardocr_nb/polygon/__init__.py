"""Measures of four-cornered polygons, many at once.

Every function takes an array of shape (n, 4, 2), corners ``(x, y)`` in pixels with x to the right and y downwards, and
gives one row an input row; a single polygon of shape (4, 2) counts as one row. Numbers are worked in float64, which is
exact for pixels of any image that the service reads. A row that holds NaN gives NaN, or False where the answer is yes or
no.

*Wire order* is top-left, bottom-left, bottom-right, top-right, as in the samples of the service's specification. The
service does not promise it: `area`, `perimeter`, `is_simple` and `is_convex` judge the corners in the order given,
everything else puts them in order first.
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.polygon._corners import as_points, is_convex, is_degenerate, is_simple, ordered
from cardocr_nb.polygon._measures import angle, area, bbox, centroid, height, perimeter, scale, shift, width
from cardocr_nb.polygon._overlap import contains, iou

__all__ = [
    "angle",
    "area",
    "as_points",
    "bbox",
    "centroid",
    "contains",
    "height",
    "iou",
    "is_convex",
    "is_degenerate",
    "is_simple",
    "ordered",
    "perimeter",
    "scale",
    "shift",
    "width",
]

guard_public(__all__, __name__)
