"""Everything that a person calls a photo is taken or has a row that says why not; the rest of the run goes on."""

import ntpath
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cardocr_nb as ocr
from cardocr_nb._batch._image_files import SUFFIXES, FileSearch, listed
from cardocr_nb._batch._image_keys import common_folder, key_below
from cardocr_nb.local import StubReader


@pytest.fixture
def client(tmp_path):
    with ocr.Client.local(tmp_path / "bucket", reader=StubReader(), create=True) as opened:
        opened.poll = (0.0, 0.01)
        yield opened


def run(images, client, **options):
    return ocr.run(images, card_type="IDCard", client=client, **({"progress": False} | options))


def rows(frame):
    first = frame.drop_duplicates("image").astype({"code": "str"}).fillna({"code": ""})
    return {Path(image).name: code for image, code in first[["image", "code"]].itertuples(index=False)}


@pytest.mark.parametrize("suffix", [".jfif", ".jpe", ".JPG", ".pjpeg"])
def test_a_jpeg_of_any_name_is_read(client, tmp_path, photo, suffix):
    photo(tmp_path / f"in/a{suffix}", format="JPEG")
    assert rows(run(tmp_path / "in", client)) == {f"a{suffix}": ""}


@pytest.mark.parametrize("suffix", [".tif", ".tiff", ".avif", ".jp2"])
def test_a_photo_of_a_format_that_the_service_does_not_read_has_a_row(client, tmp_path, photo, suffix):
    photo(tmp_path / f"in/a{suffix}")
    photo(tmp_path / "in/b.jpg")
    assert rows(run(tmp_path / "in", client)) == {f"a{suffix}": "UnsupportedFormat", "b.jpg": ""}


def test_a_photo_without_a_suffix_is_recognized_by_its_content(client, tmp_path, photo):
    photo(tmp_path / "in/mmexport1", format="PNG")
    (tmp_path / "in/README").write_text("not a photo")
    assert rows(run(tmp_path / "in", client)) == {"mmexport1": ""}


