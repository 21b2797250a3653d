"""Errors at the public border: what numpy, pandas or the interpreter say about an argument may quote a card's text.

`guard_public` wraps the public functions of a package. An error that this package raises itself passes, without the foreign
errors it was raised from. An error from a library becomes one of the same kind that describes the arguments by type and
size. Errors of the caller's own code (a check of one's own, a callback) pass as they are. With the environment variable
``CARDOCR_FULL_ERRORS=1`` all errors pass unchanged, to find a fault in the package.
"""

from __future__ import annotations

import dis
import functools
import inspect
import os
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb._argument_kinds import check_truth_values, wrong_kinds
from cardocr_nb._keywords import check_required
from cardocr_nb._text_safety import describe, remember, shown_path, shown_word
from cardocr_nb.errors import CardOCRError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType


def _both(path: str) -> set[Path]:
    """Return a path as it is and with its links resolved."""
    return {Path(path), Path(path).resolve()}


_PACKAGE = str(Path(__file__).parent) + os.sep
_LIBRARIES = tuple(
    {
        str(path) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        for path in _both(sysconfig.get_path(name))
    }
)
_RAISE = {dis.opmap["RAISE_VARARGS"], dis.opmap["RERAISE"]}
_KINDS = (KeyError, IndexError, AttributeError, TypeError, ValueError, ArithmeticError, AssertionError, RuntimeError)
_PASSED = (MemoryError, ImportError, RecursionError)
"""Kinds that describe the machine or the installation, not an argument."""


