"""Machines that hide their marks answer our letters: each exchange ends; people who write twice are read all the same."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from intake.model import Disposition
from tests.builders import office
from tests.builders.packed import png
from tests.rig.checker import head_of
from tests.rig.clerk import SANDS, TOWN

ADDRESS = office.UNITS[TOWN]
BOTS = {
    "moved on": "各位领导：我已调离原岗位，工作邮件请联系王小明（13959760035）。",
    "an HTML fragment": "<html>邮件已成功提交</html>",
    "a chat robot": "问题已收到，请问贵单位的联系电话是多少？（智能客服小助手为您服务）",
    "a challenge": "您好，您是首次给我发邮件，请点击 http://verify.example.com/abc 完成验证，否则邮件不会投递。",
    "nothing at all": "",
    "an office system": "尊敬的用户：来信已收悉，我们将在5个工作日内答复。受理编号 20261128001。",
    "a system's last line": "您的邮件已收到，谢谢！\n—— 税务局办公室（此邮件由系统自动发送，请勿回复）",
    "it speaks of our file": "感谢您的来信，附件正在审核中。",
}


def letters_to(desk, address: str) -> list[bytes]:
    return [letter.raw for _, letter in desk.place.letters() if letter.recipients == (address,)]


def answered_by_a_bot(desk, words: str, *, threaded: bool, rounds: int = 6) -> int:
    """Let a machine answer each of our letters to the unit; return how many of ours it had in the end."""
    answered = 0
    for number in range(rounds):
        ours = letters_to(desk, ADDRESS)
        for raw in ours[answered:]:
            head = head_of(raw)
            thread = {"In_Reply_To": head["Message-ID"], "References": head["Message-ID"]} if threaded else {}
            subject = message_from_bytes(raw, policy=policy.default)["Subject"] if threaded else f"来信收悉{number}"
            desk.receives(ADDRESS, f"Re: {subject}" if threaded else subject, text=f"{words}\n", **thread)
        answered = len(ours)
        desk.goes_on()
    return len(letters_to(desk, ADDRESS))


@pytest.mark.parametrize("threaded", [True, False], ids=["in the thread", "as new mails"])
@pytest.mark.parametrize("words", BOTS.values(), ids=BOTS)
def test_a_machine_that_answers_every_letter_gets_no_more_than_a_word_or_two(desk, words, threaded):
    desk.receives_form(TOWN)
    assert len(letters_to(desk, ADDRESS)) == 1, "the receipt"
    assert answered_by_a_bot(desk, words, threaded=threaded) <= 3


def test_who_writes_twice_in_words_is_told_once_and_read_twice(desk):
    first = desk.receives(ADDRESS, "咨询", text="请问附件3要盖章吗？\n")
    second = desk.receives(ADDRESS, "另外一事", text="另外，会议是在哪里开？\n")
    assert len(letters_to(desk, ADDRESS)) == 1
    assert desk.is_open(first)
    assert desk.is_open(second)
    desk.goes_on(timedelta(days=1))
    desk.receives(ADDRESS, "第三件事", text="还有一事，我镇的表盖哪个章？\n")
    assert len(letters_to(desk, ADDRESS)) == 2, "a day later they are told again"


def test_a_form_that_a_person_must_look_at_is_answered_though_a_question_was_today(desk):
    desk.receives(ADDRESS, "咨询", text="请问附件3要盖章吗？\n")
    desk.receives_form("某某管理处", sender=ADDRESS)
    assert len(letters_to(desk, ADDRESS)) == 2


def test_whoever_forgets_the_file_twice_is_looked_at_by_a_person(desk):
    desk.receives(ADDRESS, "报送附件2", text="请查收。\n")
    again = desk.receives(ADDRESS, "报送附件2（补）", text="见附件。\n")
    assert desk.is_open(again)
    assert ["未见附件" in subject for subject in desk.subjects()] == [True, False]
    assert len(letters_to(desk, ADDRESS)) == 2


@pytest.mark.parametrize(
    "words",
    [
        "我镇联络员换人了，换成王小明，电话不变。",
        "李建国已退休，请以王小明为准。",
        "手机写错了一位。",
        "传真删掉，已停用。",
        "林小满手机尾号应为35。",
    ],
)
def test_a_new_mail_that_corrects_what_is_registered_is_read_by_a_person(desk, words):
    desk.receives_form(TOWN)
    number = desk.receives(ADDRESS, "关于附件2", text=f"{words}\n")
    assert desk.is_open(number)
    assert desk.case(number).disposition == Disposition.REVIEW
    assert "未见附件" not in desk.subjects()[-1]


def test_a_unit_that_has_sent_nothing_yet_and_forgets_the_file_is_asked_for_it(desk):
    desk.receives_form(SANDS)
    desk.receives(ADDRESS, "关于附件2", text="我镇的表。\n")
    assert "未见附件" in desk.subjects()[-1]


@pytest.mark.parametrize(
    ("name", "data"),
    [("logo.png", png(400, 200)), ("隐私声明.pdf", b"%PDF-1.4\n%broken")],
    ids=["a logo", "a file that can't be read"],
)
def test_a_machine_with_a_file_of_its_own_in_every_answer_gets_no_more_than_two_words(desk, name, data):
    desk.receives_form(TOWN)
    answered = 0
    for number in range(6):
        ours = letters_to(desk, ADDRESS)
        for _ in ours[answered:]:
            words = f"来信已登记，流水号{number}，我们会尽快处理。\n"
            desk.receives(ADDRESS, f"来信登记 {number}", text=words, attachment=data, name=name)
        answered = len(ours)
        desk.goes_on()
    assert len(letters_to(desk, ADDRESS)) == 2, "the receipt and one word"


def test_of_a_file_that_can_not_be_read_its_sender_is_told_once_a_day_and_of_another_at_once(desk):
    first, second = b"%PDF-1.4\n%broken", b"%PDF-1.4\n%broken, too"
    for number, (data, told) in enumerate([(first, 1), (first, 1), (second, 2), (first, 2)]):
        desk.receives(ADDRESS, f"报送附件2 {number}", text="见附件\n", attachment=data, name="附件2.pdf")
        assert len(letters_to(desk, ADDRESS)) == told
    desk.goes_on(timedelta(days=1))
    desk.receives(ADDRESS, "报送附件2", text="见附件\n", attachment=second, name="附件2.pdf")
    assert len(letters_to(desk, ADDRESS)) == 3
