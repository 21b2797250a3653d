"""The ledger of a run: an SQLite file with the state and the result of each image.

A person can open it with any SQLite tool. `cardocr_nb._batch` writes it, `cardocr_nb.frame` reads it, also during a run.
It contains texts of cards, so its mode is 0600. One row of ``images`` is one image and card type:

======== ==============================================================================================================
state    meaning
======== ==============================================================================================================
planned  not submitted, or refused and to be submitted again
intent   a submission was about to leave; after a crash it may or may not have been accepted
unknown  a submission left and its answer was lost; the run looks for the job before it does anything else
held     no program can decide. Without ``job_id``: the job may exist, a person decides. With ``job_id``: the service does
         not know the job, or returned another job's result; the next run asks again and never submits again
sent     accepted by the service, not ended; with ``code`` ``JobTimeout`` the last run stopped waiting for it
same     the same picture as another row, whose result counts for both
done     the job has ended; ``outcome`` is its state, ``response`` the service's answer (zlib)
failed   no job was made: ``code`` and ``message`` say why; the next run tries again. Code
         ``LowPhotoQuality``: left out before it was uploaded
======== ==============================================================================================================
"""

from cardocr_nb._ledger._ledger import Image, Ledger
from cardocr_nb._ledger._outcomes import Outcome, outcomes, states_by_image
from cardocr_nb._ledger._planning import PlannedImage, plan_run
from cardocr_nb._ledger._queries import LOW_QUALITY
from cardocr_nb._ledger._token import join_user_data, make_token, split_user_data

__all__ = [
    "LOW_QUALITY",
    "Image",
    "Ledger",
    "Outcome",
    "PlannedImage",
    "join_user_data",
    "make_token",
    "outcomes",
    "plan_run",
    "split_user_data",
    "states_by_image",
]
