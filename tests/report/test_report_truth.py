"""A report with truth, costs, or another run."""

import re

import numpy as np
import pandas as pd
import pytest
from invented_cards import NAME, SECRETS, batch, true_texts

from cardocr_nb.frame import PolygonArray, conform
from cardocr_nb.quality import calibration, compare, evaluate, sample_size, threshold
from cardocr_nb.quality._costs import cost
from cardocr_nb.report import render_html, render_json, render_markdown, summarize
from cardocr_nb.report._headline import headline

pytestmark = pytest.mark.filterwarnings("ignore:scores of")


def other_run():
    other = batch()
    other.loc[(other["key"] == "1.jpg") & (other["field"] == "name"), "text"] = "范样木"
    return other


@pytest.fixture(scope="module")
def everything():
    return summarize(batch(), truth=true_texts(), other=other_run(), review=1, error=20)


def test_without_truth_and_another_run_nothing_is_claimed(cards):
    s = summarize(cards)
    assert (s.accuracy, s.calibration, s.thresholds, s.costs, s.comparison) == (None, None, None, None, None)
    for title in ("Accuracy", "Calibration", "Thresholds", "Costs", "Comparison"):
        assert f"## {title}" not in render_markdown(s)


def test_calibration_is_that_of_the_quality_package(cards, truth, everything):
    found = calibration(cards, truth).fields
    shown = everything.calibration.fields
    assert [(f.field, f.cases, f.accuracy) for f in shown] == list(
        found[["field", "cases", "accuracy"]].itertuples(index=False, name=None)
    )
    assert len(everything.calibration.bins) == len(calibration(cards, truth).bins)


def test_few_scores_are_a_remark_on_the_page_and_not_as_a_warning(cards, truth, recwarn):
    page = render_markdown(summarize(cards, truth=truth))
    assert "have three distinct values or fewer" in page
    assert [str(w.message) for w in recwarn] == []


@pytest.fixture(scope="module")
def batches():
    """400 cards of 20 folders; in three of them most names are incorrect."""
    folder, right = (
        np.arange(400) % 20,
        np.random.default_rng(6).random(400) > np.where(np.arange(400) % 20 < 3, 0.8, 0.02),
    )
    cards = pd.DataFrame({"job_id": np.arange(400).astype(str), "key": [f"{k}/{n}.jpg" for n, k in enumerate(folder)],
                          "state": "Success", "field": "name", "text": np.where(right, NAME, "范样木"), "score": 95})  # fmt: skip
    return conform(cards), cards[["key", "field"]].assign(text=NAME)


@pytest.mark.parametrize(("lang", "sentence"), [("en", "are incorrect together"), ("zh", "往往同时出错")])
def test_errors_that_come_together_are_a_remark_on_the_page_and_not_a_warning(batches, recwarn, lang, sentence):
    cards, truth = batches
    alone = render_markdown(summarize(cards, truth=truth, other=cards, lang=lang))
    assert sentence in alone
    grouped = summarize(cards, truth=truth, other=cards, groups="folder", lang=lang)
    assert sentence not in render_markdown(grouped)
    assert [str(w.message) for w in recwarn] == []
    (found,), (single,) = grouped.accuracy[:1], summarize(cards, truth=truth).accuracy[:1]
    assert found.high - found.low > 2 * (single.high - single.low)


def test_with_groups_the_report_counts_groups_that_are_missing(batches):
    cards, truth = batches
    some = cards["text"] == NAME
    page = render_markdown(summarize(cards[some], truth=truth, precision=0.9, groups="folder"))
    assert (
        "Next: label Name of cards from 9 more groups (days, folders, or what else groups= names), each with about as many cards; if all are correct, a score threshold promises 90.0 % precision."
        in page
    )
    assert (
        "Name: no threshold yet. 29 groups of about as many cards each without an error are enough; you have 20."
        in page
    )


@pytest.mark.parametrize(
    ("lang", "sentence"), [("en", "1 card of the truth is not in the table"), ("zh", "真值中有 1 张卡证不在表中")]
)
def test_a_report_says_how_many_cards_of_the_truth_are_not_in_the_table(cards, truth, lang, sentence):
    lacking = summarize(cards[cards["key"] != truth["key"].iloc[0]], truth=truth, lang=lang)
    assert sentence in render_markdown(lacking)
    assert sentence not in render_markdown(summarize(cards, truth=truth, lang=lang))


