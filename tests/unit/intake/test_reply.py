"""The one letter that a mail gets, or none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from intake.assess import Known, assess
from intake.drafting import Incoming
from intake.model import CellState, CloudLink, Disposition, FormId, LetterKind, SenderKind
from intake.reply import answers
from intake.texts import Texts
from parsers.document import Failure, FailureCode
from parsers.forms import EXAMPLE_ONLY, Problem, ProblemCode
from tests.builders.judging import (
    ARRIVED,
    CAMPAIGN,
    LATE_AFTER,
    OFFICER,
    PERSON,
    ROSTER,
    SAND,
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

OFFICE = {
    "office": {"name": "区安办", "contact_name": "周立春", "contact_phone": "0595-27390000"},
    "campaign": {"name": "通知", "short_name": "平安行", "document_number": "8号", "mailbox": "office@example.com"},
    "reference": "2025-0042",
}
ENCRYPTED, NEEDS_ENGINE = FailureCode.ENCRYPTED, FailureCode.NEEDS_ENGINE
TEXTS = Texts()


def reply(reading, *, triage=PERSON, known=None, arrived_at=ARRIVED, now=None, sha256="ab" * 32, campaign=CAMPAIGN):
    known = known or Known()
    judged = assess(reading, triage, campaign=campaign, roster=ROSTER, known=known, arrived_at=arrived_at)
    incoming = Incoming(id=3, sha256=sha256, arrived_at=arrived_at, now=now or arrived_at)
    return answers(
        judged, reading, triage, incoming=incoming, campaign=campaign, roster=ROSTER, known=known, late_after=LATE_AFTER
    )


def letter(reading, **more):
    (draft,) = reply(reading, **more)
    return draft.kind, TEXTS.letter(draft.kind, {**OFFICE, "unit": draft.unit or "", **draft.context})


@pytest.mark.parametrize(
    ("reading", "kind"),
    [
        (mail(file("附件2.docx", officer())), LetterKind.ACKNOWLEDGEMENT),
        (mail(prose("总结.docx", "青石镇活动总结")), LetterKind.ACKNOWLEDGEMENT),
        (mail(text="我镇无意向联合举办。"), LetterKind.ACKNOWLEDGEMENT),
        (mail(file("附件2.docx", officer(mobile=None))), LetterKind.CORRECTION),
        (mail(file("附件2.docx", blank(OFFICER))), LetterKind.CORRECTION),
        (mail(file("附件2.docx", officer()), file("附件1.docx", failure=ENCRYPTED)), LetterKind.CORRECTION),
        (mail(file("附件1.docx", failure=ENCRYPTED)), LetterKind.UNREADABLE),
        (mail(text="见附件"), LetterKind.UNREADABLE),
        (mail(reading={"cloud_links": (CloudLink("附件2.docx", "pan.example.com"),)}), LetterKind.UNREADABLE),
        (mail(file("附件2.doc", failure=NEEDS_ENGINE)), LetterKind.RECEIVED),
        (mail(file("附件2.docx", officer(unit="外县某镇"))), LetterKind.RECEIVED),
        (mail(text="请问怎么填？"), LetterKind.QUESTION),
    ],
)
def test_each_outcome_has_its_kind_of_letter(reading, kind):
    assert [draft.kind for draft in reply(reading)] == [kind]


@pytest.mark.parametrize(
    "reading",
    [mail(text="收到，谢谢。", subject="回复：回执"), mail(file("附件2.docx", officer()), sender="")],
    ids=["thanks", "no sender"],
)
def test_some_mails_get_no_letter(reading):
    assert reply(reading) == ()


@pytest.mark.parametrize("kind", [kind for kind in SenderKind if kind is not SenderKind.PERSON])
def test_a_machine_is_never_answered_even_if_it_sends_a_form(kind):
    reading = mail(file("附件2.docx", officer(mobile=None)))
    assert reply(reading, triage=machine(kind)) == ()
    assert reply(reading, triage=replace(machine(kind), answerable=True)) == ()
    assert reply(reading, triage=replace(PERSON, answerable=False)) == ()


def test_mail_older_than_the_campaign_is_not_answered():
    before = ARRIVED.replace(day=25, hour=23, minute=59)
    assert reply(mail(file("附件2.docx", officer())), arrived_at=before) == ()
    assert reply(mail(file("附件2.docx", officer())), arrived_at=before + timedelta(minutes=1))


def test_the_letter_goes_to_from_and_never_to_reply_to():
    (draft,) = reply(mail(file("附件2.docx", officer()), reply_to="other@example.net", references=("<0@x.example>",)))
    assert draft.to_address == STONE_ADDRESS
    assert (draft.in_reply_to, draft.references) == ("<1@mail.example.com>", ("<0@x.example>", "<1@mail.example.com>"))
    assert (draft.cause, draft.unit, draft.forms, draft.expires_at) == (3, STONE, ("officer",), None)


def test_the_key_of_an_answer_is_the_mail_whatever_it_amounts_to():
    (first,) = reply(mail(file("附件2.docx", officer())))
    (second,) = reply(mail(file("附件2.docx", officer(mobile=None))))
    (other,) = reply(mail(file("附件2.docx", officer())), sha256="cd" * 32)
    assert first.key == second.key != other.key


def test_the_neutral_line_is_said_once_a_thread_and_sender():
    first, second = (
        reply(mail(text="请问怎么填？", message_id="<1@a.example>")),
        reply(mail(text="请问在吗？", message_id="<2@a.example>", references=("<1@a.example>",))),
    )
    other = reply(mail(text="请问在吗？", message_id="<3@a.example>", references=("<1@a.example>",), sender=STRANGER))
    assert first[0].key == second[0].key != other[0].key
    assert first[0].key.startswith("received:road:")


@pytest.mark.parametrize(
    ("text", "problems", "placed"),
    [
        ("改好了，号码是对的。", (Problem(ProblemCode.MISSING, "mobile"),), True),
        ("请问手机是填办公室的吗？", (Problem(ProblemCode.MISSING, "mobile"),), False),
        ("改好了，号码是对的。", (), False),
        ("\n发自我的iPhone\n", (Problem(ProblemCode.MISSING, "mobile"),), False),
    ],
)
def test_who_answers_a_request_to_mend_is_not_told_that_nothing_was_recognized(text, problems, placed):
    waiting = stored(officer(), state=CellState.CORRECTION if problems else CellState.ACCEPTED, problems=problems)
    kind, words = letter(mail(text=text), known=Known(current=(waiting,), answered=(waiting,)))
    assert kind is LetterKind.QUESTION
    assert ("回信已收到，由工作人员核实后登记，无须重新发送" in words.body) is placed
    assert ("未识别为报送材料" in words.body) is not placed


@pytest.mark.parametrize(
    "reading",
    [
        mail(text="请撤回我镇前面报送的联络员反馈表（附件2），谢谢。", subject="撤回：青石镇联络员反馈表"),
        mail(text="刚才发的表作废。", subject="回复：回执", in_reply_to="<1@office.example.com>"),
    ],
)
def test_who_takes_a_form_back_in_words_is_not_asked_for_an_attachment(reading):
    judged = assess(reading, PERSON, campaign=CAMPAIGN, roster=ROSTER, known=Known(), arrived_at=ARRIVED)
    assert judged.reasons == ("来信要求撤回或作废已报材料，请人工确认",)
    kind, words = letter(reading)
    assert kind is LetterKind.QUESTION
    assert "说到撤回或作废已报材料，已转工作人员核实处理" in words.body


@pytest.mark.parametrize("text", ["前表作废，更正后的表见附件。", "如有误请作废，请查收。"])
def test_who_announces_another_form_is_told_that_it_is_missing(text):
    kind, words = letter(mail(text=text, subject="青石镇联络员反馈表"))
    assert kind is LetterKind.UNREADABLE
    assert "来件中未见附件，正文也未读到完整的表格内容。" in words.body


def test_a_blank_form_beside_a_filled_example_is_told_so():
    beside = replace(blank(OFFICER), problems=(Problem(ProblemCode.EMPTY, detail=EXAMPLE_ONLY),))
    kind, words = letter(mail(file("附件2.docx", beside)))
    assert kind is LetterKind.CORRECTION
    assert "只有填写示例一处有内容" in words.body
    assert "为空白表，未见填报内容" not in words.body


def test_another_person_s_group_that_was_left_out_is_noted_for_the_clerk_only():
    reading = mail(file("附件2.docx", replace(officer(), others=("分管领导",))))
    judged = assess(reading, PERSON, campaign=CAMPAIGN, roster=ROSTER, known=Known(), arrived_at=ARRIVED)
    assert "表中另有分管领导一组，未登记" in judged.submissions[0].notes
    kind, words = letter(reading)
    assert kind is LetterKind.ACKNOWLEDGEMENT
    assert "分管领导" not in words.body


# --- what is repeated ------------------------------------------------------------------------------------------------


def test_a_sender_on_the_roster_sees_the_values_in_full():
    _, words = letter(mail(file("附件2.docx", officer())))
    assert "手机：13900000001" in words.body
    assert "通信地址：示例路1号" in words.body
    assert "未在名册登记" not in words.body


def test_a_confirmed_sender_sees_the_values_in_full():
    known = Known(confirmed_addresses={STRANGER: frozenset({STONE})})
    _, words = letter(mail(file("附件2.docx", officer()), sender=STRANGER), known=known)
    assert "13900000001" in words.body


def test_an_unknown_sender_sees_masked_numbers_and_no_free_text():
    reading = mail(
        file("附件2.docx", officer(address="加群 www.example.net 领奖"), entry(show="加群领奖", has_show=True)),
        sender=STRANGER,
    )
    _, words = letter(reading)
    assert "139****0001" in words.body
    assert "l***@qs.example.com" in words.body
    assert "13900000001" not in words.body
    assert "领奖" not in words.body
    assert "未在名册登记" in words.body


def test_who_stands_on_the_roster_for_one_of_two_units_only_is_not_called_unknown():
    two = (file("青石.docx", officer()), file("白沙.docx", officer(unit=SAND, name="陈立冬", mobile="13900000002")))
    _, words = letter(mail(*two))
    assert "发件邮箱未登记在白沙镇人民政府名下，其号码只显示首尾几位" in words.body
    assert "未在名册登记" not in words.body
    assert "手机：13900000001" in words.body, "its own unit's number is no secret to it"
    assert "139****0002" in words.body


def test_who_stands_on_the_roster_for_none_of_two_units_sees_both_masked():
    two = (file("青石.docx", officer()), file("白沙.docx", officer(unit=SAND, name="陈立冬", mobile="13900000002")))
    _, words = letter(mail(*two, sender=STRANGER))
    assert "发件邮箱未在名册登记于所报单位名下" in words.body
    assert "13900000001" not in words.body
    assert "13900000002" not in words.body


def test_a_letter_that_repeats_no_number_does_not_speak_of_masked_ones():
    _, words = letter(mail(prose("总结.docx", "青石镇活动总结"), sender=STRANGER, subject="青石镇活动总结"))
    assert "首尾几位" not in words.body


def test_an_unknown_sender_sees_its_own_mistake_masked():
    _, words = letter(mail(file("附件2.docx", officer(mobile=invalid("139000000012"))), sender=STRANGER))
    assert "139000000012" not in words.body
    assert "号码位数不对" in words.body


def test_a_stranger_gets_none_of_its_own_words_back_in_the_neutral_line():
    reading = mail(file("领奖.doc", failure=NEEDS_ENGINE), subject="点这里领奖 http://x.example", sender=STRANGER)
    kind, words = letter(reading)
    assert kind is LetterKind.RECEIVED
    assert "领奖" not in words.subject + words.body


@pytest.mark.parametrize(
    ("name", "called"), [("反馈表.ofd", "OFD版式文件"), ("IMG_0529.heic", "HEIC图片（苹果手机照片）"), ("展示.mp4", "")]
)
def test_a_kind_that_nothing_here_reads_is_named_to_the_sender(name, called):
    _, words = letter(mail(file(name, failure=FailureCode.UNSUPPORTED)))
    assert (f"其中的{called}，系统不能自动读取" in words.body) == bool(called)
    assert "请另发Word或Excel文件" in words.body or not called


def test_what_only_lacks_a_program_of_ours_is_not_held_against_the_sender():
    reading = mail(replace(file("附件2.doc"), failure=Failure(NEEDS_ENGINE, "office")))
    _, words = letter(reading)
    assert "不能自动读取" not in words.body
    assert "无须重新发送" in words.body


def test_a_long_name_is_cut_and_no_link_stays_alive():
    form = officer(name="林" * 200, position="见 http://x.example/a")
    _, words = letter(mail(file("附件2.docx", form)))
    assert "林" * 100 not in words.body
    assert "http://" not in words.body


def test_values_with_a_problem_are_not_repeated_as_read():
    (draft,) = reply(mail(file("附件2.docx", officer(mobile=invalid("139000")))))
    (form,) = draft.context["forms"]
    assert "手机" not in {row["label"] for person in form["people"] for row in person}


def test_a_free_document_is_acknowledged_by_title_and_length():
    _, words = letter(mail(prose("青石镇总结.docx", "青石镇活动总结", characters=1850)))
    assert "文件：青石镇总结.docx，标题：青石镇活动总结，约1850字" in words.body


# --- corrections -----------------------------------------------------------------------------------------------------


def test_a_correction_asks_for_what_is_wrong_and_says_how():
    kind, words = letter(
        mail(file("附件2.docx", officer(mobile=None, email=invalid("abc@126"))), file("附件1.docx", entry()))
    )
    assert kind is LetterKind.CORRECTION
    assert "手机等2项需补正" in words.subject
    assert "写明“手机：…；电子邮箱：…”即可" in words.body
    assert "同时收到的《“平安行”活动意向报名表》已登记" in words.body
    assert "5月30日（周五）24:00前" in words.body


def _called(reading, **labels):
    """The reading with its fields under the labels of that unit's own form."""
    return replace(reading, fields=tuple(replace(one, label=labels.get(one.key, one.label)) for one in reading.fields))


