"""From a frame to matplotlib Axes.

Every function takes the frame first and ``ax=None`` among its options, draws on the axes given or on those of a new
figure, passes further keyword arguments on to the artist and returns the Axes; nothing is shown and no setting of
matplotlib is changed. Texts from cards are masked unless ``reveal=True``.

`plot_scores` tells how sure the service was, `plot_overlay` where on the picture it read what. `style` sets light or dark
colours for a ``with`` block.
"""

from cardocr_nb.plot.overlay import plot_overlay
from cardocr_nb.plot.scores import plot_scores
from cardocr_nb.plot.style import style

__all__ = ["plot_overlay", "plot_scores", "style"]
