"""Changes of files as disks, networks and attackers make them: of bytes, and of what the format is made of.

`mutated` changes bytes, or the parts of a format with its checksums and lengths repaired, so that the change reaches the
code behind them. The parts are chunks of PNG and WebP, segments of JPEG, members of archives, elements of XML, values of
JSON, rows of tables, and the rows of a ledger.
"""

import copy
import gzip
import io
import json
import re
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

EDGES = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    10**6,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
)
"""Numbers at which sizes, offsets and signs go wrong."""
TEXTS = (
    *("", " ", "0", "-1", "1e999", "NaN", "-0.0", "9" * 400, "1.5", "true", "null", "样本一", "\ud800", "\x00", "\u202e", "A" * 5000),
    *("<", "]]>", "&amp;", "&#0;", "&#1114111;", "%s%n", "=1+1", "2020-13-45", "../../x", "990101197412010014", "1;2", '"', "'", "\r\n"),
)  # fmt: skip


def bytes_changed(data, chance):
    """Bits, bytes, numbers of 1 to 8 bytes, cuts, repeats, swaps."""
    data = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 4, 16])):
        if not data:
            break
        place = _place(len(data), chance)
        length = min(chance.choice([1, 2, 4, 8, 64]), len(data) - place)
        kind = chance.randrange(8)
        if kind == 0:
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[place : place + length] = chance.randbytes(length)
        elif kind == 2:
            data[place : place + length] = chance.choice([b"\0", b"\xff", b"\x7f", b"\x80"]) * length
        elif kind == 3:
            del data[place : place + length]
        elif kind == 4:
            data[place:place] = data[place : place + length] * chance.choice([1, 2, 100])
        elif kind == 5:
            del data[place:]
        elif kind == 6:
            width = chance.choice([1, 2, 4, 8])
            place -= place % chance.choice([1, width])
            number = (chance.choice(EDGES) + chance.choice([-1, 0, 0, 1])) % 2 ** (8 * width)
            data[place : place + width] = number.to_bytes(width, chance.choice(["little", "big"]))
        else:
            other = chance.randrange(len(data))
            data[place : place + length], data[other : other + length] = (
                data[other : other + length],
                data[place : place + length],
            )
    return bytes(data)


def _place(length, chance):
    """Anywhere, or near the ends, where headers and directories are."""
    near = min(length, chance.choice([16, 64, 256]))
    return chance.choice([chance.randrange(length), chance.randrange(near), length - 1 - chance.randrange(near)])


def spliced(data, other, chance):
    """The beginning of one file and the end of another."""
    if chance.randrange(2):
        data, other = other, data
    cut = chance.randrange(len(data) + 1)
    return data[:cut] + other[chance.choice([min(cut, len(other)), chance.randrange(len(other) + 1)]) :]


def list_changed(parts, chance, change):
    """Change, drop, repeat, move or swap elements of a list."""
    parts = list(parts)
    for _ in range(chance.choice([1, 1, 2, 5])):
        if not parts:
            break
        place, kind = chance.randrange(len(parts)), chance.randrange(8)
        if kind == 0:
            del parts[place]
        elif kind == 1:
            parts[place:place] = [parts[place]] * chance.choice([1, 3, 50])
        elif kind == 2:
            parts.insert(chance.randrange(len(parts)), parts.pop(place))
        else:
            parts[place] = change(parts[place], chance)
    return parts


# Pictures


def png_changed(data, chance):
    """Chunks with right checksums; pixels are changed before they are compressed."""
    chunks, place = [], 8
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length

    def change(chunk, chance):
        name, content = chunk
        if name == b"IDAT" and chance.randrange(3):
            try:
                pixels = zlib.decompress(content)
            except zlib.error:
                return name, bytes_changed(content, chance)
            return name, zlib.compress(bytes_changed(pixels, chance), 1)
        if chance.randrange(6) == 0:
            name = chance.choice(
                [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"tRNS", b"PLTE", b"eXIf", b"acTL", b"fdAT", b"gAMA", b"IDAT"]
            )
            content = b"a\0\0" + zlib.compress(bytes(chance.choice([10, 10**6])))
        return name, bytes_changed(content, chance)

    return data[:8] + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in list_changed(chunks, chance, change)
    )


