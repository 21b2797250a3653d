"""Checks of the positions of fields on the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb.quality._checks import register

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

_ROWS_AT_ONCE = 1 << 14
_COVERED = 0.25
_CLEARLY = 1 + 1e-9


@dataclass(frozen=True, slots=True)
class Outlines:
    """The polygons of a frame's fields and what the checks below ask of them, one entry each.

    Attributes
    ----------
    frame : DataFrame
    row : ndarray of int
        Position in the frame.
    points : ndarray of shape (n, 4, 2), int32
        Pixels.
    box : ndarray of shape (4, n), int32
        Least x and y, greatest x and y.
    area : ndarray of float
        Square pixels, by the diagonals.
    spans, simple, in_order : ndarray of bool
        No line or point; no crossing sides; corners as `cardocr_nb.polygon.ordered` would put them.
    """

    frame: pd.DataFrame
    row: NDArray[np.intp]
    points: NDArray[np.int32]
    box: NDArray[np.int32]
    area: NDArray[np.float64]
    spans: Bools
    simple: Bools
    in_order: Bools


def outlines(df: pd.DataFrame) -> Outlines:
    """Measure the polygons of a frame; those that are plainly convex and in order need no closer look."""
    array = df["polygon"].array
    row = np.flatnonzero(df["field"].notna().to_numpy() & ~np.asarray(array.isna()))
    points = array.points if len(row) == len(df) else array.points[row]
    box, area = np.empty((4, len(row)), dtype=np.int32), np.empty(len(row))
    convex, in_order = np.empty(len(row), dtype=bool), np.empty(len(row), dtype=bool)
    for start in range(0, len(row), _ROWS_AT_ONCE):
        at = slice(start, start + _ROWS_AT_ONCE)
        corners = np.empty((2, 4 + 2, len(points[at])))
        corners[:, :4] = points[at].transpose(2, 1, 0)
        corners[:, 4:] = corners[:, :2]
        box[:2, at], box[2:, at] = corners[:, :4].min(axis=1), corners[:, :4].max(axis=1)
        convex[at], in_order[at], area[at] = _plainly(*corners)
    spans, simple = convex, convex.copy()
    rest = np.flatnonzero(~convex)
    spans[rest], simple[rest] = ~polygon.is_degenerate(points[rest]), polygon.is_simple(points[rest])
    rest = np.flatnonzero(simple & ~in_order)
    in_order[rest] = (polygon.ordered(points[rest]) == points[rest]).all(axis=(1, 2))
    return Outlines(df, row, points, box, area, spans, simple, in_order)


def _plainly(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Bools, Bools, NDArray[np.float64]]:
    """Convex with no straight corner; from top-left anticlockwise on the screen; area.

    Of the corners, shape (6, n): all round and on to the second, so that each has those that follow.
    """
    side_x, side_y = x[1:] - x[:-1], y[1:] - y[:-1]
    turn = side_x[:-1] * side_y[1:]
    turn -= side_y[:-1] * side_x[1:]
    # Four turns one way, each less than half a turn, can only add up to one whole turn.
    most, least = turn.max(axis=0), turn.min(axis=0)
    left = most < 0
    along_x, along_y, up_x, up_y = (side[k] - side[k + 2] for k in (1, 0) for side in (side_x, side_y))
    along_x_2, up_x_2 = along_x * along_x, up_x * up_x
    level = along_x_2 * (up_x_2 + up_y * up_y) > up_x_2 * (along_x_2 + along_y * along_y) * _CLEARLY
    # Two triangles.
    area = np.abs(turn[0] + turn[2]) / 2
    return left | (least > 0), left & (along_x > 0) & level, area


def _judged(found: Outlines, which: Bools, passed: Bools) -> pd.DataFrame:
    if which.all():
        return pd.DataFrame({"row": found.row, "passed": passed}, copy=False)
    return pd.DataFrame({"row": found.row[which], "passed": passed[which]}, copy=False)


@register(severity="warning", detail="four corners that span no area", transform=outlines)
def polygon_has_area(found: Outlines) -> pd.DataFrame:
    """Polygon is not a line or point; applies where there is one."""
    return pd.DataFrame({"row": found.row, "passed": found.spans}, copy=False)


@register(severity="warning", detail="sides that cross", transform=outlines)
def polygon_is_simple(found: Outlines) -> pd.DataFrame:
    """Sides of the polygon do not cross; asked where it spans an area."""
    return _judged(found, found.spans, found.simple)


@register(
    severity="warning",
    detail="corners in another order than top-left, bottom-left, bottom-right, top-right",
    transform=outlines,
)
def polygon_is_in_order(found: Outlines) -> pd.DataFrame:
    """Corners are in the order of the wire; applies where no sides cross.

    A card that was photographed sideways or upside down fails where its corners are counted as its text reads.
    """
    return _judged(found, found.simple, found.in_order)


@register(severity="warning", detail="a corner outside the image", transform=outlines)
def polygon_is_on_image(found: Outlines) -> pd.DataFrame:
    """No corner lies outside the upright image; asked where its size is known."""
    known = found.frame["width"].notna().to_numpy()
    if not known.any():
        return _judged(found, np.zeros(len(found.row), dtype=bool), found.spans)
    width, height = (found.frame[name].to_numpy()[found.row] for name in ("width", "height"))
    return _judged(found, known[found.row], _within(found.box, width, height))


@register(severity="warning", detail="a place that another field covers", transform=outlines)
def polygon_is_apart(found: Outlines) -> pd.DataFrame:
    """Polygon shares no more than a quarter of the smaller one's area with another field's of its card."""
    card = found.frame["card"].to_numpy()[found.row]
    field = np.asarray(found.frame["field"].cat.codes)[found.row]
    # A comparison with NaN is not met, so that polygons whose sides cross cover nothing.
    area, box = np.where(found.simple, found.area, np.nan), found.box
    if np.all(card[1:] >= card[:-1]):
        first, second = _near_pairs(card, field, box, area)
    else:
        order = np.argsort(card, kind="stable")
        first, second = (order[n] for n in _near_pairs(card[order], field[order], box[:, order], area[order]))
    iou = polygon.iou(found.points[first], found.points[second])
    shared = iou / (1 + iou) * (area[first] + area[second])
    over = shared > _COVERED * np.minimum(area[first], area[second])
    apart = np.ones(len(found.row), dtype=bool)
    apart[first[over]] = apart[second[over]] = False
    return _judged(found, found.simple, apart)


def _near_pairs(
    card: NDArray[np.intp], field: NDArray[Any], box: NDArray[np.int32], area: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Fields of one card, by their rows, whose upright rectangles share enough for the polygons themselves to do so."""
    ends = np.flatnonzero(np.append(card[1:] != card[:-1], True))
    sizes = np.diff(ends, prepend=-1)
    pairs = [(np.empty(0, dtype=np.intp),) * 2]
    # Rows are taken in parts that stay in the processor's memory, and each is compared with the next ones of its card.
    for start in range(0, len(card), _ROWS_AT_ONCE):
        low, high = np.searchsorted(ends, [start, start + _ROWS_AT_ONCE])
        for step in range(1, sizes[low : high + 1].max()):
            to = slice(start + step, start + step + _ROWS_AT_ONCE)
            here = slice(start, start + len(card[to]))
            meet = (box[1, to] < box[3, here]) & (box[1, here] < box[3, to])
            near = np.flatnonzero(meet & (card[here] == card[to]) & (field[here] != field[to]))
            if not len(near):
                continue
            first, second = near + start, near + start + step
            left, top = np.maximum(box[:2, first], box[:2, second])
            across, down = np.minimum(box[2:, first], box[2:, second]).astype(np.float64) - (left, top)
            enough = (across > 0) & (across * down > _COVERED * np.minimum(area[first], area[second]))
            pairs.append((first[enough], second[enough]))
    return np.concatenate([f for f, _ in pairs]), np.concatenate([s for _, s in pairs])


