"""Sample data: photos of specimens, readings with errors, saved responses. Nothing is downloaded."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from cardocr_nb._text_safety import shown_choice
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    import pandas as pd

_INSTALLED = Path(__file__).parent / "_sample_data"
_CHECKOUT = Path(__file__).parents[1] / "data"
"""The wheel holds a copy of ``data``; an editable installation uses the folder itself."""

NAMES = ("cards", "readings", "truth", "responses")


@overload
def load_sample(name: Literal["readings", "truth"], folder: None = None) -> pd.DataFrame: ...
@overload
def load_sample(name: Literal["cards", "responses"], folder: str | Path | None = None) -> Path: ...
def load_sample(name: str, folder: str | Path | None = None) -> pd.DataFrame | Path:
    """Load sample data that comes with the package, without network.

    .. versionadded:: 0.2.0

    All people are invented, and all cards carry a large SPECIMEN mark.

    Parameters
    ----------
    name : {"cards", "readings", "truth", "responses"}
        ``"cards"``: a folder of 24 photos of specimens, ``id/*.jpg`` and ``licence/*.jpg``, with their ``truth.csv``.
        ``"readings"``: a DataFrame of 328 cards that the embedded engine read from degraded photos. Some 7 % of the
        fields are wrong or missing, so that checks, thresholds and comparisons have something to find.
        They were recorded with the engine of commit c83228e, which made more errors than the present one.
        ``"truth"``: a DataFrame with the true texts of ``"readings"``.
        ``"responses"``: a folder of saved responses and callbacks in XML and JSON.
    folder : str or Path, optional
        Folder to copy ``"cards"`` or ``"responses"`` to. Default: the cache folder of the user, such as
        ``~/.cache/cardocr_nb``. Files with the same name and size are kept.

    Returns
    -------
    DataFrame or Path
        A DataFrame for ``"readings"`` and ``"truth"``, a folder for ``"cards"`` and ``"responses"``.

    Raises
    ------
    InvalidRequestError
        There is no sample of this name, or `folder` is given for a DataFrame.

    See Also
    --------
    cardocr_nb.specimen.write : Draw any number of new specimens, with their truth.

    Examples
    --------
    >>> import cardocr_nb as ocr
    >>> cards = ocr.load_sample("readings")
    >>> cards["key"].nunique()
    328
    >>> cards.cardocr.evaluate(ocr.load_sample("truth")).cells["outcome"].value_counts()["correct"] > 2000
    np.True_
    """
    if name not in NAMES:
        raise InvalidRequestError(f"name must be one of {', '.join(map(repr, NAMES))}, got {shown_choice(name, NAMES)}")
    source = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    if name in ("cards", "responses"):
        return _copy(source, name, folder)
    if folder is not None:
        raise InvalidRequestError(f"load_sample({name!r}) returns a DataFrame; folder= is for 'cards' and 'responses'")
    if name == "truth":
        import pandas as pd

        return pd.read_csv(source / "readings" / "truth.csv", dtype="str")
    from cardocr_nb.frame._responses import read_responses

    return read_responses(source / "readings" / "responses.zip")


def _copy(source: Path, name: str, folder: str | Path | None) -> Path:
    """Copy the files of a sample to a folder that can be written to, and return it."""
    if folder is None:
        from platformdirs import user_cache_path

        folder = user_cache_path("cardocr_nb", appauthor=False) / version("cardocr_nb") / name
    target = Path(folder)
    files = {path.relative_to(source / name): path for path in sorted((source / name).rglob("*")) if path.is_file()}
    if name == "cards":
        files[Path("truth.csv")] = source / "truth.csv"
    for relative, path in files.items():
        copy = target / relative
        if not copy.is_file() or copy.stat().st_size != path.stat().st_size:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    return target
