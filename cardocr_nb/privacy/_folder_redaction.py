"""Blank out the fields on the pictures of many cards."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from tqdm.auto import tqdm

from cardocr_nb._images import inspect
from cardocr_nb.errors import ImageError, InvalidRequestError
from cardocr_nb.privacy._field_lookup import image_path
from cardocr_nb.privacy._redaction import METHODS, Method, redact, save

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from cardocr_nb.privacy._field_lookup import Images


def redact_folder(
    cards: pd.DataFrame,
    images: Images,
    out: str | os.PathLike[str],
    *,
    fields: Iterable[str] | None = None,
    method: Method = "box",
    complete: bool = True,
    progress: bool = True,
) -> pd.DataFrame:
    """Fill the fields of many cards on their pictures.

    A picture whose fields cannot all be filled is left out, never copied as it is. So is every picture that is not in the
    frame.

    Parameters
    ----------
    cards : DataFrame
        As `cardocr_nb.to_frame` makes it.
    images : str, Path or mapping of str to path
        Folder under which the keys lie, or where each key's picture lies.
    out : str or Path
        Folder to write to, under the keys. The format stays, but for HEIF, which becomes JPEG.
    fields, method, complete
        See `cardocr_nb.privacy.redact`.
    progress : bool, default True
        Show a bar.

    Returns
    -------
    DataFrame
        One row per card: ``key``, ``path`` of the file written, ``reason`` if none was. A warning gives the number of
        cards left out.

    Raises
    ------
    InvalidRequestError
        `out` is the folder of the pictures, or the method is another.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> box = ((20, 20), (20, 40), (100, 40), (100, 20))
    >>> cards = to_frame(CardResult((Field("姓名", "样本", 98, box),), key="1.png"))
    >>> with TemporaryDirectory() as folder:
    ...     Image.new("RGB", (120, 80), "white").save(f"{folder}/1.png")
    ...     redact_folder(cards, folder, f"{folder}/redacted", progress=False)["reason"].tolist()
    [nan]
    """
    target = Path(out)
    if isinstance(images, (str, Path)) and target.resolve() == Path(images).resolve():
        raise InvalidRequestError(f"{target} is the folder of the pictures themselves; give another one to write to")
    if method not in METHODS:
        raise InvalidRequestError(f"method must be 'box' or 'blur', got {method!r}")
    chosen = fields if fields is None or isinstance(fields, str) else tuple(fields)
    rows: list[tuple[str, str | None, str | None]] = []
    groups = cards[cards["key"].notna()].groupby("key", sort=False, observed=True)
    for name, card in tqdm(groups, desc="redacting", unit="card", disable=not progress):
        key = str(name)
        try:
            source, written, kind = _paths(key, images, target)
            done = redact(source, card, fields=chosen, method=method, complete=complete)
            save(done, written, kind)
            rows.append((key, str(written), None))
        except (ImageError, InvalidRequestError) as problem:
            rows.append((key, None, str(problem)))
    nameless = int(cards["key"].isna().sum())
    table = pd.DataFrame(rows, columns=["key", "path", "reason"], dtype="str")
    left = int(table["reason"].notna().sum())
    if left or nameless:
        warnings.warn(
            f"{left} of {len(table)} cards were left out, see the column 'reason'"
            + (f"; {nameless} rows have no key and were passed over" if nameless else ""),
            UserWarning,
            stacklevel=2,
        )
    return table


def _paths(key: str, images: Images, out: Path) -> tuple[Path, Path, str]:
    """Where the picture lies, where to write it, and as what."""
    source = image_path(key, images)
    if source is None:
        raise InvalidRequestError("no picture belongs to this key")
    kind = inspect(source).format
    target = (out / key).with_suffix(".jpg") if kind == "HEIF" else out / key
    if not target.resolve().is_relative_to(out.resolve()) or target.resolve() == source.resolve():
        raise InvalidRequestError("the key leads out of the folder to write to, or onto the picture itself")
    return source, target, "JPEG" if kind == "HEIF" else kind
