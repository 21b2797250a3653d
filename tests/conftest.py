"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# Before numpy is imported, here and in the processes that tests start. Two workers share the cores: the threads of a library
# for linear algebra wait for one another in busy loops, which took 60 % of the time of small fits.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# Machines are shared: how long an example takes says nothing here.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
settings.register_profile("quick", parent=settings.get_profile("default"), max_examples=5)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=500)
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
    "tests/rereading",
    "tests/review",
    "tests/test_fonts.py",
    "tests/test_notebooks.py",
    "tests/test_robustness.py",
    "tests/specimen",
    "tests/witness",
)


def pytest_configure(config):
    if hasattr(config.option, "loadscopereorder"):  # of pytest-xdist: files with many tests first
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """Heavy files come first, so that two workers end at the same time with light ones."""
    for item in items:
        if str(item.path.relative_to(ROOT)).startswith(HEAVY):
            item.add_marker("heavy")
    items.sort(key=lambda item: item.get_closest_marker("heavy") is None)


@pytest.fixture(scope="session")
def data():
    """The folder of specimens and saved responses."""
    return ROOT / "data"


@pytest.fixture
def unrendered_figures(monkeypatch):
    """Draws the figures of a report and renders none of their copies: most of the time of a page."""
    for name in ("svg_address", "webp_address"):
        monkeypatch.setattr(f"cardocr_nb.report._charts.{name}", lambda figure: "data:,")


@pytest.fixture
def photo():
    """Makes a small picture file; what is on it does not matter."""
    from PIL import Image

    def make(path, size=(64, 40), **options):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, options.pop("color", "white")).save(path, **options)
        return path

    return make
