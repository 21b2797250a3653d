"""How good are the readings? Plain functions on the frame, plain tables out.

`summary` counts what is there. `check` finds what cannot be right without knowing the truth, `tally` counts what it
found, `register` adds a question of one's own. `evaluate` compares with truth; `normalize` is the form in which both
sides are compared. `calibration` asks whether scores mean what they say, `threshold` from which score on a reading may
be used unseen, `compare` sets two readings of the same images side by side.
"""

from cardocr_nb.quality import numbers, plausible, whole
from cardocr_nb.quality.calibration import Calibration, FewScoresWarning, calibration
from cardocr_nb.quality.checks import REGISTRY, Check, check, register, tally
from cardocr_nb.quality.compare import Comparison, compare
from cardocr_nb.quality.evaluate import Evaluation, evaluate
from cardocr_nb.quality.intervals import lower_bound, wilson
from cardocr_nb.quality.normal import RULES, STEPS, normalize, normalize_fields
from cardocr_nb.quality.summary import Summary, outcomes, summary
from cardocr_nb.quality.threshold import Thresholds, threshold

__all__ = [
    "REGISTRY",
    "RULES",
    "STEPS",
    "Calibration",
    "Check",
    "Comparison",
    "Evaluation",
    "FewScoresWarning",
    "Summary",
    "Thresholds",
    "calibration",
    "check",
    "compare",
    "evaluate",
    "lower_bound",
    "normalize",
    "normalize_fields",
    "numbers",
    "outcomes",
    "plausible",
    "register",
    "summary",
    "tally",
    "threshold",
    "whole",
    "wilson",
]
