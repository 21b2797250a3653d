import pytest

from cardocr_nb.local.engine import Engine


@pytest.fixture(scope="session")
def engine():
    """One engine for all tests: loading its networks takes longer than reading a card."""
    return Engine()


@pytest.fixture(scope="session")
def models(engine):
    return engine.loaded()
