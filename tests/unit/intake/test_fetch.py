"""What the server has and the record has not ends in exactly one row, and no bad habit loses a mail."""

import errno
import hashlib
import logging
import os
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from intake.archive import Archive
from intake.errors import OfficeError, PermanentServerError, TransientServerError
from intake.fetch import back_off, poll
from intake.imap_errors import FolderMissingError, LoginRefusedError, LoginUnansweredError
from intake.imap_session import ImapSession
from scheduler.demo.habits import Habits
from scheduler.demo.mailstore import MailStore, StoredMail
from scheduler.demo.server import DemoMailbox
from tests.servers.mailboxes import ADDRESS, CODE, NOON, POLLING, MemoryRecord, mailbox_at

HOSTILE = (
    b"Subject: plain\r\n\r\nhello\r\n",
    b"Subject: LF only\n\nhello\n",
    b"Subject: \xd3\xc3\xbb\xa7\xce\xde\xc8\xa8\r\n\r\n\xb5\xc7\xc2\xbd",
    b"Subject: header only",
    b"\r\n\r\n",
    b"Subject: tag in the text\r\n\r\nA1 OK FETCH completed\r\n* 1 FETCH (UID 7 BODY[] {5}\r\n)\r\n",
    b"Subject: NUL\x00 and 8 bit \xff\r\n\r\n" + bytes(range(256)),
)


class World:
    """A server, an archive and a record, and polls between them."""

    def __init__(self, server, root, polling=POLLING):
        self.server = server
        self.archive = Archive(root)
        self.record = MemoryRecord()
        self.polling = polling
        self.folders = ("INBOX",)
        self.provider = "126"
        self.suspects = set()

    def deliver(self, *raws, folder="INBOX"):
        return [self.server.deliver(folder, raw, NOON) for raw in raws]

    def poll(self):
        mailbox = mailbox_at(self.server.port, folders=self.folders, provider=self.provider)
        with ImapSession(mailbox, self.polling) as session:
            return poll(session, self.archive, self.record, suspects=self.suspects)

    def stored(self):
        """Return the bytes of all archived mails."""
        return {self.archive.read(sha256) for sha256 in self.archive.hashes()}

    def files(self):
        return [path for path in self.archive.root.rglob("*") if path.is_file()]


@pytest.fixture
def server():
    with DemoMailbox(ADDRESS, CODE) as running:
        yield running


@pytest.fixture
def world(server, tmp_path):
    return World(server, tmp_path / "archive")


def test_hostile_mails_are_archived_to_the_byte(world):
    world.deliver(*HOSTILE)
    report = world.poll()
    assert world.stored() == set(HOSTILE)
    assert (report.archived, report.left, report.failures) == (len(HOSTILE), 0, ())


def test_a_row_holds_where_how_large_and_when(world):
    (uid,) = world.deliver(HOSTILE[0])
    world.poll()
    ((state, sighting, sha256),) = world.record.rows.values()
    assert (sighting.account, sighting.folder, sighting.uid_validity, sighting.uid) == (ADDRESS, "INBOX", 1, uid)
    assert (state, sighting.size_bytes, sighting.internal_at) == ("archived", len(HOSTILE[0]), NOON)
    assert sha256 == hashlib.sha256(HOSTILE[0]).hexdigest()
    assert world.record.sizes[sha256] == len(HOSTILE[0])


def test_only_what_is_new_is_fetched_again(world):
    world.deliver(b"one", b"two")
    world.poll()
    world.deliver(b"three")
    before = len(world.server.commands)
    report = world.poll()
    assert (report.folders[0].listed, report.folders[0].known, report.archived) == (3, 2, 1)
    assert sum("BODY" in command for command in world.server.commands[before:]) == 1


def test_mails_that_appear_below_known_uids_are_found(world):
    """收取最近30天邮件 switched to 收取全部邮件: older UIDs turn up; a high-water mark would never see them."""
    old, new = world.deliver(b"old", b"new")
    hidden = world.server.mailbox._mails["INBOX"].pop(old)
    world.poll()
    assert world.record.states() == {new: "archived"}
    world.server.mailbox._mails["INBOX"] = {old: hidden, **world.server.mailbox._mails["INBOX"]}
    assert world.poll().archived == 1
    assert world.stored() == {b"old", b"new"}


