"""Measures of a card photo before it is read: sharpness, light, size, cut edges, and the probability to be read whole.

`measure` decodes the brightness of one file, at most 800,000 pixels of it, and returns its `PhotoMeasures`. All lengths come from
square tiles of 1/64 of the picture's longer side: tiles with strokes in two directions are taken for text, and their extent
for the card. How legible the text is, a network with 38,000 weights says; a photo takes milliseconds where a reading takes half a second.
"""

from cardocr_nb._photos._near_duplicates import group_near_duplicates, is_same_photo
from cardocr_nb._photos._photo_measures import PhotoMeasures, measure

__all__ = ["PhotoMeasures", "group_near_duplicates", "is_same_photo", "measure"]
