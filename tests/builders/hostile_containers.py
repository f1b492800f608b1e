"""Hostile .gz, .tar, winmail.dat, .msg, .eml, .rar and .7z."""

import struct
import tarfile
import zlib

from parsers.engines import Engine
from tests.builders import hostile_archives
from tests.builders import packed as p
from tests.builders.hostile_cases import READ, Make, Table, good_docx, half
from tests.builders.hostile_ole import circle

TABLE = Table()


def nested_mail(depth: int) -> bytes:
    heads = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(depth)
    )
    return b"From: a@example.com\r\nSubject: x\r\n" + heads + b"\r\nx\r\n"


def mails_in_mails(depth: int) -> bytes:
    one = b"From: a@example.com\r\nSubject: x\r\nContent-Type: message/rfc822\r\n\r\n"
    return one * depth + b"From: a@example.com\r\nSubject: x\r\n\r\nx"


def holes() -> bytes:
    entry = tarfile.TarInfo("a.docx")
    entry.type, entry.size = tarfile.GNUTYPE_SPARSE, 0
    block = bytearray(entry.tobuf(format=tarfile.GNU_FORMAT))
    block[483:495] = b"%011o\0" % 2**32
    block[148:156] = b"%06o\0 " % sum(block[:148] + b" " * 8 + block[156:])
    return bytes(block) + bytes(1024)


def message_in_circle() -> bytes:
    return circle(p.msg(p.attached("a.docx", bytes(9_000))))


TABLE.add("40 MB of zeros", "a.gz", lambda: p.gz(bytes(40 * 2**20)), "too_large")
TABLE.add("a bomb in a bomb", "a.gz", lambda: p.gz(p.gz(bytes(40 * 2**20))), "too_large")
TABLE.add("cut in half", "a.gz", lambda: half(p.gz(good_docx())), "damaged")
TABLE.add("gz in gz in gz in gz", "a.gz", lambda: p.gz(p.gz(p.gz(p.gz(b"x")))), "too_large")
TABLE.add("a file with holes of 4 GB", "a.tar", holes, "unsupported")
TABLE.add("a file with holes, packed", "a.tgz", lambda: p.gz(holes()), "unsupported")
TABLE.add("6,000 entries", "a.tar", lambda: p.tar([("a", b"")] * 6_000), "too_large")
TABLE.add(
    "a count of 2^32 properties",
    "winmail.dat",
    lambda: p.tnef(p.attribute(1, 0x00069003, b"\xff\xff\xff\xff\1\0\0\0")),
    "damaged",
)
TABLE.add("cut in half", "winmail.dat", lambda: half(p.tnef(p.tnef_file(b"a.docx", good_docx()))), "damaged")
TABLE.add("chains in a circle", "a.msg", message_in_circle, "damaged")
TABLE.add("cut in half", "a.msg", lambda: half(p.msg(p.attached("a.docx", bytes(9_000)))), "damaged")
TABLE.add("parts 500 deep", "a.eml", lambda: nested_mail(500), "too_large")
TABLE.add("mails 500 deep", "a.eml", lambda: mails_in_mails(500), "too_large")
TABLE.add(
    "a header of 200,000 brackets",
    "a.eml",
    lambda: b"From: a@example.com\r\nTo: " + b"(" * 200_000 + b"\r\n\r\nx",
    READ,
)
TABLE.add("100,000 parts", "a.eml", lambda: nested_mail(1) + b"--b0\r\n\r\nx\r\n" * 100_000, "too_large")


# --- .rar and .7z: only an engine opens them --------------------------------------------------------------------------

REPORT = "请查收".encode()


def foreign(title: str, name: str, make: Make, full: str) -> None:
    TABLE.add(title, name, make, "needs_engine", full=full, engine=Engine.ARCHIVE)


def zeroed(data: bytes) -> bytes:
    return data[: len(data) // 2] + bytes(100) + data[len(data) // 2 + 100 :]


def with_wrong_checksum() -> bytes:
    data = good_docx()
    made = hostile_archives.seven_zip("a.docx", data)
    return made.replace(struct.pack("<I", zlib.crc32(data)), b"abcd")


foreign("noise behind its magic", "a.rar", lambda: hostile_archives.RAR_MAGIC + b"\xfe" * 5_000, "damaged")
foreign("a package stored in it", "a.rar", lambda: hostile_archives.rar("a.docx", good_docx()), READ)
foreign("a name that leads upwards", "a.rar", lambda: hostile_archives.rar("../../../tmp/a.txt", REPORT), READ)
foreign("a name from the root", "a.rar", lambda: hostile_archives.rar("/etc/cron.d/a.txt", REPORT), READ)
foreign("cut in half", "a.rar", lambda: half(hostile_archives.rar("a.docx", good_docx())), "damaged")
foreign("zeros in the middle", "a.rar", lambda: zeroed(hostile_archives.rar("a.docx", good_docx())), "damaged")
foreign("a password", "a.rar", hostile_archives.locked_rar, "encrypted")
# Neither program says of this one that it is the first of several.
foreign("one of several volumes", "a.rar", lambda: hostile_archives.rar("a.docx", good_docx(), volume=True), "damaged")
foreign(
    "noise behind its magic", "a.7z", lambda: hostile_archives.SEVEN_ZIP_MAGIC + b"\0\4" + b"\xfe" * 5_000, "damaged"
)
foreign("a good one", "a.7z", lambda: hostile_archives.seven_zip("a.docx", good_docx()), READ)
foreign("a name that leads upwards", "a.7z", lambda: hostile_archives.seven_zip("../../../tmp/a.txt", REPORT), READ)
foreign("cut in half", "a.7z", lambda: half(hostile_archives.seven_zip("a.docx", good_docx())), "damaged")
foreign("a checksum that differs", "a.7z", with_wrong_checksum, "damaged")
foreign("300 MB of zeros", "a.7z", lambda: hostile_archives.seven_zip("a.txt", bytes(300 * 2**20)), "too_large")
