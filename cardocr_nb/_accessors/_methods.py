"""Methods made from functions: the same signature, docstring and types, with the accessor's data as first argument."""

from __future__ import annotations

import inspect
import re
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")
First = TypeVar("First")

_REQUIRED = ("key", "field", "text", "score")


class CardData:
    """Hold a frame of cards; the base of both accessors of frames.

    Raises
    ------
    AttributeError
        The frame lacks one of the columns ``key, field, text, score``. Any other error would break tab completion.
    """

    def __init__(self, df: Any) -> None:
        lacking = [c for c in _REQUIRED if c not in df.columns]
        in_index = [c for c in lacking if c in getattr(df.index, "names", ())]
        if in_index:
            raise AttributeError(f"the columns {', '.join(in_index)} are in the index; call df.reset_index()")
        if lacking:
            raise AttributeError(
                f".cardocr is for frames made by cardocr_nb.to_frame, this one has no column {', '.join(lacking)}; "
                + (
                    "groupby(...).apply of pandas leaves the columns out by which it groups: call groupby(...)[list(df.columns)].apply, or "
                    "loop over df.groupby(...)"
                    if lacking in (["key"], ["field"])
                    else "rename yours and call cardocr_nb.frame.conform(df)"
                )
            )
        self._data = df


@overload
def data_method(function: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]: ...


@overload
def data_method(function: Callable[..., R]) -> Callable[..., R]: ...  # type: ignore[overload-cannot-match]  # functions with **kwargs


def data_method(function: Callable[..., R]) -> Callable[..., R]:
    """Make a method of a function that takes the accessor's data first.

    The method has the function's signature and docstring without that parameter, so that help in a notebook shows
    Parameters, Returns and Examples.
    """

    @wraps(function)
    def method(self: Any, *args: Any, **kwargs: Any) -> R:
        return function(self._data, *args, **kwargs)

    _describe(method, function, position=0)
    return method


def picture_method(function: Callable[Concatenate[First, Any, P], R]) -> Callable[Concatenate[Any, First, P], R]:
    """Make a method of a function that takes a picture first and the accessor's data second."""

    @wraps(function)
    def method(self: Any, picture: First, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return function(picture, self._data, *args, **kwargs)

    _describe(method, function, position=1)
    return method


def measure_method(measure: Callable[Concatenate[Any, P], Any], result: Callable[..., R]) -> Callable[..., R]:
    """Make a method of a measure over points.

    Parameters
    ----------
    measure : callable
        Takes an array of shape (n, 4, 2), then the arguments of the method.
    result : callable
        Takes the column, the measure and the arguments; returns a Series or DataFrame with the column's index.
    """
    signature = inspect.signature(measure)

    @wraps(measure)
    def method(self: Any, *args: Any, **kwargs: Any) -> R:
        bound = signature.bind(None, *args, **kwargs)
        bound.apply_defaults()
        return result(self._data, measure, *bound.args[1:])

    _describe(method, measure, position=0)
    method.__doc__ = _for_columns(method.__doc__ or "", measure)
    returned = inspect.signature(result).return_annotation
    method.__signature__ = inspect.signature(method).replace(return_annotation=returned)  # type: ignore[attr-defined]
    return method


def measure_property(measure: Callable[[Any], Any], result: Callable[..., R], *columns: str) -> property:
    """Make a property of a measure over points; `columns` name those of the DataFrame where it has several numbers."""

    def value(self: Any) -> R:
        return result(self._data, measure, *columns)

    doc = _for_columns(_without_parameter(measure, 0), measure)
    if columns:
        doc = doc.replace("\nDataFrame\n", f"\nDataFrame with the columns ``{', '.join(columns)}``\n")
    return property(value, doc=doc)


def _describe(method: Any, function: Callable[..., Any], *, position: int) -> None:
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    before, after = parameters[:position], parameters[position + 1 :]
    only = inspect.Parameter.POSITIONAL_ONLY
    own = [inspect.Parameter("self", only), *(p.replace(kind=only) for p in before)]
    method.__signature__ = signature.replace(parameters=[*own, *after])
    method.__doc__ = _without_parameter(function, position)
    del method.__wrapped__  # or help would find the function's own signature again


def _without_parameter(function: Callable[..., Any], position: int) -> str:
    """Return the docstring of a function without one parameter, and without a section that this leaves empty."""
    name = list(inspect.signature(function).parameters)[position]
    sections = re.split(r"\n(?=[A-Z][A-Za-z ]+\n-{3,}\n)", inspect.getdoc(function) or "")
    for i, section in enumerate(sections):
        if section.startswith("Parameters\n"):
            title, entries = section.split("\n", 2)[:2], re.split(r"\n(?=\S)", section.split("\n", 2)[2])
            others = [re.sub(rf"^{re.escape(name)}, ", "", entry) for entry in entries]  # "df, truth : ..."
            kept = [entry for entry in others if not re.match(rf"{re.escape(name)}\s*[:\n]", entry)]
            sections[i] = "\n".join([*title, *kept]) if kept else ""
    return "\n".join(section for section in sections if section)


def _for_columns(doc: str, measure: Callable[..., Any]) -> str:
    """Return the docstring of a measure over arrays as one over a column of polygons."""
    sections = re.split(r"\n(?=[A-Z][A-Za-z ]+\n-{3,}\n)", doc)
    sections = [section for section in sections if not section.startswith("Examples\n")]
    for i, section in enumerate(sections):
        if section.startswith("Returns\n"):
            table = re.sub(r"ndarray of shape \(n, [24]\)", "DataFrame", section)
            sections[i] = re.sub(r"ndarray of shape \(n[^\n]*", "Series, missing where the polygon is", table)
    text = "\n".join(sections).rstrip()
    name = measure.__name__
    return f"{text}\n\nSee Also\n--------\ncardocr_nb.polygon.{name} : The same over an array of shape (n, 4, 2)."
