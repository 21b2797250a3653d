"""The memory that a Parquet or Feather file takes when it is read, from its headers, before anything is decoded.

A few kilobytes can promise gigabytes: pages are compressed, and a text that many rows share is stored once.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from cardocr_nb._free_memory import free_memory
from cardocr_nb.errors import DecodeError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_UNKNOWN = 8 << 30
"""Bytes that a table may take where the system does not say what is free."""
_DICTIONARIES, _PREFIXES = frozenset({"PLAIN_DICTIONARY", "RLE_DICTIONARY"}), "DELTA_BYTE_ARRAY"
"""Encodings of Parquet that store a text once for many rows, and the one that stores the beginning that texts share once."""
_BATCH = 1024
"""Most rows that are decoded at once to find their size."""
_COPIES = 2
"""The table of Arrow and that of pandas exist at the same time."""
_CELL = 4
"""Bytes that a cell takes at least: an offset or a code."""


def refuse_too_large(needed: int, limit: int | None = None) -> None:
    """Raise DecodeError if a table needs more bytes than are free, or than a limit."""
    most = free_memory() if limit is None else limit
    most = _UNKNOWN if most is None else most
    if needed * _COPIES > most:
        raise DecodeError(
            f"the table takes {needed * _COPIES / 1e9:.1f} GB of memory or more when it is read, {most / 1e9:.1f} GB are free; "
            "read it in parts, such as with DuckDB or Dask"
        )


def repeated_columns(file: pq.ParquetFile, limit: int | None = None) -> list[str]:
    """Check the sizes that a Parquet file states, and find the columns whose texts may be repeated beyond them.

    Parameters
    ----------
    file : pyarrow.parquet.ParquetFile
    limit : int, optional
        Bytes; by default what is free.

    Returns
    -------
    list of str
        Columns to read as dictionaries, whose size can be checked before the texts are repeated.

    Raises
    ------
    DecodeError
        The table does not fit into memory.
    """
    metadata = file.metadata
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    chunks = [(n, group.column(n)) for group in groups for n in range(group.num_columns)]
    decompressed = sum(max(chunk.total_uncompressed_size, 0) for _, chunk in chunks)
    cells = sum(max(chunk.num_values, 0) for _, chunk in chunks)
    refuse_too_large(max(decompressed, cells * _CELL, metadata.num_rows * _CELL), limit)
    most = free_memory() if limit is None else limit
    most = _UNKNOWN if most is None else most
    share = most // max(1, 2 * _COPIES * metadata.num_columns)
    most_of_column: dict[str, int] = {}
    dictionaries: set[str] = set()
    prefixes: dict[str, int] = {}
    for n, chunk in chunks:
        size, name = max(chunk.total_uncompressed_size, 1), chunk.path_in_schema
        if chunk.physical_type != "BYTE_ARRAY":
            continue
        most_of_column[name] = most_of_column.get(name, 0) + max(chunk.num_values, 0) * size
        if _PREFIXES in chunk.encodings or metadata.schema.column(n).max_repetition_level > 0:
            prefixes[name] = max(size, prefixes.get(name, 1))
        elif not _DICTIONARIES.isdisjoint(chunk.encodings):
            dictionaries.add(name)
    large = {name for name, size in most_of_column.items() if size > share}
    for name, size in prefixes.items():
        if name not in large:
            continue
        total, rows = 0, max(1, min(_BATCH, most // (4 * size)))
        for batch in file.iter_batches(batch_size=rows, columns=[name], use_threads=False):
            total += batch.nbytes
            refuse_too_large(total, limit)
    return sorted((dictionaries & large) - set(prefixes))


def refuse_expansion(table: pa.Table, limit: int | None = None) -> None:
    """Raise DecodeError if the texts of dictionaries take more memory than there is once each row has its own."""
    needed = 0
    for column in table.columns:
        if not pa.types.is_dictionary(column.type):
            continue
        for chunk in column.chunks:
            lengths = _lengths(chunk.dictionary)
            codes = chunk.indices.drop_null().to_numpy(zero_copy_only=False).astype(np.int64)
            if len(lengths) and len(codes):
                needed += int(np.bincount(codes, minlength=len(lengths)).astype(np.float64) @ lengths)
    refuse_too_large(needed, limit)


def _lengths(values: pa.Array) -> np.ndarray:
    import pyarrow.compute as pc

    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    if any(is_kind(values.type) for is_kind in kinds):
        return np.asarray(pc.binary_length(values).fill_null(0).to_numpy(zero_copy_only=False), np.float64)
    return np.full(len(values), 8.0)


def feather_size(file: pa.NativeFile) -> int:
    """Return the bytes that the buffers of a Feather file take once they are decompressed.

    The layout is that of the Arrow columnar format: a footer with the places of all messages, each with the places of its
    buffers, and before each compressed buffer its size as an int64.

    Raises
    ------
    ValueError, struct.error
        The file is damaged.
    """
    file.seek(file.size() - 10)
    (length,) = struct.unpack("<i", file.read(4))
    if not 0 < length <= file.size() - 10:
        raise ValueError("the footer lies outside the file")
    file.seek(file.size() - 10 - length)
    footer = _FlatTable.root(file.read(length))
    total = 0
    for vector in (2, 3):
        for place, head, _, _ in footer.structs(vector, "<qiiq"):
            file.seek(place)
            message = file.read(head)
            start = 8 if message[:4] == b"\xff\xff\xff\xff" else 4
            header = _FlatTable.root(message[start:]).table(2)
            if vector == 2:
                header = header.table(1)
            compressed = header.has(3)
            for offset, size in header.structs(2, "<qq"):
                total += max(0, size)
                if compressed and size >= 8:
                    file.seek(place + head + offset)
                    (stated,) = struct.unpack("<q", file.read(8))
                    total += max(0, stated)
    return total


class _FlatTable(NamedTuple):
    """A table of FlatBuffers: bytes, and the place at which it begins."""

    data: bytes
    place: int

    @classmethod
    def root(cls, data: bytes) -> _FlatTable:
        return cls(data, struct.unpack_from("<I", data)[0])

    def _field(self, number: int) -> int:
        """Place of a field, 0 where it is left out."""
        (back,) = struct.unpack_from("<i", self.data, self.place)
        directory = self.place - back
        (size,) = struct.unpack_from("<H", self.data, directory)
        if 4 + 2 * number >= size:
            return 0
        offset = int(struct.unpack_from("<H", self.data, directory + 4 + 2 * number)[0])
        return self.place + offset if offset else 0

    def has(self, number: int) -> bool:
        return self._field(number) != 0

    def _target(self, number: int) -> int:
        field = self._field(number)
        if not field:
            raise ValueError("a field of the header is missing")
        return field + int(struct.unpack_from("<I", self.data, field)[0])

    def table(self, number: int) -> _FlatTable:
        return _FlatTable(self.data, self._target(number))

    def structs(self, number: int, form: str) -> list[tuple[int, ...]]:
        """Structs of a vector; empty where it is left out."""
        if not self.has(number):
            return []
        start = self._target(number)
        (count,) = struct.unpack_from("<I", self.data, start)
        size = struct.calcsize(form)
        if count * size > len(self.data):
            raise ValueError("a vector of the header is longer than the header")
        return [struct.unpack_from(form, self.data, start + 4 + n * size) for n in range(count)]
