"""Hostile Word 97 files, old workbooks and whatever else lies in a compound file."""

import struct
from collections.abc import Callable

from parsers.engines import Engine
from tests.builders import ole
from tests.builders.hostile_cases import ROWS, Table, half
from tests.builders.layouts import arrange
from tests.builders.oldexcel import file_of, records, xls_form

TABLE = Table()

FIB = b"\xec\xa5\xc1\0" + bytes(1_500)
BOF = b"\x09\x08\x10\0\0\6\5\0" + bytes(12)


def linked(data: bytes, change: Callable[[int, int], int]) -> bytes:
    """Given a compound file, return it with its allocation table changed: `change(sector, next)` gives the next one."""
    made = bytearray(data)
    start = 512 * (1 + struct.unpack_from("<I", data, 76)[0])
    for number in range(128):
        (following,) = struct.unpack_from("<I", made, start + 4 * number)
        struct.pack_into("<I", made, start + 4 * number, change(number, following))
    return bytes(made)


def circle(data: bytes) -> bytes:
    """Every chain comes back to its first sector."""
    return linked(data, lambda _, following: 0 if following == ole.END else following)


def itself(data: bytes) -> bytes:
    return linked(data, lambda number, following: number if following < 0xFFFFFFF0 else following)


def old_word() -> bytes:
    return ole.compound({"WordDocument": FIB.ljust(20_000, b"\1"), "1Table": bytes(9_000)})


def old_excel() -> bytes:
    return ole.compound({"Workbook": BOF + b"\x0a\0\0\0" * 2_000})


TABLE.add("chains in a circle", "a.doc", lambda: circle(old_word()), "damaged", engine=Engine.OFFICE)
TABLE.add("sectors that follow themselves", "a.doc", lambda: itself(old_word()), "damaged")
# Our own reader sees what is wrong with this one; LibreOffice makes an empty document of it and is content.
TABLE.add(
    "places beyond the file",
    "a.doc",
    lambda: ole.compound({"WordDocument": FIB[:12] + b"\xff" * 1_500, "1Table": b"\xff" * 5_000}),
    "damaged",
    full="empty",
    engine=Engine.OFFICE,
)
TABLE.add("cut in half", "a.doc", lambda: half(old_word()), "damaged")
TABLE.add("only a header", "a.doc", lambda: old_word()[:512], "damaged")
TABLE.add("a password", "a.doc", lambda: ole.compound({"WordDocument": FIB[:10] + b"\0\1" + FIB[12:]}), "encrypted")
TABLE.add(
    "a package with a password",
    "a.docx",
    lambda: ole.compound({"EncryptedPackage": b"x" * 5_000, "EncryptionInfo": b"x"}),
    "encrypted",
    engine=Engine.OFFICE,
)
TABLE.add("chains in a circle", "a.xls", lambda: circle(old_excel()), "damaged", engine=Engine.OFFICE)
TABLE.add("cut in half", "a.xls", lambda: half(old_excel()), "damaged")
TABLE.add(
    "records of 65,535 bytes that are not there",
    "a.xls",
    lambda: ole.compound({"Workbook": BOF + b"\x85\0\xff\xff" * 1_500}),
    "damaged",
    engine=Engine.OFFICE,
)
TABLE.add(
    "a string table of 2^31 strings",
    "a.xls",
    lambda: ole.compound(
        {"Workbook": (BOF + b"\xfc\0\x08\0" + b"\xff\xff\xff\x7f" * 2 + b"\x0a\0\0\0").ljust(5_000, b"\0")}
    ),
    "too_large",
)
TABLE.add("slides", "a.ppt", lambda: ole.compound({"PowerPoint Document": b"x" * 5_000}), "unsupported")
TABLE.add(
    "a workbook whose stream ends early",
    "a.xls",
    lambda: file_of(records(xls_form("附件2", arrange("pairs", ROWS, ()), (), ()))[:20]),
    "damaged",
    engine=Engine.OFFICE,
)
