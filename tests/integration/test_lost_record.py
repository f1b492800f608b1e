"""A data directory that is gone, with the record in it: no unit is answered a second time, and the office is told.

The Sent folder is filled as the provider fills it, with every letter that the server took.
"""

import os
import shutil
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

import pytest
from sqlalchemy import select

from intake.db import lists
from intake.db.models import OutboxRow
from intake.model import OutboxState
from intake.settings import SendMode
from scheduler import first_letter, jobs, recovery, trial_letter, watching
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site
from tests.rig.checker import subject_of

ADDRESS = "a27398830@126.com"
TOWN, SANDS, _ = office.UNITS
LATER = office.START + timedelta(hours=1)


@pytest.fixture
def servers():
    with (
        DemoMailbox(ADDRESS, office.PASSWORD) as imap,
        SmtpSink(
            login=ADDRESS,
            password=office.PASSWORD,
            on_mail=lambda letter: imap.deliver(SENT, letter.raw, LATER),
        ) as sink,
    ):
        for number, unit in enumerate((TOWN, SANDS), start=1):
            raw = office.mail(office.UNITS[unit], "联络员表", attachment=office.liaison(unit), number=number)
            imap.deliver(INBOX, raw, office.START)
        yield imap, sink


def to_units(sink) -> int:
    return sum(one.recipients != (office.CLERK,) for one in sink.delivered)


def alarms_in(sink) -> list[str]:
    letters = [message_from_bytes(one.raw) for one in sink.delivered if one.recipients == (office.CLERK,)]
    told = [(subject_of(one.as_bytes()), one.get_payload(0).get_payload(decode=True).decode()) for one in letters]
    return [body for subject, body in told if "系统异常" in subject]


def a_round(folder, servers, *, later=LATER, beside=None, **changes):
    """One round; `beside`: the folder of the configuration, which outlives that of the data."""
    imap, sink = servers
    settings = office.settings(folder, imap_port=imap.port, smtp_port=sink.port, **changes)
    if beside is not None:
        settings = replace(settings, source=beside / "config.toml")
    with open_app(settings, SteppedClock(later), roster=office.roster()) as app:
        assert jobs.one_round(app) is None
        health = watching.examine(app)
        with app.bench.reading() as session:
            held = lists.count_letters(session, (OutboxState.HELD,))
    return health, held


def test_a_record_begun_beside_letters_of_ours_holds_all_and_says_what_is_lost(tmp_path, servers):
    _, sink = servers
    health, held = a_round(tmp_path / "data", servers)
    assert held == 0
    before = len(sink.delivered)
    assert before == 2
    assert "held" not in {one.cause for one in health.symptoms}
    shutil.rmtree(tmp_path / "data")
    health, held = a_round(tmp_path / "data", servers, later=LATER + timedelta(hours=1))
    assert len(sink.delivered) == before, "no unit is answered twice"
    assert held == 2
    (symptom,) = [one for one in health.symptoms if one.cause == "held"]
    assert "已经发出的 2 封信" in symptom.sentence
    assert "data_dir" in symptom.sentence
    imap, _ = servers
    settings = office.settings(tmp_path / "data", imap_port=imap.port, smtp_port=sink.port)
    with open_app(settings, SteppedClock(LATER + timedelta(hours=2)), roster=office.roster()) as app:
        jobs.one_round(app)  # the Sent folder is asked about each
        with app.bench.reading() as session:
            answers = set(session.scalars(select(OutboxRow.answer)))
    assert len(answers) == 1
    assert "无法自动判断" in answers.pop(), "nobody is told that it has likely not been sent"


def test_a_letter_to_the_clerk_that_left_before_the_mailbox_could_be_reached_is_our_own(tmp_path, servers):
    imap, sink = servers
    settings = office.settings(tmp_path / "data", imap_port=imap.port, smtp_port=sink.port)
    settings = replace(settings, clerk=replace(settings.clerk, addresses=(office.CLERK,)))
    with open_app(settings, SteppedClock(LATER), roster=office.roster()) as app:
        trial_letter.send(app, office.CLERK, LATER, who="章某某")
        jobs.deliver(app)
    assert len(sink.delivered) == 1
    health, held = a_round(tmp_path / "data", servers)
    assert (len(sink.delivered), held) == (3, 0)
    assert "held" not in {one.cause for one in health.symptoms}


