"""Helpers of the plots with a line or a row for each field."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from cardocr_nb._text_safety import shown_names
from cardocr_nb.cards import KNOWN_FIELDS
from cardocr_nb.plot._style import figure_of, new_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from cardocr_nb.plot._plot_fonts import PlotLanguage

MOST_LINES = 12
_NARROW = 5.0
"""Width in inches below which a legend to the right leaves no room for the axes."""
EVERY = "all"
"""Name of the rows that count all fields together."""

_FORMER_EVERY = "all fields"


def chosen(table: pd.DataFrame, field: str | Sequence[str] | None) -> pd.DataFrame:
    """Rows of the given fields.

    Parameters
    ----------
    table : DataFrame
        With the column ``field``; ``"all"`` (in tables of former releases: missing) for all fields together.
    field : str, sequence of str or None
        None keeps everything; ``"all"`` names the rows of all fields together.

    Raises
    ------
    ValueError
        A field is not in the table.

    Examples
    --------
    >>> import pandas as pd
    >>> chosen(pd.DataFrame({"field": ["name", None], "cases": [3, 9]}), "name")["cases"].tolist()
    [3]
    """
    named = table.assign(field=table["field"].astype("str").fillna(EVERY))
    if field is None:
        return named
    wanted = [field] if isinstance(field, str) else list(field)
    if _FORMER_EVERY in wanted:
        warnings.warn(f"field={_FORMER_EVERY!r} is now field={EVERY!r}", DeprecationWarning, stacklevel=4)
        wanted = [EVERY if f == _FORMER_EVERY else f for f in wanted]
    unknown = [f for f in wanted if f not in set(named["field"])]
    if unknown:
        raise ValueError(
            f"no field {shown_names(unknown, KNOWN_FIELDS)} in the table; it has {shown_names(named['field'].unique(), KNOWN_FIELDS)}"
        )
    return named[named["field"].isin(wanted)]


def names_of(fields: Sequence[str], language: PlotLanguage) -> dict[str, str]:
    """Names of the fields, all fields together included."""
    names = language.field_names([f for f in fields if f != EVERY])
    return {f: names.get(f, language.messages("word.all_fields")) for f in fields}


def axes_or_new(ax: Axes | None, width: float, height: float) -> Axes:
    """`ax`, or the axes of a new figure."""
    return new_axes(width, height) if ax is None else ax


def warn_empty(what: str) -> None:
    """Warn the caller of the plot that the axes stay empty."""
    warnings.warn(f"there is {what} to draw; the axes stay empty", UserWarning, stacklevel=3)


def add_legend(ax: Axes, language: PlotLanguage, **options: Any) -> None:
    """Add a legend to the right of the axes, on a narrow figure below them, where it covers no line."""
    placing: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
    if figure_of(ax).get_figwidth() < _NARROW:
        placing = {"loc": "upper left", "bbox_to_anchor": (0.0, -0.16)}
    legend = ax.legend(borderaxespad=0.0, fontsize="small", frameon=False, **placing, **options)
    language.apply_font([*legend.get_texts(), legend.get_title()])
