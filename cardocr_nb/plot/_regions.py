"""Scores and failures by position on the card, over a whole batch."""

from __future__ import annotations

import textwrap
import warnings
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from cardocr_nb._card_geometry import LAYOUTS, Layout
from cardocr_nb._text_safety import shown_choice
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.plot._card_coordinates import CardPlaces, card_positions
from cardocr_nb.plot._plot_data import need
from cardocr_nb.plot._plot_fonts import PlotLanguage, plot_language
from cardocr_nb.plot._style import COLORS, MARK, figure_of, new_axes, score_colors, score_norm
from cardocr_nb.quality import CorrelatedErrorsWarning, check, evaluate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from cardocr_nb._settings import Lang
    from cardocr_nb.quality._evaluation import Truth

Value = Literal["score", "failure", "count"]
VALUES = ("score", "failure", "count")

_FINE = 2
"""Cells to the millimeter."""
_FEW = 0.03
"""Rate of the placed cards that must cover a cell; below it the mean is noise."""
_NAMED = 3
_COLUMNS = {"en": 13, "zh": 10}
"""Characters of the note on an inch of the figure, so that no line is wider than a narrow one; Chinese ones are wider."""


def plot_regions(
    df: pd.DataFrame,
    *,
    value: Value = "score",
    card_type: str | None = None,
    truth: Truth | None = None,
    ax: Axes | None = None,
    lang: Lang | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw a heatmap over the card; every photo is first mapped to the card plane, see `card_positions`.

    A lamp that always shines on the same corner, a thumb at the same edge or a cut picture becomes visible at its position
    on the card, independent of the camera angle.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it.
    value : {"score", "failure", "count"}, default "score"
        Mean score of the readings at a position (0–100); rate of failed fields (0–1); or number of readings. A field failed
        if it was not read or fails a check of severity ``error``; with `truth`, if it was not read or is incorrect. It
        counts at its usual position.
    card_type : {"IDCard", "DriverLicense"}, optional
        Card type; by default the only one in the frame.
    truth : DataFrame or path of a CSV file, optional
        True texts, in the columns ``key``, ``field`` and ``text``.
    ax : Axes, optional
        Where to draw; by default a new figure. Its units are millimeters on the card.
    lang : {"en", "zh"}, optional
        Language of everything but texts from cards; by default ``cardocr_nb.options.lang``.
    **kwargs
        For `matplotlib.axes.Axes.imshow`: ``cmap``, ``norm``, ``vmin``, ``vmax``.

    Returns
    -------
    Axes
        Fields far from their usual positions are left out of the map; a note counts them and the cards that could not be
        placed. `card_positions` returns the whole list. The axes stay empty, with a warning, if no card could be placed.

    Raises
    ------
    ValueError
        Unknown `value`; or as `card_positions` and, with truth, `cardocr_nb.quality.evaluate`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> place = {"name": (310, 116), "gender": (310, 250), "id_number": (574, 900)}
    >>> size = {"name": (210, 68), "gender": (54, 58), "id_number": (876, 58)}
    >>> df = pd.DataFrame({"key": "a.jpg", "card_type": "IDCard", "field": [*place], "score": [99, 98, 60]})
    >>> box = np.array([(0, 0), (0, 1), (1, 1), (1, 0)])
    >>> df["polygon"] = [box * size[f] + place[f] for f in place]
    >>> ax = plot_regions(df, lang="en", ax=Figure().subplots())
    >>> float(ax.images[0].get_array().min())
    60.0
    """
    if value not in VALUES:
        raise ValueError(f"value must be one of {', '.join(VALUES)}, got {shown_choice(value, VALUES)}")
    need(df, "field", "polygon", *{"score": ["score"], "failure": ["text"], "count": []}[value])
    language = plot_language(lang)
    template, cells, note = None, None, ""
    if ax is None:
        ax = new_axes(7.6, 5.6)
    if len(df):
        places = card_positions(df, card_type=card_type)
        template = _template(places)
        cells = _cells(df, places, template, value, truth)
        note = _note(places, language, ax)
    if template is None or cells is None:
        ax.set(xticks=[], yticks=[], xlabel=note)
        warnings.warn("no card could be placed; the axes stay empty", UserWarning, stacklevel=2)
        return ax
    _draw_map(ax, cells, template, value, language, kwargs=kwargs)
    _draw_card(ax, template, language, str(places.card_type))
    ax.set_xlabel(note, fontsize="small")
    language.apply_font([ax.xaxis.label])
    return ax


class _Patches(NamedTuple):
    """Upright rectangles on the card, each with a value."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    values: NDArray[np.float64]


def _template(places: CardPlaces) -> Layout | None:
    """The arrangement that most cards have; those of a type have one size."""
    layouts = places.cards["layout"].dropna()
    if layouts.empty:
        return None
    common = str(layouts.mode().iloc[0])
    return next(t for t in LAYOUTS[places.card_type] if t.name == common)


def _cells(
    df: pd.DataFrame, places: CardPlaces, template: Layout | None, value: Value, truth: Truth | None
) -> NDArray[np.float64] | None:
    """Mean over each cell, shape (rows, columns); NaN where too few fields cover it."""
    if template is None:
        return None
    near = ~places.fields["stray"].to_numpy()
    spots = places.places[near]
    found = _Patches(spots.min(axis=1), spots.max(axis=1), np.ones(len(spots)))
    if value == "score":
        scores = places.fields["score"].to_numpy(dtype=float, na_value=np.nan)[near]
        known = ~np.isnan(scores)
        found = _Patches(found.low[known], found.high[known], scores[known])
    elif value == "failure":
        found = _failures(df, places, truth)
    count = _summed(found._replace(values=np.ones(len(found.values))), template)
    enough = count >= max(1.0, _FEW * places.cards["placed"].sum())
    means = count if value == "count" else _summed(found, template) / np.maximum(count, 1)
    return np.where(enough, means, np.nan)


def _failures(df: pd.DataFrame, places: CardPlaces, truth: Truth | None) -> _Patches:
    """The usual position of every expected field of the placed cards, with 1 if it failed."""
    cards = places.cards[places.cards["placed"]]
    boxes = {t.name: t.boxes for t in LAYOUTS[places.card_type]}
    names = [*LAYOUTS[places.card_type][0].boxes]
    usual = np.array([[boxes[layout][f][:4] for f in names] for layout in boxes])
    spots = usual[pd.Index([*boxes]).get_indexer(pd.Index(cards["layout"]))].reshape(-1, 4)
    every = cards.loc[cards.index.repeat(len(names)), ["job_id", "key"]].assign(field=names * len(cards))
    return _Patches(spots[:, :2], spots[:, 2:], (~_identity(every).isin(_succeeded(df, truth))).astype(np.float64))


def _succeeded(df: pd.DataFrame, truth: Truth | None) -> pd.MultiIndex:
    """Job, key and field of all readings that are not known to be incorrect."""
    if truth is not None:
        with warnings.catch_warnings():  # rates by place, and no interval
            warnings.simplefilter("ignore", CorrelatedErrorsWarning)
            cells = evaluate(df, truth).cells
        return _identity(cells[cells["outcome"] == "correct"])
    frame = conform(df)
    checks = check(frame)
    impossible = checks["passed"].eq(other=False).fillna(value=False) & (checks["severity"] == "error")
    read = _identity(frame[frame["field"].notna() & frame["text"].notna()])
    return read[~read.isin(_identity(checks[impossible]))]


def _identity(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([rows[c].astype("str").fillna("") for c in ("job_id", "key", "field")])


def _summed(patches: _Patches, template: Layout) -> NDArray[np.float64]:
    """Sum of the values of the rectangles over each cell, by a two-dimensional cumulative sum over their corners."""
    width, height = (round(_FINE * side) for side in template.size)
    first = np.clip(np.floor(_FINE * patches.low).astype(np.int64), 0, (width, height))
    last = np.clip(np.ceil(_FINE * patches.high).astype(np.int64), 0, (width, height))
    edges = np.zeros((height + 1) * (width + 1))
    for x, y, sign in ((first, first, 1), (last, first, -1), (first, last, -1), (last, last, 1)):
        edges += sign * np.bincount(y[:, 1] * (width + 1) + x[:, 0], weights=patches.values, minlength=len(edges))
    sums: NDArray[np.float64] = edges.reshape(height + 1, width + 1).cumsum(axis=0).cumsum(axis=1)[:-1, :-1]
    return np.round(sums, 9)


def _note(places: CardPlaces, language: PlotLanguage, ax: Axes) -> str:
    placed = int(places.cards["placed"].sum())
    notes = [language.message("placed", placed)]
    if places.left_out:
        notes.append(language.message("not_placed", places.left_out))
    layouts = places.cards["layout"].value_counts()
    if len(layouts) > 1:
        notes.append(language.message("other_layout", int(layouts.iloc[1:].sum())))
    stray = places.outliers
    if len(stray):
        names = language.field_names(stray["field"].head(_NAMED).astype("str"), places.card_type)
        worst = [
            f"{language.printable(str(key))} {names[str(field)]} {offset:.0f} mm"
            for key, field, offset in zip(stray["key"].head(_NAMED), stray["field"], stray["offset"], strict=False)
        ]
        examples = ", ".join(worst) + (", …" if len(stray) > _NAMED else "")
        notes.append(language.message("strays", len(stray), examples=examples))
    columns = max(20, round(_COLUMNS[language.messages.lang] * ax.figure.bbox.width / ax.figure.dpi))
    return "\n".join("\n".join(textwrap.wrap(line, columns)) for line in notes)


def _draw_map(
    ax: Axes,
    cells: NDArray[np.float64],
    template: Layout,
    value: Value,
    language: PlotLanguage,
    *,
    kwargs: dict[str, Any],
) -> None:
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    width, height = template.size
    paper = ax.get_facecolor()
    if value == "score":
        look: dict[str, Any] = {"cmap": score_colors(), "norm": score_norm(pd.Series(cells.ravel()))}
    else:
        ink = COLORS[0] if value == "count" else MARK
        ramp = LinearSegmentedColormap.from_list(f"cardocr_{value}", [_mixed(paper, ink, 0.2), to_rgb(ink)])
        # A map of zeros only needs a scale, too.
        look = {"cmap": ramp, "vmin": 0, "vmax": max(np.nanmax(cells), 1.0 if value == "count" else 0.01)}
    if "norm" in kwargs:
        look = {"cmap": look["cmap"]}
    elif {"vmin", "vmax"} & set(kwargs) and "norm" in look:
        look = {"cmap": look["cmap"], "vmin": look["norm"].vmin, "vmax": look["norm"].vmax}
    image = ax.imshow(
        np.ma.masked_invalid(cells),
        **{"extent": (0, width, height, 0), "interpolation": "nearest", **look, **kwargs},
    )
    image.set_cmap(image.get_cmap().with_extremes(bad=(0, 0, 0, 0)))
    scale = ax.inset_axes((1.02, 0.0, 0.025, 1.0))
    figure_of(ax).colorbar(image, cax=scale, extend="min" if value == "score" else "neither")
    language.label_axes(scale, y={"score": "mean_score", "failure": "failure_rate", "count": "found"}[value])
    if value == "failure":
        language.format_percent(scale.yaxis)
    ax.set(xticks=[], yticks=[], xlim=(-1, width + 1), ylim=(height + 1, -1))
    ax.spines[:].set_visible(False)


def _mixed(one: Any, other: Any, weight: float) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    red, green, blue = (1 - weight) * np.array(to_rgb(one)) + weight * np.array(to_rgb(other))
    return float(red), float(green), float(blue)


def _draw_card(ax: Axes, template: Layout, language: PlotLanguage, card_type: str) -> None:
    import matplotlib as mpl
    from matplotlib.patches import FancyBboxPatch, Rectangle
    from matplotlib.patheffects import withStroke

    ink, line = mpl.rcParams["text.color"], mpl.rcParams["axes.edgecolor"]
    width, height = template.size
    card = FancyBboxPatch((0, 0), width, height, boxstyle="round,pad=0,rounding_size=3", fill=False, edgecolor=line)
    ax.add_patch(card)
    left, top, right, bottom = template.portrait
    ax.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=line, linestyle=":"))
    names = language.field_names(template.boxes, card_type)
    for field, box in template.boxes.items():
        size = box.right - box.left, box.bottom - box.top
        ax.add_patch(Rectangle(box[:2], *size, fill=False, edgecolor=line, linewidth=0.6, linestyle="--"))
        text = ax.text(box.left, box.top - 0.9, names[field], fontsize="x-small", va="bottom", color=ink)
        text.set_path_effects([withStroke(linewidth=2.0, foreground=ax.get_facecolor())])
        language.apply_font([text])
