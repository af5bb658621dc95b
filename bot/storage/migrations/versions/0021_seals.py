"""what was said can be sealed"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

WIDENED = (("conversation", "title", 80, True), ("request", "what", 500, False), ("switch", "note", 500, False))
"""What is sealed is longer than what was said."""


def upgrade() -> None:
    op.create_table(
        "seal",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_seal")),
    )
    op.add_column("memory", sa.Column("key", sa.LargeBinary(), nullable=True))
    for table, column, length, nullable in WIDENED:
        retype(table, column, sa.String(length=length), sa.Text(), nullable=nullable)


def downgrade() -> None:
    for table, column, length, nullable in WIDENED:
        retype(table, column, sa.Text(), sa.String(length=length), nullable=nullable)
    with op.batch_alter_table("memory", schema=None) as batch_op:
        batch_op.drop_column("key")
    op.drop_table("seal")


def retype(table: str, column: str, was: sa.String, becomes: sa.String, *, nullable: bool) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.alter_column(column, existing_type=was, type_=becomes, existing_nullable=nullable)
