"""Mask texts: replace their characters by ``*`` and keep their length.

Spaces and punctuation stay in their places, so that a reader sees whether something was read and whether its shape is
plausible. Masking is not anonymization: a reader who knows the person may recognize the pattern. Names of images
(``key``) stay as they are, since they join the frame to the files.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cardocr_nb.frame._frame_schema import refuse_doubled_columns
from cardocr_nb.frame._table_origin import with_texts
from cardocr_nb.privacy._service_texts import FieldNames, mask_service_texts, refuse_without_fields, text_columns

_MASKED_CHARACTERS = r"[^\s\pP]"


@dataclass(frozen=True, slots=True)
class Rule:
    """Number of characters that stay visible at each end of a text.

    Attributes
    ----------
    head, tail : int, default 0
        Number of visible characters at the start and at the end.
    least : int, default 1
        Shortest text that shows any; shorter texts are masked whole, so that a partial reading shows nothing.
    kind : str, default ""
        Regular expression (RE2) of the texts that the field can hold. Any other text, such as a name in the field of the
        vehicle class, is masked whole.
    """

    head: int = 0
    tail: int = 0
    least: int = 1
    kind: str = ""


_NUMBER = r"^[0-9]{4,}[0-9Xx ]*$"

RULES: dict[str, Rule] = {
    "name": Rule(head=1, least=2, kind=r"^(?:[\p{Han}·•]+|[A-Za-z][A-Za-z .'-]*)$"),
    "address": Rule(head=3, least=7, kind=r"^\p{Han}{3}.*[省市区县旗州镇乡村路街巷号]"),
    "id_number": Rule(head=2, tail=2, least=15, kind=_NUMBER),
    "licence_number": Rule(head=2, tail=2, least=15, kind=_NUMBER),
    "nationality": Rule(head=2, kind=r"^(?:中国|中华人民共和国|CHN|China|CHINA)$"),
    "vehicle_class": Rule(head=2, kind=r"^(?:[A-FMNP][1-3]?)+$"),
    "issuing_authority": Rule(head=3, least=7, kind=r"^\p{Han}{3}.*(?:公安|交警|车管|[局厅队所])"),
}
"""Visible characters by field; a field without a rule is masked whole. Of a number two characters stay at each end: with four,
a birth date and the check digit leave a few dozen candidates."""

_FULLY_MASKED_COLUMNS = ("user_data",)


def mask(df: pd.DataFrame) -> pd.DataFrame:
    """Mask the texts of a frame.

    Parameters
    ----------
    df : DataFrame
        Long, with a column ``field``. The columns ``text`` and ``truth``, and those that begin with ``text_`` and ``truth_``,
        are masked by the rule of their field, ``user_data`` whole; labels, names of fields, codes and messages where they are
        not made of known words.

    Returns
    -------
    DataFrame
        A copy, every other column unchanged.

    Raises
    ------
    InvalidRequestError
        The frame has no column ``field``.

    Examples
    --------
    >>> frame = pd.DataFrame({"field": ["name", "id_number"], "text": ["样本一", "990101197412010014"]})
    >>> mask(frame).text.tolist()
    ['样**', '99**************14']
    """
    refuse_doubled_columns(df)
    refuse_without_fields(df, "mask")
    df = with_texts(df)
    result = mask_service_texts(df, FieldNames(reveal=False, words=True))
    for column in text_columns(df):
        fields = df["field"].astype("str").to_numpy(dtype=object)
        masked = _masked(df[column], Rule())
        for field, rule in RULES.items():
            rows = fields == field
            if rows.any():
                masked[rows] = _masked(df[column][rows], rule)
        result[column] = masked
    for column in (c for c in _FULLY_MASKED_COLUMNS if c in df.columns):
        result[column] = _masked(df[column], Rule())
    return result


def mask_text(text: str, field: str) -> str:
    """Mask one text by the rule of its field.

    Parameters
    ----------
    text : str
    field : str
        Canonical name. A field without a rule in `RULES` is masked whole.

    Examples
    --------
    >>> mask_text("样本省示例市标本路1号", "address"), mask_text("O型", "blood_group")
    ('样本省********', '**')
    """
    return str(_masked(pd.Series([text], dtype="str"), RULES.get(field, Rule())).iloc[0])


def _masked(texts: pd.Series, rule: Rule) -> pd.Series:
    array = pa.array(texts.astype("str"), type=pa.large_string())
    middle = pc.utf8_slice_codeunits(array, rule.head, -rule.tail or None)
    pieces = [
        pc.utf8_slice_codeunits(array, 0, rule.head),
        pc.replace_substring_regex(middle, pattern=_MASKED_CHARACTERS, replacement="*"),
        *([pc.utf8_slice_codeunits(array, -rule.tail, None)] if rule.tail else []),
    ]
    shown = pc.binary_join_element_wise(*pieces, pa.scalar("", pa.large_string()))
    full = pc.replace_substring_regex(array, pattern=_MASKED_CHARACTERS, replacement="*")
    hidden = pc.less(pc.utf8_length(array), rule.least)
    if rule.kind:
        hidden = pc.or_(hidden, pc.invert(pc.match_substring_regex(array, rule.kind)))
    chosen = pc.if_else(hidden, full, shown)
    return pd.Series(chosen, index=texts.index, dtype="str")
