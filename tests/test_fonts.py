import importlib.util
import io
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont
from fontTools.ttLib.tables.TupleVariation import TupleVariation

from cardocr_nb import _fonts as fonts
from cardocr_nb.errors import CardOCRError, MissingExtraError
from cardocr_nb.specimen import _people as people

needs_package = pytest.mark.skipif(
    importlib.util.find_spec("manimgx_fonts_cjk") is None, reason="the extra 'fonts' is not installed"
)


def build(family, *, characters=fonts._PROBE, weights=None):
    """A TrueType font of boxes 100 units high; with `weights` the box grows by 80 units from 100 to 900."""
    names = [f"u{ord(c):04X}" for c in characters]
    order = [".notdef", *names]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap({ord(c): n for c, n in zip(characters, names, strict=True)})
    pen = TTGlyphPen(None)
    for step, point in enumerate([(100, 0), (100, 100), (900, 100), (900, 0)]):
        (pen.lineTo if step else pen.moveTo)(point)
    pen.closePath()
    builder.setupGlyf(dict.fromkeys(names, pen.glyph()) | {".notdef": TTGlyphPen(None).glyph()})
    builder.setupHorizontalMetrics(dict.fromkeys(order, (1000, 100)) | {".notdef": (1000, 0)})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable(
        {"familyName": family, "styleName": "Regular", "fullName": family, "copyright": "© somebody"}
    )
    builder.setupOS2(sTypoAscender=880, usWinAscent=880, usWinDescent=120)
    builder.setupPost()
    if weights:
        builder.setupFvar([("wght", *weights, "Weight")], [])
        taller = [(0, 0), (0, 80), (0, 80), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0)]
        builder.setupGvar({name: [TupleVariation({"wght": (0, 1, 1)}, taller)] for name in names})
    return builder.font


