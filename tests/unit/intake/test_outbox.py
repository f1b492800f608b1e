from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from intake import outbox, outbox_desk
from intake.answers import AnswerClass, Lost, Phase, Refused, Sent
from intake.compose import mark
from intake.db.models import BadAddressRow, OutboxRow
from intake.model import LetterKind, OutboxState
from intake.settings import SendMode
from intake.witness import SentFolder, SentHeader
from tests.builders.mailing import KEY, NOW, database, minutes, new_letter, put, rows, sending, states

RECEIPTS = [
    LetterKind.ACKNOWLEDGEMENT,
    LetterKind.CORRECTION,
    LetterKind.UNREADABLE,
    LetterKind.UPDATE,
    LetterKind.RECEIVED,
    LetterKind.QUESTION,
]
LATER = NOW + minutes(30)  # long after the grace of an attempt at NOW
OTHERS = [LetterKind.REMINDER, LetterKind.DIGEST, LetterKind.ALARM, LetterKind.TEST]


@pytest.fixture
def sessions(tmp_path):
    with database(tmp_path) as factory:
        yield factory


def claim(sessions, now=NOW, **caps):
    with sessions.begin() as session:
        return outbox.claim(session, now, sending(**caps))


def settle(sessions, letter, outcome, now=NOW):
    with sessions.begin() as session:
        return outbox.settle(session, letter.id, outcome, now)


def refused(answer_class, phase=Phase.RCPT):
    return Refused(answer_class, 550, "words", phase)


def uncertain(sessions, kind, *, phase=outbox.DATA):
    """One letter of `kind` whose attempt at NOW ended in a crash."""
    put(sessions, new_letter(kind=kind))
    letter = claim(sessions)
    with sessions.begin() as session:
        outbox.note_phase(session, letter.id, phase)
    with sessions.begin() as session:
        assert outbox.recover(session, NOW + minutes(1)) == 1
    return letter


def resolve(sessions, witness, now=LATER):
    with sessions.begin() as session:
        return outbox.resolve_uncertain(session, now, witness)


def sent_before(sessions):
    """A letter that went before: a Sent folder that shows it files copies."""
    put(sessions, new_letter(9))
    settle(sessions, claim(sessions), Sent("", ""))


def nothing_sent(read_at=LATER, **changes):
    """A Sent folder that shows the letter that went before, and no other."""
    letter = new_letter(9)
    copy = SentHeader(letter.header_message_id, "", letter.subject, NOW)
    return SentFolder((copy,), read_at, **changes)


# --- entering --------------------------------------------------------------------------------------------------------


def test_a_second_letter_under_the_same_business_key_changes_nothing(sessions):
    put(sessions, new_letter(1))
    other = replace(new_letter(2), key=new_letter(1).key)
    with sessions.begin() as session:
        assert outbox.enqueue(session, other, state=OutboxState.QUEUED, now=NOW) is False
    (row,) = rows(sessions)
    assert row.header_message_id == new_letter(1).header_message_id
    assert row.raw == new_letter(1).raw


def test_a_reference_or_message_id_used_twice_is_a_bug_that_shows(sessions):
    put(sessions, new_letter(1))
    for clash in ({"reference": "2025-0001"}, {"header_message_id": new_letter(1).header_message_id}):
        with pytest.raises(IntegrityError), sessions.begin() as session:
            outbox.enqueue(session, replace(new_letter(2), **clash), state=OutboxState.QUEUED, now=NOW)
    assert len(rows(sessions)) == 1


def test_on_hold_letters_to_units_wait_and_letters_to_the_clerk_go():
    held = {kind for kind in LetterKind if outbox.state_on_entry(kind, SendMode.HOLD) is OutboxState.HELD}
    assert held == set(LetterKind) - {LetterKind.DIGEST, LetterKind.ALARM, LetterKind.TEST}
    assert {outbox.state_on_entry(kind, SendMode.AUTO) for kind in LetterKind} == {OutboxState.QUEUED}


# --- claiming --------------------------------------------------------------------------------------------------------


