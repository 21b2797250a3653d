"""The widget of a review in the notebook.

Texts, pictures and fonts are sent to the browser in messages, never in the widget's state: JupyterLab may write the state
into the notebook file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from cardocr_nb._i18n import messages
from cardocr_nb.cards import english, printed
from cardocr_nb.errors import CardOCRError
from cardocr_nb.quality._checks import REGISTRY
from cardocr_nb.review._review_crops import Pictures, crop, outlined
from cardocr_nb.review._review_webfont import characters_of, font_of

if TYPE_CHECKING:
    import pandas as pd

    from cardocr_nb._settings import Lang
    from cardocr_nb.plot._image_sources import Images
    from cardocr_nb.review._session import Item, Session

_ERRORS = (CardOCRError, OSError, ValueError)


class Review(anywidget.AnyWidget):
    """A panel in which a person corrects readings; made by `cardocr_nb.review.review`.

    Attributes
    ----------
    session : Session
        Position in the queue, and the file of decisions.
    """

    _esm = Path(__file__).with_name("panel.js")
    _css = Path(__file__).with_name("panel.css")
    _texts = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session, images: Images, lang: Lang | None = None) -> None:
        self._messages = messages(lang)
        super().__init__(_texts=dict(self._messages.texts["panel"]))
        self.session = session
        self._pictures = Pictures(images)
        self.on_msg(self._handle)

    def __repr__(self) -> str:
        return f"<Review {self.session.done} of {len(self.session.items)} fields decided>"

    def truth(self) -> pd.DataFrame:
        """The ground truth by the decisions so far.

        Returns
        -------
        DataFrame
            ``key, field, text``, for `cardocr_nb.quality.evaluate` with ``complete=False``. The text is missing
            for fields that are not on the card; unreadable fields are left out.
        """
        return self.session.file.truth()

    def _handle(self, _: Any, message: dict[str, Any], __: list[bytes]) -> None:
        """Handle a message of the browser and send the new state back."""
        try:
            kind = message.get("kind")
            if kind == "card":
                self._show_card(int(message["number"]))
                return
            if kind == "characters":
                self._send_font(set(message["characters"]))
                return
            if kind == "decide":
                decision = self.session.decide(
                    int(message["number"]), message.get("verdict"), str(message.get("text", ""))
                )
                self._show(decision.verdict)
                return
            if kind == "move":
                self.session.move(int(message["step"]))
            elif kind == "filter":
                self.session.filter(message.get("field") or None)
            self._show()
        except _ERRORS as error:
            self.send({"kind": "fault", "message": str(error)})

    def _show(self, decided: str | None = None) -> None:
        session = self.session
        item = session.current
        common = {
            "total": len(session.numbers),
            "done": sum(session.decision(shown) is not None for shown in session.shown),
            "number": session.position,
            "place": session.place,
            "decided": decided,
            "fields": {item.field: self._field(item) for item in session.items},
            "filter": session.field or "",
            "others": len(session.items) - session.done if session.field else 0,
            "reviewer": session.reviewer,
        }
        if item is None:
            self.send({"kind": "end", "path": str(session.file.path), **common})
            return
        decision = session.decision(item)
        fault, buffers = None, []
        try:
            photo = self._pictures.photo(item.key, item.card_places, item.image)
            buffers = [crop(photo, item.polygon)] if item.polygon is not None else []
        except _ERRORS as error:
            fault = str(error)
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
        photo = self._pictures.photo(item.key, item.card_places, item.image)
        self.send({"kind": "card", "number": number}, [outlined(photo, item.polygon)])

    def _send_font(self, requested: set[str]) -> None:
        """Send a font with characters that the browser cannot draw: those of the whole queue at once, typed ones singly."""
        queue = self._characters_of_queue()
        wanted = requested | queue if requested & queue else requested
        font = font_of(wanted)
        self.send({"kind": "characters", "characters": "".join(sorted(wanted))}, [font] if font else [])

    def _characters_of_queue(self) -> set[str]:
        shown = [*self._messages.texts["panel"].values()]
        for item in self.session.items:
            shown += [item.text or "", self._field(item), *(self._reason(name) for name in item.reasons)]
        return characters_of(shown)

    def _field(self, item: Item) -> str:
        name = printed(item.field, item.card_type) or printed(item.field)
        if self._messages.lang == "zh":
            return name or item.field
        return english(item.field) + (f" {name}" if name else "")

    def _reason(self, name: str) -> str:
        """The name of a check and the description of a reading that passes."""
        known = REGISTRY.get(name)
        check = self._messages.lookup("check", name)
        if known is None:
            return check
        expected = self._messages.lookup("expected", name, known.detail)
        return self._messages("plot.line", name=check, text=expected)
