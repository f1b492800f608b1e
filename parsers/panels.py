"""What `outline` hands out: documents as panels of spots. Values only, so that whoever shows them loads no reader. Pure."""

from dataclasses import dataclass

from parsers.document import Failure


@dataclass(frozen=True, slots=True)
class Spot:
    """One cell or paragraph. `struck` is what is struck out in it and does not stand in `text`."""

    text: str
    place: str
    row: int = 0
    column: int = 0
    row_span: int = 1
    column_span: int = 1
    struck: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """A table of `rows` × `columns` (the spots in reading order, without overlaps), or one paragraph (0 × 0, one spot)."""

    rows: int
    columns: int
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """One document. `name` as in its reading; `pages`: so many pictures of it can be drawn; `clipped`: there is more of it."""

    name: str
    kind: str
    panels: tuple[Panel, ...] = ()
    pages: int = 0
    clipped: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Outlines:
    """The documents of one part: one, or the members of an archive in their order."""

    documents: tuple[Outline, ...]
    clipped: bool = False
