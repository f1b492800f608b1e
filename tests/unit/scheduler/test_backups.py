"""The nightly copy, its return, and what a restore must never do: send again what has been sent."""

import shutil
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from intake import outbox_desk, restored
from intake.db import backups as copies
from intake.db import heartbeats
from intake.db.address import sqlite_file
from intake.db.models import MessageRow, OutboxRow, SightingRow
from intake.errors import OfficeError, TransientServerError
from intake.fetch import PollReport
from intake.imap_session import ImapSession
from intake.model import OutboxState
from scheduler import backups, jobs, recovery
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import office

ADDRESS = "a27398830@126.com"
TOWN, SANDS, SCHOOLS = office.UNITS


class Site:
    """An office on loopback whose program is opened and closed; the provider files what it sends."""

    def __init__(self, folder, stack):
        self.clock = SteppedClock(office.START)
        self.imap = stack.enter_context(DemoMailbox(ADDRESS, office.PASSWORD))
        self.sink = stack.enter_context(SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=self.file))
        made = office.settings(folder / "data", imap_port=self.imap.port, smtp_port=self.sink.port)
        self.settings = replace(made, storage=replace(made.storage, backup_dir=folder / "elsewhere"))

    def file(self, letter):
        self.imap.deliver(SENT, letter.raw, self.clock.now())

    def write(self, unit, number, **changes):
        raw = office.mail(office.UNITS[unit], "附件2", attachment=office.liaison(unit, **changes), number=number)
        self.imap.deliver(INBOX, raw, office.START + timedelta(minutes=number))
        return raw

    def open(self, *, begin_anew=False):
        return open_app(self.settings, self.clock, roster=office.roster(), begin_anew=begin_anew)

    def round(self, app, times=1):
        for _ in range(times):
            self.clock.sleep(1200)
            assert jobs.one_round(app) is None

    @property
    def database(self):
        return sqlite_file(self.settings.storage.database_url)


@pytest.fixture
def site(tmp_path):
    with ExitStack() as stack:
        yield Site(tmp_path, stack)


def rows(app, table):
    with app.bench.sessions() as session:
        return session.query(table).order_by(table.id).all()


def test_a_backup_is_made_once_a_night_and_the_newest_fourteen_are_kept(site):
    with site.open() as app:
        for _ in range(20 * 4):
            backups.back_up_nightly(app)
            site.clock.sleep(6 * 3600)
    names = sorted(path.name for path in site.settings.storage.backup_dir.glob("nightly-*"))
    assert len(names) == 14
    assert names[-1] == f"nightly-{site.clock.now().astimezone(backups.SHANGHAI):%Y%m%d}.sqlite"


def test_a_backup_that_was_made_but_told_as_failed_is_no_trouble_any_more(site):
    with site.open() as app:
        backups.back_up_nightly(app)
        with app.bench.sessions.begin() as session:
            heartbeats.note_tick_failure(session, "backup", now=site.clock.now(), message="x", paused_until=None)
        backups.back_up_nightly(app)
        with app.bench.sessions() as session:
            assert heartbeats.heartbeat(session, "backup").failures == 0


def test_a_mirror_elsewhere_holds_every_mail_and_the_key(site):
    raw = site.write(TOWN, 1)
    with site.open() as app:
        site.round(app)
        sha256 = rows(app, MessageRow)[0].sha256
    elsewhere = site.settings.storage.backup_dir
    assert (elsewhere / "archive" / sha256[:2] / f"{sha256}.eml").read_bytes() == raw
    assert (elsewhere / "signing.key").read_bytes() == (site.settings.storage.data_dir / "signing.key").read_bytes()


def test_what_a_kill_left_of_earlier_backups_goes_and_what_is_not_ours_stays(site):
    site.write(TOWN, 1)
    with site.open() as app:
        site.round(app)
        elsewhere = site.settings.storage.backup_dir
        (elsewhere / "archive").mkdir(parents=True, exist_ok=True)
        left = ["nightly-20250101.tmp", "before-0007-20250101-000000.tmp", ".signing.key.x1.tmp", "archive/tmpx1.tmp"]
        strange = ["letters.tmp", "nightly.tmp", "tmpx1.tmp"]
        for name in (*left, *strange):
            (elsewhere / name).write_bytes(b"x")
        real = datetime.now(UTC)
        backups.back_up(app, real)
        assert all((elsewhere / name).exists() for name in left), "another backup may be writing them"
        backups.back_up(app, real + timedelta(hours=2))
        assert [name for name in left if (elsewhere / name).exists()] == []
        assert all((elsewhere / name).exists() for name in strange)
        assert len(list((elsewhere / "archive").rglob("*.eml"))) == 1


