"""Whatever a form is packed in, its bytes come out whole, under its sender's name, or a reason is told."""

import base64
import random
import struct
import tarfile
import tracemalloc
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.archives import Member, remaining
from parsers.document import DEFAULT_BUDGET, Budget, FailureCode, ReadFailure
from parsers.ole import MAGIC
from parsers.packed import members as entry
from parsers.packed.mapi import decompressed_rtf
from parsers.packed.members import KINDS, members
from parsers.sniff import Kind, sniff
from parsers.text import decode
from tests.builders import packed as p

FORM = b"PK\x03\x04 the bytes of a filled form" + bytes(5)  # the zeros at its end belong to it
NAME = "附件2联络员反馈表.docx"
RTF = rb"{\rtf1\ansi\ansicpg936 " + b"one line of the body " * 5 + b"}"


def unpack(data: bytes, kind: Kind, **changes: int) -> dict[str, bytes]:
    found = members(data, kind, replace(DEFAULT_BUDGET, **changes))
    assert len({member.name for member in found}) == len(found)
    return {member.name: member.data for member in found}


def failure(data: bytes, kind: Kind, **changes: int) -> FailureCode:
    with pytest.raises(ReadFailure) as caught:
        members(data, kind, replace(DEFAULT_BUDGET, **changes))
    return caught.value.failure.code


def text(data: bytes) -> str:
    return decode(data).text


# --- winmail.dat ------------------------------------------------------------------------------------------------------


def test_a_file_comes_out_of_winmail_dat_whole_and_under_its_long_name():
    data = p.tnef(p.tnef_file(b"LIANLU~1.DOC", FORM, NAME))
    assert sniff(data) is Kind.TNEF
    assert unpack(data, Kind.TNEF) == {NAME: FORM}


def test_a_gbk_name_without_a_long_one_is_read_by_the_code_page():
    assert unpack(p.tnef(p.tnef_file("反馈表.docx".encode("gbk"), FORM)), Kind.TNEF) == {"反馈表.docx": FORM}


def test_a_file_held_as_a_property_keeps_the_zeros_at_its_end():
    attachment = p.attribute(p.ATTACHMENT, 0x00069002, bytes(14)) + p.attribute(
        p.ATTACHMENT, 0x00069005, p.properties((0x102, 0x3701, FORM), (0x1E, 0x3707, "表.docx".encode("gbk")))
    )
    assert unpack(p.tnef(attachment), Kind.TNEF) == {"表.docx": FORM}


def test_a_message_within_winmail_dat_is_a_member_of_its_own_kind():
    inner = p.tnef(p.tnef_file(b"a.docx", FORM))
    held = bytes.fromhex("0703020000000000c000000000000046") + inner
    attachment = p.attribute(p.ATTACHMENT, 0x00069002, bytes(14)) + p.attribute(
        p.ATTACHMENT, 0x00069005, p.properties((0xD, 0x3701, held), (0x1F, 0x3001, p.wide("转发")))
    )
    found = unpack(p.tnef(attachment), Kind.TNEF)
    assert found == {"转发.tnef": inner}
    assert sniff(inner) is Kind.TNEF


@pytest.mark.parametrize(
    ("values", "name", "content"),
    [
        (((0x1F, 0x1000, p.wide("姓名：林一二")),), "body.txt", "姓名：林一二"),
        (((0x1E, 0x1000, "姓名：林一二\0".encode("gbk")),), "body.txt", "姓名：林一二"),
        (((3, 0x3FDE, 65001), (0x102, 0x1013, "<p>林一二".encode())), "body.html", "<p>林一二"),
        (((3, 0x3FDE, 936), (0x102, 0x1013, "<p>林一二".encode("gbk"))), "body.html", "<p>林一二"),
        (((0x1F, 0x1013, p.wide("请查收<br>")),), "body.html", "<html>请查收<br>"),
        (((0x102, 0x1009, p.compressed_rtf(RTF)),), "body.rtf", RTF.decode()),
    ],
)
def test_the_body_of_winmail_dat_does_not_vanish(values, name, content):
    found = unpack(p.tnef(p.tnef_message(*values)), Kind.TNEF)
    assert {one: text(data) for one, data in found.items()} == {name: content}
    assert sniff(found[name], name) is {"txt": Kind.TEXT, "html": Kind.HTML, "rtf": Kind.RTF}[name[5:].strip(".")]


