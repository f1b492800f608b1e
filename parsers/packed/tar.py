"""Compressed single files and tar archives (.gz .tgz .tar), as Linux desktops (UOS, Kylin) and servers make them.

In: bytes. Out: members in a `Bag`: the one file of a .gz, or the regular files of a tar archive, compressed or not. Must
not: write, follow a link, expand holes (a sparse file of 8 EB takes 1.5 KB), stop silently where an archive is damaged.
Standards: RFC 1952 (gzip), POSIX.1-2017 pax, GNU tar.
"""

import re
import tarfile
import zlib
from io import BytesIO

from parsers.document import Budget, FailureCode, ReadFailure
from parsers.packed.bag import Bag
from parsers.text import decode

_GZIP = 16 + zlib.MAX_WBITS  # checks the checksum and the size at the end of each stream
_CHUNK_BYTES = 256 * 1024
_RATIO_FROM_BYTES = 10 * 2**20  # as archives
_HEADER_BYTES = 4_096  # in which the file name of a .gz stands
_EXTRA, _NAME = 0x04, 0x08
_BLOCK = 512
_TAR_MAGIC = b"ustar"
_ENTRIES = 5_000  # folders, links and extended headers among them
_NOT_ZERO = re.compile(rb"[^\0]")
_SUFFIX = re.compile(r"\.(?:gz|gzip|tgz)$", re.IGNORECASE)
_CLUTTER = re.compile(r"(?:^|/)(?:\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)


def is_tar(data: bytes) -> bool:
    """Given bytes, return whether they begin as a tar archive of the last 35 years does."""
    return data[257:262] == _TAR_MAGIC


def unpack_gzip(data: bytes, bag: Bag, budget: Budget, outer: str) -> None:
    """Given a .gz and its own name, put what is in it into the bag: a file, or the files of a tar archive."""
    content = _inflated(data, budget, bag.left)
    if is_tar(content):
        unpack_tar(content, bag)
    else:
        bag.add(_stored_name(data) or _SUFFIX.sub("", outer.replace("\\", "/").rpartition("/")[2]), content)


def unpack_tar(data: bytes, bag: Bag) -> None:
    """Given a tar archive, put its regular files into the bag. Raise ReadFailure if it is damaged or over the budget."""
    with tarfile.open(fileobj=BytesIO(data), mode="r:", encoding="ascii", errors="surrogateescape") as archive:
        for number, entry in enumerate(archive):
            if number >= _ENTRIES:
                raise ReadFailure(FailureCode.TOO_LARGE, f"more than {_ENTRIES} entries in a tar archive")
            name = _name(entry.name)
            if not entry.isfile() or _CLUTTER.search(name):
                continue
            if entry.issparse():
                raise ReadFailure(FailureCode.UNSUPPORTED, "file with holes in a tar archive")
            begin, end = entry.offset_data, entry.offset_data + entry.size
            if end > len(data):
                raise ReadFailure(FailureCode.DAMAGED, "tar archive cut off")
            if entry.size > bag.left:
                raise ReadFailure(FailureCode.TOO_LARGE, "unpacked size over the budget")
            bag.add(name, data[begin:end])
        # tarfile takes a broken header for the end of the archive
        if data[archive.offset : archive.offset + _BLOCK].strip(b"\0") and not _ended(data, archive.offset):
            raise ReadFailure(FailureCode.DAMAGED, "tar archive: broken header")


def _ended(data: bytes, offset: int) -> bool:
    """Whether the block before is the empty one that ends an archive."""
    before = data[max(0, offset - _BLOCK) : offset]
    return len(before) == _BLOCK and not before.strip(b"\0")


def _name(name: str) -> str:
    """Given a name as tarfile decodes it, return it: pax names are text already, others are bytes (GBK or UTF-8)."""
    try:
        raw = name.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return name
    return decode(raw).text


def _inflated(data: bytes, budget: Budget, limit: int) -> bytes:
    """Given one gzip stream or several in a row, return what comes out. Raise ReadFailure at the budget, if damaged."""
    pieces: list[bytes] = []
    total = at = 0
    while at < len(data):
        inflater = zlib.decompressobj(_GZIP)
        waiting = b""
        while not inflater.eof:
            if not waiting:
                waiting = data[at : at + _CHUNK_BYTES]
                at += len(waiting)
                if not waiting:
                    raise ReadFailure(FailureCode.DAMAGED, "gzip cut off")
            try:
                piece = inflater.decompress(waiting, _CHUNK_BYTES)
            except zlib.error as error:
                raise ReadFailure(FailureCode.DAMAGED, "gzip broken") from error
            waiting = inflater.unconsumed_tail
            total += len(piece)
            if total > limit or (total > _RATIO_FROM_BYTES and total > budget.ratio * len(data)):
                raise ReadFailure(FailureCode.TOO_LARGE, "unpacked size over the budget")
            pieces.append(piece)
        at = _after_zeros(data, at - len(inflater.unused_data))
    return b"".join(pieces)


def _after_zeros(data: bytes, at: int) -> int:
    """Given where a stream ends, return where the next begins: tapes and some mail programs fill up with zeros."""
    found = _NOT_ZERO.search(data, at)
    return found.start() if found else len(data)


def _stored_name(data: bytes) -> str:
    """Given a gzip stream, return the name of the file in its header, "" if there is none."""
    flags = data[3] if len(data) > 10 else 0
    at = 10
    if flags & _EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    end = data.find(b"\0", at, at + _HEADER_BYTES)
    return decode(data[at:end]).text if flags & _NAME and end > at else ""
