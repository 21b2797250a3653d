"""The body of ``PUT /ai_queue/<queueId>`` → record, as the embedded service reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._limits import UNFIT_FOR_XML
from cardocr_nb.wire._nodes import FaultError, container, shown, text
from cardocr_nb.wire._xml_tree import Tree, parse

_NAME = re.compile(r"[\w*-]{1,128}")
_CHOICES = {
    "State": ("Off", "On"),
    "Type": ("Url", "TDMQ"),
    "ResultFormat": ("XML", "JSON"),
}


@dataclass(frozen=True, slots=True)
class Notify:
    """Where a queue sends callbacks of jobs that name no address of their own.

    Attributes
    ----------
    url : str or None
    state : str, default "Off"
        ``On`` or ``Off``.
    type : str, default "Url"
        ``Url`` or ``TDMQ``.
    event : str or None
        Comma-separated; ``TaskFinish`` is the one of card OCR.
    format : str, default "XML"
        ``XML`` or ``JSON``.
    """

    url: str | None = None
    state: str = "Off"
    type: str = "Url"
    event: str | None = None
    format: str = "XML"


@dataclass(frozen=True, slots=True)
class QueueUpdate:
    """What a queue is to become.

    Attributes
    ----------
    name : str or None
        Letters, digits, ``_``, ``-`` and ``*``, at most 128; None leaves it.
    state : str
        ``Active`` or ``Paused``.
    notify : Notify or None
        None leaves it.
    """

    name: str | None
    state: str
    notify: Notify | None


def decode_queue_update(raw: bytes) -> QueueUpdate:
    """Read the body of ``PUT /ai_queue/<queueId>``.

    The vendor's page calls ``Name`` and ``NotifyConfig`` required; here what is absent stays as it is.

    Raises
    ------
    DecodeError
        Not such a body, or a value that it cannot hold.

    Examples
    --------
    >>> decode_queue_update(b"<Request><State>Paused</State></Request>")
    QueueUpdate(name=None, state='Paused', notify=None)
    """
    tree = parse(raw, repair=False)
    try:
        return _update(tree)
    except FaultError as e:
        raise DecodeError(str(e), raw) from None


def _update(tree: Tree) -> QueueUpdate:
    if "Request" not in tree:
        raise FaultError("the document is not a request: expected Request at its root")
    node = container(tree["Request"], "Request")
    name = text(node, "Name", "Request")
    if name is not None and not _NAME.fullmatch(name):
        raise FaultError(f"Name must be at most 128 letters, digits, '_', '-' and '*', got {shown(name)}")
    state = text(node, "State", "Request")
    if state not in ("Active", "Paused"):
        raise FaultError(f"State must be Active or Paused, got {shown(state)}")
    return QueueUpdate(
        name, state, _notify(container(node["NotifyConfig"], "NotifyConfig")) if "NotifyConfig" in node else None
    )


def _notify(node: Tree) -> Notify:
    where = "NotifyConfig"
    chosen = {name: text(node, name, where) or choices[0] for name, choices in _CHOICES.items()}
    for name, choices in _CHOICES.items():
        if chosen[name] not in choices:
            raise FaultError(f"{name} in {where} must be {' or '.join(choices)}, got {shown(chosen[name])}")
    url, event = text(node, "Url", where), text(node, "Event", where)
    if any(UNFIT_FOR_XML.search(value or "") for value in (url, event)):
        raise FaultError(f"Url and Event in {where} must hold no control character")
    if chosen["State"] == "On" and chosen["Type"] == "Url" and url is None:
        raise FaultError(f"Url in {where} is required when State is On")
    return Notify(url=url, state=chosen["State"], type=chosen["Type"], event=event, format=chosen["ResultFormat"])