@pytest.mark.parametrize("given", [None, invalid("1390000012")])
def test_a_correction_names_a_field_as_it_stands_in_the_units_own_form(given):
    form = _called(entry(phone=given), phone="手\u3000机：")
    _, words = letter(mail(file("附件1.docx", form)))
    assert "手机需补正" in words.subject
    assert "写明“手机：…”即可" in words.body
    assert "联系方式" not in words.body.partition("报送")[2].partition("即可")[0]


@pytest.mark.parametrize("label", ["请点击链接", ""])
def test_a_label_that_the_notice_does_not_know_is_never_repeated(label):
    _, words = letter(mail(file("附件1.docx", _called(entry(phone=None), phone=label))))
    assert "写明“联系方式：…”即可" in words.body


def test_one_label_over_two_fields_names_neither():
    form = _called(entry(phone=None), phone="手机", contact="手机")
    _, words = letter(mail(file("附件1.docx", form)))
    assert "写明“联系方式：…”即可" in words.body


def test_of_two_people_the_reply_line_asks_for_the_name_too():
    form = file("联络员.xlsx", officer(mobile=None), officer(name="陈立冬", mobile=None))
    (draft,) = reply(mail(form))
    assert draft.context["reply_line"] == "姓名：…；手机：…"


def test_after_the_deadline_no_past_day_is_named():
    late = ARRIVED.replace(month=6, day=3)
    (draft,) = reply(mail(file("附件2.docx", officer(mobile=None))), arrived_at=late)
    assert (draft.context["reply_until"], draft.context["deadline_passed"]) == (None, True)
    _, words = letter(mail(file("附件2.docx", officer(mobile=None))), arrived_at=late)
    assert "报送期限已过" in words.body
    assert "5月30日" not in words.body


