"""What a file is, by its content; its name and its declared type are hints only.

In: bytes and hints. Out: a `Kind`. Files come with wrong names every day: .docx content under .doc, HTML and MHT saved as
.doc or .xls, password-protected packages (which are OLE2 files) under .docx, owner files `~$…` attached instead of the
document (facts/documents.md §2.2, facts/reliability.md §3.2). Must not: parse more than the beginning, raise on any
bytes. Standards: APPNOTE.TXT (zip), ECMA-376 part 2 (content types), MS-CFB, MS-DOC §2.5.1 (FIB), MS-XLS 2.4.117.
"""

import re
import zipfile
from enum import StrEnum
from io import BytesIO
from typing import Final

from parsers.ole import MAGIC as OLE_MAGIC
from parsers.ole import Stream, streams
from parsers.text import decode


class Kind(StrEnum):
    """Every kind that gets its own words or its own reader."""

    DOCX = "docx"
    DOCM = "docm"
    DOTX = "dotx"  # also .dotm: a template read as a document
    XLSX = "xlsx"  # also .xltx
    XLSM = "xlsm"  # also .xltm
    XLSB = "xlsb"
    PPTX = "pptx"
    FLAT_OPC = "flat_opc"
    DOC = "doc"  # Word 97 binary, under any name (.wps and .dot among them)
    XLS = "xls"
    PPT = "ppt"
    WPS = "wps"  # a .wps that is not Word 97 inside
    WORKS = "works"
    RTF = "rtf"
    ODT = "odt"
    ODS = "ods"
    WORD_XML = "word_xml"  # Word 2003 XML
    EXCEL_XML = "excel_xml"  # Excel 2003 XML
    PDF = "pdf"
    OFD = "ofd"
    CEB = "ceb"  # Founder's fixed layout; known by name only
    UOF = "uof"  # the Chinese national office format, as XML or zip
    IWORK = "iwork"  # Pages, Numbers, Keynote
    HTML = "html"
    MHT = "mht"
    XML = "xml"
    TEXT = "text"
    CSV = "csv"
    CALENDAR = "calendar"
    CONTACT = "contact"
    EML = "eml"
    MSG = "msg"
    TNEF = "tnef"
    ZIP = "zip"
    RAR = "rar"
    SEVEN_ZIP = "seven_zip"
    GZIP = "gzip"
    TAR = "tar"
    PNG = "png"
    JPEG = "jpeg"
    GIF = "gif"
    BMP = "bmp"
    TIFF = "tiff"
    WEBP = "webp"
    HEIC = "heic"
    MEDIA = "media"  # sound and film
    PROGRAM = "program"
    ENCRYPTED_OOXML = "encrypted_ooxml"
    ENCRYPTED_DOC = "encrypted_doc"
    ENCRYPTED_XLS = "encrypted_xls"
    LOCK_FILE = "lock_file"
    VOLUME = "volume"  # a part of an archive that was split
    EMPTY = "empty"
    UNKNOWN = "unknown"


IMAGES: Final = frozenset({Kind.PNG, Kind.JPEG, Kind.GIF, Kind.BMP, Kind.TIFF, Kind.WEBP, Kind.HEIC})
WORD_PACKAGES: Final = frozenset({Kind.DOCX, Kind.DOCM, Kind.DOTX})
EXCEL_PACKAGES: Final = frozenset({Kind.XLSX, Kind.XLSM})
ENCRYPTED: Final = frozenset({Kind.ENCRYPTED_OOXML, Kind.ENCRYPTED_DOC, Kind.ENCRYPTED_XLS})

_MAGIC: Final = (
    (b"{\\rtf", Kind.RTF),
    (b"Rar!\x1a\x07", Kind.RAR),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"\x1f\x8b", Kind.GZIP),
    (b"\x78\x9f\x3e\x22", Kind.TNEF),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"GIF8", Kind.GIF),
    (b"II*\0", Kind.TIFF),
    (b"MM\0*", Kind.TIFF),
    (b"MZ", Kind.PROGRAM),
    (b"\x7fELF", Kind.PROGRAM),
    (b"ID3", Kind.MEDIA),
    (b"OggS", Kind.MEDIA),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"})

