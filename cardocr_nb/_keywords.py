"""Wrong arguments: unknown and renamed keywords, missing ones, names of columns, paths without a file."""

from __future__ import annotations

import difflib
import functools
import inspect
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from cardocr_nb._text_safety import shown_choice, shown_names, shown_word

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

P = ParamSpec("P")
R = TypeVar("R")

_MISSPELLED = 0.8


def check_keywords(function: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    """Raise if a keyword is not allowed.

    Parameters
    ----------
    function : str
        Name of the function that the user called.
    given, allowed : iterable of str

    Raises
    ------
    TypeError
        The message contains the nearest allowed name.

    Examples
    --------
    >>> check_keywords("run", ["prefx"], ["prefix", "price"])
    Traceback (most recent call last):
    TypeError: run() has no argument 'prefx'; did you mean 'prefix'?
    """
    allowed = list(allowed)
    for name in given:
        if name not in allowed:
            near = difflib.get_close_matches(name, allowed, n=1, cutoff=0.5)
            advice = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(allowed)}"
            # A name that differs by a letter or two from one of the function is a misspelling of it.
            misspelled = name.islower() and bool(difflib.get_close_matches(name, allowed, n=1, cutoff=_MISSPELLED))
            raise TypeError(f"{function}() has no argument {repr(name) if misspelled else shown_word(name)}; {advice}")


