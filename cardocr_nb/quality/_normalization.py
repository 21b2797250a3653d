"""One form for texts that mean the same, so that they can be compared."""

from __future__ import annotations

from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb._bulk._arrow_text import SPACE, arrow, map_unique, normalized, replaced, unusual
from cardocr_nb.quality import _vocabulary as vocabulary
from cardocr_nb.quality._dates import read_dates, read_periods

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Step: TypeAlias = Callable[[pd.Series], pd.Series]

PLAIN = ("nfkc", "spaces")
"""Steps for a field that has no line in `RULES`."""

RULES: dict[str, tuple[str, ...]] = {
    "name": ("nfkc", "spaces", "dots"),
    "gender": ("nfkc", "spaces", "gender"),
    "ethnicity": ("nfkc", "spaces", "ethnicity"),
    "birth_date": ("nfkc", "spaces", "date"),
    "address": ("nfkc", "spaces"),
    "id_number": ("nfkc", "spaces", "upper"),
    "licence_number": ("nfkc", "spaces", "upper"),
    "nationality": ("nfkc", "spaces", "nationality"),
    "first_issue_date": ("nfkc", "spaces", "date"),
    "vehicle_class": ("nfkc", "spaces", "upper", "separators"),
    "valid_period": ("nfkc", "spaces", "period"),
    "issuing_authority": ("nfkc", "spaces"),
}
"""Which steps bring each field into one form, in order. The steps are the names in `STEPS`."""


def _on_arrow(change: Callable[[pa.Array], pa.Array]) -> Step:
    def step(texts: pd.Series) -> pd.Series:
        return pd.Series(change(arrow(texts)), index=texts.index, dtype="str")

    return step


def _replace(pattern: str, by: str) -> Step:
    return _on_arrow(lambda a: pc.replace_substring_regex(a, pattern=pattern, replacement=by))


def _lookup(words: Mapping[str, str]) -> Step:
    def step(texts: pd.Series) -> pd.Series:
        return texts.str.casefold().map(dict(words)).fillna(texts).astype("str")

    return step


def _date(texts: pd.Series) -> pd.Series:
    return _iso(read_dates(texts)).fillna(texts)


def _iso(dates: pd.Series) -> pd.Series:
    text = pa.array(dates.to_numpy("datetime64[D]")).cast(pa.large_string())
    return pd.Series(text, index=dates.index, dtype="str")


def _period(texts: pd.Series) -> pd.Series:
    period = read_periods(texts)
    end = _iso(period["end"]).where(~period["long_term"], "long-term")
    both = _iso(period["start"]) + "/" + end
    return both.fillna(texts).where(period["start"].notna() | ~period["long_term"], "long-term")


def _without_spaces(texts: pa.Array) -> pa.Array:
    # A mark that a space kept apart joins the letter before it: only composed is that its one form.
    bare = pc.replace_substring_regex(texts, pattern=r"[\s\x{200b}\x{feff}]+", replacement="")
    return normalized(bare, "NFC")


# What changes no text of plain letters, digits and ideographs without spaces.
_TIDY: dict[str, Callable[[pa.Array], pa.Array]] = {
    "nfkc": normalized,
    "spaces": _without_spaces,
    "dots": lambda a: pc.replace_substring_regex(a, pattern="[•・‧∙⋅]", replacement="·"),
}


def _tidied(texts: pd.Series, names: Sequence[str]) -> pd.Series:
    """Take such steps; the texts that they may change are looked for once."""
    array = arrow(texts)
    rows = unusual(array, below=SPACE + 1)
    if not len(rows):
        return texts

    def change(part: pa.Array) -> pa.Array:
        for name in names:
            part = _TIDY[name](part)
        return part

    return pd.Series(replaced(array, rows, change), index=texts.index, dtype="str")


STEPS: dict[str, Step] = {
    **{name: partial(_tidied, names=[name]) for name in _TIDY},
    "upper": _on_arrow(pc.utf8_upper),
    "separators": _replace("[,、/;+]", ""),
    "date": _date,
    "period": _period,
    "gender": _lookup(vocabulary.GENDERS),
    "ethnicity": _lookup(vocabulary.ETHNICITY_SPELLINGS),
    "nationality": _lookup(vocabulary.NATIONALITIES),
}
"""What can be done to a text: ``nfkc`` unifies widths and compatibility forms (Unicode NFKC), ``spaces`` takes out white
space, ``upper`` makes capitals, ``dots`` unifies the dot in names, ``separators`` removes characters between vehicle
classes, ``date`` and ``period`` give ISO dates, ``gender``, ``ethnicity`` and ``nationality`` give the word on the card
for a translation. A text that a step cannot read stays as it is."""


_REPEATED = frozenset({"separators", "date", "period", "gender", "ethnicity", "nationality"})
"""Steps of fields with few distinct texts."""


def normalize(texts: pd.Series, field: str, *, rules: Mapping[str, Sequence[str]] | None = None) -> pd.Series:
    """Bring the texts of one field into one form.

    Parameters
    ----------
    texts : Series of str
    field : str
        Canonical name.
    rules : mapping of str to sequence of str, optional
        Steps by field in place of those in `RULES`; for a field that it does not name those hold.

    Returns
    -------
    Series of str
        With the index of `texts`; missing stays missing, and a text that becomes empty is missing.

    Raises
    ------
    ValueError
        A step is not in `STEPS`.

    Examples
    --------
    >>> normalize(pd.Series(["December 1, 1974", "1974年12月1日"]), "birth_date").tolist()
    ['1974-12-01', '1974-12-01']
    >>> normalize(pd.Series(["Han", "汉族"]), "ethnicity").tolist()
    ['汉', '汉']
    """
    names = (rules or {}).get(field, RULES.get(field, PLAIN))
    for name in names:
        if name not in STEPS:
            raise ValueError(f"no step is called {name!r}; the steps are {', '.join(STEPS)}")

    def changed(different: pd.Series) -> pd.Series:
        tidy = list(takewhile(_TIDY.__contains__, names))
        different = _tidied(different, tidy) if tidy else different
        for name in names[len(tidy) :]:
            different = STEPS[name](different)
        nothing = (different == "").fillna(value=False).to_numpy(bool)
        return different.mask(nothing) if nothing.any() else different

    given = texts if texts.dtype == "str" else texts.astype("str")
    return map_unique(given, changed) if _REPEATED.intersection(names) else changed(given)


def normalize_fields(
    texts: pd.Series, fields: pd.Series, *, rules: Mapping[str, Sequence[str]] | None = None
) -> pd.Series:
    """Bring texts of many fields into one form, each by the steps of its field.

    Examples
    --------
    >>> both = pd.DataFrame({"field": ["gender", "birth_date"], "text": ["Male", "19741201"]})
    >>> normalize_fields(both.text, both.field).tolist()
    ['男', '1974-12-01']
    """
    codes, names = pd.factorize(fields)
    # Small numbers are sorted by counting them.
    order = np.argsort(codes.astype(np.int16) if len(names) < 2**15 else codes, kind="stable")
    given = texts.astype("str").reset_index(drop=True)
    ends = np.cumsum(np.bincount(codes + 1, minlength=len(names) + 1))
    parts = [given.take(order[: ends[0]])]
    for n, name in enumerate(names):
        parts.append(normalize(given.take(order[ends[n] : ends[n + 1]]), str(name), rules=rules))
    back = np.empty(len(order), dtype=np.intp)
    back[order] = np.arange(len(order))
    together = pa.concat_arrays([arrow(part) for part in parts])
    return pd.Series(together.take(pa.array(back)), index=texts.index, dtype="str")