@pytest.mark.parametrize(
    ("html", "chosen"), [("<p>有附件</p>", "body.txt"), ("<table><tr><td>姓名</table>", "body.html")]
)
def test_one_body_comes_out_and_html_only_where_it_has_a_table(html, chosen):
    values = ((0x1F, 0x1000, p.wide("有附件")), (0x1F, 0x1013, p.wide(html)), (0x102, 0x1009, p.compressed_rtf(RTF)))
    assert list(unpack(p.tnef(p.tnef_message(*values)), Kind.TNEF)) == [chosen]


def test_a_body_that_cannot_be_unpacked_does_not_hide_the_file():
    broken = p.compressed_rtf(RTF)[:-1] + b"\7"
    found = unpack(p.tnef(p.tnef_message((0x102, 0x1009, broken)), p.tnef_file(b"a.docx", FORM)), Kind.TNEF)
    assert found == {"body.rtf": broken, "a.docx": FORM}
    assert sniff(found["body.rtf"], "body.rtf") is Kind.UNKNOWN


def test_named_and_multiple_properties_are_stepped_over():
    named = struct.pack("<HH", 0x1F, 0x8001) + bytes(16) + struct.pack("<II", 1, 6) + p.wide("名\0x") + bytes(2)
    named += struct.pack("<II", 1, 4) + p.wide("ab")
    several = struct.pack("<HHI", 0x1003, 0x1234, 2) + bytes(8) + struct.pack("<HHI", 0x1002, 0x1235, 3) + bytes(8)
    body = p.properties((0x1F, 0x1000, p.wide("正文")))[4:]
    listed = struct.pack("<I", 4) + named + several + body
    assert text(unpack(p.tnef(p.attribute(p.MESSAGE, 0x00069003, listed)), Kind.TNEF)["body.txt"]) == "正文"


def test_every_cut_through_winmail_dat_is_told():
    data = p.tnef(p.tnef_file(b"a.txt", b"mobile 13900001234"))
    for length in range(6, len(data)):
        try:
            found = unpack(data[:length], Kind.TNEF)
        except ReadFailure as told:
            assert told.failure.code is FailureCode.DAMAGED  # noqa: PT017
        else:
            assert found in ({}, {"unnamed": b""}, {"a.txt": b""}), (
                length
            )  # between two attributes: nothing half is taken for whole


def test_a_changed_byte_in_winmail_dat_is_noticed():
    data = p.tnef(p.tnef_file(b"a.txt", b"mobile 13900001234"))
    assert failure(data.replace(b"13900001234", b"13900001235"), Kind.TNEF) is FailureCode.DAMAGED


def test_line_ends_and_zeros_behind_winmail_dat_are_no_damage():
    assert unpack(p.tnef(p.tnef_file(b"a", FORM)) + b"\r\n\0\0", Kind.TNEF) == {"a": FORM}
    assert failure(p.tnef(p.tnef_file(b"a", FORM)) + b"\7garbage", Kind.TNEF) is FailureCode.DAMAGED


@pytest.mark.parametrize("counted", ["properties", "values", "fixed", "nulls"])
def test_a_claimed_count_of_four_billion_ends_at_once(counted):
    listed = {
        "properties": struct.pack("<IHH", 2**32 - 1, 3, 0x1000) + bytes(4),
        "values": struct.pack("<IHHI", 1, 0x101F, 0x1000, 2**32 - 1) + bytes(40),
        "fixed": struct.pack("<IHHI", 1, 0x1003, 0x1000, 2**32 - 1) + bytes(40),
        "nulls": struct.pack("<IHHI", 2**32 - 1, 0x1001, 0x1000, 2**32 - 1),
    }[counted]
    assert failure(p.tnef(p.attribute(p.MESSAGE, 0x00069003, listed)), Kind.TNEF) is FailureCode.DAMAGED


