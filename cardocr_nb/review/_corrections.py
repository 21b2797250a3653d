"""The file of reviewers' decisions: one row a decision, the last one on a field counts.

Every row stays in the file, so that decisions of two reviewers on one field can be compared. It contains the true texts of cards: only its owner can read it, and it belongs where the
photos are.
"""

from __future__ import annotations

import csv
import io
import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import pandas as pd

from cardocr_nb._atomic import write_atomic
from cardocr_nb._text_safety import shown_path
from cardocr_nb.errors import DecodeError, InvalidRequestError
from cardocr_nb.frame._protected_cells import protect_formula
from cardocr_nb.frame._text_tables import read_text_table
from cardocr_nb.quality._truth import warn_of_no_text

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Verdict: TypeAlias = Literal["accepted", "corrected", "absent", "unreadable"]
"""The text is correct; the reviewer typed another one; the card has no such field; the card cannot be read."""

VERDICTS: tuple[str, ...] = get_args(Verdict)


def checked_decisions(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of decisions if it has their columns and verdicts.

    Raises
    ------
    ValueError
    """
    lacking = [c for c in ("key", "field", "verdict", "text") if c not in table.columns]
    if lacking:
        raise ValueError(
            f"the corrections have no column {', '.join(lacking)}; pass the file that the review panel wrote"
        )
    if not table["verdict"].isin(VERDICTS).all():
        raise ValueError(f"the corrections have an unknown verdict; it must be one of {', '.join(VERDICTS)}")
    return table


@dataclass(frozen=True, slots=True, repr=False)
class Decision:
    """A decision of a reviewer on one field of one card.

    Attributes
    ----------
    key, field : str
    verdict : {"accepted", "corrected", "absent", "unreadable"}
    text : str
        Text of the card; ``""`` if it has no such field or cannot be read.
    job_id : str
        Job of the reviewed reading; ``""`` if it is not known.
    decided : str
        Time of the decision, as ISO 8601 in UTC.
    selection : str
        How the case was selected: ``audit`` (at random), ``queue`` (likely incorrect ones first), or ``""`` if unknown.
    weight : float or None
        1 / inclusion probability of a case that was selected at random.
    reviewer : str
        Name of the reviewer; ``""`` if it is not known.
    """

    key: str
    field: str
    verdict: Verdict
    text: str = ""
    job_id: str = ""
    decided: str = ""
    selection: str = ""
    weight: float | None = None
    reviewer: str = ""

    def __repr__(self) -> str:
        return f"Decision(key={self.key!r}, field={self.field!r}, verdict={self.verdict!r})"


COLUMNS = tuple(f.name for f in fields(Decision))
"""Columns of the file."""


class Corrections:
    """A file of decisions, CSV or Parquet by its ending.

    Parameters
    ----------
    path : str or Path
        Ends in ``.csv`` or ``.parquet``; made with the first decision.

    Raises
    ------
    InvalidRequestError
        The path has another ending.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Corrections(Path(folder) / "corrections.csv")
    ...     file.add(Decision("front/0001.jpg", "name", "corrected", "样本"))
    ...     file.read()[["key", "field", "verdict"]]
                  key field    verdict
    0  front/0001.jpg  name  corrected
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if self.path.suffix.lower() not in (".csv", ".parquet"):
            raise InvalidRequestError(f"corrections are kept in a .csv or .parquet file, got {shown_path(path)}")

    def read(self) -> pd.DataFrame:
        """Every decision in the order made, all columns ``str``; no rows while there is no file.

        Raises
        ------
        ValueError
            The file holds something else.
        """
        if not self.path.is_file():
            return pd.DataFrame(columns=list(COLUMNS), dtype="str")
        try:
            # A spreadsheet may have saved the file in another encoding and with another separator.
            table = read_text_table(self.path)
        except DecodeError as e:
            raise self._foreign(str(e)) from None
        if not {"key", "field", "verdict", "text"} <= set(table.columns) or not table["verdict"].isin(VERDICTS).all():
            raise self._foreign()
        return table.reindex(columns=list(COLUMNS)).astype("str").fillna("")

    def last(self, reviewer: str = "") -> dict[tuple[str, str], Decision]:
        """The decision that counts, by key and field.

        Parameters
        ----------
        reviewer : str, optional
            Only decisions of this reviewer; by default those of all.
        """
        decisions = (_decision(row) for row in self.read().itertuples(index=False))
        return {(d.key, d.field): d for d in decisions if reviewer in ("", d.reviewer)}

    def add(self, decision: Decision) -> None:
        """Write one decision. The file is replaced as a whole, so that it is never half written.

        Raises
        ------
        OSError
            The file cannot be written; it is as it was.
        ValueError
            The file holds something else and was left alone.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(self.path.resolve().parent):
            before = self.read()
            if self.path.suffix.lower() == ".csv":
                content = _csv(self.path, decision)
            else:
                row = pd.DataFrame([_values(decision)], columns=list(COLUMNS), dtype="str")
                content = pd.concat([before, row], ignore_index=True).to_parquet(None)
            write_atomic(self.path.resolve(), content)

    def truth(self) -> pd.DataFrame:
        """Return the ground truth by these decisions, for `cardocr_nb.quality.evaluate`.

        Returns
        -------
        DataFrame
            ``key, field, text``; the text is missing if the card has no such field. Fields that cannot be read are left
            out, and so are accepted and corrected ones without a text, which are counted in a warning. Where it is known how
            cases were selected, also ``selection`` and ``weight``.
        """
        readable = [d for d in self.last().values() if d.verdict != "unreadable"]
        kept = [d for d in readable if d.verdict == "absent" or d.text.strip()]
        warn_of_no_text(len(readable) - len(kept))
        table = pd.DataFrame([(d.key, d.field, d.text) for d in kept], columns=["key", "field", "text"], dtype="str")
        table["text"] = table["text"].mask(table["text"] == "")
        if any(d.selection or d.weight is not None for d in kept):
            table["selection"] = pd.Series([d.selection for d in kept], dtype="str")
            table["weight"] = pd.Series([d.weight for d in kept], dtype="float64")
        return table

    def _foreign(self, reason: str = "") -> ValueError:
        return ValueError(
            f"{self.path} is not a file of corrections (columns {', '.join(COLUMNS)}); give another path, it was left as it is"
            f"{reason and f' ({reason})'}"
        )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep panels of other reviewers from writing between reading the file and replacing it, where the system can.

    The folder is locked: the file itself is replaced, and a lock on it would go with it.
    """
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network drives have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def now() -> str:
    """Return the time as the file has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _values(decision: Decision) -> list[str]:
    values = (getattr(decision, name) for name in COLUMNS)
    return ["" if value is None else str(value) for value in values]


def _protected(decision: Decision) -> list[str]:
    """Return cells of CSV: no text is a formula where a spreadsheet opens the file."""
    return [protect_formula(value) for value in _values(decision)]


def _decision(row: Iterable[Any]) -> Decision:
    values: dict[str, Any] = dict(zip(COLUMNS, map(str, row), strict=True))
    return Decision(**values | {"weight": _number(values["weight"])})


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None


def _csv(path: Path, decision: Decision) -> bytes:
    """The bytes that are there, as they are, and one line more, in the order of the file's own columns."""
    content = path.read_bytes() if path.is_file() else b""
    header = _header(content)
    further = decision.selection or decision.weight is not None or decision.reviewer
    if content and ("key" not in header or (further and not set(COLUMNS) <= set(header))):
        content = _rewritten(path)
        header = _header(content)
    lines = io.StringIO()
    writer = csv.DictWriter(
        lines, header or list(COLUMNS), extrasaction="ignore", quoting=csv.QUOTE_ALL, lineterminator="\n"
    )
    if not header:
        writer.writeheader()
    writer.writerow(dict(zip(COLUMNS, _protected(decision), strict=True)))
    ended = content + (b"\n" if content and not content.endswith(b"\n") else b"")
    return ended + lines.getvalue().encode()


def _header(content: bytes) -> list[str]:
    """Columns of a file in UTF-8 with commas; none of another, and none of an empty file."""
    try:
        return next(csv.reader([content.decode("utf-8-sig").split("\n", 1)[0]]), [])
    except UnicodeDecodeError:
        return []


def _rewritten(path: Path) -> bytes:
    """Return a file that a spreadsheet or an earlier release wrote as this one does; further columns remain."""
    table = read_text_table(path).fillna("").map(protect_formula).rename(columns=protect_formula)
    lacking = [name for name in COLUMNS if name not in table.columns]
    text = table.assign(**dict.fromkeys(lacking, "")).to_csv(index=False, quoting=csv.QUOTE_ALL, lineterminator="\n")
    return str(text).encode()
