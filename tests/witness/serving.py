"""Starts the embedded server as a process of its own, as people do."""

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cardocr_nb.cloud import CloudTransport, Credentials

SECRET_ID = "AKIDTESTTESTTESTTEST"  # noqa: S105 - invented
SECRET_KEY = "key-of-the-tests"  # noqa: S105 - invented
REGION = "ap-guangzhou"


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen
    url: str
    root: Path
    log: Path

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def bucket(self, name):
        (self.root / name).mkdir(parents=True, exist_ok=True)
        return self.root / name

    def transport(self, bucket, **options):
        given = {"timeout": (5, 20), "credentials": Credentials(SECRET_ID, SECRET_KEY)} | options
        return CloudTransport(bucket, REGION, given.pop("credentials"), endpoint=self.url, **given)

    def end(self):
        self.process.terminate()
        return self.process.wait(20)

    def memory(self):
        """Resident megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextlib.contextmanager
def serving(root, *arguments, engine="stub", files=None):
    """Start a server; `files` is its limit of open files."""
    root.mkdir(parents=True, exist_ok=True)
    log = root.parent / f"{root.name}.log"
    command = [sys.executable, "-m", "cardocr_nb", "serve", "--root", str(root), "--port", "0"]
    if files is not None:
        command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
    environment = os.environ | {"COS_SECRET_ID": SECRET_ID, "COS_SECRET_KEY": SECRET_KEY}
    with (
        log.open("ab") as errors,
        subprocess.Popen(  # noqa: S603 - this interpreter
            [*command, "--engine", engine, *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            text=True,
        ) as process,
    ):
        try:
            line = process.stdout.readline()
            assert line.startswith("listening on http://127.0.0.1:"), log.read_text()
            yield Server(process, line.split()[-1], root, log)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise
            assert process.stdout.read() == ""
