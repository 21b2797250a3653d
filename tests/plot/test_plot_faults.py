import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from cardocr_nb.frame import to_frame
from cardocr_nb.plot import plot_compare, plot_confusions
from cardocr_nb.quality import compare, evaluate
from cardocr_nb.wire import CardResult, Field, Job, JobState

LABELS = {"name": "姓名", "id_number": "公民身份号码", "gender": "性别"}


@pytest.fixture
def spoilt(specimens):
    """Every 1 of a number read as 7, a name with a character too many, and one with a character too few."""
    df = specimens.copy()
    numbers = df["field"] == "id_number"
    df.loc[numbers, "text"] = df.loc[numbers, "text"].str.replace("1", "7")
    names = df.index[df["field"] == "name"]
    df.loc[names[0], "text"] = df.loc[names[0], "text"] + "木"
    df.loc[names[1], "text"] = df.loc[names[1], "text"][:-1]
    return df


def labels(ax):
    return [t.get_text() for t in ax.get_yticklabels()]


def test_bars_are_as_long_as_characters_were_taken_for_others(spoilt, truth, ax):
    plot_confusions(evaluate(spoilt, truth), lang="en", ax=ax, reveal=True)
    ones = truth.loc[truth["field"] == "id_number", "text"].str.count("1").sum()
    assert labels(ax)[0] == "1 → 7"
    assert ax.patches[0].get_width() == ones
    last = truth.loc[truth["field"] == "name", "text"].iloc[1][-1]
    assert set(labels(ax)[1:]) == {"木 inserted", f"{last} left out"}


def test_bars_are_stacked_by_field(ax):
    table = pd.DataFrame(
        {"field": ["name", "address", "name"], "truth": ["日", "日", "木"], "read": ["曰", "曰", "本"]}
    )
    plot_confusions(table.assign(count=[5, 3, 4]), ax=ax, reveal=True)
    bars = [(b.get_y() + b.get_height() / 2, b.get_x(), b.get_width()) for b in ax.patches]
    assert bars == [(0, 0, 5), (1, 0, 4), (0, 5, 3)]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["Name", "Address"]
    assert [t.get_text() for t in ax.texts] == ["8", "4"]


def test_the_most_frequent_pairs_are_kept_and_the_rest_counted(ax):
    table = pd.DataFrame({"field": "name", "truth": [*"abcde"], "read": "x", "count": [1, 2, 3, 4, 5]})
    plot_confusions(table, n=2, ax=ax, reveal=True)
    assert labels(ax) == ["e → x", "d → x"]
    assert ax.get_title() == "2 of 5 pairs: the most frequent"


