"""Sample data for first steps: complete, writable, without network."""

import pandas as pd
import pytest

import cardocr_nb as ocr


def test_the_sample_photos_are_copied_with_their_truth(tmp_path):
    folder = ocr.load_sample("cards", tmp_path / "new" / "cards")
    keys = {path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg")}
    truth = pd.read_csv(folder / "truth.csv", dtype="str")
    assert len(keys) == 24
    assert set(truth["key"]) == keys


def test_a_second_call_keeps_files_that_are_complete_and_restores_the_others(tmp_path):
    folder = ocr.load_sample("cards", tmp_path)
    kept, damaged = folder / "id/0001.jpg", folder / "id/0002.jpg"
    before, whole = kept.stat().st_mtime_ns, damaged.read_bytes()
    damaged.write_bytes(whole[:100])
    ocr.load_sample("cards", tmp_path)
    assert kept.stat().st_mtime_ns == before
    assert damaged.read_bytes() == whole


def test_samples_go_to_the_cache_folder_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *names, **_: tmp_path.joinpath("cache", *names))
    assert ocr.load_sample("responses") == tmp_path / "cache" / "cardocr_nb" / ocr.__version__ / "responses"
    assert (tmp_path / "cache").is_dir()


def test_the_sample_readings_have_errors_to_find():
    cards, truth = ocr.load_sample("readings"), ocr.load_sample("truth")
    outcomes = cards.cardocr.evaluate(truth).cells["outcome"].value_counts(normalize=True)
    assert 0.85 < outcomes["correct"] < 0.99
    assert not cards.cardocr.check()["passed"].all()


@pytest.mark.filterwarnings("ignore::cardocr_nb.wire._decode.RepairWarning")
def test_the_sample_responses_can_be_read(tmp_path):
    assert ocr.read_responses(ocr.load_sample("responses", tmp_path))["job_id"].nunique() >= 4


def test_an_unknown_sample_is_an_error_that_lists_the_names():
    with pytest.raises(
        ocr.InvalidRequestError, match=r"'cards', 'readings', 'truth', 'responses', got 'card'; did you mean 'cards'"
    ):
        ocr.load_sample("card")
    with pytest.raises(ocr.InvalidRequestError, match="returns a DataFrame"):
        ocr.load_sample("truth", "here")


def test_a_local_client_needs_a_folder_that_exists(tmp_path):
    with pytest.raises(ocr.InvalidRequestError, match=r"the folder '.*tyypo' does not exist"):
        ocr.Client.local(tmp_path / "tyypo")
    assert list(tmp_path.iterdir()) == []
