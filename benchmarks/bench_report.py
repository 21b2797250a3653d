"""Time and memory beyond the frame of `summary` and of reports on a million cards with 7.8 rows each; size of the page.

Run as ``python benchmarks/bench_report.py``, on an idle machine of two cores: the limits are 3 s for `summary`, and 45 s,
4 GiB and 5 MB for the report of the frame alone. The reports with truth have a tenth of the cards.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from cardocr_nb.cards import expected_fields
from cardocr_nb.frame import conform
from cardocr_nb.report import report, summarize

CARDS = {"summary": 1_000_000, "frame": 1_000_000, "truth": 100_000, "everything": 100_000}
KINDS = tuple(CARDS)
LICENCES = 0.45
"""Share of driving licenses, which have ten fields; the others have six, so that there are 7.8 rows a card."""


def mixed_cards(count):
    """A frame of identity cards and driving licenses."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "report"))
    from test_report_size import many_cards

    licences = round(count * LICENCES)
    fields = expected_fields("DriverLicense")[:10]
    parts = [
        many_cards(count - licences),
        many_cards(licences, 1, fields=fields, card_type="DriverLicense", folder="licence"),
    ]
    return conform(pd.concat(parts, ignore_index=True))


def measure(kind):
    """Print seconds, bytes and the peak of memory beyond the frame, in MiB."""
    cards = mixed_cards(CARDS[kind])
    truth, other = cards[["key", "field", "text"]], cards.copy()
    wrong = other.index % 50 == 0
    cards.loc[wrong, "text"] = "样木"
    options = {
        "summary": {},
        "frame": {},
        "truth": {"truth": truth, "review": 1, "error": 20},
        "everything": {"truth": truth, "other": other, "review": 1, "error": 20},
    }[kind]
    summarize(cards.head(600))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # sets the peak to the present size, see proc(5)
    before = resident("VmRSS")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        begun = time.perf_counter()
        if kind == "summary":
            cards.cardocr.summary()
        else:
            report(cards, page, **options)
        took = time.perf_counter() - begun
        peak = resident("VmHWM") - before
        print(f"{took:.1f} {page.stat().st_size if page.exists() else 0} {peak // 1024} {len(cards)}")


def resident(figure):
    """Return the resident kilobytes of this process, now or (``VmHWM``) at most."""
    return int(Path("/proc/self/status").read_text(encoding="ascii").partition(f"{figure}:")[2].split()[0])


def main():
    """Print a line for each kind of report."""
    for kind in KINDS:
        ran = subprocess.run(  # noqa: S603 - this file
            [sys.executable, __file__, "--measure", kind], capture_output=True, text=True, check=True
        )
        took, size, peak, rows = ran.stdout.split()
        print(
            f"  {kind:12} {CARDS[kind]:>9,} cards, {int(rows):>9,} rows {took:>6} s   {int(size) / 1e6:.2f} MB   "
            f"{peak:>5} MiB beyond the frame"
        )


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure(sys.argv[-1])
    else:
        main()
