from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import jsonschema
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardocr_nb.cards import expected_fields
from cardocr_nb.errors import DecodeError, ImageError
from cardocr_nb.frame import to_frame, validate
from cardocr_nb.frame._label_studio import from_label_studio, label_studio_config, to_label_studio
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

BOX = ((10, 20), (10, 40), (130, 40), (130, 20))
SIZES = {"a.jpg": (300, 200), "样 本/{0}'=1.jpg": (4000, 3000), "\0?%\n": (85, 54)}
HELD = ["job_id", "key", "card_type", "state", "field", "text", "score", "polygon"]

_NUMBERS = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
# The task and the results of the tags PolygonLabels and TextArea as Label Studio's reference of tags lists them.
_RESULT = {
    "type": "object",
    "required": ["id", "from_name", "to_name", "type", "value", "original_width", "original_height", "image_rotation"],
    "properties": {
        "id": {"type": "string"},
        "from_name": {"enum": ["label", "transcription"]},
        "to_name": {"const": "image"},
        "type": {"enum": ["polygonlabels", "textarea"]},
        "original_width": {"type": "integer", "minimum": 1},
        "original_height": {"type": "integer", "minimum": 1},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "value": {
            "type": "object",
            "required": ["points", "closed"],
            "properties": {
                "points": {"type": "array", "items": _NUMBERS, "minItems": 3},
                "closed": {"type": "boolean"},
                "polygonlabels": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1},
                "text": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
}
TASKS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["data", "predictions"],
        "additionalProperties": False,
        "properties": {
            "data": {"type": "object", "required": ["image"]},
            "predictions": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["result"],
                    "properties": {
                        "model_version": {"type": "string"},
                        "score": {"type": "number", "minimum": 0, "maximum": 1},
                        "result": {"type": "array", "items": _RESULT},
                    },
                },
            },
        },
    },
}
texts = st.none() | st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)


@st.composite
def frames(draw):
    jobs = []
    for number, (key, (width, height)) in enumerate(SIZES.items()):
        corner = st.tuples(st.integers(0, width), st.integers(0, height))
        fields = tuple(
            Field(
                name,
                draw(texts) or "",
                draw(st.none() | st.integers(0, 100)),
                draw(st.none() | st.tuples(*[corner] * 4)),
            )
            for name in draw(st.lists(st.sampled_from(expected_fields("IDCard")), unique=True))
        )
        jobs.append(Job(f"j{number}", JobState.SUCCESS, key, "IDCard", result=CardResult(fields)))
    return to_frame(jobs)


def comparable(df):
    return df[HELD].astype({"field": "str"})


@settings(max_examples=40)
@given(frames())
def test_there_and_back_nothing_is_lost_and_the_format_is_kept(df):
    tasks = json.loads(json.dumps(to_label_studio(df, SIZES)))
    jsonschema.validate(tasks, TASKS)
    pd.testing.assert_frame_equal(comparable(from_label_studio(tasks)), comparable(df))


def one(**other):
    return to_frame(CardResult((Field("姓名", "样本", 98, BOX),), key="a.jpg", **other))


def test_points_are_percent_of_the_image_and_text_and_outline_share_an_id():
    task = to_label_studio(one(), SIZES, image="/data/local-files/?d=cards/{key}")[0]
    assert task["data"]["image"] == "/data/local-files/?d=cards/a.jpg"
    outline, text = task["predictions"][0]["result"]
    assert outline["id"] == text["id"]
    assert outline["value"]["points"][2] == pytest.approx([130 / 3, 20.0])
    assert (outline["value"]["polygonlabels"], text["value"]["text"]) == (["name"], ["样本"])
    assert (outline["original_width"], outline["original_height"], outline["score"]) == (300, 200, 0.98)


def test_what_people_corrected_comes_back_and_what_they_cancelled_does_not():
    task = to_label_studio(one(), SIZES)[0]
    mended = json.loads(json.dumps(task["predictions"][0]["result"]))
    mended[1]["value"]["text"] = ["样本二", "次行"]
    for result in mended:
        result.pop("score")
        result["value"]["points"][0] = [10.0, 10.0]
    task["annotations"] = [{"result": mended}, {"result": [], "was_cancelled": True}]
    frame = from_label_studio([task])
    assert frame["text"].tolist() == ["样本二\n次行"]
    assert frame["polygon"][0].points[0] == (30, 20)
    assert frame["score"].isna().all()
    assert validate(frame).empty


