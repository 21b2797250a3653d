import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb.plot import plot_regions, style

ID = LAYOUTS["IDCard"][0]


@pytest.fixture
def ids(specimens):
    return specimens[specimens["card_type"] == "IDCard"].reset_index(drop=True)


def cell(ax, field):
    """What the map says in the middle of a field's usual place."""
    box = ID.boxes[field]
    image = ax.images[0]
    shown = image.get_array()
    left, right, bottom, top = image.get_extent()
    row = int((box.top + box.bottom) / 2 / (bottom - top) * shown.shape[0])
    column = int((0.7 * box.left + 0.3 * box.right) / (right - left) * shown.shape[1])
    return shown[row, column]


def turned(df):
    """The same cards, photographed upside down and from farther away."""
    half = df["polygon"].map(lambda p: (2000 - 0.5 * np.asarray(p)).astype(int))
    return df.assign(polygon=half, key="turned/" + df["key"])


def test_scores_are_averaged_at_their_places_from_any_angle(ids, ax):
    other = turned(ids).assign(score=pd.array([80] * len(ids), dtype="Int16"))
    plot_regions(pd.concat([ids, other]), ax=ax)
    assert [float(cell(ax, f)) for f in ID.boxes] == pytest.approx([89.0] * 6)
    assert np.ma.is_masked(ax.images[0].get_array()[40, 130])


def test_low_scores_of_one_corner_show_there(ids, ax):
    ids.loc[ids["field"] == "id_number", "score"] = 55
    plot_regions(ids, ax=ax)
    assert cell(ax, "id_number") == 55
    assert cell(ax, "name") == 98


def test_failures_are_fields_not_read_or_impossible(ids, ax):
    twelve = ids["key"].unique()
    wrong = (ids["field"] == "id_number") & ids["key"].isin(twelve[:3])
    ids.loc[wrong, "text"] = "990101197412010014"[:-1] + "5"
    missing = (ids["field"] == "ethnicity") & ids["key"].isin(twelve[:6])
    plot_regions(ids[~missing], value="failure", ax=ax)
    assert float(cell(ax, "id_number")) == pytest.approx(3 / 12)
    assert float(cell(ax, "ethnicity")) == pytest.approx(6 / 12)
    assert cell(ax, "name") == 0


def test_with_truth_failures_are_fields_not_read_exactly(ids, truth, ax):
    ids.loc[(ids["field"] == "name") & (ids["key"] == ids["key"].iloc[0]), "text"] = "样木"
    plot_regions(ids, value="failure", truth=truth, ax=ax)
    assert float(cell(ax, "name")) == pytest.approx(1 / 12)
    assert cell(ax, "id_number") == 0


def test_counts_are_of_fields_found(ids, ax):
    plot_regions(ids[ids["field"] != "address"], value="count", ax=ax)
    assert cell(ax, "gender") == 12
    assert np.ma.is_masked(cell(ax, "address"))


def test_the_note_lists_outliers_and_cards_that_could_not_be_placed(ids, ax):
    ids["polygon"] = [np.asarray(p) + np.array([500, 0]) * (i == 1) for i, p in enumerate(ids["polygon"])]
    alone = ids[ids["key"] != "id/0012.jpg"]
    rest = ids[(ids["key"] == "id/0012.jpg") & (ids["field"] == "name")]
    plot_regions(pd.concat([alone, rest]), lang="en", ax=ax)
    note = ax.get_xlabel()
    assert "11 cards mapped to the card plane\n1 could not be mapped" in note
    assert "1 far from the usual position: id/0001.jpg Gender" in note
    assert "mm" in note


def test_the_usual_places_are_drawn_and_named(ids, ax):
    plot_regions(ids, ax=ax)
    assert [t.get_text() for t in ax.texts] == ["Name", "Gender", "Ethnicity", "Birth date", "Address", "ID number"]
    boxes = [p.get_bbox().extents.tolist() for p in ax.patches if isinstance(p, Rectangle)]
    assert all([*ID.boxes[f][:4]] in boxes for f in ID.boxes)


def test_all_arrangements_of_the_license_share_a_map(specimens, ax):
    plot_regions(specimens, card_type="DriverLicense", ax=ax)
    assert re.search(r"^[1-6] of them have another layout than the fields named here", ax.get_xlabel(), re.MULTILINE)
    assert ax.texts[0].get_text() == "Licence number"


def test_cells_of_hardly_any_card_stay_empty(ids, ax):
    many = pd.concat([ids.assign(key=ids["key"] + str(k)) for k in range(20)], ignore_index=True)
    many["polygon"] = [np.asarray(p) + np.array([0, 45]) * (i == 0) for i, p in enumerate(many["polygon"])]
    plot_regions(many, value="count", ax=ax)
    assert ax.images[0].get_array().min() >= 0.01 * 240


@pytest.mark.parametrize("value", ["score", "failure", "count"])
def test_empty_cells_are_clear_in_light_and_dark(value, ids):
    from matplotlib.figure import Figure

    with style("dark"):
        ax = plot_regions(ids, value=value, ax=Figure().subplots())
    assert ax.images[0].get_cmap().get_bad()[3] == 0


@pytest.mark.parametrize("df", ["empty", "without polygons"])
def test_without_a_card_that_can_be_placed_the_axes_stay_empty_with_a_warning(df, ids, ax):
    rows = ids.iloc[:0] if df == "empty" else ids.assign(polygon=None)
    with pytest.warns(UserWarning, match="no card could be placed") as caught:
        plot_regions(rows, ax=ax)
    assert not ax.images
    assert caught[0].filename == __file__


def test_another_value_or_a_missing_column_is_refused(ids):
    with pytest.raises(ValueError, match="one of score, failure, count, got 'text'"):
        plot_regions(ids, value="text")
    with pytest.raises(ValueError, match="no column text"):
        plot_regions(ids.drop(columns="text"), value="failure")


def test_keyword_arguments_reach_the_map(ids, ax):
    plot_regions(ids, vmin=90, cmap="viridis", ax=ax)
    assert ax.images[0].get_clim() == (90, 100)
    assert ax.images[0].get_cmap().name == "viridis"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [4.4, 7.6])
def test_the_note_about_fields_elsewhere_fits_the_figure(ids, width, lang):
    elsewhere = ids["field"].eq("id_number")
    moved = ids.assign(
        polygon=[np.asarray(p) - (0, 500) if away else p for p, away in zip(ids["polygon"], elsewhere, strict=True)],
        key="a_folder_with_a_long_name/and_another_one/" + ids["key"].astype("str"),
    )
    figure = Figure(figsize=(width, 4), layout="constrained")
    ax = plot_regions(pd.concat([ids] * 3 + [moved]), ax=figure.subplots(), lang=lang)
    figure.draw_without_rendering()
    assert "a_folder" in ax.get_xlabel()
    note = ax.xaxis.label.get_window_extent()
    assert note.x0 >= figure.bbox.x0
    assert note.x1 <= figure.bbox.x1
