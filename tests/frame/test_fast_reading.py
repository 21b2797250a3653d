"""Many documents at once, from wherever they lie, give what they give one by one."""

from __future__ import annotations

import hashlib
import io
import re
import sys
import tarfile
import warnings
import zipfile

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_strategies import jobs, plain_jobs

from cardocr_nb.errors import DecodeError, MissingExtraError
from cardocr_nb.frame import PolygonWarning, UnknownLabelWarning, read_responses, to_frame
from cardocr_nb.frame import _documents as sources
from cardocr_nb.frame._sources import find
from cardocr_nb.wire._decode import RepairWarning, decode
from cardocr_nb.wire._encode import callback_bytes, jobs_xml
from cardocr_nb.wire._records import Callback, CardResult, Field, Job, JobList, JobState

BOX = ((1, 2), (1, 9), (30, 9), (30, 2))
NAMES = ("licence.xml", "no_card.xml", "callback_single.json")


def job(number, fields=7):
    read = [Field("姓名", f"样本{number}", 90, BOX), Field("Sex", "Male & more", 80)] * 4
    result = CardResult(fields=tuple(read[:fields]), status=int(fields > 0), state="Success")
    return Job(id=f"j{number}", state=JobState.SUCCESS, key=f"{number}.jpg", card_type="IDCard", result=result)


def xml(number, fields=7):
    return jobs_xml(JobList((job(number, fields),)))


def quietly(read, *given, **options):
    with warnings.catch_warnings():
        for kind in (UnknownLabelWarning, PolygonWarning, RepairWarning):
            warnings.simplefilter("ignore", kind)
        return read(*given, **options)


@pytest.fixture
def bodies(data):
    return {name: (data / "responses" / name).read_bytes() for name in NAMES}


@given(
    st.lists(
        st.tuples(st.lists(jobs | plain_jobs, max_size=2).map(tuple), st.sampled_from(["response", "XML", "JSON"])),
        max_size=5,
    )
)
def test_both_ways_of_reading_give_the_same_frame(given):
    documents = [jobs_xml(JobList(m)) if f == "response" else callback_bytes(Callback("e", m), f) for m, f in given]
    pd.testing.assert_frame_equal(
        quietly(read_responses, *documents, threads=1), quietly(to_frame, [decode(raw) for raw in documents])
    )


def test_order_is_kept_with_many_batches_and_threads(monkeypatch):
    from cardocr_nb.frame import _batch_reader as read

    monkeypatch.setattr(read, "_BATCH_DOCUMENTS", 3)
    documents = [xml(k, k % 8) if k % 5 else callback_bytes(Callback("e", (job(k, k % 8),)), "JSON") for k in range(50)]
    expected = to_frame([decode(raw) for raw in documents])
    for threads in (1, 2, 3):
        pd.testing.assert_frame_equal(read_responses(*documents, threads=threads), expected)


def test_categories_may_be_many():
    many = [job(k) for k in range(300)]
    frame = read_responses(*(jobs_xml(JobList((m,))).replace(b"<JobId>", b"<QueueId>q%d</QueueId><JobId>" % k)
                             for k, m in enumerate(many)))  # fmt: skip
    assert frame.queue_id.drop_duplicates().tolist() == [f"q{k}" for k in range(300)]
    assert str(frame.queue_id.cat.codes.dtype) == "int16"


