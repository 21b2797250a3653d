"""The whole way in one call: images in, DataFrame out."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from cardocr_nb._batch._options import Options
from cardocr_nb._batch._run import read_all
from cardocr_nb._batch._run_estimate import Estimate
from cardocr_nb._batch._run_estimate import estimate as estimated
from cardocr_nb._ledger import Ledger
from cardocr_nb.frame._ledger_rows import read_ledger

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cardocr_nb._batch._image_keys import Images
    from cardocr_nb._client import Client


def run(
    images: Images, *, card_type: str, client: Client, ledger: str | Path | None = None, **options: Any
) -> pd.DataFrame:
    """Read card photos into a DataFrame.

    Parameters
    ----------
    images : str, Path or iterable of them
        Files, folders and patterns; with ``upload=False`` keys of objects in the bucket.
    card_type : {"IDCard", "DriverLicense"}
    client : Client
    ledger : str or Path, optional
        SQLite file that keeps what became of each image, so that the same call goes on where an earlier one stopped,
        however that ended, and no image is paid for twice. Without it nothing is kept but the result. It holds what
        was read from the cards; its mode is 0600. To move it while no run is at work, move this one file; after a
        crash also the ``-wal`` beside it.
    **options
        As the attributes of `cardocr_nb._batch._options.Options`: ``upload``, ``prefix``, ``user_data``, ``job_level``,
        ``callback``, ``callback_format``, ``pace``, ``max_calls``, ``price``, ``unknown``, ``settle``, ``patience``,
        ``reread``, ``retry_failed``, ``progress``.

    Returns
    -------
    DataFrame
        One row a field, columns as in `cardocr_nb.frame._frame_schema`. Every image has at least one row: one that failed
        tells ``code`` and ``message``.

    Raises
    ------
    InvalidRequestError
        Nothing to read, or an argument outside the specification.
    LedgerError
        Another run holds the ledger, it belongs to another bucket, or it cannot be written.
    ServiceError
        The account, clock or bucket is refused before any job was accepted.

    Warns
    -----
    StoppedWarning
        Interrupted, out of budget, or refused for every image from some point on. What was read is in the frame.

    Examples
    --------
    >>> import cardocr_nb as ocr
    >>> with ocr.Client.local("data/cards") as client:  # doctest: +SKIP
    ...     cards = ocr.run("data/cards/id", card_type="IDCard", client=client, ledger="run.sqlite")
    """
    asked = Options(**options)
    with closing(Ledger(":memory:" if ledger is None else ledger)) as kept:
        number, _ = read_all(images, card_type=card_type, client=client, ledger=kept, options=asked)
        return read_ledger(kept, number)


def estimate(
    images: Images, *, card_type: str, client: Client, ledger: str | Path | None = None, **options: Any
) -> Estimate:
    """Say how many calls, how long and how much the same call of `run` would take; nothing is sent or written.

    Parameters
    ----------
    images, card_type, client, ledger, **options
        As for `run`.

    Returns
    -------
    Estimate

    Raises
    ------
    InvalidRequestError
        Nothing to read, or an argument outside the specification.
    LedgerError
        The ledger is there and cannot be read.

    Examples
    --------
    >>> import cardocr_nb as ocr
    >>> with ocr.Client.local("data/cards") as client:  # doctest: +SKIP
    ...     print(ocr.estimate("data/cards/id", card_type="IDCard", client=client, price=0.15))
    """
    return estimated(images, card_type=card_type, ledger=ledger, folder=client.folder, options=Options(**options))
