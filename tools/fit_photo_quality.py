"""Fit the probability of `cardocr_nb.photo_quality` to photos that ``photo_damage.py`` has drawn and read.

Prints the coefficients for ``cardocr_nb/_photos/_read_probability.py``, AUROC, Brier score and reliability on the calibration
photos, each predicted by a fit to the other nine tenths. The coefficients of the package come from a fit to these photos and others. With ``--held-out`` also the AUROC of the coefficients that are in the
package, on the photos with other damage, layouts and fonts: look at them once, when all else is decided.

Run ``python tools/fit_photo_quality.py FOLDER [--held-out]``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from cardocr_nb._photos import measure
from cardocr_nb._photos._read_probability import terms

N_FOLDS = 10
RIDGE = 1.0


def fit(x: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Fit a logistic regression by Newton's method, intercept first; a small ridge on standardized terms."""
    spread = np.append(1.0, x.std(axis=0) + 1e-9)
    a = np.column_stack([np.ones(len(x)), x]) / spread
    penalty = np.diag([0.0, *[RIDGE] * x.shape[1]])
    weights = np.zeros(a.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-a @ weights))
        hessian = (a * (p * (1 - p))[:, None]).T @ a + penalty
        weights += np.linalg.solve(hessian, a.T @ (whole - p) - penalty @ weights)
    return weights / spread


def fit_signed(x: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Fit with faults only: a term that seems to help is left out, because a fault cannot make a photo better."""
    kept = np.arange(x.shape[1])
    while True:
        weights = fit(x[:, kept], whole)
        if (weights[1:] <= 0).all():
            result = np.zeros(x.shape[1] + 1)
            result[0], result[1 + kept] = weights[0], weights[1:]
            return result
        kept = np.delete(kept, int(weights[1:].argmax()))


def auroc(whole: np.ndarray, p: np.ndarray) -> float:
    """Area under the ROC curve, ties counted by half."""
    positive = whole.sum()
    return (rankdata(p)[whole == 1].sum() - positive * (positive + 1) / 2) / (positive * (len(whole) - positive))


def auroc_interval(whole: np.ndarray, p: np.ndarray, cards: np.ndarray) -> tuple[float, float]:
    """Percentile interval at 95 % of resampled cards; the photos of one card stay together."""
    dice, groups = np.random.default_rng(0), [np.flatnonzero(cards == c) for c in np.unique(cards)]
    found = []
    for _ in range(1000):
        rows = np.concatenate([groups[i] for i in dice.integers(len(groups), size=len(groups))])
        if 0 < whole[rows].sum() < len(rows):
            found.append(auroc(whole[rows], p[rows]))
    return tuple(np.percentile(found, [2.5, 97.5]))


def reliability(whole: np.ndarray, p: np.ndarray) -> str:
    """Table of the predicted and the observed rate by fifths of the probability."""
    bins = pd.cut(p, [0, 0.2, 0.4, 0.6, 0.8, 1.0], include_lowest=True)
    table = pd.DataFrame({"predicted": p, "observed": whole, "photos": 1}).groupby(bins, observed=True)
    return table.agg({"predicted": "mean", "observed": "mean", "photos": "size"}).round(2).to_string()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    rows = pd.DataFrame([json.loads(line) for line in (options.folder / "labels.jsonl").read_text().splitlines()])
    part = rows["set"].eq("held") if options.held_out else rows["set"].ne("held") & rows["damage"].ne("no card")
    rows = rows[part].reset_index(drop=True)
    found = [measure(options.folder / name) for name in rows["file"]]
    whole = rows["whole"].to_numpy(int)
    if options.held_out:
        report_held_out(rows, whole, np.array([one.probability for one in found]))
        return
    x = np.array([list(terms(one).values()) for one in found])
    names = ["intercept", *terms(found[0])]
    for name, value in zip(names, fit_signed(x, whole), strict=True):
        print(f'    "{name}": {value:.2f},')
    fold = np.random.default_rng(0).permutation(len(rows)) % N_FOLDS
    p = np.zeros(len(rows))
    for k in range(N_FOLDS):
        weights = fit_signed(x[fold != k], whole[fold != k])
        p[fold == k] = 1 / (1 + np.exp(-weights[0] - x[fold == k] @ weights[1:]))
    print(
        f"{len(rows)} photos, {whole.mean():.2f} whole, AUROC {auroc(whole, p):.3f}, Brier {((p - whole) ** 2).mean():.3f}"
    )
    print(reliability(whole, p))


def report_held_out(rows: pd.DataFrame, whole: np.ndarray, p: np.ndarray) -> None:
    """Print the figures of the held-out photos, of all and of cards whose scan without damage is read whole."""
    number = rows["file"].str.extract(r"(\d+)")[0].astype(int) // 4
    damage, family = rows["damage"].str.split().str[1], rows["damage"].str.split().str[0]
    readable = number.isin(number[damage.eq("none") & rows["whole"]])
    for name, chosen in (
        ("all cards", damage.ne("none")),
        ("cards whose scan is read whole", damage.ne("none") & readable),
    ):
        rows_of = chosen.to_numpy()
        low, high = auroc_interval(whole[rows_of], p[rows_of], number[rows_of].to_numpy())
        print(
            f"{name}: {rows_of.sum()} photos, {whole[rows_of].mean():.2f} whole, AUROC {auroc(whole[rows_of], p[rows_of]):.3f} "
            f"[{low:.3f}, {high:.3f}], Brier {((p - whole)[rows_of] ** 2).mean():.3f}"
        )
        print(reliability(whole[rows_of], p[rows_of]))
    for by in (damage, family):
        for value in sorted(by.unique()):
            of = ((by == value) & damage.ne("none") & readable).to_numpy()
            if 0 < whole[of].sum() < of.sum():
                print(f"{value}: {of.sum()} photos, {whole[of].mean():.2f} whole, AUROC {auroc(whole[of], p[of]):.3f}")


if __name__ == "__main__":
    main()
