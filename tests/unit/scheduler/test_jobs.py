"""The ticks at their edges: a bug shunts one mail and spares the others, troubles are told, a reload ends a rest."""

import sqlite3
from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from intake import pipeline
from intake.db import heartbeats, queries
from intake.db.models import HeartbeatRow, MessageRow, OutboxRow
from intake.errors import OfficeError, TransientServerError
from intake.model import OutboxState
from intake.roster import parse_roster
from intake.settings import SendMode
from parsers.engines import Engine
from parsers.isolate import NoService, Worker
from scheduler import guard, jobs, papers, recovery
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import office

ADDRESS = "a27398830@126.com"
TOWN, SANDS = "青石镇人民政府", "白沙镇人民政府"


@pytest.fixture
def mailbox():
    with DemoMailbox(ADDRESS, office.PASSWORD) as server:
        yield server


@pytest.fixture
def sink():
    with SmtpSink(login=ADDRESS, password=office.PASSWORD) as server:
        yield server


@pytest.fixture
def clock():
    return SteppedClock(office.START)


@pytest.fixture
def app(mailbox, sink, clock, tmp_path):
    settings = office.settings(tmp_path / "data", imap_port=mailbox.port, smtp_port=sink.port)
    with open_app(settings, clock, roster=office.roster()) as opened:
        recovery.recover(opened)
        yield opened


def put(mailbox, unit: str, number: int, **changes) -> None:
    raw = office.mail(office.UNITS[unit], "联络员表", attachment=office.liaison(unit, **changes), number=number)
    mailbox.deliver("INBOX", raw, office.START + timedelta(minutes=number))


def rows(app, table):
    with app.bench.sessions() as session:
        return session.query(table).order_by(table.id).all()


def test_a_mail_that_meets_a_bug_is_tried_three_times_then_shunted_and_the_others_go_on(
    app, mailbox, sink, clock, monkeypatch
):
    put(mailbox, TOWN, 1)
    put(mailbox, SANDS, 2)
    real = pipeline.assess

    def assess(reading, *arguments, **options):
        if "qingshi" in reading.head.from_address:
            raise KeyError("a bug of ours, met by 13900000001")
        return real(reading, *arguments, **options)

    monkeypatch.setattr(pipeline, "assess", assess)
    for _ in range(4):
        assert jobs.one_round(app) is None
        clock.sleep(600)
    bad, good = rows(app, MessageRow)
    assert (bad.state, bad.attempts, bad.review_open) == ("shunted", 3, True)
    assert "KeyError" in bad.error
    assert "13900000001" not in bad.error
    assert good.state == "filed"
    assert len(sink.delivered) == 1


def test_a_mail_whose_tries_ended_with_the_process_waits_behind_the_others_from_the_second_on(app, mailbox, clock):
    put(mailbox, TOWN, 1)
    put(mailbox, SANDS, 2)
    jobs.fetch(app)
    with app.bench.sessions() as session:
        first, second = queries.pending_messages(session)
    for order in ((first, second), (second, first)):  # what one sender sent first is judged first after one power cut
        with app.bench.sessions.begin() as session:  # killed in the middle: what was committed before stands
            assert queries.begin_attempt(session, first, now=clock.now()) is not None
            assert queries.pending_messages(session) == order
    jobs.process(app)
    assert [row.state for row in rows(app, MessageRow)] == ["filed", "filed"]


def test_a_mail_whose_original_is_lost_keeps_no_other_mail_waiting_and_is_told(app, mailbox, clock):
    put(mailbox, TOWN, 1)
    put(mailbox, SANDS, 2)
    jobs.fetch(app)
    first, _ = rows(app, MessageRow)
    lost = app.bench.archive.path(first.sha256)
    data = lost.read_bytes()
    lost.unlink()
    with pytest.raises(OfficeError, match="存档原件读不到"):
        jobs.process(app)
    assert [(row.state, row.attempts) for row in rows(app, MessageRow)] == [("archived", 0), ("filed", 1)]
    lost.write_bytes(data)
    jobs.process(app)
    assert [row.state for row in rows(app, MessageRow)] == ["filed", "filed"]


