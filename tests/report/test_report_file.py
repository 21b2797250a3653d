import io
import json
import re
from base64 import b64decode

import numpy as np
import pandas as pd
import pytest
from invented_cards import SECRETS, card
from PIL import Image

from cardocr_nb.frame import conform
from cardocr_nb.report import _charts, _worst_case_images, render_markdown, report, summarize


def pictures(page):
    return re.findall(r'<img src="data:image/webp;base64,([^"]+)" alt="([^"]*)"', page)


@pytest.mark.parametrize(
    ("name", "start"),
    [("r.html", "<!doctype html>"), ("r.HTM", "<!doctype html>"), ("r.md", "# Cards"), ("r.json", "{\n")],
)
@pytest.mark.usefixtures("unrendered_figures")
def test_the_suffix_chooses_the_format(name, start, cards, tmp_path):
    path = report(cards, tmp_path / "new folder" / name, title="Cards")
    assert path == tmp_path / "new folder" / name
    assert path.read_text("utf-8").startswith(start)


@pytest.mark.parametrize("name", ["report", "report.pdf"])
def test_another_suffix_is_refused_before_anything_is_written(name, cards, tmp_path):
    with pytest.raises(ValueError, match=r"\.html, \.htm, \.md, \.json, got "):
        report(cards, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_truth_may_be_a_csv_file(cards, truth, tmp_path):
    truth.to_csv(tmp_path / "truth.csv", index=False)
    path = report(cards, str(tmp_path / "r.json"), truth=tmp_path / "truth.csv")
    assert len(json.loads(path.read_text("utf-8"))["accuracy"]) == 7


def test_the_page_stays_below_5_mb_for_many_cards_with_pictures(tmp_path, monkeypatch):
    # Noise has no print; the search for a better place of the fields took most of the time.
    monkeypatch.setattr(_worst_case_images, "_is_other_version", lambda *_: False)
    rng = np.random.default_rng(0)
    n = 3_000
    many = pd.concat([conform(card("1.jpg"))] * n, ignore_index=True)
    many["key"] = many["job_id"] = pd.Series(np.repeat(np.arange(n), 6).astype(str), dtype="str") + ".png"
    many["score"] = pd.array(rng.integers(0, 101, len(many)), dtype="Int16")
    noise = Image.fromarray(rng.integers(0, 256, (600, 900, 3), dtype=np.uint8))
    noise.save(tmp_path / "noise.png")
    images = dict.fromkeys(many["key"].unique(), tmp_path / "noise.png")
    page = report(many, tmp_path / "r.html", images=images, reveal=True)
    assert page.stat().st_size < 5_000_000
    assert len(pictures(page.read_text("utf-8"))) == 6


@pytest.mark.usefixtures("unrendered_figures")
def test_revealed_reports_show_the_photos_and_crops_of_the_worst_cards(cards, photos, tmp_path):
    page = report(cards, tmp_path / "r.html", images=photos, reveal=True).read_text("utf-8")
    shown = pictures(page)
    assert len(shown) == 3
    assert page.count('<img class="crop" src="data:image/webp') == 18
    image, alt = shown[0]
    assert Image.open(io.BytesIO(b64decode(image))).format == "WEBP"
    assert alt == "The card 2.jpg with 6 fields marked, lowest score 60."


def test_without_reveal_no_pixel_of_a_photo_changes_the_report(cards, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(_charts, "webp_address", lambda figure: "data:,")  # a smaller copy of the same drawing
    rng = np.random.default_rng(5)
    noise = {key: rng.integers(0, 256, (220, 300, 3), dtype=np.uint8) for key in ("1.jpg", "2.jpg", "3.jpg")}
    pages = []
    for number, images in enumerate((photos, noise)):
        page = report(cards, tmp_path / f"{number}.html", images=images).read_text("utf-8")
        pages.append(re.sub(r"Created [-0-9 :+]+", "", page))
    assert pages[0] == pages[1]
    assert not pictures(pages[0])
    assert pages[0].count("The positions of 6 fields on the card") == 3
    assert "260 × 20\u00a0px" in pages[0]


@pytest.mark.usefixtures("unrendered_figures")
def test_pictures_that_are_missing_broken_or_outside_the_folder_are_left_out(cards, photos, tmp_path):
    (photos / "1.jpg").write_bytes(b"no picture")
    (photos / "3.jpg").rename(tmp_path / "outside.jpg")
    cards["key"] = cards["key"].str.replace("3.jpg", "../outside.jpg")
    page = report(cards, tmp_path / "r.html", images=photos, reveal=True).read_text("utf-8")
    assert [alt[:14] for _, alt in pictures(page)] == ["The card 2.jpg"]


def test_markdown_holds_the_tables_and_no_markup_from_outside(cards, truth):
    page = render_markdown(summarize(cards, truth=truth, title="Cards"))
    lines = page.splitlines()
    assert "| ID card | 6 | 3 | 0 | 1 | 1 | 1 |" in lines
    assert (
        "| DamagedImage | 1 | 16.7 % | bad.jpg is a JPEG file, but cut off &lt;\\*&gt;\\*\\*\\*\\*&lt;/\\*&gt; \\| there |"
        in lines
    )
    assert not any(secret in page for secret in SECRETS)
    tables = [line.replace("\\|", "") for line in lines if line.startswith("|")]
    blocks = re.findall(r"(?:^\|.*\n)+", "\n".join(line.replace("\\|", "") for line in lines) + "\n", re.MULTILINE)
    assert len(tables) > 20
    assert all(len({line.count("|") for line in block.splitlines()}) == 1 for block in blocks)
