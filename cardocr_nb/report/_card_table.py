"""Rows of a frame as a table for notebooks: scores as bars, failed checks, crops."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import pandas as pd

from cardocr_nb._i18n import messages
from cardocr_nb._text_safety import describe, shown_choice
from cardocr_nb.errors import ImageError
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers
from cardocr_nb.plot._field_crops import rectified
from cardocr_nb.plot._image_sources import find_picture, picture_source, warn_if_none
from cardocr_nb.plot._picture_identity import OtherVersions
from cardocr_nb.plot._reading_corners import reading_corners
from cardocr_nb.plot._style import score_colors, score_norm
from cardocr_nb.privacy._service_texts import FieldNames, masked_code
from cardocr_nb.quality import check
from cardocr_nb.report._report_masking import masked_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._i18n import Messages
    from cardocr_nb._settings import Lang
    from cardocr_nb.plot._image_sources import Images

_CROP = 28
"""Height of a crop in pixels: that of a row of text with its padding in JupyterLab."""
_WIDEST = 320
"""Width of the widest crop in pixels; an address of one line is shrunk to it."""
_STYLE = """<style>
.cardocr-table td, .cardocr-table th { text-align: left; white-space: nowrap; }
.cardocr-table .text { white-space: normal; overflow-wrap: anywhere; min-width: 8em; }
.cardocr-table .bar { display: inline-block; width: 5em; height: .6em; border: 1px solid #80808080; }
.cardocr-table .bar span { display: block; height: 100%; }
</style>"""


@dataclass(frozen=True, slots=True)
class CardTable:
    """A table that a notebook shows; made by `show`.

    Attributes
    ----------
    rows : int
        Number of rows shown.
    total : int
        Number of rows of the frame.
    html : str
        The table, without scripts and without addresses outside the page.
    """

    rows: int
    total: int
    html: str = field(repr=False)

    def __repr__(self) -> str:
        return f"<CardTable {self.rows} of {self.total} rows>"

    def _repr_html_(self) -> str:
        return self.html


def show(
    df: pd.DataFrame,
    rows: int = 20,
    images: Images | None = None,
    *,
    reveal: bool = False,
    sort: Literal["score"] | None = "score",
    lang: Lang | None = None,
) -> CardTable:
    """Show rows of a frame in a notebook: text, score as a bar, failed checks and crops.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    rows : int, default 20
        Maximum number of rows, 1 or more.
    images : path, list, mapping or client, optional
        As for `cardocr_nb.plot.plot_overlay`. With `reveal`, each row has a crop of its field.
    reveal : bool, default False
        Show texts in full, and crops. Otherwise texts are masked as in a report, and no image is opened. A notebook file keeps
        what its cells show.
    sort : {"score"} or None, default "score"
        Lowest score first, rows without a score last; None keeps the order of the frame.
    lang : {"en", "zh"}, optional
        Language of the table; by default ``cardocr_nb.options.lang``.

    Returns
    -------
    CardTable
        A notebook shows it as a table. Its ``repr`` contains no text of a card.

    Raises
    ------
    ValueError
        `rows` is below 1, or `sort` has another value.

    See Also
    --------
    cardocr_nb.plot.plot_gallery : Larger crops of single fields.
    cardocr_nb.report.report : A page about the whole run.

    Examples
    --------
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> cards = to_frame(CardResult((Field("姓名", "样本一", 61), Field("性别", "男", 99)), key="1.jpg"))
    >>> table = show(cards, rows=1)
    >>> table
    <CardTable 1 of 2 rows>
    >>> "样**" in table.html, "样本一" in table.html
    (True, False)
    """
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 1:
        raise ValueError(f"rows must be a whole number, 1 or more, got {describe(rows)}")
    if sort not in ("score", None):
        raise ValueError(f"sort must be 'score' or None, got {shown_choice(sort, ['score'])}")
    texts = messages(lang)
    frame = conform(df).reset_index(drop=True)
    shown = (frame if sort is None else frame.sort_values("score", kind="stable")).head(rows)
    crops = _crops(frame, shown, images) if reveal and images is not None else None
    html = _table(shown, _failed_checks(frame, shown), score_norm(frame["score"]), crops, texts, reveal=reveal)
    order = texts("card_table.by_score" if sort else "card_table.in_order")
    caption = texts("card_table.caption", shown=texts.count(len(shown)), total=texts.count(len(frame)), order=order)
    if not reveal:
        caption += " " + texts("card_table.masked")
    # The class keeps MathJax, which runs over outputs of notebooks, from setting `$` in a text as a formula.
    return CardTable(
        len(shown),
        len(frame),
        f'<div class="cardocr-table mathjax_ignore tex2jax_ignore">{_STYLE}<p>{escape(caption)}</p>{html}</div>',
    )


def _failed_checks(frame: pd.DataFrame, shown: pd.DataFrame) -> dict[int, list[str]]:
    """Names of failed checks by row; only the cards that are shown are checked."""
    numbers = pd.Series(card_numbers(frame), index=frame.index)
    cards = frame[numbers.isin(numbers[shown.index])]
    by = ["job_id", "key", "field"]
    checked = check(cards)
    failed = checked[checked["passed"].eq(other=False).fillna(value=False)]
    places = shown[by].astype("str").fillna("").reset_index(names="row")
    found = failed[[*by, "check"]].astype("str").fillna("").merge(places, on=by)
    return {int(cast("int", row)): list(dict.fromkeys(names)) for row, names in found.groupby("row")["check"]}


def _crops(frame: pd.DataFrame, shown: pd.DataFrame, images: Images) -> dict[int, str]:
    """Crops as data addresses, by row; each image is opened once."""
    quads = dict(zip(shown.index, reading_corners(frame, shown), strict=True))
    crops: dict[int, str] = {}
    placed = shown.dropna(subset=["key", "polygon"])
    found, others, source = False, OtherVersions(), picture_source(images)
    for key, rows in placed.groupby("key", observed=True):
        try:
            photo = find_picture(str(key), source)
        except (ImageError, OSError):
            found = True
            continue
        found |= photo is not None
        if photo is not None and not others.holds(photo, frame[frame["key"] == key]):
            places = {row: photo.scaled(quads[row]) for row in rows.index}
            crops |= {int(row): _address(rectified(photo.pixels, places[row], height=2 * _CROP)) for row in rows.index}
    warn_if_none(found, placed["key"].unique(), source)
    others.warn()
    return crops


def _address(pixels: NDArray[np.uint8]) -> str:
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((2 * _WIDEST, 2 * _CROP))
    file = io.BytesIO()
    image.save(file, "PNG")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"


def _table(
    shown: pd.DataFrame,
    failed: dict[int, list[str]],
    norm: Any,
    crops: dict[int, str] | None,
    texts: Messages,
    *,
    reveal: bool,
) -> str:
    names = FieldNames(reveal=reveal)
    heads = {
        "image": texts("card_table.image"),
        "key": texts("card_table.key"),
        "field": texts("card_table.field"),
        "text": texts("card_table.text"),
        "score": texts("card_table.score"),
        "checks": texts("card_table.checks"),
        "crop": texts("card_table.crop"),
    }
    if "image" not in shown or shown["image"].isna().all():
        del heads["image"]
    if crops is None:
        del heads["crop"]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads.values())
    lines = []
    for number, row in zip(shown.index, shown.to_dict("records"), strict=True):
        known = None if pd.isna(row["field"]) else str(row["field"])
        label = "–" if known is None else texts.field(names(known))
        cells = {
            "image": _value(row.get("image")),
            "key": _value(row["key"]),
            "field": f"<bdi>{escape(label)}</bdi>",
            "text": _text(row, known, texts, reveal=reveal),
            "score": _bar(row["score"], norm),
            "checks": escape(", ".join(texts.lookup("check", name) for name in failed.get(int(number), []))),
        }
        if crops is not None:
            alt = texts("card_table.crop_alt", field=label)
            cells["crop"] = _image(crops.get(int(number)), alt)
        lines.append("".join(f'<td class="{name}">{cells[name]}</td>' for name in heads))
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _value(value: Any) -> str:
    return "–" if value is None or pd.isna(value) else f"<bdi>{escape(str(value))}</bdi>"


def _text(row: dict[Any, Any], known: str | None, texts: Messages, *, reveal: bool) -> str:
    """The text of a field; for a row without field, the error code of its job."""
    if known is None:
        code = row.get("code")
        return (
            "–"
            if not isinstance(code, str) or not code
            else f"<code>{escape(code if reveal else masked_code(code))}</code>"
        )
    text = masked_text(row["text"], known, reveal=reveal)
    return f"<em>{escape(texts('card_table.nothing'))}</em>" if text is None else f"<bdi>{escape(text)}</bdi>"


def _bar(score: Any, norm: Any) -> str:
    from matplotlib.colors import to_hex

    if pd.isna(score):
        return "–"
    color = to_hex(score_colors()(norm(float(score))))
    width = float(np.clip(float(score), 0, 100))
    return f'<span class="bar"><span style="width:{width:g}%;background:{color}"></span></span> {float(score):g}'


def _image(address: str | None, alt: str) -> str:
    if address is None:
        return "–"
    return f'<img src="{address}" alt="{escape(alt)}" style="max-height:{_CROP}px;max-width:{_WIDEST}px">'
