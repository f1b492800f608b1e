"""Which reader reads what: one table from kinds to readers, with the ways round an engine that is missing.

Stage before: `sniff`. Stage after: `extract`. In: bytes, their kind, the engines. Out: `Opened`. Kinds that our own
readers do not know go through LibreOffice and come back as .docx or .xlsx (never HTML: facts/documents.md §2.4). Must
not: raise anything but ReadFailure on purpose, choose by a name.

A new kind of document takes one row in `_READERS`; a kind that is known and not read has none.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from parsers.archives import check_whole, plain_xml
from parsers.document import Budget, Document, FailureCode, LaidPage, Note, NoteCode, ReadFailure
from parsers.engines import Converted, Engines
from parsers.ole import MAGIC, Compound, is_cut
from parsers.readers import excel, image, markup, media, ods, oldexcel, pdf, plain, rtfend, scanned, word, wordbinary
from parsers.sniff import ENCRYPTED, EXCEL_PACKAGES, IMAGES, WORD_PACKAGES, Kind
from parsers.text import Decoded, clean, decode


@dataclass(frozen=True, slots=True)
class Opened:
    """A document as it was read. `package` holds the Office package behind it, for the pictures pasted into it."""

    document: Document
    package: bytes = b""


_Read = Callable[[bytes, Kind, Budget, Engines], Opened]


def open_document(data: bytes, kind: Kind, budget: Budget, engines: Engines) -> Opened:
    """Given a file and its kind, return what a person would see in it. Raise ReadFailure if that can't be told."""
    read = _READERS.get(kind)
    if read is None:
        raise ReadFailure(_UNREAD.get(kind, FailureCode.UNSUPPORTED), kind.value)
    return read(data, kind, budget, engines)


def with_pictures(opened: Opened, budget: Budget, engines: Engines) -> Document:
    """Given a document in which no form was found, return it with what stands on the pictures pasted into it.

    A photo of the filled form in a Word file is the commonest scan. Raise ReadFailure if the engine is missing.
    """
    document = opened.document
    if not opened.package:
        return document
    first, second = [*document.blocks], [*document.blocks]
    pages = media.pictures(opened.package, budget).pictures
    laid: list[LaidPage] = []
    for number, picture in enumerate(pages, start=1):
        looked = engines.look(picture)
        seen, again = scanned.blocks(looked, number)
        first += seen
        second += again
        laid += scanned.laid(looked, number)
    if not pages:
        return document
    notes = (*document.notes, Note(NoteCode.OCR))
    return replace(document, blocks=tuple(first), second_look=tuple(second), notes=notes, laid=tuple(laid))


# --- readers by kind -------------------------------------------------------------------------------------------------


def _word(data: bytes, _kind: Kind, budget: Budget, _engines: Engines) -> Opened:
    return Opened(word.read(data, budget), data)


def _excel(data: bytes, _kind: Kind, budget: Budget, _engines: Engines) -> Opened:
    return Opened(excel.read(data, budget), data)


def _old_word(data: bytes, kind: Kind, budget: Budget, engines: Engines) -> Opened:
    """A Word 97 file: by LibreOffice; without it by our own reader, which is second best and says so."""
    try:
        return _by_office(data, kind, budget, engines)
    except ReadFailure as refused:
        if refused.failure.code is not FailureCode.NEEDS_ENGINE:
            raise
    return Opened(wordbinary.read(data, budget))


def _old_excel(data: bytes, kind: Kind, budget: Budget, engines: Engines) -> Opened:
    """An .xls: xlrd sees all that a person sees; what it can't open LibreOffice may."""
    try:
        return Opened(oldexcel.read(data, budget))
    except ReadFailure as refused:
        if refused.failure.code is not FailureCode.DAMAGED:
            raise
        try:
            return _by_office(data, kind, budget, engines)
        except ReadFailure:
            raise refused from None


def _ods(data: bytes, _kind: Kind, budget: Budget, _engines: Engines) -> Opened:
    return Opened(ods.read(data, budget))


def _rtf(data: bytes, kind: Kind, budget: Budget, engines: Engines) -> Opened:
    if not rtfend.is_whole(data):
        raise ReadFailure(FailureCode.DAMAGED, "an rtf whose braces do not close at its end")
    return _by_office(data, kind, budget, engines)


def _by_office(data: bytes, kind: Kind, budget: Budget, engines: Engines) -> Opened:
    """What LibreOffice makes of a file. It opens some that were cut off in transit and tells nobody: these stay outside."""
    _check(data, kind, budget)
    converted = engines.convert(data, kind)
    reader = word if kind in _WORD_KINDS else excel
    return Opened(_by_way_of(reader.read(converted.data, budget), converted), converted.data)