def test_thresholds_promise_what_was_asked_for(cards, truth):
    promised = summarize(cards, truth=truth, precision=0.04).thresholds
    found = threshold(cards, truth, precision=0.04).fields["threshold"]
    assert promised.precision == 0.04
    assert found.notna().any()
    assert [f.threshold for f in promised.fields] == [None if v is pd.NA else v for v in found.tolist()]


def test_a_threshold_that_nothing_reaches_is_a_dash(everything):
    assert all(f.threshold is None for f in everything.thresholds.fields)
    assert "| Name | – | 2 |" in render_markdown(everything)


def test_costs_are_given_for_every_field_and_for_all_together(cards, truth, everything):
    found = cost(cards, truth, review=1, error=20).fields
    shown = everything.costs.fields
    assert [f.field for f in shown][-1] == "all"
    assert [f.cost for f in shown] == found["cost"].tolist()
    assert (everything.costs.review, everything.costs.error) == (1, 20)
    assert "All fields" in render_markdown(everything)


@pytest.mark.parametrize("prices", [{"review": 1}, {"error": 20}])
def test_a_price_alone_is_refused(cards, truth, prices):
    with pytest.raises(ValueError, match="costs need both prices"):
        summarize(cards, truth=truth, **prices)


def test_prices_without_truth_are_refused(cards):
    with pytest.raises(ValueError, match="costs need truth"):
        summarize(cards, review=1, error=20)


def test_the_comparison_has_this_run_on_the_left(cards, truth, everything):
    found = compare(cards, other_run(), truth)
    assert [f.agree for f in everything.comparison.fields] == found.fields["agree"].tolist()
    name = next(c for c in everything.comparison.accuracy if c.field == "name")
    assert (name.lost, name.gained, name.difference) == (1, 0, -0.5)
    assert everything.comparison.accuracy[-1].field == "all"
    assert everything.comparison.flips == 1


def test_without_truth_the_comparison_contains_agreement_only(cards):
    s = summarize(cards, other=other_run())
    assert s.comparison.accuracy is None
    assert "agree on 94.4 % of 18 readings" in render_markdown(s)


@pytest.mark.usefixtures("unrendered_figures")
def test_readings_that_flipped_are_masked_unless_they_are_revealed(cards, everything):
    (flip,) = everything.comparison.shown
    assert (flip.key, flip.field, flip.text_left, flip.text_right) == ("1.jpg", "name", "范**", "范**")
    for render in (render_html, render_markdown, render_json):
        page = render(everything)
        assert not any(secret in page for secret in SECRETS)
    assert summarize(cards, other=other_run(), reveal=True).comparison.shown[0].text_left == NAME


def test_confusions_name_single_characters_and_say_so(everything, cards, truth):
    assert len(evaluate(cards, truth).confusions) == 1
    assert everything.confusions == ()
    (confusion,) = summarize(cards, truth=truth, reveal=True).confusions
    assert (confusion.field, confusion.truth, confusion.read, confusion.count) == ("gender", "男", "口", 1)
    assert "Confusions list single characters" in render_markdown(everything)


def test_two_runs_without_a_common_image_are_refused(cards):
    with pytest.raises(ValueError, match="no key is in both"):
        summarize(cards, other=other_run().assign(key="another.jpg"))


def test_a_truth_without_any_reading_makes_a_page(cards):
    truth = true_texts().head(1)
    cards["text"] = None
    s = summarize(cards, truth=truth, review=1, error=2)
    assert s.calibration.fields == ()
    assert "No reading with a score could be compared" in render_html(s)


def names_with_scores(score, right):
    """One name a card, with the scores and outcomes that are given."""
    keys = [f"{k}.jpg" for k in range(len(score))]
    frame = pd.DataFrame({"key": keys, "field": "name", "text": np.where(right, "样本", "样木"), "score": score})
    truth = pd.DataFrame({"key": keys, "field": "name", "text": "样本"})
    return conform(frame.assign(state="Success", polygon=PolygonArray.from_numpy(np.zeros((len(keys), 4, 2))))), truth