def test_a_mail_of_before_that_is_answered_after_the_deadline_names_no_past_day():
    (draft,) = reply(mail(file("附件2.docx", officer(mobile=None))), now=ARRIVED.replace(month=6, day=3))
    assert draft.context["reply_until"] is None


def test_an_unreadable_file_of_an_unknown_form_is_due_by_the_nearest_deadline():
    (draft,) = reply(mail(file("材料.docx", failure=ENCRYPTED), sender=STRANGER))
    assert draft.context["reply_until"].startswith("2025-05-30T23:59:59")
    (draft,) = reply(
        mail(file("材料.docx", failure=ENCRYPTED), sender=STRANGER), arrived_at=ARRIVED.replace(month=6, day=3)
    )
    assert draft.context["reply_until"].startswith("2025-06-28")


def test_a_late_form_is_taken_and_marked():
    kind, words = letter(mail(file("附件2.docx", officer())), arrived_at=ARRIVED.replace(month=6, day=3))
    assert kind is LetterKind.ACKNOWLEDGEMENT
    assert "逾期报送，已照常登记" in words.body


# --- newer versions --------------------------------------------------------------------------------------------------


def test_an_update_lists_what_changed():
    kind, words = letter(
        mail(file("附件2.docx", officer(mobile="13900000009"))), known=Known(current=(stored(officer()),))
    )
    assert kind is LetterKind.UPDATE
    assert "手机：13900000001 → 13900000009" in words.body
    assert "已替代5月28日09:00的版本" in words.body
    assert "姓名" not in words.body