def test_a_tick_that_fails_rests_before_it_tries_again_and_forgets_its_failures_when_it_succeeds(app, clock):
    calls = []

    def tick(_app) -> None:
        calls.append(clock.now())
        if len(calls) < 3:
            raise TransientServerError("连接不上")

    for _ in range(400):
        guard.guarded(app, "fetch", tick)
        clock.sleep(10)
        if len(calls) >= 5:
            break
    assert calls[1] - calls[0] >= timedelta(seconds=30), "it must not insist"
    with app.bench.sessions() as session:
        beat = session.get_one(HeartbeatRow, "fetch")
        assert (beat.failures, beat.message) == (0, "")


def test_a_full_disk_is_told_in_words_and_gives_up_no_mail_however_long_it_lasts(app, mailbox, clock, monkeypatch):
    put(mailbox, TOWN, 1)
    jobs.fetch(app)
    full = OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    def refuse(*_arguments, **_options):
        raise full

    with monkeypatch.context() as patched:
        patched.setattr(queries, "file_message", refuse)
        patched.setattr(queries, "give_back", refuse)
        for _ in range(2):  # the third try would be the last
            assert "磁盘空间已满" in str(guard.guarded(app, "process", jobs.process))
            clock.sleep(7200)
        patched.undo()
        patched.setattr(queries, "file_message", refuse)
        for _ in range(4):
            guard.guarded(app, "process", jobs.process)
            clock.sleep(7200)
    assert guard.guarded(app, "process", jobs.process) is None
    assert [row.state for row in rows(app, MessageRow)] == ["filed"]


def with_clerk(app):
    settings = replace(app.settings, clerk=replace(app.settings.clerk, addresses=(office.CLERK,)))
    stationery = replace(app.bench.stationery, settings=settings)
    return replace(app, bench=replace(app.bench, settings=settings, stationery=stationery))


def test_a_permanent_trouble_is_told_once_and_its_end_once(app, clock):
    office_app = with_clerk(app)

    def broken(_app) -> None:
        raise OfficeError("磁盘已满")

    for _ in range(3):
        guard.guarded(office_app, "process", broken)
        jobs.housekeep(office_app)
        clock.sleep(3600)
    assert [row.kind for row in rows(app, OutboxRow)].count("alarm") == 1
    clock.sleep(3600)
    guard.guarded(office_app, "process", lambda _app: None)
    jobs.housekeep(office_app)
    jobs.housekeep(office_app)
    subjects = [row.subject for row in rows(app, OutboxRow) if row.kind == "alarm"]
    assert ["异常" in subjects[0], "已恢复" in subjects[1], len(subjects)] == [True, True, 2]


def test_nobody_is_reminded_before_the_mailbox_was_asked_for_the_first_time(app, mailbox, clock):
    clock.advance_to(office.START.replace(day=29))
    jobs.remind(app)
    assert rows(app, OutboxRow) == []
    jobs.fetch(app)
    jobs.remind(app)
    assert {row.kind for row in rows(app, OutboxRow)} == {"reminder"}


def test_a_reminder_that_waits_is_withdrawn_when_the_unit_has_sent(app, mailbox, clock, sink):
    clock.advance_to(office.START.replace(day=29))
    jobs.fetch(app)
    jobs.remind(app)
    waiting = {row.unit for row in rows(app, OutboxRow) if row.state == OutboxState.QUEUED}
    assert TOWN in waiting
    put(mailbox, TOWN, 24 * 60)
    jobs.fetch(app)
    jobs.process(app)
    states = {row.unit: row.state for row in rows(app, OutboxRow) if row.kind == "reminder"}
    assert states[TOWN] == OutboxState.CANCELLED
    assert states[SANDS] == OutboxState.QUEUED


