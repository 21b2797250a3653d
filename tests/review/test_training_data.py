"""Training data of corrections, read back by a reader that was written after the public format of PaddleOCR."""

import json
import os
import stat

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame import conform
from cardocr_nb.review import Corrections, Decision, EmptySplitWarning, LeftOutWarning, to_training_data
from cardocr_nb.review._training_split import split_cards
from cardocr_nb.specimen import degrade, draw

# Three people are few for a split; tests of the warning itself expect it with pytest.warns.
pytestmark = pytest.mark.filterwarnings("ignore::cardocr_nb.review.EmptySplitWarning")

ONE_LINE = {"name", "gender", "ethnicity", "birth_date", "id_number"}


def read_paddleocr(folder, name):
    """Images and labels of a list, as PaddleOCR's SimpleDataSet reads it: lines of bytes, UTF-8, parted at the tab."""
    import cv2

    samples = []
    with (folder / name).open("rb") as lines:
        for line in lines:
            path, label = line.decode("utf-8").strip("\n").split("\t")
            picture = cv2.imread(str(folder / path))
            assert picture is not None
            assert picture.dtype == np.uint8
            samples.append((path, picture, label))
    return samples


@pytest.fixture(scope="module")
def specimens():
    """Four cards: clean, turned, and the first one photographed again and stored again."""
    flat = [draw("IDCard", seed) for seed in (31, 32)]
    turned = degrade(draw("IDCard", 33), {"rotation": 1.0}, 3)
    again = degrade(flat[0], {"phone": 0.3}, 5)
    return {"a.png": flat[0], "b.png": flat[1], "turned.png": turned, "again.png": again, "copy.png": flat[0]}


@pytest.fixture(scope="module")
def pictures(specimens):
    return {key: np.asarray(specimen.image.convert("RGB")) for key, specimen in specimens.items()}


@pytest.fixture(scope="module")
def frame(specimens):
    rows = [
        {
            "key": key,
            "card_type": "IDCard",
            "state": "Success",
            "field": field,
            "text": "读错",
            "polygon": places.round(),
        }
        for key, specimen in specimens.items()
        for field, places in specimen.polygons.items()
    ]
    return conform(pd.DataFrame(rows).assign(score=90))


@pytest.fixture(scope="module")
def decided(specimens):
    rows = [
        (key, field, "corrected", text)
        for key, specimen in specimens.items()
        for field, text in specimen.texts.items()
        if field in ONE_LINE
    ]
    return pd.DataFrame(rows, columns=["key", "field", "verdict", "text"])


@pytest.fixture(scope="module")
def exported(frame, pictures, decided, tmp_path_factory):
    folder = tmp_path_factory.mktemp("training") / "data"
    return folder, to_training_data(frame, pictures, decided, folder, validation=0.5, seed=1, reveal=True)


def test_every_reviewed_field_comes_back_with_its_label(exported, specimens):
    folder, made = exported
    labels = {path: label for path, _, label in read_paddleocr(folder, "rec_gt.txt")}
    assert len(labels) == len(made) == 25
    for row in made.itertuples():
        assert labels[row.path] == specimens[row.key].texts[row.field]


def test_the_two_lists_are_disjoint_and_together_the_whole(exported):
    folder, _ = exported
    train, validation = ({p for p, _, _ in read_paddleocr(folder, f"rec_gt_{s}.txt")} for s in ("train", "val"))
    assert train
    assert validation
    assert not train & validation
    assert train | validation == {p for p, _, _ in read_paddleocr(folder, "rec_gt.txt")}


def test_a_card_its_copy_and_another_photo_of_it_are_on_one_side(exported):
    _, made = exported
    sides = made.groupby("key")["split"].unique()
    assert all(len(side) == 1 for side in sides)
    assert sides["a.png"] == sides["copy.png"] == sides["again.png"]


@pytest.mark.parametrize("text", ["", " ", None, "\u200b", "\u3000"])
@pytest.mark.parametrize("verdict", ["accepted", "corrected"])
def test_decisions_without_a_text_are_counted(frame, pictures, decided, tmp_path, text, verdict):
    some = decided[decided["key"] == "a.png"].reset_index(drop=True)
    some.loc[[0, 2], ["verdict", "text"]] = [verdict, text]
    with pytest.warns(LeftOutWarning, match="training data: 2 without a text"):
        made = to_training_data(frame, pictures, some, tmp_path / "data", reveal=True)
    assert len(made) == len(some) - 2


@pytest.mark.parametrize(("validation", "empty"), [(1e-6, "validation"), (1 - 1e-6, "training")])
def test_an_empty_part_is_said(frame, pictures, decided, tmp_path, validation, empty):
    some = decided[decided["key"].isin(["a.png", "b.png"])]
    with pytest.warns(EmptySplitWarning, match=f"the part for {empty} is empty: all 2 cards"):
        to_training_data(frame, pictures, some, tmp_path / "data", validation=validation, reveal=True)


