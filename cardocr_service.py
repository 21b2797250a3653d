"""A pytest plugin: fixtures with a running card OCR service, for programs that call the vendor's API with any SDK.

The module is outside the package `cardocr_nb`, because pytest imports it at every start: it imports nothing but pytest until a
test asks for a fixture. See `cardocr_nb.testing.CardOCRService` for what the fixture can do.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cardocr_nb.testing import CardOCRService

_NUMBERS: dict[str, tuple[type[int | float], str]] = {
    "queue_limit": (int, "jobs that may wait; a further one is answered 503 (default 10000)"),
    "workers": (int, "images read at the same time (default 1)"),
    "latency": (float, "seconds added to each reading (default 0)"),
    "seed": (int, "seed of the failures (default 0)"),
}
_TEXTS = {
    "bucket": "name of the bucket (default cards-1250000000)",
    "region": "region in the configuration of SDKs (default ap-guangzhou)",
    "engine": "stub (default) or rapidocr, the embedded OCR engine",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and ini values of the service."""
    group = parser.getgroup("cardocr_service", "card OCR service for tests")
    group.addoption(
        "--cardocr-fault",
        action="append",
        default=[],
        metavar="KIND=RATE",
        help="failure of the service, such as throttle=0.1; may be repeated",
    )
    group.addoption("--cardocr-seed", type=int, metavar="N", help="seed of the failures")
    for name, (_, text) in _NUMBERS.items():
        parser.addini(f"cardocr_{name}", text)
    for name, text in _TEXTS.items():
        parser.addini(f"cardocr_{name}", text)
    parser.addini("cardocr_faults", "failures of the service, one KIND=RATE a line", type="linelist")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "cardocr_service(**options): options of CardOCRService for the fixture of this test"
    )


@pytest.fixture
def cardocr_service(
    request: pytest.FixtureRequest, make_cardocr_service: Callable[..., CardOCRService]
) -> Iterator[CardOCRService]:
    """A running card OCR service without objects and jobs, for this test alone."""
    marker = request.node.get_closest_marker("cardocr_service")
    if marker is not None and marker.args:
        raise pytest.UsageError("the marker cardocr_service takes keywords, such as queue_limit=1")
    try:
        started = make_cardocr_service(**({} if marker is None else marker.kwargs))
    except TypeError as e:
        if marker is None:
            raise
        raise pytest.UsageError(f"the marker cardocr_service takes the options of CardOCRService: {e}") from None
    with started as service:
        yield service


@pytest.fixture(scope="session")
def make_cardocr_service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., CardOCRService]]:
    """A function that starts a service with options; it runs until it is closed, at the latest to the end of the session."""
    with contextlib.ExitStack() as started:

        def make(**options: Any) -> CardOCRService:
            from cardocr_nb.testing import CardOCRService

            root = tmp_path_factory.mktemp("cardocr_service")
            service = CardOCRService(root, **(_configured(request.config) | options))
            started.callback(service.close)
            return service

        yield make


def _configured(config: pytest.Config) -> dict[str, Any]:
    """Return the options that the ini file and the command line give; the command line has precedence."""
    options: dict[str, Any] = {name: value for name in _TEXTS if (value := config.getini(f"cardocr_{name}"))}
    for name, (number, _) in _NUMBERS.items():
        if text := config.getini(f"cardocr_{name}"):
            try:
                options[name] = number(text)
            except ValueError:
                raise pytest.UsageError(f"the ini value cardocr_{name} must be a number, got {text!r}") from None
    if (seed := config.getoption("--cardocr-seed")) is not None:
        options["seed"] = seed
    if texts := config.getoption("--cardocr-fault") or config.getini("cardocr_faults"):
        from cardocr_nb.errors import CardOCRError
        from cardocr_nb.local import FaultInjector

        try:
            options["faults"] = FaultInjector.parse(texts).rates
        except CardOCRError as e:
            raise pytest.UsageError(str(e)) from None
    return options
