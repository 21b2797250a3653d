"""Every reading read once more by the embedded engine."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from cardocr_nb.cards import CardType, known_field
from cardocr_nb.frame._flatten import to_frame
from cardocr_nb.frame._frame_schema import empty
from cardocr_nb.plot._image_sources import picture_source
from cardocr_nb.plot._picture_identity import FOLDER, Identity, by_print, condemned, identity
from cardocr_nb.plot._reading_corners import reading_corners
from cardocr_nb.privacy._service_texts import with_shown_fields
from cardocr_nb.quality import audit_sample, compare, estimate_errors, review_queue
from cardocr_nb.quality._cells import refuse_parts
from cardocr_nb.quality._comparison import first_readings
from cardocr_nb.quality._error_estimate import RIGHT, WRONG, assumed, judged_pairs
from cardocr_nb.rereading._all_cores import engine_for, on_all_cores
from cardocr_nb.rereading._completion import completed
from cardocr_nb.rereading._kept_readings import KeptReadings, fingerprint
from cardocr_nb.rereading._pictures import UnfinishedWarning, card_photo, not_found, others_found
from cardocr_nb.rereading._same_card import OTHER_NUMBER, in_the_same_places, same_card
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from cardocr_nb.plot._image_sources import Images, Photo

DISAGREE = "readers_disagree"
"""Reason in the review queue."""

_NAMES = ("service", "embedded")
_READERS = {"first": _NAMES[0], "second": _NAMES[1], "mean": "mean"}
_AGREEMENT = ("field", "pairs", "agree", "share", "low", "high", "only_left", "only_right")


@dataclass(frozen=True, slots=True, repr=False)
class SecondOpinion:
    """Result of `second_opinion`; its repr holds no text of a card.

    Attributes
    ----------
    agreement : DataFrame
        One row a field: ``pairs`` (a text of either reader), ``agree``, their rate ``share`` with its exact interval ``low, high``,
        ``only_service, only_embedded`` (a text of one reader).
    errors : DataFrame
        Error rates of both readers and their mean, with intervals: see `cardocr_nb.quality.estimate_errors`. ``reader`` is
        ``service``, ``embedded`` or ``mean``. Its column ``assumed`` says what the intervals take for granted of the two readers.
    queue : DataFrame
        The compared cards as `cardocr_nb.quality.review_queue` has them, the fields with different texts first: those in which a check
        refutes the service, those that are open, those that one reader alone has read, those in which a check confirms the service.
        Their first reason is ``readers_disagree``.
    readings : DataFrame
        What the embedded engine read, columns as in `cardocr_nb.to_frame`.
    assumption : str
        What the estimate takes for granted, in a sentence.
    """

    agreement: pd.DataFrame
    errors: pd.DataFrame
    queue: pd.DataFrame
    readings: pd.DataFrame
    assumption: str

    def __str__(self) -> str:
        return "\n".join([*(t.to_string(index=False) for t in self._shown()), self.assumption])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        tables = "".join(t.to_html(index=False, na_rep="–") for t in self._shown())
        return f"{tables}<p>{self.assumption}</p>"

    def _shown(self) -> list[pd.DataFrame]:
        return [with_shown_fields(t) for t in (self.agreement, self.errors.drop(columns="assumed"))]


def second_opinion(
    df: pd.DataFrame,
    images: Images | None = None,
    n: int | None = None,
    *,
    truth: pd.DataFrame | str | os.PathLike[str] | None = None,
    shared: float = 0.1,
    service_corrects: bool = False,
    confidence: float = 0.95,
    seed: int = 0,
    results: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> SecondOpinion:
    """Read the cards once more with the embedded engine, without network, and estimate how often each reader is wrong.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it. Cards without a text of the service are left out, and so are fields that
        `complete` has filled in (``read_by`` is ``embedded``).
    images : path, files, mapping or client, optional
        Folder below which the keys lie, list or column of files, picture of each key, or a client, which fetches them from
        its bucket. By default the files in the column ``image``.
    n : int, optional
        Number of cards, drawn at random as by `cardocr_nb.quality.audit_sample`; all by default.
    truth : DataFrame or path, optional
        Texts of some fields, for example the decisions of a person on the first rows of ``queue``.
    shared : float, default 0.1
        Largest part of the errors of a reader that the other makes alike and no check finds, 0 to below 1.
    service_corrects : bool, default False
        Whether the service corrects numbers by their check digit; the embedded engine does.
    confidence : float, default 0.95
        Of the intervals.
    seed : int, default 0
        The same seed draws the same cards.
    results : path, optional
        File in which the readings of the engine are kept. The same call reads only the cards that are not in it, also after
        the process was killed. It contains texts of cards; its mode is 0600.
    progress : bool, default True
        Show a bar.

    Returns
    -------
    SecondOpinion
        Assumptions and meaning of the estimate: `cardocr_nb.quality.estimate_errors`.

    Raises
    ------
    MissingExtraError
        The extra ``local`` is not installed.
    TypeError
        The frame is one of Dask.
    ValueError
        No card was read, no picture was found or all are others than the service read, the engine read nothing on them,
        `n` is below 1, or the file for results contains something else.

    Warns
    -----
    UnfinishedWarning
        Pictures are missing, damaged or others than the service read (see the notes of `complete`), or the call was
        interrupted: the result is of the other cards.

    Examples
    --------
    >>> from cardocr_nb import CardResult, Field, to_frame
    >>> from cardocr_nb.specimen import draw
    >>> card = draw("IDCard", 7)
    >>> fields = (Field("姓名", "样木", 99), Field("性别", card.texts["gender"], 99))
    >>> cards = to_frame(CardResult(fields, key="1.jpg", status=1)).assign(card_type="IDCard")
    >>> opinion = second_opinion(cards, {"1.jpg": card.image}, progress=False)
    >>> opinion.queue[["rank", "field", "reasons"]].head(1)
       rank field           reasons
    0     1  name  readers_disagree
    """
    refuse_parts(df)
    images = images if images is None else picture_source(images)
    frame = first_readings(df)
    known = frame["card_type"].isin([str(kind) for kind in CardType])
    by_service = known & frame["text"].notna() & ~completed(frame)
    frame = frame[frame["key"].isin(frame.loc[by_service, "key"])].reset_index(drop=True)
    if frame.empty:
        raise ValueError(
            "the frame has no card with a key, a card type and a text of the service (complete() fills in texts of the embedded "
            "engine); pass the frame that run() returned"
        )
    if n is not None:
        frame = frame[frame["key"].isin(audit_sample(frame, n, unit="card", seed=seed)["key"])].reset_index(drop=True)
    readings, trouble = _read_again(frame, images, results, progress=progress)
    if readings["text"].isna().all():
        raise ValueError(
            trouble
            or f"the embedded engine read no text on the {readings['key'].nunique()} pictures; do they show cards of the "
            "type in the column card_type?"
        )
    if trouble:
        warnings.warn(f"{trouble}; the result is of the other cards", UnfinishedWarning, stacklevel=3)
    frame = frame[frame["key"].isin(readings["key"])].reset_index(drop=True)
    corrects = (service_corrects, True)
    first, second = _without_completed(frame, readings)
    compared = compare(first, second)
    names = {"only_left": "only_service", "only_right": "only_embedded"}
    errors = estimate_errors(first, second, truth, shared=shared, corrects=corrects, confidence=confidence)
    return SecondOpinion(
        agreement=compared.fields[list(_AGREEMENT)].rename(columns=names),
        errors=errors.assign(reader=errors["reader"].map(_READERS), assumed=assumed(shared, corrects, _NAMES)),
        queue=_queue(frame, compared.flips, judged_pairs(first, second, truth, corrects=corrects)),
        readings=readings,
        assumption=_assumption(shared, confidence, service_corrects=service_corrects),
    )


def _assumption(shared: float, confidence: float, *, service_corrects: bool) -> str:
    """State what the estimate takes for granted; `cardocr_nb.quality.estimate_errors` has the reasons.

    Examples
    --------
    >>> print(_assumption(0.1, 0.95, service_corrects=False))
    Assumed: at most 10 % of a reader's errors are made alike by the other and found by no check; the printed numbers are right; the embedded engine corrects numbers by their check digit, the service does not; cards are independent. Intervals of 95 %.
    """
    service = "and so does the service" if service_corrects else "the service does not"
    return (
        f"Assumed: at most {100 * shared:g} % of a reader's errors are made alike by the other and found by no check; the printed numbers are right; "
        f"the embedded engine corrects numbers by their check digit, {service}; cards are independent. Intervals of {100 * confidence:g} %."
    )


def _without_completed(frame: pd.DataFrame, readings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave the fields that `complete` has filled in out of both sides: a reader compared with itself agrees."""
    own = completed(frame)
    filled = set(zip(frame.loc[own, "key"].astype("str"), frame.loc[own, "field"].astype("str"), strict=True))
    pairs = zip(readings["key"].astype("str"), readings["field"].astype("str"), strict=True)
    kept = np.array([pair not in filled for pair in pairs], bool)
    return frame[~own].reset_index(drop=True), readings[kept].reset_index(drop=True)


