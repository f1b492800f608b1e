import struct
import tracemalloc
import zipfile
import zlib
from dataclasses import replace
from io import BytesIO

import pytest

from parsers.archives import Member, check_package, members, open_package, plain_xml, remaining, safe_name
from parsers.document import DEFAULT_BUDGET, FailureCode, ReadFailure
from tests.builders.word import zipped


def failure(data: bytes, **changes: int) -> FailureCode:
    with pytest.raises(ReadFailure) as caught:
        list(members(data, replace(DEFAULT_BUDGET, **changes)))
    return caught.value.failure.code


def named(name: bytes, *, flags: int = 0, extra: bytes = b"", content: bytes = b"x", method: int = 0) -> bytes:
    """A zip with one stored member, written by hand: any name bytes, flags and extra field."""
    head = struct.pack(
        "<HHHHHIIIHH", 20, flags, method, 0, 0, zlib.crc32(content), len(content), len(content), len(name), len(extra)
    )
    local = b"PK\3\4" + head + name + extra + content
    central = b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name + extra
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def test_members_come_in_order_with_their_data() -> None:
    data = zipped({"报送/反馈表.docx": b"one", "b.txt": b"two"})
    assert list(members(data)) == [Member("报送/反馈表.docx", b"one"), Member("b.txt", b"two")]


def test_names_without_the_utf8_flag_are_gbk() -> None:
    assert next(members(named("联络员反馈.docx".encode("gbk")))).name == "联络员反馈.docx"


def test_names_of_macos_are_utf8_without_the_flag() -> None:
    assert next(members(named("反馈表.docx".encode()))).name == "反馈表.docx"


def test_the_unicode_path_field_goes_before_the_name() -> None:
    raw = b"??.docx"
    field = struct.pack("<HHBI", 0x7075, 5 + len("喆.docx".encode()), 1, zlib.crc32(raw)) + "喆.docx".encode()
    assert next(members(named(raw, extra=field))).name == "喆.docx"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\x\\表.docx", "C_/x/表.docx"),
        ("con.txt", "_con.txt"),
        ("报送\\NUL", "报送/_NUL"),
        ("表\u202excod.exe", "表xcod.exe"),
        ("a:b|c?.doc", "a_b_c_.doc"),
        ("表. . ", "表"),
        ("a\nb.doc", "a b.doc"),
        ("/", "unnamed"),
        ("长" * 300 + ".docx", "长" * 108 + ".docx"),
    ],
)
def test_names_are_for_display_only(given: str, shown: str) -> None:
    assert safe_name(given) == shown


def test_folders_links_and_clutter_are_no_members() -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("报送/", "")
        archive.writestr("__MACOSX/._a.docx", "x")
        archive.writestr("报送/.DS_Store", "x")
        archive.writestr("Thumbs.db", "x")
        link = zipfile.ZipInfo("passwd")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a.docx", "x")
    assert [member.name for member in members(stream.getvalue())] == ["a.docx"]


def test_a_member_with_a_password_is_told_as_such() -> None:
    assert failure(named(b"a.docx", flags=0x1)) is FailureCode.ENCRYPTED
    assert failure(named(b"a.docx", flags=0x1, method=99)) is FailureCode.ENCRYPTED  # WinZip AES


def test_an_unusual_method_is_unsupported() -> None:
    assert failure(named(b"a.docx", method=14)) is FailureCode.UNSUPPORTED  # LZMA can ask for 4 GB


def test_a_truncated_archive_is_damaged() -> None:
    data = zipped({"a": b"x" * 1000})
    assert failure(data[:-20]) is FailureCode.DAMAGED
    assert failure(b"") is FailureCode.DAMAGED


def test_a_wrong_checksum_is_damage() -> None:
    data = bytearray(named(b"a", content=b"hello"))
    data[31] ^= 1
    assert failure(bytes(data)) is FailureCode.DAMAGED


def test_two_members_of_one_name_are_refused() -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.docx", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.docx", "two")
    assert failure(stream.getvalue()) is FailureCode.REFUSED


def test_overlapping_members_are_refused() -> None:
    data = bytearray(zipped({"a": b"A" * 50, "b": b"B" * 50}))
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    data[second + 42 : second + 46] = struct.pack("<I", 5)  # the second member begins inside the first
    assert failure(bytes(data)) in (FailureCode.REFUSED, FailureCode.DAMAGED)
    shared = bytearray(zipped({"a": b"A" * 50, "b": b"A" * 50}))
    second = shared.index(b"PK\1\2", shared.index(b"PK\1\2") + 4)
    shared[second + 42 : second + 46] = struct.pack("<I", 0)  # both are the same bytes
    assert failure(bytes(shared)) is FailureCode.REFUSED