def test_a_unit_that_was_renamed_after_it_had_sent_is_not_asked_again(mailbox, sink, clock, tmp_path):
    settings = office.settings(tmp_path / "data", imap_port=mailbox.port, smtp_port=sink.port)
    with open_app(settings, clock, roster=office.roster()) as app:
        put(mailbox, TOWN, 1)
        jobs.one_round(app)
    text = office.roster_bytes().decode("utf-8-sig").replace("单位名称,简称,", "单位名称,曾用名,", 1)
    text = text.replace("白沙镇人民政府,白沙镇,", "白沙镇人民政府,,").replace(
        "泉州台商投资区教育文体局,教体局,", "泉州台商投资区教育文体局,,"
    )
    renamed = parse_roster(text.replace(f"{TOWN},青石镇,", f"青石街道办事处,{TOWN},").encode(), "roster.csv")
    clock.advance_to(office.START + timedelta(days=1))
    with open_app(settings, clock, roster=renamed) as app:
        with app.bench.sessions() as session:
            ledger = queries.load_ledger(session, settings.campaign, renamed, app.bench.late_after)
        assert ledger.state.cell("青石街道办事处", "liaison").state == "accepted"
        due = {draft.unit: draft.forms for draft in jobs.due_reminders(app).drafts}
        assert "liaison" in due[SANDS]
        assert "liaison" not in due.get("青石街道办事处", ())
        jobs.fetch(app)
        jobs.remind(app)
        former = parse_roster(office.roster_bytes(), "roster.csv")
    with open_app(settings, clock, roster=former) as app:
        assert not jobs.due_reminders(app).drafts, "the letters of today were written under other names"


def test_a_reminder_written_under_a_units_former_name_is_withdrawn_when_it_sends(mailbox, sink, clock, tmp_path):
    settings = office.settings(tmp_path / "data", imap_port=mailbox.port, smtp_port=sink.port, mode=SendMode.HOLD)
    with open_app(settings, clock, roster=office.roster()) as app:
        clock.advance_to(office.START + timedelta(days=1))
        jobs.fetch(app)
        jobs.remind(app)
    renamed = parse_roster(f"单位名称,曾用名,邮箱\n青石街道办事处,{TOWN},{office.UNITS[TOWN]}\n".encode(), "roster.csv")
    with open_app(settings, clock, roster=renamed) as app:
        put(mailbox, TOWN, 1)
        jobs.one_round(app)
        states = {row.unit: row.state for row in rows(app, OutboxRow) if row.kind == "reminder"}
    assert states[TOWN] == OutboxState.CANCELLED
    assert states[SANDS] == OutboxState.HELD


def test_nobody_is_reminded_while_its_mail_lies_on_the_clerks_desk(app, mailbox, clock):
    question = office.mail(office.UNITS[TOWN], "请教", text="请问联络员需要科级以上干部担任吗？\n", number=3)
    mailbox.deliver("INBOX", question, office.START)
    jobs.fetch(app)
    jobs.process(app)
    clock.advance_to(office.START.replace(day=30))
    reminded = {draft.unit for draft in jobs.due_reminders(app).drafts}
    assert SANDS in reminded
    assert TOWN not in reminded


def test_the_same_mail_in_two_folders_is_one_submission_and_one_answer(app, mailbox, sink):
    raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN))
    mailbox.deliver("INBOX", raw, office.START)
    mailbox.deliver("垃圾邮件", raw, office.START)
    jobs.one_round(app)
    assert len(rows(app, MessageRow)) == 1
    assert len(sink.delivered) == 1


def test_a_new_password_ends_the_rest_that_a_refused_login_began(app, clock):
    with app.bench.sessions.begin() as session:
        heartbeats.note_tick_failure(
            session, "fetch", now=clock.now(), message="x", paused_until=clock.now() + timedelta(hours=4)
        )
    recovery.recover(app)
    with app.bench.sessions() as session:
        assert session.get_one(HeartbeatRow, "fetch").paused_until is not None, "the same password: the rest stays"
    with app.bench.sessions.begin() as session:
        heartbeats.heartbeat(session, "config").details = {"mailbox": "what another password gave"}
    recovery.recover(app)
    with app.bench.sessions() as session:
        assert session.get_one(HeartbeatRow, "fetch").paused_until is None


class Machine:
    """The engines of a machine as the daemon sees them: LibreOffice comes and goes, and makes the same .docx each time."""

    def __init__(self, made: bytes) -> None:
        self.here: set[Engine] = set()
        self.made = made
        self.rested = 0

    def present(self):
        return frozenset(self.here)

    def serve(self, question, payload, seconds):
        if Engine.OFFICE not in self.here:
            return NoService().serve(question, payload, seconds)
        return {"by": "LibreOffice 7"}, self.made

    def rest(self) -> None:
        self.rested += 1

    def close(self) -> None:
        pass


