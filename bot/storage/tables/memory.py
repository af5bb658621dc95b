"""What goes along of a conversation, and the index by which the rest is found again."""

import sqlalchemy as sa

from bot.storage.tables.base import BigId, metadata
from bot.storage.tables.sealed import SealedBytes, SealedText

# Versions; none replaces another, nor what it sums up.
summary = sa.Table(
    "summary",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    # The last turn that is summed up.
    sa.Column("upto", sa.BigInteger, nullable=False),
    sa.Column("text", SealedText("summary.text"), nullable=False),
    sa.Column("tokens", sa.Integer, nullable=False),
    sa.Column("written_at", sa.BigInteger, nullable=False),
)
sa.Index("ix_summary_upto", summary.c.conversation_id, summary.c.upto)

# A conversation has a row as soon as something was left out of its prompts.
context = sa.Table(
    "context",
    metadata,
    sa.Column(
        "conversation_id", sa.ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    # The first turn that goes along word for word.
    sa.Column("cut", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("summary_id", sa.ForeignKey("summary.id", ondelete="SET NULL"), index=True),
    # The last turn that is in the index.
    sa.Column("indexed", sa.BigInteger, nullable=False, server_default="0"),
)

# What one account said and was told in one conversation: nothing is ever searched beyond it.
memory = sa.Table(
    "memory",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("pieces", sa.Integer, nullable=False, server_default="0"),
    # Terms of all pieces together.
    sa.Column("length", sa.BigInteger, nullable=False, server_default="0"),
    # By which its terms were hashed: who has it and a word can look for it. NULL: the hash is the same everywhere.
    sa.Column("key", SealedBytes("memory.key")),
    sa.UniqueConstraint("conversation_id", "account_id"),
)

# Pieces hold no text: that stands in the turn, and is gone when it is gone there.
piece = sa.Table(
    "piece",
    metadata,
    sa.Column("memory_id", sa.ForeignKey("memory.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("turn_id", sa.ForeignKey("turn.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("answer", sa.Boolean, nullable=False),
    # Characters of the question or answer.
    sa.Column("starts", sa.Integer, nullable=False),
    sa.Column("ends", sa.Integer, nullable=False),
    sa.Column("tokens", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

posting = sa.Table(
    "posting",
    metadata,
    sa.Column("memory_id", sa.ForeignKey("memory.id", ondelete="CASCADE"), autoincrement=False),
    # bot.domain.terms.key, hashed by the key of the memory: what was said cannot be read here.
    sa.Column("term", sa.BigInteger, autoincrement=False),
    sa.Column("number", sa.Integer, autoincrement=False),
    sa.Column("count", sa.SmallInteger, nullable=False),
    # Terms of the whole piece.
    sa.Column("length", sa.SmallInteger, nullable=False),
    # A search reads hundreds of postings of a term: from the index, where they lie together. SQLite keeps no others.
    sa.PrimaryKeyConstraint("memory_id", "term", "number", postgresql_include=["count", "length"]),
    sqlite_with_rowid=False,
)

# What calls taught about models, by `endpoint/name`.
lesson = sa.Table(
    "lesson",
    metadata,
    sa.Column("model", sa.String(320), primary_key=True),
    # Tokens by the model's count for a thousand by ours.
    sa.Column("ratio", sa.Integer, nullable=False),
    # The window it said it has, if it is smaller than we believed.
    sa.Column("window", sa.Integer),
)
