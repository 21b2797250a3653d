"""A mutated file of any kind gives a result or an error of the package: no crash, no hang, bounded memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mutations import DEADLINE, KINDS, mutated

QUICK = 60
FULL = 100_000
"""Files of each kind under the marker ``slow``; ``CARDOCR_MUTATIONS`` sets another number."""


def read_mutations(kind, count, seed):
    """Run the reader in a process of its own, which may die."""
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, str(Path(__file__).with_name("mutations.py")), kind, str(count), str(seed)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 + count * DEADLINE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode in (0, 1), f"the process died with {done.returncode}: {done.stderr[-400:]}"
    assert done.returncode == 0, done.stdout[:4000] + done.stderr[-400:]


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_give_a_result_or_an_error_of_the_package(kind):
    read_mutations(kind, QUICK, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_very_many_mutated_files_give_a_result_or_an_error_of_the_package(kind):
    left, seed = int(os.environ.get("CARDOCR_MUTATIONS", FULL)), 2
    while left > 0:
        read_mutations(kind, min(left, 5000), seed)
        left, seed = left - 5000, seed + 1


def test_mutations_differ_from_the_file_and_from_each_other():
    import random

    chance = random.Random(0)
    raw = bytes(range(256)) * 4
    assert len({mutated(raw, chance) for _ in range(50)}) > 45
