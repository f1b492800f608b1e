"""What a mail amounts to: a table of situations, each a small reading of a mail."""

from dataclasses import replace

import pytest

from intake.assess import Known, assess
from intake.model import CellState, CloudLink, Disposition, FormId, SenderKind, Trust
from intake.roster import Roster
from parsers.document import FailureCode
from parsers.forms import Doubt, Problem, ProblemCode
from parsers.looks import UNPROVED_ADDRESS
from tests.builders.judging import (
    ARRIVED,
    BEFORE,
    CAMPAIGN,
    ENTRY,
    OFFICER,
    PERSON,
    ROSTER,
    SAND,
    SAND_ADDRESS,
    SCHOOLS,
    STONE,
    STONE_ADDRESS,
    STRANGER,
    blank,
    entry,
    file,
    invalid,
    lines,
    machine,
    mail,
    officer,
    prose,
    stored,
)

ACCEPTED, CORRECTION, REVIEW, IGNORED = (
    Disposition.ACCEPTED,
    Disposition.CORRECTION,
    Disposition.REVIEW,
    Disposition.IGNORED,
)
NEEDS_ENGINE, DAMAGED, ENCRYPTED = FailureCode.NEEDS_ENGINE, FailureCode.DAMAGED, FailureCode.ENCRYPTED
REPORT_HEADING = "青石镇2025年“平安行”活动总结"


def judge(reading, triage=PERSON, known=None):
    return assess(reading, triage, campaign=CAMPAIGN, roster=ROSTER, known=known, arrived_at=ARRIVED)


def codes(assessment):
    told = {(one.form, problem.field, problem.code) for one in assessment.submissions for problem in one.problems}
    return told | {("", None, one.problem.code) for one in assessment.file_problems}


def forms(assessment):
    return [(one.form, one.unit) for one in assessment.submissions]


