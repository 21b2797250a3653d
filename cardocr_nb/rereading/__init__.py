"""Readings of a service finished by the embedded engine.

`complete` recognizes the values for which a service gave places without texts.
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.rereading._completion import UnfinishedWarning, complete

__all__ = ["UnfinishedWarning", "complete"]

guard_public(__all__, __name__)
