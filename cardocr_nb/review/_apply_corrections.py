"""Put the decisions of a review back into the frame."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cardocr_nb._field_words import listed_fields
from cardocr_nb._key_forms import mismatch
from cardocr_nb._text_safety import shown_path
from cardocr_nb.cards import KNOWN_FIELDS, field_name
from cardocr_nb.frame._blank_texts import without_blanks
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.frame._protected_cells import cell_texts
from cardocr_nb.frame._spreadsheet_damage import (
    KEY,
    birth_dates,
    restored_keys,
    undo_excel,
    warn_of_damage,
    warn_of_unnamed,
)
from cardocr_nb.frame._text_tables import read_text_table
from cardocr_nb.quality._truth import warn_of_no_text
from cardocr_nb.report._workbook import from_excel
from cardocr_nb.review._corrections import Corrections, checked_decisions

if TYPE_CHECKING:
    from cardocr_nb.review._panel import Review

_OTHER_FILES = (".json", ".jsonl", ".ndjson", ".gz")
"""Suffixes of corrections that another program wrote; those of the panel are kept in a file that it can replace."""


def correct(
    df: pd.DataFrame, corrections: str | os.PathLike[str] | pd.DataFrame | Corrections | Review
) -> pd.DataFrame:
    """Put the decisions of a review into a frame, so that exports, reports and accuracy follow them.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    corrections : path, DataFrame, Corrections or Review
        File that `cardocr_nb.review.review` wrote, its table (``key, field, verdict, text``), the panel itself, or a workbook
        of `cardocr_nb.report.to_excel` in which the sheet ``corrections`` was filled. The last decision on a field counts.

    Returns
    -------
    DataFrame
        A copy with a column ``source``: ``person`` where a person accepted or corrected the text, or decided that the card
        has no such field (the text is then missing); ``service`` elsewhere. An accepted field without a text keeps that of the
        frame; a corrected one without a text is not decided. A field that the service did not read gets a
        row of its own. Unreadable fields stay as the service returned them. Scores are those of the service. If reviewers
        are named, a column ``reviewer`` has the name of the one whose decision counts.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The corrections lack a column or have an unknown verdict.

    Warns
    -----
    UserWarning
        The corrections name keys or fields that the frame does not have, or lack a key, a field or the corrected text.
    ExcelDamageWarning
        A spreadsheet changed keys or texts of the corrections; they are restored or left out, and counted.

    See Also
    --------
    cardocr_nb.review.truth : The decisions as ground truth, for `cardocr_nb.quality.evaluate`.

    Examples
    --------
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> cards = to_frame(CardResult((Field("姓名", "样木", 61), Field("性别", "男", 99)), key="1.jpg"))
    >>> decided = pd.DataFrame({"key": ["1.jpg"], "field": ["name"], "verdict": ["corrected"], "text": ["样本"]})
    >>> correct(cards, decided)[["field", "text", "source"]]
        field text   source
    0    name   样本   person
    1  gender    男  service
    """
    frame = conform(df).reset_index(drop=True)
    decided = decided_texts(corrections, frame["key"])
    _warn_of_unknown_keys(decided["key"], frame["key"])
    _warn_of_unknown_fields(decided["field"], frame["field"])
    decided = decided[(decided["verdict"] != "unreadable") & decided["key"].isin(frame["key"])]
    decided = _with_texts(decided)
    cells = [*zip(decided["key"].astype("str"), decided["field"].astype("str"), strict=True)]
    by_field = {
        cell: str(text) if isinstance(text, str) else None for cell, text in zip(cells, decided["text"], strict=True)
    }
    as_read = {cell for cell, text, verdict in zip(cells, decided["text"], decided["verdict"], strict=True)
               if verdict == "accepted" and not isinstance(text, str)}  # fmt: skip
    reviewer = dict(zip(cells, _reviewers(decided), strict=True))
    pairs = list(zip(frame["key"].astype("str"), frame["field"].astype("str"), strict=True))
    hit = pd.Series([pair in by_field for pair in pairs], index=frame.index, dtype=bool)
    found = frame["source"].astype("str") if "source" in frame else pd.Series("service", index=frame.index, dtype="str")
    frame["source"] = found.mask(hit, "person")
    if any(reviewer.values()):
        names = frame["reviewer"] if "reviewer" in frame else pd.Series(pd.NA, index=frame.index, dtype="str")
        frame["reviewer"] = names.mask(hit, pd.Series([reviewer.get(pair) for pair in pairs], dtype="str"))
    changed = hit & pd.Series([pair not in as_read for pair in pairs], index=frame.index, dtype=bool)
    frame["text"] = frame["text"].mask(changed, pd.Series([by_field.get(pair) for pair in pairs], dtype="str"))
    missing = [(pair, text) for pair, text in by_field.items() if text is not None and pair not in set(pairs)]
    if not missing:
        return frame
    first = frame.drop_duplicates("key").set_index(frame.drop_duplicates("key")["key"].astype("str"))
    kept = [c for c in ("job_id", "key", "image", "card_type", "state") if c in frame]
    rows = first.loc[[key for (key, _), _ in missing], kept].reset_index(drop=True)
    rows["field"], rows["text"] = [field for (_, field), _ in missing], [text for _, text in missing]
    rows["source"] = "person"
    if "reviewer" in frame:
        rows["reviewer"] = pd.Series([reviewer[pair] for pair, _ in missing], dtype="str")
    return conform(pd.concat([frame, conform(rows)], ignore_index=True))


def _with_texts(decided: pd.DataFrame) -> pd.DataFrame:
    """Return decisions with empty texts missing, without corrections to an empty text: they decide nothing, *absent* does."""
    texts = without_blanks(decided["text"].astype("str")).mask(decided["verdict"] == "absent")
    empty = (decided["verdict"] == "corrected") & texts.isna()
    warn_of_no_text(int(empty.sum()), stacklevel=4)
    return decided.assign(text=texts)[~empty]


def _warn_of_unknown_keys(given: pd.Series, known: pd.Series) -> None:
    keys = given.dropna().drop_duplicates()
    absent = keys[~keys.isin(known)]
    if len(absent):
        warnings.warn(
            f"{len(absent)} of {len(keys)} keys of the corrections are not in the frame, and their decisions are left out; "
            + mismatch("the frame", known.dropna().drop_duplicates(), "the corrections", absent),
            UserWarning,
            stacklevel=3,
        )


def _warn_of_unknown_fields(given: pd.Series, known: pd.Series) -> None:
    """Warn of fields that no card type and no card of the frame has: correct() would add them to the cards."""
    names = sorted(set(given.dropna()) - set(KNOWN_FIELDS) - set(known.dropna().astype("str")))
    if names:
        warnings.warn(
            f"{int(given.isin(names).sum())} corrections have a field that no card of the frame has, {listed_fields(names[:10])}, and "
            "become rows of their own; is the name misspelled?",
            UserWarning,
            stacklevel=3,
        )


def decided_texts(
    corrections: str | os.PathLike[str] | pd.DataFrame | Corrections | Review, known: pd.Series
) -> pd.DataFrame:
    """Return the last decisions as texts; those whose text a spreadsheet damaged beyond repair are counted and left out.

    Parameters
    ----------
    corrections : path, DataFrame, Corrections or Review
    known : Series of str
        Keys of the frame, for keys that lost their zeros.
    """
    decided = _last_decisions(corrections).reset_index(drop=True)
    words, keys = cell_texts(decided["text"]), cell_texts(decided["key"])
    names = {label: field_name(str(label)) for label in decided["field"].dropna().unique()}
    decided["field"] = decided["field"].map(names).astype("str")
    texts, counts = undo_excel(
        words, decided["field"], true=True, born=lambda: birth_dates(words, decided["field"], keys)
    )
    distinct = pd.Index(keys.dropna().unique(), dtype="str")
    restored, lost = restored_keys(distinct, known)
    warn_of_damage(counts | ({KEY: lost} if lost else {}), "the corrections", stacklevel=4)
    keys = keys.map(dict(zip(distinct, restored, strict=True))) if lost else keys
    return decided.assign(key=keys, text=texts)[texts.notna() | words.isna()]


def _reviewers(decided: pd.DataFrame) -> list[str | None]:
    """Name of the reviewer of each decision, None if it is not known."""
    if "reviewer" not in decided:
        return [None] * len(decided)
    return [str(name) if isinstance(name, str) and name else None for name in decided["reviewer"]]


def _last_decisions(corrections: str | os.PathLike[str] | pd.DataFrame | Corrections | Review) -> pd.DataFrame:
    """The decisions as a table, the last one on a field only."""
    if isinstance(corrections, (str, os.PathLike)):
        if not Path(corrections).is_file():
            raise FileNotFoundError(f"there is no file of corrections {shown_path(str(corrections))}")
        path = Path(corrections)
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            corrections = _of_workbook(path)
        else:
            corrections = read_text_table(path) if path.name.lower().endswith(_OTHER_FILES) else Corrections(path)
    if not isinstance(corrections, (pd.DataFrame, Corrections)):
        corrections = corrections.session.file
    table = corrections.read() if isinstance(corrections, Corrections) else corrections
    table = checked_decisions(table)
    named = warn_of_unnamed(table, ("key", "field"), "the corrections", stacklevel=5)
    return table[named].drop_duplicates(["key", "field"], keep="last")


def _of_workbook(path: Path) -> pd.DataFrame:
    """Return the decisions of a workbook: of its first sheet, or of the sheet ``corrections`` of `to_excel`."""
    table = read_text_table(path)
    return table if "verdict" in table.columns else from_excel(path, sheet="corrections")
