import matplotlib as mpl
import numpy as np
import pandas as pd
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


@pytest.fixture(scope="session")
def specimens(data):
    """A frame of the project's specimens, read without a fault."""
    places = pd.read_csv(data / "truth_polygons.csv")
    texts = pd.read_csv(data / "truth.csv", dtype=str, keep_default_na=False)
    both = places.merge(texts, on=["key", "field"])
    kind = np.where(both["key"].str.startswith("id"), "IDCard", "DriverLicense")
    corners = both[["x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4"]].to_numpy().reshape(-1, 4, 2).round().astype(int)
    df = both[["key", "field", "text"]].assign(card_type=kind, score=98, polygon=[*corners])
    return df.astype({"score": "Int16"})


@pytest.fixture
def truth(specimens):
    """Ground truth of the specimens."""
    return specimens[["key", "field", "text"]]
