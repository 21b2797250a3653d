"""A run as a process of its own, to be killed: python overnight.py URL BUCKET FOLDER LEDGER [JUMP [PROXY]]."""

import sys
import time
import warnings
from contextlib import closing

from cardocr_nb._batch._options import RunOptions
from cardocr_nb._batch._pace import Pace
from cardocr_nb._batch._run import run_batch
from cardocr_nb._client import Client
from cardocr_nb._ledger import Ledger
from cardocr_nb.cloud import CloudTransport, Credentials

SECRET = Credentials("AKIDTESTTESTTESTTEST", "key-of-the-tests")
PACE = Pace(submissions=400, queries=100, in_flight=60, threads=6)


def jump_the_clock(seconds, transport):
    """Let the wall clock jump after the twentieth submission, and be put right two seconds later."""
    true, send, sent = time.time, transport.send, []

    def watched(request):
        if request.method == "POST":
            sent.append(time.monotonic())
        return send(request)

    transport.send = watched
    time.time = lambda: true() + (seconds if len(sent) > 20 and time.monotonic() - sent[20] < 2 else 0)


def main(url, bucket, folder, ledger, jump=0.0, proxy=None):
    options = RunOptions(pace=PACE, listing_delay=1.5, stall_timeout=30, progress=False)
    proxies = None if proxy is None else {"http": proxy, "https": proxy}
    transport = CloudTransport(bucket, "ap-guangzhou", SECRET, endpoint=url, timeout=(5, 20), proxies=proxies)
    if float(jump):
        jump_the_clock(float(jump), transport)
    with Client(transport, poll=(0.05, 0.5)) as client, closing(Ledger(ledger)) as kept:
        print("at work", flush=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _, progress = run_batch(folder, card_type="IDCard", client=client, ledger=kept, options=options)
        print(progress, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
