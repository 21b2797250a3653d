"""What holds for every plot."""

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

import cardocr_nb
from cardocr_nb import plot
from cardocr_nb.plot import _plot_fonts as fonts
from cardocr_nb.plot import style

NAMES = sorted(name for name in plot.__all__ if name.startswith("plot_"))


@pytest.fixture
def readings(specimens):
    """The identity cards, with a few faults, as a run would give them."""
    df = specimens[specimens["card_type"] == "IDCard"].reset_index(drop=True)
    df["score"] = pd.array(80 + np.arange(len(df)) % 20, dtype="Int16")
    names = df["field"] == "name"
    df.loc[names, "text"] = df.loc[names, "text"].str[:-1] + "木"
    created = pd.Timestamp("2026-03-01T08:00:00+08:00") + pd.to_timedelta(df["key"].str[3:7].astype(int), unit="min")
    return df.assign(label=df["field"], state="Success", created=created, ended=created + pd.Timedelta(seconds=2))


@pytest.fixture
def calls(readings, truth, data):
    """Each plot by its accessor, on a frame that has something to draw; `ax` and more are passed on."""
    accessor, other = readings.cardocr, readings.assign(text=readings["text"].str.replace("木", "本"))
    longer = readings.assign(text=readings["text"].where(readings["field"] != "name", readings["text"] + "本"))
    points = pd.DataFrame(
        {"condition": "blur", "strength": [0.0, 1.0], "field": "name", "cases": 9, "exact": [1.0, 0.5]}
    )
    points = points.assign(low=0.4, high=1.0)
    picture = data / "cards" / "id" / "0001.jpg"
    return {
        "plot_compare": lambda **o: accessor.plot_compare(other, truth, **o),
        "plot_confusions": lambda **o: longer.cardocr.plot_confusions(truth, **o),
        "plot_gallery": lambda **o: accessor.plot_gallery(data / "cards", n=2, truth=truth, **o),
        "plot_overlay": lambda **o: accessor.plot_overlay(picture, text=True, **o),
        "plot_regions": accessor.plot_regions,
        "plot_reliability": lambda **o: accessor.plot_reliability(truth, **o),
        "plot_risk_coverage": lambda **o: accessor.plot_risk_coverage(truth, review=1, error=10, **o),
        "plot_robustness": lambda **o: plot.plot_robustness(points, field="name", **o),
        "plot_scores": accessor.plot_scores,
        "plot_timeline": accessor.plot_timeline,
    }


WITH_NAMES = [name for name in NAMES if name != "plot_timeline"]


def tick_labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def everything_written(ax):
    return [t.get_text() for t in ax.figure.findobj(Text)]


def test_every_plot_is_here(calls):
    assert sorted(calls) == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewScoresWarning")
def test_a_plot_draws_on_the_axes_given_and_returns_them(name, calls, ax):
    before, figures = dict(mpl.rcParams), plt.get_fignums()
    assert calls[name](ax=ax) is ax
    assert ax.has_data()
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == figures


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewScoresWarning")
def test_without_axes_a_plot_makes_a_figure_that_a_notebook_shows(name, calls):
    ax = calls[name]()
    assert isinstance(ax, Axes)
    assert plt.get_fignums() == [ax.figure.number]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewScoresWarning")
def test_texts_have_contrast_to_the_paper_and_no_glyph_is_missing(name, mode, calls):
    with style(mode):
        ax = calls[name]()
        ax.figure.canvas.draw()
    paper = np.array(mpl.colors.to_rgb(ax.figure.get_facecolor()))
    for text in ax.figure.findobj(Text):
        if text.get_text() and text.get_bbox_patch() is None:
            ink = np.array(mpl.colors.to_rgb(text.get_color()))
            assert np.abs(ink - paper).max() > 0.4


@pytest.mark.parametrize("name", WITH_NAMES)
@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewScoresWarning")
def test_field_names_are_in_the_language_asked_for(name, calls, ax):
    calls[name](ax=ax, lang="zh")
    assert any("姓名" in text for text in everything_written(ax))
    english = Figure(figsize=(8, 5)).subplots()
    calls[name](ax=english)
    assert any("Name" in text for text in everything_written(english))
    assert not any("姓名" in text for text in everything_written(english))


@pytest.mark.parametrize("name", WITH_NAMES)
@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewScoresWarning")
def test_without_a_chinese_font_names_are_english_and_nothing_is_a_box(name, calls, ax, monkeypatch):
    monkeypatch.setattr(fonts, "chinese_font", lambda: None)
    fonts._warn_without_font.cache_clear()
    with pytest.warns(UserWarning, match="pip install"):
        calls[name](ax=ax, lang="zh")
    fonts._warn_without_font.cache_clear()
    ax.figure.canvas.draw()
    assert any("Name" in text for text in everything_written(ax))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewScoresWarning")
def test_no_text_of_a_card_is_written_unasked(name, calls, truth, ax):
    calls[name](ax=ax)
    written = "\n".join(everything_written(ax))
    assert not [text for text in truth["text"] if len(text) > 2 and text in written]


@pytest.mark.parametrize(
    "name", sorted(set(plot.__all__) - {"CardPlaces", "card_frame"})
)  # the result of card_positions
def test_every_public_name_has_an_example(name):
    assert ">>>" in getattr(plot, name).__doc__


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewScoresWarning")
def test_a_chinese_plot_has_no_english_words_and_draws_every_glyph(name, calls, ax):
    calls[name](ax=ax, lang="zh")
    ax.figure.canvas.draw()
    words = {word for text in everything_written(ax) for word in re.findall("[A-Za-z]{2,}", text)}
    assert words <= {"ECE", "UTC", "mm", "jpg", "id"}


@pytest.mark.filterwarnings("ignore::cardocr_nb.quality.FewScoresWarning")
def test_the_option_sets_the_language_of_plots(calls, ax, monkeypatch):
    monkeypatch.setattr(cardocr_nb.options, "lang", "zh")
    calls["plot_scores"](ax=ax)
    assert ax.get_xlabel() == "置信度"


def test_names_of_users_are_never_translated(readings, ax):
    run = readings["key"].map({"id/0001.jpg": "Success rate", "id/0002.jpg": "score"}).fillna("times")
    plot.plot_scores(readings.assign(run=run), by="run", lang="zh", ax=ax)
    assert {text.split("（")[0].strip() for text in map(str, tick_labels(ax))} == {"Success rate", "score", "times"}


def test_photos_are_placed_by_the_accessor(readings):
    assert readings.cardocr.card_positions().cards["placed"].all()