def test_letters_of_an_earlier_campaign_hold_nothing(tmp_path, servers, monkeypatch):
    a_round(tmp_path / "data", servers)
    shutil.rmtree(tmp_path / "data")
    began = office.START.date() + timedelta(days=1)
    settings = office.settings
    monkeypatch.setattr(
        office,
        "settings",
        lambda *where, **how: replace(
            made := settings(*where, **how), campaign=replace(made.campaign, starts_on=began)
        ),
    )
    health, _ = a_round(tmp_path / "data", servers)
    assert "held" not in {one.cause for one in health.symptoms}


@pytest.mark.usefixtures("brief")
def test_a_disk_that_is_not_there_is_no_first_start(tmp_path, servers, capsys):
    imap, sink = servers
    config = site(tmp_path, imap_port=imap.port, smtp_port=sink.port)
    config.write_text(config.read_text().replace('data_dir = "data"', 'data_dir = "disk/data"', 1))
    assert main(["run", "--once", "--config", str(config)]) == 2
    assert "上级文件夹不存在" in capsys.readouterr().err
    assert main(["check", "--offline", "--config", str(config)]) == 2
    assert "上级文件夹不存在" in capsys.readouterr().out
    assert not (tmp_path / "disk").exists()
    assert not sink.delivered


def test_a_data_directory_that_has_become_read_only_is_told_in_words(tmp_path, servers, capsys, monkeypatch):
    imap, sink = servers
    config = site(tmp_path, imap_port=imap.port, smtp_port=sink.port)
    assert main(["run", "--once", "--config", str(config)]) == 0
    capsys.readouterr()
    monkeypatch.setattr(os, "access", lambda *_: False)  # as a mount that is read-only answers, to root too
    for command in (["run", "--once"], ["status"]):
        assert main([*command, "--config", str(config)]) == 2
        assert "数据目录不能写入" in capsys.readouterr().err


@pytest.fixture
def uncopied():
    """A provider that files nothing as sent."""
    with DemoMailbox(ADDRESS, office.PASSWORD) as imap, SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink:
        for number, unit in enumerate((TOWN, SANDS), start=1):
            raw = office.mail(office.UNITS[unit], "联络员表", attachment=office.liaison(unit), number=number)
            imap.deliver(INBOX, raw, office.START)
        yield imap, sink


def test_without_copies_of_what_was_sent_the_mark_beside_the_configuration_tells_of_it(tmp_path, uncopied):
    _, sink = uncopied
    _, held = a_round(tmp_path / "data", uncopied, beside=tmp_path)
    assert (len(sink.delivered), held) == (2, 0)
    shutil.rmtree(tmp_path / "data")
    health, held = a_round(tmp_path / "data", uncopied, later=LATER + timedelta(hours=1), beside=tmp_path)
    assert (len(sink.delivered), held) == (2, 2), "no unit is answered twice"
    (symptom,) = [one for one in health.symptoms if one.cause == "held"]
    assert "按这份配置已经给各单位发过信" in symptom.sentence
    assert "data_dir" in symptom.sentence


def test_a_record_that_is_looked_at_before_it_begins_says_that_the_old_one_is_lost(tmp_path, uncopied):
    imap, sink = uncopied
    a_round(tmp_path / "data", uncopied, beside=tmp_path)
    shutil.rmtree(tmp_path / "data")
    settings = office.settings(tmp_path / "data", imap_port=imap.port, smtp_port=sink.port)
    settings = replace(settings, source=tmp_path / "config.toml")
    with open_app(settings, SteppedClock(LATER), roster=office.roster()) as app:
        assert "held" in {one.cause for one in watching.examine(app).symptoms}
    assert "held" in {one.cause for one in a_round(tmp_path / "data", uncopied, beside=tmp_path)[0].symptoms}
    assert len(sink.delivered) == 2


