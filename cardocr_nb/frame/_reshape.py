"""The frame in other shapes."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cardocr_nb._bulk._arrow_text import all_differ, arrow
from cardocr_nb._field_words import listed_fields
from cardocr_nb._text_safety import shown_names
from cardocr_nb.cards import KNOWN_FIELDS, CardType, expected_fields, known_field
from cardocr_nb.frame._damage_forms import NUMBER_FIELDS
from cardocr_nb.frame._frame_columns import CARD, COLUMNS
from cardocr_nb.frame._frame_schema import (
    conform,
    of_pandas,
    refuse_doubled_columns,
    usual_dtypes,
    with_columns_of_the_index,
)
from cardocr_nb.frame._protected_cells import cell_texts
from cardocr_nb.frame._spreadsheet_damage import birth_dates, undo_excel, warn_of_damage
from cardocr_nb.frame._table_origin import is_of_the_package
from cardocr_nb.frame._typed_columns import series

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_KEPT = ("image", "key", "card_type", "state", "code", "message", "job_id")


class DoubledFieldWarning(UserWarning):
    """A card has the same field twice, and only the first found a place."""


def card_numbers(df: pd.DataFrame) -> NDArray[np.intp]:
    """Number the cards of a frame from 0 in order of appearance; one number a row.

    Rows belong to one card when ``job_id`` and ``key`` agree, missing counting as a value.

    Examples
    --------
    >>> card_numbers(pd.DataFrame({"job_id": ["j1", "j1", "j2"], "key": ["a", "a", "a"]})).tolist()
    [0, 0, 1]
    """
    rows = df[list(CARD)]
    # The rows of a card are mostly consecutive, and comparing neighbors is much cheaper than a look-up of each.
    starts = np.flatnonzero(np.logical_or.reduce([changes(rows[name]) for name in CARD]))
    names = [rows[name].take(starts) for name in CARD]
    if any(all_differ(arrow(words)) for words in names):
        runs = np.arange(len(starts))
    else:
        (job, _), (key, keys) = (pd.factorize(words, use_na_sentinel=False) for words in names)
        runs = pd.factorize(job * len(keys) + key)[0]
    return np.repeat(runs, np.diff(np.append(starts, len(df))))


def first_rows(card: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where each card begins, by its number as `card_numbers` gives them.

    Examples
    --------
    >>> first_rows(np.array([0, 0, 1, 0, 2])).tolist()
    [0, 2, 4]
    """
    # Numbers rise where a card appears for the first time, and nowhere else above all before.
    highest = np.maximum.accumulate(card)
    return np.flatnonzero(np.append(len(card) > 0, highest[1:] > highest[:-1])[: len(card)])


def changes(values: pd.Series) -> NDArray[np.bool_]:
    """Whether each row is other than the one before; the first is.

    Examples
    --------
    >>> changes(pd.Series(["a", "a", "b", None, None])).tolist()
    [True, False, True, True, False]
    """
    missing = values.isna().to_numpy()
    result = np.ones(len(values), dtype=bool)
    result[1:] = np.asarray(values.array[1:] != values.array[:-1], dtype=bool) & ~(missing[1:] & missing[:-1])
    return result


def fields_of(df: pd.DataFrame) -> list[str]:
    """Names of the fields that the cards of a frame have or should have, in the order of the cards.

    Examples
    --------
    >>> fields_of(pd.DataFrame({"card_type": ["IDCard"], "field": ["blood_group"]}))
    ['name', 'gender', 'ethnicity', 'birth_date', 'address', 'id_number', 'blood_group']
    """
    return ordered_fields(set(df["card_type"].dropna().unique()), set(df["field"].dropna().unique()))


def ordered_fields(kinds: Iterable[str], seen: Iterable[str]) -> list[str]:
    """Put the fields that cards of some types should have, and others that were seen, into the order of the cards.

    Examples
    --------
    >>> ordered_fields((), ["blood_group", "gender", "name"])
    ['name', 'gender', 'blood_group']
    """
    there, found = set(kinds), set(seen)
    expected = [f for c in CardType if c in there for f in expected_fields(c)]
    present = [f for c in CardType for f in expected_fields(c) if f in found]
    return list(dict.fromkeys([*expected, *present, *sorted(found)]))