# --- .msg -------------------------------------------------------------------------------------------------------------


def test_files_and_body_come_out_of_a_msg():
    data = p.msg(p.attached(NAME, FORM), p.attached("大.docx", bytes(range(256)) * 40), p1000001F=p.wide("请查收\0"))
    assert sniff(data) is Kind.MSG
    found = unpack(data, Kind.MSG)
    assert text(found.pop("body.txt")) == "请查收"
    assert found == {NAME: FORM, "大.docx": bytes(range(256)) * 40}


def test_old_msg_names_and_bodies_are_read_by_their_code_page():
    attachment = {
        "__properties_version1.0": bytes(8),
        "__substg1.0_3704001E": "反馈表.doc".encode("gbk"),
        "__substg1.0_37010102": FORM,
    }
    data = p.msg(attachment, p1000001E="单位：演示办公室".encode("gbk"))
    assert {name: text(content) for name, content in unpack(data, Kind.MSG).items()} == {
        "body.txt": "单位：演示办公室",
        "反馈表.doc": FORM.decode(),
    }


def test_the_html_of_a_msg_is_read_by_its_code_page():
    found = unpack(p.msg(p10130102="<table><td>姓名".encode("gbk"), p1000001F=p.wide("姓名")), Kind.MSG)
    assert {name: text(data) for name, data in found.items()} == {"body.html": "<table><td>姓名"}


def test_a_body_only_in_rtf_comes_out_of_a_msg():
    assert unpack(p.msg(p10090102=p.compressed_rtf(RTF)), Kind.MSG) == {"body.rtf": RTF}


def test_files_of_a_message_attached_to_a_msg_come_out_too():
    inner = p.message(p.attached(NAME, FORM), inner=True, p1000001E="附件是表".encode("gbk"))
    found = unpack(p.msg(p.attached("转发：表/格", inner)), Kind.MSG)
    assert text(found.pop("转发：表_格/body.txt")) == "附件是表"
    assert found == {f"转发：表_格/{NAME}": FORM}


def test_a_link_and_a_drawn_object_of_a_msg_leave_a_trace():
    found = unpack(p.msg(p.attached("云盘.docx"), p.attached("图", {"CONTENTS": b"x"})), Kind.MSG)
    assert found == {"云盘.docx": b"", "图": MAGIC}
    assert sniff(MAGIC) is Kind.UNKNOWN


def test_messages_nested_too_deep_in_a_msg_are_refused():
    inner = p.message(inner=True)
    for _ in range(6):
        inner = p.message(p.attached("m", inner), inner=True)
    assert failure(p.compound({**inner, **p.message(p.attached("m", inner))}), Kind.MSG) is FailureCode.TOO_LARGE


def msg_with_entry(change) -> bytes:
    """A .msg whose directory entries were changed by hand: `change(name, raw)` returns the 128 bytes of an entry."""
    data = bytearray(p.msg(p.attached("a.docx", bytes(5000)), p.attached("b.docx", bytes(6000)), p1000001F=p.wide("x")))
    start = 512 * (1 + struct.unpack_from("<I", data, 48)[0])
    for at in range(start, len(data) - 128, 128):
        raw = bytes(data[at : at + 128])
        size = struct.unpack_from("<H", raw, 64)[0]
        name = raw[: max(0, size - 2)].decode("utf-16-le", "replace") if size <= 64 else ""
        if raw[66] in {1, 2, 5}:
            data[at : at + 128] = change(name, raw)
    return bytes(data)


def test_siblings_in_a_circle_are_damage():
    def circle(name: str, raw: bytes) -> bytes:
        return raw[:72] + struct.pack("<I", 1) + raw[76:] if name.startswith("__attach") else raw

    assert failure(msg_with_entry(circle), Kind.MSG) is FailureCode.DAMAGED


def test_two_streams_that_share_their_sectors_are_refused():
    def share(name: str, raw: bytes) -> bytes:
        big = name == "__substg1.0_37010102"
        return raw[:116] + struct.pack("<IQ", 0, 5000) if big else raw

    assert failure(msg_with_entry(share), Kind.MSG) is FailureCode.REFUSED


