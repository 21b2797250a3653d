"""The token by which a run knows its own jobs again: it travels in ``UserData``, in front of the user's own text."""

from __future__ import annotations

import re
import secrets

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._limits import MAX_USER_DATA

_TOKEN = re.compile(r"(cardocr-[0-9a-f]{24})(?: (.*))?", re.DOTALL)
_LENGTH = len("cardocr-") + 24


def make_token() -> str:
    """Make a token that no other submission has (96 random bits).

    Examples
    --------
    >>> len(make_token())
    32
    """
    return f"cardocr-{secrets.token_hex(12)}"


def join(token: str, user_data: str | None) -> str:
    """Put a token in front of the user's text.

    Examples
    --------
    >>> join("cardocr-0123456789abcdef01234567", "batch 7")
    'cardocr-0123456789abcdef01234567 batch 7'
    """
    return f"{token} {user_data}" if user_data else token


def split(user_data: str | None) -> tuple[str | None, str | None]:
    """Part a token from the user's text; a text without token is the user's.

    Examples
    --------
    >>> split("cardocr-0123456789abcdef01234567 batch 7")
    ('cardocr-0123456789abcdef01234567', 'batch 7')
    >>> split("batch 7")
    (None, 'batch 7')
    """
    found = _TOKEN.fullmatch(user_data or "")
    return (found[1], found[2]) if found else (None, user_data)


def check_room(user_data: str | None) -> None:
    """Hold the user's text against the room that the token leaves.

    Raises
    ------
    InvalidRequestError
    """
    room = MAX_USER_DATA - _LENGTH - 1
    if user_data is not None and len(user_data) > room:
        raise InvalidRequestError(
            f"user_data must be at most {room} characters in a run, which puts {_LENGTH + 1} of its own in front, "
            f"got {len(user_data)}"
        )
