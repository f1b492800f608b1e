"""A mail over the limit is not fetched: the office is told until it has been, or a person has put it away."""

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import time, timedelta
from email import message_from_bytes

import pytest

from intake.db.models import MessageRow, OutboxRow
from scheduler import jobs, watching
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.cli import main
from scheduler.desk.verify import verify
from scheduler.health import State
from tests.builders import office
from tests.builders.site import site

ADDRESS = "a27398830@126.com"
TOWN, SANDS, _ = office.UNITS
MEGABYTE = 2**20


@pytest.fixture
def servers():
    with (
        DemoMailbox(ADDRESS, office.PASSWORD) as imap,
        SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink,
    ):
        yield imap, sink


@pytest.fixture
def clock():
    return SteppedClock(office.START + timedelta(hours=1))


def form(unit, *, padding=0):
    """A filled form; `padding` bytes more make the mail large."""
    return office.mail(office.UNITS[unit], "联络员表", text="x" * 70 + "\n", attachment=office.liaison(unit)) + (
        b" " * 76 + b"\r\n"
    ) * (padding // 78)


@contextmanager
def service(servers, folder, clock, *, limit=MEGABYTE):
    imap, sink = servers
    given = office.settings(folder / "data", imap_port=imap.port, smtp_port=sink.port)
    polling = replace(given.polling, maximum_mail_bytes=limit)
    clerk = replace(given.clerk, addresses=(office.CLERK,), digest_at=time(9))
    with open_app(replace(given, polling=polling, clerk=clerk), clock, roster=office.roster()) as app:
        yield app


def a_round(app):
    app.clock.sleep(60)
    assert jobs.one_round(app) is None
    watching.watch(app)
    return {one.cause: one for one in app.board.latest()[0].symptoms}


def letters(app, kind):
    with app.bench.sessions() as session:
        raws = [row.raw for row in session.query(OutboxRow).filter(OutboxRow.kind == kind).order_by(OutboxRow.id)]
    return [message_from_bytes(raw).get_payload(0).get_payload(decode=True).decode() for raw in raws]


def fetched(app):
    with app.bench.sessions() as session:
        return session.query(MessageRow).count()


def registered(app):
    return next(one for one in verify(app) if one.what == "来件都有登记")


def test_it_is_told_by_the_health_the_digest_an_alarm_and_verify(servers, clock, tmp_path):
    servers[0].deliver(INBOX, form(TOWN, padding=2 * MEGABYTE), office.START)
    with service(servers, tmp_path, clock) as app:
        found = a_round(app)
        assert found["oversize"].state is State.WARN
        assert "1 封来件超过单封大小上限 1 MB，没有取回（在收件箱，最早的5月28日09:00收到，最大的 3 MB）" in (
            found["oversize"].what
        )
        (alarm,) = letters(app, "alarm")
        assert "没有人答复发件人" in alarm
        assert "maximum_mail_mb" in alarm
        for _ in range(3):
            a_round(app)
        assert len(letters(app, "alarm")) == 1
        clock.sleep(24 * 3600)
        assert "oversize" in a_round(app)
        assert "留意：1 封来件超过单封大小上限" in letters(app, "digest")[-1]
        assert (registered(app).ok, registered(app).words) == (
            True,
            "核对无误；另有 1 封超过大小上限，没有取回，见 intake status",
        )


def test_what_comes_later_is_told_too_once_the_hour_of_the_first_alarm_is_over(servers, clock, tmp_path):
    with service(servers, tmp_path, clock) as app:
        for number, unit in enumerate((TOWN, SANDS), start=1):
            servers[0].deliver(INBOX, form(unit, padding=2 * MEGABYTE), office.START)
            assert a_round(app)["oversize"].what.startswith(f"{number} 封")
        assert len(letters(app, "alarm")) == 1
        clock.sleep(3600)
        a_round(app)
        assert len(letters(app, "alarm")) == 2


def test_a_raised_limit_fetches_and_answers_it_and_ends_the_symptom(servers, clock, tmp_path):
    servers[0].deliver(INBOX, form(TOWN, padding=2 * MEGABYTE), office.START)
    with service(servers, tmp_path, clock) as app:
        a_round(app)
        assert (fetched(app), letters(app, "acknowledgement")) == (0, [])
    with service(servers, tmp_path, clock, limit=3 * MEGABYTE) as app:
        assert "oversize" not in a_round(app)
        assert (fetched(app), len(letters(app, "acknowledgement"))) == (1, 1)
        assert registered(app).words == "核对无误"


@pytest.mark.parametrize("how", ["moved", "deleted"])
def test_a_clerk_who_puts_it_away_ends_the_symptom(servers, clock, tmp_path, how):
    imap = servers[0]
    uid = imap.deliver(INBOX, form(TOWN, padding=2 * MEGABYTE), office.START)
    with service(servers, tmp_path, clock) as app:
        assert "oversize" in a_round(app)
        imap.mailbox.move(INBOX, uid, "已删除") if how == "moved" else imap.mailbox.remove(INBOX, uid)
        assert "oversize" not in a_round(app)
        assert registered(app).words == "核对无误"
        assert len(letters(app, "alarm")) == 1


def test_the_commands_tell_it_and_a_limit_raised_in_the_file_fetches_it(servers, capsys, tmp_path):
    imap, sink = servers
    config = site(tmp_path, imap_port=imap.port, smtp_port=sink.port)

    def limit(megabytes):
        text = config.read_text(encoding="utf-8")
        for key in ("large_mail_mb", "maximum_mail_mb"):
            text = re.sub(rf"(?m)^{key} = \d+", f"{key} = {megabytes}", text)
        config.write_text(text, encoding="utf-8")

    def told(*arguments):
        main([*arguments, "--config", str(config)])
        return capsys.readouterr().out

    limit(1)
    imap.deliver(INBOX, form(TOWN, padding=2 * MEGABYTE), office.START)
    told("run", "--once")
    status = told("status")
    assert "运行状况：有待留意" in status
    assert "1 封来件超过单封大小上限 1 MB，没有取回" in status
    (problem,) = json.loads(told("status", "--json"))["health"]["problems"]
    assert (problem["cause"], problem["state"]) == ("oversize", "warn")
    assert "另有 1 封超过大小上限，没有取回" in told("verify")
    limit(3)
    told("run", "--once")
    assert "运行状况：正常" in told("status")
    assert "没有取回" not in told("verify")


def test_its_unit_is_not_told_that_nothing_has_come_and_the_digest_says_why(servers, clock, tmp_path):
    servers[0].deliver(INBOX, form(TOWN, padding=2 * MEGABYTE), office.START)
    with service(servers, tmp_path, clock) as app:
        for _ in range(6):
            a_round(app)
            clock.sleep(24 * 3600)
        with app.bench.sessions() as session:
            reminded = {row.unit for row in session.query(OutboxRow).filter(OutboxRow.kind == "reminder")}
        assert SANDS in reminded
        assert TOWN not in reminded
        (row,) = [line for line in letters(app, "digest")[-1].splitlines() if line.startswith(f"　{TOWN}：")]
        assert "有来件过大未取回，取回或清理以前不催报" in row


def test_once_it_is_put_away_the_unit_is_reminded_like_any_other(servers, clock, tmp_path):
    imap = servers[0]
    uid = imap.deliver(INBOX, form(TOWN, padding=2 * MEGABYTE), office.START)
    with service(servers, tmp_path, clock) as app:
        a_round(app)
        imap.mailbox.remove(INBOX, uid)
        for _ in range(4):
            clock.sleep(24 * 3600)
            a_round(app)
        with app.bench.sessions() as session:
            reminded = {row.unit for row in session.query(OutboxRow).filter(OutboxRow.kind == "reminder")}
        assert TOWN in reminded
