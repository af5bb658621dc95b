"""how long a plan keeps words, and finding those that are old"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("keep_days", sa.Integer(), nullable=True))
    with op.batch_alter_table("turn", schema=None) as batch_op:
        batch_op.drop_index("ix_turn_account")
        batch_op.create_index("ix_turn_account", ["account_id", "started_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("turn", schema=None) as batch_op:
        batch_op.drop_index("ix_turn_account")
        batch_op.create_index("ix_turn_account", ["account_id"], unique=False)
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_column("keep_days")
