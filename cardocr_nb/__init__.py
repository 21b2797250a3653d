"""Run card photos through card OCR and find out how far to trust what comes back.

How the parts compose::

    image ─upload▶ key ─submit▶ Job ─wait▶ Job with result ─to_frame▶ DataFrame ─.cardocr▶ checks, plots, report
                         │ ▲  XML (wire/encode, wire/decode)
                 ┌───────┴─┴───────┐
           cloud/ (HTTPS)    local/ (in this process)

A `Client` calls the service through a transport: the cloud, or the embedded service of this package. `run` reads many
images into a DataFrame with one row a field; `to_frame` and `read_responses` make the same DataFrame of jobs and of
saved XML or JSON. The accessors ``df.cardocr`` and ``series.polygon`` hold everything after that.

Public are the names in ``__all__`` of this package and of its sub-packages, and the methods of the two accessors. A
name that begins with an underscore is private. Each part imports only from those above it::

    _interrupt  Ctrl-C while the command imports the package
    _failure_codes what helps against a failure, by its code
    _progress_bar when a progress bar is shown
    errors      tree of errors
    _atomic     replacement of a file in one step
    _keywords   messages for wrong keyword arguments
    _key_forms  keys that do not match, described without quoting them
    cards       card types, fields, labels, check character of identity numbers
    _field_words  names of fields in messages
    _identity   ethnic groups, nations
    _special_files devices, pipes and sockets, which no reader opens
    _text_safety   texts from outside in messages and on terminals
    _argument_kinds  arguments of another kind than their parameter names
    _error_guard   errors at the public border, without texts of cards
    _settings   settings of the session
    _i18n       messages in English and Chinese
    _free_memory   memory that the process may still take
    _images/    image files: format, size, upright pixels
    _fonts      a font with Chinese glyphs
    _photos/    sharpness, light, size of a photo, probability to be read whole
    polygon/    measures over arrays of shape (n, 4, 2)
    _card_geometry/ places of fields in millimeters, poses of cards
    wire/       the contract: records, XML and JSON both ways, limits, signature
    _bulk/      many documents and texts at once, read as bytes
    _transport  the seam: send(Request) -> Response
    cloud/      transport 1: HTTPS, signature, credentials, doctor
    local/      transport 2: the embedded service and its OCR engine
    _client/    a method for each call of the service
    testing/    a running service for tests of other programs; the module cardocr_service makes it a fixture of pytest
    _ledger/    file with the outcome of each image of a run
    _batch/     many images, each submitted once, with an outcome for every one
    frame/      records -> DataFrame, the polygon dtype, files
    quality/    summary, checks without truth, evaluation with truth, thresholds, drift
    privacy/    masked texts, pseudonyms, pictures without the fields
    plot/       DataFrame -> matplotlib Axes
    rereading/  readings of a service finished, and read again, by the embedded engine
    report/     DataFrame -> plain summary -> HTML, Markdown, JSON; workbooks
    review/     panel in which a person corrects readings
    specimen/   invented cards with known text, and ways to degrade a photo
    _accessors/ df.cardocr, series.polygon
    _photo_quality  measures of many photos as a DataFrame
    _pipeline   run: from images to DataFrame
    _samples    sample data that comes with the package
    _robustness accuracy against blur, tilt, glare, resolution, compression
    _cli/       the command ``cardocr``
"""

from importlib.metadata import version

from cardocr_nb._interrupt import guard_import as _guard_import

_guard_import()

# ruff: noqa: E402 - the imports take a second, in which Ctrl-C is handled
from cardocr_nb import _accessors as _accessors
from cardocr_nb._batch._accept import accept
from cardocr_nb._batch._pace import Pace
from cardocr_nb._batch._run import NewKeyWarning, StoppedWarning
from cardocr_nb._client import Client
from cardocr_nb._error_guard import guard_public
from cardocr_nb._photo_quality import photo_quality
from cardocr_nb._pipeline import estimate, run
from cardocr_nb._robustness import robustness
from cardocr_nb._samples import load_sample
from cardocr_nb._settings import options
from cardocr_nb._transport import Request, Response, Transport
from cardocr_nb.cards import CardType
from cardocr_nb.errors import (
    AuthenticationError,
    CardOCRError,
    ClockError,
    DecodeError,
    ImageError,
    InvalidRequestError,
    KeyTakenError,
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
from cardocr_nb.frame._flatten import to_frame
from cardocr_nb.frame._responses import read_responses
from cardocr_nb.wire._records import Callback, CardResult, Field, Job, JobState, MqConfig

__version__ = version("cardocr_nb")


def __getattr__(name: str) -> object:
    if name == "Reply":  # renamed in 0.2.0; goes with 0.3.0
        import warnings

        warnings.warn("cardocr_nb.Reply is now cardocr_nb.Response", DeprecationWarning, stacklevel=2)
        return Response
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
    "KeyTakenError",
    "LedgerError",
    "MissingExtraError",
    "MqConfig",
    "NewKeyWarning",
    "NotActivatedError",
    "NotFoundError",
    "Pace",
    "PermissionDeniedError",
    "Request",
    "Response",
    "ServiceError",
    "StoppedWarning",
    "ThrottledError",
    "TransientError",
    "Transport",
    "TransportError",
    "WaitTimeoutError",
    "accept",
    "estimate",
    "load_sample",
    "options",
    "photo_quality",
    "read_responses",
    "robustness",
    "run",
    "to_frame",
]

guard_public(__all__, __name__)
