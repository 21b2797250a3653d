"""Dates that a spreadsheet shows as numbers of days, since 1900 or since 1904."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from cardocr_nb.frame._damage_forms import Finding

if TYPE_CHECKING:
    import pandas as pd

_SERIAL = re.compile(r"(?P<day>[0-9]{3,5})(?:\.0)?")
_DATE_OF_A_CARD = r"[0-9]{4}(?:年[0-9]{1,2}月[0-9]{1,2}日|[.\-][0-9]{1,2}[.\-][0-9]{1,2})"
_FIRST_DAY = np.datetime64("1899-12-30")  # day 0 of Excel's date system of 1900, from March 1900 on
_LATER = 1462  # days to 1904-01-01, day 0 of the date system of 1904
_LAST_DAY = 73_050  # 2099-12-31

SERIAL = "a date as number of days (date restored)"
SERIAL_OF_1904 = "a date as number of days since 1904 (date restored)"
SERIAL_LOST = "a date as number of days that disagrees with the number of the card (left out)"
DAYS_IN_DOUBT = "numbers of days next to more dates that none changed (kept)"


def is_serial(word: object) -> bool:
    """Whether a text is a number of days from 1900 to 2099.

    Examples
    --------
    >>> is_serial("27364"), is_serial("27364.0"), is_serial("990101")
    (True, True, False)
    """
    return (
        isinstance(word, str) and _SERIAL.fullmatch(word) is not None and 1 <= int(word.removesuffix(".0")) <= _LAST_DAY
    )


def dates_of_days(texts: list[str], born: list[str], of_birth: list[bool]) -> list[Finding]:
    """Return the dates of numbers of days: in the system that the numbers of the cards show, in that of 1900 by default.

    Parameters
    ----------
    texts : list of str
        Numbers of days.
    born : list of str
        Date of birth that the number of each row's card holds, missing where unknown.
    of_birth : list of bool
        Which rows are dates of birth.

    Examples
    --------
    >>> dates_of_days(["25902"], ["1974-12-01"], [True])[0].text
    '1974-12-01'
    """
    days = [int(text.removesuffix(".0")) for text in texts]
    dates = [[str(_FIRST_DAY + np.timedelta64(day + later, "D")) for later in (0, _LATER)] for day in days]
    pairs = [
        pair.index(known) if birth and isinstance(known, str) and known in pair else None
        for pair, known, birth in zip(dates, born, of_birth, strict=True)
    ]
    shown = {system for system in pairs if system is not None}
    usual = shown.pop() if len(shown) == 1 else (None if shown else 0)
    found = []
    for pair, known, system, birth in zip(dates, born, pairs, of_birth, strict=True):
        chosen = system if system is not None else None if birth and isinstance(known, str) else usual
        if chosen is None:
            found.append(Finding(SERIAL_LOST, None))
        else:
            found.append(Finding((SERIAL, SERIAL_OF_1904)[chosen], pair[chosen]))
    return found


def days_are_doubtful(found: list[Finding], born: list[str], dates: pd.Series) -> bool:
    """Whether numbers of days may be readings: more dates of the column are in forms that no spreadsheet leaves in a cell of a date.

    Parameters
    ----------
    found : list of Finding
        Dates of the numbers of days.
    born : list of str
        Dates of birth that the numbers of the cards hold: where both are equal, the number of days is proven.
    dates : Series of str
        All dates of the column.

    Examples
    --------
    >>> import pandas as pd
    >>> days_are_doubtful([Finding(SERIAL, "1974-12-01")], [""], pd.Series(["25902", "1974年12月1日", "1990年1月1日"]))
    True
    """
    unproven = sum(finding.text != own for finding, own in zip(found, born, strict=True))
    return bool(0 < unproven < dates.dropna().astype("str").str.fullmatch(_DATE_OF_A_CARD).sum())
