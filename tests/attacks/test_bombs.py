"""Small files that would take gigabytes or never end."""

import contextlib
import io
import os
import resource
import sqlite3
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import duckdb
import numpy as np
import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import cardocr_nb as ocr
from cardocr_nb._free_memory import free_memory
from cardocr_nb._images import MAX_MEMORY, load_upright
from cardocr_nb._ledger import Ledger
from cardocr_nb._ledger._packing import MAX_RESPONSE, unpack
from cardocr_nb.errors import DecodeError, ImageError, LedgerError
from cardocr_nb.frame import _table_memory, read_table
from cardocr_nb.frame._parquet_pages import chunks_of
from cardocr_nb.report import from_excel


def palette_png(width, height):
    """A picture of one color with a palette and transparency; its pixels compress to almost nothing."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" * (width + 1)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            chunk(b"IHDR", header),
            chunk(b"PLTE", bytes(768)),
            chunk(b"tRNS", bytes(256)),
            chunk(b"IDAT", rows),
            chunk(b"IEND", b""),
        ]
    )


READ = """
import resource, sys
from cardocr_nb._images import load_upright
from cardocr_nb.errors import ImageError
import numpy, PIL.PngImagePlugin
limit = int(sys.argv[2])
if limit:
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + limit, used + limit))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load_upright(open(sys.argv[1], "rb").read())
    print("read", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
except ImageError as error:
    print(error.code)
"""


def read_in_process(path, limit=0):
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", READ, str(path), str(limit)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout.split()


def test_a_palette_picture_takes_little_more_memory_than_its_pixels(tmp_path):
    (tmp_path / "p.png").write_bytes(palette_png(5000, 5000))
    said, mebibytes = read_in_process(tmp_path / "p.png")
    assert said == "read"
    assert int(mebibytes) < 5000 * 5000 * 4 / 2**20 + 150


READ_AS_SERVICE = """
import sys
from cardocr_nb.local._worker import read_content
import numpy, PIL.PngImagePlugin
class Nothing:
    def read(self, image, card_type):
        assert image.shape[0] * image.shape[1] <= 25_000_000
        return []
def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))
before = peak()
read_content(open(sys.argv[1], "rb").read(), "IDCard", Nothing())
print(before, peak())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="VmHWM is Linux's")
@pytest.mark.parametrize("side", [7000, pytest.param(15_800, marks=pytest.mark.slow)])
def test_the_service_holds_a_palette_picture_at_one_byte_a_pixel(tmp_path, side):
    (tmp_path / "p.png").write_bytes(palette_png(side, side))
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", READ_AS_SERVICE, str(tmp_path / "p.png")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-500:]
    before, peak = map(int, done.stdout.split())
    # The pixels, what the engine gets, and strips with the copies of their conversion.
    assert peak - before < (side * side + 3 * 25_000_000) / 2**20 + 120
    assert peak < 600


def test_a_picture_larger_than_the_free_memory_is_refused_before_it_is_decoded(tmp_path):
    (tmp_path / "p.png").write_bytes(palette_png(9000, 9000))
    assert read_in_process(tmp_path / "p.png", limit=200 * 2**20) == ["ImageTooLarge"]
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize("packed", [b"", b"not zlib", zlib.compress(b"x" * 100)[:-5], "text", None, 7])
def test_a_damaged_response_is_an_error_of_the_ledger(packed):
    with pytest.raises(LedgerError):
        unpack(packed)


def test_a_response_is_unpacked_up_to_a_limit():
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(2 * MAX_RESPONSE // 2**20)) + packer.flush()
    assert len(bomb) < 2**20
    with pytest.raises(LedgerError, match="more than 64 MiB"):
        unpack(bomb)


@pytest.fixture
def ledger(tmp_path):
    Ledger(tmp_path / "run.sqlite").close()
    return tmp_path / "run.sqlite"


VIEWS = {
    "an endless view": "CREATE VIEW images AS WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c) SELECT * FROM c",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON old BEGIN DELETE FROM old; END",
}


@pytest.mark.parametrize("attack", VIEWS)
def test_a_ledger_with_views_or_triggers_is_refused(ledger, attack):
    db = sqlite3.connect(ledger)
    db.execute("ALTER TABLE images RENAME TO old")
    db.execute(VIEWS[attack])
    db.commit()
    db.close()
    with pytest.raises(LedgerError, match="views or triggers"):
        ocr.to_frame(ledger)


USES_OF_PICTURES = [
    "plot_overlay",
    "overlay of a file",
    "interactive overlay",
    "plot_gallery",
    "show",
    "report",
    "report with photos",
    "to_excel",
    "review panel",
    "to_training_data",
    "complete",
    "service",
    "submit",
]


def memory_of_uses(path, side, uses):
    script = Path(__file__).with_name("picture_memory.py")
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, str(script), str(path), str(side), *uses],
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-500:]
    return {use: (outcome, int(size)) for use, outcome, size in (line.split("\t") for line in done.stdout.splitlines())}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="VmHWM is Linux's")