@pytest.mark.parametrize("validation", [0, 1])
def test_a_part_that_was_not_asked_for_is_empty_without_a_word(frame, pictures, decided, tmp_path, validation):
    some = decided[decided["key"].isin(["a.png", "b.png"])]
    made = to_training_data(frame, pictures, some, tmp_path / "data", validation=validation, reveal=True)
    assert len(set(made["split"])) == 1


@pytest.mark.heavy
def test_the_engine_reads_the_labels_from_the_crops_of_clean_and_turned_cards(exported):
    from cardocr_nb.local.engine import Engine
    from cardocr_nb.local.engine._line_crops import ImagePyramid
    from cardocr_nb.local.engine._recognition import recognize_all

    folder, made = exported
    models = Engine().loaded()
    keys = dict(zip(made["path"], made["key"] + "/" + made["field"], strict=True))
    read = {}
    for path, picture, label in read_paddleocr(folder, "rec_gt.txt"):
        height, width = picture.shape[:2]
        box = np.array([[(0, 0), (width, 0), (width, height), (0, height)]], dtype=np.float64)
        (line,) = recognize_all(ImagePyramid(picture), box, models)
        text = "".join(char.text for char in line.chars)
        read[keys[path]] = "".join(text.split()) == "".join(label.split())
    wanted = {name: same for name, same in read.items() if name.endswith(("/id_number", "/birth_date", "/name"))}
    assert all(same for name, same in wanted.items() if not name.startswith("again")), wanted


def test_nothing_that_was_not_reviewed_is_written(frame, pictures, tmp_path):
    decided = pd.DataFrame(
        [
            ("a.png", "name", "accepted", "样本"),
            ("a.png", "gender", "absent", ""),
            ("a.png", "ethnicity", "unreadable", ""),
            ("b.png", "name", "accepted", "样"),
            ("b.png", "name", "unreadable", ""),
        ],
        columns=["key", "field", "verdict", "text"],
    )
    made = to_training_data(frame, pictures, decided, tmp_path / "out", reveal=True)
    assert made[["key", "field"]].to_numpy().tolist() == [["a.png", "name"]]
    assert len(list((tmp_path / "out/crops").iterdir())) == 1


def test_a_file_of_the_review_panel_is_read(frame, pictures, tmp_path):
    Corrections(tmp_path / "c.csv").add(Decision("a.png", "name", "corrected", " 样  一\n"))
    to_training_data(frame, pictures, tmp_path / "c.csv", tmp_path / "out", reveal=True)
    ((_, _, label),) = read_paddleocr(tmp_path / "out", "rec_gt.txt")
    assert label == "样 一"


def test_fields_of_several_lines_without_place_or_picture_are_left_out_and_counted(
    frame, pictures, specimens, tmp_path
):
    address = next(k for k in ("a.png", "b.png") if np.ptp(specimens[k].polygons["address"][:, 1]) > 60)
    rows = [
        (address, "address", specimens[address].texts["address"]),
        ("a.png", "name", "样"),
        ("b.png", "gender", "男"),
    ]
    decided = pd.DataFrame(rows, columns=["key", "field", "text"]).assign(verdict="accepted")
    cards = frame.copy()
    cards.loc[(cards["key"] == "a.png") & (cards["field"] == "name"), "polygon"] = None
    with pytest.warns(LeftOutWarning, match=r"1 without a polygon, 1 of several lines"):
        made = to_training_data(cards, pictures, decided, tmp_path / "out", reveal=True)
    assert made["field"].tolist() == ["gender"]
    with pytest.warns(LeftOutWarning, match="1 without a picture"):
        to_training_data(cards, {}, decided[2:], tmp_path / "none", reveal=True)


def test_label_studio_gets_annotated_tasks_and_a_configuration(frame, pictures, decided, tmp_path):
    made = to_training_data(frame, pictures, decided, tmp_path / "out", format="label_studio", reveal=True)
    tasks = [t for side in ("train", "validation") for t in json.loads((tmp_path / f"out/{side}.json").read_text())]
    assert len(tasks) == len(made)
    (result,) = tasks[0]["annotations"][0]["result"]
    config = (tmp_path / "out/label_studio_config.xml").read_text()
    assert f'name="{result["from_name"]}"' in config
    assert f'name="{result["to_name"]}"' in config
    addresses = [task["data"]["image"] for task in tasks]
    assert all(address.startswith("/data/local-files/?d=crops/") for address in addresses)
    assert all((tmp_path / "out" / address.partition("=")[2]).is_file() for address in addresses)


