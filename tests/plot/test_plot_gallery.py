import numpy as np
import pandas as pd
import pytest
from matplotlib.image import AxesImage

from cardocr_nb.plot import plot_gallery
from cardocr_nb.plot._case_selection import pick_cases


@pytest.fixture
def cards(data):
    return data / "cards"


@pytest.fixture
def readings(specimens):
    """Scores that differ; one wrong name and one impossible number."""
    df = specimens.copy()
    df["score"] = pd.array(np.where(df["key"] == "id/0003.jpg", 60, 95), dtype="Int16")
    df.loc[(df["key"] == "id/0002.jpg") & (df["field"] == "name"), "text"] = "样木木木"
    number = (df["key"] == "id/0004.jpg") & (df["field"] == "id_number")
    df.loc[number, "text"] = df.loc[number, "text"].str[:-1] + "?"
    return df


def captions(ax):
    return [t.get_text().splitlines() for t in ax.texts]


def test_the_lowest_scores_come_first_with_field_score_and_key(readings, cards, ax):
    plot_gallery(readings, cards, n=3, reveal=True, ax=ax)
    assert [c[0] for c in captions(ax)] == [f"{name} 60  id/0003.jpg" for name in ("Name", "Gender", "Ethnicity")]
    assert len(ax.images) == 3


def test_the_worst_show_the_text_and_the_truth(readings, truth, cards, ax):
    plot_gallery(readings, cards, kind="worst", truth=truth, reveal=True, lang="en", ax=ax)
    first = captions(ax)[0]
    true_text = truth.loc[(truth["key"] == "id/0002.jpg") & (truth["field"] == "name"), "text"].iloc[0]
    assert first == ["Name 95  id/0002.jpg", "read: 样木木木", f"truth: {true_text}"]
    assert len(ax.images) == 2


def test_failed_checks_are_named(readings, cards, ax):
    plot_gallery(readings.assign(label=readings["field"]), cards, kind="checks", n=1, lang="en", ax=ax)
    ((first, _, failed),) = captions(ax)
    assert first == "ID number 95  id/0004.jpg"
    assert failed == "failed: Number characters"


def test_flips_show_both_sides(readings, specimens, cards, ax):
    plot_gallery(readings, cards, kind="flips", other=specimens, reveal=True, lang="en", ax=ax)
    assert {c[0].split("  ")[1] for c in captions(ax)} == {"id/0002.jpg", "id/0004.jpg"}
    assert [line.split(":")[0] for line in captions(ax)[0][1:]] == ["read", "other"]


def test_texts_and_crops_are_masked_by_default(readings, truth, cards, ax):
    plot_gallery(readings, cards, kind="worst", truth=truth, ax=ax)
    written = "\n".join(t.get_text() for t in ax.texts)
    assert "*" in written
    assert not any(text in written for text in truth["text"] if len(text) > 3)
    assert not ax.images
    assert len(ax.patches) == 2


def test_reveal_shows_the_crop_itself(readings, cards, ax):
    plot_gallery(readings, cards, n=1, reveal=True, ax=ax)
    shown = np.asarray(ax.images[0].get_array())
    assert shown.max() > 200
    assert shown.min() < 90


def read_by_the_engine(crop, models):
    """The likeliest characters along a crop."""
    from PIL import Image

    strip = Image.fromarray(crop).resize((round(48 * crop.shape[1] / crop.shape[0]), 48))
    best = models.recognize(np.ascontiguousarray(np.asarray(strip)[:, :, ::-1])).argmax(axis=1)
    return "".join(models.alphabet[k] for k, before in zip(best, [0, *best], strict=False) if k and k != before)


def test_the_engine_reads_revealed_crops_and_masked_ones_do_not_open_the_photo(specimens, cards):
    from matplotlib.figure import Figure

    from cardocr_nb.local.engine._networks import load

    models = load()
    numbers = specimens[specimens["field"].isin(["id_number", "name"])].head(6)
    ax = plot_gallery(numbers, cards, reveal=True, ax=Figure().subplots())
    texts = [read_by_the_engine(np.asarray(image.get_array()), models) for image in ax.images]
    assert texts == numbers["text"].tolist()

    class Unopened(dict):
        def __missing__(self, key):
            raise AssertionError(key)

    plot_gallery(numbers, Unopened(), ax=Figure().subplots())


