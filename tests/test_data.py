"""The files in data/ are what the registry says, and nothing else is there."""

import hashlib

WRITE = "write it anew: (cd data && find . -type f ! -name registry.txt | LC_ALL=C sort | xargs -d '\\n' sha256sum > registry.txt)"


def test_the_registry_lists_every_file_with_its_hash(data):
    lines = (data / "registry.txt").read_text(encoding="utf-8").splitlines()
    listed = {path.removeprefix("./"): digest for digest, path in (line.split("  ", 1) for line in lines)}
    there = {
        path.relative_to(data).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in data.rglob("*")
        if path.is_file() and path.name != "registry.txt"
    }
    assert listed == there, WRITE


def test_every_card_is_small_enough(data):
    cards = sorted((data / "cards").rglob("*.jpg"))
    assert len(cards) == 24
    assert [path.name for path in cards if path.stat().st_size > 150_000] == []
