"""Which argument of a call that failed is of another kind than the annotation of its parameter."""

from __future__ import annotations

import ast
import functools
import inspect
import os
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from cardocr_nb._text_safety import describe, shown_word

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = tuple[str, "Callable[[Any], bool]"]


def _is_path(value: Any) -> bool:
    return isinstance(value, os.PathLike)


def _is_names(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping)) and not _has_columns(value)


def _has_columns(value: Any) -> bool:
    return hasattr(value, "columns") and hasattr(value, "index") and not isinstance(value, type)


def _is_truth_value(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool")


_KINDS: dict[str, Kind] = {
    "None": ("None", lambda value: value is None),
    "bool": ("True or False", _is_truth_value),
    "int": ("a whole number", lambda value: isinstance(value, Integral) and not _is_truth_value(value)),
    "float": ("a number", lambda value: isinstance(value, Real) and not _is_truth_value(value)),
    "str": ("a text", lambda value: isinstance(value, str)),
    "bytes": ("bytes", lambda value: isinstance(value, bytes)),
    "Path": ("a path", _is_path),
    "os.PathLike[str]": ("a path", _is_path),
    "PathLike[str]": ("a path", _is_path),
    "pd.DataFrame": ("a DataFrame of pandas", _has_columns),
    "pd.Series": ("a Series of pandas", lambda value: any(kind.__name__ == "Series" for kind in type(value).__mro__)),
    "Iterable[str]": ("a list of names", _is_names),
    "Sequence[str]": ("a list of names", _is_names),
    "Collection[str]": ("a list of names", _is_names),
    "tuple[bool, bool]": ("two of True and False", lambda value: isinstance(value, (tuple, list)) and len(value) == 2),
}
_GENERIC: dict[str, Kind] = {
    "Mapping": ("a mapping", lambda value: isinstance(value, Mapping)),
    "Callable": ("a function", callable),
    "list": ("a list", lambda value: isinstance(value, list)),
}
"""Kinds whose parameters are not looked at."""

_CLASSES = {
    "Axes": "Axes of matplotlib",
    "Calibration": "the result of calibration()",
    "Calibrator": "the result of calibrate()",
    "Client": "a Client, such as Client.local('photos') makes",
    "Comparison": "the result of compare()",
    "Corrections": "Corrections",
    "Costs": "the result of cost()",
    "Evaluation": "the result of evaluate()",
    "Pace": "a Pace",
    "Review": "a review panel",
    "Thresholds": "the result of threshold()",
}
"""Classes that are recognized by name, since this module imports none of them."""

_ALIASES = {
    "Truth": "pd.DataFrame | str | os.PathLike[str] | Evaluation",
    "Rules": "bool | Mapping",
    "Groups": "str | Mapping | pd.Series",
    "Sizes": "Mapping | str | PathLike[str]",
}


def members(value: Any) -> list[Any]:
    """Return the members of a list, a column, an index, an array of one dimension or a generator; otherwise the value alone.

    Examples
    --------
    >>> members(("a.jpg", "b.jpg")), members("a.jpg"), members(b"a"), members({"a": "b"})
    (['a.jpg', 'b.jpg'], ['a.jpg'], [b'a'], [{'a': 'b'}])
    """
    single = (
        isinstance(value, str | bytes | bytearray | Mapping) or _has_columns(value) or not isinstance(value, Iterable)
    )
    return [value] if single or len(getattr(value, "shape", "1")) != 1 else list(value)


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN or another missing value of pandas.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing(""), is_missing([None])
    (True, True, False, False)
    """
    is_nan = isinstance(value, Real) and bool(value != value)  # noqa: PLR0124 - not a number
    return value is None or is_nan or type(value).__name__ in ("NAType", "NaTType")


def wrong_kinds(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[str]:
    """Describe the arguments of a call that are not what their annotation names.

    Annotations that are more than a choice of simple kinds are taken as fulfilled.

    Examples
    --------
    >>> def draw(n: int | None, by: str = ""): ...
    >>> wrong_kinds(draw, (float("nan"),), {"by": 3}), wrong_kinds(draw, (None,), {})
    (['n must be a whole number or None, got nan', 'by must be a text, got 3'], [])
    """
    try:
        given = inspect.signature(function).bind_partial(*args, **kwargs).arguments
    except TypeError:
        return []
    found = []
    for name, value in given.items():
        kinds = _kinds_of(str(inspect.signature(function).parameters[name].annotation))
        if kinds and not any(fits(value) for _, fits in kinds):
            names = list(dict.fromkeys(kind for kind, _ in kinds))
            accepted = " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            found.append(f"{name} must be {accepted}, got {_shown(value)}")
    return found


def check_truth_values(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Raise if an argument that is True or False is something else: ``"no"`` would count as True.

    Raises
    ------
    TypeError
    """
    for at, name in _truth_values(function):
        value = kwargs.get(name, args[at] if at < len(args) else None)
        if not (value is None or _is_truth_value(value) or (isinstance(value, Integral) and value in (0, 1))):
            raise TypeError(f"{function.__name__}(): {name} must be True or False, got {_shown(value)}")


@functools.cache
def _truth_values(function: Callable[..., Any]) -> tuple[tuple[int, str], ...]:
    """Position and name of each parameter that is True or False; those by keyword only have a position that no call has."""
    found = []
    for at, (name, parameter) in enumerate(inspect.signature(function).parameters.items()):
        if set(str(parameter.annotation).split(" | ")) in ({"bool"}, {"bool", "None"}):
            found.append((10**6 if parameter.kind == parameter.KEYWORD_ONLY else at, name))
    return tuple(found)


def _shown(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}" if value.__module__.startswith("cardocr_nb") else "a class"
    if callable(getattr(value, "to_pandas", None)):
        library = type(value).__module__.split(".")[0]
        return f"{describe(value)} of {library}; pass its to_pandas()"
    return shown_word(value) if isinstance(value, str) else describe(value)


@functools.cache
def _kinds_of(annotation: str) -> tuple[Kind, ...]:
    """Return the kinds that an annotation names; none where one of them is not known here."""
    try:
        parts = _parts(ast.parse(annotation, mode="eval").body)
    except SyntaxError:
        return ()
    kinds: list[Kind] = []
    for part in parts:
        if part in _ALIASES:
            kinds += _kinds_of(_ALIASES[part])
        elif part.split("[")[0] in _GENERIC:
            kinds.append(_GENERIC[part.split("[")[0]])
        elif part in _KINDS:
            kinds.append(_KINDS[part])
        elif part in _CLASSES:
            kinds.append((_CLASSES[part], functools.partial(_is_a, part)))
        elif part.startswith("Literal["):
            choices = ast.literal_eval(part.removeprefix("Literal"))
            kinds.append((f"one of {', '.join(map(repr, choices))}", functools.partial(_is_in, choices)))
        else:
            return ()
    return tuple(kinds)


def _parts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_parts(node.left), *_parts(node.right)]
    return [ast.unparse(node)]


def _is_a(name: str, value: Any) -> bool:
    return any(kind.__name__ == name for kind in type(value).__mro__)


def _is_in(choices: list[Any], value: Any) -> bool:
    return isinstance(value, str | int) and value in choices
