"""Data that can be passed on: masked texts, pseudonyms, redacted pictures.

`mask` and `mask_text` replace characters by ``*``: a person sees that a text was read and how long it is, `RULES` says
which characters stay. `pseudonym` replaces each text by a keyed digest, so that tables still join. `redact` and
`redact_folder` cover the fields on the picture itself.
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.privacy._folder_redaction import redact_folder
from cardocr_nb.privacy._masking import RULES, Rule, mask, mask_text
from cardocr_nb.privacy._pseudonyms import pseudonym
from cardocr_nb.privacy._redaction import redact

__all__ = ["RULES", "Rule", "mask", "mask_text", "pseudonym", "redact", "redact_folder"]

guard_public(__all__, __name__)