def test_while_only_the_notice_may_go_no_other_letter_does_not_even_while_the_notice_is_postponed(sessions):
    notice = new_letter(2, kind=LetterKind.ALARM)
    put(sessions, new_letter(1), notice)
    with sessions.begin() as session:
        assert outbox.claim(session, NOW, sending(), only={notice.key}, postponed=[LetterKind.ALARM]) is None
    later = NOW + minutes(5)
    with sessions.begin() as session:
        assert outbox.claim(session, later, sending(), only=frozenset()) is None
    with sessions.begin() as session:
        claimed = outbox.claim(session, later, sending(), only={notice.key})
        assert claimed is not None
        assert claimed.kind == LetterKind.ALARM
    with sessions.begin() as session:
        assert outbox.claim(session, later, sending(), only={notice.key}) is None


def test_a_claim_shows_the_attempt_before_anything_is_sent(sessions):
    put(sessions, new_letter())
    letter = claim(sessions)
    assert (letter.to_address, letter.raw, letter.attempt) == ("unit@example.org", new_letter().raw, 1)
    (row,) = rows(sessions)
    assert (row.state, row.attempt, row.claimed_at, row.phase) == (OutboxState.SENDING, 1, NOW, "")
    assert claim(sessions) is None


def test_answers_go_before_reminders_and_alarms_before_all(sessions):
    order = [LetterKind.REMINDER, LetterKind.DIGEST, LetterKind.UPDATE, LetterKind.ACKNOWLEDGEMENT, LetterKind.ALARM]
    put(sessions, *(new_letter(number, kind=kind) for number, kind in enumerate(order, start=1)))
    claimed = [claim(sessions).kind for _ in order]
    assert claimed == ["alarm", "acknowledgement", "update", "digest", "reminder"]


def test_who_sends_form_after_form_is_asked_to_mend_the_last_before_he_reads_the_receipts_of_all(sessions):
    put(sessions, *(new_letter(number, kind=LetterKind.UPDATE) for number in range(1, 5)))
    claim(sessions, per_address_hour=1)
    assert claim(sessions, per_address_hour=1) is None
    put(sessions, new_letter(5, kind=LetterKind.CORRECTION))
    assert claim(sessions, NOW + minutes(61), per_address_hour=1).kind == LetterKind.CORRECTION
    assert claim(sessions, NOW + minutes(122), per_address_hour=1).kind == LetterKind.UPDATE


def test_a_letter_is_not_sent_before_its_time_nor_after_it(sessions):
    put(sessions, new_letter(not_before=NOW + minutes(1), expires_at=NOW + minutes(5)))
    assert claim(sessions) is None
    assert claim(sessions, NOW + minutes(5)) is None
    assert states(sessions) == [OutboxState.EXPIRED]


def test_what_is_held_or_cancelled_is_not_claimed(sessions):
    put(sessions, new_letter(1), state=OutboxState.HELD)
    put(sessions, new_letter(2), state=OutboxState.CANCELLED)
    assert claim(sessions) is None


def test_over_the_quarter_hour_cap_a_letter_waits_until_one_more_fits(sessions):
    put(sessions, *(new_letter(number) for number in range(1, 5)))
    for step in range(3):
        settle(sessions, claim(sessions, NOW + minutes(step), per_quarter_hour=3), Sent("", ""), NOW + minutes(step))
    assert claim(sessions, NOW + minutes(4), per_quarter_hour=3) is None
    assert rows(sessions)[3].not_before == NOW + minutes(15)
    assert claim(sessions, NOW + minutes(14.9), per_quarter_hour=3) is None
    assert claim(sessions, NOW + minutes(15), per_quarter_hour=3) is not None


def test_the_day_cap_begins_anew_at_midnight_in_china(sessions):
    evening = datetime(2025, 5, 28, 15, 50, tzinfo=UTC)  # 23:50 in China
    put(sessions, *(new_letter(number) for number in (1, 2)))
    settle(sessions, claim(sessions, evening, per_day=1), Sent("", ""), evening)
    assert claim(sessions, evening + minutes(1), per_day=1) is None
    assert rows(sessions)[1].not_before == evening + minutes(15)  # 0:05
    assert claim(sessions, evening + minutes(16), per_day=1) is not None


def test_an_address_that_got_enough_does_not_hold_up_the_others(sessions):
    put(sessions, *(new_letter(number) for number in (1, 2, 3)), new_letter(4, to_address="other@example.org"))
    claim(sessions, per_address_hour=2)
    claim(sessions, per_address_hour=2)
    assert claim(sessions, per_address_hour=2).to_address == "other@example.org"
    assert rows(sessions)[2].not_before == NOW + timedelta(hours=1)


