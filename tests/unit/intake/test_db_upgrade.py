"""The database opens durable, migrates after a verified backup, and refuses what it does not know."""

import errno
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, text
from sqlalchemy.exc import StatementError

from intake.db import backups, migrations
from intake.db.backups import back_up_sqlite
from intake.db.engine import open_engine, session_factory
from intake.db.models import Base, HeartbeatRow
from intake.db.upgrade import upgrade
from intake.errors import OfficeError
from tests.builders.migrating import upgrade_to

NOW = datetime(2025, 5, 27, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/intake.sqlite")
    yield engine
    engine.dispose()


def test_the_migrations_build_exactly_the_schema_of_the_models(engine, tmp_path):
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_every_script_is_named_by_its_revision_and_the_last_name_is_the_head():
    folder = Path(migrations.__file__).parent
    config = Config()
    config.set_main_option("script_location", str(folder))
    scripts = ScriptDirectory.from_config(config)
    named = {script.revision: Path(script.path).name[:4] for script in scripts.walk_revisions()}
    assert all(revision == name for revision, name in named.items())
    assert max(named) == scripts.get_current_head()


def test_a_start_on_a_migrated_database_does_not_load_alembic(engine, tmp_path):
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    program = (
        "import sys; from datetime import datetime; from pathlib import Path; from intake.db.engine import open_engine; "
        f"from intake.db.upgrade import upgrade; engine = open_engine({str(engine.url)!r}); "
        "upgrade(engine, backup_dir=Path('.'), now=datetime.now()); engine.dispose(); print('alembic' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


def test_a_database_whose_first_migration_was_cut_short_is_migrated(engine, tmp_path):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_second_upgrade_changes_nothing_and_makes_no_backup(engine, tmp_path):
    upgrade(engine, backup_dir=tmp_path / "backups", now=NOW)
    upgrade(engine, backup_dir=tmp_path / "backups", now=NOW)
    assert not (tmp_path / "backups").exists()


def test_a_commit_is_durable_by_the_settings_sqlite_reports(engine):
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_database_newer_than_the_program_is_refused(engine, tmp_path):
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OfficeError, match="比本程序新"):
        upgrade(engine, backup_dir=tmp_path, now=NOW)


def test_a_database_of_another_program_is_refused(engine, tmp_path):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE guests (name TEXT)"))
    with pytest.raises(OfficeError, match="不是本程序建立的"):
        upgrade(engine, backup_dir=tmp_path, now=NOW)


def test_a_folder_that_cannot_hold_the_database_is_named(tmp_path):
    with pytest.raises(OfficeError, match=r"数据库.*打不开"):
        open_engine(f"sqlite:///{tmp_path}/nowhere/intake.sqlite")


def test_a_password_in_the_database_address_is_not_shown():
    with pytest.raises(OfficeError) as raised:
        open_engine("nosuchdb://clerk:hunter2@localhost/x")
    assert "hunter2" not in str(raised.value)


def test_a_backup_holds_the_rows_of_the_database(engine, tmp_path):
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    with session_factory(engine).begin() as session:
        session.add(HeartbeatRow(tick="fetch", ok_at=NOW, failed_at=None, paused_until=None, details=None))
    back_up_sqlite(engine, tmp_path / "b" / "copy.sqlite")
    copy = sqlite3.connect(tmp_path / "b" / "copy.sqlite")
    assert copy.execute("SELECT tick FROM heartbeats").fetchall() == [("fetch",)]
    copy.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (sqlite3.OperationalError("database or disk is full"), "磁盘空间已满"),
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘已满"),
        (sqlite3.OperationalError("disk I/O error"), "磁盘出错"),
        (sqlite3.OperationalError("something new"), "数据库出错"),
    ],
)
def test_a_backup_that_can_not_be_made_says_why_in_chinese(engine, tmp_path, monkeypatch, error, words):
    def refuse(_path):
        raise error

    upgrade(engine, backup_dir=tmp_path, now=NOW)
    monkeypatch.setattr(backups, "what_is_wrong", refuse)
    with pytest.raises(OfficeError) as raised:
        back_up_sqlite(engine, tmp_path / "b" / "copy.sqlite")
    assert f"（{words}）" in str(raised.value)
    assert not re.search("[A-Za-z]", str(raised.value))


