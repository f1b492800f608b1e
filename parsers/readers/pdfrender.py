"""Pages drawn by pdfium: for the OCR engine, and to see whether a glyph leaves any ink on the page.

In: bytes of a PDF file and a page number. Out: pictures. pdfium is C++ that meets hostile bytes: it runs in the locked worker
only, and every bitmap is bounded before it is made (a page of 14,400 points at 200 dpi has 1.6 gigapixels).
Home of pypdfium2 and of Pillow as far as it carries pdfium's bitmaps.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast

import pypdfium2
from PIL import Image

from parsers.document import Budget, FailureCode, ReadFailure

VERSION = f"pypdfium2 {pypdfium2.PYPDFIUM_INFO.version}"

_SCAN_DPI = 200  # forms in 10.5 pt: OCR read 110/110 fields at this size (facts/documents.md §2.6)
_LOOK_DPI = 100  # a full stop of 10 pt still is a gray pixel
_OCR_PIXELS = 12_000_000  # of a picture for the engine (facts/documents.md §2.6: beyond it, seconds and a gigabyte)
_LOOK_PIXELS = 4_000_000
_SIDE = 20_000  # pixels
_JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as a gray picture; `scale` is pixels a point, of the crop box."""

    picture: Image.Image
    scale: float


def page_count(data: bytes) -> int:
    """Given a file, return how many pages pdfium sees, 0 if it cannot open it."""
    try:
        with _opened(data) as document:
            return len(document)
    except pypdfium2.PdfiumError:
        return 0


def picture_of(data: bytes, index: int, budget: Budget, turn: int, *, filled_in: bool = False) -> bytes:
    """Given a page's zero-based number, return it in color (seals are red) as JPEG, turned clockwise by `turn`.

    `filled_in`: with what stands in its form fields, for a person. The engine does without: fields are read by `pdfforms`.
    """
    with _opened(data) as document:
        if filled_in:
            document.init_forms()  # pypdfium2's pdfium has no JavaScript and no XFA
        page = document[index]
        scale = _scale(page, _SCAN_DPI, min(budget.pixels, _OCR_PIXELS))
        bitmap = page.render(scale=scale, rotation=turn, may_draw_forms=filled_in)
        picture = cast("Image.Image", bitmap.to_pil()).convert("RGB")
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return stream.getvalue()


def look_at(data: bytes, index: int, turn: int) -> Drawn | None:
    """Given a page's zero-based number, return it in gray, or None if it is so large that glyphs would be dots."""
    with _opened(data) as document:
        page = document[index]
        scale = _scale(page, _LOOK_DPI, _LOOK_PIXELS)
        if scale < _LOOK_DPI / 72 * 0.6:
            return None
        bitmap = page.render(scale=scale, rotation=turn, grayscale=True, may_draw_forms=False)
        return Drawn(cast("Image.Image", bitmap.to_pil()).convert("L"), scale)


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    document = pypdfium2.PdfDocument(data)
    try:
        yield document
    finally:
        document.close()


def _scale(page: Any, dpi: float, pixels: int) -> float:
    width, height = page.get_size()
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        raise ReadFailure(FailureCode.DAMAGED, "a page without size")
    scale = min(dpi / 72, math.sqrt(pixels / (width * height)), _SIDE / max(width, height))
    if min(width, height) * scale < 1:
        raise ReadFailure(FailureCode.TOO_LARGE, "a page without breadth")
    return cast("float", scale)
