"""The first ten minutes of a user: the wheel in an environment without the repository, in an empty folder."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from card_texts import leaks, leaks_in_files, secrets_of

ROOT = Path(__file__).parents[2]

STEPS = """
import cardocr_nb as ocr

assert "site-packages" in ocr.__file__, ocr.__file__
photos = ocr.load_sample("cards")
with ocr.Client.local(photos) as client:
    cards = ocr.run(photos / "id/0001.jpg", card_type="IDCard", client=client, progress=False)
assert cards["key"].nunique() == 1
assert len(list((photos / "id").iterdir())) == 12
assert ocr.photo_quality(photos / "id/0001.jpg", progress=False)["probability"][0] > 0.5
cards.cardocr.report("report.html")
readings, truth = ocr.load_sample("readings"), ocr.load_sample("truth")
print(readings.cardocr.summary())
print(readings.cardocr.evaluate(truth))
readings.to_parquet("cards.parquet")
truth.to_csv("truth.csv", index=False)
"""


DEMO = """
import logging, runpy, sys

logging.basicConfig(level=logging.DEBUG)
sys.argv = ["demo", "out", "--quick"]
runpy.run_module("cardocr_nb.demo", run_name="__main__")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built without network."""
    out = tmp_path_factory.mktemp("wheel")
    call = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(call, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel; its dependencies are those of the environment of the tests."""
    folder = tmp_path_factory.mktemp("user")
    venv.create(folder / "env", with_pip=False)
    scripts = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / Path(sys.executable).name
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip())  # noqa: S603
    call = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check",
            "--target", str(packages), str(wheel)]  # fmt: skip
    subprocess.run(call, check=True, capture_output=True)  # noqa: S603
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    cache = folder / "cache"
    environment |= {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache), "HOME": str(folder)}
    (folder / "empty").mkdir()

    def call_python(*arguments):
        return subprocess.run(  # noqa: S603
            [python, *arguments], cwd=folder / "empty", env=environment, capture_output=True, text=True, check=False
        )

    call_python.folder = folder / "empty"
    return call_python


def test_the_wheel_holds_samples_styles_and_words_but_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for part in ("_sample_data/cards/id/0001.jpg", "_sample_data/readings/responses.zip", "_sample_data/truth.csv",
                 "_sample_data/responses/licence.xml", "review/panel.js", "py.typed"):  # fmt: skip
        assert f"cardocr_nb/{part}" in names
    assert any(name.startswith("cardocr_nb/report/templates/") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"cardocr_nb", "cardocr_service.py"}


def test_the_first_steps_run_from_the_wheel_in_an_empty_folder(installed):
    done = installed("-c", STEPS)
    assert done.returncode == 0, done.stderr
    assert (installed.folder / "report.html").stat().st_size > 10_000
    for command in (
        ["check", "cards.parquet", "--format", "json"],
        ["evaluate", "cards.parquet", "--truth", "truth.csv"],
        ["review-queue", "cards.parquet", "--budget", "5"],
        ["report", "cards.parquet", "-o", "report.md"],
    ):
        done = installed("-m", "cardocr_nb", *command)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def demo(installed):
    """Output and folder of the quick demo, with the logs of all libraries."""
    done = installed("-c", DEMO)
    assert done.returncode == 0, done.stderr
    return done, installed.folder / "out"


def test_the_demo_runs_from_the_wheel_and_finds_errors(demo):
    done, out = demo
    files = {path.name for path in out.iterdir()}
    assert files == {"photos", "cards.parquet", "truth.csv", "report.html", "overlay_id.png", "overlay_licence.png"}
    assert "Open next: file://" in done.stdout
    exact = [line.split()[1] for line in done.stdout.split("Accuracy")[1].splitlines()[2:] if len(line.split()) == 5]
    assert any(float(rate) < 1 for rate in exact)


def test_output_logs_and_files_of_the_demo_hold_no_text_of_a_card(demo):
    done, out = demo
    secrets = secrets_of(out / "truth.csv")
    assert "DEBUG" in done.stderr
    assert leaks(done.stdout + done.stderr, secrets) == []
    assert leaks_in_files(out, secrets) == {}
    assert leaks(" ".join(pd.read_parquet(out / "cards.parquet")["text"].dropna()), secrets)