@pytest.mark.parametrize(
    ("break_it", "verdict"),
    [
        # a row that hangs in the air: the copy is what it was made of, and so is its fault
        (
            "INSERT INTO bad_addresses (address, since, reason, message_id) VALUES ('a@example.com', '2025', 'x', 99)",
            "数据前后不一致",
        ),
        ("DROP TABLE messages", "这不是本程序的备份"),
    ],
)
def test_a_copy_that_fails_its_verification_is_discarded_and_the_office_is_told(engine, tmp_path, break_it, verdict):
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    target = tmp_path / "b" / "copy.sqlite"
    back_up_sqlite(engine, target)
    former = target.read_bytes()
    beside = sqlite3.connect(tmp_path / "intake.sqlite")  # as another program would: our own connections keep the keys
    beside.execute(break_it)
    beside.commit()
    beside.close()
    with pytest.raises(OfficeError, match=f"校验未通过（{verdict}）"):
        back_up_sqlite(engine, target)
    assert [path.name for path in target.parent.iterdir()] == ["copy.sqlite"], "nothing unfinished is left"
    assert target.read_bytes() == former, "the copy that was whole stays"


def test_the_name_of_a_copy_is_durable_and_given_only_to_what_is_whole(engine, tmp_path, monkeypatch):
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    target, done, real = tmp_path / "b" / "copy.sqlite", [], backups.fsync_folder

    def fsync_folder(folder):
        done.append((folder, target.exists()))
        real(folder)

    monkeypatch.setattr(backups, "fsync_folder", fsync_folder)
    back_up_sqlite(engine, target)
    assert done == [(tmp_path, False), (target.parent, True)], (
        "the folder is new: its name first, then that of the copy"
    )


def test_a_copy_that_was_cut_short_by_a_power_loss_does_not_keep_the_next_from_being_made(engine, tmp_path):
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    (tmp_path / "copy.tmp").write_bytes(b"torn" * 4096)
    back_up_sqlite(engine, tmp_path / "copy.sqlite")
    assert backups.what_is_wrong(tmp_path / "copy.sqlite") == ""


def test_a_database_that_is_put_back_and_the_one_before_it_keep_their_names(engine, tmp_path, monkeypatch):
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    copy, database, aside = tmp_path / "copy.sqlite", tmp_path / "intake.sqlite", tmp_path / "aside"
    back_up_sqlite(engine, copy)
    engine.dispose()
    done, real = [], backups.fsync_folder

    def fsync_folder(folder):
        done.append((folder, database.exists()))
        real(folder)

    monkeypatch.setattr(backups, "fsync_folder", fsync_folder)
    backups.put_back(copy, database, aside=aside)
    assert done == [(tmp_path, True), (aside, False), (tmp_path, True)], (
        "the former one has its new name before its place is taken"
    )


def test_an_instant_without_a_zone_is_refused_and_one_with_it_comes_back_in_utc(engine, tmp_path):
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    row = {"tick": "x", "failures": 0, "message": "", "failed_at": None, "paused_until": None, "details": None}
    with pytest.raises(StatementError, match="naive"), engine.begin() as connection:
        connection.execute(insert(HeartbeatRow), [row | {"ok_at": datetime(2025, 5, 27)}])  # noqa: DTZ001 - what is tested
    with engine.begin() as connection:
        connection.execute(insert(HeartbeatRow), [row | {"ok_at": NOW.astimezone()}])
    with session_factory(engine)() as session:
        assert session.get_one(HeartbeatRow, "x").ok_at == NOW


def test_what_an_older_version_could_not_read_waits_for_every_engine(engine, tmp_path):
    upgrade_to(engine, "0001")
    with engine.begin() as connection:
        for number, (waits, reading) in enumerate(
            [
                (True, '{"failure": {"code": "needs_engine", "detail": "doc"}}'),
                (False, '{"failure": {"code": "needs_engine", "detail": "doc"}}'),
                (True, '{"failure": {"code": "damaged", "detail": ""}}'),
            ],
            start=1,
        ):
            connection.execute(
                text(
                    "INSERT INTO messages (id, sha256, size_bytes, arrived_at, archived_at, folder, state, attempts, error,"
                    " header_message_id, in_reply_to, from_address, from_name, subject, sender_kind, disposition, reasons,"
                    " review_open) VALUES (:id, :id, 1, '2025-05-27', '2025-05-27', 'INBOX', 'held', 1, '',"
                    " '', '', '', '', '', '', '', '[]', :waits)"
                ),
                {"id": number, "waits": waits},
            )
            connection.execute(
                text(
                    "INSERT INTO parts (message_id, path, name, type, role, size_bytes, sha256, reading)"
                    " VALUES (:id, '2', 'x', 'y', 'attachment', 1, 'z', :reading)"
                ),
                {"id": number, "reading": reading},
            )
    upgrade(engine, backup_dir=tmp_path, now=NOW)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT missing_engines FROM messages ORDER BY id")).scalars().all()
    assert found == ["archive,ocr,office,pdf", "", ""]
