"""Keys that do not match: their forms, and what would make them match, without quoting them (a key may be a name)."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SUFFIX = re.compile(r"\.(?:jpe?g|png|bmp|gif|webp|tiff?|hei[cf]|pdf)$", re.IGNORECASE)
_LONGEST = 40
_MOST_FILES = 20_000
_LIKENESSES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("with / for \\", lambda key: key.replace("\\", "/")),
    ("in lower case", lambda key: key.lower()),
    ("without their endings", lambda key: str(PurePosixPath(key).with_suffix("")) if PurePosixPath(key).name else key),
    ("without their folders", lambda key: re.split(r"[/\\]", key)[-1]),
    ("without folders and endings", lambda key: PurePosixPath(re.split(r"[/\\]", key)[-1]).stem),
)


def key_form(key: str) -> str:
    """Return a key with x for each letter and 0 for each digit; the ending of a picture stays.

    Examples
    --------
    >>> key_form("june/IMG_0042.jpg"), key_form("张三.png")
    ('xxxx/xxx_0000.jpg', 'xx.png')
    """
    suffix = _SUFFIX.search(key)
    end = suffix[0] if suffix else ""
    body = key[: len(key) - len(end)]
    shown = "".join("0" if c.isdigit() else "x" if c.isalpha() else c if c in "/._- " else "?" for c in body)
    return (shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…") + end


def file_below(folder: str | os.PathLike[str], key: str) -> Path | None:
    """Return the file of a key below a folder, which may be one of the folders that the key names.

    Parameters
    ----------
    folder : path
    key : str
        A name from outside: it may try to leave the folder.

    Returns
    -------
    Path or None
        None if the file does not exist or lies outside the folder. The key ``id/1.jpg`` is the file ``1.jpg`` of the folder
        ``photos/id``, if that has no file ``id/1.jpg``.

    Examples
    --------
    >>> file_below(".", "../../etc/passwd") is None
    True
    """
    there, names = Path(folder), PurePosixPath(key).parts
    try:
        above = there.absolute().parts
        for n in range(len(names)):
            path = there.joinpath(*names[n:])
            if above[len(above) - n :] == names[:n] and path.is_file():
                return path if path.resolve().is_relative_to(there.resolve()) else None
    except (OSError, ValueError):  # a name longer than the system takes, or with a zero byte
        return None
    return None


def shown_forms(keys: Iterable[str]) -> str:
    """Return the number of keys and their commonest form.

    Examples
    --------
    >>> shown_forms(["id/0001.jpg", "id/0002.jpg", "a.jpg"])
    '3 of 2 forms, most like xx/0000.jpg'
    """
    forms = Counter(map(key_form, keys))
    if not forms:
        return "0"
    first = forms.most_common(1)[0][0]
    return f"{sum(forms.values())} like {first}" if len(forms) == 1 else (
        f"{sum(forms.values())} of {len(forms)} forms, most like {first}"
    )  # fmt: skip


def mismatch(left: str, left_keys: Iterable[Any], right: str, right_keys: Iterable[Any]) -> str:
    """Describe two sets of keys without a common one, and the change after which some match.

    Parameters
    ----------
    left, right : str
        What has the keys, such as ``the truth``.
    left_keys, right_keys : iterable of str

    Returns
    -------
    str
        Sentences for a message.

    Examples
    --------
    >>> print(mismatch("the frame", ["0001.jpg"], "the truth", ["id/0001.jpg"]))
    the frame has 1 like 0000.jpg, the truth 1 like xx/0000.jpg (x for letters, 0 for digits). Without their folders 1 would match: give the keys of both the same folder, for example with run(..., prefix=...)
    """
    first, second = ({str(key) for key in keys} for keys in (left_keys, right_keys))
    verb = "have" if left.endswith("s") else "has"
    said = f"{left} {verb} {shown_forms(first)}, {right} {shown_forms(second)} (x for letters, 0 for digits)"
    how, count = _likeness(first, second)
    if not count:
        return f"{said}. Keys must be spelled alike, folder and ending included"
    advice = "give the keys of both the same folder, for example with run(..., prefix=...)"
    return f"{said}. {how.capitalize()} {count} would match: " + (advice if "folder" in how else "write both alike")


def missing_pictures(keys: Iterable[Any], images: Any) -> str:
    """Describe keys whose pictures were not found, and the pictures that there are.

    Parameters
    ----------
    keys : iterable of str
    images : path, sequence, mapping or client
        Where the pictures were looked for.

    Examples
    --------
    >>> print(missing_pictures(["0001.jpg"], {"id/0001.jpg": b""}))
    looked for 1 like 0000.jpg, and there are 1 like xx/0000.jpg (x for letters, 0 for digits). Without their folders 1 would match: pass the folder in which the keys begin
    """
    wanted = {str(key) for key in keys}
    there = _pictures(images)
    said = f"looked for {shown_forms(wanted)}"
    if there is None:
        return said
    if isinstance(images, (str, os.PathLike)) and not Path(images).is_dir():
        return f"{said}, and there is no such folder or file; pass the folder below which the keys are paths"
    said += f", and there are {shown_forms(there)} (x for letters, 0 for digits)"
    if same := len(wanted & there):
        return f"{said}. {same} of them are there, but are not pictures that can be read"
    how, count = _likeness(wanted, there)
    if not count:
        return f"{said}. Pass the folder below which the keys are paths"
    advice = "pass the folder in which the keys begin" if "folder" in how else "name the files like the keys"
    return f"{said}. {how.capitalize()} {count} would match: {advice}"


def _pictures(images: Any) -> set[str] | None:
    """Names of the pictures there are, relative to the folder; None if they are not known."""
    if isinstance(images, Mapping):
        return {str(key) for key in images}
    if isinstance(images, (str, os.PathLike)):
        folder = Path(images)
        found: set[str] = set()
        for base, _, names in os.walk(folder):
            found |= {(Path(base) / name).relative_to(folder).as_posix() for name in names if _SUFFIX.search(name)}
            if len(found) > _MOST_FILES:
                break
        return found
    return {Path(one).as_posix() for one in images} if isinstance(images, Sequence) else None


def _likeness(one: set[str], other: set[str]) -> tuple[str, int]:
    """The first change after which keys of both sides are equal, and how many; 0 if there is none."""
    for name, change in _LIKENESSES:
        if count := len({change(key) for key in one} & {change(key) for key in other}):
            return name, count
    return "", 0
