from datetime import UTC, datetime, timedelta

import pytest

from intake.answers import (
    AnswerClass,
    Lost,
    Phase,
    Refused,
    Sent,
    bounce_words,
    classify,
    decode_answer,
    explain,
    pause_after,
    tomorrow,
)

NOW = datetime(2025, 5, 28, 2, 0, tzinfo=UTC)
SOON, RECONNECT, QUARTER = AnswerClass.RETRY_SOON, AnswerClass.RECONNECT, AnswerClass.WAIT_QUARTER_HOUR
REWORD, TOMORROW, HOLD = AnswerClass.WAIT_THEN_REWORD, AnswerClass.STOP_UNTIL_TOMORROW, AnswerClass.HOLD_FOR_CLERK
NOBODY, LETTER = AnswerClass.BAD_RECIPIENT, AnswerClass.BAD_LETTER
OURS, BLOCKED = AnswerClass.CONFIGURATION, AnswerClass.IP_BLOCKED
HELP = " 192.0.2.1,EsmtpXXX http://mail.163.com/help/help_spam_16.htm?ip=192.0.2.1&hostid=smtp11&time=1548385572"

TABLE = [
    # NetEase's own table (facts/mail.md §1.2), with the digits of different years
    (421, "HL:REP" + HELP, SOON),
    (421, "HL:ICC" + HELP, SOON),
    (421, "HL:IFC" + HELP, SOON),
    (421, "HL:MEP" + HELP, SOON),
    (450, "MI:CEL" + HELP, SOON),
    (451, "MI:CCL" + HELP, SOON),
    (450, "RP:CEL" + HELP, SOON),
    (451, "RP:CCL" + HELP, SOON),
    (451, "RP:QRC" + HELP, SOON),
    (451, "Requested action aborted: local error in processing", SOON),
    (450, "MI:DMC" + HELP, RECONNECT),
    (451, "MI:DMC" + HELP, RECONNECT),
    (451, "RP:DRC" + HELP, RECONNECT),
    (451, "MI:SFQ" + HELP, QUARTER),
    (554, "MI:SFQ" + HELP, TOMORROW),
    (451, "DT:SPM ,please try again" + HELP, REWORD),
    (550, "DT:SPM" + HELP, HOLD),
    (554, "DT:SPM" + HELP, HOLD),
    (550, "MI:STC" + HELP, TOMORROW),
    (554, "MI:STC" + HELP, TOMORROW),
    (451, "MI:STC" + HELP, TOMORROW),
    (550, "RP:TRC" + HELP, TOMORROW),
    (554, "RP:TRC" + HELP, TOMORROW),
    (550, "Invalid User" + HELP, NOBODY),
    (550, "User not found: unit@example.com", NOBODY),
    (550, "User suspended", NOBODY),
    (550, "User in blacklist", NOBODY),
    (550, "RP:RCL" + HELP, LETTER),
    (552, "Illegal Attachment" + HELP, LETTER),
    (552, "Requested mail action aborted: exceeded size limit", LETTER),
    (552, "message size exceeds fixed maximum message size", LETTER),
    (535, "Error: authentication failed", OURS),
    (535, "Error: authentication failed, system busy", OURS),
    (550, "User has no permission", OURS),
    (553, "Mail from must equal authorized user", OURS),
    (553, "authentication is required,smtp11,EsmtpXXX", OURS),
    (554, "DT:SUM" + HELP, OURS),
    (550, "MI:NHD" + HELP, OURS),
    (550, "MI:IMF" + HELP, OURS),
    (550, "RP:FRL" + HELP, OURS),
    (451, "too much fail authentication, please try again later" + HELP, OURS),
    (554, "IP is rejected, smtp auth error limit exceed" + HELP, BLOCKED),
    (554, "HL:IHU" + HELP, BLOCKED),
    (554, "HL:IPB" + HELP, BLOCKED),
    (554, "MI:SPB" + HELP, BLOCKED),
    (450, "DT:RBL" + HELP, BLOCKED),
    (450, "WM:BLI" + HELP, BLOCKED),
    (450, "WM:BLU" + HELP, BLOCKED),
    # QQ, Tencent, Aliyun and others in front of a recipient
    (535, "Login fail. Account is abnormal, service is not open, password is incorrect", OURS),
    (501, "mail from address must be same as authorization user", OURS),
    (503, "Error: need EHLO and AUTH first !", OURS),
    (526, "Authentication failure[0]", OURS),
    (530, "5.7.0 Must issue a STARTTLS command first", OURS),
    (550, "Connection frequency limited", QUARTER),
    (550, "Ip frequency limited [192.0.2.1]", QUARTER),
    (550, "Mail content denied", HOLD),
    (550, "5.7.1 suspected spam", HOLD),
    (550, "Mailbox not found", NOBODY),
    (550, "5.1.1 no such thing here", NOBODY),
    (550, "5.2.1 closed", NOBODY),
    (550, "No such user here", NOBODY),
    (552, "5.2.2 over quota", HOLD),
    (452, "4.2.2 mailbox full", SOON),
    (450, "user unknown, greylisted, come again", SOON),
    (451, "4.7.1 looks like spam", REWORD),
    (554, "Transaction failed", HOLD),
    (450, "", SOON),
    (550, "", HOLD),
]


@pytest.mark.parametrize(("code", "answer", "expected"), TABLE)
def test_an_answer_belongs_to_its_class(code, answer, expected):
    assert classify(code, answer.encode()) is expected


def test_the_table_is_long_enough_and_every_class_occurs():
    assert len(TABLE) >= 40
    assert {expected for _, _, expected in TABLE} == set(AnswerClass)


