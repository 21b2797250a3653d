import matplotlib as mpl
import pytest
from invented_cards import batch, take_photos, true_texts

mpl.use("Agg")

# --doctest-modules would import it again, as one of several modules called conftest.
collect_ignore = ["conftest.py"]


@pytest.fixture
def cards():
    return batch()


@pytest.fixture
def truth():
    return true_texts()


@pytest.fixture
def photos(tmp_path):
    return take_photos(tmp_path / "photos")


@pytest.fixture(autouse=True)
def _no_new_pyplot_figure():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    yield
    assert plt.get_fignums() == before
