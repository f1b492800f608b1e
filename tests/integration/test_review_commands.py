"""`intake review` and `intake note` as a clerk types them: what they show, what they ask before a mail, what they refuse."""

import json
from datetime import timedelta

import pytest

from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site
from tests.rig.checker import subject_of

ADDRESS = "a27398830@126.com"
TOWN, SANDS, SCHOOLS = office.UNITS
STRANGER = "somebody@mail.example.net"


@pytest.fixture
def servers():
    sink = SmtpSink(login=ADDRESS, password=office.PASSWORD)
    with DemoMailbox(ADDRESS, office.PASSWORD) as mailbox, sink:
        yield mailbox, sink


@pytest.fixture
def run(servers, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "240")  # no cell of a table is broken
    mailbox, sink = servers
    config = site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port)

    def command(*arguments) -> tuple[int, str]:
        code = main([*(str(one) for one in arguments), "--config", str(config)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out + captured.err

    command.sink = sink
    command.deliver = lambda raw: mailbox.deliver("INBOX", raw, office.START + timedelta(minutes=1))
    return command


def to_units(run) -> list[str]:
    return [subject_of(one.raw) for one in run.sink.delivered if one.recipients != (office.CLERK,)]


def cell(run, unit: str = TOWN) -> dict:
    cells = json.loads(run("status", "--json")[1])["cells"]
    return next(one for one in cells if (one["unit"], one["form"]) == (unit, "liaison"))


def waiting_form(run) -> None:
    run.deliver(office.mail(STRANGER, "电话13900000001", attachment=office.liaison("某某管理处")))
    run("run", "--once")


def test_a_form_without_a_unit_is_listed_shown_assigned_after_a_yes_and_answered(run, answers):
    waiting_form(run)
    code, out = run("review", "list")
    assert code == 1
    assert "s***@mail.example.net" in out
    assert STRANGER not in out
    assert "13900000001" not in out
    assert "某某管理处" in out
    code, out = run("review", "show", 1)
    assert code == 0
    assert "单位未能对应" in out
    assert "13900000001" in out
    assert "表1第" in out
    answers.append("n")
    code, out = run("review", "assign", 1, "青石镇", "--who", "王芳")
    assert code == 1
    assert "将发出以下邮件" in out
    assert "【收件回执】" in out
    assert "没有改动" in out
    assert cell(run)["state"] == "not_submitted"
    answers.append("y")
    code, out = run("review", "assign", 1, "青石镇", "--who", "王芳")
    assert (code, "已写入发件箱" in out) == (0, True)
    assert cell(run)["state"] == "accepted"
    run("run", "--once")
    assert to_units(run)[-1].startswith("【收件回执】青石镇人民政府")
    assert run("review", "list")[0] == 0
    assert "王芳 归属单位第1份" in run("review", "show", 1)[1]


def test_without_a_keyboard_nothing_is_mailed_and_the_way_is_told(run, answers):
    waiting_form(run)
    code, out = run("review", "assign", 1, "青石镇")
    assert (code, "--yes" in out) == (1, True)
    assert run("review", "assign", 1, "青石镇", "--yes")[0] == 0
    assert answers == []


def test_a_value_is_changed_and_a_faulty_one_refused_and_the_last_decision_undone(run, answers):
    run.deliver(office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN, mobile="1390000")))
    run("run", "--once")
    code, out = run("review", "set", 1, "手机=1390000")
    assert (code, "号码位数不对。没有改动。" in out) == (2, True)
    assert run("review", "set", 1, "手机")[0] == 2
    assert run("review", "set", 1, "手机＝139 0000 0009", "--who", "王芳")[0] == 0
    assert cell(run)["submissions"][0]["mobile"] == "13900000009"
    out = run("review", "show", 1)[1]
    assert "经办人填写（王芳" in out
    assert "人工改值" in out
    assert run("review", "list", "--unit", "青石镇")[0] == 0
    assert run("review", "undo", 1)[0] == 0
    assert cell(run)["state"] == "correction"
    assert run("review", "undo", 1)[0] == 2


