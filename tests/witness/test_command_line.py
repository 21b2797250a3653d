"""The command line against the embedded server: what a user of the cloud types, with another address."""

import logging
import subprocess
import sys

import pandas as pd
import pytest
from serving import REGION, SECRET_ID, SECRET_KEY

from cardocr_nb._cli import main


@pytest.fixture
def cloud(server, bucket, monkeypatch):
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", SECRET_ID)
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", SECRET_KEY)
    return ["--endpoint", server.url, "--bucket", bucket, "--region", REGION]


def test_run_uploads_submits_and_waits_over_http(cloud, server, bucket, tmp_path, photo, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    for n in range(3):
        photo(tmp_path / f"照片/{n} +%.jpg", color=(80 * n, 0, 0))
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


def test_a_run_with_a_ledger_receives_callbacks_and_continues(cloud, tmp_path, photo, capsys):
    for n in range(3):
        photo(tmp_path / f"in/{n}.png", color=(n, 0, 0))
    ledger, out = str(tmp_path / "run.sqlite"), str(tmp_path / "cards.parquet")
    listen = [sys.executable, "-m", "cardocr_nb", "listen", "--ledger", ledger, "--port", "0"]
    run = [
        "run",
        str(tmp_path / "in"),
        "--card-type",
        "IDCard",
        "--out",
        out,
        "--ledger",
        ledger,
        "--price",
        "0.5",
        *cloud,
    ]
    with subprocess.Popen(listen, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as listener:  # noqa: S603
        url = listener.stdout.readline().split()[-1]
        assert main([*run, "--callback", url]) == 0
        assert "3 images: 3 read; 3 submitted in this run" in capsys.readouterr().out
        listener.terminate()
        assert "a callback: 1 jobs recorded" in listener.communicate(timeout=20)[1]
    assert main(run) == 0
    assert "3 images: 3 read; 0 submitted in this run with 0 queries, cost 0.00" in capsys.readouterr().out
    assert pd.read_parquet(out)["key"].nunique() == 3


def test_a_wrong_key_is_one_clear_line_and_no_failed_images(cloud, tmp_path, photo, monkeypatch, capsys):
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", "another")
    photo(tmp_path / "a.jpg")
    out = tmp_path / "cards.parquet"
    assert main(["run", str(tmp_path / "a.jpg"), "--card-type", "IDCard", "--out", str(out), "--quiet", *cloud]) == 1
    said = capsys.readouterr().err
    assert "403 SignatureDoesNotMatch" in said
    assert "Check the secret id and key" in said
    assert not out.exists()


def test_doctor_accepts_the_embedded_server(cloud, server, bucket, capsys):
    assert main(["doctor", *cloud]) == 0
    table = capsys.readouterr().out
    for step in ("credentials", "clock", "bucket"):
        assert step in table.lower()
    assert SECRET_KEY not in table


def test_doctor_reports_a_missing_bucket(cloud, capsys):
    assert main(["doctor", *cloud[:2], "--bucket", "nothing-1250000000", *cloud[4:]]) == 1
    assert "NoSuchBucket" in capsys.readouterr().out
