import io
import itertools

import numpy as np
import pandas as pd
import pytest
from engine_eyes import read_all_text, substrings
from PIL import Image, PngImagePlugin

from cardocr_nb._images import load_upright
from cardocr_nb.cards import FIELDS, expected_fields
from cardocr_nb.errors import ImageError, InvalidRequestError
from cardocr_nb.frame import to_frame
from cardocr_nb.privacy import redact
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

INK = (24, 24, 24)
BOX = ((40, 40), (40, 60), (140, 60), (140, 40))
LABELS = {f.name: f.label for fields in FIELDS.values() for f in fields}


def redact_places(image, frame, **options):
    """`redact` of a frame that holds all fields and no card type."""
    return redact(image, frame, **{"complete": False, "portrait": False} | options)


def card(*fields, key="1.png", card_type=None, job="j"):
    return to_frame(Job(job, JobState.SUCCESS, key, card_type=card_type, result=CardResult(fields)))


def noise(size=(200, 120)):
    pixels = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_a_box_leaves_one_color_in_the_place_and_its_margin_and_all_else_as_it_was():
    image = noise()
    done = np.asarray(redact_places(image, card(Field("姓名", "样本", 98, BOX))))
    before = np.asarray(image)
    assert (done[33:68, 42:139] == INK).all()
    assert (done[42:59, 33:148] == INK).all()
    changed = (done != before).any(axis=2)
    assert not changed[:30].any()
    assert not changed[71:].any()
    assert not changed[:, :30].any()
    assert not changed[:, 151:].any()


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_corners_may_come_in_any_order(order):
    points = tuple(BOX[n] for n in order)
    done = np.asarray(redact_places(noise(), card(Field("姓名", "样本", 98, points))))
    assert (done[40:61, 40:141] == INK).all()


def test_a_polygon_that_reaches_over_the_edge_is_covered_as_far_as_there_is_picture():
    edge = ((150, 100), (150, 125), (205, 125), (205, 100))
    done = np.asarray(redact_places(noise(), card(Field("姓名", "样本", 98, edge))))
    assert (done[100:, 150:] == INK).all()


@pytest.mark.parametrize("degrees", range(15, 360, 30))
def test_fields_of_a_turned_card_have_places_of_their_own(degrees):
    turn = np.radians(degrees)
    matrix = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])

    def turned(left, top, right, bottom):
        corners = np.array([(left, top), (left, bottom), (right, bottom), (right, top)]) - (200, 200)
        return tuple(tuple(corner) for corner in (corners @ matrix.T + (200, 200)).round().astype(int).tolist())

    ethnicity, birth_date = turned(230, 160, 260, 190), turned(100, 205, 310, 235)
    frame = card(Field("民族", "汉", 99, ethnicity), Field("出生", "1948年9月20日", 98, birth_date))
    redact_places(noise((400, 400)), frame)
    shifted = tuple((x + 3, y) for x, y in ethnicity)
    same = card(Field("民族", "汉", 99, ethnicity), Field("性别", "女", 98, shifted))
    with pytest.raises(InvalidRequestError, match="the same place"):
        redact_places(noise((400, 400)), same)


def test_a_blur_keeps_nothing_of_the_texture():
    done = np.asarray(redact_places(noise(), card(Field("姓名", "样本", 98, BOX)), method="blur"), dtype=float)
    assert np.asarray(noise(), dtype=float)[42:59, 42:139].std(axis=(0, 1)).min() > 60
    assert done[42:59, 42:139].std(axis=(0, 1)).max() < 12


def test_only_the_fields_named_are_filled():
    other = tuple((x, y + 40) for x, y in BOX)
    frame = card(Field("姓名", "样本", 98, BOX), Field("性别", "女", 98, other))
    done = np.asarray(redact(noise(), frame, fields=["name"]))
    assert (done[50, 40:141] == INK).all()
    assert not (done[90, 40:141] == INK).all()
    assert np.array_equal(np.asarray(redact(noise(), frame, fields="name")), done)


def test_places_of_every_job_that_read_the_picture_are_filled():
    other = tuple((x, y + 40) for x, y in BOX)
    frame = pd.concat([card(Field("姓名", "样", 9, BOX)), card(Field("姓名", "样", 9, other), job="k")])
    done = np.asarray(redact_places(noise(), frame))
    assert (done[50, 40:141] == INK).all()
    assert (done[90, 40:141] == INK).all()