def test_json_lines_hold_a_record_for_each_crop(frame, pictures, decided, tmp_path):
    made = to_training_data(frame, pictures, decided, tmp_path / "out", format="jsonl", reveal=True)
    sides = {}
    for side in ("train", "validation"):
        for line in (tmp_path / f"out/{side}.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            assert set(record) == {"image", "text", "field", "key", "card_type"}
            sides[record["image"]] = side
    assert sides == dict(zip(made["path"], made["split"], strict=True))


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_only_the_owner_can_read_the_files(exported):
    folder, _ = exported
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_texts_are_neither_in_names_nor_in_the_returned_table(exported, specimens):
    folder, made = exported
    texts = [t for s in specimens.values() for f, t in s.texts.items() if f in ("name", "id_number")]
    shown = made.to_csv() + " ".join(map(str, folder.rglob("*")))
    assert not [text for text in texts if text in shown]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"reveal": False}, "reveal=True"),
        ({"format": "yolo"}, "format must be"),
        ({"validation": 1.5}, "rate of 0 to 1"),
        ({"height": 2}, "8 to 512"),
    ],
)
def test_wrong_options_write_nothing(frame, pictures, decided, tmp_path, options, named):
    with pytest.raises(InvalidRequestError, match=named):
        to_training_data(frame, pictures, decided, tmp_path / "out", **({"reveal": True} | options))
    assert not (tmp_path / "out").exists()


