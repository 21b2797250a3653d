"""Open a widget's own script on the widget's own Python side, in a browser and without a kernel."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

ADDRESS = "http://widget.test/"
OPEN = """async (texts) => {
  const { default: widget } = await import("/widget.js");
  const listeners = new Set();
  const model = {
    get: () => texts,
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    send: async (message) => {
      for (const [content, buffers] of await kernel(message)) {
        const views = buffers.map((each) => new DataView(Uint8Array.from(atob(each), (c) => c.charCodeAt(0)).buffer));
        for (const listener of listeners) listener(content, views);
      }
    },
  };
  window.closeWidget = widget.render({ model, el: document.body });
}"""

Message = dict[str, Any]


def connect(widget: Any) -> Callable[..., list[tuple[Any, list[bytes]]]]:
    """Return a function that gives the widget a message of the browser and returns its answers with their buffers."""
    sent: list[tuple[Any, list[bytes]]] = []
    widget.send = lambda content, buffers=(): sent.append((content, list(buffers)))

    def ask(**message: Any) -> list[tuple[Any, list[bytes]]]:
        sent.clear()
        widget._handle_custom_msg(message, [])
        return list(sent)

    return ask


def open_widget(
    page: Page, widget: Any, script: Path, asked: Callable[[Message], object] = lambda message: None
) -> None:
    """Show a widget on a page. Its style sheet is next to the script; ``asked`` sees each message of the browser."""
    style = script.with_suffix(".css").read_text(encoding="utf-8")
    body = f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Widget</title><style>{style}</style>"
    page.route(ADDRESS, lambda route: route.fulfill(body=body, content_type="text/html"))
    source = script.read_text(encoding="utf-8")
    page.route(f"{ADDRESS}widget.js", lambda route: route.fulfill(body=source, content_type="text/javascript"))
    ask = connect(widget)

    def kernel(message: Message) -> list[tuple[Any, list[str]]]:
        asked(message)
        return [(content, [base64.b64encode(b).decode() for b in buffers]) for content, buffers in ask(**message)]

    page.expose_function("kernel", kernel)
    page.goto(ADDRESS)
    page.evaluate(OPEN, widget.get_state()["_texts"])
