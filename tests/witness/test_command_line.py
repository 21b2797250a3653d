"""The command line against the embedded server: what a user of the cloud types, with another address."""

import logging

import pandas as pd
import pytest
from serving import REGION, SECRET_ID, SECRET_KEY

from cardocr_nb.cli import main


@pytest.fixture
def cloud(server, bucket, monkeypatch):
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", SECRET_ID)
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", SECRET_KEY)
    return ["--endpoint", server.url, "--bucket", bucket, "--region", REGION]


def test_run_uploads_submits_and_waits_over_http(cloud, server, bucket, tmp_path, photo, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    for n in range(3):
        photo(tmp_path / f"照片/{n} +%.jpg")
    (tmp_path / "照片/text.jpg").write_text("hello")
    out = tmp_path / "cards.parquet"
    code = main(
        ["run", str(tmp_path / "照片"), "--card-type", "IDCard", "--out", str(out), "--prefix", "june/", *cloud]
    )
    assert code == 1
    cards = pd.read_parquet(out)
    states = cards.drop_duplicates("key").set_index("key")["state"].astype("str").to_dict()
    assert states == {f"june/{n} +%.jpg": "Success" for n in range(3)} | {"june/text.jpg": "Failed"}
    assert (server.root / bucket / "june/0 +%.jpg").is_file()
    shown = capsys.readouterr()
    for private in (SECRET_KEY, "990000199909090002", "样本省示例市标本路9号"):
        assert private not in shown.out + shown.err + caplog.text


def test_a_wrong_key_is_one_clear_line_and_no_failed_images(cloud, tmp_path, photo, monkeypatch, capsys):
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", "another")
    photo(tmp_path / "a.jpg")
    out = tmp_path / "cards.parquet"
    assert main(["run", str(tmp_path / "a.jpg"), "--card-type", "IDCard", "--out", str(out), "--quiet", *cloud]) == 1
    said = capsys.readouterr().err
    assert "403 SignatureDoesNotMatch" in said
    assert "Check the secret id and key" in said
    assert not out.exists()


def test_doctor_finds_the_embedded_server_in_order_and_submits_nothing(cloud, server, bucket, capsys):
    assert main(["doctor", *cloud]) == 0
    table = capsys.readouterr().out
    for step in ("credentials", "clock", "bucket"):
        assert step in table.lower()
    assert SECRET_KEY not in table


def test_doctor_tells_a_bucket_that_is_not_there(cloud, capsys):
    assert main(["doctor", *cloud[:2], "--bucket", "nothing-1250000000", *cloud[4:]]) == 1
    assert "NoSuchBucket" in capsys.readouterr().out
