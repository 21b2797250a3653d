"""Arguments of a command in messages: a document or a text of a card that was passed for a path or a word is described."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cardocr_nb._text_safety import describe, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

_DOCUMENT = re.compile(r"[\x00-\x1f<>{}\"|;]|\d{15}")
"""What names of files do not have and documents, tables and numbers of cards have."""
_LONGEST = 400
_PLAIN = re.compile(r"[ -~]*")


def without_texts(
    message: str, arguments: Iterable[str], param: click.Parameter | None, *, paths: bool, options: Iterable[str] = ()
) -> str:
    """Return a message in which the arguments that may be texts of cards are described by their length.

    Parameters
    ----------
    message : str
    arguments : iterable of str
        As they were typed.
    param : click.Parameter or None
        The parameter that the message is about.
    paths : bool
        The arguments in the message are paths. These may be of any script, as folders are.
    options : iterable of str
        Words that may be shown: options of other commands.

    Examples
    --------
    >>> without_texts("'<a>' does not exist", ["check", "<a>"], None, paths=True)
    'a str of 3 characters does not exist'
    >>> without_texts("No such command 'reprot'.", ["reprot"], None, paths=False)
    "No such command 'reprot'."
    """
    words = set(options)
    if param is not None:
        words |= {*param.opts, *param.secondary_opts, *getattr(param.type, "choices", ())}
    values = {part for argument in arguments for part in (argument, argument.partition("=")[2])}
    for value in sorted(values - words, key=len, reverse=True):
        is_document = len(value) > _LONGEST or _DOCUMENT.search(value) is not None
        if len(value) < 2 or not (is_document or (not paths and shown_path(value) != repr(value))):
            continue
        for form in {repr(value), f"'{value}'"}:
            message = message.replace(form, describe(value))
        if is_document or not _PLAIN.fullmatch(value):  # a short word may be a part of the message itself
            message = message.replace(value, describe(value))
    return message
