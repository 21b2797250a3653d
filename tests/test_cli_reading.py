"""Commands around a reading: photo-quality, complete, second-opinion, estimate-errors."""

import json

import pandas as pd
import pytest
from PIL import ImageFilter

import cardocr_nb as ocr
from cardocr_nb._cli import main
from cardocr_nb.frame import read_table, to_parquet
from cardocr_nb.specimen import draw


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two specimens, the second so blurred that it cannot be read, and the table of their readings."""
    folder = tmp_path_factory.mktemp("cards")
    draw("IDCard", 7).image.save(folder / "1.jpg", quality=92)
    draw("IDCard", 8).image.filter(ImageFilter.GaussianBlur(9)).save(folder / "2.jpg", quality=92)
    with ocr.Client.local(folder) as client:
        cards = ocr.run(folder / "1.jpg", card_type="IDCard", client=client, progress=False)
    to_parquet(cards, folder / "cards.parquet")
    return folder


def test_photo_quality_prints_a_table_and_ends_with_3_below_a_limit(folder, capsys):
    photos = [str(folder / "1.jpg"), str(folder / "2.jpg")]
    assert main(["photo-quality", *photos, "--quiet", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["probability"] > rows[1]["probability"]
    limit = (rows[0]["probability"] + rows[1]["probability"]) / 2
    assert main(["photo-quality", *photos, "--quiet", "--min-quality", f"{limit}"]) == 3
    printed = capsys.readouterr().err
    assert "2.jpg: probability" in printed
    assert "1.jpg" not in printed.replace("2.jpg", "")


def test_photo_quality_ends_with_1_for_a_file_that_is_no_picture(tmp_path, capsys):
    (tmp_path / "a.jpg").write_text("no picture")
    assert main(["photo-quality", str(tmp_path), "--quiet", "--format", "csv", "-o", str(tmp_path / "a.csv")]) == 1
    assert pd.read_csv(tmp_path / "a.csv")["code"].tolist() == ["NotAnImage"]
    assert main(["photo-quality", str(tmp_path / "none.jpg")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_complete_fills_texts_and_continues_from_its_results(folder, tmp_path, capsys):
    cards = read_table(folder / "cards.parquet")
    to_parquet(cards.assign(text=None, score=None), tmp_path / "places.parquet")
    arguments = [
        *("complete", str(tmp_path / "places.parquet"), "--images", str(folder), "--quiet"),
        *("--results", str(tmp_path / "texts.jsonl"), "-o", str(tmp_path / "done.parquet")),
    ]
    assert main(arguments) == 0
    done = read_table(tmp_path / "done.parquet")
    assert done["text"].tolist() == cards["text"].tolist()
    assert set(done["read_by"]) == {"embedded"}
    assert not set(cards["text"]) & set(capsys.readouterr().out.split())


def test_complete_ends_with_1_if_no_photo_is_found_and_names_its_own_option(folder, tmp_path, capsys):
    cards = read_table(folder / "cards.parquet").assign(text=None, score=None)
    to_parquet(cards.assign(image=None), tmp_path / "places.parquet")
    arguments = ["complete", str(tmp_path / "places.parquet"), "--quiet", "-o", str(tmp_path / "done.parquet")]
    assert main(arguments) == 1
    assert "pass --images" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main([*arguments, "--images", str(tmp_path / "empty")]) == 1
    assert "looked for 1 like 0.jpg, and there are 0" in capsys.readouterr().err


def test_complete_names_its_file_also_if_nothing_is_open(folder, tmp_path, capsys):
    out = tmp_path / "done.parquet"
    assert main(["complete", str(folder / "cards.parquet"), "--quiet", "-o", str(out)]) == 0
    assert f"{out}: 0 texts read on this machine, 0 places left open" in capsys.readouterr().out


def test_photos_of_other_cards_end_with_an_error_and_no_texts(folder, tmp_path, capsys):
    draw("IDCard", 9).image.save(tmp_path / "1.jpg", quality=92)
    assert main(["second-opinion", str(folder / "cards.parquet"), "--images", str(tmp_path), "--quiet"]) == 2
    assert "1 picture is not the one that the service read" in capsys.readouterr().err
    places = read_table(folder / "cards.parquet").assign(text=None, score=None)
    to_parquet(places, tmp_path / "places.parquet")
    out = tmp_path / "done.parquet"
    arguments = ["complete", str(tmp_path / "places.parquet"), "--images", str(tmp_path), "--quiet", "-o", str(out)]
    assert main(arguments) == 1
    assert "places left open" in capsys.readouterr().out
    assert read_table(out)["text"].isna().all()


@pytest.mark.parametrize(("shown", "column"), [("errors", "reader"), ("agreement", "share"), ("queue", "rank")])
def test_second_opinion_shows_one_of_its_tables(folder, tmp_path, shown, column, capsys):
    cards = read_table(folder / "cards.parquet")
    other = cards.assign(
        score=cards["score"].where(cards["field"] != "name", 77)
    )  # another reader's, not the engine's own
    to_parquet(other, tmp_path / "other.parquet")
    arguments = ["second-opinion", str(tmp_path / "other.parquet"), "--images", str(folder), "--quiet", "--show", shown]
    assert main([*arguments, "--results", str(folder / "again.jsonl"), "--format", "json"]) == 0
    printed = capsys.readouterr().out
    assert column in json.loads(printed)[0]
    assert not [
        text for text in read_table(folder / "cards.parquet")["text"].dropna() if len(text) > 2 and text in printed
    ]


def test_second_opinion_ends_with_3_below_an_agreement(folder, tmp_path, capsys):
    cards = read_table(folder / "cards.parquet")
    to_parquet(cards.assign(text=cards["text"].where(cards["field"] != "name", "口")), tmp_path / "cards.parquet")
    arguments = ["second-opinion", str(tmp_path / "cards.parquet"), "--images", str(folder), "--quiet"]
    assert main([*arguments, "--results", str(folder / "again.jsonl"), "--min-agreement", "0.9"]) == 3
    assert "name: agreement 0 is below 0.9" in capsys.readouterr().err


def test_errors_of_two_tables_are_estimated(folder, tmp_path, capsys):
    cards = str(folder / "cards.parquet")
    second = read_table(cards)
    to_parquet(second.assign(score=second["score"].where(second["field"] != "name", 77)), tmp_path / "second.parquet")
    readers = ["estimate-errors", cards, str(tmp_path / "second.parquet")]
    assert main([*readers, "--corrects", "second", "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("field,reader,cases")
    other = read_table(cards).assign(key="id/1.jpg")
    to_parquet(other, tmp_path / "other.parquet")
    assert main(["estimate-errors", cards, str(tmp_path / "other.parquet")]) == 2
    assert "Without their folders 1 would match" in capsys.readouterr().err
