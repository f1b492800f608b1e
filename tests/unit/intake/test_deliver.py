import logging
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from intake import halt, outbox
from intake.db.models import HeartbeatRow, OutboxRow
from intake.deliver import Batch, deliver_batch
from intake.model import LetterKind
from intake.smtp import SmtpSession
from scheduler.demo.faults import Answer, Drop, Rule, Stage
from tests.builders.mailing import (
    NOW,
    PASSWORD,
    database,
    mailbox,
    minutes,
    new_letter,
    put,
    raw_letter,
    rows,
    sending,
    sink,
    smtp,
    states,
)


@pytest.fixture
def sessions(tmp_path):
    with database(tmp_path) as factory:
        yield factory


@pytest.fixture
def server():
    with sink() as running:
        yield running


@pytest.fixture
def tick(sessions, server):
    """Run one deliver tick at `now`, returning its batch."""

    def run(now=NOW, *, make_smtp=lambda: smtp(server), sleep=lambda _seconds: None, caps=None, **more):
        return deliver_batch(sessions, make_smtp, caps or sending(), now=lambda: now, sleep=sleep, **more)

    return run


def heartbeat(sessions):
    with sessions() as session:
        return session.get(HeartbeatRow, "deliver")


def test_what_is_due_is_sent_over_one_connection_with_pauses(sessions, server, tick):
    put(sessions, *(new_letter(number) for number in (1, 2, 3)), new_letter(4, not_before=NOW + minutes(1)))
    slept = []
    assert tick(sleep=slept.append, caps=sending(pause_s=4.0)) == Batch(sent=3)
    assert states(sessions) == ["sent", "sent", "sent", "queued"]
    assert [one.raw for one in server.delivered] == [raw_letter(number) for number in (1, 2, 3)]
    assert slept == [4.0, 4.0, 4.0]
    assert server.reached(Stage.CONNECT) == 1
    assert rows(sessions)[0].queue_id == "smtp11,D8CowAB000001"
    assert heartbeat(sessions).ok_at == NOW


def test_nothing_due_opens_no_connection(server, tick):
    assert tick() == Batch()
    assert server.reached(Stage.CONNECT) == 0


def test_a_halt_ends_the_batch_before_the_next_letter_and_is_no_failure(sessions, server):
    put(sessions, *(new_letter(number) for number in (1, 2, 3)))

    def halt_now(*_):
        with sessions.begin() as session:
            halt.pause(session, who="章某某", now=NOW)

    caps = sending()
    batch = deliver_batch(
        sessions, lambda: smtp(server), caps, now=lambda: NOW, sleep=lambda _seconds: None, on_sent=halt_now
    )
    assert batch == Batch(sent=1)
    assert states(sessions) == ["sent", "queued", "queued"]
    assert heartbeat(sessions).failures == 0
    with sessions.begin() as session:
        assert halt.resume(session)
        assert not halt.resume(session)
    assert deliver_batch(sessions, lambda: smtp(server), caps, now=lambda: NOW, sleep=lambda _seconds: None).sent == 2


def test_a_batch_ends_at_its_limit_or_when_the_process_has_to_stop(sessions, server, tick):
    put(sessions, *(new_letter(number) for number in range(1, 6)))
    assert tick(limit=2).sent == 2
    assert tick(stopping=lambda: len(server.delivered) == 3).sent == 1


def test_the_row_says_sending_and_data_while_the_letter_is_under_way(sessions, tick):
    put(sessions, new_letter())
    seen = []
    with sink(
        on_mail=lambda _letter: seen.extend((row.state, row.phase, row.attempt) for row in rows(sessions))
    ) as server:
        tick(make_smtp=lambda: smtp(server))
    assert seen == [("sending", "data", 1)]


def test_one_refused_letter_does_not_stop_the_others(sessions, server, tick):
    put(sessions, new_letter(1, to_address="gone@example.org"), new_letter(2))
    server.script(Rule(Stage.RCPT, Answer(b"550 User not found: gone@example.org"), recipient="gone@example.org"))
    assert tick() == Batch(sent=1, unsent=1)
    assert states(sessions) == ["failed", "sent"]
    assert rows(sessions)[0].answer == "550 User not found: gone@example.org"


