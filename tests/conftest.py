"""What all tests share."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# Machines are shared: how long an example takes says nothing here.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", parent=settings.get_profile("default"), max_examples=5)
settings.load_profile("default")

# Folders and files whose tests start a browser, a kernel, a server, the engine or a simulation; `make check` leaves them out.
HEAVY = (
    "tests/attacks",
    "tests/batch/test_callbacks_in.py",
    "tests/docs",
    "tests/frame/test_scale.py",
    "tests/local/engine",
    "tests/plot",
    "tests/privacy/test_redact",
    "tests/quality/test_any_frame.py",
    "tests/quality/test_cost.py",
    "tests/quality/test_drift.py",
    "tests/quality/test_estimate.py",
    "tests/report",
    "tests/review",
    "tests/test_fonts.py",
    "tests/test_notebooks.py",
    "tests/test_robustness.py",
    "tests/specimen",
    "tests/witness",
)


def pytest_collection_modifyitems(items):
    for item in items:
        if str(item.path.relative_to(ROOT)).startswith(HEAVY):
            item.add_marker("heavy")


@pytest.fixture(scope="session")
def data():
    """The folder of specimens and saved responses."""
    return ROOT / "data"


@pytest.fixture
def photo():
    """Makes a small picture file; what is on it does not matter."""
    from PIL import Image

    def make(path, size=(64, 40), **options):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, options.pop("color", "white")).save(path, **options)
        return path

    return make
