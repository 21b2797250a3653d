"""From a picture to the fields of a card."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Protocol

from cardocr_nb.cards import card_type as checked_card_type
from cardocr_nb.cards import expected_fields
from cardocr_nb.local.engine import _networks as networks
from cardocr_nb.local.engine._card_answer import Recognition
from cardocr_nb.local.engine._card_pose import of_other_lines
from cardocr_nb.local.engine._card_reading import CardReading
from cardocr_nb.local.engine._watermark import is_unsure, surest_fields, without_pale_ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._networks import Models
    from cardocr_nb.local.engine._recognition import Line
    from cardocr_nb.wire._records import Field


class Reader(Protocol):
    """Reads cards for the embedded service."""

    def read(self, image: NDArray[np.uint8], card_type: str) -> list[Field]:
        """Read the fields of a card.

        Parameters
        ----------
        image : ndarray of shape (h, w, 3), uint8, RGB
            Upright, as from `cardocr_nb._images.load_upright`.
        card_type : str
            ``IDCard`` or ``DriverLicense``.

        Returns
        -------
        list of Field
            Labels in Chinese as printed; empty when the picture does not show such a card.
        """
        ...


class Engine:
    """Reads both cards with the networks in RapidOCR's wheel; may be used from several threads at once.

    Parameters
    ----------
    threads : int, optional
        For one picture; by default as many as the processor has cores, at most 4. Take 1 where several pictures are
        read at once.

    Raises
    ------
    MissingExtraError
        The extra ``local`` is not installed; raised here, before a job is accepted.

    Examples
    --------
    >>> import numpy as np
    >>> from cardocr_nb.local.engine import Engine
    >>> Engine().read(np.full((540, 856, 3), 255, np.uint8), "IDCard")
    []
    """

    def __init__(self, threads: int | None = None) -> None:
        networks.require()
        self._threads = threads
        self._lock = threading.Lock()
        self._models: Models | None = None

    @classmethod
    def for_workers(cls, workers: int) -> Engine:
        """Make an engine for so many threads that read at the same time and share the cores.

        Examples
        --------
        >>> isinstance(Engine.for_workers(2), Engine)
        True
        """
        return cls() if workers == 1 else cls(max(1, (os.cpu_count() or 1) // workers))

    def loaded(self) -> Models:
        """Load the networks, once; worth calling early where the first card should not wait for it."""
        with self._lock:
            if self._models is None:
                self._models = networks.load(self._threads)
            return self._models

    def read(self, image: NDArray[np.uint8], card_type: str) -> list[Field]:
        """Read the fields of a card.

        Parameters
        ----------
        image : ndarray of shape (h, w, 3), uint8, RGB
            Upright, as from `cardocr_nb._images.load_upright`.
        card_type : str
            ``IDCard`` or ``DriverLicense``.

        Returns
        -------
        list of Field
            In the card's order, labels in Chinese as printed; empty when the picture does not show such a card.

        Raises
        ------
        InvalidRequestError
            The card type is unknown.
        MissingExtraError
            The extra ``local`` is not installed.
        """
        return self.recognize(image, card_type).fields

    def recognize(self, image: NDArray[np.uint8], card_type: str) -> Recognition:
        """Read the fields of a card, with a message about the picture.

        Parameters
        ----------
        image : ndarray of shape (h, w, 3), uint8, RGB
            Upright, as from `cardocr_nb._images.load_upright`.
        card_type : str
            ``IDCard`` or ``DriverLicense``.

        Returns
        -------
        Recognition
            With a message where the picture shows several cards of the type, or maybe none.

        Examples
        --------
        >>> import numpy as np
        >>> Engine().recognize(np.full((540, 856, 3), 255, np.uint8), "IDCard")
        Recognition(fields=[], message='')
        """
        kind = str(checked_card_type(card_type))
        reading = CardReading(image, kind, self.loaded())
        first = reading.result()
        unsure = is_unsure(first.fields, len(expected_fields(kind)))
        if not (unsure and reading.is_crossed()):
            return first
        known: tuple[CardPose, Sequence[Line]] | tuple[()] = ()
        # The place that a look gives which found hardly a card is not worth keeping to.
        if reading.pose and not first.message and 2 * len(first.fields) >= len(expected_fields(kind)):
            known = of_other_lines(reading.pose), reading.lines
        again = CardReading(without_pale_ink(image, colored=not known), kind, self.loaded(), *known)
        if known and reading.seal is not None and reading.seal.is_valid:
            again.seal = reading.seal  # without pale ink it is harder to read
        second = again.result()
        order = [reading.labels[name] for name in expected_fields(kind)]
        return Recognition(
            surest_fields(first.fields, second.fields, order),
            first.message if first.fields else second.message,
        )