def test_the_days_quota_at_mail_37_of_80_stops_the_queue_until_tomorrow(sessions, server, tick):
    put(sessions, *(new_letter(number) for number in range(1, 81)))
    server.script(Rule(Stage.MAIL, Answer(b"550 MI:STC 192.0.2.1"), nth=37))
    plenty = sending(per_quarter_hour=1_000, per_address_hour=1_000, per_address_day=1_000)
    batch = tick(caps=plenty)
    assert (batch.sent, batch.unsent) == (36, 1)
    assert batch.pause.when.isoformat() == "2025-05-29T00:05:00+08:00"
    later = tick(NOW + timedelta(hours=13), caps=plenty)
    assert (later.sent, later.pause) == (0, batch.pause)
    assert later.pause.reason == heartbeat(sessions).message
    assert server.reached(Stage.CONNECT) == 1
    assert tick(NOW + timedelta(hours=15), caps=plenty) == Batch(sent=44)
    assert sorted(one.raw for one in server.delivered) == sorted(raw_letter(number) for number in range(1, 81))
    assert heartbeat(sessions).paused_until is None


def test_a_refused_login_is_not_repeated_before_its_pause_is_over(sessions, server, tick):
    put(sessions, new_letter())

    def wrong():
        return smtp(server, password="wrong")

    now, waits = NOW, []
    for _ in range(4):
        batch = tick(now, make_smtp=wrong)
        assert tick(batch.pause.when - timedelta(seconds=1), make_smtp=wrong).pause == batch.pause
        waits.append(batch.pause.when - now)
        now = batch.pause.when
    assert waits == [minutes(5), minutes(10), minutes(20), minutes(40)]
    assert server.reached(Stage.AUTH) == 4
    assert rows(sessions)[0].attempt == 0
    assert tick(now) == Batch(sent=1)
    assert heartbeat(sessions).failures == 0


def test_after_a_success_pauses_begin_small_again(sessions, server, tick):
    put(sessions, new_letter(1))
    server.script(Rule(Stage.CONNECT, Drop(), times=3))
    now = NOW
    for _ in range(3):
        pause = tick(now).pause
        now = pause.when
    assert pause.when - NOW == minutes(7)
    put(sessions, new_letter(2))
    server.script(Rule(Stage.RCPT, Drop(), nth=2), Rule(Stage.CONNECT, Drop(), nth=5))
    batch = tick(now)
    assert (batch.sent, batch.unsent) == (1, 1)
    assert batch.pause.when - now == minutes(1)


def test_a_lost_250_is_uncertain_stops_the_batch_and_is_not_sent_again(sessions, server, tick):
    put(sessions, new_letter(1), new_letter(2))
    server.script(Rule(Stage.CONTENT, Drop(keep=True)))
    batch = tick()
    assert (batch.sent, batch.unsent) == (0, 1)
    assert batch.pause.when == NOW + minutes(1)
    assert states(sessions) == ["uncertain", "queued"]
    assert tick(NOW + minutes(1)) == Batch(sent=1)
    assert tick(NOW + timedelta(days=1)) == Batch()
    assert len(server.delivered) == 2


def test_three_letters_in_a_row_taken_for_spam_stop_the_queue_for_an_hour(sessions, server, tick):
    put(sessions, *(new_letter(number) for number in range(1, 7)))
    server.script(*(Rule(Stage.CONTENT, Answer(b"554 DT:SPM"), nth=number) for number in (1, 2, 4, 5, 6)))
    batch = tick()
    assert states(sessions) == ["held", "held", "sent", "held", "held", "held"]
    assert batch.pause.when == NOW + timedelta(hours=1)
    assert heartbeat(sessions).paused_until == batch.pause.when
    assert heartbeat(sessions).permanent


def test_a_quarter_hour_quota_pauses_a_quarter_of_an_hour(sessions, server, tick):
    put(sessions, new_letter(1), new_letter(2))
    server.script(Rule(Stage.MAIL, Answer(b"451 MI:SFQ"), nth=2))
    assert tick().pause.when == NOW + minutes(15)
    assert tick(NOW + minutes(15)) == Batch(sent=1)


