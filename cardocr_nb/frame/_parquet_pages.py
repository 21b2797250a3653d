"""What the pages of a Parquet file unpack to, from their own headers: a footer may state smaller sizes.

Footer and page headers are structs of Thrift's compact protocol, https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md;
their fields are those of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift. pyarrow shows no page
headers, and its `RowGroupMetaData.column` ends the process where statistics are damaged (pyarrow 26).
"""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_DEEPEST = 32
_BYTE_ARRAY = 6
_DELTA_BYTE_ARRAY = 7
_HEADER = 1 << 14
"""Bytes that are read at once for a page header; statistics make some of them longer."""
_LONGEST_HEADER = 1 << 24


class Chunk(NamedTuple):
    """A column in a row group.

    Attributes
    ----------
    path : str
        Name, with the parts of nested columns separated by dots.
    values : int
        Values in its pages; elements of lists count.
    size : int
        Bytes of its pages once they are decompressed.
    shared : int
        Bytes that several values may share: those of a dictionary, or of texts that begin alike; 0 for numbers.
    nested : bool
        The values are in lists or structs.
    """

    path: str
    values: int
    size: int
    shared: int
    nested: bool


def chunks_of(path: Path) -> list[list[Chunk]]:
    """Return the columns of each row group.

    Raises
    ------
    ValueError
        The footer or a page header is damaged.
    """
    with path.open("rb") as file:
        end = file.seek(0, io.SEEK_END)
        file.seek(max(0, end - 8))
        length = int.from_bytes(file.read(4), "little")
        if not 0 < length <= end - 8:
            raise ValueError("the footer lies outside the file")
        file.seek(end - 8 - length)
        footer = _Compact(file.read(length)).struct()
        groups = [group.get(1) or [] for group in footer.get(4) or []]
        try:
            return [[_chunk(file, column[3], end) for column in columns if 3 in column] for columns in groups]
        except (AttributeError, KeyError, TypeError) as fault:
            raise ValueError("a field of the footer has another type") from fault


def _chunk(file: IO[bytes], column: dict[int, Any], end: int) -> Chunk:
    place = min((offset for offset in (column.get(11), column[9]) if offset), default=0)
    values = size = shared = 0
    while values < column[5] and 0 <= place < end:
        page, length = _page_header(file, place)
        size += max(0, page[2])
        data = page.get(5) or page.get(8)
        if data is None:
            shared = max(shared, page[2])
        else:
            values += max(0, data[1])
            if _DELTA_BYTE_ARRAY in (data.get(2), data.get(4)):
                shared = max(shared, page[2])
        place += length + max(0, page[3])
    path = ".".join(part.decode("utf-8", "replace") for part in column[3])
    return Chunk(path, values, size, shared if column[1] == _BYTE_ARRAY else 0, len(column[3]) > 1)


def _page_header(file: IO[bytes], place: int) -> tuple[dict[int, Any], int]:
    """Return the header of a page and its length."""
    wanted = _HEADER
    while True:
        file.seek(place)
        data = file.read(wanted)
        reader = _Compact(data)
        try:
            return reader.struct(), reader.at
        except IndexError as fault:
            if len(data) < wanted or wanted >= _LONGEST_HEADER:
                raise ValueError("a page header is cut off") from fault
            wanted *= 4


class _Compact:
    """Reads values of Thrift's compact protocol; structs become dicts by the number of the field.

    Raises IndexError where the bytes end within a value, ValueError for what the protocol does not have.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self.at, self._depth = data, 0, 0

    def struct(self) -> dict[int, Any]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("the header is nested too deep")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            fields[number] = self._value(head & 15)
        self._depth -= 1
        return fields

    def _value(self, kind: int) -> Any:
        match kind:
            case 1 | 2:
                return kind == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._integer()
            case 7:
                return self._bytes(8)
            case 8:
                return self._bytes(self._varint())
            case 9 | 10:
                head = self._byte()
                count = head >> 4 if head >> 4 < 15 else self._varint()
                kind = head & 15
                return [self._byte() if kind in (1, 2) else self._value(kind) for _ in range(count)]
            case 12:
                return self.struct()
        raise ValueError(f"the header has a value of kind {kind}")

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _bytes(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self._data):
            raise IndexError
        return self._data[self.at - count : self.at]

    def _varint(self) -> int:
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number
            if shift > 63:
                raise ValueError("a number of the header is too long")

    def _integer(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)
