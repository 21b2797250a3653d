"""``cardocr serve``: the embedded service as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb.errors import CardOCRError, InvalidRequestError, missing_extra
from cardocr_nb.local._bucket_root import BucketRoot
from cardocr_nb.local._fault_injection import KINDS, FaultInjector
from cardocr_nb.local._service import KEEP_DAYS, QUEUE_LIMIT, Service
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.wire._xml_tree import RepairWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import uvicorn

    from cardocr_nb.local.engine import Reader
    from cardocr_nb.local.http._app import App

_CREDENTIALS = ("COS_SECRET_ID", "COS_SECRET_KEY")
_SHUTDOWN_SECONDS = 10
_BACKLOG = 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `serve` to a parser."""
    parser.add_argument(
        "--root", required=True, type=Path, metavar="DIR", help="folder whose subfolders are the buckets"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8086, help="0 selects a free port (default 8086)")
    parser.add_argument("--secret-id", metavar="ID", help=f"default {_CREDENTIALS[0]}")
    parser.add_argument("--secret-key", metavar="KEY", help=f"default {_CREDENTIALS[1]}")
    parser.add_argument(
        "--engine", choices=["rapidocr", "stub"], default="rapidocr", help="stub returns invented fields"
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="images read at the same time (default 1)")
    parser.add_argument(
        "--queue-limit", type=int, default=QUEUE_LIMIT, metavar="N", help=f"waiting jobs (default {QUEUE_LIMIT})"
    )
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds added to each image")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="KIND=RATE", help=f"{', '.join(KINDS)}; such as throttle=0.1"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the faults (default 0)")
    parser.add_argument(
        "--allow-callback",
        action="append",
        default=[],
        metavar="HOST",
        help="a host other than this machine that callbacks and detect-url may call",
    )
    parser.add_argument(
        "--request-timeout",
        "--patience",  # the name before 0.2
        type=float,
        default=60.0,
        metavar="S",
        help="seconds for a request to arrive (default 60)",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="web pages that may call from a browser, such as http://localhost:8000; * for all (default none)",
    )
    parser.add_argument(
        "--connections", type=int, metavar="N", help="open connections (default: by the open-file limit, at most 2000)"
    )
    parser.add_argument(
        "--lenient",
        action="store_true",
        help="accept signatures that cover neither Host nor all parameters, as some old clients make them",
    )
    parser.add_argument(
        "--keep-days",
        type=float,
        default=KEEP_DAYS,
        metavar="N",
        help=f"delete jobs N days after they were submitted, if they have ended (default {KEEP_DAYS:g})",
    )
    parser.add_argument("--quiet", action="store_true", help="no line for each request")


def serve(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT.

    The server then accepts no new calls and finishes the readings in progress; waiting jobs stay in the table.

    Parameters
    ----------
    options : argparse.Namespace
        From a parser with `add_arguments`.

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
        for value, name in zip((options.secret_id, options.secret_key), _CREDENTIALS, strict=True)
    )
    if not secret_id or not secret_key:
        raise InvalidRequestError(
            f"no credentials: give --secret-id and --secret-key or set {' and '.join(_CREDENTIALS)}; any pair of your choice"
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


def _serve(
    options: argparse.Namespace, root: BucketRoot, sock: socket.socket, make_app: Callable[[Service], App]
) -> None:
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


def _check_numbers(options: argparse.Namespace) -> None:
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``python -m cardocr_nb.local.http._server``."""
    parser = argparse.ArgumentParser(prog="cardocr serve", description="Serve the embedded card OCR over HTTP.")
    add_arguments(parser)
    try:
        return serve(parser.parse_args(arguments))
    except (CardOCRError, OSError) as e:
        sys.stderr.write(f"cardocr: {e}\n")
        return 2 if isinstance(e, InvalidRequestError) else 1


if __name__ == "__main__":
    sys.exit(main())
