"""OLE2 compound files (.doc, .xls, .msg and their like): sectors, their tables, the directory, the streams in it.

In: bytes, whole or cut off. Out: how the streams at the top begin (`streams`, for `sniff`), whether the end of the file is
lost (`is_cut`), and streams whole (`Compound`, for readers and `packed`). Nothing that the file merely claims is believed:
every number is held against the sectors that are there, a sector belongs to one stream only, so that no more comes out
than the file holds. Must not: recurse (the entries of a storage are a tree that may be a list of 10,000), repair, give
less of a stream than it declares. Standard: MS-CFB.

Why not olefile 0.47: it recurses over siblings (RecursionError at 3,000 in a row, measured), follows a table of tables in
a circle for minutes and gigabytes, a chain in a circle for as long as its stream claims, and reads sectors that several
streams share for each of them.
"""

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parsers.document import FailureCode, ReadFailure

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_HEADER = struct.Struct("<30xHH14xI4xII4xI4x109I")  # §2.2
_ENTRY = struct.Struct("<64sHBBIII36xIQ")  # §2.6.1
_SHIFTS = {9: 3, 12: 4}  # of the sector size → version
_PIECE_BYTES = 64  # small streams lie in pieces of this size inside the root entry's own stream
_PIECE_SHIFT, _CUTOFF = 6, 4_096  # the only values that §2.2 allows
_END = 0xFFFFFFFE
_NO_SECTOR = 0xFFFFFFFA  # and above: end of chain, free, FAT and DIFAT sectors
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_LISTED = 109  # FAT sectors that the header lists
_ENTRIES = 20_000  # an .msg has some 80 a recipient or attachment


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of the root storage: its name and its first bytes (at most one sector, 64 bytes of a small stream)."""

    name: str
    head: bytes


@dataclass(frozen=True, slots=True)
class Node:
    """A storage or stream of the directory. `left` and `right` are its siblings, `start` is its first sector or piece."""

    number: int
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int

    @property
    def is_storage(self) -> bool:
        return self.kind in {_STORAGE, _ROOT}


def streams(data: bytes) -> tuple[Stream, ...]:
    """Given an OLE2 file, return the streams at its top; () if the directory cannot be reached (truncated file).

    Streams of embedded objects are not listed: a workbook inside a .doc must not make it an .xls. Never raises.
    """
    sectors = _sectors(data)
    nodes = _directory(sectors) if sectors else ()
    if not sectors or not nodes:
        return ()
    container, _ = _follow(sectors.links, nodes[0].start)
    found, _ = _siblings(nodes, nodes[0], {0})
    return tuple(Stream(node.name, _head(sectors, node, container)) for node in found if node.kind == _STREAM)


def is_cut(data: bytes) -> bool:
    """Given an OLE2 file, return whether it ends before what its tables and streams lie in: its end was lost on the way.

    What lies behind the last stream is no loss, nor is a last sector that was not filled up (some programs don't).
    False for what is no OLE2 file, and for one that is broken in another way. Never raises.
    """
    if not data.startswith(MAGIC):
        return False
    if len(data) < _HEADER.size:
        return True
    sectors = _sectors(data)
    if sectors is None:
        return False
    taken = bytearray(sectors.count)  # each sector once: 20,000 streams may share all of them
    return sectors.cut or any(sectors.lost(start, size, taken) for start, size in _chains(sectors))


class Compound:
    """An opened compound file. Every method raises ReadFailure: DAMAGED, REFUSED (shared sectors) or TOO_LARGE."""

    def __init__(self, data: bytes) -> None:
        sectors = _sectors(data)
        if sectors is None:
            raise ReadFailure(FailureCode.DAMAGED, "compound file: no header")
        if (sectors.piece_shift, sectors.cutoff) != (_PIECE_SHIFT, _CUTOFF):
            raise ReadFailure(FailureCode.DAMAGED, "compound file: unknown version")
        if sectors.cut:
            raise ReadFailure(FailureCode.DAMAGED, "compound file cut off")
        if sectors.circular:
            raise ReadFailure(FailureCode.DAMAGED, "compound file: a table used twice")
        self._sectors = sectors
        self._taken = bytearray(sectors.count)
        directory = self._table(sectors.directory)
        if len(directory) > _ENTRIES * _ENTRY.size:
            raise ReadFailure(FailureCode.TOO_LARGE, "compound file: too many entries")
        self._nodes = _nodes(directory, sectors.version)
        if not self._nodes:
            raise ReadFailure(FailureCode.DAMAGED, "compound file: no root")
        self._small: _Small | None = None
        self._contents: dict[int, Sequence[int]] = {}  # sectors or pieces of the streams read, by number of the node
        self._listed = {0}
        self._children: dict[int, tuple[Node, ...]] = {}

    @property
    def root(self) -> Node:
        return self._nodes[0]

    def children(self, storage: Node) -> tuple[Node, ...]:
        """Given a storage, return what lies directly in it, by name."""
        if storage.number not in self._children:
            found, sound = _siblings(self._nodes, storage, self._listed)
            if not sound:
                raise ReadFailure(FailureCode.DAMAGED, "compound file: directory entry missing or used twice")
            if len({node.name.upper() for node in found}) < len(found):
                raise ReadFailure(FailureCode.DAMAGED, "compound file: two entries of one name")
            self._children[storage.number] = tuple(sorted(found, key=lambda node: node.name))
        return self._children[storage.number]

    def find(self, *path: str) -> Node | None:
        """Given names from the top downwards, return the node, None if there is none. Case does not matter (§2.6.4)."""
        node = self.root
        for name in path:
            inner = self.children(node) if node.is_storage else ()
            found = next((one for one in inner if one.name.upper() == name.upper()), None)
            if found is None:
                return None
            node = found
        return node

    def stream(self, *path: str) -> bytes | None:
        """Given names from the top downwards, return the bytes of that stream, None if there is no such stream."""
        node = self.find(*path)
        return None if node is None or node.kind != _STREAM else self.read(node)

    def read(self, stream: Node, limit: int | None = None) -> bytes:
        """Given a stream, return its bytes, exactly as many as it declares. Raise TOO_LARGE if that is over `limit`."""
        if stream.size > len(self._sectors.data):
            raise ReadFailure(FailureCode.DAMAGED, "compound file: a stream is larger than the file")
        if limit is not None and stream.size > limit:
            raise ReadFailure(FailureCode.TOO_LARGE, "unpacked size over the budget")
        if not stream.size:
            return b""
        if stream.size >= _CUTOFF:
            each = self._sectors.sector_bytes
            numbers = self._content(stream, self._sectors.links, -(-stream.size // each), self._taken)
            content = _joined(self._sectors.data, numbers, each, begin=each)
        else:
            small = self._pieces()
            numbers = self._content(stream, small.links, -(-stream.size // _PIECE_BYTES), small.taken)
            content = _joined(small.content, numbers, _PIECE_BYTES)
        if len(content) < stream.size:
            raise ReadFailure(FailureCode.DAMAGED, "compound file: a stream ends early")
        return content[: stream.size]

    def _content(self, stream: Node, links: "array[int]", count: int, taken: bytearray) -> Sequence[int]:
        if stream.number not in self._contents:
            self._contents[stream.number] = _checked(links, stream.start, count, taken)
        return self._contents[stream.number]

    def _pieces(self) -> "_Small":
        """Return the pieces of small streams: looked for only when there is one, since some files say 0 for none."""
        if self._small is None:
            links = _numbers(self._table(self._sectors.small_table))
            numbers = _checked(self._sectors.links, self.root.start, None, self._taken)
            content = _joined(self._sectors.data, numbers, self._sectors.sector_bytes, begin=self._sectors.sector_bytes)
            self._small = _Small(content, links, bytearray(len(links)))
        return self._small

    def _table(self, start: int) -> bytes:
        each = self._sectors.sector_bytes
        content = _joined(self._sectors.data, _checked(self._sectors.links, start, None, self._taken), each, begin=each)
        if len(content) % each:
            raise ReadFailure(FailureCode.DAMAGED, "compound file cut off")
        return content


@dataclass(frozen=True, slots=True)
class _Small:
    """The stream that holds all small ones, the links of its pieces, and which of them belong to a stream read."""

    content: bytes
    links: "array[int]"
    taken: bytearray


class _Sectors:
    """The sectors that a file holds and how they are linked; of a file that is cut off, what is left of that.

    `count` sectors are there, the last of them perhaps in part, and `links` has one number for each. `cut`: a sector with
    links is missing. `circular`: the lists of these sectors name one twice.
    """

    def __init__(self, data: bytes, shift: int) -> None:
        self.data = data
        self.version = _SHIFTS[shift]
        self.sector_bytes = 1 << shift
        self.count = max(0, -(-len(data) // self.sector_bytes) - 1)  # the header fills one
        _, self.piece_shift, self.directory, self.cutoff, self.small_table, difat, *listed = _HEADER.unpack_from(data)
        self.cut = self.circular = False
        self.links = self._load([number for number in listed if number < _NO_SECTOR], difat)

    def sector(self, number: int) -> bytes:
        """Given a number, return the sector, b"" for one beyond the end."""
        return self.data[(number + 1) * self.sector_bytes : (number + 2) * self.sector_bytes]

    def lost(self, start: int, size: int | None, taken: bytearray) -> bool:
        """Given where a chain starts and how many bytes of it count (None: all), return whether some are not there."""
        count = None if size is None else -(-size // self.sector_bytes)
        numbers, following = _follow(self.links, start, count, taken)
        if self.count <= following < _NO_SECTOR:
            return True
        tail = len(self.data) % self.sector_bytes
        if not tail or self.count - 1 not in numbers:
            return False
        return size is None or size > numbers.index(self.count - 1) * self.sector_bytes + tail

    def _load(self, numbers: list[int], difat: int) -> "array[int]":
        """Given the FAT sectors that the header lists and the first DIFAT sector, which lists more, return the links.

        Only as many as the sectors there need: a list may claim four billion more.
        """
        needed = -(-self.count * 4 // self.sector_bytes)
        seen: set[int] = set()
        if len(numbers) == _LISTED:
            while len(numbers) < needed and difat < _NO_SECTOR and not self.circular and not self.cut:
                self.circular = difat in seen
                seen.add(difat)
                block = self.sector(difat)
                self.cut = len(block) < self.sector_bytes
                *more, difat = _numbers(block.ljust(self.sector_bytes, b"\xff"))
                numbers += [number for number in more if number < _NO_SECTOR]
        numbers = numbers[:needed]
        self.circular |= len(set(numbers)) < len(numbers)
        blocks = [self.sector(number) for number in numbers]
        self.cut |= any(len(block) < self.sector_bytes for block in blocks)
        content = b"".join(block.ljust(self.sector_bytes, b"\xff") for block in blocks)
        return _numbers(content[: self.count * 4].ljust(self.count * 4, b"\xff"))


def _sectors(data: bytes) -> _Sectors | None:
    """Given a file, return its sectors, None without a header that can be understood."""
    if len(data) < _HEADER.size or not data.startswith(MAGIC):
        return None
    shift = _HEADER.unpack_from(data)[0]
    return _Sectors(data, shift) if shift in _SHIFTS else None


def _numbers(content: bytes) -> "array[int]":
    numbers = array("I", content)  # not a tuple: that takes nine times the file
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _follow(
    links: "array[int]", start: int, count: int | None = None, taken: bytearray | None = None
) -> tuple[list[int], int]:
    """Given links and the start of a chain, return its numbers, at most `count`, and the number at which it ended.

    That is at least `_NO_SECTOR` (`_END` also after `count`), or one that is not there, or one that was taken before.
    """
    if taken is None:
        taken = bytearray(len(links))
    found: list[int] = []
    while start < len(links) and not taken[start]:
        if len(found) == count:
            return found, _END
        taken[start] = 1
        found.append(start)
        start = links[start]
    return found, _END if len(found) == count else start


def _checked(links: "array[int]", start: int, count: int | None, taken: bytearray) -> list[int]:
    """Given the same, return the numbers of the chain. Raise ReadFailure if it is not whole and its own."""
    numbers, following = _follow(links, start, count, taken)
    if following == _END or (not numbers and following >= _NO_SECTOR):  # some files say "free" where there is none
        return numbers
    if following >= len(links):
        raise ReadFailure(FailureCode.DAMAGED, "compound file cut off")
    if following in numbers:
        raise ReadFailure(FailureCode.DAMAGED, "compound file: a chain runs in a circle")
    raise ReadFailure(FailureCode.REFUSED, "compound file: a sector used twice")


def _joined(data: bytes, numbers: Sequence[int], each: int, *, begin: int = 0) -> bytes:
    """Given numbers of areas of `each` bytes behind `begin`, return the areas one behind the other."""
    areas = [data[begin + number * each : begin + (number + 1) * each] for number in numbers]
    if any(len(area) < each for area in areas[:-1]):  # all that follows would move up
        raise ReadFailure(FailureCode.DAMAGED, "compound file cut off")
    return b"".join(areas)


def _directory(sectors: _Sectors) -> tuple[Node, ...]:
    """Given the sectors of a file, return what is there of its directory, () without a root."""
    numbers, _ = _follow(sectors.links, sectors.directory)
    kept = numbers[: _ENTRIES * _ENTRY.size // sectors.sector_bytes]
    return _nodes(b"".join(sectors.sector(number) for number in kept), sectors.version)


def _nodes(content: bytes, version: int) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for offset in range(0, len(content) - _ENTRY.size + 1, _ENTRY.size):
        raw, length, kind, _, left, right, child, start, size = _ENTRY.unpack_from(content, offset)
        name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        size &= 0xFFFFFFFF if version == 3 else ~0  # §2.6.3: the upper half may hold anything
        nodes.append(Node(len(nodes), name, kind, left, right, child, start, size))
    return tuple(nodes) if nodes and nodes[0].kind == _ROOT else ()


def _siblings(nodes: tuple[Node, ...], storage: Node, seen: set[int]) -> tuple[list[Node], bool]:
    """Given a storage and the entries listed before, return what lies in it, and whether all of it was there, once."""
    found: list[Node] = []
    sound = True
    waiting = [storage.child]
    while waiting:
        number = waiting.pop()
        if number >= _NO_SECTOR:
            continue
        if number >= len(nodes) or number in seen:
            sound = False
            continue
        seen.add(number)
        node = nodes[number]
        waiting += (node.left, node.right)
        if node.kind in {_STORAGE, _STREAM}:
            found.append(node)
    return found, sound


def _head(sectors: _Sectors, node: Node, container: list[int]) -> bytes:
    """Given a stream and the sectors that hold the small ones, return how it begins, as far as it is there."""
    if node.size >= sectors.cutoff:
        return sectors.sector(node.start)
    step, piece = divmod(node.start, sectors.sector_bytes // _PIECE_BYTES)
    if step >= len(container):
        return b""
    return sectors.sector(container[step])[piece * _PIECE_BYTES : (piece + 1) * _PIECE_BYTES]


def _chains(sectors: _Sectors) -> Iterator[tuple[int, int | None]]:
    """Given the sectors of a file, yield where its tables and streams start, and how many bytes they have (None: all)."""
    yield sectors.directory, None
    yield sectors.small_table, None
    nodes = _directory(sectors)
    waiting, seen = [*nodes[:1]], {0}
    while waiting:
        node = waiting.pop()
        if node.is_storage:
            waiting += _siblings(nodes, node, seen)[0]
        if node.kind == _ROOT or (node.kind == _STREAM and node.size >= sectors.cutoff):
            yield node.start, node.size
