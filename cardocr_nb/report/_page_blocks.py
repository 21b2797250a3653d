"""The parts of a page, independent of its format: sections of paragraphs, tables and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from cardocr_nb.report._charts import Picture


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `kind` sets the style of its cells: ``row`` and ``key`` are row headers."""

    title: str
    kind: Literal["row", "key", "plain", "number", "share", "text", "why"] = "plain"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text : str
    note : str
        A second name, in Chinese.
    part : float or None
        Length of a bar, 0 to 1.
    alert : bool
        Marked in the warning color.
    foreign : bool
        Comes from a card: Chinese on a page in any language.
    picture : Picture or None
        Shown instead of the text, where the format can show one.
    """

    text: str
    note: str = ""
    part: float | None = None
    alert: bool = False
    foreign: bool = False
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption; every row has as many cells as there are columns."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences; `soft` ones are remarks."""

    kind: ClassVar[str] = "paragraph"
    text: str
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure as wide as the page."""

    kind: ClassVar[str] = "chart"
    picture: Picture


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures side by side under a heading."""

    kind: ClassVar[str] = "gallery"
    title: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    kind: ClassVar[str] = "points"
    texts: tuple[str, ...]


Block: TypeAlias = Table | Paragraph | Chart | Gallery | Points


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading that can be linked to."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All of a page.

    Attributes
    ----------
    title, made, lead : str
        Heading, when and with what it was made, and the findings.
    tiles : tuple of Cell
        The main figures; `Cell.note` is their unit.
    sections : tuple of Section
    versions : tuple of (str, str)
        Packages and their versions.
    """

    title: str
    made: str
    lead: str
    tiles: tuple[Cell, ...]
    sections: tuple[Section, ...]
    versions: tuple[tuple[str, str], ...]
