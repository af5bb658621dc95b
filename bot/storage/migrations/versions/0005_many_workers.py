"""many workers"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ACTIVE = sa.text("state > 0")
_PARKED = sa.text("state = 3")


def upgrade() -> None:
    op.create_table(
        "leadership",
        sa.Column("duty", sa.String(length=96), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("duty", name=op.f("pk_leadership")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("head_start", sa.BigInteger(), server_default="0", nullable=False))

    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("excused", sa.SmallInteger(), server_default="0", nullable=False))

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("failure", sa.String(length=64), nullable=True))

    with op.batch_alter_table("lane", schema=None) as batch_op:
        batch_op.add_column(sa.Column("person", sa.String(length=160), server_default="", nullable=False))
        batch_op.add_column(sa.Column("head_start", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("not_before", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.create_index(
            "ix_lane_person", ["person"], unique=False, postgresql_where=_ACTIVE, sqlite_where=_ACTIVE
        )
        batch_op.create_index(
            "ix_lane_parked", ["not_before"], unique=False, postgresql_where=_PARKED, sqlite_where=_PARKED
        )


def downgrade() -> None:
    # What waits for a platform has no state of its own in the older schema: it is tried again at once.
    op.execute("UPDATE lane SET state = 1 WHERE state = 3")
    with op.batch_alter_table("lane", schema=None) as batch_op:
        batch_op.drop_index("ix_lane_parked", postgresql_where=_PARKED, sqlite_where=_PARKED)
        batch_op.drop_index("ix_lane_person", postgresql_where=_ACTIVE, sqlite_where=_ACTIVE)
        batch_op.drop_column("not_before")
        batch_op.drop_column("head_start")
        batch_op.drop_column("person")

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("failure")

    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_column("excused")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("head_start")

    op.drop_table("leadership")