def test_letters_inside_other_words_are_not_letters():
    assert classify(550, b"XMI:STCX nothing of the kind") is HOLD


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("用户无权登陆", OURS),
        ("登录太频繁", QUARTER),
        ("用户不存在", NOBODY),
        ("垃圾邮件", HOLD),
    ],
)
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_chinese_answers_are_understood_in_either_encoding(answer, expected, encoding):
    assert classify(550, answer.encode(encoding)) is expected


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (Phase.CONNECT, OURS),
        (Phase.AUTH, OURS),
        (Phase.MAIL, OURS),
        (Phase.RCPT, HOLD),
        (Phase.DATA, HOLD),
        (Phase.CONTENT, HOLD),
    ],
)
def test_an_unknown_refusal_is_ours_before_the_letter_and_a_persons_afterwards(phase, expected):
    assert classify(550, b"no", phase) is expected


def test_an_answer_is_one_clean_line_whatever_its_bytes():
    assert decode_answer("用户无权登陆".encode("gb18030")) == "用户无权登陆"
    assert decode_answer("邮件".encode()) == "邮件"
    assert decode_answer(b"two\nlines\x00\x1b[31m \x7f end") == "two lines [31m end"
    assert decode_answer(b"\xff\xfe\x80 x") == "\\xff\\xfe\\x80 x"
    assert len(decode_answer(b"x" * 10_000)) == 500


def refused(answer_class, phase=Phase.RCPT, code=550):
    return Refused(answer_class, code, "words", phase)


@pytest.mark.parametrize(
    ("outcome", "wait"),
    [
        (Sent("q", "ok"), None),
        (refused(QUARTER), timedelta(minutes=15)),
        (refused(BLOCKED), timedelta(hours=4)),
        (refused(OURS), timedelta(minutes=5)),
        (refused(SOON), None),
        (refused(SOON, Phase.CONNECT, 451), timedelta(minutes=5)),
        (refused(SOON, Phase.MAIL, 421), timedelta(minutes=5)),
        (refused(HOLD), None),
        (refused(NOBODY), None),
        (refused(LETTER), None),
        (refused(REWORD), None),
        (Lost(Phase.CONNECT, "x"), timedelta(minutes=1)),
        (Lost(Phase.CONTENT, "x"), timedelta(minutes=1)),
    ],
)
def test_what_concerns_every_letter_pauses_the_queue(outcome, wait):
    pause = pause_after(outcome, failures=0, now=NOW)
    assert (pause.when - NOW if pause else None) == wait
    assert pause is None or pause.reason == explain(outcome) != ""


def test_what_does_not_pass_by_itself_has_to_be_known_at_once():
    loud = {one for one in AnswerClass if (pause := pause_after(refused(one), failures=0, now=NOW)) and pause.alarming}
    assert loud == {OURS, BLOCKED, TOMORROW}
    assert not pause_after(Lost(Phase.CONNECT, "x"), failures=9, now=NOW).alarming


def test_the_days_quota_pauses_until_the_next_day_in_china():
    late = datetime(2025, 5, 28, 15, 59, tzinfo=UTC)  # 23:59 in China
    assert tomorrow(late) == datetime(2025, 5, 28, 16, 5, tzinfo=UTC)
    assert pause_after(refused(TOMORROW), failures=3, now=late).when == tomorrow(late)
    assert tomorrow(late + timedelta(minutes=2)) == datetime(2025, 5, 29, 16, 5, tzinfo=UTC)


def test_pauses_grow_with_every_failure_up_to_a_bound():
    logins = [pause_after(refused(OURS, Phase.AUTH), failures=n, now=NOW).when - NOW for n in range(12)]
    assert logins[:4] == [timedelta(minutes=5 * 2**n) for n in range(4)]
    assert max(logins) == timedelta(hours=4)
    lines = [pause_after(Lost(Phase.EHLO, ""), failures=n, now=NOW).when - NOW for n in (0, 1, 2, 3, 4, 1_000_000)]
    assert lines == [timedelta(minutes=n) for n in (1, 2, 4, 8, 15, 15)]


@pytest.mark.parametrize("outcome", [*(refused(one) for one in AnswerClass), *(Lost(one, "x") for one in Phase)])
def test_everything_that_goes_wrong_has_a_sentence_for_the_office(outcome):
    assert any("\u4e00" <= character <= "\u9fff" for character in explain(outcome))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("550 User not found: lin@qs.example.com", "550，收件地址不存在或已停用"),
        ("550 5.1.1 recipient unknown, ask Lin 13912345678", "550，收件地址不存在或已停用"),
        ("550 Mailbox is full, call 13912345678", "550，收件邮箱已满"),
        ("5.2.2", "5.2.2，收件邮箱已满"),
        ("5.1.1", "5.1.1，收件地址不存在或已停用"),
        ("552 message too large", "552，信件过大或附件类型不被接受"),
        ("host mx.example.com[192.0.2.5] said: 550 5.7.1 IP is rejected", "550，对方服务器不接受本邮箱的信"),
        ("4.4.7 delivery time expired", "4.4.7，多次投递未成功"),
        ("554 DT:SPM 13912345678", "554，对方服务器拒收"),
        ("英文说明550 User not found", "550，收件地址不存在或已停用"),
        ("用户不存在，请联系林小满 0595-550 1234", "收件地址不存在或已停用"),
        ("请联系林小满", "对方服务器拒收"),
        ("", "对方服务器拒收"),
    ],
)
def test_why_an_address_bounced_is_told_by_its_code_and_our_own_words(answer, told):
    assert bounce_words(answer) == told
