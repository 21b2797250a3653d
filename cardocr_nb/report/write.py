"""A report as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cardocr_nb.report.html import render_html
from cardocr_nb.report.json import render_json
from cardocr_nb.report.markdown import render_markdown
from cardocr_nb.report.pictures import pictures_of
from cardocr_nb.report.summarize import summarize

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import pandas as pd

    Images: TypeAlias = "str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]]"

_SUFFIXES = (".html", ".htm", ".md", ".json")


def report(
    df: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    truth: pd.DataFrame | str | os.PathLike[str] | None = None,
    images: Images | None = None,
    title: str = "Card OCR report",
    reveal: bool = False,
) -> Path:
    """Write a report that stands alone.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    path : str or Path
        Where to write; the suffix chooses the format: ``.html``, ``.htm``, ``.md`` or ``.json``.
    truth : DataFrame or path of a CSV file, optional
        True texts, in the columns ``key``, ``field`` and ``text``; with it the report tells the accuracy.
    images : str, Path or mapping of key to path, optional
        Folder under which the keys lie, or where each key's picture lies. An HTML report then shows up to six of the
        worst cards, too coarse to be read unless `reveal`.
    title : str, default "Card OCR report"
    reveal : bool, default False
        Show the texts of the worst cases, and their pictures, in full.

    Returns
    -------
    Path
        The file written: an HTML page has no script, loads nothing and stays below 5 MB for any number of cards.

    Raises
    ------
    ValueError
        Another suffix, or a frame or truth that cannot be counted; see `summarize`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire.models import CardResult, Field
    >>> cards = to_frame(CardResult((Field("姓名", "样本", 98),), key="1.jpg"))
    >>> with TemporaryDirectory() as folder:
    ...     report(cards, f"{folder}/report.md").read_text("utf-8").splitlines()[0]
    '# Card OCR report'
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ValueError(
            f"a report is written as {', '.join(_SUFFIXES)}, got the path {str(path)!r}; change its suffix"
        )
    summary = summarize(df, truth=truth, title=title, reveal=reveal)
    if suffix == ".json":
        page = render_json(summary)
    elif suffix == ".md":
        page = render_markdown(summary)
    else:
        pictures = () if images is None else pictures_of(df, summary, images, reveal=reveal)
        page = render_html(summary, pictures=pictures)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path
