"""Redact the pictures of many cards."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from tqdm.auto import tqdm

from cardocr_nb._images import inspect
from cardocr_nb._key_forms import missing_pictures
from cardocr_nb._progress_bar import is_hidden
from cardocr_nb._text_safety import describe
from cardocr_nb.errors import CardOCRError, InvalidRequestError
from cardocr_nb.privacy._field_lookup import image_path
from cardocr_nb.privacy._picture_files import file_ids, refuse_nested
from cardocr_nb.privacy._redaction import Method, RedactionOptions, redact_checked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cardocr_nb.privacy._field_lookup import Images


def redact_folder(
    cards: pd.DataFrame,
    images: Images,
    out: str | os.PathLike[str],
    *,
    fields: Iterable[str] | None = None,
    method: Method = "box",
    card_type: str | None = None,
    complete: bool = True,
    portrait: bool | None = None,
    verify: bool = False,
    progress: bool = True,
) -> pd.DataFrame:
    """Cover the fields and portraits of many cards on their pictures.

    A picture that `redact` refuses is left out, never copied as it is, and the others are written. So is every picture
    that is not in the frame. Originals are never overwritten.

    Parameters
    ----------
    cards : DataFrame
        As `cardocr_nb.to_frame` makes it.
    images : str, Path or mapping of str to path
        Folder below which the keys are paths, or a mapping from key to path.
    out : str or Path
        Folder to write to, one file per key. The format stays, except HEIF, which becomes JPEG. It must not contain the
        pictures nor lie in their folder.
    fields, method, card_type, complete, portrait, verify
        See `redact`. ``card_type`` is for the cards whose type the frame does not contain.
    progress : bool, default True
        Show a bar.

    Returns
    -------
    DataFrame
        One row per card: ``key``, ``path`` of the file written, ``reason`` if none was, and ``covered``, the names of
        all that was covered, separated by commas: fields, ``portrait``, ``date valid from``, ``print next to the card``.
        A warning gives the number of cards left out.

    Raises
    ------
    InvalidRequestError
        `out` and the folder of the pictures overlap, or an option is wrong.

    See Also
    --------
    redact : Redact one picture and get it back.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> box = ((20, 20), (20, 60), (100, 60), (100, 20))
    >>> cards = to_frame(CardResult((Field("姓名", "样本", 98, box),), key="1.png"))
    >>> with TemporaryDirectory() as images, TemporaryDirectory() as out:
    ...     Image.new("RGB", (120, 80), "white").save(f"{images}/1.png")
    ...     redact_folder(cards, images, out, fields=["name"], progress=False)["reason"].tolist()
    [nan]
    """
    if not isinstance(cards, pd.DataFrame) or "key" not in cards.columns:
        raise InvalidRequestError("cards must be a DataFrame as to_frame makes it, with a column 'key'")
    if not isinstance(images, Mapping | str | os.PathLike):
        raise InvalidRequestError(
            f"images must be a folder or a mapping from keys to files, got {describe(images)}; of a table with the columns key and "
            "image it is dict(zip(table['key'], table['image']))"
        )
    target = Path(out)
    if not isinstance(images, Mapping):
        refuse_nested(target, Path(images))
    options = RedactionOptions.checked(fields, method, card_type, complete=complete, portrait=portrait, verify=verify)
    keys = [str(key) for key in cards["key"].dropna().unique()]
    paths = list(images.values()) if isinstance(images, Mapping) else [image_path(key, images) for key in keys]
    originals = file_ids(paths)
    rows: list[tuple[str, str | None, str | None, str | None]] = []
    groups = cards[cards["key"].notna()].groupby("key", sort=False, observed=True)
    for name, card in tqdm(groups, desc="redacting", unit="card", disable=is_hidden(progress)):
        key = str(name)
        try:
            source, written, kind = _paths(key, images, target)
            _, covered = redact_checked(source, card, options, key=None, out=(written, kind), originals=originals)
            rows.append((key, str(written), None, ", ".join(covered)))
        except CardOCRError as error:
            rows.append((key, None, str(error), None))
        except (ArithmeticError, OSError, TypeError, ValueError, MemoryError) as error:
            # Without its message, which may quote the frame.
            rows.append((key, None, f"the picture could not be redacted or written ({type(error).__name__})", None))
    nameless = int(cards["key"].isna().sum())
    table = pd.DataFrame(rows, columns=["key", "path", "reason", "covered"], dtype="str")
    left_out = int(table["reason"].notna().sum())
    if left_out or nameless:
        warnings.warn(
            f"{left_out} of {len(table)} cards were left out, see the column 'reason'"
            + (f"; {nameless} rows have no key and were passed over" if nameless else "")
            + (f"; no picture was found: {missing_pictures(keys, images)}" if keys and not any(paths) else ""),
            UserWarning,
            stacklevel=2,
        )
    return table


def _paths(key: str, images: Images, out: Path) -> tuple[Path, Path, str]:
    """Return the picture of a key, the file to write and its format."""
    source = image_path(key, images)
    if source is None:
        raise InvalidRequestError("no picture belongs to this key")
    kind = inspect(source).format
    kind, target = ("JPEG", (out / key).with_suffix(".jpg")) if kind == "HEIF" else (kind, out / key)
    if not target.resolve().is_relative_to(out.resolve()):
        raise InvalidRequestError("the key leads out of the folder to write to")
    return source, target, kind