@pytest.mark.parametrize("size", [7000, 2**31])
def test_a_stream_that_declares_more_than_it_has_is_never_padded(size):
    def longer(name: str, raw: bytes) -> bytes:
        return raw[:120] + struct.pack("<Q", size) if name == "__substg1.0_37010102" else raw

    assert failure(msg_with_entry(longer), Kind.MSG) in {FailureCode.DAMAGED, FailureCode.TOO_LARGE}


def test_ten_thousand_siblings_in_a_row_need_no_recursion():
    tree = p.message() | {f"__substg1.0_{number:04X}0102": b"" for number in range(0x4000, 0x4000 + 10_000)}
    assert unpack(p.compound({**tree, **p.message(p.attached("a.docx", FORM))}), Kind.MSG) == {"a.docx": FORM}


def test_a_large_compound_file_is_read_through_its_table_of_tables():
    large = random.Random(1).randbytes(9 * 2**20)  # more than 109 FAT sectors
    assert unpack(p.msg(p.attached("a", large)), Kind.MSG) == {"a": large}


# --- RTF --------------------------------------------------------------------------------------------------------------


def test_rtf_with_references_unpacks_as_the_standard_s_example():
    # MS-OXRTFCP §3.1.1
    packed_rtf = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a7 03000a00726370673132354232 0af3 2068656c 0900 206277 05b0 6c647d 0a80 0fa0"
    )
    assert decompressed_rtf(packed_rtf) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_rtf_repeats_what_it_refers_to():
    # literals "ab", then a reference 12 characters back over itself, then the end
    content = bytes([0b1100]) + b"ab" + struct.pack(">HH", (207 << 4) | 6, (207 + 10) << 4)
    head = struct.pack("<IIII", len(content) + 12, 10, 0x75465A4C, _crc(content))
    assert decompressed_rtf(head + content) == b"ababababab"


def _crc(content: bytes) -> int:
    value = 0
    for byte in content:  # the table-free form of MS-OXRTFCP §2.1.3.2
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value


@pytest.mark.parametrize("change", ["size", "cut", "flip"])
def test_rtf_that_is_not_what_it_says_is_refused(change):
    data = p.compressed_rtf(RTF)
    broken = {
        "size": data[:4] + struct.pack("<I", 2**31) + data[8:],
        "cut": data[:-4],
        "flip": data[:30] + bytes([data[30] ^ 1]) + data[31:],
    }[change]
    with pytest.raises(ReadFailure):
        decompressed_rtf(broken)


# --- .eml -------------------------------------------------------------------------------------------------------------


def mail(text_body: str = "请查收", charset: str = "utf-8") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["Subject"] = "unit@example.com", "报送"
    message.set_content(text_body, charset=charset)
    return message


def test_body_and_files_come_out_of_an_eml():
    message = mail(charset="gb18030")
    message.add_attachment(FORM, maintype="application", subtype="octet-stream", filename=NAME)
    assert sniff(message.as_bytes()) is Kind.EML
    found = unpack(message.as_bytes(), Kind.EML)
    assert text(found.pop("body.txt")).strip() == "请查收"
    assert found == {NAME: FORM}