def test_a_value_that_the_newer_version_leaves_out_is_told():
    _, words = letter(mail(file("附件2.docx", officer(email=None))), known=Known(current=(stored(officer()),)))
    assert "电子邮箱：lin@qs.example.com → （空）" in words.body


def test_the_same_form_once_more_is_registered_without_a_word():
    assert reply(mail(file("附件2.docx", officer())), known=Known(current=(stored(officer()),))) == ()


def test_the_same_form_beside_a_new_one_is_told_in_the_same_letter():
    kind, words = letter(
        mail(file("附件2.docx", officer(mobile="13900000009")), file("附件1.docx", entry())),
        known=Known(current=(stored(officer()), stored(entry(), id=2))),
    )
    assert kind is LetterKind.UPDATE
    assert "与已登记内容一致" in words.body


def test_mending_a_faulty_form_is_an_acknowledgement_and_no_update():
    open_one = stored(
        officer(mobile=None), state=CellState.CORRECTION, problems=(Problem(ProblemCode.MISSING, "mobile"),)
    )
    reading = mail(text="手机：13900000005", body=(lines(OFFICER, mobile="13900000005"),))
    kind, words = letter(reading, known=Known(current=(open_one,), answered=(open_one,)))
    assert kind is LetterKind.ACKNOWLEDGEMENT
    assert "手机：13900000005" in words.body


