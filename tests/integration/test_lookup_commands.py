"""`intake unit`, `intake mails`, `intake stats` and `intake audit`: what the pages show, as a clerk types it."""

import json
import re
import subprocess
import sys
from datetime import timedelta

import pytest

from intake.db.engine import open_engine, session_factory
from intake.model import OutboxState
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site
from tests.web import many

ADDRESS = "a27398830@126.com"
TOWN, SANDS, SCHOOLS = office.UNITS
STRANGER = "somebody@mail.example.net"
MARKUP = "[/red]<b>[bold]报送 13900000009"
MOBILE = "13900000001"
LONG = "关于报送" * 30


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """One unit that sent its form and changed it, one that has to mend it, and a stranger whose subject is markup to rich."""
    folder = tmp_path_factory.mktemp("lookup")
    with DemoMailbox(ADDRESS, office.PASSWORD) as mailbox, SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink:
        config = site(folder, imap_port=mailbox.port, smtp_port=sink.port)
        for number, (sender, subject, form) in enumerate(
            (
                (office.UNITS[TOWN], "联络员表", office.liaison(TOWN)),
                (office.UNITS[TOWN], "更正", office.liaison(TOWN, mobile="13900000002")),
                (office.UNITS[SANDS], "附件2", office.liaison(SANDS, mobile="")),
                (STRANGER, MARKUP + LONG, office.liaison("某某管理处")),
            ),
            start=1,
        ):
            raw = office.mail(sender, subject, attachment=form, number=number)
            mailbox.deliver("INBOX", raw, office.START + timedelta(minutes=number))
            main(["run", "--once", "--config", str(config)])
        yield config


@pytest.fixture
def run(place, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "260")  # no cell of a table is broken

    def command(*arguments) -> tuple[int, str]:
        capsys.readouterr()
        code = main([*(str(one) for one in arguments), "--config", str(place)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out + captured.err

    return command


def cells(line: str) -> list[str]:
    return [one.strip() for one in re.split("[│┃]", line)[1:-1]]


def table(out: str, title: str) -> list[list[str]]:
    """The rows of the table under a title."""
    lines = f"\n{out}".partition(f"\n{title}")[2].splitlines()[1:]
    found = []
    for line in lines:
        if line.startswith("└"):
            break
        if line.startswith(("│", "┃")):
            found.append(cells(line))
    return found


# --- one unit --------------------------------------------------------------------------------------------------------


def test_a_unit_is_told_by_its_short_name_with_contacts_standing_versions_and_what_changed(run):
    code, out = run("unit", "青石镇")
    assert code == 0
    assert f"1　{TOWN}" in out
    assert f"邮箱：{office.UNITS[TOWN]}" in out
    assert "0595-27390000" in out
    owed = table(out, "应报材料")[1:]
    assert [row[2] for row in owed] == ["自愿", "应报", "应报", "自愿"]
    assert owed[1][4].startswith("已受理")
    assert owed[1][5] == "2"
    assert ["手机", MOBILE, "13900000002"] in table(out, "变动")
    values = {row[0]: row[1:] for row in table(out, "附件2.docx")[1:]}
    assert values["手机"][0] == "13900000002"
    assert re.match(r"表\d+第\d+行", values["手机"][2])
    assert f"第2版　已受理　现行　5月28日09:02由 {office.UNITS[TOWN]} 发来，第2号来信" in out


def test_the_timeline_of_a_unit_has_mails_letters_notes_and_decisions(run):
    run("note", "call", "青石镇", "附件2", "--text", "已催", "--who", "王芳")
    run("review", "set", "1", "职务=另一个职务", "--who", "王芳", "--yes")
    rows = table(run("unit", TOWN)[1], "往来记录")[1:]
    told = {(row[1], row[3].partition("《")[0], row[5]) for row in rows}
    assert ("记录", "电话联系", "王芳") in told
    assert ("核实", "改值", "王芳") in told
    assert ("来信", "受理", office.UNITS[TOWN]) in told
    assert any(way == "去信" and fate.startswith("更新回执") for way, fate, _ in told)
    assert not any("另一个职务" in cell for row in rows for cell in row)


def test_a_paper_copy_and_what_it_lacks_are_told_of_the_version(run):
    run("note", "paper", "教体局", "附件2", "姓名=林小满", "职务=主任", "手机=13900000005", "--who", "王芳")
    out = run("unit", "教体局")[1]
    assert "收到纸质件" in out
    assert "补录" in out
    assert "“手机”未填写" in run("unit", "白沙镇")[1]


def test_a_name_that_is_nobodys_is_refused_with_what_is_near(run):
    code, out = run("unit", "青沙镇人民政府")
    assert code == 2
    assert "名册上没有“青沙镇人民政府”" in out


# --- mails -----------------------------------------------------------------------------------------------------------


def test_a_long_subject_is_cut_in_every_list(run):
    for command in (("mails",), ("review", "list"), ("status",)):
        _, out = run(*command)
        (row,) = [line for line in out.splitlines() if "[bold]报送" in line]
        assert "关于报送" in row, command
        assert "…" in row, command
        assert LONG not in row, command


def test_mails_stand_newest_first_masked_with_their_fate_and_markup_in_a_subject_is_shown_as_it_stands(run):
    code, out = run("mails")
    assert code == 0
    rows = table(out, "来信")[1:]
    assert [row[0] for row in rows] == ["4", "3", "2", "1"]
    assert [row[4] for row in rows][:2] == ["待人工核实", "请补正"]
    assert rows[0][3].startswith("[/red]<b>[bold]报送 139****0009")
    assert "s***@mail.example.net" in rows[0][2]
    assert STRANGER not in out
    assert office.UNITS[TOWN] not in out
    assert "共 4 封" in out


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--search", "白沙镇"), ["3"]),
        (("--search", "更正"), ["2"]),
        (("--search", "%"), []),
        (("--fate", "correction"), ["3"]),
        (("--fate", "待人工核实"), ["4"]),
        (("--limit", "2"), ["4", "3"]),
    ],
)
def test_mails_are_searched_filtered_and_cut_as_on_the_page(run, options, numbers):
    code, out = run("mails", *options)
    assert code == 0
    assert [row[0] for row in table(out, "来信")[1:]] == numbers
    assert ("只列出新来的 2 封" in out) == (options == ("--limit", "2"))