def test_who_takes_back_that_a_stranger_s_form_passed_is_told_what_is_judged_anew_with_it(run, answers):
    run.deliver(office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN)))
    run("run", "--once")
    for number, mobile in enumerate(("13900000009", "13900000008"), start=2):
        attachment = office.liaison(TOWN, mobile=mobile)
        run.deliver(office.mail(STRANGER, "联络员表", number=number, attachment=attachment))
        run("run", "--once")
        if number == 2:
            assert run("review", "accept", 2, "--yes")[0] == 0
    assert cell(run)["submissions"][0]["mobile"] == "13900000008"
    code, out = run("review", "undo", 2, "--yes")
    assert (code, "同一发件人的第 3 号来件可能是凭这一件登记的，现在重新识别" in out) == (1, True)
    run("run", "--once")
    assert cell(run)["submissions"][0]["mobile"] == "13900000001"
    assert "因此重新识别的来信：第3号" in run("audit")[1].replace("\n", "").replace(" ", "")
    assert answers == []


def test_a_form_is_sent_back_with_the_clerks_words(run, answers):
    run.deliver(office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN)))
    run("run", "--once")
    assert run("review", "return", 1)[0] == 2
    answers.append("y")
    code, out = run("review", "return", 1, "--note", "职务请写全称")
    assert code == 0
    assert "经工作人员核对：职务请写全称" in out
    run("run", "--once")
    assert to_units(run)[-1].startswith("【请补正】青石镇人民政府")
    code, out = run("review", "undo", 1, "--yes")
    assert "收不回来" in out
    assert cell(run)["state"] == "accepted"


def test_a_mail_is_put_away_and_read_again(run, answers):
    run.deliver(office.mail(office.UNITS[TOWN], "请问", text="请问公章必须盖吗？\n"))
    run("run", "--once")
    assert run("review", "list")[0] == 1
    code, out = run("review", "accept", 1)
    assert (code, "没有识别出表" in out) == (2, True)
    assert run("review", "dismiss", 1, "--note", "已电话答复")[0] == 0
    assert run("review", "list")[0] == 0
    assert run("review", "reprocess", 1)[0] == 0
    run("run", "--once")
    assert run("review", "list")[0] == 0, "the decision is still about what the program reads"
    assert run("review", "show", 77)[0] == 2


def test_notes_of_units_are_made_listed_and_taken_back(run, answers):
    assert run("note", "call", "青石镇", "附件2", "--text", "已催，打13900000001", "--who", "王芳")[0] == 0
    assert run("note", "exempt", "白沙镇", "附件2")[0] == 0
    assert cell(run, SANDS)["state"] == "exempt"
    code, out = run("note", "paper", "教体局", "附件2", "姓名=林小满", "职务=主任", "手机=138")
    assert (code, "没有登记" in out) == (2, True)
    values = ("姓名=林小满", "职务=主任", "手机=13900000003")
    assert run("note", "paper", "教体局", "附件2", *values, "--on", "去年")[0] == 2
    assert run("note", "paper", "教体局", "附件2", *values, "--on", "2025-05-28")[0] == 0
    assert cell(run, SCHOOLS)["state"] == "accepted"
    assert cell(run, SCHOOLS)["late"] is False
    code, out = run("note", "list")
    assert (code, "已电话催办" in out, "免报" in out, "补录纸质件" in out) == (0, True, True, True)
    assert "13900000001" not in out
    assert run("note", "undo", 2)[0] == 0
    assert cell(run, SANDS)["state"] == "not_submitted"
    assert run("note", "undo", 2)[0] == 2
    assert run("note", "exempt", "没有这个镇")[0] == 2
    assert run("note", "exempt", "青石镇", "附件9")[0] == 2


def test_the_system_user_signs_where_nobody_is_named(run, answers, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "zhang")
    run("note", "call", "青石镇")
    assert "zhang" in run("note", "list")[1]


def test_accepting_what_is_accepted_changes_nothing_and_stops_no_letter(run, answers):
    run.deliver(office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN)))
    run("run", "--once")
    run("outbox", "pause")
    number = next(
        one["id"]
        for one in map(json.loads, run("outbox", "list", "--all", "--json")[1].splitlines())
        if one["kind"] == "acknowledgement"
    )
    assert run("outbox", "resend", number, "--yes")[0] == 0
    code, out = run("review", "accept", 1, "--yes")
    assert (code, "已经受理" in out, "没有改动" in out) == (2, True, True)
    letters = list(map(json.loads, run("outbox", "list", "--json")[1].splitlines()))
    assert "queued" in [one["state"] for one in letters if one["kind"] == "acknowledgement"]
    answers.append("n")
    code, out = run("review", "dismiss", 1)
    assert (code, "将取消还没有发出的" in out, "没有改动" in out) == (1, True, True)
    assert list(map(json.loads, run("outbox", "list", "--json")[1].splitlines())) == letters


@pytest.mark.parametrize("command", ["review", "note"])
def test_the_help_is_chinese(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "操作" in capsys.readouterr().out
