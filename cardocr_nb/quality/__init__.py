"""How good are the readings? Plain functions on the frame, plain tables out.

`summary` counts what is there. `check` finds what cannot be right without knowing the truth, `tally` counts what it
found, `register` adds a question of one's own. `evaluate` compares with truth; `normalize` is the form in which both
sides are compared. `estimate_accuracy` needs no truth for what a card says twice, `estimate_errors` compares two readers. `calibration` asks whether scores mean
what they say, and `calibrate` makes probabilities of them; `threshold` says from which score on a reading may be used
unseen, `cost` where the line is cheapest, `review_queue` where to look first. `compare` sets two readings of the same
images side by side.
"""

# The order of these four is the order of the checks in a table.
from cardocr_nb._error_guard import guard_public

from cardocr_nb.quality import _number_checks as _number_checks  # isort: skip
from cardocr_nb.quality import _polygon_checks as _polygon_checks  # isort: skip
from cardocr_nb.quality import _plausibility_checks as _plausibility_checks  # isort: skip
from cardocr_nb.quality import _card_checks as _card_checks  # isort: skip
from cardocr_nb.quality._accuracy_estimate import estimate_accuracy
from cardocr_nb.quality._audit_sample import audit_sample
from cardocr_nb.quality._bootstrap import bootstrap
from cardocr_nb.quality._calibration import Calibration, FewScoresWarning, calibration
from cardocr_nb.quality._calibrator import Calibrator, NotCalibratedWarning, calibrate
from cardocr_nb.quality._card_threshold import CardThreshold
from cardocr_nb.quality._checks import REGISTRY, Check, check, register, tally
from cardocr_nb.quality._comparison import Comparison, compare
from cardocr_nb.quality._complete_cards import AbsentFieldsWarning
from cardocr_nb.quality._confusions import confusions
from cardocr_nb.quality._costs import Costs, cost
from cardocr_nb.quality._drift import FewDaysWarning, drift
from cardocr_nb.quality._error_estimate import estimate_errors
from cardocr_nb.quality._evaluation import EmptyTruthWarning, Evaluation, evaluate
from cardocr_nb.quality._group_dependence import CorrelatedErrorsWarning, GroupsWarning
from cardocr_nb.quality._intervals import exact_interval, lower_bound, sample_size, upper_bound, wilson
from cardocr_nb.quality._normalization import RULES, STEPS, normalize, normalize_fields
from cardocr_nb.quality._review_queue import review_queue
from cardocr_nb.quality._summary import Summary, outcomes, summary
from cardocr_nb.quality._thresholds import Thresholds, threshold

__all__ = [
    "REGISTRY",
    "RULES",
    "STEPS",
    "AbsentFieldsWarning",
    "Calibration",
    "Calibrator",
    "CardThreshold",
    "Check",
    "Comparison",
    "CorrelatedErrorsWarning",
    "Costs",
    "EmptyTruthWarning",
    "Evaluation",
    "FewDaysWarning",
    "FewScoresWarning",
    "GroupsWarning",
    "NotCalibratedWarning",
    "Summary",
    "Thresholds",
    "audit_sample",
    "bootstrap",
    "calibrate",
    "calibration",
    "check",
    "compare",
    "confusions",
    "cost",
    "drift",
    "estimate_accuracy",
    "estimate_errors",
    "evaluate",
    "exact_interval",
    "lower_bound",
    "normalize",
    "normalize_fields",
    "outcomes",
    "register",
    "review_queue",
    "sample_size",
    "summary",
    "tally",
    "threshold",
    "upper_bound",
    "wilson",
]

guard_public(__all__, __name__)
