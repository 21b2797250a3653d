from functools import cache

import numpy as np
import pytest
from PIL import ImageChops

from cardocr_nb.cards import FIELDS, CardType, expected_fields
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.specimen import _layouts as layouts
from cardocr_nb.specimen import draw, make_person
from cardocr_nb.specimen._people import dice

KINDS = list(CardType)
drawn = cache(draw)
"""Specimens that no test changes; a license takes longest."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_polygon_is_the_box_of_the_ink_that_the_value_leaves(kind, seed):
    whole = draw(kind, seed)
    for field, polygon in whole.polygons.items():
        blank = draw(kind, seed, without=[field])
        ink = ImageChops.difference(whole.image, blank.image).convert("L").point([0] * 70 + [255] * 186).getbbox()
        left, top = polygon.min(axis=0)
        right, bottom = polygon.max(axis=0)
        assert np.abs(np.subtract((left, top, right, bottom), ink)).max() <= 1, field


@pytest.mark.parametrize("kind", KINDS)
def test_a_polygon_runs_top_left_bottom_left_bottom_right_top_right(kind):
    for polygon in draw(kind, 5).polygons.values():
        (x1, y1), (x2, y2), (x3, y3), (x4, y4) = polygon
        assert x1 == x2 < x3 == x4
        assert y1 == y4 < y2 == y3


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_on_the_card_and_not_on_each_other(kind):
    for seed in range(25):
        specimen = drawn(kind, seed)
        boxes = [(*p.min(axis=0), *p.max(axis=0)) for p in specimen.polygons.values()]
        for number, (left, top, right, bottom) in enumerate(boxes):
            assert min(left, top) > 0
            assert right < specimen.image.width
            assert bottom < specimen.image.height
            for other in boxes[:number]:
                assert left >= other[2] or other[0] >= right or top >= other[3] or other[1] >= bottom, seed


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_has_every_field_of_the_card_in_the_cards_order(kind):
    for seed in range(10):
        specimen = draw(kind, seed)
        assert tuple(specimen.texts) == tuple(specimen.polygons) == expected_fields(kind)


def test_the_truth_is_what_the_person_is():
    for seed in range(10):
        person, texts = make_person(seed), draw("IDCard", seed).texts
        birth = f"{person.birth.year}年{person.birth.month}月{person.birth.day}日"
        assert list(texts.values()) == [
            person.name, person.gender, person.ethnicity, birth, person.address, person.number,
        ]  # fmt: skip


def test_a_license_says_until_when_or_for_good():
    periods = {drawn(CardType.DRIVER_LICENSE, seed).texts["valid_period"] for seed in range(30)}
    present = {period[10:] for period in periods if "至" in period}
    assert " 至 长期" in present
    assert all(period.startswith(" 至 ") for period in present)
    assert any(period[3:7].isdigit() for period in present)
    assert {period for period in periods if "至" not in period} <= {"6年", "10年", "长期"}
    assert {"6年", "10年"} & periods


def test_an_address_takes_one_to_three_lines():
    heights = {round(np.ptp(draw("IDCard", seed).polygons["address"][:, 1]) / 48) for seed in range(40)}
    assert {1, 2, 3} <= heights


@pytest.mark.parametrize("kind", KINDS)
def test_the_mark_lies_across_every_card(kind):
    for seed in range(10):
        levels = np.asarray(draw(kind, seed).image, dtype=int)
        red = levels[..., 0] - levels[..., 1] > 14
        assert red.mean() > 0.035
        assert red.any(axis=0).mean() > 0.75
        assert red.any(axis=1).mean() > 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_every_label_of_the_card_is_on_it_and_no_title_of_a_real_one(kind):
    arrange = layouts.id_card if kind is CardType.ID_CARD else layouts.driver_license
    for seed in range(10):
        texts = arrange(make_person(seed), dice("layout", kind, seed)).texts
        printed = {"".join(text.lines).replace(" ", "") for text in texts if text.field is None}
        assert {field.label for field in FIELDS[kind]} <= printed
        assert not any("中华人民共和国" in words or "居民身份证" in words for words in printed)
        assert kind is CardType.ID_CARD or "样本驾驶证SPECIMEN" in printed


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_draws_the_same_card_again_and_another_seed_another(kind):
    first, again, other = draw(kind, 4), draw(kind, 4), draw(kind, 5)
    assert first.image.tobytes() == again.image.tobytes()
    assert {n: p.tolist() for n, p in first.polygons.items()} == {n: p.tolist() for n, p in again.polygons.items()}
    assert first.image.size != other.image.size or first.image.tobytes() != other.image.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_the_arrangement_differs_from_card_to_card(kind):
    lefts = {tuple(p[0].round(-1)) for seed in range(12) for n, p in draw(kind, seed).polygons.items() if n == "name"}
    assert len(lefts) > 4


def test_a_field_left_blank_is_not_in_the_truth():
    specimen = draw("IDCard", 1, without=["name"])
    assert "name" not in specimen.texts
    assert "name" not in specimen.polygons


def test_there_is_no_third_card():
    with pytest.raises(InvalidRequestError, match="card_type must be"):
        draw("Passport", 1)


def test_no_text_of_a_specimen_is_in_its_repr():
    specimen = draw("IDCard", 1)
    assert specimen.texts["id_number"] not in repr(specimen)


def test_a_number_is_not_broken_between_lines():
    assert layouts.wrapped("样本12345号", 4) == ("样本", "12345号")
    assert layouts.wrapped("样本", 1) == ("样", "本")
    assert "".join(layouts.wrapped(make_person(1).address, 7)) == make_person(1).address


@pytest.mark.parametrize("kind", KINDS)
def test_the_plain_design_of_the_first_release_can_still_be_drawn(kind):
    form, plain = draw(kind, 3), draw(kind, 3, design="plain")
    assert plain.texts["name"] == form.texts["name"]
    assert plain.image.tobytes() != form.image.tobytes()
    with pytest.raises(InvalidRequestError, match="'form' or 'plain'"):
        draw(kind, 3, design="emblem")


def test_the_seal_is_red_has_several_rows_and_no_label():
    card = draw("DriverLicense", 1)
    left, top, right, bottom = (*card.polygons["issuing_authority"].min(0), *card.polygons["issuing_authority"].max(0))
    seal = np.asarray(card.image.crop((left, top, right, bottom)), dtype=int)
    dark = seal[seal[..., 1] < 140]
    assert len(dark) > 500
    assert (dark[:, 0] - dark[:, 1] > 60).mean() > 0.9
    assert 0.7 < (right - left) / (bottom - top) < 1.6


def test_some_licenses_are_photographed_with_their_second_page():
    widths = {drawn(CardType.DRIVER_LICENSE, seed).image.width > 1600 for seed in range(30)}
    assert widths == {True, False}


def test_minority_cards_may_have_a_second_script_that_is_in_no_field():
    from random import Random

    from cardocr_nb.specimen._minority_scripts import second_script

    written = second_script("朝鲜", Random(1))
    assert written is not None
    assert all("\uac00" <= letter <= "\ud7a3" for letter in written.text)
    assert second_script("汉", Random(1)) is None
