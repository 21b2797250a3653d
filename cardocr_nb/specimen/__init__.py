"""Drawn cards with known text, and ways to degrade a photo of one.

`make_person` invents a person, `draw` draws the card and knows the place of each text, `degrade` does to it what a bad photo
does, `write` writes many with their truth. Nothing belongs to a real person: region codes begin with 99, which no place has,
places, offices and names are invented, 样本 SPECIMEN is printed large across the card, the face is drawn, the background is of random
waves, and the emblem is left out.
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.specimen._degradation import CONDITIONS, degrade
from cardocr_nb.specimen._drawing import Specimen, draw
from cardocr_nb.specimen._files import read_conditions, write
from cardocr_nb.specimen._people import Person, make_person

__all__ = ["CONDITIONS", "Person", "Specimen", "degrade", "draw", "make_person", "read_conditions", "write"]

guard_public(__all__, __name__)
