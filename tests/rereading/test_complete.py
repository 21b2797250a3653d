"""A service that gives places without texts, over HTTP, and what the embedded engine makes of its answers."""

from itertools import count

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import cardocr_nb as ocr
from cardocr_nb.local.engine import Engine
from cardocr_nb.quality import normalize_fields
from cardocr_nb.report import summarize
from cardocr_nb.report._headline import headline
from cardocr_nb.rereading import UnfinishedWarning
from cardocr_nb.testing import CardOCRService
from cardocr_nb.wire import CardResult, Field

CARDS = {"IDCard": "id", "DriverLicense": "licence"}


def places_of(photo, card_type):
    """Labels and polygons of the engine, without texts and scores."""
    from cardocr_nb._images import load_upright

    return [Field(f.label, None, None, f.polygon) for f in ENGINE.read(load_upright(photo), card_type)]


ENGINE = Engine()


@pytest.fixture(scope="module")
def places(data, tmp_path_factory):
    """Readings of eight clean specimens of each card by a service that gives places only."""
    frames = []
    for kind, folder in CARDS.items():
        photos = [data / "cards" / folder / f"{n:04d}.jpg" for n in range(1, 9)]
        with CardOCRService(tmp_path_factory.mktemp(kind)) as service, service.client() as client:
            for photo in photos:
                service.set_reading(f"*{photo.name}", places_of(photo, kind))
            cards = ocr.run(photos, card_type=kind, client=client, progress=False)
        frames.append(cards.assign(key=folder + "/" + cards["key"].str[-8:]))
    return ocr.frame.conform(pd.concat(frames, ignore_index=True))


@pytest.fixture(scope="module")
def finished(places, data):
    return places.cardocr.complete(data / "cards", progress=False)


def test_99_of_100_fields_of_clean_specimens_are_finished_correctly(finished, data):
    truth = pd.read_csv(data / "truth.csv", dtype=str)
    cells = finished.astype({"field": "str"}).merge(truth, on=["key", "field"], suffixes=("", "_true"))
    same = normalize_fields(cells["text"], cells["field"]) == normalize_fields(cells["text_true"], cells["field"])
    assert len(cells) >= 120
    assert same.mean() >= 0.99
    assert set(finished["read_by"]) == {"embedded"}
    assert finished["score"].between(0, 100).all()


def test_places_without_texts_have_a_name_of_their_own(places):
    found = places.cardocr.summary()
    assert (found.ok, found.places_only, found.not_found) == (0, 16, 0)
    failed = places.cardocr.check(["card_has_texts"])
    assert len(failed) == 16
    assert not failed["passed"].any()
    report = summarize(places)
    assert (report.outcomes.read, report.outcomes.places_only) == (0, 16)
    assert "16 with places and no texts" in headline(report)


def test_a_card_with_one_text_is_read():
    cards = ocr.to_frame(CardResult((Field("姓名", "样本"), Field("性别")), key="1.jpg", status=1))
    assert cards.cardocr.summary().places_only == 0
    assert cards.cardocr.check(["card_has_texts"])["passed"].all()


def test_texts_of_the_service_stay_and_only_missing_ones_are_read(places, finished, data):
    some = places[places["key"] == "id/0001.jpg"].reset_index(drop=True)
    some.loc[some["field"] == "name", ["text", "score"]] = ["样本", 12]
    mixed = some.cardocr.complete(data / "cards", progress=False).set_index("field")
    assert (mixed.loc["name", "text"], mixed.loc["name", "score"], mixed.loc["name", "read_by"]) == (
        "样本",
        12,
        "service",
    )
    others = finished[(finished["key"] == "id/0001.jpg") & (finished["field"] != "name")].set_index("field")
    assert mixed["text"].drop("name").to_dict() == others["text"].to_dict()
    assert (mixed["read_by"].drop("name") == "embedded").all()


