"""An answer without a label: one value, and nothing else, to a letter that asked for one thing."""

from dataclasses import replace

import pytest

from intake.assess import Known, assess
from intake.model import CellState, CloudLink, Disposition
from intake.reasons import PARTIAL_UNCLEAR
from parsers.forms import Problem, ProblemCode
from tests.builders.judging import (
    ARRIVED,
    CAMPAIGN,
    ENTRY,
    PERSON,
    ROSTER,
    SAND_ADDRESS,
    STONE,
    blank,
    entry,
    file,
    lines,
    mail,
    officer,
    prose,
    stored,
)
from tests.builders.judging import OFFICER as FORM

NEW = "13912345678"
SUBJECT = "回复：【请补正】青石镇人民政府《联络员反馈表》手机需补正〔2025-0001〕"


def lacking(*keys, **changes):
    return stored(
        officer(**dict.fromkeys(keys), **changes),
        state=CellState.CORRECTION,
        problems=tuple(Problem(ProblemCode.MISSING, key) for key in keys),
    )


def answer(text, *files, asked=None, known=None, **more):
    known = known or Known(answered=(asked or lacking("mobile"),), answered_unit=STONE)
    reading = mail(*files, text=text, subject=SUBJECT, in_reply_to="<ours@office.example.com>", **more)
    return assess(reading, PERSON, campaign=CAMPAIGN, roster=ROSTER, known=known, arrived_at=ARRIVED)


def value(judged, key="mobile"):
    return [one.value(key) for one in judged.submissions] if judged.disposition is Disposition.ACCEPTED else None


@pytest.mark.parametrize(
    "text",
    [
        NEW,
        "１３９１２３４５６７８",
        "139 1234 5678",
        f"写错了，手机是{NEW}",
        f"手机号是{NEW}",
        f"您好，手机号少写了一位，正确的是 {NEW}，谢谢！",
        f"不好意思，漏填了。\n手机号码：{NEW}",
        f"手机写错了\n应为{NEW}",
        f"领导您好：\n{NEW}\n谢谢！\n\n林小满\n青石镇\n2025年5月29日",
        f"{NEW}\n\n发自我的iPhone",
        f"{NEW}，麻烦补一下，谢谢！",
        f"您好，麻烦补充一下：{NEW}",
    ],
)
def test_one_number_and_nothing_else_completes_the_form_that_lacked_it(text):
    judged = answer(text)
    assert value(judged) == [NEW]
    (one,) = judged.submissions
    assert (one.value("name"), one.unit) == ("林小满", STONE)


@pytest.mark.parametrize(
    "text",
    [
        f"{NEW}写错了",
        f"{NEW}，麻烦补一下传真",
        f"{NEW}，不麻烦补一下",
        f"写错了{NEW}",
        f"写错的是{NEW}",
        f"不是{NEW}",
        f"原来的手机是{NEW}",
        f"手机是{NEW}吗？",
        f"手机是{NEW}？",
        f"我的手机是{NEW}",
        f"办公电话是{NEW}",
        f"{NEW}停用",
        f"{NEW}、13900000002",
        f"{NEW}\n13900000002",
        f"林小满\n{NEW}",  # a signature
        f"{NEW}\n王秋分",
        f"{NEW}\n0595-27390001",
        f"附件已更正，{NEW}",
        "1391234567",
        "139123456789",
        "0595-27391234",
        "lin@qs.example.com",
        f"{NEW}-1",
        "手机号是",
        "",
    ],
)
def test_any_other_word_or_number_leaves_it_to_a_person(text):
    assert answer(text).disposition is not Disposition.ACCEPTED
    assert answer(text).submissions == ()


def test_a_number_completes_a_change_that_lacks_it_though_another_version_is_in_force():
    change = replace(lacking("mobile", name="陈立冬"), id=2, message_id=8, version=2, current=False)
    judged = answer(NEW, known=Known(answered=(change,), current=(stored(officer()),), answered_unit=STONE))
    assert [(one.value("name"), one.value("mobile")) for one in judged.submissions] == [("陈立冬", NEW)]


