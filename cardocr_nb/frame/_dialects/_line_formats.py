"""The formats in which general OCR gives the lines of one image.

Sources: RapidOCR 1 (``[box, text, score]``, with the times behind the list), RapidOCR 3 (``boxes, txts, scores``, and ``to_json``),
its server (``rec_txt, dt_boxes, score`` by number), PaddleOCR 2 (``[polygon, [text, score]]``), PaddleOCR 3 (``rec_texts, rec_polys,
rec_boxes, rec_scores``, below ``res`` in files, below ``result/ocrResults/prunedResult`` from its server), PaddleHub
(``results`` with ``text_region, text, confidence``), PaddleOCR-json (``code, data``). A picture without text is null, ``[]``, ``[null]``
or ``[[]]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._dialects._dialect_reading import mapping, sequence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Entry: TypeAlias = tuple[object, object, object]
    """Polygon, text and score of a line."""

_BOXES = ("box", "dt_boxes", "text_region", "points")
_TEXTS = ("txt", "text", "rec_txt", "transcription")
_SCORES = ("score", "confidence")
_COLUMNS = (("rec_texts", ("rec_polys", "rec_boxes", "dt_polys"), "rec_scores"), ("txts", ("boxes",), "scores"))
_WRAPPERS = ("res", "result", "prunedResult", "overall_ocr_res", "ocrResults", "results", "lines")
_FOUND, _NO_TEXT = 100, 101
"""``code`` of PaddleOCR-json; ``data`` is a sentence unless texts were found."""
_REFUSALS = (("errorCode", "errorMsg", (0,)), ("status", "msg", (0,)), ("code", "data", (_FOUND, _NO_TEXT)))
"""Code and message of the servers of PaddleX and PaddleHub and of PaddleOCR-json, with the codes of success."""


def refusal(document: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Return code and message of an answer that is an error of its server.

    Examples
    --------
    >>> refusal({"errorCode": 500, "errorMsg": "Internal server error"}), refusal({"code": 101, "data": "No text found"})
    (('500', 'Internal server error'), None)
    """
    if any(isinstance(document.get(name), list | dict) for name in _WRAPPERS):
        return None
    for name, about, good in _REFUSALS:
        found, said = str(document.get(name)), document.get(about)
        if found.isdecimal() and isinstance(said, str) and int(found) not in good:
            return found, said.strip() or None
    return None


def entries(document: object) -> list[Entry]:
    """Return polygon, text and score of each line of a document.

    Raises
    ------
    DecodeError
        The document has none of the known formats, or several images.

    Examples
    --------
    >>> entries({"lines": [None]}), entries([[[[0, 0], [9, 0], [9, 2], [0, 2]], "样本", 0.9]])[0][1:]
    ([], ('样本', 0.9))
    """
    if document is None:
        return []
    if isinstance(document, list):
        return _of_list(document)
    body = mapping(document, "the document")
    for texts, places, scores in _COLUMNS:
        if texts in body:
            return _of_columns(body, texts, places, scores)
    for name in _WRAPPERS:
        if name in body:
            return entries(body[name])
    if "code" in body and "data" in body:
        return [] if str(body["code"]) == str(_NO_TEXT) else entries(body["data"])
    if body and all(name.isdecimal() for name in body):
        return [_of_object(mapping(line, "a line")) for line in body.values()]
    if not body:
        return []
    raise DecodeError(
        "the document has no lines of a known format: a list of [box, text, score], of [box, [text, score]] or of objects "
        "with box, txt and score, or an object with rec_texts, rec_polys and rec_scores, or with boxes, txts and scores"
    )


def _of_list(lines: Sequence[Any]) -> list[Entry]:
    found = [line for line in lines if line is not None]
    if not found:
        return []
    if len(lines) == 2 and _are_times(lines[1]):  # RapidOCR 1 returns the lines and the times
        return entries(lines[0])
    if all(isinstance(line, dict) and not _is_line(line) for line in found):
        return entries(_only(found))
    if all(isinstance(line, list) and (not line or isinstance(line[0], dict) or _is_entry(line[0])) for line in found):
        return entries(_only(found))
    return [_of_line(line) for line in found]


def _only(images: Sequence[Any]) -> Any:
    if len(images) > 1:
        raise DecodeError(f"the document has {len(images)} images; save a document for each")
    return images[0]


def _are_times(value: object) -> bool:
    return isinstance(value, int | float) or (
        isinstance(value, list) and bool(value) and all(isinstance(one, int | float | None) for one in value)
    )


def _of_columns(body: Mapping[str, Any], texts: str, places: Sequence[str], scores: str) -> list[Entry]:
    if body[texts] is None:
        return []
    place = next((name for name in places if body.get(name) is not None), places[0])
    columns = [sequence(body.get(name), name) for name in (place, texts)]
    sure = body.get(scores)
    columns.append([None] * len(columns[1]) if sure is None else sequence(sure, scores))
    if len({len(column) for column in columns}) > 1:
        raise DecodeError(f"{place}, {texts} and {scores} must have the same length")
    return list(zip(*columns, strict=True))


def _is_line(line: Mapping[str, Any]) -> bool:
    return any(name in line for name in _TEXTS)


def _is_entry(line: object) -> bool:
    """Whether a list is a line: a box, then a text, or a pair of text and score."""
    if not isinstance(line, list) or len(line) not in (2, 3) or not isinstance(line[0], list):
        return False
    return isinstance(line[1], str) or (len(line) == 2 and isinstance(line[1], list) and len(line[1]) == 2)


def _of_line(line: object) -> Entry:
    if isinstance(line, dict):
        return _of_object(line)
    if isinstance(line, list) and _is_entry(line):
        if len(line) == 3:
            return line[0], line[1], line[2]
        if isinstance(line[1], list):
            return line[0], line[1][0], line[1][1]
    raise DecodeError(
        "a line must be an object with box, txt and score, or [box, text, score], or [box, [text, score]]"
    )


def _of_object(line: Mapping[str, Any]) -> Entry:
    box, text, score = (
        next((line[name] for name in names if name in line), None) for names in (_BOXES, _TEXTS, _SCORES)
    )
    return box, text, score
