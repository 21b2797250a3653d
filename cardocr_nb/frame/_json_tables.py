"""Tables in JSON: a list of records, JSON lines, and what ``DataFrame.to_json`` writes, as texts."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from cardocr_nb.cards import known_field
from cardocr_nb.errors import DecodeError
from cardocr_nb.frame._protected_cells import text_of

_FORMS = "a list of records such as {'key': …, 'field': …, 'text': …}, or one record a line"


def is_json(text: str) -> bool:
    """Whether a text begins as a table in JSON does.

    Examples
    --------
    >>> is_json(' [{"key": 1}]'), is_json("key,field,text")
    (True, False)
    """
    begin = text.lstrip("\ufeff \t\r\n")[:200]
    return begin[:1] in ("{", "[") and begin[1:].lstrip()[:1] in ('"', "{", "[", "]", "}")


def table_of_json(text: str, name: str) -> pd.DataFrame:
    r"""Read a table.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for messages.

    Returns
    -------
    DataFrame
        Columns of str; missing where a record has no such member, or null. A mapping of keys to texts by field becomes the columns
        ``key, field, text``. Lists are texts in JSON.

    Raises
    ------
    DecodeError
        It is something else.

    Examples
    --------
    >>> table_of_json('{"key": "a.jpg", "score": 98.0}\n{"key": "b.jpg"}', "a.jsonl").to_dict("list")
    {'key': ['a.jpg', 'b.jpg'], 'score': ['98', nan]}
    >>> table_of_json('{"a.jpg": {"姓名": "样本"}}', "a.json").to_dict("list")
    {'key': ['a.jpg'], 'field': ['姓名'], 'text': ['样本']}
    """
    records = _records(_loaded(text.lstrip("\ufeff"), name))
    if not records or not all(isinstance(record, dict) for record in records):
        raise DecodeError(f"{name} is JSON, but not a table; a table is {_FORMS}")
    columns = list(dict.fromkeys(column for record in records for column in record))
    return pd.DataFrame({str(c): pd.Series([_cell(record.get(c)) for record in records], dtype="str") for c in columns})


def _loaded(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as e:
        where = f" at line {e.lineno} column {e.colno}" if isinstance(e, json.JSONDecodeError) else ""
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        if len(lines) > 1:
            return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        pass
    raise DecodeError(f"{name} begins like JSON and is broken{where}; a table is {_FORMS}")


def _records(found: Any) -> list[Any]:
    if not isinstance(found, dict):
        return found if isinstance(found, list) else []
    if {"columns", "data"} <= set(found) and isinstance(found["columns"], list):  # orient="split"
        return [dict(zip(found["columns"], row, strict=False)) for row in found["data"] if isinstance(row, list)]
    if isinstance(found.get("data"), list):  # orient="table"
        return list(found["data"])
    if not found or not all(isinstance(part, dict) for part in found.values()):
        return [found]
    if "key" in found:  # orient="columns"
        rows = dict.fromkeys(row for part in found.values() for row in part)
        return [{column: part.get(row) for column, part in found.items()} for row in rows]
    if all(known_field(name) is not None for part in found.values() for name in part):
        return [{"key": key, "field": f, "text": text} for key, part in found.items() for f, text in part.items()]
    return list(found.values())  # orient="index"


def _cell(value: Any) -> str | None:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return text_of(value)
