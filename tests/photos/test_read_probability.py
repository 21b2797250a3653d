"""The probability that a card is read whole follows the engine on damage that it was not fitted to."""

from itertools import pairwise

import numpy as np
import photo_damage
import pytest
from fit_photo_quality import auroc
from PIL import Image

from cardocr_nb._photos import measure
from cardocr_nb._photos._read_probability import COEFFICIENTS, FAULTS
from cardocr_nb.specimen import draw


class Strength:
    """Dice that give one strength, and otherwise fall as usual."""

    def __init__(self, strength):
        self.first, self.dice = [strength], np.random.default_rng(1)

    def uniform(self, *bounds):
        return self.first.pop() if self.first else self.dice.uniform(*bounds)

    def __getattr__(self, name):
        return getattr(self.dice, name)


def saved(image, path):
    image.save(path, quality=85)
    return measure(path)


@pytest.mark.parametrize("damage", ["defocus", "motion"])
@pytest.mark.parametrize("kind", ["IDCard", "DriverLicense"])
def test_more_blur_of_a_kind_that_was_not_fitted_never_raises_the_probability(damage, kind, tmp_path):
    flat = draw(kind, seed=31).image.convert("RGB")
    found = [
        saved(photo_damage.damaged(flat, damage, Strength(s)), tmp_path / "a.jpg").probability for s in (0, 0.3, 0.6, 1)
    ]
    assert all(b <= a + 0.02 for a, b in pairwise(found))
    assert found[0] > 0.75
    assert found[-1] < 0.35


def test_each_fault_has_a_coefficient_that_lowers_the_probability():
    assert set(COEFFICIENTS) == {"intercept", *FAULTS}
    assert all(COEFFICIENTS[name] < 0 for name in FAULTS)


@pytest.mark.slow
def test_it_separates_photos_that_the_engine_reads_whole_from_others(tmp_path):
    from cardocr_nb.local.engine import Engine

    engine, whole, found = Engine(), [], []
    for number in range(600, 720):
        kind, family = photo_damage.TYPES[number % 2], number // 2 % 3
        if family:
            continue  # specimens only: cards of other layouts are in tools/fit_photo_quality.py
        for kind, texts, image, _ in list(photo_damage.held_out(number))[1:]:
            found.append(saved(image, tmp_path / "a.jpg").probability)
            whole.append(photo_damage.is_whole(engine, Image.open(tmp_path / "a.jpg"), kind, texts))
    assert len(whole) == 120
    assert auroc(np.array(whole, int), np.array(found)) >= 0.8