def jpeg_changed(data, chance):
    """Segments before the pixels, with right lengths."""
    segments, place = [], 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, place + 2)
        segments.append((data[place + 1], data[place + 4 : place + 2 + length]))
        place += 2 + max(length, 2)

    def change(segment, chance):
        marker, content = segment
        if chance.randrange(6) == 0:
            marker = chance.choice([0xC0, 0xC2, 0xC4, 0xDB, 0xDD, 0xE0, 0xE1, 0xE2, 0xEE, 0xFE])
        return marker, bytes_changed(content, chance)[:65000]

    head = b"".join(
        bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content
        for marker, content in list_changed(segments, chance, change)
    )
    return data[:2] + head + data[place:]


def webp_changed(data, chance):
    """Chunks of RIFF with right lengths."""
    chunks, place = [], 12
    while place + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, place + 4)
        chunks.append((data[place : place + 4], data[place + 8 : place + 8 + length]))
        place += 8 + length + length % 2

    def change(chunk, chance):
        name = chance.choice([chunk[0]] * 5 + [b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"EXIF", b"VP8L", b"ICCP"])
        return name, bytes_changed(chunk[1], chance)

    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in list_changed(chunks, chance, change)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


# Documents

_TAG = re.compile(rb"<[^>]*>|[^<]+")


def xml_changed(data, chance):
    """Elements, attributes, texts and declarations."""
    parts = _TAG.findall(data)

    def change(part, chance):
        text = chance.choice(TEXTS).encode("utf-8", "surrogatepass")
        return chance.choice(
            [
                text,
                b"<![CDATA[" + text + b"]]>",
                b"<!-- " + text + b" -->",
                b"<?x " + text + b"?>",
                part.replace(b">", b' a="' + text + b'">'),
                part.replace(b"</", b"<").replace(b"<", chance.choice([b"<a:", b"</", b"<", b"<<"])),
                b"<!DOCTYPE a [<!ENTITY b '" + b"c" * 50 + b"'>]>&b;",
                b"<a>" * chance.choice([3, 70, 5000]) + part,
                part * chance.choice([2, 200]),
                bytes_changed(part, chance),
            ]
        )

    raw = b"".join(list_changed(parts, chance, change))
    if chance.randrange(12) == 0:
        name = chance.choice(["utf-16", "gbk", "gb18030", "utf-32", "latin-1", "cp037"])
        raw = raw.replace(b"UTF-8", name.encode()).decode("utf-8", "replace").encode(name, "replace")
    return raw


def tree_changed(data, chance):
    """Elements of a document that stays well-formed: others inside, other names, texts and attributes."""
    root = ET.fromstring(data)  # noqa: S314 - the intact file is this module's own
    for _ in range(chance.choice([1, 1, 2, 5])):
        nodes = list(root.iter())
        if len(nodes) > 2000:  # elements repeated 50 times, several times over, would be gigabytes
            break
        node, other, kind = chance.choice(nodes), chance.choice(nodes), chance.randrange(8)
        if kind == 0 and len(node):
            node.remove(chance.choice(node))
        elif kind == 1:
            node.extend([copy.deepcopy(other)] * chance.choice([1, 1, 50]))
        elif kind == 2:
            node[:] = [copy.deepcopy(inner) for inner in other]
        elif kind == 3:
            node.tag = chance.choice([other.tag, "a", "样本", node.tag.lower()])
        elif kind == 4:
            node.set(chance.choice(["a", "xmlns", "type", "nil"]), _in_xml(chance.choice(TEXTS)))
        elif kind == 5 and len(node):
            node[0].tail = _in_xml(chance.choice(TEXTS))
        else:
            node.text = _in_xml(
                chance.choice(
                    [*TEXTS, *map(str, EDGES), other.text or "", "1,1", "-5,7", "1e3,2", "2020-01-01T00:00:00+9999"]
                )
            )
    return ET.tostring(root, encoding="utf-8")


def _in_xml(text):
    return re.sub(r"[\x00-\x08\ud800-\udfff]", "", text)


def json_changed(data, chance):
    """Values of a JSON document in place of others, of other types, deep, doubled, missing."""
    document = json.loads(data)
    places = []

    def walk(value):
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, inner in items:
            places.append((value, name))
            walk(inner)

    walk(document)
    for _ in range(chance.choice([1, 1, 2, 5])):
        if not places:
            break
        holder, name = chance.choice(places)
        if name not in (holder if isinstance(holder, dict) else range(len(holder))):
            continue
        kind = chance.randrange(6)
        if kind == 0:
            del holder[name]
        elif kind == 1 and isinstance(holder, dict):
            holder[chance.choice([*TEXTS, *holder])] = holder.pop(name)
        elif kind == 2:
            source, other = chance.choice(places)
            if other in (source if isinstance(source, dict) else range(len(source))):
                holder[name] = json.loads(json.dumps(source[other]))
        else:
            holder[name] = _json_value(holder[name], chance)
    escaped = bool(chance.randrange(2))
    raw = json.dumps(document, ensure_ascii=escaped).encode(
        "utf-8", chance.choice(["surrogatepass", "replace", "replace"])
    )
    if chance.randrange(8) == 0:  # a member twice, with another value
        raw = re.sub(rb'"(\w+)": ', lambda m: m[0] + b"0, " + m[0] if chance.randrange(9) == 0 else m[0], raw)
    return (
        raw
        if chance.randrange(25)
        else raw.decode("utf-8", "replace").encode(chance.choice(["utf-16", "gbk", "utf-32"]), "replace")
    )


