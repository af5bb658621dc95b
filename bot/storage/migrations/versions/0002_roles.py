"""roles of accounts, and what people are to the workspace they write from"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role", sa.String(length=16), nullable=True))
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("belonging", sa.String(length=16), nullable=True))
    # Elsewhere there are no guests; Slack is asked when they write next.
    op.execute("UPDATE identity SET belonging = 'full' WHERE platform <> 'slack'")


def downgrade() -> None:
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_column("belonging")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("role")
