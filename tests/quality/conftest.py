"""Frames of the invented cards."""

import pytest
from quality_cards import ID_CARD, LICENSE, job

from cardocr_nb.frame import to_frame


@pytest.fixture
def id_card():
    """Make a frame of one identity card; arguments replace its texts by label, None takes the field away."""

    def make(key="1.jpg", **texts):
        return to_frame(job({k: v for k, v in (ID_CARD | texts).items() if v is not None}, key=key))

    return make


@pytest.fixture
def driver_license():
    """Make a frame of one driving license, likewise."""

    def make(key="2.jpg", **texts):
        given = {k: v for k, v in (LICENSE | texts).items() if v is not None}
        return to_frame(job(given, key=key, kind="DriverLicense"))

    return make


@pytest.fixture
def verdict():
    """Run one check and return its results by field, without the fields to which it does not apply."""
    from cardocr_nb.quality import check

    def answers(df, name):
        table = check(df, [name])
        return dict(zip(table["field"].astype("str"), table["passed"], strict=True))

    return answers
