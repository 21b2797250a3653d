"""The toolkit in one run over sample photos: ``cardocr demo`` or ``python -m cardocr_nb.demo``."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

import cardocr_nb as ocr
from cardocr_nb._cli._console import echo
from cardocr_nb.errors import missing_extra
from cardocr_nb.plot import plot_overlay
from cardocr_nb.privacy import mask
from cardocr_nb.quality import check, summary, tally
from cardocr_nb.report import report as write_report
from cardocr_nb.specimen import Specimen, degrade

CARD_FOLDERS = {"IDCard": "id", "DriverLicense": "licence"}
DEGRADED = 12
"""Photos of each card type that are also read in a degraded copy, so that the readings contain errors."""

_CONDITIONS = (
    {"blur": 0.9, "noise": 0.9},
    {"blur": 1.0, "resolution": 1.0, "jpeg": 1.0},
    {"glare": 1.0, "blur": 0.9, "noise": 0.9},
)


def run_demo(out: Path, *, quick: bool = False) -> None:
    """Read the sample photos, and write table, report and overlays.

    Parameters
    ----------
    out : Path
        Folder to write to; created if it does not exist.
    quick : bool, default False
        Read 8 photos instead of 48.
    """
    if find_spec("rapidocr") is None:  # checked before the photos are copied
        missing_extra("the embedded OCR engine", "local", ModuleNotFoundError("rapidocr"))
    out.mkdir(parents=True, exist_ok=True)
    echo("1 of 3: copy the sample photos, and degrade some of them")
    photos, truth = _photos(out / "photos", 2 if quick else DEGRADED, 4 if quick else None)
    echo(f"2 of 3: read {truth['key'].nunique()} photos with the embedded engine, on this machine")
    with ocr.Client.local(photos) as client:
        keys = {card_type: sorted(of_type["key"].unique()) for card_type, of_type in truth.groupby("card_type")}
        cards = pd.concat(
            [
                ocr.run([photos / key for key in keys[card_type]], card_type=card_type, client=client)
                for card_type in CARD_FOLDERS
            ],
            ignore_index=True,
        )
    echo("3 of 3: check and evaluate the texts, write a report")
    cards["specimen"] = cards["key"].str.removeprefix("degraded/")  # a card and its degraded copy count as one unit
    cards.cardocr.to_parquet(out / "cards.parquet")
    report = write_report(
        cards, out / "report.html", truth=truth, images=photos, precision=0.9, review=1, error=20, groups="specimen"
    )
    overlays = [_overlay(cards, photos, card_type, out) for card_type in CARD_FOLDERS]
    _print_results(cards, truth)
    _print_next(out, report, overlays)


def _photos(folder: Path, degraded: int, limit: int | None) -> tuple[Path, pd.DataFrame]:
    """Copy the sample photos, add degraded copies of the first, and write the truth of all."""
    from PIL import Image

    ocr.load_sample("cards", folder)
    truth = pd.read_csv(folder / "truth.csv", dtype="str")
    copies = []
    for card_type, name in CARD_FOLDERS.items():
        (folder / "degraded" / name).mkdir(parents=True, exist_ok=True)
        for number in range(1, degraded + 1):
            key = f"{name}/{number:04d}.jpg"
            with Image.open(folder / key) as photo:
                clean = Specimen(photo.convert("RGB"), ocr.CardType(card_type), {}, {})
            conditions = _CONDITIONS[number % len(_CONDITIONS)]
            degrade(clean, conditions, number).image.save(folder / "degraded" / key, quality=85)
            copies.append(truth[truth["key"] == key].assign(key=f"degraded/{key}"))
    if limit is not None:
        truth = truth[truth["key"].str.extract(r"(\d+)\.jpg$")[0].astype(int) <= limit - degraded]
    truth = pd.concat([truth, *copies], ignore_index=True)
    truth.to_csv(folder.parent / "truth.csv", index=False)
    return folder, truth


def _overlay(cards: pd.DataFrame, folder: Path, card_type: str, out: Path) -> Path:
    of_type = cards[cards["card_type"] == card_type]
    key = str(of_type["key"].iloc[-1])
    path = out / f"overlay_{CARD_FOLDERS[card_type]}.png"
    figure = plot_overlay(of_type[of_type["key"] == key], folder / key).get_figure(root=True)
    if figure is not None:
        figure.savefig(path, dpi=150, bbox_inches="tight")
    return path


def _print_results(cards: pd.DataFrame, truth: pd.DataFrame) -> None:
    echo("\nFirst fields, texts masked (`cards.cardocr.mask()`):")
    echo(mask(cards)[["key", "field", "text", "score"]].head(8).to_string(index=False))
    echo("\nSummary (`cards.cardocr.summary()`):")
    echo(summary(cards))
    echo("\nChecks without ground truth that failed most (`cards.cardocr.check()`):")
    counts = tally(check(cards))
    echo(counts[counts["severity"] == "error"].iloc[:6, :5].to_string(index=False, na_rep=""))
    echo(
        f"\nAccuracy, since the truth of all {truth['key'].nunique()} photos is known (`cards.cardocr.evaluate(truth)`):"
    )
    echo(
        cards.cardocr.evaluate(truth, groups="specimen")
        .fields[["field", "exact", "low", "high", "cer"]]
        .to_string(index=False)
    )


def _print_next(out: Path, report: Path, overlays: list[Path]) -> None:
    echo(f"\nOpen next: {report.resolve().as_uri()}")
    for path in (out / "cards.parquet", out / "truth.csv", *overlays):
        echo(f"Also written: {path}")
    cardocr, cards, truth = _command(), _quoted(out / "cards.parquet"), _quoted(out / "truth.csv")
    echo("\nTry next:")
    echo(f"  {cardocr} review-queue {cards} --budget 10")
    echo(f"  {cardocr} evaluate {cards} --truth {truth} --groups specimen")
    echo(f"  {cardocr} run YOUR_PHOTOS --card-type IDCard --out cards.parquet --report report.html")


def _command() -> str:
    """The command as the user's shell finds it: ``cardocr``, or this interpreter with ``-m cardocr_nb``."""
    found, python = shutil.which("cardocr"), Path(sys.executable)
    if found and Path(found).parent == python.parent:
        return "cardocr"
    here = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    return f"{_quoted(here)} -m cardocr_nb"


def _quoted(path: Path) -> str:
    return f'"{path}"' if " " in str(path) else str(path)


if __name__ == "__main__":
    from cardocr_nb._cli import main

    sys.exit(main(["demo", *sys.argv[1:]]))
