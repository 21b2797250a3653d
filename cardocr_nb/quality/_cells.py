"""Readings paired with the ground truth: one cell for each judged field of each image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from cardocr_nb._bulk._arrow_text import arrow
from cardocr_nb._key_forms import mismatch
from cardocr_nb._keywords import missing_columns
from cardocr_nb.cards import CardType, expected_fields
from cardocr_nb.frame._dask_frame import is_dask
from cardocr_nb.frame._frame_columns import COLUMNS
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._reshape import card_numbers, first_rows
from cardocr_nb.quality._card_groups import GROUP, groups_of_frame
from cardocr_nb.quality._truth import with_known_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cardocr_nb.quality._card_groups import Groups
    from cardocr_nb.quality._truth import TruthTable


_CARDS_AT_ONCE = 1 << 18


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows of the frame and of the truth that belong together.

    Attributes
    ----------
    frame : DataFrame
        Conformed, with the number of each card.
    given : TruthTable
    cards : DataFrame
        First row of each card: ``card, job_id, key, card_type``, the columns of the slices, and ``group`` if named.
    known : ndarray of bool
        Cards that the truth names; of several cards of one image (in one slice) only the one that counts.
    whole : ndarray of bool
        Cards that are judged as a whole.
    repeated : int
        Cards that do not count because another reading of the same image does.
    fields : CategoricalDtype
        Fields of frame and truth.
    unread : int
        Keys of the truth that the frame does not have.
    unnamed : int
        Readings with a text in a field that the truth does not name.
    card, field, row, true : ndarray of int
        Of each cell: its card, the position of its field, its rows in frame and truth, -1 where there is none.
    """

    frame: pd.DataFrame
    given: TruthTable
    cards: pd.DataFrame
    known: NDArray[np.bool_]
    whole: NDArray[np.bool_]
    repeated: int
    fields: pd.CategoricalDtype
    unread: int
    unnamed: int
    card: NDArray[np.intp]
    field: NDArray[np.intp]
    row: NDArray[np.intp]
    true: NDArray[np.intp]


def pair(
    df: pd.DataFrame, given: TruthTable, slices: Sequence[str], *, complete: bool | None, groups: Groups | None = None
) -> Cells:
    """Find the cells: the judged fields of the images that have a truth.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    given : TruthTable
    slices : sequence of str
        Columns of the frame; an image counts once in each slice.
    complete : bool or None
        See `cardocr_nb.quality.evaluate`.
    groups : optional
        See `cardocr_nb.quality.evaluate`.

    Raises
    ------
    ValueError
        Frame and truth have no key in common.
    """
    refuse_parts(df)
    frame = conform(df).reset_index(drop=True)
    if absent := [name for name in slices if name not in frame]:
        raise KeyError(missing_columns(absent, df.columns, COLUMNS))
    frame["card"] = card_numbers(frame)
    card = frame["card"].to_numpy()
    columns = list(dict.fromkeys(["card", "job_id", "key", "card_type", *slices]))
    first = first_rows(card)
    cards = frame[columns].take(first).reset_index(drop=True)
    if groups is not None:
        cards[GROUP] = groups_of_frame(frame, card, groups)
    n = len(cards)
    image = _positions(arrow(cards["key"]), arrow(pd.Series(given.keys)))
    if len(np.unique(image[image >= 0])) < len(given.keys):
        given = with_known_keys(given, cards["key"])
        image = _positions(arrow(cards["key"]), arrow(pd.Series(given.keys)))
    named = image >= 0
    if not named.any() and n and len(given.key):
        raise ValueError(
            f"no key is in both: the frame holds {n} cards, the truth {len(given.keys)} keys; "
            + mismatch("the frame", cards["key"].dropna(), "the truth", given.keys)
        )
    counts = _one_card_an_image(frame, cards, image, slices)
    fields = pd.CategoricalDtype(frame["field"].cat.categories.union(given.fields, sort=False))
    read = _table(card, np.asarray(frame["field"].cat.codes).astype(np.intp), (n, len(fields.categories)))
    code = fields.categories.get_indexer(given.fields)
    truth = _table(given.key, code[given.field], (len(given.keys) + 1, len(fields.categories)))
    at = np.where(counts, image, len(given.keys))
    whole = counts & (_whole_cards(truth, at, cards, given, fields) if complete is not True else True)
    cells, unnamed = _find(read, truth, at, frame, given, complete=whole if complete is None else complete)
    unread = np.ones(len(given.keys), dtype=bool)
    unread[image[named]] = False
    return Cells(
        frame, given, cards, named, whole, int(np.count_nonzero(named & ~counts)), fields, int(unread.sum()), unnamed, *cells
    )  # fmt: skip