def test_an_interrupted_call_goes_on_where_it_stopped(places, finished, data, monkeypatch):
    from cardocr_nb.local.engine import _region_reading as regions

    read, calls, numbers = regions.read_regions, [], count(1)

    def interrupted_at_the_third(*args):
        calls.append(1)
        if next(numbers) == 3:
            raise KeyboardInterrupt
        return read(*args)

    four = places[places["key"].isin([f"id/000{n}.jpg" for n in range(1, 5)])]
    monkeypatch.setattr(regions, "read_regions", interrupted_at_the_third)
    with pytest.warns(UnfinishedWarning, match="interrupted"):
        half = four.cardocr.complete(data / "cards", progress=False)
    left = int(half["read_by"].isna().sum()) // 6
    assert 1 <= left <= 4  # threads read side by side: the third call may be that of any of the four cards
    calls.clear()
    whole = half.cardocr.complete(data / "cards", progress=False)
    assert len(calls) == left
    assert whole["text"].tolist() == finished["text"].iloc[: len(whole)].tolist()


def test_kept_texts_are_not_recognized_again(places, finished, data, tmp_path, monkeypatch):
    from cardocr_nb.local.engine import _region_reading as regions

    two = places[places["key"].isin(["id/0001.jpg", "id/0002.jpg"])].reset_index(drop=True)
    results = tmp_path / "texts.jsonl"
    two.cardocr.complete(data / "cards", results=results, progress=False)
    with results.open("rb+") as file:
        file.truncate(results.stat().st_size - 9)  # killed while the last card was written
    calls, read = [], regions.read_regions
    monkeypatch.setattr(regions, "read_regions", lambda *args: calls.append(1) or read(*args))
    again = two.cardocr.complete(data / "cards", results=results, progress=False)
    assert len(calls) == 1
    assert again["text"].tolist() == finished["text"].iloc[: len(two)].tolist()
    points = two["polygon"].array.to_points()
    two["polygon"] = type(two["polygon"].array).from_numpy(np.add(points, 1))  # other places are another question
    two.cardocr.complete(data / "cards", results=results, progress=False)
    assert len(calls) == 3


def test_a_missing_picture_leaves_its_rows_open(places):
    one = places[places["key"] == "id/0001.jpg"]
    with pytest.warns(UnfinishedWarning, match="1 pictures are missing"):
        left = one.cardocr.complete({}, progress=False)
    assert left["text"].isna().all()
    assert left["read_by"].isna().all()


def wrong_folder(data, folder, names):
    """A folder in which each name holds the picture of the next card."""
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((data / "cards" / other).read_bytes())
    return folder


FEW_OR_ALL = pytest.mark.parametrize("number", [3, pytest.param(8, marks=pytest.mark.slow)])


@FEW_OR_ALL
@pytest.mark.parametrize("file", ["known", "gone"])
@pytest.mark.parametrize("kind", ["id", "licence"])
def test_no_text_of_another_person_is_filled_from_a_folder_with_the_same_names(
    places, data, tmp_path, kind, file, number
):
    names = [f"{kind}/000{n}.jpg" for n in range(1, number + 1)]
    some = places[places["key"].isin(names)].reset_index(drop=True)
    if file == "gone":
        some["image"] = None
    with pytest.warns(UnfinishedWarning, match=f"{number} pictures are not those that the service read"):
        left = some.cardocr.complete(wrong_folder(data, tmp_path, names), progress=False)
    assert left["text"].isna().all()
    assert set(left["left_open"]) == {"other picture"}


@FEW_OR_ALL
@pytest.mark.parametrize("source", ["the column image", "its folder"])
@pytest.mark.parametrize("kind", ["id", "licence"])
def test_no_text_of_another_person_is_filled_from_files_that_were_replaced_since(
    places, data, tmp_path, kind, source, number
):
    names = [f"{kind}/000{n}.jpg" for n in range(1, number + 1)]
    some = places[places["key"].isin(names)].reset_index(drop=True)
    some["image"] = [str(wrong_folder(data, tmp_path, names) / key) for key in some["key"]]
    with pytest.warns(UnfinishedWarning, match=f"{number} pictures are not those that the service read"):
        left = some.cardocr.complete(None if source == "the column image" else tmp_path, progress=False)
    assert left["text"].isna().all()


def test_files_that_are_older_than_their_jobs_are_not_searched_for_a_better_place(places, data, monkeypatch):
    def never(*_):
        raise AssertionError("searched")

    monkeypatch.setattr("cardocr_nb.plot._picture_identity.better_place", never)
    one = places[places["key"] == "id/0002.jpg"]
    assert one.cardocr.complete(data / "cards", progress=False)["text"].notna().all()


