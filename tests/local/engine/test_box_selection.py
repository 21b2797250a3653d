"""Which boxes are recognized, in which order, and which are not recognized again."""

import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cardocr_nb._fonts import pil_font
from cardocr_nb.local.engine import _other_cards
from cardocr_nb.local.engine._box_selection import (
    across,
    covered,
    headings,
    in_number_row,
    in_seal,
    known_lines,
    likely_first,
    needs_no_title,
    next_to_larger,
    on_card,
    sure_pose,
    translations,
)
from cardocr_nb.local.engine._card_reading import MORE_CARDS, CardReading
from cardocr_nb.local.engine._detection import detect
from cardocr_nb.local.engine._field_extraction import Extraction
from cardocr_nb.local.engine._recognition import recognize_all
from cardocr_nb.specimen import draw

sys.path.insert(0, str(Path(__file__).parent))
from record_lines import SPECIMENS, load

ROW = np.array([(0.0, 0.0), (90.0, 0.0), (90.0, 20.0), (0.0, 20.0)])


def boxes_of(lines):
    corners = np.array([line.corners for line in lines])
    start, end, below = corners[:, 0], corners[:, 1], corners[:, 2]
    return np.stack([start, end, end + below - start, below], axis=1)


def text_of(line):
    return "".join(c.text for c in line.chars)


def test_boxes_of_the_usual_height_come_first():
    flat = [ROW + np.array([0, 40 * n]) for n in range(4)]
    high = 3 * ROW + np.array([500, 0])
    assert np.array_equal(likely_first(np.array([high, *flat])), [*flat, high])
    assert len(likely_first(np.empty((0, 4, 2)))) == 0


def test_text_with_few_signs_of_a_card_is_not_read_on_where_other_text_has_many(models, monkeypatch):
    desk = Image.new("RGB", (1400, 700), "white")
    desk.paste(draw("DriverLicense", 22).image.convert("RGB").resize((880, 600)), (0, 50))
    page = Image.new("RGB", (480, 620), "white")
    for row in range(9):
        ImageDraw.Draw(page).text((20, 20 + 60 * row), "本合同一式两份双方各执", (30, 30, 30), pil_font(36))
    desk.paste(page.rotate(20, expand=True, fillcolor="white").resize((500, 640)), (890, 30))
    reading = CardReading(np.asarray(desk), "DriverLicense", models)
    found = detect(reading.ink, models, 608)
    assert np.bincount(found.groups).min() > 5
    read_on = []
    monkeypatch.setattr(
        CardReading, "_group", lambda self, boxes, lines: read_on.append(lines) or (Extraction(None, {}), lines, boxes)
    )
    reading._surest_group(found)
    assert len(read_on) == 1
    assert not any("合同" in text_of(line) for line in read_on[0])


def test_long_rows_come_later_and_rows_longer_than_a_card_not_at_all():
    far = np.array([0.0, 40.0])
    long, longer = ROW * np.array([3, 1]) + far, ROW * np.array([5, 1]) + 2 * far
    boxes = np.array([longer, long, ROW])
    assert np.array_equal(likely_first(boxes), [ROW, long])
    # A number with its label takes 17 to 19 heights of a tight box.
    narrower = boxes * np.array([0.85, 1])
    assert len(likely_first(narrower)) == 3


@pytest.mark.parametrize("turn", [0, 25, 180])
def test_translations_come_last_the_right_way_up_or_upside_down(turn):
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    under = ROW * np.array([0.7, 0.6]) + np.array([0, 20])
    other = ROW + np.array([150, 0])
    boxes = np.array([under, ROW, other]) @ np.array([[c, s], [-s, c]])
    assert next_to_larger(boxes).tolist() == [True, False, False]
    assert np.array_equal(likely_first(boxes)[-1], boxes[0])


