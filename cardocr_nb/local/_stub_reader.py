"""A reader that returns the same fields for every image at once, for load tests and for a first try."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardocr_nb.cards import FIELDS, CardType
from cardocr_nb.wire._records import Field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TEXTS = {
    "name": "样本一",
    "gender": "女",
    "ethnicity": "汉",
    "birth_date": "1999年9月9日",
    "address": "样本省示例市标本路9号",
    "id_number": "990000199909090002",
    "licence_number": "990000199909090002",
    "nationality": "中国",
    "first_issue_date": "2019-09-09",
    "vehicle_class": "C1",
    "valid_period": "2019-09-09至2029-09-09",
    "issuing_authority": "样本省示例市标本支队",
}


class StubReader:
    """Returns every field of the card type, from the top of the image to the bottom, with score 99.

    Examples
    --------
    >>> import numpy as np
    >>> len(StubReader().read(np.zeros((100, 160, 3), np.uint8), "IDCard"))
    6
    """

    def read(self, image: NDArray[np.uint8], card_type: str) -> list[Field]:
        """Return the fields of a card.

        Parameters
        ----------
        image : ndarray of shape (h, w, 3)
            Only its size is used.
        card_type : str
            ``IDCard`` or ``DriverLicense``.
        """
        height, width = image.shape[:2]
        fields = FIELDS[CardType(card_type)]
        step = height // (len(fields) + 1)
        left, right = width // 4, width // 2
        return [
            Field(
                field.label,
                _TEXTS[field.name],
                99,
                ((left, top), (left, top + step // 2), (right, top + step // 2), (right, top)),
            )
            for field, top in zip(fields, range(step // 2, height, step or 1), strict=False)
        ]