def test_an_address_gets_no_more_than_its_share_of_a_day(sessions):
    put(sessions, *(new_letter(number) for number in (1, 2)))
    claim(sessions, per_address_day=1)
    assert claim(sessions, per_address_day=1) is None
    assert rows(sessions)[1].not_before.isoformat() == "2025-05-28T16:05:00+00:00"


def test_the_caps_for_units_hold_back_no_alarm_and_no_digest(sessions):
    kinds = [LetterKind.ALARM] * 4 + [LetterKind.DIGEST]
    put(sessions, *(new_letter(number, kind=kind) for number, kind in enumerate(kinds, start=1)))
    caps = {"per_address_hour": 1, "per_address_day": 1, "per_quarter_hour": 1, "per_day": 1}
    assert [claim(sessions, **caps).kind for _ in kinds] == kinds


def test_letters_to_the_office_use_up_nothing_of_the_same_address_as_a_unit(sessions):
    put(sessions, *(new_letter(number, kind=LetterKind.ALARM) for number in (1, 2)), new_letter(3))
    claimed = [claim(sessions, per_address_hour=1, per_address_day=1).kind for _ in range(3)]
    assert claimed == ["alarm", "alarm", "acknowledgement"]


def test_a_fault_can_not_flood_the_clerk_and_the_digest_still_goes(sessions):
    put(sessions, *(new_letter(number, kind=LetterKind.ALARM) for number in range(1, 60)))
    put(sessions, new_letter(60, kind=LetterKind.DIGEST))
    at_once = [letter.kind for _ in range(60) if (letter := claim(sessions)) is not None]
    assert (at_once.count("alarm"), at_once.count("digest")) == (12, 1)
    day = sum(claim(sessions, NOW + minutes(step)) is not None for step in range(1, 13 * 60))
    assert day == 30 - 12, "and what waits goes on the next day"
    assert claim(sessions, NOW + timedelta(hours=15)) is not None


def test_letters_under_way_and_uncertain_count_for_the_caps(sessions):
    put(sessions, *(new_letter(number) for number in (1, 2, 3)))
    settle(sessions, claim(sessions), Lost(Phase.CONTENT, "x"))
    claim(sessions)
    assert states(sessions) == ["uncertain", "sending", "queued"]
    assert claim(sessions, per_quarter_hour=2) is None


def test_reminders_leave_a_fifth_of_the_caps_to_answers(sessions):
    put(sessions, *(new_letter(number, kind=LetterKind.REMINDER) for number in range(1, 10)))
    assert sum(claim(sessions, per_quarter_hour=5) is not None for _ in range(9)) == 4
    put(sessions, new_letter(20))
    assert claim(sessions, per_quarter_hour=5).kind == "acknowledgement"


def test_receipts_of_changes_leave_room_for_what_is_asked_of_the_same_unit(sessions):
    put(sessions, *(new_letter(number, kind=LetterKind.UPDATE) for number in range(1, 31)))
    caps = {"per_address_hour": 100, "per_address_day": 10}
    assert sum(claim(sessions, **caps) is not None for _ in range(30)) == 7
    put(sessions, *(new_letter(number, kind=LetterKind.CORRECTION) for number in range(40, 44)))
    assert [letter and letter.kind for letter in (claim(sessions, **caps) for _ in range(4))] == ["correction"] * 3 + [
        None
    ]


def test_a_cap_of_one_still_lets_a_reminder_go_and_a_cap_of_none_nothing(sessions):
    put(sessions, new_letter(1, kind=LetterKind.REMINDER))
    assert claim(sessions, per_day=0) is None
    assert claim(sessions, NOW + timedelta(days=1), per_quarter_hour=1, per_day=1) is not None


# --- settling --------------------------------------------------------------------------------------------------------


def test_a_letter_with_a_250_is_sent(sessions):
    put(sessions, new_letter())
    assert (
        settle(sessions, claim(sessions), Sent("smtp11,D8", "Mail OK queued as smtp11,D8"), NOW + minutes(1)) == "sent"
    )
    (row,) = rows(sessions)
    assert (row.sent_at, row.queue_id, row.answer) == (NOW + minutes(1), "smtp11,D8", "Mail OK queued as smtp11,D8")


