"""How good are the readings? Plain functions on the frame, plain tables out.

`summary` counts what is there. `check` finds what cannot be right without knowing the truth, `tally` counts what it
found, `register` adds a question of one's own. `evaluate` compares with truth; `normalize` is the form in which both
sides are compared. `estimate_accuracy` needs no truth for what a card says twice. `calibration` asks whether scores mean
what they say, and `calibrate` makes probabilities of them; `threshold` says from which score on a reading may be used
unseen, `cost` where the line is cheapest, `review_queue` where to look first. `compare` sets two readings of the same
images side by side.
"""

from cardocr_nb.quality import numbers, places, plausible, whole
from cardocr_nb.quality.bootstrap import bootstrap
from cardocr_nb.quality.calibrate import Calibrator, NotCalibratedWarning, calibrate
from cardocr_nb.quality.calibration import Calibration, FewScoresWarning, calibration
from cardocr_nb.quality.checks import REGISTRY, Check, check, register, tally
from cardocr_nb.quality.compare import Comparison, compare
from cardocr_nb.quality.confusions import confusions
from cardocr_nb.quality.cost import Costs, cost
from cardocr_nb.quality.drift import drift
from cardocr_nb.quality.estimate import estimate_accuracy
from cardocr_nb.quality.evaluate import Evaluation, evaluate
from cardocr_nb.quality.intervals import lower_bound, upper_bound, wilson
from cardocr_nb.quality.normal import RULES, STEPS, normalize, normalize_fields
from cardocr_nb.quality.queue import review_queue
from cardocr_nb.quality.summary import Summary, outcomes, summary
from cardocr_nb.quality.threshold import Thresholds, threshold

__all__ = [
    "REGISTRY",
    "RULES",
    "STEPS",
    "Calibration",
    "Calibrator",
    "Check",
    "Comparison",
    "Costs",
    "Evaluation",
    "FewScoresWarning",
    "NotCalibratedWarning",
    "Summary",
    "Thresholds",
    "bootstrap",
    "calibrate",
    "calibration",
    "check",
    "compare",
    "confusions",
    "cost",
    "drift",
    "estimate_accuracy",
    "evaluate",
    "lower_bound",
    "normalize",
    "normalize_fields",
    "numbers",
    "outcomes",
    "places",
    "plausible",
    "register",
    "review_queue",
    "summary",
    "tally",
    "threshold",
    "upper_bound",
    "whole",
    "wilson",
]
