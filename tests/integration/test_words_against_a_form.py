"""A mail whose words speak against its own form: nothing of it is in force before a person has said which of the two counts."""

import io
import zipfile
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from intake import decide
from intake.model import CellState
from tests.builders import office
from tests.rig.clerk import TOWN

OLD, NEW, NUMBER = "林小满", "周小新", "13900000002"
ADDRESS = office.UNITS[TOWN]

SPOKEN = [
    "注意：表中手机写错了，应为13900000010。\n",
    "本表作废，以稍后发的为准。\n",
    "附件是去年的表，请不要登记。\n",
    "发错了，请忽略附件。\n",
    "联络员改为吴用，手机13900000099，见附件。\n",
    "姓名：赵敏\n职务：副镇长\n手机：13900000099\n",
    "附件里的手机号已经不用了，请登记13900000099\n",
    "联络员请登记为魏为，手机：13900000099\n",
    "单位：青石镇\n联络员：魏为\n手机：13900000099\n附件为表格\n",
]


def sends(desk, text: str, *, name: str = NEW, **headers: str) -> int:
    return desk.receives(ADDRESS, text=text, attachment=office.liaison(TOWN, name=name, mobile=NUMBER), **headers)


def row(desk, tmp_path) -> str:
    (found,) = [line for line in desk.sheet(tmp_path, "附件2").splitlines() if TOWN in line]
    return found


@pytest.mark.parametrize("text", SPOKEN)
def test_a_first_form_waits_and_is_not_counted(desk, tmp_path, text):
    number = sends(desk, text)
    assert desk.is_open(number)
    assert desk.cell().state is CellState.REVIEW
    assert "已受理" not in "".join(line for line in desk.sheet(tmp_path, "进度").splitlines() if TOWN in line)
    assert "待核实" in row(desk, tmp_path)
    said = [line.split("，")[0].rstrip("。") for line in text.splitlines()]
    assert any(f"来信的文字“{one}" in row(desk, tmp_path) for one in said)


FORWARDED = "您好，附件请查收。\n\n-------- 转发的邮件 --------\n发件人：小李\n主题：附件2\n\n{}\n"
VOID = "此表作废，新表明天给"


def enclosed(words: str, form: bytes) -> bytes:
    """A mail that brings a colleague's mail with its form, as a message/rfc822."""
    inner = EmailMessage()
    inner["Subject"], inner["Message-ID"] = "附件2", "<inner@colleague.example.org>"
    inner.set_content(words)
    inner.add_attachment(form, maintype="application", subtype="octet-stream", filename="附件2.docx")
    outer = message_from_bytes(office.mail(ADDRESS, "转发：附件2", attachment=b"x"), policy=default)
    _, last = outer.iter_parts()
    last.clear_content()
    last.set_content(inner)
    return outer.as_bytes()


@pytest.mark.parametrize(
    ("words", "state"), [(VOID, CellState.REVIEW), ("见附件，请查收。逾期作废。", CellState.ACCEPTED)]
)
def test_the_words_of_a_letter_that_is_forwarded_with_its_form_are_heard(desk, words, state):
    desk.receives(ADDRESS, "转发：附件2", text=FORWARDED.format(words), attachment=office.liaison(TOWN))
    assert desk.cell().state is state


@pytest.mark.parametrize(("words", "state"), [(VOID, CellState.REVIEW), ("见附件，请查收。", CellState.ACCEPTED)])
def test_so_are_those_of_a_mail_within_the_mail(desk, words, state):
    desk.place.deliver(enclosed(words, office.liaison(TOWN)), ADDRESS)
    desk.goes_on()
    assert desk.cell().state is state


@pytest.mark.parametrize(("words", "state"), [(VOID, CellState.REVIEW), ("见附件，请查收。", CellState.ACCEPTED)])
def test_so_are_those_of_a_mail_that_comes_as_a_file(desk, words, state):
    file = next(message_from_bytes(enclosed(words, office.liaison(TOWN)), policy=default).iter_attachments())
    inner = file.get_content().as_bytes()
    desk.receives(ADDRESS, "报送附件2", attachment=inner, name="转来的信.eml")
    assert desk.cell().state is state


@pytest.mark.parametrize(("words", "state"), [(VOID, CellState.REVIEW), ("附件2一份，请查收。", CellState.ACCEPTED)])
def test_so_are_those_of_a_file_of_words_beside_the_form(desk, words, state):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("附件2.docx", office.liaison(TOWN))
        archive.writestr("说明.txt", words)
    desk.receives(ADDRESS, "报送附件2", attachment=packed.getvalue(), name="报送.zip")
    assert desk.cell().state is state


def test_what_a_reply_quotes_was_said_of_another_form(desk):
    text = f"您好，新表见附件。\n\n在 2025年5月27日，我写道：\n> {VOID}\n"
    desk.receives(ADDRESS, "回复：附件2", text=text, attachment=office.liaison(TOWN), In_Reply_To="<earlier@x.example>")
    assert desk.cell().state is CellState.ACCEPTED


@pytest.mark.parametrize("text", SPOKEN)
def test_an_earlier_form_stays_in_force_until_a_person_lets_the_new_one_through(desk, tmp_path, text):
    desk.receives_form(TOWN, name=OLD)
    number = sends(desk, text)
    assert desk.cell().state is CellState.ACCEPTED
    assert desk.value("name").value == OLD
    assert OLD in row(desk, tmp_path)
    desk.acts(decide.accept, number)
    assert not desk.is_open(number)
    assert desk.cell().state is CellState.ACCEPTED
    assert desk.value("name").value == NEW
    assert "核实后通过（原有疑问：来信的文字" in row(desk, tmp_path)


def test_another_value_alone_does_not_settle_which_of_the_two_counts(desk):
    number = sends(desk, SPOKEN[0])
    desk.acts(decide.change_values, number, 1, {"手机": "13900000010"})
    assert desk.is_open(number)
    assert desk.cell().state is CellState.REVIEW
    desk.acts(decide.accept, number, ordinal=1)
    assert not desk.is_open(number)
    assert desk.value("mobile").value == "13900000010"


def test_an_answer_that_speaks_of_a_slip_waits_and_the_form_it_answers_stays_in_force(desk):
    desk.receives_form(TOWN, name=OLD)
    (receipt,) = [one for _, one in desk.place.letters()]
    sent = str(message_from_bytes(receipt.raw)["Message-ID"])
    number = desk.receives(ADDRESS, "回复：回执", text=f"姓名：林小曼（误写为“{OLD}”）\n", In_Reply_To=sent)
    assert desk.is_open(number)
    assert desk.value("name").value == OLD


@pytest.mark.parametrize(
    "text",
    [
        "请查收，谢谢！\n\n李明\n青石镇人民政府\n13900000099\nli@example.com\n",
        "请查收，谢谢！\n\n联系人：李明\n联系电话：13900000099\n单位：青石镇人民政府\n",
        f"姓名：{NEW}\n手机：{NUMBER}\n详见附件。\n",
    ],
)
def test_a_signature_or_the_same_once_more_leaves_it_in_force(desk, text):
    number = sends(desk, text)
    assert not desk.is_open(number)
    assert desk.cell().state is CellState.ACCEPTED


def test_what_does_not_speak_against_the_form_leaves_it_in_force(desk):
    number = sends(desk, "请查收。请问活动总结几号交？\n")
    assert desk.is_open(number)
    assert desk.cell().state is CellState.ACCEPTED
