"""Small OLE2 compound files made by hand (MS-CFB, version 3): streams at the top, and storages with streams."""

import struct
from collections.abc import Mapping
from itertools import pairwise

SECTOR, PIECE, CUTOFF = 512, 64, 4096
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(streams: Mapping[str, bytes], storages: Mapping[str, Mapping[str, bytes]] | None = None) -> bytes:
    """Given streams by name, and storages that hold streams, return the file."""
    sectors: list[bytes] = []
    chain: dict[int, int] = {}

    def store(content: bytes) -> int:
        start = len(sectors)
        count = max(1, -(-len(content) // SECTOR))
        for number in range(count):
            sectors.append(content[number * SECTOR : (number + 1) * SECTOR].ljust(SECTOR, b"\0"))
            chain[start + number] = END if number == count - 1 else start + number + 1
        return start

    small = b""
    small_chain: list[int] = []
    entries: list[list] = [["Root Entry", 5, FREE, FREE, FREE, END, 0]]

    def add(name: str, content: bytes) -> int:
        nonlocal small
        if len(content) >= CUTOFF:
            start = store(content)
        else:
            start = len(small) // PIECE
            count = max(1, -(-len(content) // PIECE))
            small += content.ljust(count * PIECE, b"\0")
            small_chain.extend([start + number + 1 for number in range(count - 1)] + [END])
        entries.append([name, 2, FREE, FREE, FREE, start, len(content)])
        return len(entries) - 1

    def siblings(numbers: list[int]) -> int:
        for left, right in pairwise(numbers):
            entries[left][3] = right
        return numbers[0] if numbers else FREE

    top = [add(name, content) for name, content in streams.items()]
    for name, inner in (storages or {}).items():
        children = [add(inner_name, content) for inner_name, content in inner.items()]
        entries.append([name, 1, FREE, FREE, siblings(children), 0, 0])
        top.append(len(entries) - 1)
    entries[0][4] = siblings(top)
    if small:
        entries[0][5], entries[0][6] = store(small), len(small)
    small_fat = (
        store(b"".join(struct.pack("<I", link) for link in small_chain).ljust(SECTOR, b"\xff")) if small_chain else END
    )
    directory = store(b"".join(_entry(*entry) for entry in entries))
    fat_sector = len(sectors)
    table = [chain.get(number, FREE) for number in range(fat_sector)] + [FAT]
    sectors.append(b"".join(struct.pack("<I", link) for link in table).ljust(SECTOR, b"\xff"))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        1,
        directory,
        0,
        CUTOFF,
        small_fat,
        1 if small_chain else 0,
        END,
        0,
        fat_sector,
    )
    return header.ljust(SECTOR, b"\xff") + b"".join(sectors)


def _entry(name: str, kind: int, left: int, right: int, child: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sHBBIII36xIQ", raw, len(raw), kind, 1, left, right, child, start, size)
