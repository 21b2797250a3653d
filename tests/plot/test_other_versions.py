"""Everything that cuts or outlines fields notices a picture that is another version of the one that was read."""

import json
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from cardocr_nb.frame import conform
from cardocr_nb.plot import plot_gallery, plot_overlay
from cardocr_nb.report import report, show, to_excel
from cardocr_nb.review import review

KEYS = ("id/0002.jpg", "id/0003.jpg")
COPIES = {
    "half": lambda image: image.resize((image.width // 2, image.height // 2)),
    "turned": lambda image: image.rotate(180),
    "cropped": lambda image: image.crop((60, 40, image.width, image.height)),
    "mirrored": ImageOps.mirror,
    "other file of another size": lambda image: image.crop((0, 0, image.width - 9, image.height)),
}


@pytest.fixture(scope="module")
def cards(specimens, data):
    rows = specimens[specimens["key"].isin(KEYS)].assign(state="Success", score=60)
    return conform(rows.reset_index(drop=True)).assign(
        image=lambda df: [str(data / "cards" / key) for key in df["key"]]
    )


@pytest.fixture(scope="module")
def pictures(data):
    return {key: Image.open(data / "cards" / key).convert("RGB") for key in KEYS}


def in_gallery(cards, images, folder):
    return len(plot_gallery(cards, images, n=len(cards), reveal=True, ax=Figure().subplots()).images)


def in_table(cards, images, folder):
    return show(cards, len(cards), images=images, reveal=True).html.count("<img")


def in_workbook(cards, images, folder):
    with zipfile.ZipFile(to_excel(cards, folder / "cards.xlsx", images=images, reveal=True)) as book:
        return sum(book.read(name).count(b"<xdr:pic>") for name in book.namelist() if "drawings/drawing" in name)


OUTPUTS = {"gallery": in_gallery, "table in a notebook": in_table, "workbook": in_workbook}


@pytest.mark.parametrize("output", OUTPUTS)
def test_crops_of_the_pictures_that_were_read_are_all_there(cards, pictures, tmp_path, output):
    assert OUTPUTS[output](cards, pictures, tmp_path) == cards["polygon"].notna().sum()


@pytest.mark.parametrize(
    ("output", "how"), [*(("gallery", how) for how in COPIES), ("table in a notebook", "turned"), ("workbook", "half")]
)
def test_no_crop_is_cut_from_another_version_and_one_warning_counts_them(cards, pictures, tmp_path, output, how):
    other, right = KEYS
    images = {other: COPIES[how](pictures[other]), right: pictures[right]}
    with pytest.warns(UserWarning, match="^1 pictures are other versions of those that were read") as said:
        found = OUTPUTS[output](cards, images, tmp_path)
    assert found == (cards["key"] == right).sum()
    assert len([one for one in said if "other versions" in str(one.message)]) == 1


@pytest.mark.parametrize("how", ["mirrored", "half"])
def test_a_panel_says_so_in_the_place_of_the_crop(cards, pictures, tmp_path, how):
    other, right = KEYS
    queue = pd.DataFrame({"key": [other, right], "field": ["name", "name"]})
    panel = review(
        cards, {other: COPIES[how](pictures[other]), right: pictures[right]}, tmp_path / "c.csv", queue=queue
    )
    sent = []
    panel.send = lambda content, buffers=None: sent.append((content, buffers or []))
    for message in ({"kind": "open"}, {"kind": "card", "number": 0}, {"kind": "move", "step": 1}):
        panel._handle_custom_msg(message, [])
    (first, crops), (card, outline), (second, more) = sent
    assert "the picture that was read" in first["fault"]
    assert crops == outline == []
    assert card["kind"] == "fault"
    assert (second["fault"], len(more)) == (None, 1)


@pytest.mark.parametrize("how", ["cropped", "half"])
def test_a_widget_says_so_in_the_place_of_the_outlines(cards, pictures, how):
    other = KEYS[0]
    widget = plot_overlay(cards, {other: COPIES[how](pictures[other])}, interactive=True, key=other)
    sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers or []))
    widget._handle_custom_msg({"kind": "open"}, [])
    assert "the picture that was read" in sent[-1][0]["fault"]
    assert not sent[-1][1]


@pytest.mark.usefixtures("unrendered_figures")
def test_a_report_shows_no_card_of_another_version(cards, pictures, tmp_path, caplog):
    other, right = KEYS

    def cards_in(images):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = report(cards, tmp_path / "report.html", images=images, reveal=True, truth=truth(cards))
        return made.read_text("utf-8").count("data:image/webp")

    own = cards_in(pictures)
    found = cards_in({other: COPIES["turned"](pictures[other]), right: pictures[right]})
    assert 0 < found < own
    assert "no picture of id/0002.jpg in the report" in caplog.text


def truth(cards):
    return cards[["key", "field"]].assign(text="样")


def test_only_the_size_counts_after_the_first_hundred_pictures(cards, pictures, monkeypatch, tmp_path):
    monkeypatch.setattr("cardocr_nb.plot._picture_identity._SEARCHED", 0)
    nameless = cards.drop(columns="image")
    turned = {key: COPIES["turned"](picture) for key, picture in pictures.items()}
    assert in_gallery(nameless, turned, tmp_path) == len(cards)
    with pytest.warns(UserWarning, match="^2 pictures are other versions"):
        assert in_gallery(cards, {key: COPIES["half"](picture) for key, picture in pictures.items()}, tmp_path) == 0


def test_the_state_of_a_panel_holds_no_places(cards, pictures, tmp_path):
    panel = review(cards, pictures, tmp_path / "c.csv", queue=pd.DataFrame({"key": KEYS[:1], "field": ["name"]}))
    place = panel.session.items[0].card_places
    assert np.shape(place) == ((cards["key"] == KEYS[0]).sum(), 4, 2)
    assert "card_places" not in json.dumps(panel.get_state(), default=repr)
