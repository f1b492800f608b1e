"""The directory of an OLE2 compound file: which streams lie at its top, and how they begin.

In: bytes that start with the OLE2 magic. Out: names and first bytes of the root storage's streams, enough for `sniff` to
tell .doc from .xls, .msg or an encrypted package. Must not: follow more than a bounded number of sectors, raise on
broken files (a truncated file gives what could be found). Standard: MS-CFB.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_HEADER_BYTES = 512
_ENTRY_BYTES = 128
_PIECE_BYTES = 64  # small streams lie in pieces of this size inside the root entry's own stream
_END = 0xFFFFFFFA  # and above: end of chain, free, FAT and DIFAT sectors
_NO_ENTRY = 0xFFFFFFFF
_STREAM, _ROOT = 2, 5
_SECTORS = 400  # of the directory: 1,600 entries; an .msg with many attachments has a few hundred


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of the root storage: its name and its first bytes (at most one sector, 64 bytes of a small stream)."""

    name: str
    head: bytes


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


def streams(data: bytes) -> tuple[Stream, ...]:
    """Given an OLE2 file, return the streams at its top; () if the directory cannot be reached (truncated file).

    Streams of embedded objects are not listed: a workbook inside a .doc must not make it an .xls.
    """
    if not data.startswith(MAGIC) or len(data) < _HEADER_BYTES:
        return ()
    shift, first, cutoff = _unpack("<H", data, 30)[0], _unpack("<I", data, 48)[0], _unpack("<I", data, 56)[0]
    if shift not in (9, 12):  # version 3 and 4
        return ()
    sector_bytes = 1 << shift
    entries = tuple(_entries(data, first, sector_bytes))
    return tuple(
        Stream(entry.name, _head(data, entry.start, sector_bytes))
        if entry.size >= cutoff
        else Stream(entry.name, _small_head(data, entries[0].start, entry.start, sector_bytes))
        for entry in _top(entries)
        if entry.kind == _STREAM
    )


def _unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    """Given a layout, return its integers at `offset`, or "end of chain" for each where the file is too short."""
    try:
        return struct.unpack_from(layout, data, offset)
    except struct.error:
        return (_NO_ENTRY,) * (len(layout) - 1)


def _head(data: bytes, sector: int, sector_bytes: int) -> bytes:
    return data[(sector + 1) * sector_bytes : (sector + 2) * sector_bytes]


def _small_head(data: bytes, container: int, start: int, sector_bytes: int) -> bytes:
    """Given the root entry's first sector and a small stream's first 64-byte piece in it, return that piece."""
    hops, piece = divmod(start, sector_bytes // _PIECE_BYTES)
    if hops > _SECTORS:
        return b""
    for _ in range(hops):
        container = _next_sector(data, container, sector_bytes)
    return _head(data, container, sector_bytes)[piece * _PIECE_BYTES : (piece + 1) * _PIECE_BYTES]


def _next_sector(data: bytes, sector: int, sector_bytes: int) -> int:
    """Given a sector, return the one that follows it in its chain, by way of the FAT."""
    per_sector = sector_bytes // 4
    index = sector // per_sector
    if index < 109:  # the header lists the first 109 FAT sectors, DIFAT sectors the others
        fat = _unpack("<I", data, 76 + 4 * index)[0]
    else:
        hops, rest = divmod(index - 109, per_sector - 1)
        difat = _unpack("<I", data, 68)[0]
        for _ in range(min(hops, _SECTORS)):
            difat = _unpack("<I", data, (difat + 2) * sector_bytes - 4)[0]
        fat = _unpack("<I", data, (difat + 1) * sector_bytes + 4 * rest)[0]
    return _unpack("<I", data, (fat + 1) * sector_bytes + 4 * (sector % per_sector))[0]


def _entries(data: bytes, sector: int, sector_bytes: int) -> Iterator[_Entry]:
    for _ in range(_SECTORS):
        if sector >= _END:
            return
        block = _head(data, sector, sector_bytes)
        for offset in range(0, len(block) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            raw = block[offset : offset + _ENTRY_BYTES]
            length, kind = _unpack("<H", raw, 64)[0], raw[66]
            left, right, child = _unpack("<III", raw, 68)
            name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            yield _Entry(name, kind, left, right, child, *_unpack("<II", raw, 116))
        sector = _next_sector(data, sector, sector_bytes)


def _top(entries: tuple[_Entry, ...]) -> Iterator[_Entry]:
    """Given all entries, yield the children of the root, which form a binary tree of siblings."""
    waiting = [entry.child for entry in entries[:1] if entry.kind == _ROOT]
    seen: set[int] = set()
    while waiting:
        index = waiting.pop()
        if index in seen or index >= len(entries):
            continue
        seen.add(index)
        yield entries[index]
        waiting += (entries[index].left, entries[index].right)
