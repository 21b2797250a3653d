"""A run with min_quality leaves out poor photos, pays nothing for them, says why, and reads them when it is lowered."""

import pytest
from PIL import ImageFilter

import cardocr_nb as ocr
from cardocr_nb._batch._pace import Pace
from cardocr_nb._cli import main
from cardocr_nb._client import Client
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.report import summarize
from cardocr_nb.specimen import draw

OPTIONS = {"card_type": "IDCard", "progress": False}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed, name in enumerate(("1 good.jpg", "2 blurred.jpg", "3 good.jpg")):
        image = draw("IDCard", seed=seed + 20).image.convert("RGB")
        if "blurred" in name:
            image = image.filter(ImageFilter.GaussianBlur(12))
        image.save(folder / name, quality=88)
    (folder / "4 broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    return folder


@pytest.fixture
def client(tmp_path):
    with Client.local(tmp_path / "bucket", reader=StubReader(), create=True) as client:
        client.poll = (0.0, 0.01)
        yield client


def run(photos, client, **options):
    return ocr.run(photos, client=client, pace=Pace(1000, 1000), listing_delay=0.0, **OPTIONS, **options)


def states(frame):
    return frame.drop_duplicates("key")["state"].tolist()


def test_a_poor_photo_is_left_out_with_the_reason_and_neither_uploaded_nor_paid_for(photos, client, tmp_path):
    frame = run(photos, client, min_quality=0.2)
    assert states(frame) == ["Success", "LeftOut", "Success", "Failed"]
    row = frame[frame["state"] == "LeftOut"].iloc[0]
    assert (row["code"], row["image"]) == ("LowPhotoQuality", str(photos / "2 blurred.jpg"))
    assert row["message"].startswith("the text is blurred: the probability that the card is read whole is 0.0")
    assert len(client.list_jobs()) == 2
    assert not list((tmp_path / "bucket").rglob("2 blurred.jpg"))


def test_a_second_run_with_less_reads_what_was_left_out_and_pays_for_nothing_else(photos, client, tmp_path):
    ledger = tmp_path / "run.sqlite"
    run(photos, client, min_quality=0.2, ledger=ledger)
    assert states(run(photos, client, min_quality=0.2, ledger=ledger)) == ["Success", "LeftOut", "Success", "Failed"]
    assert states(run(photos, client, ledger=ledger)) == ["Success", "Success", "Success", "Failed"]
    assert len(client.list_jobs()) == 3
    assert states(ocr.to_frame(ledger)) == ["Success", "Success", "Success", "Failed"]


def test_a_card_that_was_read_is_not_left_out_later(photos, client, tmp_path):
    ledger = tmp_path / "run.sqlite"
    run(photos, client, ledger=ledger)
    assert states(run(photos, client, min_quality=1.0, ledger=ledger)) == ["Success", "Success", "Success", "Failed"]


def test_the_estimate_counts_what_is_left_out(photos, client):
    said = ocr.estimate(photos, client=client, price=0.5, min_quality=0.2, **OPTIONS)
    assert (said.images, said.left_out, said.unreadable, said.calls, said.money) == (4, 1, 1, 2, 1.0)
    assert "1 left out by min_quality, 1 unreadable, 2 to submit" in str(said)
    without = ocr.estimate(photos, client=client, **OPTIONS)
    assert (without.left_out, without.unreadable, without.calls) == (0, 1, 3)


@pytest.mark.parametrize("least", [0, 0.2])
def test_a_photo_whose_end_is_missing_is_not_paid_for_with_min_quality(photos, client, tmp_path, least):
    whole = (photos / "1 good.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    frame = run(tmp_path / "cut.jpg", client, min_quality=least)
    assert frame[["state", "code"]].to_numpy().tolist() == [["Failed", "DamagedImage"]]
    assert client.list_jobs() == []
    said = ocr.estimate(tmp_path / "cut.jpg", client=client, min_quality=least, **OPTIONS)
    assert (said.unreadable, said.calls) == (1, 0)


def test_summary_and_report_name_it_and_do_not_count_it_as_failed(photos, client):
    frame = run(photos, client, min_quality=0.2)
    found = ocr.to_frame([]) if frame.empty else frame.cardocr.summary()
    assert (found.cards, found.ok, found.left_out, found.failed) == (4, 2, 1, 1)
    assert "1 left out" in str(found)
    for lang, words in (("en", "1 left out by the quality of the photo"), ("zh", "1 张因画质低未提交")):
        report = summarize(frame, lang=lang)
        assert (report.outcomes.left_out, report.outcomes.failed) == (1, 1)
        assert words in ocr.report.render_markdown(report)


def test_the_last_line_of_a_run_counts_it(photos, client, capsys):
    ocr.run(photos, card_type="IDCard", client=client, pace=Pace(1000, 1000), min_quality=0.2)
    assert "4 images: 2 read, 1 failed, 1 left out by min_quality" in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"min_quality": 1.2}, "probability from 0 to 1, got 1.2"),
        ({"min_quality": float("nan")}, "probability from 0 to 1"),
        ({"min_quality": 0.5, "upload": False}, "min_quality measures files"),
    ],
)
def test_a_limit_that_cannot_be_kept_is_refused_before_anything_is_sent(photos, client, options, said):
    for function in (ocr.run, ocr.estimate):
        with pytest.raises(InvalidRequestError, match=said):
            function(photos, client=client, **OPTIONS, **options)


def test_the_command_line_has_it(photos, capsys):
    command = ["run", str(photos), "--card-type", "IDCard", "--estimate", "--min-quality", "0.2"]
    assert main(command) == 0
    assert "1 left out by min_quality, 1 unreadable, 2 to submit" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["min_quality", "price", "stall_timeout", "max_calls"])
@pytest.mark.parametrize("wrong", ["0.3", True, [0.3]])
def test_an_option_that_is_no_number_is_named(photos, client, name, wrong):
    with pytest.raises(InvalidRequestError, match=name):
        run(photos, client, **{name: wrong})
