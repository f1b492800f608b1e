"""Migrations (Alembic is at home here): bring the database to this program's schema, after a verified backup.

In: an engine and a backup directory. Out: the database at the newest revision. A database that is newer than the
program is refused: an older program would lose what it does not know.
"""

from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from intake.db.backups import back_up_sqlite
from intake.errors import OfficeError

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, *, backup_dir: Path, now: datetime) -> None:
    """Given an engine, migrate its database to the newest revision; a used SQLite file is backed up and verified first.

    Raise OfficeError if the database is newer than this program, was not made by it, or can't be backed up.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        used = bool(inspect(connection).get_table_names())
    if current == newest:
        return
    if current is None and used:
        raise OfficeError("数据库里已有别的数据表，不是本程序建立的。请在 [storage] database 换一个空的数据库。")
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise OfficeError(
            f"数据库版本（{current}）比本程序新，不能打开，以免损坏数据。请升级本程序，或恢复升级前的备份。"
        )
    if used and engine.dialect.name == "sqlite":
        back_up_sqlite(engine, backup_dir / f"before-{newest}-{now:%Y%m%d-%H%M%S}.sqlite")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