@pytest.mark.parametrize(("right", "down"), [(0, -20), (0, 22), (-10, 6)])
def test_a_single_shifted_picture_that_no_file_proves_is_another_one(places, data, tmp_path, right, down):
    some = places[places["key"].str.startswith("id")].assign(image=None)
    for key in some["key"].unique()[:4]:
        moved = Image.new("RGB", (photo := Image.open(data / "cards" / key).convert("RGB")).size, "white")
        moved.paste(photo, (right, down))
        (tmp_path / key).parent.mkdir(exist_ok=True)
        moved.save(tmp_path / key, quality=95)
        with pytest.warns(UnfinishedWarning):
            left = some[some["key"] == key].cardocr.complete(tmp_path, progress=False)
        assert set(left["left_open"]) == {"other picture"}


@pytest.mark.parametrize(("key", "other"), [("id/0004.jpg", "id/0006.jpg"), ("id/0005.jpg", "id/0006.jpg")])
def test_a_single_card_whose_texts_are_longer_than_the_places_is_another_one(places, data, key, other):
    one = places[places["key"] == key].reset_index(drop=True).assign(image=None)
    with pytest.warns(
        UnfinishedWarning, match=r"is not the one that the service read \(1: print goes on where places end\)"
    ):
        left = one.cardocr.complete({key: data / "cards" / other}, progress=False)
    assert set(left["left_open"]) == {"other picture"}
    assert left["text"].isna().all()


@pytest.mark.parametrize("key", ["id/0001.jpg", "licence/0002.jpg"])
def test_of_a_photo_that_was_mirrored_before_the_service_read_it_no_text_is_filled(places, data, key):
    picture = np.asarray(Image.open(data / "cards" / key).convert("RGB"))[:, ::-1]

    card = places[places["key"] == key].reset_index(drop=True).assign(image=None)
    points = card["polygon"].array.to_points()[:, [3, 2, 1, 0]] * (-1, 1) + (picture.shape[1] - 1, 0)
    card["polygon"] = type(card["polygon"].array).from_numpy(points)
    with pytest.warns(UnfinishedWarning, match="1 pictures are mirrored, so that the service saw no text"):
        left = card.cardocr.complete({key: picture}, progress=False)
    assert set(left["left_open"]) == {"mirrored picture"}
    assert left["text"].isna().all()


def test_fields_without_place_and_cards_without_type_are_counted(places, finished, data):
    some = places[places["key"].isin(["id/0002.jpg", "id/0003.jpg"])].reset_index(drop=True)
    some.loc[1, "polygon"] = None
    some.loc[some["key"] == "id/0003.jpg", "card_type"] = None
    with pytest.warns(
        UnfinishedWarning, match="1 fields have neither .* 6 fields have a place and no text, but no card_type"
    ):
        read = some.cardocr.complete(data / "cards", progress=False)
    assert read["left_open"].fillna("").tolist() == ["", "no place", *[""] * 4, *["no card type"] * 6]
    assert read["text"].notna().tolist() == [True, False, *[True] * 4, *[False] * 6]


def test_the_engine_is_loaded_once_for_calls_of_one_process(places, data, monkeypatch):
    from cardocr_nb.rereading import _all_cores

    loaded = []
    own = Engine.loaded
    monkeypatch.setattr(Engine, "loaded", lambda engine: loaded.append(engine) or own(engine))
    _all_cores._kept_engine.cache_clear()
    one = places[places["key"] == "id/0002.jpg"]
    first, second = (one.cardocr.complete(data / "cards", progress=False) for _ in range(2))
    assert first["text"].tolist() == second["text"].tolist()
    assert len({id(engine) for engine in loaded}) == 1
    assert _all_cores._kept_engine.cache_info()[:2] == (1, 1)


def test_a_forked_process_loads_an_engine_of_its_own(monkeypatch):
    from cardocr_nb.rereading import _all_cores

    monkeypatch.setattr(Engine, "loaded", lambda _: None)
    _all_cores._kept_engine.cache_clear()
    here = _all_cores.engine_for(1)
    assert _all_cores.engine_for(1) is here
    monkeypatch.setattr("cardocr_nb.rereading._all_cores.os.getpid", lambda: -1)
    assert _all_cores.engine_for(1) is not here
    _all_cores._kept_engine.cache_clear()


