"""The record on a real PostgreSQL: the schema of the models, values at their bounds, and several who write at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from intake import outbox
from intake.config import example_path, load
from intake.db import engine as engine_module
from intake.db import heartbeats
from intake.db.engine import open_engine, session_factory
from intake.db.models import Base, HeartbeatRow, MessageRow, OutboxRow
from intake.db.postgres import look
from intake.db.record import SqlRecord
from intake.db.trouble import DatabaseBusyError, told
from intake.db.upgrade import upgrade
from intake.errors import OfficeError
from intake.fetch import Sighting
from intake.model import LetterKind, OutboxState, Sha256
from tests.builders import office
from tests.builders.migrating import upgrade_to
from tests.builders.postgres import GUARDED_PASSWORD

pytestmark = pytest.mark.integration

ADDRESS, INBOX = "a27398830@126.com", "INBOX"
LARGEST = 2**32 - 1  # of a UID and a UIDVALIDITY: RFC 3501 §9, nz-number
SENDING = replace(
    load(example_path(), environment={}, need_password=False).sending, per_quarter_hour=1000, per_day=1000
)


@pytest.fixture
def name(postgres):
    with postgres.database() as made:
        yield made


@pytest.fixture
def url(postgres, name):
    return postgres.url(name)


@pytest.fixture
def engine(url, tmp_path):
    opened = open_engine(url)
    upgrade(opened, backup_dir=tmp_path, now=office.START)
    yield opened
    opened.dispose()


# --- the schema and what it holds ------------------------------------------------------------------------------------


def test_the_migrations_build_exactly_the_schema_of_the_models(engine):
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_what_an_older_version_could_not_read_waits_for_every_engine_here_as_well(url, tmp_path):
    opened = open_engine(url)
    upgrade_to(opened, "0001")
    with opened.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO messages (sha256, size_bytes, arrived_at, archived_at, folder, state, attempts, error,"
                " header_message_id, in_reply_to, from_address, from_name, subject, sender_kind, disposition, reasons,"
                " review_open) VALUES ('x', 1, '2025-05-27', '2025-05-27', 'INBOX', 'held', 1, '',"
                " '', '', '', '', '', '', '', '[]', true)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO parts (message_id, path, name, type, role, size_bytes, sha256, reading)"
                " VALUES (1, '2', 'x', 'y', 'attachment', 1, 'z', :reading)"
            ),
            {"reading": '{"failure": {"code": "needs_engine", "detail": "doc"}}'},
        )
    upgrade(opened, backup_dir=tmp_path, now=office.START)
    with opened.connect() as connection:
        assert connection.execute(text("SELECT missing_engines FROM messages")).scalar() == "archive,ocr,office,pdf"
    opened.dispose()


def test_an_upgrade_that_fails_half_way_leaves_the_database_as_it_was(url, tmp_path):
    """There is no backup before it, so there must be no need of one."""
    opened = open_engine(url)
    upgrade_to(opened, "0002")
    with opened.begin() as connection:
        connection.execute(text("CREATE TABLE audit (mine INTEGER)"))  # the last table that 0003 makes
    with pytest.raises(ProgrammingError):
        upgrade(opened, backup_dir=tmp_path, now=office.START)
    with opened.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "0002"
        assert "decisions" not in inspect(connection).get_table_names()
    opened.dispose()


def test_two_programs_that_start_on_an_empty_database_at_once_both_find_the_schema(url, tmp_path):
    engines = [open_engine(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: upgrade(one, backup_dir=tmp_path, now=office.START), engines))
    for one in engines:
        one.dispose()


def test_the_largest_uid_and_uidvalidity_are_kept(engine):
    record = SqlRecord(session_factory(engine), now=office.START)
    place = Sighting(ADDRESS, INBOX, LARGEST, LARGEST, 7, office.START)
    record.archived(place, Sha256("a" * 64), 7, mismatch=False)
    assert record.known(ADDRESS, INBOX, LARGEST) == {LARGEST}
    assert record.told(ADDRESS, INBOX, LARGEST, {LARGEST})[LARGEST].sha256 == "a" * 64


def test_a_commit_survives_a_power_loss_although_the_server_is_set_otherwise(postgres, name, url):
    postgres.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    opened = open_engine(url)
    with opened.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
    opened.dispose()


def test_the_server_notices_within_a_minute_that_our_machine_is_gone(postgres, name):
    opened = open_engine(postgres.tcp_url(name))
    with opened.connect() as connection:
        settings = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
        idle, interval, count = (int(connection.exec_driver_sql(f"SHOW {one}").scalar()) for one in settings)
    opened.dispose()
    assert idle + interval * count <= 60


def test_a_user_who_may_not_make_tables_is_told_so_by_the_look(postgres, name):
    opened = open_engine(postgres.url(name, f"guarded:{GUARDED_PASSWORD}"))
    with pytest.raises(OfficeError, match="不能在 public 里建表"):
        look(opened)
    opened.dispose()


def test_an_options_setting_of_the_office_stays(postgres, name, engine):
    postgres.execute(f"CREATE SCHEMA own AUTHORIZATION {postgres.url('x').split('//')[1].split('@')[0]}", name)
    opened = open_engine(postgres.url(name) + "&options=-csearch_path%3Down")
    with opened.connect() as connection:
        assert connection.exec_driver_sql("SELECT current_schema()").scalar() == "own"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "15s"
    opened.dispose()


def test_a_database_that_cannot_hold_every_character_is_refused(postgres):
    with postgres.database("ENCODING 'SQL_ASCII'") as made, pytest.raises(OfficeError, match="UTF8"):
        open_engine(postgres.url(made))


# --- several at once -------------------------------------------------------------------------------------------------


def letter(number: int, key: str | None = None) -> outbox.NewLetter:
    return outbox.NewLetter(
        key=key or f"answer:{number}",
        kind=LetterKind.ACKNOWLEDGEMENT,
        campaign="x",
        to_address=f"u{number}@example.com",
        subject="x",
        header_message_id=f"<{number}@example.com>",
        reference=f"2025-{number:04d}",
        raw=b"x",
        not_before=office.START,
    )


def enqueued(sessions, numbers):
    with sessions.begin() as session:
        for number in numbers:
            assert outbox.enqueue(session, letter(number), state=OutboxState.QUEUED, now=office.START)


def test_a_letter_that_another_session_is_claiming_is_passed_over(url, engine):
    """Without the turns that `open_engine` makes all transactions take: the claim itself must not need them."""
    enqueued(session_factory(engine), (1, 2))
    bare = create_engine(url)
    with Session(bare) as first, Session(bare) as second, Session(bare) as third:
        assert outbox.claim(first, office.START, SENDING).to_address == "u1@example.com"
        second.execute(text("SET lock_timeout = '2s'"))
        third.execute(text("SET lock_timeout = '2s'"))
        assert outbox.claim(second, office.START, SENDING).to_address == "u2@example.com"
        assert outbox.claim(third, office.START, SENDING) is None
    bare.dispose()


def test_letters_claimed_by_four_at_once_are_claimed_once_each(engine):
    sessions = session_factory(engine)
    enqueued(sessions, range(40))

    def claim_all(_number):
        claimed = []
        while True:
            with sessions.begin() as session:
                one = outbox.claim(session, office.START, SENDING)
            if one is None:
                return claimed
            claimed.append(one.id)

    with ThreadPoolExecutor(4) as threads:
        claimed = [one for found in threads.map(claim_all, range(4)) for one in found]
    assert len(claimed) == len(set(claimed)) == 40


def test_the_same_decision_taken_twice_at_once_is_one_letter(url, engine):
    """Without turns, the second insert waits for the first to commit and then does nothing."""
    bare = create_engine(url)
    with Session(bare) as first, ThreadPoolExecutor(1) as threads:
        assert outbox.enqueue(first, letter(1, "same"), state=OutboxState.QUEUED, now=office.START)

        def again():
            with Session(bare) as second, second.begin():
                return outbox.enqueue(second, letter(2, "same"), state=OutboxState.QUEUED, now=office.START)

        other = threads.submit(again)
        first.commit()
        assert other.result(10) is False
    bare.dispose()
    with session_factory(engine)() as session:
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == 1


def test_what_two_ticks_write_into_one_heartbeat_is_kept_of_both(engine):
    sessions = session_factory(engine)
    barrier = threading.Barrier(8)

    def add(number):
        barrier.wait(10)
        with sessions.begin() as session:
            beat = heartbeats.heartbeat(session, "clock")
            beat.details = {**(beat.details or {}), str(number): number}

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(8)))
    with sessions() as session:
        assert len(session.get_one(HeartbeatRow, "clock").details) == 8


def test_a_transaction_that_somebody_holds_open_is_waited_for_and_told_as_busy(url, engine, monkeypatch):
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_S", 1)
    hurried = open_engine(url)

    def ask():
        with told(), session_factory(hurried)() as other:
            other.execute(select(MessageRow.id))

    with session_factory(engine)() as session:
        session.execute(select(MessageRow.id))
        with pytest.raises(DatabaseBusyError, match="稍后自动重试"):
            ask()
    with session_factory(hurried)() as other:
        assert other.scalar(select(func.count()).select_from(MessageRow)) == 0
    hurried.dispose()
