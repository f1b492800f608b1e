"""An old copy of the database put back by hand, or the same data on two computers: no unit is answered twice, and it is told.

The Sent folder is filled as the provider fills it, with every letter that the server took.
"""

import shutil
from contextlib import ExitStack
from dataclasses import replace
from email import message_from_bytes

import pytest

from intake import again, outbox_desk, restored
from intake.db.models import OutboxRow
from intake.errors import PermanentServerError, TransientServerError
from intake.imap_session import ImapSession
from intake.model import OutboxState
from scheduler import backups, jobs, last_letter, recovery, trial_letter, watching
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import office
from tests.rig.checker import subject_of

ADDRESS = "a27398830@126.com"
TOWN, SANDS, SCHOOLS = office.UNITS


class Site:
    """A mailbox, and a program on it whose life is one round; `folder` of another computer holds a copy of the data."""

    def __init__(self, folder, stack):
        self.folder, self.clock, self.files_copies = folder, SteppedClock(office.START), True
        self.imap = stack.enter_context(DemoMailbox(ADDRESS, office.PASSWORD))
        self.sink = stack.enter_context(SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=self.file))

    def file(self, letter):
        if self.files_copies:
            self.imap.deliver(SENT, letter.raw, self.clock.now())

    def write(self, unit, number, **changes):
        raw = office.mail(office.UNITS[unit], "附件2", attachment=office.liaison(unit, **changes), number=number)
        self.imap.deliver(INBOX, raw, self.clock.now())

    def open(self, data="data"):
        made = office.settings(self.folder / data, imap_port=self.imap.port, smtp_port=self.sink.port)
        made = replace(made, clerk=replace(made.clerk, addresses=(office.CLERK,)))
        return open_app(made, self.clock, roster=office.roster())

    def lives(self, times=1, data="data"):
        """So many starts of the program, a round each. Return how it does after the last."""
        for _ in range(times):
            with self.open(data) as app:
                recovery.recover(app)
                self.round(app)
                health = watching.examine(app)
        return next((one for one in health.symptoms if one.cause == "held"), None)

    def round(self, app):
        self.clock.sleep(1200)
        assert jobs.one_round(app) is None

    def database(self, data="data"):
        return self.folder / data / "intake.sqlite"

    def copy(self):
        return shutil.copy(self.database(), self.folder / "old.db")

    def put_back(self, old):
        for end in ("-wal", "-shm"):
            self.database().with_name(f"intake.sqlite{end}").unlink(missing_ok=True)
        shutil.copy(old, self.database())

    def release(self, data="data"):
        with self.open(data) as app, app.bench.sessions.begin() as session:
            outbox_desk.release(session, self.clock.now())
            assert restored.end_hold(session)

    def answered(self):
        return [one.recipients[0] for one in self.sink.delivered if one.recipients != (office.CLERK,)]

    def alarms(self):
        letters = [message_from_bytes(one.raw) for one in self.sink.delivered if one.recipients == (office.CLERK,)]
        return [
            one.get_payload(0).get_payload(decode=True).decode()
            for one in letters
            if "系统异常" in subject_of(one.as_bytes())
        ]

    def states(self, data="data"):
        with self.open(data) as app, app.bench.sessions() as session:
            rows = session.query(OutboxRow).where(OutboxRow.unit.is_not(None)).order_by(OutboxRow.id)
            return [(row.unit, row.state) for row in rows]


@pytest.fixture
def site(tmp_path):
    with ExitStack() as stack:
        yield Site(tmp_path, stack)


def aged(site):
    """A program that answered one unit, was copied, and answered two more; then the copy is put back by hand."""
    site.write(TOWN, 1)
    site.lives()
    old = site.copy()
    site.write(SANDS, 2)
    site.write(SCHOOLS, 3)
    site.lives(2)
    assert sorted(site.answered()) == sorted(office.UNITS.values())
    site.put_back(old)


def without_the_mark(site):
    (site.folder / "data" / "last-sent").unlink(missing_ok=True)