def _json_value(value, chance):
    deep = []
    for _ in range(chance.choice([5, 70, 400])):
        deep = [deep]
    return chance.choice(
        [None, True, [], {}, [[]], {"": {}}, deep, value, [value, value], {"a": value}, str(value), float("nan"), float("inf"), 1e308,
         chance.choice(TEXTS), chance.choice(EDGES), -chance.choice(EDGES), chance.choice(EDGES) * 1.5, 10**400, "9" * 5000]
    )  # fmt: skip


def lines_changed(data, chance):
    """Lines of JSON, each with changes of its own."""
    return b"\n".join(
        list_changed(data.split(b"\n"), chance, lambda line, chance: json_changed(line, chance) if line else b"{")
    )


def csv_changed(data, chance):
    """Cells and rows, quotes, separators and encodings."""
    rows = [line.split(b",") for line in data.splitlines()]

    def cell(value, chance):
        text = chance.choice(TEXTS).encode("utf-8", "surrogatepass")
        return chance.choice(
            [text, value + b'"', b'"' + value, value * 20, b'"' + text + b'"', b"", bytes_changed(value, chance)]
        )

    def row(cells, chance):
        return list_changed(cells, chance, cell)

    separator = chance.choice([b","] * 6 + [b";", b"\t", b",,"])
    raw = chance.choice([b"\n"] * 4 + [b"\r\n", b"\r", b"\n\n"]).join(
        separator.join(cells) for cells in list_changed(rows, chance, row)
    )
    encoding = chance.choice(["utf-8"] * 6 + ["gbk", "utf-16", "utf-8-sig", "utf-32"])
    return raw if encoding == "utf-8" else raw.decode("utf-8", "replace").encode(encoding, "replace")


# Archives


def member_changed(data, chance):
    """Change a document by its kind."""
    kinds = [bytes_changed]
    if data[:1] == b"<":
        kinds += [xml_changed, tree_changed, tree_changed]
    elif data[:1] == b"{":
        kinds += [json_changed, json_changed] if data.count(b"\n") < 2 else [lines_changed]
    return chance.choice(kinds)(data, chance)


def zip_changed(change_member):
    """Return a change of members that packs them again, with names and sizes of its own."""

    def change(data, chance):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]

        def member(pair, chance):
            name, content = pair
            if chance.randrange(4) == 0:
                name = chance.choice(
                    [
                        "../x.xml",
                        "/etc/x.xml",
                        "a" * 60000 + ".xml",
                        "\x1b[2J.xml",
                        "a/" * 500 + "b.xml",
                        "n.zip",
                        "样.xml",
                        "",
                    ]
                )
            return name, change_member(content, chance) if content else b"x"

        file = io.BytesIO()
        with zipfile.ZipFile(
            file, "w", chance.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
        ) as archive:
            for name, content in list_changed(members, chance, member):
                archive.writestr(name or ".", content)
        raw = file.getvalue()
        return raw if chance.randrange(3) else _numbers_of_zip_changed(raw, chance)

    return change


def _numbers_of_zip_changed(data, chance):
    """Sizes, offsets, methods and flags in the headers of a zip archive."""
    data = bytearray(data)
    heads = [m.start() for m in re.finditer(rb"PK(\x01\x02|\x03\x04|\x05\x06)", data)]
    for _ in range(chance.choice([1, 2, 4])):
        place, width = chance.choice(heads) + chance.randrange(4, 46), chance.choice([1, 2, 4])
        if place + width <= len(data):
            data[place : place + width] = (chance.choice(EDGES) % 2 ** (8 * width)).to_bytes(width, "little")
    return bytes(data)