class TestRefusals:
    def test_a_card_that_was_not_read(self, tmp_path):
        failed = to_frame(Job("j", JobState.FAILED, "1.png", code="InvalidImage"))
        with pytest.raises(InvalidRequestError, match="no field to hide has a place"):
            redact(noise(), failed, complete=False, out=tmp_path / "1.png")
        assert list(tmp_path.iterdir()) == []

    def test_a_field_that_was_read_without_a_place(self):
        frame = card(Field("姓名", "样本", 98, BOX), Field("住址", "样本省", 98))
        with pytest.raises(InvalidRequestError, match=r"no place is known of address.*hide it by hand$"):
            redact(noise(), frame, complete=False)
        redact(noise(), frame, fields=["name"])

    def test_a_field_of_the_card_that_was_not_found(self):
        frame = card(Field("姓名", "样本", 98, BOX), card_type="IDCard")
        with pytest.raises(
            InvalidRequestError, match=r"address, birth_date, ethnicity, gender and id_number.*complete=False"
        ):
            redact(noise(), frame)
        redact(noise(), frame, complete=False, portrait=False)
        with pytest.raises(InvalidRequestError, match="no place is known of licence_number"):
            redact(noise(), frame, fields=["name", "licence_number"])
        with pytest.raises(InvalidRequestError, match="no place is known of id_number"):
            redact(noise(), frame, fields=["name", "id_number"])

    def test_a_polygon_outside_the_picture(self):
        with pytest.raises(InvalidRequestError, match="the place of name lies outside the picture"):
            redact_places(noise((30, 30)), card(Field("姓名", "样本", 98, BOX)))

    def test_a_frame_of_several_cards_without_a_key(self):
        both = pd.concat([card(Field("姓名", "样本", 98, BOX)), card(Field("姓名", "样本", 98, BOX), key="2.png")])
        with pytest.raises(InvalidRequestError, match="the frame holds 2 cards; pass key="):
            redact(noise(), both)
        redact_places(noise(), both, key="2.png")
        with pytest.raises(InvalidRequestError, match="no card with this key"):
            redact(noise(), both, key="3.png")

    @pytest.mark.parametrize(("options", "message"), [
        ({"method": "pixelate"}, "'box' or 'blur'"),
        ({"out": "1.tiff"}, r"must end in \.jpg"),
    ])  # fmt: skip
    def test_what_there_is_not(self, options, message):
        with pytest.raises(InvalidRequestError, match=message):
            redact(noise(), card(Field("姓名", "样本", 98, BOX)), **options)

    def test_no_picture(self):
        with pytest.raises(ImageError):
            redact(b"text", card(Field("姓名", "样本", 98, BOX)))


def file_with_metadata(kind):
    """A picture file with every kind of metadata that its format has, each marked as secret."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "secret description", 6
    exif.get_ifd(0x8825)[1] = "N secret place"
    thumbnail = io.BytesIO()
    noise((16, 16)).save(thumbnail, "JPEG", comment=b"secret thumbnail")
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "secret text")
    text.add_itxt("XML:com.adobe.xmp", "<x>secret xmp</x>")
    options = {
        "JPEG": {"exif": exif, "comment": b"secret comment", "icc_profile": b"secret profile", "xmp": b"secret xmp"},
        "PNG": {"exif": exif, "pnginfo": text, "icc_profile": b"secret profile"},
        "WEBP": {"exif": exif, "icc_profile": b"secret profile", "xmp": b"secret xmp"},
        "GIF": {"comment": b"secret comment"},
        "BMP": {},
    }[kind]
    file = io.BytesIO()
    noise().save(file, kind, **options)
    tail = thumbnail.getvalue() if kind == "JPEG" else b""
    return file.getvalue() + tail + b"secret tail"


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "png", "webp", "gif", "bmp"])
def test_the_format_stays_and_all_metadata_is_gone(tmp_path, ending):
    kind = {"jpg": "JPEG"}.get(ending, ending).upper()
    data = file_with_metadata(kind)
    assert b"secret" in data
    turned = ((40, 40), (40, 60), (110, 60), (110, 40))
    redact_places(data, card(Field("姓名", "样本", 98, turned)), out=tmp_path / f"1.{ending}")
    kept = (tmp_path / f"1.{ending}").read_bytes()
    assert b"secret" not in kept
    with Image.open(io.BytesIO(kept)) as written:
        assert written.format == kind
        assert not written.getexif()
        assert set(written.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "version", "background",
                                     "loop", "dpi", "compression", "duration"}  # fmt: skip
        upright = (120, 200) if kind in ("JPEG", "PNG", "WEBP") else (200, 120)
        assert written.size == upright
    assert np.abs(load_upright(kept)[45:56, 45:105].astype(int) - 24).max() < 12


def test_the_place_is_that_on_the_picture_as_people_see_it():
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    noise().save(file, "PNG", exif=exif)
    frame = card(Field("姓名", "样本", 98, ((40, 140), (40, 160), (100, 160), (100, 140))))
    for image in (file.getvalue(), Image.open(io.BytesIO(file.getvalue()))):
        done = np.asarray(redact_places(image, frame))
        assert done.shape == (200, 120, 3)
        assert (done[140:161, 40:101] == INK).all()


def test_the_accessor_does_the_same():
    frame = card(Field("姓名", "样本", 98, BOX))
    by_method = frame.cardocr.redact(noise(), fields=["name"])
    assert np.array_equal(np.asarray(by_method), np.asarray(redact(noise(), frame, fields=["name"])))


@pytest.fixture(scope="module")
def engine():
    from cardocr_nb.local.engine import Engine

    return Engine(threads=2)


@pytest.mark.parametrize(
    "key",
    [
        "id/0012.jpg",
        "licence/0010.jpg",
        *(pytest.param(key, marks=pytest.mark.slow) for key in ("id/0001.jpg", "id/0011.jpg")),
    ],
)
def test_the_engine_reads_nothing_of_the_fields_of_a_redacted_card(data, engine, key):
    pixels = load_upright(data / "cards" / key)
    kind = "IDCard" if key.startswith("id/") else "DriverLicense"
    found = engine.read(pixels, kind)
    truth = pd.read_csv(data / "truth.csv", dtype="str").query("key == @key").set_index("field")["text"]
    frame = card(*found, key=key, card_type=kind)
    assert set(frame["field"]) == set(expected_fields(kind))
    secrets = set().union(
        substrings(truth["name"], 2),
        *(substrings(truth[f], 3) for f in truth.index if f not in ("name", "gender", "ethnicity", "nationality")),
    )
    read = read_all_text(pixels, engine)
    assert any(s in read for s in secrets)
    for method in ("box", "blur"):
        done = redact(data / "cards" / key, frame, method=method)
        read = read_all_text(done, engine)
        assert [s for s in secrets if s in read] == []
        assert {f.label: f.text for f in engine.read(np.asarray(done), kind) if f.text} == {}