def checked_keywords(
    renamed: Mapping[str, str], shown: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function so that wrong keywords are explained and old names still work.

    Parameters
    ----------
    renamed : mapping of str to str
        From old names to new ones; an old one works with a ``DeprecationWarning``.
    shown : str, optional
        Name for the message, by default that of the function; for ``__init__`` the name of the class.

    Returns
    -------
    callable
        A decorator that keeps signature and docstring.

    Examples
    --------
    >>> @checked_keywords({})
    ... def area(*, width, height): return width * height
    >>> area(width=2, heigth=3)
    Traceback (most recent call last):
    TypeError: area() has no argument 'heigth'; did you mean 'height'?
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        allowed = [name for name in inspect.signature(function).parameters if name != "self"]
        name = shown or function.__name__

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            for old, new in renamed.items():
                if old in kwargs:
                    if new in kwargs:
                        raise TypeError(f"{name}() has {old!r} and {new!r}; they are the same, keep {new!r}")
                    warnings.warn(
                        f"{old} is now {new}; the old name works until 0.3.0", DeprecationWarning, stacklevel=2
                    )
                    kwargs[new] = kwargs.pop(old)
            check_keywords(name, kwargs, allowed)
            return function(*args, **kwargs)

        return checked

    return decorate


_ADVICE = {
    "client": "Client.local('photos') reads on this machine, Client.from_env() in the cloud",
    "transport": "Client.local('photos') makes a client that reads on this machine, Client.from_env() one of the cloud",
    "card_type": "'IDCard' or 'DriverLicense'",
    "images": "a folder, a file, a pattern or a list of them",
    "image": "the file of a photo",
    "picture": "the file of a photo",
    "root": "the folder that holds the photos",
    "truth": "the true texts, a DataFrame or a file with the columns key, field and text",
    "df": "a DataFrame as run, to_frame and read_responses return it",
    "cards": "a DataFrame as run, to_frame and read_responses return it",
    "other": "a DataFrame of another reading of the same images",
    "key": "the name of an object in the bucket, as client.upload returns it",
    "pseudonym.key": "at least 16 random bytes that you keep secret, as secrets.token_bytes(32) makes them",
    "jobs": "a Job or a list of them, as client.submit returns it",
    "job": "a Job, as client.submit returns it, or its id",
    "ids": "ids of jobs, or jobs as client.submit returns them",
    "path": "the file to write",
    "out": "the folder to write to",
    "source": "jobs, the bytes of a response, or the path of a ledger",
    "corrections": "the file of corrections that cards.cardocr.review writes",
    "ledger": "the path of the ledger of a run",
    "sizes": "width and height of each image by key, or the folder of the images",
}


def check_required(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str) -> None:
    """Raise if an argument without a default is missing or None, and say what to pass.

    Parameters
    ----------
    function : callable
    args, kwargs
        Of the call.
    name : str
        Of the function, for the message.

    Raises
    ------
    TypeError

    Examples
    --------
    >>> def area(width, *, client): ...
    >>> check_required(area, (2,), {}, "area")
    Traceback (most recent call last):
    TypeError: area() needs client: Client.local('photos') reads on this machine, Client.from_env() in the cloud
    """
    positions, named = _required(function)
    lacking = [one for at, one in positions if (args[at] if at < len(args) else kwargs.get(one)) is None]
    lacking += [one for one in named if kwargs.get(one) is None]
    if lacking:
        advice = {one: _ADVICE.get(f"{name}.{one}", _ADVICE.get(one)) for one in lacking}
        said = "; ".join(one if known is None else f"{one}: {known}" for one, known in advice.items())
        raise TypeError(f"{name}() needs {said}")


@functools.cache
def _required(function: Callable[..., Any]) -> tuple[tuple[tuple[int, str], ...], tuple[str, ...]]:
    """Parameters without a default that cannot be None: positions with names, and names of those by keyword only."""
    positions: list[tuple[int, str]] = []
    named: list[str] = []
    for at, (name, parameter) in enumerate(inspect.signature(function).parameters.items()):
        if parameter.default is not parameter.empty or name == "self":
            continue
        if "None" in str(parameter.annotation) or str(parameter.annotation) in ("Any", "object"):
            continue
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            positions.append((at, name))
        elif parameter.kind == parameter.KEYWORD_ONLY:
            named.append(name)
    return tuple(positions), tuple(named)


def needs_arguments(kind: type[R]) -> type[R]:
    """Decorate a class of the client so that its public methods say what to pass for an argument that is missing or None."""
    for name, member in list(vars(kind).items()):
        if (name.startswith("_") and name != "__init__") or not inspect.isfunction(
            inner := member.__func__ if isinstance(member, classmethod) else member
        ):
            continue
        shown = "Client" if name == "__init__" else f"Client.{name}"
        wrapped: Any = _checking(inner, shown)
        setattr(kind, name, classmethod(wrapped) if isinstance(member, classmethod) else wrapped)
    return kind


def _checking(function: Callable[P, R], shown: str) -> Callable[P, R]:
    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        check_required(function, args, kwargs, shown)
        return function(*args, **kwargs)

    return call


def missing_columns(names: Iterable[Any], columns: Iterable[Any], known: Iterable[str] = ()) -> str:
    """Describe names that a programmer gave and a frame does not have; `known` columns of the frame are listed.

    Examples
    --------
    >>> missing_columns(["card_typ"], ["key", "card_type", "Zhang"], ["key", "card_type"])
    "the frame has no column 'card_typ'; did you mean 'card_type'?; it has key, card_type and 1 other"
    >>> missing_columns(["Zhang"], ["key"], ["key"])
    'the frame has no column named by a str of 5 characters; it has key'
    """
    columns, known = list(map(str, columns)), list(known)
    safe = [name for name in columns if name in known or shown_word(name) == repr(name)]
    shown = [shown_choice(name, safe) for name in names]
    wrong = ", ".join(one if one.startswith("'") else f"named by {one}" for one in shown)
    return f"the frame has no column {wrong}; it has {shown_names(columns, safe)}"


def why_missing(path: str | os.PathLike[str]) -> str:
    """Say of a path without a file whether it is a folder, or whether the folder around it exists.

    Examples
    --------
    >>> why_missing("none/such.csv"), why_missing("such.csv"), why_missing("nosuch/"), why_missing(".")
    ('its folder does not exist either', 'its folder exists', 'there is no such folder', 'it is a folder')
    """
    try:
        if Path(path).is_dir():
            return "it is a folder"
        there = Path(path).absolute().parent.is_dir()
    except (OSError, ValueError, TypeError):
        return "it is not a path"
    if str(path).endswith(("/", "\\")):
        return "there is no such folder"
    return "its folder exists" if there else "its folder does not exist either"
