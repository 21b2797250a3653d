"""Fit the probability of `cardocr_nb.photo_quality` to photos that ``photo_set.py`` has drawn and read.

Prints coefficients for ``cardocr_nb/_photos/_read_probability.py``, AUROC,
Brier score and reliability on the tuning photos, each predicted by a fit to the cards of the other nine tenths. With ``--held-out`` the figures of the coefficients that are in the
package, on the held-out photos of ``photo_damage.py``: look at them once, when all else is decided.

Run ``python tools/fit_photo_quality.py FOLDER [--held-out]``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import rankdata

from cardocr_nb._photos import measure
from cardocr_nb._photos._read_probability import terms

N_FOLDS = 10
RIDGE = 2.0
AT_MOST = {"outside": -3.0, "size": -1.8, "blocks": -1.0}
INTERCEPT_AT_MOST = 3.15
"""Chosen: few photos of the set lack a large part of the card, are very small or compressed so much that blocks are seen."""
HIDDEN = {"holes", "covered", "stamp", "scratches", "smudge", "drops", "creased", "own turn"}
HIDDEN_WEIGHT = 0.4
"""Damage that hides single characters is more frequent in the set than among photos of users, and is not seen without reading."""


def fit(x: np.ndarray, whole: np.ndarray, weight: np.ndarray, names: list[str]) -> np.ndarray:
    """Fit a logistic regression, intercept first; a ridge on standardized terms, and no fault makes a photo better."""
    spread = x.std(axis=0) + 1e-9
    z = x / spread
    most = [AT_MOST.get(name, 0.0) * size for name, size in zip(names, spread, strict=True)]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = weights[0] + z @ weights[1:]
        p = 1 / (1 + np.exp(-odds))
        cost = weight @ (np.logaddexp(0, odds) - whole * odds) + RIDGE / 2 * (weights[1:] ** 2).sum()
        off = weight * (p - whole)
        return cost, np.append(off.sum(), z.T @ off + RIDGE * weights[1:])

    start = np.array([1.0, *np.minimum(-0.1, most)])
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(None, INTERCEPT_AT_MOST), *((None, high) for high in most)]
    )
    return np.append(found.x[0], found.x[1:] / spread)


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
    rows = rows[rows["set"].eq("held" if options.held_out else "tuning")].reset_index(drop=True)
    found = [measure(options.folder / name) for name in rows["file"]]
    whole = rows["whole"].to_numpy(int)
    if options.held_out:
        report_held_out(rows, whole, np.array([one.probability for one in found]))
        return
    with_text = np.array([one.card_width > 0 for one in found])  # the others have the probability 0
    x, names = np.array([list(terms(one).values()) for one in found]), list(terms(found[0]))
    hidden = rows["damage"].str.split(n=1).str[1].str.split("+").str[0].isin(HIDDEN)
    weight = np.where(hidden, HIDDEN_WEIGHT, 1.0)
    found_weights = fit(x[with_text], whole[with_text], weight[with_text], names)
    for name, value in zip(["intercept", *names], found_weights, strict=True):
        print(f'    "{name}": {value:.2f},')
    fold, p = rows["card"].to_numpy() % N_FOLDS, np.zeros(len(rows))
    for k in range(N_FOLDS):
        others, own = with_text & (fold != k), with_text & (fold == k)
        weights = fit(x[others], whole[others], weight[others], names)
        p[own] = 1 / (1 + np.exp(-weights[0] - x[own] @ weights[1:]))
    print(
        f"{len(rows)} photos, {whole.mean():.2f} whole, AUROC {auroc(whole, p):.3f}, Brier {((p - whole) ** 2).mean():.3f}"
    )
    print(reliability(whole, p))


def report_held_out(rows: pd.DataFrame, whole: np.ndarray, p: np.ndarray) -> None:
    """Print the figures of the held-out photos, of all and of cards whose scan without damage is read whole."""
    number = rows["card"]
    damage, family = rows["damage"].str.split(n=1).str[1], rows["damage"].str.split().str[0]
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
