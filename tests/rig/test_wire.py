"""The short form of "wire" holds, and a mistake planted in the program is seen by each of its pieces."""

import pathlib
import random
import ssl
from datetime import timedelta

import pytest
from sqlalchemy import text

from intake import answers, deliver, imap_connect, outbox, smtp
from intake.answers import AnswerClass, Lost, Sent
from intake.db.record import SqlRecord
from intake.errors import ServerError
from intake.fetch import _Round
from intake.imap_client import Client, Deadline
from intake.imap_session import ImapSession
from scheduler import guard, recovery
from scheduler.demo.faults import Trickle
from tests.rig import wire, wire_answers, wire_imap, wire_logins, wire_scenes, wire_smtp
from tests.rig.wire import Job
from tests.rig.wire_lies import lies
from tests.servers.proxy import Side


def seen(found, told):
    """Return whether one of the violations tells it."""
    return any(told in one for one in found)


def test_cut_and_lied_to_nothing_is_lost_and_nobody_is_answered_twice():
    outcome = wire.run(long=False, seed=11)
    assert outcome.violations == ()
    assert outcome.runs > 150


# --- IMAP -------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_cut_literal_that_is_recorded_is_seen(tmp_path, monkeypatch):
    """A careless client: what came of a literal is the literal, and nobody counts."""
    real_body, real_chunks = ImapSession._body, _Round._body

    def read(client, size):
        client.came = client._stream.read(size)
        if len(client.came) < size:
            raise client.abort("connection ended")
        return client.came

    def careless(session, *what, **options):
        try:
            return real_body(session, *what, **options)
        except ServerError:
            if not getattr(session._client, "came", b""):
                raise
            return session._client.came

    monkeypatch.setattr(Client, "read", read)
    monkeypatch.setattr(ImapSession, "_body", careless)
    monkeypatch.setattr(_Round, "_body", lambda self, mail, **_: real_chunks(self, mail, strict=False))
    told = "bytes that the server never had there"
    assert seen(wire_imap.run_cuts(tmp_path, every=7, seed=1, until=told)[1], told)


@pytest.mark.long
def test_a_half_written_file_that_stays_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(pathlib.Path, "unlink", lambda _path, **_options: None)
    assert seen(wire_imap.run_cuts(tmp_path, every=29, seed=1, until="left behind")[1], "was left behind")


@pytest.mark.long
def test_a_mail_that_is_done_before_it_is_there_is_seen(tmp_path, monkeypatch):
    real = _Round._store

    def too_early(self, mail):
        self._record.vanished(self._sighting(mail))
        return real(self, mail)

    monkeypatch.setattr(_Round, "_store", too_early)
    monkeypatch.setattr(SqlRecord, "known", every_row)
    told = "is vanished, but the server has it"
    assert seen(wire_imap.run_cuts(tmp_path, every=29, seed=1, until=told)[1], told)


def every_row(record, account, folder, uid_validity):
    """`known` as it was: whatever became of a UID, it is done."""
    with record._sessions() as session:
        where = {"folder": folder, "validity": uid_validity}
        found = session.execute(
            text("SELECT uid FROM sightings WHERE folder = :folder AND uid_validity = :validity"), where
        )
        return {uid for (uid,) in found}


@pytest.mark.long
def test_a_mail_of_another_length_without_a_mark_is_seen(tmp_path, monkeypatch):
    real = SqlRecord.archived
    monkeypatch.setattr(SqlRecord, "archived", lambda self, *what, **_: real(self, *what, mismatch=False))
    shorter = [lie for lie in lies() if "10 bytes less" in lie.name]
    monkeypatch.setattr(wire, "lies", lambda: shorter)
    _, found, _ = wire._imap_lies(Job("imap lies", 1, 1), tmp_path)
    assert seen(found, "body 10 bytes less")


@pytest.mark.long
def test_a_rebuilt_mailbox_that_is_taken_for_known_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(_Round, "_compare", lambda *_: None)
    monkeypatch.setattr(wire_scenes, "_COMMANDS", 1)
    monkeypatch.setattr(wire_scenes, "_STALLS", ())
    _, found, _ = wire._imap_scenes(Job("imap scenes", 1, 1), tmp_path)
    assert seen(found, "a mailbox rebuilt under the same UIDVALIDITY: I1: mail")
    assert seen(found, "the newest UID given out again: I1: mail")


