"""Run card photos through card OCR and find out how far to trust what comes back.

How the parts compose::

    image ─upload▶ key ─submit▶ Job ─wait▶ Job with result ─to_frame▶ DataFrame ─.cardocr▶ checks, plots, report
                         │ ▲  XML (wire/encode, wire/decode)
                 ┌───────┴─┴───────┐
           cloud/ (HTTPS)    local/ (in this process)

A `Client` calls the service through a transport: the cloud, or the embedded service that the package brings. `run`
reads many images into a DataFrame of one row a field; `to_frame` and `read_responses` make the same DataFrame from jobs
and from saved XML or JSON. Everything after that hangs on two accessors: ``df.cardocr`` and ``series.polygon``.

Where things stand, each folder importing only from those above it::

    errors      the tree of errors
    cards       card types, fields, labels
    images      what an image file is; its pixels upright
    fonts       a font with Chinese glyphs
    polygon/    measures over arrays of shape (n, 4, 2)
    wire/       the contract: records, XML and JSON both ways, limits, signature
    transport   the seam: send(Request) -> Reply
    cloud/      transport 1: HTTPS, signature, credentials, doctor
    local/      transport 2: the embedded service and its OCR engine
    client/     one call of the service a method
    ledger/     the file in which a run keeps what became of each image
    batch/      many images, each submitted once, an outcome for every one
    frame/      records -> DataFrame, the polygon dtype, files
    quality/    summary, checks without truth, evaluation with truth, what scores are worth
    privacy/    masked texts, pseudonyms, pictures without the fields
    plot/       DataFrame -> matplotlib Axes
    report/     DataFrame -> plain summary -> HTML, Markdown, JSON
    review/     a panel in which a person corrects readings
    specimen/   made-up cards with known text, and ways to spoil a photo
    accessors/  df.cardocr, series.polygon
    pipeline    run: from images to DataFrame
    robustness  accuracy against blur, tilt, glare, resolution, compression
    cli/        the command ``cardocr``
"""

from importlib.metadata import version

from cardocr_nb import accessors as _accessors  # noqa: F401 - registers df.cardocr and series.polygon
from cardocr_nb.batch.accept import accept
from cardocr_nb.batch.pace import Pace
from cardocr_nb.batch.run import StoppedWarning
from cardocr_nb.cards import CardType
from cardocr_nb.client import Client
from cardocr_nb.errors import (
    AuthenticationError,
    CardOCRError,
    ClockError,
    DecodeError,
    ImageError,
    InvalidRequestError,
    LedgerError,
    MissingExtraError,
    NotActivatedError,
    NotFoundError,
    PermissionDeniedError,
    ServiceError,
    ThrottledError,
    TransientError,
    TransportError,
    WaitTimeoutError,
)
from cardocr_nb.frame.flatten import to_frame
from cardocr_nb.frame.read import read_responses
from cardocr_nb.pipeline import estimate, run
from cardocr_nb.robustness import robustness
from cardocr_nb.transport import Reply, Request, Transport
from cardocr_nb.wire.models import Callback, CardResult, Field, Job, JobState, MqConfig

__version__ = version("cardocr_nb")

__all__ = [
    "AuthenticationError",
    "Callback",
    "CardOCRError",
    "CardResult",
    "CardType",
    "Client",
    "ClockError",
    "DecodeError",
    "Field",
    "ImageError",
    "InvalidRequestError",
    "Job",
    "JobState",
    "LedgerError",
    "MissingExtraError",
    "MqConfig",
    "NotActivatedError",
    "NotFoundError",
    "Pace",
    "PermissionDeniedError",
    "Reply",
    "Request",
    "ServiceError",
    "StoppedWarning",
    "ThrottledError",
    "TransientError",
    "Transport",
    "TransportError",
    "WaitTimeoutError",
    "accept",
    "estimate",
    "read_responses",
    "robustness",
    "run",
    "to_frame",
]
