"""Keys that do not match, and pictures that are not found, are described without quoting a key."""

import shutil

import pandas as pd
import pytest

import cardocr_nb as ocr
from cardocr_nb import CardResult, Field, to_frame
from cardocr_nb._cli._main import main
from cardocr_nb._key_forms import file_below, key_form, mismatch, missing_pictures
from cardocr_nb.privacy import redact_folder
from cardocr_nb.quality import compare, estimate_errors, evaluate
from cardocr_nb.rereading import UnfinishedWarning, complete, second_opinion

BOX = ((20, 20), (20, 60), (100, 60), (100, 20))
HINT = "Without their folders 2 would match"


def _cards(*keys, text="样本", box=BOX):
    return to_frame([CardResult((Field("姓名", text, 98, box),), key=k, state="Success") for k in keys]).assign(
        card_type="IDCard"
    )


CARDS = _cards("0001.jpg", "0002.jpg")


@pytest.mark.parametrize(
    ("left", "right", "hint"),
    [
        ("0001.jpg", "id/0001.jpg", "Without their folders 1 would match"),
        ("id\\0001.jpg", "id/0001.jpg", "With / for \\ 1 would match"),
        ("A.JPG", "a.jpg", "In lower case 1 would match"),
        ("a.jpg", "a", "Without their endings 1 would match"),
        ("x/a.jpg", "a.png", "Without folders and endings 1 would match"),
        ("a.jpg", "b.jpg", "Keys must be spelled alike"),
    ],
)
def test_the_change_that_makes_keys_match_is_named(left, right, hint):
    assert hint in mismatch("one", [left], "the other", [right])


def test_a_name_in_a_key_is_not_quoted():
    said = mismatch("one", ["客户张三/Zhang San 990101197412010014.jpg"], "other", ["李四.jpg"])
    assert not {"张", "李", "Zhang", "1974"} & {said[i : i + n] for i in range(len(said)) for n in (1, 4, 5)}


def test_the_form_of_a_long_key_is_cut():
    assert len(key_form("a" * 400 + ".jpg")) < 60


TRUTH = pd.DataFrame({"key": ["id/0001.jpg", "id/0002.jpg"], "field": "name", "text": "样本"})


@pytest.mark.parametrize(
    "call",
    [
        lambda: evaluate(CARDS, TRUTH),
        lambda: compare(CARDS, _cards("id/0001.jpg", "id/0002.jpg")),
        lambda: estimate_errors(CARDS, _cards("id/0001.jpg", "id/0002.jpg")),
        lambda: CARDS.cardocr.check(sizes={"id/0001.jpg": (9, 9), "id/0002.jpg": (9, 9)}),
    ],
)
def test_two_sides_whose_keys_differ_by_a_folder_get_the_hint(call):
    with pytest.raises(ValueError, match=HINT):
        call()


def test_the_command_line_names_its_option_for_it(tmp_path, capsys):
    ocr.frame.to_parquet(CARDS, tmp_path / "cards.parquet")
    TRUTH.to_csv(tmp_path / "truth.csv", index=False)
    assert main(["evaluate", str(tmp_path / "cards.parquet"), "--truth", str(tmp_path / "truth.csv")]) == 2
    assert "cardocr run --prefix" in capsys.readouterr().err


@pytest.fixture
def photos(tmp_path, data):
    (tmp_path / "photos/id").mkdir(parents=True)
    for name in ("0001.jpg", "0002.jpg"):
        shutil.copy(data / "cards/id" / name, tmp_path / "photos/id")
    return tmp_path / "photos"


def test_photos_in_another_folder_are_counted_and_their_form_is_shown(photos):
    places = _cards("0001.jpg", "0002.jpg", text=None)
    with pytest.warns(UnfinishedWarning, match=rf"2 like 0000.jpg, and there are 2 like xx/0000.jpg.*{HINT}"):
        complete(places, photos, progress=False)
    with pytest.raises(ValueError, match=HINT):
        second_opinion(CARDS, photos, progress=False)
    with pytest.warns(UserWarning, match=HINT):
        redact_folder(CARDS, photos, photos.parent / "out", progress=False)
    with pytest.warns(UserWarning, match=HINT):
        CARDS.cardocr.plot_gallery(photos, kind="scores", reveal=True)
    with pytest.warns(UserWarning, match=HINT):
        CARDS.cardocr.show(images=photos, reveal=True)
    with pytest.warns(UserWarning, match=HINT):
        CARDS.cardocr.to_excel(photos.parent / "a.xlsx", images=photos, reveal=True)


def test_the_folder_with_which_the_keys_begin_is_found(photos):
    cards = _cards("id/0001.jpg", "id/0002.jpg")
    table = redact_folder(cards, photos / "id", photos.parent / "out", fields=["name"], complete=False, progress=False)
    assert table["reason"].isna().all()
    assert cards.cardocr.check(sizes=photos / "id").equals(cards.cardocr.check(sizes=photos))
    assert cards.cardocr.show(images=photos / "id", reveal=True)


def test_the_column_of_files_is_named_where_no_picture_is_found(photos):
    places = _cards("a/0001.jpg", "a/0002.jpg", text=None).assign(image=str(photos / "id/0001.jpg"))
    with pytest.warns(
        UnfinishedWarning, match=f"{HINT}.*or leave out images=: the files in the column image are still there"
    ):
        complete(places, photos, progress=False)
    with pytest.warns(UnfinishedWarning, match="there is no such folder or file"):
        complete(places, photos / "none", progress=False)


def test_a_damaged_picture_of_a_key_is_not_called_a_wrong_name(photos):
    (photos / "0001.jpg").write_bytes(b"no picture")
    with pytest.warns(UnfinishedWarning, match="1 of them are there, but are not pictures that can be read"):
        complete(_cards("0001.jpg", text=None), photos, progress=False)


def test_a_warning_that_a_filter_makes_an_error_is_the_warning(photos):
    with pytest.raises(UserWarning, match=HINT):  # all warnings are errors in these tests
        CARDS.cardocr.plot_gallery(photos, kind="scores", reveal=True)


def test_places_are_missed_by_name_where_the_frame_has_none():
    nothing = _cards("0001.jpg", text=None, box=None)
    for frame in (nothing, nothing.drop(columns="polygon")):
        with pytest.warns(UnfinishedWarning, match="1 fields have neither a text nor a polygon to read them in"):
            assert complete(frame, progress=False)["text"].isna().all()


def test_places_without_a_card_type_are_named():
    with pytest.warns(UnfinishedWarning, match="no card_type"):
        complete(_cards("0001.jpg", text=None).assign(card_type=None), progress=False)


def test_a_list_of_files_is_described_too():
    assert "there are 1 like x/0.jpg" in missing_pictures(["z.jpg"], ["a/1.jpg"])


@pytest.mark.parametrize("key", ["a" * 5000, "a/" * 3000 + "b.jpg", "a\0b.jpg"])
def test_a_key_that_no_file_can_have_has_no_file(tmp_path, key):
    assert file_below(tmp_path, key) is None
