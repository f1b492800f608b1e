"""A leader's group beside the liaison officer's: from the unit's table by the locked worker to what the clerk sees of it."""

import io
import json
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP

import docx
import pytest
from openpyxl import load_workbook

from intake.blanks import docx_form
from intake.config import example_path, load
from intake.model import FormId
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site

LIAISON = load(example_path(), environment={}, need_password=False).campaign.collection(FormId("liaison")).form
TOWN = "青石镇人民政府"
LEADER, OFFICER = ("李志明", "男", "副镇长", "13805950001"), ("林小满", "女", "科员", "13900000001")
NOTE = "表中另有分管领导一组，未登记"


def two_groups(leader=LEADER, officer=OFFICER) -> bytes:
    """分管领导 and 联络员 each beside two rows of their own labels, as a town's office draws it."""
    made, stream = docx.Document(), io.BytesIO()
    made.add_paragraph(LIAISON.title)
    table = made.add_table(rows=5, cols=5, style="Table Grid")
    table.cell(0, 0).text = "单位名称"
    table.cell(0, 1).merge(table.cell(0, 4)).text = TOWN
    for first, heading, person in ((1, "分管领导", leader), (3, "联络员", officer)):
        table.cell(first, 0).merge(table.cell(first + 1, 0)).text = heading
        texts = [text for pair in zip(("姓名", "性别", "职务", "手机"), person, strict=True) for text in pair]
        for number, text in enumerate(texts):
            table.cell(first + number // 4, 1 + number % 4).text = text
    made.add_paragraph()
    made.save(stream)
    return stream.getvalue()


def words_of(letter: bytes) -> str:
    parts = message_from_bytes(letter, policy=SMTP).walk()
    return "".join(part.get_content() for part in parts if part.get_content_maintype() == "text")


@pytest.fixture
def mailbox():
    with DemoMailbox("a27398830@126.com", office.PASSWORD) as server:
        yield server


@pytest.fixture
def sink():
    with SmtpSink(login="a27398830@126.com", password=office.PASSWORD) as server:
        yield server


@pytest.fixture
def config(mailbox, sink, tmp_path):
    return site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port)


def run(capsys, *arguments) -> tuple[int, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.out


@pytest.mark.parametrize("blank", [False, True])
def test_a_group_that_is_left_out_is_told_to_the_clerk_and_filed_nowhere(
    capsys, config, mailbox, sink, tmp_path, blank
):
    if blank:
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("#blank = ", "blank = ", 1), encoding="utf-8")
        (tmp_path / "附件2.docx").write_bytes(docx_form(LIAISON))
    raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=two_groups())
    mail = tmp_path / "来件.eml"
    mail.write_bytes(raw)
    told = json.loads(run(capsys, "inspect", mail, "--json", "--explain", "--config", config)[1])
    assert NOTE in told["reason"]
    assert NOTE in told["explanation"]["reasons"]
    (submission,) = told["submissions"]
    officer = {"name": "林小满", "gender": "女", "position": "科员", "mobile": "13900000001", "unit": TOWN}
    assert {key: value for key, value in submission["fields"].items() if value is not None} == officer
    shown = "".join(run(capsys, "inspect", mail, "--config", config)[1].split())
    assert f"说明：{NOTE}" in shown

    mailbox.deliver("INBOX", raw, office.START + timedelta(minutes=1))
    run(capsys, "run", "--once", "--config", config)
    assert run(capsys, "export", tmp_path / "汇总表.xlsx", "--config", config)[0] == 0
    book = load_workbook(tmp_path / "汇总表.xlsx")
    texts = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    assert [text for text in texts if NOTE in text], "the remarks of the summary tell it"
    assert "13900000001" in texts
    assert not [text for text in texts if "李志明" in text or "13805950001" in text]
    (letter,) = [one for one in sink.delivered if one.recipients != (office.CLERK,)]
    assert "13900000001" in words_of(letter.raw)
    assert "13805950001" not in words_of(letter.raw)


def test_a_form_with_nobody_but_the_leader_is_no_empty_form(capsys, config, tmp_path):
    """The unit is not told that it mailed an empty form; who is meant is for a person to say."""
    file = tmp_path / "附件2.docx"
    file.write_bytes(two_groups(officer=("", "", "", "")))
    code, out = run(capsys, "inspect", file, "--json", "--config", config)
    told = json.loads(out)
    assert (code, told["disposition"]) == (1, "review")
    assert "表中有几种身份的人员" in told["reason"]
    file.write_bytes(two_groups(leader=("", "", "", ""), officer=("", "", "", "")))
    told = json.loads(run(capsys, "inspect", file, "--json", "--config", config)[1])
    assert told["disposition"] == "correction"
    assert "空白表" in told["reason"]
