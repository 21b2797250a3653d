"""Made-up cards with known text, and ways to spoil a photo of one.

``people`` invents who stands on a card, ``draw`` draws the card and knows where each text stands, ``degrade`` does to it
what a bad photo does, ``files`` writes many with their truth. None of it is anybody's: region codes begin with 99, which
no place has, places and names are invented, a mark 样本 SPECIMEN lies across the card, and emblem, portrait and security
pattern are left out.
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.specimen._degradation import CONDITIONS, degrade
from cardocr_nb.specimen._drawing import Specimen, draw
from cardocr_nb.specimen._files import read_conditions, write
from cardocr_nb.specimen._people import Person, make_person

__all__ = ["CONDITIONS", "Person", "Specimen", "degrade", "draw", "make_person", "read_conditions", "write"]

guard_public(__all__, __name__)
