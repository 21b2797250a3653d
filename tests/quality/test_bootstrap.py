from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap as scipy_bootstrap
from test_calibration import cards_and_truth

from cardocr_nb.frame import empty
from cardocr_nb.quality import evaluate
from cardocr_nb.quality._bootstrap import bootstrap

FIELDS = ("name", "gender", "address", "id_number", "birth_date")


def clustered(rng, images=200, bad=0.2, faults=(0.02, 0.6)):
    """Cards, a rate of them bad: on those most fields are incorrect, on the others few."""
    chance = np.where(rng.random(images) < bad, faults[1], faults[0])
    parts = [cards_and_truth(np.full(images, 90), rng.random(images) >= chance, field=field) for field in FIELDS]
    return pd.concat([p[0] for p in parts], ignore_index=True), pd.concat([p[1] for p in parts], ignore_index=True)


def test_the_interval_for_all_fields_is_that_of_scipy_and_one_incorrect_card_more():
    result = evaluate(*clustered(np.random.default_rng(3)))
    ours = result.bootstrap(n_resamples=20_000).iloc[-1]
    shares = (result.cells["outcome"] == "correct").groupby(result.cells["key"]).mean().to_numpy()
    theirs = scipy_bootstrap(
        (shares,), np.mean, method="percentile", random_state=np.random.default_rng(4)
    ).confidence_interval
    assert ours.field == "all"
    assert (ours.images, ours.cases) == (200, 1000)
    assert ours.exact_high == pytest.approx(theirs.high, abs=0.004)
    # The percentile interval covers the true rate too seldom where few cards are wholly incorrect (0.90 in simulations).
    assert theirs.low - 2 / 200 < ours.exact_low < theirs.low


def test_images_are_what_is_drawn_so_that_the_interval_covers_where_that_of_independent_fields_is_too_narrow():
    rng = np.random.default_rng(5)
    images, true = 100, 1 - (0.2 * 0.6 + 0.8 * 0.02)
    keys = np.tile([f"{k}.jpg" for k in range(images)], len(FIELDS))
    field = pd.Categorical(np.repeat("name", len(keys)))
    covered = {"images": 0, "fields": 0}
    for _ in range(120):
        chance = np.where(rng.random(images) < 0.2, 0.6, 0.02)
        right = rng.random(len(keys)) >= np.tile(chance, len(FIELDS))
        cells = pd.DataFrame({"key": keys, "field": field, "outcome": np.where(right, "correct", "wrong")})
        row = bootstrap(cells.assign(distance=0, length=1), n_resamples=400).iloc[-1]
        covered["images"] += row.exact_low <= true <= row.exact_high
        half = 1.96 * np.sqrt(row.exact * (1 - row.exact) / row.cases)
        covered["fields"] += abs(row.exact - true) <= half
    assert covered["images"] >= 0.9 * 120
    assert covered["fields"] < 0.88 * 120


def test_slices_have_rows_of_their_own():
    frame, truth = clustered(np.random.default_rng(6), images=20)
    frame["region"] = np.where(frame["key"].str.len() > 5, "north", "south")
    table = evaluate(frame, truth, by="region").bootstrap(n_resamples=50)
    assert table.region.value_counts().to_dict() == {"north": 6, "south": 6}
    assert table[table.field == "all"].images.tolist() == [10, 10]


def test_the_same_seed_gives_the_same_intervals():
    result = evaluate(*clustered(np.random.default_rng(7), images=30))
    pd.testing.assert_frame_equal(result.bootstrap(n_resamples=100), result.bootstrap(n_resamples=100))
    assert not result.bootstrap(n_resamples=100, seed=1).equals(result.bootstrap(n_resamples=100))


def test_one_image_has_no_interval_and_none_gives_an_empty_table():
    one = evaluate(*cards_and_truth([90], [True])).bootstrap()
    assert one.exact.tolist() == [1, 1]
    assert one[["exact_low", "cer_high"]].isna().all(axis=None)
    assert evaluate(empty(), pd.DataFrame({"key": [], "field": [], "text": []})).bootstrap().empty


@pytest.mark.parametrize("given", [{"confidence": 95}, {"n_resamples": 0}])
def test_what_makes_no_sense_is_refused(given):
    with pytest.raises(ValueError, match=r"confidence must lie between|n_resamples must be a whole number of 1"):
        evaluate(*cards_and_truth([90, 80], [True, False])).bootstrap(**given)


@pytest.mark.parametrize("inserted", [18, 40, 400])
def test_a_reading_with_more_edits_than_characters_raises_the_upper_end_alone(inserted):
    cells = pd.DataFrame({
        "key": [f"{k}.jpg" for k in range(8)], "field": pd.Categorical(["name"] * 8), "outcome": ["wrong"] + ["correct"] * 7,
        "length": 18,
    })  # fmt: skip
    as_many, more = (bootstrap(cells.assign(distance=[edits] + [0] * 7)).iloc[0] for edits in (18, inserted))
    assert more.cer_low == as_many.cer_low
    # As many unseen readings as the bound of their rate allows may be like that one.
    assert more.cer_high == pytest.approx(as_many.cer_high * inserted / 18, rel=0.05)
    assert more.cer_low < more.cer < more.cer_high


def test_the_upper_end_of_a_character_error_rate_is_not_below_that_of_the_edits_themselves():
    distance = np.repeat([36, 1, 0], [8, 72, 320])
    cells = pd.DataFrame({
        "key": [f"{k}.jpg" for k in range(400)], "field": pd.Categorical(["name"] * 400), "length": 18,
        "outcome": np.where(distance > 0, "wrong", "correct"), "distance": distance,
    })  # fmt: skip
    drawn = np.random.default_rng(1).choice(distance, (4000, 400)).sum(axis=1) / (400 * 18)
    assert bootstrap(cells).iloc[0].cer_high >= 0.98 * np.quantile(drawn, 0.975)
