"""A unit answers our request for a number: by lines and courtesy it is done, other words beside them are for a person."""

from email import message_from_bytes

import pytest

from intake.db.models import OutboxRow
from intake.model import CellState, LetterKind
from tests.builders import office
from tests.rig.clerk import TOWN

ADDRESS = office.UNITS[TOWN]
NUMBER = "13912345678"


def answered(desk, words: str) -> int:
    """Let the unit answer what asks for its telephone; return the mail's number."""
    desk.receives_form(TOWN, name="张三风", mobile="")
    (request,) = desk.rows(OutboxRow)
    assert request.kind == LetterKind.CORRECTION
    thread = message_from_bytes(request.raw)["Message-ID"]
    return desk.receives(ADDRESS, f"回复：{request.subject}", text=f"{words}\n", In_Reply_To=thread)


@pytest.mark.parametrize(
    "words",
    [
        "手机：13912345678\n这是旧号，新的稍后报",
        "手机暂时没有，先写办公室的：\n手机：13912345678",
        "联络员已更换。\n手机：13912345678",
        "联络员换人了，新表明天报。\n手机：13912345678",
        "联系人：王五\n手机：13912345678",
        "先别登记，等领导确认。\n手机：13912345678",
    ],
)
def test_other_words_beside_the_number_are_read_by_a_person_first(desk, words):
    number = answered(desk, words)
    assert desk.is_open(number)
    assert any("回信里另有文字" in why for why in desk.case(number).reasons)
    assert desk.cell().state is CellState.REVIEW


@pytest.mark.parametrize(
    "words",
    [
        "手机：13912345678",
        "联系电话：13912345678",
        "不好意思，刚才忘记填了。手机：13912345678，请查收。",
        "领导好，补充如下：\n手机：13912345678\n辛苦了！\n青石镇安监办 张三风",
        "手机：13912345678\n收到请回复，谢谢！",
        "已收到补正通知，现补充联络员手机号如下：\n手机：13912345678\n如有问题请联系我。",
        "老师您好，刚刚的表手机号没有填，给您添麻烦了：\n手机：13912345678",
        "按要求补正如下：\n1.手机：13912345678\n青石镇人民政府办公室\n2025年5月20日\n发自我的iPhone",
    ],
)
def test_courtesy_around_it_needs_nobody(desk, words):
    number = answered(desk, words)
    assert not desk.is_open(number)
    assert (desk.cell().state, desk.value("name").value, desk.value("mobile").value) == (
        CellState.ACCEPTED,
        "张三风",
        NUMBER,
    )


def test_a_number_in_words_that_no_reader_knows_is_no_forgotten_file(desk):
    number = answered(desk, "您好，附件里漏填了手机，现补上。\n手机：13912345678")
    assert desk.is_open(number)
    assert [row.kind for row in desk.rows(OutboxRow)][-1] == LetterKind.QUESTION
