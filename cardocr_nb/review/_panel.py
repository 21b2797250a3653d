"""The panel in the notebook: a `Session` that a person sees and types into.

Texts, pictures and letters go to the browser in messages, never in the widget's state: the state is what JupyterLab may
write into the notebook file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from cardocr_nb.cards import english, printed
from cardocr_nb.errors import CardOCRError
from cardocr_nb.quality._checks import REGISTRY
from cardocr_nb.report._i18n import words as report_words
from cardocr_nb.review._panel_i18n import Lang, words
from cardocr_nb.review._review_crops import Pictures, crop, marked
from cardocr_nb.review._review_webfont import font_of, letters_of

if TYPE_CHECKING:
    import pandas as pd

    from cardocr_nb.plot._image_sources import Images
    from cardocr_nb.review._session import Item, Session

_TROUBLE = (CardOCRError, OSError, ValueError)


class Review(anywidget.AnyWidget):
    """A panel that asks what stands on cards; made by `cardocr_nb.review.review`.

    Attributes
    ----------
    session : Session
        Where one stands, and the file of decisions.
    """

    _esm = Path(__file__).with_name("panel.js")
    _css = Path(__file__).with_name("panel.css")
    _words = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session, images: Images, lang: Lang = "en") -> None:
        super().__init__(_words=words(lang))
        self.session = session
        self._pictures = Pictures(images)
        self._lang = lang
        self.on_msg(self._heard)

    def __repr__(self) -> str:
        return f"<Review {self.session.done} of {len(self.session.items)} fields decided>"

    def truth(self) -> pd.DataFrame:
        """What stands on the cards by the decisions so far.

        Returns
        -------
        DataFrame
            ``key, field, text``, for `cardocr_nb.quality.evaluate` with ``complete=False``. The text is missing where
            nothing stands; fields that nobody could read are left out.
        """
        return self.session.file.truth()

    def _heard(self, _: Any, said: dict[str, Any], __: list[bytes]) -> None:
        """Do what the browser asks for and tell it where things stand."""
        try:
            kind = said.get("kind")
            if kind == "card":
                self._show_card(int(said["number"]))
                return
            if kind == "letters":
                self._send_letters(set(said["letters"]))
                return
            if kind == "decide":
                decision = self.session.decide(int(said["number"]), said.get("verdict"), str(said.get("text", "")))
                self._show(decision.verdict)
                return
            if kind == "move":
                self.session.move(int(said["step"]))
            self._show()
        except _TROUBLE as trouble:
            self.send({"kind": "fault", "message": str(trouble)})

    def _show(self, said: str | None = None) -> None:
        session = self.session
        item = session.current
        common = {"total": len(session.items), "done": session.done, "number": session.position, "said": said}
        if item is None:
            self.send({"kind": "end", "path": str(session.file.path), **common})
            return
        decision = session.decision(item)
        fault, buffers = None, []
        try:
            pixels = self._pictures.of(item.key)
            buffers = [crop(pixels, item.polygon)] if item.polygon is not None else []
        except _TROUBLE as trouble:
            fault = str(trouble)
        content = {
            "kind": "item",
            "key": item.key,
            "field": self._field(item),
            "text": item.text,
            "score": item.score,
            "chance": item.chance,
            "reasons": [self._reason(name) for name in item.reasons],
            "verdict": decision and decision.verdict,
            "typed": decision and decision.text,
            "fault": fault,
            **common,
        }
        self.send(content, buffers)

    def _show_card(self, number: int) -> None:
        item = self.session.items[number]
        self.send({"kind": "card", "number": number}, [marked(self._pictures.of(item.key), item.polygon)])

    def _send_letters(self, asked: set[str]) -> None:
        """Send a font with letters that the browser cannot draw: those of the whole queue at once, typed ones as they come."""
        queue = self._letters_of_queue()
        wanted = asked | queue if asked & queue else asked
        font = font_of(wanted)
        self.send({"kind": "letters", "letters": "".join(sorted(wanted))}, [font] if font else [])

    def _letters_of_queue(self) -> set[str]:
        shown = [*words(self._lang).values()]
        for item in self.session.items:
            shown += [item.text or "", self._field(item), *(self._reason(name) for name in item.reasons)]
        return letters_of(shown)

    def _field(self, item: Item) -> str:
        name = printed(item.field, item.card_type) or printed(item.field)
        if self._lang == "zh":
            return name or item.field
        return english(item.field) + (f" {name}" if name else "")

    def _reason(self, name: str) -> str:
        """A check's name and what a reading that passes would have."""
        known = REGISTRY.get(name)
        told = report_words(self._lang)
        check = told.known("check", name)
        if known is None:
            return check
        expected = told.known("expected", name, known.detail)
        return f"{check}：{expected}" if self._lang == "zh" else f"{check}: {expected}"