@pytest.mark.parametrize(
    "field",
    [
        b'Content-Disposition: attachment; filename="' + NAME.encode("gbk") + b'"',
        b'Content-Disposition: attachment; filename="' + NAME.encode() + b'"',
        b'Content-Type: application/octet-stream; name="=?gb2312?B?uL28/jLBqsLn1LG3tMCht7O?=\r\n =?gb2312?B?7S5kb2N4?="',
        b"Content-Disposition: attachment;\r\n filename*=UTF-8''%E9%99%84%E4%BB%B62%E8%81%94%E7%BB%9C%E5%91%98%E5%8F%8D%E9%A6%88%E8%A1%A8.docx",
        b"Content-Disposition: attachment; filename*0*=GBK''%B8%BD%BC%FE2%C1%AA%C2%E7%D4%B1%B7%B4;\r\n filename*1*=%C0%A1%B1%ED.docx",
        b'Content-Disposition: attachment; filename="=?utf-8?Q?=E9=99=84=E4=BB=B62=E8=81=94=E7=BB=9C=E5=91=98?=\r\n =?utf-8?Q?=E5=8F=8D=E9=A6=88=E8=A1=A8?=.docx"',
    ],
    ids=["raw gbk", "raw utf-8", "rfc2047 b split", "rfc2231", "rfc2231 split gbk", "rfc2047 q"],
)
def test_names_of_every_mail_program_are_read(field):
    if b"?gb2312?B?" in field:  # one encoded word, split inside its base64, as Foxmail writes it
        whole = base64.b64encode(NAME.encode("gbk")).decode()
        field = f'Content-Type: application/octet-stream; name="=?gb2312?B?{whole[:16]}?=\r\n =?gb2312?B?{whole[16:]}?="'.encode()
    head = b"From: a@example.com\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    data = head + field + b"\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsDBA==\r\n--b--\r\n"
    assert unpack(data, Kind.EML) == {NAME: b"PK\x03\x04"}


def test_a_charset_that_the_bytes_contradict_is_left_to_the_reader():
    head = b"From: a@example.com\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    gbk = "姓名：林一二，手机".encode("gbk")
    assert unpack(head + gbk, Kind.EML) == {"body.txt": gbk}


def test_one_rendering_of_a_text_comes_out_and_every_text():
    message = mail()
    message.add_alternative("<p>请查收</p>", subtype="html")
    message.add_attachment("第二段", disposition="inline")
    found = unpack(message.as_bytes(), Kind.EML)
    assert {name: text(data).strip() for name, data in found.items()} == {
        "body.txt": "请查收",
        "text 2/body.txt": "第二段",
    }


def test_a_boundary_is_one_only_on_a_line_of_its_own():
    content = b"x --b y\r\n--bc\r\n --b\r\n"
    head = b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
    part = b"--b \r\nContent-Disposition: attachment; filename=a\r\n\r\n" + content + b"\r\n"
    assert unpack(head + part + part.replace(b"=a", b"=c") + b"--b--\r\nepilogue", Kind.EML) == {
        "a": content,
        "c": content,
    }
    assert unpack((head + part).replace(b"\r\n", b"\n"), Kind.EML) == {"a": content.replace(b"\r\n", b"\n") + b"\n"}


def test_a_table_in_the_html_goes_before_the_text():
    message = mail("姓名 林一二")
    message.add_alternative("<table><tr><td>姓名<td>林一二</table>", subtype="html")
    assert list(unpack(message.as_bytes(), Kind.EML)) == ["body.html"]


def test_a_message_within_an_eml_is_a_member_of_its_own_kind():
    inner = mail("内层")
    inner.add_attachment(FORM, maintype="application", subtype="octet-stream", filename="内.docx")
    outer = mail("转发")
    outer.add_attachment(inner)
    found = unpack(outer.as_bytes(), Kind.EML)
    assert sniff(found["message.eml"]) is Kind.EML
    assert unpack(found["message.eml"], Kind.EML)["内.docx"] == FORM


def test_signatures_and_reports_are_left_out():
    message = mail()
    message.add_attachment(b"x", maintype="application", subtype="pkcs7-signature", filename="smime.p7s")
    assert list(unpack(message.as_bytes(), Kind.EML)) == ["body.txt"]


def test_a_message_without_anything_is_told_to_be_empty():
    assert failure(b"From: a@example.com\r\nSubject: x\r\n\r\n \r\n", Kind.EML) is FailureCode.EMPTY


def nested(depth: int) -> bytes:
    inner = b"Content-Type: text/plain\r\n\r\nx\r\n"
    for number in range(depth):
        mark = b"b%d" % number
        inner = (
            b"Content-Type: multipart/mixed; boundary="
            + mark
            + b"\r\n\r\n--"
            + mark
            + b"\r\n"
            + inner
            + b"\r\n--"
            + mark
            + b"--\r\n"
        )
    return b"From: a@example.com\r\n" + inner