@pytest.mark.parametrize(
    ("outcome", "state", "wait", "attempt"),
    [
        (refused(AnswerClass.RETRY_SOON), "queued", minutes(5), 1),
        (refused(AnswerClass.RETRY_SOON, Phase.AUTH), "queued", minutes(0), 0),
        (refused(AnswerClass.RECONNECT), "queued", minutes(5), 1),
        (refused(AnswerClass.WAIT_QUARTER_HOUR), "queued", minutes(15), 0),
        (refused(AnswerClass.WAIT_THEN_REWORD), "queued", minutes(5), 1),
        (refused(AnswerClass.STOP_UNTIL_TOMORROW), "queued", timedelta(hours=14, minutes=5), 0),
        (refused(AnswerClass.CONFIGURATION), "queued", minutes(0), 0),
        (refused(AnswerClass.IP_BLOCKED), "queued", minutes(0), 0),
        (refused(AnswerClass.HOLD_FOR_CLERK), "held", minutes(0), 1),
        (refused(AnswerClass.BAD_RECIPIENT), "failed", minutes(0), 1),
        (refused(AnswerClass.BAD_LETTER), "failed", minutes(0), 1),
        (Lost(Phase.CONNECT, "x"), "queued", minutes(0), 0),
        (Lost(Phase.DATA, "x"), "queued", minutes(5), 1),
        (Lost(Phase.CONTENT, "x"), "uncertain", outbox.GRACE, 1),
    ],
)
def test_every_other_outcome_has_its_consequence(sessions, outcome, state, wait, attempt):
    put(sessions, new_letter())
    assert settle(sessions, claim(sessions), outcome) == state
    (row,) = rows(sessions)
    assert (row.state, row.not_before - NOW, row.attempt) == (state, wait, attempt)


def test_every_class_of_answer_leads_somewhere(sessions):
    put(sessions, *(new_letter(number) for number in range(1, len(AnswerClass) + 1)))
    for answer_class in AnswerClass:
        assert settle(sessions, claim(sessions), refused(answer_class)) in ("queued", "held", "failed")
    assert "sending" not in states(sessions)


def test_a_letter_taken_for_spam_twice_waits_for_the_clerk(sessions):
    put(sessions, new_letter())
    settle(sessions, claim(sessions), refused(AnswerClass.WAIT_THEN_REWORD))
    assert settle(sessions, claim(sessions, NOW + minutes(5)), refused(AnswerClass.WAIT_THEN_REWORD)) == "held"


def test_waits_grow_and_after_four_days_it_is_given_up(sessions):
    put(sessions, new_letter())
    now, waits = NOW, []
    while (letter := claim(sessions, now)) is not None:
        state = settle(sessions, letter, refused(AnswerClass.RETRY_SOON), now)
        if state == "failed":
            break
        waits.append(rows(sessions)[0].not_before - now)
        now = rows(sessions)[0].not_before
    assert waits[:7] == [minutes(n) for n in (5, 10, 20, 40, 80, 160, 240)]
    assert timedelta(days=3) < now - NOW < timedelta(days=5)


def test_a_refused_address_is_bad_only_when_the_answer_says_so(sessions):
    put(
        sessions,
        new_letter(1, to_address="Gone@example.org"),
        new_letter(2),
        new_letter(3, to_address="gone@example.org"),
    )
    settle(sessions, claim(sessions), refused(AnswerClass.BAD_RECIPIENT))
    settle(sessions, claim(sessions), refused(AnswerClass.BAD_LETTER))
    settle(sessions, claim(sessions), refused(AnswerClass.BAD_RECIPIENT))
    with sessions() as session:
        assert [(row.address, row.reason) for row in session.scalars(select(BadAddressRow))] == [
            ("gone@example.org", "550 words")
        ]


def test_a_late_answer_changes_nothing_but_a_250_is_believed(sessions):
    put(sessions, new_letter())
    letter = claim(sessions)
    with sessions.begin() as session:
        outbox.recover(session, NOW)
    assert settle(sessions, letter, refused(AnswerClass.RETRY_SOON)) == "uncertain"
    assert settle(sessions, letter, Sent("q", "ok")) == "sent"
    assert settle(sessions, letter, Lost(Phase.CONTENT, "x")) == "sent"


def test_an_attempt_that_is_no_longer_ours_must_not_go_on(sessions):
    put(sessions, new_letter())
    letter = claim(sessions)
    with sessions.begin() as session:
        outbox.recover(session, NOW)
    with pytest.raises(LookupError), sessions.begin() as session:
        outbox.note_phase(session, letter.id, outbox.DATA)


