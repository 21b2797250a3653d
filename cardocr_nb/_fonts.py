"""A font with Chinese characters, for Pillow and for matplotlib alike.

Looked for in this order: the file that the environment variable ``CARDOCR_FONT`` names, the well-known Chinese fonts
in the system's font folders, and the package that the extra ``fonts`` brings. The last is one variable collection,
which matplotlib cannot show at regular weight: a plain single-face copy of the commoner characters is made of such a
file once and kept in the user's cache folder.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import logging
import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardocr_nb._atomic import atomic_path
from cardocr_nb.errors import CardOCRError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFont import FreeTypeFont

_log = logging.getLogger(__name__)

REGULAR = 400
"""Weight of a regular face on the OpenType ``wght`` axis (100 thin to 900 black)."""

_KNOWN = (
    "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "NotoSansSC-Regular.ttf", "NotoSansCJK-Regular.ttc",
    "SourceHanSansSC-Regular.otf", "SourceHanSansCN-Regular.otf", "SourceHanSans-Regular.ttc", "SourceHanSans.ttc",
    "PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Light.ttc", "msyh.ttc", "Deng.ttf", "simhei.ttf", "simsun.ttc",
    "wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf",
    "NotoSansCJK-VF.otf.ttc", "NotoSansCJK-VF.ttc", "NotoSansSC-VF.ttf", "NotoSansSC[wght].ttf",
    "uming.ttc", "ukai.ttc",
)  # fmt: skip
# The last four occur in names but are not in GB 2312: a font that lacks them draws empty boxes.
_PROBE = "姓名性别民族住址驾驶证昇堃喆·"
_BEYOND_GB2312 = "昇堃喆珺犇頔祎翀赟淏昉旸珅彧晞暐炘玥琤璟瑄甯皓睿祺筠羿舜芃苡菡蓥赪迤邺钰铄锴闫隽靓韫颢飏骁鹍龑·●"

# The Open Font License reserves the original's name: a changed copy needs another one.
_NAMES = {
    "familyName": "Cardocr Plain SC",
    "styleName": "Regular",
    "uniqueFontIdentifier": "Cardocr Plain SC Regular 1",
    "fullName": "Cardocr Plain SC Regular",
    "psName": "CardocrPlainSC-Regular",
    "version": "Version 1.000",
}


@dataclass(frozen=True, slots=True)
class _Face:
    path: Path
    index: int
    variable: bool


def font_folders() -> Iterator[Path]:
    """Folders of this system in which fonts are installed."""
    home = Path.home()
    if sys.platform == "win32":
        yield Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "Fonts"
        yield Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft/Windows/Fonts"
    elif sys.platform == "darwin":
        yield from (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    else:
        yield Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "fonts"
        yield home / ".fonts"
        for folder in (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":"):
            yield Path(folder) / "fonts"


def _cache_folder() -> Path:
    home = Path.home()
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"]) / "cardocr_nb"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home)) / "cardocr_nb"
    if sys.platform == "darwin":
        return home / "Library/Caches/cardocr_nb"
    return home / ".cache/cardocr_nb"


def _face(path: Path) -> _Face | None:
    """Pick the face of a file that draws Chinese: a simplified one before others, then the nearest to regular."""
    from fontTools.ttLib import TTCollection, TTFont, TTLibError

    try:
        # Opened here, since fontTools leaves a file open that turns out to be no font.
        with path.open("rb") as file:
            collection = file.read(4) == b"ttcf"
            fonts = TTCollection(file, lazy=True).fonts if collection else [TTFont(file, lazy=True)]
            for index in sorted(range(len(fonts)), key=lambda i: (*_rank(fonts[i]), i)):
                if _draws_chinese(fonts[index]):
                    return _Face(path, index, "fvar" in fonts[index])
    except (OSError, KeyError, AssertionError, struct.error, TTLibError):
        return None
    return None


def _rank(font: Any) -> tuple[bool, int]:
    simplified = {"SC", "CN"} & set((font["name"].getDebugName(4) or "").split())
    return not simplified, 0 if "fvar" in font else abs(font["OS/2"].usWeightClass - REGULAR)


def _draws_chinese(font: Any) -> bool:
    outlines = {"glyf", "CFF ", "CFF2"} & set(font.keys())
    return bool(outlines) and set(map(ord, _PROBE)) <= set(font.getBestCmap() or ())


def _system_face() -> _Face | None:
    found: dict[str, Path] = {}
    for folder in font_folders():
        for path in sorted(folder.rglob("*")):
            found.setdefault(path.name.casefold(), path)
    there = (found[name.casefold()] for name in _KNOWN if name.casefold() in found)
    return next((face for path in there if (face := _face(path))), None)


def _packaged_face() -> _Face | None:
    spec = importlib.util.find_spec("manimgx_fonts_cjk")
    folders = spec.submodule_search_locations if spec else None
    paths = [path for folder in folders or () for path in sorted(Path(folder).glob("*.tt[fc]"))]
    return next((face for path in paths if (face := _face(path))), None)


@functools.lru_cache
def _found(override: str | None) -> _Face | None:
    if override is None:
        return _system_face() or _packaged_face()
    face = _face(Path(override))
    if face is None:
        raise CardOCRError(
            f"CARDOCR_FONT names {override!r}, which is not a readable font file with the Chinese characters "
            "of names. Set it to a .ttf, .otf or .ttc file that has them, or unset it."
        )
    return face


def _characters() -> set[int]:
    """Code points of a prepared copy: ASCII, Latin-1, punctuation, GB 2312, the commoner half of Big5 and some names."""
    points = {*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2010, 0x2040), *map(ord, _BEYOND_GB2312)}
    for codec, leads, trails in (
        ("gb2312", range(0xA1, 0xF8), range(0xA1, 0xFF)),
        ("big5", range(0xA4, 0xC7), range(0x40, 0xFF)),
    ):
        for lead in leads:
            for trail in trails:
                points.update(map(ord, bytes((lead, trail)).decode(codec, "ignore")))
    return points


def _plain_copy(source: Any) -> Any:
    """Draw a variable font at regular weight into a new one.

    fontTools' own instancer needs minutes and gigabytes for the whole face: only the outlines are taken here, and
    no layout tables, which neither Pillow's basic layout nor matplotlib uses for Chinese.
    """
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.t2CharStringPen import T2CharStringPen

    wanted = _characters()
    cmap = {point: name for point, name in source.getBestCmap().items() if point in wanted}
    order = [".notdef", *sorted(set(cmap.values()) - {".notdef"})]
    glyphs = source.getGlyphSet(location={"wght": REGULAR})
    drawn, metrics = {}, {}
    for name in order:
        glyph, pen = glyphs[name], T2CharStringPen(None, glyphs)
        glyph.draw(pen)
        # Where a font keeps its widths in gvar, they are only known after drawing.
        drawn[name], metrics[name] = pen.getCharString(), (round(glyph.width), 0)
    builder = FontBuilder(source["head"].unitsPerEm, isTTF=False)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(cmap)
    builder.setupCFF(_NAMES["psName"], {"FullName": _NAMES["fullName"]}, drawn, {})
    builder.setupHorizontalMetrics(metrics)
    hhea, os2 = source["hhea"], source["OS/2"]
    builder.setupHorizontalHeader(ascent=hhea.ascent, descent=hhea.descent)
    kept = ((0, "copyright"), (13, "licenseDescription"), (14, "licenseInfoURL"))
    texts = {key: text for number, key in kept if (text := source["name"].getDebugName(number))}
    builder.setupNameTable(_NAMES | texts)
    builder.setupOS2(
        sTypoAscender=os2.sTypoAscender, sTypoDescender=os2.sTypoDescender, sTypoLineGap=os2.sTypoLineGap,
        usWinAscent=os2.usWinAscent, usWinDescent=os2.usWinDescent, usWeightClass=REGULAR, fsType=os2.fsType,
    )  # fmt: skip
    builder.setupPost()
    return builder


def _kept(face: _Face) -> Path | None:
    """Path of the prepared copy of a face, made when it is not there."""
    from fontTools.ttLib import TTFont

    stat = face.path.stat()
    about = f"1 {face.path} {face.index} {stat.st_size} {stat.st_mtime_ns}"
    kept = _cache_folder() / f"chinese-{hashlib.sha256(about.encode()).hexdigest()[:12]}.otf"
    if kept.is_file():
        return kept
    _log.warning("preparing a Chinese font for plots in %s; this is done once and may take half a minute", kept)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with (
            atomic_path(kept) as part,
            TTFont(str(face.path), fontNumber=face.index, lazy=True) as source,
        ):
            (_plain_copy(source) if face.variable else source).save(str(part))
    except OSError as error:
        _log.warning("no Chinese font for plots: %s. Set XDG_CACHE_HOME to a folder that can be written to", error)
        return None
    return kept


def chinese_font() -> Path | None:
    """Find a font file that matplotlib can draw Chinese with.

    The file has a single face of regular weight, fit for ``matplotlib.font_manager.FontProperties(fname=...)``. A
    variable font, or a collection whose first face is not the one wanted, is copied to such a file once, in the
    user's cache folder (``$XDG_CACHE_HOME/cardocr_nb`` or what the platform has in its place); this takes up to half
    a minute and is said in the log. Two processes may do it at once.

    Returns
    -------
    Path or None
        None without a Chinese font, or if the copy cannot be written.

    Raises
    ------
    CardOCRError
        The environment variable ``CARDOCR_FONT`` does not name a Chinese font.

    Examples
    --------
    >>> font = chinese_font()
    >>> font is None or font.is_file()
    True
    """
    face = _found(os.environ.get("CARDOCR_FONT") or None)
    if face is None or not (face.variable or face.index):
        return face.path if face else None
    return _kept(face)


@functools.lru_cache(maxsize=64)
def _pil_font(face: _Face, size: int, weight: int) -> FreeTypeFont:
    from PIL import ImageFont

    font = ImageFont.truetype(str(face.path), size, face.index, layout_engine=ImageFont.Layout.BASIC)
    if face.variable:
        axes = font.get_variation_axes()
        font.set_variation_by_axes([weight if axis["name"] == b"Weight" else axis["default"] or 0 for axis in axes])
    return font


def pil_font(size: int, weight: int = REGULAR) -> FreeTypeFont:
    """Load a Chinese font for Pillow; no copy is needed for that.

    Parameters
    ----------
    size : int
        Pixels to the em.
    weight : int, default 400
        100 (thin) to 900 (black). A font that is not variable has the one weight it has.

    Raises
    ------
    MissingExtraError
        This machine has no Chinese font.
    CardOCRError
        As `chinese_font`.

    Examples
    --------
    >>> left, top, right, bottom = pil_font(40).getbbox("姓名")
    >>> 60 < right - left <= 80
    True
    """
    face = _found(os.environ.get("CARDOCR_FONT") or None)
    if face is None:
        raise MissingExtraError("drawing Chinese text", "fonts")
    return _pil_font(face, size, weight)