@pytest.mark.parametrize(
    ("side", "uses"),
    [
        pytest.param(7000, ["plot_overlay", "report", "redact once"], id="some"),
        pytest.param(15_800, [*USES_OF_PICTURES, "redact"], id="all", marks=pytest.mark.slow),
    ],
)
def test_no_function_decodes_more_of_a_palette_picture_than_it_needs(tmp_path, side, uses):
    (tmp_path / "p.png").write_bytes(palette_png(side, side))
    found = memory_of_uses(tmp_path / "p.png", side, uses)
    outcome, size = found.pop(uses[-1])
    assert (outcome, size < MAX_MEMORY / 2**20 + 100) == ("read" if side < 10_000 else "ImageTooLarge", True)
    assert {outcome for outcome, _ in found.values()} == {"read"}
    # One byte a pixel in Pillow; 25 million pixels as an array, and in Pillow with 4 bytes each; strips and a figure.
    assert max(size for _, size in found.values()) < (side * side + 7 * 25_000_000) / 2**20 + 120


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_picture_that_takes_more_memory_than_allowed_is_refused_by_its_header(kind, monkeypatch):
    file = io.BytesIO()
    Image.new("RGB", (1000, 1000)).save(file, kind)
    monkeypatch.setattr("cardocr_nb._images._decoding_memory.MAX_MEMORY", 6_000_000)
    with pytest.raises(ImageError, match=r"take 0\.0 GB of memory, at most") as caught:
        load_upright(file.getvalue())
    assert caught.value.code == "ImageTooLarge"


def test_what_a_caller_needs_for_each_pixel_counts(monkeypatch):
    file = io.BytesIO()
    Image.new("L", (1000, 1000)).save(file, "PNG")
    monkeypatch.setattr("cardocr_nb._images._decoding_memory.MAX_MEMORY", 10_000_000)
    assert load_upright(file.getvalue(), 6).shape == (1000, 1000, 3)
    with pytest.raises(ImageError):
        load_upright(file.getvalue(), 8)


@pytest.mark.parametrize("response", [b"not zlib", "text", zlib.compress(bytes(MAX_RESPONSE + 1), 9)])
def test_a_response_that_cannot_be_unpacked_names_its_ledger(ledger, response):
    db = sqlite3.connect(ledger)
    db.execute(
        "INSERT INTO images (source, planned_key, key, card_type, upload, state, run, outcome, response) "
        "VALUES ('key:1', '1.jpg', '1.jpg', 'IDCard', 0, 'done', 1, 'Success', ?)",
        (response,),
    )
    db.commit()
    db.close()
    with pytest.raises(LedgerError, match=r"run\.sqlite"):
        ocr.to_frame(ledger)


def tar_of_sizes(size):
    """A tar whose first member claims a size of its header's eleven octal digits, or of base 256."""
    info = tarfile.TarInfo("a.xml")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + b"<Response/>".ljust(512, b"\0") + bytes(1024)


@pytest.mark.parametrize("size", [2**34 + 1, 2**62, -1])
@pytest.mark.parametrize("engine", ["pandas", "dask"])
def test_a_tar_member_that_claims_exabytes_or_less_than_nothing_is_a_row(tmp_path, size, engine):
    (tmp_path / "a.tar").write_bytes(tar_of_sizes(size))
    if engine == "dask":
        frame = ocr.read_responses(tmp_path / "a.tar", engine="dask").compute(scheduler="sync")
    else:
        frame = ocr.read_responses(tmp_path / "a.tar", errors="row")
    assert frame["state"].tolist() == ["Unreadable"]


