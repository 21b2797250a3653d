"""Cards to review: specimens whose places and texts are known, so that no engine has to read them."""

import pandas as pd
import pytest

from cardocr_nb.frame import conform

KEYS = ("id/0001.jpg", "id/0002.jpg")
CORNERS = [f"{axis}{n}" for n in range(1, 5) for axis in "xy"]


@pytest.fixture(scope="session")
def cards(data):
    """Two cards, all fields read as they stand there but for names and addresses; one address has no place."""
    places = pd.read_csv(data / "truth_polygons.csv").set_index(["key", "field"])[CORNERS]
    truth = pd.read_csv(data / "truth.csv", dtype="str")
    rows = truth[truth["key"].isin(KEYS)].reset_index(drop=True)
    at = places.loc[list(zip(rows["key"], rows["field"], strict=True))].to_numpy().reshape(-1, 4, 2).round().astype(int)
    text = rows["text"].where(~rows["field"].isin(["name", "address"]), rows["text"].str[:-1] + "错")
    score = rows["field"].map({"name": 41, "address": 57}).fillna(95)
    frame = conform(rows.assign(job_id=rows["key"].str[3:7], state="Success", text=text, score=score, polygon=list(at)))
    frame.loc[(frame["key"] == KEYS[1]) & (frame["field"] == "address"), "polygon"] = None
    return frame


@pytest.fixture
def queue(cards):
    """The names and addresses, worst first."""
    doubtful = cards[cards["field"].isin(["name", "address"])].sort_values("score", kind="stable")
    return doubtful[["job_id", "key", "field"]].assign(
        chance=0.5, reasons=["", "number_check_digit, number_length", "", ""]
    )