@pytest.mark.long
def test_a_poll_that_outlasts_its_deadline_is_seen(tmp_path, monkeypatch):
    real = Deadline.__init__
    monkeypatch.setattr(Deadline, "__init__", lambda self, whole_s, command_s: real(self, 2 * whole_s, 16 * command_s))
    monkeypatch.setattr(wire_scenes, "_SLACK_S", 0.5)
    monkeypatch.setattr(wire_scenes, "_COMMANDS", 1)
    monkeypatch.setattr(wire_scenes, "_STALLS", ("UID FETCH",))
    _, found, _ = wire._imap_scenes(Job("imap scenes", 1, 1), tmp_path)
    assert seen(found, "silence at UID FETCH: I17")


@pytest.mark.long
@pytest.mark.parametrize("place", [(imap_connect, "_tls_context"), (smtp.SmtpSession, "_context")])
def test_a_client_that_trusts_everybody_is_seen(monkeypatch, place):
    def trusting(_mailbox):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    monkeypatch.setattr(*place, trusting)
    found = dict(wire_scenes.certificates())
    protocol = "IMAP" if place[1] == "_tls_context" else "SMTP"
    for name in ("an expired certificate", "a certificate of another host", "an unknown authority"):
        assert seen(found[f"{protocol}: {name}"], "the password was sent")


@pytest.mark.long
def test_a_refused_login_that_is_repeated_quickly_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "back_off", lambda *_, **__: timedelta(minutes=1))
    assert seen(wire_logins.refused(tmp_path, wire_logins.ANSWERS["NetEase's refusal"]), "a refused login rested")


@pytest.mark.long
def test_a_new_password_that_is_not_tried_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(recovery, "_fingerprint", lambda _app: "the same")
    assert seen(wire_logins.rotated(tmp_path), "not fetched with the new password")


# --- SMTP -------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_letter_of_uncertain_fate_that_is_sent_again_is_seen(tmp_path, monkeypatch):
    real = outbox.settle

    def settle(session, letter_id, outcome, now):
        lost = isinstance(outcome, Lost)
        return real(session, letter_id, Lost(answers.Phase.DATA, "") if lost else outcome, now)

    monkeypatch.setattr(outbox, "settle", settle)
    found = wire_smtp.run_cuts(tmp_path, every=3, seed=1, until="was taken 2 times")[1]
    assert seen(found, "was taken 2 times")


@pytest.mark.long
def test_a_loss_that_is_taken_for_a_yes_is_seen(tmp_path, monkeypatch):
    real = outbox.settle

    def settle(session, letter_id, outcome, now):
        return real(session, letter_id, Sent("", "") if isinstance(outcome, Lost) else outcome, now)

    monkeypatch.setattr(outbox, "settle", settle)
    found = wire_smtp.run_cuts(tmp_path, every=211, seed=1, until="never took it")[1]
    assert seen(found, "the server never took it")


@pytest.mark.long
def test_a_folder_that_is_always_empty_taken_for_a_witness_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "_files_copies", lambda *_: True)
    monkeypatch.setattr(wire_smtp, "WITNESSES", ("empty",))
    monkeypatch.setattr(wire_smtp, "SIDES", (Side.SERVER,))  # a lost 250 is among these
    told = "witness empty: I2: the letter"
    assert seen(wire_smtp.run_cuts(tmp_path, every=3, seed=1, until=told)[1], told)


@pytest.mark.long
def test_a_reply_that_is_waited_for_beyond_the_deadline_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(smtp._Wire, "_remaining", lambda _wire: 5.0)
    monkeypatch.setattr(wire_smtp, "_EVERYWHERE", {"trickled": Trickle(0.05)})
    monkeypatch.setattr(wire_smtp, "_SLACK_S", 1.0)
    _, found = wire_smtp.run_lies(tmp_path, share=0.3, draw=random.Random(1))
    assert seen(found, "I17: a tick with deadlines")


@pytest.mark.long
@pytest.mark.parametrize(
    ("where", "name", "mistake", "line", "told"),
    [
        (smtp, "classify", lambda *_: AnswerClass.RETRY_SOON, b"552 Illegal Attachment", "queued and not failed"),
        (smtp, "classify", lambda *_: AnswerClass.HOLD_FOR_CLERK, b"550 MI:STC", "though the queue should rest"),
        (deliver, "pause_after", lambda *_, **__: None, b"535 Error", "the queue rests until None"),
        (outbox, "_note_bad_address", lambda *_: None, b"550 Invalid User", "bad addresses: []"),
    ],
)
def test_an_answer_that_is_misunderstood_is_seen(tmp_path, monkeypatch, where, name, mistake, line, told):
    monkeypatch.setattr(where, name, mistake)
    monkeypatch.setattr(wire_answers, "ANSWERS", [one for one in wire_answers.ANSWERS if one[1].startswith(line)])
    _, found, _ = wire._smtp_answers(Job("smtp answers", 1, 1), tmp_path)
    assert seen(found, told)
