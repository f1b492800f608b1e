"""who sent a mail that is too large to be fetched

Its unit is not to be told that nothing has come. Of mails seen before this version the sender stays unknown ("").
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sightings", sa.Column("from_address", sa.String(length=255), nullable=False, server_default=""))
