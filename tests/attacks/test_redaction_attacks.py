"""Attacks on redaction: frames and files with which a text would stay readable, or an original be lost."""

import contextlib
import functools
import itertools
import os
import re
import shutil
import subprocess
import warnings

import numpy as np
import pandas as pd
import pytest
from engine_eyes import read_all_text, substrings
from PIL import Image, ImageDraw, ImageOps

from cardocr_nb import polygon
from cardocr_nb._images import load_upright
from cardocr_nb.cards import expected_fields
from cardocr_nb.errors import CardOCRError, ImageError, InvalidRequestError
from cardocr_nb.frame import conform, to_frame
from cardocr_nb.frame._polygon_measures import from_numpy
from cardocr_nb.local.engine import Engine
from cardocr_nb.privacy import redact, redact_folder
from cardocr_nb.privacy._picture_match import refuse_other_picture
from cardocr_nb.privacy._pose import card_pose
from cardocr_nb.privacy._valid_from import valid_from_areas
from cardocr_nb.specimen import degrade, draw
from cardocr_nb.wire._records import CardResult, Job, JobState

OPEN = "licence/0011.jpg"
"""A license photographed open: its second page repeats name and number, and has a file number."""
KEYS = ("id/0001.jpg", "id/0012.jpg", "licence/0003.jpg", "licence/0010.jpg")


@pytest.fixture(scope="module")
def engine():
    return Engine(threads=2)


@functools.cache
def frame_of(engine, data, key):
    """The frame of a photo, as the embedded engine reads it."""
    kind = "IDCard" if key.startswith("id/") else "DriverLicense"
    fields = tuple(engine.read(load_upright(data / "cards" / key), kind))
    return to_frame(Job("j", JobState.SUCCESS, key, kind, result=CardResult(fields, status=1)))


@pytest.fixture(scope="module")
def read(data, engine):
    return {key: frame_of(engine, data, key) for key in KEYS}


def slow(value):
    return pytest.param(value, marks=pytest.mark.slow)


@pytest.fixture(params=KEYS)
def card(request, data, read):
    return data / "cards" / request.param, read[request.param]


@pytest.fixture(params=[key if key in KEYS[1:3] else slow(key) for key in KEYS])
def one_of_each_type(request, data, read):
    """A card, for tests that take more than half a second of it; all of them under ``slow``."""
    return data / "cards" / request.param, read[request.param]


def with_polygon(frame, field, change):
    """A copy in which the polygon of one field is changed."""
    points = frame["polygon"].array.to_points().copy()
    row = int(np.flatnonzero(frame["field"] == field)[0])
    points[row] = change(polygon.ordered(points[row : row + 1])[0])
    return frame.assign(polygon=from_numpy(points, frame.index))


def shortened(quad, rate, *, from_left):
    """A quadrilateral cut to a fraction of its longer side."""
    quad = quad.astype(float)
    pairs = ((0, 3), (1, 2)) if polygon.width(quad)[0] >= polygon.height(quad)[0] else ((0, 1), (3, 2))
    for start, end in pairs:
        if from_left:
            quad[end] = quad[start] + rate * (quad[end] - quad[start])
        else:
            quad[start] = quad[end] + rate * (quad[start] - quad[end])
    return quad


POLYGONS = {
    "point": lambda quad: np.repeat(quad[:1], 4, axis=0),
    "line along the text": lambda quad: quad[[0, 0, 3, 3]],
    "line across the text": lambda quad: quad[[0, 1, 1, 0]],
    "left half": lambda quad: shortened(quad, 0.5, from_left=True),
    "right half": lambda quad: shortened(quad, 0.5, from_left=False),
    "far outside": lambda quad: quad + 10**6,
    "beyond the picture": lambda quad: quad - 5000,
    "huge": lambda quad: quad * 10**6,
}