def wide(df: pd.DataFrame, *, scores: bool = False, polygons: bool = False) -> pd.DataFrame:
    """One row a card, the texts side by side.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    scores, polygons : bool, default False
        Also give ``<field>_score`` (0 to 100) and ``<field>_polygon``, next to the field's text.

    Returns
    -------
    DataFrame
        ``image, key, card_type, state, code, message, job_id``, then one column a field, in the order of the cards: all
        fields that a card of the types present should have, then others. The field of an unknown label that would hide
        one of the first columns gets ``_field`` behind its name.

    Warns
    -----
    DoubledFieldWarning
        Cards have a field twice; the first is kept, the others are only in the long frame.

    Examples
    --------
    >>> from cardocr_nb.frame._flatten import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> card = CardResult((Field("姓名", "样本", 98), Field("性别", "女", 91)), key="front/0001.jpg")
    >>> wide(to_frame(card), scores=True)[["key", "name", "name_score", "gender"]]
                  key name  name_score gender
    0  front/0001.jpg   样本          98      女
    """
    if not {*CARD, "card_type"} <= set(df.columns) or not df.columns.is_unique:
        df = conform(df)
    df = usual_dtypes(df)
    if polygons:
        df = df.assign(polygon=series("polygon", df["polygon"]))
    number = card_numbers(df)
    n = int(number.max()) + 1 if len(number) else 0
    result = df[[name for name in _KEPT if name in df.columns]].take(first_rows(number)).reset_index(drop=True)
    doubled = (
        pd.DataFrame({"card": number, "field": df["field"].to_numpy()}).duplicated() & df["field"].notna().to_numpy()
    )
    if doubled.any():
        cards = len(np.unique(number[doubled]))
        warnings.warn(
            f"{int(doubled.sum())} fields appear twice on their card ({cards} cards); the first of each is kept. "
            "See df.cardocr.check() for which",
            DoubledFieldWarning,
            stacklevel=2,
        )
    parts = {"": "text"} | ({"_score": "score"} if scores else {}) | ({"_polygon": "polygon"} if polygons else {})
    columns = {}
    for field in fields_of(df):
        rows = ((df["field"] == field).to_numpy() & ~doubled.to_numpy()).nonzero()[0]
        name = f"{field}_field" if field in _KEPT else field
        for suffix, column in parts.items():
            values = df[column].take(rows).set_axis(number[rows])
            columns[name + suffix] = values.reindex(range(n))
    return pd.concat([result, pd.DataFrame(columns, index=result.index)], axis=1)


