"""A mutated file of any kind gives a result or an error of the package: no crash, no hang, bounded memory."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from mutations import mutated
from reading_mutations import DEADLINE, KINDS

QUICK = 60
FULL = 100_000
"""Files of each kind under the marker ``slow``; ``CARDOCR_MUTATIONS`` sets another number."""


def read_mutations(kind, first, count, folder):
    """Run the reader in a process of its own, which may die; the file that it died of stays in the folder."""
    done = subprocess.run(  # noqa: S603 - this interpreter
        [
            sys.executable,
            str(Path(__file__).with_name("reading_mutations.py")),
            kind,
            str(first),
            str(count),
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 + count * DEADLINE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode in (0, 1), (
        f"the process died with {done.returncode} of {list(folder.iterdir())}: {done.stderr[-400:]}"
    )
    assert done.returncode == 0, done.stdout[:4000] + done.stderr[-400:]


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_give_a_result_or_an_error_of_the_package(kind, tmp_path):
    read_mutations(kind, 0, QUICK, tmp_path)


@pytest.mark.parametrize(("kind", "number"), [("parquet", 22929)])
def test_files_that_once_ended_the_process_are_errors(kind, number, tmp_path):
    """pyarrow ends the process if metadata of a column with damaged statistics is asked for."""
    read_mutations(kind, number, 1, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_very_many_mutated_files_give_a_result_or_an_error_of_the_package(kind, tmp_path):
    total = int(os.environ.get("CARDOCR_MUTATIONS", FULL))
    for first in range(0, total, 2500):
        read_mutations(kind, first, min(2500, total - first), tmp_path)


@pytest.mark.parametrize("kind", ["png", "xml strict", "zip", "ledger"])
def test_mutations_differ_from_the_file_and_from_each_other(kind):
    intact = KINDS[kind][0]()
    assert len({mutated(kind, intact, random.Random(number)) for number in range(50)} - set(intact)) > 40