def test_a_zip_is_read_member_by_member(tmp_path, bodies):
    with zipfile.ZipFile(tmp_path / "saved.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in bodies.items():
            archive.writestr(f"in/{name}", raw)
        archive.writestr("notes.txt", "not read")
    pd.testing.assert_frame_equal(read_responses(tmp_path / "saved.zip"), to_frame(list(bodies.values())))


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz", ".tar.xz"])
def test_a_tar_is_read_member_by_member(tmp_path, bodies, ending):
    mode = {".tar": "w", ".tar.xz": "w:xz"}.get(ending, "w:gz")
    with tarfile.open(tmp_path / f"saved{ending}", mode) as archive:
        for name, raw in [*bodies.items(), ("notes.txt", b"not read")]:
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    pd.testing.assert_frame_equal(read_responses(tmp_path / f"saved{ending}"), to_frame(list(bodies.values())))


def test_lines_are_documents(tmp_path):
    path = tmp_path / "many.jsonl"
    lines = [callback_bytes(Callback("e", (job(k),)), "JSON") for k in range(5)]
    path.write_bytes(b"\n\n".join(lines))
    pd.testing.assert_frame_equal(read_responses(path), to_frame(lines))
    pd.testing.assert_frame_equal(read_responses(tmp_path), to_frame(lines))


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "many.jsonl"
    path.write_bytes(callback_bytes(Callback("e", (job(1),)), "JSON") + b"\n\n{broken\n")
    bad = read_responses(path, errors="row").iloc[-1]
    assert (bad.state, bad.key) == ("Unreadable", str(path))
    assert bad.message.startswith("line 3: ")
    with pytest.raises(DecodeError, match=rf"1 of 2 documents .*\n  {re.escape(str(path))}, line 3: "):
        read_responses(path)


def test_a_line_without_end_is_not_held(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "WHOLE", 5000)
    path = tmp_path / "many.jsonl"
    path.write_bytes(b"{" * 20_000)
    (row,) = read_responses(path, errors="row").message
    assert row.startswith("line 1: the line is longer")


def test_a_broken_archive_is_a_fault_and_what_was_read_stays(tmp_path, bodies):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        for number in range(50):
            raw = xml(number) + hashlib.shake_256(b"%d" % number).hexdigest(2000).encode().join([b"<!--", b"-->"])
            member = tarfile.TarInfo(f"{number}.xml")
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    (tmp_path / "a.tar.gz").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 broken")
    frame = read_responses(tmp_path / "a.tar.gz", tmp_path / "b.zip", errors="row")
    bad = frame[frame.state == "Unreadable"]
    assert bad.key.tolist() == [str(tmp_path / "a.tar.gz"), str(tmp_path / "b.zip")]
    assert bad.message.str.contains("archive cannot be read").all()
    assert frame.job_id.nunique() > 10


def test_a_broken_member_costs_no_other(tmp_path):
    with zipfile.ZipFile(tmp_path / "saved.zip", "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.xml", xml(number))
    raw = (tmp_path / "saved.zip").read_bytes().replace(b"<JobId>j1<", b"<JobId>jX<")
    (tmp_path / "saved.zip").write_bytes(raw)
    frame = read_responses(tmp_path / "saved.zip", errors="row")
    assert frame.job_id.dropna().unique().tolist() == ["j0", "j2"]
    assert frame[frame.state == "Unreadable"].key.tolist() == [f"{tmp_path / 'saved.zip'}/1.xml"]


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "WHOLE", 100_000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", b"<Response>" + b" " * 3_000_000)
        archive.writestr("b.xml", xml(1)[:-11] + b" " * 3_000_000)
        archive.writestr("c.json", b"[" * 3_000_000)
        archive.writestr("d.xml", xml(2))
    frame = read_responses(tmp_path / "bomb.zip", errors="row")
    assert frame[frame.state == "Unreadable"].key.str[-5:].tolist() == ["a.xml", "b.xml", ".json"]
    assert frame.job_id.dropna().unique().tolist() == ["j1", "j2"]


@pytest.fixture
def large(tmp_path, monkeypatch):
    """A document that is read in pieces."""
    monkeypatch.setattr(sources, "WHOLE", 8000)
    monkeypatch.setattr(sources, "_PIECE", 5000)
    path = tmp_path / "large.xml"
    reply = JobList(tuple(job(k) for k in range(100)), missing_ids=("gone",))
    path.write_bytes(jobs_xml(reply))
    return path


def test_a_large_document_is_read_in_pieces(large):
    pd.testing.assert_frame_equal(read_responses(large), to_frame(large.read_bytes()))


def test_a_broken_job_in_a_large_document_costs_no_other(large):
    raw = large.read_bytes().replace(b"<JobId>j50</JobId>", b"<JobId>j50")
    large.write_bytes(raw)
    frame = read_responses(large, errors="row")
    assert frame.job_id.dropna().unique().tolist() == [f"j{k}" for k in range(100) if k != 50] + ["gone"]
    (bad,) = frame[frame.state == "Unreadable"].message
    begin, end = map(int, re.match(r"bytes (\d+) to (\d+), job \d+: ", bad).groups())
    assert begin < raw.index(b"<JobId>j50") < end


def test_a_large_document_that_breaks_off_keeps_what_was_read(large):
    large.write_bytes(large.read_bytes()[:60_000])
    frame = read_responses(large, errors="row")
    assert frame.state.iloc[-1] == "Unreadable"
    assert re.match(r"from byte \d+ on: ", frame.message.iloc[-1])
    assert frame.job_id.nunique() > 20


def test_a_large_document_of_another_kind_is_refused(large):
    large.write_bytes(b"<Response><Wrapper>" + large.read_bytes())
    (row,) = read_responses(large, errors="row").message
    assert "does not begin as a response with jobs does" in row


def test_an_address_is_read_through_fsspec(bodies):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name, raw in bodies.items():
        memory.pipe(f"/saved/{name}", raw)
    memory.pipe("/saved/notes.txt", b"not read")
    expected = to_frame([bodies[name] for name in sorted(bodies)])
    pd.testing.assert_frame_equal(read_responses("memory://saved"), expected)
    pd.testing.assert_frame_equal(read_responses("memory://saved/licence.xml"), to_frame(bodies["licence.xml"]))
    assert len(read_responses("memory://saved/*.json")) == len(to_frame(bodies["callback_single.json"]))
    with pytest.raises(FileNotFoundError, match="memory://saved/none"):
        read_responses("memory://saved/none.xml")


def test_an_address_without_fsspec_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match="scale"):
        read_responses("s3://bucket/a.xml")


