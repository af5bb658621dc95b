"""what is decided for groups, and who has blocked the bot"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "group_setting",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("only_in", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_group_setting")),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gone_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_column("gone_at")
    op.drop_table("group_setting")
