"""The pieces of many documents, and which template each of them is equal to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb._bulk._chunk import WORD
from cardocr_nb._bulk._templates import Kind, Lead, key_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb._bulk._chunk import Chunk
    from cardocr_nb._bulk._templates import Template, Templates

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]


def _word(tag: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(tag, "little"))


_INFO, _INFO_MASK, _AFTER_INFO = _word(b"<IdInfo"), _word(b"\xff" * 7), _word(b"</IdInfo")
_JOB, _AFTER_JOB = _word(b"<JobsDet"), _word(b"</JobsDe")
_SEVENTH = np.isin(np.arange(256), [tag[6] for tag in (b"<IdInfo", b"</IdInfo", b"<JobsDet", b"</JobsDe")])


@dataclass(frozen=True, slots=True)
class Fit:
    """Pieces that are equal to a template.

    Attributes
    ----------
    template : Template
    pieces : ndarray of shape (n,)
    at : ndarray of shape (parts, n)
        Where each part of the markup begins.
    """

    template: Template
    pieces: Ints
    at: Ints

    def texts(self, numbers: list[int]) -> tuple[Ints, Ints]:
        """Where the texts of some nodes begin and end, arrays of shape (numbers, n)."""
        sizes = np.array([[self.template.sizes[number]] for number in numbers])
        return self.at[numbers] + sizes, self.at[[number + 1 for number in numbers]]

    def of(self, kept: Flags) -> Fit:
        """Only those of the pieces that are kept."""
        mine = kept[self.pieces]
        return self if mine.all() else Fit(self.template, self.pieces[mine], self.at[:, mine])


class Pieces:
    """The pieces of a chunk, in order.

    Attributes
    ----------
    document : ndarray of int
        Which document each stands in.
    at : ndarray of int
        Where each begins.
    fits : list of Fit
        The pieces by their templates, see `match`.
    """

    def __init__(self, chunk: Chunk, templates: Templates) -> None:
        self._chunk, self._templates = chunk, templates
        self._openings = chunk.places(ord("<"))
        # Only where the seventh byte is one of four can a piece begin: most tags need no further look.
        some = np.flatnonzero(_SEVENTH.take(chunk.data.take(self._openings + 6, mode="clip")))
        words = chunk.words(self._openings[some])
        begins = np.zeros(len(self._openings) + 1, dtype=bool)
        leads = np.full(len(self._openings), Lead.OTHER, dtype=np.int8)
        job, info = some[words == _JOB], some[(words & _INFO_MASK) == _INFO]
        leads[job], leads[info] = Lead.JOB, Lead.INFO
        begins[job] = begins[info] = True
        begins[some[(words == _AFTER_INFO) | (words == _AFTER_JOB)] + 1] = True
        roots = np.searchsorted(self._openings, chunk.starts[:-1])
        begins[roots] = True
        leads[roots] = Lead.DOCUMENT
        self._first = np.flatnonzero(begins[:-1])
        self.at = self._openings[self._first]
        self._end = np.append(self.at[1:], chunk.starts[-1])
        self._roots = np.searchsorted(self._first, roots)
        self._key = key_of(1, Lead.OTHER) * np.diff(self._first, append=len(self._openings)) + leads[self._first]
        self.document = np.repeat(np.arange(len(roots)), np.diff(self._roots, append=len(self._first)))
        self._number = np.full(len(self._first), -1)
        self.fits: list[Fit] = []

    def learn(self) -> Flags:
        """Find the template of each piece; learn those that are missing, each from the first document that has it.

        Returns
        -------
        ndarray of shape (documents,), bool
            Which documents are made of pieces with templates, in an order in which they may stand.
        """
        tried = self._match(0)
        whole = self._whole()
        for place in np.flatnonzero(~whole).tolist():
            if not whole[place]:
                raw = self._chunk.raw[self._chunk.starts[place] : self._chunk.starts[place + 1]]
                if self._templates.learn(raw):
                    tried = self._match(tried)
                    whole = self._whole()
        return whole

    def expected(self) -> NDArray[np.int64]:
        """What stands in the markup of each document, see `cardocr_nb._bulk._characters.fine_documents`."""
        counts = np.array([*(template.counts for template in self._templates.all), (0, 0, 0)])
        return np.add.reduceat(counts[self._number], self._roots).T

    def _match(self, tried: int) -> int:
        """Find templates for the pieces that have none, from number `tried` on; gives how many there are."""
        count = len(self._templates.all)
        left = np.flatnonzero(self._number < 0)
        left = left[np.argsort(self._key[left], kind="stable")]
        keys, begins = np.unique(self._key[left], return_index=True)
        for key, pieces in zip(keys.tolist(), np.split(left, begins[1:]), strict=True):
            rest = pieces
            for number in self._templates.of_key(key):
                if tried <= number < count and len(rest):
                    rest = self._fit(number, rest)
        return count

    def _fit(self, number: int, pieces: Ints) -> Ints:
        """Take those of the pieces that are equal to the template with a number; give the others."""
        template = self._templates.all[number]
        at = self._openings.take(self._first[pieces] + np.array(template.begins)[:, np.newaxis])
        at += np.array(template.shifts)[:, np.newaxis]
        fine = self._end[pieces] - at[-1] == template.sizes[-1]
        rest = pieces[:0]
        if not fine.all():
            rest, pieces, at = pieces[~fine], pieces[fine], at[:, fine]
        fine = self._equal(template, at)
        if not fine.all():
            rest, pieces, at = np.concatenate([rest, pieces[~fine]]), pieces[fine], at[:, fine]
        if len(pieces):
            self._number[pieces] = number
            self.fits.append(Fit(template, pieces, at))
        return rest

    def _equal(self, template: Template, at: Ints) -> Flags:
        """Where all parts of the markup stand in their places."""
        count = at.shape[1]
        eights = count - count % WORD
        equal = np.ones(count, dtype=bool)
        for begin, part, pattern in zip(at, template.parts, template.patterns, strict=True):
            found = self._chunk.strings(begin, len(part))
            # Nearly always all are equal. Eight of them are as many words as one has bytes, which compare much faster.
            same = (found[:eights].view(np.uint8).view("<u8").reshape(-1, len(part)) == pattern).all()
            if not same or (found[eights:] != part).any():
                equal &= found == part
        return equal

    @property
    def kind(self) -> NDArray[np.int8]:
        """The `Kind` of each piece; ``Kind.NONE`` of those without a template."""
        kinds = np.array([*(template.kind for template in self._templates.all), Kind.NONE], dtype=np.int8)
        found: NDArray[np.int8] = kinds[self._number]
        return found

    def _whole(self) -> Flags:
        templates, kinds = self._templates.all, self.kind
        follows = _MAY_FOLLOW[kinds[:-1], kinds[1:]]
        follows[self._roots[1:] - 1] = True
        fine = np.ones(len(self._roots), dtype=bool)
        fine[self.document[1:][~follows]] = False
        ends = np.append(self._roots[1:], len(kinds)) - 1
        fine &= (kinds[self._roots] == Kind.BEGIN) & (kinds[ends] == Kind.END)
        for one, other in ((Kind.BEGIN, Kind.END), (Kind.JOB_TO_FIELDS, Kind.REST_OF_JOB)):
            within = fine[self.document]
            first, last = (np.flatnonzero((kinds == kind) & within) for kind in (one, other))
            for a, b in _pairs(self._number[first], self._number[last]):
                if templates[a].nodes & templates[b].nodes:
                    doubled = (self._number[first] == a) & (self._number[last] == b)
                    fine[self.document[first[doubled]]] = False
        return fine


def _pairs(one: Ints, other: Ints) -> list[tuple[int, int]]:
    # Hardly ever more than a few: a set would have to look at each.
    both = np.unique(one << 32 | other)
    return list(zip((both >> 32).tolist(), (both & 0xFFFFFFFF).tolist(), strict=True))


_MAY_FOLLOW = np.zeros((len(Kind), len(Kind)), dtype=bool)
for _one, _others in {
    Kind.BEGIN: (Kind.JOB_TO_FIELDS, Kind.WHOLE_JOB),
    Kind.JOB_TO_FIELDS: (Kind.FIELD,),
    Kind.FIELD: (Kind.FIELD, Kind.REST_OF_JOB),
    Kind.REST_OF_JOB: (Kind.JOB_TO_FIELDS, Kind.WHOLE_JOB, Kind.END),
    Kind.WHOLE_JOB: (Kind.JOB_TO_FIELDS, Kind.WHOLE_JOB, Kind.END),
}.items():
    _MAY_FOLLOW[_one, _others] = True
