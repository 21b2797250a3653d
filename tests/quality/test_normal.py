from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb._identity import ETHNIC_GROUPS
from cardocr_nb.cards import FIELDS
from cardocr_nb.quality import RULES, STEPS, normalize, normalize_fields

FIELD_NAMES = sorted({f.name for fields in FIELDS.values() for f in fields})


def form(text, field):
    result = normalize(pd.Series([text], dtype="str"), field)[0]
    return None if pd.isna(result) else result


@pytest.mark.parametrize(
    ("field", "spellings"),
    [
        ("name", ["样本一", "样本 一", " 样本　一\n"]),
        ("name", ["样本·样例", "样本•样例", "样本・样例", "样本‧样例"]),
        ("name", ["Yang Ben", "YangBen", "Ｙang Ｂen"]),
        ("gender", ["男", "Male", "male", "M"]),
        ("ethnicity", ["汉", "汉族", "Han"]),
        ("ethnicity", ["朝鲜", "Korean", "Chosen"]),
        ("birth_date", ["1974年12月1日", "1974-12-01", "1974.12.1", "1974/12/01", "19741201", "December 1, 1974", "1 Dec. 1974"]),
        ("id_number", ["99010119741201001X", "99010119741201001x", "990101 19741201 001X", "９９010119741201001X"]),
        ("nationality", ["中国", "China", "CHN"]),
        ("vehicle_class", ["A1A2D", "A1、A2、D", "a1 a2 d", "A1,A2,D"]),
        ("valid_period", ["2018-05-20至2028-05-20", "2018.05.20-2028.05.20", "20180520—20280520", "2018年5月20日 到 2028年5月20日", "May 20, 2018 to May 20, 2028"]),
        ("valid_period", ["2018-05-20至长期", "2018.05.20-长期", "2018-05-20 to Long-term"]),
        ("valid_period", ["长期", "long-term"]),
    ],
)  # fmt: skip
def test_spellings_of_the_same_come_to_one_form(field, spellings):
    assert len({form(s, field) for s in spellings}) == 1


@pytest.mark.parametrize(
    ("field", "a", "b"),
    [
        ("name", "已", "己"),
        ("id_number", "99010119741201001X", "990101197412010010"),
        ("birth_date", "1974-12-01", "1974-01-12"),
        ("address", "标本路1号", "标本路7号"),
    ],
)
def test_what_differs_stays_different(field, a, b):
    assert form(a, field) != form(b, field)


def test_dates_are_iso():
    assert form("1974年12月1日", "birth_date") == "1974-12-01"
    assert form("2018.05.20-2028.05.20", "valid_period") == "2018-05-20/2028-05-20"
    assert form("2018.05.20-长期", "valid_period") == "2018-05-20/long-term"


@pytest.mark.parametrize("text", ["1974年13月1日", "2023-02-29", "01/12/1974", "born then"])
def test_a_text_that_is_no_date_stays(text):
    assert form(text, "birth_date") == text.replace(" ", "")


def test_all_56_groups_are_known_in_both_scripts():
    assert len(ETHNIC_GROUPS) == 56
    for chinese, roman in ETHNIC_GROUPS.items():
        assert form(roman, "ethnicity") == form(f"{chinese}族", "ethnicity") == chinese


def test_steps_can_be_chosen_by_field():
    texts = pd.Series(["样本 一"], dtype="str")
    assert normalize(texts, "name", rules={"name": ()})[0] == "样本 一"
    assert normalize(texts, "name", rules={"gender": ()})[0] == "样本一"
    with pytest.raises(ValueError, match="no step is called 'lower'; the steps are nfkc, spaces"):
        normalize(texts, "name", rules={"name": ("lower",)})


def test_every_field_has_its_rule_and_every_rule_its_steps():
    assert sorted(RULES) == FIELD_NAMES
    assert {step for steps in RULES.values() for step in steps} <= set(STEPS)


@given(st.lists(st.none() | st.text(max_size=12), max_size=5), st.sampled_from([*FIELD_NAMES, "other"]))
def test_the_form_of_a_form_is_itself_and_missing_stays_missing(texts, field):
    given_texts = pd.Series(texts, dtype="str", index=range(7, 7 + len(texts)))
    once = normalize(given_texts, field)
    assert once.index.equals(given_texts.index)
    assert once.isna()[given_texts.isna()].all()
    assert not (once == "").any()
    pd.testing.assert_series_equal(normalize(once, field), once)


@given(st.lists(st.tuples(st.sampled_from([*FIELD_NAMES, None]), st.none() | st.text(max_size=8)), max_size=6))
def test_many_fields_at_once_give_what_each_gives_alone(cells):
    table = pd.DataFrame(cells, columns=["field", "text"]).astype("str")
    together = normalize_fields(table.text, table.field)
    for row, (field, text) in enumerate(cells):
        if field is not None and text is not None:
            alone = form(text, field)
            assert together[row] == alone or (alone is None and pd.isna(together[row]))