def test_an_export_is_read_from_a_file_and_a_task_without_regions_keeps_a_row(tmp_path):
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{"id": 7, "data": {"image": "a.jpg"}, "annotations": [{"result": []}]}]))
    frame = from_label_studio(path)
    assert frame["key"].tolist() == ["a.jpg"]
    assert frame["field"].isna().all()


def test_sizes_are_taken_from_the_upright_images_of_a_folder(photo, tmp_path):
    photo(tmp_path / "a.jpg", size=(300, 200))
    assert to_label_studio(one(), tmp_path) == to_label_studio(one(), SIZES)


def test_images_without_a_size_are_named(tmp_path):
    with pytest.raises(ImageError, match=r"1 images give no size: .*a\.jpg"):
        to_label_studio(one(), tmp_path)
    with pytest.raises(KeyError, match=r"no width and height for 'a\.jpg'"):
        to_label_studio(one(), {})
    with pytest.raises(ValueError, match="1 rows have no key"):
        to_label_studio(one().assign(key=None), SIZES)


@pytest.mark.parametrize("tasks", [[{"image": "a.jpg"}], ["a.jpg"], ({},)])
def test_another_json_is_refused(tasks):
    with pytest.raises(ValueError, match="choose the format JSON"):
        from_label_studio(tasks)


def test_the_configuration_names_the_tags_and_labels_of_the_tasks():
    df = one()
    view = ET.fromstring(label_studio_config(df))  # noqa: S314 - our own
    names = {tag.get("name"): tag.tag for tag in view}
    results = to_label_studio(df, SIZES)[0]["predictions"][0]["result"]
    assert {r["from_name"]: r["type"] for r in results} == {
        name: tag.lower() for name, tag in names.items() if tag != "Image"
    }
    assert [label.get("value") for label in view.iter("Label")] == ["name"]
    assert view.find("Image").get("value") == "$image"


def test_the_accessor_delegates():
    df = one()
    assert df.cardocr.to_label_studio(SIZES) == to_label_studio(df, SIZES)
    pd.testing.assert_frame_equal(
        pd.DataFrame.cardocr.from_label_studio(to_label_studio(df, SIZES)),
        from_label_studio(to_label_studio(df, SIZES)),
    )


def region(kind, value, **others):
    return {"id": "r1", "type": kind, "original_width": 200, "original_height": 100, "value": value} | others


def exported(*results):
    return [{"data": {"image": "a.jpg"}, "annotations": [{"result": list(results)}]}]


SIDES = {"x": 10, "y": 20, "width": 50, "height": 30, "rotation": 0}
OUTLINE = {"points": [[10, 20], [10, 50], [60, 50], [60, 20]], "closed": True}
CORNERS = ((20, 20), (20, 50), (120, 50), (120, 20))


@pytest.mark.parametrize(
    "results",
    [
        [region("rectanglelabels", SIDES | {"rectanglelabels": ["name"]})],
        [region("rectangle", SIDES), region("labels", SIDES | {"labels": ["name"]})],
        [region("polygon", OUTLINE), region("labels", OUTLINE | {"labels": ["name"]})],
        [region("polygonlabels", OUTLINE | {"polygonlabels": ["name"]})],
        [region("polygonlabels", {"points": [*OUTLINE["points"], [10, 20]], "polygonlabels": ["name"]})],
    ],
    ids=["rectanglelabels", "OCR template, rectangle", "OCR template, polygon", "polygonlabels", "closed ring"],
)
def test_every_shape_of_label_studios_templates_is_read(results):
    df = from_label_studio(exported(*results, region("textarea", {"text": ["样", "本"]})))
    assert df["field"].tolist() == ["name"]
    assert df["text"].tolist() == ["样\n本"]
    assert df["polygon"][0].points == CORNERS


def test_a_rectangle_turns_clockwise_about_its_first_corner_in_pixels():
    turned = region("rectanglelabels", SIDES | {"rotation": 90, "rectanglelabels": ["name"]})
    assert from_label_studio(exported(turned))["polygon"][0].points == ((20, 20), (-10, 20), (-10, 120), (20, 120))


def test_texts_of_several_results_of_a_region_are_all_kept():
    texts = [region("textarea", {"text": [word]}) for word in ("样", "本")]
    df = from_label_studio(exported(region("rectanglelabels", SIDES | {"rectanglelabels": ["name"]}), *texts))
    assert df["text"].tolist() == ["样\n本"]


@pytest.mark.parametrize("kind", ["brushlabels", "ellipselabels", "keypointlabels", "relation", "choices"])
def test_results_that_cannot_be_read_are_named(kind):
    with pytest.warns(UserWarning, match=f"left out of the export of Label Studio: 1 x {kind}"):
        df = from_label_studio(exported(region(kind, {kind: ["name"]})))
    assert df["field"].isna().all()


