"""Threads that a run can leave behind: they never keep the process or the caller waiting."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Workers:
    """Daemon threads; a thread of ``concurrent.futures`` would be waited for at the end of the process.

    Examples
    --------
    >>> workers = Workers()
    >>> workers.start("submit", lambda: None)
    >>> workers.wait(5.0), workers.running("submit")
    (None, 0)
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: dict[str, int] = {}
        self._errors: list[BaseException] = []

    def start(self, kind: str, work: Callable[[], None]) -> None:
        """Start a thread of a kind."""
        self._running[kind] = self._running.get(kind, 0) + 1
        threading.Thread(target=self._work, args=(kind, work), name=f"cardocr-run-{kind}", daemon=True).start()

    def _work(self, kind: str, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as e:  # noqa: BLE001 - raised again by the thread that waits
            with self._changed:
                self._errors.append(e)
        finally:
            with self._changed:
                self._running[kind] -= 1
                self._changed.notify_all()

    def running(self, kind: str | None = None) -> int:
        """Return the number of threads that have not ended, of one kind or of all."""
        with self._changed:
            return self._running.get(kind, 0) if kind is not None else sum(self._running.values())

    @property
    def failed(self) -> bool:
        """Whether a thread ended with an exception."""
        return bool(self._errors)

    def wait(self, seconds: float) -> None:
        """Wait until a thread ends, at most so long."""
        with self._changed:
            if any(self._running.values()):
                self._changed.wait(seconds)

    def raise_error(self) -> None:
        """Raise the exception with which the first thread ended, if one did."""
        if self._errors:
            raise self._errors[0]
