"""The files in data/ are what the registry says, and nothing else is there."""

import hashlib

from make_readings import plan, read

from cardocr_nb.frame import read_responses
from cardocr_nb.quality import evaluate
from cardocr_nb.specimen import degrade, draw
from cardocr_nb.specimen._files import jpeg

WRITE = "write it again: (cd data && find . -type f ! -name registry.txt | LC_ALL=C sort | xargs -d '\\n' sha256sum > registry.txt)"


def test_the_registry_lists_every_file_with_its_hash(data):
    lines = (data / "registry.txt").read_text(encoding="utf-8").splitlines()
    listed = {path.removeprefix("./"): digest for digest, path in (line.split("  ", 1) for line in lines)}
    there = {
        path.relative_to(data).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in data.rglob("*")
        if path.is_file() and path.name != "registry.txt"
    }
    assert listed == there, WRITE


def test_every_card_is_small_enough(data):
    cards = sorted((data / "cards").rglob("*.jpg"))
    assert len(cards) == 24
    assert [path.name for path in cards if path.stat().st_size > 140_000] == []


def test_the_readings_are_those_of_the_plan_and_a_known_share_of_their_fields_is_not_right(data):
    cards = read_responses(data / "readings" / "responses.zip")
    assert sorted(cards["key"].unique()) == sorted(key for key, *_ in plan())
    assert (cards["state"] == "Success").all()
    assert cards["created"].dt.date.nunique() == 30
    cells = evaluate(cards, data / "readings" / "truth.csv").cells
    assert 0.05 < (cells["outcome"] != "correct").mean() < 0.10
    assert (data / "readings" / "responses.zip").stat().st_size < 350_000


def test_the_answers_kept_are_the_engines_but_for_ids_and_times(tmp_path, data):
    key, kind, spoiled, seed = next(card for card in plan() if card[0] == "id/blur-0.5/0001.jpg")
    (tmp_path / "specimens" / "id" / "blur-0.5").mkdir(parents=True)
    (tmp_path / "specimens" / key).write_bytes(jpeg(degrade(draw(kind, seed, design="plain"), spoiled, seed).image))
    (answer,) = read(tmp_path / "specimens", {key: kind}).values()
    assert f"<InputObjectUrl>file:///specimens/{key}<".encode() in answer
    again = read_responses(answer)
    kept = read_responses(data / "readings" / "responses.zip")
    kept = kept[kept["key"] == key].reset_index(drop=True)
    same = ["job_id", "key", "card_type", "field", "label", "text", "bucket", "created", "started", "ended"]
    assert again[same].astype("str").equals(kept[same].astype("str"))
