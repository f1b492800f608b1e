"""Small OLE2 compound files made by hand (MS-CFB, version 3): streams at the top, and storages with streams."""

import struct
from collections.abc import Mapping
from itertools import pairwise
from typing import TypeAlias

SECTOR, PIECE, CUTOFF = 512, 64, 4096
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


Storage: TypeAlias = Mapping[str, "bytes | Storage"]


def compound(streams: Mapping[str, bytes], storages: Mapping[str, Storage] | None = None) -> bytes:
    """Given streams by name, and storages that hold streams and storages, return the file."""
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

    def fill(storage: Storage) -> int:
        numbers = []
        for name, content in storage.items():
            if isinstance(content, bytes):
                numbers.append(add(name, content))
            else:
                child = fill(content)
                entries.append([name, 1, FREE, FREE, child, 0, 0])
                numbers.append(len(entries) - 1)
        return siblings(numbers)

    entries[0][4] = fill({**streams, **(storages or {})})
    if small:
        entries[0][5], entries[0][6] = store(small), len(small)
    small_fat = (
        store(b"".join(struct.pack("<I", link) for link in small_chain).ljust(SECTOR, b"\xff")) if small_chain else END
    )
    directory = store(b"".join(_entry(*entry) for entry in entries))
    fats, header_list, difats = _allocation(len(sectors), chain)
    first_difat = len(sectors) + len(fats) if difats else END
    sectors += [*fats, *difats]
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6, 0),
        *(
            len(fats),
            directory,
            0,
            CUTOFF,
            small_fat,
            1 if small_chain else 0,
            first_difat,
            len(difats),
            header_list[0],
        ),
    )
    listed = struct.pack(f"<{len(header_list) - 1}I", *header_list[1:])
    return (header + listed).ljust(SECTOR, b"\xff") + b"".join(sectors)


def _allocation(used: int, chain: Mapping[int, int]) -> tuple[list[bytes], list[int], list[bytes]]:
    """Given the sectors' chains, return the FAT sectors, the numbers of the first 109 of them, and DIFAT sectors."""
    count = difat_count = 0
    while count * 128 < used + count + difat_count:
        count += 1
        difat_count = -(-max(0, count - 109) // 127)
    numbers = list(range(used, used + count))
    links = [chain.get(number, FREE) for number in range(used)] + [FAT] * count + [FAT - 1] * difat_count
    links += [FREE] * (count * 128 - len(links))
    fats = [struct.pack("<128I", *links[start : start + 128]) for start in range(0, count * 128, 128)]
    rest = numbers[109:]
    difats = []
    for start in range(0, len(rest), 127):
        listed = rest[start : start + 127]
        following = used + count + len(difats) + 1 if start + 127 < len(rest) else END
        difats.append(struct.pack("<128I", *listed, *[FREE] * (127 - len(listed)), following))
    return fats, numbers[:109], difats


def _entry(name: str, kind: int, left: int, right: int, child: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sHBBIII36xIQ", raw, len(raw), kind, 1, left, right, child, start, size)
