"""A key never leaves its bucket, and an object is stored whole or not at all."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._bucket import Bucket


@pytest.mark.parametrize(
    "key",
    ["../x", "a/../../x", "/etc/passwd", "a//b", "", ".", "..", "a/./b", "a\\..\\b", "a\0b", "a\nb", "a/", "~/../x"],
)
def test_a_key_that_tries_to_leave_the_bucket_is_refused(tmp_path, key):
    with pytest.raises(InvalidRequestError, match="leads out of the bucket"):
        Bucket(tmp_path).path(key)


@given(st.text(max_size=40) | st.lists(st.sampled_from(["..", ".", "a", "", "\\", "//", "~", "C:"])).map("/".join))
def test_for_any_key_the_file_is_below_the_folder_or_refused(key):
    bucket = Bucket(Path("/tmp") / "cardocr-bucket")  # noqa: S108 - nothing is written
    try:
        path = bucket.path(key)
    except InvalidRequestError:
        return
    assert path.resolve().is_relative_to(bucket.folder)
    assert path.resolve() != bucket.folder


def test_a_link_that_leads_out_of_the_bucket_is_refused(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    bucket = Bucket(tmp_path / "bucket")
    (bucket.folder / "link").symlink_to(tmp_path / "secret.txt")
    (bucket.folder / "folder").symlink_to(tmp_path)
    for key in ("link", "folder/secret.txt"):
        with pytest.raises(InvalidRequestError, match="leads out"):
            bucket.path(key)


def test_a_loop_of_links_is_refused(tmp_path):
    bucket = Bucket(tmp_path)
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(InvalidRequestError, match="leads out"):
        bucket.path("a")


def test_a_key_with_spaces_and_chinese_is_a_plain_file(tmp_path):
    bucket = Bucket(tmp_path)
    bucket.put("目录/身份证 (1)+%.jpg", b"x")
    assert (tmp_path / "目录" / "身份证 (1)+%.jpg").read_bytes() == b"x"
    assert bucket.keys() == ["目录/身份证 (1)+%.jpg"]


def test_the_etag_is_the_md5_in_quotes(tmp_path):
    content = b"photo" * 1000
    assert Bucket(tmp_path).put("a", content) == f'"{hashlib.md5(content).hexdigest()}"'  # noqa: S324 - the wire's


def test_a_file_put_onto_itself_stays_as_it_is(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"photo")
    Bucket(tmp_path).put("a.jpg", tmp_path / "a.jpg")
    assert (tmp_path / "a.jpg").read_bytes() == b"photo"


def test_a_failed_upload_leaves_nothing_behind(tmp_path):
    bucket = Bucket(tmp_path / "bucket")
    with pytest.raises(FileNotFoundError):
        bucket.put("a.jpg", tmp_path / "missing.jpg")
    assert list(bucket.folder.iterdir()) == []


def test_deleting_twice_is_no_error(tmp_path):
    bucket = Bucket(tmp_path)
    bucket.put("a", b"x")
    bucket.delete("a")
    bucket.delete("a")
    assert bucket.keys() == []


def test_a_file_cannot_be_a_bucket(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(InvalidRequestError, match="a bucket is a folder"):
        Bucket(tmp_path / "photo.jpg")
