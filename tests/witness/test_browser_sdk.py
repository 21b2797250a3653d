"""The vendor's browser SDK, unchanged, uploads from a web page in Chromium to the embedded server."""

import contextlib
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from sdks import require_sdk
from serving import REGION, SECRET_ID, SECRET_KEY

BUCKET = "browser-1250000000"
SIZE = 3 * 2**20 + 5
CHROMIUM = Path("/usr/bin/chromium")

PAGE = "<!DOCTYPE html><meta charset='utf-8'><title>SDK</title><script src='cos-js-sdk-v5.min.js'></script>"

SCRIPT = """
async ({ at, secretId, secretKey, size }) => {
  const cos = new COS({ SecretId: secretId, SecretKey: secretKey, Protocol: 'http:' });
  const bytes = new Uint8Array(size).map((_, n) => n % 251);
  const photo = new Blob([bytes], { type: 'image/jpeg' });
  const code = (call) => call.then(() => null, (error) => [error.statusCode, error.code]);
  const found = {};
  const ways = {
    putObject: (Key) => cos.putObject({ ...at, Key, Body: photo, CacheControl: 'max-age=60', 'x-cos-meta-batch': '7' }),
    sliceUploadFile: (Key) => cos.sliceUploadFile({ ...at, Key, Body: photo, SliceSize: 1 << 20, ChunkSize: 1 << 20 }),
    uploadFile: (Key) => cos.uploadFile({ ...at, Key, Body: photo, SliceSize: 1 << 20 }),
  };
  for (const [name, way] of Object.entries(ways)) {
    const put = await way(`页面/${name} 1+%.jpg`);
    const head = await cos.headObject({ ...at, Key: `页面/${name} 1+%.jpg` });
    found[name] = [put.ETag === head.ETag && head.ETag.length > 30, head.headers['content-length'], head.RequestId.length];
    if (name === 'putObject') found.meta = [head.headers['cache-control'], head.headers['x-cos-meta-batch']];
  }
  const got = await cos.getObject({ ...at, Key: '页面/putObject 1+%.jpg', DataType: 'blob' });
  found.same = new Uint8Array(await got.Body.arrayBuffer()).every((value, n) => value === bytes[n]);
  found.keys = (await cos.getBucket(at)).Contents.length;
  const Objects = [{ Key: '页面/uploadFile 1+%.jpg' }];
  found.deleted = (await cos.deleteMultipleObject({ ...at, Objects })).Deleted.length;
  found.missing = await code(cos.headObject({ ...at, Key: 'missing.jpg' }));
  return found;
}
"""

DENIED = """
async ({ at, secretId, secretKey }) => {
  const cos = new COS({ SecretId: secretId, SecretKey: secretKey, Protocol: 'http:' });
  return cos.putObject({ ...at, Key: 'denied.jpg', Body: 'x' }).then(() => 'stored', (error) => String(error.code || error.error || error));
}
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def web_page(folder):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as pages:
        thread = threading.Thread(target=pages.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{pages.server_port}"
        pages.shutdown()
        thread.join()


@contextlib.contextmanager
def browser(server):
    """Chromium in which the vendor's hosts lead to the server, and nothing leads anywhere else."""
    rules = f"MAP *.myqcloud.com:80 127.0.0.1:{server.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--host-resolver-rules={rules}"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=options)
        yield running
        running.close()


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    sdk = require_sdk("cos-js-sdk-v5")
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text(PAGE, "utf-8")
    (folder / "cos-js-sdk-v5.min.js").write_bytes((sdk / "dist/cos-js-sdk-v5.min.js").read_bytes())
    with web_page(folder) as address:
        yield address


@pytest.fixture
def arguments():
    at = {"Bucket": BUCKET, "Region": REGION}
    return {"at": at, "secretId": SECRET_ID, "secretKey": SECRET_KEY, "size": SIZE}


def test_a_page_of_an_allowed_origin_uploads_lists_and_deletes(serve, tmp_path, origin, arguments):
    with serve(tmp_path / "root", "--allow-origin", origin) as server, browser(server) as chromium:
        folder = server.bucket(BUCKET)
        page = chromium.new_page()
        page.goto(origin)
        found = page.evaluate(SCRIPT, arguments)
        assert found == {
            **{key: [True, str(SIZE), 32] for key in ["putObject", "sliceUploadFile", "uploadFile"]},
            "meta": ["max-age=60", "7"],
            "same": True,
            "keys": 3,
            "deleted": 1,
            "missing": [404, found["missing"][1]],
        }, json.dumps(found)
        expected = bytes(n % 251 for n in range(SIZE))
        for name in ("putObject", "sliceUploadFile"):
            assert (folder / f"页面/{name} 1+%.jpg").read_bytes() == expected


@pytest.mark.parametrize("allowed", [(), ("--allow-origin", "http://localhost:1")], ids=["none", "another"])
def test_a_page_of_another_origin_stores_nothing(serve, tmp_path, origin, arguments, allowed):
    with serve(tmp_path / "root", *allowed) as server, browser(server) as chromium:
        folder = server.bucket(BUCKET)
        page = chromium.new_page()
        page.goto(origin)
        assert page.evaluate(DENIED, arguments) != "stored"
        assert list(folder.iterdir()) == []
