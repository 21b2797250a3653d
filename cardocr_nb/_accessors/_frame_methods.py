"""Other shapes of the frame, and the formats of other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardocr_nb.frame import _dask_frame as scale

if TYPE_CHECKING:
    import pandas as pd

    from cardocr_nb.frame._label_studio import Sizes


class Frames:
    """Part of `CardFrame`."""

    _df: pd.DataFrame

    def wide(self, *, scores: bool = False, polygons: bool = False) -> pd.DataFrame:
        """One row a card, see `cardocr_nb.frame.wide`."""
        from cardocr_nb.frame import wide

        return wide(self._df, scores=scores, polygons=polygons)

    @staticmethod
    def to_long(cards: pd.DataFrame) -> pd.DataFrame:
        """Turn one row a card back into one row a field, see `cardocr_nb.frame.to_long`."""
        from cardocr_nb.frame import to_long

        return to_long(cards)

    def validate(self) -> pd.DataFrame:
        """List what in the frame is not as it should be, see `cardocr_nb.frame.validate`."""
        from cardocr_nb.frame import validate

        return validate(self._df)

    def to_label_studio(self, sizes: Sizes, *, image: str = "{key}") -> list[dict[str, Any]]:
        """Make tasks for people to correct, see `cardocr_nb.frame._label_studio.to_label_studio`."""
        from cardocr_nb.frame._label_studio import to_label_studio

        return to_label_studio(self._df, sizes, image=image)

    @staticmethod
    def from_label_studio(tasks: Any) -> pd.DataFrame:
        """Read what people corrected: ``pd.DataFrame.cardocr.from_label_studio("export.json")``."""
        from cardocr_nb.frame._label_studio import from_label_studio

        return from_label_studio(tasks)

    def to_coco(self, sizes: Sizes, *, texts: bool = True) -> dict[str, Any]:
        """Make a COCO data set of the polygons, see `cardocr_nb.frame._coco.to_coco`."""
        from cardocr_nb.frame._coco import to_coco

        return to_coco(self._df, sizes, texts=texts)

    @staticmethod
    def from_coco(coco: Any) -> pd.DataFrame:
        """Read a COCO data set: ``pd.DataFrame.cardocr.from_coco("instances.json")``."""
        from cardocr_nb.frame._coco import from_coco

        return from_coco(coco)

    def to_dask(self, *, npartitions: int = 4) -> Any:
        """Part the frame for Dask, never a card, see `cardocr_nb.frame._dask_frame.to_dask`."""
        return scale.to_dask(self._df, npartitions=npartitions)