def _read_again(
    frame: pd.DataFrame, images: Images | None, results: str | os.PathLike[str] | None, *, progress: bool
) -> tuple[pd.DataFrame, str]:
    """Readings of the embedded engine, one job a card; and what went wrong, empty if nothing."""
    cards = [part for _, part in frame.groupby("key", sort=False)]
    jobs: list[Job] = []
    done: list[_Read] = []
    interrupted = False
    with KeptReadings(results) as kept:
        try:
            done += on_all_cores(
                _reader(images, kept, engine_for(len(cards))), cards, label="second opinion", progress=progress
            )
        except KeyboardInterrupt:
            interrupted = True
    doubtful = condemned([one.known for one in done if one.known is not None])
    others: list[str] = []
    for card, (fields, known) in zip(cards, done, strict=False):
        if known is None or known.reason or (doubtful and not known.proven):
            others += [] if known is None else [known.reason or FOLDER]
            continue
        key, kind = str(card["key"].iloc[0]), str(card["card_type"].iloc[0])
        result = CardResult(fields, key=key, status=int(bool(fields)), state="Success", code="Success")
        jobs.append(Job(f"embedded-{len(jobs)}", JobState.SUCCESS, key, kind, result=result))
    lost = sum(one.known is None for one in done)
    said = [f"interrupted after {len(done)} of {len(cards)} cards"] if interrupted else []
    if lost and lost == len(cards):
        said.append(f"no picture of these cards was found: {not_found(frame, images)}")
    elif lost:
        said.append(f"{lost} pictures are missing or damaged")
    if others:
        said.append(others_found(others))
    return (to_frame(jobs) if jobs else empty()), "; ".join(said)


