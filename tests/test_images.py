import contextlib
import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cardocr_nb._images import ImageInfo, inspect, load_reduced, load_upright
from cardocr_nb.errors import ImageError

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
RED, GREEN, BLUE, WHITE = (250, 10, 10), (10, 250, 10), (10, 10, 250), (255, 255, 255)


def corners():
    """Four different quarters, so that every turn and mirroring shows."""
    half = np.zeros((40, 60, 3), np.uint8)
    half[:20, :30], half[:20, 30:], half[20:, :30], half[20:, 30:] = RED, GREEN, BLUE, WHITE
    return Image.fromarray(half)


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_header(width, height):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", FORMATS)
def test_the_formats_of_the_service_are_read(kind, tmp_path):
    path = tmp_path / "card"
    path.write_bytes(saved(corners(), kind))
    assert inspect(path) == ImageInfo(kind, 60, 40, 1, path.stat().st_size)
    pixels = load_upright(path)
    assert pixels.shape == (40, 60, 3)
    assert pixels.dtype == np.uint8
    assert abs(pixels[5, 5].astype(int) - RED).max() < 40


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_upright_as_by_pillow(orientation, kind):
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(corners(), kind, exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    info = inspect(data)
    assert (info.height, info.width, info.orientation) == (*expected.shape[:2], orientation)
    assert np.array_equal(load_upright(data), expected)


def as_xmp(orientation, form):
    property_ = {
        "attribute": f' tiff:Orientation="{orientation}"/>',
        "element": f"><tiff:Orientation>{orientation}</tiff:Orientation></rdf:Description>",
    }
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"{property_[form]}</rdf:RDF></x:xmpmeta>'
    )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["attribute", "element"])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_a_picture_with_its_orientation_in_xmp_alone_is_turned_upright_as_by_pillow(orientation, form, kind):
    from PIL import ImageOps, PngImagePlugin

    xmp = as_xmp(orientation, form)
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp)
    data = saved(corners(), kind, **({"pnginfo": text} if kind == "PNG" else {"xmp": xmp.encode()}))
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert inspect(data).orientation == orientation
    assert np.array_equal(load_upright(data), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("mark", "order"), [(b"II", "<"), (b"MM", ">")])
def test_an_orientation_of_the_type_long_is_read_in_either_byte_order_and_goes_before_xmp(orientation, mark, order):
    entry = struct.pack(f"{order}HHHII", 1, 0x0112, 4, 1, orientation)
    exif = b"Exif\0\0" + mark + struct.pack(f"{order}HI", 42, 8) + entry + bytes(4)
    data = saved(corners(), "JPEG", exif=exif, xmp=as_xmp(9 - orientation, "attribute").encode())
    assert inspect(data).orientation == orientation


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_impossible_orientation_leaves_the_picture_as_it_is(value):
    exif = Image.Exif()
    exif[0x0112] = value
    assert inspect(saved(corners(), "JPEG", exif=exif)).orientation == 1


