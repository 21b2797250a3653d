"""Text that was not read, or that does not belong: it lowers the score, or is looked for once more."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cardocr_nb import cards
from cardocr_nb._fonts import pil_font
from cardocr_nb.cards import field_name
from cardocr_nb.local.engine import _card_search as card_search
from cardocr_nb.local.engine._card_reading import CardReading
from cardocr_nb.local.engine._field_extraction import (
    Gap,
    extract_fields,
    keeps_address,
    reread_gap,
    surer,
    with_field,
    without_field,
)
from cardocr_nb.local.engine._line_crops import ImagePyramid
from cardocr_nb.local.engine._placed_chars import place_chars
from cardocr_nb.local.engine._recognition import Char, recognize_box
from cardocr_nb.local.engine._segments import segment_of
from cardocr_nb.local.engine._value_doubts import is_no_han_name, is_the_ink_of, starts_early, touches
from cardocr_nb.specimen import draw

sys.path.insert(0, str(Path(__file__).parent))
from record_lines import SPECIMENS, load, picture


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
    for more, doubtful in ((0.1, False), (0.3, True), (0.5, True)):
        wide = replace(last, box=(left, top, right + more * (right - left), bottom))
        address = extracted(changed(lines, first, replace(first, chars=(*before, wide))), kind).fields["address"]
        assert address.value.text == truth["address"]
        assert (address.doubt < 0.7) == doubtful


def test_ink_that_goes_on_after_a_name_was_left_out_makes_it_doubtful():
    kind, truth, _, lines = load("id_flat")
    line = next(line for line in lines if text_of(line).endswith(truth["name"]))
    left, top, right, bottom = line.chars[-1].box
    wide = right - left
    for size, doubtful in ((0.1, False), (0.3, True)):
        marks = (
            replace(line.chars[-1], text=t, box=(right + n * size * wide, top, right + (n + 0.9) * size * wide, bottom))
            for n, t in enumerate(";'")
        )
        name = extracted(changed(lines, line, replace(line, chars=(*line.chars, *marks))), kind).fields["name"]
        assert name.value.text == truth["name"]
        assert (name.doubt < 0.7) == doubtful


def test_a_birth_date_that_was_read_whole_is_as_sure_as_other_values():
    for recording in ("id_flat", "licence_flat"):
        kind, truth, _, lines = load(recording)
        birth = extracted(lines, kind).fields["birth_date"]
        assert (birth.value.text, birth.doubt) == (truth["birth_date"], 1.0)


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


@pytest.mark.parametrize(
    ("pair", "doubtful"), [("S样", True), ("C座", False), ("附B", False), ("小7", True), ("小区", False), ("7A", False)]
)
def test_a_letter_or_a_number_that_no_address_has_there_is_doubtful(rows, pair, doubtful):
    kind, _, lines, first, _ = rows
    chars = list(first.chars)
    at = next(n for n in range(4, len(chars)) if not chars[n + 1].text.isascii() and not chars[n + 2].text.isascii())
    chars[at : at + 2] = [replace(char, text=text) for char, text in zip(chars[at : at + 2], pair, strict=True)]
    address = extracted(changed(lines, first, replace(first, chars=tuple(chars))), kind).fields["address"]
    assert pair in address.value.text
    assert (address.doubt < 0.7) == doubtful


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
    found = card_search.detect

    def without_address(*given):
        detection = found(*given)
        centers = detection.boxes.mean(1)
        keep = ~((centers > (0, low[1] - 5)) & (centers < high + 5)).all(1)
        return replace(detection, boxes=detection.boxes[keep], groups=detection.groups[keep])

    monkeypatch.setattr(card_search, "detect", without_address)
    fields = CardReading(np.asarray(card.image.convert("RGB")), "IDCard", models).result().fields
    assert {field_name(f.label): f.text for f in fields} == card.texts


@pytest.mark.parametrize("value", ["男", "女"])
def test_a_value_printed_over_its_label_is_read_without_the_label(models, value):
    page = Image.new("RGB", (240, 90), (238, 245, 238))
    drawing = ImageDraw.Draw(page)
    drawing.text((30, 10), "性别", (76, 91, 82), pil_font(34))
    drawing.text((78, 24), value, (24, 24, 24), pil_font(44))
    pyramid = ImagePyramid(np.ascontiguousarray(np.asarray(page)[:, :, ::-1]))
    box = np.array([(25.0, 8.0), (150.0, 8.0), (150.0, 80.0), (25.0, 80.0)])
    gap = Gap("gender", "性别", tuple(map(tuple, box)), over=0.5)
    both, alone = (recognize_box(pyramid, box, models, extend=False, trim=True, paler=p) for p in (0.0, 0.5))
    assert "性" in text_of(both)
    assert text_of(alone) == value
    assert reread_gap(gap, alone, "DriverLicense").value.text == value


def test_a_lost_value_is_looked_for_over_its_label_as_well():
    kind, _, _, lines = load("licence_flat")
    label = next(line for line in lines if text_of(line).startswith("性别"))
    without = changed(lines, label, replace(label, chars=label.chars[:2]))
    next_to_it, over = (
        [gap for gap in extracted(without, kind).gaps if gap.field == "gender" and bool(gap.over) == choice]
        for choice in (False, True)
    )
    first = place_chars([label])[0][0].center[0]
    assert min(x for gap in next_to_it for x, _ in gap.box) > first
    assert [min(x for x, _ in gap.box) < first for gap in over] == [True, True]


@pytest.mark.parametrize(("field", "row"), [("first_issue_date", False), ("address", True)])
def test_a_row_whose_characters_are_unsure_is_recognized_again_alone(models, field, row):
    kind, truth, _, lines = load("licence_flat")
    line = next(line for line in lines if text_of(line).endswith(truth[field][-6:]))
    faint = replace(line, chars=tuple(replace(c, confidence=0.7) for c in line.chars))
    assert not [gap for gap in extracted(lines, kind).gaps if gap.field == field]
    first = extracted(changed(lines, line, faint), kind)
    (gap,) = (gap for gap in first.gaps if gap.field == field)
    assert (gap.torn, gap.instead) == (row, not row)
    pyramid = ImagePyramid(np.ascontiguousarray(picture("licence_flat")[:, :, ::-1]))
    again = recognize_box(pyramid, np.array(gap.box), models, extend=False, trim=True)
    assert text_of(again) == text_of(line)[-len(again.chars) :]
    assert min(c.confidence for c in again.chars) > 0.9
    if row:
        second = extracted([*changed(lines, line, faint), again], kind)
    else:
        reread = reread_gap(gap, again, kind)
        assert surer(reread, first)
        second = with_field(first, reread)
    assert second.fields[field].value.text == truth[field]
    assert min(second.fields[field].value.confidences) > 0.9
    assert second.fields[field].doubt == 1.0


def test_a_row_that_was_read_again_and_lost_a_character_is_not_taken(rows):
    kind, _, lines, first, _ = rows
    whole = extracted(lines, kind)
    less = extracted(changed(lines, first, replace(first, chars=first.chars[:-1])), kind)
    assert keeps_address(whole, less)
    assert not keeps_address(less, whole)
    assert not keeps_address(without_field(whole, "address"), whole)


def test_the_same_name_read_twice_is_less_sure_than_another_field():
    kind, _, _, lines = load("licence_flat")
    first = extracted(lines, kind)
    for field, doubt in (("name", 0.85), ("first_issue_date", 1.0)):
        second = replace(first.fields[field], doubt=0.85)
        assert not surer(second, first)
        assert with_field(first, second).fields[field].doubt == doubt


@pytest.mark.parametrize(
    ("text", "down", "doubtful"), [("构街", 0.0, False), ("Na", -1.8, False), ("构街", -1.8, True)]
)
def test_ink_of_the_value_itself_and_translations_are_no_dropped_text(rows, text, down, doubtful):
    kind, _, lines, _, _ = rows
    whole = extracted(lines, kind)
    chars = whole.fields["address"].chars
    both = [segment_of([c for c in chars if c.line == n], whole.pose) for n in dict.fromkeys(c.line for c in chars)]
    row = both[0]
    other = replace(
        row,
        chars=tuple(replace(c, char=replace(c.char, text=t)) for c, t in zip(row.chars, text, strict=False)),
        right=row.left + 2 * row.height,
        y=row.y + down * row.height,
    )
    assert any(touches(segment, other) for segment in both) == (text != "Na")
    assert any(touches(segment, other) and not is_the_ink_of(both, other) for segment in both) == doubtful


def test_a_name_that_lost_its_end_when_it_was_read_again_is_not_surer():
    kind, _, _, lines = load("id_flat")
    first = extracted(lines, kind)
    name = first.fields["name"]
    unsure = with_field(first, replace(name, value=replace(name.value, confidences=(0.5,) * len(name.value.text))))
    assert surer(name, unsure)
    cut = replace(name.value, text=name.value.text[:-1], confidences=name.value.confidences[:-1])
    assert not surer(replace(name, value=cut), unsure)
