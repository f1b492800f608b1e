import zipfile
from io import BytesIO

import pytest

from parsers.sniff import Kind, sniff
from tests.builders import ole
from tests.builders.rendering import CONTAINERS, render
from tests.builders.word import package, para, zipped

ROWS = [("姓名", "林一"), ("手机", "13900001234")]
KINDS = {
    "docx": Kind.DOCX,
    "docx_wps": Kind.DOCX,
    "docx_libreoffice": Kind.DOCX,
    "docx_strict": Kind.DOCX,
    "docm": Kind.DOCM,
    "dotx": Kind.DOTX,
    "flat_opc": Kind.FLAT_OPC,
    "xlsx": Kind.XLSX,
    "xlsx_strict": Kind.XLSX,
    "html": Kind.HTML,
    "text": Kind.TEXT,
    "tabs": Kind.TEXT,
    "csv": Kind.TEXT,
}


@pytest.mark.parametrize("name", ["表.doc", "表.xls", "表.pdf", "表", "~表.docx", "表.dat"])
@pytest.mark.parametrize("container", CONTAINERS)
def test_the_content_decides_and_not_the_name(container: str, name: str) -> None:
    assert sniff(render(container, "反馈表", ROWS), name, "application/octet-stream") is KINDS[container]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", Kind.EMPTY),
        (b"\0" * 4096, Kind.EMPTY),  # a download that never finished
        (b" \r\n", Kind.EMPTY),
        (b"%PDF-1.7\n", Kind.PDF),
        (b"\0\0garbage %PDF-1.4", Kind.PDF),
        (b"{\\rtf1\\ansi", Kind.RTF),
        (b"\n {\\rtf1", Kind.RTF),
        (b"Rar!\x1a\x07\x01\x00", Kind.RAR),
        (b"7z\xbc\xaf\x27\x1c\0\4", Kind.SEVEN_ZIP),
        (b"\x78\x9f\x3e\x22\1\0", Kind.TNEF),
        (b"\x89PNG\r\n\x1a\n\0\0", Kind.PNG),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", Kind.JPEG),
        (b"GIF89a", Kind.GIF),
        (b"RIFF\x10\0\0\0WEBPVP8 ", Kind.WEBP),
        (b"\0\0\0\x18ftypheic", Kind.HEIC),
        (b"\0\0\0\x18ftypmp42", Kind.MEDIA),
        (b"II*\0\x08\0", Kind.TIFF),
        (b"BM\x36\0\0\0\0\0\0\0", Kind.BMP),
        (b"MZ\x90\0", Kind.PROGRAM),
        (b"\xff\xfb\x90\x44\0\0", Kind.MEDIA),
        (b"RIFF\x10\0\0\0WAVEfmt ", Kind.MEDIA),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", Kind.HTML),
        (b"<!-- saved --><!-- twice -->\n<table><tr><td>", Kind.HTML),
        ("<html><meta charset=gbk>姓名".encode("gbk"), Kind.HTML),
        ("\ufeff<html><body>".encode("utf-16"), Kind.HTML),
        (b"<?xml version='1.0'?><html xmlns='x'>", Kind.HTML),
        (b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>", Kind.EXCEL_XML),
        (b"<?xml version='1.0'?><other/>", Kind.XML),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n", Kind.MHT),
        (b"From: a@example.com\r\nSubject: x\r\nMessage-ID: <1@example.com>\r\n\r\nhi", Kind.EML),
        (b"Received: from x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n", Kind.EML),
        (b"BEGIN:VCALENDAR\r\n", Kind.CALENDAR),
        ("姓名：张三".encode("gbk"), Kind.TEXT),
        ("姓名：张三".encode("utf-16"), Kind.TEXT),
        (bytes(range(256)) * 4, Kind.UNKNOWN),
    ],
)
def test_magic_and_marks(data: bytes, kind: Kind) -> None:
    assert sniff(data) is kind


def test_a_csv_needs_its_name_or_type() -> None:
    data = "姓名,手机\n张三,139\n".encode()
    assert sniff(data, "表.csv") is Kind.CSV
    assert sniff(data, "", "text/csv") is Kind.CSV
    assert sniff(data) is Kind.TEXT


@pytest.mark.parametrize(
    ("streams", "kind"),
    [
        ({"WordDocument": b"\xec\xa5\xc1\0" + bytes(6) + b"\0\x12", "1Table": b"x"}, Kind.DOC),
        ({"WordDocument": b"\xec\xa5\xc1\0" + bytes(6) + b"\0\x13"}, Kind.ENCRYPTED_DOC),
        ({"Workbook": b"\x09\x08\x10\0" + bytes(16)}, Kind.XLS),
        ({"Book": b"\x09\x08\x08\0" + bytes(8)}, Kind.XLS),
        ({"Workbook": b"\x09\x08\x10\0" + bytes(16) + b"\x2f\0\x06\0" + bytes(6)}, Kind.ENCRYPTED_XLS),
        ({"EncryptionInfo": b"x", "EncryptedPackage": b"x"}, Kind.ENCRYPTED_OOXML),
        ({"__properties_version1.0": b"x", "__substg1.0_0037001F": b"x"}, Kind.MSG),
        ({"PowerPoint Document": b"x"}, Kind.PPT),
        ({"CONTENTS": b"x"}, Kind.WORKS),
        ({"Other": b"x"}, Kind.UNKNOWN),
    ],
)
@pytest.mark.parametrize("big", [False, True])
def test_ole_files_are_told_apart_by_their_streams(streams: dict[str, bytes], kind: Kind, big: bool) -> None:  # noqa: FBT001
    padded = {name: content.ljust(5000, b"\0") if big else content for name, content in streams.items()}
    assert sniff(ole.compound(padded), "表.docx" if kind is not Kind.UNKNOWN else "") is kind


