"""Files made to harm are refused with the project's own errors, and cost little memory."""

import gzip
import json
import shutil
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import _documents as documents
from cardocr_nb.frame import empty, read_responses, read_table, to_frame
from cardocr_nb.frame._dask_frame import compute, read_dask, to_dask
from cardocr_nb.frame._text_tables import read_text_table

JOB = b"<Response><JobsDetail><JobId>%s</JobId><State>Success</State></JobsDetail></Response>"


def states(frame):
    return frame["state"].astype(object).tolist()


def tar_with_name(path, size):
    """A gzip of a tar whose only member has a name of `size` bytes."""
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, size
    with gzip.open(path, "wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(size // 2**20):
            file.write(b"a" * 2**20)


@pytest.mark.parametrize("engine", ["pandas", "dask"])
def test_a_tar_with_a_giant_member_name_costs_no_memory(tmp_path, engine):
    tar_with_name(tmp_path / "bomb.tar.gz", 100 * 2**20)
    compute(to_dask(empty()))  # imports Dask
    tracemalloc.start()
    found = compute(read_dask(tmp_path / "bomb.tar.gz")) if engine == "dask" else read_responses(tmp_path / "bomb.tar.gz", errors="row")  # fmt: skip
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert states(found) == ["Unreadable"]
    assert "a header has 104857600 bytes, at most 1048576 are read" in found["message"][0]
    assert peak < 50 * 2**20


def test_a_sparse_member_is_refused(tmp_path):
    header = tarfile.TarInfo("a.xml")
    header.type, header.size = tarfile.GNUTYPE_SPARSE, 0
    (tmp_path / "a.tar").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    (found,) = read_responses(tmp_path / "a.tar", errors="row")["message"]
    assert "sparse" in found


@pytest.mark.parametrize("engine", ["pandas", "dask"])
def test_a_line_without_end_costs_no_other_line(tmp_path, monkeypatch, engine):
    monkeypatch.setattr(documents, "WHOLE", 1000)
    lines = [JOB % b"a", b"<Response>" + b" " * 5000 + b"</Response>", JOB % b"b"]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    path = tmp_path / "a.jsonl"
    found = compute(read_dask(path)) if engine == "dask" else read_responses(path, errors="row")
    assert states(found) == ["Success", "Unreadable", "Success"]
    assert "longer than 1000 bytes" in found["message"][1]


@pytest.mark.parametrize("engine", ["pandas", "dask"])
def test_members_of_a_zip_have_a_limit(tmp_path, monkeypatch, engine):
    monkeypatch.setattr(documents, "WHOLE", 1000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", JOB % b"a")
        archive.writestr("b.json", b'{"a": "' + b" " * 10**6 + b'"}')
    path = tmp_path / "a.zip"
    found = compute(read_dask(path)) if engine == "dask" else read_responses(path, errors="row")
    assert states(found) == ["Success", "Unreadable"]


def test_negative_offsets_in_a_feather_file_are_an_error(tmp_path):
    # An offset of a text column is negative: Arrow would read before the start of its buffer.
    offsets = pa.py_buffer(bytes(bytearray((0).to_bytes(4, "little", signed=True) + (-50).to_bytes(4, "little", signed=True) + (3).to_bytes(4, "little"))))  # fmt: skip
    keys = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"abc"))
    table = pa.table({"key": keys})
    with pa.OSFile(str(tmp_path / "a.feather"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(DecodeError, match=r"a\.feather': not a readable \.feather table of cards \(ArrowInvalid\)"):
        read_table(tmp_path / "a.feather")


def test_the_command_line_reads_damaged_tables_with_the_same_checks(tmp_path):
    from cardocr_nb._cli._table_files import read

    shutil.copy(Path(__file__), tmp_path / "a.parquet")
    with pytest.raises(DecodeError):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_with_a_byte_order_mark_or_in_utf_16_is_read(encoding):
    job = {"JobsDetail": {"JobId": "j1", "State": "Running", "Input": {"Object": "样本.jpg"}}}
    found = to_frame(json.dumps(job, ensure_ascii=False).encode(encoding))
    assert found[["job_id", "key"]].to_numpy().tolist() == [["j1", "样本.jpg"]]


def test_lists_of_callbacks_and_parsed_answers_are_read(tmp_path):
    callbacks = [{"EventName": "TaskFinish", "JobsDetail": {"JobId": f"j{n}", "State": "Success"}} for n in range(3)]
    assert to_frame(json.dumps(callbacks).encode())["job_id"].tolist() == ["j0", "j1", "j2"]
    assert to_frame(callbacks)["job_id"].tolist() == ["j0", "j1", "j2"]
    assert to_frame({"Response": callbacks[0]})["job_id"].tolist() == ["j0"]
    (tmp_path / "a.xml").write_bytes(JOB % b"x")
    (tmp_path / "b.xml").write_bytes(JOB % b"y")
    paths = [tmp_path / "a.xml", str(tmp_path / "b.xml")]
    assert read_responses(paths)["job_id"].tolist() == ["x", "y"]
    assert read_responses(*paths, [JOB % b"z"], (JOB % b"w").decode())["job_id"].tolist() == ["x", "y", "z", "w"]


def test_a_text_that_names_another_encoding_is_read_as_text():
    text = '<?xml version="1.0" encoding="gb2312" standalone="yes"?>' + (JOB % b"j1").decode()
    assert to_frame(text)["job_id"].tolist() == read_responses([text])["job_id"].tolist() == ["j1"]


def test_halves_of_surrogate_pairs_and_endless_nesting_are_errors_of_the_document():
    for document in ('{"JobsDetail": {"JobId": "\ud800", "State": "Success"}}', b"<Response>" + b"<a>" * 5000):
        with pytest.raises(DecodeError):
            to_frame(document)
    with pytest.raises(DecodeError, match="nested more than 64 deep"):
        to_frame(b"<Response>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</Response>")


def test_text_of_a_document_never_reaches_a_message():
    text = "<Response><JobsDetail><JobId>j</JobId><State>样本 110101199003078</State></JobsDetail></Response>"
    for read in (to_frame, read_responses):
        with pytest.raises(DecodeError) as caught:
            read(text)
        assert "110101" not in str(caught.value)
        assert "110101" not in repr(caught.value)


@pytest.mark.parametrize("source", [5, 1.5, object()])
def test_sources_of_other_types_are_named(source):
    with pytest.raises(TypeError, match="for jobs and results use to_frame"):
        read_responses(source)
    with pytest.raises(TypeError, match="For files use read_responses"):
        to_frame(source)


def test_a_broken_document_in_memory_raises_the_error_of_the_parser():
    with pytest.raises(DecodeError, match="not well-formed"):
        to_frame([JOB % b"a", b"<Response>"])


@pytest.mark.parametrize("cells", [4, 1000])
def test_a_csv_row_with_more_cells_than_the_header_is_refused(tmp_path, cells):
    # pandas would take the first cells for an index, of up to 1,000 levels, and compute for minutes.
    (tmp_path / "t.csv").write_text("key,field,text\n" + "a," * (cells - 1) + "b\n")
    with pytest.raises(DecodeError, match=f"line 2 of t.csv has {cells} cells, the first line names 3 columns"):
        read_text_table(tmp_path / "t.csv")


def test_a_csv_with_a_comma_at_the_end_of_its_rows_is_read(tmp_path):
    (tmp_path / "t.csv").write_text("key,field,text\n1.jpg,name,x,\n")
    assert read_text_table(tmp_path / "t.csv").to_dict("list") == {"key": ["1.jpg"], "field": ["name"], "text": ["x"]}
