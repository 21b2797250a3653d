"""Advice after a failure follows from its code."""

import re
from pathlib import Path

import pytest

import cardocr_nb
from cardocr_nb._failure_codes import remedy
from cardocr_nb.errors import ImageError, TransientError, service_error
from cardocr_nb.frame import to_frame
from cardocr_nb.report import summarize
from cardocr_nb.report._headline import headline
from cardocr_nb.wire._records import CardResult

_IMAGE_CODES = re.findall(r"``([A-Z]\w+)``", ImageError.__doc__ or "")


def _failed(codes):
    return to_frame([CardResult(key=f"{i}.jpg", state="Failed", code=code) for i, code in enumerate(codes)])


@pytest.mark.parametrize("code", _IMAGE_CODES)
def test_each_code_of_an_image_error_is_of_the_file(code):
    assert remedy(code) == "file"
    error = service_error(code, "", status=500)
    assert not isinstance(error, TransientError)
    assert "replace it" in str(error)
    assert "gain later" not in str(error)


def test_each_code_that_the_image_reader_raises_is_documented():
    files = Path(cardocr_nb.__file__).parent.glob("_images/*.py")
    raised = {code for file in files for code in re.findall(r'ImageError\(\s*"(\w+)"', file.read_text("utf-8"))}
    assert {"NotAnImage"} <= raised <= set(_IMAGE_CODES)


@pytest.mark.parametrize(
    ("codes", "said", "never"),
    [
        (["NotAnImage"], "replace the photo of 1 failed card", "run"),
        (["FileTooLarge", "EmptyFile", "NotSent"], "replace the photos of 2 failed cards", "run"),
        (["NotSent"], "run 1 failed card again", "replace"),
        (["HTTP 503", "NotSent", "DamagedImage"], "run 2 failed cards again", "replace"),
        (["AccessDenied"], "put the account", "replace"),
        (["OddError"], "look up why 1 card failed", "replace"),
    ],
)
def test_a_report_advises_what_can_help(codes, said, never):
    found = headline(summarize(_failed(codes)))
    assert said in found
    assert never not in found.partition("Next: ")[2].partition("before you")[0]


def test_a_summary_says_what_helps_for_each_code():
    found = str(_failed(["NotAnImage", "NotSent"]).cardocr.summary())
    assert "NotAnImage: 1 (replace the file)" in found
    assert "NotSent: 1 (run it again)" in found
