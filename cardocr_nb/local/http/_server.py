"""``cardocr serve``: the embedded service as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cardocr_nb.errors import InvalidRequestError, missing_extra
from cardocr_nb.local._bucket_root import BucketRoot
from cardocr_nb.local._fault_injection import FaultInjector
from cardocr_nb.local._service import Service
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.wire._xml_tree import RepairWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import uvicorn

    from cardocr_nb.local.engine import Reader
    from cardocr_nb.local.http._app import App

CREDENTIALS = ("COS_SECRET_ID", "COS_SECRET_KEY")
_SHUTDOWN_SECONDS = 10
_BACKLOG = 512


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Arguments of ``cardocr serve``; its help describes them. A missing credential comes from the environment."""

    root: Path
    host: str
    port: int
    secret_id: str | None = field(repr=False)
    secret_key: str | None = field(repr=False)
    engine: str
    workers: int
    queue_limit: int
    latency: float
    fault: Sequence[str]
    seed: int
    allow_callback: Sequence[str]
    request_timeout: float
    allow_origin: Sequence[str]
    connections: int | None
    lenient: bool
    keep_days: float
    quiet: bool


def serve(options: ServeOptions) -> int:
    """Serve until SIGTERM or SIGINT.

    The server then accepts no new calls and finishes the readings in progress; waiting jobs stay in the table.

    Parameters
    ----------
    options : ServeOptions

    Returns
    -------
    int
        0.

    Raises
    ------
    InvalidRequestError
        An argument is invalid, credentials are missing, or another server runs in the same root.
    MissingExtraError
        The server or the engine is not installed.
    OSError
        The server cannot listen at the address.
    """
    try:
        from cardocr_nb.local.http._app import App
        from cardocr_nb.local.http._connection_limit import ConnectionLimit
        from cardocr_nb.local.http._cors import CorsPolicy
        from cardocr_nb.local.http._signature_verifier import SignatureVerifier
    except ImportError as e:
        missing_extra("the local server", "local", e)
    secret_id, secret_key = (
        value or os.environ.get(name)
        for value, name in zip((options.secret_id, options.secret_key), CREDENTIALS, strict=True)
    )
    if not secret_id or not secret_key:
        raise InvalidRequestError(
            f"no credentials: give --secret-id and --secret-key or set {' and '.join(CREDENTIALS)}; any pair of your choice"
        )
    verifier = SignatureVerifier(secret_id, secret_key, lenient=options.lenient)
    cors = CorsPolicy(options.allow_origin)
    _check_numbers(options)
    logging.basicConfig(
        level=logging.WARNING if options.quiet else logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s"
    )
    warnings.simplefilter("error", RepairWarning)
    with listening(options.host, options.port) as sock:
        root = BucketRoot(options.root, address_of(sock))
        with root.lock():
            _serve(
                options,
                root,
                sock,
                lambda service: App(
                    service,
                    verifier,
                    request_timeout=options.request_timeout,
                    readers=options.workers,
                    cors=cors,
                    limit=ConnectionLimit(options.connections),
                ),
            )
    return 0


def _serve(options: ServeOptions, root: BucketRoot, sock: socket.socket, make_app: Callable[[Service], App]) -> None:
    for bucket in root.values():
        bucket.remove_unfinished_uploads()
    service = Service(
        root,
        _reader(options.engine, options.workers),
        jobs=root.jobs,
        workers=options.workers,
        queue_limit=options.queue_limit,
        latency=options.latency,
        faults=FaultInjector.parse(options.fault, options.seed) if options.fault else None,
        allowed_hosts=options.allow_callback,
        keep_days=options.keep_days,
    )
    app = make_app(service)
    try:
        _run(app, sock)
    finally:
        app.close()
        service.close()


def _check_numbers(options: ServeOptions) -> None:
    for name, value, least in (
        ("workers", options.workers, 1),
        ("queue-limit", options.queue_limit, 1),
        ("latency", options.latency, 0),
        ("request-timeout", options.request_timeout, 0.1),
        ("keep-days", options.keep_days, 0),
        ("connections", 1 if options.connections is None else options.connections, 1),
    ):
        if not value >= least:
            raise InvalidRequestError(f"--{name} must be at least {least}, got {value}")


def _reader(engine: str, workers: int) -> Reader:
    if engine == "stub":
        return StubReader()
    from cardocr_nb.local.engine import Engine

    return Engine.for_workers(workers)


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Open a socket that accepts connections; port 0 selects a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OverflowError:
        raise InvalidRequestError(f"--port must be 0 to 65535, got {port}") from None
    with sock:
        # Accepted connections inherit it; without it every second response waits for a delayed acknowledgement.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sock


def address_of(sock: socket.socket) -> str:
    """Return the address of a listening socket, such as ``http://127.0.0.1:8086``."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _run(app: App, sock: socket.socket) -> None:
    import uvicorn

    from cardocr_nb.local.http._connection import Connection
    from cardocr_nb.local.http._connection_limit import AcceptErrors

    class Server(uvicorn.Server):
        """Ends with exit code 0 on a signal, and prints its address when it is ready."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            previous = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
            try:
                yield
            finally:
                for number, handler in previous.items():
                    signal.signal(number, handler)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            asyncio.get_running_loop().set_exception_handler(AcceptErrors())
            await super().startup(sockets)
            sys.stdout.write(f"listening on {address_of(sock)}\n")
            sys.stdout.flush()

    make_server(Server, app, Connection).run(sockets=[sock])


def make_server(kind: type[uvicorn.Server], app: App, connection: Any) -> uvicorn.Server:
    """Make a server of a kind for the app, with the settings of the embedded service."""
    import uvicorn

    errors = logging.getLogger("uvicorn.error")
    errors.setLevel(logging.ERROR)
    errors.addFilter(_is_no_cut)
    config = uvicorn.Config(
        app,
        http=connection,
        loop="asyncio",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        backlog=_BACKLOG,
    )
    return kind(config)


def _is_no_cut(record: logging.LogRecord) -> bool:
    """Leave out what uvicorn says of connections that the app cuts; the app logs them itself."""
    return not str(record.msg).startswith("ASGI callable returned without")
