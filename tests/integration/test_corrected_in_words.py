"""A unit answers our receipt by words that something in it is wrong: a person looks, and the unit is told so."""

from email import message_from_bytes

import pytest

from intake import reasons
from intake.db.models import OutboxRow
from intake.mime import unpack
from intake.model import CellState, LetterKind
from tests.builders import office
from tests.rig.clerk import TOWN

ADDRESS = office.UNITS[TOWN]


def answered(desk, words: str) -> tuple[int, list[str]]:
    """Let the unit answer the receipt; return the mail's number and the bodies of what it got for it."""
    desk.receives_form(TOWN, name="张三风")
    (receipt,) = desk.rows(OutboxRow)
    assert receipt.kind == LetterKind.ACKNOWLEDGEMENT
    thread = message_from_bytes(receipt.raw)["Message-ID"]
    number = desk.receives(ADDRESS, f"回复：{receipt.subject}", text=f"{words}\n", In_Reply_To=thread)
    return number, [unpack(row.raw).own_text for row in desk.rows(OutboxRow)[1:]]


@pytest.mark.parametrize(
    "words",
    [
        "姓名写错了，应为张三丰。",
        "收到，谢谢。姓名应为张三丰。",
        "您好，职务有误，请更正为副主任。",
        "收到，手机应为13912345678",
        "张三风已调走，请更换为李四。",
    ],
)
def test_a_person_looks_and_the_unit_is_told_what_is_in_force_meanwhile(desk, words):
    number, bodies = answered(desk, words)
    assert desk.is_open(number)
    assert desk.case(number).reasons == (reasons.CORRECTED_IN_WORDS,)
    (body,) = bodies
    assert "说到已登记内容有误或有变动，由工作人员核实" in body
    assert "重新发送更正后的表格" in body
    assert "未识别" not in body
    assert desk.cell().state is CellState.ACCEPTED
    assert desk.value("name").value == "张三风"


@pytest.mark.parametrize("words", ["收到。办公电话少了个区号，实际是0595-27395555", "收到，谢谢。新号13912345678"])
def test_a_number_in_a_sentence_of_thanks_is_seen_by_a_person(desk, words):
    number, bodies = answered(desk, words)
    assert desk.is_open(number)
    assert len(bodies) == 1


@pytest.mark.parametrize(
    "words", ["收到，谢谢！\n王五\n手机：13912345678", "好的，谢谢！\n青石镇安监办 王五 13912345678"]
)
def test_a_number_in_a_signature_is_nothing_to_do(desk, words):
    number, bodies = answered(desk, words)
    assert (desk.is_open(number), bodies) == (False, [])


@pytest.mark.parametrize("words", ["收到，谢谢。", "内容核对无误，谢谢。", "如有误请告知，谢谢。"])
def test_thanks_and_politeness_are_no_correction(desk, words):
    number, bodies = answered(desk, words)
    assert reasons.CORRECTED_IN_WORDS not in desk.case(number).reasons
    assert not any("有误或有变动" in body for body in bodies)


def test_what_is_said_without_our_letter_is_read_as_before(desk):
    number = desk.receives(ADDRESS, "更正", text="姓名写错了，应为张三丰。\n")
    assert reasons.CORRECTED_IN_WORDS not in desk.case(number).reasons


@pytest.mark.parametrize(
    "words",
    [
        "不用改手机了。\n手机：13912345678",
        "手机：13912345678\n这是我的旧号，现在不用了",
        "手机（旧）：13912345678",
        "手机 13912345678 ？",
        "之前的登记是：\n姓名：张三丰\n手机：13912345678",
        "收到，谢谢！\n联系人：王五\n联系电话：13912345678",
        "您好，原联络员调离。\n姓名：李四\n职务：副镇长\n手机：13912345678",
    ],
)
def test_lines_among_other_words_change_nothing_before_a_person_has_looked(desk, words):
    number, _ = answered(desk, words)
    assert desk.is_open(number)
    assert any("回信里另有文字" in why for why in desk.case(number).reasons)
    assert (desk.value("name").value, desk.value("mobile").value) == ("张三风", "13900000001")


@pytest.mark.parametrize(
    ("words", "name", "mobile"),
    [
        ("手机：13912345678", "张三风", "13912345678"),
        (
            "您好，手机号有变，请更新：\n手机：13912345678\n谢谢！\n青石镇人民政府\n2025年5月20日",
            "张三风",
            "13912345678",
        ),
        (
            "您好！我镇联络员变更为李四。\n姓名：李四\n职务：副镇长\n手机：13912345678\n特此函告。",
            "李四",
            "13912345678",
        ),
        ("我镇联络员变更为：\n姓名：李四\n职务：副镇长\n手机：13912345678", "李四", "13912345678"),
        ("更正：\n联系人：李四\n联系电话：13912345678", "李四", "13912345678"),
        ("姓名：不变\n手机：13912345678", "张三风", "13912345678"),
    ],
)
def test_lines_that_only_correct_are_registered(desk, words, name, mobile):
    number, _ = answered(desk, words)
    assert not desk.is_open(number)
    assert (desk.value("name").value, desk.value("mobile").value) == (name, mobile)


def test_what_stays_as_it_was_is_no_value(desk):
    number, bodies = answered(desk, "姓名：没变\n职务：照旧")
    assert (desk.is_open(number), bodies) == (False, [])
    assert (desk.value("name").value, desk.value("position").value) == ("张三风", "安全办主任")


@pytest.mark.parametrize(
    "words",
    [
        "谢谢！性别登记成男了，她是女同志。",
        "收到。地址搬到东经五路8号了。",
        "收到。李建国生病住院，这段时间找王芳",
        "收到，无误。（13811110002备用）",
        "收到。另外增加一名联络员王芳，13822223333",
    ],
)
def test_any_word_beyond_thanks_is_read_by_a_person(desk, words):
    number, bodies = answered(desk, words)
    assert desk.is_open(number)
    assert len(bodies) == 1


@pytest.mark.parametrize(
    "words", ["收到！谢谢领导！祝工作顺利！\n张三风", "已收悉，信息无误。\n青石镇党政办", "收到\n发自我的iPhone"]
)
def test_thanks_with_their_signature_are_put_away(desk, words):
    number, bodies = answered(desk, words)
    assert (desk.is_open(number), bodies) == (False, [])