def test_parts_nested_too_deep_or_too_many_are_refused():
    assert list(unpack(nested(8), Kind.EML)) == ["body.txt"]
    assert failure(nested(9), Kind.EML) is FailureCode.TOO_LARGE
    assert failure(nested(2_000), Kind.EML) is FailureCode.TOO_LARGE
    head = b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    assert failure(head + b"--b\r\n\r\nx\r\n" * 100_000, Kind.EML) is FailureCode.TOO_LARGE


def test_headers_made_to_be_slow_take_no_time():
    for value in (b'";' * 100_000, b"=?utf-8?B?" * 20_000, b"(" * 200_000, b"a=b;" * 50_000):
        data = b"From: a@example.com\r\nContent-Disposition: attachment; filename=" + value + b"\r\n\r\nx"
        assert unpack(data, Kind.EML)
    assert failure(b"From: a@example.com\r\nX: " + b"x" * 300_000 + b"\r\n\r\nx", Kind.EML) is FailureCode.TOO_LARGE


# --- .gz, .tar --------------------------------------------------------------------------------------------------------


def test_a_gz_gives_its_file_under_the_stored_name_or_its_own():
    assert unpack(p.gz(FORM, NAME), Kind.GZIP) == {NAME: FORM}
    assert unpack(p.gz(FORM, NAME, "gbk"), Kind.GZIP) == {NAME: FORM}
    (member,) = members(p.gz(FORM), Kind.GZIP, DEFAULT_BUDGET, name="报送.zip/反馈表.docx.GZ")
    assert member == Member("反馈表.docx", FORM)


def test_gz_streams_in_a_row_are_one_file():
    assert unpack(p.gz(b"one ") + p.gz(b"two") + bytes(512), Kind.GZIP) == {"unnamed": b"one two"}


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_files_come_out_of_a_tar_under_their_names(form, encoding):
    long = "报送/" + ("材料" * 30 if form != tarfile.USTAR_FORMAT else "材料") + "/" + NAME
    data = p.tar([(long, FORM), ("b.txt", b"x")], form=form, encoding=encoding)
    assert unpack(data, Kind.TAR) == {long: FORM, "b.txt": b"x"}
    assert unpack(p.gz(data, "报送.tar"), Kind.GZIP) == {long: FORM, "b.txt": b"x"}


def test_only_regular_files_come_out_of_a_tar_and_no_name_is_a_path():
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            entry = tarfile.TarInfo("link")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        for name in ("../../etc/cron.d/x", "/root/a.docx", "._a.docx"):
            entry = tarfile.TarInfo(name)
            entry.size = 1
            archive.addfile(entry, BytesIO(b"x"))
    assert unpack(stream.getvalue(), Kind.TAR) == {"etc/cron.d/x": b"x", "root/a.docx": b"x"}


def holes(size: int) -> bytes:
    """An old GNU sparse header: one byte of data, `size` bytes of file."""
    entry = tarfile.TarInfo("a.docx")
    entry.type, entry.size = tarfile.GNUTYPE_SPARSE, 1
    block = bytearray(entry.tobuf(format=tarfile.GNU_FORMAT))
    block[386:410] = b"%011o\0%011o\0" % (0, 1)
    block[483:495] = b"%011o\0" % size
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + b"x".ljust(512, b"\0") + bytes(1024)


def test_a_file_with_holes_is_told_to_be_unsupported():
    assert failure(holes(2**32), Kind.TAR) is FailureCode.UNSUPPORTED


def test_damage_within_a_tar_is_told():
    data = p.tar([("a.docx", FORM), ("b.docx", FORM)])
    assert failure(data[:600], Kind.TAR) is FailureCode.DAMAGED
    assert failure(data[:1024] + b"\7" + data[1025:], Kind.TAR) is FailureCode.DAMAGED  # the second header
    assert failure(data[:1500], Kind.TAR) is FailureCode.DAMAGED