@pytest.mark.parametrize("attack", POLYGONS)
@pytest.mark.parametrize("field", ["name", "birth_date", "address", "gender"])
def test_a_polygon_that_cannot_cover_its_text_is_refused(card, field, attack, tmp_path):
    image, frame = card
    wrong = with_polygon(frame, field, POLYGONS[attack])
    with pytest.raises(InvalidRequestError):
        redact(image, wrong, out=tmp_path / "1.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("attack", POLYGONS)
def test_a_number_with_a_wrong_polygon_is_refused(card, attack):
    image, frame = card
    number = "id_number" if "id_number" in set(frame["field"]) else "licence_number"
    with pytest.raises(InvalidRequestError):
        redact(image, with_polygon(frame, number, POLYGONS[attack]))


def test_a_label_that_is_misread_on_the_covered_card_does_not_refuse_the_picture(engine):
    image = np.asarray(degrade(draw("IDCard", 5), {"blur": 0.3}, 5).image)
    fields = tuple(engine.read(image, "IDCard"))
    frame = to_frame(Job("j", JobState.SUCCESS, "1.jpg", "IDCard", result=CardResult(fields, key="1.jpg", status=1)))
    redact(image, frame, verify=True)


def test_a_field_at_the_place_of_another_is_refused(card):
    image, frame = card
    points = frame["polygon"].array.to_points()
    wide = points[int(np.flatnonzero(frame["field"] == "address")[0])]
    with pytest.raises(InvalidRequestError, match="the same place"):
        redact(image, with_polygon(frame, "name", lambda _: wide))


@pytest.mark.parametrize("complete", [True, False])
def test_a_second_row_of_a_field_without_a_polygon_is_refused(card, complete):
    image, frame = card
    second = frame[frame["field"] == "name"].assign(job_id="k", polygon=None)
    with pytest.raises(InvalidRequestError, match="no place is known of name"):
        redact(image, pd.concat([frame, second], ignore_index=True), complete=complete)


def test_a_result_without_a_card_type_asks_for_it(card):
    image, frame = card
    unknown = frame[frame["field"] == "name"].assign(card_type=None)
    with pytest.raises(InvalidRequestError, match="pass card_type="):
        redact(image, unknown)
    kind = str(frame["card_type"].iloc[0])
    with pytest.raises(InvalidRequestError, match="no place is known of address"):
        redact(image, unknown, card_type=kind)
    height, width = load_upright(image).shape[:2]
    assert redact(image, frame.assign(card_type=None), card_type=kind).size == (width, height)


def test_another_card_type_than_that_of_the_frame_is_refused(card):
    image, frame = card
    other = "DriverLicense" if frame["card_type"].iloc[0] == "IDCard" else "IDCard"
    with pytest.raises(InvalidRequestError, match="more than one card type"):
        redact(image, frame, card_type=other)


@pytest.mark.parametrize("scale", [0.3, 0.8, 1.1, 1.5, *(slow(scale) for scale in (0.5, 1.25, 2, 3))])
def test_the_picture_in_another_size_is_refused(card, scale):
    image, frame = card
    with Image.fromarray(load_upright(image)) as whole:
        resized = whole.resize((round(whole.width * scale), round(whole.height * scale)))
    with pytest.raises(InvalidRequestError, match="the picture that was read"):
        redact(resized, frame)


SOFT_DARK_AND_OPEN = ("id/0003.jpg", "id/0007.jpg", "licence/0001.jpg", "licence/0009.jpg", OPEN)


@pytest.mark.parametrize("key", SOFT_DARK_AND_OPEN)
@pytest.mark.parametrize("scale", [0.9, 1.15, *(slow(scale) for scale in (0.7, 1.25, 1.5, 2))])
def test_other_sizes_of_soft_dark_and_open_cards_are_refused(data, engine, key, scale):
    frame = frame_of(engine, data, key)
    with Image.fromarray(load_upright(data / "cards" / key)) as whole:
        resized = whole.resize((round(whole.width * scale), round(whole.height * scale)))
    with pytest.raises(InvalidRequestError, match="the picture that was read"):
        redact(resized, frame)


@pytest.mark.parametrize("key", SOFT_DARK_AND_OPEN)
def test_soft_dark_and_open_cards_are_redacted_in_their_own_size(data, engine, key):
    redact(data / "cards" / key, frame_of(engine, data, key))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_the_picture_turned_is_refused(card, turns):
    image, frame = card
    with pytest.raises(InvalidRequestError):
        redact(np.ascontiguousarray(np.rot90(load_upright(image), turns)), frame)


def moved(image, x=0.0, y=0.0):
    """The picture shifted by fractions of its size; the rest has the color of its corner."""
    done = Image.new("RGB", image.size, image.getpixel((2, 2)))
    done.paste(image, (round(x * image.width), round(y * image.height)))
    return done


def cut(image, left=0.0, top=0.0, right=0.0, bottom=0.0):
    """The picture cropped by fractions of its size, or padded by negative ones, and brought back to its size."""
    width, height = image.size
    box = (round(left * width), round(top * height), round(width - right * width), round(height - bottom * height))
    return image.crop(box).resize(image.size)


CHANGES = {
    "mirrored": ImageOps.mirror,
    "upside down and mirrored": ImageOps.flip,
    **{f"shifted right by {x}": functools.partial(moved, x=x) for x in (-0.2, -0.1, -0.05, 0.05, 0.1, 0.2)},
    **{f"shifted down by {y}": functools.partial(moved, y=y) for y in (-0.2, -0.1, -0.05, 0.05, 0.1, 0.2)},
    **{f"cropped by {n}": functools.partial(cut, left=n, top=n, right=n, bottom=n) for n in (-0.1, -0.05, 0.05, 0.1)},
    "cropped at the left": functools.partial(cut, left=0.08),
    "cropped at a corner": functools.partial(cut, right=0.06, bottom=0.09),
    "turned by 4 degrees": lambda image: image.rotate(4, resample=Image.Resampling.BICUBIC),
}


QUICK_CHANGES = (
    "mirrored",
    "shifted right by 0.05",
    "shifted down by -0.1",
    "cropped by 0.05",
    "cropped by -0.1",
    "turned by 4 degrees",
)


@pytest.mark.parametrize("change", [name if name in QUICK_CHANGES else slow(name) for name in CHANGES])
def test_a_changed_copy_of_the_picture_is_refused(data, engine, change):
    for key in ("id/0012.jpg", "licence/0003.jpg"):
        changed = CHANGES[change](Image.fromarray(load_upright(data / "cards" / key)))
        with pytest.raises(InvalidRequestError, match="the picture that was read"):
            redact(changed, frame_of(engine, data, key))


def at_random(image, rng):
    """A shift, crop, stretch, turn or mirror image by chance, brought to the size of the picture."""
    size = rng.choice([0.02, 0.04, 0.08, 0.16, 0.3])
    if rng.integers(4) == 0:
        image = ImageOps.mirror(image)
    if rng.integers(2):
        return cut(image, *rng.uniform(-size / 2, size, 4))
    width, height = image.size
    turn, (across, down) = np.radians(30 * size * rng.uniform(-1, 1)), 1 + size * rng.uniform(-1, 1, 2)
    linear = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))]) @ np.diag([across, down])
    middle = np.array([width, height]) / 2
    offset = middle - linear @ middle + size * rng.uniform(-1, 1, 2) * (width, height)
    matrix = [*linear[0], offset[0], *linear[1], offset[1]]
    return image.transform(
        image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=image.getpixel((2, 2))
    )


