"""From a frame to matplotlib Axes.

Every function takes the data first and ``ax=None`` among its options, draws on the axes given or on those of a new
figure, passes further keyword arguments on to the artist and returns the Axes; nothing is shown and no setting of
matplotlib is changed. Texts from cards are masked unless ``reveal=True``.

From a frame: `plot_scores` tells how sure the service was, `plot_overlay` where on the picture it read what,
`plot_gallery` shows single fields beside what was read, `plot_regions` where on the card things go wrong, and
`plot_timeline` how long jobs took. `card_frame` places photos on the card, which is what `plot_regions` draws.

From the tables of `cardocr_nb.quality`: `plot_reliability` and `plot_risk_coverage` tell how far scores can be trusted,
`plot_confusions` which characters are taken for which, `plot_compare` which of two readings is better. `plot_robustness`
draws what spoilt photos do.

`style` sets light or dark colors for a ``with`` block.
"""

from cardocr_nb.plot._card_coordinates import CardPlaces, card_frame
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
