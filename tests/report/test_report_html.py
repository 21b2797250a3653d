import base64
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest
from invented_cards import NAME, NUMBER, SECRETS, batch, true_texts

from cardocr_nb.frame import to_frame
from cardocr_nb.report import render_html, report, summarize
from cardocr_nb.report._headline import headline
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

VOID = {"meta", "link", "img", "source", "br"}


class Page(HTMLParser):
    """Elements with their attributes and text, and whether every tag is closed in order."""

    def __init__(self, html):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(html.replace("\u00a0", " "))
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "text": "", **dict(attrs)}
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self._open:
            element["text"] += data

    def all(self, *tags):
        return [e for e in self.elements if e["tag"] in tags]


@pytest.fixture(scope="module")
def html():
    return render_html(summarize(batch(), truth=true_texts(), title="Cards & <i>more</i>"))


def test_the_page_needs_no_script_and_no_other_file(html):
    page = Page(html)
    assert not page.all("script", "iframe", "object", "embed", "form")
    assert not [k for e in page.elements for k in e if k.startswith("on")]
    links = [e[k] for e in page.elements for k in ("src", "srcset", "href") if k in e]
    assert all(link.startswith(("data:", "#")) for link in links)
    assert not re.search(r"url\((?!data:font/woff;)|@import|https?://", html)


def test_every_link_leads_to_a_place_on_the_page(html):
    page = Page(html)
    ids = [e["id"] for e in page.elements if "id" in e]
    assert len(ids) == len(set(ids))
    assert {e["href"][1:] for e in page.all("a")} <= set(ids)
    assert {e["aria-labelledby"] for e in page.elements if "aria-labelledby" in e} <= set(ids)


def test_headings_follow_one_another_without_a_gap(html):
    levels = [int(e["tag"][1]) for e in Page(html).all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_tables_have_captions_and_headers_with_scope(html):
    page = Page(html)
    assert len(page.all("table")) == len(page.all("caption")) >= 6
    assert {e.get("scope") for e in page.all("th")} == {"col", "row"}


def test_pictures_have_a_text_that_states_the_finding(html):
    texts = [figure["alt"] for figure in Page(html).all("img")]
    assert texts == [
        "Histograms of the scores of 6 fields. Name has the lowest median, 95; 1 of its 3 scores are below 90.",
        "Reliability of the scores of 6 fields. Gender is farthest from the diagonal: mean score 79.5, 50.0 % of its readings are correct.",
    ]


def test_figures_are_outlines_in_light_and_dark(html):
    page = Page(html)
    sources = {source["media"]: source["srcset"] for source in page.all("source")[:3]}
    light, dark = page.all("img")[0]["src"], sources["screen and (prefers-color-scheme: dark)"]
    assert len({light, dark, *sources.values()}) == 4
    for address in (light, dark):
        svg = ET.fromstring(base64.b64decode(address.removeprefix("data:image/svg+xml;base64,")))  # noqa: S314 - own bytes
        assert not [e for e in svg.iter() if e.tag.endswith("}text")]


def test_what_comes_from_outside_is_escaped(html):
    assert "<title>Cards &amp; &lt;i&gt;more&lt;/i&gt;</title>" in html
    assert "cut off &lt;*&gt;****&lt;/*&gt;" in html


@pytest.mark.usefixtures("unrendered_figures")
def test_a_key_cannot_bring_in_markup(cards):
    cards["key"] = cards["key"].str.replace("2.jpg", '"><script>x</script>.jpg')
    assert not Page(render_html(summarize(cards))).all("script")


def test_the_first_sentences_state_the_findings(html):
    (lead,) = [e for e in Page(html).all("p") if e.get("class") == "lead"]
    assert lead["text"] == (
        "3 of 6 cards were read (50.0 %); 1 failed; 1 unfinished; 1 without a card in the picture. "
        "The checks found 2 errors. Of 12 fields with ground truth, 91.7 % are exact. "
        "0 of 6 fields have a score threshold with 99.5 % precision. "
        "Next: replace the photo of 1 failed card; its code is DamagedImage, and another attempt with the same file fails again."
    )


@pytest.mark.usefixtures("unrendered_figures")
def test_texts_are_masked_unless_they_are_revealed(cards, truth, photos, tmp_path):
    cards.loc[(cards["key"] == "1.jpg") & (cards["field"] == "name"), "text"] = "范样木"
    hidden = report(cards, tmp_path / "a.html", truth=truth, images=photos).read_text("utf-8")
    assert not any(secret in hidden for secret in SECRETS)
    shown = report(cards, tmp_path / "b.html", truth=truth, reveal=True).read_text("utf-8")
    assert NAME in shown
    assert NUMBER not in shown


def test_a_notebook_shows_the_findings_and_no_text(cards):
    shown = summarize(cards, reveal=True)._repr_html_()
    Page(shown)
    assert "3 of 6 cards were read" in shown
    assert not any(secret in shown for secret in SECRETS)


def test_a_rate_never_wraps_and_a_page_has_one_time_zone(html):
    text = re.sub(r"data:[^\"]+|<style>.*?</style>", "", html, flags=re.DOTALL)
    assert "99.5\u00a0%" in text
    assert not re.search(r"\d %", text)
    assert set(re.findall(r"[+-]\d\d:\d\d(?=[ .,])", text)) == {"+08:00"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda cards: cards[cards["key"] != "bad.jpg"],
            "Next: label 596 more readings of Name; if all are correct, a score threshold promises 99.5 % precision.",
        ),
        (
            lambda cards: cards,
            "Next: replace the photo of 1 failed card; its code is DamagedImage, and another attempt with the same file fails again.",
        ),
    ],
)
def test_the_lead_ends_with_what_to_do_next(cards, truth, change, sentence):
    assert headline(summarize(change(cards), truth=truth)).endswith(sentence)
    assert "Next: " in headline(summarize(change(cards)))


def test_an_empty_frame_makes_a_page(cards):
    html = render_html(summarize(cards.iloc[:0]))
    assert "This table contains 0 cards." in html
    assert not Page(html).all("img")


@pytest.mark.usefixtures("unrendered_figures")
@pytest.mark.parametrize("columns", [["field", "text", "score"], ["score"]])
def test_cards_without_any_field_or_score_make_a_page(cards, columns):
    cards[columns] = pd.DataFrame({c: pd.Series(dtype=cards[c].dtype) for c in columns}, index=cards.index)
    Page(render_html(summarize(cards)))


@pytest.mark.parametrize(("empty", "said"), [(3, True), (1, False)])
@pytest.mark.parametrize(
    ("lang", "words"), [("en", "may show another type or the back"), ("zh", "可能是另一种卡证或背面")]
)
def test_a_type_of_which_most_cards_were_not_found_may_be_another_one(empty, said, lang, words):
    cards = to_frame(
        [
            Job(
                f"j{n}",
                JobState.SUCCESS,
                f"{n}.jpg",
                card_type="IDCard",
                result=CardResult(() if n < empty else (Field("姓名", "样本", 90),)),
            )
            for n in range(4)
        ]
    )
    assert (words in headline(summarize(cards, lang=lang))) is said
