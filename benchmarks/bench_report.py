"""Time, page size and memory beyond the frame of a report on a million cards.

Run as ``python benchmarks/bench_report.py``, on an idle machine of two cores: the limits are 45 s, 4 GiB and 5 MB for the
frame alone. The reports with truth have a tenth of the cards.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CARDS = {"frame": 1_000_000, "truth": 100_000, "everything": 100_000}
KINDS = tuple(CARDS)


def measure(kind):
    """Print seconds, bytes and the peak of memory beyond the frame, in MiB."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "report"))
    from test_report_size import many_cards

    from cardocr_nb.report import report, summarize

    cards = many_cards(CARDS[kind])
    truth, other = cards[["key", "field", "text"]], cards.copy()
    wrong = other.index % 50 == 0
    cards.loc[wrong, "text"] = "样木"
    options = {
        "frame": {},
        "truth": {"truth": truth, "review": 1, "error": 20},
        "everything": {"truth": truth, "other": other, "review": 1, "error": 20},
    }[kind]
    summarize(cards.head(600))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        page = report(cards, Path(folder) / "report.html", **options)
        took = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"{took:.1f} {page.stat().st_size} {peak // 1024}")


def main():
    """Print a line for each kind of report."""
    print("a report, six rows a card")
    for kind in KINDS:
        ran = subprocess.run(  # noqa: S603 - this file
            [sys.executable, __file__, "--measure", kind], capture_output=True, text=True, check=True
        )
        took, size, peak = ran.stdout.split()
        print(
            f"  {kind:12} {CARDS[kind]:>9,} cards {took:>6} s   {int(size) / 1e6:.2f} MB   {peak:>5} MiB beyond the frame"
        )


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure(sys.argv[-1])
    else:
        main()