def one_job_an_image(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows are of the job that counts for its image: the first on which a field was read, else the first.

    Rows without a key all count.
    """
    card = card_numbers(frame)
    first = first_rows(card)
    read = np.bincount(card, weights=frame["field"].notna().to_numpy(), minlength=len(first)) > 0
    order = np.argsort(~read, kind="stable")
    keys = frame["key"].take(first[order])
    counts = np.ones(len(first), dtype=bool)
    counts[order[(keys.duplicated() & keys.notna()).to_numpy(bool)]] = False
    return counts[card]


def _one_card_an_image(
    frame: pd.DataFrame, cards: pd.DataFrame, image: NDArray[np.intp], slices: Sequence[str]
) -> NDArray[np.bool_]:
    """Of the cards of an image (in one slice) the first on which a field was read counts, else the first."""
    counts = image >= 0
    known = np.flatnonzero(counts)
    if len(np.unique(image[known])) == len(known):
        return counts
    read = np.zeros(len(cards), dtype=bool)
    read[frame["card"].to_numpy()[frame["field"].notna().to_numpy()]] = True
    order = known[np.argsort(~read[known], kind="stable")]
    units = cards[[c for c in slices if c != "key"]].take(order).assign(**{"image of truth": image[order]})
    counts[order[units.duplicated().to_numpy()]] = False
    return counts


def _whole_cards(
    truth: NDArray[np.int32], at: NDArray[np.intp], cards: pd.DataFrame, given: TruthTable, fields: pd.CategoricalDtype
) -> NDArray[np.bool_]:
    """Cards whose truth names every expected field; for cards of unknown type, every field of any one type."""
    readable = (truth >= 0) & np.append(given.readable, False)[truth]
    kind_of = cards["card_type"].astype("str")
    known = kind_of.isin([str(kind) for kind in CardType]).to_numpy(bool)
    whole = np.zeros(len(cards), dtype=bool)
    for kind in CardType:
        position = fields.categories.get_indexer(pd.Index(expected_fields(kind)))
        named = readable[:, position].all(axis=1) & (position >= 0).all()
        whole |= named[at] & ((kind_of == kind).to_numpy(bool) | ~known)
    return whole


def _positions(words: pa.Array, among: pa.Array) -> NDArray[np.intp]:
    """Return the position of each word among others, which are distinct; -1 where it is not among them."""
    # A truth often names the cards in the order of the frame.
    if words.equals(among):
        return np.arange(len(words))
    both = pa.concat_arrays([among, words]).dictionary_encode().indices.fill_null(-1).to_numpy()
    found = both[len(among) :].astype(np.intp)
    return np.where(found < len(among), found, -1)


def refuse_parts(df: object) -> None:
    """Raise for a Dask DataFrame where the whole frame is needed.

    Raises
    ------
    TypeError
        It is one.
    """
    if is_dask(df):
        raise TypeError(
            "this needs a frame of pandas, got one of Dask; bring its rows together with df.cardocr.to_pandas()"
        )


def _table(line: NDArray[np.intp], column: NDArray[np.intp], shape: tuple[int, int]) -> NDArray[np.int32]:
    """The first row for each line and column, -1 where there is none."""
    table = np.full(shape[0] * shape[1], -1, dtype=np.int32)
    rows = np.flatnonzero(column >= 0)[::-1]
    table[line[rows] * shape[1] + column[rows]] = rows
    return table.reshape(shape)


def _find(
    read: NDArray[np.int32], truth: NDArray[np.int32], image: NDArray[np.intp], frame: pd.DataFrame, given: TruthTable,
    *, complete: bool | NDArray[np.bool_],
) -> tuple[tuple[NDArray[np.intp], ...], int]:  # fmt: skip
    """Card, field and rows of each cell, and the number of readings that the truth does not name."""
    written = np.append(frame["text"].notna().to_numpy(), False)
    true = np.append(given.text.notna().to_numpy(), False)
    readable = np.append(given.readable, True)
    parts: list[tuple[NDArray[np.intp], ...]] = [(np.empty(0, dtype=np.intp),) * 4]
    unnamed = 0
    for start in range(0, len(read), _CARDS_AT_ONCE):
        at = slice(start, start + _CARDS_AT_ONCE)
        named = truth[image[at]]
        texts = written[read[at]]
        unnamed += int(np.count_nonzero(texts & (named < 0)))
        judged = (texts | true[named]) & readable[named]
        judged &= (image[at] < len(truth) - 1)[:, np.newaxis]
        if complete is not True:
            judged &= (named >= 0) | (complete if isinstance(complete, bool) else complete[at, np.newaxis])
        line, column = np.nonzero(judged)
        rows = (table.ravel()[np.flatnonzero(judged)].astype(np.intp) for table in (read[at], named))
        parts.append((line + start, column, *rows))
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True)), unnamed
