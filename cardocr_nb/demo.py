"""What the toolkit does, in one run over the specimens of the repository: ``make demo``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

import cardocr_nb as ocr
from cardocr_nb.plot import plot_overlay
from cardocr_nb.privacy import mask
from cardocr_nb.quality import summary
from cardocr_nb.report import report as write_report

CARD_FOLDERS = {"IDCard": "id", "DriverLicense": "licence"}


def main() -> int:
    """Read all specimens and leave table, report and overlays."""
    parser = argparse.ArgumentParser(prog="python -m cardocr_nb.demo", description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=Path("data"), help="folder with cards/ and truth.csv")
    parser.add_argument("out", nargs="?", type=Path, default=Path("build/demo"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    with ocr.Client.local(given.data / "cards") as client:
        cards = pd.concat(
            [
                ocr.run(given.data / "cards" / folder, card_type=card_type, client=client)
                for card_type, folder in CARD_FOLDERS.items()
            ],
            ignore_index=True,
        )

    cards.to_parquet(given.out / "cards.parquet")
    report = write_report(cards, given.out / "report.html", truth=given.data / "truth.csv")
    overlays = [_overlay(cards, given.data / "cards", card_type, given.out) for card_type in CARD_FOLDERS]

    shown = mask(cards)[["key", "field", "text", "score", "polygon"]].head(12)
    print(shown.to_string(index=False))
    print()
    print(summary(cards))
    print()
    for path in (given.out / "cards.parquet", report, *overlays):
        print(f"wrote {path}")
    return int(bool((cards["state"] != "Success").any()))


def _overlay(cards: pd.DataFrame, folder: Path, card_type: str, out: Path) -> Path:
    of_type = cards[cards["card_type"] == card_type]
    key = str(of_type["key"].iloc[-1])
    path = out / f"overlay_{CARD_FOLDERS[card_type]}.png"
    figure = plot_overlay(of_type[of_type["key"] == key], folder / key).get_figure(root=True)
    if figure is not None:
        figure.savefig(path, dpi=150, bbox_inches="tight")
    return path


if __name__ == "__main__":
    sys.exit(main())
