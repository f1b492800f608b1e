"""What the Sent folder tells after a restore: what is there was sent; what is not there was not, if copies are filed there."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from intake import restored
from intake.compose import mark, new_message_id
from intake.db.models import OutboxRow
from intake.model import OutboxState
from intake.witness import SentFolder, SentHeader
from tests.builders.mailing import NOW, database, new_letter, put

KEY, LOST_KEY = b"k" * 32, b"l" * 32
HOUR = timedelta(hours=1)


@pytest.fixture
def sessions(tmp_path):
    with database(tmp_path) as factory:
        yield factory


def copy_of(row: OutboxRow) -> SentHeader:
    return SentHeader(row.header_message_id, "", row.subject, NOW - HOUR)


def of_another_letter(key: bytes) -> SentHeader:
    name = new_message_id("digest:x", address="a@126.com", key=key)
    return SentHeader("<rewritten@provider>", mark("2025-0077", name, key=key), "【日报】", NOW - HOUR)


def prepared(sessions, *, sent: int, waiting: int) -> None:
    """A restored record: letters that it knows to have been sent, letters nobody has asked about."""
    put(sessions, *(new_letter(number) for number in range(1, sent + waiting + 1)))
    with sessions.begin() as session:
        for row in session.scalars(select(OutboxRow)):
            if row.id <= sent:
                row.state, row.sent_at, row.claimed_at = OutboxState.SENT, NOW - HOUR, NOW - HOUR
        restored.hold(session, restored.Held(NOW))


def told(sessions, headers) -> list[tuple[str, str]]:
    """What the waiting letters are said to be, after the Sent folder was asked."""
    with sessions.begin() as session:
        copies = [copy_of(session.get_one(OutboxRow, one)) if isinstance(one, int) else one for one in headers]
        restored.resolve(session, SentFolder(copies, read_at=NOW), signing_key=KEY)
        rows = session.scalars(select(OutboxRow).where(OutboxRow.sent_at.is_(None)).order_by(OutboxRow.id))
        return [(row.state, row.answer) for row in rows]


def is_said_not_to_be_sent(answers) -> bool:
    ((state, answer),) = answers
    assert state == OutboxState.HELD
    assert ("很可能没有发出过" in answer) != ("看不出" in answer)
    return "很可能没有发出过" in answer


def test_what_is_absent_where_the_known_letters_are_filed_was_likely_not_sent(sessions):
    prepared(sessions, sent=2, waiting=1)
    assert is_said_not_to_be_sent(told(sessions, [1, 2]))


def test_where_no_letter_that_was_surely_sent_is_filed_absence_tells_nothing(sessions):
    prepared(sessions, sent=2, waiting=1)
    assert not is_said_not_to_be_sent(told(sessions, []))


def test_letters_filed_in_former_times_do_not_speak_for_the_present(sessions):
    prepared(sessions, sent=6, waiting=1)
    with sessions.begin() as session:
        session.get_one(OutboxRow, 1).sent_at = NOW - 90 * 24 * HOUR
    assert not is_said_not_to_be_sent(told(sessions, [1]))


def test_one_of_those_that_are_asked_about_speaks_for_the_others(sessions):
    prepared(sessions, sent=2, waiting=2)
    assert is_said_not_to_be_sent(told(sessions, [3]))


@pytest.mark.parametrize(
    ("headers", "tells"),
    [
        ([], False),
        ([SentHeader("<a@b>", "", "一封工作人员自己写的信", NOW)], False),
        ([of_another_letter(KEY)], True),
        ([of_another_letter(LOST_KEY)], False),  # the same letter would bear another name today
    ],
)
def test_where_nothing_is_known_to_be_sent_any_letter_of_ours_in_the_folder_speaks(sessions, headers, tells):
    prepared(sessions, sent=0, waiting=1)
    assert is_said_not_to_be_sent(told(sessions, headers)) is tells
