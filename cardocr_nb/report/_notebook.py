"""The report as a notebook: a template that papermill fills with parameters and runs."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb._i18n import messages
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import CardOCRError, missing_extra
from cardocr_nb.report._truth_results import check_prices

if TYPE_CHECKING:
    import os

    from cardocr_nb._settings import Lang

TEMPLATE = "report_template.ipynb"


def report_notebook(
    cards: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    truth: str | os.PathLike[str] | None = None,
    other: str | os.PathLike[str] | None = None,
    images: str | os.PathLike[str] | None = None,
    lang: Lang | None = None,
    reveal: bool = False,
    title: str | None = None,
    review: float | None = None,
    error: float | None = None,
    precision: float = 0.995,
    groups: str | None = None,
) -> Path:
    """Make a notebook of the report, run from top to bottom.

    Parameters
    ----------
    cards : str or Path
        Table that ``cardocr run`` wrote, ``.parquet`` or ``.feather``, or saved responses as `cardocr_nb.read_responses`
        takes them.
    path : str or Path
        Where to write the notebook, ``.ipynb``.
    truth, other, images : str or Path, optional
        True texts (CSV), another such table to compare with, and the folder under which the keys lie.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    reveal : bool, default False
        Show texts and pictures of single cases in full.
    title : str, optional
        Title of the page.
    review, error : float, optional
        Cost of a review and of an error that is not noticed, in one currency; both or none, and only with `truth`.
    precision : float, default 0.995
        Precision that the thresholds promise, between 0 and 1.
    groups : str, optional
        Cards that may be incorrect together, see `cardocr_nb.quality.evaluate`: a column, ``"folder"`` or ``"day"``.

    Returns
    -------
    Path

    Raises
    ------
    MissingExtraError
        The extra ``lab`` is not installed.
    ValueError
        Another suffix, another language, or prices that came alone or without truth.
    CardOCRError
        A cell failed; the notebook is written as far as it came.
    """
    if Path(path).suffix.lower() != ".ipynb":
        raise ValueError(f"a notebook is written as .ipynb, got {shown_path(path)}; change its suffix")
    path = Path(path)
    messages(lang)
    check_prices(review, error, None if truth is None else str(truth))
    try:
        from papermill import execute_notebook
        from papermill.exceptions import PapermillExecutionError
    except ImportError as e:
        missing_extra("the report as a notebook", "lab", e)
    given = {"cards_path": cards, "truth_path": truth, "other_path": other, "images": images}
    places = {name: None if place is None else str(Path(place).resolve()) for name, place in given.items()}
    prices = {"review": review, "error": error, "precision": precision} | ({} if title is None else {"title": title})
    path.parent.mkdir(parents=True, exist_ok=True)
    with as_file(files("cardocr_nb.report") / "templates" / TEMPLATE) as template:
        try:
            chosen = {"lang": lang, "reveal": reveal, "groups": groups}
            execute_notebook(str(template), str(path), {**places, **chosen, **prices}, progress_bar=False)
        except PapermillExecutionError as e:
            raise CardOCRError(f"the notebook stopped in cell {e.exec_count} with {e.ename}; see {path}") from e
    return path