def test_a_mail_found_late_is_not_acknowledged_over_a_newer_version():
    newer = stored(officer(mobile="13900000009"), arrived_at=ARRIVED + timedelta(hours=3))
    assert reply(mail(file("附件2.docx", officer())), known=Known(current=(newer,))) == ()


def test_a_newcomers_change_is_told_that_it_waits_and_nothing_of_the_other_version():
    known = Known(current=(stored(officer()),))
    kind, words = letter(mail(file("附件2.docx", officer(mobile="13900000009")), sender=STRANGER), known=known)
    assert kind is LetterKind.RECEIVED
    assert "待工作人员核实后生效" in words.body
    assert "139" not in words.body


def test_no_intent_is_told_once():
    again = Known(current=(stored(replace(entry(), fields=()), state=CellState.NO_INTENT),))
    assert reply(mail(text="我镇无意向联合举办。"), known=again) == ()


# --- still owed ------------------------------------------------------------------------------------------------------


def test_what_the_unit_still_owes_is_named_and_nothing_voluntary():
    (draft,) = reply(mail(file("附件2.docx", officer())))
    assert [(one["title"], one["overdue"]) for one in draft.context["still_owed"]] == [("“平安行”活动总结", False)]


def test_what_came_in_any_shape_is_not_called_owed():
    faulty = stored(replace(officer(mobile=None), form="report"), state=CellState.CORRECTION)
    _, words = letter(mail(file("附件2.docx", officer())), known=Known(current=(faulty,)))
    assert "尚需报送" not in words.body
    assert "另有《“平安行”活动总结》已收到，尚待补正。" in words.body
    waiting = replace(faulty, state=CellState.REVIEW)
    _, words = letter(mail(file("附件2.docx", officer())), known=Known(current=(waiting,)))
    assert "尚待补正" not in words.body


