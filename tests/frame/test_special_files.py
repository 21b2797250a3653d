"""Files that never end or never answer are refused at once by every reader."""

import os
import socket

import pytest

import cardocr_nb as ocr
from cardocr_nb._ledger import Ledger
from cardocr_nb.errors import CardOCRError, LedgerError
from cardocr_nb.frame import from_coco, read_table
from cardocr_nb.quality import Calibrator
from cardocr_nb.rereading._kept_readings import KeptReadings


def judge(truth):
    return ocr.load_sample("readings").cardocr.evaluate(truth)


READERS = {
    "responses": (ocr.read_responses, "a.xml"),
    "json responses": (ocr.read_responses, "a.json"),
    "lines": (ocr.read_responses, "a.jsonl"),
    "zip": (ocr.read_responses, "a.zip"),
    "tar": (ocr.read_responses, "a.tar.gz"),
    "truth": (judge, "a.csv"),
    "sheet of truth": (judge, "a.xlsx"),
    "table": (read_table, "a.parquet"),
    "coco": (from_coco, "a.json"),
    "calibrator": (Calibrator.load, "a.json"),
    "kept readings": (KeptReadings, "a.jsonl"),
    "ledger to read": (ocr.read_responses, "a.sqlite"),
}


@pytest.fixture(params=["pipe", "socket"])
def special(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # names of sockets are short

    def make(name):
        if request.param == "pipe":
            os.mkfifo(name)
            return name
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(name)
        return name

    return make


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_or_socket_is_refused(reader, special):
    read, name = READERS[reader]
    with pytest.raises((OSError, CardOCRError), match=r"device, a pipe or a socket|there is no file"):
        read(special(name))


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="this system has no device for zeros")  # noqa: PTH110
@pytest.mark.parametrize("read", [ocr.read_responses, judge, Calibrator.load, from_coco, KeptReadings])
def test_a_device_without_end_is_refused(read):
    with pytest.raises(OSError, match="device, a pipe or a socket"):
        read("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_ledger_is_not_written_into_a_pipe(special):
    name = special("l.sqlite")
    with pytest.raises(LedgerError, match="device, a pipe or a socket"):
        Ledger(name)
