"""Review by a person: a panel in the notebook, and the file of decisions.

.. code-block:: text

    frame, queue --session--> one field after another --crops, panel--> browser --corrections--> file --> truth,
                                                                                                    training data

``corrections`` and ``session`` know nothing of notebooks; ``panel``, with its script and style sheet, needs the
extra ``lab``. This is the one place of the package where texts of cards are shown in full without being asked to: a
person cannot correct what is masked. Nothing of it gets into the notebook file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb._error_guard import guard_public
from cardocr_nb.errors import missing_extra
from cardocr_nb.review._agreement import agreement, disagreements
from cardocr_nb.review._apply_corrections import correct
from cardocr_nb.review._corrections import Corrections, Decision
from cardocr_nb.review._session import Item, Session, items_of
from cardocr_nb.review._training_data import EmptySplitWarning, LeftOutWarning, to_training_data

if TYPE_CHECKING:
    import os

    import pandas as pd

    from cardocr_nb._settings import Lang
    from cardocr_nb.plot._image_sources import Images
    from cardocr_nb.review._panel import Review

__all__ = [
    "Corrections",
    "Decision",
    "EmptySplitWarning",
    "Item",
    "LeftOutWarning",
    "Session",
    "agreement",
    "correct",
    "disagreements",
    "items_of",
    "review",
    "to_training_data",
    "truth",
]


def review(
    df: pd.DataFrame,
    images: Images,
    path: str | os.PathLike[str] = "corrections.csv",
    *,
    queue: pd.DataFrame | None = None,
    reviewer: str | None = None,
    lang: Lang | None = None,
) -> Review:
    """Review readings and correct them, by keyboard, in JupyterLab.

    The panel shows the field cut out of the photo and straightened, the text, its score and the checks that
    it failed. Enter accepts the reading or saves what was typed; the panel lists the other keys. Each decision is
    written to `path` at once. Called again with the same path, the panel goes on where it was left.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    images : path, mapping or client
        A folder under which the keys lie, the picture of each key, or a client, which fetches them from its bucket.
    path : str or Path, default "corrections.csv"
        File of the decisions, ``.csv`` or ``.parquet``, readable by its owner alone. It contains the true texts of
        cards: keep it where the photos are kept.
    queue : DataFrame, optional
        Fields to review, in this order: ``key, field`` and, where they are known, ``job_id, chance, reasons, selection,
        weight``. By default `cardocr_nb.quality.review_queue` of the frame, which finds errors; for rates, an
        `cardocr_nb.quality.audit_sample`, whose weights the file then keeps.
    reviewer : str, optional
        Name of the reviewer, for the column ``reviewer`` of the file. The panel then asks also for fields that only others
        decided, without their decisions; `disagreements` and `agreement` compare them. Without a name, fields that anybody
        decided are not asked for again.
    lang : {"en", "zh"}, optional
        Language of the panel; by default ``cardocr_nb.options.lang``.

    Returns
    -------
    Review
        A widget; its ``truth()`` returns the ground truth by the decisions so far.

    Raises
    ------
    MissingExtraError
        The extra ``lab`` is not installed.
    ValueError
        The queue lacks a column or a key, or the file at `path` holds something else.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> cards = to_frame(CardResult((Field("姓名", "样木", 61),), key="front/0001.jpg"))
    >>> panel = review(cards, "photos", "corrections.csv", queue=cards[["key", "field"]])
    >>> panel
    <Review 0 of 1 fields decided>
    """
    try:
        from cardocr_nb.review._panel import Review
    except ImportError as e:
        missing_extra("the review panel", "lab", e)
    if queue is None:
        from cardocr_nb.quality import review_queue

        queue = review_queue(df)
    return Review(Session(items_of(df, queue), Corrections(path), reviewer or ""), images, lang)


def truth(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the ground truth from a file of decisions, without a panel.

    Parameters
    ----------
    path : str or Path
        As it was given to `review`.

    Returns
    -------
    DataFrame
        See `Corrections.truth`.
    """
    return Corrections(path).truth()


guard_public(__all__, __name__)
