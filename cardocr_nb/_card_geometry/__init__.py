"""Card geometry: where the fields of a card are, and how a card lies on a photo. Used by the engine, plots and specimens.

``_card_layouts`` is the one table of places in millimeters. ``_similarity`` estimates turn, scale and shift from points that
partly agree. This room knows numbers only: no text, no picture, no table.
"""

from cardocr_nb._card_geometry._card_layouts import LAYOUTS, Box, FieldGeometry, Layout
from cardocr_nb._card_geometry._similarity import pair_similarities

__all__ = ["LAYOUTS", "Box", "FieldGeometry", "Layout", "pair_similarities"]
