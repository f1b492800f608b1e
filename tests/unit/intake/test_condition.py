"""How long mails and letters wait, by the record: what is due and stuck counts, what waits for its hour does not."""

from datetime import UTC, datetime, timedelta

import pytest

from intake.db import condition, heartbeats
from intake.db.engine import open_engine, session_factory
from intake.db.models import Base, MessageRow, OutboxRow

NOW = datetime(2025, 5, 29, 6, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def session(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/x.sqlite")
    Base.metadata.create_all(engine)
    with session_factory(engine)() as opened:
        yield opened
    engine.dispose()


def message(session, number, state, archived_at, processed_at=None):
    session.add(
        MessageRow(
            sha256=f"{number:064d}", size_bytes=1, arrived_at=archived_at, archived_at=archived_at, folder="INBOX",
            state=state, processed_at=processed_at,
        )
    )  # fmt: skip
    session.flush()


def letter(
    session, number, state, *, not_before, expires_at=None, claimed_at=None, sent_at=None, kind="reminder", attempt=0
):
    session.add(
        OutboxRow(
            key=str(number), kind=kind, campaign="c", unit=None, to_address="a@example.com", subject="x",
            header_message_id=f"<{number}@x>", reference=str(number), raw=b"", cause_id=None, forms=[], state=state,
            created_at=NOW - 30 * DAY, attempt=attempt, not_before=not_before, expires_at=expires_at, claimed_at=claimed_at, sent_at=sent_at,
        )
    )  # fmt: skip
    session.flush()


def test_nothing_waits_in_an_empty_record(session):
    nothing = condition.Waiting(0, None, None)
    assert condition.unread_messages(session) == condition.unsent_letters(session, NOW) == nothing


def test_a_mail_waits_since_it_was_archived_and_the_last_one_read_shows_that_it_moves(session):
    message(session, 1, "archived", NOW - HOUR)
    message(session, 2, "archived", NOW - 2 * HOUR)
    message(session, 3, "filed", NOW - DAY, processed_at=NOW - MINUTE)
    assert condition.unread_messages(session) == condition.Waiting(2, NOW - 2 * HOUR, NOW - MINUTE)


def test_a_mail_that_was_put_back_does_not_wait_since_it_came(session):
    message(session, 1, "archived", NOW - 30 * DAY, processed_at=NOW - 29 * DAY)
    heartbeats.note_tick(session, "process", now=NOW - MINUTE)
    assert condition.unread_messages(session).since == NOW - MINUTE
    message(session, 2, "archived", NOW - HOUR)
    assert condition.unread_messages(session).since == NOW - HOUR


def test_a_letter_waits_once_it_is_due(session):
    letter(session, 1, "queued", not_before=NOW + HOUR)  # for its hour, or a cap
    letter(session, 2, "held", not_before=NOW - DAY)  # for the clerk
    letter(session, 3, "queued", not_before=NOW - DAY, expires_at=NOW - MINUTE)
    letter(session, 4, "sent", not_before=NOW - DAY, sent_at=NOW - 3 * HOUR)
    assert condition.unsent_letters(session, NOW) == condition.Waiting(0, None, None)
    letter(session, 5, "queued", not_before=NOW - HOUR, expires_at=NOW + HOUR)
    assert condition.unsent_letters(session, NOW) == condition.Waiting(1, NOW - HOUR, NOW - 3 * HOUR)


def test_a_letter_that_is_being_sent_for_hours_is_stuck(session):
    letter(session, 1, "sending", not_before=NOW - DAY, claimed_at=NOW - 2 * HOUR)
    assert condition.unsent_letters(session, NOW) == condition.Waiting(1, NOW - 2 * HOUR, None)


def test_what_a_server_refused_or_no_try_brought_waits_for_a_person_until_its_use_is_over(session):
    letter(session, 1, "held", not_before=NOW - DAY)  # for a first release
    letter(session, 2, "sent", not_before=NOW - DAY, attempt=1)
    letter(session, 3, "cancelled", not_before=NOW - DAY, attempt=1)
    letter(session, 4, "failed", not_before=NOW - DAY, attempt=28, expires_at=NOW - MINUTE)
    letter(
        session, 5, "failed", not_before=NOW - DAY, attempt=1, kind="digest"
    )  # the office's own: it may not be read there
    assert condition.undelivered(session, NOW) == 0
    letter(session, 6, "failed", not_before=NOW - DAY, attempt=28)
    letter(session, 7, "held", not_before=NOW - DAY, attempt=1, expires_at=NOW + DAY)
    assert condition.undelivered(session, NOW) == 2
