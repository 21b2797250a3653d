"""Calibrators as files: JSON with a version, read strictly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._special_files import refuse_special_file
from cardocr_nb.quality._calibration_fit import METHODS, SCORES

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

FORMAT = "cardocr_nb calibrator"
VERSION = 1

_COUNTS = ("cases", "correct")
_ERRORS = ("ece_score", "brier_score", "ece", "brier")
_RATES = ("caught_alone", "caught", "warned", "warned_precision", *_ERRORS)
_KEYS = {"field", "method", *_COUNTS, *_RATES, "probabilities"}


def long(field: pd.Series, maps: Sequence[NDArray[np.float64]]) -> pd.DataFrame:
    """Put maps into one table, ``field, score, probability``.

    Examples
    --------
    >>> len(long(pd.Series(["name"]), [np.full(101, 0.5)]))
    101
    """
    return pd.DataFrame(
        {
            "field": field.array.take(np.repeat(np.arange(len(field)), len(SCORES))),
            "score": np.tile(SCORES, len(field)),
            "probability": np.concatenate([np.empty(0), *maps]),
        }
    )


def write(path: str | os.PathLike[str], fields: pd.DataFrame, table: pd.DataFrame) -> Path:
    """Write maps, see `cardocr_nb.quality.Calibrator.save`."""
    maps = table["probability"].to_numpy(np.float64).reshape(len(fields), len(SCORES))
    records = [
        {**row, "probabilities": values.tolist()}
        for row, values in zip(fields.astype({"field": "str"}).to_dict("records"), maps, strict=True)
    ]
    document = {"format": FORMAT, "version": VERSION, "fields": records}
    path = Path(path)
    path.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n", encoding="utf-8")
    return path


def read(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read maps, see `cardocr_nb.quality.Calibrator.load`."""
    refuse_special_file(path)
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise _refused(path, "it is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _refused(path, f"its format is not {FORMAT!r}")
    if document.get("version") != VERSION:
        raise _refused(path, f"this release reads version {VERSION}, not {document.get('version')!r}")
    records = document.get("fields")
    if set(document) != {"format", "version", "fields"} or not isinstance(records, list):
        raise _refused(path, "it does not hold format, version and a list of fields")
    for number, record in enumerate(records, 1):
        fault = _fault(record)
        if fault:
            raise _refused(path, f"field {number} {fault}")
    names = [record["field"] for record in records]
    if len(set(names)) < len(names):
        raise _refused(path, "it holds a field twice")
    fields = pd.DataFrame(
        [{k: v for k, v in record.items() if k != "probabilities"} for record in records],
        columns=["field", "method", *_COUNTS, *_RATES],
    ).astype({"field": pd.CategoricalDtype(pd.Index(names, dtype="str")), **dict.fromkeys(_RATES, np.float64)})
    maps = [np.array(record["probabilities"], dtype=np.float64) for record in records]
    return fields.astype(dict.fromkeys(_COUNTS, np.int64)), long(fields["field"], maps)


def _fault(record: Any) -> str:
    """What is wrong with a field's record; nothing if it is sound."""
    if not isinstance(record, dict) or set(record) != _KEYS:
        return f"does not hold {', '.join(sorted(_KEYS))}"
    if not isinstance(record["field"], str) or not record["field"]:
        return "has no name"
    if record["method"] not in METHODS:
        return f"has a method other than {', '.join(METHODS)}"
    cases, correct = (record[name] for name in _COUNTS)
    if not (_is_count(cases) and _is_count(correct) and 0 <= correct <= cases):
        return "has counts that cannot be"
    if not all(_is_share(record[name]) for name in _RATES):
        return "has an error that is not a number from 0 to 1"
    values = record["probabilities"]
    if not isinstance(values, list) or len(values) != len(SCORES) or not all(map(_is_share, values)):
        return f"does not hold {len(SCORES)} probabilities from 0 to 1"
    return "has probabilities that fall as the score rises" if values != sorted(values) else ""


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1


def _refused(path: str | os.PathLike[str], why: str) -> ValueError:
    return ValueError(f"{Path(path).name} is not a usable calibrator: {why}; write one with Calibrator.save")