def saved(font, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    font.save(path)
    return path


@pytest.fixture(autouse=True)
def _forgotten():
    fonts._found.cache_clear()
    yield
    fonts._found.cache_clear()


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without a Chinese font and without the extra; gives its home folder."""
    monkeypatch.delenv("CARDOCR_FONT", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "system"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "manimgx_fonts_cjk", None)
    return tmp_path


def opened(path, face=-1):
    return TTFont(io.BytesIO(Path(path).read_bytes()), fontNumber=face, lazy=True)


def bitmap(font, text):
    return np.asarray(font.getmask(text)).reshape(font.getmask(text).size[::-1])


def test_without_any_font_there_is_none_and_drawing_says_which_extra_to_install(bare):
    assert fonts.chinese_font() is None
    with pytest.raises(MissingExtraError, match=r"cardocr_nb\[fonts\]"):
        fonts.pil_font(20)


def test_a_well_known_single_face_is_used_as_it_is(bare):
    path = saved(build("SimHei"), bare / "data/fonts/chinese/SIMHEI.TTF")
    assert fonts.chinese_font() == path
    assert fonts.pil_font(20).path == str(path)
    assert not (bare / "cache").exists()


def test_a_font_in_the_systems_folder_is_found(bare):
    path = saved(build("Noto"), bare / "system/fonts/NotoSansSC-Regular.otf")
    assert fonts.chinese_font() == path


def test_a_font_that_lacks_characters_of_names_is_passed_over(bare):
    saved(build("Noto", characters="姓名性别民族住址驾驶证"), bare / "data/fonts/NotoSansSC-Regular.otf")
    whole = saved(build("SimHei"), bare / "data/fonts/simhei.ttf")
    assert fonts.chinese_font() == whole


@pytest.mark.parametrize("length", [0, 3, 10, 100, 300, 600, 1000])
def test_a_damaged_font_is_passed_over(bare, length):
    path = saved(build("Noto"), bare / "data/fonts/NotoSansSC-Regular.otf")
    path.write_bytes(path.read_bytes()[:length])
    (bare / "data/fonts/NotoSansCJK-Regular.ttc").write_bytes(b"ttcf\0\1")
    assert fonts.chinese_font() is None


def test_the_environment_variable_goes_before_the_systems_fonts(bare, monkeypatch):
    saved(build("SimHei"), bare / "data/fonts/simhei.ttf")
    mine = saved(build("Mine"), bare / "mine.ttf")
    monkeypatch.setenv("CARDOCR_FONT", str(mine))
    assert fonts.chinese_font() == mine
    assert fonts.pil_font(20).getname()[0] == "Mine"


@pytest.mark.parametrize("content", [None, b"", b"not a font"])
def test_an_environment_variable_that_names_no_chinese_font_is_an_error_that_names_it(bare, monkeypatch, content):
    path = bare / "mine.ttf"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("CARDOCR_FONT", str(path))
    for find in (fonts.chinese_font, lambda: fonts.pil_font(20)):
        with pytest.raises(CardOCRError, match=r"CARDOCR_FONT names .*mine\.ttf"):
            find()


def test_the_simplified_face_of_a_collection_is_taken_out_of_it(bare):
    collection = TTCollection()
    collection.fonts = [build("Some Sans JP"), build("Some Sans KR", characters="가"), build("Some Sans SC")]
    saved(collection, bare / "data/fonts/NotoSansCJK-Regular.ttc")
    font = fonts.chinese_font()
    assert font.parent == bare / "cache/cardocr_nb"
    assert opened(font)["name"].getDebugName(4) == "Some Sans SC"
    assert fonts.pil_font(20).getname()[0] == "Some Sans SC"


def test_a_collection_that_begins_with_the_wanted_face_is_not_copied(bare):
    collection = TTCollection()
    collection.fonts = [build("WenQuanYi Micro Hei"), build("WenQuanYi Micro Hei Mono")]
    path = saved(collection, bare / "data/fonts/wqy-microhei.ttc")
    assert fonts.chinese_font() == path


def test_a_variable_font_is_copied_at_regular_weight_under_another_name(bare):
    saved(build("Noto Sans SC", weights=(100, 100, 900)), bare / "data/fonts/NotoSansSC[wght].ttf")
    copy = opened(fonts.chinese_font())
    glyphs = copy.getGlyphSet()
    pen = BoundsPen(glyphs)
    glyphs[copy.getBestCmap()[ord("姓")]].draw(pen)
    assert pen.bounds == (100, 0, 900, 130)
    assert "fvar" not in copy
    assert copy["OS/2"].usWeightClass == 400
    texts = {record.nameID: str(record) for record in copy["name"].names}
    assert texts[0] == "© somebody"
    assert not any("Noto" in text for text in texts.values())


def test_pillow_draws_a_variable_font_at_the_weight_asked_for(bare):
    saved(build("Noto Sans SC", weights=(100, 100, 900)), bare / "data/fonts/NotoSansSC[wght].ttf")
    heights = [bitmap(fonts.pil_font(200, weight), "姓").shape[0] for weight in (100, 400, 900)]
    assert heights == [20, 26, 36]


def test_a_copy_is_made_once_and_said_once(bare, caplog):
    saved(build("Noto Sans SC", weights=(100, 100, 900)), bare / "data/fonts/NotoSansSC[wght].ttf")
    with caplog.at_level(logging.INFO, logger="cardocr_nb._fonts"):
        first = fonts.chinese_font()
        made = first.stat().st_mtime_ns
        assert fonts.chinese_font() == first
    assert first.stat().st_mtime_ns == made
    assert [record.message.split(" in ")[0] for record in caplog.records] == ["preparing a Chinese font for plots"]


def test_another_font_under_the_same_name_is_copied_again(bare):
    path = saved(build("Noto Sans SC", weights=(100, 100, 900)), bare / "data/fonts/NotoSansSC[wght].ttf")
    first = fonts.chinese_font()
    saved(build("Noto Sans SC longer", weights=(100, 100, 900)), path)
    assert fonts.chinese_font() != first


def test_two_processes_may_prepare_the_copy_at_once(bare):
    path = saved(build("Noto Sans SC", weights=(100, 100, 900)), bare / "font.ttf")
    command = [sys.executable, "-c", "from cardocr_nb import _fonts as fonts; print(fonts.chinese_font())"]
    ours = os.environ | {"CARDOCR_FONT": str(path), "PYTHONPATH": os.pathsep.join(sys.path)}
    both = [subprocess.Popen(command, env=ours, stdout=subprocess.PIPE, text=True) for _ in range(2)]  # noqa: S603 - our own code
    output = {process.communicate(timeout=60)[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert output == {str(file) for file in (bare / "cache/cardocr_nb").iterdir()}
    assert ord("姓") in opened(output.pop()).getBestCmap()


def test_a_cache_folder_that_cannot_be_written_to_means_no_font_and_says_what_to_set(bare, caplog):
    saved(build("Noto Sans SC", weights=(100, 100, 900)), bare / "data/fonts/NotoSansSC[wght].ttf")
    (bare / "cache").write_text("a file where the folder should be")
    assert fonts.chinese_font() is None
    assert "XDG_CACHE_HOME" in caplog.messages[-1]


@needs_package
def test_the_packaged_font_draws_real_characters_in_pillow_and_matplotlib(tmp_path, monkeypatch):
    from matplotlib.ft2font import FT2Font

    monkeypatch.delenv("CARDOCR_FONT", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    font = fonts.pil_font(64)
    unknown = bitmap(font, "\U0010fffe")
    shown = FT2Font(str(fonts.chinese_font()))
    shown.set_size(64, 72)
    shown.load_glyph(0)
    unknown_path = shown.get_path()[0]
    for character in "姓昇":
        ink = bitmap(font, character)
        assert ink.shape != unknown.shape or (ink != unknown).any()
        assert ink.max() == 255
        shown.load_char(ord(character))
        path = shown.get_path()[0]
        assert len(path) > 20
        assert len(path) != len(unknown_path)


def test_the_font_of_this_machine_has_all_that_specimens_write():
    characters = {c for name, texts in vars(people).items() if name[:2] != "__" for c in _letters(texts)}
    face = fonts._found(os.environ.get("CARDOCR_FONT") or None)
    drawable = set(opened(face.path, face.index).getBestCmap())
    copied = set(opened(fonts.chinese_font()).getBestCmap())
    assert {c for c in characters if ord(c) not in drawable & copied} == set()
    assert len(characters) > 300


def _letters(texts):
    if isinstance(texts, str):
        return set(texts)
    if isinstance(texts, (tuple, list)):
        return set().union(*map(_letters, texts))
    return set()


def test_importing_the_module_loads_no_library_of_pictures():
    code = "import sys, cardocr_nb._fonts; print([m for m in ('PIL', 'matplotlib', 'fontTools') if m in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert output.stdout.strip() == "[]"


@needs_package
def test_a_copy_of_the_package_elsewhere_is_prepared_from_its_simplified_face(bare, monkeypatch):
    monkeypatch.delitem(sys.modules, "manimgx_fonts_cjk")
    package = Path(importlib.util.find_spec("manimgx_fonts_cjk").submodule_search_locations[0])
    fonts._found.cache_clear()
    face = fonts._found(None)
    assert face.path.parent == package
    assert opened(face.path, face.index)["name"].getDebugName(1) == "Noto Sans CJK SC"