def test_of_two_units_the_letter_says_whose_form_is_to_be_mended():
    _, words = letter(mail(file("甲.docx", officer()), file("乙.docx", officer(unit=SAND, mobile=None))))
    assert f"联络员反馈表》（{SAND}）已收到，以下内容需要补正" in words.body
    assert f"联络员反馈表》（{STONE}）已登记" in words.body
    _, words = letter(mail(file("乙.docx", officer(unit=SAND, mobile=None))))
    assert f"（{SAND}）" not in words.body


def test_a_form_that_is_not_asked_of_the_unit_is_not_owed():
    audience = replace(CAMPAIGN.collections[2].audience, everybody=False, units=frozenset({SAND}))
    collections = tuple(
        replace(one, audience=audience) if one.id == FormId("report") else one for one in CAMPAIGN.collections
    )
    (draft,) = reply(mail(file("附件2.docx", officer())), campaign=replace(CAMPAIGN, collections=collections))
    assert draft.context["still_owed"] == []


def test_forms_of_two_units_share_a_letter_that_belongs_to_neither():
    (draft,) = reply(mail(file("甲.docx", officer()), file("乙.docx", officer(unit=SAND))))
    assert (draft.unit, draft.context["unit"]) == (None, f"{STONE}、{SAND}")
    assert draft.context["still_owed"] == []


# --- loops -----------------------------------------------------------------------------------------------------------

AWAY = "您好，我正在出差，无法及时回复邮件。\n\n林小满\n手机：13900000001\n"


@pytest.mark.parametrize("missing", [{}, {"mobile": None}], ids=["whole", "lacking"])
def test_the_signature_of_a_note_of_absence_is_no_form_that_is_answered(missing):
    """A mail program that hides its headers, with lines below that can be read as fields."""
    reading = mail(text=AWAY, body=(officer(**missing),), subject="回复：报送提醒", in_reply_to="<x@office.example>")
    assert reply(reading) == ()
    judged = assess(reading, PERSON, campaign=CAMPAIGN, roster=ROSTER, arrived_at=ARRIVED)
    assert judged.disposition is Disposition.REVIEW
    assert reply(mail(file("附件2.docx", officer()), text=AWAY, subject="回复：报送提醒", in_reply_to="<x@y>"))
    assert reply(mail(text=AWAY, body=(officer(),), subject="联络员表"))


def neutral_key(subject, number, *, arrived_at=ARRIVED, **more):
    reading = mail(file("附件2.docx", officer(unit="外县某镇")), subject=subject, message_id=f"<{number}@x>", **more)
    return reply(reading, arrived_at=arrived_at, sha256=f"{number:064d}")[0].key


def test_a_rule_that_returns_our_letters_as_new_mails_gets_one_neutral_line_a_day():
    """Each has a Message-ID of its own and answers another letter of ours; the reference in the subject differs."""
    letter = "【已收到】您的来件正在核实"
    keys = {
        neutral_key(f"转发: {letter}〔2025-0001〕", 1),
        neutral_key(f"回复：Fw: {letter}〔2025-0002〕", 2, in_reply_to="<2@ours>"),
        neutral_key(f"{letter}〔2025-0003〕", 3),
        neutral_key(letter, 4, in_reply_to="<4@ours>"),
    }
    assert len(keys) == 1
    assert neutral_key(letter, 5, in_reply_to="<5@ours>", arrived_at=ARRIVED + timedelta(days=1)) not in keys
    assert neutral_key("回复：另一件事", 6) not in keys
    assert neutral_key("另一件事", 7) != neutral_key("另一件事", 8)  # two mails that answer nothing


def test_a_thread_that_names_its_beginning_has_one_key():
    thread = neutral_key("【已收到】您的来件正在核实", 11, references=("<0@x>",))
    assert neutral_key("回复：别的", 12, references=("<0@x>", "<11@x>")) == thread
