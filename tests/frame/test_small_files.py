"""Small files are read by one call of the operating system; each comes back with all its bytes."""

import os
from pathlib import Path

import pytest

from cardocr_nb.frame._documents import _SMALL, _read_small, documents
from cardocr_nb.frame._sources import Document, File

OPEN = Path("/proc/self/fd")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "card.xml"


def read(path):
    return list(documents([File(str(path))]))


@pytest.mark.parametrize("size", [0, 1, _SMALL - 1, _SMALL, _SMALL + 1, 3 * _SMALL])
def test_a_file_of_any_size_is_one_document_with_its_bytes(path, size):
    raw = (b"<Response>" + b"x" * size)[:size]
    path.write_bytes(raw)
    assert read(path) == [Document(raw, str(path))]


@pytest.mark.parametrize(("size", "small"), [(0, True), (_SMALL - 1, True), (_SMALL, False), (_SMALL + 1, False)])
def test_only_files_below_32_kib_are_small(path, size, small):
    assert _SMALL == 32 * 1024
    path.write_bytes(b"x" * size)
    assert _read_small(File(str(path))) == (b"x" * size if small else None)


def test_line_ends_and_bytes_of_any_kind_are_not_changed(path):
    raw = bytes(range(256)) + b"\r\n\x1a\n"
    path.write_bytes(raw)
    assert _read_small(File(str(path))) == raw


def test_a_file_that_grows_between_two_reads_is_read_again_and_whole(path, monkeypatch):
    path.write_bytes(b"<Response>")
    read_once = os.read

    def read_and_grow(descriptor, count):
        raw = read_once(descriptor, count)
        if raw == b"<Response>":
            with path.open("ab") as file:
                file.write(b"</Response>")
        return raw

    monkeypatch.setattr(os, "read", read_and_grow)
    assert read(path) == [Document(b"<Response></Response>", str(path))]


def test_a_read_that_returns_less_than_the_file_holds_loses_nothing(path, monkeypatch):
    path.write_bytes(b"<Response></Response>")
    read_once = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, count: read_once(descriptor, min(count, 5)))
    assert read(path) == [Document(b"<Response></Response>", str(path))]


def test_a_folder_and_a_missing_file_are_faults_and_the_others_are_read(tmp_path):
    (tmp_path / "folder.xml").mkdir()
    (tmp_path / "card.json").write_bytes(b"{}")
    found = list(documents([File(str(tmp_path / name)) for name in ("folder.xml", "none.xml", "card.json")]))
    assert [(bool(document.fault), document.raw) for document in found] == [(True, b""), (True, b""), (False, b"{}")]
    assert [Path(document.key).name for document in found] == ["folder.xml", "none.xml", "card.json"]


@pytest.mark.skipif(not OPEN.is_dir(), reason="lists open files of Linux")
def test_no_file_stays_open_after_a_fault(tmp_path):
    (tmp_path / "folder.xml").mkdir()
    before = len(list(OPEN.iterdir()))
    for _ in range(20):
        assert read(tmp_path / "folder.xml")[0].fault
    assert len(list(OPEN.iterdir())) <= before
