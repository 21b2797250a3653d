"""Which images a run reads, each once, under a key of its own."""

import os

import pytest

from cardocr_nb._batch import _image_keys as planning
from cardocr_nb.errors import InvalidRequestError


@pytest.fixture
def photos(tmp_path, photo, monkeypatch):
    for name in ("a/1.jpg", "a/2.PNG", "b/1.jpg", "b/sub/3.webp"):
        photo(tmp_path / name)
    (tmp_path / "a/notes.txt").write_text("not a picture")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(images, **options):
    return list(planning.plan_images(images, **options))


def keys(items):
    return [item.key for item in items]


def test_a_folder_gives_all_images_below_it(photos):
    assert keys(plan(photos)) == ["a/1.jpg", "a/2.PNG", "b/1.jpg", "b/sub/3.webp"]


def test_files_of_the_same_name_have_keys_of_their_own(photos):
    assert keys(plan(["a/1.jpg", "b/1.jpg"])) == ["a/1.jpg", "b/1.jpg"]


def test_a_pattern_gives_its_files(photos):
    assert keys(plan("**/1.jpg")) == ["a/1.jpg", "b/1.jpg"]


def test_a_name_with_brackets_that_exists_is_no_pattern(photos, photo):
    photo(photos / "a[1].jpg")
    assert keys(plan("a[1].jpg")) == ["a[1].jpg"]


def test_an_image_named_twice_has_one_key(photos):
    assert keys(plan(["b/1.jpg", "a/1.jpg", photos / "a/1.jpg"])) == ["b/1.jpg", "a/1.jpg", "a/1.jpg"]


def test_folders_are_walked_in_the_order_of_their_sorted_paths(photos, photo):
    for name in ("a-1.jpg", "a/z/1.jpg", "a/b.jpg", "B.jpg", "a.jpg"):
        photo(photos / name)
    found = keys(plan(photos))
    assert found == [p.relative_to(photos).as_posix() for p in sorted(photos.rglob("*.*")) if p.suffix != ".txt"]


def test_the_images_of_a_folder_come_one_by_one(photos):
    walking = planning.plan_images(photos)
    assert next(walking).key == "a/1.jpg"
    (photos / "b/2.jpg").write_bytes(b"came later")
    assert "b/2.jpg" in keys(walking)


def test_a_file_that_is_not_an_image_or_not_there_keeps_its_place_when_named(photos):
    assert keys(plan(["a/1.jpg", "a/notes.txt", "a/missing.jpg"])) == ["1.jpg", "notes.txt", "missing.jpg"]


def test_a_file_in_the_bucket_folder_is_an_object_already(photos):
    items = plan(["a/1.jpg", "b/sub/3.webp"], folder=photos / "a")
    assert [(item.key, item.upload) for item in items] == [("1.jpg", False), ("3.webp", True)]


def test_an_image_uploaded_before_may_be_given_again(photos):
    assert keys(plan("b/1.jpg", folder=photos / "a")) == ["1.jpg"]


def test_keys_are_taken_as_they_are_when_nothing_is_uploaded():
    (item,) = plan("front/0001.jpg", upload=False)
    assert (item.key, item.path, item.upload) == ("front/0001.jpg", None, False)


@pytest.mark.parametrize("nothing", [[], "*.nothing"])
def test_nothing_to_submit_is_an_error(photos, nothing):
    with pytest.raises(InvalidRequestError, match="no images found in"):
        plan(nothing)


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(InvalidRequestError, match="no images found in"):
        plan(tmp_path)


def test_paths_may_climb(photos):
    os.chdir(photos / "b")
    assert keys(plan(["../a/1.jpg", "1.jpg"])) == ["a/1.jpg", "b/1.jpg"]
