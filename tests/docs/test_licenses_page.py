"""The page of licenses names every package that runs with this one, those that others bring included."""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PAGE = (Path(__file__).parents[2] / "docs" / "licenses.md").read_text("utf-8")
SPLIT = re.compile(r"[-_.]+")


def installed(*extras):
    """Names of all packages that the package needs with some extras, as far as they are installed."""
    seen, waiting = set(), [("cardocr_nb", extras)]
    while waiting:
        name, wanted = waiting.pop()
        try:
            requirements = distribution(name).requires or ()
        except PackageNotFoundError:
            continue
        for requirement in map(Requirement, requirements):
            marker = requirement.marker
            key = SPLIT.sub("-", requirement.name).lower()
            if key not in seen and (marker is None or any(marker.evaluate({"extra": e}) for e in ("", *wanted))):
                seen.add(key)
                waiting.append((requirement.name, tuple(requirement.extras)))
    return seen


@pytest.mark.parametrize("extra", ["", "local", "fonts", "heif", "scale", "excel"])
def test_every_package_that_runs_with_this_one_is_named_with_its_license(extra):
    words = {SPLIT.sub("-", word).lower() for word in re.findall(r"[\w.-]+", PAGE)}
    names = installed(extra)
    assert {"numpy", "certifi", "contourpy"} <= names
    assert sorted(names - words) == []


def test_what_must_stay_replaceable_is_said():
    for part in ("python-stdnum", "libheif", "FFmpeg", "GEOS", "certifi"):
        assert re.search(rf"{part}[^\n]*(?:LGPL|MPL)", PAGE), part