@pytest.mark.parametrize("witnesses", ["both", "the Sent folder", "the mark"])
def test_an_old_copy_put_back_by_hand_answers_nobody_again_and_says_so(site, witnesses):
    site.files_copies = witnesses != "the mark"
    aged(site)
    if witnesses == "the Sent folder":
        without_the_mark(site)
    symptom = site.lives(3)
    assert len(site.answered()) == 3, "no unit is answered twice"
    assert symptom is not None
    assert "旧的数据库" in symptom.sentence
    assert "intake outbox release --all" in symptom.sentence
    (alarm,) = site.alarms()
    assert "旧的数据库" in alarm
    if site.files_copies:
        assert {state for _, state in site.states()} == {OutboxState.SENT}, "found where they lie"


@pytest.mark.parametrize("witness", ["the Sent folder", "the mark"])
def test_once_released_it_goes_on_and_the_same_letters_are_not_told_again(site, witness):
    site.files_copies = witness != "the mark"
    aged(site)
    if site.files_copies:
        without_the_mark(site)
    site.lives(2)
    with site.open() as app, app.bench.sessions.begin() as session:
        for row in session.query(OutboxRow).where(OutboxRow.state == OutboxState.HELD):
            row.state = OutboxState.CANCELLED  # a person saw that these went out
    site.release()
    sent = len(site.answered())
    assert site.lives(3) is None
    site.write(TOWN, 4, mobile="13900000009")
    assert site.lives(2) is None
    assert site.answered()[sent:] == [office.UNITS[TOWN]]
    assert len(site.alarms()) == 1


def test_a_restart_at_once_after_the_release_is_not_held_either(site):
    aged(site)
    site.lives()
    site.release()
    assert site.lives() is None


def test_the_same_data_on_a_second_computer_hold_what_the_other_one_has_sent(site):
    site.write(TOWN, 1)
    site.lives()
    shutil.copytree(site.folder / "data", site.folder / "copied")
    site.write(SANDS, 2)
    site.lives()
    symptom = site.lives(2, "copied")
    assert site.answered() == [office.UNITS[TOWN], office.UNITS[SANDS]]
    assert symptom is not None
    assert "另一台电脑" in symptom.sentence
    assert len(site.alarms()) == 1
    site.lives()  # the other one's alarm lies in the Sent folder
    assert len(site.alarms()) == 2, "each says so: nobody knows which of the two an office looks at"
    assert len(site.answered()) == 2


def test_a_second_program_is_seen_while_both_run(site):
    site.write(TOWN, 1)
    site.lives()
    shutil.copytree(site.folder / "data", site.folder / "copied")
    with site.open() as app, site.open("copied") as other:
        site.round(app)
        site.round(other)
        for number, unit in enumerate((SANDS, SCHOOLS), start=2):
            site.write(unit, number)
            site.round(app)
            site.round(other)
    assert site.answered() == [office.UNITS[TOWN], office.UNITS[SANDS]], "the third waits: both tell of the other"
    assert len(site.alarms()) == 2


def test_what_another_program_sends_while_all_is_held_is_not_released_to_be_sent_again(site):
    """The other computer was not stopped: what it has sent since is found to be sent, here too."""
    site.write(TOWN, 1)
    site.lives()
    shutil.copytree(site.folder / "data", site.folder / "copied")
    site.write(SANDS, 2)
    site.lives()
    site.lives(2, "copied")
    site.write(SCHOOLS, 3)
    site.lives(2, "copied")
    assert (SCHOOLS, OutboxState.HELD) in site.states("copied")
    site.lives()
    site.lives(1, "copied")
    site.release("copied")
    site.lives(1, "copied")
    assert sorted(site.answered()) == sorted(office.UNITS.values())


def test_a_letter_that_waits_and_lies_in_the_sent_folder_was_sent_by_another_program(site):
    site.write(TOWN, 1)
    site.lives()
    with site.open() as app, app.bench.sessions.begin() as session:
        row = session.query(OutboxRow).where(OutboxRow.unit == TOWN).one()
        row.state, row.claimed_at, row.sent_at = OutboxState.QUEUED, None, None
    without_the_mark(site)
    assert site.lives(2) is not None
    assert len(site.answered()) == 1
    assert site.states() == [(TOWN, OutboxState.SENT)]


def test_neither_test_letters_nor_a_letter_sent_again_hold_anything(site):
    site.write(TOWN, 1)
    with site.open() as app:
        recovery.recover(app)
        site.round(app)
        trial_letter.send(app, office.CLERK, site.clock.now(), who="章某某")
        with app.bench.sessions.begin() as session:
            again.send_again(session, 1, stationery=app.bench.stationery, now=site.clock.now())
        site.round(app)
    assert len(site.sink.delivered) >= 3
    assert site.lives(2) is None
    site.write(SANDS, 2)
    assert site.lives(2) is None
    assert site.answered()[-1] == office.UNITS[SANDS]


