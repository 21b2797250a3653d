import matplotlib as mpl
import pytest

mpl.use("Agg")

# --doctest-modules would import it again, as one of several modules called conftest.
collect_ignore = ["conftest.py"]


@pytest.fixture(autouse=True)
def _close_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture
def ax():
    from matplotlib.figure import Figure

    return Figure(figsize=(8, 5), layout="constrained").subplots()