def test_a_mail_whose_bytes_have_gone_bad_is_not_mirrored_and_the_office_is_told(site):
    site.write(TOWN, 1)
    with site.open() as app:
        jobs.fetch(app)
        path = app.bench.archive.path(rows(app, MessageRow)[0].sha256)
        path.write_bytes(b"gone bad")
        with pytest.raises(OfficeError, match="已损坏"):
            backups.back_up(app, site.clock.now())


def test_after_a_restore_of_yesterday_nobody_is_answered_again_and_nothing_is_lost(site):
    site.write(TOWN, 1)
    with site.open() as app:
        site.round(app)
        backup = backups.back_up(app, site.clock.now())
        site.write(SANDS, 2)
        site.write(TOWN, 3, mobile="13900000009")
        site.round(app)
    sent = [one.raw for one in site.sink.delivered]
    backups.put_back(site.settings, backup, site.clock.now())
    with site.open() as app:
        backups.hold(app)
        site.round(app, 3)
        assert [one.raw for one in site.sink.delivered] == sent, "something was sent while on hold"
        assert {row.state for row in rows(app, OutboxRow)} == {OutboxState.SENT}, "the Sent folder has them all"
        assert len(rows(app, MessageRow)) == len(rows(app, SightingRow)) == 3
        with app.bench.sessions.begin() as session:
            assert restored.end_hold(session)
        site.write(SCHOOLS, 4)
        site.round(app)
    answered = [one.recipients[0] for one in site.sink.delivered[len(sent) :]]
    assert answered == [office.UNITS[SCHOOLS]]


def test_a_restore_that_a_power_loss_cut_short_is_on_hold_from_the_next_start(site):
    site.write(TOWN, 1)
    with site.open() as app:
        backup = backups.back_up(app, site.clock.now())  # it knows nothing of the mail
        site.round(app)
    sent = [one.raw for one in site.sink.delivered]
    backups.put_back(site.settings, backup, site.clock.now())
    with site.open() as app:  # the machine starts the program by itself
        recovery.recover(app)
        site.round(app, 2)
        assert [one.raw for one in site.sink.delivered] == sent
        with app.bench.sessions.begin() as session:
            assert restored.end_hold(session)
    with site.open() as app:
        recovery.recover(app)
        with app.bench.sessions() as session:
            assert not restored.is_on_hold(session), "a person has said that letters may go"


@pytest.mark.parametrize("left", [None, b""])
def test_a_first_start_that_was_cut_short_leaves_no_empty_key(site, left):
    key = site.settings.storage.data_dir / "signing.key"
    key.parent.mkdir()
    if left is not None:
        key.touch(mode=0o600)
    for _ in range(2):
        with site.open() as app:
            assert len(app.bench.stationery.signing_key) == 32
            assert key.read_bytes() == app.bench.stationery.signing_key
    assert key.stat().st_mode & 0o77 == 0


def test_a_start_without_its_key_takes_the_one_of_the_backup(site):
    with site.open() as app:
        backups.back_up(app, site.clock.now())
        key = app.bench.stationery.signing_key
    (site.settings.storage.data_dir / "signing.key").unlink()
    with site.open() as app:
        assert app.bench.stationery.signing_key == key


def test_what_the_sent_folder_does_not_have_waits_for_the_clerk_after_a_restore(site):
    with site.open() as app:
        backup = backups.back_up(app, site.clock.now())
    backups.put_back(site.settings, backup, site.clock.now())
    site.write(TOWN, 1)
    with site.open() as app:
        backups.hold(app)
        site.round(app, 3)
        (row,) = rows(app, OutboxRow)
        assert (row.state, row.phase, site.sink.delivered) == (OutboxState.HELD, "", ())
        assert "看不出这封信是不是已经发过" in row.answer, "no letter of ours is there: it proves nothing"
        with app.bench.sessions.begin() as session:
            outbox_desk.release(session, site.clock.now())
        site.round(app)
        assert len(site.sink.delivered) == 1


def test_letters_that_waited_in_the_backup_are_held(site):
    site.write(TOWN, 1)
    with site.open() as app:
        jobs.fetch(app)
        jobs.process(app)
        backup = backups.back_up(app, site.clock.now())
        site.round(app)
    backups.put_back(site.settings, backup, site.clock.now())
    with site.open() as app:
        assert backups.hold(app) == 1
        site.round(app, 2)
        assert [row.state for row in rows(app, OutboxRow)] == [OutboxState.SENT]
    assert len(site.sink.delivered) == 1