# --- after a crash ---------------------------------------------------------------------------------------------------


def test_recovery_can_spare_an_attempt_that_is_young(sessions):
    put(sessions, new_letter())
    claim(sessions)
    with sessions.begin() as session:
        assert outbox.recover(session, NOW + minutes(59), stuck_for=timedelta(hours=1)) == 0
        assert outbox.recover(session, NOW + minutes(60), stuck_for=timedelta(hours=1)) == 1


@pytest.mark.parametrize("kind", [*RECEIPTS, *OTHERS])
def test_a_letter_in_the_sent_folder_was_sent(sessions, kind):
    uncertain(sessions, kind)
    letter = new_letter(kind=kind)
    copy = SentHeader(letter.header_message_id, "", "", NOW + minutes(2))
    assert resolve(sessions, SentFolder((copy,), NOW + minutes(3))) == 1
    (row,) = rows(sessions)
    assert (row.state, row.sent_at) == ("sent", NOW + minutes(2))


def test_a_copy_is_known_by_its_mark_or_its_reference_where_the_provider_rewrites_message_ids(sessions):
    letter = new_letter()
    by_mark = SentHeader("<other@x>", mark(letter.reference, letter.header_message_id, key=KEY), "", NOW)
    by_subject = SentHeader("<other@x>", "", "【收件回执】〔2025-0001〕", NOW + minutes(2))
    for copy in (by_mark, by_subject):
        witness = SentFolder((copy,), NOW + minutes(3))
        assert witness.copy_of(letter.reference, letter.header_message_id, since=NOW) is copy


def test_a_copy_from_before_a_restore_is_no_witness_for_a_new_letter_of_the_same_reference(sessions):
    letter = new_letter()
    old = SentHeader("<old@x>", mark(letter.reference, "<old@x>", key=KEY), "〔2025-0001〕", NOW - timedelta(days=2))
    assert SentFolder((old,), NOW).copy_of(letter.reference, letter.header_message_id, since=NOW) is None


@pytest.mark.parametrize("kind", [*RECEIPTS, *OTHERS])
@pytest.mark.parametrize("phase", ["", outbox.CONNECTED])
@pytest.mark.parametrize("witness", [None, nothing_sent()])
def test_what_was_not_handed_over_is_sent_again_without_asking(sessions, kind, phase, witness):
    uncertain(sessions, kind, phase=phase)
    assert resolve(sessions, witness, NOW + minutes(1)) == 1
    assert claim(sessions, NOW + minutes(1)).attempt == 2


@pytest.mark.parametrize("kind", RECEIPTS)
def test_a_receipt_that_is_not_in_the_sent_folder_waits_for_the_clerk(sessions, kind):
    letter = uncertain(sessions, kind)
    assert resolve(sessions, nothing_sent()) == 0
    assert states(sessions) == ["uncertain"]
    with sessions.begin() as session:
        assert outbox_desk.release(session, NOW + minutes(40), [letter.id]) == 1
    assert claim(sessions, NOW + minutes(40)).id == letter.id


@pytest.mark.parametrize("kind", OTHERS)
def test_a_reminder_that_is_not_in_the_sent_folder_is_sent_again(sessions, kind):
    sent_before(sessions)
    uncertain(sessions, kind)
    assert resolve(sessions, nothing_sent()) == 1
    assert claim(sessions, NOW + minutes(30)).attempt == 2


@pytest.mark.parametrize("kind", OTHERS)
def test_a_sent_folder_without_any_letter_of_ours_is_no_witness(sessions, kind):
    """The provider may file no copies at all: then every letter is absent, those that arrived as well."""
    uncertain(sessions, kind)
    assert resolve(sessions, nothing_sent()) == 0
    sent_before(sessions)
    assert resolve(sessions, SentFolder((), LATER)) == 0
    assert states(sessions) == ["uncertain", "sent"]
    assert resolve(sessions, nothing_sent()) == 1


def test_one_copy_of_long_ago_does_not_prove_that_copies_are_filed_today(sessions):
    sent_before(sessions)
    for number in range(10, 15):
        put(sessions, new_letter(number))
        settle(sessions, claim(sessions), Sent("", ""), NOW + minutes(1))
    uncertain(sessions, LetterKind.REMINDER)
    assert resolve(sessions, nothing_sent()) == 0


