"""The one intermediate model of every container: what a person would see on the page, and where.

Readers produce it, `recognize` and `extract` consume it. Blocks are paragraphs or grids; a grid cell is one merged
area. No text in it is deleted, hidden or struck out text; tick marks of any origin (Wingdings symbols, content-control
boxes, form check boxes) are written as the characters U+2611 (ticked) and U+2610 (empty).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

TICKED = "\u2611"  # BALLOT BOX WITH CHECK: every reader maps its own kinds of tick to this one
EMPTY_BOX = "\u2610"  # BALLOT BOX


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph or line outside any grid.

    `place` names it for a person and for provenance, for example ``"para 7"``, ``"line 3"``. `score` is what an engine that
    read it from a picture holds the likelihood of its weakest character for, 0 to 1; 1.0 where text was written as text.
    """

    text: str
    place: str
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One merged area of a grid: `row` and `column` are zero-based and name its top-left corner.

    `text` joins the cell's own paragraphs by newlines (nested grids not included). `underlined` lists the pieces of
    `text` that carry an underline and `struck` those that are struck out (struck text does not stand in `text`):
    是/否 is often answered by them alone. `place` is for example ``"table 1, R2C4"`` (one-based, as people count) or
    ``"Sheet1!B3"``. `number_format` is the workbook's format of a numeric cell, else "". `picture` shows a scanned cell
    (base64 of a JPEG), else "". `score` is as in `Paragraph`.
    """

    row: int
    column: int
    text: str
    place: str
    row_span: int = 1
    column_span: int = 1
    underlined: tuple[str, ...] = ()
    struck: tuple[str, ...] = ()
    nested: tuple["Grid", ...] = ()
    number_format: str = ""
    picture: str = ""
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: rows × columns of merged areas, in reading order (by row, then column); no two areas overlap."""

    rows: int
    columns: int
    cells: tuple[Cell, ...]
    place: str


Block = Paragraph | Grid


class NoteCode(StrEnum):
    """What a reader noticed that a clerk may want to know; none of them makes a reading wrong by itself."""

    TRACKED_CHANGES = "tracked_changes"
    HIDDEN_TEXT = "hidden_text"
    HIDDEN_SHEET = "hidden_sheet"
    HIDDEN_ROWS = "hidden_rows"  # with text in them, not read; detail: sheet and rows, "Sheet1!3-4,7"
    FILTERED_ROWS = "filtered_rows"  # hidden by a filter only, and read; detail: as above
    STRUCK_TEXT = "struck_text"  # detail: the page of a stroke of which nobody can tell what it strikes out
    MACROS = "macros"
    EMBEDDED_FILE = "embedded_file"
    CLIPPED = "clipped"
    UNCERTAIN_ENCODING = "uncertain_encoding"
    UNKNOWN_SYMBOL = "unknown_symbol"
    FORMULA_WITHOUT_VALUE = "formula_without_value"  # written by a program that does not calculate
    SECOND_BEST_READER = "second_best_reader"  # the better one is not on this machine; detail: its `Engine`
    OCR = "ocr"  # read off a picture
    COVERED_TEXT = "covered_text"  # a PDF holds text that no person sees on the page
    COMMENT = "comment"  # hangs on the document, stands not in it; detail: its text in one line, or "+5" for the rest
    PAGES_LEFT_OUT = "pages_left_out"  # more pages than the budget allows; detail: how many were read


@dataclass(frozen=True, slots=True)
class Note:
    code: NoteCode
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LaidPage:
    """A page as an engine looked at it: turned, straightened, scaled. Boxes in places are pixels of this page.

    `number` is one-based, as places name it. `turn` is what a PDF page was turned by, clockwise, when it was drawn. `whence`
    leads back to the picture that came, (a, b, c, d, e, f, g, h): the pixel x, y of the page lies at (ax + by + c) / w of the
    picture's width and (dx + ey + f) / w of its height, w = gx + hy + 1. With that a person is shown the page as it was read,
    without any engine.
    """

    number: int
    width: int
    height: int
    turn: int
    whence: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader saw: blocks in reading order, notes, and how many pictures the file carries.

    `reader` is name and version of what read it, for example ``"word/1 python-docx 1.2.0"``; it is stored with each
    reading so that a better reader can be run over the archive later.

    `second_look` is empty for containers that hold text. For a scan it holds the same blocks as an independent second
    look of the engine saw them: a value counts only where both looks give the same. `laid` are the pages it looked at.

    `footers` are the lines at the foot of its pages. They are no part of a form (page numbers, whom to ask), and heard only
    for what they say against one.
    """

    blocks: tuple[Block, ...]
    reader: str
    notes: tuple[Note, ...] = ()
    pictures: int = 0
    second_look: tuple[Block, ...] = ()
    laid: tuple[LaidPage, ...] = ()
    footers: tuple[str, ...] = ()

    def grids(self) -> Iterator[Grid]:
        """Yield the top-level grids in reading order."""
        return (block for block in self.blocks if isinstance(block, Grid))

    def lines(self) -> Iterator[str]:
        """Yield the non-empty lines of the paragraphs outside grids, in reading order."""
        for block in self.blocks:
            if isinstance(block, Paragraph):
                yield from (line for line in block.text.splitlines() if line.strip())


class FailureCode(StrEnum):
    """Why a document could not be read, in terms that lead to different words for the sender and the clerk."""

    ENCRYPTED = "encrypted"  # a password is set
    DAMAGED = "damaged"  # truncated, broken package, not what it says
    EMPTY = "empty"  # zero bytes, or no content at all
    UNSUPPORTED = "unsupported"  # we know what it is and do not read it
    NEEDS_ENGINE = "needs_engine"  # readable, but the program for it is not on this machine
    UNRECOGNIZED = "unrecognized"  # a picture on which no form could be made out
    TOO_LARGE = "too_large"  # over the budget: size, cells, members, depth
    LOCK_FILE = "lock_file"  # ~$name.docx: the shadow of an open file, not the file
    REFUSED = "refused"  # hostile construction (DTD in a package, overlapping zip members)
    TIMEOUT = "timeout"  # the worker was stopped by the clock
    CRASHED = "crashed"  # the worker died or the reader failed in a way it should not


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that could not be read: a value, not an error. `detail` is English, for the log and the clerk."""

    code: FailureCode
    detail: str = ""


class ReadFailure(Exception):
    """Raised by readers inside the worker; `parse` turns it into `Failure`."""

    def __init__(self, code: FailureCode, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.failure = Failure(code, detail)


@dataclass(frozen=True, slots=True)
class Budget:
    """Upper bounds for reading one document (figures: facts/documents.md §2.8, facts/reliability.md §3.2)."""

    attachment_bytes: int = 30 * 2**20
    unzipped_bytes: int = 200 * 2**20
    xml_part_bytes: int = 30 * 2**20
    members: int = 2_000
    ratio: int = 100  # uncompressed : compressed, applied above 10 MB only
    archive_depth: int = 3
    archive_members: int = 500
    rows: int = 2_000
    columns: int = 64
    cells: int = 20_000
    nested_depth: int = 8
    text_characters: int = 2_000_000
    pages: int = 20  # of a PDF
    scanned_pages: int = 5  # pictures of pages looked at by the OCR engine
    pixels: int = 40_000_000  # of one picture, before it is scaled down


DEFAULT_BUDGET = Budget()