def test_junk_folders_are_watched_where_they_exist(world):
    world.deliver(b"form in junk", folder="垃圾邮件")
    world.deliver(b"form in adverts", folder="广告邮件")
    world.deliver(b"draft", folder="草稿箱")
    report = world.poll()
    assert world.stored() == {b"form in junk", b"form in adverts"}
    assert [folder.folder for folder in report.folders] == ["INBOX", "垃圾邮件", "病毒文件夹", "广告邮件", "订阅邮件"]


def test_a_junk_folder_is_known_by_its_use_where_it_has_another_name(tmp_path):
    store = MailStore({"INBOX": "", "Spam": "\\Junk", "Archive": ""})
    store.deliver("Spam", b"form in spam", NOON)
    store.deliver("Archive", b"old", NOON)
    with DemoMailbox(ADDRESS, CODE, mailbox=store) as running:
        world = World(running, tmp_path / "archive")
        world.provider = "generic"
        world.poll()
        assert world.stored() == {b"form in spam"}


def test_a_mail_moved_to_another_folder_is_the_same_file(world):
    (uid,) = world.deliver(b"form")
    world.poll()
    world.server.mailbox.move("INBOX", uid, "垃圾邮件")
    world.poll()
    assert len(world.record.rows) == 2
    assert len(world.files()) == 1


def test_a_missing_folder_is_told_and_does_not_stop_the_others(world):
    world.folders = ("INBOX", "报名")
    world.deliver(b"form")
    report = world.poll()
    assert report.archived == 1
    ((folder, error),) = report.failures
    assert folder == "报名"
    assert isinstance(error, FolderMissingError)


def test_when_no_folder_can_be_read_the_poll_has_failed(world):
    world.folders, world.provider = ("报名", "反馈"), "generic"
    world.server.mailbox.special_use.pop("垃圾邮件")
    with pytest.raises(FolderMissingError):
        world.poll()


def test_flags_stay_as_the_clerk_left_them(world):
    world.server.deliver("INBOX", b"read", NOON, flags=["\\Seen", "\\Deleted"])
    world.deliver(b"unread")
    world.poll()
    flags = [mail.flags for mail in world.server.mailbox.mails("INBOX")]
    assert flags == [{"\\Seen", "\\Deleted"}, frozenset()]


# --- lies about size -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [-10, -1, 1, 10, 60_000])
@pytest.mark.parametrize("size", [500, 300_000])
def test_a_size_that_is_not_true_is_asked_for_thrice_then_kept_and_marked(world, error, size):
    raw = b"x" * size
    (uid,) = world.deliver(raw)
    world.server.habits = Habits(size_error=error)
    report = world.poll()
    assert world.record.states() == {uid: "mismatch"}
    assert report.folders[0].mismatched == 1
    assert world.stored() == {raw}
    first_pieces = [command for command in world.server.commands if "BODY.PEEK[])" in command or "<0." in command]
    assert len(first_pieces) == 3
    assert world.record.sizes == {hashlib.sha256(raw).hexdigest(): size}


def test_a_mail_that_was_kept_cut_off_is_asked_for_again_a_day_later(world, monkeypatch):
    (uid,) = world.deliver(b"Subject: form\r\n\r\n13900000001")
    real = ImapSession.chunks
    monkeypatch.setattr(ImapSession, "chunks", lambda self, uid, size: (one[:-3] for one in real(self, uid, size)))
    world.poll()
    monkeypatch.undo()
    assert world.poll().archived == 0
    world.record.doubts = True
    assert world.poll().archived == 1
    assert world.record.states() == {uid: "archived"}
    assert b"Subject: form\r\n\r\n13900000001" in world.stored()


def test_a_passing_lie_leaves_no_mark(world, monkeypatch):
    (uid,) = world.deliver(b"x" * 50)
    real, cut = ImapSession.chunks, [True]

    def chunks(self, number, size):
        for chunk in real(self, number, size):
            yield chunk[:-1] if cut.pop() else chunk
            cut.append(False)

    monkeypatch.setattr(ImapSession, "chunks", chunks)
    world.poll()
    assert world.record.states() == {uid: "archived"}
    assert world.stored() == {b"x" * 50}, "nothing is kept of the short one"


def test_an_oversize_mail_is_told_and_not_fetched(world):
    world.polling = replace(POLLING, maximum_mail_bytes=1_000)
    big, small = world.deliver(b"x" * 1_001, b"y" * 1_000)
    report = world.poll()
    assert world.record.states() == {big: "oversize", small: "archived"}
    assert report.folders[0].oversize == 1
    assert world.poll().archived == 0


