"""Messages of the package on the command line: arguments of functions become the options of the command."""

from __future__ import annotations

import re

import click

_OWN_NAMES = (
    (r"errors='row'", "--keep-unreadable"),
    (r"upload=False", "--keys"),
    (r"complete=False", "--incomplete"),
    (r"portrait=False", "--keep-portrait"),
    (r"run\(\.\.\., ledger=\.\.\.\)", "cardocr run --ledger FILE"),
    (r"run\(\.\.\., prefix=\.\.\.\)", "cardocr run --prefix"),
    (r"pass images=, a folder", "pass --images, a folder"),
    (r"run\(complete=True\)", "cardocr run --complete"),
    (r"(?:, or |; without, )ask for jobs with client\.describe\(ids\)", ""),
    (r"look with client\.list_jobs\(\) first", "look into the list of jobs in the vendor's console first"),
    (r"\(client\.list_jobs\(\) shows jobs\)", "(the vendor's console lists jobs)"),
    (r"; an object is there after client\.upload\(\)", ""),
    (r"(?:the frame|a frame) that run\(\) returned", "a table of cardocr run"),
    (r", or pass overwrite=True to client\.upload", ""),
    (r"cardocr_nb\.read_responses", "cardocr flatten"),
)
"""What the command line has under another name than the function, or not at all."""

COLUMNS = ("card_type", "user_data", "job_level", "job_id")
"""Arguments that are columns of a table, too: a message may mean the column."""

_METHOD = re.compile(r"(?:\w+\.cardocr\.|cardocr_nb\.|frame\.)?\b(\w+)\((?:[\w, .='\"]*)\)")


def in_options(message: str, command: click.Command | None, commands: tuple[str, ...] = ()) -> str:
    """Return a message of the package for a user of a command.

    Parameters
    ----------
    message : str
    command : click.Command or None
        The command that runs.
    commands : tuple of str
        Names of all commands: a method that is one of them is named as a command.

    Examples
    --------
    >>> from cardocr_nb._cli._flatten_command import flatten
    >>> in_options("errors='row' keeps them; or call cards.cardocr.summary()", flatten)
    '--keep-unreadable keeps them; or call cards.cardocr.summary()'
    """
    for pattern, option in _OWN_NAMES:
        message = re.sub(pattern, option, message)
    for parameter in command.params if command is not None else ():
        message = _as_option(message, parameter)
    return _METHOD.sub(lambda call: _as_command(call, commands), message)


def _as_option(message: str, parameter: click.Parameter) -> str:
    """Write one parameter in a message as it is given to the command: ``max_calls=5`` becomes ``--max-calls 5``."""
    name = parameter.name or ""
    shown = parameter.opts[-1] if isinstance(parameter, click.Option) else parameter.human_readable_name
    for pattern, option in (
        (rf"{name}=True", shown),
        (rf"{name}=(['\"])(.*?)\1", rf"{shown} \2"),
        (rf"{name}=(?=\w)", f"{shown} "),
        (rf"{name}=", shown),
    ):
        message = re.sub(rf"(?<![\w.=-]){pattern}", option, message)
    if "_" in name and name not in COLUMNS:
        message = re.sub(rf"(?<![\w.=-]){name}(?![\w=-])", shown, message)
    return message


def _as_command(call: re.Match[str], commands: tuple[str, ...]) -> str:
    name = call[1].replace("_", "-")
    return f"cardocr {name}" if name in commands else call[0]