# Main content types (ECMA-376, MS-OFFMACRO2) → kind; looked for in [Content_Types].xml in this order.
_MAIN_TYPES: Final = (
    ("wordprocessingml.document.main+xml", Kind.DOCX),
    ("ms-word.document.macroenabled.main+xml", Kind.DOCM),
    ("wordprocessingml.template.main+xml", Kind.DOTX),
    ("ms-word.template.macroenabledtemplate.main+xml", Kind.DOTX),
    ("spreadsheetml.sheet.main+xml", Kind.XLSX),
    ("spreadsheetml.template.main+xml", Kind.XLSX),
    ("ms-excel.sheet.macroenabled.main+xml", Kind.XLSM),
    ("ms-excel.template.macroenabled.main+xml", Kind.XLSM),
    ("ms-excel.sheet.binary.macroenabled.main", Kind.XLSB),
    ("presentationml.", Kind.PPTX),
)
_PART_NAMES: Final = (("word/", Kind.DOCX), ("xl/", Kind.XLSX), ("ppt/", Kind.PPTX))
_MAIN_PARTS: Final = (
    (b"word/document.xml", Kind.DOCX),
    (b"xl/workbook.xml", Kind.XLSX),
    (b"xl/worksheets/", Kind.XLSX),
    (b"ppt/presentation.xml", Kind.PPTX),
)
_ODF_TYPES: Final = (("opendocument.text", Kind.ODT), ("opendocument.spreadsheet", Kind.ODS))
_ZIP_MEMBERS: Final = (
    ("OFD.xml", Kind.OFD),
    ("Index/Document.iwa", Kind.IWORK),
    ("Metadata/Properties.plist", Kind.IWORK),  # where the rest lies in an Index.zip of its own
    ("_meta/meta.xml", Kind.UOF),
)
_STREAMS: Final = (
    ("EncryptedPackage", Kind.ENCRYPTED_OOXML),
    ("WordDocument", Kind.DOC),
    ("Workbook", Kind.XLS),
    ("Book", Kind.XLS),
    ("PowerPoint Document", Kind.PPT),
    ("__properties_version1.0", Kind.MSG),
    ("CONTENTS", Kind.WORKS),
)
_XML_MARKS: Final = (
    ("<pkg:package", Kind.FLAT_OPC),
    ("schemas.microsoft.com/office/word/2003/wordml", Kind.WORD_XML),
    ("urn:schemas-microsoft-com:office:spreadsheet", Kind.EXCEL_XML),
    ("schemas.uof.org", Kind.UOF),
    ("<html", Kind.HTML),
)
_HTML_TAG = re.compile(  # possessive: comments in a row must not be tried in every grouping
    r"\s*(?><!--.*?-->\s*)*+<(?:!doctype\s+html|html|head|body|meta|title|style|table|div|p|span|font|center|h[1-6]|br)\b",
    re.DOTALL,
)
_MAIL_HEADER = re.compile(
    r"^(received|from|to|date|subject|message-id|mime-version|content-type|return-path|content-transfer-encoding):",
    re.MULTILINE,
)
_HEAD = 4_096  # bytes of a text looked at
_CONTENT_TYPES_BYTES = 512 * 1024
_LOCK_BYTES = 512  # owner files have 162 (Word) or 165 (Excel) bytes
_NAME_KINDS: Final = {
    **dict.fromkeys(("docx", "dotx"), Kind.DOCX),
    **dict.fromkeys(("doc", "dot"), Kind.DOC),
    **dict.fromkeys(("xlsx", "xltx"), Kind.XLSX),
    **dict.fromkeys(("xls", "xlt", "et"), Kind.XLS),
    "docm": Kind.DOCM,
    "xlsm": Kind.XLSM,
    "pptx": Kind.PPTX,
    "ppt": Kind.PPT,
    "wps": Kind.WPS,
    "msg": Kind.MSG,
}
# Formats that nothing here reads and whose bytes we do not know: a name is enough for naming them to the sender.
_SPLIT: Final = frozenset({Kind.ZIP, Kind.RAR, Kind.SEVEN_ZIP, Kind.UNKNOWN})
_VOLUME_NAME: Final = re.compile(
    r"\.(?:part\d+\.rar|(?:7z|zip|rar|tar|docx?|xlsx?)\.\d{2,3}|[zr]\d{2}|\d{3})$", re.IGNORECASE
)
_UNKNOWN_BY_NAME: Final = {"ceb": Kind.CEB, "cebx": Kind.CEB, "uot": Kind.UOF, "uof": Kind.UOF, "pages": Kind.IWORK}


