from __future__ import annotations

import itertools
import re
import shutil

import pandas as pd
import pytest

from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import read_responses, to_frame


@pytest.fixture
def folder(data, tmp_path):
    for name in ("licence.xml", "no_card.xml", "callback_single.json"):
        shutil.copy(data / "responses" / name, tmp_path / name)
    (tmp_path / "notes.txt").write_text("not read")
    return tmp_path


@pytest.fixture
def spoiled(folder):
    (folder / "a.xml").write_bytes(b"<Response><JobsDetail>")
    (folder / "b.json").write_bytes(b"")
    return folder


def test_a_folder_is_read_by_name(folder):
    names = ["callback_single.json", "licence.xml", "no_card.xml"]
    pd.testing.assert_frame_equal(read_responses(folder), to_frame([(folder / n).read_bytes() for n in names]))


def test_folders_below_are_read_too(folder, tmp_path):
    (tmp_path / "more").mkdir()
    (folder / "licence.xml").rename(tmp_path / "more" / "licence.XML")
    assert "input/licence.jpg" in set(read_responses(folder).key)


def test_files_and_patterns_keep_the_order_given(folder):
    frame = read_responses(folder / "no_card.xml", f"{folder}/l*.xml")
    assert frame.key.drop_duplicates().tolist() == ["input/desk.jpg", "input/licence.jpg"]


def test_a_pattern_may_go_down_folders(folder):
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "no_card.xml").rename(folder / "a" / "b" / "no_card.xml")
    assert len(read_responses(f"{folder}/**/no_card.xml")) == 1


@pytest.mark.filterwarnings("ignore:no document was found")
def test_an_empty_folder_gives_a_frame_without_rows(tmp_path):
    assert read_responses(tmp_path).empty


def test_a_path_without_a_file_is_an_error_that_names_it(tmp_path):
    for path in (tmp_path / "none.xml", f"{tmp_path}/*.xml"):
        with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
            read_responses(path)


def test_all_files_that_cannot_be_read_are_listed_at_once(spoiled):
    with pytest.raises(DecodeError, match="2 of 5 files could not be read") as caught:
        read_responses(spoiled)
    assert str(spoiled / "a.xml") in str(caught.value)
    assert str(spoiled / "b.json") in str(caught.value)


def test_a_long_list_of_faults_is_cut_short(tmp_path):
    for k in range(25):
        (tmp_path / f"{k:02}.xml").write_bytes(b"")
    with pytest.raises(DecodeError, match="and 5 more"):
        read_responses(tmp_path)


def test_files_that_cannot_be_read_can_be_kept_as_rows(spoiled):
    frame = read_responses(spoiled, errors="row")
    bad = frame[frame.state == "Unreadable"]
    assert bad.key.tolist() == [str(spoiled / "a.xml"), str(spoiled / "b.json")]
    assert bad.message.notna().all()
    assert len(frame) == len(read_responses(spoiled / "callback_single.json", spoiled / "*.xml", errors="row")) + 1


def test_a_synchronous_reading_has_its_file_for_a_key(data):
    path = data / "responses" / "recognition.xml"
    assert set(read_responses(path).key) == {str(path)}


def test_another_way_with_errors_is_refused(folder):
    with pytest.raises(ValueError, match="'raise' or 'row', got 'ignore'"):
        read_responses(folder, errors="ignore")


@pytest.mark.parametrize(("step", "shown"), [(0.001, False), (1.0, True)])
def test_a_bar_is_shown_when_reading_takes_more_than_two_seconds(folder, monkeypatch, capsys, step, shown):
    clock = itertools.count(0, step)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
    monkeypatch.setattr("cardocr_nb.frame._batch_reader._BATCH_DOCUMENTS", 1)
    read_responses(*[folder] * 3, threads=1)
    assert ("reading: 9 documents" in capsys.readouterr().err) == shown
