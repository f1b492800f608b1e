"""The worker's handlers: raw mail in, JSON of the shared types out."""

import json

import pytest

from intake.mime import Unpacked, unpack
from intake.unpack import HANDLERS
from parsers.codec import from_json, to_json
from parsers.document import FailureCode, NoteCode
from parsers.engines import NO_ENGINES
from parsers.forms import DocumentReading, FieldSpec, FieldType, FormKind, FormSpec
from tests.builders.mail import attachment, html, mail, multipart, part, text, web_mail

LIAISON = FormSpec(
    "liaison",
    "联络员反馈表",
    FormKind.TABLE,
    (
        FieldSpec("name", "姓名", FieldType.PERSON, required=True),
        FieldSpec("mobile", "手机", FieldType.MOBILE, required=True),
        FieldSpec("unit", "单位名称", FieldType.UNIT, required=True),
    ),
    ("联络员反馈表",),
)
LINES = "联络员反馈表\n姓名：陶喆\n手机：13900000001\n单位名称：青石镇人民政府"
OLD_LINES = LINES.replace("13900000001", "13900000002")


def call(operation, raw, **header):
    header = {"forms": to_json((LIAISON,)), "area_code": "", **header}
    answer = HANDLERS[operation](json.loads(json.dumps(header)), raw, NO_ENGINES)
    return json.loads(json.dumps(answer))


def values(answer):
    reading = from_json(DocumentReading, answer)
    return {field.key: field.value for form in reading.forms for field in form.fields}


def test_a_mail_comes_back_as_it_was_unpacked():
    raw = web_mail("x", attachment("附件.docx", b"1"))
    assert from_json(Unpacked, call("mail", raw)) == unpack(raw)


def test_the_head_alone_comes_back():
    assert from_json(Unpacked, call("head", web_mail("x", subject="联络员"))).head.subject == "联络员"


def test_a_part_is_read_under_its_name_and_type():
    raw = mail(
        multipart("mixed", text("x"), part('text/plain; name="反馈表.txt"', LINES.encode(), disposition="attachment"))
    )
    reading = from_json(DocumentReading, call("part", raw, path="2"))
    assert (reading.name, reading.kind) == ("反馈表.txt", "text")
    assert values(call("part", raw, path="2"))["mobile"] == "13900000001"


def test_an_empty_part_is_a_failure():
    reading = from_json(DocumentReading, call("part", web_mail("x", attachment("a.docx", b"")), path="2"))
    assert reading.failure is not None
    assert reading.failure.code is FailureCode.EMPTY


def test_the_text_of_a_body_is_read_and_what_it_quotes_is_not():
    raw = mail(text(f"{LINES}\n\n-----原始邮件-----\n{OLD_LINES}"), subject="回复：x")
    assert values(call("body", raw, path="1"))["mobile"] == "13900000001"


def test_the_quoted_original_is_read_under_its_own_path():
    raw = mail(text(f"请收\n-------- 转发邮件信息 --------\n发件人：x\n发送日期：y\n\n{OLD_LINES}"), subject="转发：x")
    assert "mobile" not in values(call("body", raw, path="1"))
    assert values(call("body", raw, path="1#quoted"))["mobile"] == "13900000002"


def test_the_table_of_an_html_body_is_read():
    rows = "".join(f"<tr><td>{line.replace('：', '</td><td>')}</td></tr>" for line in LINES.split("\n")[1:])
    raw = mail(multipart("alternative", text("见下"), html(f"<p>联络员反馈表</p><table>{rows}</table>")))
    assert values(call("body", raw, path="2"))["mobile"] == "13900000001"


def test_a_body_of_doubtful_encoding_says_so():
    certain = mail(text(LINES))
    doubtful = mail(text(LINES, charset="utf-8", label="gb2312"))
    codes = [
        [note.code for note in from_json(DocumentReading, call("body", raw, path="1")).notes]
        for raw in (certain, doubtful)
    ]
    assert codes == [[], [NoteCode.UNCERTAIN_ENCODING]]


def test_a_bare_document_is_read():
    answer = HANDLERS["document"](
        {"name": "反馈表.txt", "declared_type": "", "forms": to_json((LIAISON,))}, LINES.encode(), NO_ENGINES
    )
    assert values(json.loads(json.dumps(answer)))["mobile"] == "13900000001"


@pytest.mark.parametrize("operation", ["part", "body"])
def test_a_path_that_is_not_there_is_our_bug(operation):
    with pytest.raises(KeyError):
        call(operation, mail(text("x")), path="9")
