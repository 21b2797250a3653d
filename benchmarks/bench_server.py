"""How the embedded server holds up: many clients at once, for a while.

Run ``python benchmarks/bench_server.py [seconds] [clients]``. Each client submits a job over HTTP and waits for its end,
again and again; the engine is the stub, so that the figures are the service's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Self

from PIL import Image

from cardocr_nb._client import Client
from cardocr_nb.cloud import CloudTransport, Credentials
from cardocr_nb.errors import CardOCRError

BUCKET = "bench-1250000000"
SECRET = Credentials("AKIDBENCHBENCHBENCH1", "key-of-the-bench")


class Load:
    """Clients at work, and the outcomes of their jobs."""

    def __init__(self, url: str, clients: int) -> None:
        self.url, self.stop = url, threading.Event()
        self.calls, self.errors, self.states = Counter[str](), Counter[str](), Counter[str]()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        transport = CloudTransport(BUCKET, "ap-guangzhou", SECRET, endpoint=self.url, retries=0)
        calls, errors, states = Counter[str](), Counter[str](), Counter[str]()
        send = transport.send

        def counted(request):
            calls[request.method] += 1
            return send(request)

        transport.send = counted
        with Client(transport, poll=(0.05, 0.5)) as client:
            while not self.stop.is_set():
                try:
                    job = client.submit("a.jpg", card_type="IDCard")
                    states["accepted"] += 1
                    states[str(client.wait(job, timeout=60).state)] += 1
                except CardOCRError as e:
                    errors[type(e).__name__] += 1
        with self._lock:
            self.calls += calls
            self.errors += errors
            self.states += states


def memory(process: subprocess.Popen[str]) -> float:
    """Resident megabytes of the server."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main(seconds: float = 60, clients: int = 50) -> int:
    """Print requests a second, errors, ends of jobs and memory; gives 1 when something was lost."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / BUCKET).mkdir()
        Image.new("RGB", (640, 400), "white").save(root / BUCKET / "a.jpg")
        command = [sys.executable, "-m", "cardocr_nb", "serve", "--root", folder, "--port", "0"]
        secrets = {"COS_SECRET_ID": SECRET.secret_id, "COS_SECRET_KEY": SECRET.secret_key}
        with subprocess.Popen(  # noqa: S603 - this interpreter
            [*command, "--engine", "stub", "--quiet"], stdout=subprocess.PIPE, text=True, env=os.environ | secrets
        ) as server:
            url = server.stdout.readline().split()[-1]
            seen = [memory(server)]
            begun = time.monotonic()
            with Load(url, clients) as load:
                for share in (1 / 3, 1):
                    time.sleep(max(0.0, begun + share * seconds - time.monotonic()))
                    seen.append(memory(server))
            passed = time.monotonic() - begun
            server.terminate()
            code = server.wait(30)
    ended = sum(load.states[state] for state in ("Success", "Failed", "Cancel"))
    calls = sum(load.calls.values())
    print(f"{clients} clients for {passed:.1f} s: {calls} requests, {calls / passed:.0f} a second")
    print(f"jobs: {load.states['accepted']} accepted, {ended} ended, {ended / passed:.0f} a second")
    print(f"errors: {dict(load.errors) or 'none'}; exit code {code}")
    print(
        "memory: "
        + ", ".join(
            f"{m:.1f} MB {when}" for m, when in zip(seen, ("at the start", "at 1/3", "at the end"), strict=True)
        )
    )
    return int(bool(load.errors) or ended != load.states["accepted"] or code != 0)


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:2]), *map(int, sys.argv[2:3])))
