"""Zip files within a budget: archives that hold documents, and the packages that Office documents are.

In: bytes that `sniff` called zip or an Office package. Out: members one after the other, or an opened `Package` whose
parts are read on demand. `zipfile` reads the directory only; the data are inflated here, so that what counts is what
really comes out, not what a header says. Must not: write anything anywhere, use a member's name as a path, read a
construction that two programs would read differently (overlapping or doubled members), hand out XML with a DTD.

Precedents: CVE-2024-0450 (quoted overlap), bombs of facts/reliability.md §3.1-3.2; figures in `document.Budget`.
Standards: APPNOTE.TXT 6.3.10 (§4.6.9 Unicode path), ECMA-376 part 2 (part names compare without regard to case).
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO

from parsers.document import DEFAULT_BUDGET, Budget, FailureCode, ReadFailure
from parsers.text import clean, decode

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_RATIO_FROM_BYTES = 10 * 2**20  # small files may be repetitive; 2,387 real packages stay below 100:1 above 10 MB
_CHUNK_BYTES = 256 * 1024
_UNICODE_PATH = 0x7075  # Info-ZIP's UTF-8 name, written by WinRAR, 360 and Bandizip beside a GBK one
_TAGS = 1_000_000  # of one XML part: lxml takes 350 bytes an element (4,000,000 empty paragraphs: 1.4 GB, measured)
_ATTRIBUTES = 3_000_000
_NAME_CHARACTERS = 120
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # device names of Windows
_CLUTTER = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_DECLARATION = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"'][^>]{0,100}?\?>")
_ENCODINGS = re.compile(r"utf-?(?:8|16(?:le|be)?)|us-ascii|gb2312|gbk|gb18030|iso-8859-1|windows-1252", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive. `name` is for people (``"报送/反馈表.docx"``): cleaned, relative, never a path to open."""

    name: str
    data: bytes


class Package:
    """An Office package, checked when opened. Part names are looked up without regard to case."""

    def __init__(self, data: bytes, infos: list[zipfile.ZipInfo], budget: Budget) -> None:
        self._data = data
        self._budget = budget
        self._left = budget.unzipped_bytes
        self._infos = {info.filename.lower(): info for info in infos}
        self.names: tuple[str, ...] = tuple(info.filename for info in infos)

    def has(self, name: str) -> bool:
        """Given a part name, return whether the package has it."""
        return name.lstrip("/").lower() in self._infos

    def read(self, name: str, *, limit: int | None = None) -> bytes:
        """Given a part name, return its bytes. Raise ReadFailure if it is missing, damaged or over the budget."""
        info = self._infos.get(name.lstrip("/").lower())
        if info is None:
            raise ReadFailure(FailureCode.DAMAGED, f"part missing: {clean(name)[:80]}")
        content = _inflate(self._data, info, self._left if limit is None else min(limit, self._left))
        self._left -= len(content)
        return content

    def xml(self, name: str) -> bytes:
        """Given the name of an XML part, return it as UTF-8 without declaration. Raise ReadFailure as `plain_xml`."""
        return plain_xml(self.read(name, limit=self._budget.xml_part_bytes), self._budget)


def members(data: bytes, budget: Budget = DEFAULT_BUDGET, *, depth: int = 0) -> Iterator[Member]:
    """Given a zip archive, yield its files, without folders, links and the clutter of macOS and Windows.

    `depth` is the number of archives around this one. Everything is checked before the first member comes. Raise
    ReadFailure if it is damaged, encrypted, hostile or over the budget; for an archive within an archive the caller
    passes what `remaining` leaves of the budget.
    """
    if depth >= budget.archive_depth:
        raise ReadFailure(FailureCode.TOO_LARGE, f"archives nested deeper than {budget.archive_depth}")
    infos = _directory(data, budget, limit=budget.archive_members)
    if any(info.flag_bits & 0x1 or info.compress_type == 99 for info in infos):  # 99: WinZip AES
        raise ReadFailure(FailureCode.ENCRYPTED, "a member of the archive has a password")
    left = budget.unzipped_bytes
    for info in infos:
        name = _raw_name(info)
        if info.is_dir() or name.endswith(("/", "\\")) or _is_link(info) or _CLUTTER.search(name):
            continue
        content = _inflate(data, info, left)
        left -= len(content)
        yield Member(safe_name(name), content)


