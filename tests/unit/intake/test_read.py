"""A mail is read by the worker; a part on which the worker stops is a failure, and the rest is read all the same."""

import time

import pytest

from intake import read as reading_module
from intake.model import PHOTOGRAPH_BYTES, MailReading, PartRole
from intake.read import Begun, read_document, read_mail, read_turn, with_words_below
from parsers.document import FailureCode
from parsers.forms import FieldSpec, FieldType, FormKind, FormSpec
from parsers.isolate import Worker, WorkerUnavailable
from tests.builders.mail import (
    attached,
    attachment,
    bounce,
    html,
    mail,
    multipart,
    part,
    picture,
    text,
    web_mail,
)

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
FORMS = (LIAISON,)
LINES = "联络员反馈表\n姓名：陶喆\n手机：13900000001\n单位名称：青石镇人民政府"


@pytest.fixture(scope="module")
def worker():
    with Worker(handlers="tests.builders.mail_handlers") as one:
        yield one


def note(name, words):
    return part(f'text/plain; name="{name}"', words.encode(), disposition=f'attachment; filename="{name}"')


def read(worker, raw, **more):
    return read_mail(worker, raw, FORMS, **more)


def documents(reading):
    return {(one.path, one.role): one.document for one in reading.documents}


def mobile(document):
    return [field.value for form in document.forms for field in form.fields if field.key == "mobile"]


def test_bodies_and_attachments_are_read(worker):
    reading = read(
        worker, web_mail(LINES, note("反馈表.txt", LINES.replace("13900000001", "13900000003")), subject="反馈表")
    )
    assert reading.head.subject == "反馈表"
    assert {key: mobile(document) for key, document in documents(reading).items()} == {
        ("1.1", PartRole.BODY): ["13900000001"],
        ("2", PartRole.ATTACHMENT): ["13900000003"],
    }
    assert reading.own_text == LINES
    assert [one.path for one in reading.parts] == ["1.1", "1.2", "2"]
    assert documents(reading)["2", PartRole.ATTACHMENT].name == "反馈表.txt"


def test_the_quoted_original_is_read_for_a_forward_only(worker):
    words = f"请收\n-----原始邮件-----\n{LINES}"
    forward = read(worker, mail(text(words), subject="转发：反馈表"))
    assert [(one.path, mobile(one.document)) for one in forward.documents] == [("1", []), ("1#quoted", ["13900000001"])]
    answer = read(worker, mail(text(words), subject="回复：反馈表"))
    assert [one.path for one in answer.documents] == ["1"]


def test_the_parts_of_an_attached_message_keep_its_path(worker):
    reading = read(worker, web_mail("请收", attached(web_mail("领导好", note("反馈表.txt", LINES)))))
    assert [(one.path, one.enclosing) for one in reading.documents] == [("1.1", ""), ("2/1.1", "2"), ("2/2", "2")]


def test_logos_reports_calendars_signatures_and_empty_bodies_are_not_read(worker):
    related = multipart("related", html('<img src="cid:logo">'), picture("logo", b"x"))
    entities = (part("application/pkcs7-signature", b"x"), part("text/calendar", b"x"), note("a.txt", "x"))
    reading = read(worker, mail(multipart("mixed", related, *entities)))
    assert [one.path for one in reading.documents if one.role is not PartRole.BODY] == ["4"]
    assert [one.path for one in read(worker, bounce(original=web_mail(LINES))).documents] == ["1"]
    assert read(worker, mail(text(" \r\n"))).documents == ()


@pytest.mark.parametrize(
    ("words", "code"), [("KILL", FailureCode.CRASHED), ("FAIL", FailureCode.CRASHED), ("UNSHAPED", FailureCode.CRASHED)]
)
def test_a_part_that_stops_the_worker_fails_alone(worker, words, code):
    reading = read(worker, web_mail(LINES, note("坏.txt", words), note("好.txt", LINES)))
    found = documents(reading)
    bad = found["2", PartRole.ATTACHMENT]
    assert bad.failure is not None
    assert (bad.name, bad.failure.code) == ("坏.txt", code)
    assert mobile(found["3", PartRole.ATTACHMENT]) == ["13900000001"]
    assert mobile(found["1.1", PartRole.BODY]) == ["13900000001"]


def test_a_part_that_hangs_is_a_timeout_and_the_mail_has_an_end(worker):
    started = time.monotonic()
    hanging = [note(f"{number}.txt", "HANG") for number in range(8)]
    reading = read(worker, web_mail("x", note("好.txt", LINES), *hanging), seconds=1.0)
    assert time.monotonic() - started < 6
    failures = [one.document.failure for one in reading.documents]
    assert mobile(documents(reading)["2", PartRole.ATTACHMENT]) == ["13900000001"]
    assert [failure.code for failure in failures[2:]] == [FailureCode.TIMEOUT] * 8
    assert failures[-1].detail == "the time for this mail is used up"


