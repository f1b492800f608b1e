"""Machines are never answered, people are, and no header of a stranger makes his mail ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.head import SIGNAL_HEADERS
from intake.model import DeliveryReport, PartRole, SenderKind
from intake.triage import is_absence, is_bounce, triage
from tests.builders.readings import body_with_form, head, part, reading

OWN = "office@mail.example.com"


def judge(mail_head=None, **values):
    mail = reading(mail_head, **values)
    return triage(mail.head, mail, own_addresses=frozenset({OWN}))


def kind(**values):
    return judge(head(**values)).kind


def test_a_person_is_answered():
    judged = judge()
    assert (judged.kind, judged.answerable) == (SenderKind.PERSON, True)


def test_nobody_is_answered_without_a_single_from_address():
    judged = judge(head(from_address=""))
    assert (judged.kind, judged.answerable) == (SenderKind.PERSON, False)


# --- automatic replies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signals",
    [
        {"auto-submitted": "auto-replied"},
        {"auto-submitted": "Auto-Replied (vacation); owner-email=x"},
        {"auto-submitted": "auto-generated"},
        {"auto-submitted": "auto-notified"},
        {"auto-submitted": "yes"},
        {"x-autoreply": "yes"},
        {"x-autorespond": "note"},
        {"precedence": "auto_reply"},
    ],
)
def test_headers_of_automatic_replies_are_heeded(signals):
    judged = judge(head(signals=signals))
    assert (judged.kind, judged.answerable) == (SenderKind.AUTO_REPLY, False)


@pytest.mark.parametrize(
    "signals",
    [
        {"auto-submitted": "no"},
        {"auto-submitted": "No (really)"},
        {"auto-submitted": ""},
        {"x-autoreply": "no"},
        {"x-auto-response-suppress": "All"},
        {"x-auto-response-suppress": "DR, OOF, AutoReply"},
        {"precedence": "first-class"},
        {"x-loop": "something"},
        {"disposition-notification-to": "li@unit.example.com"},
    ],
)
def test_headers_that_people_carry_too_make_no_machine(signals):
    assert kind(signals=signals) is SenderKind.PERSON


@pytest.mark.parametrize(
    "subject",
    [
        "自动回复: 报送提醒",
        "自动回复\uff1a报送提醒",
        "自动回复",
        "【某某邮箱】自动回复: 报送提醒",
        "[自动回复]报送提醒",
        "自動回覆: 提醒",
        "AutoReply: reminder",
        "Auto-Reply: reminder",
        "Automatic reply: reminder",
        "Out of Office: reminder",
        "Out of Office AutoReply: reminder",
    ],
)
def test_subjects_of_automatic_replies_are_known_at_their_start(subject):
    assert kind(subject=subject) is SenderKind.AUTO_REPLY


@pytest.mark.parametrize(
    "subject",
    [
        "关于自动回复设置情况的总结",
        "报送提醒收到,另请关闭贵办邮箱的自动回复: 太多了",
        "回复: 自动回复: 报送提醒",
        "Re: Automatic reply: reminder",
        "自动回复系统建设典型案例",
    ],
)
def test_people_write_about_automatic_replies(subject):
    assert kind(subject=subject) is SenderKind.PERSON


def test_a_subject_alone_does_not_outweigh_a_form():
    subject = head(subject="自动回复: 反馈表")
    assert judge(subject, parts=(part(),)).kind is SenderKind.PERSON
    assert judge(subject, documents=(body_with_form(),)).kind is SenderKind.PERSON
    assert judge(subject, documents=(body_with_form(blank=True),)).kind is SenderKind.AUTO_REPLY
    assert judge(subject, documents=(body_with_form(enclosing="2"),)).kind is SenderKind.AUTO_REPLY
    assert judge(subject, parts=(part(role=PartRole.INLINE, type="image/png"),)).kind is SenderKind.AUTO_REPLY


def test_a_form_sent_by_an_oa_system_comes_from_a_system():
    generated = {"auto-submitted": "auto-generated"}
    judged = judge(head(signals=generated), parts=(part(),))
    assert (judged.kind, judged.answerable) == (SenderKind.SYSTEM, False)
    assert judge(head(signals=generated), documents=(body_with_form(),)).kind is SenderKind.SYSTEM


def test_an_absence_note_that_quotes_our_letter_is_no_oa_system():
    answer = head(signals={"auto-submitted": "auto-generated"}, in_reply_to="<intake.1@mail.example.com>")
    assert judge(answer, documents=(body_with_form(),)).kind is SenderKind.AUTO_REPLY


# --- bounces ---------------------------------------------------------------------------------------------------------


def test_a_delivery_report_is_a_bounce():
    report = DeliveryReport("li@unit.example.com", "failed", "5.1.1", "", "")
    assert judge(reports=(report,)).kind is SenderKind.BOUNCE
    assert judge(parts=(part(type="message/delivery-status", role=PartRole.REPORT),)).kind is SenderKind.BOUNCE
    assert kind(signals={"content-type": "multipart/report; report-type=delivery-status"}) is SenderKind.BOUNCE
    assert kind(signals={"x-failed-recipients": "li@unit.example.com"}) is SenderKind.BOUNCE


@pytest.mark.parametrize(
    ("address", "subject", "text"),
    [
        ("postmaster@mail.example.com", "系统退信", ""),
        ("postmaster@mail.example.com", "系统退信/The email is returned", ""),
        ("postmaster@mail.example.com", "来自mail.example.com的退信", ""),
        ("postmaster@mail.example.com", "通知", "抱歉,您的邮件被退回来了……"),
        ("mailer-daemon@mx.example.net", "Undelivered Mail Returned to Sender", ""),
        ("mailer-daemon@mx.example.net", "failure notice", ""),
        ("mailer-daemon@mx.example.net", "你好", ""),
        ("gateway@mx.example.net", "邮件投递失败", "您的邮件无法送达。退信原因: 550 user unknown"),
    ],
)
def test_bounces_without_a_report_are_known_by_sender_and_words(address, subject, text):
    judged = judge(head(from_address=address, subject=subject), own_text=text)
    assert (judged.kind, judged.answerable) == (SenderKind.BOUNCE, False)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("退信", "你们的提醒被退回了吗?我这里一直收不到。"),
        ("转发: 系统退信", "上次报送被退信,退信原因: 550 user unknown,现重新报送"),
        ("报送反馈表", "之前的邮件被退回,现重新发送"),
    ],
)
def test_people_write_about_bounces(subject, text):
    assert judge(head(subject=subject), own_text=text).kind is SenderKind.PERSON


def test_a_bounce_that_a_person_encloses_is_a_persons_mail():
    enclosed = part("3/2", type="message/delivery-status", role=PartRole.REPORT, enclosing="3")
    assert judge(parts=(enclosed,)).kind is SenderKind.PERSON


def test_a_postmaster_who_writes_himself_is_not_answered_all_the_same():
    judged = judge(head(from_address="postmaster@unit.example.com"))
    assert (judged.kind, judged.answerable) == (SenderKind.SYSTEM, False)


def test_a_null_return_path_is_never_answered():
    judged = judge(head(signals={"return-path": "<>"}))
    assert not judged.answerable
    assert judge(head(signals={"return-path": "<>"}, subject="退信")).kind is SenderKind.BOUNCE
    assert kind(signals={"return-path": "<li@unit.example.com>"}) is SenderKind.PERSON


@pytest.mark.parametrize("subject", ["Undeliverable: x", "通知"])
def test_exchange_bounces_from_a_mailbox_of_its_own(subject):
    address = "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e@unit.example.com"
    assert kind(from_address=address, subject=subject) is SenderKind.BOUNCE
    assert kind(from_address="microsoftexchange@unit.example.com", subject="通知") is SenderKind.PERSON
    assert kind(signals={"x-ms-exchange-message-is-ndr": ""}) is SenderKind.BOUNCE


@pytest.mark.parametrize("subject", ["未送达: 报送提醒", "邮件传递失败: 报送提醒", "Undeliverable: reminder"])
@pytest.mark.parametrize(
    "words", ["未能向以下收件人或组传递邮件:", "Delivery has failed to these recipients or groups:"]
)
def test_exchange_bounces_are_known_by_their_words(subject, words):
    assert judge(head(subject=subject), own_text=f"{words}\nli@unit.example.com").kind is SenderKind.BOUNCE


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("邮件发送失败通知", "您发给 li@unit.example.com 的邮件发送失败，系统将不再重试。"),
        ("退信通知", "您的邮件《请补正》无法送达，原因：对方邮箱空间不足。本邮件由系统自动发出，请勿直接回复。"),
        ("无法投递的邮件：请补正", "您好！您发往 li@unit.example.com 的邮件因收件人不存在未能投递成功，请核对地址。"),
    ],
)
def test_bounces_of_gateways_under_any_name_are_known_by_their_words(subject, text):
    assert judge(head(subject=subject), own_text=text).kind is SenderKind.BOUNCE


def test_a_person_who_tells_of_a_failure_is_a_person():
    told = judge(
        head(subject="昨天发送失败，现重新发送"), own_text="领导您好，昨天的邮件发送失败，被退回了，现重发，请查收。"
    )
    assert (told.kind, told.answerable) == (SenderKind.PERSON, True)


# --- what only the words tell ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "此邮件由系统自动发送，请勿直接回复。",
        "本邮件由XX协同办公平台系统自动发出，请勿回复！",
        "（本邮件为系统自动发送）",
        "您的来信我们已收到，将在3个工作日内处理。此邮件为系统自动发送，请勿回复。",
        "请核对地址。此为系统自动发送，请勿回复。",
        "系统邮件，请勿回复",
        "请勿回复此邮件",
        "本邮件由系统自动发送，可直接回复，回复由工作人员处理。",
        "This is an automatically generated message.",
    ],
)
def test_who_says_that_a_system_sent_it_is_not_answered_but_read(line):
    judged = judge(own_text=f"您有一份公文待签收。\n\n{line}\n")
    assert (judged.kind, judged.answerable) == (SenderKind.PERSON, False)
    answer = judge(head(subject="回复：公文签收提醒"), own_text=f"已签收。\n\n{line}\n")
    assert answer.answerable  # the other's line below the answer


@pytest.mark.parametrize(
    "words",
    [
        "贵办系统自动发送的邮件收到了，请问怎么填？",
        "邮件由系统转来，请查收。",
        "来信末尾写着此邮件由系统自动发送，请问还要回复吗？",
        "此邮件由系统自动发送，请勿回复。\n" + "以下是正文，请看。\n" * 5,
        "我镇办公系统邮件功能已恢复，请回复。",
    ],
)
def test_people_write_about_systems(words):
    assert judge(own_text=words).answerable


SIGNED = "我正在出差，邮件无法及时回复。\n\n林小满\n手机：13900000001\n"


def test_a_signature_makes_a_note_of_absence_no_form():
    automatic = head(subject="自动回复: 报送提醒")
    assert judge(automatic, own_text=SIGNED, documents=(body_with_form(),)).kind is SenderKind.AUTO_REPLY
    assert judge(automatic, own_text="请查收。", documents=(body_with_form(),)).kind is SenderKind.PERSON
    assert judge(automatic, own_text=SIGNED, parts=(part(),)).kind is SenderKind.PERSON


def test_an_answer_that_only_says_who_is_away_is_known_without_any_header():
    answer = head(subject="回复：报送提醒", in_reply_to="<1@x>")
    assert is_absence(reading(answer, own_text=SIGNED))
    assert not is_absence(reading(answer, own_text=SIGNED, parts=(part(),)))
    assert not is_absence(reading(answer, own_text="已报送。"))
    assert not is_absence(reading(head(), own_text="我明天出差，先报送：手机13900000001"))


# --- receipts, invitations, lists, systems ---------------------------------------------------------------------------


def test_read_receipts_are_known_by_report_or_subject():
    mdn = part(type="message/disposition-notification", role=PartRole.REPORT)
    assert judge(parts=(mdn,)).kind is SenderKind.READ_RECEIPT
    report = {"content-type": "multipart/report; report-type=disposition-notification"}
    assert kind(signals=report) is SenderKind.READ_RECEIPT
    for subject in ("已读: 报送提醒", "已读回执\uff1a报送提醒", "Read: reminder", "Not read: reminder"):
        assert kind(subject=subject) is SenderKind.READ_RECEIPT
    assert judge(head(subject="已读: 报送提醒"), parts=(part(),)).kind is SenderKind.PERSON
    assert kind(subject="已读悉,反馈如下") is SenderKind.PERSON


def test_an_invitation_is_one_unless_a_form_comes_with_it():
    calendar = part(type="text/calendar", role=PartRole.CALENDAR)
    assert judge(parts=(calendar,)).kind is SenderKind.CALENDAR
    assert judge(parts=(calendar, part("3"))).kind is SenderKind.PERSON


@pytest.mark.parametrize(
    "signals",
    [
        {"list-id": "<news.list.example.org>"},
        {"list-unsubscribe": "<mailto:leave@list.example.org>"},
        {"precedence": "bulk"},
        {"precedence": "List"},
        {"precedence": "junk"},
    ],
)
def test_lists_are_not_answered(signals):
    judged = judge(head(signals=signals))
    assert (judged.kind, judged.answerable) == (SenderKind.LIST, False)


@pytest.mark.parametrize(
    "local",
    ["noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "oa.noreply", "noreply-oa", "notification"],
)
def test_senders_that_take_no_replies_are_systems(local):
    judged = judge(head(from_address=f"{local}@oa.example.com"), parts=(part(),))
    assert (judged.kind, judged.answerable) == (SenderKind.SYSTEM, False)


@pytest.mark.parametrize("local", ["noreplyli", "reply", "annoreplya", "office", "nore.ply"])
def test_senders_that_only_look_like_it_are_people(local):
    assert kind(from_address=f"{local}@unit.example.com") is SenderKind.PERSON


# --- our own ---------------------------------------------------------------------------------------------------------


def test_mail_from_an_own_address_is_our_own():
    judged = judge(head(from_address=OWN, to_addresses=("li@unit.example.com",)))
    assert (judged.kind, judged.answerable) == (SenderKind.OWN, False)


@pytest.mark.parametrize("signals", [{"x-intake-id": "2025-0042.ab.cd"}, {"auto-submitted": "auto-generated"}])
def test_mail_to_itself_with_our_marks_is_our_own(signals):
    alias = "alias@mail.example.com"
    assert kind(from_address=alias, to_addresses=(alias,), signals=signals) is SenderKind.OWN
    assert kind(from_address=alias, to_addresses=(alias,)) is SenderKind.PERSON


def test_a_strangers_marks_do_not_make_his_mail_ours():
    """Spoofed control headers: everybody who got a letter of ours knows a valid mark."""
    judged = judge(head(signals={"x-intake-id": "2025-0042.ab.cd"}))
    assert (judged.kind, judged.answerable) == (SenderKind.PERSON, True)
    assert kind(from_address="", to_addresses=("",), signals={"x-intake-id": "x"}) is SenderKind.PERSON


# --- laws ------------------------------------------------------------------------------------------------------------

HEADS = st.builds(
    head,
    from_address=st.sampled_from(["", OWN, "li@unit.example.com", "postmaster@x.example.com", "noreply@x.example.com"]),
    subject=st.text(max_size=40) | st.sampled_from(["自动回复: x", "系统退信", "已读: x", "Re: x"]),
    in_reply_to=st.sampled_from(["", "<1@x>"]),
    signals=st.dictionaries(st.sampled_from(SIGNAL_HEADERS), st.text(max_size=30)),
)


@given(HEADS, st.text(max_size=200))
def test_only_people_with_an_address_are_answered(mail_head, text):
    judged = judge(mail_head, own_text=text)
    assert not judged.answerable or (judged.kind is SenderKind.PERSON and mail_head.from_address not in ("", OWN))
    assert judged.why
    assert text not in judged.why or len(text) < 3


def test_long_subjects_cost_no_time():
    long = "no" * 5_000
    assert is_bounce(head(subject=long), reading(own_text=long)) == ""
    assert kind(subject=long, from_address=f"{'a-' * 100}@x.example.com") is SenderKind.PERSON