PENTAGON = {"points": [[10, 20], [10, 50], [30, 60], [60, 50], [60, 20]], "polygonlabels": ["name"]}


@pytest.mark.parametrize(
    ("shape", "named"),
    [
        (region("polygonlabels", PENTAGON), "1 x place of other than four corners"),
        (
            region("rectanglelabels", SIDES | {"rectanglelabels": ["name"]}, image_rotation=90),
            "1 x place on an image that was turned",
        ),
        (
            {"id": "r1", "type": "rectanglelabels", "value": SIDES | {"rectanglelabels": ["name"]}},
            "1 x place without the size",
        ),
    ],
)
def test_a_place_that_cannot_be_read_is_named_and_its_text_is_kept(shape, named):
    text = {"id": "r1", "type": "textarea", "value": shape["value"] | {"text": ["样本"]}}
    with pytest.warns(UserWarning, match=named):
        df = from_label_studio(exported(shape, text))
    assert df[["field", "text"]].to_numpy().tolist() == [["name", "样本"]]
    assert df["polygon"].isna().all()


def test_further_labels_of_a_region_are_named_and_printed_labels_are_fields():
    shape = region("rectanglelabels", SIDES | {"rectanglelabels": ["姓名", "gender"]})
    with pytest.warns(UserWarning, match="1 x further label of a region"):
        assert from_label_studio(exported(shape))["field"].tolist() == ["name"]


@pytest.mark.parametrize(("given", "found"), [([0.87, 1], [87, 100]), ([87, 1], [87, 1]), (["0.5", 0], [50, 0])])
def test_scores_from_0_to_1_and_from_0_to_100_are_both_read(given, found):
    regions = [
        region("rectanglelabels", SIDES | {"rectanglelabels": ["name"]}, id=str(n), score=score)
        for n, score in enumerate(given)
    ]
    assert from_label_studio(exported(*regions))["score"].tolist() == found


def dated(number, label, time, **others):
    shape = region("rectanglelabels", SIDES | {"rectanglelabels": [label]})
    return {"id": number, "created_at": time, "result": [shape], **others}


LATE, EARLY = "2026-01-02T10:00:00.5Z", "2026-01-01T10:00:00Z"


@pytest.mark.parametrize(
    ("annotations", "label"),
    [
        ([dated(2, "gender", LATE), dated(1, "name", EARLY)], "gender"),
        ([dated(1, "name", EARLY), dated(2, "gender", LATE)], "gender"),
        ([dated(2, "gender", EARLY, updated_at=LATE), dated(1, "name", EARLY)], "gender"),
        ([dated(2, "gender", LATE, was_cancelled=True), dated(1, "name", EARLY)], "name"),
        ([dated(2, "gender", LATE), dated(1, "name", None)], "name"),
    ],
)
@pytest.mark.parametrize("node", ["annotations", "completions"])
def test_the_latest_annotation_counts_by_its_time_in_every_version(annotations, label, node):
    assert from_label_studio([{"data": {"image": "a.jpg"}, node: annotations}])["field"].tolist() == [label]


def test_notes_of_a_region_are_counted_and_other_types_are_not_quoted():
    shape = region("rectanglelabels", SIDES | {"rectanglelabels": ["name"]}, meta={"text": ["样本"]})
    with pytest.warns(UserWarning, match="left out of the export of Label Studio: ") as said:
        assert from_label_studio(exported(shape, region("样本某某", {})))["field"].tolist() == ["name"]
    assert "1 x result of another type, 1 x note of a region" in str(said[0].message)
    assert "样本" not in str(said[0].message)


def test_a_wrong_value_is_named_by_its_task():
    good = exported(region("rectanglelabels", SIDES | {"rectanglelabels": ["name"]}))
    bad = exported(region("rectanglelabels", SIDES | {"x": "left", "rectanglelabels": ["name"]}))
    with pytest.raises(DecodeError, match=r"^task 2 of the export of Label Studio has members of another type"):
        from_label_studio(good + bad)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "gb18030"])
def test_a_file_in_another_encoding_is_read(encoding, tmp_path):
    task = {"data": {"image": "样本.jpg"}, "annotations": [{"result": []}]}
    path = tmp_path / "project.json"
    path.write_bytes(json.dumps([task], ensure_ascii=False).encode(encoding))
    assert from_label_studio(path)["key"].tolist() == ["样本.jpg"]
