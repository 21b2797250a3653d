from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from cardocr_nb.frame import PolygonArray, conform, empty, to_frame
from cardocr_nb.quality import estimate_accuracy
from cardocr_nb.specimen._people import make_person
from cardocr_nb.wire._records import CardResult, Field

CARDS = 200
FIELDS = ("birth_date", "gender", "id_number")


@pytest.fixture(scope="module")
def people():
    everyone = [make_person(seed) for seed in range(1000)]
    return pd.DataFrame(
        {
            "birth_date": [f"{p.birth.year}年{p.birth.month}月{p.birth.day}日" for p in everyone],
            "gender": [p.gender for p in everyone],
            "id_number": [p.number for p in everyone],
        }
    )


def misread(rng, text):
    """Take one or two digits for others, or leave the last one out."""
    digits = [k for k, c in enumerate(text) if c.isdigit()]
    for _ in range(rng.integers(1, 3)):
        at = digits[rng.integers(len(digits))]
        text = text[:at] + str((int(text[at]) + rng.integers(1, 10)) % 10) + text[at + 1 :]
    return text[:-1] if rng.random() < 0.1 else text


def photographed(rng, people, cards):
    """Readings in which errors come together on bad photos, and whether each is right."""
    true = people.take(rng.integers(len(people), size=cards)).reset_index(drop=True)
    bad = rng.random(cards) < 0.15
    wrong = {
        "birth_date": rng.random(cards) < np.where(bad, 0.25, 0.01),
        "gender": rng.random(cards) < np.where(bad, 0.15, 0.005),
        "id_number": rng.random(cards) < np.where(bad, 0.35, 0.01),
    }
    read = true.copy()
    read.loc[wrong["gender"], "gender"] = read["gender"].map({"男": "女", "女": "男"})
    for field in ("birth_date", "id_number"):
        read.loc[wrong[field], field] = [misread(rng, text) for text in read.loc[wrong[field], field]]
    keys = [f"{k}.jpg" for k in range(cards)]
    long = read.assign(key=keys, card_type="IDCard", state="Success").melt(
        ["key", "card_type", "state"], var_name="field", value_name="text"
    )
    seen = rng.random(len(long)) > 0.03
    right = pd.Series((long["text"] == true.melt()["value"]).to_numpy(), index=long["field"])
    return frame_of(long[seen]), right[seen]


def frame_of(long):
    polygon = PolygonArray.from_numpy(np.zeros((len(long), 4, 2)))
    return conform(long.reset_index(drop=True).assign(polygon=polygon))


@pytest.mark.parametrize("sets", [40, pytest.param(400, marks=pytest.mark.slow)])
def test_the_interval_covers_the_true_accuracy_as_often_as_it_says(people, sets):
    frame, right = photographed(np.random.default_rng(21), people, CARDS * sets)
    number = frame["key"].str.removesuffix(".jpg").astype(int).to_numpy() // CARDS
    tables = [estimate_accuracy(frame[number == k]).set_index("field") for k in range(sets)]
    shares = [right[number == k].groupby(level=0).mean() for k in range(sets)]
    true = right.groupby(level=0).mean()
    for method in ("two readers", "check digit"):
        for field in FIELDS if method == "two readers" else ("id_number",):
            rows = pd.DataFrame([t[t["method"] == method].loc[field] for t in tables])
            of_kind = ((rows["low"] <= true[field]) & (true[field] <= rows["high"])).mean()
            of_set = [low <= s[field] <= high for low, high, s in zip(rows["low"], rows["high"], shares, strict=True)]
            assert of_kind >= 0.95
            assert np.mean(of_set) >= 0.95
            if method == "two readers":
                assert abs(rows["accuracy"].mean() - true[field]) < 0.03
                assert (rows["high"] - rows["low"]).mean() < 0.18
            else:
                assert (rows["accuracy"] >= np.array([s[field] for s in shares]) - 1e-12).all()


NUMBER = "990101197412010014"