def _check(data: bytes, kind: Kind, budget: Budget) -> None:
    """What LibreOffice does not look at: checksums of a package, chains of a compound file, DTDs.

    Of a .doc whose chains are broken it makes an empty document, of an .odt with a flipped digit a wrong number.
    """
    if kind in _PACKAGES:
        check_whole(data, budget)
    elif kind in _XML:
        plain_xml(data, budget)
    elif is_cut(data):
        raise ReadFailure(FailureCode.DAMAGED, f"a {kind} that was cut off")
    elif data.startswith(MAGIC):
        file = Compound(data)
        for name in _MAIN_STREAMS:
            file.stream(name)


def _by_way_of(document: Document, converted: Converted) -> Document:
    return replace(document, reader=f"{document.reader} by way of {converted.by}")


def _locked_excel(data: bytes, kind: Kind, budget: Budget, engines: Engines) -> Opened:
    """An encrypted Office file. A protected workbook may have Excel's default password, with which everybody opens it.

    One that was also cut off stays ENCRYPTED: saved anew without the password it comes whole; told "damaged", the sender would
    mail the locked file again.
    """
    try:
        return _by_office(data, kind, budget, engines)
    except ReadFailure as refused:
        raise ReadFailure(FailureCode.ENCRYPTED, kind.value) from refused


def _pdf(data: bytes, _kind: Kind, budget: Budget, engines: Engines) -> Opened:
    return Opened(pdf.read(data, budget, engines))


def _image(data: bytes, _kind: Kind, budget: Budget, engines: Engines) -> Opened:
    return Opened(image.read(data, budget, engines))


def _html(data: bytes, _kind: Kind, budget: Budget, _engines: Engines) -> Opened:
    return _noted(markup.decode_html(data), lambda text: markup.read(text, budget))


def _mht(data: bytes, _kind: Kind, budget: Budget, _engines: Engines) -> Opened:
    return _noted(markup.decode_mht(data), lambda text: markup.read(text, budget))


def _text(data: bytes, _kind: Kind, budget: Budget, _engines: Engines) -> Opened:
    return _noted(decode(data), lambda text: plain.read(text, budget))


def _csv(data: bytes, _kind: Kind, budget: Budget, _engines: Engines) -> Opened:
    return _noted(decode(data), lambda text: plain.read_csv(text, budget))


def _noted(decoded: Decoded, read: Callable[[str], Document]) -> Opened:
    document = read(decoded.text)
    if not decoded.certain or decoded.damaged:
        note = Note(NoteCode.UNCERTAIN_ENCODING, clean(decoded.encoding))
        document = replace(document, notes=(*document.notes, note))
    return Opened(document)


_PACKAGES = frozenset({Kind.ODT, Kind.XLSB})
_XML = frozenset({Kind.WORD_XML, Kind.EXCEL_XML})
_MAIN_STREAMS = ("WordDocument", "0Table", "1Table", "Data", "Workbook", "Book", "CONTENTS")
_WORD_KINDS = frozenset({Kind.DOC, Kind.WPS, Kind.WORKS, Kind.RTF, Kind.ODT, Kind.WORD_XML})
_READERS: dict[Kind, _Read] = {
    **dict.fromkeys((*WORD_PACKAGES, Kind.FLAT_OPC), _word),
    **dict.fromkeys(EXCEL_PACKAGES, _excel),
    Kind.DOC: _old_word,
    Kind.RTF: _rtf,
    **dict.fromkeys((Kind.WPS, Kind.WORKS, Kind.ODT, Kind.WORD_XML), _by_office),
    Kind.XLS: _old_excel,
    Kind.ODS: _ods,
    **dict.fromkeys((Kind.XLSB, Kind.EXCEL_XML), _by_office),
    **dict.fromkeys((Kind.ENCRYPTED_OOXML, Kind.ENCRYPTED_XLS), _locked_excel),
    Kind.PDF: _pdf,
    **dict.fromkeys(IMAGES - {Kind.HEIC}, _image),
    Kind.HTML: _html,
    Kind.MHT: _mht,
    Kind.TEXT: _text,
    Kind.CSV: _csv,
}
_UNREAD = {
    **dict.fromkeys(ENCRYPTED, FailureCode.ENCRYPTED),
    Kind.LOCK_FILE: FailureCode.LOCK_FILE,
    Kind.EMPTY: FailureCode.EMPTY,
}
