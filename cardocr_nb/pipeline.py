"""The whole way in one call: images in, DataFrame out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardocr_nb.batch.run import read_all
from cardocr_nb.frame.flatten import to_frame

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from cardocr_nb.client import Client


def run(images: str | Path | Iterable[str | Path], *, card_type: str, client: Client, **options: Any) -> pd.DataFrame:
    """Read card photos into a DataFrame.

    Parameters
    ----------
    images : str, Path or iterable of them
        Files, folders and patterns; with ``upload=False`` keys of objects in the bucket.
    card_type : {"IDCard", "DriverLicense"}
    client : Client
    **options
        As for `cardocr_nb.batch.run.read_all`: ``upload``, ``prefix``, ``in_flight``, ``user_data``, ``job_level``, ``progress``.

    Returns
    -------
    DataFrame
        One row a field, columns as in `cardocr_nb.frame.schema`. Every image has at least one row: one that failed
        tells ``code`` and ``message``.

    Raises
    ------
    InvalidRequestError
        Nothing to read, or an argument outside the specification.
    ServiceError
        The account, clock or bucket is refused before any job was accepted.

    Examples
    --------
    >>> import cardocr_nb as ocr
    >>> with ocr.Client.local("data/cards") as client:  # doctest: +SKIP
    ...     cards = ocr.run("data/cards/id", card_type="IDCard", client=client)
    """
    return to_frame(read_all(images, card_type=card_type, client=client, **options))
