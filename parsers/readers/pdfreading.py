"""The page that calls the steps of reading a PDF in order.

In: bytes, the budget, the engines. Out: a `Document`. Each page is text or a picture: a page whose text is missing, unreadable
or hidden behind a scan is drawn and shown to the OCR engine. Half a document never passes as a whole: where pages are pictures
and there is no engine, the whole document waits for it (NEEDS_ENGINE), whatever its other pages say: a sender's correction may
stand on the page that was not read. Must not: be imported where no PDF library is (see `pdf`).
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pdfminer.pdfinterp import PDFResourceManager
from pdfminer.pdfpage import PDFPage

from parsers.document import Block, Budget, Document, FailureCode, LaidPage, Note, NoteCode, ReadFailure
from parsers.engines import Engines
from parsers.readers import pdfrender, pdftables, scanned
from parsers.readers.comments import Comments
from parsers.readers.pdfblocks import Writer, frame_of
from parsers.readers.pdfforms import Overlay, comments_on, is_struck, overlay_of, stroke_missed, undrawn_text
from parsers.readers.pdfguard import Meter, PageTooBusyError, bounded
from parsers.readers.pdfink import Glyph, Sheet, draw
from parsers.readers.pdfmarks import marked
from parsers.readers.pdfopen import has_dynamic_form, notes_of, open_file
from parsers.readers.pdfseen import large_pictures, share, visible

READER = f"pdf/1 {pdftables.VERSION} {pdfrender.VERSION}"

_SCRAP = 20  # signs: a page with fewer and a picture is a scan with a page number or a scanner's advertisement
_FEW = 200  # signs: with a large picture and no table of its own, the picture may be the form
_PICTURE, _LARGE_PICTURE = 0.1, 0.25  # of the page
_OUTLINES = 60  # curves: letters that were turned into shapes before printing, five or six signs of Chinese
_UNREADABLE = 0.1  # share of glyphs without Unicode that makes a page's text useless
_GARBAGE = re.compile("\\(cid:\\d+\\)|[\ufffd\ue000-\uefff\uf100-\uf8ff]")  # U+F0xx: symbol fonts


@dataclass(slots=True)
class _Reading:
    """What is read with, and what has been read so far."""

    data: bytes
    budget: Budget
    engines: Engines
    meter: Meter
    writer: Writer
    second: Writer
    resources: PDFResourceManager = field(default_factory=PDFResourceManager)
    notes: dict[Note, None] = field(default_factory=dict)
    comments: Comments = field(default_factory=Comments)
    laid: list[LaidPage] = field(default_factory=list)
    pictures: int = 0
    looked: int = 0
    fields: int = 0
    skipped: int = 0


def read_pages(data: bytes, budget: Budget, engines: Engines) -> Document:
    """Given a PDF file, return what a person would see in it. Raise ReadFailure, or whatever pdfminer stumbles over."""
    with _silent(), bounded(budget) as meter:
        opened = open_file(data, budget)
        reading = _Reading(data, budget, engines, meter, Writer(budget), Writer(budget))
        for index, page in enumerate(opened.pages):
            _read_page(index, page, reading)
        notes = notes_of(opened)
        if has_dynamic_form(opened.document) and not reading.fields:
            raise ReadFailure(FailureCode.UNSUPPORTED, "xfa")
    blocks = reading.writer.finished()
    second: tuple[Block, ...] = reading.second.finished() if reading.looked else ()
    found = (*reading.notes, *reading.writer.notes(), *notes, *reading.comments.notes())
    if reading.skipped:
        found = (*found, Note(NoteCode.PAGES_LEFT_OUT, f"{reading.skipped} scanned pages"))
    if not blocks and not reading.pictures and not reading.looked:
        raise ReadFailure(FailureCode.EMPTY, "no text and no picture")
    return Document(blocks, READER, found, reading.pictures, second, tuple(reading.laid))


def _read_page(index: int, page: PDFPage, reading: _Reading) -> None:
    for text in comments_on(page):
        reading.comments.add(text)
    try:
        sheet = draw(page, reading.resources, reading.meter)
        overlay = overlay_of(page)
        glyphs, hidden = _seen(reading.data, index, sheet)
        glyphs, rules = marked([*glyphs, *overlay.glyphs], _with(sheet, overlay))
        tables = pdftables.tables_of(rules, sheet.width, sheet.height)
    except PageTooBusyError:
        _look(index, 0, page, reading)
        return
    reading.fields += overlay.fields
    reading.pictures += overlay.pictures
    for name in overlay.files:
        reading.notes[Note(NoteCode.EMBEDDED_FILE, name)] = None
    if _is_picture(sheet, glyphs, rules_make_table=bool(tables)):
        _look(index, sheet.turn, page, reading)
        return
    if stroke_missed(overlay, glyphs):
        _note_stroke(index, reading)
    if hidden:
        reading.notes[Note(NoteCode.COVERED_TEXT, f"page {index + 1}")] = None
    reading.pictures += large_pictures(sheet)
    frame = frame_of(index + 1, sheet)
    reading.laid.append(frame.laid)
    for writer in (reading.writer, reading.second):
        writer.add_page(frame, glyphs, tables, sheet.height)


def _seen(data: bytes, index: int, sheet: Sheet) -> tuple[list[Glyph], int]:
    drawn = None
    if any(glyph.embedded and not glyph.invisible for glyph in sheet.glyphs):
        drawn = pdfrender.look_at(data, index, sheet.turn)
    return visible(sheet, drawn)


def _with(sheet: Sheet, overlay: Overlay) -> Sheet:
    sheet.rules.extend(overlay.rules)
    return sheet


def _is_picture(sheet: Sheet, glyphs: list[Glyph], *, rules_make_table: bool) -> bool:
    """Return whether a page has to be looked at as a picture.

    A page of text with a pasted photograph stays text: the table around the text is the form, the photograph is counted in
    `pictures`. Only where the text is a few lines without a table (附件2 and a title above the photograph of the filled form),
    the page is looked at: then the engine sees both.
    """
    signs = [glyph.text for glyph in glyphs if glyph.text.strip()]
    largest = max((share(sheet, picture) for picture in sheet.pictures), default=0.0)
    unreadable = sum(_GARBAGE.fullmatch(sign) is not None for sign in signs)
    if unreadable > _UNREADABLE * max(len(signs), _SCRAP):
        return True
    if len(signs) < _SCRAP:
        return largest >= _PICTURE or len(sheet.strokes) >= _OUTLINES
    return len(signs) < _FEW and not rules_make_table and largest >= _LARGE_PICTURE


def _note_stroke(index: int, reading: _Reading) -> None:
    reading.notes[Note(NoteCode.STRUCK_TEXT, f"page {index + 1}")] = None


def _look(index: int, turn: int, page: PDFPage, reading: _Reading) -> None:
    """Show a page to the OCR engine. It may read through a stroke, and it does not see what pdfium doesn't draw."""
    if is_struck(page):
        _note_stroke(index, reading)
    for text in undrawn_text(page):
        reading.comments.add(text)
    reading.pictures += 1
    if reading.looked >= reading.budget.scanned_pages:
        reading.skipped += 1
        return
    seen = reading.engines.look(pdfrender.picture_of(reading.data, index, reading.budget, turn))
    reading.looked += 1
    reading.notes[Note(NoteCode.OCR, seen.by)] = None
    reading.laid += scanned.laid(seen, index + 1, turn)
    first, second = scanned.blocks(seen, index + 1)
    reading.writer.add_blocks(first)
    reading.second.add_blocks(second)


@contextmanager
def _silent() -> Iterator[None]:
    """Keep pdfminer from logging: its warnings quote what stands in the file."""
    logger = logging.getLogger("pdfminer")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