@pytest.mark.parametrize("megabytes", [1, 8, 17])
def test_the_directory_of_a_large_letter_is_found(megabytes: int) -> None:
    letter = (b"\xec\xa5\xc1\0" + bytes(6) + b"\0\x13").ljust(5000, b"x")
    data = ole.compound({"Data": bytes(megabytes * 2**20), "WordDocument": letter})  # photographs lie before the text
    assert sniff(data) is Kind.ENCRYPTED_DOC


def test_a_workbook_embedded_in_a_letter_does_not_make_it_a_workbook() -> None:
    data = ole.compound({"WordDocument": b"\xec\xa5" + bytes(20)}, storages={"ObjectPool": {"Workbook": b"x"}})
    assert sniff(data) is Kind.DOC


def test_a_truncated_ole_file_keeps_its_kind() -> None:
    data = ole.compound({"WordDocument": (b"\xec\xa5" + bytes(20)).ljust(6000, b"x")})
    assert sniff(data[:2000], "表.doc") is Kind.DOC
    message = ole.compound({"__properties_version1.0": bytes(32), "__substg1.0_1000001F": bytes(6000)})
    assert sniff(message[:2000], "转发.msg") is Kind.MSG
    assert sniff(b"PK\x03\x04" + bytes(60), "转发.msg") is Kind.ZIP


@pytest.mark.parametrize("container", ["docx", "docx_wps", "xlsx"])
def test_a_truncated_package_keeps_its_kind(container: str) -> None:
    data = render(container, "反馈表", ROWS)
    assert sniff(data[: len(data) * 3 // 4]) is KINDS[container]
    assert sniff(data[:60], "表.docx") is Kind.DOCX


def test_a_zip_of_documents_is_an_archive() -> None:
    assert sniff(zipped({"表.docx": package(para("x")), "a.txt": "x"})) is Kind.ZIP


def test_open_document_and_ofd_packages() -> None:
    assert sniff(zipped({"mimetype": "application/vnd.oasis.opendocument.text"})) is Kind.ODT
    assert sniff(zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"})) is Kind.ODS
    assert sniff(zipped({"OFD.xml": "<x/>"})) is Kind.OFD


def test_content_types_in_utf_16() -> None:
    types = '<?xml version="1.0" encoding="utf-16"?><Types><Override PartName="/x" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
    assert sniff(zipped({"[Content_Types].xml": types.encode("utf-16"), "word/x": "x"})) is Kind.XLSX


def test_a_word_file_with_an_embedded_workbook_is_a_word_file() -> None:
    data = package(para("x"), parts={"word/embeddings/a.xlsx": zipped({"xl/workbook.xml": "x"})})
    assert sniff(data, "表.xlsx") is Kind.DOCX


def test_lock_files_are_told_by_name_and_by_content() -> None:
    owner = (b"\x05admin" + b" " * 100)[:54] + b"\x05\0" + "admin".encode("utf-16-le")
    assert sniff(owner.ljust(162, b"\0"), "表.docx") is Kind.LOCK_FILE
    assert sniff(b"\x05admin", "~$反馈表.docx") is Kind.LOCK_FILE
    assert sniff(b"\x05admin", "报送/.~反馈表.docx") is Kind.LOCK_FILE
    assert sniff(package(para("x")), "~$反馈表.docx") is Kind.DOCX


def test_many_comments_before_a_page_take_no_exponential_time() -> None:
    assert sniff(b"<!--a-->" * 500) is Kind.TEXT


def test_zip_data_behind_a_broken_directory_is_an_archive() -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "x")
    assert sniff(stream.getvalue()[:-10]) is Kind.ZIP


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"Rar!\x1a\x07\x01\x00" + b"x" * 40, "报送.part1.rar", Kind.VOLUME),
        (bytes(range(256)), "报送.part02.rar", Kind.VOLUME),
        (b"7z\xbc\xaf\x27\x1c" + b"x" * 40, "报送.7z.001", Kind.VOLUME),
        (bytes(range(256)), "报送.z01", Kind.VOLUME),
        (bytes(range(256)), "报送.7z.012", Kind.VOLUME),
        (b"Rar!\x1a\x07\x01\x00" + b"x" * 40, "报送.rar", Kind.RAR),
        (b"Rar!\x1a\x07\x01\x00" + b"x" * 40, "参加part1.rar", Kind.RAR),
        (b"%PDF-1.7", "通知.001", Kind.PDF),
        ("姓名：王晓云".encode(), "表.001", Kind.TEXT),
    ],
)
def test_a_part_of_a_split_archive_is_known_by_its_name(data, name, kind):
    assert sniff(data, name) is kind
