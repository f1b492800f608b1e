"""Fetching against a real IMAP server: what holds with the embedded one holds with Dovecot."""

import hashlib
import time
from dataclasses import replace

import pytest

from intake.archive import Archive
from intake.errors import PermanentServerError, TransientServerError
from intake.fetch import poll
from intake.imap_errors import FolderMissingError, LoginRefusedError
from intake.imap_session import ImapSession, VanishedError
from intake.settings import Security
from tests.servers.dovecot import MISSING, running_dovecot
from tests.servers.mailboxes import NOON, POLLING, MemoryRecord, mailbox_at

pytestmark = [pytest.mark.integration, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

HOSTILE = (
    b"Subject: plain\r\n\r\nhello\r\n",
    b"Subject: LF only\n\nhello\n",
    b"Subject: \xd3\xc3\xbb\xa7\xce\xde\xc8\xa8\r\n\r\n\xb5\xc7\xc2\xbd",
    b"Subject: header only",
    b"\r\n\r\nno header",
    b"Subject: broken\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n\r\n--x--",
    b"Subject: a tag in the text\r\n\r\nA1 OK done\r\n)\r\n* 1 FETCH (UID 7 BODY[] NIL)\r\n",
    b"From nobody Wed May 28\r\nSubject: mbox line\r\n\r\nFrom x\r\n.\r\n",
)


@pytest.fixture(scope="module")
def server():
    with running_dovecot() as running:
        yield running


@pytest.fixture
def dovecot(server):
    server.empty()
    return server


def session(dovecot, **settings):
    port = dovecot.port if settings.get("security", Security.NONE) is not Security.TLS else dovecot.tls_port
    return ImapSession(mailbox_at(port, **settings), POLLING)


def run_poll(dovecot, archive, record, **settings):
    with session(dovecot, **settings) as imap:
        return poll(imap, archive, record)


def test_hostile_mails_are_archived_to_the_byte(dovecot, tmp_path):
    for raw in HOSTILE:
        dovecot.deliver(raw, NOON)
    archive, record = Archive(tmp_path / "archive"), MemoryRecord()
    report = run_poll(dovecot, archive, record)
    served = dovecot.served()
    assert (report.archived, report.left, report.failures) == (len(HOSTILE), 0, ())
    assert {uid: archive.read(sha256) for (_, _, uid), (_, _, sha256) in record.rows.items()} == served
    assert set(record.states().values()) == {"archived"}
    # Dovecot writes every line end as CRLF; apart from that it is what was delivered.
    assert [raw.replace(b"\r\n", b"\n") for raw in served.values()] == [raw.replace(b"\r\n", b"\n") for raw in HOSTILE]
    assert all(sighting.internal_at == NOON for _, sighting, _ in record.rows.values())


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_twenty_megabytes_come_in_pieces_over_verified_tls(dovecot, tmp_path, security):
    raw = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 1_310_720
    dovecot.deliver(raw, NOON)
    archive, record = Archive(tmp_path / "archive"), MemoryRecord()
    report = run_poll(dovecot, archive, record, security=security, ca_file=dovecot.certificate.certificate)
    assert report.archived == 1
    assert record.hashes() == {hashlib.sha256(raw).hexdigest()}


def test_no_flag_changes_and_nothing_is_expunged(dovecot, tmp_path):
    for flags in ("()", "(\\Seen)", "(\\Deleted)", "(\\Answered \\Flagged)"):
        dovecot.deliver(b"Subject: x\r\n\r\n" + b"y" * 150_000, NOON, flags=flags)
    before = [set(flags) - {b"\\Recent"} for flags in dovecot.flags()]
    assert run_poll(dovecot, Archive(tmp_path / "archive"), MemoryRecord()).archived == 4
    assert [set(flags) - {b"\\Recent"} for flags in dovecot.flags()] == before
    assert before == [set(), {b"\\Seen"}, {b"\\Deleted"}, {b"\\Answered", b"\\Flagged"}]


def test_only_what_is_new_is_fetched(dovecot, tmp_path):
    archive, record = Archive(tmp_path / "archive"), MemoryRecord()
    dovecot.deliver(b"Subject: one\r\n\r\n", NOON)
    assert run_poll(dovecot, archive, record).archived == 1
    dovecot.deliver(b"Subject: two\r\n\r\n", NOON)
    report = run_poll(dovecot, archive, record)
    assert (report.folders[0].known, report.archived) == (1, 1)
    assert run_poll(dovecot, archive, record).archived == 0


def test_a_mail_expunged_in_mid_session_has_vanished_and_the_others_come(dovecot, tmp_path):
    for number in range(9):
        dovecot.deliver(b"Subject: %d\r\n\r\n" % number, NOON)

    class Meanwhile(MemoryRecord):
        def known(self, account, folder, uid_validity):
            if folder == "INBOX":
                with dovecot.clerk() as client:
                    client.store("1:3", "+FLAGS", "(\\Deleted)")
                    client.expunge()
            return super().known(account, folder, uid_validity)

    record = Meanwhile()
    report = run_poll(dovecot, Archive(tmp_path / "archive"), record)
    states = record.states()
    assert (report.folders[0].listed, report.left, report.failures) == (9, 0, ())
    assert [states[uid] for uid in sorted(states)] == ["vanished"] * 3 + ["archived"] * 6


def test_a_mail_expunged_between_size_and_body_is_no_empty_mail(dovecot):
    dovecot.deliver(b"Subject: x\r\n\r\n", NOON)
    with session(dovecot) as imap:
        imap.examine("INBOX")
        (uid,) = imap.uids()
        mail = imap.describe(uid)
        with dovecot.clerk() as client:
            client.store("1", "+FLAGS", "(\\Deleted)")
            client.expunge()
        with pytest.raises(VanishedError):
            list(imap.chunks(uid, mail.size_bytes))
        imap.refresh()
        assert imap.uids() == ()


def test_flag_changes_of_another_client_make_no_phantoms(dovecot, tmp_path):
    for number in range(8):
        dovecot.deliver(b"Subject: %d\r\n\r\n" % number, NOON)

    class Meanwhile(MemoryRecord):
        def archived(self, sighting, sha256, size_bytes, *, mismatch):
            with dovecot.clerk() as client:
                client.store("1:8", "+FLAGS", "(\\Flagged)")
                client.store("1:8", "-FLAGS", "(\\Flagged)")
            super().archived(sighting, sha256, size_bytes, mismatch=mismatch)

    record = Meanwhile()
    report = run_poll(dovecot, Archive(tmp_path / "archive"), record)
    assert (report.archived, report.left) == (8, 0)
    assert len(record.hashes()) == 8


def test_chinese_folders_are_found_and_read(dovecot, tmp_path):
    dovecot.deliver(b"Subject: form\r\n\r\n", NOON, folder="报名/第二批")
    dovecot.deliver(b"Subject: junk\r\n\r\n", NOON, folder="垃圾邮件")
    dovecot.deliver(
        b"Message-ID: <a@b.example.com>\r\nX-Intake-Id: m\r\nSubject: =?gb2312?B?ttTVyw==?=\r\n\r\n",
        NOON,
        folder="已发送",
    )
    record = MemoryRecord()
    with session(dovecot, folders=("INBOX", "报名/第二批")) as imap:
        assert {"INBOX", "已发送", "垃圾邮件", "报名/第二批"} <= {folder.name for folder in imap.folders()}
        poll(imap, Archive(tmp_path / "archive"), record)
        (sent,) = imap.sent_headers(10)
    assert {folder for folder, _, _ in record.rows} == {"报名/第二批", "垃圾邮件"}
    assert (sent.message_id, sent.intake_id, sent.subject, sent.internal_at) == ("<a@b.example.com>", "m", "对账", NOON)


def test_a_huge_folder_is_listed_by_ranges(dovecot, monkeypatch):
    monkeypatch.setattr("intake.imap_session.LISTED_AT_ONCE", 4)
    for number in range(11):
        dovecot.deliver(b"Subject: %d\r\n\r\n" % number, NOON)
    with session(dovecot) as imap:
        imap.examine("INBOX")
        assert imap.uids() == tuple(sorted(dovecot.served()))


def test_a_wrong_password_is_explained(dovecot):
    with pytest.raises(LoginRefusedError, match="授权码不正确") as caught, session(dovecot, password="wrong"):
        pass
    assert "wrong" not in str(caught.value)


def test_a_wrong_folder_is_explained_with_those_that_are_there(dovecot):
    with session(dovecot) as imap, pytest.raises(FolderMissingError, match="“反馈”") as caught:
        imap.examine("反馈")
    assert "报名/第二批" in caught.value.message


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_an_unverified_certificate_is_refused_before_any_password(dovecot, security):
    with pytest.raises(PermanentServerError, match="证书没有通过验证"), session(dovecot, security=security):
        pass


def test_a_session_ends_in_time_however_busy_it_is(dovecot):
    quick = replace(POLLING, command_timeout_s=0.5, poll_deadline_s=1)

    def keep_busy():
        with ImapSession(mailbox_at(dovecot.port), quick) as imap:
            imap.examine("INBOX")
            while True:
                imap.refresh()

    began = time.monotonic()
    with pytest.raises(TransientServerError):
        keep_busy()
    assert time.monotonic() - began < 2
