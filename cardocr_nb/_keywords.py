"""Keyword arguments: an unknown one names the function and the nearest right one, a renamed one still works."""

from __future__ import annotations

import difflib
import functools
import inspect
import warnings
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

P = ParamSpec("P")
R = TypeVar("R")


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
            raise TypeError(f"{function}() has no argument {name!r}; {advice}")


def checked_keywords(renamed: Mapping[str, str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function so that wrong keywords are explained and old names still work.

    Parameters
    ----------
    renamed : mapping of str to str
        From old names to new ones; an old one works with a ``DeprecationWarning``.

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
        allowed = list(inspect.signature(function).parameters)

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            for old, new in renamed.items():
                if old in kwargs:
                    if new in kwargs:
                        raise TypeError(
                            f"{function.__name__}() has {old!r} and {new!r}; they are the same, keep {new!r}"
                        )
                    warnings.warn(
                        f"{old} is now {new}; the old name works until 0.3.0", DeprecationWarning, stacklevel=2
                    )
                    kwargs[new] = kwargs.pop(old)
            check_keywords(function.__name__, kwargs, allowed)
            return function(*args, **kwargs)

        return checked

    return decorate
