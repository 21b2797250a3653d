"""The embedded OCR engine: detect text, recognize it, find the card, extract its fields.

.. code-block:: text

    picture --detect--> boxes --recognize--> lines --estimate_pose--> pose --extract_fields--> fields --score_fields--> scores
                          ^                                             |        |
                          +---- on_card, read_seal: only the card <-----+        +--> card_confidence: is it such a card?

Each arrow is a function with plain data on both sides (`Detection`, `Line`, `CardPose`, `Extraction`), so each can be tested
alone. ``_card_geometry`` of the package has the places of fields in millimeters, ``_tolerances`` how far things may be from
there, ``_networks`` runs the two networks.
"""

from __future__ import annotations

from cardocr_nb.local.engine._card_answer import Recognition
from cardocr_nb.local.engine._engine import Engine, Reader

__all__ = ["Engine", "Reader", "Recognition"]