def sniff(data: bytes, name: str = "", declared_type: str = "") -> Kind:
    """Given a file's bytes, its name and the type its sender declared, return what it is. Never raises.

    A broken file keeps the kind it was meant to be (a truncated .docx is DOCX): its reader tells that it is damaged.
    """
    kind = _by_content(data, name, declared_type)
    # Only the first part of a split archive begins like one, and even that can't be opened without the others.
    return Kind.VOLUME if kind in _SPLIT and _VOLUME_NAME.search(name) else kind


def _by_content(data: bytes, name: str, declared_type: str) -> Kind:
    extension = name.rpartition(".")[2].strip().lower()
    if not data.strip(b"\0 \t\r\n"):
        return Kind.EMPTY  # zero bytes, blanks, or the NULs of a download that never finished
    if data.startswith(OLE_MAGIC):
        return _ole(data, extension)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04")):
        return _zip(data, extension)
    if _is_lock_file(data, name):
        return Kind.LOCK_FILE
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[257:262] == b"ustar":
        return Kind.TAR
    if b"%PDF-" in data[:1024]:
        return Kind.PDF  # readers accept it behind up to 1,024 bytes of something else (ISO 32000-1, annex H)
    return _tagged(data) or _text(data, extension, declared_type.lower())


def _is_lock_file(data: bytes, name: str) -> bool:
    """Word writes `~$name` of 162 bytes beside an open file, Excel 165, WPS `.~name`: a length, then the user's name."""
    if name.rpartition("/")[2].startswith(("~$", ".~")) and len(data) <= _LOCK_BYTES:
        return True
    return len(data) in (162, 165) and 0 < data[0] <= 53 and data[0] in (data[54], data[55])


def _tagged(data: bytes) -> Kind | None:
    """Given bytes without a magic number at their start, return the kind of the formats that carry it elsewhere."""
    if data[:4] == b"RIFF":
        return Kind.WEBP if data[8:12] == b"WEBP" else Kind.MEDIA
    if data[4:8] == b"ftyp":
        return Kind.HEIC if data[8:12] in _HEIC_BRANDS else Kind.MEDIA
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        return Kind.BMP
    if data[:1] == b"\xff" and data[1:2] in {b"\xfb", b"\xf3", b"\xf1", b"\xf9"}:
        return Kind.MEDIA
    return None


def _ole(data: bytes, extension: str) -> Kind:
    found = {stream.name: stream for stream in streams(data)}
    for name, kind in _STREAMS:
        if name in found:
            return _encrypted(kind, found[name]) or kind
    # Truncated before its directory, or something rare: the first sector usually starts the main stream.
    if data[512:514] == b"\xec\xa5":
        return Kind.DOC
    if data[512:514] == b"\x09\x08":
        return Kind.XLS
    kind = _NAME_KINDS.get(extension, Kind.UNKNOWN)
    return {Kind.DOCX: Kind.DOC, Kind.DOCM: Kind.DOC, Kind.XLSX: Kind.XLS, Kind.XLSM: Kind.XLS}.get(kind, kind)