def test_a_telephone_number_or_an_address_answers_where_that_was_asked_for():
    office = stored(entry(phone=None), state=CellState.CORRECTION, problems=(Problem(ProblemCode.MISSING, "phone"),))
    assert value(answer("0595-27391234", asked=office), "phone") == ["0595-27391234"]
    faulty = Problem(ProblemCode.INVALID, "email", given="lin@qs")
    wrong = stored(officer(email=None), state=CellState.CORRECTION, problems=(faulty,))
    assert value(answer("邮箱写错了，应该是lin@qs.example.net", asked=wrong), "email") is None  # 邮箱 is not its name
    assert value(answer("电子邮箱写错了，应该是lin@qs.example.net", asked=wrong), "email") == ["lin@qs.example.net"]


def test_the_writers_own_address_alone_may_be_his_signature():
    wrong = lacking("email")
    assert value(answer("someone@qs.example.net", asked=wrong), "email") == ["someone@qs.example.net"]
    assert answer("qingshi@qs.example.com", asked=wrong).submissions == ()


@pytest.mark.parametrize(
    "known",
    [
        Known(current=(lacking("mobile"),)),  # our letter is not answered
        Known(answered=(lacking("mobile", "position"),)),  # two things were asked for
        Known(answered=(lacking("mobile"), replace(lacking("position"), id=2, form="entry"))),
        Known(answered=(lacking("position"),)),
        Known(answered=(stored(officer()),)),  # nothing was asked for
        Known(
            answered=(replace(lacking("mobile"), current=False),),
            current=(replace(stored(officer()), version=2),),
            overtaken=frozenset({1}),
        ),
        Known(answered=(replace(lacking("mobile"), state=CellState.REVIEW),)),
    ],
)
def test_a_number_completes_nothing_where_not_it_alone_was_asked_for(known):
    assert answer(NEW, known=known).submissions == ()


def test_a_number_beside_a_file_a_link_or_a_photograph_completes_nothing():
    for files in ([file("附件2.docx", blank(FORM))], [prose("说明.docx", "说明")]):
        assert answer(NEW, *files).disposition is not Disposition.ACCEPTED
    assert answer(NEW, reading={"cloud_links": (CloudLink("附件2.docx", "mail.example.com"),)}).submissions == ()
    assert answer(NEW, inline=(90_000,)).disposition is not Disposition.ACCEPTED


def test_of_two_people_the_number_is_his_who_lacks_one():
    other = stored(officer(name="陈立冬", mobile="13900000002"), id=2)
    known = Known(answered=(lacking("mobile"), other), current=(lacking("mobile"), other), answered_unit=STONE)
    judged = answer(NEW, known=known)
    assert sorted((one.value("name"), one.value("mobile")) for one in judged.submissions) == [
        ("林小满", NEW),
        ("陈立冬", "13900000002"),
    ]


def test_an_answer_that_leaves_a_number_over_while_another_form_waits_is_looked_at():
    asked = stored(
        entry(phone=None), id=2, state=CellState.CORRECTION, problems=(Problem(ProblemCode.MISSING, "phone"),)
    )
    known = Known(answered=(lacking("mobile"), asked), current=(lacking("mobile"), asked), answered_unit=STONE)
    half = (lines(ENTRY, phone="13900000005"),)
    both = answer("联系方式：13900000005\n手机：13900000006", known=known, body=half)
    assert (both.disposition, both.reasons[0]) == (Disposition.REVIEW, PARTIAL_UNCLEAR)
    only = answer("联系方式：13900000005", known=known, body=half)
    assert (only.disposition, [one.form for one in only.submissions]) == (Disposition.ACCEPTED, ["entry"])


def test_who_is_less_trusted_does_not_change_what_was_given_by_a_number_either():
    known = Known(answered=(lacking("mobile"),), current=(lacking("mobile"),), answered_unit=STONE)
    assert answer(NEW, known=known, sender=SAND_ADDRESS).disposition is Disposition.REVIEW
