"""several messages are one turn"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_JOINED = sa.text("joined IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("joined", sa.BigInteger(), nullable=True))
        batch_op.create_index(
            "ix_inbox_joined", ["joined"], unique=False, postgresql_where=_JOINED, sqlite_where=_JOINED
        )


def downgrade() -> None:
    op.execute("UPDATE inbox SET state = 1 WHERE state = 5")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index("ix_inbox_joined", postgresql_where=_JOINED, sqlite_where=_JOINED)
        batch_op.drop_column("joined")
