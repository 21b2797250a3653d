"""Texts of cards are in the data files that a user asked for, and in no other output of the package."""

import io
import logging
import re
import shutil
import traceback
from base64 import b64decode

import pandas as pd
import pytest
from card_texts import leaks, leaks_in_files, secrets_of
from engine_eyes import read_all_text, substrings
from PIL import Image

import cardocr_nb as ocr
from cardocr_nb import privacy, quality
from cardocr_nb._cli import main
from cardocr_nb._images import load_upright
from cardocr_nb.frame import to_frame
from cardocr_nb.frame._polygon_dtype import Polygon
from cardocr_nb.review import Corrections, Decision, review
from cardocr_nb.wire._decode import decode_callback, decode_error, decode_jobs, decode_recognition
from cardocr_nb.wire._records import CardResult, Field, Job, JobList, JobRequest, JobState

KEYS = ("id/0001.jpg", "id/0012.jpg", "licence/0003.jpg")


@pytest.fixture(scope="module")
def specimens(data, tmp_path_factory):
    """A data folder for the demo, with three cards."""
    folder = tmp_path_factory.mktemp("specimens")
    for key in KEYS:
        (folder / "cards" / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(data / "cards" / key, folder / "cards" / key)
    truth = pd.read_csv(data / "truth.csv", dtype="str")
    truth[truth["key"].isin(KEYS)].to_csv(folder / "truth.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def secrets(specimens):
    """The texts of the specimens that must not be seen."""
    return secrets_of(specimens / "truth.csv")


def test_the_search_finds_a_secret_however_it_is_written(secrets):
    secret = max(secrets, key=len)
    coded = "".join(f"&#{ord(c)};" for c in secret), "".join(f"\\u{ord(c):04x}" for c in secret)
    assert [leaks(f"..{each}..", secrets) for each in (secret, *coded)] == [[secret]] * 3
    assert leaks("样本 SPECIMEN", secrets) == []


def test_output_and_files_of_the_commands_hold_no_text_of_a_card(specimens, secrets, tmp_path, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    photos, table = specimens / "cards" / "id", tmp_path / "cards.parquet"
    reported = ["--out", str(table), "--report", str(tmp_path / "run.html")]
    assert main(["run", str(photos), "--card-type", "IDCard", *reported]) == 0
    truth = pd.read_csv(specimens / "truth.csv", dtype="str")
    truth.assign(key=truth["key"].str.removeprefix("id/")).to_csv(tmp_path / "truth.csv", index=False)
    for ending in ("html", "md", "json"):
        out = str(tmp_path / f"report.{ending}")
        assert main(["report", str(table), "-o", out, "--truth", str(tmp_path / "truth.csv")]) == 0
    assert main(["redact", str(table), str(photos), str(tmp_path / "redacted")]) == 0
    name = next(secret for secret in secrets if not secret.isascii())
    (tmp_path / "broken.csv").write_text(
        f"<Response><JobsDetail><Name>{name}</JobsDetail></Response>", encoding="utf-8"
    )
    main(["flatten", str(tmp_path / "broken.csv"), "--out", str(tmp_path / "flat.parquet")])
    output = capfd.readouterr()
    assert "redacted into" in output.out
    assert leaks(output.out + output.err, secrets) == []
    assert leaks(caplog.text, secrets) == []
    assert leaks_in_files(tmp_path, secrets) == {}
    assert leaks(" ".join(pd.read_parquet(table)["text"].dropna()), secrets)


@pytest.mark.parametrize("mode", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_the_pictures_in_a_report_cannot_be_read(specimens, secrets, tmp_path, mode):
    from cardocr_nb.local.engine import Engine

    engine, cards = Engine(threads=2), []
    for key in KEYS[1:]:
        kind = "IDCard" if key.startswith("id/") else "DriverLicense"
        fields = tuple(engine.read(load_upright(specimens / "cards" / key), kind))
        cards.append(to_frame(Job(key, JobState.SUCCESS, key, kind, result=CardResult(fields, status=1))))
    truth = pd.read_csv(specimens / "truth.csv", dtype="str")
    cards = pd.concat(cards, ignore_index=True)
    wrong = truth.assign(text=truth["text"] + "错")
    page = cards.cardocr.report(tmp_path / "r.html", truth=wrong, images=specimens / "cards").read_text()
    assert leaks(page, secrets) == []
    address = r"data:image/(?:webp|png|jpeg);base64,([A-Za-z0-9+/=]+)"
    dark = re.findall(rf'prefers-color-scheme: dark\)" srcset="{address}', page)
    pictures = dark if mode == "dark" else [one for one in re.findall(address, page) if one not in dark]
    assert pictures
    parts = {part for secret in secrets for part in substrings(secret, 4 if secret[:4].isdecimal() else 3)}
    for picture in pictures:
        with Image.open(io.BytesIO(b64decode(picture))) as image:
            read = read_all_text(image.convert("RGB"), engine)
        assert [part for part in parts if part in read] == []


NAME, NUMBER = "谢样本甲", "990101197412010014"
SECRET = "a-secret-of-more-than-sixteen-bytes"  # noqa: S105 - made up
BOX = ((1, 1), (1, 2), (2, 2), (2, 1))
RESULT = CardResult(
    (Field("姓名", NAME, 98, BOX), Field("公民身份号码", NUMBER, 97)),
    key="1.jpg",
    url=f"https://a/1.jpg?q-signature={SECRET}",
    raw=NAME.encode(),
)
JOB = Job("j1", JobState.SUCCESS, "1.jpg", "IDCard", user_data=NUMBER, result=RESULT, raw=NAME.encode())
FRAME = to_frame(JOB)
TRUTH = pd.DataFrame({"key": "1.jpg", "field": ["name", "id_number"], "text": [NAME, NUMBER]})

SHOWN = {
    "field": lambda: RESULT.fields[0],
    "result": lambda: RESULT,
    "job": lambda: JOB,
    "jobs": lambda: JobList((JOB,)),
    "callback": lambda: ocr.Callback("TaskFinish", (JOB,)),
    "request": lambda: JobRequest("1.jpg", "IDCard", user_data=NUMBER),
    "decision": lambda: Decision("1.jpg", "name", "corrected", NAME),
    "panel": lambda: review(FRAME, ".", "c.csv", queue=TRUTH),
    "summary": lambda: quality.summary(FRAME),
    "evaluation": lambda: quality.evaluate(FRAME, TRUTH.assign(text=NAME)),
    "comparison": lambda: quality.compare(FRAME, FRAME.assign(text=NUMBER), truth=TRUTH),
    "calibrator": lambda: quality.calibrate(FRAME, TRUTH),
    "costs": lambda: quality.cost(FRAME, TRUTH, review=1, error=20),
    "thresholds": lambda: quality.threshold(FRAME, TRUTH, precision=0.9),
    "calibration": lambda: quality.calibration(FRAME, TRUTH),
    "checks": lambda: quality.check(FRAME).to_string(),
    "queue": lambda: quality.review_queue(FRAME).to_string(),
    "masked": lambda: str(privacy.mask(FRAME)[["text", "user_data"]]),
    "pseudonyms": lambda: str(privacy.pseudonym(FRAME, key=SECRET)[["text", "user_data"]]),
}


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.filterwarnings("ignore")
def test_representations_of_results_hold_no_text(name):
    thing = SHOWN[name]()
    shown = [repr(thing), str(thing)]
    if hasattr(thing, "_repr_html_"):
        shown.append(thing._repr_html_())
    assert leaks("\n".join(shown), {NAME, NUMBER, SECRET}) == []


def foreign_corrections(folder):
    path = folder / "c.csv"
    path.write_text(f'key,"{NAME}\n{NUMBER}', encoding="utf-8")
    return Corrections(path).read()


def foreign_user_data(folder):
    with ocr.Client.local(folder) as client:
        client.submit("1.jpg", card_type="IDCard", user_data=NAME)


WRONG = {
    "xml cut off": lambda _: decode_jobs(f"<Response><JobsDetail>{NAME}{NUMBER}".encode()),
    "another document": lambda _: decode_jobs(f"<{NAME}>{NUMBER}</{NAME}>".encode()),
    "no xml": lambda _: decode_recognition(f"{NAME} {NUMBER}".encode()),
    "no callback": lambda _: decode_callback(f'{{"EventName": "{NAME}", "JobsDetail": "{NUMBER}"}}'.encode()),
    "no error": lambda _: decode_error(f"<Fehler>{NAME}</Fehler>".encode()),
    "score in words": lambda _: decode_recognition(
        f"<Response><Status>1</Status><IdInfo><Name>姓名</Name><DetectedText>{NAME}</DetectedText>"
        f"<Score>{NUMBER}{NAME}</Score></IdInfo></Response>".encode()
    ),
    "frame of something else": lambda _: to_frame({NAME: NUMBER}),
    "user data": foreign_user_data,
    "score as text": lambda _: quality.evaluate(FRAME.assign(score=NAME), TRUTH),
    "time as text": lambda _: quality.evaluate(FRAME.assign(created=NAME), TRUTH),
    "polygon": lambda _: Polygon.parse(NAME),
    "truth named twice": lambda _: quality.evaluate(FRAME, pd.concat([TRUTH, TRUTH])),
    "truth without keys in common": lambda _: quality.evaluate(FRAME, TRUTH.assign(key="2.jpg")),
    "corrections": foreign_corrections,
    "short secret": lambda _: privacy.pseudonym(FRAME, key=NUMBER[:15]),
    "nothing to hide": lambda _: privacy.redact(b"", FRAME),
    "queue without keys": lambda _: review(FRAME, ".", queue=TRUTH.assign(key=None)),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.filterwarnings("ignore")
def test_errors_about_wrong_input_hold_no_text(name, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with pytest.raises((ocr.CardOCRError, ValueError, TypeError)) as raised:
        WRONG[name](tmp_path)
    # The last lines alone: the frames of the traceback quote this file.
    printed = "".join(
        line
        for error in chain(raised.value)
        for line in [*traceback.format_exception_only(error), repr(error), str(getattr(error, "failures", ""))]
    )
    output = capfd.readouterr()
    assert leaks(printed + caplog.text + output.out + output.err, {NAME, NUMBER, NUMBER[:15]}) == []


def chain(error):
    """Yield an error and every error that Python prints with it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
