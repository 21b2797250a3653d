"""The file of what a person decided, one row a decision, the last one for a field counts.

Every row that was ever written stays in the file. It holds what truly stands on cards: it is readable by its owner alone,
and belongs where the photos belong.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import pandas as pd

from cardocr_nb._atomic import write_atomic
from cardocr_nb.errors import InvalidRequestError

if TYPE_CHECKING:
    import os

ErrorAction: TypeAlias = Literal["accepted", "corrected", "absent", "unreadable"]
"""The reading is right; it was typed anew; nothing stands there; nobody can tell."""

VERDICTS: tuple[str, ...] = get_args(ErrorAction)


@dataclass(frozen=True, slots=True, repr=False)
class Decision:
    """What a person decided about one field of one card.

    Attributes
    ----------
    key, field : str
    verdict : {"accepted", "corrected", "absent", "unreadable"}
    text : str
        What stands on the card; ``""`` where nothing does or nobody can tell.
    job_id : str
        The job whose reading was looked at; ``""`` if it is not known.
    decided : str
        When, as ISO 8601 in UTC.
    """

    key: str
    field: str
    verdict: ErrorAction
    text: str = ""
    job_id: str = ""
    decided: str = ""

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
        if self.path.suffix not in (".csv", ".parquet"):
            raise InvalidRequestError(f"corrections are kept in a .csv or .parquet file, got {str(path)!r}")

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
            if self.path.suffix == ".csv":
                # A spreadsheet that saved the file put a byte order mark in front.
                table = pd.read_csv(self.path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
            else:
                table = pd.read_parquet(self.path)
        except ValueError:
            raise self._foreign() from None  # parsers quote what they choke on
        if not {"key", "field", "verdict", "text"} <= set(table.columns) or not table["verdict"].isin(VERDICTS).all():
            raise self._foreign()
        return table.reindex(columns=list(COLUMNS)).astype("str").fillna("")

    def last(self) -> dict[tuple[str, str], Decision]:
        """The decision that counts, by key and field."""
        return {(d.key, d.field): d for d in (Decision(*row) for row in self.read().itertuples(index=False))}

    def add(self, decision: Decision) -> None:
        """Write one decision. The file is replaced as a whole, so that it is never half written.

        Raises
        ------
        OSError
            The file cannot be written; it is as it was.
        ValueError
            The file holds something else and was left alone.
        """
        before = self.read()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.suffix == ".csv":
            content = _csv(self.path, decision)
        else:
            row = pd.DataFrame([_values(decision)], columns=list(COLUMNS), dtype="str")
            content = pd.concat([before, row], ignore_index=True).to_parquet(None)
        write_atomic(self.path.resolve(), content)

    def truth(self) -> pd.DataFrame:
        """What stands on the cards, for `cardocr_nb.quality.evaluate` with ``complete=False``.

        Returns
        -------
        DataFrame
            ``key, field, text``; the text missing where nothing stands. Fields that nobody could read are left out.
        """
        rows = [(d.key, d.field, d.text) for d in self.last().values() if d.verdict != "unreadable"]
        table = pd.DataFrame(rows, columns=["key", "field", "text"], dtype="str")
        table["text"] = table["text"].mask(table["text"] == "")
        return table

    def _foreign(self) -> ValueError:
        return ValueError(
            f"{self.path} is no file of corrections (columns {', '.join(COLUMNS)}); give another path, it was left as it is"
        )


def now() -> str:
    """The time as it stands in the file."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _values(decision: Decision) -> list[str]:
    return [str(getattr(decision, name)) for name in COLUMNS]


def _csv(path: Path, decision: Decision) -> bytes:
    """The bytes that are there, as they are, and one line more, in the order of the file's own columns."""
    content = path.read_bytes() if path.is_file() else b""
    header = next(csv.reader([content.decode("utf-8-sig").split("\n", 1)[0]]), []) if content else []
    lines = io.StringIO()
    writer = csv.DictWriter(
        lines, header or list(COLUMNS), extrasaction="ignore", quoting=csv.QUOTE_ALL, lineterminator="\n"
    )
    if not header:
        writer.writeheader()
    writer.writerow(dict(zip(COLUMNS, _values(decision), strict=True)))
    ended = content + (b"\n" if content and not content.endswith(b"\n") else b"")
    return ended + lines.getvalue().encode()
