import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardocr_nb._card_geometry import LAYOUTS
from cardocr_nb.cards import FIELDS
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.plot._card_coordinates import card_frame, card_positions


def corners_of(box):
    return np.array([(box.left, box.top), (box.left, box.bottom), (box.right, box.bottom), (box.right, box.top)])


def homography(turn=0.0, scale=12.0, tilt=(0.0, 0.0), shift=(900.0, 700.0)):
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return np.array([(scale * c, -scale * s, shift[0]), (scale * s, scale * c, shift[1]), (*tilt, 1.0)])


def photo_of(template, view, fields=None, card_type="IDCard", key="1.jpg"):
    """A card exactly as the template has it, seen through a homography."""
    middle = np.array(template.size) / 2
    rows = []
    for field in fields or template.boxes:
        points = np.column_stack([corners_of(template.boxes[field]) - middle, np.ones(4)]) @ view.T
        rows.append((key, card_type, field, 98, np.rint(points[:, :2] / points[:, 2:]).astype(int)))
    return pd.DataFrame(rows, columns=["key", "card_type", "field", "score", "polygon"])


ID = LAYOUTS["IDCard"][0]


@settings(max_examples=25)
@given(
    st.floats(-180, 180),
    st.floats(6, 40),
    st.tuples(st.floats(-0.0015, 0.0015), st.floats(-0.0015, 0.0015)),
    st.permutations(range(4)),
)
def test_a_card_is_placed_at_any_angle_and_order_of_corners(turn, scale, tilt, order):
    view = homography(turn, scale, tilt)
    df = photo_of(ID, view)
    given_corners = df["polygon"].tolist()
    df["polygon"] = [p[list(order)] for p in given_corners]
    places = card_positions(df)
    assert places.cards["placed"].all()
    assert places.fields["offset"].max() < 1.5
    along = view[:2, 0] - view[2, 0] * view[:2, 2]
    gone = (places.cards["turn"].iloc[0] - np.degrees(np.arctan2(along[1], along[0])) + 180) % 360 - 180
    assert abs(gone) < 2
    middles = [corners_of(ID.boxes[f]).mean(axis=0) for f in places.fields["field"]]
    assert np.abs(places.places.mean(axis=1) - middles).max() < 1.5


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_corners_come_back_in_the_order_in_which_the_card_is_read(turn):
    df = photo_of(ID, homography(turn))
    wanted = np.array(df["polygon"].tolist())
    df["polygon"] = [np.roll(p, 1, axis=0) for p in df["polygon"]]
    assert np.array([p.points for p in card_positions(df).fields["polygon"]]).tolist() == wanted.tolist()


@pytest.mark.parametrize("fields", [("name", "id_number"), ("gender", "ethnicity"), ("name", "gender", "address")])
def test_a_few_fields_are_enough_to_say_how_a_card_lies(fields):
    places = card_positions(photo_of(ID, homography(30), fields))
    assert places.cards["turn"].iloc[0] == pytest.approx(30, abs=2)
    assert places.cards[["fields", "placed"]].iloc[0].tolist() == [len(fields), True]


def test_a_card_with_one_field_is_not_placed_and_counted():
    df = pd.concat(
        [photo_of(ID, homography(), key="1.jpg"), photo_of(ID, homography(), ["name"], key="2.jpg")], ignore_index=True
    )
    df.loc[len(df)] = ["3.jpg", "IDCard", None, None, None]
    places = card_positions(df)
    assert places.cards["placed"].tolist() == [True, False, False]
    assert places.left_out == 2
    assert places.cards["turn"].isna().tolist() == [False, True, True]
    assert set(places.fields["key"]) == {"1.jpg"}
    assert "1 of 3 cards placed" in str(places)


def test_a_field_found_elsewhere_bends_nothing_and_is_listed():
    df = photo_of(ID, homography(10))
    df["polygon"] = [p + np.array([400, 300]) * (i == 1) for i, p in enumerate(df["polygon"])]
    places = card_positions(df)
    assert places.outliers[["key", "field"]].to_numpy().tolist() == [["1.jpg", "gender"]]
    assert places.outliers["offset"].iloc[0] == pytest.approx(np.hypot(400, 300) / 12, rel=0.2)
    assert places.fields.loc[places.fields["field"] != "gender", "offset"].max() < 0.6
    assert places.cards["residual"].iloc[0] < 0.6


@pytest.mark.parametrize("number", [0, 1])
def test_the_arrangement_of_a_license_is_found(number):
    template = LAYOUTS["DriverLicense"][number]
    places = card_positions(photo_of(template, homography(-20), card_type="DriverLicense"))
    assert places.cards["layout"].tolist() == [template.name]
    assert places.fields["offset"].max() < 0.6


def test_cards_are_placed_together_as_they_are_alone():
    views = [homography(t, 12, (0.001, -0.001)) for t in (0, 70, 200)]
    layouts = LAYOUTS["DriverLicense"]
    frames = [photo_of(layouts[i % 2], v, None, "DriverLicense", f"{i}.jpg") for i, v in enumerate(views)]
    frames[1] = frames[1].iloc[::2]
    together = card_positions(pd.concat(frames)).fields["offset"].to_numpy()
    alone = np.concatenate([card_positions(f).fields["offset"].to_numpy() for f in frames])
    assert together == pytest.approx(alone)


def test_specimens_photographed_askew_are_placed_within_two_millimeters(specimens):
    for kind in FIELDS:
        places = card_positions(specimens, card_type=kind)
        assert places.cards["placed"].all()
        assert places.cards["residual"].max() < 2.0
        assert not places.fields["stray"].any()


def test_the_first_of_a_doubled_field_counts():
    df = photo_of(ID, homography())
    twice = df.iloc[:1].assign(polygon=[df["polygon"].iloc[0] + 700])
    places = card_positions(pd.concat([df, twice], ignore_index=True))
    assert len(places.fields) == len(ID.boxes)
    assert not places.fields["stray"].any()


def test_a_frame_without_card_types_needs_the_argument():
    df = photo_of(ID, homography()).drop(columns="card_type")
    with pytest.raises(ValueError, match="no card type; pass card_type="):
        card_positions(df)
    assert card_positions(df, card_type="IDCard").cards["placed"].all()


def test_a_frame_of_both_cards_needs_the_argument(specimens):
    with pytest.raises(ValueError, match="more than one type; pass card_type="):
        card_positions(specimens)
    with pytest.raises(ValueError, match="no card of the type 'DriverLicense'; it has IDCard"):
        card_positions(specimens[specimens["card_type"] == "IDCard"], card_type="DriverLicense")
    with pytest.raises(InvalidRequestError, match="got a str of 8 characters"):
        card_positions(specimens, card_type="Passport")


def test_templates_hold_the_fields_of_the_cards():
    for kind, templates in LAYOUTS.items():
        for template in templates:
            assert set(template.boxes) == {f.name for f in FIELDS[kind]}
            assert all(0 < b.left < b.right < template.size[0] for b in template.boxes.values())
            assert all(0 < b.top < b.bottom < template.size[1] for b in template.boxes.values())


def test_the_result_shows_no_text(specimens):
    places = card_positions(specimens.assign(text="样本一"), card_type="IDCard")
    assert "样本" not in repr(places) + places._repr_html_()
    assert "text" not in places.fields


def test_the_former_name_still_works_and_warns(specimens):
    cards = specimens[specimens["card_type"] == "IDCard"]
    with pytest.warns(DeprecationWarning, match="card_positions"):
        assert card_frame(cards).cards.equals(card_positions(cards).cards)