def test_a_mail_read_in_turns_is_read_as_in_one_go(worker, monkeypatch):
    raw = web_mail("请查收", note("一.txt", "无"), note("二.txt", "KILL"), note("三.txt", LINES))
    whole = read(worker, raw)
    monkeypatch.setattr(reading_module, "_TURN_S", 0.0)
    turn, done = read_turn(worker, raw, FORMS), []
    while isinstance(turn, Begun):
        done.append(len(turn.documents))
        turn = read_turn(worker, raw, FORMS, begun=turn)
    assert done == [0, 1, 2, 3], "each turn ends after one document; the unpacking is one, too"
    assert turn == whole == read(worker, raw)


def test_pictures_are_looked_at_in_a_later_turn_only_if_no_former_one_found_a_form(worker, monkeypatch):
    related = multipart("related", html('<img src="cid:logo">'), picture("logo", b"x" * PHOTOGRAPH_BYTES))
    monkeypatch.setattr(reading_module, "_TURN_S", 0.0)
    without = read(worker, mail(multipart("mixed", related, note("一.txt", "无"))))
    assert [one.role for one in without.documents].count(PartRole.INLINE) == 1
    with_form = read(worker, mail(multipart("mixed", related, note("一.txt", LINES))))
    assert PartRole.INLINE not in [one.role for one in with_form.documents]


def test_the_time_of_a_mail_counts_over_its_turns(worker):
    raw = web_mail("x", note("一.txt", LINES))
    begun = Begun(read_turn_of_nothing(worker, raw), (), spent_s=500.0)
    reading = read_turn(worker, raw, FORMS, begun=begun)
    assert isinstance(reading, MailReading)
    assert {one.document.failure.detail for one in reading.documents if one.document.failure} == {
        "the time for this mail is used up"
    }


def read_turn_of_nothing(worker, raw):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading_module, "_TURN_S", 0.0)
        turn = read_turn(worker, raw, FORMS)
    assert isinstance(turn, Begun)
    return turn.unpacked


def test_of_a_mail_that_can_not_be_unpacked_the_head_is_known(worker):
    reading = read(worker, web_mail(LINES, subject="反馈表", extra=(b"X-Unpackable: no",)))
    assert (reading.head.subject, reading.head.from_address) == ("反馈表", "li@unit.example.com")
    assert reading.documents == ()
    assert reading.defects[0] == "unpacking stopped: crashed"


def test_of_a_mail_without_a_readable_head_the_reading_says_so(worker):
    reading = read(worker, web_mail(LINES, extra=(b"X-Unpackable: no", b"X-Head: no")))
    assert reading.head.damaged
    assert reading.head.from_address == ""
    assert reading.defects == ("unpacking stopped: crashed", "reading the header stopped: crashed")


def test_a_bare_document_is_read_as_an_attachment(worker):
    reading = read_document(worker, LINES.encode(), "反馈表.txt", FORMS)
    assert (reading.path, reading.role, reading.document.name) == ("1", PartRole.ATTACHMENT, "反馈表.txt")
    assert mobile(reading.document) == ["13900000001"]
    failed = read_document(worker, b"KILL", "a.txt", FORMS).document
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.CRASHED


def test_a_worker_that_can_not_start_is_no_fault_of_the_mail():
    with Worker(handlers="intake.no_such_module") as broken, pytest.raises(WorkerUnavailable):
        read(broken, mail(text("x")))


def test_the_real_worker_reads_a_real_mail():
    with Worker(handlers="intake.unpack") as real:
        reading = read(real, web_mail(LINES, attachment("附件.docx", b"PK\x03\x04 no package")))
    assert mobile(documents(reading)["1.1", PartRole.BODY]) == ["13900000001"]
    assert documents(reading)["2", PartRole.ATTACHMENT].failure is not None


OURS = "贵单位报送的联络员反馈表已收到，“手机”未填写。\n手机：13900000002"
QUOTED = f"------------------ 原始邮件 ------------------\n发件人: 区安办\n{OURS}"


def below(worker, raw, letter=OURS):
    return with_words_below(worker, read(worker, raw), letter, FORMS)


@pytest.mark.parametrize("body", [text, lambda words: html(words.replace("\n", "<br>"))])
def test_an_answer_below_our_unmarked_letter_is_read_as_the_senders_own(worker, body):
    reading = below(worker, mail(body(f"{QUOTED}\n\n手机：13900000001")))
    assert reading.own_text == "手机：13900000001"
    assert [(one.path, one.role, mobile(one.document)) for one in reading.documents] == [
        ("1", PartRole.BODY, ["13900000001"])
    ]


@pytest.mark.parametrize(
    "raw",
    [
        mail(text(f"收到\n{QUOTED}\n手机：13900000001")),  # the answer stands above
        mail(text(f"{QUOTED}\n手机：13900000001"), subject="转发：反馈表"),
        mail(multipart("mixed", text(QUOTED), attached(web_mail("手机：13900000003")))),
        mail(text(f"{QUOTED}\n")),
    ],
)
def test_a_mail_that_says_something_above_or_brings_other_mails_stays_as_it_is(worker, raw):
    assert below(worker, raw) == read(worker, raw)
    assert below(worker, mail(text(f"{QUOTED}\n手机：13900000001")), "").own_text == ""
