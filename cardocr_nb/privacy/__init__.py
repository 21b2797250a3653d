"""What may leave: masked texts, pseudonyms, pictures without the fields.

`mask` hides texts and keeps their shape, for eyes. `pseudonym` puts a stand-in for each text, for joins. `redact` and
`redact_folder` blank out the fields on the picture itself.
"""

from cardocr_nb.privacy._folder_redaction import redact_folder
from cardocr_nb.privacy._masking import RULES, Rule, mask, mask_text
from cardocr_nb.privacy._pseudonyms import pseudonym
from cardocr_nb.privacy._redaction import redact

__all__ = ["RULES", "Rule", "mask", "mask_text", "pseudonym", "redact", "redact_folder"]
