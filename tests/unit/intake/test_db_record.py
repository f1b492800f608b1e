"""A UID has one row, whatever its mailbox goes through, and no mail that was archived loses its own."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from intake.db.models import MessageRow, SightingRow
from intake.db.record import SqlRecord
from intake.fetch import Known, Sighting
from intake.model import Sha256
from tests.builders.mailing import NOW, database

WHERE = ("office@example.com", "INBOX", 1)
FORMER, LATTER = Sha256("a" * 64), Sha256("b" * 64)


@pytest.fixture
def sessions(tmp_path):
    with database(tmp_path) as factory:
        yield factory


@pytest.fixture
def record(sessions):
    return SqlRecord(sessions, now=NOW)


def seen(uid=7, size=10, at=NOW):
    return Sighting(*WHERE, uid, size, at)


def rows(sessions):
    """Return (UIDVALIDITY, UID, state, hash), oldest first."""
    columns = (SightingRow.uid_validity, SightingRow.uid, SightingRow.state, MessageRow.sha256)
    with sessions() as session:
        found = session.execute(select(*columns).outerjoin(MessageRow).order_by(SightingRow.id))
        return [tuple(row) for row in found]


def test_what_the_server_said_of_known_mails_is_told(record):
    record.archived(seen(7), FORMER, 10, mismatch=False)
    record.oversize(seen(8, 99_000_000))
    told = record.told(*WHERE, [7, 8, 9])
    assert told == {7: Known(10, NOW, FORMER), 8: Known(99_000_000, NOW, None)}
    assert record.told("office@example.com", "INBOX", 2, [7, 8, 9]) == {}


def test_another_mail_under_a_known_uid_sets_the_former_row_aside_each_time(sessions, record):
    for sha256 in (FORMER, LATTER, Sha256("c" * 64)):
        record.archived(seen(), sha256, 10, mismatch=False)
    assert rows(sessions) == [
        (-1, 7, "archived", FORMER),
        (-2, 7, "archived", LATTER),
        (1, 7, "archived", "c" * 64),
    ]
    assert record.known(*WHERE) == {7}


def test_the_same_mail_told_with_another_size_keeps_one_row_of_what_was_told_last(sessions, record):
    record.archived(seen(size=10), FORMER, 10, mismatch=False)
    record.archived(seen(size=12, at=NOW + timedelta(days=1)), FORMER, 10, mismatch=True)
    assert rows(sessions) == [(1, 7, "mismatch", FORMER)]
    assert record.told(*WHERE, [7]) == {7: Known(12, NOW + timedelta(days=1), FORMER)}


def test_a_mail_that_was_not_as_long_as_announced_is_doubtful_once_a_day(sessions, record):
    def doubtful(hours):
        later = SqlRecord(sessions, now=NOW + timedelta(hours=hours))
        return later, later.told(*WHERE, [7])[7].doubtful

    record.archived(seen(), FORMER, 9, mismatch=True)
    assert not doubtful(23)[1]
    later, doubt = doubtful(24)
    assert doubt
    later.archived(seen(), FORMER, 9, mismatch=True)
    assert not doubtful(47)[1]
    record.archived(seen(8), LATTER, 10, mismatch=False)
    assert not later.told(*WHERE, [8])[8].doubtful


def test_a_vanished_mail_is_not_known_and_its_row_gives_way(sessions, record):
    record.vanished(seen())
    record.vanished(seen())
    assert rows(sessions) == [(1, 7, "vanished", None)]
    assert record.known(*WHERE) == set()
    record.archived(seen(), FORMER, 10, mismatch=False)
    assert rows(sessions) == [(1, 7, "archived", FORMER)]


def test_what_was_archived_never_becomes_vanished_or_oversize(sessions, record):
    record.archived(seen(), FORMER, 10, mismatch=False)
    record.vanished(seen())
    assert rows(sessions) == [(1, 7, "archived", FORMER)]
    record.oversize(seen(size=99_000_000))
    assert rows(sessions) == [(-1, 7, "archived", FORMER), (1, 7, "oversize", None)]


def test_an_oversize_mail_stays_as_old_as_it_was_when_only_its_size_is_told_anew(sessions, record):
    def seen_at():
        with sessions() as session:
            return session.scalar(select(SightingRow.seen_at))

    later = SqlRecord(sessions, now=NOW + timedelta(hours=1))
    record.oversize(seen(size=99_000_000))
    later.oversize(seen(size=99_000_001))
    assert seen_at() == NOW
    later.oversize(seen(size=99_000_001, at=NOW + timedelta(minutes=5)))
    assert seen_at() == NOW + timedelta(hours=1), "another mail under the same UID"


def test_oversize_mails_are_listed_until_they_are_fetched_or_have_vanished(sessions, record):
    fetched, gone, kept = seen(7, 99), seen(8, 99), seen(9, 99)
    for one in (fetched, gone, kept):
        record.oversize(one)
    record.archived(fetched, FORMER, 99, mismatch=False)
    record.vanished(gone)
    assert record.oversized("office@example.com") == [kept]
    assert record.oversized("other@example.com") == []
    assert [row[1:3] for row in rows(sessions)] == [(9, "oversize"), (7, "archived"), (8, "vanished")]