def remaining(budget: Budget, used: tuple[Member, ...]) -> Budget:
    """Given a budget and the members that were taken out of it, return what is left for archives within."""
    return replace(
        budget,
        unzipped_bytes=max(0, budget.unzipped_bytes - sum(len(member.data) for member in used)),
        archive_members=max(0, budget.archive_members - len(used)),
    )


def open_package(data: bytes, budget: Budget = DEFAULT_BUDGET) -> Package:
    """Given an Office package, return it opened. Raise ReadFailure if it is damaged, hostile or over the budget."""
    infos = _directory(data, budget, limit=budget.members)
    for info in infos:
        info.filename = info.filename.replace("\\", "/")  # some producers write the separator of Windows
    folded = [info.filename.lower() for info in infos]
    if len(set(folded)) != len(folded):
        raise ReadFailure(FailureCode.REFUSED, "two parts of one name")
    return Package(data, infos, budget)


def check_whole(data: bytes, budget: Budget = DEFAULT_BUDGET) -> None:
    """Given a package that another program is to read, raise ReadFailure unless each of its parts is what was packed.

    LibreOffice compares no checksums: of an .odt in which one digit was flipped it gave the wrong mobile number.
    """
    package = open_package(data, budget)
    for name in package.names:
        package.read(name)


def plain_xml(data: bytes, budget: Budget = DEFAULT_BUDGET) -> bytes:
    """Given an XML part, return it as UTF-8 without byte order mark and XML declaration.

    Raise ReadFailure if it has a DTD (no Office program writes one), an encoding that could hide one, more tags than a
    reader can hold, or is larger than the budget.
    """
    if len(data) > budget.xml_part_bytes:
        raise ReadFailure(FailureCode.TOO_LARGE, "XML part over the budget")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        data = decode(data).text.encode("utf-8", "replace")
    data = data.removeprefix(b"\xef\xbb\xbf")
    declaration = _DECLARATION.match(data)
    if declaration:
        encoding = declaration.group(1).decode("ascii")
        if not _ENCODINGS.fullmatch(encoding):
            raise ReadFailure(FailureCode.REFUSED, f"XML encoding {encoding}")
        data = data[declaration.end() :]
        if not encoding.lower().startswith("utf"):
            data = decode(data, encoding).text.encode("utf-8", "replace")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ReadFailure(FailureCode.REFUSED, "DTD in an XML part")
    if data.count(b"<") > _TAGS or data.count(b"=") > _ATTRIBUTES:
        raise ReadFailure(FailureCode.TOO_LARGE, "too many elements in an XML part")
    return data


def safe_name(name: str) -> str:
    """Given a member's name, return it for display: no way up, no drive, no device name, no control characters."""
    parts: list[str] = []
    for part in re.split(r"[/\\]", clean(name).replace("\n", " ").replace("\t", " ")):
        kept = re.sub(r"[<>:\"|?*]", "_", part).rstrip(". ").lstrip()
        if not kept:
            continue  # "", ".", ".." and the like
        stem, dot, extension = kept.rpartition(".")
        if dot and len(kept) > _NAME_CHARACTERS:
            kept = stem[: _NAME_CHARACTERS - 12] + dot + extension[:11]
        parts.append(("_" if _RESERVED.fullmatch(kept) else "") + kept[:_NAME_CHARACTERS])
    return "/".join(parts[-6:]) or "unnamed"


def check_package(archive: zipfile.ZipFile, budget: Budget = DEFAULT_BUDGET, *, limit: int | None = None) -> None:
    """Given an opened zip, raise ReadFailure if its directory is hostile or over the budget.

    Looked at: number of members (`limit`, else the budget's for packages), declared sizes, ratio, doubled names,
    overlapping data, compression methods other than stored and deflated.
    """
    infos = archive.infolist()
    if len(infos) > (budget.members if limit is None else limit):
        raise ReadFailure(FailureCode.TOO_LARGE, f"{len(infos)} members")
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if unpacked > budget.unzipped_bytes:
        raise ReadFailure(FailureCode.TOO_LARGE, f"{unpacked} bytes unpacked")
    if unpacked > _RATIO_FROM_BYTES and unpacked > budget.ratio * max(packed, 1):
        raise ReadFailure(FailureCode.TOO_LARGE, f"{unpacked} bytes out of {packed}")
    if len({info.orig_filename for info in infos}) != len(infos):
        raise ReadFailure(FailureCode.REFUSED, "two members of one name")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, 99) for info in infos):
        raise ReadFailure(FailureCode.UNSUPPORTED, "unusual compression method")


