"""What leaves the notebook: masked texts, pseudonyms, blanked out pictures, reports; and the panel in which a person corrects readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas as pd
    from PIL.Image import Image

    from cardocr_nb.plot._image_sources import Images
    from cardocr_nb.review._panel import Review


class Sharing:
    """Part of `CardFrame`."""

    _df: pd.DataFrame

    def mask(self) -> pd.DataFrame:
        """Hide the texts but for their shape, see `cardocr_nb.privacy.mask`."""
        from cardocr_nb.privacy import mask

        return mask(self._df)

    def pseudonym(self, *, key: bytes | str, **options: Any) -> pd.DataFrame:
        """Put a stand-in for each text, so that joins still work, see `cardocr_nb.privacy.pseudonym`."""
        from cardocr_nb.privacy import pseudonym

        return pseudonym(self._df, key=key, **options)

    def redact(self, image: str | Path | bytes | Image, **options: Any) -> Image:
        """Blank out the fields on the picture of a card, see `cardocr_nb.privacy.redact`."""
        from cardocr_nb.privacy import redact

        return redact(image, self._df, **options)

    def review(self, images: Images, path: str | os.PathLike[str] = "corrections.csv", **options: Any) -> Review:
        """Correct the readings most likely wrong, by keyboard, see `cardocr_nb.review.review`."""
        from cardocr_nb.review import review

        return review(self._df, images, path, **options)

    def report(self, path: str | os.PathLike[str], **options: Any) -> Path:
        """Write a report that stands alone, see `cardocr_nb.report.report`."""
        from cardocr_nb.report import report

        return report(self._df, path, **options)