@pytest.fixture
def machine(app):
    """The app on a machine without any engine."""
    made = Machine(office.liaison(TOWN))
    with Worker(handlers="intake.unpack", service=made) as worker:
        object.__setattr__(app, "services", made)
        object.__setattr__(app, "bench", replace(app.bench, worker=worker))
        yield made


def put_rtf(mailbox) -> None:
    raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=b"{\\rtf1 x}", number=1).replace(b".docx", b".rtf")
    mailbox.deliver("INBOX", raw, office.START)


def test_a_file_that_lacks_an_engine_waits_and_is_read_when_the_engine_appears(app, machine, mailbox, sink):
    put_rtf(mailbox)
    jobs.one_round(app)
    (row,) = rows(app, MessageRow)
    assert (row.state, row.missing_engines) == ("held", "office")
    assert any("libreoffice-writer-nogui" in reason for reason in row.reasons), "the clerk is told which package helps"
    (neutral,) = rows(app, OutboxRow)
    assert neutral.kind == "received", "the unit did nothing wrong"
    jobs.one_round(app)
    assert rows(app, MessageRow)[0].processed_at == row.processed_at, "nothing is tried again meanwhile"

    machine.here.add(Engine.OFFICE)
    jobs.one_round(app)
    (row,) = rows(app, MessageRow)
    assert (row.state, row.missing_engines) == ("filed", "")
    assert [letter.kind for letter in rows(app, OutboxRow)] == ["received", "acknowledgement"]
    assert len(sink.delivered) == 2
    assert machine.rested, "what is only needed for work is given back"


def test_an_engine_that_is_there_and_fails_is_not_tried_for_ever(app, machine, mailbox, monkeypatch):
    machine.here.add(Engine.OFFICE)
    monkeypatch.setattr(machine, "serve", NoService().serve)  # it is found and does not start
    put_rtf(mailbox)
    tried = set()
    for _ in range(4):
        jobs.one_round(app)
        tried.add(rows(app, MessageRow)[0].processed_at)
    assert len(tried) == 1


def test_an_engine_that_was_away_for_a_while_is_noticed_when_it_comes_back(app, machine, mailbox):
    machine.here.add(Engine.OFFICE)
    jobs.one_round(app)
    machine.here.clear()
    put_rtf(mailbox)
    jobs.one_round(app)
    assert rows(app, MessageRow)[0].state == "held"
    machine.here.add(Engine.OFFICE)
    jobs.one_round(app)
    assert rows(app, MessageRow)[0].state == "filed"


# --- the circuit breaker ---------------------------------------------------------------------------------------------


def few_strangers(app, number: int):
    """The app with a lower figure, and a clerk who is told."""
    settings = app.settings
    sending = replace(settings.sending, strangers_per_hour=number)
    clerk = replace(settings.clerk, addresses=(office.CLERK,), digest_at=time(23, 59))
    settings = replace(settings, sending=sending, clerk=clerk)
    stationery = replace(app.bench.stationery, settings=settings)
    return replace(app, bench=replace(app.bench, settings=settings, stationery=stationery))


def from_strangers(mailbox, numbers, **changes) -> None:
    for number in numbers:
        attachment = office.liaison(TOWN, mobile="", **changes)
        raw = office.mail(f"x{number}@mail.example.net", "联络员表", attachment=attachment, number=number)
        mailbox.deliver("INBOX", raw, office.START)


def held(app):
    return [row.to_address for row in rows(app, OutboxRow) if row.state == OutboxState.HELD]


def alarms(app):
    return [row.subject for row in rows(app, OutboxRow) if row.kind == "alarm"]


def test_too_many_answers_to_strangers_wait_for_the_clerk_who_is_told_once(app, mailbox, clock):
    app = few_strangers(app, 2)
    from_strangers(mailbox, (1, 2, 3, 4))
    assert jobs.one_round(app) is None
    assert held(app) == ["x3@mail.example.net", "x4@mail.example.net"]
    from_strangers(mailbox, (5,))
    clock.sleep(600)
    jobs.one_round(app)
    assert len(alarms(app)) == 1
    assert "陌生地址" in alarms(app)[0]