def test_too_many_entries_or_headers_of_headers_are_refused():
    assert failure(p.tar([("a", b"")] * 6_000), Kind.TAR) is FailureCode.TOO_LARGE
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 2
    assert (
        failure((entry.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")) * 3_000, Kind.TAR) is FailureCode.TOO_LARGE
    )


def test_a_gzip_bomb_is_stopped_within_its_budget():
    bomb = p.gz(bytes(150 * 2**20))
    tracemalloc.start()
    assert failure(bomb, Kind.GZIP) is FailureCode.TOO_LARGE
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * 2**20


def test_what_is_left_of_the_budget_bounds_the_memory_too():
    data = p.gz(random.Random(1).randbytes(20 * 2**20))
    tracemalloc.start()
    assert failure(data, Kind.GZIP, unzipped_bytes=1_999) is FailureCode.TOO_LARGE
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 2**20


def test_every_cut_and_every_changed_byte_of_a_gz_is_told():
    data = p.gz(FORM * 20)
    for length in range(2, len(data)):
        assert failure(data[:length], Kind.GZIP) is FailureCode.DAMAGED
    assert failure(data[:-6] + b"\0" + data[-5:], Kind.GZIP) is FailureCode.DAMAGED


# --- all --------------------------------------------------------------------------------------------------------------

SAMPLES = {
    Kind.TNEF: p.tnef(p.tnef_message((0x102, 0x1009, p.compressed_rtf(RTF))), p.tnef_file(b"a.docx", FORM, NAME)),
    Kind.MSG: p.msg(p.attached(NAME, FORM * 200), p.attached("m", p.message(p.attached("b", FORM), inner=True))),
    Kind.EML: nested(3),
    Kind.GZIP: p.gz(p.tar([(NAME, FORM)])),
    Kind.TAR: p.tar([(NAME, FORM)]),
}


def test_every_kind_has_a_sample():
    assert set(SAMPLES) == KINDS


@pytest.mark.parametrize("kind", SAMPLES)
def test_members_count_against_the_budget(kind):
    found = members(SAMPLES[kind], kind, DEFAULT_BUDGET)
    left = remaining(Budget(archive_members=10), found)
    assert left.archive_members == 10 - len(found)
    assert failure(SAMPLES[kind], kind, archive_members=len(found) - 1) is FailureCode.TOO_LARGE
    assert failure(SAMPLES[kind], kind, unzipped_bytes=0) is FailureCode.TOO_LARGE


@pytest.mark.parametrize("kind", SAMPLES)
def test_containers_nested_deeper_than_the_budget_are_refused(kind):
    with pytest.raises(ReadFailure) as caught:
        members(SAMPLES[kind], kind, DEFAULT_BUDGET, depth=DEFAULT_BUDGET.archive_depth)
    assert caught.value.failure.code is FailureCode.TOO_LARGE


@pytest.mark.parametrize("kind", SAMPLES)
@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 12))
def test_mutated_bytes_raise_nothing_but_a_read_failure(kind, seed, changes):
    chance = random.Random(seed)
    data = bytearray(SAMPLES[kind])
    for _ in range(changes):
        at = chance.randrange(len(data))
        data[at : at + chance.choice([1, 1, 1, 4])] = chance.choice([b"\0", b"\xff" * 4, chance.randbytes(1), b""])
    try:
        found = members(bytes(data), kind, DEFAULT_BUDGET)
    except ReadFailure:
        return
    assert all(isinstance(member.data, bytes) and ".." not in member.name.split("/") for member in found)


@pytest.mark.parametrize("kind", SAMPLES)
@given(data=st.binary(max_size=200))
def test_any_bytes_raise_nothing_but_a_read_failure(kind, data):
    try:
        members(data, kind, DEFAULT_BUDGET)
    except ReadFailure:
        return


def test_a_bug_of_a_library_is_damage_and_its_recursion_is_size(monkeypatch):
    for error, code in ((KeyError, FailureCode.DAMAGED), (RecursionError, FailureCode.TOO_LARGE)):

        def broken(data, asked, error=error):
            raise error

        monkeypatch.setitem(entry._UNPACKERS, Kind.EML, broken)
        assert failure(b"x", Kind.EML) is code
