"""Migrations (Alembic is at home here): bring the database to this program's schema, after a verified backup.

In: an engine and a backup directory. Out: the database at the newest revision. A database that is newer than the
program is refused: an older program would lose what it does not know. Alembic is loaded only where there is something to
migrate: 11 MB and 0.2 s of every other start (`python -m tests.bench`).
"""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from intake.db.backups import back_up_sqlite
from intake.errors import OfficeError

_SCRIPTS = Path(__file__).parent / "migrations"
_REVISION = 4  # a script is named by its revision: 0003_what_people_decide.py
_VERSION = "alembic_version"


def upgrade(engine: Engine, *, backup_dir: Path, now: datetime) -> None:
    """Given an engine, migrate its database to the newest revision; a used SQLite file is backed up and verified first.

    Raise OfficeError if the database is newer than this program, was not made by it, or can't be backed up.
    """
    revisions = sorted(path.name[:_REVISION] for path in (_SCRIPTS / "versions").glob("[0-9]*_*.py"))
    newest = revisions[-1]
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        current = connection.scalar(text("SELECT version_num FROM alembic_version")) if _VERSION in tables else None
    if current == newest:
        return
    if current is None and set(tables) - {_VERSION}:
        raise OfficeError("数据库里已有别的数据表，不是本程序建立的。请在 [storage] database 换一个空的数据库。")
    if current is not None and current not in revisions:
        raise OfficeError(
            f"数据库版本（{current}）比本程序新，不能打开，以免损坏数据。请升级本程序，或恢复升级前的备份。"
        )
    if current is not None and engine.dialect.name == "sqlite":
        back_up_sqlite(engine, backup_dir / f"before-{newest}-{now:%Y%m%d-%H%M%S}.sqlite")
    _migrate(engine)


def _migrate(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 - see the module
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
