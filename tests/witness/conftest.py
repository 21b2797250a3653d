"""A server for the tests, and buckets of their own."""

import pytest
from serving import serving


@pytest.fixture
def serve():
    """Starts servers that live as long as the `with`."""
    return serving


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that leave it as it is; each uses a bucket of its own."""
    with serving(tmp_path_factory.mktemp("served") / "root") as running:
        yield running
        assert "Traceback" not in running.log.read_text()


@pytest.fixture
def bucket(server, request):
    """A bucket of the test's own on the shared server."""
    name = f"{abs(hash(request.node.nodeid)) % 10**10}-1250000000"
    server.bucket(name)
    return name
