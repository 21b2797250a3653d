"""What `run` on the embedded service costs over the bare engine: processor time of both on the same pictures, in turn.

Run as ``python benchmarks/bench_embedded.py``. The pictures are drawn specimens in the condition ``phone``, as JPEG files. Bare
is a loop that decodes each file and calls the engine. `run` gets the same files and the same engine, copies the files into the
bucket folder, keeps a ledger in a file and returns a frame. Each round has a new bucket and a new ledger. The last line is
`run` with an engine that takes no time and returns the same fields: what the rest costs a picture.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import cardocr_nb as ocr
from cardocr_nb._images import load_upright
from cardocr_nb.local.engine import Engine
from cardocr_nb.specimen import degrade, draw


class Known:
    """An engine that returns what another one read before, by the size of the picture and one of its rows."""

    def __init__(self, engine, pictures):
        self._fields = {self._name(picture): engine.read(picture, "IDCard") for picture in pictures}

    @staticmethod
    def _name(picture):
        return picture.shape, picture[len(picture) // 2].tobytes()

    def read(self, image, card_type):
        """Return the fields known for a picture."""
        return self._fields[self._name(image)]


def bare(paths, engine):
    """The engine alone: decode and read one file after another."""
    for path in paths:
        engine.read(load_upright(path), "IDCard")


def embedded(paths, engine):
    """The same files through `run`, with a ledger."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ocr.Client.local(Path(folder, "bucket"), reader=engine, create=True) as client,
    ):
        cards = ocr.run(paths, card_type="IDCard", client=client, ledger=Path(folder, "run.sqlite"), progress=False)
        assert cards["key"].nunique() == len(paths)


def measured(function, *arguments):
    """Seconds of processor time of all threads, and seconds by the clock."""
    begun = time.process_time(), time.perf_counter()
    function(*arguments)
    return time.process_time() - begun[0], time.perf_counter() - begun[1]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    engine = Engine()
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for seed in range(options.pictures):
            paths.append(Path(folder, f"{seed:04}.jpg"))
            degrade(draw("IDCard", seed=seed), {"phone": 0.5}, seed=seed).image.save(paths[-1], quality=90)
        known = Known(engine, [load_upright(path) for path in paths])
        figures = {name: [] for name in ("bare engine", "run", "bare without engine", "run without engine")}
        for _ in range(options.rounds):
            for name, function, reader in zip(
                figures, (bare, embedded) * 2, (engine, engine, known, known), strict=True
            ):
                figures[name].append(measured(function, paths, reader))
    for name, rounds in figures.items():
        processor, clock = (statistics.median(column) / options.pictures * 1000 for column in zip(*rounds, strict=True))
        print(f"{name:24} {processor:8.1f} ms of processor time a picture, {clock:8.1f} ms by the clock")
    over = [run[0] / alone[0] - 1 for alone, run in zip(figures["bare engine"], figures["run"], strict=True)]
    print(
        f"run over the bare engine: {statistics.median(over):+.1%} of processor time, from {min(over):+.1%} to {max(over):+.1%}"
    )


if __name__ == "__main__":
    main()
