"""Runs the revisions on the connection that `intake.db.upgrade` hands over (Alembic imports this file by path)."""

from alembic import context

from intake.db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite can't alter a column in place
)
with context.begin_transaction():
    context.run_migrations()
