"""Old workbooks (.xls) made in code: by xlwt, and record by record where xlwt would not write it."""

import struct
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO

import xlwt
from xlwt.Worksheet import Worksheet

from parsers.ole import Compound
from tests.builders.layouts import Box, width
from tests.builders.ole import compound

Records = list[tuple[int, bytes]]
BOF, EOF, BOUNDSHEET, CODEPAGE, LABEL, FONT, XF = 0x809, 0x0A, 0x85, 0x42, 0x204, 0x31, 0xE0


def old_workbook(fill: Callable[[Worksheet], None], *more: tuple[str, Callable[[Worksheet], None]]) -> bytes:
    """Given a function that fills the first sheet (named 表) and further named sheets, return the file."""
    book = xlwt.Workbook(encoding="utf-8")
    for name, fill_one in (("表", fill), *more):
        fill_one(book.add_sheet(name, cell_overwrite_ok=True))
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def records(data: bytes) -> Records:
    """Given a file, return the records of its workbook."""
    stream = Compound(data).stream("Workbook")
    assert stream is not None
    found: Records = []
    at = 0
    while at + 4 <= len(stream):
        code, length = struct.unpack_from("<HH", stream, at)
        if code:  # xlwt fills up with zeros
            found.append((code, stream[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


def file_of(found: Iterable[tuple[int, bytes]], name: str = "Workbook", **storages) -> bytes:
    """Given records, return the file, the offsets of its sheets set right."""
    found = list(found)
    offsets: list[int] = []
    at = depth = 0
    for code, payload in found:
        if code == BOF:
            depth += 1
            if depth == 1 and at:
                offsets.append(at)
        elif code == EOF:
            depth -= 1
        at += 4 + len(payload)
    stream = bytearray()
    for code, payload in found:
        if code == BOUNDSHEET and offsets:
            payload = struct.pack("<I", offsets.pop(0)) + payload[4:]  # noqa: PLW2901
        stream += struct.pack("<HH", code, len(payload)) + payload
    return compound({name: bytes(stream)}, storages or None)


def in_sheet(data: bytes, *extra: tuple[int, bytes]) -> bytes:
    """Given a file of one sheet, return it with records added at the end of the sheet."""
    return file_of([*records(data)[:-1], *extra, (EOF, b"")])


def without(data: bytes, *codes: int) -> bytes:
    """Given a file, return it without the records of these codes."""
    return file_of([record for record in records(data) if record[0] not in codes])


def excel_95(texts: dict[tuple[int, int], bytes], codepage: int | None, name: bytes = b"Sheet1") -> bytes:
    """Given encoded texts by row and column (zero-based), return the file as Excel 95 writes it."""
    bof = struct.pack("<HHHH", 0x500, 5, 0x1FAF, 0x7CD)
    font = struct.pack("<HHHHHBBBx", 200, 0, 0x7FFF, 400, 0, 0, 0, 134) + b"\4\xcb\xce\xcc\xe5"  # SimSun in GBK
    found: Records = [(BOF, bof)]
    if codepage is not None:
        found.append((CODEPAGE, struct.pack("<H", codepage)))
    found += [(FONT, font)] * 5
    found += [(XF, struct.pack("<HH", 0, 0) + b"\xf5\xff" + bytes(10))] * 15 + [(XF, bytes(16))]
    found += [(BOUNDSHEET, struct.pack("<IBBB", 0, 0, 0, len(name)) + name), (EOF, b"")]
    found.append((BOF, bof[:2] + b"\x10\0" + bof[4:]))
    for (row, column), text in texts.items():
        found.append((LABEL, struct.pack("<HHHH", row, column, 15, len(text)) + text))
    found.append((EOF, b""))
    return file_of(found, "Book")


def xls_form(title: str, boxes: Sequence[Sequence[Box]], above: Sequence[str], below: Sequence[str]) -> bytes:
    """Given a form, return it as an old workbook: the title merged over the table, numbers stored as text."""

    def fill(sheet: Worksheet) -> None:
        columns = width(boxes)
        number = 0
        for text in above:
            sheet.write(number, 0, text)
            number += 1
        if columns > 1:
            sheet.write_merge(number, number, 0, columns - 1, title)
        else:
            sheet.write(number, 0, title)
        for line in boxes:
            number += 1
            column = 0
            for box in line:
                if box.columns > 1:
                    sheet.write_merge(number, number, column, column + box.columns - 1, box.text)
                elif box.text:
                    sheet.write(number, column, box.text)
                column += box.columns
        for text in below:
            number += 1
            sheet.write(number, 0, text)

    return old_workbook(fill)
