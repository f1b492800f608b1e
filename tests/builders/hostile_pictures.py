"""Hostile pictures."""

import struct
import zlib

from parsers.engines import Engine
from tests.builders import packed as p
from tests.builders.hostile_cases import Table, half

TABLE = Table()


def huge_png() -> bytes:
    """A header that its checksum confirms, and 8 × 8 pixels behind it."""
    small = p.png(8, 8)
    header = b"IHDR" + struct.pack(">II", 2**31 - 1, 2**31 - 1) + small[24:29]
    return small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]


def endless_tiff() -> bytes:
    """One page of 64 × 64 black pixels whose directory says that it is followed by itself."""
    at = 8 + 64 * 64
    shorts = ((256, 64), (257, 64), (258, 8), (259, 1), (262, 1), (277, 1), (278, 64))
    tags = [(tag, 3, 1, value) for tag, value in shorts] + [(273, 4, 1, 8), (279, 4, 1, 64 * 64)]
    entries = b"".join(struct.pack("<HHII", *one) for one in sorted(tags))
    return b"II*\0" + struct.pack("<I", at) + bytes(64 * 64) + struct.pack("<H", 9) + entries + struct.pack("<I", at)


TABLE.add(
    "81 megapixels in 10 KB", "a.png", lambda: p.png(9_000, 9_000), "needs_engine", full="too_large", engine=Engine.OCR
)
TABLE.add("a picture of 2^31 by 2^31", "a.png", huge_png, "needs_engine", full="too_large", engine=Engine.OCR)
TABLE.add("cut in half", "a.png", lambda: half(p.png(500, 500)), "needs_engine", full="damaged", engine=Engine.OCR)
TABLE.add(
    "a header of 65,535 squared and nothing else",
    "a.jpg",
    lambda: p.jpeg(65_535, 65_535),
    "needs_engine",
    full="too_large",
    engine=Engine.OCR,
)
TABLE.add("only its magic", "a.jpg", lambda: b"\xff\xd8\xff", "needs_engine", full="damaged", engine=Engine.OCR)
TABLE.add(
    "a directory of one entry",
    "a.tif",
    lambda: b"II*\0" + struct.pack("<IHHHIII", 8, 1, 256, 3, 1, 640, 8),
    "needs_engine",
    full="damaged",
    engine=Engine.OCR,
)
TABLE.add("cut off", "a.gif", lambda: b"GIF89a\xff\xff\xff\xff", "needs_engine", full="damaged", engine=Engine.OCR)
TABLE.add(
    "a height of -2^31",
    "a.bmp",
    lambda: b"BM" + struct.pack("<IHHIIiiHH", 54, 0, 0, 54, 40, 2**31 - 1, -(2**31), 1, 24) + bytes(24),
    "needs_engine",
    full="too_large",
    engine=Engine.OCR,
)
TABLE.add(
    "noise behind its magic",
    "a.webp",
    lambda: b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\xfe" * 900,
    "needs_engine",
    full="damaged",
    engine=Engine.OCR,
)
TABLE.add("noise behind its magic", "a.heic", lambda: b"\0\0\0\x18ftypheic" + b"\xfe" * 900, "unsupported")
TABLE.add("pages in a circle", "a.tif", endless_tiff, "needs_engine", full="unrecognized", engine=Engine.OCR)
