"""A page stays below 5 MB however many cards, fields, codes and long texts there are."""

import numpy as np
import pandas as pd
import pytest

from cardocr_nb.cards import expected_fields
from cardocr_nb.frame import PolygonArray, conform
from cardocr_nb.report import _charts, report
from cardocr_nb.report import _write as write

FIELDS = expected_fields("IDCard")
MOST = 5_000_000


@pytest.fixture(autouse=True)
def _dark_copies_are_light_ones(monkeypatch):
    """A figure in light and dark has the same size; it is rendered once for both, half of the time of these tests."""
    for name in ("svg_address", "webp_address"):
        monkeypatch.setattr(_charts, name, rendered_once(getattr(_charts, name)))


def rendered_once(address):
    light = []

    def of_figure(figure):
        if not light:
            light.append(address(figure))
            return light[0]
        return light.pop()

    return of_figure


def column(values, number):
    return pd.Series(values, dtype="str").take(number).reset_index(drop=True)


def many_cards(cards, seed=0, *, fields=FIELDS, card_type="IDCard", folder="front"):
    """A frame with a row a field of each card, made of few texts and many keys."""
    rng = np.random.default_rng(seed)
    number = np.repeat(np.arange(cards), len(fields))
    texts = [f"样本省示例市试验街{n}号" for n in range(100)]
    place = rng.integers(10, 900, (len(number), 1, 2)) + np.array([(0, 0), (0, 40), (300, 40), (300, 0)])
    created = pd.Timestamp("2026-03-01T09:00:00+08:00") + pd.to_timedelta(number, unit="s")
    return conform(
        pd.DataFrame(
            {
                "job_id": column(np.char.mod(f"{folder[0]}%031x", np.arange(cards)), number),
                "key": column(np.char.mod(f"{folder}/%07d.jpg", np.arange(cards)), number),
                "card_type": card_type,
                "state": "Success",
                "field": pd.Categorical.from_codes(np.tile(np.arange(len(fields)), cards), fields),
                "text": column(texts, rng.integers(0, len(texts), len(number))),
                "score": pd.array(100 - np.minimum(rng.gamma(2, 4, len(number)).astype(int), 60), dtype="Int16"),
                "status": 1,
                "polygon": PolygonArray.from_numpy(place),
                "created": created,
                "ended": created + pd.Timedelta(seconds=2),
            }
        )
    )


def test_a_million_rows_make_a_page_below_5_mb(tmp_path):
    cards = many_cards(1_000_000 // len(FIELDS) + 1)
    assert len(cards) > 1_000_000
    page = report(cards, tmp_path / "r.html")
    assert page.stat().st_size < MOST
    assert f"{cards['key'].nunique():,} cards" in page.read_text("utf-8")


def test_many_codes_fields_keys_and_long_messages_make_a_page_below_5_mb(tmp_path):
    cards = many_cards(800)
    rng = np.random.default_rng(1)
    truth = cards[["key", "field", "text"]].astype({"field": "str"})
    cards["key"] = truth["key"] = "a" * 500 + "/" + cards["key"]
    named = np.array([f"field_{n}_{'x' * 60}" for n in range(60)])
    cards["field"] = pd.Categorical(
        np.where(rng.random(len(cards)) < 0.2, rng.choice(named, len(cards)), truth["field"])
    )
    truth["field"] = cards["field"].astype("str")
    cards["text"] = cards["text"].where(rng.random(len(cards)) < 0.9, "误" * 300)
    failed = pd.DataFrame({"key": [f"{n}.jpg" for n in range(1000)], "state": "Failed", "message": "m" * 20_000})
    failed["code"] = [f"Code{n}" + "c" * 1000 for n in range(1000)]
    whole = conform(pd.concat([cards, conform(failed)], ignore_index=True))
    truth = truth.drop_duplicates(["key", "field"])
    page = report(whole, tmp_path / "r.html", truth=truth, other=cards, review=1, error=20, lang="zh")
    assert page.stat().st_size < MOST


def test_pictures_that_would_make_the_page_too_large_are_left_out_with_a_word_in_the_log(tmp_path, monkeypatch, caplog):
    cards = many_cards(200)
    monkeypatch.setattr(write, "_LARGEST", 400_000)
    photos = {key: np.full((600, 1000, 3), 200, dtype=np.uint8) for key in cards["key"].unique()}
    page = report(cards, tmp_path / "r.html", images=photos).read_text("utf-8")
    assert len(page.encode()) <= 400_000
    assert "<table>" in page
    assert "some of its pictures are left out" in caplog.text
