"""OCR accuracy against the strength of blur, tilt, glare and compression, on specimens, through any client."""

from __future__ import annotations

import inspect
import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._keywords import check_keywords
from cardocr_nb._pipeline import run
from cardocr_nb._text_safety import describe
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.quality import evaluate, wilson
from cardocr_nb.quality._bootstrap import with_all
from cardocr_nb.specimen._degradation import check_conditions, degrade
from cardocr_nb.specimen._drawing import draw
from cardocr_nb.specimen._files import jpeg

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes

    from cardocr_nb._client import Client
    from cardocr_nb.specimen._drawing import Specimen

USUAL = ("blur", "perspective", "glare", "resolution", "jpeg")
"""Conditions that are tried when none are named."""

STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Strengths that are tried when none are named."""

_MOST_IMAGES = 250
_NOTHING = "none"
_NAME = re.compile(r"([a-z_]+)-([0-9.e-]+)-[0-9]+\.jpg$")
_STEP = ["condition", "strength"]
_OWN = {"images", "card_type", "client", "max_calls"}


@dataclass(frozen=True, slots=True, repr=False)
class Robustness:
    """Result of `robustness`; its repr holds no text of a card.

    Attributes
    ----------
    points : DataFrame
        One row a condition, strength and field, and one named ``all`` for all fields together: ``condition,
        strength`` (0 to 1), ``field, cases`` on the cards, ``correct, exact`` (their rate) with its interval
        ``low, high``, ``score`` (mean, 0 to 100). Intervals are Wilson's; for all fields together as if there were one
        case an image, since the fields of an image fail together, which makes them rather too wide.
    readings : DataFrame
        All readings, as `cardocr_nb.to_frame` makes it, with ``condition`` (``none`` at strength 0) and ``strength``
        added.
    truth : DataFrame
        ``key, field, text`` as printed on the specimens.
    """

    points: pd.DataFrame
    readings: pd.DataFrame
    truth: pd.DataFrame

    def __str__(self) -> str:
        together = self.points[self.points["field"] == "all"].drop(columns="field")
        return f"{self.readings['key'].nunique()} images\n{together.to_string(index=False)}"

    __repr__ = __str__

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
        """Draw the rate of exact readings over the strength, see `cardocr_nb.plot.plot_robustness`."""
        from cardocr_nb.plot import plot_robustness

        return plot_robustness(self, ax=ax, **kwargs)

    def _repr_html_(self) -> str:
        together = self.points[self.points["field"] == "all"].drop(columns="field")
        return f"<p>{self.readings['key'].nunique()} images</p>{together.to_html(index=False, na_rep='–')}"


def robustness(
    client: Client,
    *,
    card_type: str,
    conditions: Iterable[str] = USUAL,
    strengths: Sequence[float] = STEPS,
    n: int = 8,
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
    max_calls: int = _MOST_IMAGES,
    **options: Any,
) -> Robustness:
    """Measure the rate of exactly recognized fields on specimens that are degraded step by step.

    In the cloud each image is a paid call. There are ``n`` images for each condition and strength above 0, and ``n`` that
    are not degraded, which all conditions share: with the defaults 8 · (5 · 4 + 1) = 168. Nothing is drawn, uploaded or
    paid for when there are more than `max_calls`. The objects stay in the bucket, under the prefix.

    Parameters
    ----------
    client : Client
        Local or cloud.
    card_type : {"IDCard", "DriverLicense"}
    conditions : iterable of str, default blur, perspective, glare, resolution, jpeg
        Names in `cardocr_nb.specimen.CONDITIONS`; several at a time, of equal strength, are joined: ``blur+noise``.
    strengths : sequence of float, default 0, 0.25, 0.5, 0.75, 1
        0 (nothing) to 1; what 1 is, `cardocr_nb.specimen.CONDITIONS` says.
    n : int, default 8
        Specimens; the same ones for every condition and strength.
    seed : int, default 0
        Specimen i is drawn and degraded with the seed ``seed + i``.
    folder : path, optional
        Where the pictures are kept; by default they are removed afterwards.
    max_calls : int, default 250
        At most so many images.
    **options
        As for `cardocr_nb.run`: ``prefix`` (default ``robustness/``), ``ledger``, ``progress`` and others.

    Returns
    -------
    Robustness

    Raises
    ------
    InvalidRequestError
        The condition or card type is unknown, a strength is outside 0 to 1, `n` is less than 1, or there are more
        images than `max_calls`; the message says how many.
    MissingExtraError
        No Chinese font was found.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import cardocr_nb as ocr
    >>> from cardocr_nb.local._stub_reader import StubReader
    >>> with TemporaryDirectory() as bucket, ocr.Client.local(bucket, reader=StubReader()) as client:
    ...     found = robustness(client, card_type="IDCard", conditions=["jpeg"], strengths=[0, 1], n=1, progress=False)
    >>> found.points[["condition", "strength", "cases", "score"]].tail(2)
       condition  strength  cases  score
    12      jpeg       0.0      6   99.0
    13      jpeg       1.0      6   99.0
    """
    check_keywords("robustness", options, [name for name in inspect.signature(run).parameters if name not in _OWN])
    if not hasattr(client, "upload"):
        raise InvalidRequestError(f"client must be a Client, got {describe(client)}")
    names, steps = list(dict.fromkeys(conditions)), sorted({float(s) for s in strengths})
    _check(names, steps, n, max_calls)
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory())) if folder is None else Path(folder)
        truth, paths = _draw(place, card_type, names, steps, range(seed, seed + n))
        # Pictures within the folder of the embedded service are not uploaded; their paths are their keys.
        lies_there = client.folder is not None and place.resolve().is_relative_to(client.folder)
        given = options if lies_there else {"prefix": "robustness/", **options}
        readings = run(paths, card_type=card_type, client=client, max_calls=max_calls, **given)
    found = readings["key"].str.extract(_NAME)
    condition = found[0].str.replace("_", "+", regex=False)
    readings = readings.assign(condition=condition, strength=found[1].astype(float))
    keys = dict(zip(readings["key"].str.split("/").str[-1], readings["key"], strict=True))
    truth["key"] = truth["key"].map(keys)
    return Robustness(_points(readings, truth, names), readings, truth)


def _check(conditions: list[str], strengths: list[float], n: int, max_calls: int) -> None:
    if not conditions or not strengths:
        raise InvalidRequestError("name one condition and one strength or more")
    for condition in conditions:
        for strength in strengths:
            check_conditions(dict.fromkeys(condition.split("+"), strength))
    if n < 1:
        raise InvalidRequestError(f"n must be 1 or more, got {describe(n)}")
    degraded = len([s for s in strengths if s > 0])
    images = n * (len(conditions) * degraded + (0.0 in strengths))
    if images > max_calls:
        raise InvalidRequestError(
            f"{n} specimens, {len(conditions)} conditions and {len(strengths)} strengths are {images} images, each a paid "
            f"call in the cloud, and max_calls is {max_calls}; pass max_calls={images}, or fewer of them"
        )


def _draw(
    folder: Path, card_type: str, conditions: list[str], strengths: list[float], seeds: range
) -> tuple[pd.DataFrame, list[Path]]:
    folder.mkdir(parents=True, exist_ok=True)
    steps = [(c, s) for c in conditions for s in strengths if s > 0]
    if 0.0 in strengths:
        steps.insert(0, (_NOTHING, 0.0))
    rows, paths = [], []
    for seed in seeds:
        flat = draw(card_type, seed)
        for condition, strength in steps:
            # Some servers decode a plus in an address as a space.
            name = f"{condition.replace('+', '_')}-{strength:.6g}-{seed}.jpg"
            (folder / name).write_bytes(jpeg(_degraded(flat, condition, strength, seed).image))
            paths.append(folder / name)
            rows += [(name, field, text) for field, text in flat.texts.items()]
    return pd.DataFrame(rows, columns=["key", "field", "text"]).astype("str"), paths


def _degraded(flat: Specimen, condition: str, strength: float, seed: int) -> Specimen:
    return flat if condition == _NOTHING else degrade(flat, dict.fromkeys(condition.split("+"), strength), seed)


def _points(readings: pd.DataFrame, truth: pd.DataFrame, conditions: list[str]) -> pd.DataFrame:
    cells = evaluate(readings, truth, by=_STEP).cells
    cells = cells[cells["outcome"] != "spurious"]
    cells = cells.assign(correct=cells["outcome"] == "correct", score=cells["score"].astype(np.float64))
    totals = {"cases": ("correct", "size"), "correct": ("correct", "sum"), "score": ("score", "mean")}
    fields = cells.groupby([*_STEP, "field"], observed=True).agg(**totals).reset_index()
    together = cells.groupby(_STEP).agg(**totals, images=("key", "nunique")).reset_index()
    fields["images"] = fields["cases"]
    table = pd.concat([fields, together.assign(field="all")], ignore_index=True)
    table["exact"] = table["correct"] / table["cases"]
    table["low"], table["high"] = wilson(table["exact"] * table["images"], table["images"])
    flat = table[table["condition"] == _NOTHING]
    degraded = table[table["condition"] != _NOTHING]
    table = pd.concat([degraded, *(flat.assign(condition=c) for c in conditions)], ignore_index=True)
    table["field"] = table["field"].astype(with_all(fields["field"].dtype))
    table["condition"] = pd.Categorical(table["condition"], conditions)
    table = table.sort_values(["field", *_STEP], ignore_index=True).astype({"condition": "str"})
    return table[[*_STEP, "field", "cases", "correct", "exact", "low", "high", "score"]]