def test_a_database_built_from_the_archive_alone_has_the_mails_in_their_order_and_sends_nothing(site):
    raws = [site.write(TOWN, 1, mobile="13900000007"), site.write(SANDS, 2), site.write(TOWN, 3)]
    with site.open() as app:
        site.round(app)
        before = [(row.sha256, row.arrived_at, row.disposition) for row in rows(app, MessageRow)]
    for mail in site.imap.mailbox.mails(INBOX):
        site.imap.mailbox.remove(INBOX, mail.uid)
    backups.put_back(site.settings, None, site.clock.now())
    with site.open(begin_anew=True) as app:
        backups.hold(app)
        assert backups.adopt_orphans(app) == len(raws)
        jobs.process(app)
        assert sorted((row.sha256, row.arrived_at, row.disposition) for row in rows(app, MessageRow)) == sorted(before)
        sent = len(site.sink.delivered)
        site.round(app, 2)
        assert len(site.sink.delivered) == sent


def test_the_former_database_is_set_aside_whole(site):
    with site.open() as app:
        backup = backups.back_up(app, site.clock.now())
    site.database.write_bytes(b"damaged")
    done = backups.put_back(site.settings, backup, site.clock.now())
    assert (done.aside / site.database.name).read_bytes() == b"damaged"
    assert copies.what_is_wrong(site.database) == ""
    again = backups.put_back(site.settings, backup, site.clock.now())  # in the same second
    assert (done.aside / site.database.name).read_bytes() == b"damaged"
    assert (again.aside / site.database.name).exists()


def test_a_damaged_copy_is_refused_and_the_database_stays(site, tmp_path):
    with site.open() as app:
        backup = backups.back_up(app, site.clock.now())
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(backup.read_bytes()[:-4096] + bytes(4096))
    with closing(sqlite3.connect(site.database)) as database:
        database.execute("CREATE TABLE mine (x)")
    with pytest.raises(OfficeError, match="不完整"):
        backups.put_back(site.settings, damaged, site.clock.now())
    with closing(sqlite3.connect(site.database)) as database:
        assert database.execute("SELECT count(*) FROM mine").fetchone() == (0,)


def test_mails_and_key_that_are_lost_come_back_from_the_mirror(site):
    raw = site.write(TOWN, 1)
    with site.open() as app:
        site.round(app)
        sha256 = rows(app, MessageRow)[0].sha256
    key = (site.settings.storage.data_dir / "signing.key").read_bytes()
    shutil.rmtree(site.settings.storage.data_dir)
    done = backups.put_back(site.settings, backups.available(site.settings.storage)[0], site.clock.now())
    assert done.mails == 1
    assert (site.settings.storage.data_dir / "signing.key").read_bytes() == key
    with site.open() as app:
        assert app.bench.archive.read(sha256) == raw


def test_a_mail_that_is_archived_without_a_row_and_gone_from_the_server_is_recorded(site):
    with site.open() as app:
        sha256 = app.bench.archive.store([b"From: a@example.com\r\n\r\nx"], arrived_at=office.START)
        site.round(app)
        (row,) = rows(app, MessageRow)
        assert (row.sha256, row.arrived_at) == (sha256, office.START)
        assert row.state != "archived"


def test_a_mail_whose_folder_cannot_be_read_yet_is_not_recorded_without_its_folder(site, monkeypatch):
    """It was archived and the process ended before its row was written: only its folder tells that it lay in the junk."""
    junk = "垃圾邮件"
    raw = office.mail(office.UNITS[TOWN], "附件2", attachment=office.liaison(TOWN))
    site.imap.deliver(junk, raw, office.START)
    real = ImapSession.examine

    def refuse(session, folder):
        if folder == junk:
            raise TransientServerError("x")
        return real(session, folder)

    with site.open() as app:
        app.bench.archive.store([raw], arrived_at=office.START)
        with monkeypatch.context() as patched:
            patched.setattr(ImapSession, "examine", refuse)
            jobs.one_round(app)
        assert rows(app, MessageRow) == []
        site.round(app)
        assert [row.folder for row in rows(app, MessageRow)] == [junk]


def test_a_mail_without_a_row_waits_while_the_time_for_a_poll_was_over_before_every_folder_was_listed(
    site, monkeypatch
):
    with site.open() as app:
        app.bench.archive.store([b"From: a@example.com\r\n\r\nx"], arrived_at=office.START)
        with monkeypatch.context() as patched:
            patched.setattr(jobs, "poll", lambda *_things, **_options: PollReport((), cut_short=True))
            assert jobs.one_round(app) is None
        assert rows(app, MessageRow) == []
        site.round(app)
        assert len(rows(app, MessageRow)) == 1