def to_long(
    cards: pd.DataFrame, *, id_columns: str | Iterable[str] = (), fields: str | Iterable[str] = ()
) -> pd.DataFrame:
    """Turn one row a card into one row a field, the reverse of `wide`.

    Parameters
    ----------
    cards : DataFrame
        One row a card with the column ``key``, texts under names or labels of fields (``id_number``, ``公民身份号码``), and,
        where they are there, ``<field>_score`` and ``<field>_polygon``. The columns ``image, card_type, state, code,
        message, job_id`` may be absent. Date cells become ISO 8601.
    id_columns : str or iterable of str, default ()
        Further columns that are kept and repeated on each row of the card, such as a batch or a customer.
    fields : str or iterable of str, default ()
        Further columns that are fields of the card although no card type has them.

    Returns
    -------
    DataFrame
        As `cardocr_nb.to_frame` makes it, then `id_columns`; fields in the order of the columns; a card without any field
        keeps one row. Values that a wide frame does not hold are missing: labels, times, and fields without text,
        score and polygon.

    Raises
    ------
    ValueError
        The column ``key`` or one of `id_columns` or `fields` is missing, or one of `id_columns` is named like a column of the
        frame that `to_long` makes.

    Warns
    -----
    UserWarning
        Columns are neither fields nor named; they are left out, and listed. Or several columns are one field.
    ExcelDamageWarning
        A spreadsheet changed texts; they are restored or left out, and counted. Texts of `wide` in memory, which has
        dtypes that no spreadsheet keeps, stay as they are.

    See Also
    --------
    wide : The reverse.

    Examples
    --------
    >>> table = pd.DataFrame({"key": ["a.jpg"], "name": ["样本"], "gender": ["女"], "batch": [7]})
    >>> to_long(table, id_columns=["batch"])[["key", "field", "text", "batch"]]
         key   field text  batch
    0  a.jpg    name   样本      7
    1  a.jpg  gender    女      7
    """
    cards = with_columns_of_the_index(of_pandas(cards))
    refuse_doubled_columns(cards)
    if "key" not in cards.columns:
        raise ValueError(f"a wide frame names each card in the column 'key', got {shown_names(cards.columns, COLUMNS)}")
    own, further = ([names] if isinstance(names, str) else list(names) for names in (id_columns, fields))
    lacking = [name for name in (*own, *further) if name not in cards.columns]
    if lacking:
        raise ValueError(
            f"the wide frame lacks {shown_names(lacking, (*COLUMNS, *cards.columns))} of id_columns and fields; "
            f"it has {shown_names(cards.columns, (*COLUMNS, *KNOWN_FIELDS))}"
        )
    hidden = [name for name in own if name in COLUMNS and name not in _KEPT]
    if hidden:
        raise ValueError(
            f"id_columns would replace columns of the frame: {', '.join(hidden)}; rename them: "
            f"cards.rename(columns={{{hidden[0]!r}: 'own_{hidden[0]}'}})"
        )
    own = [name for name in dict.fromkeys(own) if name not in _KEPT]
    kept = [name for name in _KEPT if name in cards.columns]
    unchanged = is_of_the_package(column for _, column in cards.items())
    parts, damage = [], Counter[str]()
    columns_of = _field_columns(cards, own, further)
    for place, (name, field) in enumerate(columns_of.items()):
        texts, numbers = cell_texts(cards[name]), pd.api.types.is_numeric_dtype(cards[name].dtype)
        # The service returns texts: a column of numbers comes from a spreadsheet, and a short one has lost its zeros.
        names = pd.Series(field, index=cards.index, dtype="str")
        if numbers or not (unchanged and pd.api.types.is_string_dtype(cards[name].dtype)):
            texts, counts = undo_excel(
                texts, names, true=numbers, by_column=True, born=lambda: _born(cards, columns_of)
            )
            damage.update(counts)
        found = {"text": texts} | {
            part: cards[f"{name}_{part}"] for part in ("score", "polygon") if f"{name}_{part}" in cards.columns
        }
        there = np.flatnonzero(np.logical_or.reduce([column.notna().to_numpy() for column in found.values()]))
        columns = {part: series(part, column.take(there)).array for part, column in found.items()}
        parts.append(pd.DataFrame({"field": field, **columns, "card": there, "place": place}))
    warn_of_damage(damage, "the wide frame")
    without = np.setdiff1d(
        np.arange(len(cards)), np.concatenate([np.empty(0, dtype=np.intp), *(p["card"] for p in parts)])
    )
    rows = pd.concat([conform(p) for p in [*parts, pd.DataFrame({"card": without, "place": 0})]], ignore_index=True)
    rows = rows.sort_values(["card", "place"], ignore_index=True)
    card = cards[[*kept, *own]].take(rows["card"].to_numpy(np.intp)).reset_index(drop=True)
    columns = {c: card[c] if c in kept else rows[c] for c in COLUMNS}
    return conform(pd.DataFrame(columns | {c: card[c] for c in own}).astype({"field": "str"}))


def _born(cards: pd.DataFrame, fields: dict[str, str]) -> pd.Series:
    """Return the date of birth that the numbers of each card hold, missing where there is none."""
    born = pd.Series(None, index=cards.index, dtype="str")
    for name, field in fields.items():
        if field in NUMBER_FIELDS:
            own = pd.Series(field, index=cards.index, dtype="str")
            rows = pd.Series(range(len(cards)), index=cards.index)
            born = born.fillna(birth_dates(cell_texts(cards[name]), own, rows))
    return born


def _field_columns(cards: pd.DataFrame, own: list[str], further: list[str]) -> dict[str, str]:
    """Return the columns that hold texts of fields, each with the name of its field; warn of columns that do not."""
    names = [str(name) for name in cards.columns if name not in _KEPT and name not in own]
    fields = {}
    for name in names:
        known = known_field(name) or (name if name in further else None)
        stem = name.removesuffix("_field")
        if known is None and stem in _KEPT and stem != name:  # as `wide` renames a field that would hide a column
            known = stem
        if known is None and f"{name}_score" in names:
            known = name
        if known is not None:
            fields[name] = known
    twice = [field for field, times in Counter(fields.values()).items() if times > 1]
    if twice:
        warnings.warn(
            f"several columns of the wide frame are one field: {listed_fields(twice)}; each becomes a row of the card. Drop all but one",
            UserWarning,
            stacklevel=3,
        )
    parts = {f"{name}_{part}" for name in fields for part in ("score", "polygon")}
    others = [name for name in names if name not in fields and name not in parts]
    if others:
        warnings.warn(
            f"{len(others)} columns are not fields of a card and are left out: {listed_fields(others[:10])}"
            f"{', …' if len(others) > 10 else ''}. Keep them with id_columns=, or name them in fields=",
            UserWarning,
            stacklevel=3,
        )
    return fields