def test_a_folder_with_files_is_left_alone(frame, pictures, decided, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InvalidRequestError, match="not an empty folder"):
        to_training_data(frame, pictures, decided, tmp_path, reveal=True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


keys = st.lists(st.sampled_from([f"{n}.jpg" for n in range(30)]), unique=True, min_size=1)


@given(keys, st.data())
def test_the_split_keeps_cards_together_and_further_cards_move_none(names, data):
    contents = {name: data.draw(st.sampled_from("abcdefghij")) for name in names}
    numbers = {name: f"n{content}" for name, content in contents.items() if data.draw(st.booleans())}
    first = split_cards(contents, numbers.items(), validation=0.5, seed=4)
    for one in names:
        for other in names:
            if contents[one] == contents[other]:
                assert first[one] == first[other]
    more = contents | {"new.jpg": "unseen", "new2.jpg": "unseen2"}
    later = split_cards(more, [*numbers.items(), ("new2.jpg", "n-new")], validation=0.5, seed=4)
    assert {name: later[name] for name in names} == first


def test_the_rate_of_validation_is_about_the_one_asked_for():
    contents = {f"{n}.jpg": f"{n}" for n in range(2000)}
    sides = split_cards(contents, [], validation=0.2, seed=0)
    assert 0.17 < sum(side == "validation" for side in sides.values()) / 2000 < 0.23
    assert sides != split_cards(contents, [], validation=0.2, seed=1)
    assert set(split_cards(contents, [], validation=0.0, seed=0).values()) == {"train"}
    assert set(split_cards(contents, [], validation=1.0, seed=0).values()) == {"validation"}


def test_where_no_reviewed_field_has_a_place_a_warning_says_so(tmp_path):
    frame = conform(pd.DataFrame({"key": ["1.png"], "field": ["name"], "text": ["样木"], "score": [61]}))
    decided = pd.DataFrame({"key": ["1.png", "q.png"], "field": "name", "verdict": "corrected", "text": "样本"})
    pictures = {"1.png": np.full((80, 120, 3), 255, dtype=np.uint8)}
    with pytest.warns(LeftOutWarning, match="1 not in the frame"):
        assert to_training_data(frame, pictures, decided, tmp_path / "out", reveal=True).empty


def crops_of(folder, made):
    import cv2

    return {(row.key, row.field): cv2.imread(str(folder / row.path)) for row in made.itertuples()}


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_crops_of_a_turned_card_with_upright_boxes_are_those_of_the_upright_card(
    frame, pictures, decided, tmp_path, turn
):
    """Boxes as Baidu gives them: left, top, width, height on the turned photo."""
    card = frame[frame["key"] == "a.png"].reset_index(drop=True)
    points = card["polygon"].array.to_points()
    low, high = points.min(axis=1), points.max(axis=1)
    picture = pictures["a.png"]
    for _ in range(turn):
        width = picture.shape[1]
        picture = np.rot90(picture)
        low, high = (
            np.stack([low[:, 1], width - high[:, 0]], axis=1),
            np.stack([high[:, 1], width - low[:, 0]], axis=1),
        )
    boxes = np.stack([low, np.stack([low[:, 0], high[:, 1]], 1), high, np.stack([high[:, 0], low[:, 1]], 1)], axis=1)
    turned = card.assign(polygon=type(card["polygon"].array).from_numpy(boxes))
    made = {}
    for name, cards, image in (("upright", card, pictures["a.png"]), ("turned", turned, picture)):
        folder = tmp_path / name
        table = to_training_data(
            cards, {"a.png": np.ascontiguousarray(image)}, decided[decided["key"] == "a.png"], folder, reveal=True
        )
        made[name] = crops_of(folder, table)
    assert made["turned"].keys() == made["upright"].keys()
    for cell, crop in made["upright"].items():
        other = made["turned"][cell]
        width = min(crop.shape[1], other.shape[1])
        assert abs(crop.shape[1] - other.shape[1]) <= 6
        alike = np.corrcoef(crop[:, :width].ravel(), other[:, :width].ravel())[0, 1]
        assert alike > 0.6, cell


def test_places_outside_the_picture_and_without_an_area_are_left_out(frame, pictures, decided, tmp_path):
    cards = frame[frame["key"] == "a.png"].reset_index(drop=True)
    points = cards["polygon"].array.to_points()
    fields = cards["field"].astype("str").tolist()
    points[fields.index("name")] = [(5, 5), (5, 5), (90, 5), (90, 5)]
    width = pictures["a.png"].shape[1]
    points[fields.index("gender"), :, 0] += width - points[fields.index("gender"), :, 0].mean()
    cards["polygon"] = type(cards["polygon"].array).from_numpy(points)
    with pytest.warns(LeftOutWarning, match="2 outside the picture or without an area"):
        made = to_training_data(
            cards, pictures, decided[decided["key"] == "a.png"], tmp_path / "out", format="jsonl", reveal=True
        )
    assert {"name", "gender"} & set(made["field"]) == set()


def test_pictures_of_other_cards_make_no_training_data(frame, pictures, decided, tmp_path):
    swapped = {"a.png": pictures["b.png"], "b.png": pictures["a.png"]}
    two = decided[decided["key"].isin(swapped)]
    with pytest.warns(LeftOutWarning, match="10 with another picture than the service read"):
        made = to_training_data(frame, swapped, two, tmp_path / "out", reveal=True)
    assert made.empty
    assert [*(tmp_path / "out/crops").iterdir()] == []


@pytest.mark.parametrize("existed", [False, True])
def test_a_failed_export_leaves_nothing_and_can_be_repeated(frame, pictures, decided, tmp_path, monkeypatch, existed):
    from cardocr_nb.review import _training_data as module

    folder = tmp_path / "td"
    if existed:
        folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(module, "split_cards", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            to_training_data(frame, pictures, decided, folder, reveal=True)
    assert folder.exists() == existed
    assert not existed or [*folder.iterdir()] == []
    to_training_data(frame, pictures, decided, folder, reveal=True)


def test_the_crops_of_a_killed_export_are_replaced(frame, pictures, decided, tmp_path):
    crops = tmp_path / "td/crops"
    crops.mkdir(parents=True)
    (crops / ("0" * 20 + ".png")).write_bytes(b"half")
    made = to_training_data(frame, pictures, decided, tmp_path / "td", reveal=True)
    assert len([*crops.iterdir()]) == len(made)


def test_a_damaged_picture_is_left_out(frame, pictures, decided, tmp_path):
    two = decided[decided["key"].isin(["a.png", "b.png"])]
    with pytest.warns(LeftOutWarning, match="5 without a picture"):
        made = to_training_data(frame, pictures | {"a.png": b"no picture"}, two, tmp_path / "out", reveal=True)
    assert set(made["key"]) == {"b.png"}


@given(text=st.text(min_size=1))
def test_a_label_is_one_line_without_tabs(text):
    from cardocr_nb.review._training_labels import _label

    label = _label(text)
    assert len(label.splitlines()) <= 1
    assert not set(label) & set("\t\n\r\x00\u200b\ufeff")


@pytest.mark.parametrize("form", ["paddleocr", "label_studio", "jsonl"])
@pytest.mark.parametrize("sign", ["\t", "\n", "\r\n", "\u2028", "\x0b"])
def test_texts_with_a_tab_or_a_line_break_are_left_out_of_every_field_and_format(frame, pictures, tmp_path, sign, form):
    rows = [
        ("a.png", "name", f"样{sign}本"),
        ("a.png", "id_number", f"9901{sign}01"),
        ("b.png", "gender", f" 男{sign}"),
    ]
    decided = pd.DataFrame(rows, columns=["key", "field", "text"]).assign(verdict="corrected")
    with pytest.warns(LeftOutWarning, match=r"training data: 2 with a tab or line break in the text$"):
        made = to_training_data(frame, pictures, decided, tmp_path / "out", format=form, reveal=True)
    assert made["field"].tolist() == ["gender"]
