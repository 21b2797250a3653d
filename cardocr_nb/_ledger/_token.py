"""The token with which a run recognizes its own jobs: the first 32 characters of ``UserData``."""

from __future__ import annotations

import re
import secrets

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.wire._limits import MAX_USER_DATA

_TOKEN = re.compile(r"(cardocr-[0-9a-f]{24})(?: (.*))?", re.DOTALL)
_LENGTH = len("cardocr-") + 24


def make_token() -> str:
    """Return a token that no other submission has (96 random bits).

    Examples
    --------
    >>> len(make_token())
    32
    """
    return f"cardocr-{secrets.token_hex(12)}"


def join_user_data(token: str, user_data: str | None) -> str:
    """Return the token followed by the user's text.

    Parameters
    ----------
    token : str
        From `make_token`.
    user_data : str or None

    Returns
    -------
    str

    Examples
    --------
    >>> join_user_data("cardocr-0123456789abcdef01234567", "batch 7")
    'cardocr-0123456789abcdef01234567 batch 7'
    """
    return f"{token} {user_data}" if user_data else token


def split_user_data(user_data: str | None) -> tuple[str | None, str | None]:
    """Return the token and the user's text; a text without token is the user's alone.

    Examples
    --------
    >>> split_user_data("cardocr-0123456789abcdef01234567 batch 7")
    ('cardocr-0123456789abcdef01234567', 'batch 7')
    >>> split_user_data("batch 7")
    (None, 'batch 7')
    """
    found = _TOKEN.fullmatch(user_data or "")
    return (found[1], found[2]) if found else (None, user_data)


def check_user_data(user_data: str | None) -> None:
    """Raise if the user's text leaves no space for the token.

    Raises
    ------
    InvalidRequestError
    """
    limit = MAX_USER_DATA - _LENGTH - 1
    if user_data is not None and len(user_data) > limit:
        raise InvalidRequestError(
            f"user_data must be at most {limit} characters in a run, which adds {_LENGTH + 1} of its own in front, "
            f"got {len(user_data)}"
        )
