"""Conversations have titles and are chosen per place; turns remember their messages and what replaced them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "place",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chosen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_place_conversation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_place")),
    )
    # Until now the newest conversation of a place was the one that went on.
    op.execute(
        "INSERT INTO place (key, conversation_id, chosen_at) "
        "SELECT place, max(id), max(started_at) FROM conversation GROUP BY place"
    )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("title", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("archived_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("forgotten_at", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_conversation_account_id"), "account", ["account_id"], ["id"], ondelete="SET NULL"
        )
    with op.batch_alter_table("turn", schema=None) as batch_op:
        batch_op.add_column(sa.Column("messages", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("replaced_by", sa.BigInteger(), nullable=True))
        batch_op.alter_column("inbox_id", existing_type=sa.BigInteger(), nullable=True)


def downgrade() -> None:
    op.execute("UPDATE turn SET inbox_id = -id WHERE inbox_id IS NULL")
    with op.batch_alter_table("turn", schema=None) as batch_op:
        batch_op.alter_column("inbox_id", existing_type=sa.BigInteger(), nullable=False)
        batch_op.drop_column("replaced_by")
        batch_op.drop_column("messages")
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_conversation_account_id"), type_="foreignkey")
        batch_op.drop_column("forgotten_at")
        batch_op.drop_column("archived_at")
        batch_op.drop_column("title")
        batch_op.drop_column("account_id")
    op.drop_table("place")
