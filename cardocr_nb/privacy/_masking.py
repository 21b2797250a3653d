"""Hide what stands on a card, keeping its shape.

A masked text has the length of the text, with spaces and punctuation in their places: enough to see that something was
read and whether it looks right, not what it says. It is no anonymisation: who knows the person may still recognize the
pattern. Names of images (``key``) stay as they are, since they join the frame to the files.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_HIDDEN = r"[^\s\pP]"


@dataclass(frozen=True, slots=True)
class Rule:
    """How many characters at each end of a text stay.

    Attributes
    ----------
    head, tail : int, default 0
        Characters that stay in front and behind.
    least : int, default 1
        Length from which they do; shorter texts are hidden whole, so that a scrap of a reading shows nothing.
    """

    head: int = 0
    tail: int = 0
    least: int = 1


RULES: dict[str, Rule] = {
    "name": Rule(head=1, least=2),
    "address": Rule(head=3, least=7),
    "id_number": Rule(head=4, tail=4, least=15),
    "licence_number": Rule(head=4, tail=4, least=15),
    "nationality": Rule(head=2),
    "vehicle_class": Rule(head=2),
    "issuing_authority": Rule(head=3, least=7),
}
"""What stays of each field; of every other one nothing does."""

_WITH_FIELD = ("text", "truth")
_WHOLE = ("user_data",)


def mask(df: pd.DataFrame) -> pd.DataFrame:
    """Hide the texts of a frame.

    Parameters
    ----------
    df : DataFrame
        Long, with a column ``field``. The columns ``text`` and ``truth`` are masked by the rule of their field,
        ``user_data`` whole.

    Returns
    -------
    DataFrame
        A copy, every other column unchanged.

    Examples
    --------
    >>> frame = pd.DataFrame({"field": ["name", "id_number"], "text": ["样本一", "990101197412010014"]})
    >>> mask(frame).text.tolist()
    ['样**', '9901**********0014']
    """
    result = df.copy()
    for column in (c for c in _WITH_FIELD if c in df.columns):
        fields = df["field"].astype("str").to_numpy(dtype=object)
        hidden = _hidden(df[column], Rule())
        for field, rule in RULES.items():
            rows = fields == field
            if rows.any():
                hidden[rows] = _hidden(df[column][rows], rule)
        result[column] = hidden
    for column in (c for c in _WHOLE if c in df.columns):
        result[column] = _hidden(df[column], Rule())
    return result


def mask_text(text: str, field: str) -> str:
    """Hide one text by the rule of its field.

    Parameters
    ----------
    text : str
    field : str
        Canonical name. Of a field without a line in `RULES` nothing stays.

    Examples
    --------
    >>> mask_text("样本省示例市标本路1号", "address"), mask_text("O型", "blood_group")
    ('样本省********', '**')
    """
    return str(_hidden(pd.Series([text], dtype="str"), RULES.get(field, Rule())).iloc[0])


def _hidden(texts: pd.Series, rule: Rule) -> pd.Series:
    array = pa.array(texts.astype("str"), type=pa.large_string())
    middle = pc.utf8_slice_codeunits(array, rule.head, -rule.tail or None)
    pieces = [
        pc.utf8_slice_codeunits(array, 0, rule.head),
        pc.replace_substring_regex(middle, pattern=_HIDDEN, replacement="*"),
        *([pc.utf8_slice_codeunits(array, -rule.tail, None)] if rule.tail else []),
    ]
    shown = pc.binary_join_element_wise(*pieces, pa.scalar("", pa.large_string()))
    whole = pc.replace_substring_regex(array, pattern=_HIDDEN, replacement="*")
    chosen = pc.if_else(pc.less(pc.utf8_length(array), rule.least), whole, shown)
    return pd.Series(chosen, index=texts.index, dtype="str")
