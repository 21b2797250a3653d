from __future__ import annotations

import pandas as pd
import pytest
from quality_cards import ID_CARD, LICENSE, job

from cardocr_nb.cards import expected_fields
from cardocr_nb.frame import empty, read_responses, to_frame
from cardocr_nb.quality import REGISTRY, check, register, tally, wilson
from cardocr_nb.quality._checks import COLUMNS
from cardocr_nb.wire._records import Job, JobState


@pytest.fixture
def own_checks():
    """Puts the registry back as it was."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.fixture
def cards():
    spoiled = ID_CARD | {"姓名": "样本1", "公民身份号码": "990101197412010013", "出生": "1974年12月7日"}
    return to_frame([job(ID_CARD), job(LICENSE, key="2.jpg", kind="DriverLicense"), job(spoiled, key="3.jpg")])


def test_sound_cards_pass_everything_but_the_region_that_is_nobodys(cards):
    table = check(cards[cards.key != "3.jpg"])
    assert set(table[~table.passed].check) == {"number_region"}


def test_what_is_wrong_is_named_with_card_and_field(cards):
    table = check(cards[cards.key == "3.jpg"])
    faults = table[~table.passed & (table.check != "number_region")]
    assert set(zip(faults.field, faults.check, faults.severity, strict=True)) == {
        ("name", "name_has_no_digits", "warning"),
        ("id_number", "number_check_digit", "error"),
        ("birth_date", "birth_date_agrees", "error"),
    }
    assert set(faults.key) == {"3.jpg"}
    assert set(faults.job_id) == {"job of 3.jpg"}


def test_details_say_what_was_expected_only_where_it_was_not_met(cards):
    table = check(cards)
    assert tuple(table.columns) == COLUMNS
    assert table.detail.isna().equals(table.passed)
    assert set(table.detail.dropna()) <= {c.detail for c in REGISTRY.values()}


def test_no_text_of_a_card_is_in_the_table(cards):
    written = check(cards).drop(columns=["key", "job_id"]).to_csv()
    texts = [t for t in cards.text if len(t) > 2 and t != "C1"]
    assert not [t for t in texts if t in written]


def test_every_registered_check_runs_and_every_name_is_a_function_with_words():
    assert len(REGISTRY) > 20
    for name, each in REGISTRY.items():
        assert each.function.__name__ == name
        assert each.function.__doc__
        assert each.detail
    assert check(empty()).empty


def test_frames_in_any_order_with_any_index_give_the_same_answers(cards):
    mixed = cards.sample(frac=1, random_state=1)
    by = ["key", "field", "check"]
    pd.testing.assert_frame_equal(
        check(mixed).sort_values(by, ignore_index=True), check(cards).sort_values(by, ignore_index=True)
    )


def test_only_the_columns_of_a_reading_are_needed(cards):
    bare = pd.DataFrame({c: cards[c].astype(object) for c in ("key", "field", "text")})
    assert not check(bare, ["number_check_digit"]).passed.all()


def test_an_unknown_check_is_refused_with_the_names_there_are(cards):
    with pytest.raises(KeyError, match="no check is called a str of 4 characters; there are number_length"):
        check(cards, ["luck"])


@pytest.mark.usefixtures("own_checks")
def test_a_check_of_ones_own_runs_with_the_others(cards):
    @register(severity="warning", detail="three characters", fields=["name"])
    def name_has_three(text):
        return text.str.len() == 3

    @register(severity="error", detail="one city", fields=[("address", "name")])
    def address_has_name(address, name):
        return [pd.NA, *[True] * (len(name) - 1)]

    @register(severity="error", detail="a card", fields=())
    def every_card(df):
        rows = df.drop_duplicates("card").index
        return pd.DataFrame({"row": rows, "field": None, "passed": df.key.take(rows) != "2.jpg"})

    table = check(cards, ["name_has_three", "address_has_name", "every_card"])
    assert table.check.value_counts().to_dict() == {"name_has_three": 3, "address_has_name": 2, "every_card": 3}
    assert table[~table.passed].key.tolist() == ["2.jpg"]


@pytest.mark.usefixtures("own_checks")
def test_texts_are_read_once_for_all_checks_that_ask_for_what_a_reader_makes(cards):
    asked = []

    def lengths(texts):
        asked.append(len(texts))
        return texts.str.len()

    @register(severity="warning", detail="three characters", fields=["name"], transform=lengths)
    def name_has_three(length):
        return length == 3

    @register(
        severity="warning",
        detail="a long address",
        fields=[("address", "name", "id_number")],
        transform=(lengths, lengths, None),
    )
    def address_is_longer_than_name(address, name, number):
        return (address > name) & number.str.startswith("9")

    table = check(cards, ["name_has_three", "address_is_longer_than_name"])
    assert asked == [3, 3]
    answers = table.groupby("check", observed=True).passed.agg(list).to_dict()
    assert answers == {"name_has_three": [True] * 3, "address_is_longer_than_name": [True] * 2}


@pytest.mark.usefixtures("own_checks")
def test_a_name_cannot_be_taken_twice():
    def number_length(text):
        return text == ""

    with pytest.raises(ValueError, match="already called 'number_length'"):
        register(severity="error", detail="x", fields=["name"])(number_length)


def test_readers_must_be_as_many_as_fields():
    with pytest.raises(
        ValueError, match="'two_agree' gets 2 fields and names 1 in transform; give one callable or None"
    ):

        @register(severity="error", detail="x", fields=[("name", "address")], transform=(len,))
        def two_agree(name, address):
            return name == address


@pytest.mark.usefixtures("own_checks")
def test_a_check_or_reader_that_loses_a_row_is_named(cards):
    @register(severity="error", detail="x", fields=["name"])
    def name_is_short(name):
        return (name.str.len() < 4)[1:]

    def first_letters(texts):
        return texts.str[0].iloc[:-1]

    @register(severity="error", detail="x", fields=["name"], transform=first_letters)
    def name_begins_well(first):
        return first != "1"

    with pytest.raises(ValueError, match="check 'name_is_short' gave 2 answers to 3 texts of the field 'name'"):
        check(cards, ["name_is_short"])
    with pytest.raises(ValueError, match="first_letters made 2 rows of 3 texts of the field 'name'; a reader gives"):
        check(cards, ["name_begins_well"])


def test_fields_are_found_among_more_labels_than_a_byte_counts(cards):
    labels = [f"label {n:03}" for n in range(200)]
    many = pd.DataFrame({"job_id": "job of 1.jpg", "key": "1.jpg", "card_type": "IDCard", "field": labels, "text": "x"})
    frame = pd.concat([many, cards[cards.key == "1.jpg"].astype({"field": "str"})], ignore_index=True)
    frame["field"] = pd.Categorical(frame.field, categories=[*labels, *cards.field.cat.categories])
    table = check(frame, ["field_is_there", "field_is_single"])
    assert table[table.check == "field_is_there"].field.tolist() == list(expected_fields("IDCard"))
    assert len(table) == 6 + 206
    assert table.passed.all()


@pytest.mark.usefixtures("own_checks")
def test_fields_that_a_check_names_may_be_categories_in_any_order(cards):
    @register(severity="warning", detail="x")
    def first_field(df):
        names = pd.Categorical(["name", "gender"], categories=df.field.cat.categories[::-1])
        return pd.DataFrame({"row": [0, 0], "field": names, "passed": True})

    assert check(cards, ["first_field"]).field.tolist() == ["name", "gender"]


def test_texts_are_checked_without_width_and_white_space(id_card, verdict):
    assert verdict(id_card(公民身份号码=" ９90101197412010014 "), "number_check_digit") == {"id_number": True}


def test_a_tally_counts_by_field_and_check_errors_first_and_the_worst_of_them(cards):
    table = tally(check(cards))
    region = table.query("check == 'number_region' and field == 'id_number'").iloc[0]
    assert (region.cases, region.failed, region.share) == (2, 2, 1.0)
    failed = table[table["failed"] > 0]
    errors = failed["severity"] == "error"
    assert errors.is_monotonic_decreasing
    assert failed["share"][errors].is_monotonic_decreasing
    assert failed["share"][~errors].is_monotonic_decreasing
    assert table["failed"].iloc[len(failed) :].eq(0).all()
    low, high = wilson(region.failed, region.cases)
    assert (region.low, region.high) == (low, high)
    assert table.cases.sum() == len(check(cards))


@pytest.mark.parametrize("block", [1, 7, 10_000])
@pytest.mark.parametrize("dtype", ["category", "str"])
def test_a_tally_in_blocks_counts_what_groupby_counts(cards, monkeypatch, block, dtype):
    monkeypatch.setattr("cardocr_nb.quality._checks._BLOCK", block)
    checked = check(cards).sample(frac=1, random_state=1).astype(dict.fromkeys(["field", "check", "severity"], dtype))
    groups = checked.groupby(["field", "check", "severity"], observed=True, dropna=False, sort=False)["passed"]
    counted = groups.agg(cases="size", passed="sum").reset_index()
    found = tally(checked)
    assert len(found) == len(counted)
    both = found.astype({"field": "str"}).merge(counted.astype({"field": "str"}), on=["field", "check", "cases"])
    assert (both["failed"] == both["cases"] - both["passed"]).all()
    assert len(both) == len(counted)


def test_a_tally_of_nothing_is_empty():
    assert tally(check(empty())).empty


def test_failed_cards_alone_are_no_trouble():
    assert check(to_frame(Job("", JobState.FAILED, "1.jpg", code="NoSuchFile"))).empty


def test_former_names_of_register_are_deprecated():
    for former, new in (("of", "transform"), ("counts", "aggregate")):
        with pytest.warns(DeprecationWarning, match=rf"register\({former}=\) is now register\({new}=\)"):
            register(severity="warning", detail="x", **{former: len})


@pytest.mark.filterwarnings("ignore::cardocr_nb.wire.RepairWarning")
def test_texts_stored_as_python_objects_are_checked_alike(data):
    with pd.option_context("mode.string_storage", "python"):
        stored = read_responses(data / "responses", errors="row")
        assert stored["text"].dtype.storage == "python"
        found = check(stored)
    usual = check(read_responses(data / "responses", errors="row"))
    assert len(found) > 100
    assert found.to_csv() == usual.to_csv()
