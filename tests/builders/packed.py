"""Containers made in code: winmail.dat, .msg, .gz, .tar, and picture files of a given size."""

import gzip
import io
import struct
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from itertools import pairwise

from tests.builders.ole import CUTOFF, END, FREE, PIECE, SECTOR, _allocation, _entry

# --- OLE2 with storages in storages -----------------------------------------------------------------------------------

Tree = Mapping[str, "bytes | Tree"]


def compound(tree: Tree) -> bytes:
    """Given streams and storages by name, nested at will, return the compound file."""
    sectors: list[bytes] = []
    chain: dict[int, int] = {}
    entries: list[list] = [["Root Entry", 5, FREE, FREE, FREE, END, 0]]
    small = bytearray()
    small_chain: list[int] = []

    def store(content: bytes) -> int:
        start = len(sectors)
        count = max(1, -(-len(content) // SECTOR))
        for number in range(count):
            sectors.append(content[number * SECTOR : (number + 1) * SECTOR].ljust(SECTOR, b"\0"))
            chain[start + number] = END if number == count - 1 else start + number + 1
        return start

    def add(name: str, content: "bytes | Tree") -> int:
        number = len(entries)
        if not isinstance(content, bytes):
            entries.append([name, 1, FREE, FREE, FREE, 0, 0])
            entries[number][4] = siblings(content)
        elif len(content) >= CUTOFF:
            entries.append([name, 2, FREE, FREE, FREE, store(content), len(content)])
        else:
            start, count = len(small) // PIECE, max(1, -(-len(content) // PIECE))
            small.extend(content.ljust(count * PIECE, b"\0"))
            small_chain.extend([start + step + 1 for step in range(count - 1)] + [END])
            entries.append([name, 2, FREE, FREE, FREE, start, len(content)])
        return number

    def siblings(content: Tree) -> int:
        numbers = [add(name, inner) for name, inner in content.items()]
        for left, right in pairwise(numbers):
            entries[left][3] = right
        return numbers[0] if numbers else FREE

    entries[0][4] = siblings(tree)
    if small:
        entries[0][5], entries[0][6] = store(bytes(small)), len(small)
    links = b"".join(struct.pack("<I", link) for link in small_chain)
    small_fat = store(links.ljust(-(-len(links) // SECTOR) * SECTOR, b"\xff")) if small_chain else END
    directory = store(b"".join(_entry(*entry) for entry in entries))
    fats, listed, difats = _allocation(len(sectors), chain)
    first_difat = len(sectors) + len(fats) if difats else END
    sectors += [*fats, *difats]
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6, 0),
        *(len(fats), directory, 0, CUTOFF, small_fat, 1 if small_chain else 0, first_difat, len(difats)),
    )
    return (header + struct.pack(f"<{len(listed)}I", *listed)).ljust(SECTOR, b"\xff") + b"".join(sectors)


# --- .msg -------------------------------------------------------------------------------------------------------------


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def message(
    *attachments: Tree, code_page: int = 936, inner: bool = False, header: int | None = None, **streams: bytes
) -> Tree:
    """Given attachments and property streams (``p1000001F=...``), return the storage of a message."""
    table = bytes(header if header is not None else 24 if inner else 32)
    for number in (0x3FFD, 0x3FDE):
        table += struct.pack("<HHIQ", 3, number, 6, code_page)
    found: dict[str, bytes | Tree] = {"__properties_version1.0": table}
    found.update({f"__substg1.0_{name[1:]}": content for name, content in streams.items()})
    found.update({f"__attach_version1.0_#{number:08X}": one for number, one in enumerate(attachments)})
    return found


def attached(name: str, data: "bytes | Tree | None" = None) -> Tree:
    """One attachment: a file, a message within, or (None) a link to a file somewhere else."""
    found: dict[str, bytes | Tree] = {"__properties_version1.0": bytes(8), "__substg1.0_3707001F": wide(name)}
    if data is not None:
        found["__substg1.0_37010102" if isinstance(data, bytes) else "__substg1.0_3701000D"] = data
    return found


def msg(*attachments: Tree, **streams: bytes) -> bytes:
    return compound(message(*attachments, **streams))


def compressed_rtf(rtf: bytes) -> bytes:
    """RTF in LZFu without any reference but the one that ends it."""
    content = bytearray()
    for start in range(0, len(rtf), 8):
        content += b"\0" + rtf[start : start + 8]
    if len(rtf) % 8:
        content[-(len(rtf) % 8) - 1] = 1 << len(rtf) % 8
    else:
        content += b"\1"
    at = (207 + len(rtf)) % 4096
    content += struct.pack(">H", at << 4)
    checksum = zlib.crc32(bytes(content), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return struct.pack("<IIII", len(content) + 12, len(rtf), 0x75465A4C, checksum) + content


# --- TNEF -------------------------------------------------------------------------------------------------------------

MESSAGE, ATTACHMENT = 1, 2


def attribute(level: int, number: int, content: bytes) -> bytes:
    return struct.pack("<BII", level, number, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def properties(*values: tuple[int, int, bytes | int]) -> bytes:
    """Given (type, id, value), return a property list; integers are PT_LONG, everything else one value of bytes."""
    out = struct.pack("<I", len(values))
    for kind, number, value in values:
        out += struct.pack("<HH", kind, number)
        if isinstance(value, int):
            out += struct.pack("<I", value)
        else:
            out += struct.pack("<II", 1, len(value)) + value + bytes(-len(value) % 4)
    return out


def tnef(*attributes: bytes, code_page: int = 936) -> bytes:
    head = struct.pack("<IH", 0x223E9F78, 1)
    return head + attribute(MESSAGE, 0x00069007, struct.pack("<II", code_page, 0)) + b"".join(attributes)


def tnef_file(title: bytes, data: bytes, long_name: str = "") -> bytes:
    """One attachment as Outlook writes it."""
    out = attribute(ATTACHMENT, 0x00069002, bytes(14))
    out += attribute(ATTACHMENT, 0x00018010, title + b"\0") + attribute(ATTACHMENT, 0x0006800F, data)
    if long_name:
        out += attribute(ATTACHMENT, 0x00069005, properties((0x1F, 0x3707, wide(long_name + "\0"))))
    return out


def tnef_message(*values: tuple[int, int, bytes | int]) -> bytes:
    return attribute(MESSAGE, 0x00069003, properties(*values))


# --- tar, gzip --------------------------------------------------------------------------------------------------------


def tar(files: Sequence[tuple[str, bytes]], *, form: int = tarfile.GNU_FORMAT, encoding: str = "utf-8") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form, encoding=encoding) as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def gz(data: bytes, name: str = "", encoding: str = "utf-8") -> bytes:
    packed = gzip.compress(data, mtime=0)
    if not name:
        return packed
    return packed[:3] + b"\x08" + packed[4:10] + name.encode(encoding) + b"\0" + packed[10:]


# --- pictures ---------------------------------------------------------------------------------------------------------


def png(width: int, height: int, *, filler: int = 0) -> bytes:
    """A PNG of one colour (1 bit a pixel), with `filler` bytes in a chunk that says nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress(bytes((1 + -(-width // 8)) * height), 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + (chunk(b"prVt", bytes(filler)) if filler else b"")
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


def jpeg(width: int, height: int, *, filler: int = 0) -> bytes:
    """The header of a JPEG (with EXIF before its frame), no picture data."""
    exif = b"\xff\xe1" + struct.pack(">H", 2 + 40) + b"Exif\0\0".ljust(40, b"\xff")
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + exif + frame + bytes(filler) + b"\xff\xd9"