def test_one_other_picture_among_the_right_ones_is_left_out_alone(places, finished, data):
    some = places[places["key"].str.startswith("id/")].reset_index(drop=True).assign(image=None)
    pictures = {key: data / "cards" / key for key in some["key"].unique()} | {"id/0001.jpg": data / "cards/id/0002.jpg"}
    with pytest.warns(UnfinishedWarning, match="1 picture is not the one .*the places fit the print better elsewhere"):
        read = some.cardocr.complete(pictures, progress=False).set_index("key")
    assert read.loc["id/0001.jpg", "text"].isna().all()
    rest = finished[finished["key"].str.startswith("id/") & (finished["key"] != "id/0001.jpg")]
    assert read.drop("id/0001.jpg")["text"].tolist() == rest["text"].tolist()
    assert read.drop("id/0001.jpg")["left_open"].isna().all()


def test_a_copy_that_was_stored_again_is_the_picture_that_was_read(places, finished, data, tmp_path):
    from PIL import Image

    one = places[places["key"] == "id/0003.jpg"].reset_index(drop=True)
    (tmp_path / "id").mkdir()
    Image.open(data / "cards/id/0003.jpg").save(tmp_path / "id/0003.jpg", quality=60)
    read = one.cardocr.complete(tmp_path, progress=False)
    assert (read["read_by"] == "embedded").all()


def test_a_number_that_the_service_read_proves_another_picture(places, finished, data):
    """One polygon fits anywhere, but the number belongs to another person."""
    one = finished[finished["key"] == "id/0003.jpg"].reset_index(drop=True).assign(image=None)
    one = one[one["field"].isin(["name", "id_number"])]
    one["text"] = one["text"].where(one["field"] == "id_number")
    with pytest.warns(UnfinishedWarning, match="the numbers are those of two people"):
        read = one.cardocr.complete({"id/0003.jpg": data / "cards/id/0004.jpg"}, progress=False)
    assert read.loc[read["field"] == "name", "text"].isna().all()


def test_an_empty_text_counts_as_missing(places, finished, data):
    one = places[places["key"] == "id/0002.jpg"].assign(text="")
    read = one.cardocr.complete(progress=False)
    assert read["text"].tolist() == finished.loc[finished["key"] == "id/0002.jpg", "text"].tolist()


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_the_order_of_corners_and_the_way_up_of_the_photo_do_not_matter(places, finished, data, turn):

    from cardocr_nb._images import load_upright

    one = places[places["key"] == "id/0002.jpg"].reset_index(drop=True).assign(image=None)  # the file is not turned
    picture = load_upright(data / "cards" / "id" / "0002.jpg")
    points = one["polygon"].array.to_points()
    for _ in range(turn):
        high = picture.shape[1]
        picture = np.rot90(picture)
        points = np.stack([points[..., 1], high - points[..., 0]], axis=-1)
    one["polygon"] = type(one["polygon"].array).from_numpy(np.roll(points, turn, axis=1))
    turned = one.cardocr.complete({"id/0002.jpg": np.ascontiguousarray(picture)}, progress=False)
    assert turned["text"].tolist() == finished.loc[finished["key"] == "id/0002.jpg", "text"].tolist()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_corners_off_by_a_pixel_lose_no_character(places, finished, data, seed):
    some = places[places["key"].isin(["id/0004.jpg", "licence/0004.jpg"])].reset_index(drop=True)
    points = some["polygon"].array.to_points()
    off = np.random.default_rng(seed).integers(-1, 2, points.shape)
    some["polygon"] = type(some["polygon"].array).from_numpy(points + off)
    read = some.cardocr.complete(data / "cards", progress=False)
    assert read["text"].tolist() == finished.loc[finished["key"].isin(some["key"]), "text"].tolist()


def test_a_run_can_finish_what_the_service_leaves_open(data, tmp_path):
    photo = data / "cards" / "id" / "0003.jpg"
    with CardOCRService(tmp_path / "buckets") as service, service.client() as client:
        service.set_reading("*", places_of(photo, "IDCard"))
        cards = ocr.run(photo, card_type="IDCard", client=client, complete=True, progress=False)
        service.assert_paid_once()
        kept = ocr.run("0003.jpg", card_type="IDCard", client=client, upload=False, complete=True, progress=False)
    assert (cards["read_by"] == "embedded").all()
    assert kept["text"].tolist() == cards["text"].tolist()