@register(
    severity="warning", detail="polygons in pixels of the stored image, not of the upright one", transform=outlines
)
def polygons_are_upright(found: Outlines) -> pd.DataFrame:
    """The polygons of a card lie on the image as people see it, not as the file is stored.

    Asked of cards whose file is turned by its EXIF orientation, where the two shapes differ. Such a card fails when all
    polygons fit the stored pixels, and not all the upright picture: the service, or whoever moved the polygons, has
    overlooked the orientation.
    """
    if found.frame["stored_width"].isna().all():
        return pd.DataFrame({"row": found.row[:0], "field": None, "passed": found.spans[:0]})
    sizes = [found.frame[name].to_numpy()[found.row] for name in ("width", "height", "stored_width", "stored_height")]
    upright, stored = _within(found.box, *sizes[:2]), _within(found.box, *sizes[2:])
    turned = ~np.isnan(sizes[2]) & (sizes[0] != sizes[2])
    card = found.frame["card"].to_numpy()[found.row[turned]]
    cards, first, place = np.unique(card, return_index=True, return_inverse=True)
    off, off_stored = (np.bincount(place[~fit[turned]], minlength=len(cards)) for fit in (upright, stored))
    passed = (off == 0) | (off_stored > 0)
    return pd.DataFrame({"row": found.row[turned][first], "field": None, "passed": passed})


def _within(box: NDArray[np.int32], width: NDArray[np.float64], height: NDArray[np.float64]) -> Bools:
    left, top, right, bottom = box
    return np.asarray((left >= 0) & (top >= 0) & (right <= width) & (bottom <= height), dtype=bool)