def judged(*cards):
    """Fields, cases, right and wrong by two readers, of cards given as dicts of texts."""
    rows = [(f"{k}.jpg", field, text) for k, texts in enumerate(cards) for field, text in texts.items()]
    long = pd.DataFrame(rows, columns=["key", "field", "text"])
    table = estimate_accuracy(frame_of(long.assign(card_type="IDCard", state="Success")))
    two = table[table["method"] == "two readers"]
    return {str(row.field): (row.cases, row.right, row.wrong) for row in two.itertuples()}


def test_what_agrees_is_right_and_a_number_that_can_be_one_judges_the_words():
    good = {"birth_date": "1974年12月1日", "gender": "男", "id_number": NUMBER}
    assert judged(good) == {"birth_date": (1, 1, 0), "gender": (1, 1, 0), "id_number": (1, 1, 0)}
    wrong = good | {"birth_date": "1974年12月7日", "gender": "女"}
    assert judged(wrong) == {"birth_date": (1, 0, 1), "gender": (1, 0, 1), "id_number": (1, 0, 0)}


def test_a_number_that_cannot_be_one_judges_nothing_but_agreement_of_dates():
    broken = "990101197412010015"
    card = {"birth_date": "1974年12月1日", "gender": "男", "id_number": broken}
    assert judged(card) == {"birth_date": (1, 1, 0), "gender": (1, 0, 0), "id_number": (1, 0, 1)}
    other = card | {"birth_date": "1974年12月7日"}
    assert judged(other)["birth_date"] == (1, 0, 0)


def test_words_without_a_number_stay_open_and_a_number_without_words_passes_by_its_check_digit():
    assert judged({"birth_date": "1974年12月1日", "gender": "男"}) == {"birth_date": (1, 0, 0), "gender": (1, 0, 0)}
    assert judged({"id_number": NUMBER}) == {"id_number": (1, 1, 0)}


def test_licenses_are_judged_by_their_own_number():
    assert judged({"birth_date": "1974-12-01", "licence_number": NUMBER}) == {
        "birth_date": (1, 1, 0),
        "licence_number": (1, 1, 0),
    }


def test_what_is_open_widens_the_interval():
    number = {"birth_date": "1974年12月1日", "id_number": NUMBER}
    table = [number] * 30 + [{"birth_date": "1974年12月1日"}] * 10
    rows = [(f"{k}.jpg", f, t) for k, texts in enumerate(table) for f, t in texts.items()]
    long = pd.DataFrame(rows, columns=["key", "field", "text"]).assign(card_type="IDCard", state="Success")
    row = estimate_accuracy(frame_of(long)).iloc[0]
    test = binomtest(30, 40).proportion_ci(0.95, method="exact")
    assert (row.field, row.cases, row.right, row.wrong, row.accuracy) == ("birth_date", 40, 30, 0, 1)
    assert (row.low, row.high) == (pytest.approx(test.low), 1)


def test_cards_without_key_and_nothing_at_all_are_taken():
    assert estimate_accuracy(empty()).empty
    nameless = CardResult((Field("出生", "1974年12月1日"), Field("公民身份号码", NUMBER)))
    assert estimate_accuracy(to_frame(nameless))["right"].tolist() == [1, 0, 1]


def test_a_confidence_that_is_none_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1, got 95"):
        estimate_accuracy(empty(), confidence=95)


@pytest.mark.parametrize("times", [2, 7])
@pytest.mark.parametrize("failures", [0, 1])
def test_an_image_that_was_read_several_times_counts_once(people, times, failures):
    frame, _ = photographed(np.random.default_rng(3), people, 40)
    frame = frame.sort_values("key", ignore_index=True).assign(job_id=lambda table: "0 " + table["key"])
    failed = frame.drop_duplicates("key").assign(
        field=None, text=None, state="Failed", job_id=lambda t: "x " + t["key"]
    )
    jobs = [failed] * failures + [frame.assign(job_id=f"{k} " + frame["key"]) for k in range(times)]
    repeated = conform(pd.concat(jobs, ignore_index=True))
    pd.testing.assert_frame_equal(estimate_accuracy(repeated), estimate_accuracy(frame))
    without_keys = conform(frame.assign(key=None))
    pd.testing.assert_frame_equal(estimate_accuracy(without_keys), estimate_accuracy(frame))