def test_a_database_that_fails_after_the_250_leaves_a_letter_that_is_not_sent_twice(sessions, server, tick):
    put(sessions, new_letter())
    execute(
        sessions,
        "CREATE TRIGGER full BEFORE UPDATE ON outbox WHEN NEW.state = 'sent' BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    with pytest.raises(DBAPIError, match="disk full"):
        tick()
    assert len(server.delivered) == 1
    assert states(sessions) == ["sending"]
    execute(sessions, "DROP TRIGGER full")
    assert tick(NOW + minutes(30)) == Batch()
    assert states(sessions) == ["sending"]  # another daemon might still be at it
    assert tick(NOW + timedelta(hours=1)) == Batch()  # that batch is over: uncertain, to be looked up
    assert states(sessions) == ["uncertain"]
    assert len(server.delivered) == 1


def execute(sessions, statement):
    with sessions.begin() as session:
        session.execute(text(statement))


def test_a_letter_that_another_daemon_took_over_is_not_handed_over(sessions, server, tick):
    class Overtaken(SmtpSession):
        def send(self, raw, to_address, *, on_phase):
            with sessions.begin() as session:
                outbox.recover(session, NOW)
            return super().send(raw, to_address, on_phase=on_phase)

    put(sessions, new_letter())
    with pytest.raises(LookupError):
        tick(make_smtp=lambda: Overtaken(mailbox(server.port)))
    assert server.delivered == ()
    assert states(sessions) == ["uncertain"]


def test_a_line_that_we_cut_ourselves_pauses_nothing(sessions, tick):
    put(sessions, new_letter(kind=LetterKind.REMINDER))
    stop = []

    def cut(_letter):
        stop.append(True)
        session.abort()

    with sink(on_mail=cut) as server:
        session = smtp(server)
        assert tick(make_smtp=lambda: session, stopping=lambda: bool(stop)) == Batch(unsent=1)
    assert states(sessions) == ["uncertain"]
    assert heartbeat(sessions).paused_until is None


def test_the_log_holds_ids_and_classes_but_no_address_subject_or_password(sessions, server, tick, caplog):
    caplog.set_level(logging.DEBUG, logger="intake")
    put(sessions, *(new_letter(number) for number in (1, 2, 3, 4)))
    server.script(
        Rule(Stage.RCPT, Answer(b"550 User not found: unit@example.org"), nth=1),
        Rule(Stage.CONTENT, Drop(), nth=2),
    )
    tick()
    tick(NOW + minutes(1), make_smtp=lambda: smtp(server, password="wrong-CANARY"))
    told = caplog.text
    assert "action=deliver.refused letter=1 attempt=1 class=bad_recipient code=550 phase=rcpt state=failed" in told
    assert "action=deliver.sent letter=2 attempt=1" in told
    assert "action=deliver.lost letter=3 attempt=1 phase=content state=uncertain" in told
    assert "action=deliver.paused" in told
    for secret in ("example.org", PASSWORD, "CANARY", "\u3014"):
        assert secret not in told


# --- a server that refuses everything for now -------------------------------------------------------------------------

LATER = Answer(b"451 Temporary failure, try again later")


def set_state(sessions, number, state):
    with sessions.begin() as session:
        session.get_one(OutboxRow, number).state = state


def test_a_server_that_refuses_all_for_now_fails_until_a_letter_goes_and_then_the_others_go_at_once(
    sessions, server, tick
):
    put(sessions, new_letter(1), new_letter(2))
    server.script(Rule(Stage.RCPT, LATER, times=6))
    for minute in (0, 1, 6, 17):  # the waits are 5, 10 and 20 minutes
        assert tick(NOW + minutes(minute)).sent == 0
        beat = heartbeat(sessions)
        assert (beat.failed_at, beat.paused_until, beat.permanent) == (NOW, None, False), "idle ticks prove nothing"
    assert beat.failures == 3
    put(sessions, new_letter(3))
    assert tick(NOW + minutes(30)).sent == 1
    assert heartbeat(sessions).failures == 0
    assert tick(NOW + minutes(31)).sent == 2, "the wait was for the server"


def test_one_recipient_that_is_refused_for_now_says_nothing_of_the_server_while_others_go(sessions, server, tick):
    put(sessions, new_letter(1, to_address="full@example.org"), new_letter(2))
    server.script(Rule(Stage.RCPT, LATER, recipient="full@example.org", times=9))
    assert tick().sent == 1
    for minute in (6, 17, 40):
        assert tick(NOW + minutes(minute)).unsent == 1
        assert heartbeat(sessions).failures == 0
    put(sessions, new_letter(3))
    assert tick(NOW + minutes(41)).sent == 1
    assert rows(sessions)[0].not_before == NOW + minutes(40 + 40), "its wait is its own"


def test_when_nothing_that_was_refused_waits_any_more_sending_fails_no_more(sessions, server, tick):
    put(sessions, new_letter(1))
    server.script(Rule(Stage.RCPT, LATER))
    tick()
    assert heartbeat(sessions).failures == 1
    set_state(sessions, 1, "cancelled")
    tick(NOW + minutes(1))
    assert heartbeat(sessions).failures == 0


def test_refusals_for_now_do_not_lengthen_the_pauses_of_another_trouble(sessions, server, tick):
    put(sessions, new_letter(1))
    server.script(Rule(Stage.RCPT, LATER, times=3), Rule(Stage.CONNECT, Drop(), nth=4))
    for minute in (0, 6, 17):
        tick(NOW + minutes(minute))
    assert tick(NOW + minutes(40)).pause.when == NOW + minutes(41)


# --- one letter that the server won't take, in words that speak of all -------------------------------------------------

HELD_BACK = [
    (Stage.RCPT, b"421 4.7.0 try again later"),
    (Stage.RCPT, b"553 Mail from must equal authorized user"),
    (Stage.CONTENT, b"554 DT:SUM smtp1,envelope mismatch"),
    (Stage.RCPT, b"550 HL:IPB the IP is blocked"),
]


@pytest.mark.parametrize(("stage", "words"), HELD_BACK)
def test_what_stops_the_queue_for_one_letters_sake_lets_all_others_go_in_the_next_round(
    sessions, server, tick, stage, words
):
    server.script(Rule(stage, Answer(words), times=None, recipient="odd@example.org"))
    put(sessions, new_letter(1, to_address="odd@example.org"), new_letter(2), new_letter(3))
    batch = tick()
    assert (batch.sent, batch.pause is not None) == (0, True), "it may speak of all"
    rests = tick(NOW + minutes(1))
    assert (rests.sent, rests.unsent) == (0, 0)
    later = NOW + minutes(60 * 5)
    batch = tick(later)
    assert (batch.sent, batch.pause) == (2, None), "the others show that it does not"
    held = words.startswith(b"5")
    assert states(sessions) == ["held" if held else "queued", "sent", "sent"]
    assert heartbeat(sessions).failures == 0
    put(sessions, new_letter(4))
    assert (tick(later + minutes(1)).sent, tick(later + minutes(60 * 9)).pause) == (1, None)


@pytest.mark.parametrize(("stage", "words"), HELD_BACK)
def test_what_is_said_of_every_letter_stops_the_queue_and_loses_none(sessions, server, tick, stage, words):
    server.script(Rule(stage, Answer(words), times=None))
    put(sessions, new_letter(1), new_letter(2), new_letter(3))
    for hours in (0, 5, 10, 15, 20):
        batch = tick(NOW + minutes(60 * hours))
        assert (batch.sent, batch.unsent, batch.pause is not None) == (0, 1, True)
    server.clear_script()
    assert tick(NOW + minutes(60 * 25)).sent == 3
    assert states(sessions) == ["sent"] * 3


def test_an_address_that_is_refused_with_553_is_that_letters_own_matter(sessions, server, tick):
    refusal = Answer(b"553 5.1.8 recipient address rejected")
    server.script(Rule(Stage.RCPT, refusal, times=None, recipient="odd@example.org"))
    put(sessions, new_letter(1, to_address="odd@example.org"), new_letter(2))
    assert tick() == Batch(sent=1, unsent=1)
    assert states(sessions) == ["held", "sent"]
