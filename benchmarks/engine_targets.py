"""The targets of the embedded engine on cards by other hands: tables by condition, next to RapidOCR, and a summary.

The judging sets of `foreign_cards` and `rendered_cards` and the pictures without such a card of `other_documents` share no code,
font, proportion or arrangement with engine and specimens. RapidOCR runs with its defaults on the same pictures, in turn with the
engine, and `simple_naming` names its lines: it gives no fields itself.
"""

from __future__ import annotations

import sys
import time
import unicodedata
from random import Random
from typing import TYPE_CHECKING

import foreign_cards
import numpy as np
import other_documents
import rendered_cards
from simple_naming import boxes_of, name_fields

from cardocr_nb.cards import field_name
from cardocr_nb.quality._intervals import wilson

if TYPE_CHECKING:
    import argparse

    from cardocr_nb.local.engine import Engine

TYPES = ("IDCard", "DriverLicense")
FAMILIES = {
    "foreign": (
        foreign_cards.CONDITIONS,
        lambda k, c, n: foreign_cards.card(k, Random(f"{k} {c} {n}")),
        foreign_cards.photo,
        foreign_cards.negatives,
    ),
    "rendered": (
        rendered_cards.CONDITIONS,
        lambda k, c, n: rendered_cards.card(k, 100 * n + rendered_cards.CONDITIONS.index(c), "judging"),
        rendered_cards.shoot,
        other_documents.negatives,
    ),
}
"""Conditions, drawing, photo, and pictures without such a card."""


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def share(hits: list[bool]) -> str:
    """Per cent, and the interval around it."""
    return part_of(sum(hits), len(hits))


def part_of(count: int, cases: int) -> str:
    """Per cent, and Wilson's interval at 95 % around it."""
    low, high = (100 * float(bound) for bound in wilson(count, cases))
    return f"{100 * count / cases:6.2f} [{low:5.1f},{high:5.1f}]"


