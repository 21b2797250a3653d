"""The two networks: where text stands, and what a line says.

PP-OCRv6 small for detection and recognition, as they lie in the wheel of RapidOCR 3.10; nothing is downloaded. They run
on onnxruntime directly: RapidOCR's own pipeline pads lines of different length to one batch, never shrinks a large photo and
writes to the log. Inputs as in RapidOCR's ``config.yaml``: BGR, scaled to -1..1, sides of a multiple of 32 for the
detector and a height of 48 for the recognizer.

The detector has one large picture to look at and takes all cores for it. Lines are small, and many: each is read on one
core, as many at a time as there are cores, which wins over all cores for one line after another.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cardocr_nb.errors import MissingExtraError, missing_extra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

LINE_HEIGHT = 48
_DETECTOR = "PP-OCRv6_det_small.onnx"
_RECOGNIZER = "PP-OCRv6_rec_small.onnx"
_WHAT = "the embedded engine"

Given = TypeVar("Given")
Made = TypeVar("Made")


class Models(NamedTuple):
    """Loaded networks; both may be used from several threads at once.

    Attributes
    ----------
    detector, recognizer : InferenceSession
    alphabet : tuple of str
        Character of each class of the recognizer; the first is the blank.
    crew : ThreadPoolExecutor or None
        Reads lines beside one another; None where there is one core to read them.
    """

    detector: InferenceSession
    recognizer: InferenceSession
    alphabet: tuple[str, ...]
    crew: ThreadPoolExecutor | None = None

    def each(self, work: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
        """Do some work that reads a line for each of some items, beside one another; the results in their order."""
        return list(self.crew.map(work, items) if self.crew else map(work, items))

    def text_map(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probability that a pixel belongs to text.

        Parameters
        ----------
        image : ndarray of shape (h, w, 3), uint8, BGR
            ``h`` and ``w`` multiples of 32.

        Returns
        -------
        ndarray of shape (h, w), 0 to 1
        """
        found: NDArray[np.float32] = self.detector.run(None, {"x": _scaled(image)})[0][0, 0]
        return found

    def read_line(self, strip: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Class probabilities along a line.

        Parameters
        ----------
        strip : ndarray of shape (48, w, 3), uint8, BGR

        Returns
        -------
        ndarray of shape (steps, classes), 0 to 1
            The steps divide the width evenly.
        """
        read: NDArray[np.float32] = self.recognizer.run(None, {"x": _scaled(strip)})[0][0]
        return read


def _scaled(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    import cv2
    import numpy as np

    return np.asarray(cv2.dnn.blobFromImage(image, 1 / 127.5, mean=(127.5, 127.5, 127.5)), np.float32)


def load(threads: int | None = None) -> Models:
    """Load both networks, about half a second.

    Parameters
    ----------
    threads : int, optional
        For one picture; by default as many as the processor has cores, at most 4.

    Raises
    ------
    MissingExtraError
        The extra ``local`` is not installed.
    """
    # Builds of onnxruntime from 1.29 on send usage events and keep a device id, unless this is set before their import.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import cv2  # noqa: F401 - asked for here, so that its absence shows before any work is done
        from onnxruntime import InferenceSession, SessionOptions, disable_telemetry_events
    except ImportError as absent:
        missing_extra(_WHAT, "local", absent)
    disable_telemetry_events()  # most of them, where a program imported onnxruntime before this package

    cores = threads or min(os.cpu_count() or 1, 4)

    def session(name: str, cores: int) -> InferenceSession:
        options = SessionOptions()
        options.intra_op_num_threads = cores
        # Threads that wait actively take the processor from the other workers of a busy machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        return InferenceSession(str(folder() / name), options, providers=["CPUExecutionProvider"])

    with ThreadPoolExecutor(1) as other:
        waited = other.submit(session, _RECOGNIZER, 1)
        detector, recognizer = session(_DETECTOR, cores), waited.result()
    listed = recognizer.get_modelmeta().custom_metadata_map["character"].splitlines()
    crew = ThreadPoolExecutor(cores, "reading") if cores > 1 else None
    return Models(detector, recognizer, ("", *listed, " "), crew)


def require() -> None:
    """Make sure that what the engine needs is installed, without loading it.

    Raises
    ------
    MissingExtraError
        The extra ``local`` is not installed, or not whole.
    """
    folder()
    if find_spec("onnxruntime") is None or find_spec("cv2") is None:
        raise MissingExtraError(_WHAT, "local")


@cache
def folder() -> Path:
    """Folder of the networks in the installed wheel of RapidOCR, which is not imported.

    Raises
    ------
    MissingExtraError
        RapidOCR is not installed, or a version of it without these networks.
    """
    spec = find_spec("rapidocr")
    for place in (spec.submodule_search_locations or []) if spec else []:
        models = Path(place) / "models"
        if (models / _DETECTOR).is_file() and (models / _RECOGNIZER).is_file():
            return models
    raise MissingExtraError(_WHAT, "local")