def test_crops_of_a_card_upside_down_are_upright(readings, cards):
    key = "id/0003.jpg"
    rows = readings[readings["key"] == key].reset_index(drop=True)
    from cardocr_nb._images import load_upright

    picture = load_upright(cards / key)
    height, width = picture.shape[:2]
    over = rows.assign(polygon=[(width, height) - np.asarray(p) for p in rows["polygon"]])
    images = {key: np.ascontiguousarray(picture[::-1, ::-1])}
    from matplotlib.figure import Figure

    a, b = (plot_gallery(d, i, n=6, reveal=True, ax=Figure().subplots()) for d, i in ((rows, cards), (over, images)))
    for one, other in zip(a.images, b.images, strict=True):
        left, right = (np.asarray(x.get_array(), dtype=int) for x in (one, other))
        assert left.shape == right.shape
        assert np.abs(left - right).mean() < 12


def test_crops_keep_their_proportions_and_do_not_overlap(readings, cards, ax):
    plot_gallery(readings, cards, n=7, columns=2, reveal=True, ax=ax)
    extents = [i.get_extent() for i in ax.images if isinstance(i, AxesImage)]
    for (left, right, bottom, top), image in zip(extents, ax.images, strict=True):
        height, width = np.asarray(image.get_array()).shape[:2]
        assert (right - left) / (bottom - top) == pytest.approx(width / height)
        assert int(left) == int(right)
    assert ax.get_xlim() == (0, 2)
    assert ax.get_aspect() == 1


def test_a_picture_that_is_not_there_leaves_a_note(readings, cards, ax):
    pictures = {"id/0003.jpg": cards / "id" / "0003.jpg", "id/0001.jpg": b"damaged"}
    some = readings[readings["key"].isin(["id/0003.jpg", "id/0001.jpg", "id/0002.jpg"])]
    plot_gallery(some, pictures, n=100, reveal=True, ax=ax)
    assert len(ax.images) == 6
    assert sum(t.get_text() == "no picture" for t in ax.texts) == 12


def test_long_keys_and_texts_are_shortened(readings, cards, ax):
    df = readings.iloc[:1].assign(key="a/very/" + "long/" * 30 + "0003.jpg", text="样" * 60)
    with pytest.warns(UserWarning, match="no picture was found"):
        plot_gallery(df, cards, reveal=True, ax=ax)
    first, second = next(t.get_text() for t in ax.texts if t.get_text() != "no picture").splitlines()
    assert first.endswith("0003.jpg")
    assert "…" in first
    assert second.endswith("…")


def test_without_a_fitting_field_the_axes_stay_empty_with_a_warning(specimens, truth, cards, ax):
    with pytest.warns(UserWarning, match="no field of this kind") as caught:
        plot_gallery(specimens, cards, kind="worst", truth=truth, ax=ax)
    assert not ax.images
    assert caught[0].filename == __file__


def test_a_new_figure_grows_with_the_cells(readings, cards):
    few, many = (plot_gallery(readings, cards, n=n).figure.get_size_inches() for n in (3, 12))
    assert few[0] == many[0]
    assert many[1] > 3 * few[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "best"}, "one of scores, worst, checks, flips, got 'best'"),
        ({"kind": "worst"}, "needs truth="),
        ({"kind": "flips"}, "needs other="),
        ({"n": 0}, "1 or more, got 0 and 3"),
    ],
)
def test_what_is_lacking_is_said(options, message, specimens, cards):
    with pytest.raises(ValueError, match=message):
        plot_gallery(specimens, cards, **options)


def test_cases_without_a_place_are_passed_over(readings):
    readings.loc[readings["key"] == "id/0003.jpg", "polygon"] = None
    assert set(pick_cases(readings, "scores", n=5)["score"]) == {95}
