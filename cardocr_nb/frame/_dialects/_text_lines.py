"""Lines of general OCR, of RapidOCR or PaddleOCR: the embedded engine's rules find the fields among them.

The formats are in `_line_formats`. The places of characters within a line are not given: they
follow from its length. The score of a field is that of its least certain line, not one of the embedded engine; it is missing if a line of
the image has none. Needs the extra ``local``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardocr_nb.cards import FIELDS, CardType, expected_fields
from cardocr_nb.errors import DecodeError, missing_extra
from cardocr_nb.frame._dialects._dialect_reading import DialectReading, number, sequence
from cardocr_nb.frame._dialects._line_formats import entries, refusal
from cardocr_nb.wire._records import Field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cardocr_nb.local.engine._field_extraction import Extraction
    from cardocr_nb.local.engine._placed_chars import PlacedChar
    from cardocr_nb.local.engine._recognition import Line
    from cardocr_nb.wire._records import Points

_NARROW = 0.5
"""Width of a Latin letter or digit in widths of a Chinese character."""
_MOST_LINES = 500
_MOST_CHARACTERS = 200
_FARTHEST = 30_000


def read_text_lines(document: Mapping[str, Any]) -> DialectReading:
    """Read the lines of one image; a document that is a list is passed as ``{"lines": list}``.

    The card type is the one that gives more fields.

    Raises
    ------
    DecodeError
        The lines are in none of the known formats.
    MissingExtraError
        The extra ``local`` is not installed.

    Examples
    --------
    >>> read_text_lines({"lines": []})
    <DialectReading card_type=None, 0 fields>
    """
    try:
        from cardocr_nb.local.engine._field_extraction import extract_fields
    except ImportError as e:
        missing_extra("the fields of text lines", "local", e)
    import numpy as np

    if (refused := refusal(document)) is not None:
        return DialectReading(code=refused[0], message=refused[1])
    given = entries(document)
    scored = all(score is not None for _, _, score in given)
    lines = [line for entry in given if (line := _line(*entry)) is not None]
    if len(lines) > _MOST_LINES:
        raise DecodeError(f"an image must have at most {_MOST_LINES} lines, got {len(lines)}")
    best: tuple[CardType, Extraction] | None = None
    for kind in CardType:
        try:
            with np.errstate(all="ignore"):
                extraction = extract_fields(lines, kind, {f.name: f.label for f in FIELDS[kind]})
        except (ArithmeticError, ValueError, IndexError):  # polygons that no picture has
            raise DecodeError("the polygons of the lines cannot be those of a picture") from None
        if extraction.fields and (best is None or len(extraction.fields) > len(best[1].fields)):
            best = kind, extraction
    return DialectReading() if best is None else DialectReading(_fields(*best, scored=scored), str(best[0]))


def _corners(box: object) -> list[list[float]]:
    """Four points of a line: given as points, as eight numbers, or as left, top, right, bottom."""
    given = sequence(box, "polygon")
    if len(given) == 4 and not any(isinstance(value, list) for value in given):
        left, top, right, bottom = given
        given = [[left, top], [right, top], [right, bottom], [left, bottom]]
    elif len(given) == 8 and not any(isinstance(value, list) for value in given):
        given = [given[n : n + 2] for n in range(0, 8, 2)]
    points = [
        [number(value, "polygon", -_FARTHEST, _FARTHEST) for value in sequence(point, "polygon")] for point in given
    ]
    if len(points) != 4 or any(len(point) != 2 for point in points):
        raise DecodeError("the polygon of a line must have 4 points of 2 numbers")
    return points


def _line(box: object, text: object, score: object) -> Line | None:
    from cardocr_nb.local.engine._recognition import Char, Line

    points = _corners(box)
    if not isinstance(text, str):
        raise DecodeError("the text of a line must be a text")
    sure = 1.0 if score is None else number(score, "score", 0, 1)
    shown = "".join(text.split())[:_MOST_CHARACTERS]
    (ax, ay), (bx, by), _, (dx, dy) = points
    if not shown or (ax, ay) in ((bx, by), (dx, dy)):
        return None
    widths = [_NARROW if character.isascii() else 1.0 for character in shown]
    total, left, chars = sum(widths), 0.0, []
    for character, width in zip(shown, widths, strict=True):
        right = left + width / total
        chars.append(Char(character, sure, (left, 0.1, min(right, 1.0), 0.9)))
        left = right
    return Line(((ax, ay), (bx, by), (dx, dy)), tuple(chars))


def _fields(kind: CardType, extraction: Extraction, *, scored: bool) -> tuple[Field, ...]:
    return tuple(
        Field(one.label, one.value.text, _score(one.chars) if scored else None, _box(one.chars))
        for name in expected_fields(kind)
        if (one := extraction.fields.get(name)) is not None and one.value.text and one.chars
    )


def _score(chars: Sequence[PlacedChar]) -> int:
    return round(100 * min(placed.char.confidence for placed in chars))


def _box(chars: Sequence[PlacedChar]) -> Points:
    """The smallest rectangle along the text that holds its characters, in the order of the wire."""
    import numpy as np

    along = chars[0].corners[3] - chars[0].corners[0]
    along = along / max(float(np.linalg.norm(along)), 1e-9)
    axes = np.array([along, [-along[1], along[0]]])
    placed = np.concatenate([char.corners for char in chars]) @ axes.T
    (left, top), (right, bottom) = placed.min(0), placed.max(0)
    corners = np.array([(left, top), (left, bottom), (right, bottom), (right, top)]) @ axes
    return tuple((round(float(x)), round(float(y))) for x, y in corners)