def guard_public(names: list[str], module: str) -> None:
    """Wrap the public functions of a package, in the package and where they are defined.

    Parameters
    ----------
    names : list of str
        ``__all__`` of the package; classes and constants in it stay as they are.
    module : str
        ``__name__`` of the package.
    """
    package = sys.modules[module]
    for name in names:
        function: Any = getattr(package, name)
        if not inspect.isfunction(function) or hasattr(function, "__guarded__"):
            continue
        wrapped = guarded(function)
        setattr(package, name, wrapped)
        home = sys.modules[str(function.__module__)]
        if getattr(home, name, None) is function:
            setattr(home, name, wrapped)


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap one function, see the module."""
    code = inspect.unwrap(function).__code__
    remember([function.__name__, *code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]])

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        check_required(function, args, kwargs, function.__name__)
        check_truth_values(function, args, kwargs)
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if os.environ.get("CARDOCR_FULL_ERRORS") == "1":
                raise
            if error.__traceback__ is None or error.__traceback__.tb_next is None:
                odd = next((name for name in kwargs if shown_word(name) != repr(name)), None)
                if odd is None:
                    raise  # Python's own error about a missing or unknown argument: it names parameters only
                safe: Exception = TypeError(
                    f"{function.__name__}() got an unexpected keyword argument, {describe(odd)}"
                )
            else:
                safe = _safe(error, function, args, kwargs)
        raise safe

    # Warnings count frames (stacklevel) up to the user's line and leave out those of the import system; this one, too.
    shown = call.__code__.replace(co_filename=f"{__file__} (as importlib._bootstrap)")  # type: ignore[attr-defined]
    call.__code__ = shown  # type: ignore[attr-defined]
    call.__guarded__ = True  # type: ignore[attr-defined]
    return call


def _safe(
    error: Exception, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Exception:
    origin = _origin(error)
    if origin == "caller":
        return error
    if origin == "package" or isinstance(error, (*_PASSED, CardOCRError)):
        _drop_foreign_chain(error)
        return error
    if isinstance(error, OSError):
        return _safe_os_error(error)
    wrong = wrong_kinds(function, args, kwargs)
    given = _described(function, args, kwargs)
    if wrong:
        replacement: Exception = TypeError(f"{function.__name__}(): {'; '.join(wrong)}")
    elif _is_fault_of_package(error, [*args, *kwargs.values()]):
        replacement = RuntimeError(
            f"{function.__name__} failed by a fault in cardocr_nb, not by its arguments ({type(error).__name__} in "
            f"{_place(error)}). Please report it with this message; CARDOCR_FULL_ERRORS=1 shows the original one, which may "
            "quote a card"
        )
    else:
        kind = next((kind for kind in _KINDS if isinstance(error, kind)), ValueError)
        replacement = kind(
            f"{function.__name__} failed ({type(error).__name__}{_library(error)}) with these arguments: {given}. Compare "
            f"them with help({function.__name__}); if they are as it says, this is a fault in cardocr_nb ({_place(error)}). "
            "CARDOCR_FULL_ERRORS=1 shows the original message, which may quote a card"
        )
    return replacement.with_traceback(error.__traceback__)


def _is_fault_of_package(error: Exception, given: list[Any]) -> bool:
    """Whether a name is wrong in the package itself: no argument can cause that."""
    last = _innermost(error.__traceback__)
    if last is None or not last.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        return False
    if isinstance(error, AttributeError):
        of = error.obj
        own = of if inspect.isclass(of) or inspect.ismodule(of) else type(of)
        name = str(getattr(own, "__module__", getattr(own, "__name__", "")))
        return not any(of is value for value in given) and (inspect.ismodule(of) or name.startswith("cardocr_nb"))
    return isinstance(error, NameError)


def _place(error: BaseException) -> str:
    """Name the innermost line of the package that an error passed."""
    place, current = "", error.__traceback__
    while current is not None:
        code = current.tb_frame.f_code
        if code.co_filename.startswith(_PACKAGE):
            place = f"{Path(code.co_filename).relative_to(_PACKAGE).as_posix()}, line {current.tb_lineno}"
        current = current.tb_next
    return place


def _safe_os_error(error: OSError) -> OSError:
    error.__cause__ = error.__context__ = None
    if error.errno is None:
        replacement = OSError("a file cannot be read or written; check its path and its rights")
    else:
        place = "" if error.filename is None else f": {shown_path(error.filename)}"
        replacement = type(error)(error.errno, f"{os.strerror(error.errno)}{place}")
    return replacement.with_traceback(error.__traceback__)


def _described(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    try:
        bound = inspect.signature(function).bind_partial(*args, **kwargs).arguments
    except TypeError:  # other arguments than the function has
        return f"{len(args)} by position and {len(kwargs)} by name"
    return ", ".join(f"{name} is {describe(value)}" for name, value in bound.items()) or "none"


def _innermost(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback


def _origin(error: BaseException) -> str:
    """Say who raised an error: ``package`` by a statement, ``caller``, or ``library``."""
    last = _innermost(error.__traceback__)
    if last is None:
        return "library"
    code = last.tb_frame.f_code
    if code.co_filename.startswith(_PACKAGE):
        # A warning that a filter turns into an error is raised within warnings.warn; its message is of the package.
        raised = code.co_code[last.tb_lasti] in _RAISE or isinstance(error, Warning)
        return "package" if raised else "library"
    name = code.co_filename
    # Extension modules give names relative to their source tree; generated code gives names such as "<string>".
    if not Path(name).is_absolute() or name.startswith(_LIBRARIES) or f"{os.sep}site-packages{os.sep}" in name:
        return "library"
    return "caller"


def _library(error: BaseException) -> str:
    last = _innermost(error.__traceback__)
    name = "" if last is None else str(last.tb_frame.f_globals.get("__name__", "")).split(".")[0]
    return f" in {name}" if name.isidentifier() and name != "cardocr_nb" else ""


def _drop_foreign_chain(error: BaseException) -> None:
    """Cut the chain of causes at the first error that a library raised."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        for link in ("__cause__", "__context__"):
            linked = getattr(current, link)
            if linked is not None and _origin(linked) == "library" and not isinstance(linked, (*_PASSED, CardOCRError)):
                setattr(current, link, None)
        current = current.__cause__ or current.__context__
