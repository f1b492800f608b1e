"""Pictures (.jpg .png .tif .bmp .gif .webp: photos and scans of filled forms) → `Document`.

In: bytes that `sniff` called a picture. Out: what the OCR engine saw on its pages, in two looks. Nothing here opens a picture:
it goes to the engine as it came, once for each of its pages. Must not: raise anything but ReadFailure.
"""

from parsers.document import Block, Budget, Document, LaidPage, Note, NoteCode
from parsers.engines import Engines
from parsers.readers import scanned


def read(data: bytes, budget: Budget, engines: Engines) -> Document:
    """Given a picture file, return what stands on its pages, `budget.scanned_pages` of them at most.

    Raise ReadFailure if it is damaged or too large, or if no engine is there.
    """
    first: list[Block] = []
    second: list[Block] = []
    laid: list[LaidPage] = []
    notes = [Note(NoteCode.OCR)]
    frame = 0
    while True:
        page = engines.look(data, frame)
        frame += 1
        one, other = scanned.blocks(page, frame)
        first += one
        second += other
        laid += scanned.laid(page, frame)
        if frame >= page.frames:
            break
        if frame >= budget.scanned_pages:
            notes.append(Note(NoteCode.PAGES_LEFT_OUT, str(frame)))
            break
    return Document(
        tuple(first), f"image/1 {page.by}", tuple(notes), page.frames, second_look=tuple(second), laid=tuple(laid)
    )
