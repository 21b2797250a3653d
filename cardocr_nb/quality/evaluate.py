"""Readings against truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from cardocr_nb.cards import field_name
from cardocr_nb.frame.schema import conform
from cardocr_nb.frame.shapes import card_numbers
from cardocr_nb.quality.intervals import wilson
from cardocr_nb.quality.normal import normalize_fields

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    Truth: TypeAlias = pd.DataFrame | str | os.PathLike[str]
    Rules: TypeAlias = bool | Mapping[str, Sequence[str]]

OUTCOMES = ("correct", "wrong", "missing", "spurious")
"""What can become of a field: read as it stands on the card; read otherwise; not read; read though it is not there."""

_TRUTH = ("key", "field", "text")


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation:
    """Result of `evaluate`; its repr holds no text of a card.

    Attributes
    ----------
    fields : DataFrame
        One row a field (within each slice of ``by``): ``cases`` that stand on the cards, ``correct``, ``exact`` (their
        share) with its interval ``low, high``, ``wrong``, ``missing``, ``spurious``, and ``cer``: edits needed over
        characters that stand there, missing readings counted whole, spurious ones not.
    cards : DataFrame
        One row a slice: ``cases``, ``correct`` (every field correct, none spurious), ``exact, low, high``.
    cells : DataFrame
        One row a field and card: ``job_id, key, field, outcome, distance, length, score, text, truth``, the texts as
        they were read and given.
    cards_without_truth, cards_without_reading : int
        Cards of the frame that the truth does not name, and keys of the truth that the frame does not hold. Neither
        counts above.
    """

    fields: pd.DataFrame
    cards: pd.DataFrame
    cells: pd.DataFrame
    cards_without_truth: int
    cards_without_reading: int

    def worst(self, n: int = 10) -> pd.DataFrame:
        """Cells with the most edits, in absolute numbers, first."""
        faults = self.cells[self.cells["outcome"] != "correct"]
        return faults.sort_values("distance", ascending=False, kind="stable").head(n)

    def __str__(self) -> str:
        left = f"{self.cards_without_truth} cards without truth, {self.cards_without_reading} without a reading"
        return "\n".join([self.cards.to_string(index=False), self.fields.to_string(index=False), left])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        left = f"{self.cards_without_truth} cards without truth, {self.cards_without_reading} without a reading"
        return f"{self.cards.to_html(index=False)}{self.fields.to_html(index=False)}<p>{left}</p>"


def evaluate(
    df: pd.DataFrame,
    truth: Truth,
    *,
    normalize: Rules = True,
    by: str | Sequence[str] = (),
    complete: bool = True,
    confidence: float = 0.95,
) -> Evaluation:
    """Compare what was read with what stands on the cards.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it. Of a field that stands twice on a card the first counts.
    truth : DataFrame or path of a CSV file
        Columns ``key, field, text``; ``field`` a canonical name or a label. An empty text says that nothing stands
        there. Every reading of an image is compared with the truth of its key.
    normalize : bool or mapping of str to sequence of str, default True
        Bring both sides into one form first, see `cardocr_nb.quality.normalize`; a mapping gives steps for some
        fields; False compares character by character.
    by : str or sequence of str, optional
        Columns of the frame by which the tables are sliced; what stands in a card's first row counts.
    complete : bool, default True
        The truth names every field that stands on its cards, so that a reading of another field is spurious. If
        False, fields that the truth does not name are passed over.
    confidence : float, default 0.95
        Of the intervals (Wilson).

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        The truth lacks a column, names a field of a key twice, or has no key in common with the frame.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire.models import CardResult, Field
    >>> cards = to_frame(CardResult((Field("姓名", "样木"), Field("性别", "Female")), key="front/0001.jpg"))
    >>> truth = pd.DataFrame({"key": "front/0001.jpg", "field": ["name", "gender"], "text": ["样本", "女"]})
    >>> evaluate(cards, truth).fields[["field", "cases", "correct", "cer"]]
        field  cases  correct  cer
    0    name      1        0  0.5
    1  gender      1        1  0.0
    """
    slices = [by] if isinstance(by, str) else list(by)
    given = _truth(truth)
    frame = conform(df).reset_index(drop=True)
    frame["card"] = card_numbers(frame)
    cards = frame.drop_duplicates("card")[["card", "job_id", "key", *slices]].reset_index(drop=True)
    number = pd.factorize(pd.concat([cards["key"], given["key"]], ignore_index=True))[0]
    cards["image"], given["image"] = number[: len(cards)], number[len(cards) :]
    known = np.isin(cards["image"], given["image"]) & cards["key"].notna()
    if not known.any() and len(cards) and len(given):
        raise ValueError(
            f"no key is in both: the frame holds {len(cards)} cards, the truth {given['key'].nunique()} keys. "
            "Keys must be spelled alike, folder and ending included"
        )
    cells = _cells(frame, given, cards[known], complete=complete)
    cells = _judge(cells, normalize)
    return Evaluation(
        fields=_by_field(cells, slices, confidence),
        cards=_by_card(cells, slices, confidence),
        cells=cells.drop(columns=["card", "image"]),
        cards_without_truth=int((~known).sum()),
        cards_without_reading=len(np.setdiff1d(given["image"], cards["image"])),
    )


def _truth(truth: Truth) -> pd.DataFrame:
    table = truth if isinstance(truth, pd.DataFrame) else pd.read_csv(Path(truth), dtype="str", keep_default_na=False)
    lacking = [c for c in _TRUTH if c not in table.columns]
    if lacking:
        raise ValueError(f"the truth has no column {', '.join(lacking)}; it needs key, field and text")
    given = table[list(_TRUTH)].astype("str").dropna(subset=["key", "field"])
    given["field"] = given["field"].map({label: field_name(label) for label in given["field"].unique()})
    given["text"] = given["text"].mask(given["text"] == "")
    twice = int(given.duplicated(["key", "field"]).sum())
    if twice:
        raise ValueError(f"the truth names {twice} fields of a key more than once; keep one row for each key and field")
    return given.rename(columns={"text": "truth"})


def _cells(frame: pd.DataFrame, given: pd.DataFrame, cards: pd.DataFrame, *, complete: bool) -> pd.DataFrame:
    """Every field of every card that has a truth: what was read and what stands there."""
    there = frame["field"].notna() & frame["card"].isin(cards["card"])
    read = frame.loc[there, ["card", "field", "text", "score"]].drop_duplicates(["card", "field"])
    read["field"] = read["field"].astype("str")
    wanted = cards[["card", "image"]].merge(given, on="image")[["card", "field", "truth"]]
    cells = wanted.merge(read, on=["card", "field"], how="outer" if complete else "left")
    cells = cells[cells["text"].notna() | cells["truth"].notna()]
    cells = cells.merge(cards, on="card")
    order = pd.CategoricalDtype(frame["field"].cat.categories.union(pd.Index(cells["field"].unique()), sort=False))
    cells["field"] = cells["field"].astype(order)
    return cells.sort_values(["card", "field"], kind="stable", ignore_index=True)


def _judge(cells: pd.DataFrame, normalize: Rules) -> pd.DataFrame:
    text, truth = cells["text"], cells["truth"]
    if normalize is not False:
        rules = None if normalize is True else normalize
        text, truth = (normalize_fields(side, cells["field"], rules=rules) for side in (text, truth))
    read, stands = text.notna().to_numpy(), truth.notna().to_numpy()
    same = read & stands & (text == truth).to_numpy()
    outcome = np.select([same, read & stands, stands], [0, 1, 2], 3)
    length = truth.str.len().fillna(0).to_numpy(np.int64)
    distance = np.where(outcome == 2, length, np.where(outcome == 3, text.str.len().fillna(0), 0)).astype(np.int64)
    wrong = np.flatnonzero(outcome == 1)
    distance[wrong] = process.cpdist(
        truth.take(wrong).tolist(), text.take(wrong).tolist(), scorer=Levenshtein.distance, dtype=np.int64
    )
    judged = cells.assign(
        outcome=pd.Categorical.from_codes(outcome, pd.Index(OUTCOMES, dtype="str")), distance=distance, length=length
    )
    first = ["card", "job_id", "key", "field", "outcome", "distance", "length", "score", "text", "truth"]
    return judged[[*first, *(c for c in judged.columns if c not in first)]]


def _by_field(cells: pd.DataFrame, slices: list[str], confidence: float) -> pd.DataFrame:
    flags = {name: (cells["outcome"] == name).astype(np.int64) for name in OUTCOMES}
    stands = cells["outcome"] != "spurious"
    counted = cells[[*slices, "field"]].assign(
        cases=stands.astype(np.int64),
        **flags,
        edits=cells["distance"].where(stands, 0),
        characters=cells["length"].where(stands, 0),
    )
    groups = counted.groupby([*slices, "field"], observed=True, dropna=False)
    table = groups.sum().reset_index()
    table["cer"] = table["edits"] / table["characters"].where(table["characters"] > 0)
    table = _with_interval(table, confidence)
    return table[[*slices, "field", "cases", "correct", "exact", "low", "high", "wrong", "missing", "spurious", "cer"]]


def _by_card(cells: pd.DataFrame, slices: list[str], confidence: float) -> pd.DataFrame:
    right = (cells["outcome"] == "correct").groupby(cells["card"]).all()
    cards = cells.drop_duplicates("card")[[*slices, "card"]]
    counted = cards[slices].assign(cases=1, correct=right.reindex(cards["card"]).to_numpy().astype(np.int64))
    if slices:
        table = counted.groupby(slices, observed=True, dropna=False).sum().reset_index()
    else:
        table = counted.sum().to_frame().T.astype(np.int64)
    return _with_interval(table, confidence)


def _with_interval(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    low, high = wilson(table["correct"], table["cases"], confidence=confidence)
    share = table["correct"] / table["cases"].where(table["cases"] > 0)
    return table.assign(exact=share, low=low, high=high)