# name → (mail, disposition, forms with their units, problems)
SITUATIONS = {
    "a filled form": (mail(file("附件2.docx", officer())), ACCEPTED, [("officer", STONE)], set()),
    "two forms in two files": (
        mail(file("1.docx", entry()), file("2.docx", officer())),
        ACCEPTED,
        [("entry", STONE), ("officer", STONE)],
        set(),
    ),
    "two forms in one file": (
        mail(file("两个表.docx", entry(), officer())),
        ACCEPTED,
        [("entry", STONE), ("officer", STONE)],
        set(),
    ),
    "a form in the text of the mail": (
        mail(text="联络员信息如下", body=(officer(),)),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "a form in an archive": (
        mail(file("报送.zip", kind="zip", members=(file("报送.zip/表.docx", officer()),))),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "a form in a forwarded mail": (
        mail(file("表.docx", officer()), subject="Fwd: 表", text="请收", enclosing="2"),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "several people in one list": (
        mail(file("联络员.xlsx", officer(), officer(name="陈立冬", mobile="13900000002"))),
        ACCEPTED,
        [("officer", STONE), ("officer", STONE)],
        set(),
    ),
    "two people in two files": (
        mail(file("甲.docx", officer()), file("乙.docx", officer(name="陈立冬", mobile="13900000002"))),
        ACCEPTED,
        [("officer", STONE), ("officer", STONE)],
        set(),
    ),
    "forms of several units": (
        mail(file("甲.docx", officer()), file("乙.docx", officer(unit=SAND))),
        ACCEPTED,
        [("officer", STONE), ("officer", SAND)],
        set(),
    ),
    "a blank copy beside a filled one": (
        mail(file("通知及附件.docx", blank(ENTRY), officer())),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "only the blank form": (
        mail(file("附件2.docx", blank(OFFICER)), sender=STRANGER),
        CORRECTION,
        [],
        {("", None, ProblemCode.EMPTY)},
    ),
    "a blank form of a unit that is known leaves its cell to be mended": (
        mail(file("附件2.docx", blank(OFFICER))),
        CORRECTION,
        [("officer", STONE)],
        {("", None, ProblemCode.EMPTY), ("officer", None, ProblemCode.EMPTY)},
    ),
    "a form with nothing but the unit's name": (
        mail(
            file("表.docx", officer(name=None, position=None, mobile=None, email=None, address=None)), sender=STRANGER
        ),
        CORRECTION,
        [],
        {("", None, ProblemCode.EMPTY)},
    ),
    "a required field is empty": (
        mail(file("附件2.docx", officer(mobile=None))),
        CORRECTION,
        [("officer", STONE)],
        {("officer", "mobile", ProblemCode.MISSING)},
    ),
    "a field is impossible": (
        mail(file("附件2.docx", officer(mobile=invalid("139000")))),
        CORRECTION,
        [("officer", STONE)],
        {("officer", "mobile", ProblemCode.INVALID)},
    ),
    "an optional field is impossible": (
        mail(file("附件2.docx", officer(email=invalid("abc@126")))),
        CORRECTION,
        [("officer", STONE)],
        {("officer", "email", ProblemCode.INVALID)},
    ),
    "a field that its yes demands is empty": (
        mail(file("附件1.docx", entry(has_show=True))),
        CORRECTION,
        [("entry", STONE)],
        {("entry", "show", ProblemCode.MISSING)},
    ),
    "a field cannot be decoded": (
        mail(file("附件2.docx", officer(name=Problem(ProblemCode.UNREADABLE, given="林\ufffd")))),
        CORRECTION,
        [("officer", STONE)],
        {("officer", "name", ProblemCode.UNREADABLE)},
    ),
    "a field has two readings": (
        mail(file("附件2.docx", officer(mobile=Problem(ProblemCode.AMBIGUOUS, given="两个号码")))),
        REVIEW,
        [("officer", STONE)],
        {("officer", "mobile", ProblemCode.AMBIGUOUS)},
    ),
    "a good form beside a faulty one": (
        mail(file("附件1.docx", entry()), file("附件2.docx", officer(mobile=None))),
        CORRECTION,
        [("entry", STONE), ("officer", STONE)],
        {("officer", "mobile", ProblemCode.MISSING)},
    ),
    "a unit that is not on the roster": (
        mail(file("附件2.docx", officer(unit="外县某某镇人民政府"))),
        REVIEW,
        [("officer", None)],
        {("officer", "unit", ProblemCode.UNKNOWN_UNIT)},
    ),
    "a file and its stamped scan": (
        mail(file("反馈表.docx", officer()), file("反馈表盖章.jpg", failure=NEEDS_ENGINE)),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "a file and a scan of a meaningless name": (
        mail(file("反馈表.docx", officer()), file("IMG_0529.jpg", failure=FailureCode.UNSUPPORTED)),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "a scan that may be the other form": (
        mail(file("附件1.docx", entry()), file("附件2.jpg", failure=NEEDS_ENGINE)),
        REVIEW,
        [("entry", STONE), ("officer", STONE)],
        {("officer", None, ProblemCode.NEEDS_ENGINE), ("", None, ProblemCode.NEEDS_ENGINE)},
    ),
    "a scan without a name where the mail speaks of the other form": (
        mail(file("1.docx", entry()), file("2.jpg", failure=NEEDS_ENGINE), text="报送报名表和联络员反馈表"),
        REVIEW,
        [("entry", STONE)],
        {("", None, ProblemCode.NEEDS_ENGINE)},
    ),
    "a scan alone": (
        mail(file("scan0529.jpg", failure=NEEDS_ENGINE), subject="联络员反馈表"),
        REVIEW,
        [("officer", STONE)],
        {("officer", None, ProblemCode.NEEDS_ENGINE), ("", None, ProblemCode.NEEDS_ENGINE)},
    ),
    "a scan that nobody reads here is not the unit's fault": (
        mail(file("IMG_0529.jpg", failure=FailureCode.UNSUPPORTED), sender=STRANGER),
        REVIEW,
        [],
        {("", None, ProblemCode.NEEDS_ENGINE)},
    ),
    "the blank form inside a forwarded notice is not returned by anybody": (
        mail(file("附件2.docx", blank(OFFICER)), text="转给你们，按通知要求办。", subject="转发：通知", enclosing="2"),
        REVIEW,
        [],
        {("", None, ProblemCode.QUESTION)},
    ),
    "a Word file that only holds a photograph": (
        mail(file("附件2.docx", failure=FailureCode.UNRECOGNIZED, pictures=1)),
        REVIEW,
        [("officer", STONE)],
        {("officer", None, ProblemCode.UNREADABLE), ("", None, ProblemCode.UNREADABLE)},
    ),
    "a photographed form pasted into the text": (
        mail(text="请查收", inline=(300_000,)),
        REVIEW,
        [],
        {("", None, ProblemCode.UNREADABLE)},
    ),
    "a logo in the signature": (
        mail(file("表.docx", officer()), file("image001.png", failure=NEEDS_ENGINE)),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "an old .doc that needs a program": (
        mail(file("附件2.doc", failure=NEEDS_ENGINE)),
        REVIEW,
        [("officer", STONE)],
        {("officer", None, ProblemCode.NEEDS_ENGINE), ("", None, ProblemCode.NEEDS_ENGINE)},
    ),
    "the same form as .doc and .docx": (
        mail(file("附件2.docx", officer()), file("附件2.doc", failure=NEEDS_ENGINE)),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "another form as .doc": (
        mail(file("附件2.docx", officer()), file("附件1.doc", failure=NEEDS_ENGINE)),
        REVIEW,
        [("officer", STONE), ("entry", STONE)],
        {("entry", None, ProblemCode.NEEDS_ENGINE), ("", None, ProblemCode.NEEDS_ENGINE)},
    ),
    "a file with a password": (
        mail(file("附件2.docx", failure=ENCRYPTED), sender=STRANGER),
        CORRECTION,
        [],
        {("", None, ProblemCode.ENCRYPTED)},
    ),
    "a damaged file": (
        mail(file("附件2.docx", failure=DAMAGED)),
        CORRECTION,
        [("officer", STONE)],
        {("officer", None, ProblemCode.DAMAGED), ("", None, ProblemCode.DAMAGED)},
    ),
    "an empty file": (
        mail(file("表.docx", failure=FailureCode.EMPTY), sender=STRANGER),
        CORRECTION,
        [],
        {("", None, ProblemCode.DAMAGED)},
    ),
    "a lock file alone": (
        mail(file("~$附件.docx", kind="lock_file", failure=FailureCode.LOCK_FILE), sender=STRANGER),
        CORRECTION,
        [],
        {("", None, ProblemCode.UNSUPPORTED)},
    ),
    "a lock file beside its document": (
        mail(file("附件2.docx", officer()), file("~$件2.docx", kind="lock_file", failure=FailureCode.LOCK_FILE)),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "a container that can be saved otherwise": (
        mail(file("报送.rar", failure=FailureCode.UNSUPPORTED), sender=STRANGER),
        CORRECTION,
        [],
        {("", None, ProblemCode.UNSUPPORTED)},
    ),
    "a reader that timed out is our trouble": (
        mail(file("表.docx", failure=FailureCode.TIMEOUT), sender=STRANGER),
        REVIEW,
        [],
        {("", None, ProblemCode.UNREADABLE)},
    ),
    "an archive over the budget": (
        mail(file("报送.zip", failure=FailureCode.TOO_LARGE), sender=STRANGER),
        REVIEW,
        [],
        {("", None, ProblemCode.TOO_LARGE)},
    ),
    "a good form and a locked one": (
        mail(file("附件2.docx", officer()), file("附件1.docx", failure=ENCRYPTED)),
        CORRECTION,
        [("officer", STONE), ("entry", STONE)],
        {("entry", None, ProblemCode.ENCRYPTED), ("", None, ProblemCode.ENCRYPTED)},
    ),
    "a link instead of a file": (
        mail(text="见附件", reading={"cloud_links": (CloudLink("附件2.docx", "pan.example.com"),)}),
        CORRECTION,
        [],
        {("", None, ProblemCode.CLOUD_LINK)},
    ),
    "a link to pictures beside the form": (
        mail(file("附件2.docx", officer()), reading={"cloud_links": (CloudLink("活动照片.zip", "pan.example.com"),)}),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "见附件 without one": (
        mail(text="反馈表在附件里，请查收。"),
        CORRECTION,
        [],
        {("", None, ProblemCode.NO_ATTACHMENT)},
    ),
    "a form's name as subject and nothing else": (
        mail(subject="报送联络员反馈表"),
        CORRECTION,
        [],
        {("", None, ProblemCode.NO_ATTACHMENT)},
    ),
    "a question": (mail(text="请问联络员需要中层干部担任吗？"), REVIEW, [], {("", None, ProblemCode.QUESTION)}),
    "a question about the attachment is no forgotten attachment": (
        mail(text="附件打不开，能否重发一份？"),
        REVIEW,
        [],
        {("", None, ProblemCode.QUESTION)},
    ),
    "a question with the blank form": (
        mail(file("附件2.docx", blank(OFFICER)), text="请问这个表怎么填？"),
        REVIEW,
        [],
        {("", None, ProblemCode.QUESTION)},
    ),
    "a question beside a filled form": (
        mail(file("附件2.docx", officer()), text="表已填好。请问咨询日当天几点集合？"),
        REVIEW,
        [("officer", STONE)],
        set(),
    ),
    "a polite question beside a filled form": (
        mail(file("附件2.docx", officer()), text="附上填好的表，请问是否收到？如缺项请告知。"),
        ACCEPTED,
        [("officer", STONE)],
        set(),
    ),
    "thanks": (mail(text="收到，谢谢！", subject="回复：回执"), IGNORED, [], set()),
    "thanks with a client's line": (mail(text="收到\n\n发自我的iPhone", subject="回复：回执"), IGNORED, [], set()),
    "thanks that promise something": (
        mail(text="收到，我镇延期三天报", subject="回复：提醒"),
        REVIEW,
        [],
        {("", None, ProblemCode.QUESTION)},
    ),
    "says that it was sent": (
        mail(text="我镇已于昨天报送，请核对。", subject="回复：提醒"),
        REVIEW,
        [],
        {("", None, ProblemCode.QUESTION)},
    ),
    "plain text": (mail(text="章同志今天不在单位。"), REVIEW, [], {("", None, ProblemCode.QUESTION)}),
    "an attachment that is something else": (
        mail(file("花名册.xlsx"), text="请查收"),
        REVIEW,
        [],
        {("", None, ProblemCode.QUESTION)},
    ),
    "a file called after a form in which no form is seen": (
        mail(file("附件1.docx", entry()), file("附件2.docx")),
        REVIEW,
        [("entry", STONE)],
        set(),
    ),
    "a file and a covering letter": (
        mail(file("附件1.docx", entry()), file("说明.docx")),
        ACCEPTED,
        [("entry", STONE)],
        set(),
    ),
    "a forgotten attachment above a labelled signature": (
        mail(
            text="报名表见附件。\n单位：青石镇\n联系人：林小满", body=(lines(ENTRY, unit="青石镇", contact="林小满"),)
        ),
        CORRECTION,
        [],
        {("", None, ProblemCode.NO_ATTACHMENT)},
    ),
    "a stranger's advertisement": (
        mail(file("价目.rar", failure=FailureCode.UNSUPPORTED), text="代开发票，优惠多多，加微信详谈", sender=STRANGER),
        IGNORED,
        [],
        set(),
    ),
    "one word of an advertisement": (
        mail(text="本周开票系统升级，发票请月底前报。", sender=STRANGER),
        REVIEW,
        [],
        {("", None, ProblemCode.QUESTION)},
    ),
    "a unit that writes like an advertisement": (
        mail(text="培训班招生通知，请协助推广", sender=STONE_ADDRESS),
        REVIEW,
        [],
        {("", None, ProblemCode.QUESTION)},
    ),
    "a newsletter": (mail(text="本周要闻"), IGNORED, [], set()),
}
_MACHINES = {"a newsletter": SenderKind.LIST}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_comes_out_as_a_careful_clerk_would_have_it(name):
    reading, disposition, expected_forms, expected_codes = SITUATIONS[name]
    triage = machine(_MACHINES[name]) if name in _MACHINES else PERSON
    judged = judge(reading, triage)
    assert (judged.disposition, forms(judged), codes(judged)) == (disposition, expected_forms, expected_codes)
    assert judged.reasons
    assert all(reason.strip() for reason in judged.reasons)


# --- machines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in SenderKind if kind is not SenderKind.PERSON])
def test_a_machine_without_a_form_is_ignored(kind):
    assert judge(mail(text="请查收附件，谢谢？"), machine(kind)).disposition is IGNORED


@pytest.mark.parametrize("kind", [SenderKind.SYSTEM, SenderKind.LIST, SenderKind.AUTO_REPLY])
def test_a_form_that_a_machine_sends_is_a_form_but_a_person_must_answer(kind):
    judged = judge(mail(file("附件2.docx", officer())), machine(kind))
    assert judged.disposition is REVIEW
    assert forms(judged) == [("officer", STONE)]


@pytest.mark.parametrize("kind", [SenderKind.BOUNCE, SenderKind.READ_RECEIPT])
def test_a_bounce_that_returns_a_form_is_no_submission(kind):
    assert judge(mail(file("附件2.docx", officer())), machine(kind)).disposition is IGNORED


def test_our_own_letter_with_a_prefilled_form_is_no_submission():
    own = mail(file("附件2.docx", officer()), signals=(("x-intake-id", "2025-0001.ab"),))
    assert judge(own, machine(SenderKind.OWN)).disposition is IGNORED


def test_a_form_that_the_clerk_mails_to_the_own_mailbox_is_looked_at():
    judged = judge(mail(file("附件2.docx", officer())), machine(SenderKind.OWN))
    assert judged.disposition is REVIEW


def test_the_echo_in_the_text_of_an_automatic_reply_is_not_read():
    judged = judge(mail(text="我在外出", body=(officer(),)), machine(SenderKind.AUTO_REPLY))
    assert judged.disposition is IGNORED


def test_a_system_with_a_file_that_cannot_be_read_goes_to_a_person():
    judged = judge(mail(file("附件2.doc", failure=NEEDS_ENGINE)), machine(SenderKind.SYSTEM))
    assert judged.disposition is REVIEW


def test_a_fault_of_a_sender_that_cannot_be_answered_goes_to_a_person():
    judged = judge(mail(file("附件2.docx", officer(mobile=None))), replace(PERSON, answerable=False))
    assert judged.disposition is REVIEW


def test_an_incomplete_mail_is_never_told_that_its_attachment_is_missing():
    reading = mail(text="见附件", reading={"defects": ("cut at 64 MB",)})
    judged = judge(reading)
    assert judged.disposition is REVIEW
    assert not judged.file_problems


# --- free documents --------------------------------------------------------------------------------------------------


def test_a_report_is_known_by_its_heading():
    judged = judge(mail(prose("材料.docx", REPORT_HEADING, tail=("青石镇人民政府", "2025年6月24日"))))
    assert judged.disposition is ACCEPTED
    (one,) = judged.submissions
    assert (one.form, one.unit, one.value("title"), one.value("unit")) == ("report", STONE, REPORT_HEADING, STONE)
    assert {field.key: field.place for field in one.fields} == {"unit": "title", "title": "line 1"}


def test_a_report_of_a_foreign_heading_is_known_by_its_file_name():
    judged = judge(mail(prose("白沙镇总结.docx", "工作情况汇报"), sender=STRANGER))
    assert forms(judged) == [("report", SAND)]


def test_a_case_takes_its_own_title_below_the_bare_heading():
    judged = judge(mail(prose("典型案例（青石）.docx", "典型案例", "某仓库私拉电线案")))
    assert [one.value("title") for one in judged.submissions] == ["某仓库私拉电线案"]


def test_two_cases_of_one_heading_stay_two():
    judged = judge(
        mail(
            prose("案例1.docx", "典型案例", characters=500),
            prose("案例2.docx", "典型案例", characters=480),
            subject="青石镇案例",
        )
    )
    assert judged.disposition is ACCEPTED
    assert forms(judged) == [("case", STONE), ("case", STONE)]


def test_units_that_the_text_only_mentions_are_not_its_senders():
    judged = judge(
        mail(
            prose(
                "总结.docx",
                "青石镇“平安行”活动总结",
                "会同白沙镇、教育局检查场所136处，整改隐患88条。",
                tail=("青石镇人民政府",),
            )
        )
    )
    assert forms(judged) == [("report", STONE)]


def test_a_heading_and_a_signature_of_two_units_go_to_a_person():
    judged = judge(mail(prose("总结.docx", "青石镇“平安行”活动总结", tail=("白沙镇人民政府",))))
    assert judged.disposition is REVIEW
    assert codes(judged) == {("report", "unit", ProblemCode.AMBIGUOUS)}


def test_the_notice_itself_is_no_report():
    notice = prose("通知.docx", "关于开展“平安行”活动的通知", "请于6月28日前报送活动总结和典型案例。")
    assert judge(mail(notice)).disposition is REVIEW
    assert not judge(mail(notice)).submissions


def test_an_old_word_file_of_a_case_keeps_title_and_unit_for_the_clerk():
    judged = judge(mail(file("典型案例（青石镇）.doc", failure=NEEDS_ENGINE), sender=STRANGER))
    assert judged.disposition is REVIEW
    (one,) = judged.submissions
    assert (one.form, one.unit, one.value("title")) == ("case", STONE, "典型案例（青石镇）")


def test_a_report_without_a_trace_of_its_unit_goes_to_a_person():
    judged = judge(mail(prose("活动总结.docx", "活动总结"), sender=STRANGER))
    assert judged.disposition is REVIEW
    assert codes(judged) == {("report", "unit", ProblemCode.UNKNOWN_UNIT)}


def test_a_report_pasted_into_the_mail_counts_if_it_has_its_heading_there():
    body = REPORT_HEADING + "\n" + "活动期间，全镇上下认真部署，各项工作有序开展。\n" * 20
    assert forms(judge(mail(text=body))) == [("report", STONE)]


def test_a_covering_line_is_no_report():
    judged = judge(mail(text="青石镇活动总结\n请查收", subject="活动总结"))
    assert codes(judged) == {("", None, ProblemCode.NO_ATTACHMENT)}


def test_photographs_beside_a_report_are_its_illustrations():
    judged = judge(mail(prose("青石镇活动总结.docx", REPORT_HEADING), file("活动照片1.jpg", failure=NEEDS_ENGINE)))
    assert judged.disposition is ACCEPTED


# --- whose form ------------------------------------------------------------------------------------------------------


def test_a_short_name_in_the_form_is_the_unit():
    (one,) = judge(mail(file("表.docx", officer(unit="青石镇")))).submissions
    assert one.unit == STONE


@pytest.mark.parametrize(("name", "sender"), [("白沙镇.docx", STRANGER), ("附件2.docx", SAND_ADDRESS)])
def test_the_form_beats_the_file_name_alone_and_the_sender_alone(name, sender):
    judged = judge(mail(file(name, officer()), sender=sender))
    (one,) = judged.submissions
    assert (judged.disposition, one.unit, one.trust) == (ACCEPTED, STONE, Trust.UNKNOWN)
    assert any("发件邮箱" in note for note in one.notes) == (sender == SAND_ADDRESS)


@pytest.mark.parametrize(
    "reading",
    [
        mail(file("附件2（青石镇）.docx", officer(unit=None)), sender=STRANGER),
        mail(file("附件2.docx", officer(unit=None)), subject="青石镇报送", sender=STRANGER),
        mail(file("附件2.docx", officer(unit=None)), text="请查收\n\n青石镇安办\n2025年5月", sender=STRANGER),
        mail(file("附件2.docx", officer(unit=None)), sender_name="青石镇党政办", sender=STRANGER),
        mail(file("附件2.docx", officer(unit=None))),
    ],
    ids=["file name", "subject", "signature", "sender's name", "address"],
)
def test_an_empty_unit_field_is_completed_by_weaker_evidence(reading):
    judged = judge(reading)
    (one,) = judged.submissions
    assert (judged.disposition, one.unit) == (ACCEPTED, STONE)
    assert any("单位依据" in note for note in one.notes)


def test_an_empty_unit_field_that_nothing_completes_is_asked_for():
    judged = judge(mail(file("附件2.docx", officer(unit=None)), sender=STRANGER))
    assert judged.disposition is CORRECTION
    assert codes(judged) == {("officer", "unit", ProblemCode.MISSING)}


def test_weaker_evidence_that_contradicts_itself_goes_to_a_person():
    judged = judge(mail(file("青石镇.docx", officer(unit=None)), subject="白沙镇报送", sender=STRANGER))
    assert judged.disposition is REVIEW
    assert codes(judged) == {("officer", "unit", ProblemCode.AMBIGUOUS)}


def test_a_file_name_of_two_units_is_narrowed_by_other_evidence_or_looked_at():
    two = file("青石镇和白沙镇.docx", officer(unit=None))
    assert forms(judge(mail(two))) == [("officer", STONE)]
    judged = judge(mail(two, sender=STRANGER))
    assert (judged.disposition, codes(judged)) == (REVIEW, {("officer", "unit", ProblemCode.AMBIGUOUS)})


def test_a_misspelt_unit_is_not_accepted_unseen():
    judged = judge(mail(file("附件2.docx", officer(unit="青右镇人民政府"))))
    assert judged.disposition is REVIEW
    assert {code for _, field, code in codes(judged) if field == "unit"} <= {
        ProblemCode.AMBIGUOUS,
        ProblemCode.UNKNOWN_UNIT,
    }


def test_an_unknown_unit_in_the_form_is_never_overridden_by_the_sender():
    judged = judge(mail(file("青石镇.docx", officer(unit="外县某某镇人民政府")), subject="青石镇"))
    assert [one.unit for one in judged.submissions] == [None]


# --- copies ----------------------------------------------------------------------------------------------------------


def test_copies_that_agree_are_one_submission():
    judged = judge(
        mail(file("附件2.docx", officer()), file("附件2.pdf", officer(mobile="139-0000-0001")), body=(officer(),))
    )
    assert judged.disposition is ACCEPTED
    assert [one.attachment for one in judged.submissions] == ["附件2.docx"]


def test_copies_that_differ_go_to_a_person():
    judged = judge(mail(file("附件2.docx", officer()), file("附件2.pdf", officer(mobile="13900000009"))))
    assert judged.disposition is REVIEW
    assert codes(judged) == {("officer", "mobile", ProblemCode.CONFLICT)}


def test_a_field_that_one_copy_lacks_is_taken_from_the_other():
    judged = judge(mail(file("附件2.docx", officer(mobile=None)), file("附件2.pdf", officer())))
    (one,) = judged.submissions
    assert (judged.disposition, one.value("mobile")) == (ACCEPTED, "13900000001")
    assert next(field for field in one.fields if field.key == "mobile").rule == "merged"


def test_an_old_and_a_new_version_in_one_mail_are_not_guessed():
    judged = judge(
        mail(file("附件2.docx", officer()), file("附件2（新）.docx", officer(name="陈立冬", mobile="13900000002")))
    )
    assert judged.disposition is REVIEW


def test_two_different_registrations_of_one_unit_contradict_each_other():
    judged = judge(mail(file("甲.docx", entry()), file("乙.docx", entry(contact="陈立冬"))))
    assert judged.disposition is REVIEW
    assert codes(judged) == {("entry", "contact", ProblemCode.CONFLICT)}


def test_a_signature_beside_a_form_is_no_second_form():
    judged = judge(
        mail(file("附件2.docx", officer()), text="联系人：王惊蛰 电话…", body=(lines(OFFICER, mobile="13900000009"),))
    )
    assert judged.disposition is ACCEPTED
    assert judged.submissions[0].value("mobile") == "13900000001"


def test_a_correction_in_the_text_beside_an_old_file_goes_to_a_person():
    reading = mail(
        file("附件2.docx", officer()), text="手机更正为13900000009", body=(lines(OFFICER, mobile="13900000009"),)
    )
    judged = judge(reading)
    assert judged.disposition is REVIEW
    (problem,) = judged.submissions[0].problems
    assert (problem.code, problem.detail) == (ProblemCode.AMBIGUOUS, Doubt.SPOKEN_AGAINST)
    assert "13900000009" in problem.given


def test_words_against_a_form_doubt_the_form_and_not_only_the_mail():
    judged = judge(mail(file("1.docx", entry()), file("2.docx", officer()), text="两张表都作废，稍后重发。"))
    assert judged.disposition is REVIEW
    assert [one.review for one in judged.submissions] == [True, True]
    assert judged.reasons[0].endswith("来信的文字“两张表都作废，稍后重发”与所附表格不一致或要求作废，请核实以哪个为准")


@pytest.mark.parametrize("text", ["请问还需要盖章吗？", "请查收。"])
def test_a_question_or_a_sender_that_cannot_be_answered_leaves_the_form_as_it_is(text):
    judged = judge(mail(file("2.docx", officer()), text=text), machine(SenderKind.SYSTEM))
    assert judged.disposition is REVIEW
    assert [one.review for one in judged.submissions] == [False]


ANOTHER = {"name": "林小曼", "position": "副镇长", "mobile": "13900000009"}


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        (ANOTHER, "姓名：林小曼，职务：副镇长，手机：13900000009"),
        ({"name": "林小曼"}, "姓名：林小曼"),
        ({"name": "林小满", "mobile": "13900000009"}, "手机：13900000009"),
        ({"name": "林小满", "position": "安全办副主任"}, "职务：安全办副主任"),
    ],
)
def test_lines_that_name_another_person_by_the_forms_own_word_doubt_the_form(said, quoted):
    judged = judge(mail(file("附件2.docx", officer()), text="请查收。", body=(lines(OFFICER, **said),)))
    assert judged.disposition is REVIEW
    (one,) = judged.submissions
    assert one.review
    assert [problem.given for problem in one.problems] == [quoted]


def test_the_words_of_a_line_count_not_the_form_that_it_was_read_for():
    """单位, 姓名 and 手机 in a letter may look more like the other form of the notice."""
    read = lines(ENTRY, unit=STONE, contact="林小曼", phone="13900000009")
    labels = {"unit": "单位", "contact": "姓名", "phone": "手机"}
    read = replace(read, fields=tuple(replace(one, label=labels[one.key]) for one in read.fields))
    assert judge(mail(file("附件2.docx", officer()), text="请查收。", body=(read,))).disposition is REVIEW


@pytest.mark.parametrize(
    "said",
    [
        {"name": "林小满", "position": "安全办主任", "mobile": "13900000001"},
        {"name": "林小满", "position": "青石镇安全办主任"},
        {"position": "副镇长", "mobile": "13900000009"},  # nobody is named
        {"name": "陈立冬", "mobile": "13900000002"},  # the second person of the list
    ],
)
def test_lines_that_agree_with_a_form_or_name_nobody_leave_it(said):
    second = officer(name="陈立冬", mobile="13900000002")
    judged = judge(mail(file("联络员.xlsx", officer(), second), text="请查收。", body=(lines(OFFICER, **said),)))
    assert judged.disposition is ACCEPTED


def test_who_signs_as_contact_below_a_form_is_not_its_person():
    card = lines(ENTRY, contact="王惊蛰", phone="13900000009")
    for form in (officer(), entry()):
        assert judge(mail(file("表.docx", form), text="请查收。", body=(card,))).disposition is ACCEPTED


def test_lines_beside_a_form_that_left_the_field_open_do_not_contradict_it():
    judged = judge(
        mail(
            file("附件2.docx", officer(mobile=None)),
            text="请查收。",
            body=(lines(OFFICER, name="林小满", mobile="13900000009"),),
        )
    )
    assert (judged.disposition, judged.submissions[0].review) == (CORRECTION, False)


# --- answers to our letters ------------------------------------------------------------------------------------------


def _lacking(**changes):
    return stored(
        officer(mobile=None, **changes), state=CellState.CORRECTION, problems=(Problem(ProblemCode.MISSING, "mobile"),)
    )


def test_a_line_of_text_completes_the_form_that_our_letter_spoke_of():
    known = Known(answered=(_lacking(),), answered_unit=STONE)
    judged = judge(
        mail(text="手机：13900000005", body=(lines(OFFICER, mobile="13900000005"),), subject="回复：补正"), known=known
    )
    (one,) = judged.submissions
    assert (judged.disposition, one.unit, one.value("mobile"), one.value("name")) == (
        ACCEPTED,
        STONE,
        "13900000005",
        "林小满",
    )
    places = {field.key: (field.rule, field.place) for field in one.fields}
    assert places["name"] == ("merged", "message 7: table 1, R1C2")
    assert places["mobile"][0] == "right"


def test_an_answer_that_is_faulty_again_is_asked_for_again_and_needs_no_person():
    known = Known(answered=(_lacking(),), answered_unit=STONE)
    wrong = invalid("139000001")
    reading = mail(
        text="手机：139000001", body=(lines(OFFICER, mobile=wrong), lines(ENTRY, phone=wrong)), subject="回复：补正"
    )
    judged = judge(reading, known=known)
    assert judged.disposition is Disposition.CORRECTION
    assert [(one.field, one.given) for one in judged.submissions[0].problems] == [("mobile", "139000001")]


def _read_for_both(value="13900000005"):
    """「手机：…」 as the reader gives it: a field of the one form by its own label, of the other by an alias."""
    own, alias = lines(OFFICER, mobile=value), lines(ENTRY, phone=value)
    (field,) = alias.fields
    same_line = replace(field, label="手机", place=own.fields[0].place)
    return mail(text=f"手机：{value}", body=(own, replace(alias, fields=(same_line,))), subject="回复：补正")


def test_a_line_that_was_asked_for_one_form_does_not_change_the_other():
    known = Known(answered=(_lacking(), stored(entry(), id=2)), answered_unit=STONE)
    judged = judge(_read_for_both(), known=known)
    assert (judged.disposition, forms(judged)) == (ACCEPTED, [("officer", STONE)])
    entry_asked = stored(
        entry(phone=None), id=2, state=CellState.CORRECTION, problems=(Problem(ProblemCode.MISSING, "phone"),)
    )
    judged = judge(_read_for_both(), known=Known(answered=(stored(officer()), entry_asked), answered_unit=STONE))
    assert [(one.form, one.value("phone")) for one in judged.submissions] == [("entry", "13900000005")]


def test_a_line_that_nobody_asked_for_changes_the_form_whose_own_word_its_label_is():
    known = Known(
        answered=(stored(officer()), stored(entry(), id=2)), current=(stored(officer()),), answered_unit=STONE
    )
    judged = judge(_read_for_both(), known=known)
    assert [(one.form, one.value("mobile")) for one in judged.submissions] == [("officer", "13900000005")]


def test_a_line_that_may_change_either_form_is_looked_at():
    both = _read_for_both()
    document = both.documents[0].document
    foreign = tuple(replace(form, fields=(replace(form.fields[0], label="移动电话"),)) for form in document.forms)
    both = replace(both, documents=(replace(both.documents[0], document=replace(document, forms=foreign)),))
    known = Known(answered=(stored(officer()), stored(entry(), id=2)), answered_unit=STONE)
    judged = judge(both, known=known)
    assert (judged.disposition, forms(judged)) == (REVIEW, [])


@pytest.mark.parametrize(
    ("came_since", "expected"),
    [("林小满", [("林小满", "主任", "13900000005")]), ("陈立冬", [])],
    ids=["the same person", "another: whose number it is nobody knows"],
)
def test_an_answer_to_an_old_letter_does_not_bring_old_values_back(came_since, expected):
    changed = officer(name=came_since, position="主任", mobile="13900000002")
    newer = replace(stored(changed, id=2, message_id=8), version=2)
    known = Known(
        current=(newer,),
        answered=(replace(_lacking(), current=False),),
        answered_unit=STONE,
        overtaken=frozenset({1}),
    )
    judged = judge(_answer("13900000005"), known=known)
    got = [(one.value("name"), one.value("position"), one.value("mobile")) for one in judged.submissions]
    assert got == expected
    assert judged.disposition is (ACCEPTED if expected else REVIEW)


def test_an_answer_about_a_change_completes_the_change_and_not_the_version_that_is_still_in_force():
    before = stored(officer(name="陈立冬", mobile="13900000002"), id=1)
    change = replace(_lacking(), id=2, message_id=8, version=2, current=False)
    known = Known(current=(before,), answered=(change,), answered_unit=STONE)
    judged = judge(_answer("13900000005"), known=known)
    assert [(one.value("name"), one.value("mobile")) for one in judged.submissions] == [("林小满", "13900000005")]
    assert judged.disposition is ACCEPTED


def test_an_answer_about_a_change_after_which_came_another_that_is_not_in_force_is_looked_at():
    before = stored(officer(name="陈立冬", mobile="13900000002"), id=1)
    change = replace(_lacking(), id=2, message_id=8, version=2, current=False)
    known = Known(current=(before,), answered=(change,), answered_unit=STONE, overtaken=frozenset({2}))
    judged = judge(_answer("13900000005"), known=known)
    assert (judged.disposition, judged.submissions) == (REVIEW, ())


def _answer(mobile):
    return mail(text=f"手机：{mobile}", body=(lines(OFFICER, mobile=mobile),), subject="回复：补正")


def test_an_answer_that_is_wrong_again_is_asked_for_again():
    known = Known(answered=(_lacking(),))
    judged = judge(mail(text="手机：139", body=(lines(OFFICER, mobile=invalid("139")),)), known=known)
    assert judged.disposition is CORRECTION
    assert codes(judged) == {("officer", "mobile", ProblemCode.INVALID)}


def test_an_answer_to_something_else_than_was_asked_is_looked_at():
    known = Known(answered=(_lacking(),))
    judged = judge(mail(text="通信地址：示例路9号", body=(lines(OFFICER, address="示例路9号"),)), known=known)
    assert judged.disposition is REVIEW


def test_an_answer_without_a_thread_completes_the_only_open_form_of_its_sender():
    known = Known(current=(_lacking(),))
    judged = judge(mail(text="手机：13900000005", body=(lines(OFFICER, mobile="13900000005"),)), known=known)
    assert judged.disposition is ACCEPTED
    assert judged.submissions[0].value("mobile") == "13900000005"


def test_nobody_completes_the_form_of_another_sender():
    known = Known(current=(_lacking(),))
    reading = mail(text="手机：13900000005", body=(lines(OFFICER, mobile="13900000005"),), sender=STRANGER)
    assert judge(reading, known=known).disposition is REVIEW


def test_a_signature_beside_another_form_completes_nothing_unless_the_mail_answers_us():
    reading = mail(file("附件1.docx", entry()), text="手机：13900000005", body=(lines(OFFICER, mobile="13900000005"),))
    assert forms(judge(reading, known=Known(current=(_lacking(),)))) == [("entry", STONE)]
    assert forms(judge(reading, known=Known(answered=(_lacking(),)))) == [("entry", STONE), ("officer", STONE)]


def test_lines_that_complete_nothing_are_looked_at():
    judged = judge(mail(text="手机：13900000005", body=(lines(OFFICER, mobile="13900000005"),)))
    assert judged.disposition is REVIEW
    assert not judged.submissions


def test_a_body_that_calls_itself_the_form_is_a_form_with_gaps():
    judged = judge(mail(text="联络员反馈表\n姓名：林小满", body=(lines(OFFICER, name="林小满", mobile="13900000001"),)))
    assert judged.disposition is CORRECTION
    assert codes(judged) == {("officer", "position", ProblemCode.MISSING)}


def test_of_two_people_the_one_with_the_fault_is_completed_and_the_other_comes_along():
    other = stored(officer(name="陈立冬", mobile="13900000002"), id=2, state=CellState.CORRECTION)
    known = Known(current=(_lacking(), other), answered=(_lacking(), other))
    judged = judge(mail(text="手机：13900000005", body=(lines(OFFICER, mobile="13900000005"),)), known=known)
    assert sorted((one.value("name"), one.value("mobile")) for one in judged.submissions) == [
        ("林小满", "13900000005"),
        ("陈立冬", "13900000002"),
    ]
    assert judged.disposition is ACCEPTED


def test_the_unit_that_was_asked_for_is_matched_when_it_is_given():
    nameless = stored(
        officer(unit=None),
        unit=None,
        state=CellState.CORRECTION,
        sender=STRANGER,
        problems=(Problem(ProblemCode.MISSING, "unit"),),
    )
    reading = mail(text="单位名称：青石镇", body=(lines(OFFICER, unit="青石镇"),), sender=STRANGER)
    judged = judge(reading, known=Known(answered=(nameless,)))
    assert (judged.disposition, forms(judged)) == (ACCEPTED, [("officer", STONE)])


# --- newer versions --------------------------------------------------------------------------------------------------


def test_a_newcomer_does_not_replace_what_a_trusted_sender_gave():
    known = Known(current=(stored(officer()),))
    judged = judge(mail(file("附件2.docx", officer(mobile="13900000009")), sender=STRANGER), known=known)
    assert judged.disposition is REVIEW
    assert codes(judged) == {("officer", None, ProblemCode.UNTRUSTED_SENDER)}


def test_a_second_unknown_sender_does_not_replace_what_the_first_gave():
    known = Known(current=(stored(officer(), sender="first@mail.example.org"),))
    judged = judge(mail(file("附件2.docx", officer(mobile="13900000009")), sender=STRANGER), known=known)
    assert codes(judged) == {("officer", None, ProblemCode.UNTRUSTED_SENDER)}


def test_the_same_sender_may_replace_his_own():
    known = Known(current=(stored(officer(), sender=STRANGER),))
    judged = judge(mail(file("附件2.docx", officer(mobile="13900000009")), sender=STRANGER), known=known)
    assert judged.disposition is ACCEPTED


def test_the_roster_address_may_replace_anything():
    known = Known(current=(stored(officer(), sender=STRANGER),))
    assert judge(mail(file("附件2.docx", officer(mobile="13900000009"))), known=known).disposition is ACCEPTED


def test_a_confirmed_address_does_not_replace_what_the_roster_address_gave():
    known = Known(confirmed_addresses={STRANGER: frozenset({STONE})}, current=(stored(officer()),))
    judged = judge(mail(file("附件2.docx", officer(mobile="13900000009")), sender=STRANGER), known=known)
    assert judged.disposition is REVIEW
    assert judged.submissions[0].trust is Trust.CONFIRMED


def test_the_same_content_from_a_newcomer_needs_nobody():
    known = Known(current=(stored(officer()),))
    judged = judge(mail(file("附件2.docx", officer()), sender=STRANGER), known=known)
    assert judged.disposition is ACCEPTED
    assert any("一致" in note for note in judged.submissions[0].notes)


def test_what_arrived_later_does_not_bear_on_a_mail_found_late():
    later = replace(stored(officer()), arrived_at=ARRIVED.replace(hour=20))
    judged = judge(
        mail(file("附件2.docx", officer(mobile="13900000009")), sender=STRANGER), known=Known(current=(later,))
    )
    assert judged.disposition is ACCEPTED


@pytest.mark.parametrize(
    ("later", "disposition"),
    [
        (officer(mobile="13900000009"), REVIEW),
        (officer(), ACCEPTED),  # the same: nothing to ask
    ],
)
def test_the_unit_s_own_form_that_is_read_behind_a_stranger_s_later_one_is_looked_at(later, disposition):
    in_force = replace(stored(later, sender=STRANGER), arrived_at=ARRIVED.replace(hour=20))
    assert judge(mail(file("附件2.docx", officer())), known=Known(current=(in_force,))).disposition is disposition


def test_what_a_person_passed_or_the_unit_itself_sent_later_needs_no_look():
    newer = officer(mobile="13900000009")
    passed = replace(stored(newer, sender=STRANGER), arrived_at=ARRIVED.replace(hour=20), by_hand=("经办人王芳通过",))
    own = replace(stored(newer), arrived_at=ARRIVED.replace(hour=20))
    for later in (passed, own):
        assert judge(mail(file("附件2.docx", officer())), known=Known(current=(later,))).disposition is ACCEPTED


def test_another_case_of_a_newcomer_replaces_nothing():
    old = stored(replace(officer(), form="case"))
    judged = judge(
        mail(prose("案例.docx", "某仓库私拉电线典型案例"), subject="青石镇", sender=STRANGER),
        known=Known(current=(old,)),
    )
    assert judged.disposition is ACCEPTED


# --- 无意向 ----------------------------------------------------------------------------------------------------------


def test_no_intent_of_a_known_unit_is_an_answer():
    judged = judge(mail(text="我镇无意向联合举办咨询日活动。", subject="关于咨询日"))
    assert (judged.disposition, judged.no_intent) == (ACCEPTED, ((STONE, FormId("entry")),))


def test_no_intent_of_somebody_unknown_goes_to_a_person():
    assert judge(mail(text="我单位无意向。", sender=STRANGER)).disposition is REVIEW


def test_a_bare_none_answers_the_reminder_it_replies_to():
    known = Known(answered_unit=STONE, answered_forms=(FormId("entry"),))
    judged = judge(mail(text="无", subject="回复：提醒", sender=STRANGER), known=known)
    assert judged.no_intent == ((STONE, FormId("entry")),)


def test_an_obligatory_form_cannot_be_declined_by_mail():
    known = Known(answered_unit=STONE, answered_forms=(FormId("report"),))
    judged = judge(mail(text="无", subject="回复：提醒"), known=known)
    assert (judged.disposition, judged.no_intent) == (REVIEW, ())


def test_a_question_about_no_intent_is_a_question():
    assert judge(mail(text="请问无意向的需要回复吗？")).disposition is REVIEW


def test_declining_after_registering_goes_to_a_person():
    known = Known(current=(stored(entry()),))
    assert judge(mail(text="我镇不参加了。"), known=known).disposition is REVIEW


def test_declining_one_form_beside_another_is_both():
    judged = judge(mail(file("附件2.docx", officer()), text="我镇无意向联合举办，现报送附件2。"))
    assert judged.disposition is ACCEPTED
    assert (forms(judged), judged.no_intent) == ([("officer", STONE)], ((STONE, FormId("entry")),))


# --- always ----------------------------------------------------------------------------------------------------------


def test_provenance_survives_the_judgement():
    reading = mail(file("附件2.docx", officer()))
    (one,) = judge(reading).submissions
    assert one.fields == reading.documents[1].document.forms[0].fields
    assert (one.source, one.attachment) == ("2", "附件2.docx")


def test_judging_twice_gives_the_same():
    reading = mail(file("附件2.docx", officer(mobile=None)), file("附件1.docx", failure=ENCRYPTED))
    assert judge(reading) == judge(reading)


def test_trust_follows_the_address():
    known = Known(confirmed_addresses={STRANGER: frozenset({STONE})})
    form = file("附件2.docx", officer())
    assert judge(mail(form, sender=STONE_ADDRESS)).submissions[0].trust is Trust.ROSTER
    assert judge(mail(form, sender=STRANGER), known=known).submissions[0].trust is Trust.CONFIRMED
    assert judge(mail(form, sender=STRANGER)).submissions[0].trust is Trust.UNKNOWN


def test_a_stored_value_of_another_unit_does_not_bear_on_this_one():
    known = Known(current=(stored(officer(), unit=SCHOOLS, arrived_at=BEFORE),))
    assert judge(mail(file("附件2.docx", officer()), sender=STRANGER), known=known).disposition is ACCEPTED


@pytest.mark.parametrize(
    ("written", "disposition"), [(STONE_ADDRESS, ACCEPTED), ("1in@qs.example.com", REVIEW)], ids=["its own", "another"]
)
def test_an_address_that_a_scan_cannot_prove_is_believed_if_the_mail_came_from_it(written, disposition):
    form = officer()
    doubt = Problem(ProblemCode.UNREADABLE, "email", given=written, detail=UNPROVED_ADDRESS)
    fields = tuple(
        replace(field, raw=written, value=written, problem=doubt) if field.key == "email" else field
        for field in form.fields
    )
    scan = file("扫描.jpg", replace(form, fields=fields), scanned=True)
    assert judge(mail(scan, sender=STONE_ADDRESS)).disposition is disposition


def shrunk(reading):
    """The same mail with attachments of 5 kB."""
    return replace(reading, parts=tuple(replace(part, size_bytes=5_000) for part in reading.parts))


def test_a_small_picture_is_the_form_where_there_is_nothing_else_and_a_logo_beside_one():
    picture = file("反馈表.jpg", failure=FailureCode.UNRECOGNIZED)
    alone = judge(shrunk(mail(picture, text="见附件")))
    assert alone.disposition is REVIEW
    assert {one.problem.code for one in alone.file_problems} == {ProblemCode.UNREADABLE}
    assert judge(shrunk(mail(file("表.docx", officer()), picture))).disposition is ACCEPTED
    logo = file("logo.png", failure=FailureCode.UNRECOGNIZED)
    assert judge(shrunk(mail(logo, text="见附件"))).disposition is CORRECTION


def test_a_subject_that_takes_the_form_back_goes_to_a_person_but_not_the_subject_of_the_letter_answered():
    taken_back = mail(file("附件2.docx", officer()), subject="撤回：联络员反馈表")
    assert judge(taken_back).disposition is REVIEW
    answer = mail(file("附件2.docx", officer()), subject="Re: 联络员反馈表初稿", in_reply_to="<2@mail.example.com>")
    assert judge(answer).disposition is ACCEPTED


def test_two_clues_that_name_one_other_unit_than_the_form_send_it_to_a_person():
    form = officer(unit=SAND)
    for one in (
        mail(file("青石镇附件2.docx", form), subject="青石镇联络员反馈表", sender=STRANGER),
        mail(file("附件2.docx", form), subject="青石镇联络员反馈表", sender=STONE_ADDRESS),
        mail(file("青石镇附件2.docx", form), text="请查收。\n青石镇人民政府", sender=STRANGER),
    ):
        found = judge(one)
        assert found.disposition is REVIEW
        assert codes(found) == {("officer", "unit", ProblemCode.AMBIGUOUS)}


def test_one_clue_or_clues_that_disagree_or_name_the_forms_unit_too_leave_what_is_written():
    form = officer(unit=SAND)
    for one in (
        mail(file("附件2.docx", form), text="请查收。\n青石镇人民政府"),  # signature and address are one witness
        mail(file("白沙镇附件2.docx", form), subject="青石镇转报联络员反馈表"),
        mail(file("附件2.docx", form), subject="青石镇转报白沙镇联络员反馈表"),
        mail(file("教育局附件2.docx", form), subject="青石镇联络员反馈表", sender=STRANGER),
    ):
        assert judge(one).disposition is ACCEPTED


def test_who_collects_the_forms_of_several_units_and_a_town_that_sends_for_its_village_are_not_asked():
    several = mail(
        file("1.docx", officer(unit=SAND)), file("2.docx", officer(unit=SCHOOLS)), subject="青石镇报送联络员反馈表"
    )
    assert judge(several).disposition is ACCEPTED
    village = replace(ROSTER.unit(STONE), name="青石镇东山村", aliases=(), addresses=(), order=4)
    for_village = mail(file("附件2.docx", officer(unit=village.name)), subject="青石镇报送联络员反馈表")
    with_village = Roster((*ROSTER.units, village))
    found = assess(for_village, PERSON, campaign=CAMPAIGN, roster=with_village, arrived_at=ARRIVED)
    assert found.disposition is ACCEPTED


def test_the_offices_own_mailbox_is_nobodys_contact_unless_the_office_is_the_unit():
    def judged(unit):
        form = mail(file("附件2.docx", officer(unit=unit, email="Baisha@bs.example.com")), sender=STRANGER)
        own = frozenset({SAND_ADDRESS})
        return assess(form, PERSON, campaign=CAMPAIGN, roster=ROSTER, arrived_at=ARRIVED, own_addresses=own)

    found = judged(STONE)
    assert found.disposition is CORRECTION
    assert codes(found) == {("officer", "email", ProblemCode.INVALID)}
    assert "是收件邮箱" in found.reasons[0]
    assert judged(SAND).disposition is ACCEPTED


ROW = "2 青石镇人民政府 陈立冬 男 科员 0595-27390008 13900000008"


@pytest.mark.parametrize(
    "files",
    [
        (file("附件2.docx", officer(), head=("联络员反馈表", ROW)),),
        (file("附件2.docx", officer()), file("第2页.docx", head=(ROW,), characters=20)),
        (
            file("附件2.docx", officer(email=None, address=None)),
            file("附件2续.docx", head=("电子邮箱 li@qs.example.com", "通信地址 示例路9号"), characters=30),
        ),
    ],
)
def test_a_second_page_that_no_form_takes_up_sends_the_mail_to_a_person(files):
    found = judge(mail(*files))
    assert found.disposition is REVIEW
    assert any("续页" in reason for reason in found.reasons)


@pytest.mark.parametrize(
    "line",
    [
        "1 青石镇人民政府 林小满 女 安全办主任 13900000001",
        "填表人 陈立冬 联系电话 13900000008",
        "联系人：陈立冬 办公室 电话 13900000008 请于5月30日前报送",
        "陈立冬 13900000008",
        "电子邮箱 li@qs.example.com",
    ],
)
def test_a_copy_of_the_row_and_who_filled_the_form_in_are_no_second_page(line):
    assert judge(mail(file("附件2.docx", officer(), head=(line,)))).disposition is ACCEPTED
    assert judge(mail(file("附件2.docx", officer()), file("说明.docx", head=(line,)))).disposition is ACCEPTED


def test_a_form_from_the_mailboxs_own_address_is_believed_by_a_person_only():
    sender = "office@example.com"
    form = mail(file("附件2.docx", officer()), sender=sender)
    told = assess(form, PERSON, campaign=CAMPAIGN, roster=ROSTER, arrived_at=ARRIVED, own_addresses=frozenset({sender}))
    assert (told.disposition, told.submissions[0].review) == (REVIEW, True)
    assert "本邮箱自己的地址" in told.reasons[0]


@pytest.mark.parametrize("name", ["附件2（作废勿用）.docx", "附件2联络员表（征求意见稿）.docx"])
def test_a_file_whose_name_takes_it_back_is_not_in_force(name):
    judged = judge(mail(file(name, officer())))
    assert judged.disposition is Disposition.REVIEW
    assert judged.submissions[0].review
    assert any(one.detail == Doubt.SPOKEN_AGAINST and one.given == name for one in judged.submissions[0].problems)


@pytest.mark.parametrize("name", ["附件2（前表作废，以此为准）.docx", "附件2联络员表.docx"])
def test_a_file_whose_name_takes_another_back_is(name):
    assert judge(mail(file(name, officer()))).disposition is ACCEPTED
