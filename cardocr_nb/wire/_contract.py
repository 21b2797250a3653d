"""The nodes of a job's document, stated once for `decode`, `encode` and the reader of many documents.

Source: the vendor's page for ``POST /jobs`` and ``GET /jobs`` with Tag ``ImageLicenseRec``. A path is written with slashes,
from the holder on: ``Input/Object`` below ``JobsDetail``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

TAG = "ImageLicenseRec"
JOB = "JobsDetail"
RESULT_NODE = "ImageLicenseRecResult"
RESULT = f"Operation/{RESULT_NODE}"
FIELD = "IdInfo"
POINT = "Location/Point"

Kind: TypeAlias = Literal["text", "verbatim", "key", "number", "time"]


@dataclass(frozen=True, slots=True)
class Node:
    """A node that holds one value.

    Attributes
    ----------
    path : str
        Below the node of the record.
    kind : {"text", "verbatim", "key", "number", "time"}
        ``verbatim`` keeps white space at the ends; ``key`` keeps it unless it contains a line break, as indentation does.
    most : int
        Largest value of a number; the smallest is 0.
    always : bool
        Whether the service writes the node without a value as well.
    holders : tuple of str
        Names of the nodes around it, outermost first.
    name : str
        Name of the node itself.
    """

    path: str
    kind: Kind = "text"
    most: int = 0
    always: bool = False
    holders: tuple[str, ...] = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        *holders, name = self.path.split("/")
        object.__setattr__(self, "holders", tuple(holders))
        object.__setattr__(self, "name", name)


JOB_NODES: dict[str, Node] = {
    "code": Node("Code", always=True),
    "message": Node("Message", always=True),
    "id": Node("JobId", always=True),
    "state": Node("State", always=True),
    "created": Node("CreationTime", "time", always=True),
    "started": Node("StartTime", "time", always=True),
    "ended": Node("EndTime", "time", always=True),
    "queue_id": Node("QueueId"),
    "tag": Node("Tag"),
    "progress": Node("Progress", "number", 100),
    "bucket": Node("Input/BucketId", always=True),
    "key": Node("Input/Object", "key", always=True),
    "region": Node("Input/Region", always=True),
    "card_type": Node(f"Operation/{TAG}/CardType", always=True),
    "user_data": Node("Operation/UserData", "verbatim"),
    "job_level": Node("Operation/JobLevel", "number", 2),
}
"""Attributes of `Job` and their nodes below ``JobsDetail``, in the order in which the service writes them."""

RESULT_NODES: dict[str, Node] = {
    "code": Node("Code"),
    "state": Node("State"),
    "message": Node("Message"),
    "key": Node("InputObjectName", "key"),
    "url": Node("InputObjectUrl"),
    "status": Node("Status", "number", 1),
}
"""Attributes of `CardResult` and their nodes below ``ImageLicenseRecResult``."""

FIELD_NODES: dict[str, Node] = {
    "label": Node("Name", always=True),
    "text": Node("DetectedText", always=True),
    "score": Node("Score", "number", 100),
}
"""Attributes of `Field` and their nodes below ``IdInfo``; the corners are the nodes `POINT`."""
