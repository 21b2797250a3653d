"""The embedded OCR engine: find the lines, read them, name the fields.

.. code-block:: text

    picture --find--> boxes, angle --read--> lines of characters with places --frame, name, rules--> fields
                                    ^                                         |
                                    +---- choose: what may be of a field -----+

Each arrow is a pure function with plain data on both sides (`Detection`, `Line`, `Reading`), so each can be looked at and tested
alone. ``layout`` says where things stand on the cards, ``models`` runs the networks.
"""

from __future__ import annotations

from cardocr_nb.local.engine._engine import Engine, Reader

__all__ = ["Engine", "Reader"]
