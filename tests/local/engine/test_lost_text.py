"""Text that was not read, or that does not belong: it lowers the score, or is looked for once more."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cardocr_nb import cards
from cardocr_nb.cards import field_name
from cardocr_nb.local.engine import _card_reading as card_reading
from cardocr_nb.local.engine._card_reading import CardReading
from cardocr_nb.local.engine._field_extraction import extract_fields
from cardocr_nb.local.engine._recognition import Char
from cardocr_nb.local.engine._value_doubts import is_no_han_name, starts_early
from cardocr_nb.specimen import draw

sys.path.insert(0, str(Path(__file__).parent))
from record_lines import SPECIMENS, load


def extracted(lines, kind):
    return extract_fields(lines, kind, {f.name: f.label for f in cards.FIELDS[cards.CardType(kind)]})


def text_of(line):
    return "".join(c.text for c in line.chars)


@pytest.fixture
def rows():
    """An identity card whose address has two rows: all lines, and both rows."""
    kind, truth, _, lines = load("id_flat")
    first, second = (line for line in lines if set(text_of(line)) & {"构", "街"})
    assert truth["address"] == text_of(first).removeprefix("住址") + text_of(second)
    return kind, truth, lines, first, second


def changed(lines, old, new):
    return [new if line is old else line for line in lines]


def test_a_last_character_with_the_ink_of_another_one_is_doubtful(rows):
    kind, truth, lines, first, _ = rows
    *before, last = first.chars
    left, top, right, bottom = last.box
    for more, doubtful in ((0.1, False), (0.5, True)):
        wide = replace(last, box=(left, top, right + more * (right - left), bottom))
        address = extracted(changed(lines, first, replace(first, chars=(*before, wide))), kind).fields["address"]
        assert address.value.text == truth["address"]
        assert (address.doubt < 0.7) == doubtful


@pytest.mark.parametrize(("kept", "doubtful"), [(6, True), (10, False)])
def test_a_row_that_is_not_the_last_one_and_short_has_lost_its_end(rows, kept, doubtful):
    kind, _, lines, first, _ = rows
    label = text_of(first).index("虚")
    cut = replace(first, chars=first.chars[: label + kept])
    assert (extracted(changed(lines, first, cut), kind).fields["address"].doubt < 0.7) == doubtful


def test_a_row_with_as_many_characters_as_the_one_above_is_full_even_if_it_is_narrow(rows):
    kind, _, lines, _, second = rows
    left, top, right, bottom = second.chars[0].box
    step = 0.6 * (right - left)
    narrow = tuple(
        Char(c, 0.99, (left + n * step, top + 0.2 * (bottom - top), left + (n + 0.8) * step, bottom))
        for n, c in enumerate("30-234-42-17")
    )
    assert extracted(lines, kind).further is None
    short = extracted(changed(lines, second, replace(second, chars=narrow[:6])), kind)
    full = extracted(changed(lines, second, replace(second, chars=narrow)), kind)
    assert short.further is None
    assert full.further is not None
    assert min(y for _, y in full.further) > np.array(second.corners)[0, 1]


def test_a_number_that_ends_beyond_the_edge_of_the_card_is_whole():
    kind, truth, _, lines = load("id_flat")
    line = next(line for line in lines if truth["id_number"] in text_of(line))
    pose = extracted(lines, kind).pose
    start, end, below = np.array(line.corners)
    target = pose.on_picture(np.array([[pose.layout.size[0] + 7.0, pose.on_card(end[None])[0, 1]]]))[0]
    stretched = replace(line, corners=(tuple(start), tuple(target), tuple(below)))
    assert extracted(changed(lines, line, stretched), kind).fields["id_number"].value.text == truth["id_number"]


def chosen(**fields):
    return {
        name: SimpleNamespace(
            field=name, value=SimpleNamespace(text=text), segments=[SimpleNamespace(left=left, height=3.0)]
        )
        for name, (text, left) in fields.items()
    }


@pytest.mark.parametrize(("left", "early"), [(11.0, True), (14.5, False), (16.5, False), (22.0, False)])
def test_a_name_in_front_of_the_column_of_the_values_has_other_text(left, early):
    values = chosen(
        name=("件仅陈诺", left), gender=("女", 17.0), birth_date=("1963年3月17日", 16.8), address=("某", 17.2)
    )
    assert starts_early(values["name"], values) == early
    assert not starts_early(values["address"], values)
    assert not starts_early(values["name"], {"name": values["name"], "gender": values["gender"]})


@pytest.mark.parametrize("recording", SPECIMENS)
def test_nothing_is_missing_on_a_recorded_card(recording):
    kind, _, _, lines = load(recording)
    fields = extracted(lines, kind).fields
    assert [fields[name].doubt for name in ("name", "address")] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "group", "doubtful"),
    [
        ("性耐", "汉", True),
        ("洗文", "汉", True),
        ("冼文", "汉", False),
        ("欧阳文", "汉", False),
        ("扎西", "藏", False),
        ("皇甫珮", "汉", False),
    ],
)
def test_the_name_of_a_han_person_begins_with_a_surname(name, group, doubtful):
    values = chosen(name=(name, 17.0), ethnicity=(group, 40.0))
    assert is_no_han_name(values["name"], values) == doubtful
    assert not is_no_han_name(values["ethnicity"], values)
    assert not is_no_han_name(values["name"], {"name": values["name"]})


def test_an_address_of_which_one_row_was_looked_for_is_searched_for_more(models, monkeypatch):
    seed = next(s for s in range(60, 90) if len(draw("IDCard", s).texts["address"]) > 13)
    card = draw("IDCard", seed)
    low, high = (f(card.polygons["address"], axis=0) for f in (np.min, np.max))
    found = card_reading.detect

    def without_address(*given):
        detection = found(*given)
        centers = detection.boxes.mean(1)
        keep = ~((centers > (0, low[1] - 5)) & (centers < high + 5)).all(1)
        return replace(detection, boxes=detection.boxes[keep], groups=detection.groups[keep])

    monkeypatch.setattr(card_reading, "detect", without_address)
    fields = CardReading(np.asarray(card.image.convert("RGB")), "IDCard", models).result().fields
    assert {field_name(f.label): f.text for f in fields} == card.texts