def test_one_field_can_be_chosen(spoilt, truth, ax):
    plot_confusions(evaluate(spoilt, truth), field="id_number", ax=ax)
    assert labels(ax) == ["1 → 7"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["ID number"]


def test_a_space_is_called_by_its_name(ax):
    plot_confusions(pd.DataFrame({"field": ["name"], "truth": [" "], "read": [""], "count": [5], "cards": [5]}), ax=ax)
    assert labels(ax) == ["space left out"]


@pytest.mark.parametrize("cards", [{}, {"cards": 4}, {"cards": pd.NA}])
def test_a_table_whose_pairs_are_of_few_or_unknown_cards_is_drawn_only_when_asked_for(cards, ax):
    # One number with a digit misread nine times.
    table = pd.DataFrame({"field": ["id_number"], "truth": ["1"], "read": ["7"], "count": [9]}).assign(**cards)
    assert drawn(table, ax) == []
    assert drawn(table, ax, reveal=True) == ["1 → 7"]


def test_without_confusions_the_axes_stay_empty_with_a_warning(specimens, truth, ax):
    with pytest.warns(UserWarning, match="no confusion") as caught:
        plot_confusions(evaluate(specimens, truth), ax=ax)
    assert not ax.patches
    assert caught[0].filename == __file__


def names_read(*pairs, field="name"):
    """The evaluation of some cards that have one field each."""
    keys = [f"{number}.jpg" for number in range(len(pairs))]
    truth = pd.DataFrame({"key": keys, "field": field, "text": [true for true, _ in pairs]})
    cards = [
        Job(
            key,
            JobState.SUCCESS,
            key,
            "IDCard",
            result=CardResult((Field(LABELS[field], read, 90),), status=1, key=key),
        )
        for key, (_, read) in zip(keys, pairs, strict=True)
    ]
    return evaluate(to_frame(cards), truth)


def drawn(evaluation, ax, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        plot_confusions(evaluation, ax=ax, lang="en", **options)
    return labels(ax) if ax.patches else []


def test_the_confusions_of_one_card_are_drawn_only_when_asked_for(ax):
    spelt = names_read(("张伟民", "李某甲"))
    with pytest.warns(UserWarning, match="on 5 cards with different texts; reveal=True"):
        plot_confusions(spelt, ax=ax)
    assert not ax.patches
    assert not [text.get_text() for text in ax.findobj(Text) if set(text.get_text()) & set("张伟民李某甲")]
    assert len(drawn(spelt, ax, reveal=True)) == 3


@pytest.mark.parametrize(
    ("field", "pairs"),
    [
        ("name", [("张伟民", "李伟民")] * 6),
        ("name", [("张伟民", "李伟民"), ("张伟", "李伟"), ("张民", "李民"), ("张国民", "李国民")]),
        ("id_number", [("990101197400010014", "998181197488818814")]),
        ("name", [("张张张张张", "李李李李李")] * 2),
    ],
    ids=["six photos of a card", "four cards", "six zeros of a number", "one character five times"],
)
def test_pairs_of_fewer_than_five_texts_are_not_drawn(field, pairs, ax):
    assert drawn(names_read(*pairs, field=field), ax) == []


def test_pairs_of_five_cards_are_drawn_and_the_others_of_these_cards_not(ax):
    pairs = [(f"张{second}", f"李{second}") for second in "伟民国甲"] + [("张文", "李武")]
    assert drawn(names_read(*pairs), ax) == ["张 → 李"]


def test_a_field_whose_pairs_are_all_hidden_can_be_named(ax):
    assert drawn(names_read(("张伟民", "李某甲")), ax, field="name") == []
    with pytest.raises(ValueError, match="address"):
        plot_confusions(names_read(("张伟民", "李某甲")), field="address", ax=ax)


def test_a_frequent_gender_is_drawn_though_it_has_two_texts(ax):
    assert drawn(names_read(*[("男", "女")] * 5, field="gender"), ax) == ["男 → 女"]


def test_fewer_than_one_pair_is_refused():
    with pytest.raises(ValueError, match="n must be 1 or more, got 0"):
        plot_confusions(pd.DataFrame(), n=0)


def points(ax):
    return [p for c in ax.containers for p in zip(c[0].get_xdata(), c[0].get_ydata(), strict=True)]


def test_without_truth_the_share_of_agreement_is_drawn(spoilt, specimens, ax):
    made = compare(specimens, spoilt)
    plot_compare(made, lang="en", ax=ax)
    assert points(ax) == [(share, row) for row, share in enumerate(made.fields["share"])]
    assert labels(ax)[0] == "Name (n = 24)"
    assert ax.texts[0].get_text() == "22 agree"


def test_with_truth_gains_and_losses_are_drawn_with_all_fields_last(spoilt, specimens, truth, ax):
    made = compare(spoilt, specimens, truth)
    plot_compare(made, lang="en", ax=ax)
    drawn = {row: x for x, row in points(ax)}
    assert [drawn[i] for i in range(len(drawn))] == made.accuracy["difference"].tolist()
    assert labels(ax)[0] == "Name (n = 24)"
    assert labels(ax)[-1].startswith("All fields (n = ")
    assert ax.texts[0].get_text() == "+2 −0; p = 0.5"
    low, high = ax.get_xlim()
    assert low == -high


def test_bars_of_the_comparison_are_the_intervals(spoilt, specimens, truth, ax):
    made = compare(spoilt, specimens, truth)
    plot_compare(made, ax=ax)
    ends = [seg[:, 0] for c in ax.containers for bars in c[2] for seg in bars.get_segments()]
    assert np.allclose(ends, made.accuracy[["low", "high"]].to_numpy(dtype=float))


def test_frames_without_a_reading_compare_to_empty_axes_and_a_warning(specimens, ax):
    nothing = specimens.assign(text=None)
    with pytest.warns(UserWarning, match="no field that was compared"):
        plot_compare(compare(nothing, nothing), ax=ax)
    assert not ax.containers


def test_keyword_arguments_reach_the_artists(spoilt, specimens, truth, ax):
    plot_compare(compare(spoilt, specimens), markersize=11, ax=ax)
    assert ax.containers[0][0].get_markersize() == 11
    ax.clear()
    plot_confusions(evaluate(spoilt, truth), height=0.3, ax=ax)
    assert ax.patches[0].get_height() == pytest.approx(0.3)