def test_an_oversize_mail_is_fetched_once_the_limit_allows_it(world):
    world.polling = replace(POLLING, maximum_mail_bytes=1_000)
    larger, large, small = world.deliver(b"x" * 3_000, b"x" * 2_000, b"y" * 1_000)
    world.poll()
    world.polling = replace(POLLING, maximum_mail_bytes=2_000)
    report = world.poll()
    assert world.record.states() == {larger: "oversize", large: "archived", small: "archived"}
    assert (report.archived, report.left, report.folders[0].known) == (1, 0, 2)
    assert world.poll().archived == 0


def test_an_oversize_mail_that_was_put_away_has_vanished_and_is_new_where_it_is_seen_again(world):
    world.polling = replace(POLLING, maximum_mail_bytes=1_000)
    (uid,) = world.deliver(b"x" * 2_000)
    world.poll()
    hidden = world.server.mailbox._mails["INBOX"].pop(uid)
    report = world.poll()
    assert world.record.states() == {uid: "vanished"}
    assert (report.folders[0].listed, report.left) == (0, 0)
    world.server.mailbox._mails["INBOX"][uid] = hidden
    world.poll()
    assert world.record.states() == {uid: "oversize"}


def test_an_oversize_mail_of_a_folder_that_is_watched_no_more_is_let_go_and_found_again(world):
    world.polling = replace(POLLING, maximum_mail_bytes=1_000)
    world.folders = ("INBOX", "已发送")
    (uid,) = world.deliver(b"x" * 2_000, folder="已发送")
    world.poll()
    world.folders = ("INBOX",)
    world.poll()
    assert world.record.states("已发送") == {uid: "vanished"}
    world.folders = ("INBOX", "已发送")
    world.poll()
    assert world.record.states("已发送") == {uid: "oversize"}


# --- mails that go away ----------------------------------------------------------------------------------------------


class Meanwhile(MemoryRecord):
    """A record that lets something happen on the server while the poll is under way."""

    def __init__(self, action):
        super().__init__()
        self.action = action

    def known(self, account, folder, uid_validity):
        if folder == "INBOX":
            self.action()
        return super().known(account, folder, uid_validity)


def test_a_mail_that_goes_before_it_is_described_has_vanished(world):
    gone, kept = world.deliver(b"gone", b"kept")
    world.record = Meanwhile(lambda: world.server.mailbox.remove("INBOX", gone))
    report = world.poll()
    assert world.record.states() == {gone: "vanished", kept: "archived"}
    assert (report.folders[0].vanished, report.left) == (1, 0)


def test_a_mail_that_goes_between_size_and_body_has_vanished(world, monkeypatch):
    gone, kept = world.deliver(b"gone", b"kept")
    real = ImapSession.describe_all

    def describe_all(self, uids):
        found = real(self, uids)
        if gone in found:
            world.server.mailbox.move("INBOX", gone, "已删除")
        return found

    monkeypatch.setattr(ImapSession, "describe_all", describe_all)
    world.poll()
    assert world.record.states() == {gone: "vanished", kept: "archived"}
    assert world.stored() == {b"kept"}


def test_a_body_withheld_by_a_server_that_still_lists_the_mail_is_not_given_up(world):
    (uid,) = world.deliver(b"form")
    world.server.habits = Habits(nil_bodies=True)
    report = world.poll()
    assert world.record.states() == {}
    assert report.left == 1
    world.server.habits = Habits()
    world.poll()
    assert world.record.states() == {uid: "archived"}


def test_a_mail_of_no_bytes_is_no_mail(world):
    """Dovecot answers so for a mail that was expunged in mid-session."""
    world.deliver(b"")
    assert (world.poll().left, world.record.states(), world.stored()) == (1, {}, set())


def test_noise_of_other_clients_makes_no_phantoms(world):
    world.server.habits = Habits(untagged_noise=True)
    raws = [b"mail %d" % number for number in range(8)]
    world.deliver(*raws, b"x" * 600_000)
    report = world.poll()
    assert world.stored() == {*raws, b"x" * 600_000}
    assert (report.archived, report.folders[0].mismatched) == (9, 0)