def test_linked_folders_are_walked_once_and_loops_end(client, tmp_path, photo):
    photo(tmp_path / "elsewhere/a.png")
    photo(tmp_path / "in/b.png", color="red")
    (tmp_path / "in/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "in")
    assert rows(run(tmp_path / "in", client)) == {"a.png": "", "b.png": ""}


def test_a_dangling_link_has_a_row(client, tmp_path, photo):
    photo(tmp_path / "in/a.png")
    (tmp_path / "in/gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert rows(run(tmp_path / "in", client)) == {"a.png": "", "gone.jpg": "NoSuchFile"}
    assert rows(run(str(tmp_path / "in/*"), client)) == {"a.png": "", "gone.jpg": "NoSuchFile"}


def test_system_files_are_skipped_and_counted(client, tmp_path, photo, capsys):
    photo(tmp_path / "in/a.jpg")
    (tmp_path / "in/._a.jpg").write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ")
    photo(tmp_path / "in/__MACOSX/a.jpg")
    photo(tmp_path / "in/@eaDir/a.jpg/thumb.jpg")
    photo(tmp_path / "in/._real.jpg", color="red")
    assert rows(run(tmp_path / "in", client, progress=True)) == {"a.jpg": "", "._real.jpg": ""}
    assert "3 system files skipped" in capsys.readouterr().out


def test_a_name_that_is_not_utf8_has_a_row_and_the_rest_goes_on(client, tmp_path, photo):
    photo(tmp_path / "in/a.png")
    name = os.fsencode(tmp_path) + b"/in/" + "身份".encode("gb18030") + b".jpg"
    shutil.copy(tmp_path / "in/a.png", name)
    frame = run(tmp_path / "in", client)
    assert rows(frame) == {"a.png": "", "\\xc9\\xed\\xb7\\xdd.jpg": "InvalidFileName"}
    (message,) = frame.loc[frame["code"] == "InvalidFileName", "message"]
    assert "not valid UTF-8" in message
    assert "convmv" in message


def test_a_folder_that_cannot_be_listed_has_a_row_and_the_rest_goes_on(tmp_path, photo):
    photo(tmp_path / "in/a.png")
    photo(tmp_path / "in/closed/b.png")
    code = (
        "import os, sys\n"
        "from cardocr_nb._batch._image_files import FileSearch\n"
        "os.geteuid() or os.setuid(65534)\n"
        "print([(f.path.name, f.problem and f.problem[0]) for f in FileSearch().find([sys.argv[1]])])"
    )
    for parent in (tmp_path, *tmp_path.parents):  # as root made them
        if "pytest-of" in str(parent):
            parent.chmod(0o755)
    (tmp_path / "in/closed").chmod(0)
    command = [sys.executable, "-c", code, str(tmp_path / "in")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
    (tmp_path / "in/closed").chmod(0o755)
    assert done.stderr == ""
    assert done.stdout.strip() == "[('a.png', None), ('closed', 'UnreadableFolder')]"


def test_a_pipe_with_the_name_of_a_photo_does_not_stop_the_run(client, tmp_path, photo):
    photo(tmp_path / "in/a.png")
    os.mkfifo(tmp_path / "in/b.jpg")
    os.mkfifo(tmp_path / "in/c")
    assert rows(run(tmp_path / "in", client)) == {"a.png": "", "b.jpg": "NoSuchFile"}


def test_a_heic_file_without_exif_is_read(client, tmp_path, photo):
    import pillow_heif
    from PIL import Image

    (tmp_path / "in").mkdir()
    pillow_heif.from_pillow(Image.new("RGB", (64, 40))).save(tmp_path / "in/a.heic", exif=None)
    photo(tmp_path / "in/b.png")
    assert rows(run(tmp_path / "in", client)) == {"a.heic": "", "b.png": ""}


def test_damage_of_any_kind_is_a_row(client, tmp_path, photo, data):
    photo(tmp_path / "in/a.png")
    head = (tmp_path / "in/a.png").read_bytes()
    # A PNG whose palette is missing: Pillow raises where its list of expected errors ends.
    (tmp_path / "in/b.png").write_bytes(palette_without_colors())
    (tmp_path / "in/c.png").write_bytes(head[:40])
    found = rows(run(tmp_path / "in", client))
    assert found["a.png"] == ""
    assert found["b.png"] == found["c.png"] == "DamagedImage"


def palette_without_colors():
    import struct
    import zlib

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 60, 40, 8, 3, 0, 0, 0)
    rows = zlib.compress(bytes(61 * 40))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_suffixes_are_lower_case():
    assert {suffix.lower() for suffix in SUFFIXES} == SUFFIXES


def test_a_folder_named_by_a_pattern_is_walked(tmp_path, photo):
    photo(tmp_path / "in/x/a.png")
    assert [f.path.name for f in FileSearch().find([str(tmp_path / "in/*")])] == ["a.png"]


@pytest.mark.parametrize(
    ("paths", "keys"),
    [
        (["C:\\p\\a\\1.jpg", "C:\\p\\b\\1.jpg"], ["a/1.jpg", "b/1.jpg"]),
        (["C:\\p\\1.jpg", "D:\\q\\1.jpg"], ["C/p/1.jpg", "D/q/1.jpg"]),
        (["C:\\1.jpg", "\\\\server\\share\\1.jpg"], ["C/1.jpg", "server/share/1.jpg"]),
    ],
)
def test_photos_on_two_drives_have_keys_of_their_own(paths, keys):
    common = common_folder(paths, ntpath)
    assert [key_below(path, common, ntpath) for path in paths] == keys


def test_the_ledger_behind_a_link_is_locked_as_the_file_that_it_is(tmp_path):
    from contextlib import closing

    from cardocr_nb._ledger import Ledger

    (tmp_path / "link.sqlite").symlink_to(tmp_path / "run.sqlite")
    with (
        closing(Ledger(tmp_path / "run.sqlite")) as one,
        closing(Ledger(tmp_path / "link.sqlite")) as two,
        one.exclusive(),
        pytest.raises(ocr.LedgerError, match="another run is at work"),
        two.exclusive(),
    ):
        pass


@pytest.mark.parametrize("function", [ocr.run, ocr.estimate, ocr.robustness])
def test_a_wrong_keyword_names_the_function_and_the_nearest_right_one(function, client):
    images = () if function is ocr.robustness else (["a.jpg"],)
    given = {"client": client} if images else {}
    args = images or (client,)
    with pytest.raises(TypeError, match=rf"{function.__name__}\(\) has no argument 'prefx'; did you mean 'prefix'\?"):
        function(*args, card_type="IDCard", prefx="a", **given)


def test_a_renamed_keyword_works_with_a_warning(client, tmp_path, photo):
    photo(tmp_path / "in/a.png")
    with pytest.warns(DeprecationWarning, match="patience is now stall_timeout"):
        run(tmp_path / "in", client, patience=5)


@pytest.mark.parametrize(
    "images",
    [
        pd.Series(["a/1.jpg", "b.jpg"], index=[7, 9]),
        pd.Series(["a/1.jpg", "b.jpg"], dtype="object").unique(),
        pd.Index([Path("a/1.jpg"), Path("b.jpg")]),
        np.array(["a/1.jpg", "b.jpg"]),
        (path for path in ("a/1.jpg", "b.jpg")),
    ],
)
def test_a_column_of_a_table_is_a_list_of_files(images):
    assert [Path(one).as_posix() for one in listed(images)] == ["a/1.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (pd.DataFrame({"image": ["a.jpg"]}), "images is a table; pass its column of files"),
        (
            {"a.jpg": "photos/a.jpg"},
            r"images is a mapping; pass its files as a list, such as list\(images.values\(\)\)",
        ),
        (pd.Series(["a.jpg", None, np.nan]), r"2 of the 3 images are missing, the first at place 1; .*dropna\(\)"),
        (["a.jpg", pd.NaT, np.float32("nan")], r"2 of the 3 images are missing, the first at place 1"),
        (pd.Series([1.5, 2.5]), r"images must be files, folders, patterns or a list of them, got 1.5$"),
        (5, "images must be files, folders, patterns or a list of them, got 5$"),
        ([5], "images must be files, folders, patterns or a list of them, got 5$"),
    ],
)
def test_what_names_no_files_is_refused_with_what_to_pass(client, images, said):
    for call in (run, ocr.estimate):
        with pytest.raises(ocr.InvalidRequestError, match=said):
            call(images, client=client, **({} if call is run else {"card_type": "IDCard"}))
