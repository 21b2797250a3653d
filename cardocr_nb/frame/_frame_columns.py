"""Columns and dtypes of the frame, in one place.

One row a field; a card that failed or on which nothing was found keeps one row with ``field`` missing.

========== ======================== ====================================================================
column     dtype                    holds
========== ======================== ====================================================================
image      str                      file of the photo that the row came from; missing where unknown
key        str                      name of the image in the bucket, or the file of an unreadable response
card_type  category                 ``IDCard`` or ``DriverLicense``
field      category                 canonical name, in the order of the card
label      category                 name of the field on the wire
text       str                      the text; missing where there is none, never empty or blank
score      Int16                    0 to 100; decimals of a document are rounded
polygon    polygon                  four corners in pixels of the upright image
state      category                 state of the job, or ``Unreadable``, ``Planned``, ``Unknown``, ``LeftOut`` (see below); missing for
                                    a job that the service does not know
code       category                 code of the failure; missing otherwise
message    str                      reason of the failure in words, or what the service says of a success
status     Int8                     1 the service found text on the image, 0 it found none
job_id     str                      id of the job; missing for a synchronous recognition or a failed submission
user_data  str                      text that the submission passed through the service
job_level  Int8                     0 to 2
queue_id   category
bucket     category
region     category                 region of the cloud
created    datetime64[us, UTC+08:00]
started    datetime64[us, UTC+08:00]
ended      datetime64[us, UTC+08:00]
========== ======================== ====================================================================
"""

from __future__ import annotations

from typing import Any

from cardocr_nb._text_safety import remember
from cardocr_nb.cards import FIELDS, CardType
from cardocr_nb.frame._polygon_dtype import PolygonDtype
from cardocr_nb.frame._service_times import TIME
from cardocr_nb.wire._records import JobState

UNREADABLE = "Unreadable"
"""State of the row of a saved response that could not be read."""

PLANNED, UNKNOWN = "Planned", "Unknown"
"""States of images in the ledger of a run: not submitted; submitted, but without a reply that says whether the service accepted it."""

LEFT_OUT = "LeftOut"
"""State of a photo that a run did not submit, because its probability to be read whole was below ``min_quality``."""

CATEGORIES: dict[str, tuple[str, ...]] = {
    "card_type": tuple(str(c) for c in CardType),
    "state": (*(str(s) for s in JobState), UNREADABLE, PLANNED, UNKNOWN, LEFT_OUT),
    "field": tuple(dict.fromkeys(f.name for fields in FIELDS.values() for f in fields)),
}
"""Categories that are always there, in this order, so that frames of different runs have the same ones."""

DTYPES: dict[str, Any] = {
    "image": "str",
    "key": "str",
    "card_type": "category",
    "field": "category",
    "label": "category",
    "text": "str",
    "score": "Int16",
    "polygon": PolygonDtype(),
    "state": "category",
    "code": "category",
    "message": "str",
    "status": "Int8",
    "job_id": "str",
    "user_data": "str",
    "job_level": "Int8",
    "queue_id": "category",
    "bucket": "category",
    "region": "category",
    "created": TIME,
    "started": TIME,
    "ended": TIME,
}
"""Dtype of each column, in the frame's order."""

COLUMNS = tuple(DTYPES)
remember(COLUMNS)
"""The columns of the frame, in order."""

CARD = ("job_id", "key")
"""The columns that identify a card."""