# --- a mailbox rebuilt under the same UIDVALIDITY ----------------------------------------------------------------------


def put_back(world, uid, raw, at=NOON, folder="INBOX"):
    """Let the server give a UID to another mail, as after a restore from a backup."""
    world.server.mailbox._mails[folder][uid] = StoredMail(uid, raw, at)


def test_a_known_uid_that_means_another_mail_is_fetched_and_the_former_row_is_set_aside(world):
    kept, given_again = world.deliver(b"kept", b"former")
    world.poll()
    put_back(world, given_again, b"latter", NOON + timedelta(days=1))
    report = world.poll()
    assert world.stored() == {b"kept", b"former", b"latter"}
    assert (report.archived, report.left, report.folders[0].known, report.folders[0].replaced) == (1, 0, 1, 1)
    hashes = {key: sha256 for key, (_, _, sha256) in world.record.rows.items()}
    assert hashes == {
        ("INBOX", 1, kept): hashlib.sha256(b"kept").hexdigest(),
        ("INBOX", 1, given_again): hashlib.sha256(b"latter").hexdigest(),
        ("INBOX", -1, given_again): hashlib.sha256(b"former").hexdigest(),
    }
    assert world.poll().archived == 0


def test_the_time_alone_tells_another_mail(world):
    (uid,) = world.deliver(b"former")
    world.poll()
    put_back(world, uid, b"latter", NOON + timedelta(seconds=1))
    world.poll()
    assert world.stored() == {b"former", b"latter"}


def test_once_one_mail_was_replaced_all_are_compared(world):
    uids = world.deliver(*(b"former %d" % number for number in range(260)))
    world.poll()
    for number, uid in enumerate(uids):
        put_back(world, uid, b"the latter %d" % number)
    report = world.poll()
    assert (report.archived, report.left, report.folders[0].replaced) == (260, 0, 260)
    assert len(world.stored()) == 520


def test_a_poll_compares_the_newest_and_a_few_others_by_one_command(world):
    world.deliver(*(b"mail %d" % number for number in range(260)))
    world.poll()
    before = len(world.server.commands)
    world.poll()
    (compared,) = [command for command in world.server.commands[before:] if "FETCH" in command]
    uids = [int(uid) for uid in compared.split()[2].split(",")]
    newest = [mail.uid for mail in world.server.mailbox.mails("INBOX")][-50:]
    assert len(uids) == 100
    assert uids[-50:] == newest


def test_a_server_that_tells_another_size_of_the_same_mail_is_asked_once(world):
    (uid,) = world.deliver(b"form")
    world.poll()
    world.server.habits = Habits(size_error=2)
    report = world.poll()
    assert (report.archived, report.left, report.folders[0].known) == (0, 0, 1)
    assert world.record.states() == {uid: "mismatch"}
    before = len(world.server.commands)
    world.poll()
    assert not any("BODY" in command for command in world.server.commands[before:])


def test_a_server_without_steady_sizes_is_asked_for_few_bodies(world):
    world.deliver(*(b"mail %d" % number for number in range(260)))
    world.poll()
    world.server.habits = Habits(size_error=1)
    before = len(world.server.commands)
    world.poll()
    asked = {command.split()[2] for command in world.server.commands[before:] if "BODY" in command}
    assert len(asked) == 20


def test_a_mail_that_was_listed_again_after_it_had_vanished_is_new(world):
    """The web setting 收取最近30天邮件 hides mails and shows them again, under the same UID."""
    (uid,) = world.deliver(b"form")
    hidden = world.server.mailbox.find("INBOX", uid)
    world.record = Meanwhile(lambda: world.server.mailbox._mails["INBOX"].pop(uid, None))
    world.poll()
    assert world.record.states() == {uid: "vanished"}
    world.record.action = lambda: None
    world.server.mailbox._mails["INBOX"][uid] = hidden
    world.poll()
    assert world.record.states() == {uid: "archived"}


def test_a_replaced_mail_that_breaks_the_session_is_kept_for_the_end_and_comes_later(world):
    uids = world.deliver(b"former", b"other")
    world.poll()
    put_back(world, uids[0], b"the latter")
    put_back(world, uids[1], b"another")
    world.server.habits = Habits(hang_up_on=frozenset({uids[0]}))
    for _ in range(3):
        with suppress(TransientServerError):
            world.poll()
    assert b"another" in world.stored()
    world.server.habits = Habits()
    assert world.poll().left == 0
    assert b"the latter" in world.stored()