def _directory(data: bytes, budget: Budget, *, limit: int) -> list[zipfile.ZipInfo]:
    """Given a zip's bytes, return its checked directory."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            check_package(archive, budget, limit=limit)
            infos, end = archive.infolist(), archive.start_dir
    except ReadFailure:
        raise
    except Exception as error:
        # zipfile raises a dozen classes on damaged files (BadZipFile, struct.error, UnicodeDecodeError, …).
        raise ReadFailure(FailureCode.DAMAGED, f"zip directory: {type(error).__name__}") from error
    begin = -1
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < begin:
            raise ReadFailure(FailureCode.REFUSED, "overlapping members")
        begin = _data_offset(data, info) + info.compress_size
    if infos and begin > end:
        raise ReadFailure(FailureCode.REFUSED, "members overlap the directory")
    return infos


def _data_offset(data: bytes, info: zipfile.ZipInfo) -> int:
    if not 0 <= info.header_offset <= len(data) - _LOCAL_HEADER.size:
        raise ReadFailure(FailureCode.DAMAGED, "member lies outside the file")
    magic, name_bytes, extra_bytes = _LOCAL_HEADER.unpack_from(data, info.header_offset)
    if magic != b"PK\x03\x04":
        raise ReadFailure(FailureCode.DAMAGED, "local header missing")
    return int(info.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes)


def _inflate(data: bytes, info: zipfile.ZipInfo, limit: int) -> bytes:
    """Given a member, return its content: never more than `limit` bytes, and exactly what its header declares."""
    if info.flag_bits & 0x1:
        raise ReadFailure(FailureCode.ENCRYPTED, "a part has a password")
    if info.file_size > limit:
        raise ReadFailure(FailureCode.TOO_LARGE, "unpacked size over the budget")
    begin = _data_offset(data, info)
    packed = memoryview(data)[begin : begin + info.compress_size]
    stored = info.compress_type == zipfile.ZIP_STORED
    content = bytes(packed[: info.file_size + 1]) if stored else _decompress(packed, info.file_size)
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise ReadFailure(FailureCode.DAMAGED, "size or checksum of a member differs")
    return content


def _decompress(packed: memoryview, size: int) -> bytes:
    """Given deflated data, return the inflated bytes; hardly more than `size` of them, however long they go on."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    pieces: list[bytes] = []
    total = 0
    try:
        for begin in range(0, len(packed), _CHUNK_BYTES):
            waiting: bytes | memoryview = packed[begin : begin + _CHUNK_BYTES]
            while waiting and total <= size and not inflater.eof:
                pieces.append(inflater.decompress(waiting, _CHUNK_BYTES))
                total += len(pieces[-1])
                waiting = inflater.unconsumed_tail
        while total <= size and not inflater.eof and (piece := inflater.decompress(b"", _CHUNK_BYTES)):
            pieces.append(piece)
            total += len(piece)
    except zlib.error as error:
        raise ReadFailure(FailureCode.DAMAGED, "compressed data broken") from error
    return b"".join(pieces)


def _is_link(info: zipfile.ZipInfo) -> bool:
    return info.create_system == 3 and stat.S_ISLNK(info.external_attr >> 16)


def _raw_name(info: zipfile.ZipInfo) -> str:
    """Given a member, return its name: UTF-8 where the flag or the extra field says so, else decoded (GBK, usually)."""
    if info.flag_bits & 0x800:
        return info.orig_filename
    raw = info.orig_filename.encode("cp437", "replace")  # what zipfile decoded it with
    extra, at = info.extra, 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == _UNICODE_PATH and size > 5 and zlib.crc32(raw) == int.from_bytes(extra[at + 5 : at + 9], "little"):
            return decode(extra[at + 9 : at + 4 + size], "utf-8").text
        at += 4 + size
    return decode(raw).text
