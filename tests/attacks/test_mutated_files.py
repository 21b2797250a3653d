"""A mutated file of any kind gives a result or an error of the package: no crash, no hang, bounded memory."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from mutations import mutated
from reading_mutations import KINDS

QUICK = 40
FULL = 100_000
"""Files of each kind under the marker ``slow``; ``CARDOCR_MUTATIONS`` sets another number."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """Starts processes that read and may die; what they write to stderr is in a file."""
    errors = tmp_path_factory.mktemp("reader") / "errors.txt"
    with (
        errors.open("w") as file,
        subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, str(Path(__file__).with_name("reading_mutations.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        ) as process,
    ):
        process.errors = errors
        yield process
        process.stdin.close()


@pytest.fixture
def read_mutations(reader):
    """Reads files in a process of its own; the file that it died of stays in the folder."""

    def read(kind, first, count, folder):
        reader.stdin.write(json.dumps([kind, first, count, str(folder)]) + "\n")
        reader.stdin.flush()
        answer = reader.stdout.readline()
        said = reader.errors.read_text(errors="replace")[-400:]
        assert answer, said
        code, faults = json.loads(answer)
        assert code == 0, f"the process died with {code} of {list(folder.iterdir())}: {said}"
        assert faults == "", faults[:4000]

    return read


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_give_a_result_or_an_error_of_the_package(kind, tmp_path, read_mutations):
    read_mutations(kind, 0, QUICK, tmp_path)


@pytest.mark.parametrize(("kind", "number"), [("parquet", 22929)])
def test_files_that_once_ended_the_process_are_errors(kind, number, tmp_path, read_mutations):
    """pyarrow ends the process if metadata of a column with damaged statistics is asked for."""
    read_mutations(kind, number, 1, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_very_many_mutated_files_give_a_result_or_an_error_of_the_package(kind, tmp_path, read_mutations):
    total = int(os.environ.get("CARDOCR_MUTATIONS", FULL))
    for first in range(0, total, 2500):
        read_mutations(kind, first, min(2500, total - first), tmp_path)


@pytest.mark.parametrize("kind", ["png", "xml strict", "zip", "ledger"])
def test_mutations_differ_from_the_file_and_from_each_other(kind):
    intact = KINDS[kind][0]()
    assert len({mutated(kind, intact, random.Random(number)) for number in range(50)} - set(intact)) > 40