# --- connections that break ------------------------------------------------------------------------------------------


def test_a_cut_after_any_byte_records_nothing_false_and_loses_nothing(world):
    raws = [b"Subject: one\r\n\r\nhello\r\n", b"x" * 120_000]
    world.deliver(*raws)
    cuts = [*range(0, 2_600, 23), 20_000, 120_000]
    broken = 0
    for cut in cuts:
        world.server.habits = Habits(cut_after_bytes=cut)
        world.record = MemoryRecord()
        try:
            world.poll()
        except TransientServerError:
            broken += 1
        for _, sighting, sha256 in world.record.rows.values():
            assert world.archive.read(sha256) in raws
            assert sighting.size_bytes == len(world.archive.read(sha256))
        assert not list(world.archive.root.glob("*.tmp"))
    assert broken > 100
    world.server.habits = Habits()
    world.record = MemoryRecord()
    world.poll()
    assert world.stored() == set(raws)


@pytest.mark.parametrize("commands", range(1, 14))
def test_a_goodbye_after_any_command_loses_nothing(world, commands):
    world.deliver(b"one", b"two")
    world.server.habits = Habits(bye_after_commands=commands)
    with suppress(TransientServerError):
        world.poll()
    world.server.habits = Habits()
    world.poll()
    assert world.stored() == {b"one", b"two"}
    assert set(world.record.states().values()) == {"archived"}


def test_a_mail_that_breaks_the_session_does_not_hold_up_the_others(world):
    poison, good = world.deliver(b"poison", b"good")
    (elsewhere,) = world.deliver(b"elsewhere", folder="广告邮件")
    world.server.habits = Habits(hang_up_on=frozenset({poison}))
    with pytest.raises(TransientServerError):
        world.poll()
    assert world.record.states() == {}
    assert world.suspects == {("INBOX", 1, poison)}
    with pytest.raises(TransientServerError):
        world.poll()
    assert world.record.states() == {good: "archived"}
    assert world.record.states("广告邮件") == {elsewhere: "archived"}
    world.server.habits = Habits()
    world.poll()
    assert world.record.states() == {poison: "archived", good: "archived"}
    assert world.suspects == set()


def test_of_two_suspects_the_harmless_one_gets_through(world):
    poison, harmless = world.deliver(b"poison", b"harmless")
    world.suspects = {("INBOX", 1, poison), ("INBOX", 1, harmless)}
    world.server.habits = Habits(hang_up_on=frozenset({poison}))
    for _ in range(60):
        with pytest.raises(TransientServerError):
            world.poll()
        if world.record.states():
            break
    assert world.record.states() == {harmless: "archived"}
    assert world.suspects == {("INBOX", 1, poison)}


def test_a_mail_that_the_server_refuses_is_told_and_tried_again(world):
    refused, good = world.deliver(b"refused", b"good")
    world.server.habits = Habits(refuse_body_of=frozenset({refused}))
    report = world.poll()
    assert world.record.states() == {good: "archived"}
    assert (report.left, len(report.failures)) == (1, 1)
    world.server.habits = Habits()
    world.poll()
    assert world.record.states() == {refused: "archived", good: "archived"}


def test_a_poll_that_brought_something_has_not_failed(tmp_path):
    store = MailStore({"INBOX": ""})
    refused, _ = store.deliver("INBOX", b"refused", NOON), store.deliver("INBOX", b"good", NOON)
    with DemoMailbox(ADDRESS, CODE, mailbox=store, habits=Habits(refuse_body_of=frozenset({refused}))) as running:
        world = World(running, tmp_path / "archive")
        assert (world.poll().archived, world.stored()) == (1, {b"good"})
        with pytest.raises(TransientServerError):
            world.poll()


def test_a_poll_that_runs_out_of_time_ends_quietly_with_what_it_has(world, monkeypatch):
    world.polling = replace(POLLING, poll_deadline_s=0.5)
    world.deliver(*(b"mail %d" % number for number in range(50)))
    real = Archive.store

    def slow(self, chunks, **options):
        time.sleep(0.05)
        return real(self, chunks)

    monkeypatch.setattr(Archive, "store", slow)
    report = world.poll()
    assert 0 < report.archived < 50
    assert report.left == 50 - report.archived
    assert report.cut_short, "the junk folder has not been listed"
    world.polling = replace(POLLING, poll_deadline_s=20)
    while (report := world.poll()).left:
        pass
    assert not report.cut_short
    assert len(world.record.states()) == 50


