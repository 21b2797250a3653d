"""The corners of a polygon in the forms in which tools give them.

GeoJSON (RFC 7946) and shapely close a ring, so that its first corner comes twice; services give ``{"x": 1, "y": 2}``.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

Corners: TypeAlias = tuple[tuple[int, int], ...]

_LOWEST, _HIGHEST = -(2**31), 2**31 - 1
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_NUMBERS = re.compile(r"[\[\](), .\d\-\s]{1,400}")
_WRITTEN = re.compile(r"\s*" + r"\s+".join(4 * [r"(-?\d+),(-?\d+)"]) + r"\s*", re.ASCII)
_WELL_KNOWN = re.compile(r"\s*POLYGON\s*(?:Z\s*)?\(\(([-+.\de, ]{1,400})\)\)\s*", re.ASCII | re.IGNORECASE)
_LONGEST_JSON = 4000


class PolygonError(ValueError):
    """A value is not four corners."""

    @classmethod
    def of(cls, got: str) -> PolygonError:
        """Describe a value."""
        return cls(
            f"a polygon is made of four corners (x, y) in pixels: pass [(x, y), (x, y), (x, y), (x, y)]; got {got}"
        )

    @classmethod
    def of_row(cls, row: int, fault: str) -> PolygonError:
        """Name the row of a column, counted from 0."""
        return cls(f"row {row}: {fault}")


def corners_of(value: Any) -> Corners:
    """Return four corners, whole pixels.

    Parameters
    ----------
    value : iterable, mapping, or shape of shapely
        Four pairs, or mappings with ``x`` and ``y``; eight numbers; a ring that is closed by its first corner; a polygon or
        feature of GeoJSON or shapely without holes, whose heights are left out.

    Raises
    ------
    PolygonError
        It is something else, or a coordinate does not fit into int32.

    Examples
    --------
    >>> corners_of({"type": "Polygon", "coordinates": [[[0, 0], [0, 9.2], [30, 9], [30, 0], [0, 0]]]})
    ((0, 0), (0, 9), (30, 9), (30, 0))
    """
    ring, is_shape = _ring(value)
    if len(ring) in (8, 10) and not any(isinstance(number, list | tuple | Mapping | str) for number in ring):
        ring = list(zip(ring[::2], ring[1::2], strict=True))
    pairs = [_pair(corner, may_have_height=is_shape) for corner in ring]
    if pairs and (len(pairs) == 5 or is_shape) and pairs[0] == pairs[-1]:
        del pairs[-1]
    if len(pairs) != 4:
        more = "; minimum_rotated_rectangle of shapely has four" if len(pairs) > 4 else ""
        raise PolygonError.of(f"{len(pairs)} corners{more}")
    try:
        corners = tuple((_pixel(x), _pixel(y)) for x, y in pairs)
    except (TypeError, ValueError, OverflowError):
        corners = ()
    if not corners:
        raise PolygonError.of("corners that are not numbers")
    if not all(_LOWEST <= v <= _HIGHEST for corner in corners for v in corner):
        raise PolygonError(f"a coordinate lies outside {_LOWEST} to {_HIGHEST}: {corners}")
    return corners


def parse(text: str) -> Corners:
    """Read corners from a text: four ``x,y`` with spaces between them, lists and mappings as JSON has them, WKT of a polygon.

    Raises
    ------
    ValueError
        The text is something else.

    Examples
    --------
    >>> parse("0,0 0,10 30,10 30,0") == parse('[{"x": 0, "y": 0}, {"x": 0, "y": 10}, {"x": 30, "y": 10}, {"x": 30, "y": 0}]')
    True
    """
    found: Any = None
    if usual := _WRITTEN.fullmatch(text):
        found = tuple(map(int, usual.groups()))
        if min(found) >= _LOWEST and max(found) <= _HIGHEST:
            return found[0:2], found[2:4], found[4:6], found[6:8]
    elif text.lstrip()[:1] == "[" and _NUMBERS.fullmatch(text):
        found = [float(number) for number in _NUMBER.findall(text)]
    elif written := _WELL_KNOWN.fullmatch(text):
        found = {"type": "Polygon", "coordinates": [[_numbers(corner) for corner in written[1].split(",")]]}
    elif text.lstrip()[:1] in ("[", "{") and len(text) <= _LONGEST_JSON:
        found = _of_json(text)
    if found is None:
        raise ValueError("a polygon is written as four 'x,y' with spaces between them, such as '0,0 0,9 30,9 30,0'")
    return corners_of(found)


def _numbers(words: str) -> list[float]:
    try:
        return [float(word) for word in words.split()]
    except ValueError:
        return []


def _of_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _ring(value: Any) -> tuple[list[Any], bool]:
    """Return the corners of a ring, and whether it is one of GeoJSON or shapely: always closed, perhaps with heights."""
    if isinstance(value, Mapping) and isinstance(value.get("geometry"), Mapping):
        value = value["geometry"]
    if isinstance(value, Mapping) or hasattr(value, "exterior"):
        rings = _rings(value)
        if len(rings) != 1:
            raise PolygonError.of(f"{len(rings)} rings, of the outline and of holes; pass the outline")
        return list(rings[0]), True
    if isinstance(value, np.ndarray):
        value = value.tolist()
    try:
        return list(value), False
    except TypeError:
        pass
    raise PolygonError.of(f"a value of type {type(value).__name__}")


def _rings(value: Any) -> list[Any]:
    if not isinstance(value, Mapping):
        return [ring.coords for ring in (value.exterior, *value.interiors)]
    rings = value.get("coordinates")
    if value.get("type") != "Polygon" or not isinstance(rings, list | tuple):
        raise PolygonError.of("a mapping other than a polygon of GeoJSON")
    return list(rings)


def _pair(corner: Any, *, may_have_height: bool) -> tuple[Any, Any]:
    if isinstance(corner, Mapping):
        for x, y in (("x", "y"), ("X", "Y")):
            if x in corner and y in corner:
                return corner[x], corner[y]
        raise PolygonError.of("corners without x and y")
    try:
        numbers = [] if isinstance(corner, str) else list(corner)
    except TypeError:
        numbers = []
    if len(numbers) == 3 and not may_have_height:
        raise PolygonError.of("corners of 3 numbers; leave the third one out")
    if len(numbers) not in (2, 3):
        raise PolygonError.of("corners that are not pairs of numbers")
    return numbers[0], numbers[1]


def _pixel(value: Any) -> int:
    """Return a coordinate as a whole number; NaN, infinity and texts raise."""
    if isinstance(value, float | np.floating):
        return round(float(value))
    return operator.index(value)