def test_during_a_flood_the_roster_is_answered_and_reminded_as_ever(app, mailbox, sink):
    app = few_strangers(app, 1)
    from_strangers(mailbox, (1, 2))
    put(mailbox, SANDS, 3)
    jobs.one_round(app)
    going = {one.recipients[0] for one in sink.delivered}
    assert office.UNITS[SANDS] in going
    assert "x2@mail.example.net" not in going
    assert office.UNITS[TOWN] not in held(app)


def test_forged_forms_that_are_accepted_do_not_open_the_breaker(app, mailbox, clock):
    """Each confirms the address that it names: known from now on, but not known before."""
    app = few_strangers(app, 1)
    for number, unit in enumerate((TOWN, SANDS), start=1):
        raw = office.mail(f"x{number}@mail.example.net", "联络员表", attachment=office.liaison(unit), number=number)
        mailbox.deliver("INBOX", raw, office.START)
        jobs.one_round(app)
        clock.sleep(60)
    assert held(app) == ["x2@mail.example.net"]
    raw = office.mail("x1@mail.example.net", "请问", text="请问怎么填？", number=9)
    mailbox.deliver("INBOX", raw, office.START)
    jobs.one_round(app)
    assert held(app) == ["x2@mail.example.net", "x1@mail.example.net"]


def test_what_is_held_does_not_keep_others_back(app, mailbox, clock):
    app = few_strangers(app, 1)
    for number, minutes in enumerate((0, 50, 20), start=1):  # the third comes when the first is over an hour ago
        clock.sleep(60 * minutes)
        from_strangers(mailbox, (number,))
        jobs.one_round(app)
    assert held(app) == ["x2@mail.example.net"]


def test_after_an_hour_the_next_answers_go_and_the_next_flood_has_an_alarm_of_its_own(app, mailbox, clock):
    app = few_strangers(app, 1)
    from_strangers(mailbox, (1, 2))
    jobs.one_round(app)
    clock.sleep(3_700)
    from_strangers(mailbox, (3,))
    jobs.one_round(app)
    assert held(app) == ["x2@mail.example.net"]
    assert not any("已恢复" in subject for subject in alarms(app))
    from_strangers(mailbox, (4,))
    clock.sleep(60)
    jobs.one_round(app)
    assert held(app) == ["x2@mail.example.net", "x4@mail.example.net"]
    assert len(alarms(app)) == 2


def test_while_all_letters_are_held_anyway_there_is_no_flood(mailbox, sink, clock, tmp_path):
    settings = office.settings(tmp_path / "data", imap_port=mailbox.port, smtp_port=sink.port, mode=SendMode.HOLD)
    with open_app(settings, clock, roster=office.roster()) as opened:
        app = few_strangers(opened, 1)
        from_strangers(mailbox, (1, 2, 3))
        jobs.one_round(app)
        assert len(held(app)) == 3
        assert alarms(app) == []


def test_the_digest_is_gathered_once_a_day_and_again_for_an_address_that_is_new(
    mailbox, sink, clock, tmp_path, monkeypatch
):
    settings = office.settings(tmp_path / "data", imap_port=mailbox.port, smtp_port=sink.port)
    gathered = []
    real = papers.digest.digest_drafts
    monkeypatch.setattr(papers.digest, "digest_drafts", lambda **given: gathered.append(1) or real(**given))

    def housekeep_twice(*addresses: str) -> list[str]:
        clerk = replace(settings.clerk, addresses=addresses, digest_at=time(9, 0))
        with open_app(replace(settings, clerk=clerk), clock, roster=office.roster()) as app:
            jobs.fetch(app)
            for _ in range(2):
                clock.sleep(60)
                jobs.housekeep(app)
            return [row.to_address for row in rows(app, OutboxRow) if row.kind == "digest"]

    assert housekeep_twice(office.CLERK) == [office.CLERK]
    assert len(gathered) == 1
    assert housekeep_twice(office.CLERK, "second@office.example.com") == [office.CLERK, "second@office.example.com"]
    clock.sleep(24 * 3600)
    assert len(housekeep_twice(office.CLERK)) == 3
