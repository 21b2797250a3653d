"""Texts from outside in messages and on terminals.

Arguments, codes and labels may hold text of a card by mistake, or control sequences on purpose. Each place that shows one
shows it through a function of this module.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Never

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_PATH = 400
_PATH = re.compile(r"[^\x00-\x1f\x7f<>{}\"|,;]+")
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}$")
_CODE = re.compile(r"(?:HTTP [0-9]{3}|[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*)$")
_CODE_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Words of the codes, states, events and card types of the services that this package reads. None is a syllable of a name.
_CODE_WORDS = frozenset(
    [
        "http",
        "invalid",
        "no",
        "not",
        "such",
        "error",
        "failed",
        "failure",
        "denied",
        "malformed",
        "allowed",
        "unavailable",
        "internal",
        "too",
        "limit",
        "exceeded",
        "request",
        "timeout",
        "expired",
        "skewed",
        "precondition",
        "conflict",
        "bad",
        "digest",
        "mismatch",
        "match",
        "signature",
        "already",
        "exists",
        "damaged",
        "download",
        "status",
        "unsupported",
        "missing",
        "parameter",
        "unauthorized",
        "operation",
        "resource",
        "bucket",
        "upload",
        "image",
        "file",
        "slow",
        "throttling",
        "unknown",
        "incomplete",
        "success",
        "running",
        "submitted",
        "pause",
        "cancel",
        "card",
        "license",
        "task",
        "job",
        "service",
        "unreadable",
        "left",
        "planned",
        "ocr",
        "access",
        "argument",
        "callback",
        "permission",
        "exception",
    ]
)
_MAX_CODE = 64
_WORD = re.compile(r"[a-z]+(?:[-_./]+[a-z]+)*")
_LONGEST_WORD = 40
_SYLLABLE = 3
"""Own words of so few letters may be a surname, such as `an` and `men`."""
_OWN_WORDS = {"batch", "image", "page", "line", "face", "file", "name", "field", "date", "coco", "yolo"}
"""Words that look like pinyin and that people type for a unit, a column or a format; the package adds its own."""
_PINYIN = re.compile(
    r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|van|ai|ei|ao|ou|an|en|er|ia|ie"
    r"|iu|in|ua|uo|ui|un|ue|ve|vn|a|e|i|o|u|v))+"
)
"""Any initial before any final, which is more than the syllables that there are."""
_DIGITS = re.compile(r"\d{6}")
_MAX_NUMBER = 1_000_000


def describe(value: Any) -> str:
    """Describe a wrong argument by type and size, never by content.

    Examples
    --------
    >>> describe("some text"), describe(12), describe(990101197412010014), describe([1, 2])
    ('a str of 9 characters', '12', 'an int of 18 digits', 'a list of 2')
    """
    kind = type(value).__name__
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        if abs(value) < _MAX_NUMBER or value in (math.inf, -math.inf) or value != value:  # noqa: PLR0124 - not a number
            return f"{value:g}" if isinstance(value, float) else str(int(value))
        return f"an int of {len(str(abs(value)))} digits" if isinstance(value, int) else "a large float"
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    if isinstance(value, str):
        return f"a str of {len(value)} characters"
    if isinstance(value, (bytes, bytearray)):
        return f"{article} {kind} of {len(value)} bytes"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and all(isinstance(n, int) for n in shape):
        return f"{article} {kind} of shape {shape}"
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        return f"{article} {kind} of {len(value)}"
    return f"{article} {kind}"


def shown_word(value: Any) -> str:
    """Quote a word that a programmer typed, or describe it if it may be a text of a card.

    Texts of cards are Chinese, digits and capital letters. A word is shown if it has lower-case ASCII letters, `_`, `.`, `-`
    and `/` alone, at most 40, and no part of it is a row of pinyin syllables, which may be a name; parts that are words of
    the package itself, see `remember`, may be.

    Examples
    --------
    >>> shown_word("nosuch"), shown_word("by_card"), shown_word("zhangwei"), shown_word("Smith"), shown_word(12)
    ("'nosuch'", "'by_card'", 'a str of 8 characters', 'a str of 5 characters', '12')
    >>> shown_word("image"), shown_word("audit-sample")
    ("'image'", "'audit-sample'")
    """
    if isinstance(value, str) and value in _OWN_WORDS:
        return repr(value)
    is_word = isinstance(value, str) and len(value) <= _LONGEST_WORD and _WORD.fullmatch(value) is not None
    if is_word and not any(_may_be_name(part) for part in re.split(r"[-_./]+", value)):
        return repr(value)
    return describe(value)


def _may_be_name(part: str) -> bool:
    return len(part) > 1 and part not in _OWN_WORDS and _PINYIN.fullmatch(part) is not None


def remember(names: Iterable[str]) -> None:
    """Add names of the package to the words that messages show: columns, fields, functions and their parameters.

    Examples
    --------
    >>> remember(["id_number"])
    >>> shown_word("number")
    "'number'"
    """
    names = list(names)
    _OWN_WORDS.update(name for name in names if "_" in name)
    _OWN_WORDS.update(part for name in names for part in name.lower().split("_") if len(part) > _SYLLABLE)


def shown_choice(value: Any, choices: Iterable[str]) -> str:
    """Show a wrong argument, see `shown_word`, and the nearest of the allowed ones.

    Examples
    --------
    >>> shown_choice("boxx", ["box", "blur"]), shown_choice("IdCard", ["IDCard"]), shown_choice("谢样", ["box"])
    ("'boxx'; did you mean 'box'?", "a str of 6 characters; did you mean 'IDCard'?", 'a str of 2 characters')
    """
    if not isinstance(value, str):
        return describe(value)
    names = {str(choice).lower(): str(choice) for choice in choices}
    near = difflib.get_close_matches(value.lower(), names, n=1, cutoff=0.7)
    return f"{shown_word(value)}; did you mean {names[near[0]]!r}?" if near else shown_word(value)


class WordEnum(StrEnum):
    """Words that are the only ones allowed; the error about another value does not quote it."""

    @classmethod
    def _missing_(cls, value: object) -> Never:
        raise ValueError(f"a {cls.__name__} is one of {', '.join(cls)}, got {shown_choice(value, cls)}")


def shown_path(path: Any) -> str:
    """Quote a path in a message, or describe it if it does not look like one.

    Text passed by mistake for a path has no separator and no suffix, or has characters of documents and tables.

    Examples
    --------
    >>> shown_path("photos/0001.jpg"), shown_path("Zhang San"), shown_path("<Response>...</Response>")
    ("'photos/0001.jpg'", 'a str of 9 characters', 'a str of 24 characters')
    >>> shown_path("photos")
    "'photos'"
    """
    if not isinstance(path, (str, os.PathLike)):
        return describe(path)
    try:
        text = os.fspath(path)
    except TypeError:
        return describe(path)
    if isinstance(text, bytes) or not _PATH.fullmatch(text) or len(text) > _MAX_PATH:
        return describe(text)
    last = re.split(r"[/\\]", text)[-1]
    if isinstance(path, os.PathLike) or last != text or _SUFFIX.search(last):
        return repr(terminal_text(text))
    return shown_word(text)


def shown_name(value: Any, known: Iterable[str]) -> str:
    """Quote a name that a user chose if it is one of the known ones, else describe it.

    Examples
    --------
    >>> shown_name("name", ["name", "gender"]), shown_name("Zhang", ["name", "gender"])
    ("'name'", 'a str of 5 characters')
    """
    return repr(value) if isinstance(value, str) and value in set(known) else describe(value)


def shown_names(names: Iterable[Any], known: Iterable[str] = ()) -> str:
    """List the known ones of some names, and the number of the others.

    Examples
    --------
    >>> shown_names(["key", "Zhang San", "Li Si"], ["key", "field"]), shown_names([])
    ('key and 2 others', 'none')
    """
    given = [str(name) for name in names]
    allowed = set(known)
    listed = [name for name in given if name in allowed]
    others = len(given) - len(listed)
    if others:
        listed.append(f"{others} other{'s' * (others > 1)}" if listed else f"{others} unknown name{'s' * (others > 1)}")
    return " and ".join(filter(None, [", ".join(listed[:-1]), listed[-1]])) if listed else "none"


def shown_code(code: object) -> str:
    """Return a code of the service as it is, and anything else by its length.

    Codes are Latin letters and digits without spaces, with at least one word of the known codes: a name in Latin letters
    has none. A code with a run of six digits may be a number of a card.

    Examples
    --------
    >>> shown_code("InvalidImage"), shown_code("HTTP 404"), shown_code("code 990101197412010014"), shown_code("Zhangwei")
    ('InvalidImage', 'HTTP 404', '<23 characters>', '<8 characters>')
    """
    if not isinstance(code, str):
        return describe(code)
    is_code = len(code) <= _MAX_CODE and code.isascii() and _CODE.fullmatch(code) and not _DIGITS.search(code)
    if is_code and not _CODE_WORDS.isdisjoint(word.lower() for word in _CODE_WORD.findall(code)):
        return code
    return f"<{len(code)} characters>"


def terminal_text(text: object) -> str:
    r"""Replace control characters, so that a terminal shows a text and does not obey it.

    Escape sequences, other control characters, line and paragraph separators, and characters that turn the direction of
    writing become ``\\x1b`` and the like; line breaks and tabs stay.

    Examples
    --------
    >>> print(terminal_text("a\x1b[2Jb\u202ec"))
    a\x1b[2Jb\u202ec
    """
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in _CONTROL else _escaped(c) for c in str(text))


_CONTROL = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