def test_mails_as_json_have_one_object_a_line_and_no_whole_address(run):
    lines = run("mails", "--json", "--fate", "review")[1].splitlines()
    (one,) = map(json.loads, lines)
    assert (one["id"], one["fate"], one["from"]) == (4, "review", "s***@mail.example.net")


def test_one_mail_is_told_in_full_with_its_parts_what_was_read_and_what_was_answered(run):
    code, out = run("mails", "3")
    assert code == 0
    assert office.UNITS[SANDS] in out
    parts = table(out, "正文和附件")[1:]
    assert [row[1] for row in parts] == ["正文", "附件"]
    assert "读出《" in parts[1][5]
    assert "│ 手机" in out
    assert "“手机”未填写" in out
    assert table(out, "因此写的信")[1][2:4] == ["已发送", "补正通知"]


def test_a_mail_that_is_not_there_is_refused(run):
    code, out = run("mails", "99")
    assert (code, "没有编号为 99 的来信" in out) == (2, True)


def test_no_list_of_the_commands_stumbles_over_markup(run):
    assert "[/red]<b>[bold]报送" in run("review", "list")[1]
    assert "[/red]<b>[bold]报送" in run("mails", "4")[1]
    run("note", "call", "白沙镇", "--text", "[/b]已催", "--who", "[/i]王芳")
    assert "[/b]已催" in run("note", "list")[1]
    assert "[/i]王芳" in run("unit", "白沙镇")[1]
    assert run("outbox", "list", "--all")[0] in (0, 1)


# --- figures ---------------------------------------------------------------------------------------------------------


def test_the_campaign_is_told_in_numbers(run):
    code, out = run("stats")
    assert code == 0
    fates = {row[0]: row[1] for row in table(out, "来信去向")[1:]}
    assert (fates["受理"], fates["请补正"], fates["待人工核实"], fates["合计"]) == ("2", "1", "1", "4")
    times = table(out, "各表何时报来")[1:]
    assert times[1][1] == "3"
    assert times[3][6] == "—"
    assert any(row[:3] == ["5月28日（周三）", "4", "0"] for row in table(out, "每日来信"))
    for name in (TOWN, SANDS, STRANGER):
        assert name not in out


def test_the_lookups_load_neither_flask_nor_rich():
    code = (
        "import sys, scheduler.lookup.units, scheduler.lookup.mails, scheduler.lookup.statistics, scheduler.lookup.audit;"
        "assert not {'flask', 'rich', 'werkzeug'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- who did what ----------------------------------------------------------------------------------------------------


def test_what_people_did_is_listed_by_person_and_day(run):
    run("note", "call", "教体局", "--who", "赵某某", "--text", "私下说的话")
    code, out = run("audit", "--who", "赵某某")
    assert code == 0
    assert [row[1:4] for row in table(out, "操作记录")[1:]] == [["赵某某", "标记已电话催办", SCHOOLS]]
    assert "私下说的话" not in out
    assert "共 1 条" in out
    assert table(run("audit", "--day", "2001-01-01")[1], "操作记录")[1:] == []
    assert "没有叫“没有的人”的经办人" in run("audit", "--who", "没有的人")[1]
    assert len(table(run("audit", "--limit", "1")[1], "操作记录")[1:]) == 1
    assert run("audit", "--day", "昨天")[0] == 2


# --- what a note stops -----------------------------------------------------------------------------------------------


def test_excusing_a_unit_tells_how_many_reminders_will_not_go(run, place):
    engine = open_engine(f"sqlite:///{place.parent / 'data' / 'intake.db'}")
    try:
        with session_factory(engine).begin() as session:
            many.letter(session, 900, SCHOOLS, office.START, "summary", state=OutboxState.HELD, sent_at=None)
    finally:
        engine.dispose()
    assert "1 封还没有发出的提醒已取消" in run("note", "exempt", "教体局", "--who", "王芳")[1]
    assert "提醒已取消" not in run("note", "exempt", "教体局", "--who", "王芳")[1]
