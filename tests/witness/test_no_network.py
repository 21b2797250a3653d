"""Everything embedded works in a network namespace without a network, and does not try to reach one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import fcntl, os, socket, struct, subprocess, sys
from pathlib import Path

out = Path(sys.argv[1])
with socket.socket() as sock:  # a new namespace has its loopback interface switched off
    flags = struct.pack("16sH14s", b"lo", 0x1 | 0x40, b"")
    fcntl.ioctl(sock, 0x8914, flags)

def attempts():
    names, values = [line.split()[1:] for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Ip:")]
    return int(dict(zip(names, values))["OutNoRoutes"])

with socket.socket() as sock:
    try:
        sock.connect(("192.0.2.1", 80))
        sys.exit("there is a network")
    except OSError:
        before = attempts()
assert before > 0

import cardocr_nb as ocr
from cardocr_nb.cloud import CloudTransport, Credentials
from cardocr_nb.specimen import degrade, draw

(out / "photos").mkdir()
for kind in ("IDCard", "DriverLicense"):
    degrade(draw(kind, 5), {"blur": 0.3}, 5).image.save(out / "photos" / f"{kind}.jpg")
    with ocr.Client.local(out / "photos") as client:
        read = ocr.run(out / "photos" / f"{kind}.jpg", card_type=kind, client=client, progress=False)
    assert len(read) == {"IDCard": 6, "DriverLicense": 10}[kind]
read.cardocr.report(out / "report.html", images=out / "photos")
ocr.plot.plot_overlay(read, out / "photos/DriverLicense.jpg")
read.cardocr.redact(out / "photos/DriverLicense.jpg", verify=True)
ocr.photo_quality(out / "photos")
read.assign(text=None).cardocr.to_parquet(out / "places.parquet")
read.assign(text=read["text"].str.replace("1", "7"), score=90).cardocr.to_parquet(out / "cards.parquet")  # another reader
read[["key", "field", "text"]].to_csv(out / "truth.csv", index=False)
decided = read[["key", "field", "text"]].assign(verdict="accepted")
read.cardocr.to_training_data(out / "photos", decided, out / "training", reveal=True)
read.cardocr.review(out / "photos", out / "corrections.csv", queue=read.cardocr.review_queue())
read.cardocr.to_excel(out / "cards.xlsx", images=out / "photos", reveal=True)

from cardocr_nb._cli import main

photos, tables = ["--images", str(out / "photos")], [str(out / f"{name}.parquet") for name in ("cards", "done")]
for arguments, code in (
    (["photo-quality", str(out / "photos"), "--quiet"], 0),
    (["complete", str(out / "places.parquet"), *photos, "-o", tables[1], "--quiet"], 0),
    (["second-opinion", tables[0], *photos, "--quiet"], 0),
    (["estimate-errors", *tables], 0),
    (["redact", tables[0], str(out / "photos"), str(out / "redacted")], 0),
    (["specimen", "-o", str(out / "drawn"), "--type", "IDCard", "--n", "1"], 0),
    (["report", tables[0], "-o", str(out / "r.md"), "--other", tables[1]], 0),
):
    found = main(arguments)
    assert found == code, (arguments, found)
cards = ocr.read_responses("data/responses/*.xml", errors="row")
cards.cardocr.summary(), cards.cardocr.check(), cards.cardocr.mask()

secrets = {"COS_SECRET_ID": "AKIDTESTTESTTESTTEST", "COS_SECRET_KEY": "key-of-the-tests"}
command = [sys.executable, "-m", "cardocr_nb", "serve", "--root", str(out / "root"), "--port", "0", "--quiet"]
(out / "root/cards-1250000000").mkdir(parents=True)
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | secrets) as server:
    url = server.stdout.readline().split()[-1]
    with ocr.Client(CloudTransport("cards-1250000000", "ap-guangzhou", Credentials(*secrets.values()), endpoint=url)) as client:
        served = ocr.run("data/cards/id/0001.jpg", card_type="IDCard", client=client, ledger=out / "run.sqlite", progress=False)
    server.terminate()
assert set(served["state"]) == {"Success"}
assert len(served) == 6
print("attempts", attempts() - before)
"""


def without_network(*command):
    return ["unshare", "--net", "--map-root-user", "--", *command]


def test_everything_embedded_works_without_a_network_and_never_calls_one(tmp_path):
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    allowed = subprocess.run(without_network("true"), capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    if allowed.returncode != 0:
        pytest.skip(f"network namespaces are not permitted here: {allowed.stderr.strip()}")
    done = subprocess.run(  # noqa: S603 - this interpreter
        without_network(sys.executable, "-c", PROGRAM, str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "attempts 0"
    assert (tmp_path / "report.html").is_file()
