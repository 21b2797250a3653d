from __future__ import annotations

import unicodedata
from itertools import pairwise

import pandas as pd
import pyarrow as pa
from hypothesis import assume, given
from hypothesis import strategies as st

from cardocr_nb._bulk._arrow_text import (
    all_differ,
    arrow,
    blocks,
    map_unique,
    sorted_factorize,
    spans,
    trimmed,
    unusual,
)

texts = st.lists(
    st.none() | st.text(max_size=8) | st.text("样本一二A0 ９\u3000·é\u0301e", max_size=8), min_size=1, max_size=8
)


@given(texts)
def test_trimming_agrees_with_python(many):
    expected = [None if t is None else unicodedata.normalize("NFKC", t).strip() for t in many]
    # Python strips the separators U+001C to U+001F too, which Unicode does not count as white space.
    assume(not any(c in "\x1c\x1d\x1e\x1f" for t in many if t for c in t))
    assert trimmed(pa.array(many, pa.large_string())).to_pylist() == expected


@given(texts, st.integers(0, 3))
def test_a_slice_of_an_array_has_its_own_bytes(many, begin):
    array = pa.array(many, pa.large_string())[begin:]
    starts, data = spans(array)
    assert [data[a:b].tobytes().decode() for a, b in pairwise(starts)] == [t or "" for t in many[begin:]]


def test_blocks_are_the_bytes_of_texts_of_one_length():
    array = arrow(pd.Series(["abc", "x", "def"]))
    assert [bytes(row) for row in blocks(array, pd.array([0, 2]).to_numpy(), 2, skip=1)] == [b"bc", b"ef"]


def test_only_different_texts_are_asked():
    seen = []

    def upper(different):
        seen.extend(different)
        return different.str.upper()

    column = pd.Series(["a", None, "b", "a"], index=[3, 1, 2, 0], dtype="str")
    result = map_unique(column, upper)
    assert sorted(seen) == ["a", "b"]
    assert result.index.equals(column.index)
    assert result.dropna().tolist() == ["A", "B", "A"]
    assert result.isna().tolist() == [False, True, False, False]


@given(texts, st.integers(0, 3))
def test_texts_that_nfkc_or_strip_would_change_are_unusual(many, begin):
    array = pa.array(many, pa.large_string())[begin:]
    changed = [n for n, t in enumerate(many[begin:]) if t and unicodedata.normalize("NFKC", t).strip() != t]
    assert set(changed) <= set(unusual(array).tolist())


@given(texts)
def test_a_text_that_holds_a_byte_of_ascii_is_unusual_where_that_is_asked(many):
    array = pa.array(many, pa.large_string())
    holding = {n for n, t in enumerate(many) if t and any(c < "\x80" for c in t)}
    assert holding <= set(unusual(array, below=0x80).tolist())
    plain = [n for n, t in enumerate(many) if t and all("\u4e00" <= c <= "\u9fff" for c in t)]
    assert not set(plain) & set(unusual(array, below=0x80).tolist())


ids = st.text("ab", min_size=8, max_size=10) | st.text(max_size=12)


@given(st.lists(st.none() | ids, max_size=6))
def test_words_said_to_be_all_different_are(many):
    if all_differ(pa.array(many, pa.large_string())):
        assert len(set(many)) == len(many)


def test_usual_ids_are_found_to_differ():
    assert all_differ(pa.array([f"a{n * 7919:032x}" for n in range(5000)], pa.large_string()))


NAMES = st.sampled_from(["a", "b", "ab", "样本", "folder/1.jpg", "folder/2.jpg", "folders/1.jpg", "other/01.jpg", None])
FOLDERS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 300), st.integers(100, 200)), max_size=4).map(
    lambda parts: [f"{folder}/{k:04}" for folder, low, many in parts for k in range(low, low + many)]
)
MIXED = st.permutations([f"{n * 7919 % 10007:08}.jpg" for n in range(150)])


@given(st.lists(NAMES) | FOLDERS | MIXED)
def test_names_are_kept_once_in_order(names):
    words, places = sorted_factorize(pa.array(names, pa.large_string()))
    assert words.to_pylist() == sorted({name for name in names if name})
    assert [words[place].as_py() if place >= 0 else None for place in places.tolist()] == names