class _Read(NamedTuple):
    """Fields of one card, and what is known of its picture; None if there is none."""

    fields: tuple[Field, ...]
    known: Identity | None


def _reader(images: Images | None, kept: KeptReadings, engine: Any) -> Callable[[pd.DataFrame], _Read]:
    """Return a function from the rows of a card to its second reading."""

    def read(card: pd.DataFrame) -> _Read:
        image = card["image"].iloc[0]
        photo = card_photo(card["key"].iloc[0], image, images)
        if photo is None:
            return _Read((), None)
        places = card.set_index("field")["polygon"].dropna()
        quads = places.array.to_points()
        known = identity(photo, quads, image, images, card["created"].iloc[0])
        if known.reason:
            return _Read((), known)
        kind = str(card["card_type"].iloc[0])
        mark = fingerprint(photo.pixels, "card", kind)
        reading: list[list[Any]] | None = kept.get(mark)
        if reading is None:
            reading = [[f.label, f.text, f.score, f.polygon] for f in engine.read(photo.pixels, kind)]
            kept.add(mark, reading)
        fields = tuple(_field(photo, *values) for values in reading)
        own = {known_field(one.label) or "": one for one in fields}
        texts = {name: one.text for name, one in own.items()}
        found = {name: np.array(one.polygon, np.float64) for name, one in own.items() if one.polygon}
        same = same_card(dict(zip(card["field"].astype("str"), card["text"], strict=True)), texts)
        if same is False:
            return _Read(fields, Identity(False, OTHER_NUMBER))
        if not same and not in_the_same_places(dict(zip(places.index.astype("str"), quads, strict=True)), found):
            placed = card[card["polygon"].notna()]
            known = by_print(known, photo, reading_corners(placed, placed))
        return _Read(fields, Identity(known.proven or bool(same), known.reason))

    return read


def _field(photo: Photo, label: str, text: str | None, score: int | None, corners: list[list[int]] | None) -> Field:
    if corners is None:
        return Field(label, text, score)
    return Field(label, text, score, tuple((round(x), round(y)) for x, y in photo.unscaled(corners).tolist()))


def _queue(frame: pd.DataFrame, flips: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Review queue of the frame with the disagreements first."""
    queue = review_queue(frame)
    cells = queue[["key", "field"]].astype("str")
    sides = flips.astype({"key": "str", "field": "str"}).merge(
        judged.assign(key=judged["key"].astype("str"), field=judged["field"].astype("str"))[["key", "field", "left"]],
        on=["key", "field"],
        how="left",
    )
    alone = np.where(sides["text_left"].isna(), 2, 3)
    place = np.select([sides["left"] == WRONG, sides["left"] == RIGHT, sides["left"].notna()], [0, 4, 1], alone)
    order = cells.merge(sides.assign(place=place), on=["key", "field"], how="left")["place"].fillna(5).to_numpy()
    reasons = [
        ", ".join(filter(None, (DISAGREE, known))) if at < 5 else known
        for at, known in zip(order, queue["reasons"], strict=True)
    ]
    queue = queue.assign(reasons=pd.Series(reasons, index=queue.index, dtype=queue["reasons"].dtype))
    queue = queue.take(np.argsort(order, kind="stable")).reset_index(drop=True)
    return queue.assign(rank=np.arange(1, len(queue) + 1))