def tesseract(image, path):
    """What Tesseract reads, a reader that shares nothing with the engine; nothing where it is not installed."""
    if shutil.which("tesseract") is None:
        return ""
    image.save(path)
    command = ["tesseract", str(path), "-", "-l", "chi_sim", "--psm", "11"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words and our own file
    return "".join(done.stdout.split())


def leaks(done, frame, engine, path):
    """Fields whose text two readers find in part, four characters in a row, two of a name; mirrored as well."""
    seen = ""
    for view in (done, ImageOps.mirror(done)):
        seen += "\n".join(["", "".join(read_all_text(view, engine).split(" ")), tesseract(view, path)])
    long = {row.field: row.text for row in frame.itertuples() if len(str(row.text)) >= 4 or row.field == "name"}
    return {
        field
        for field, text in long.items()
        if any(part in seen for part in substrings(text, 2 if field == "name" else 4))
    }


@pytest.mark.slow
def test_random_changes_of_all_specimens_are_refused_or_leave_nothing_to_two_readers(data, engine, tmp_path):
    rng, passed = np.random.default_rng(11), 0
    for path in sorted((data / "cards").rglob("*.jpg")):
        frame = frame_of(engine, data, str(path.relative_to(data / "cards")))
        image = Image.fromarray(load_upright(path))
        before = leaks(redact(image, frame), frame, engine, tmp_path / "a.png")
        for _ in range(12):
            try:
                done = redact(at_random(image, rng), frame)
            except InvalidRequestError:
                continue
            passed += 1
            assert leaks(done, frame, engine, tmp_path / "a.png") <= before
    assert passed < 90  # of 288


@pytest.mark.parametrize("change", ["larger", "smaller", "each corner moved", "half of the fields"])
def test_places_that_another_service_finds_are_not_refused(data, read, change):
    """A service may draw its polygons wider or closer than the engine, or find some of the fields."""
    rng = np.random.default_rng(2)
    for key in KEYS:
        quads = polygon.ordered(read[key]["polygon"].dropna().array.to_points()).astype(float)
        heights = np.minimum(polygon.width(quads), polygon.height(quads))[:, None, None]
        if change == "each corner moved":
            quads = quads + rng.normal(0, 0.1, quads.shape) * heights
        elif change == "half of the fields":
            quads = quads[::2]
        else:
            outward = np.sign(quads - quads.mean(axis=1, keepdims=True))
            quads = quads + {"larger": 0.2, "smaller": -0.1}[change] * outward * heights
        refuse_other_picture(load_upright(data / "cards" / key), quads)


@pytest.mark.slow
def test_no_specimen_is_refused_as_another_picture(data, engine):
    for path in sorted((data / "cards").rglob("*.jpg")):
        redact(path, frame_of(engine, data, str(path.relative_to(data / "cards"))))


def test_the_portrait_is_covered_unless_it_is_kept(one_of_each_type):
    image, frame = one_of_each_type
    before = load_upright(image)
    points = frame["polygon"].array.to_points()
    covered, kept = (np.asarray(redact(image, frame, portrait=portrait)) for portrait in (None, False))
    only_portrait = (covered != kept).any(axis=2)
    # The drawn face is right of the name, and larger than any field; a license has a smaller one, and a seal.
    times = 2.5 if frame["card_type"].iloc[0] == "IDCard" else 1.8
    assert only_portrait.sum() > times * polygon.area(points).max()
    assert (covered[only_portrait] == (24, 24, 24)).all()
    assert (kept[only_portrait] == before[only_portrait]).all()


def test_a_portrait_whose_place_is_unknown_is_refused(card):
    image, frame = card
    few = frame[frame["field"].isin(["name", "gender"])]
    with pytest.raises(InvalidRequestError, match="portrait"):
        redact(image, few, complete=False)


def test_verification_refuses_a_text_that_the_frame_misplaced(one_of_each_type):
    image, frame = one_of_each_type
    number = "id_number" if "id_number" in set(frame["field"]) else "licence_number"
    misplaced = with_polygon(frame, number, lambda quad: quad - 2 * (quad[1] - quad[0]))
    redact(image, misplaced)
    with pytest.raises(InvalidRequestError, match=f"{number}.* can still be read") as raised:
        redact(image, misplaced, verify=True)
    assert not any(text in str(raised.value) for text in frame["text"].dropna())


def test_verification_passes_a_redacted_card(one_of_each_type, engine):
    image, frame = one_of_each_type
    done = redact(image, frame, verify=True)
    seen = read_all_text(done, engine)
    texts = frame.set_index("field")["text"]
    for field in set(texts.index) & {"name", "address", "id_number", "licence_number"}:
        assert not any(part in seen for part in substrings(texts[field], 4 if field != "name" else 2))


def second_page_texts(done, engine, frame):
    """What of name, number and file number the engine reads on a redacted picture."""
    seen = read_all_text(done, engine)
    texts = frame.set_index("field")["text"]
    parts = substrings(texts["licence_number"], 5) | substrings(texts["name"], 2)
    return [part for part in parts if part in seen] + re.findall(r"\d{5,}", seen)


@pytest.mark.parametrize(
    "options", [{}, {"portrait": False}, {"fields": ["name", "licence_number"]}, {"method": "blur"}]
)
def test_the_second_page_of_an_open_license_is_covered(data, engine, options):
    frame = frame_of(engine, data, OPEN)
    number = frame.set_index("field")["text"]["licence_number"]
    assert read_all_text(load_upright(data / "cards" / OPEN), engine).count(number) == 2
    done = redact(data / "cards" / OPEN, frame, **options)
    assert second_page_texts(done, engine, frame) == []


@pytest.mark.parametrize("key", ["licence/0002.jpg", "licence/0008.jpg", "licence/0012.jpg"])
def test_the_second_pages_of_other_licenses_are_covered(data, engine, key):
    frame = frame_of(engine, data, key)
    assert second_page_texts(redact(data / "cards" / key, frame), engine, frame) == []


SIDES_AND_ANGLES = list(itertools.product(("left", "right", "above", "below"), (0, 5, 90, 180, 270)))
QUICK_SIDES = [("left", 5), ("right", 90), ("above", 180), ("below", 270)]


@pytest.mark.parametrize(
    ("side", "angle"),
    [pytest.param(*pair, marks=() if pair in QUICK_SIDES else pytest.mark.slow) for pair in SIDES_AND_ANGLES],
)
def test_another_page_is_covered_at_each_side_of_the_card(data, engine, side, angle):
    page = Image.fromarray(load_upright(data / "cards" / OPEN)).crop((1260, 130, 2400, 880)).resize((900, 592))
    page = page.rotate(angle, expand=True, fillcolor=(60, 70, 85), resample=Image.Resampling.BICUBIC)
    key = "licence/0003.jpg"
    photo, frame = Image.fromarray(load_upright(data / "cards" / key)), frame_of(engine, data, key)
    shift = {"left": (page.width, 0), "above": (0, page.height)}.get(side, (0, 0))
    across = side in ("left", "right")
    size = (photo.width + page.width * across, photo.height + page.height * (not across))
    both = Image.new("RGB", size, (60, 70, 85))
    both.paste(photo, shift)
    both.paste(page, {"right": (photo.width, 0), "below": (0, photo.height)}.get(side, (0, 0)))
    moved = frame.assign(polygon=from_numpy(frame["polygon"].array.to_points() + np.array(shift), frame.index))
    done = redact(both, moved)
    assert second_page_texts(done, engine, frame_of(engine, data, OPEN)) == []


def test_nothing_next_to_a_card_alone_is_covered(one_of_each_type):
    image, frame = one_of_each_type
    before, done = load_upright(image), np.asarray(redact(image, frame))
    changed = np.flatnonzero((before != done).any(axis=2).ravel()) % before.shape[1]
    points = polygon.ordered(frame["polygon"].array.to_points())
    slack = 0.35 * np.ptp(points[..., 0])
    assert points[..., 0].min() - slack < changed.min()
    assert changed.max() < points[..., 0].max() + slack


def test_a_complete_card_whose_fields_do_not_agree_on_a_pose_is_refused(one_of_each_type):
    _, frame = one_of_each_type
    kind = str(frame["card_type"].iloc[0])
    boxes = [((40, y), (40, y + 24), (900, y + 24), (900, y)) for y in range(30, 30 + 50 * len(frame), 50)]
    rows = frame.assign(text="1", polygon=from_numpy(np.array(boxes)[::-1], frame.index))
    white = Image.new("RGB", (1000, 700), "white")
    with pytest.raises(InvalidRequestError, match="second page"):
        redact(white, rows, portrait=False, card_type=kind)
    redact(white, rows, portrait=False, card_type=kind, complete=False)


IN_FOLDER = KEYS[::2]
"""Photos of the folders that are redacted as a whole."""


@pytest.fixture
def photos(data, tmp_path):
    for key in IN_FOLDER:
        (tmp_path / "photos" / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(data / "cards" / key, tmp_path / "photos" / key)
    return tmp_path / "photos"


@pytest.fixture
def all_cards(read):
    return pd.concat([read[key] for key in IN_FOLDER], ignore_index=True)


def quietly(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return redact_folder(*args, **options, progress=False).set_index("key")


def test_the_table_of_a_folder_says_what_was_covered(data, engine, tmp_path):
    frame = frame_of(engine, data, OPEN)
    table = quietly(frame, data / "cards", tmp_path / "out")
    covered = table["covered"].iloc[0].split(", ")
    assert set(covered) == {*frame["field"].dropna(), "portrait", "date valid from", "print next to the card"}
    table = quietly(frame, data / "cards", tmp_path / "some", fields=["gender", "birth_date"])
    assert set(table["covered"].iloc[0].split(", ")) == {"gender", "birth_date"}


@pytest.mark.parametrize("attack", ["point", "huge", "far outside"])
def test_one_wrong_polygon_fails_one_photo(all_cards, photos, tmp_path, attack):
    table = quietly(with_polygon(all_cards, "name", POLYGONS[attack]), photos, tmp_path / "out")
    assert table["path"].notna().tolist() == [False, True]


@pytest.mark.parametrize("damage", ["cut off", "empty", "text", "folder"])
def test_one_damaged_picture_fails_one_photo(all_cards, photos, tmp_path, damage):
    broken = photos / KEYS[0]
    content = broken.read_bytes()
    broken.unlink()
    if damage == "folder":
        broken.mkdir()
    else:
        broken.write_bytes({"cut off": content[: len(content) // 2], "empty": b"", "text": b"no picture"}[damage])
    table = quietly(all_cards, photos, tmp_path / "out")
    assert table["path"].notna().tolist() == [False, True]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def out_folders(photos):
    """Ways to name the folder of the pictures, or one that shares files with it."""
    relative = os.path.relpath(photos)
    link = photos.parent / "link"
    link.symlink_to(photos)
    yield from (photos, relative, photos / "id" / "..", link, photos / "id", photos.parent, f"{photos}/./")


def test_no_folder_to_write_to_loses_an_original(all_cards, photos):
    before = contents(photos)
    for out in out_folders(photos):
        with contextlib.suppress(InvalidRequestError):
            quietly(all_cards, photos, out)
        assert contents(photos) == before, out


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_to_an_original_in_the_folder_to_write_to_is_not_followed(all_cards, photos, tmp_path, link):
    before = contents(photos)
    for key in IN_FOLDER:
        (tmp_path / "out" / key).parent.mkdir(parents=True, exist_ok=True)
        link(photos / key, tmp_path / "out" / key)
    table = quietly(all_cards, photos, tmp_path / "out")
    assert contents(photos) == before
    assert table["path"].isna().all()


def test_a_mapping_that_crosses_names_loses_no_original(all_cards, photos):
    before = contents(photos)
    crossed = dict(zip(IN_FOLDER, [photos / key for key in reversed(IN_FOLDER)], strict=True))
    quietly(all_cards, crossed, photos)
    quietly(all_cards, {key: photos / key for key in IN_FOLDER}, photos)
    quietly(all_cards[all_cards["key"] == KEYS[0]], {KEYS[0]: photos / KEYS[0]}, photos)
    assert contents(photos) == before


def test_copies_of_the_originals_in_the_folder_to_write_to_are_not_overwritten(all_cards, photos, tmp_path):
    shutil.copytree(photos, tmp_path / "out")
    before = contents(tmp_path / "out")
    quietly(all_cards, photos, tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_a_redaction_can_be_repeated(all_cards, photos, tmp_path):
    for _ in range(2):
        assert quietly(all_cards, photos, tmp_path / "out")["reason"].isna().all()


@pytest.mark.parametrize("given", ["path", "bytes", "array", "picture"])
def test_redact_does_not_write_over_its_picture(read, photos, given):
    path = photos / KEYS[0]
    before = path.read_bytes()
    images = {
        "path": lambda: path,
        "bytes": lambda: before,
        "array": lambda: load_upright(path),
        "picture": lambda: Image.fromarray(load_upright(path)),
    }
    link = photos / "link.jpg"
    link.symlink_to(path)
    hard = photos / "hard.jpg"
    os.link(path, hard)
    for out in (path, os.path.relpath(path), link, hard):
        with pytest.raises(InvalidRequestError, match="original"):
            redact(images[given](), read[KEYS[0]], out=out)
    assert path.read_bytes() == before


WRONG_PICTURES = {
    "array of floats": np.zeros((4, 4, 3)),
    "array without colors": np.zeros((4, 4), np.uint8),
    "empty array": np.zeros((0, 4, 3), np.uint8),
    "number": 7,
    "cut off": b"\xff\xd8\xff\xe0",
}


@pytest.mark.parametrize("name", WRONG_PICTURES)
def test_what_is_not_a_picture_is_refused(read, name):
    with pytest.raises(ImageError):
        redact(WRONG_PICTURES[name], read[KEYS[0]])


@pytest.mark.parametrize("turns", [16, slow(36)])
def test_random_polygons_never_leave_a_text_and_raise_only_errors_of_the_package(data, read, engine, turns):
    """Every redaction that passes hides all numbers, wherever the polygons were moved by chance."""
    rng = np.random.default_rng(5)
    passed = 0
    for turn in range(turns):
        key = KEYS[turn % len(KEYS)]
        frame = read[key]
        field = str(rng.choice(frame["field"].dropna().to_list()))
        noise = rng.normal(0, rng.choice([1, 5, 20, 100]), (4, 2))
        try:
            done = redact(data / "cards" / key, with_polygon(frame, field, lambda quad, noise=noise: quad + noise))
        except CardOCRError:
            continue
        passed += 1
        number = frame.set_index("field")["text"].filter(regex="number").iloc[0]
        if turn % 4 == 0:
            seen = read_all_text(done, engine)
            assert not any(part in seen for part in substrings(number, 5))
    assert turns / 8 < passed < turns


def test_the_specimens_are_not_refused(card):
    image, frame = card
    assert set(expected_fields(str(frame["card_type"].iloc[0]))) <= set(frame["field"])
    assert redact(image, frame, out=None)


@functools.cache
def license_of(seed):
    """A drawn license and its frame; those of the seeds 0 and 14 print "valid from" left of the valid period."""
    card = draw("DriverLicense", seed)
    rows = [
        {
            "key": "1.jpg",
            "card_type": "DriverLicense",
            "field": field,
            "text": card.texts[field],
            "polygon": place.round(),
        }
        for field, place in card.polygons.items()
    ]
    return card.image, conform(pd.DataFrame(rows))


def dates_read(image, engine):
    return set(re.findall(r"(?:19|20)\d\d\D?\d\d\D?\d\d", read_all_text(np.asarray(image), engine)))


def turned(points, size, angle):
    """Points of a picture after it was turned counter-clockwise."""
    x, y = np.moveaxis(points, -1, 0)
    return np.stack({0: (x, y), 90: (y, size[0] - x), 180: (size[0] - x, size[1] - y)}[angle], axis=-1)


@pytest.mark.parametrize(("seed", "angle"), [(0, 0), pytest.param(0, 90, marks=pytest.mark.slow), (14, 180)])
@pytest.mark.parametrize("options", [{}, {"fields": ["valid_period"]}])
def test_the_date_valid_from_of_the_older_form_is_covered(engine, seed, angle, options):
    image, frame = license_of(seed)
    known = {date for date in dates_read(image, engine) if not frame["text"].str.contains(date, regex=False).any()}
    assert len(known) == 1
    places = turned(frame["polygon"].array.to_points(), image.size, angle)
    done = redact(image.rotate(angle, expand=True), frame.assign(polygon=from_numpy(places, frame.index)), **options)
    assert dates_read(done.rotate(-angle, expand=True), engine).isdisjoint(known)


def test_the_date_valid_from_is_covered_though_no_other_field_has_a_place(engine):
    image, frame = license_of(0)
    known = dates_read(image, engine)
    done = redact(image, frame[frame["field"] == "valid_period"], fields=["valid_period"])
    assert len(known - dates_read(done, engine)) == 1


def test_nothing_left_of_a_valid_period_with_both_dates_is_covered():
    frames = [license_of(seed)[1] for seed in range(2, 5)]
    assert all(frame["text"].str.contains("至").any() for frame in frames)
    for frame in frames:
        assert valid_from_areas(frame, card_pose(frame, "DriverLicense")) == valid_from_areas(frame, None) == []


def cut_field(frame, field, rate, *, from_left, text=True):
    """A copy in which the text and the polygon of a field are cut together, as when a service loses characters."""
    short = with_polygon(frame, field, lambda quad: shortened(quad, rate, from_left=from_left))
    known = frame.loc[frame["field"] == field, "text"].iloc[0]
    kept = max(1, int(rate * len(known)))
    left = (known[:kept] if from_left else known[-kept:]) if text else None
    return short.assign(text=short["text"].mask(short["field"] == field, left))


def covered_share(picture, quad):
    """Fraction of the middle of a polygon that has the color of the cover."""
    inside = Image.new("1", picture.size)
    middle = quad.mean(axis=0)
    ImageDraw.Draw(inside).polygon([tuple(map(float, middle + 0.95 * (corner - middle))) for corner in quad], fill=1)
    return float((np.asarray(picture)[np.asarray(inside)] == 24).all(axis=1).mean())


LOSSES = [(0.15, True, True), (0.4, False, True), (0.7, True, True), (0.4, True, False)]


@pytest.mark.parametrize(("rate", "from_left", "text"), LOSSES)
def test_a_reading_that_lost_characters_leaves_none_of_them_on_the_picture(one_of_each_type, rate, from_left, text):
    photo, frame = one_of_each_type
    lost = frame
    fields = {"name", "id_number", "licence_number", "birth_date"} & set(frame["field"])
    for field in fields:
        whole_characters = max(rate, 0.4) if field == "name" else rate  # narrower places are refused
        lost = cut_field(lost, field, whole_characters, from_left=from_left, text=text)
    picture = redact(photo, lost)
    for field in fields:
        whole = polygon.ordered(frame.loc[frame["field"] == field, "polygon"].array.to_points())[0]
        assert covered_share(picture, whole) >= 0.97, field


@pytest.mark.parametrize("turned", [False, True], ids=["upright", "upside down"])
@pytest.mark.parametrize("upper", [True, False], ids=["first row", "last row"])
def test_an_address_that_lost_rows_leaves_none_of_them_on_the_picture(read, data, upper, turned):
    key = "id/0012.jpg"
    frame, pixels = read[key], load_upright(data / "cards" / key)
    if turned:
        corner = np.array(pixels.shape[1::-1])
        frame = frame.assign(polygon=from_numpy(corner - frame["polygon"].array.to_points(), frame.index))
        pixels = np.ascontiguousarray(pixels[::-1, ::-1])
    whole = polygon.ordered(frame.loc[frame["field"] == "address", "polygon"].array.to_points())[0]
    height = float(np.median(polygon.height(polygon.ordered(frame["polygon"].dropna().array.to_points()))))
    assert polygon.height(whole)[0] > 2 * height
    rate = height / float(polygon.height(whole)[0])

    def row(quad):
        down = quad[[1, 2]] - quad[[0, 3]]
        one = quad.astype(float)
        if upper:
            one[[1, 2]] = one[[0, 3]] + rate * down
        else:
            one[[0, 3]] = one[[1, 2]] - rate * down
        return one

    text = frame.loc[frame["field"] == "address", "text"].iloc[0]
    lost = with_polygon(frame, "address", row).assign(
        text=frame["text"].mask(frame["field"] == "address", text[:6] if upper else text[-6:])
    )
    assert covered_share(redact(pixels, lost), whole) >= 0.97


def test_print_that_continues_a_text_is_distinguished_from_its_label(read, data):
    key = "id/0001.jpg"
    frame, uncovered = read[key], Image.open(data / "cards" / key).convert("RGB")
    picture = redact(data / "cards" / key, frame)
    for field in ("name", "gender", "birth_date", "address"):
        quad = polygon.ordered(frame.loc[frame["field"] == field, "polygon"].array.to_points())[0].astype(float)
        height = float(np.linalg.norm(quad[1] - quad[0])) if field != "address" else 0.0
        left, middle = quad[:2].min(axis=0)[0], quad[:2].mean(axis=0)[1]
        label = tuple(map(int, (left - 1.6 * height - 60, middle - 5, left - 1.6 * height - 20, middle + 5)))
        assert np.array_equal(np.asarray(picture.crop(label)), np.asarray(uncovered.crop(label)))