@pytest.mark.parametrize("text", [b"key,text\r\n1,2\r\n", b"\r", b"\r\n" * 3])
def test_documents_without_a_tag_are_refused(text):
    with pytest.raises(DecodeError):
        read_responses(text)


def test_bytes_are_named_by_their_place():
    with pytest.raises(DecodeError, match=r"1 of 2 documents .*\n  source 2: "):
        read_responses(xml(1), b"")
    assert read_responses(b"", errors="row").key.isna().all()


def test_a_file_that_cannot_be_opened_is_a_fault(tmp_path, monkeypatch):
    (tmp_path / "a.xml").write_bytes(xml(1))
    found = list(find(tmp_path))
    (tmp_path / "a.xml").unlink()
    (document,) = sources.documents(found)
    assert "No such file" in document.fault


def test_threads_must_be_one_or_more():
    with pytest.raises(ValueError, match="1 or more, got 0"):
        read_responses(threads=0)


def test_the_warning_of_unknown_labels_names_the_line_of_the_call():
    raw = xml(1).replace("姓名".encode(), b"Odd")
    with pytest.warns(UnknownLabelWarning) as caught:
        read_responses(raw, raw)
    assert [w.filename for w in caught] == [__file__]


SPOILS = [
    lambda raw: raw[: len(raw) // 2],
    lambda raw: raw[:-3],
    lambda raw: b"",
    lambda raw: raw[40:],
    lambda raw: raw.replace(b"<State>Success", b"<State>Sucess", 1),
    lambda raw: raw.replace(b"</JobId>", b"<JobId>", 1),
    lambda raw: raw.replace(b"<JobId>", b"", 1),
    lambda raw: re.sub(rb"<JobId>.*?</JobId>", b"", raw),
    lambda raw: re.sub(rb"(<JobId>.*?</JobId>)", rb"\1\1", raw),
    lambda raw: raw.replace(b"<Score>90", b"<Score>900", 1),
    lambda raw: raw.replace(b"<Score>90", b"<Score>9O", 1),
    lambda raw: raw.replace(b"1,2<", b"1;2<", 1),
    lambda raw: raw.replace(b"1,2<", b"1,<", 1),
    lambda raw: raw.replace(b"</Location>", b"", 1),
    lambda raw: raw.replace("姓".encode(), b"\xff\xfe", 1),
    lambda raw: raw.replace(b"Male", b"Ma\x00le", 1),
    lambda raw: raw.replace(b"&amp;", b"&", 1),
    lambda raw: raw.replace(b"<Response>", b"<!DOCTYPE x><Response>", 1),
    lambda raw: raw.replace(b"<IdInfo>", b"stray<IdInfo>", 1).replace(b"</IdInfo>", b"x</IdInfo>", 1),
    lambda raw: raw + raw,
]


def test_of_ten_thousand_documents_every_good_one_is_read_and_every_bad_one_named(tmp_path):
    spoiled = {place: SPOILS[place % len(SPOILS)] for place in range(61, 10_000, 101)}
    spoiled |= dict(enumerate(SPOILS, 40))
    with tarfile.open(tmp_path / "corpus.tar", "w") as archive:
        plain = xml(123_456)
        for place in range(10_000):
            raw = plain.replace(b"123456", b"%06d" % place)
            raw = spoiled[place](raw) if place in spoiled else raw
            member = tarfile.TarInfo(f"{place:06}.xml")
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    frame = read_responses(tmp_path / "corpus.tar", errors="row")
    bad = frame.state == "Unreadable"
    assert frame[bad].key.str[-10:-4].astype(int).tolist() == sorted(spoiled)
    assert frame[bad].message.notna().all()
    good = [place for place in range(10_000) if place not in spoiled]
    assert frame[~bad].job_id.str[1:].astype(int).tolist() == [place for place in good for _ in range(7)]
    with pytest.raises(DecodeError, match=rf"{len(spoiled)} of 10000 files"):
        read_responses(tmp_path / "corpus.tar")
