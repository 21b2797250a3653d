from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from cardocr_nb.cards import expected_fields
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import UnknownLabelWarning, conform, to_frame
from cardocr_nb.frame._coco import from_coco, to_coco
from cardocr_nb.wire._records import CardResult, Field

BOX = ((10, 20), (10, 40), (130, 40), (130, 20))
SIZES = {"a.jpg": (300, 200), "b.jpg": (400, 300)}
HELD = ["key", "field", "text", "score", "polygon"]
texts = st.none() | st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)


@st.composite
def frames(draw):
    cards = []
    for key, (width, height) in SIZES.items():
        corner = st.tuples(st.integers(0, width), st.integers(0, height))
        names = draw(st.lists(st.sampled_from(expected_fields("DriverLicense")), unique=True))
        scores = st.none() | st.integers(0, 100)
        fields = tuple(Field(n, draw(texts) or "", draw(scores), draw(st.tuples(*[corner] * 4))) for n in names)
        cards.append(CardResult(fields, key=key))
    return to_frame(cards)


@settings(max_examples=40)
@given(frames())
def test_there_and_back_nothing_is_lost(df):
    again = from_coco(json.loads(json.dumps(to_coco(df, SIZES))))
    pd.testing.assert_frame_equal(again[HELD].astype({"field": "str"}), df[HELD].astype({"field": "str"}))


@pytest.fixture
def coco(tmp_path):
    df = to_frame([CardResult((Field("姓名", "样本", 98, BOX), Field("性别", "女", 91)), key="a.jpg"),
                   CardResult((), key="b.jpg")])  # fmt: skip
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(to_coco(df, SIZES)), encoding="utf-8")
    return path


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own masks
def test_the_tools_of_coco_read_it_and_draw_the_same_area(coco):
    read = COCO(coco)
    assert [i["file_name"] for i in read.loadImgs(read.getImgIds())] == ["a.jpg", "b.jpg"]
    (annotation,) = read.loadAnns(read.getAnnIds(catIds=read.getCatIds(catNms=["name"])))
    assert annotation["bbox"] == [10, 20, 120, 20]
    assert annotation["area"] == 2400 == read.annToMask(annotation).sum()
    assert np.argwhere(read.annToMask(annotation)).min(axis=0).tolist() == [20, 10]


def test_a_field_without_a_polygon_is_left_out_and_an_image_without_fields_stays(coco):
    frame = from_coco(coco)
    assert frame["key"].tolist() == ["a.jpg", "b.jpg"]
    assert frame["field"].astype("str").fillna("-").tolist() == ["name", "-"]


def test_texts_are_left_out_on_request():
    df = to_frame(CardResult((Field("姓名", "样本", 98, BOX),), key="a.jpg"))
    assert {"text", "score"}.isdisjoint(to_coco(df, SIZES, texts=False)["annotations"][0])
    assert "样本" not in json.dumps(to_coco(df, SIZES, texts=False), ensure_ascii=False)


def test_the_same_field_has_the_same_category_in_every_data_set():
    first = to_frame(CardResult((Field("姓名", "样本", 98, BOX),), key="a.jpg"))
    with pytest.warns(UnknownLabelWarning):
        second = to_frame(CardResult((Field("血型", "O", 98, BOX), Field("姓名", "样本", 98, BOX)), key="a.jpg"))
    ids = [{c["name"]: c["id"] for c in to_coco(df, SIZES)["categories"]} for df in (first, second)]
    assert ids[0].items() <= ids[1].items()


def test_another_tools_boxes_become_polygons():
    foreign = {
        "images": [{"id": 5, "file_name": "a.jpg"}],
        "categories": [{"id": 3, "name": "name"}],
        "annotations": [{"id": 1, "image_id": 5, "category_id": 3, "bbox": [1, 2, 30, 10], "segmentation": []}],
    }
    assert from_coco(foreign)["polygon"][0].points == ((1, 2), (1, 12), (31, 12), (31, 2))


def test_what_has_no_key_and_what_is_no_coco_is_refused():
    with pytest.raises(ValueError, match="1 rows have no key"):
        to_coco(to_frame(CardResult((Field("姓名", "样本"),))), SIZES)
    with pytest.raises(ValueError, match="has the members"):
        from_coco({"images": []})


