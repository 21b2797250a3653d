"""Characters of a line that are not values: what the form prints, watermarks, and marks under the text."""

from __future__ import annotations

import re
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.local.engine._anchors import TITLE
from cardocr_nb.local.engine._label_places import LabelPlace
from cardocr_nb.local.engine._placed_chars import longest_match
from cardocr_nb.local.engine._quantiles import quantile
from cardocr_nb.local.engine._tolerances import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._placed_chars import PlacedChar

_WORDS = re.compile("[A-Za-z.'’]*[a-z.]")
_OTHER_PRINT = {"valid_from": "有效起始日期", "title": TITLE, "second page": "机动车驾驶证副页", "file": "档案编号"}
"""What the license prints besides the labels of its fields."""
_MARK = frozenset("样本")
_SPECIMEN = re.compile("[样本]*[A-Z]*(?:SPEC|PECI|ECIM|CIME|IMEN)[A-Z]*[样本]*")
_HYPHENS = frozenset("-—")
_RED = 0.4
_WITH_MORE = 1.5
"""Width over height of a Chinese character from which more than itself is in its box."""
_FADING = 0.4
"""Contrast of a character over that of the one next to it, from which both may be ink of one text under glare."""


def print_of_labels(rows: Sequence[Sequence[PlacedChar]], pose: CardPose, height: float) -> set[tuple[int, int]]:
    """Return the characters of labels that another box, mostly that of a value, has as well; in a row of a seal they may be misread."""
    again: set[tuple[int, int]] = set()
    chars = [c for row in rows for c in row]
    if not chars:
        return again
    seals = {row[0].line for row in rows if row and quantile([c.char.redness for c in row], 0.6) > _RED}
    corners = pose.on_card(np.concatenate([c.corners for c in chars])).reshape(-1, 4, 2)
    places, tall = corners.mean(1), np.ptp(corners[:, :2, 1], axis=1)
    # A character with small print behind it, as that of a translation, has both in its box.
    wide = np.ptp(corners[:, [0, 3], 0], axis=1) > _WITH_MORE * tall
    places[wide, 0] = corners[wide, 0, 0] + tall[wide] / 2
    for name, anchor in pose.labels.items():
        printed = pose.on_card(np.array([c.center for c in anchor.chars]))
        letters = frozenset(pose.layout.fields[name].label)
        low, up = printed[:, 0].min() - 0.7 * height, printed[:, 0].max() + 0.7 * height
        near = (places[:, 0] > low) & (places[:, 0] < up)
        near &= abs(places[:, 1] - printed[:, 1].mean()) < 0.35 * (height + tall)
        again |= {
            (chars[i].line, chars[i].place)
            for i in np.flatnonzero(near)
            if chars[i].char.text in letters or (chars[i].line in seals and chars[i].char.redness < _RED)
        }
    return again


def printed_by_form(row: Sequence[PlacedChar], pose: CardPose) -> tuple[set[int], LabelPlace | None]:
    """Return the indices of Latin words and of other texts that the form prints; and the label of the first day of validity."""
    text = _text(row)
    out = _words(row)
    start = None
    for name, printed in _OTHER_PRINT.items():
        for begin in range(len(row)):
            if row[begin].candidates.isdisjoint(printed):
                continue
            matched = longest_match(row[begin : begin + len(printed) + 1], printed, int(0.7 * len(printed)))
            if len(matched) > 0.7 * len(printed) and matched[0] is row[begin]:
                out |= {row.index(c) for c in matched}
                if name == "valid_from":
                    corners = pose.on_card(np.concatenate([c.corners for c in matched]))
                    left, right = float(corners[:, 0].min()), float(corners[:, 0].max())
                    start = LabelPlace(left, right, float(corners[:, 1].mean()), sure=True)
                break
    if set(text) <= _MARK:
        out |= set(range(len(row)))
    return out, start


def without_specimen(row: Sequence[PlacedChar]) -> list[PlacedChar]:
    """Leave out the mark of a specimen, which may be in one line with a value next to the portrait."""
    mark = {i for found in _SPECIMEN.finditer(_text(row)) for i in range(*found.span())}
    return [char for i, char in enumerate(row) if i not in mark]


def _text(row: Sequence[PlacedChar]) -> str:
    return "".join(c.char.text if len(c.char.text) == 1 else " " for c in row)


def _words(row: Sequence[PlacedChar]) -> set[int]:
    """Indices of Latin words, which labels in two languages have."""
    return {
        i
        for found in _WORDS.finditer(_text(row))
        if sum(map(str.islower, found[0])) > 1 or re.fullmatch("No?[.:]?", found[0])
        for i in range(*found.span())
    }


def pale_chars(row: Sequence[PlacedChar]) -> set[int]:
    """Return the indices of characters much paler than the others of their line: a watermark, the mark 样本, lines of the background."""
    tones = np.array([c.char.contrast for c in row])
    thin = np.ptp([c.corners for c in row], axis=1).sum(1)
    # A character at the end of its crop may have lost its ink box: its tone says nothing.
    # In a blur a hyphen loses most of its tone.
    thin[[c.char.text in _HYPHENS for c in row]] = 0
    tones[thin < 0.3 * median(thin.tolist())] = np.inf if len(row) > 1 else tones.max()
    clear = tones >= TOLERANCES.pale * quantile(tones[np.isfinite(tones)].tolist(), 0.75)
    # Under glare ink gets paler from character to character; that of a watermark is pale at once.
    for order in (range(1, len(row)), range(len(row) - 2, -1, -1)):
        for place in order:
            before = place - order.step
            clear[place] |= clear[before] and tones[place] > _FADING * min(tones[before], 1.0)
    return set(np.flatnonzero(~clear).tolist())


def of_another_color(row: Sequence[PlacedChar]) -> set[int]:
    """Return the indices of gray characters in a line of red ones: a watermark over a seal."""
    red = [c.char.redness for c in row]
    usual = median(red)
    return {place for place, own in enumerate(red) if own < usual - 0.45} if usual > 0.5 else set()


def without_marks(row: Sequence[PlacedChar]) -> list[PlacedChar]:
    """Leave out the characters of a line that belong to a watermark, a mark under the text, or a label in Latin letters."""
    left_out = pale_chars(row) | of_another_color(row) | _words(row)
    return [char for place, char in enumerate(row) if place not in left_out]