@pytest.mark.parametrize(
    "witness",
    [
        None,
        nothing_sent(read_at=NOW + minutes(10.9)),  # recovered at NOW + 1: absence counts from NOW + 11
        nothing_sent(covers_from=NOW + minutes(1)),
    ],
)
def test_a_witness_that_came_too_early_or_saw_too_little_says_nothing(sessions, witness):
    sent_before(sessions)
    uncertain(sessions, LetterKind.REMINDER)
    assert resolve(sessions, witness) == 0
    assert resolve(sessions, nothing_sent(read_at=NOW + minutes(11), covers_from=NOW)) == 1


def test_grace_runs_from_the_loss_and_not_from_the_beginning_of_a_long_attempt(sessions):
    sent_before(sessions)
    put(sessions, new_letter(kind=LetterKind.REMINDER))
    letter = claim(sessions)
    settle(sessions, letter, Lost(Phase.CONTENT, "x"), NOW + minutes(12))
    assert resolve(sessions, nothing_sent(read_at=NOW + minutes(13)), NOW + minutes(13)) == 0


def test_an_uncertain_reminder_whose_use_is_over_expires(sessions):
    sent_before(sessions)
    put(sessions, new_letter(kind=LetterKind.REMINDER, expires_at=NOW + minutes(20)))
    settle(sessions, claim(sessions), Lost(Phase.CONTENT, "x"))
    assert resolve(sessions, nothing_sent()) == 1
    assert claim(sessions, NOW + minutes(30)) is None
    assert states(sessions) == ["sent", "expired"]


def test_a_kind_that_this_version_does_not_know_is_treated_as_a_receipt(sessions):
    sent_before(sessions)
    uncertain(sessions, LetterKind.REMINDER)
    with sessions.begin() as session:
        session.execute(update(OutboxRow).values(kind="new"))
    assert resolve(sessions, nothing_sent()) == 0


def test_it_is_known_whether_the_sent_folder_has_to_be_asked(sessions):
    put(sessions, new_letter())
    with sessions() as session:
        assert not outbox.has_uncertain(session)
    settle(sessions, claim(sessions), Lost(Phase.CONTENT, "x"))
    with sessions() as session:
        assert outbox.has_uncertain(session)


# --- the clerk -------------------------------------------------------------------------------------------------------


def test_a_general_release_lets_new_letters_go_but_not_those_the_provider_refused(sessions):
    put(sessions, new_letter(1))
    settle(sessions, claim(sessions), refused(AnswerClass.HOLD_FOR_CLERK))
    put(sessions, new_letter(2), new_letter(3), state=OutboxState.HELD)
    with sessions.begin() as session:
        assert outbox_desk.release(session, NOW) == 2
    assert states(sessions) == ["held", "queued", "queued"]
    with sessions.begin() as session:
        assert outbox_desk.release(session, NOW, [1]) == 1
    assert states(sessions) == ["queued"] * 3


def test_sent_letters_can_be_neither_released_nor_cancelled(sessions):
    put(sessions, new_letter(1), new_letter(2))
    settle(sessions, claim(sessions), Sent("", ""))
    claim(sessions)
    with sessions.begin() as session:
        assert outbox_desk.release(session, NOW, [1, 2]) == 0
        assert outbox_desk.cancel(session, [1, 2]) == 0
    assert states(sessions) == ["sent", "sending"]


def test_a_waiting_letter_can_be_cancelled(sessions):
    put(sessions, new_letter(1), new_letter(2))
    with sessions.begin() as session:
        assert outbox_desk.cancel(session, [1, 99]) == 1
    assert states(sessions) == ["cancelled", "queued"]
    assert claim(sessions).id == 2


def test_the_list_shows_what_a_clerk_needs(sessions):
    put(sessions, new_letter(1), new_letter(2, unit="示例镇"))
    settle(sessions, claim(sessions), refused(AnswerClass.HOLD_FOR_CLERK))
    with sessions() as session:
        (held,) = outbox_desk.listed(session, [OutboxState.HELD])
        assert [one.id for one in outbox_desk.listed(session, list(OutboxState))] == [1, 2]
    assert (held.id, held.kind, held.state, held.answer, held.attempt) == (1, "acknowledgement", "held", "550 words", 1)
