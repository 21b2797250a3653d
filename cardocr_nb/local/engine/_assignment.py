"""The joint assignment: one value for each field, none used twice, together as cheap as possible.

What fields say about each other counts: the number holds date of birth and gender, and dates follow each other. A beam search
over the fields is exact enough, since few candidates compete for the same text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cardocr_nb.local.engine._candidates import NO_VALUE, Candidate
from cardocr_nb.local.engine._digit_fields import is_valid_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BEAM = 48
_ORDER = (
    "id_number", "licence_number", "valid_period", "valid_from", "birth_date", "first_issue_date", "vehicle_class", "gender",
    "nationality", "ethnicity", "issuing_authority", "name", "address",
)  # fmt: skip
"""The surest kinds first, so that the beam keeps the right ones."""
_NUMBERS = "id_number", "licence_number"
_CONFIRMED, _CONTRADICTED = -3.0, 3.5


@dataclass(frozen=True, slots=True)
class _State:
    cost: float = 0.0
    chosen: dict[str, Candidate] = field(default_factory=dict)
    used: frozenset[tuple[int, int]] = frozenset()
    number: str = ""
    """The number among the values chosen, or nothing where it is not valid."""


def assign(candidates: Mapping[str, Sequence[Candidate]]) -> dict[str, Candidate]:
    """Choose a candidate for each field, or none.

    Parameters
    ----------
    candidates : mapping of str to sequence of Candidate
        By field.
    """
    states = [_State()]
    for name in (f for f in _ORDER if f in candidates):
        ids = [frozenset((c.chars[i].line, c.chars[i].place) for i in c.value.used) for c in candidates[name]]
        numbers = [c.value.text if name in _NUMBERS and is_valid_number(c.value.text) else "" for c in candidates[name]]
        following = []
        for state in states:
            following.append(_State(state.cost + NO_VALUE, state.chosen, state.used, state.number))
            for candidate, own, number in zip(candidates[name], ids, numbers, strict=True):
                if not own.isdisjoint(state.used):
                    continue
                cost = state.cost + candidate.cost + _agreement(candidate, state.chosen, state.number)
                chosen = {**state.chosen, name: candidate}
                following.append(_State(cost, chosen, state.used | own, state.number or number))
        following.sort(key=lambda s: s.cost)
        states = following[:_BEAM]
    return states[0].chosen


def _agreement(candidate: Candidate, chosen: Mapping[str, Candidate], number: str) -> float:
    """Cost of what a candidate says about the values chosen before it, and about the number if that is valid."""
    name, text = candidate.field, candidate.value.text
    if number:
        if name == "birth_date" and candidate.value.is_valid:
            return _CONFIRMED if _digits(text) == number[6:14] else _CONTRADICTED
        if name == "first_issue_date" and candidate.value.is_valid:
            return _CONTRADICTED if _digits(text) <= number[6:14] else 0.0
        if name == "gender":
            return -1.0 if (text == "男") == bool(int(number[16]) % 2) else 1.0
    if name == "first_issue_date" and candidate.value.is_valid and "birth_date" in chosen:
        return _CONTRADICTED if _digits(text) <= _digits(chosen["birth_date"].value.text) else 0.0
    return 0.0


def _digits(date: str) -> str:
    return "".join(part.zfill(2) for part in re.findall(r"\d+", date))
