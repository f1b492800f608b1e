"""engines that were missing

What an older version could not read (a .doc, a PDF, a scan) waits for a person. It is marked as waiting for every engine,
so that the first start of this version reads it again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ENGINES = "archive,ocr,office,pdf"


def upgrade() -> None:
    # No batch: it would rebuild the table, which SQLite refuses while others refer to it.
    op.add_column("messages", sa.Column("missing_engines", sa.String(length=255), nullable=False, server_default=""))
    record = sa.MetaData()
    columns = (
        sa.Column("id", sa.Integer),
        sa.Column("missing_engines", sa.String),
        sa.Column("review_open", sa.Boolean),
    )
    message = sa.Table("messages", record, *columns)
    part = sa.Table("parts", record, sa.Column("message_id", sa.Integer), sa.Column("reading", sa.JSON))
    waiting = sa.select(part.c.message_id).where(sa.cast(part.c.reading, sa.Text).like('%"needs_engine"%'))
    op.execute(
        message.update().where(message.c.review_open, message.c.id.in_(waiting)).values(missing_engines=_ENGINES)
    )