@pytest.mark.parametrize("recording", [name for name in SPECIMENS if name.startswith("licence")])
def test_no_value_of_a_recorded_license_is_taken_for_a_translation(recording):
    _, truth, _, lines = load(recording)
    marked = {text_of(line) for line, mark in zip(lines, next_to_larger(boxes_of(lines)), strict=True) if mark}
    assert not marked & set(truth.values())
    assert any(text.isascii() for text in marked)


@pytest.mark.parametrize("recording", SPECIMENS)
def test_sure_lines_are_kept_where_their_box_is_found_again(recording):
    _, _, _, lines = load(recording)
    sure = [line for line in lines if min(c.confidence for c in line.chars) >= 0.9]
    kept, again = known_lines(boxes_of(lines), lines)
    assert len(sure) > 5
    assert set(map(id, kept)) == set(map(id, sure))
    assert again.sum() == len(kept)
    assert known_lines(np.empty((0, 4, 2)), lines)[0] == ()


def test_a_line_whose_box_is_another_or_that_is_not_sure_is_recognized_again():
    _, _, _, lines = load("id_flat")
    line = max(lines, key=lambda line: len(line.chars))
    (box,) = boxes_of([line])
    high = np.linalg.norm(box[3] - box[0])
    longer, lower = box.copy(), box + np.array([0, 0.5 * high])
    longer[[1, 2], 0] += high
    assert known_lines(np.array([longer, lower]), [line])[1].tolist() == [False, False]
    unsure = replace(line, chars=(replace(line.chars[0], confidence=0.6), *line.chars[1:]))
    assert known_lines(box[None], [unsure])[1].tolist() == [False]


def test_only_texts_on_the_card_in_another_direction_are_across_it():
    kind, _, _, lines = load("licence_turned")
    pose = sure_pose(lines, kind)
    boxes = boxes_of(lines)
    assert not across(boxes, pose).any()
    middle = boxes.mean((0, 1))
    c, s = np.cos(np.radians(40)), np.sin(np.radians(40))
    turned = (boxes[:1] - boxes[:1].mean(1)) @ np.array([[c, s], [-s, c]]) + middle
    assert across(turned, pose).tolist() == [True]
    assert across(turned + 5000, pose).tolist() == [False]


@pytest.mark.parametrize("recording", [name for name in SPECIMENS if name.startswith("licence")])
def test_translations_of_labels_that_were_read_are_left_out_and_no_value_is(recording):
    kind, truth, _, lines = load(recording)
    pose = sure_pose(lines, kind)
    boxes = boxes_of(lines)
    marked = translations(boxes, pose, read=True)
    texts = [text_of(line) for line, mark in zip(lines, marked, strict=True) if mark]
    assert len(texts) > 4
    assert all(re.fullmatch("[A-Za-z'.]+", text) for text in texts)
    assert not set(texts) & set(truth.values())
    # One that goes on to the place of the value may hold it.
    label = next(i for i in np.flatnonzero(marked) if text_of(lines[i]).startswith("DateofB"))
    boxes[label, [1, 2]] += 1.5 * (boxes[label, 1] - boxes[label, 0])
    assert not translations(boxes, pose, read=True)[label]


def test_boxes_within_a_line_that_was_followed_beyond_its_own_box_are_not_recognized():
    _, _, _, lines = load("licence_turned")
    line = max(lines, key=lambda line: (min(c.confidence for c in line.chars) > 0.9, len(line.chars)))
    (box,) = boxes_of([line])
    along, down = box[1] - box[0], box[3] - box[0]
    second_half, further = box.copy(), box.copy()
    second_half[[0, 3]] += 0.5 * along
    further[[1, 2]] += 0.5 * along
    boxes = np.array([box, second_half, further, box + down])
    assert covered(boxes, [line]).tolist() == [True, True, False, False]
    unsure = replace(line, chars=(replace(line.chars[0], confidence=0.6), *line.chars[1:]))
    assert not covered(boxes, [unsure]).any()


