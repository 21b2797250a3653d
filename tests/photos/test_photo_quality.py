"""Measures of photos before they are read: faults are seen, broken files have rows, copies are found and people are not joined."""

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

import cardocr_nb as ocr
from cardocr_nb import cards
from cardocr_nb._images import load_gray
from cardocr_nb._photos import is_same_photo, measure
from cardocr_nb._photos._near_duplicates import LARGEST_DISTANCE, perceptual_hash
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.specimen import _drawing, degrade, draw, make_person


def jpeg(image, quality=85, **options):
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


@pytest.fixture(scope="module", params=["IDCard", "DriverLicense"])
def flat(request):
    return draw(request.param, seed=7).image.convert("RGB")


def in_the_dark(card):
    levels = 0.06 * np.asarray(card, dtype=float) + 10
    return Image.fromarray((levels + np.random.default_rng(1).normal(0, 4, levels.shape)).clip(0, 255).astype(np.uint8))


FAULTS = {
    "the text is blurred": lambda card: card.filter(ImageFilter.GaussianBlur(card.width * 0.009)),
    "the text has little contrast to the paper": in_the_dark,
    "an edge of the photo cuts through the card": lambda card: card.crop((card.width // 3, 0, *card.size)),
    "the card is too small in the photo": lambda card: card.resize((110, 110 * card.height // card.width)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_lowers_the_probability(flat, fault):
    good, poor = measure(jpeg(flat)), measure(jpeg(FAULTS[fault](flat)))
    assert good.probability > 0.75
    assert good.fault == ""
    assert poor.probability < good.probability - 0.05
    assert poor.fault == fault


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda card: card,
        lambda card: card.rotate(7, expand=True, fillcolor="gray"),
        lambda card: card.filter(ImageFilter.GaussianBlur(3)),
    ],
)
def test_a_negative_is_named_and_its_positive_is_not(flat, spoiled):
    card = spoiled(flat)
    assert measure(jpeg(ImageOps.invert(card))).fault == "the photo is a negative"
    assert measure(jpeg(card)).fault != "the photo is a negative"


def test_noise_has_neither_light_nor_dark_ink():
    gray = np.random.default_rng(3).normal(90, 25, (540, 856)).clip(0, 255).astype(np.uint8)
    assert not measure(jpeg(Image.fromarray(gray))).negative
    assert not measure(jpeg(Image.fromarray(255 - gray))).negative


def test_no_whole_sample_is_called_cut(data):
    faults = {measure(path).fault for path in sorted((data / "cards").rglob("*.jpg"))}
    assert "an edge of the photo cuts through the card" not in faults


def test_glare_is_measured(flat):
    light = np.asarray(flat, dtype=float)
    y, x = np.mgrid[: flat.height, : flat.width]
    far = ((x / flat.width - 0.4) / 0.25) ** 2 + ((y / flat.height - 0.4) / 0.3) ** 2
    lit = Image.fromarray((light + (255 - light) * np.exp(-(far**2))[..., None]).astype(np.uint8))
    assert measure(jpeg(lit)).glare > measure(jpeg(flat)).glare + 0.05
    assert measure(jpeg(lit)).probability < measure(jpeg(flat)).probability


def test_white_paper_without_glare_has_no_glare(flat):
    levels = np.asarray(flat, dtype=float) * 1.12
    assert measure(jpeg(Image.fromarray(levels.clip(0, 255).astype(np.uint8)))).glare == 0


@pytest.mark.parametrize("way", [Image.Resampling.NEAREST, Image.Resampling.BILINEAR])
@pytest.mark.parametrize("factor", [3, 3.3])
def test_a_small_picture_is_small_after_it_was_enlarged(flat, factor, way):
    small = flat.resize((180, 180 * flat.height // flat.width), Image.Resampling.BOX)
    large = measure(jpeg(small.resize((int(factor * small.width), int(factor * small.height)), way)))
    assert large.card_width > 400
    assert 0.7 * 180 < large.detail < 1.05 * 180
    assert large.probability < measure(jpeg(flat)).probability - 0.1


@pytest.mark.parametrize("factor", [0.6, 0.8, 0.93, 1, 1.1, 1.25])
@pytest.mark.parametrize("way", [Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS])
def test_a_photo_that_was_resized_a_little_is_not_taken_for_a_small_one(flat, factor, way):
    found = measure(jpeg(flat.resize((int(flat.width * factor), int(flat.height * factor)), way)))
    assert found.detail >= 300


@pytest.mark.parametrize("part", [0.2, 0.35])
def test_a_cut_at_opposite_sides_is_seen_by_the_proportion(flat, part):
    w, h = flat.size
    cut = measure(jpeg(flat.crop((int(w * part / 2), 0, int(w * (1 - part / 2)), h))))
    assert cut.fault == "an edge of the photo cuts through the card"
    assert cut.probability < 0.6


@pytest.mark.parametrize("angle", [-30, -10, 0, 15, 40])
def test_angle_and_size_of_the_card_are_measured(angle):
    card = draw("IDCard", seed=3).image.convert("RGB").resize((800, 505))
    table = Image.new("RGB", (1600, 1200), (120, 110, 100))
    turned = card.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=(120, 110, 100))
    table.paste(turned, ((1600 - turned.width) // 2, (1200 - turned.height) // 2))
    found = measure(jpeg(table))
    assert found.angle == pytest.approx(-angle, abs=2)
    assert 0.75 * 800 < found.card_width < 1.1 * 800
    assert found.card_share == pytest.approx(800 * 505 / (1600 * 1200), rel=0.4)


def test_a_large_photo_has_the_measures_of_a_small_one(flat):
    small, large = measure(jpeg(flat)), measure(jpeg(flat.resize((4 * flat.width, 4 * flat.height))))
    assert large.width == 4 * small.width
    assert large.card_width == pytest.approx(4 * small.card_width, rel=0.05)
    assert large.probability == pytest.approx(small.probability, abs=0.1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_a_photo_changes_size_and_nothing_else(flat, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    plain, turned = measure(jpeg(flat)), measure(jpeg(flat, exif=exif))
    assert (turned.width, turned.height) == (flat.size if orientation < 5 else flat.size[::-1])
    assert turned.probability == pytest.approx(plain.probability, abs=0.1)


def huge_png(width, height):
    """A file of some bytes that promises a huge picture."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0" * 99)) + chunk(b"IEND", b"")


def test_a_file_that_cannot_be_read_has_a_row_that_says_so(tmp_path, flat):
    (tmp_path / "a good.jpg").write_bytes(jpeg(flat))
    (tmp_path / "b cut off.jpg").write_bytes(jpeg(flat)[:5000])
    (tmp_path / "c empty.jpg").write_bytes(b"")
    (tmp_path / "d text.png").write_text("姓名 not a picture")
    (tmp_path / "e huge.png").write_bytes(huge_png(29_000, 29_000))
    (tmp_path / "f form.jpg").write_bytes(b"%PDF-1.7 rest")
    (tmp_path / "g.jpg").mkdir()
    found = ocr.photo_quality(
        [*sorted(p for p in tmp_path.iterdir() if p.is_file()), tmp_path / "g.jpg", tmp_path / "missing.jpg"],
        progress=False,
    )
    codes = ["", "DamagedImage", "EmptyFile", "NotAnImage", "ImageTooLarge", "UnsupportedFormat", "NoSuchFile"]
    assert found["code"].fillna("").tolist() == codes
    assert found["probability"].notna().tolist() == [True] + 6 * [False]
    assert found["reason"].notna().tolist() == [False] + 6 * [True]
    assert found["group"].is_unique
    assert not found["reason"].str.contains("姓名", na=False).any()


@pytest.mark.parametrize("color", ["white", "black", (90, 120, 30)])
def test_a_photo_without_text_has_probability_0(tmp_path, color):
    Image.new("RGB", (700, 500), color).save(tmp_path / "a.png")
    found = ocr.photo_quality(tmp_path / "a.png", progress=False)
    assert (found["probability"][0], found["reason"][0]) == (0.0, "no text is seen")


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (7, 5), (3000, 2)])
def test_odd_sizes_are_measured(size):
    dice = np.random.default_rng(1)
    image = Image.fromarray(dice.integers(0, 256, (size[1], size[0], 3)).astype(np.uint8))
    assert 0 <= measure(jpeg(image)).probability <= 1


def test_the_table_has_its_types_without_a_readable_file(tmp_path, flat):
    (tmp_path / "a.jpg").write_bytes(b"")
    broken = ocr.photo_quality(tmp_path, progress=False)
    (tmp_path / "a.jpg").write_bytes(jpeg(flat))
    assert broken.dtypes.equals(ocr.photo_quality(tmp_path, progress=False).dtypes)
    with pytest.raises(InvalidRequestError, match="no images found"):
        ocr.photo_quality([], progress=False)


COPIES = {
    "compressed": lambda card: (card, 45),
    "small": lambda card: (card.resize((card.width // 3, card.height // 3)), 85),
    "dark": lambda card: (ImageEnhance.Brightness(card).enhance(0.6), 85),
    "pale": lambda card: (ImageEnhance.Contrast(card).enhance(0.7), 85),
    "gray": lambda card: (card.convert("L"), 85),
}


def test_copies_of_a_photo_are_one_group(tmp_path, flat):
    (tmp_path / "0 first.jpg").write_bytes(jpeg(flat))
    for name, change in COPIES.items():
        image, quality = change(flat)
        (tmp_path / f"{name}.jpg").write_bytes(jpeg(image, quality))
    (tmp_path / "other.jpg").write_bytes(jpeg(draw("IDCard", seed=8).image))
    found = ocr.photo_quality(tmp_path, progress=False)
    assert found["group"].tolist() == [0] * 4 + [1, 0, 0]
    assert found["copies"].tolist() == [6] * 4 + [1, 6, 6]


def in_layout(kind, person):
    """The card of a person in the layout of seed 1, which is the hardest case: all else is alike."""
    card_type = cards.card_type(kind)
    plan = _drawing.DESIGNS["form", card_type](make_person(person), _drawing.dice("layout", card_type, 1))
    return _drawing._Canvas(plan, ()).image.convert("RGB")


@pytest.mark.parametrize("place", ["flat", "table"])
@pytest.mark.parametrize("kind", ["IDCard", "DriverLicense"])
def test_cards_of_two_people_in_one_layout_at_one_place_are_never_joined(kind, place):
    pictures = []
    for person in range(100, 107):
        card = in_layout(kind, person)
        if place == "table":
            table = degrade(draw("IDCard", 3), {"clutter": 0.4}, 5).image.convert("RGB").resize((1600, 1200))
            table.paste(card.resize((560, 560 * card.height // card.width)), (500, 400))
            card = table
        pictures.append(load_gray(jpeg(card), 600_000)[0])
    joined = [
        (perceptual_hash(a) != perceptual_hash(b)).sum() <= LARGEST_DISTANCE and is_same_photo(a, b)
        for a, b in itertools.combinations(pictures, 2)
    ]
    assert len(joined) == 21
    assert sum(joined) == 0


def test_an_all_white_and_an_all_black_photo_are_no_copies(tmp_path):
    for name, color in (("1.png", "white"), ("2.png", "black"), ("3.png", "white")):
        Image.new("RGB", (800, 500), color).save(tmp_path / name)
    found = ocr.photo_quality(tmp_path, progress=False)
    assert found["copies"].tolist() == [2, 1, 2]
    assert found["group"].tolist() == [0, 1, 0]


def test_strong_compression_is_named_also_after_the_photo_was_saved_again(flat):
    small = flat.resize((600, round(flat.height * 600 / flat.width)), Image.Resampling.LANCZOS)
    whole, poor = measure(jpeg(small, 90)), measure(jpeg(Image.open(io.BytesIO(jpeg(small, 2))), 90))
    assert whole.blocks < 0.5 < poor.blocks
    assert poor.fault == "the file is compressed too much"
    assert poor.probability < whole.probability - 0.03


@pytest.mark.parametrize("quality", [60, 75, 90])
def test_usual_compression_has_no_blocks(flat, quality):
    assert measure(jpeg(flat, quality)).blocks < 0.5


SIDES = {
    "left": lambda card, part: card.crop((int(card.width * part), 0, *card.size)),
    "right": lambda card, part: card.crop((0, 0, int(card.width * (1 - part)), card.height)),
    "top": lambda card, part: card.crop((0, int(card.height * part), *card.size)),
    "bottom": lambda card, part: card.crop((0, 0, card.width, int(card.height * (1 - part)))),
}


@pytest.mark.parametrize("part", [0.35, 0.5])
@pytest.mark.parametrize("side", SIDES)
def test_a_photo_without_a_third_or_half_of_the_card_is_below_the_recommended_limit(flat, side, part):
    found = measure(jpeg(SIDES[side](flat, part)))
    assert found.probability < 0.3
    assert found.fault == "an edge of the photo cuts through the card"


@pytest.mark.parametrize("seed", [4, 6, 47])
def test_both_pages_of_a_license_are_not_taken_for_half_a_card(seed):
    pages = draw("DriverLicense", seed=seed).image
    assert pages.width > 2.5 * pages.height
    assert measure(jpeg(pages)).probability > 0.75
    assert measure(jpeg(pages.rotate(90, expand=True))).probability > 0.75


def test_a_margin_at_one_side_of_a_whole_card_is_not_taken_for_a_cut(flat):
    wide = Image.new("RGB", (int(flat.width * 1.35), flat.height), (90, 80, 70))
    wide.paste(flat, (0, 0))
    assert measure(jpeg(wide)).probability > 0.5


@pytest.mark.parametrize("size", [(700, 450), (1600, 1000)])
def test_noise_has_no_text(size):
    levels = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    for picture in (Image.fromarray(levels), Image.effect_noise(size, 90)):
        found = measure(jpeg(picture))
        assert (found.probability, found.fault) == (0, "no text is seen")


def on_a_desk(card, margin, color=(120, 108, 95)):
    desk = Image.new("RGB", (card.width + 2 * margin, card.height + 2 * margin), color)
    desk.paste(card, (margin, margin))
    return desk


@pytest.mark.parametrize("margin", [80, 200, 300])
@pytest.mark.parametrize("kind", ["IDCard", "DriverLicense"])
def test_a_card_on_a_desk_without_its_half_is_less_probable_than_the_whole_one(kind, margin):
    """Most of these photos fall below 0.3; what is left of some looks like the text of a whole card."""
    low, cuts = 0, 0
    for seed in range(40, 44):
        card = draw(kind, seed=seed).image.convert("RGB")
        if card.width > 2 * card.height:
            continue
        desk = on_a_desk(card, margin)
        whole = measure(jpeg(desk))
        assert whole.probability > 0.55
        assert whole.outside < 0.3
        for box in (
            (margin + card.width // 2, 0, *desk.size),
            (0, 0, margin + card.width // 2, desk.height),
            (0, margin + card.height // 2, *desk.size),
            (0, 0, desk.width, margin + card.height // 2),
        ):
            low += measure(jpeg(desk.crop(box))).probability < 0.3
            cuts += 1
    assert low >= 0.5 * cuts


@pytest.mark.parametrize("mixture", [{"perspective": 0.4, "clutter": 0.3}, {"perspective": 0.7}, {"rotation": 0.5}])
def test_whole_cards_in_photos_of_other_proportions_are_not_taken_for_cut_ones(mixture):
    found = [
        measure(jpeg(degrade(draw(kind, seed), mixture, seed).image.convert("RGB")))
        for kind in ("IDCard", "DriverLicense")
        for seed in range(20, 26)
    ]
    assert np.mean([photo.probability < 0.3 for photo in found]) <= 0.1


def test_light_that_hides_text_lowers_the_probability(flat):
    light = np.asarray(flat, dtype=float)
    lit = light.copy()
    lit[:, flat.width // 3 : flat.width // 2] = 255
    spot, plain = (measure(jpeg(Image.fromarray(levels.astype(np.uint8)))) for levels in (lit, light))
    assert spot.white > plain.white
    assert spot.probability < plain.probability


@pytest.mark.parametrize(
    "images", [Image.new("RGB", (9, 9)), np.zeros((9, 9)), b"\xff\xd8", [Image.new("RGB", (9, 9))]]
)
def test_pictures_in_place_of_files_are_refused_with_what_to_do(images):
    with pytest.raises((InvalidRequestError, TypeError), match=r"images must be files.*save a picture to a file first"):
        ocr.photo_quality(images, progress=False)
