"""The file in which a run keeps what became of each image: SQLite, a row an image and card type.

A person can open it with any SQLite tool. `cardocr_nb._batch` writes it, `cardocr_nb.frame` reads it, also while a run
goes on. It holds what was read from the cards, so that its mode is 0600.

======== ==============================================================================================================
state    what is known of an image
======== ==============================================================================================================
planned  nothing was submitted, or what was submitted was refused and will be submitted again
intent   a submission was about to leave; when the process ended here, nobody knows whether it did
unknown  a submission has left and no answer came back; it is looked for before anything else is done
held     nothing can tell whether the service has accepted it; a person decides
sent     accepted by the service, which reads it
same     the same picture as another row's, whose reading counts for both
done     the job has ended; ``outcome`` says how, ``response`` holds the service's answer (zlib)
failed   no job: ``code`` and ``message`` say why; tried again by the next run
======== ==============================================================================================================
"""

from cardocr_nb._ledger._ledger import Image, Ledger
from cardocr_nb._ledger._outcomes import Outcome, outcomes
from cardocr_nb._ledger._token import join, make_token, split

__all__ = ["Image", "Ledger", "Outcome", "join", "make_token", "outcomes", "split"]
