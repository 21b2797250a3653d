"""Readings of a service finished and read again by the embedded engine.

`complete` recognizes the values for which a service gave places only; `second_opinion` reads whole cards again, to find where
the two readers disagree and to estimate how often each is wrong.
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.rereading._completion import complete
from cardocr_nb.rereading._pictures import UnfinishedWarning
from cardocr_nb.rereading._second_opinion import SecondOpinion, second_opinion

__all__ = ["SecondOpinion", "UnfinishedWarning", "complete", "second_opinion"]

guard_public(__all__, __name__)