def test_papers_at_another_angle_are_not_read_on_once_the_card_was_found(models, monkeypatch):
    card = draw("DriverLicense", 21, without=["valid_period", "name"]).image.convert("RGB")
    desk = Image.new("RGB", (1500, 1500), (120, 110, 100))
    page = Image.new("RGB", (700, 500), (250, 250, 250))
    for row in range(11):
        ImageDraw.Draw(page).text((20, 20 + 42 * row), "本合同一式两份双方各执一份", (30, 30, 30), pil_font(30))
    turned = page.rotate(-30, expand=True)
    desk.paste(turned, (500, 850), Image.new("L", page.size, 255).rotate(-30, expand=True))
    desk.paste(card, (60, 40))
    read_on = []
    group = CardReading._group

    def counted(reading, boxes, first):
        read_on.append(len(boxes))
        return group(reading, boxes, first)

    monkeypatch.setattr(CardReading, "_group", counted)
    reading = CardReading(np.asarray(desk), "DriverLicense", models)
    found = detect(reading.ink, models, 608)
    assert np.bincount(found.groups).min() > 5
    extraction, _, _ = reading._surest_group(found)
    assert len(read_on) == 1
    assert len(extraction.fields) > 6


def test_no_other_text_is_read_on_once_the_place_of_a_card_is_known(models, monkeypatch):
    card = draw("DriverLicense", 22)
    picture = np.asarray(card.image.convert("RGB"))
    reading = CardReading(picture, "DriverLicense", models)
    found = detect(reading.ink, models, 608)
    two = replace(found, groups=np.arange(len(found.boxes)) % 2, angles=(0.0, 0.0))
    pose = sure_pose(recognize_all(reading.pyramid, found.boxes, models), "DriverLicense")
    empty = Extraction(pose, {})
    read_on = []
    monkeypatch.setattr(
        CardReading, "_group", lambda self, boxes, lines: read_on.append(boxes) or (empty, lines, boxes)
    )
    reading._surest_group(two)
    assert len(read_on) == 1
    dates = {name: a for name, a in pose.anchors.items() if name.endswith("date:value")}
    empty = Extraction(replace(pose, anchors=dates, agreement=0.0), {})
    read_on.clear()
    reading._surest_group(two)
    assert len(read_on) == 2


def test_the_second_page_of_a_license_is_known_by_its_number(models, monkeypatch):
    card = draw("DriverLicense", 6)
    assert card.image.width > 2 * card.image.height
    picture = np.asarray(card.image.convert("RGB"))
    reading = CardReading(picture, "DriverLicense", models)
    best, _, unread = reading._first_look()
    asked = []

    def counted(pyramid, boxes, networks):
        lines = recognize_all(pyramid, boxes, networks)
        asked.extend(text_of(line) for line in lines)
        return lines

    monkeypatch.setattr(_other_cards, "recognize_all", counted)
    assert not _other_cards.shows_another_card(best, (), unread, reading.pyramid, models)
    assert any(card.texts["licence_number"] in text for text in asked)
    assert len(asked) <= 2


def test_a_second_page_whose_labels_were_read_is_not_searched_for_the_number_of_another_card(models, monkeypatch):
    card = draw("DriverLicense", 6)
    picture = np.asarray(card.image.convert("RGB"))
    reading = CardReading(picture, "DriverLicense", models)
    best, lines, unread = reading._first_look()
    every = recognize_all(reading.pyramid, unread, models) + lines
    assert any("档案编号" in text_of(line) for line in every)
    asked = []
    monkeypatch.setattr(_other_cards, "recognize_all", lambda pyramid, boxes, networks: asked.extend(boxes) or ())
    assert not _other_cards.shows_another_card(best, every, unread, reading.pyramid, models)
    assert not asked


@pytest.mark.parametrize("second", [True, False])
def test_another_card_below_one_with_a_second_page_is_found(models, second):
    card, other = draw("DriverLicense", 6), draw("DriverLicense", 22)
    size = card.image.width, card.image.height + other.image.height + 40
    both = Image.new("RGB", size, (120, 110, 100))
    both.paste(card.image, (0, 0))
    if second:
        both.paste(other.image, (30, card.image.height + 40))
    reading = CardReading(np.asarray(both), "DriverLicense", models)
    assert (reading.result().message == MORE_CARDS) == second