def test_the_accessor_delegates():
    df = to_frame(CardResult((Field("姓名", "样本", 98, BOX),), key="a.jpg"))
    assert df.cardocr.to_coco(SIZES) == to_coco(df, SIZES)
    pd.testing.assert_frame_equal(pd.DataFrame.cardocr.from_coco(to_coco(df, SIZES)), from_coco(to_coco(df, SIZES)))


def of_another_tool(*annotations):
    return {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "categories": [{"id": 1, "name": "name"}],
        "annotations": [{"id": n, "image_id": 1, "category_id": 1, **a} for n, a in enumerate(annotations)],
    }


@pytest.mark.parametrize(
    ("scores", "found"), [([87, 1, 100], [87, 1, 100]), ([0.87, 1, 0], [87, 100, 0]), (["0.5", None], [50, None])]
)
def test_scores_from_0_to_1_and_from_0_to_100_are_both_read(scores, found):
    data = of_another_tool(*({"score": score} for score in scores))
    assert from_coco(data)["score"].astype(object).where(lambda s: s.notna(), None).tolist() == found


@pytest.mark.parametrize("score", [-0.1, 101, 8700])
def test_scores_beyond_every_scale_are_refused(score):
    with pytest.raises(ValueError, match="scores of a file are 0 to 1, or 0 to 100"):
        from_coco(of_another_tool({"score": score}))


@pytest.mark.parametrize(
    "place",
    [
        {"bbox": ["10", "20", "30", "10"]},
        {"bbox": [10, 20, 30, 10]},
        {"segmentation": [[10, 20, 10, 30, 40, 30, 40, 20]]},
        {"segmentation": [[10, 20, 10, 30, 40, 30, 40, 20, 10, 20]], "bbox": [0, 0, 1, 1]},
        {"segmentation": [["10", "20", "10", "30", "40", "30", "40", "20"]]},
    ],
)
def test_places_are_numbers_and_rings_may_be_closed(place):
    assert str(from_coco(of_another_tool(place))["polygon"][0]) == "10,20 10,30 40,30 40,20"


def test_a_place_that_is_no_number_is_refused():
    with pytest.raises(DecodeError, match="members of another type"):
        from_coco(of_another_tool({"bbox": ["a", 2, 3, 4]}))


def test_annotations_that_only_give_their_box_are_counted():
    box = {"bbox": [0, 0, 9, 9]}
    masks = [
        {"segmentation": {"counts": [1], "size": [2, 2]}},
        {"segmentation": [[1, 2, 3, 4, 5, 6]]},
        {"segmentation": []},
    ]
    with pytest.warns(UserWarning, match=r"^2 annotations have another segmentation"):
        assert str(from_coco(of_another_tool(*(box | mask for mask in masks)))["polygon"][1]) == "0,0 0,9 9,9 9,0"


def test_a_wrong_place_is_named_by_its_row():
    with pytest.raises(DecodeError, match=r"^the place of row 1 of the COCO data set has members of another type"):
        from_coco(of_another_tool({"bbox": [0, 0, 9, 9]}, {"bbox": [1, 2, 3]}))


def test_the_type_of_a_card_comes_back():
    cards = conform(
        pd.DataFrame(
            {
                "key": ["a", "a", "b", "c"],
                "card_type": ["IDCard", "IDCard", "DriverLicense", None],
                "field": "name",
                "text": "李",
            }
        )
    ).assign(polygon=pd.array([BOX] * 4, dtype="polygon"))
    coco = json.loads(json.dumps(to_coco(cards, dict.fromkeys("abc", (300, 200)))))
    again = from_coco(coco)
    assert again["card_type"].astype("str").fillna("").tolist() == ["IDCard", "IDCard", "DriverLicense", ""]
    assert "card_type" not in coco["images"][2]


def test_an_annotation_without_a_category_is_counted_and_attributes_may_hold_the_text():
    coco = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "categories": [{"id": 1, "name": "name"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "bbox": [0, 0, 9, 9],
                "attributes": {"text": "李", "occluded": False},
            },
            {"id": 2, "image_id": 1, "category_id": 7, "bbox": [0, 0, 9, 9]},
        ],
    }
    with pytest.warns(UserWarning, match="^1 annotations name no category of the data set"):
        frame = from_coco(coco)
    assert frame["text"][0] == "李"
    assert frame["field"].isna().tolist() == [False, True]
