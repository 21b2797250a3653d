"""The protocol of dialects, and readers of single values that never quote them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cardocr_nb._text_safety import shown_code
from cardocr_nb.cards import printed
from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._records import Field

if TYPE_CHECKING:
    from cardocr_nb.wire._records import Points

_FARTHEST = 2**31 - 1
_MAX_TEXT = 2**23
_YEARS = re.compile(r"([0-9]{1,2})\s*年?")
"""The former license prints how long it is valid, and no second date."""
_NUMBER = re.compile(r"[-+]?[0-9]{1,12}(\.[0-9]{0,20})?([eE]-?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class DialectReading:
    """What a document of another service says about one image.

    Attributes
    ----------
    fields : tuple of Field
        Empty if nothing was found.
    card_type : str or None
        ``IDCard``, ``DriverLicense``, or None if the document does not say.
    code : str or None
        Of an error; the image then has a failed row.
    message : str or None
        Of an error, or what the service says about the picture.

    Examples
    --------
    >>> from cardocr_nb import Field
    >>> DialectReading((Field("姓名", "样本"),), "IDCard")
    <DialectReading card_type='IDCard', 1 fields>
    """

    fields: tuple[Field, ...] = ()
    card_type: str | None = None
    code: str | None = None
    message: str | None = None

    def __repr__(self) -> str:
        failed = "" if self.code is None else f", code={shown_code(self.code)}"
        return f"<DialectReading card_type={self.card_type!r}{failed}, {len(self.fields)} fields>"


class Dialect(Protocol):
    """A function from a parsed JSON document to a reading.

    It raises `DecodeError` for a document that is not one of its service, and nothing else. Its messages name nodes and types,
    never texts.
    """

    def __call__(self, document: Mapping[str, Any], /) -> DialectReading:
        """Read one document."""


def wrong(node: str, expected: str, got: object) -> DecodeError:
    """Return the error for a node that holds something else."""
    return DecodeError(f"{node} must be {expected}, got {'null' if got is None else type(got).__name__}")


def mapping(value: object, node: str) -> Mapping[str, Any]:
    """Return a JSON object, or raise."""
    if not isinstance(value, Mapping):
        raise wrong(node, "an object", value)
    return value


def sequence(value: object, node: str) -> Sequence[Any]:
    """Return a JSON list, or raise."""
    if not isinstance(value, list):
        raise wrong(node, "a list", value)
    return value


def parsed(value: object, node: str) -> Mapping[str, Any]:
    """Return a JSON object that is given as a JSON text; one that was saved as a text is escaped twice."""
    for _ in range(2):
        if not isinstance(value, str):
            break
        if len(value) > _MAX_TEXT:
            raise DecodeError(f"{node} must be at most {_MAX_TEXT} characters")
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise DecodeError(f"{node} must be a JSON text") from None
    return mapping(value, node)


def text(value: object, node: str) -> str | None:
    """Return a text without white space around it; an empty or missing one is None."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong(node, "a text", value)
    return value.strip() or None


def number(value: object, node: str, lowest: float, highest: float) -> float:
    """Return a number within limits, or raise; SDKs and proxies write some as texts."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise wrong(node, "a number", value)
    if not lowest <= value <= highest:
        raise DecodeError(f"{node} must be {lowest:g} to {highest:g}")
    return float(value)


def score(value: object, node: str, highest: float) -> int | None:
    """Return a score of 0 to `highest` on the scale of 0 to 100; a missing one stays missing."""
    return None if value is None else round(number(value, node, 0, highest) * 100 / highest)


def corners(points: Sequence[tuple[object, object]], node: str) -> Points:
    """Return four points that run clockwise from top-left in the order of the wire: the second and the last change places."""
    if len(points) != 4:
        raise DecodeError(f"{node} must have 4 points, got {len(points)}")
    a, b, c, d = (
        (round(number(x, node, -_FARTHEST, _FARTHEST)), round(number(y, node, -_FARTHEST, _FARTHEST)))
        for x, y in points
    )
    return a, d, c, b


def field(name: str, card_type: str, value: str, score: int | None = None, polygon: Points | None = None) -> Field:
    """Return a field with the label that is printed on the card."""
    return Field(printed(name, card_type) or name, value, score, polygon)


def valid_period(start: str | None, given: str | None) -> str | None:
    """Return the valid period of a license as it is printed, from its first date and what else is given: an end or a term.

    Examples
    --------
    >>> valid_period("2019-09-09", "2029-09-09"), valid_period("2019-09-09", "6"), valid_period(None, "2019-09-09至长期")
    ('2019-09-09至2029-09-09', '6年', '2019-09-09至长期')
    """
    if given and (years := _YEARS.fullmatch(given)):
        return f"{years[1]}年"
    if given and "至" in given:
        return given
    return f"{start}至{given}" if start and given else start or given


def remarks(*said: str | None) -> str | None:
    """Join what a service says about a picture; None if that is nothing."""
    return "; ".join(filter(None, said)) or None


def listed(name: str, value: object) -> str | None:
    """Return a name with its words or codes, one or a list of them, and None if there are none.

    A remark never costs the card: one in another form is counted.

    Examples
    --------
    >>> listed("WarnInfos", [-9102, -9103]), listed("risk_type", "copy"), listed("warn_infos", [{"code": 1}]), listed("a", [])
    ('WarnInfos -9102, -9103', 'risk_type copy', 'warn_infos (1 in another form)', None)
    """
    found = [one for one in (value if isinstance(value, list) else [value]) if one not in (None, "", {})]
    codes = [str(one).strip() for one in found if isinstance(one, str | int) and not isinstance(one, bool)]
    others = f"({len(found) - len(codes)} in another form)" if len(codes) < len(found) else ""
    return " ".join(filter(None, (name, ", ".join(codes), others))) if found else None


def code(value: object, node: str) -> str:
    """Return the code of an error."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong(node, "a text or a whole number", value)
    return str(value)
