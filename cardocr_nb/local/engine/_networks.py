"""The two networks: one detects text, one recognizes the text of a line.

PP-OCRv6 small for detection and recognition, as they lie in the wheel of RapidOCR 3.10; nothing is downloaded. They run
on onnxruntime directly: RapidOCR's own pipeline pads lines of different length to one batch, never shrinks a large photo and
writes to the log. Inputs as in RapidOCR's ``config.yaml``: BGR, scaled to -1..1, sides of a multiple of 32 for the
detector and a height of 48 for the recognizer.

The detector runs on one large picture and uses all cores. Lines are small and many: each is recognized on one core, as many
at the same time as there are cores. This is faster than all cores for one line after another.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cardocr_nb.errors import CardOCRError, MissingExtraError, missing_extra

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

LINE_HEIGHT = 48
_DETECTOR = "PP-OCRv6_det_small.onnx"
_RECOGNIZER = "PP-OCRv6_rec_small.onnx"
_SHA256 = {
    _DETECTOR: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    _RECOGNIZER: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
"""Of the files in the wheels of rapidocr 3.10.0, the versions that `pyproject.toml` allows."""
_WHAT = "the embedded engine"

Item = TypeVar("Item")
Result = TypeVar("Result")


class Models(NamedTuple):
    """Loaded networks; both may be used from several threads at once.

    Attributes
    ----------
    detector, recognizer : InferenceSession
    alphabet : tuple of str
        Character of each class of the recognizer; the first is the blank.
    pool : ThreadPoolExecutor or None
        Recognizes several lines at the same time; None if there is one core.
    """

    detector: InferenceSession
    recognizer: InferenceSession
    alphabet: tuple[str, ...]
    pool: ThreadPoolExecutor | None = None

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Apply a function to each item, on all cores; the results keep the order of the items."""
        return list(self.begin(function, items))

    def begin(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Result, None, None]:
        """Begin to apply a function to each item, so that other work can be done before the results are asked for.

        To close what is returned leaves out the items that are not begun, once the first result was asked for.
        """
        # The iterator of `Executor.map` cancels what is left when it is thrown away.
        return (result for result in (self.pool.map(function, items) if self.pool else map(function, items)))

    def text_map(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the probability that a pixel belongs to text.

        Parameters
        ----------
        image : ndarray of shape (h, w, 3), uint8, BGR
            ``h`` and ``w`` multiples of 32.

        Returns
        -------
        ndarray of shape (h, w), 0 to 1
        """
        text: NDArray[np.float32] = self.detector.run(None, {"x": _scaled(image)})[0][0, 0]
        return text

    def recognize(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute class probabilities along a line.

        Parameters
        ----------
        crop : ndarray of shape (48, w, 3), uint8, BGR

        Returns
        -------
        ndarray of shape (steps, classes), 0 to 1
            The steps divide the width evenly.
        """
        classes: NDArray[np.float32] = self.recognizer.run(None, {"x": _scaled(crop)})[0][0]
        return classes


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
        import cv2  # noqa: F401 - so that a missing package shows before any work is done
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
        # Smaller parts of the work, so that no thread waits long for another one.
        options.add_session_config_entry("session.dynamic_block_base", "4")
        options.log_severity_level = 4
        return InferenceSession(str(folder() / name), options, providers=["CPUExecutionProvider"])

    _verify()
    with ThreadPoolExecutor(1) as second:
        pending = second.submit(session, _RECOGNIZER, 1)
        detector, recognizer = session(_DETECTOR, cores), pending.result()
    listed = recognizer.get_modelmeta().custom_metadata_map["character"].splitlines()
    pool = ThreadPoolExecutor(cores, "reading") if cores > 1 else None
    return Models(detector, recognizer, ("", *listed, " "), pool)


@cache
def _verify() -> None:
    """Compare the files of the networks with the ones that this release was tested with, once in a process.

    Raises
    ------
    CardOCRError
        A file differs: the wheel is of another version, damaged, or was changed.
    """
    for name, expected in _SHA256.items():
        if hashlib.sha256((folder() / name).read_bytes()).hexdigest() != expected:
            raise CardOCRError(
                f"the model file {name} is not the one that this release was tested with (its SHA-256 differs); "
                "reinstall it: pip install --force-reinstall 'cardocr-nb[local]'"
            )


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
