"""Ctrl-C ends a run within a second at the third time, in a notebook's kernel too, though a call never returns."""

import contextlib
import textwrap
import time
from queue import Empty

import pytest
from jupyter_client.manager import start_new_kernel

RUN = textwrap.dedent("""
    import pathlib, socket, tempfile, threading
    import cardocr_nb as ocr
    from cardocr_nb.cloud import CloudTransport, Credentials
    from PIL import Image

    silent = socket.create_server(("127.0.0.1", 0))
    kept = []

    def accept():
        while True:
            kept.append(silent.accept())

    threading.Thread(target=accept, daemon=True).start()
    folder = pathlib.Path(tempfile.mkdtemp())
    Image.new("RGB", (60, 40)).save(folder / "a.png")
    address = f"http://127.0.0.1:{silent.getsockname()[1]}"
    transport = CloudTransport("cards-1250000000", "ap-guangzhou", Credentials("AKIDX", "k"), endpoint=address)
    print("begun", flush=True)
    cards = ocr.run(folder, card_type="IDCard", client=ocr.Client(transport), ledger=folder / "r.sqlite", progress=False)
    print("ended", cards["state"].tolist(), flush=True)
""")


@pytest.fixture
def kernel():
    manager, client = start_new_kernel()
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def wait_for(client, text, seconds=40):
    """Read what the kernel prints until a text comes; return all of it."""
    printed, end = "", time.monotonic() + seconds
    while text not in printed and time.monotonic() < end:
        with contextlib.suppress(Empty):
            message = client.get_iopub_msg(timeout=0.2)
            printed += message["content"].get("text", "") + message["content"].get("evalue", "")
    assert text in printed, printed
    return printed


def test_the_third_interrupt_ends_a_run_within_a_second_in_a_kernel(kernel):
    manager, client = kernel
    client.execute(RUN)
    wait_for(client, "begun")
    time.sleep(0.5)  # the call is under way; nothing shows it
    manager.interrupt_kernel()
    wait_for(client, "stopping: waiting for 0 jobs in flight")
    manager.interrupt_kernel()
    wait_for(client, "stopping now; interrupt again")
    third = time.monotonic()
    manager.interrupt_kernel()
    assert "ended ['Planned']" in wait_for(client, "ended")
    assert time.monotonic() - third < 1.5
