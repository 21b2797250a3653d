"""Search output and files for the texts of cards."""

import html
import re

import pandas as pd

DATA_FILES = {".parquet", ".feather", ".csv", ".sqlite", ".sqlite-wal", ".sqlite-shm", ".jpg", ".png"}
"""Suffixes of files that hold texts on purpose: tables, files of the embedded service, pictures."""


def secrets_of(path):
    """Names, addresses and numbers of a truth, the latter two as all their substrings of 9 characters."""
    truth = pd.read_csv(path, dtype="str")
    found = set()
    for field, text in zip(truth["field"], truth["text"], strict=True):
        if field == "name":
            found.add(text)
        elif field in ("address", "id_number", "licence_number"):
            found |= {text[n : n + 9] for n in range(max(1, len(text) - 8))}
    return found


def leaks(output, secrets):
    """Return the secrets in a text, written plainly or as HTML, JSON or Python escapes."""
    plain = [output, html.unescape(output)]
    plain.append(re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), plain[1]))
    return sorted(secret for secret in secrets if any(secret in each for each in plain))


def leaks_in_files(folder, secrets):
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in DATA_FILES]
    assert files
    return {str(p): found for p in files if (found := leaks(p.read_text("utf-8", "replace"), secrets))}
