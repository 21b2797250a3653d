"""From a frame to matplotlib Axes.

Every function takes the data first and ``ax=None`` among its options, draws on the axes given or on those of a new
figure, passes further keyword arguments on to the artist and returns the Axes; nothing is shown and no setting of
matplotlib is changed. Texts from cards are masked unless ``reveal=True``.

From a frame: `plot_scores` draws the distribution of the scores, `plot_overlay` the fields on their photo,
`plot_gallery` crops of single fields with their texts, `plot_regions` scores and failures by position on the card, and
`plot_timeline` the duration of jobs. `card_positions` maps photos to the card plane, for `plot_regions`.

From the results of `cardocr_nb.quality`: `plot_reliability` and `plot_risk_coverage` show what scores mean,
`plot_confusions` which characters are confused, `plot_compare` which of two runs is better. `plot_robustness` draws
accuracy over the strength of image degradations.

`style` sets light or dark colors for a ``with`` block.
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.plot._card_coordinates import CardPlaces, card_frame, card_positions
from cardocr_nb.plot._error_plots import plot_compare, plot_confusions
from cardocr_nb.plot._gallery import plot_gallery
from cardocr_nb.plot._overlay import plot_overlay
from cardocr_nb.plot._regions import plot_regions
from cardocr_nb.plot._reliability_plots import plot_reliability, plot_risk_coverage
from cardocr_nb.plot._robustness_plot import plot_robustness
from cardocr_nb.plot._score_plots import plot_scores
from cardocr_nb.plot._style import style
from cardocr_nb.plot._timeline import plot_timeline

__all__ = [
    "CardPlaces",
    "card_frame",
    "card_positions",
    "plot_compare",
    "plot_confusions",
    "plot_gallery",
    "plot_overlay",
    "plot_regions",
    "plot_reliability",
    "plot_risk_coverage",
    "plot_robustness",
    "plot_scores",
    "plot_timeline",
    "style",
]

guard_public(__all__, __name__)
