"""The fields of many cards on their photos, as a widget: zoom, details on hover, slider and filters.

Texts and photos are sent to the browser in messages, never in the widget's state: JupyterLab may write the state into the
notebook file. Only the shown card is sent, so that a run of 10,000 cards opens like one of ten.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from cardocr_nb import polygon
from cardocr_nb._i18n import messages
from cardocr_nb.errors import CardOCRError, missing_extra
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.plot._image_sources import Bucket, find_picture, picture_source
from cardocr_nb.plot._picture_identity import refuse_other_version
from cardocr_nb.plot._plot_data import corners
from cardocr_nb.plot._row_selection import rows_of_image
from cardocr_nb.plot._style import score_colors, score_norm
from cardocr_nb.privacy import mask_text
from cardocr_nb.privacy._service_texts import FieldNames

try:
    import anywidget
    import traitlets
except ImportError as error:
    missing_extra("the interactive overlay", "lab", error)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._settings import Lang
    from cardocr_nb.plot._image_sources import Images

_LONGEST_SIDE = 1600
"""Pixels along the longer side of a photo that is sent: sharp at twofold zoom on a common screen, 200 kB as JPEG."""
_MOST_PIXELS = 4 * _LONGEST_SIDE**2
"""Pixels to which a photo is reduced while it is decoded; sides are halved, divided by 3 and so on."""
_ERRORS = (CardOCRError, OSError, ValueError)


def overlay_widget(df: pd.DataFrame, image: Any, *, key: str | None, reveal: bool, lang: Lang | None) -> OverlayWidget:
    """Make the widget of `cardocr_nb.plot.plot_overlay`.

    Parameters
    ----------
    df : DataFrame
    image : picture, folder, list, mapping or client
        A single picture shows the one card that it belongs to.
    key : str or None
        Show only this card.
    reveal : bool
        Show texts unmasked.
    lang : {"en", "zh"} or None
    """
    many = isinstance(image, (list, tuple, dict, Bucket)) or (
        isinstance(image, (str, os.PathLike)) and Path(image).is_dir()
    )
    if many:
        rows = df if key is None else rows_of_image(df, None, key)
        return OverlayWidget(rows, image, reveal=reveal, lang=lang)
    rows = rows_of_image(df, image if isinstance(image, (str, os.PathLike)) else None, key)  # type: ignore[arg-type]  # any path
    only = str(rows["key"].iloc[0]) if "key" in rows and len(rows) else "picture"
    return OverlayWidget(rows.assign(key=only), {only: image}, reveal=reveal, lang=lang)


class OverlayWidget(anywidget.AnyWidget):
    """Photos of cards with their fields; made by `cardocr_nb.plot.plot_overlay` with ``interactive=True``.

    Attributes
    ----------
    selected : int or None
        Position in the frame of the row whose field was clicked. Observe it with ``widget.observe(f, "selected")``.
    """

    _esm = Path(__file__).with_name("overlay.js")
    _css = Path(__file__).with_name("overlay.css")
    _texts = traitlets.Dict().tag(sync=True)
    selected = traitlets.Int(None, allow_none=True)

    def __init__(self, df: pd.DataFrame, images: Images, *, reveal: bool = False, lang: Lang | None = None) -> None:
        self._messages = messages(lang)
        super().__init__(_texts=dict(self._messages.texts["overlay"]))
        self._df, self._images, self._reveal = df, picture_source(images), reveal
        self._cards = _Cards(conform(df))
        names = FieldNames(reveal=reveal, words=True)
        self._shown = {field: names(field) for field in self._cards.fields}
        self._matching = np.arange(self._cards.count)
        self._number = 0
        self.on_msg(self._handle)

    def __repr__(self) -> str:
        return f"<OverlayWidget {self._cards.count} cards>"

    @property
    def row(self) -> pd.DataFrame:
        """The selected row of the frame; no row if none is selected."""
        return self._df.iloc[[] if self.selected is None else [self.selected]]

    def _handle(self, _: Any, message: dict[str, Any], __: list[bytes]) -> None:
        """Handle a message of the browser."""
        try:
            kind = message.get("kind")
            if kind == "select":
                self.selected = int(message["row"])
                return
            if kind == "filter":
                fields = {shown: field for field, shown in self._shown.items()}
                self._matching = self._cards.matching(
                    field=fields.get(message["field"], message["field"]) if message.get("field") else None,
                    below=message.get("below"),
                    failed=bool(message.get("failed")),
                    lowest_first=bool(message.get("lowest_first")),
                )
                self._number = 0
            elif kind == "show":
                self._number = int(np.clip(int(message["number"]), 0, max(len(self._matching) - 1, 0)))
            self._show()
        except _ERRORS as error:
            self.send({"kind": "fault", "message": str(error)})

    def _show(self) -> None:
        total = len(self._matching)
        fields = {name: self._messages.field(name) for name in self._shown.values()}
        state: dict[str, Any] = {"kind": "card", "number": self._number, "total": total, "names": fields}
        if not total:
            self.send(state | {"key": "", "fields": [], "fault": None})
            return
        rows, failed = self._cards.rows(int(self._matching[self._number]))
        key = str(rows["key"].iloc[0])
        fault, buffers, size, scale = None, [], (1, 1), 1.0
        try:
            photo = find_picture(key, self._images, _MOST_PIXELS, missing="raise")
            size = photo.size
            quads = corners(rows["polygon"])
            file = rows["image"].iloc[0] if "image" in rows else None
            refuse_other_version(photo, quads[~np.isnan(quads).any(axis=(1, 2))], file)
            buffers, scale = [_jpeg(photo.pixels)], min(1.0, _LONGEST_SIDE / max(size))
        except _ERRORS as error:
            fault = str(error)
        state |= {"key": key, "width": size[0] * scale, "height": size[1] * scale, "fault": fault}
        self.send(state | {"fields": self._fields(rows, failed, scale)}, buffers)

    def _fields(self, rows: pd.DataFrame, failed: dict[int, list[str]], scale: float) -> list[dict[str, Any]]:
        quads = polygon.ordered(corners(rows["polygon"])) * scale
        shown = []
        for row, quad, field, text, score in zip(
            rows.index, quads, rows["field"], rows["text"], rows["score"], strict=True
        ):
            if pd.isna(field):
                continue
            known = None if pd.isna(text) else str(text)
            shown.append(
                {
                    "row": int(row),
                    "name": self._messages.field(self._shown[str(field)]),
                    "text": known if known is None or self._reveal else mask_text(known, str(field)),
                    "score": None if pd.isna(score) else float(score),
                    "color": self._cards.color(score),
                    "points": None if np.isnan(quad).any() else quad.round(1).tolist(),
                    "checks": [self._messages.lookup("check", name) for name in failed.get(int(row), [])],
                }
            )
        return shown


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    image = Image.fromarray(pixels).convert("RGB")
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


class _Cards:
    """The rows of each card, and what the filters need, as arrays over all rows."""

    def __init__(self, df: pd.DataFrame) -> None:
        from matplotlib.colors import to_hex

        self._df = df.reset_index(drop=True)
        self._card = card_numbers(self._df)
        order = np.argsort(self._card, kind="stable")
        self.count = len(first_rows(self._card))
        self._order, self._starts = order, np.searchsorted(self._card[order], np.arange(self.count + 1))
        self._score = self._df["score"].to_numpy(dtype=float, na_value=np.nan)
        self.fields = list(dict.fromkeys(self._df["field"].dropna().astype("str")))
        self._norm, self._colors, self._to_hex = score_norm(self._df["score"]), score_colors(), to_hex
        self._failed: dict[int, list[str]] | None = None
        self._errors: list[int] = []

    def rows(self, card: int) -> tuple[pd.DataFrame, dict[int, list[str]]]:
        """The rows of a card, and the names of the checks that failed by position in the frame."""
        positions = self._order[self._starts[card] : self._starts[card + 1]]
        return self._df.iloc[positions], self.failed

    def color(self, score: Any) -> str:
        """Color of a score, as ``#rrggbb``."""
        return self._to_hex("#7F7F7F" if pd.isna(score) else self._colors(self._norm(float(score))))

    @property
    def failed(self) -> dict[int, list[str]]:
        """Names of failed checks by position in the frame, computed at the first use."""
        if self._failed is None:
            from cardocr_nb.quality import check

            names = ["job_id", "key", "field"]
            checked = check(self._df)
            wrong = checked[checked["passed"].eq(other=False).fillna(value=False) & checked["field"].notna()]
            at = self._df[names].astype("str").fillna("").reset_index(names="row")
            found = wrong[[*names, "check", "severity"]].astype("str").fillna("").merge(at, on=names)
            self._failed = {int(cast("int", row)): list(group) for row, group in found.groupby("row")["check"]}
            self._errors = found.loc[found["severity"] == "error", "row"].unique().tolist()
        return self._failed

    def matching(self, *, field: str | None, below: float | None, failed: bool, lowest_first: bool) -> NDArray[np.intp]:
        """Numbers of the cards with a row that fulfills all conditions; `failed` asks for checks of severity ``error``."""
        keep = np.ones(len(self._df), dtype=bool)
        if field is not None:
            keep &= (self._df["field"].astype("str") == field).fillna(value=False).to_numpy()
        if below is not None:
            keep &= self._score < float(below)
        if failed:
            marked = np.zeros(len(self._df), dtype=bool)
            marked[self._errors if self.failed else []] = True
            keep &= marked
        cards = np.unique(self._card[keep]) if len(self._df) else np.arange(0)
        if not lowest_first:
            return cards
        lowest = np.full(self.count, np.inf)
        scores = np.where(keep & ~np.isnan(self._score), self._score, np.inf)
        np.minimum.at(lowest, self._card, scores)
        return cards[np.argsort(lowest[cards], kind="stable")]
