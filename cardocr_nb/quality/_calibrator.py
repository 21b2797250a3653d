"""Scores converted to probabilities that a reading is correct."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cardocr_nb._field_words import listed_fields
from cardocr_nb._text_safety import describe
from cardocr_nb.frame._frame_schema import conform
from cardocr_nb.privacy._service_texts import with_shown_fields
from cardocr_nb.quality import _calibrator_files as saved
from cardocr_nb.quality._calibration import calibration_error, scored_readings
from cardocr_nb.quality._calibration_fit import SCORES
from cardocr_nb.quality._card_groups import GROUP
from cardocr_nb.quality._cells import refuse_parts
from cardocr_nb.quality._evaluation import evaluate
from cardocr_nb.quality._evidence import failed_checks
from cardocr_nb.quality._field_maps import field_maps, held_out
from cardocr_nb.quality._folds import folds_of
from cardocr_nb.quality._intervals import whole_number
from cardocr_nb.quality._truth import WEIGHT

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from numpy.typing import NDArray

    from cardocr_nb.quality._evaluation import Groups, Rules, Truth

_ERRORS = ("ece_score", "brier_score", "ece", "brier")
_HELD_OUT = ("job_id", "key", "field", "score", "right", "probability", WEIGHT)


class NotCalibratedWarning(UserWarning):
    """Some readings get no probability."""


@dataclass(frozen=True, slots=True, repr=False)
class Calibrator:
    """Result of `calibrate`: for each field a map from score to probability.

    Attributes
    ----------
    fields : DataFrame
        One row a field: ``method``, ``cases``, ``correct``, ``caught_alone, caught, warned`` (rates, 0 to 0.99, of the
        incorrect readings that fail a check of severity ``error`` about them alone, that fail any of these, and that fail a
        warning where they pass all these; errors that pass are pooled over the fields), ``warned_precision`` (rate of
        incorrect readings among those that fail a warning, drawn to one half where they are few), and before and after: ``ece_score, brier_score`` of score /
        100 taken for a probability, ``ece, brier`` of the probabilities of cards that the map had not seen
        (cross-fitting), by the definitions of `cardocr_nb.quality.calibration`.
    table : DataFrame
        ``field, score, probability``: the maps themselves, at each score from 0 to 100.
    held_out : DataFrame
        ``job_id, key, field, score, right, probability, weight``: each reading with the probability that a map gave which
        had not seen its image, and 1 / inclusion probability, 1 without `audit_sample`. Empty after `load`, because a file
        holds no keys.
    """

    fields: pd.DataFrame
    table: pd.DataFrame
    held_out: pd.DataFrame

    def apply(self, df: pd.DataFrame) -> pd.DataFrame:
        """Give a frame with the column ``probability``.

        Parameters
        ----------
        df : DataFrame
            As `cardocr_nb.to_frame` makes it; it is not changed.

        Returns
        -------
        DataFrame
            ``probability``: probability, 0 to 1, that the text is correct; missing without text or score, and for fields
            that the calibrator does not know.

        Warns
        -----
        NotCalibratedWarning
            Once, when readings with a text get no probability.
        """
        refuse_parts(df)
        frame = conform(df)
        known = pd.Index(self.fields["field"].astype("str"))
        place = known.get_indexer(pd.Index(frame["field"].astype("str")))
        score, text = frame["score"], frame["text"].notna().to_numpy(bool)
        there = (place >= 0) & score.notna().to_numpy(bool) & text
        maps = self.table["probability"].to_numpy(np.float64).reshape(len(known), len(SCORES))
        values = np.full(len(df), np.nan)
        at = score[there].to_numpy(np.int64).clip(SCORES[0], SCORES[-1])
        values[there] = maps[place[there], at] if len(known) else np.nan
        self._warn(frame, place, text & ~there)
        return df.assign(probability=values)

    def _warn(self, df: pd.DataFrame, place: NDArray[np.intp], without: NDArray[np.bool_]) -> None:
        if not without.any():
            return
        unknown = without & (place < 0) & df["field"].notna().to_numpy(bool)
        names = listed_fields(sorted(df["field"][unknown].astype("str").unique()))
        warnings.warn(
            f"{int(without.sum())} readings get no probability: "
            f"{int((without & ~unknown).sum())} have no score, {int(unknown.sum())} are of unknown fields ({names})",
            NotCalibratedWarning,
            stacklevel=3,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the maps as JSON; neither texts nor keys of cards are in it.

        Parameters
        ----------
        path : path
            A file of this name is replaced.
        """
        return saved.write(path, self.fields, self.table)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Calibrator:
        """Read what `save` wrote.

        Raises
        ------
        FileNotFoundError
            The file does not exist.
        ValueError
            The file is not a calibrator, has another version, or a map that decreases or leaves 0 to 1.
        """
        fields, table = saved.read(path)
        return cls(fields, table, _nothing(fields["field"].dtype))

    def __str__(self) -> str:
        return with_shown_fields(self.fields).to_string(index=False)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(with_shown_fields(self.fields).to_html(index=False))


