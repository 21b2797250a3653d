"""The table for notebooks: what it shows, in which order, and what it hides."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from invented_cards import NAME, NUMBER, SECRETS, card, take_photos

from cardocr_nb.frame import conform
from cardocr_nb.report import show


class Page(HTMLParser):
    """The cells of a table by row, and every tag with its attributes."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.tags = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows:
            self.rows[-1][-1] += data


def test_the_lowest_scores_come_first(cards):
    rows = Page(show(cards, rows=8).html).rows
    assert rows[0] == ["Key", "Field", "Text", "Score", "Failed checks"]
    assert [row[0] for row in rows[1:]] == ["2.jpg"] * 6 + ["3.jpg"] * 2
    assert [row[3].strip() for row in rows[1:]] == ["60"] * 6 + ["95"] * 2


def test_without_sort_the_order_is_that_of_the_frame(cards):
    assert [row[0] for row in Page(show(cards, rows=8, sort=None).html).rows[1:]] == ["1.jpg"] * 6 + ["2.jpg"] * 2


def test_failed_checks_are_named_in_the_row_of_their_field(cards):
    rows = Page(show(cards, rows=6).html).rows[1:]
    assert {row[1]: row[4] for row in rows if row[4]}.keys() >= {"Gender"}
    assert "Gender is known" in next(row[4] for row in rows if row[1] == "Gender")
    assert "Gender" not in next(row[4] for row in rows if row[1] == "Name")


def test_rows_of_failed_jobs_show_their_code(cards):
    rows = Page(show(cards, rows=100).html).rows[1:]
    assert len(rows) == len(cards)
    assert next(row for row in rows if row[0] == "bad.jpg")[1:4] == ["–", "DamagedImage", "–"]


def test_the_bar_is_as_long_as_the_score(cards):
    bars = [a["style"] for t, a in Page(show(cards, rows=100).html).tags if t == "span" and "style" in a]
    assert [re.search(r"width:(\d+)%", bar)[1] for bar in bars] == ["60"] * 6 + ["95"] * 6 + ["99"] * 6
    assert len({bar.split("background:")[1] for bar in bars}) == 3


def test_texts_are_masked_unless_revealed(cards):
    assert not any(secret in show(cards, rows=100).html for secret in SECRETS)
    revealed = show(cards, rows=100, reveal=True)
    assert NAME in revealed.html
    assert NUMBER in revealed.html
    assert repr(revealed) == f"<CardTable {len(cards)} of {len(cards)} rows>"


def test_a_text_that_became_the_name_of_a_field_is_masked_too(cards):
    strange = conform(cards.astype({"field": "str"}).replace({"field": {"name": NAME}}))
    html = show(strange, rows=100).html
    assert NAME not in html
    assert "Unknown field 1" in html


def test_images_are_opened_only_to_reveal(cards, tmp_path):
    class Closed(dict):
        def get(self, key, default=None):
            raise AssertionError(key)

    assert "<img" not in show(cards, images=Closed()).html
    photos = take_photos(tmp_path / "photos")
    tags = Page(show(cards, rows=8, images=photos, reveal=True).html).tags
    crops = [attrs for tag, attrs in tags if tag == "img"]
    assert len(crops) == 8
    assert all(
        a["src"].startswith("data:image/png;base64,") and a["alt"].startswith("Crop of the field") for a in crops
    )


def test_a_missing_or_damaged_image_leaves_its_cell_empty(cards, tmp_path):
    (tmp_path / "2.jpg").write_bytes(b"no image")
    html = show(cards, rows=12, images=tmp_path, reveal=True).html
    assert "<img" not in html
    assert {row[-1] for row in Page(html).rows[1:]} == {"–"}


def test_hostile_texts_stay_texts():
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&$x$"
    rows = conform(card(attack, name=attack).assign(image=attack, code=attack))
    picture = np.full((220, 300, 3), 255, dtype=np.uint8)
    page = Page(show(rows, images={attack: picture}, reveal=True).html)
    assert {tag for tag, _ in page.tags} <= {
        "div", "style", "p", "table", "thead", "tbody", "tr", "th", "td", "bdi", "span", "em", "code", "img",
    }  # fmt: skip
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    named = next(row for row in page.rows if "Name" in row)
    assert named[:4] == [attack, attack, "Name", attack]


def test_the_table_speaks_chinese(cards):
    rows = Page(show(cards, lang="zh").html).rows
    assert rows[0] == ["对象键", "字段", "文字", "置信度", "未通过的检查"]
    assert rows[1][1] == "姓名"


def test_a_frame_without_rows_has_a_table_without_rows(cards):
    assert repr(show(cards[:0])) == "<CardTable 0 of 0 rows>"


@pytest.mark.parametrize(
    ("wrong", "named"), [({"rows": 0}, "rows"), ({"rows": 1.5}, "rows"), ({"sort": "text"}, "sort")]
)
def test_wrong_arguments_are_named(cards, wrong, named):
    with pytest.raises(ValueError, match=f"^{named} must be"):
        show(cards, **wrong)