def test_a_trickling_server_holds_no_poll_beyond_its_deadline(world):
    world.polling = replace(POLLING, command_timeout_s=0.5, poll_deadline_s=0.7)
    world.deliver(b"x" * 1_000)
    world.server.habits = Habits(trickle_s=0.01)
    began = time.monotonic()
    with pytest.raises(TransientServerError):
        world.poll()
    assert time.monotonic() - began < 1.5
    assert world.record.states() == {}


def test_an_interrupted_poll_keeps_what_it_has(world, monkeypatch):
    world.deliver(*(b"mail %d" % number for number in range(20)))
    mailbox = mailbox_at(world.server.port)
    real = Archive.store

    def store(self, chunks, **options):
        if len(world.record.rows) == 5:
            threading.Thread(target=session.interrupt).start()
            time.sleep(0.1)
        return real(self, chunks)

    monkeypatch.setattr(Archive, "store", store)
    with ImapSession(mailbox, POLLING) as session:
        report = poll(session, world.archive, world.record)
    assert report.archived == len(world.record.rows) == 5
    assert report.left == 15


def test_a_full_disk_records_nothing_and_the_next_poll_goes_on(world, monkeypatch):
    world.deliver(b"one", b"two")

    def refuse(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OfficeError, match="磁盘空间已满"):
        world.poll()
    monkeypatch.undo()
    assert world.record.rows == {}
    assert world.files() == []
    world.poll()
    assert world.stored() == {b"one", b"two"}


def test_a_record_that_fails_leaves_an_orphan_that_the_next_poll_adopts(world, monkeypatch):
    world.deliver(b"form")

    def fail(*_arguments, **_keywords):
        raise RuntimeError("database is locked")

    monkeypatch.setattr(world.record, "archived", fail)
    with pytest.raises(RuntimeError):
        world.poll()
    monkeypatch.undo()
    assert list(world.archive.orphans(set())) == [hashlib.sha256(b"form").hexdigest()]
    world.poll()
    assert list(world.archive.orphans(world.record.hashes())) == []


def test_nothing_of_a_mail_stands_in_the_log(world, caplog):
    caplog.set_level(logging.DEBUG)
    world.deliver(b"Subject: canary\r\nFrom: canary@example.com\r\n\r\ncanary 13900000000")
    world.server.habits = Habits(size_error=1)
    world.poll()
    assert "action=fetch.archived folder=INBOX uid=1392611444 bytes=" in caplog.text
    assert "canary" not in caplog.text
    assert CODE not in caplog.text


def test_a_mailbox_of_hundreds_is_polled_and_known_again(tmp_path):
    store = MailStore()
    for number in range(300):
        store.deliver("INBOX", b"Subject: %d\r\n\r\n" % number, NOON)
    with DemoMailbox(ADDRESS, CODE, mailbox=store) as running:
        world = World(running, tmp_path / "archive", replace(POLLING, poll_deadline_s=60))
        assert world.poll().archived == 300
        assert world.poll().folders[0].known == 300


# --- how long to rest ------------------------------------------------------------------------------------------------


def minutes(error, failures, jitter=0.0):
    return back_off(error, failures, jitter=jitter) / timedelta(minutes=1)


@pytest.mark.parametrize("error", [LoginRefusedError("x"), LoginUnansweredError("x")])
def test_a_refused_login_rests_five_minutes_at_least_and_longer_each_time(error):
    assert [minutes(error, number) for number in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert minutes(error, 1_000) == 240


def test_a_failing_network_is_tried_again_soon_and_never_less_than_every_quarter_hour():
    assert [minutes(TransientServerError("x"), number) for number in (1, 2, 3)] == [0.5, 1, 2]
    assert minutes(TransientServerError("x"), 1_000) == 15


def test_what_somebody_must_mend_is_looked_at_every_hour():
    assert [minutes(PermanentServerError("x"), number) for number in (1, 5)] == [5, 60]


def test_the_jitter_only_ever_delays():
    assert minutes(LoginRefusedError("x"), 1, jitter=1.0) == 6.25
    assert minutes(LoginRefusedError("x"), 0, jitter=0.5) == 5.625