def test_after_a_restore_and_its_release_nothing_is_held_again(site):
    site.write(TOWN, 1)
    with site.open() as app:
        site.round(app)
        backup = backups.back_up(app, site.clock.now())
        settings = app.settings
    site.write(SANDS, 2)
    site.lives()
    with (
        site.open() as app
    ):  # a letter to the office of which the backup knows nothing, and which is never written again
        trial_letter.send(app, office.CLERK, site.clock.now(), who="章某某")
        site.round(app)
    backups.put_back(settings, backup, site.clock.now())
    with site.open() as app:
        backups.hold(app)
    site.release()  # before anything ran
    assert site.lives(2) is None
    backups.put_back(settings, backup, site.clock.now())
    with site.open() as app:
        backups.hold(app)
    symptom = site.lives(3)
    assert symptom is not None
    assert "数据恢复以后" in symptom.sentence
    site.release()
    site.write(SCHOOLS, 3)
    assert site.lives(2) is None
    assert site.answered()[-1] == office.UNITS[SCHOOLS]


def test_letters_that_bear_another_key_hold_nothing(site):
    site.write(TOWN, 1)
    site.lives(1, "another")
    site.write(SANDS, 2)
    with site.open() as app:  # it has begun before the other one goes on
        recovery.recover(app)
        with app.bench.sessions.begin() as session:
            restored.begin(session, site.clock.now(), jobs.SentFolder((), read_at=site.clock.now()), marked=False)
    assert site.lives(2) is None


def test_a_first_start_beside_letters_of_an_earlier_time_with_the_same_key_is_not_held(site):
    """The data were lost after the campaign, the key came back from the backup, a new campaign begins."""
    site.write(TOWN, 1)
    site.lives()
    key = (site.folder / "data" / "signing.key").read_bytes()
    shutil.rmtree(site.folder / "data")
    (site.folder / "data").mkdir()
    (site.folder / "data" / "signing.key").write_bytes(key)
    with site.open() as app:
        recovery.recover(app)
        with app.bench.sessions.begin() as session:
            restored.begin(session, site.clock.now(), jobs.SentFolder((), read_at=site.clock.now()), marked=False)
    assert site.lives(2) is None


def test_a_letter_whose_250_was_never_recorded_is_our_own(site):
    site.write(TOWN, 1)
    site.lives()
    with site.open() as app, app.bench.sessions.begin() as session:
        row = session.query(OutboxRow).where(OutboxRow.unit == TOWN).one()
        row.state, row.phase, row.sent_at = OutboxState.SENDING, "data", None
    without_the_mark(site)
    assert site.lives(2) is None
    assert site.states() == [(TOWN, OutboxState.SENT)]


def fail_in_the_sent_folder(monkeypatch, error):
    def refuse(_session, _newest):
        raise error

    monkeypatch.setattr(ImapSession, "sent_headers", refuse)


def test_letters_to_units_wait_until_the_sent_folder_was_asked_an_hour_at_most(site, monkeypatch):
    site.lives()
    fail_in_the_sent_folder(monkeypatch, TransientServerError("x"))
    site.write(TOWN, 1)
    assert site.lives(2) is None
    assert site.answered() == []
    site.lives(3)
    assert site.answered() == [office.UNITS[TOWN]], "a folder that can't be read for hours stops no letter"


def test_a_mailbox_without_a_sent_folder_stops_no_letter(site, monkeypatch):
    site.lives()
    fail_in_the_sent_folder(monkeypatch, PermanentServerError("x"))
    site.write(TOWN, 1)
    site.lives()
    assert site.answered() == [office.UNITS[TOWN]]


def test_a_mark_that_can_not_be_left_stops_no_letter(site, monkeypatch, caplog):
    site.write(TOWN, 1)
    site.lives()
    (site.folder / "data" / "last-sent").unlink()
    (site.folder / "data" / "last-sent").mkdir()
    site.write(SANDS, 2)
    assert site.lives() is None
    assert len(site.answered()) == 2
    assert "action=last_letter.not_noted" in caplog.text
    assert last_letter.noted(site.folder / "data") == ""
