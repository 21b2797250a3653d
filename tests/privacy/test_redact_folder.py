import shutil

import numpy as np
import pandas as pd
import pytest

from cardocr_nb._cli import main
from cardocr_nb._images import inspect, load_upright
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame import empty, to_frame
from cardocr_nb.privacy import redact_folder
from cardocr_nb.privacy._field_lookup import image_path
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

BOX = ((10, 10), (10, 20), (40, 20), (40, 10))


def card(key, *fields, state=JobState.SUCCESS):
    return to_frame(Job(key, state, key, result=CardResult(fields)))


@pytest.fixture
def photos(tmp_path, photo):
    for name in ("a.jpg", "b.png", "deep/c.webp", "unread.jpg", "stranger.jpg"):
        photo(tmp_path / "photos" / name)
    (tmp_path / "photos" / "text.jpg").write_text("no picture")
    return tmp_path / "photos"


@pytest.fixture
def cards():
    name = Field("姓名", "样本一", 98, BOX)
    return pd.concat(
        [
            *(card(key, name) for key in ("a.jpg", "b.png", "deep/c.webp", "text.jpg", "gone.jpg", "../stranger.jpg")),
            card("unread.jpg", state=JobState.FAILED),
            card("a.jpg", Field("住址", "样本", 98, tuple((x, y + 15) for x, y in BOX))),
        ],
        ignore_index=True,
    )


def test_cards_with_polygons_are_written_redacted_and_all_others_are_reported(cards, photos, tmp_path):
    out = tmp_path / "out"
    with pytest.warns(UserWarning, match="4 of 7 cards were left out"):
        table = redact_folder(cards, photos, out, complete=False, portrait=False, progress=False).set_index("key")
    written = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    assert written == ["a.jpg", "b.png", "deep/c.webp"] == sorted(table.index[table["path"].notna()])
    assert table["reason"].isna().sum() == 3
    assert "no field to hide has a place" in table.loc["unread.jpg", "reason"]
    assert "not a picture" in table.loc["text.jpg", "reason"]
    assert "no picture belongs to this key" in table.loc["gone.jpg", "reason"]
    assert "no picture belongs to this key" in table.loc["../stranger.jpg", "reason"]
    assert not table["reason"].str.contains("样本").any()
    assert table["covered"].dropna().to_dict() == {"a.jpg": "name, address", "b.png": "name", "deep/c.webp": "name"}
    formats = [inspect(out / name).format for name in written]
    assert formats == ["JPEG", "PNG", "WEBP"]
    pixels = load_upright(out / "a.jpg").astype(int)
    assert np.abs(pixels[12:19, 12:39] - 24).max() < 12
    assert np.abs(pixels[27:34, 12:39] - 24).max() < 12


def test_the_pictures_are_never_written_over(cards, photos):
    before = (photos / "a.jpg").read_bytes()
    with pytest.raises(InvalidRequestError, match="folder of the pictures themselves"):
        redact_folder(cards, photos, photos / "deep" / "..", progress=False)
    with pytest.warns(UserWarning, match="cards were left out"):
        redact_folder(cards, {"a.jpg": photos / "a.jpg"}, photos, fields=["name"], progress=False)
    assert (photos / "a.jpg").read_bytes() == before


def test_a_key_that_leads_out_of_the_folder_is_left_out(cards, photos, tmp_path):
    with pytest.warns(UserWarning, match="1 of 1 cards"):
        table = redact_folder(
            cards[cards["key"] == "../stranger.jpg"],
            {"../stranger.jpg": photos / "a.jpg"},
            tmp_path / "out",
            progress=False,
        )
    assert "leads out of the folder" in table["reason"][0]
    assert not (tmp_path / "stranger.jpg").exists()


def test_rows_without_a_key_are_reported(photos, tmp_path):
    nameless = to_frame(CardResult((Field("姓名", "样本", 98, BOX),)))
    with pytest.warns(UserWarning, match="0 of 0 cards were left out.*1 rows have no key"):
        assert redact_folder(nameless, photos, tmp_path / "out", progress=False).empty


def test_an_empty_frame_gives_an_empty_table(photos, tmp_path):
    assert redact_folder(empty(), photos, tmp_path / "out", progress=False).columns.tolist() == [
        "key",
        "path",
        "reason",
        "covered",
    ]


def test_another_method_is_refused_before_anything_is_read(cards, tmp_path):
    with pytest.raises(InvalidRequestError, match="'box' or 'blur'"):
        redact_folder(cards, tmp_path / "photos", tmp_path / "out", method="none")


def test_the_command_lists_the_photos_it_left_out_and_prints_no_text(cards, photos, tmp_path, capsys):
    cards.to_parquet(tmp_path / "cards.parquet")
    arguments = ["redact", str(tmp_path / "cards.parquet"), str(photos), str(tmp_path / "out"), "--quiet"]
    assert main([*arguments, "--incomplete", "--keep-portrait"]) == 1
    output = capsys.readouterr()
    assert "left out unread.jpg: no field to hide has a place" in output.out
    assert f"3 of 7 cards redacted into {tmp_path / 'out'}" in output.out
    assert "样本" not in output.out + output.err
    cards[cards["key"] == "b.png"].to_parquet(tmp_path / "cards.parquet")
    shutil.rmtree(tmp_path / "out")
    assert main([*arguments, "--fields", "name", "--method", "blur", "--incomplete"]) == 0
    assert inspect(tmp_path / "out" / "b.png").format == "PNG"


def test_the_command_refuses_to_write_over_the_pictures(cards, photos, tmp_path, capsys):
    cards.to_parquet(tmp_path / "cards.parquet")
    assert main(["redact", str(tmp_path / "cards.parquet"), str(photos), str(photos), "--quiet"]) == 2
    assert "folder of the pictures themselves" in capsys.readouterr().err


def test_a_picture_is_found_in_its_folder_or_where_a_mapping_says(photos, tmp_path):
    assert image_path("a.jpg", photos) == photos / "a.jpg"
    assert image_path("deep/c.webp", str(photos)) == photos / "deep/c.webp"
    assert image_path("k", {"k": str(photos / "a.jpg")}) == photos / "a.jpg"
    for key in ("b", "", ".", "deep", "../photos/../x", "a\0b", str(tmp_path)):
        assert image_path(key, photos) is None
        assert image_path(key, {key: tmp_path / "gone"}) is None
    (tmp_path / "outside.jpg").touch()
    (photos / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    assert image_path("link.jpg", photos) is None


@pytest.mark.parametrize("images", [pd.Series(["a.png"]), ["a.png"], 5])
def test_pictures_that_are_neither_a_folder_nor_a_mapping_are_described(tmp_path, images):
    cards = pd.DataFrame({"key": ["1.png"]})
    with pytest.raises(InvalidRequestError, match=r"images must be a folder or a mapping .*dict\(zip\(table\['key'\]"):
        redact_folder(cards, images, tmp_path / "out", progress=False)