def test_a_zip_member_whose_decompressor_wants_gigabytes_is_a_row(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.xml", b"<Response/>" * 100)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    # After name and header of the member: version, size of the properties, and in these the size of the dictionary.
    at = content.index(b"a.xml") + 5 + 4 + 1
    content[at : at + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "a.zip").write_bytes(bytes(content))
    code = (
        "import sys, resource; import cardocr_nb as ocr; used = int(open('/proc/self/statm').read().split()[0]) * 4096;"
    )
    code += "resource.setrlimit(resource.RLIMIT_AS, (used + 2**29, used + 2**29));"
    code += "print(ocr.read_responses(sys.argv[1], errors='row')['state'].tolist())"
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "a.zip")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "['Unreadable']", done.stderr[-300:]


def workbook(path, sheet, dimension="A1:B2"):
    """A workbook with a sheet of these rows."""
    book = openpyxl.Workbook()
    book.active.title = "cards"
    book.save(path)
    name = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        members = {info: archive.read(info) for info in archive.namelist() if info != name}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        archive.writestr(name, f'{head}<dimension ref="{dimension}"/><sheetData>{sheet}</sheetData></worksheet>')


def cell(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


HEAD = f'<row r="1">{cell("A1", "key")}{cell("B1", "name")}</row>'
FIRST = f'<row r="2">{cell("A2", "1.jpg")}{cell("B2", "x")}</row>'


def test_a_workbook_that_claims_17_billion_cells_is_read(tmp_path):
    far = f'<row r="1048576">{cell("XFD1048576", "far")}</row>'
    for sheet in (HEAD + FIRST, HEAD + FIRST + far):
        workbook(tmp_path / "a.xlsx", sheet, dimension="A1:XFD1048576")
        assert from_excel(tmp_path / "a.xlsx")[["key", "field", "text"]].to_numpy().tolist() == [["1.jpg", "name", "x"]]


@pytest.mark.parametrize("sheet", ["<row r='1'>" + cell("IW1", "key") + "</row>", HEAD + "<!--" + " " * 2**27 + "-->"])
def test_a_workbook_with_too_many_columns_or_that_unpacks_to_much_is_refused(tmp_path, sheet):
    workbook(tmp_path / "a.xlsx", sheet)
    with pytest.raises(DecodeError, match=r"more than 256 columns|unpacks to"):
        from_excel(tmp_path / "a.xlsx")


def repeated_text(path, rows, length):
    """A table in which all rows share one long text, stored once."""
    codes = pa.array(np.zeros(rows, np.int32))
    keys = pa.DictionaryArray.from_arrays(codes, pa.array(["a.jpg"]))
    table = pa.table({"key": keys, "text": pa.DictionaryArray.from_arrays(codes, pa.array(["A" * length]))})
    (pyarrow.feather.write_feather if path.suffix == ".feather" else pq.write_table)(table, path)


@pytest.mark.parametrize("suffix", [".feather", ".parquet"])
def test_a_table_whose_rows_share_a_text_of_a_terabyte_in_all_is_refused(tmp_path, suffix):
    path = tmp_path / f"cards{suffix}"
    repeated_text(path, 10**6, 10**6)
    assert path.stat().st_size < 10**5
    with pytest.raises(DecodeError, match=r"2000\.0 GB of memory"):
        read_table(path)


TABLES = {
    "zeros.feather": lambda path: pyarrow.feather.write_feather(
        pa.table({"score": np.zeros(10**7)}), path, compression="zstd"
    ),
    "lz4.feather": lambda path: pyarrow.feather.write_feather(
        pa.table({"score": np.zeros(10**7)}), path, compression="lz4"
    ),
    "zeros.parquet": lambda path: pq.write_table(pa.table({"score": np.zeros(2 * 10**7)}), path),
    "texts.parquet": lambda path: pq.write_table(pa.table({"text": ["A" * 10**6] * 100}), path),
    "groups.parquet": lambda path: pq.write_table(pa.table({"text": ["A" * 10**6] * 100}), path, row_group_size=10),
    "prefixes.parquet": lambda path: pq.write_table(
        pa.table({"text": ["A" * 10**6] * 100}), path, use_dictionary=False, column_encoding="DELTA_BYTE_ARRAY"
    ),
}


def varint(number, length=0):
    """A number as Thrift's compact protocol writes it, padded to a length: all but the last byte have the highest bit."""
    number *= 2
    found = [number & 127]
    while number := number >> 7:
        found.append(number & 127)
    found += [0] * (length - len(found))
    return bytes([*(byte | 128 for byte in found[:-1]), found[-1]])


def with_false_footer(path, table, **options):
    """A Parquet file whose footer states a byte for each group of rows and column."""
    pq.write_table(table, path, **options)
    group = pq.read_metadata(path).row_group(0)
    data = path.read_bytes()
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    head, tail = data[:footer], data[footer:]
    for size in {group.total_byte_size, *(group.column(n).total_uncompressed_size for n in range(group.num_columns))}:
        assert varint(size) in tail
        tail = tail.replace(varint(size), varint(1, len(varint(size))))
    path.write_bytes(head + tail)
    assert pq.read_metadata(path).row_group(0).total_byte_size == 1


TABLES |= {
    "false footer.parquet": lambda path: with_false_footer(
        path, pa.table({"text": ["A" * 10**6] * 100}), use_dictionary=False, compression="zstd"
    ),
    "false footer, version 2.parquet": lambda path: with_false_footer(
        path, pa.table({"text": ["A" * 10**6] * 100}), use_dictionary=False, compression="zstd", data_page_version="2.0"
    ),
    "false footer and a dictionary.parquet": lambda path: with_false_footer(
        path, pa.table({"text": ["A" * 10**6, *"abc"] * 100}), compression="zstd"
    ),
    "one row of numbers.parquet": lambda path: pq.write_table(
        pa.table({"numbers": pa.array([np.zeros(2 * 10**7, np.int8)])}), path
    ),
    "one row of texts.parquet": lambda path: pq.write_table(pa.table({"texts": [["A" * 10**6] * 100]}), path),
    "texts in structs in lists.parquet": lambda path: pq.write_table(
        pa.table({"texts": [[{"a": "A" * 10**6}] * 100]}), path
    ),
    "prefixes in lists.parquet": lambda path: pq.write_table(
        pa.table({"texts": [["A" * 10**6] * 100]}), path, use_dictionary=False,
        column_encoding={"texts.list.element": "DELTA_BYTE_ARRAY"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_unpacks_to_more_than_the_free_memory_is_refused(tmp_path, monkeypatch, name):
    TABLES[name](tmp_path / name)
    assert (tmp_path / name).stat().st_size < 6 * 10**5
    monkeypatch.setattr(_table_memory, "free_memory", lambda: 90_000_000)
    with pytest.raises(DecodeError, match=r"GB of memory or more|share their beginnings"):
        read_table(tmp_path / name)


def test_lists_whose_texts_fit_are_read_though_their_bound_does_not(tmp_path, monkeypatch):
    texts = [["x", "y"]] * 999 + [["A" * 10**5, "z"]]
    pq.write_table(pa.table({"text": ["a"] * 1000, "tags": texts}), tmp_path / "t.parquet")
    monkeypatch.setattr(_table_memory, "free_memory", lambda: 90_000_000)
    assert _table_memory.read_parquet(tmp_path / "t.parquet").column("tags").to_pylist() == texts


def other_writers(table, folder):
    """Files of one table by several programs, codecs and versions."""
    for codec in ("NONE", "SNAPPY", "ZSTD", "GZIP", "BROTLI", "LZ4"):
        for version in ("1.0", "2.0"):
            path = folder / f"{codec} {version}.parquet"
            pq.write_table(
                table, path, compression=codec, data_page_version=version, row_group_size=700, data_page_size=900,
                write_page_index=version == "2.0", write_page_checksum=True,
            )  # fmt: skip
            yield path
    pl.from_arrow(table).write_parquet(folder / "polars.parquet")
    duckdb.from_arrow(table).write_parquet(str(folder / "duck.parquet"))
    pq.write_table(table.slice(0, 0), folder / "empty.parquet")
    yield from (folder / f"{name}.parquet" for name in ("polars", "duck", "empty"))


def test_pages_of_other_writers_have_the_sizes_that_their_footers_state(tmp_path):
    n = 2000
    table = pa.table(
        {
            "text": [None if i % 7 == 0 else f"t{i % 300}" for i in range(n)],
            "score": np.arange(n) % 100,
            "places": [[1, 2, 3]] * n,
            "tags": [["a", "b" * 50], []] * (n // 2),
            "parts": [{"x": i, "y": "q"} for i in range(n)],
            "time": pa.array(range(n), pa.timestamp("us")),
        }
    )
    for path in other_writers(table, tmp_path):
        stated = pq.read_metadata(path)
        found = chunks_of(path)
        assert len(found) == stated.num_row_groups
        for number, group in enumerate(found):
            columns = [stated.row_group(number).column(at) for at in range(stated.num_columns)]
            assert [chunk.path for chunk in group] == [column.path_in_schema for column in columns]
            assert [chunk.values for chunk in group] == [column.num_values for column in columns]
            for chunk, column in zip(group, columns, strict=True):  # the footer's sizes include page headers
                assert 0 <= column.total_uncompressed_size - chunk.size < 100 + column.total_uncompressed_size / 2


@given(st.binary(max_size=60), st.integers(0, 200))
def test_a_damaged_footer_is_an_error(tmp_path_factory, content, cut):
    path = tmp_path_factory.mktemp("p") / "t.parquet"
    path.write_bytes(b"PAR1" + content + len(content).to_bytes(4, "little") + b"PAR1"[: cut % 5])
    with contextlib.suppress(ValueError, IndexError):
        chunks_of(path)
    with pytest.raises(DecodeError):
        read_table(path)


@pytest.mark.parametrize("suffix", [".feather", ".parquet"])
def test_a_table_with_repeated_texts_that_fits_is_read_as_it_was_written(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"cards{suffix}"
    repeated_text(path, 1000, 5000)
    monkeypatch.setattr(_table_memory, "free_memory", lambda: 12_000_000)
    df = read_table(path)
    assert df["text"].tolist() == ["A" * 5000] * 1000
    assert df["text"].dtype == "str"


def system(root, groups, files):
    """A folder with what Linux says about memory: 8 GB available, and files of control groups."""
    files = {"proc/meminfo": "MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\n", "proc/self/cgroup": groups, **files}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="ascii")
    return root


GROUPS = {
    "version 2 in a container": ("0::/\n", {"memory.max": "1000000", "memory.current": "400000"}, 600_000),
    "files of the page cache are free": (
        "0::/\n",
        {"memory.max": "1000000", "memory.current": "400000", "memory.stat": "anon 1\ninactive_file 300000\n"},
        900_000,
    ),
    "the smaller limit of two groups": (
        "0::/a/b\n",
        {"a/memory.max": "1000", "a/memory.current": "1", "a/b/memory.max": "max", "a/b/memory.current": "1"},
        999,
    ),
    "no limit": ("0::/\n", {"memory.max": "max", "memory.current": "400000"}, 8_192_000_000),
    "version 1, seen from inside": (
        "5:cpu:/x\n4:memory:/docker/1\n",
        {"memory/memory.limit_in_bytes": "5000", "memory/memory.usage_in_bytes": "2000"},
        3000,
    ),
    "more used than allowed": ("0::/\n", {"memory.max": "1000", "memory.current": "4000"}, 0),
    "a damaged file": ("0::/\n", {"memory.max": "", "memory.current": "x"}, 8_192_000_000),
}


@pytest.mark.parametrize("case", GROUPS)
def test_the_limit_of_a_container_counts_as_free_memory(tmp_path, case):
    groups, files, left = GROUPS[case]
    root = system(tmp_path, groups, {f"sys/fs/cgroup/{name}": text for name, text in files.items()})
    assert free_memory(root) == left


@pytest.mark.parametrize(("kind", "side"), [("WEBP", 12_000), ("HEIF", 12_000)])
def test_a_picture_of_a_modern_format_that_takes_gigabytes_is_refused_by_its_header(tmp_path, kind, side):
    """144 million pixels of one color in a file of less than a megabyte."""
    path = tmp_path / f"p.{kind.lower()}"
    if kind == "HEIF":
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.register_heif_opener()
    Image.new("RGB", (64, 64)).save(path, kind)
    data = path.read_bytes()
    if kind == "WEBP":  # VP8: 14 bits each for width and height, after the start code
        at = data.index(b"\x9d\x01\x2a") + 3
        path.write_bytes(data[:at] + struct.pack("<HH", side, side) + data[at + 4 :])
    else:  # ispe: width and height of the picture
        path.write_bytes(
            data.replace(b"ispe" + struct.pack(">III", 0, 64, 64), b"ispe" + struct.pack(">III", 0, side, side))
        )
    assert read_in_process(path)[0] == "ImageTooLarge"
