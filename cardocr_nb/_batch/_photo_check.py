"""Whether a photo is good enough to be paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb.errors import ImageError

if TYPE_CHECKING:
    from pathlib import Path


def low_quality(path: Path | None, least: float | None) -> str | None:
    """Return why a photo is left out, or None if it is to be submitted.

    A file of a format that cannot be decoded on this machine, such as HEIC without the extra ``heif``, is not left out.

    Parameters
    ----------
    path : Path or None
        None when only the key of an object is known.
    least : float or None
        Least probability to be read whole, 0 to 1; 0 only finds damaged pixels, None does not look at the file.

    Raises
    ------
    ImageError
        The pixels are cut off or corrupt.
    """
    if path is None or least is None:
        return None
    from cardocr_nb._photos import measure

    try:
        found = measure(path)
    except ImageError as e:
        if e.code == "DamagedImage":
            raise
        return None
    if found.probability >= least:
        return None
    return (
        f"{found.fault or 'no single fault is seen'}: the probability that the card is read whole is {found.probability:.2f}, min_quality is {least:g}; "
        "take the photo again, or run with a lower min_quality"
    )
