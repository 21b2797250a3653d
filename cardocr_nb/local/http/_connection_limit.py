"""A limit on open connections: the oldest idle one is closed before a new one is too many."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from cardocr_nb.local.http._connection import Connection

log = logging.getLogger(__name__)

_MAX_CONNECTIONS = 2000
_RESERVED_FILES = 128
"""File descriptors for the process itself: the store, 16 calls, 4 callbacks, the engine's models, standard streams."""
_LOG_SECONDS = 60.0


def default_limit() -> int:
    """Return the number of connections that the open-file limit of the process allows, at most 2000.

    A connection needs up to two files: its socket, and the object that it sends or receives.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return _MAX_CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _MAX_CONNECTIONS * 2 if soft == resource.RLIM_INFINITY else soft - _RESERVED_FILES
    return max(1, min(_MAX_CONNECTIONS, files // 2))


class ConnectionLimit:
    """The open connections, oldest idle first.

    Parameters
    ----------
    limit : int, optional
        Number of connections; default is `default_limit`.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = default_limit() if limit is None else limit
        self._open: dict[Connection, None] = {}  # in the order in which they became idle

    def add(self, connection: Connection) -> None:
        """Count a new connection, and close the oldest idle one, or else the new one, if there are too many."""
        self._open[connection] = None
        if len(self._open) > self.limit:
            oldest = next((one for one in self._open if one.is_idle()), connection)
            self.discard(oldest)
            oldest.transport.abort()

    def touch(self, connection: Connection) -> None:
        """Note that a connection has become idle now."""
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None

    def discard(self, connection: Connection) -> None:
        """Count a connection no more."""
        self._open.pop(connection, None)


class AcceptErrors:
    """An exception handler of the event loop that logs repeated errors once a minute and without a trace.

    When files run out, the loop reports an error for each connection that waits: 500 traces at once, again every second.
    """

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle the error of one event."""
        error, message = context.get("exception"), str(context.get("message", ""))
        if isinstance(error, OSError):
            kind = f"{message} ({error.strerror})"
            now = time.monotonic()
            if now - self._last.get(kind, -_LOG_SECONDS) >= _LOG_SECONDS:
                self._last[kind] = now
                log.error("%s; further ones are not logged for %g s", kind, _LOG_SECONDS)
        else:
            loop.default_exception_handler(context)