def calibrate(
    df: pd.DataFrame,
    truth: Truth,
    *,
    isotonic_from: int = 1000,
    folds: int = 5,
    seed: int = 0,
    normalize: Rules = True,
    complete: bool | None = None,
    groups: Groups | None = None,
) -> Calibrator:
    """Learn for each field the probability that a reading with a given score is correct.

    Parameters
    ----------
    df : DataFrame
        As `cardocr_nb.to_frame` makes it. Readings with text and score count.
    truth : DataFrame, path or Evaluation
        See `cardocr_nb.quality.evaluate`; its result saves evaluating again. With weights of an audit sample the
        probabilities are those of the frame from which it was drawn.
    isotonic_from : int, default 1000
        Cases from which a field gets isotonic regression; with fewer it gets Platt's logistic curve, which bends less
        to chance.
    folds : int, default 5
        Number of cross-validation folds, split by image, or by group: the readings of each fold get their ``held_out``
        probability from maps that were learned on the others.
    seed : int, default 0
        Of the split.
    normalize, complete, groups
        As for `cardocr_nb.quality.evaluate`.

    Returns
    -------
    Calibrator
        A field with all readings correct, none correct, or one score gets one probability for every score. The
        probabilities of an error of all fields add up to the errors that the labels have. A field without any error gets a
        small part of them; without an error in any field a probability is (cases + 1) / (cases + 2). None is ever 0 or 1.
        Each is for cards of the same kind, camera and engine.

    Raises
    ------
    ValueError
        `folds` is less than 2 or `isotonic_from` less than 1; or as for `cardocr_nb.quality.evaluate`.

    References
    ----------
    A. Niculescu-Mizil and R. Caruana, "Predicting good probabilities with supervised learning", 2005: isotonic
    regression is the better of the two from about 1,000 cases on. The maps: `cardocr_nb.quality._calibration_fit.fit`.

    Examples
    --------
    >>> from cardocr_nb.frame import to_frame
    >>> from cardocr_nb.wire._records import CardResult, Field
    >>> read = [CardResult((Field("姓名", "样本", 50 + k % 50),), key=f"{k}.jpg") for k in range(300)]
    >>> truth = pd.DataFrame({"key": [f"{k}.jpg" for k in range(300)], "field": "name", "text": "样本"})
    >>> truth.loc[truth.index % 100 < 20, "text"] = "x"
    >>> calibrator = calibrate(to_frame(read), truth)
    >>> calibrator.fields[["field", "method", "cases", "correct"]]
      field method  cases  correct
    0  name  platt    300      240
    >>> calibrator.apply(to_frame(read[:50:10]))["probability"].round(2).tolist()
    [0.28, 0.59, 0.84, 0.95, 0.99]
    """
    whole_number("folds", folds, least=2)
    if not isotonic_from >= 1:
        raise ValueError(f"isotonic_from must be 1 or more, got {describe(isotonic_from)}")
    cells = evaluate(df, truth, normalize=normalize, complete=complete, groups=groups).cells
    readings = scored_readings(cells).reset_index(drop=True)
    readings = readings.join(failed_checks(readings, df))
    learned = field_maps(readings, isotonic_from)
    fold = folds_of(readings[GROUP if GROUP in readings.columns else "key"], folds, seed)
    readings["probability"] = held_out(readings, learned["method"], fold)
    fields = learned.drop(columns="map").rename_axis("field").reset_index().astype({"field": readings["field"].dtype})
    errors = [_errors_of(readings[(readings["field"] == field).to_numpy(bool)]) for field in learned.index]
    fields[list(_ERRORS)] = np.reshape(errors, (-1, len(_ERRORS)))
    return Calibrator(fields, saved.long(fields["field"], list(learned["map"])), readings[list(_HELD_OUT)])


def _errors_of(readings: pd.DataFrame) -> list[float]:
    right, weight = readings["right"].to_numpy(bool), readings[WEIGHT].to_numpy(np.float64)
    before, after = readings["score"].to_numpy(np.float64) / 100, readings["probability"].to_numpy(np.float64)
    return [*_errors(before, right, weight), *_errors(after, right, weight)]


def _errors(
    probability: NDArray[np.float64], right: NDArray[np.bool_], weight: NDArray[np.float64]
) -> tuple[float, float]:
    if np.isnan(probability).any():
        return np.nan, np.nan
    brier = float(np.average((probability - right) ** 2, weights=weight))
    return calibration_error(probability, right, weight=weight), brier


def _nothing(field: Any) -> pd.DataFrame:
    types = ("str", "str", field, np.int64, bool, np.float64, np.float64)
    return pd.DataFrame(columns=_HELD_OUT).astype(dict(zip(_HELD_OUT, types, strict=True)))
