"""contexts, summaries, the index of what was said, what calls taught about models"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of(table: str, column: str, target: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "summary",
        sa.Column("id", _BigId, nullable=False),
        sa.Column("conversation_id", _BigId, nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        _of("summary", "conversation_id", "conversation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summary")),
    )
    op.create_index("ix_summary_upto", "summary", ["conversation_id", "upto"])
    op.create_table(
        "context",
        sa.Column("conversation_id", _BigId, autoincrement=False, nullable=False),
        sa.Column("cut", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("summary_id", _BigId, nullable=True),
        sa.Column("indexed", sa.BigInteger(), server_default="0", nullable=False),
        _of("context", "conversation_id", "conversation"),
        _of("context", "summary_id", "summary", "SET NULL"),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_context")),
    )
    op.create_index(op.f("ix_context_summary_id"), "context", ["summary_id"])
    op.create_table(
        "memory",
        sa.Column("id", _BigId, nullable=False),
        sa.Column("conversation_id", _BigId, nullable=False),
        sa.Column("account_id", _BigId, nullable=False),
        sa.Column("pieces", sa.Integer(), server_default="0", nullable=False),
        sa.Column("length", sa.BigInteger(), server_default="0", nullable=False),
        _of("memory", "conversation_id", "conversation"),
        _of("memory", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memory")),
        sa.UniqueConstraint("conversation_id", "account_id", name=op.f("uq_memory_conversation_id_account_id")),
    )
    op.create_index(op.f("ix_memory_account_id"), "memory", ["account_id"])
    op.create_table(
        "piece",
        sa.Column("memory_id", _BigId, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("turn_id", _BigId, nullable=False),
        sa.Column("answer", sa.Boolean(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        _of("piece", "memory_id", "memory"),
        _of("piece", "turn_id", "turn"),
        sa.PrimaryKeyConstraint("memory_id", "number", name=op.f("pk_piece")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_piece_turn_id"), "piece", ["turn_id"])
    op.create_table(
        "posting",
        sa.Column("memory_id", _BigId, autoincrement=False, nullable=False),
        sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.SmallInteger(), nullable=False),
        sa.Column("length", sa.SmallInteger(), nullable=False),
        _of("posting", "memory_id", "memory"),
        sa.PrimaryKeyConstraint("memory_id", "term", "number", name=op.f("pk_posting")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lesson",
        sa.Column("model", sa.String(length=320), nullable=False),
        sa.Column("ratio", sa.Integer(), nullable=False),
        sa.Column("window", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_lesson")),
    )


def downgrade() -> None:
    for table in ("lesson", "posting", "piece", "memory", "context", "summary"):
        op.drop_table(table)
