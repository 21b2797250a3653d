"""A request through a real proxy counts as unsent only if no byte of it can have reached proxy or service."""

import contextlib
import socket
import ssl
import subprocess
import sys
import threading

import pytest
from proxying import proxying

from cardocr_nb._transport import Request
from cardocr_nb.errors import TransportError

POST = Request("POST", "/jobs", body=b"<Request/>")


@pytest.fixture(params=["http proxy", "https proxy"])
def context(request, certificate_context):
    return certificate_context if request.param == "https proxy" else None


def through(connect, proxy, service, certificate):
    return connect(service.url, proxies={"http": proxy.url, "https": proxy.url}, ca_bundle=certificate)


@pytest.fixture(params=["http", "https"])
def any_service(request, service, tls_service):
    return service if request.param == "http" else tls_service


def test_a_request_passes_through_the_proxy(connect, any_service, context, certificate):
    any_service.script = [(200, {}, b"ok")]
    with proxying(context) as proxy:
        assert through(connect, proxy, any_service, certificate).send(POST).body == b"ok"
        assert proxy.requests == 1


def test_an_answer_that_the_proxy_loses_may_have_been_accepted(connect, any_service, context, certificate):
    with proxying(context, cut=1.0, cut_when=lambda: bool(any_service.seen)) as proxy:
        with pytest.raises(TransportError) as e:
            through(connect, proxy, any_service, certificate).send(POST)
        assert proxy.cuts == 1
    assert len(any_service.seen) == 1
    assert e.value.maybe_accepted


@pytest.mark.parametrize("refuse", [b"407 Proxy Authentication Required", b"502 Bad Gateway", b"503 Busy"])
def test_a_tunnel_that_is_refused_has_sent_nothing(connect, tls_service, context, certificate, refuse):
    with proxying(context, refuse=refuse) as proxy, pytest.raises(TransportError) as e:
        through(connect, proxy, tls_service, certificate).send(POST)
    assert tls_service.seen == []
    assert not e.value.maybe_accepted


def test_a_proxy_that_closes_before_the_tunnel_has_sent_nothing(connect, tls_service, context, certificate):
    with proxying(context, before=1.0) as proxy, pytest.raises(TransportError) as e:
        through(connect, proxy, tls_service, certificate).send(POST)
    assert not e.value.maybe_accepted


def test_a_forwarding_proxy_that_closes_without_an_answer_may_have_passed_it_on(connect, service, context, certificate):
    with proxying(context, before=1.0) as proxy, pytest.raises(TransportError) as e:
        through(connect, proxy, service, certificate).send(POST)
    assert e.value.maybe_accepted


def test_a_service_with_a_wrong_certificate_behind_a_tunnel_has_received_nothing(connect, tls_service):
    with proxying() as proxy, pytest.raises(TransportError, match="certificate is not trusted") as e:
        connect(tls_service.url, proxies={"https": proxy.url}).send(POST)
    assert not e.value.maybe_accepted


@pytest.mark.parametrize("status", [102, 103])
def test_an_interim_answer_is_not_the_answer(connect, any_service, certificate, status):
    any_service.script = [("interim", status, (200, {}, b"ok"))]
    response = connect(any_service.url, ca_bundle=certificate).send(POST)
    assert (response.status, response.body) == (200, b"ok")


def test_interim_answers_without_end_are_an_error(connect, service):
    service.script = [("interim", [103] * 30, (200, {}, b"ok"))]
    with pytest.raises(TransportError) as e:
        connect(service.url).send(POST)
    assert e.value.maybe_accepted


@pytest.mark.parametrize("part", ["head", "body"])
def test_an_answer_that_drips_ends_at_the_deadline(connect, any_service, certificate, part):
    any_service.script = [("drip", part)]
    with pytest.raises(TransportError) as e:
        connect(any_service.url, ca_bundle=certificate, deadline=0.6, retries=0).send(POST)
    assert e.value.maybe_accepted


def test_an_answer_without_end_is_cut_at_64_mib(connect, service):
    service.script = ["endless"]
    with pytest.raises(TransportError, match="more than 67,108,864 bytes"):
        connect(service.url, retries=0).send(Request("GET", "/jobs/a"))


def test_a_proxy_of_another_project_agrees(connect, service, tls_service, certificate, other_proxy):
    for there in (service, tls_service):
        there.script = [(200, {}, b"ok"), "close"]
        transport = connect(there.url, proxies={"http": other_proxy, "https": other_proxy}, ca_bundle=certificate)
        assert transport.send(POST).body == b"ok"
        try:
            answered = transport.send(POST).status >= 500
        except TransportError as e:
            answered = e.maybe_accepted
        assert answered
        assert len(there.seen) == 2


@pytest.fixture
def certificate_context(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def other_proxy(closed_port):
    """proxy.py as a process of its own."""
    port = closed_port.rpartition(":")[2]
    command = [sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", port, "--num-workers", "1"]
    with subprocess.Popen(  # noqa: S603 - this interpreter
        [*command, "--log-level", "e"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), 0.1):
                break
            threading.Event().wait(0.05)
        yield closed_port
        process.terminate()
        process.wait(20)