def tar_changed(data, chance):
    """Headers of a tar archive with right checksums, members of other kinds, and their content."""
    blocks = bytearray(data)
    heads = [n for n in range(0, len(data) - 511, 512) if data[n + 257 : n + 262] == b"ustar"]
    for _ in range(chance.choice([1, 2, 4])):
        if not heads:
            break
        head = chance.choice(heads)
        start, width = chance.choice(
            [(0, 100), (100, 8), (108, 8), (124, 12), (124, 12), (136, 12), (156, 1), (157, 100), (263, 2), (345, 155)]
        )
        value = chance.choice(
            [b"%o" % chance.choice(EDGES), b"-1", b"\x80" + bytes(3) + b"\xff" * 8, b"\xff" * 12, b"L", b"K", b"x", b"g", b"S", b"1", b"2", b"5", b"../a.xml", chance.randbytes(width)]
        )  # fmt: skip
        blocks[head + start : head + start + width] = value[:width].ljust(width, b"\0")
        blocks[head + 148 : head + 156] = b" " * 8
        blocks[head + 148 : head + 156] = b"%06o\0 " % sum(blocks[head : head + 512])
    if chance.randrange(3) == 0:
        return bytes_changed(bytes(blocks), chance)
    return bytes(blocks)


def tgz_changed(data, chance):
    """The tar inside, packed again; or one of two members of gzip."""
    inner = tar_changed(gzip.decompress(data), chance)
    return gzip.compress(inner, 1) + chance.choice([b"", b"", b"rest", gzip.compress(inner, 1)])


# Tables


def footer_changed(data, chance):
    """The footer of Parquet or Feather, with its length repaired."""
    width = 8 if data[:6] == b"ARROW1" else 4
    tail = len(data) - (10 if data[:6] == b"ARROW1" else 8)
    (length,) = struct.unpack_from("<I", data, tail)
    start = tail - length
    if start < width:
        return bytes_changed(data, chance)
    footer = bytes_changed(data[start:tail], chance)
    return data[:start] + footer + struct.pack("<I", len(footer)) + data[tail + 4 :]


def columns_changed(data, chance):
    """A valid table whose columns have other types, names, lengths and notes."""
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    arrow = data[:6] == b"ARROW1"
    table = (pyarrow.feather if arrow else pyarrow.parquet).read_table(pa.BufferReader(data))
    table.validate(full=True)  # writing a table with damaged offsets ends the process
    if table.num_rows == 0:
        return bytes_changed(data, chance)
    for _ in range(chance.choice([1, 1, 2, 4])):
        place, kind = chance.randrange(table.num_columns), chance.randrange(7)
        name = table.column_names[place]
        if kind == 0:
            table = table.rename_columns(
                [
                    chance.choice([*table.column_names, *TEXTS[:8]]) if n == place else c
                    for n, c in enumerate(table.column_names)
                ]
            )
        elif kind == 1:
            table = table.remove_column(place) if table.num_columns > 1 else table
        elif kind == 2 and table.schema.metadata and b"pandas" in table.schema.metadata:
            notes = json_changed(table.schema.metadata[b"pandas"], chance)
            table = table.replace_schema_metadata({**table.schema.metadata, b"pandas": notes})
        else:
            table = table.set_column(place, name, _column(table.num_rows, chance))
    file = io.BytesIO()
    (pyarrow.feather.write_feather if arrow else pyarrow.parquet.write_table)(table, file)
    return file.getvalue()


def _column(rows, chance):
    import pyarrow as pa

    value, kind = chance.choice(
        [
            (1, pa.int64()), (2**63, pa.uint64()), (1.5, pa.float64()), (float("inf"), pa.float32()), ("1", pa.string()),
            (b"\xff", pa.binary()), (True, pa.bool_()), (None, pa.null()), (1, pa.timestamp("ns")), (-(2**62), pa.timestamp("s")),
            (5, pa.duration("ns")), (1, pa.date32()), ([1.0], pa.list_(pa.float64())), ([[1.0, 2.0]] * 3, pa.list_(pa.list_(pa.float64()))),
            ([[0.0, 1e308]] * 4, pa.list_(pa.list_(pa.float64()))), ([[1, 2], [3]], pa.list_(pa.list_(pa.int64()))),
            ([["a", "b"]] * 4, pa.list_(pa.list_(pa.string()))), ([None] * 4, pa.list_(pa.list_(pa.float64()))), ({"a": 1}, pa.struct([("a", pa.int64())])),
            ([(1, 2)], pa.map_(pa.int64(), pa.int64())), (chance.choice(TEXTS[:6]), pa.string()), (101, pa.int8()),
        ]
    )  # fmt: skip
    column = pa.array([value if chance.randrange(3) else None for _ in range(rows)], kind)
    return column.dictionary_encode() if chance.randrange(4) == 0 and pa.types.is_string(kind) else column


