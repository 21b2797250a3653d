"""Lines of general OCR, of RapidOCR or PaddleOCR: the embedded engine's rules find the fields among them.

Sources: the public output formats. RapidOCR's ``to_json`` lists ``box, txt, score``; PaddleOCR 3 gives ``rec_polys, rec_texts,
rec_scores``, PaddleOCR 2 a list of ``[polygon, [text, score]]``. The places of characters within a line are not given: they
follow from its length. The score of a field is that of its least certain line, not one of the embedded engine. Needs the extra ``local``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardocr_nb.cards import FIELDS, CardType, expected_fields
from cardocr_nb.errors import DecodeError, missing_extra
from cardocr_nb.frame._dialects._dialect_reading import DialectReading, mapping, number, sequence
from cardocr_nb.wire._records import Field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
        The lines are in none of the three formats.
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

    lines = [line for entry in _entries(document) if (line := _line(*entry)) is not None]
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
    return DialectReading() if best is None else DialectReading(_fields(*best), str(best[0]))


def _entries(document: Mapping[str, Any]) -> Iterator[tuple[object, object, object]]:
    """Polygon, text and score of each line."""
    body = mapping(document.get("res", document), "res")
    if "rec_texts" in body:
        names = ("rec_polys" if "rec_polys" in body else "dt_polys", "rec_texts", "rec_scores")
        polygons, texts, scores = (sequence(body.get(name), name) for name in names)
        if not len(polygons) == len(texts) == len(scores):
            raise DecodeError("rec_polys, rec_texts and rec_scores must have the same length")
        yield from zip(polygons, texts, scores, strict=True)
        return
    lines = sequence(body.get("lines"), "lines")
    if len(lines) == 1 and isinstance(lines[0], list) and (not lines[0] or _is_pair(lines[0][0])):
        lines = lines[0]  # PaddleOCR 2 lists the images first
    for line in lines:
        if isinstance(line, dict):
            yield line.get("box"), line.get("txt"), line.get("score")
        elif _is_pair(line):
            yield line[0], line[1][0], line[1][1]
        else:
            raise DecodeError("a line must be an object with box, txt, score, or a pair of polygon and [text, score]")


def _is_pair(line: object) -> bool:
    return isinstance(line, list) and len(line) == 2 and isinstance(line[1], list) and len(line[1]) == 2


def _line(box: object, text: object, score: object) -> Line | None:
    from cardocr_nb.local.engine._recognition import Char, Line

    points = [
        [number(value, "polygon", -_FARTHEST, _FARTHEST) for value in sequence(point, "polygon")]
        for point in sequence(box, "polygon")
    ]
    if len(points) != 4 or any(len(point) != 2 for point in points):
        raise DecodeError("the polygon of a line must have 4 points of 2 numbers")
    if not isinstance(text, str):
        raise DecodeError("the text of a line must be a text")
    sure = number(score, "score", 0, 1)
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


def _fields(kind: CardType, extraction: Extraction) -> tuple[Field, ...]:
    return tuple(
        Field(
            one.label, one.value.text, round(100 * min(placed.char.confidence for placed in one.chars)), _box(one.chars)
        )
        for name in expected_fields(kind)
        if (one := extraction.fields.get(name)) is not None and one.value.text and one.chars
    )


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