@pytest.mark.parametrize("recording", ["licence_flat", "licence_clutter", "licence_turned"])
def test_the_number_of_a_license_does_not_wait_for_the_title_above_it(recording):
    kind, _, _, lines = load(recording)
    without_number = [line for line in lines if not re.search(r"\d{17}", text_of(line))]
    marks = in_number_row(boxes_of(lines), sure_pose(without_number, kind))
    assert [text_of(line) for line, mark in zip(lines, marks, strict=True) if mark] == [
        text_of(line) for line in lines if re.search(r"\d{17}", text_of(line))
    ]


def test_only_rows_of_the_seal_are_where_the_layout_has_it():
    kind, _, _, lines = load("licence_flat")
    marks = in_seal(boxes_of(lines), sure_pose(lines, kind))
    within = [line for line, mark in zip(lines, marks, strict=True) if mark]
    assert within
    assert all(np.median([char.redness for char in line.chars]) > 0.4 for line in within)


def test_work_begins_before_its_results_are_asked_for_and_they_keep_their_order(models):
    begun = threading.Event()
    pool = ThreadPoolExecutor(2)
    with pool:
        results = models._replace(pool=pool).begin(lambda n: (begun.set(), n)[1], range(20))
        assert begun.wait(60)
        assert list(results) == list(range(20))
    assert list(models._replace(pool=None).begin(abs, [-2, 1])) == [2, 1]


@pytest.mark.parametrize("alone", [True, False])
def test_work_that_is_closed_leaves_out_what_is_not_begun(models, alone):
    ended, done = threading.Event(), []

    def note(number):
        done.append(number)
        assert number < 2 or ended.wait(60)

    with ThreadPoolExecutor(1) as pool:
        results = models._replace(pool=None if alone else pool).begin(note, range(20))
        next(results)
        next(results)
        results.close()
        ended.set()
    assert len(done) <= 3


@pytest.mark.parametrize("recording", ["licence_flat", "licence_clutter", "licence_turned"])
def test_only_the_title_and_its_translation_are_above_the_fields_of_a_license(recording):
    kind, _, _, lines = load(recording)
    without_number = [line for line in lines if not re.search(r"\d{17}", text_of(line))]
    for some in (lines, without_number):
        pose = sure_pose(some, kind)
        marks = on_card(boxes_of(lines), pose) | headings(boxes_of(lines), pose)
        texts = {
            text_of(line) for line, mark in zip(lines, headings(boxes_of(lines), pose) & marks, strict=True) if mark
        }
        assert {text for text in texts if re.search("驾驶证|License", text)}
        assert not {text for text in texts if re.search(r"\d{17}|姓名|性别|国籍|住址|证号", text)}
    assert needs_no_title(sure_pose(lines, kind))


@pytest.mark.parametrize("pictured", [True, False])
def test_the_title_of_a_license_is_recognized_where_there_is_no_portrait(models, pictured):
    card = draw("DriverLicense", 22)
    picture = np.asarray(card.image.convert("RGB")).copy()
    reading = CardReading(picture, "DriverLicense", models)
    pose = reading._first_look()[0].pose
    if not pictured:
        left, top, right, bottom = pose.layout.portrait
        (x0, y0), (x1, y1) = pose.on_picture(np.array([(left - 1, top - 1), (right + 1, bottom + 1)])).astype(int)
        picture[y0:y1, x0:x1] = np.median(picture[y0 - 4 : y0, x0:x1], axis=(0, 1))
    extraction, lines, unread = CardReading(picture, "DriverLicense", models)._first_look()
    title = [line for line in lines if "机动车" in text_of(line)]
    assert needs_no_title(extraction.pose)
    assert bool(title) != pictured
    assert {name: e.value.text for name, e in extraction.fields.items()} == card.texts
    assert len(unread)
