"""A real proxy for HTTP and HTTPS that can cut answers: it forwards requests and opens CONNECT tunnels, over sockets."""

import contextlib
import random
import socket
import threading
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"
_HANDSHAKE = 3  # parts of the service's half of a TLS handshake, at most


class Proxy:
    """A proxy on this machine.

    Parameters
    ----------
    context : ssl.SSLContext, optional
        Makes it a proxy that is reached over TLS.
    refuse : bytes, optional
        Answer to every CONNECT, such as ``407 Proxy Authentication Required``.
    cut : float
        Rate of connections that close when the service answers a POST (HTTP), or of parts of answers in a tunnel (HTTPS).
    cut_when : callable, optional
        Called for each part of an answer in a tunnel; the tunnel closes when it returns True.
    before : float
        Rate of connections that close before anything is passed on.
    chance : random.Random
    """

    def __init__(self, context=None, *, refuse=None, cut=0.0, cut_when=None, before=0.0, chance=None):
        self.context, self.refuse, self.cut, self.cut_when, self.before = context, refuse, cut, cut_when, before
        self.chance, self.cuts, self.requests = chance or random.Random(0), 0, 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http{'s' * (context is not None)}://127.0.0.1:{self.socket.getsockname()[1]}"
        self.open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.open = False
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _accept(self):
        while self.open:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(_end, line)
            line.settimeout(30)
            if self.context is not None:
                line = self.context.wrap_socket(line, server_side=True)
                stack.callback(_end, line)
            while (head := _head(line)) is not None:
                self.requests += 1
                if self.chance.random() < self.before:
                    self.cuts += 1
                    return
                method, target, _ = head.split(b"\r\n", 1)[0].split(b" ", 2)
                if method == b"CONNECT":
                    self._tunnel(line, target.decode())
                    return
                if not self._forward(line, method, target.decode(), head):
                    return

    def _forward(self, line, method, target, head):
        """Pass one request on, and its answer back."""
        url = urlsplit(target)
        body = _exactly(line, _length(head))
        first, rest = head.split(b"\r\n", 1)
        path = target.split(url.netloc, 1)[1] or "/"
        rest = b"\r\n".join(n for n in rest.split(b"\r\n") if not n.lower().startswith((b"proxy-", b"connection:")))
        with socket.create_connection((url.hostname, url.port or 80), 30) as service:
            version = first.rsplit(b" ", 1)[1]
            service.sendall(method + b" " + path.encode() + b" " + version + b"\r\nConnection: close\r\n" + rest + body)
            answer = service.recv(65536)
            if method == b"POST" and answer and self.chance.random() < self.cut:
                self.cuts += 1
                return False
            while answer:
                line.sendall(answer)
                answer = service.recv(65536)
        return False

    def _tunnel(self, line, target):
        if self.refuse is not None:
            line.sendall(b"HTTP/1.1 " + self.refuse + b"\r\nContent-Length: 0\r\n\r\n")
            return
        host, port = target.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 30) as service:
            line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=pump, args=(line, service), daemon=True).start()
            parts = 0
            while data := service.recv(65536):
                parts += 1
                if self.cut_when() if self.cut_when else parts > _HANDSHAKE and self.chance.random() < self.cut:
                    self.cuts += 1
                    return
                line.sendall(data)


def _end(line):
    """Close a connection at once, though another thread reads from it."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


def pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _head(line):
    received = b""
    while HEAD_END not in received:
        byte = line.recv(1)
        if not byte:
            return None
        received += byte
    return received


def _length(head):
    for name in head.split(b"\r\n"):
        if name.lower().startswith(b"content-length:"):
            return int(name.split(b":")[1])
    return 0


def _exactly(line, count):
    received = b""
    while len(received) < count:
        data = line.recv(count - len(received))
        if not data:
            raise ConnectionError
        received += data
    return received


@contextlib.contextmanager
def proxying(*args, **kwargs):
    proxy = Proxy(*args, **kwargs)
    try:
        yield proxy
    finally:
        proxy.close()
