"""Idle connections never keep the server from answering: the oldest give way, and the log stays short."""

import contextlib
import resource
import socket

import pytest
from test_bad_input import BUCKET, COS, head, is_serving, send

ROOM = 3000


@pytest.fixture(autouse=True)
def _room_for_sockets():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < ROOM:
        pytest.skip(f"this machine allows {hard} open files, {ROOM} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, ROOM) if soft != resource.RLIM_INFINITY else soft, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(server, stack, count):
    connect_one = socket.create_connection
    return [stack.enter_context(connect_one(("127.0.0.1", server.port), timeout=20)) for _ in range(count)]


def is_closed(sock):
    sock.setblocking(False)
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def ask(sock):
    sock.sendall(head("GET", "/missing.jpg"))
    received = b""
    while not received.endswith(b"</Error>"):
        piece = sock.recv(65536)
        assert piece
        received += piece
    assert received.startswith(b"HTTP/1.1 404 ")


def test_1500_idle_connections_at_1024_files_give_way_to_those_that_ask(serve, tmp_path):
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    with serve(tmp_path / "root", files=1024) as server, contextlib.ExitStack() as stack:
        uploading = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
        uploading.sendall(head("PUT", "/slow.jpg", Content_Length=10, Connection="close") + b"12345")
        while not list((server.root / BUCKET).glob(".upload-*")):
            assert server.process.poll() is None
        idle = connect(server, stack, 1500)
        assert is_serving(server)
        closed = [is_closed(sock) for sock in idle]
        assert sum(closed) >= 1000
        assert closed == sorted(closed, reverse=True)  # the oldest, and no other
        for _ in range(20):
            assert send(server, "PUT", "/a.jpg", body=b"x")[0] == 200
        uploading.sendall(b"67890")
        assert uploading.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert server.log.stat().st_size < 10_000
        assert "Traceback" not in server.log.read_text()


def test_a_connection_that_was_used_just_now_outlives_older_idle_ones(serve, tmp_path):
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    with serve(tmp_path / "root", "--connections", "10") as server, contextlib.ExitStack() as stack:
        used, *others = connect(server, stack, 10)
        for sock in (*others, used):
            ask(sock)
        connect(server, stack, 5)
        assert is_serving(server)
        closed = [is_closed(sock) for sock in others]
        assert closed == [True] * 6 + [False] * 3
        ask(used)


def test_when_files_run_out_the_error_is_logged_once_and_without_a_trace(serve, tmp_path):
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    with serve(tmp_path / "root", "--connections", "2000", files=100) as server:
        with contextlib.ExitStack() as stack:
            connect(server, stack, 300)
            while "Too many open files" not in server.log.read_text():
                assert server.process.poll() is None
        assert send(server, "GET", "/", host=COS)[0] == 200
        log = server.log.read_text()
        assert log.count("Too many open files") == 1
        assert "Traceback" not in log