@pytest.mark.parametrize(
    ("lang", "n", "rate", "sentence"),
    [
        ("en", 24, 1.0, "Name: no threshold yet. 598 cards without an error are enough; you have 24."),
        ("zh", 24, 1.0, "姓名：尚无阈值。598 张全部正确即可，现有 24 张。"),
        (
            "en",
            900,
            0.5,
            "Name: no threshold, because too many readings are incorrect and no score separates them yet.",
        ),
        ("zh", 900, 0.5, "姓名：没有阈值，因为错误的识别结果过多，且目前没有置信度能将其分开。"),
    ],
)
def test_a_field_without_a_threshold_has_an_advice(lang, n, rate, sentence):
    rng = np.random.default_rng(1)
    frame, truth = names_with_scores(rng.integers(80, 100, n), rng.random(n) < rate)
    page = render_html(summarize(frame, truth=truth, lang=lang))
    assert sentence in page
    assert sentence in render_markdown(summarize(frame, truth=truth, lang=lang))


@pytest.mark.parametrize(("n", "errors", "precision"), [(24, 0, 0.995), (20, 0, 0.9), (30, 1, 0.9)])
def test_as_many_more_readings_as_the_report_asks_for_get_a_threshold(n, errors, precision):
    def made(cases):
        frame, truth = names_with_scores(np.full(cases, 99), np.arange(cases) >= errors)
        return summarize(frame, truth=truth, precision=precision), threshold(frame, truth, precision=precision)

    report, found = made(n)
    more = int(re.search(r"Next: label (\d+) more readings? of Name", headline(report))[1])
    assert n + more == sample_size(precision, errors=errors)
    if not errors:
        assert f"{n + more} cards without an error are enough, you have {n}" in found.advice
        assert f"{n + more} cards without an error are enough; you have {n}." in render_markdown(report)
    for cases, enough in ((n + more - 1, False), (n + more, True)):
        report, found = made(cases)
        assert report.thresholds.fields[0].threshold == (99 if enough else None)
        assert (found.advice == "") is enough
        assert ("Next: label" in headline(report)) is not enough


def test_a_field_with_a_threshold_has_no_advice():
    frame, truth = names_with_scores(np.full(700, 99), np.full(700, fill_value=True))
    page = render_markdown(summarize(frame, truth=truth))
    assert "no threshold" not in page


def test_the_numbers_of_chance_are_next_to_ece_and_psi():
    rng = np.random.default_rng(2)
    score = rng.integers(60, 100, 330)
    frame, truth = names_with_scores(score, rng.random(330) < score / 100)
    other = frame.assign(score=rng.permutation(frame["score"]))
    s = summarize(frame, truth=truth, other=other)
    ece, psi = s.calibration.fields[0], s.comparison.fields[0]
    assert ece.ece_expected == pytest.approx(calibration(frame, truth).fields["ece_expected"][0], abs=1e-6)
    compared = compare(frame, other).fields.iloc[0]
    assert (psi.psi_expected, psi.psi_p) == pytest.approx((compared["psi_expected"], compared["psi_p"]), abs=1e-6)
    page = render_markdown(s)
    for head, value in (
        ("ECE by chance", ece.ece_expected),
        ("PSI by chance", psi.psi_expected),
        ("p (PSI)", psi.psi_p),
    ):
        assert head in page
        assert f"| {value:.3f} |" in page


@pytest.mark.parametrize(
    ("lang", "none", "runs"),
    [("en", "No shift of scores is shown for any field", 20), ("zh", "没有字段显示出置信度偏移", 4)],
)
def test_a_shift_is_named_only_where_chance_does_not_explain_it(lang, none, runs):
    rng = np.random.default_rng(3)
    frame, _ = names_with_scores(rng.integers(60, 100, 30), np.full(30, fill_value=True))
    named = []
    for _ in range(runs):
        same = frame.assign(score=pd.array(rng.integers(60, 100, 30), dtype="Int16"))
        s = summarize(frame, other=same, lang=lang)
        named.append(none not in render_markdown(s))
    assert sum(named) <= 0.15 * runs  # each at 5 %; a PSI above 0.25 is common at n = 30
    lower = frame.assign(score=frame["score"] - 25)
    page = render_markdown(summarize(frame, other=lower, lang=lang))
    assert none not in page
    assert {"en": "Scores shifted more than chance explains: Name.", "zh": "以下字段的置信度偏移超出随机波动：姓名。"}[
        lang
    ] in page