@given(st.binary(max_size=200))
def test_damaged_exif_is_no_reason_to_refuse_a_picture(exif):
    info = inspect(saved(corners(), "JPEG", exif=b"Exif\0\0II*\0" + exif))
    assert info.orientation in range(1, 9)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixel_becomes_rgb(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    gray = Image.new("L", (60, 40), 255)
    image = Image.fromarray(np.full((40, 60), 65535, np.uint16)) if mode == "I;16" else gray.convert(mode)
    pixels = load_upright(saved(image, kind))
    assert pixels.shape == (40, 60, 3)
    assert (pixels == 255).all()


def test_16_bit_gray_keeps_its_brightness():
    image = Image.fromarray(np.full((4, 4), 128 * 257, np.uint16))
    assert (load_upright(saved(image, "PNG")) == 128).all()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_transparent_parts_become_white(kind):
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert (load_upright(saved(image, kind)) == 255).all()


def codes(source):
    found = []
    for call in (inspect, load_upright):
        with pytest.raises(ImageError) as caught:
            call(source)
        assert str(caught.value).count("; ") >= 1, "the next step is missing"
        found.append(caught.value.code)
    assert found[0] == found[1]
    return found[0]


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    assert codes(tmp_path / "none.jpg") == "NoSuchFile"
    assert codes(tmp_path) == "NoSuchFile"
    assert codes("a\0b") == "NoSuchFile"
    with pytest.raises(ImageError, match=r"none\.jpg does not exist"):
        inspect(tmp_path / "none.jpg")


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "empty.jpg"
    path.write_bytes(b"")
    assert codes(path) == codes(b"") == "EmptyFile"


def test_a_file_over_20_mb_is_refused_unread(tmp_path):
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(20_000_001)
    assert codes(path) == "FileTooLarge"


@pytest.mark.parametrize("data", [b"\0", b"hello, I am a text", b"<svg/>", bytes(1000)])
def test_what_is_no_picture_is_refused(data):
    assert codes(data) == "NotAnImage"


@pytest.mark.parametrize("kind", ["TIFF", "PDF", "ICO", "AVIF"])
def test_other_formats_are_named(kind):
    data = saved(corners(), kind)
    assert codes(data) == "UnsupportedFormat"
    with pytest.raises(ImageError, match=f"{kind} file; save it as JPG"):
        inspect(data)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_two_frames_are_refused(kind):
    data = saved(corners(), kind, save_all=True, append_images=[Image.new("RGB", (60, 40), RED)])
    assert codes(data) == "AnimatedImage"


@pytest.mark.parametrize(("width", "height"), [(30_001, 10), (10, 30_001), (20_000, 12_501)])
def test_a_picture_over_the_limits_is_refused_by_its_header(width, height):
    assert codes(png_header(width, height)) == "ImageTooLarge"


def test_a_picture_within_the_limits_passes_where_pillow_would_call_it_a_bomb():
    before = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        info = inspect(png_header(20_000, 12_500))
    assert info.width * info.height == 250_000_000
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("kind", FORMATS)
def test_a_truncated_picture_is_damaged(kind):
    noise = np.random.default_rng(0).integers(0, 255, (80, 80, 3), np.uint8)
    data = saved(Image.fromarray(noise), kind)
    with pytest.raises(ImageError) as caught:
        load_upright(data[: len(data) // 2])
    assert caught.value.code == "DamagedImage"


@given(st.binary(max_size=300), st.sampled_from([b"", *(saved(corners(), k)[:40] for k in FORMATS)]))
def test_no_bytes_raise_anything_but_image_errors(tail, head):
    for call in (inspect, load_upright):
        with contextlib.suppress(ImageError):
            call(head + tail)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_changed_byte_raises_anything_but_image_errors(data):
    kind = data.draw(st.sampled_from(FORMATS))
    file = bytearray(saved(corners(), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ImageError):
        assert load_upright(bytes(file)).shape[2] == 3


def blot(width, height, place, mode="RGB"):
    """White paper with a dark rectangle."""
    image = Image.new("RGB", (width, height), "white")
    image.paste((20, 20, 20), place)
    return image.quantize(4) if mode == "P" else image.convert(mode)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "P"), ("PNG", "1"), ("PNG", "LA"), ("JPEG", "RGB"), ("JPEG", "L")]
)
@pytest.mark.parametrize("most", [5_000, 20_000, 400_000])
def test_a_reduced_picture_shows_the_same_at_the_same_place(kind, mode, orientation, most):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    blot(601, 397, (100, 50, 340, 130), mode).save(file, kind, exif=exif)
    whole = load_upright(file.getvalue())
    pixels, (width, height) = load_reduced(file.getvalue(), most)
    assert (height, width) == whole.shape[:2]
    assert pixels.shape[0] * pixels.shape[1] <= most
    assert pixels.shape[0] * pixels.shape[1] > most / 5 or most > 300_000
    scale = width / pixels.shape[1], height / pixels.shape[0]
    for axis in (0, 1):
        dark, seen = (np.flatnonzero(each[:, :, 0].min(axis=axis) < 128) for each in (whole, pixels))
        assert abs(seen[0] * scale[axis] - dark[0]) <= scale[axis]
        assert abs((seen[-1] + 1) * scale[axis] - dark[-1] - 1) <= scale[axis]


def test_a_picture_that_is_small_enough_is_not_changed():
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8))
    data = saved(image, "PNG")
    assert np.array_equal(load_reduced(data, 2_000)[0], load_upright(data))
    assert load_reduced(data, 1_999)[0].shape == (20, 25, 3)
