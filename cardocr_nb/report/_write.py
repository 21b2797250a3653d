"""A report as a file."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb._text_safety import shown_path
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.report._figures import figures
from cardocr_nb.report._html import render_html
from cardocr_nb.report._json import render_json
from cardocr_nb.report._markdown import render_markdown
from cardocr_nb.report._overview import regions_pictures, timeline_picture
from cardocr_nb.report._page import Pictures
from cardocr_nb.report._summarize import summarize
from cardocr_nb.report._worst_case_images import CasePictures, case_pictures

if TYPE_CHECKING:
    import os

    import pandas as pd

    from cardocr_nb._settings import Lang
    from cardocr_nb.plot._image_sources import Images
    from cardocr_nb.quality._card_groups import Groups
    from cardocr_nb.quality._evaluation import Truth
    from cardocr_nb.report._report_summary import ReportSummary

_log = logging.getLogger(__name__)

_LARGEST = 5_000_000
_SUFFIXES = (".html", ".htm", ".md", ".json")


def report(
    df: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    truth: Truth | None = None,
    other: pd.DataFrame | None = None,
    images: Images | None = None,
    lang: Lang | None = None,
    reveal: bool = False,
    title: str | None = None,
    review: float | None = None,
    error: float | None = None,
    precision: float = 0.995,
    most_cases: int = 30,
    groups: Groups | None = None,
) -> Path:
    """Write a report as one file.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    path : str or Path
        Where to write; the suffix chooses the format: ``.html``, ``.htm``, ``.md`` or ``.json``.
    truth : DataFrame or path of a CSV file, optional
        True texts, in the columns ``key``, ``field`` and ``text``; with it the report contains accuracy, calibration
        and thresholds.
    other : DataFrame, optional
        Another reading of the same images, to be compared with this one.
    images : path, list, mapping or client, optional
        Folder of the images, list of files, mapping from keys to pictures, or a client. An HTML report then shows up to
        six cards of the worst cases: the positions of their fields, or with `reveal` the photos and crops. Without
        `reveal` no pixel of a photo is in the report.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    reveal : bool, default False
        Show the texts of single cases, and their pictures, in full.
    title : str, optional
        Title of the page.
    review, error : float, optional
        Cost of a review and of an error that is not noticed, in one currency; both or none, and only with `truth`.
    precision : float, default 0.995
        Precision that the thresholds promise, between 0 and 1.
    most_cases : int, default 30
        Number of worst cases that are listed, at most.
    groups : str, mapping or Series, optional
        Cards that may be incorrect together, see `cardocr_nb.quality.evaluate`: a column such as ``created`` (by day),
        ``"folder"`` for the folder of `key`, ``"day"`` for the day of `created`, or the group of each key. Intervals and thresholds take groups as units.

    Returns
    -------
    Path
        The file written: an HTML page has no script, loads nothing and stays below 5 MB for any number of cards.

    Raises
    ------
    ValueError
        Another suffix, or a frame, truth or option that cannot be used; see `summarize`.

    Notes
    -----
    Names of images (``key``) are never masked, since they join the report to the files. Single characters that were read
    as others are counted over all cards, out of their texts.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> cards = to_frame(CardResult((Field("姓名", "样本", 98),), key="1.jpg"))
    >>> with TemporaryDirectory() as folder:
    ...     report(cards, f"{folder}/report.md").read_text("utf-8").splitlines()[0]
    '# Card OCR report'
    """
    given, path = path, Path(path)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ValueError(f"a report is written as {', '.join(_SUFFIXES)}, got {shown_path(given)}; change its suffix")
    df = conform(df)
    summary = summarize(
        df,
        truth=truth,
        other=other,
        lang=lang,
        reveal=reveal,
        title=title,
        review=review,
        error=error,
        precision=precision,
        most_cases=most_cases,
        groups=groups,
    )
    if suffix == ".json":
        page = render_json(summary)
    elif suffix == ".md":
        page = render_markdown(summary)
    else:
        cases = CasePictures() if images is None else case_pictures(df, summary, images, reveal=reveal)
        shown = Pictures(figures(summary), timeline_picture(df, summary), regions_pictures(df, summary), cases)
        page = _page(summary, shown)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def _page(summary: ReportSummary, shown: Pictures) -> str:
    """The page with as many of its pictures as it may hold; those of single cases go first, then all."""
    for pictures in (shown, replace(shown, cases=CasePictures()), Pictures()):
        page = render_html(summary, pictures=pictures)
        if len(page.encode()) <= _LARGEST:
            break
        _log.warning("the report would be larger than %d bytes; some of its pictures are left out", _LARGEST)
    return page
