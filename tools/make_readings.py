"""The readings of the project: ``python tools/make_readings.py data`` draws, reads and stores them again, in some minutes.

Specimens of both cards, spoiled in many ways from not at all to beyond what the embedded engine can read, are drawn into a
folder that is thrown away, and read through `Client.local`. Kept are, below ``readings``: ``truth.csv``, and
``responses.zip`` with the service's answers in XML, one document a card type, condition and strength. A key says how the
picture was spoiled: ``id/blur_noise-0.85/0003.jpg`` has the conditions blur and noise, each at strength 0.85.

The answers are the engine's to the byte, but for what differs from run to run: job ids are made from the keys, the folder's
place is taken out of addresses, and times are made up, spread over the 30 days of June 2026 without regard to the pictures, except that those of reduced resolution
alone all lie in the last ten days, as if another camera had come into use.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import random
import re
import tempfile
import zipfile
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from cardocr_nb import Client, Request
from cardocr_nb.specimen import degrade, draw
from cardocr_nb.specimen._files import TRUTH, jpeg

if TYPE_CHECKING:
    from collections.abc import Iterator

MILD: dict[str, dict[float, int]] = {
    "clean": {0: 12},
    "phone": {0.5: 4, 0.75: 4, 1: 6},
    "blur": {0.5: 2, 1: 4},
    "glare": {0.5: 2, 1: 4},
    "resolution": {0.5: 2, 1: 4},
    "jpeg": {0.5: 2, 1: 4},
    "rotation": {0.5: 2, 1: 4},
    "perspective": {0.5: 2, 1: 4},
    "noise": {0.5: 2, 1: 4},
    "clutter": {1: 4},
    "shadow": {1: 4},
}
"""Cards of each type by condition and strength: what the engine can read."""

HARD: dict[str, dict[str, dict[float, int]]] = {
    "id": {
        "blur_noise": {0.85: 12, 1: 12},
        "blur_resolution_jpeg": {1: 12},
        "blur_resolution_noise": {0.85: 8, 0.9: 8},
        "glare_blur_noise": {0.8: 8, 1: 6},
        "phone_resolution_noise": {1: 12},
        "shadow_resolution_noise": {1: 8},
    },
    "licence": {
        "blur_noise": {0.85: 16, 0.9: 12},
        "blur_resolution_jpeg": {0.9: 12, 1: 8},
        "blur_resolution_noise": {0.7: 8, 0.75: 8},
        "glare_blur_noise": {0.8: 8, 0.9: 6},
        "phone_resolution_noise": {1: 12},
    },
}
"""The same, several conditions together, joined by a low line: at the edge of what it can read, and beyond."""

TYPES = {"id": ("IDCard", 800_000), "licence": ("DriverLicense", 850_000)}
"""Card type of a folder, and the seed before its first card."""

_FIRST = datetime.fromisoformat("2026-06-01T08:00:00+08:00")
_DAYS, _NEW_CAMERA = 30, 20
_EPOCH = (1980, 1, 1, 0, 0, 0)


def plan() -> Iterator[tuple[str, str, dict[str, float], int]]:
    """Key, card type, conditions with their strengths, and seed of every card."""
    for place, (kind, before) in TYPES.items():
        seeds = count(before + 1)
        for name, strengths in (MILD | HARD[place]).items():
            for strength, cards in strengths.items():
                spoiled = dict.fromkeys(name.split("_"), float(strength)) if strength else {}
                for number in range(1, cards + 1):
                    yield f"{place}/{name}-{strength:g}/{number:04d}.jpg", kind, spoiled, next(seeds)


def make(folder: str | Path) -> None:
    """Write ``responses.zip`` and ``truth.csv``; files of these names are replaced."""
    folder = Path(folder) / "readings"
    folder.mkdir(parents=True, exist_ok=True)
    texts: list[tuple[str, str, str, str]] = []
    kinds = {}
    with tempfile.TemporaryDirectory() as parent:
        bucket = Path(parent) / "specimens"
        for key, kind, spoiled, seed in plan():
            specimen = degrade(draw(kind, seed, design="plain"), spoiled, seed)
            path = bucket / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg(specimen.image))
            texts += [(key, kind, field, text) for field, text in specimen.texts.items()]
            kinds[key] = kind
        answers = read(bucket, kinds)
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([TRUTH, *texts])
    with zipfile.ZipFile(folder / "responses.zip", "w") as archive:
        for name, answer in answers.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), answer, zipfile.ZIP_DEFLATED, 9)


def read(bucket: Path, kinds: dict[str, str]) -> dict[str, bytes]:
    """Read the cards of a folder; the answers by the name of the document that keeps them."""
    documents: dict[str, list[str]] = {}
    for key in kinds:
        documents.setdefault(key.rpartition("/")[0], []).append(key)
    answers = {}
    with Client.local(bucket) as client:
        for name, keys in documents.items():
            jobs = client.wait([client.submit(key, card_type=kinds[key]) for key in keys])
            reply = client.transport.send(Request("GET", f"/jobs/{','.join(job.id for job in jobs)}"))
            answer = reply.body.decode()
            for key, job in zip(keys, jobs, strict=True):
                answer = answer.replace(job.id, job_id(key))
            answer = answer.replace(Path(bucket).resolve().parent.as_uri(), "file://")
            answers[f"{name}.xml"] = with_times(answer).encode()
    return answers


def job_id(key: str) -> str:
    """Made from the key."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def with_times(answer: str) -> str:
    """Made-up times in the place of those at which the pictures were read."""

    def rewritten(job: re.Match[str]) -> str:
        key = re.search("<Object>(.*?)</Object>", job[0])[1]
        dice = random.Random(key)
        days = range(_NEW_CAMERA, _DAYS) if "/resolution-" in key else range(_DAYS)
        moment = _FIRST + timedelta(days=dice.choice(days), seconds=dice.randrange(36_000))
        text = job[0]
        for tag, later in (("CreationTime", 0), ("StartTime", 1), ("EndTime", 2)):
            shown = (moment + timedelta(seconds=later)).strftime("%Y-%m-%dT%H:%M:%S%z")
            text = re.sub(f"<{tag}>.*?</{tag}>", f"<{tag}>{shown}</{tag}>", text)
        return text

    return re.sub("<JobsDetail>.*?</JobsDetail>", rewritten, answer, flags=re.DOTALL)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where to, for example: data")
    make(parser.parse_args().folder)
