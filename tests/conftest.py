"""What all tests share."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# Machines are shared: how long an example takes says nothing here.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


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