def _encrypted(kind: Kind, stream: Stream) -> Kind | None:
    head = stream.head
    if kind is Kind.DOC and len(head) > 11 and head[11] & 0x01:
        return Kind.ENCRYPTED_DOC  # FibBase.fEncrypted
    if kind is Kind.XLS:
        at = 0
        while at + 4 <= len(head):
            if head[at : at + 2] == b"\x2f\x00":
                return Kind.ENCRYPTED_XLS  # a FilePass record right after BOF (and WriteProtect)
            at += 4 + int.from_bytes(head[at + 2 : at + 4], "little")
    return None


def _zip(data: bytes, extension: str) -> Kind:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = frozenset(archive.namelist())
            if "[Content_Types].xml" in names:
                with archive.open("[Content_Types].xml") as part:
                    types = part.read(_CONTENT_TYPES_BYTES)
                return _package(types.decode("utf-8", "replace"), names)
            if "mimetype" in names:
                with archive.open("mimetype") as part:
                    return _first(part.read(200).decode("ascii", "replace"), _ODF_TYPES) or Kind.ZIP
            return next((kind for name, kind in _ZIP_MEMBERS if name in names), Kind.ZIP)
    except Exception:  # noqa: BLE001  zipfile raises a dozen classes on damaged files; the reader will say what is wrong
        return _broken_zip(data, extension)


def _package(types: str, names: frozenset[str]) -> Kind:
    if "\0" in types:
        types = types.replace("\0", "")  # UTF-16
    by_type = _first(types.lower(), _MAIN_TYPES)
    by_name = next((kind for prefix, kind in _PART_NAMES if any(name.startswith(prefix) for name in names)), None)
    return by_type or by_name or Kind.ZIP


def _broken_zip(data: bytes, extension: str) -> Kind:
    """Given a zip whose directory is lost (truncated in transit), return what its member names or its own name say."""
    for part, kind in _MAIN_PARTS:
        if part in data:
            return kind
    kind = _NAME_KINDS.get(extension, Kind.ZIP)
    return {Kind.DOC: Kind.DOCX, Kind.WPS: Kind.DOCX, Kind.XLS: Kind.XLSX, Kind.PPT: Kind.PPTX, Kind.MSG: Kind.ZIP}.get(
        kind, kind
    )


def _first(text: str, marks: tuple[tuple[str, Kind], ...]) -> Kind | None:
    return next((kind for mark, kind in marks if mark in text), None)


def _text(data: bytes, extension: str, declared_type: str) -> Kind:
    cut = decode(data[:_HEAD])
    head = cut.text.lstrip("\ufeff\r\n\t ")
    lower = head.lower()
    if head.startswith("{\\rtf"):
        return Kind.RTF
    if lower.startswith(("<?xml", "<?mso-application", "<pkg:package")):
        return _first(lower, _XML_MARKS) or Kind.XML
    headers = {match.group(1) for match in _MAIL_HEADER.finditer(lower)}
    saved_page = "multipart/related" in lower or "content-location:" in lower
    if "mime-version" in headers and saved_page and not headers & {"received", "message-id"}:
        return Kind.MHT
    if len(headers) >= 2 and re.match(r"[a-z][a-z0-9-]*:", lower):
        return Kind.EML
    if _HTML_TAG.match(lower) or (declared_type == "text/html" and "<" in head):
        return Kind.HTML
    if lower.startswith("begin:vcalendar"):
        return Kind.CALENDAR
    if lower.startswith("begin:vcard"):
        return Kind.CONTACT
    if _binary(data[:_HEAD], cut.text):
        return _UNKNOWN_BY_NAME.get(extension, Kind.UNKNOWN)
    return Kind.CSV if extension == "csv" or declared_type == "text/csv" else Kind.TEXT


def _binary(data: bytes, text: str) -> bool:
    """Given the head of a file and its decoding, return whether it is no text: control characters or undecodable."""
    controls = sum(1 for character in text if character < " " and character not in "\t\r\n\x0b\x0c\x1a\x1b")
    lost = text.count("\ufffd")
    # The cut at 4,096 bytes may halve one character, hence the 2.
    return controls > len(text) // 50 or lost > max(2, len(text) // 10) or not data