def test_a_member_that_reaches_into_the_directory_is_refused() -> None:
    data = bytearray(zipped({"a": b"A" * 50}))
    central = data.index(b"PK\1\2")
    data[central + 20 : central + 24] = struct.pack("<I", 60)
    assert failure(bytes(data)) is FailureCode.REFUSED


def test_a_bomb_is_refused_before_anything_is_unpacked() -> None:
    data = zipped({"a": bytes(40 * 2**20)})
    tracemalloc.start()
    assert failure(data) is FailureCode.TOO_LARGE  # 1000 : 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_a_lying_size_cannot_pass_the_budget() -> None:
    data = bytearray(zipped({"a": bytes(5 * 2**20)}))
    central = data.index(b"PK\1\2")
    data[central + 24 : central + 28] = struct.pack("<I", 100)
    tracemalloc.start()
    assert failure(bytes(data)) is FailureCode.DAMAGED
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_counts_sizes_and_depth_are_limited() -> None:
    data = zipped({str(number): b"x" * 100 for number in range(10)})
    assert failure(data, archive_members=9) is FailureCode.TOO_LARGE
    assert failure(data, unzipped_bytes=999) is FailureCode.TOO_LARGE
    assert len(list(members(data, replace(DEFAULT_BUDGET, archive_members=10, unzipped_bytes=1000)))) == 10
    with pytest.raises(ReadFailure, match="nested"):
        list(members(data, DEFAULT_BUDGET, depth=DEFAULT_BUDGET.archive_depth))


def test_what_an_archive_took_is_missing_for_the_archives_within() -> None:
    budget = remaining(DEFAULT_BUDGET, (Member("a", b"12345"), Member("b", b"")))
    assert budget.unzipped_bytes == DEFAULT_BUDGET.unzipped_bytes - 5
    assert budget.archive_members == DEFAULT_BUDGET.archive_members - 2


def test_parts_of_a_package_are_found_whatever_their_case() -> None:
    package = open_package(zipped({"Word/Document.XML": b"<a/>"}))
    assert package.has("/word/document.xml")
    assert package.read("word/document.xml") == b"<a/>"
    with pytest.raises(ReadFailure, match="missing"):
        package.read("word/other.xml")


def test_two_parts_that_differ_in_case_only_are_refused() -> None:
    with pytest.raises(ReadFailure, match="one name"):
        open_package(zipped({"word/document.xml": b"a", "word/Document.xml": b"b"}))


def test_check_package_passes_an_ordinary_one() -> None:
    with zipfile.ZipFile(BytesIO(zipped({"a": b"x"}))) as archive:
        check_package(archive)
        with pytest.raises(ReadFailure):
            check_package(archive, limit=0)


DTD = '<!DOCTYPE a [<!ENTITY x "boom">]><a>&x;</a>'


@pytest.mark.parametrize(
    "data",
    [
        DTD.encode(),
        ('<?xml version="1.0" encoding="UTF-8"?>' + DTD).encode(),
        DTD.encode("utf-16"),
        ('<?xml version="1.0" encoding="UTF-16"?>' + DTD).encode("utf-16-le"),
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQBEAE8AQwBUAFkAUABF-',
        b'<?xml version="1.0" encoding="cp037"?><a/>',
    ],
)
def test_a_dtd_is_refused_in_any_encoding(data: bytes) -> None:
    with pytest.raises(ReadFailure) as caught:
        plain_xml(data)
    assert caught.value.failure.code is FailureCode.REFUSED


@pytest.mark.parametrize(
    "data",
    [
        "<a>姓名</a>".encode(),
        "\ufeff<a>姓名</a>".encode(),
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><a>姓名</a>'.encode(),
        '<?xml version="1.0" encoding="UTF-16"?><a>姓名</a>'.encode("utf-16"),
        '<?xml version="1.0" encoding="GBK"?><a>姓名</a>'.encode("gbk"),
    ],
)
def test_xml_of_any_usual_encoding_becomes_utf8(data: bytes) -> None:
    assert plain_xml(data).strip() == "<a>姓名</a>".encode()


def test_xml_with_too_many_elements_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(ReadFailure) as caught:
        plain_xml(b"<a>" + b"<p/>" * 1_000_001 + b"</a>")
    assert caught.value.failure.code is FailureCode.TOO_LARGE
