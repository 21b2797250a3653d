"""The vendor's Node SDK, unchanged, works with the embedded server as with the cloud, and corrects its clock by it."""

import json
import subprocess
from pathlib import Path

import pytest
import requests
from sdks import require_sdk
from serving import REGION, SECRET_ID, SECRET_KEY

SCRIPT = Path(__file__).parent / "node_sdk.js"
PHOTO = bytes(range(256)) * (5 * 2**20 // 256)
UPLOADED = [True, "image/heic", "max-age=60", "7", True]


@pytest.fixture(scope="module", params=[0, -7200, 7200], ids=["a right clock", "two hours late", "two hours early"])
def results(request, server, tmp_path_factory):
    """What the script found, with the clock of the client shifted by seconds."""
    sdk = require_sdk("cos-nodejs-sdk-v5")
    folder = tmp_path_factory.mktemp("node")
    (folder / "photo.jpg").write_bytes(PHOTO)
    bucket = f"node{request.param + 7200}-1250000000"
    from PIL import Image

    Image.new("RGB", (64, 40)).save(server.bucket(bucket) / "photo.png")
    options = {
        "sdk": str(sdk),
        "server": server.url,
        "bucket": bucket,
        "region": REGION,
        "secretId": SECRET_ID,
        "secretKey": SECRET_KEY,
        "folder": str(folder),
        "clock": request.param,
    }
    done = subprocess.run(["node", str(SCRIPT), json.dumps(options)], capture_output=True, text=True, timeout=120)  # noqa: PLW1510, S603, S607 - node is what is tested
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"shift": request.param, "bucket": bucket}


def test_the_sdk_corrects_its_clock(results):
    assert abs(results["clock"]["offset"] + results["shift"] * 1000) < 10_000


def test_a_photo_of_5_mb_arrives_with_its_headers_in_every_way_of_upload(results):
    ways = ("putObject", "putStream", "sliceUploadFile", "uploadFile", "uploadFiles")
    assert results["uploads"] == dict.fromkeys(ways, UPLOADED)


def test_unfinished_uploads_are_listed_and_aborted(results):
    found = results["resume"]
    assert (found["uploads"], found["parts"], found["gone"]["code"]) == ([True], 1, "NoSuchUpload")


def test_objects_are_copied_whole_and_in_parts(results):
    assert results["copies"] == {"copy": [True, "image/heic"], "slices": True}


def test_objects_are_listed_and_deleted(results):
    assert results["listing"] == {
        "keys": ["x/1.jpg", "x/样 2.jpg"],
        "prefixes": ["x/y/"],
        "deleted": 3,
        "left": 0,
        "location": "local",
    }


def test_a_signed_address_honors_its_content_type_and_its_end(results, server):
    with requests.Session() as session:
        session.trust_env = False
        proxies = {"http": server.url}
        answer = session.get(results["signed"]["url"], proxies=proxies)
        assert (answer.content, answer.headers["Content-Type"]) == (b"hello", "text/plain")
        expired = session.get(results["signed"]["expired"], proxies=proxies)
        assert (expired.status_code, "<Code>AccessDenied</Code>" in expired.text) == (403, True)
        assert "<Message>Request has expired</Message>" in expired.text


def test_a_job_is_read_and_a_refusal_names_the_xml_node(results):
    job = results["job"]
    assert (job["state"], job["fields"], job["refused"]["code"]) == ("Success", 6, "InvalidArgument")
    assert "UserData" in job["refused"]["message"]