def test_nothing_is_marked_before_a_unit_is_written_to(tmp_path, uncopied):
    _, sink = uncopied
    _, held = a_round(tmp_path / "data", uncopied, beside=tmp_path, mode=SendMode.HOLD)
    assert (len(sink.delivered), held) == (0, 2)
    shutil.rmtree(tmp_path / "data")
    _, held = a_round(tmp_path / "data", uncopied, beside=tmp_path)
    assert (len(sink.delivered), held) == (2, 0), "who has only tried the program begins as if for the first time"


@pytest.mark.parametrize("other", ["mailbox", "campaign"])
def test_the_mark_of_another_mailbox_or_campaign_holds_nothing(tmp_path, uncopied, other):
    _, sink = uncopied
    a_round(tmp_path / "data", uncopied, beside=tmp_path)
    shutil.rmtree(tmp_path / "data")
    mark = tmp_path / "config.toml.sent"
    mark.write_text(mark.read_text(encoding="utf-8").replace(f"{other} = ", f"{other} = x"), encoding="utf-8")
    _, held = a_round(tmp_path / "data", uncopied, beside=tmp_path)
    assert (len(sink.delivered), held) == (4, 0)


def test_a_mark_that_a_crash_or_an_older_release_did_not_leave_is_left_at_the_next_start(tmp_path, uncopied):
    imap, sink = uncopied
    a_round(tmp_path / "data", uncopied, beside=tmp_path)
    (tmp_path / "config.toml.sent").unlink()
    settings = replace(
        office.settings(tmp_path / "data", imap_port=imap.port, smtp_port=sink.port), source=tmp_path / "config.toml"
    )
    with open_app(settings, SteppedClock(LATER), roster=office.roster()) as app:
        recovery.recover(app)
    assert "请不要删除" in (tmp_path / "config.toml.sent").read_text(encoding="utf-8")


def test_a_folder_where_the_mark_can_not_be_left_stops_no_letter(tmp_path, uncopied, caplog):
    _, sink = uncopied
    a_round(tmp_path / "data", uncopied, beside=tmp_path / "is not there")
    assert len(sink.delivered) == 2
    assert "action=first_letter.not_marked" in caplog.text


@pytest.mark.usefixtures("brief")
def test_check_says_that_the_record_is_lost_before_anything_is_begun(tmp_path, uncopied, capsys):
    imap, sink = uncopied
    config = site(tmp_path, imap_port=imap.port, smtp_port=sink.port)
    assert main(["run", "--once", "--config", str(config)]) == 0
    assert to_units(sink) == 2
    shutil.rmtree(tmp_path / "data")
    assert main(["check", "--offline", "--config", str(config)]) == 2
    assert "多半是数据目录不见了" in capsys.readouterr().out.replace("\n", "")
    assert main(["run", "--once", "--config", str(config)]) == 1
    assert to_units(sink) == 2


def test_the_example_that_comes_with_the_program_is_never_marked(tmp_path, uncopied):
    a_round(tmp_path / "first", uncopied)  # by the example's own settings, as a demo is played
    assert not first_letter.path_of(office.settings(tmp_path, imap_port=1, smtp_port=1)).exists()
    _, held = a_round(tmp_path / "second", uncopied)
    assert (len(uncopied[1].delivered), held) == (4, 0)


def test_the_clerk_is_told_at_once_and_no_first_step_advises_to_release(tmp_path, uncopied, capsys):
    imap, sink = uncopied
    config = site(tmp_path, imap_port=imap.port, smtp_port=sink.port)
    assert main(["run", "--once", "--config", str(config)]) == 0
    shutil.rmtree(tmp_path / "data")
    assert main(["run", "--once", "--config", str(config)]) == 1
    (alarm,) = alarms_in(sink)
    assert "按这份配置已经给各单位发过信" in alarm
    assert "请先停止程序" in alarm, "not by the digest of Monday"
    assert main(["run", "--once", "--config", str(config)]) == 1
    assert (len(alarms_in(sink)), to_units(sink)) == (1, 2)
    capsys.readouterr()
    main(["status", "--config", str(config)])
    told = capsys.readouterr().out.replace("\n", "")
    assert "登记是新建的" in told
    assert "接下来做什么" not in told
    main(["outbox", "release", "--all", "--yes", "--config", str(config)])
    main(["status", "--config", str(config)])
    assert "登记是新建的" not in capsys.readouterr().out
