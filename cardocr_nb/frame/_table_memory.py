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
from cardocr_nb.frame._parquet_pages import chunks_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow.parquet as pq

_UNKNOWN = 8 << 30
"""Bytes that a table may take where the system does not say what is free."""
_BATCH = 1024
"""Most rows that are decoded at once to find their size."""
_COPIES = 2
"""The table of Arrow and that of pandas exist at the same time."""
_CELL = 4
"""Bytes that a cell takes at least: an offset or a code."""


def refuse_too_large(needed: int) -> None:
    """Raise DecodeError if a table needs more bytes than are free."""
    free = free_memory()
    most = _UNKNOWN if free is None else free
    if needed * _COPIES > most:
        raise DecodeError(
            f"the table takes {needed * _COPIES / 1e9:.1f} GB of memory or more when it is read, {most / 1e9:.1f} GB are free; "
            "read it in parts, such as with DuckDB or Dask"
        )


def read_parquet(path: Path) -> pa.Table:
    """Read a Parquet file if it fits into memory, by the sizes of its pages and those of its texts.

    Where rows may share long texts, columns of texts are read as dictionaries and counted before they are repeated, or in
    small batches where that is not possible.

    Raises
    ------
    DecodeError
        The table does not fit into memory.
    """
    import pyarrow.parquet as pq

    free = free_memory()
    most = _UNKNOWN if free is None else free
    with pq.ParquetFile(path) as file:
        sizes = _group_sizes(path, file, most)
        rows = max(file.metadata.num_rows, sum(count for count, _ in sizes))
        refuse_too_large(rows * file.metadata.num_columns * _CELL)
        kinds = file.schema_arrow
        if sum(count * size for count, size in sizes) * _COPIES <= most:
            return pq.read_table(path, partitioning=None)
        batch = max(1, min(_BATCH, most // (4 * max(size for _, size in sizes))))
        texts = [kind.name for kind in kinds if _is_text(kind.type)]
        _refuse_batches(file, [kind.name for kind in kinds if pa.types.is_nested(kind.type)], batch)
        try:
            table = pq.read_table(path, partitioning=None, read_dictionary=texts)
        except OSError:  # texts that share their beginnings are not read as dictionaries
            _refuse_batches(file, texts, batch)
            return pq.read_table(path, partitioning=None)
    refuse_expansion(table)
    for place, name in enumerate(table.column_names):
        if name in texts and not pa.types.is_dictionary(kinds.field(name).type):
            table = table.set_column(place, name, table.column(place).cast(kinds.field(name).type))
    return table


def _group_sizes(path: Path, file: pq.ParquetFile, most: int) -> list[tuple[int, int]]:
    """Rows and bytes of each row group, by footer and page headers; raise DecodeError if they do not fit into memory."""
    try:
        groups = chunks_of(path)
    except (ValueError, IndexError) as fault:
        raise DecodeError(f"the table is damaged: {fault or 'its footer is cut off'}; write it again") from fault
    refuse_too_large(sum(max(chunk.size, chunk.values * _CELL) for group in groups for chunk in group))
    nested = [chunk for group in groups for chunk in group if chunk.nested]
    if sum(chunk.values * chunk.shared for chunk in nested) * _COPIES > most:
        _refuse_nested(path, sorted({chunk.path for chunk in nested if chunk.shared}))
    sizes = []
    for number, group in enumerate(groups[: file.metadata.num_row_groups]):
        stated = file.metadata.row_group(number)
        rows = max([stated.num_rows, 0, *(chunk.values for chunk in group if not chunk.nested)])
        sizes.append((rows, max(stated.total_byte_size, sum(chunk.size for chunk in group), 1)))
    return sizes


def _refuse_nested(path: Path, leaves: list[str]) -> None:
    """Raise DecodeError if the texts in lists do not fit into memory; a row is decoded whole, so they are read as dictionaries."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, read_dictionary=leaves) as file:
        for leaf in leaves:
            try:
                column = file.read(columns=[leaf]).column(0)
            except OSError as fault:
                raise DecodeError(
                    "texts in lists share their beginnings; write the table without DELTA_BYTE_ARRAY"
                ) from fault
            while pa.types.is_nested(column.type):
                is_struct = pa.types.is_struct(column.type)
                column = pc.struct_field(column, [0]) if is_struct else pc.list_flatten(column)
            refuse_expansion(pa.table({"text": column}))


def _refuse_batches(file: pq.ParquetFile, columns: list[str], rows: int) -> None:
    """Decode columns in batches of some rows, and raise DecodeError as soon as they take more than is free."""
    for name in columns:
        total = 0
        for batch in file.iter_batches(batch_size=rows, columns=[name], use_threads=False):
            total += batch.nbytes
            refuse_too_large(total)


def _is_text(kind: pa.DataType) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(is_kind(kind) for is_kind in kinds)


def refuse_expansion(table: pa.Table) -> None:
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
    refuse_too_large(needed)


def _lengths(values: pa.Array) -> np.ndarray:
    import pyarrow.compute as pc

    if _is_text(values.type):
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
