"""A database as an older version of the program left it."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from intake.db import models


def upgrade_to(engine, revision: str) -> None:
    """Bring an empty database to a revision and no further."""
    config = Config()
    config.set_main_option("script_location", str(Path(models.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