def squeezed(text: str) -> str:
    """Text in one form, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split())


class Tally:
    """Counts of one row of the tables."""

    def __init__(self) -> None:
        self.hits, self.whole, self.theirs, self.their_whole = [], [], [], []
        self.sure_wrong, self.seconds, self.their_seconds = 0, 0.0, 0.0

    def add(self, other: Tally) -> None:
        """Add the counts of another row."""
        for name in ("hits", "whole", "theirs", "their_whole", "sure_wrong", "seconds", "their_seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def row(self, kind: str, condition: str) -> str:
        """Return the row as text."""
        theirs = f"{share(self.theirs):>22}{share(self.their_whole):>22}{self.faster:6.1f}x" if self.theirs else ""
        return (
            f"{kind:14}{condition:11}{len(self.whole):6}{share(self.hits):>22}{share(self.whole):>22}"
            f"{part_of(self.sure_wrong, len(self.hits)):>22}{1000 * self.seconds / len(self.whole):7.0f}{theirs}"
        )

    @property
    def faster(self) -> float:
        """Time of RapidOCR over that of the engine."""
        return self.their_seconds / self.seconds


def foreign(engine: Engine, options: argparse.Namespace) -> None:
    """Print the tables of cards by other hands, the fields on pictures without such a card, and the targets."""
    rapid = None
    if not options.alone:
        from rapidocr import RapidOCR

        rapid = RapidOCR(params={"Global.log_level": "critical"})
    rows: dict[str, dict[str, Tally]] = {kind: {} for kind in TYPES}
    counts: dict[str, list[int]] = {kind: [] for kind in TYPES}
    for name in options.families:
        say(
            f"{name:14}{'condition':11}{'cards':>6}{'fields exact, %':>22}{'whole cards, %':>22}{'wrong at >=90, %':>22}"
            f"{'ms':>7}{'RapidOCR fields':>22}{'RapidOCR whole':>22}{'faster':>7}"
        )
        for kind in TYPES:
            for scene, tally in family(name, kind, engine, rapid, options).items():
                rows[kind][f"{name} {scene}"] = tally
    for name in options.families:
        for kind in TYPES:
            counts[kind] += none(engine, kind, FAMILIES[name][3], options)
    for kind in TYPES:
        targets(kind, rows[kind], counts[kind])


def family(name: str, kind: str, engine: Engine, rapid, options: argparse.Namespace) -> dict[str, Tally]:
    """Print the table of one family and type, and return its rows by condition."""
    scenes, card, photo, _ = FAMILIES[name]
    rows, every = {}, Tally()
    for scene in scenes:
        rows[scene] = Tally()
        for seed in range(options.foreign_seed, options.foreign_seed + options.foreign):
            flat = card(kind, scene, seed)
            judge(engine, rapid, photo(flat, scene, seed), flat, rows[scene])
        say(rows[scene].row(kind, scene))
        every.add(rows[scene])
    say(every.row(kind, "all"))
    return rows


def targets(kind: str, rows: dict[str, Tally], none_of_type: list[int]) -> None:
    """Print what the engine is to reach for a type, over all families: figures, cases and intervals."""
    every, clean = Tally(), Tally()
    for name, tally in rows.items():
        every.add(tally)
        if name.endswith(" scan"):
            clean.add(tally)
    worst = min(rows, key=lambda name: np.mean(rows[name].hits))
    say(f"{kind}, {' and '.join(dict.fromkeys(name.split()[0] for name in rows))} cards in one")
    say(
        f"  fields exact, clean scans, %   {share(clean.hits)} of {len(clean.hits)}"
        if clean.hits
        else "  no clean scans"
    )
    say(f"  fields exact, all conditions, %{share(every.hits)} of {len(every.hits)}")
    say(f"  whole cards, all conditions, % {share(every.whole)} of {len(every.whole)}")
    say(f"  fields, worst condition, %     {share(rows[worst].hits)} of {len(rows[worst].hits)} ({worst})")
    say(f"  wrong at score >= 90, %        {part_of(every.sure_wrong, len(every.hits))} of {len(every.hits)}")
    say(f"  fields at >= 50 without a card {sum(none_of_type)} on {len(none_of_type)} pictures")
    if every.theirs:
        say(f"  RapidOCR and simple naming, fields and whole, % {share(every.theirs)} {share(every.their_whole)}")
        say(f"  time of RapidOCR over the engine's {every.faster:.1f}")


def none(engine: Engine, kind: str, negatives, options: argparse.Namespace) -> list[int]:
    """Count the fields at 50 or more on each picture without a card of the type, and print the sums."""
    counts: dict[str, list[int]] = {}
    for seed in range(options.foreign_seed, options.foreign_seed + options.negatives):
        for name, picture in negatives(kind, seed).items():
            found = [f.score for f in engine.read(np.ascontiguousarray(picture), kind)]
            counts.setdefault(name, []).append(sum(score >= 50 for score in found))
    single = [count for several in counts.values() for count in several]
    say(
        f"{kind}: {sum(single)} fields at score >= 50 on {len(single)} pictures without such a card, {options.negatives} each "
        "of: " + ", ".join(f"{name} {sum(several)}" for name, several in counts.items())
    )
    return single


def judge(engine: Engine, rapid, picture: np.ndarray, flat, tally: Tally) -> None:
    """Read one picture both ways and count."""
    picture = np.ascontiguousarray(picture)
    started = time.perf_counter()
    found = {field_name(f.label): f for f in engine.read(picture, flat.kind)}
    tally.seconds += time.perf_counter() - started
    right = [name in found and found[name].text == text for name, text in flat.texts.items()]
    tally.hits += right
    tally.whole.append(all(right))
    tally.sure_wrong += sum(f.score >= 90 and f.text != flat.texts.get(name) for name, f in found.items())
    if rapid is None:
        return
    started = time.perf_counter()
    named = name_fields(boxes_of(rapid(np.ascontiguousarray(picture[:, :, ::-1]))), flat.kind)
    tally.their_seconds += time.perf_counter() - started
    theirs = [squeezed(named.get(name, "")) == squeezed(text) for name, text in flat.texts.items()]
    tally.theirs += theirs
    tally.their_whole.append(all(theirs))