def aligned_numbers_changed(data, chance):
    """Numbers of 4 or 8 bytes at their places: offsets, lengths and sizes of Arrow and SQLite."""
    data = bytearray(data)
    for _ in range(chance.choice([1, 2, 4])):
        width = chance.choice([2, 4, 8])
        place = chance.randrange(max(1, len(data) // width)) * width
        before = int.from_bytes(data[place : place + width], "little")
        number = chance.choice(
            [chance.choice(EDGES), before + 1, before - 1, before + 8, before * 2, before + 2 ** (8 * width - 1)]
        )
        data[place : place + width] = (number % 2 ** (8 * width)).to_bytes(
            width, chance.choice(["little", "little", "big"])
        )
    return bytes(data)


def rows_of_ledger_changed(data, chance):
    """Values, columns and responses in the tables of a ledger."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "changed.sqlite")
        path.write_bytes(data)
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA synchronous=OFF")
        names = [row[1] for row in db.execute("PRAGMA table_info(images)")]
        for _ in range(chance.choice([1, 2, 4])):
            name, kind = chance.choice(names), chance.randrange(10)
            value = chance.choice(
                [None, 0, -1, 2**63 - 1, -(2**63), 1.5, float("inf"), b"", b"\xff\xfe", b"x" * 10**5, *(t for t in TEXTS if t != "\ud800")]
            )  # fmt: skip
            try:
                if kind == 0:
                    db.execute(f"ALTER TABLE images RENAME COLUMN {name} TO other")
                elif kind == 1:
                    db.execute(f"UPDATE images SET {name} = CAST(x'fffe41' AS TEXT)")  # noqa: S608 - a name of the table itself
                elif kind == 2:
                    (packed,) = db.execute("SELECT response FROM images WHERE response IS NOT NULL").fetchone()
                    raw = chance.choice([xml_changed, tree_changed])(zlib.decompress(packed), chance)
                    db.execute("UPDATE images SET response = ? WHERE id % 2 = 0", (zlib.compress(raw),))
                elif kind == 3:
                    db.execute(
                        f"PRAGMA {chance.choice(['user_version', 'application_id'])} = {chance.choice(EDGES[:11])}"
                    )
                elif kind == 4:
                    db.execute("INSERT INTO callbacks VALUES (?, ?)", (value, value))
                else:
                    statement = f"UPDATE images SET {name} = ? WHERE id % ? = 0"  # noqa: S608 - a name of the table itself
                    db.execute(statement, (value, chance.choice([1, 2])))
            except (sqlite3.Error, OverflowError, TypeError, UnicodeError, zlib.error):
                continue
        db.close()
        return path.read_bytes()


STRUCTURES = {
    "png": (png_changed,),
    "jpeg": (jpeg_changed,),
    "webp": (webp_changed,),
    "xml": (xml_changed, tree_changed, tree_changed),
    "xml strict": (xml_changed, tree_changed, tree_changed),
    "json": (json_changed,),
    "jsonl": (lines_changed,),
    "zip": (zip_changed(member_changed),),
    "archive on dask": (zip_changed(member_changed),),
    "tar": (tar_changed,),
    "tgz": (tgz_changed,),
    "parquet": (columns_changed, footer_changed, aligned_numbers_changed),
    "feather": (columns_changed, footer_changed, aligned_numbers_changed),
    "csv": (csv_changed,),
    "cards csv": (csv_changed,),
    "xlsx": (zip_changed(member_changed),),
    "truth xlsx": (zip_changed(member_changed),),
    "ledger": (rows_of_ledger_changed, aligned_numbers_changed),
    "coco": (json_changed,),
    "label studio": (json_changed,),
    "callback": (json_changed,),
}
"""Changes of the parts of a format; kinds that are not named here get changes of bytes and numbers only."""


def mutated(kind, intact, chance):
    """Return one mutation of some intact files of a kind: of its parts, of bytes, a splice, or two of these."""
    data = chance.choice(intact)
    for _ in range(chance.choice([1, 1, 2])):
        way = chance.randrange(8)
        if way == 0 and len(intact) > 1:
            data = spliced(data, chance.choice(intact), chance)
        elif way <= 5 and kind in STRUCTURES:
            try:
                data = chance.choice(STRUCTURES[kind])(data, chance)
            except Exception:  # noqa: BLE001 - the mutation before has left nothing that these parts can be found in
                data = bytes_changed(data, chance)
        else:
            data = bytes_changed(data, chance)
    return data
