"""The split of reviewed fields into training and validation, by card."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NUMBERS = ("id_number", "licence_number")


def split_cards(
    contents: Mapping[str, str], numbers: Iterable[tuple[str, str]], *, validation: float, seed: int
) -> dict[str, str]:
    """Decide for each image whether it is for training or validation.

    Images with the same content, or with the same number of a card, are one card and go to the same side. A card's side
    follows from a hash of its number or content, so that further cards do not move it.

    Parameters
    ----------
    contents : dict of str to str
        Digest of the pixels of each image, by key.
    numbers : iterable of (str, str)
        Key and text of the numbers on the images.
    validation : float
        Rate of cards for validation, 0 to 1.
    seed : int

    Returns
    -------
    dict of str to str
        ``train`` or ``validation`` by key.

    Examples
    --------
    >>> split_cards({"a.jpg": "01", "b.jpg": "02"}, [("a.jpg", "7"), ("b.jpg", "7")], validation=0.5, seed=0)
    {'a.jpg': 'train', 'b.jpg': 'train'}
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    def digest(text: str) -> str:
        return hashlib.sha256(f"{seed}:{text}".encode()).hexdigest()

    marks = {key: [f"content:{content}"] for key, content in contents.items()}
    for key, number in numbers:
        if key in marks and number:
            marks[key].insert(0, "number:" + "".join(number.split()).upper())
    for named in marks.values():
        for mark in named:
            parent[root(mark)] = root(named[0])
    groups: dict[str, list[str]] = {}
    for named in marks.values():
        groups.setdefault(root(named[0]), []).append(named[0])
    sides = {}
    for group, first in groups.items():
        # The smallest hash of a group is that of a number wherever one is known: another photo of the card keeps it.
        known = [mark for mark in first if mark.startswith("number:")] or first
        place = int(min(map(digest, known))[:13], 16) / 16**13
        sides[group] = "validation" if place < validation else "train"
    return {key: sides[root(named[0])] for key, named in marks.items()}
