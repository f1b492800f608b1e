"""What reading asks for from outside the locked worker, and in what shape the answers come.

In: bytes that no library inside the worker reads. Out: bytes of a kind that one does (`convert`), or what stands on a
picture (`look`). The worker may start no program and has no memory for a neural network, so it asks its parent through
the pipe (`worker.PipeEngines` → `isolate` → `services`), which runs each engine in a confinement of its own. Readers see
only this protocol. An engine that is not on this machine is a `ReadFailure` NEEDS_ENGINE whose detail is its name: the
document is kept, and read again when the engine appears. Must not: know how an engine is run.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from parsers.document import FailureCode, ReadFailure

# What a look gives for one stroke alone in a cell: / or — where nothing was to be filled in, or the number 1.
STROKE = "/\ufffd"


class Engine(StrEnum):
    """Programs and libraries that not every machine has."""

    OFFICE = "office"  # LibreOffice: .doc .wps .rtf .odt … → .docx; .xlsb … → .xlsx
    ARCHIVE = "archive"  # bsdtar or unar: .rar .7z → .zip
    PDF = "pdf"  # pdfplumber and pypdfium2, in the worker itself
    OCR = "ocr"  # RapidOCR, in a worker of its own: a picture → words and ruled cells


@dataclass(frozen=True, slots=True)
class Converted:
    """A document in another container. `by` is name and version of the program: ``"LibreOffice 7.4.7.2"``."""

    data: bytes
    by: str


@dataclass(frozen=True, slots=True)
class Box:
    """An area of a page in pixels of the page as it was looked at (upright, straightened)."""

    left: int
    top: int
    right: int
    bottom: int

    def __str__(self) -> str:
        return f"{self.left},{self.top}-{self.right},{self.bottom}"


@dataclass(frozen=True, slots=True)
class ScannedCell:
    """One ruled cell: its place in its table (zero-based), and what stands in it as two looks of the engine saw it.

    `text` and `second` join the lines of the cell by newlines; U+FFFD stands for ink that gave no text. `score` is the
    lowest confidence of its lines, 0 to 1 (1.0 for an empty cell). `picture` is the cell as base64 of a JPEG.
    """

    box: Box
    row: int
    column: int
    row_span: int
    column_span: int
    text: str
    second: str
    score: float
    picture: str = ""


@dataclass(frozen=True, slots=True)
class ScannedTable:
    """A ruled table of `rows` × `columns`; the cells in reading order, without overlaps."""

    box: Box
    rows: int
    columns: int
    cells: tuple[ScannedCell, ...]


@dataclass(frozen=True, slots=True)
class ScannedLine:
    """A line of text outside ruled tables."""

    box: Box
    text: str
    second: str
    score: float
    picture: str = ""


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """What stands on a picture of a page of `width` × `height` pixels, top to bottom, after turning it upright.

    `turned` is the clockwise turn in degrees (0, 90, 180, 270) that made it upright. `by` names engine and version,
    `frames` counts the pages of the picture file (a TIFF of a fax has several). `whence` is as in `document.LaidPage`.
    """

    width: int
    height: int
    turned: int
    tables: tuple[ScannedTable, ...]
    lines: tuple[ScannedLine, ...]
    by: str
    frames: int = 1
    whence: tuple[float, ...] = ()


class Engines(Protocol):
    """The engines as a reader sees them. Two implementations: `NoEngines` below, and the pipe to the parent."""

    def convert(self, data: bytes, kind: str) -> Converted:
        """Given a file and its sniffed kind, return it converted.

        Raise ReadFailure: NEEDS_ENGINE (detail: the engine's name), DAMAGED, ENCRYPTED, TOO_LARGE, TIMEOUT.
        """
        ...

    def look(self, picture: bytes, frame: int = 0) -> ScannedPage:
        """Given a picture file (PNG, JPEG, TIFF, BMP, GIF, WebP) and which of its frames, return what stands on it.

        Raise ReadFailure: NEEDS_ENGINE, DAMAGED, TOO_LARGE, TIMEOUT.
        """
        ...


class NoEngines:
    """A machine without any engine, as every reader meets one day."""

    def convert(self, data: bytes, kind: str) -> Converted:  # noqa: ARG002 - the protocol's
        """Raise NEEDS_ENGINE for the engine that this kind would need."""
        raise ReadFailure(FailureCode.NEEDS_ENGINE, missing_engine(kind))

    def look(self, picture: bytes, frame: int = 0) -> ScannedPage:  # noqa: ARG002 - the protocol's
        """Raise NEEDS_ENGINE."""
        raise ReadFailure(FailureCode.NEEDS_ENGINE, Engine.OCR)


ARCHIVE_KINDS = frozenset({"rar", "seven_zip"})
NO_ENGINES = NoEngines()


def missing_engine(kind: str) -> Engine:
    """Given the kind of a file that wants converting, return the engine that does it."""
    return Engine.ARCHIVE if kind in ARCHIVE_KINDS else Engine.OFFICE
